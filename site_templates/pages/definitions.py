"""The tables of the dictionary: ensembles, axes, parameters, and artifacts that the campaign leaves out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from latteboard.campaign.left_out import entry_text
from latteboard.campaign.tables import AxisTable, ParameterTable
from latteboard.catalog.questions.contents import StreamFacts
from latteboard.text import counted

if TYPE_CHECKING:
    from latteboard.campaign import Campaign

MANY = 24  # values of an axis written out


@dataclass(frozen=True)
class EnsembleEntry:
    """One stream of one ensemble, or an ensemble without streams; ``lattice`` is (L, T)."""

    ensemble: str
    stream: str | None
    lattice: tuple[int, int]
    configurations: str
    source_sets: str
    description: str | None


@dataclass(frozen=True)
class AxisEntry:
    """The values of an axis, once for all ensembles that share them."""

    axis: str
    ensembles: str
    values: str
    description: str | None


@dataclass(frozen=True)
class Parameter:
    """A value of a parameter, and the streams that have it."""

    name: str
    where: str
    value: str
    unit: str | None
    description: str | None


@dataclass(frozen=True)
class LeaveOutEntry:
    """An entry of the artifacts that are left out: coordinates and kinds in words, the reason, and their number."""

    coordinates: str
    kinds: str
    reason: str
    number: int


def ensemble_entry(one: StreamFacts, campaign: Campaign) -> EnsembleEntry:
    """Return the entry of a stream, or of an ensemble without streams."""
    place = {"ensemble": one.ensemble, "stream": one.stream}
    stated = campaign.stream({name: value for name, value in place.items() if value is not None})
    numbers = f"{one.configurations:,}: {one.first} to {one.last}" if one.configurations > 1 else str(one.first)
    return EnsembleEntry(
        ensemble=one.ensemble,
        stream=one.stream,
        lattice=(stated.L, stated.T),
        configurations=numbers,
        source_sets=", ".join(_source_set(name, number) for name, number in one.source_sets),
        description=campaign.table.ensembles[one.ensemble].description,
    )


def _source_set(name: str | None, number: int) -> str:
    """Return a source set in words; sources without sets have no name."""
    sources = counted(number, "source")
    return sources if name is None else f"{name} ({sources})"


def axis_entries(axis: str, by_ensemble: Mapping[str, Sequence[int | str]], campaign: Campaign) -> list[AxisEntry]:
    """Return one entry if all ensembles have the same values, else one for each list of values."""
    depends = campaign.relations.axes[axis].on[1:]
    by = f" (by {' and '.join(depends)})" if depends else ""
    same: dict[tuple[int | str, ...], list[str]] = {}
    for ensemble, values in by_ensemble.items():
        same.setdefault(tuple(values), []).append(ensemble)
    return [
        AxisEntry(
            axis,
            "all" if ensembles == [*campaign.table.ensembles] else ", ".join(ensembles),
            _listed(values) + by,
            _axis_description(axis, ensembles, campaign),
        )
        for values, ensembles in same.items()
    ]


def _axis_description(axis: str, ensembles: Iterable[str], campaign: Campaign) -> str | None:
    """Return the description of an axis: the one that ensembles state, else that of the campaign."""
    stated = [*(campaign.table.ensembles[name].axes.get(axis) for name in ensembles), campaign.table.axes.get(axis)]
    return next((one.description for one in stated if isinstance(one, AxisTable) and one.description), None)


def _listed(values: Sequence[int | str]) -> str:
    more = f", … ({len(values) - MANY:,} more)" if len(values) > MANY else ""
    return ", ".join(map(str, values[:MANY])) + more


def parameter_entries(campaign: Campaign) -> list[Parameter]:
    """Return one entry for a parameter with one value everywhere, else one for each value with the streams that have it."""
    names = dict.fromkeys(name for stream in campaign.streams for name in stream.parameters)
    entries = []
    for name in names:
        same: dict[str, list[str]] = {}
        for stream in campaign.streams:
            if name in stream.parameters:
                same.setdefault(str(stream.parameters[name]), []).append(str(stream))
        for value, streams in same.items():
            everywhere = len(streams) == len(campaign.streams)
            where = "all" if everywhere else ", ".join(streams)
            entries.append(Parameter(name, where, value, *_told_of_parameter(name, value, campaign)))
    return entries


def _told_of_parameter(name: str, value: str, campaign: Campaign) -> tuple[str | None, str | None]:
    """Return unit and description of a parameter where it has this value; those of the campaign where it has none there."""
    tables = [campaign.table.parameters]
    for ensemble in campaign.table.ensembles.values():
        tables += [ensemble.parameters, *(stream.parameters for stream in ensemble.stream.values())]
    stated = [one for table in tables if isinstance(one := table.get(name), ParameterTable)]
    own = next((one for one in stated if str(one.value) == value), next(iter(stated), None))
    return (None, None) if own is None else (own.unit, own.description)


def leave_out_entries(campaign: Campaign) -> list[LeaveOutEntry]:
    """Return the entries of artifacts that are left out."""
    return [
        LeaveOutEntry(
            entry_text(entry.coordinates),
            ", ".join(entry.kinds or ()) or "all that name these",
            entry.reason,
            sum(int(np.sum(campaign.entries_of(kind) == number)) for kind in campaign.kinds),
        )
        for number, entry in campaign.leave_out.items()
    ]
