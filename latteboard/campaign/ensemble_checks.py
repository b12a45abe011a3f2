"""Checks of ensembles: each is registered once, and what differs by configuration has a value at each configuration."""

from collections import defaultdict
from collections.abc import Iterator

import numpy as np

from latteboard.campaign.axis_builder import PLACES, StatedAxis, stated_axis
from latteboard.campaign.kinds import Kind
from latteboard.campaign.model import Definition
from latteboard.campaign.streams import Stream
from latteboard.errors import CampaignError, Mistakes
from latteboard.names.templates import Value
from latteboard.text import listed


def check_ensembles(definition: Definition) -> None:
    """Refuse an ensemble that is defined twice under different names: its artifacts would be counted twice."""
    # Mostly settings differ already, and the rows of the relations need not be compared.
    by_settings: dict[object, list[str]] = defaultdict(list)
    for name in definition.table.ensembles:
        by_settings[_settings(definition, name)].append(name)
    with Mistakes() as mistakes:
        for names in by_settings.values():
            first: dict[object, str] = {}
            for name in names if len(names) > 1 else ():
                same = first.setdefault(_rows(definition, name), name)
                if same != name:
                    what = "L, T, parameters, axes, streams, configurations, sources and source sets"
                    mistakes.add(f"the same {what} are registered already as {same}", key=f"ensembles.{name}")


def _settings(definition: Definition, ensemble: str) -> object:
    """What an ensemble states of each of its streams, in any order."""
    own = [stream for stream in definition.streams if stream.ensemble == ensemble]
    return frozenset((s.name, s.L, s.T, frozenset(s.parameters.items()), tuple(s.configurations)) for s in own)


def _rows(definition: Definition, ensemble: str) -> tuple[bytes, ...]:
    """The rows of all relations of one ensemble; they are sorted, by codes that are the same for all ensembles."""
    relations = definition.relations
    code = relations.codes["ensemble"][ensemble]
    main = {name: column[relations.main["ensemble"] == code] for name, column in relations.main.items()}
    axes = [axis.columns for axis in relations.axes.values()]
    axes = [{name: column[rows["ensemble"] == code] for name, column in rows.items()} for rows in axes]
    tables = (relations.distinct(main), *axes)
    return tuple(column.tobytes() for rows in tables for name, column in rows.items() if name != "ensemble")


def check_axes(definition: Definition) -> None:
    """Require that a list of an axis has a row for each configuration at which a kind names the axis."""
    with Mistakes() as mistakes:
        for axis in definition.axes:
            for ensemble in definition.table.ensembles:
                stated = stated_axis(definition.table, ensemble, axis)
                if stated is not None and stated.table.file is not None and not stated.table.partial:
                    for kind in _kinds_naming(definition, axis):
                        with mistakes.keep(f"{stated.key}.file", once=True):
                            _check_complete(definition, stated, kind)


def _kinds_naming(definition: Definition, axis: str) -> Iterator[Kind]:
    """The kinds whose paths or datasets name an axis."""
    for kind in definition.kinds.values():
        if axis in kind.coordinates or any(axis in definition.coordinates_named(one) for one in kind.datasets):
            yield kind


def _check_complete(definition: Definition, stated: StatedAxis, kind: Kind) -> None:
    for stream in definition.streams_of(kind):
        if stream.ensemble != stated.ensemble:
            continue
        lacking = _configurations_without(definition, stated.name, kind, stream)
        if lacking:
            who = f"ensemble {stream.ensemble}" if stream.name is None else f"stream {stream.name} of {stream.ensemble}"
            some, have = (f" {lacking[0]}", "has") if len(lacking) == 1 else (f"s {listed(lacking, 5)}", "have")
            expected = f"expected lines {' '.join(stated.table.columns or ())}, or partial = true"
            raise CampaignError(
                f"configuration{some} of {who} {have} no row in {stated.table.file!r}, and {kind.name} names "
                f"{stated.name}; {expected}"
            )


def _configurations_without(definition: Definition, axis: str, kind: Kind, stream: Stream) -> list[Value]:
    """The configurations of a stream at which a kind is expected and an axis has no value."""
    relations = definition.relations
    known = relations.axes[axis]
    here = {name: [value] for name, value in stream.place.items()}
    rows = relations.restrict(relations.distinct({name: relations.main[name] for name in PLACES}), here)
    rows = relations.restrict(rows, {name: values for name, values in kind.table.only.items() if name in rows})
    keys = relations.keys({name: rows[name] for name in known.on})
    lacking = ~np.isin(keys, relations.keys({name: known.columns[name] for name in known.on}))
    return [relations.values["configuration"][code] for code in rows["configuration"][lacking].tolist()]
