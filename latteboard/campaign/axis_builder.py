"""The relation of an axis, built from the values that the campaign states and from the lists that it names."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from latteboard.campaign.lists import Lists
from latteboard.campaign.relations import MAIN, AxisRelation, Codes, Columns, Relations
from latteboard.campaign.tables import AxisTable, CampaignTable, stated_values
from latteboard.errors import CampaignError, Mistakes
from latteboard.names.templates import Value

# What the values of an axis may depend on, in the order of the columns of a list.
PLACES = ("ensemble", "stream", "configuration")


@dataclass(frozen=True)
class StatedAxis:
    """An axis as it is stated for one ensemble.

    Attributes
    ----------
    name, ensemble : of what
    key : the key of the campaign file that states it
    table : what is stated
    """

    name: str
    ensemble: str
    key: str
    table: AxisTable


@dataclass(frozen=True)
class _Part:
    """What is stated of an axis for one ensemble: columns for all that it depends on there, and the value of each row."""

    on: tuple[str, ...]
    columns: Columns
    values: Sequence[Value]
    rows: Codes


def in_order(values: Iterable[Value]) -> list[Value]:
    """The distinct values: numbers ascending, texts in order of appearance.

    Examples
    --------
    >>> in_order([4, 3, 4])
    [3, 4]
    >>> in_order(["proton", "pion", "proton"])
    ['proton', 'pion']
    """
    once = dict.fromkeys(values)
    numbers = sorted(value for value in once if isinstance(value, int))
    return [*numbers] if len(numbers) == len(once) else [*once]


def axes_of(table: CampaignTable, ensemble: str) -> set[str]:
    """The axes that an ensemble has."""
    return {*table.axes, *table.ensembles[ensemble].axes}


def stated_axis(table: CampaignTable, ensemble: str, name: str) -> StatedAxis | None:
    """An axis as it is stated under an ensemble, or else at ``[axes]``; None if the ensemble does not have it."""
    own = table.ensembles[ensemble].axes
    axis = own.get(name, table.axes.get(name))
    if axis is None:
        return None
    key = f"ensembles.{ensemble}.axes.{name}" if name in own else f"axes.{name}"
    return StatedAxis(
        name, ensemble, key, axis if isinstance(axis, AxisTable) else AxisTable.model_construct(values=axis)
    )


def build_axis(name: str, relations: Relations, table: CampaignTable, lists: Lists) -> tuple[list[Value], AxisRelation]:
    """The values of an axis in all ensembles together, and its relation.

    Parameters
    ----------
    relations : of the sources; rows of a list that belong to no configuration of theirs are left out

    Raises
    ------
    CampaignError : what is stated is no axis, or cannot be read; there are no values, or values of different types.
    """
    parts = []
    with Mistakes() as mistakes:
        for ensemble in map(str, relations.values["ensemble"]):
            stated = stated_axis(table, ensemble, name)
            if stated is not None:
                with mistakes.keep(stated.key):
                    parts.append(_read_part(stated, relations, lists))
    if not parts:
        raise CampaignError(())  # it is of ensembles alone that are left out
    # An axis becomes one column, so its values have one type in all ensembles.
    values = list(dict.fromkeys(value for part in _distinct(parts).values() for value in part))
    if len({type(value) for value in values}) > 1:
        raise CampaignError(f"there are numbers in one ensemble and texts in another: {values}", key=f"axes.{name}")
    on = tuple(place for place in PLACES if any(place in part.on for part in parts))
    blank = Relations({**relations.values, name: values}, relations.main, {name: AxisRelation(on, {})})
    rows = _concatenated(list(_rows_by_dependence(name, parts, blank)))
    used, inverse = np.unique(rows[name], return_inverse=True)
    if not len(used):
        raise CampaignError("no configuration of any ensemble has a row in its list", key=f"axes.{name}")
    found = [values[code] for code in used.tolist()]
    ordered = in_order(found)
    place = {value: code for code, value in enumerate(ordered)}
    rows[name] = np.array([place[value] for value in found], dtype=np.int32)[inverse]
    return ordered, AxisRelation(on, replace(blank, values={**blank.values, name: ordered}).distinct(rows))


def _rows_by_dependence(name: str, parts: Sequence[_Part], blank: Relations) -> Iterator[Columns]:
    """The rows of ensembles whose values depend on the same, joined with their configurations: all have the same columns."""
    on = blank.axes[name].on
    base = blank.distinct({place: blank.main[place] for place in on})
    codes = blank.codes[name]
    coded = {
        key: np.array([codes[value] for value in values], dtype=np.int32) for key, values in _distinct(parts).items()
    }
    for dependence in dict.fromkeys(part.on for part in parts):
        chosen = [part for part in parts if part.on == dependence]
        columns = _concatenated([part.columns for part in chosen])
        columns[name] = np.concatenate([coded[id(part.values)][part.rows] for part in chosen])
        relation = AxisRelation(dependence, blank.distinct(columns))
        yield replace(blank, axes={name: relation}).join(base, name)


def _distinct(parts: Sequence[_Part]) -> Mapping[int, Sequence[Value]]:
    """The values of the parts by identity: ensembles that name one list share its values, which may be many."""
    return {id(part.values): part.values for part in parts}


def _concatenated(parts: Sequence[Columns]) -> Columns:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _read_part(stated: StatedAxis, relations: Relations, lists: Lists) -> _Part:
    own = stated_values(stated.table)
    ensemble = relations.codes["ensemble"][stated.ensemble]
    check_axis_table(stated.name, stated.table)
    if own is None:
        return _read_list(stated, ensemble, relations, lists)
    if not own:
        raise CampaignError(
            "expected at least one value, found []; an ensemble that does not have the axis states nothing"
        )
    if len({type(value) for value in own}) > 1 or len(set(own)) < len(own):
        raise CampaignError(f"expected whole numbers or texts, not both, each once; found {own}")
    columns = {"ensemble": np.full(len(own), ensemble, dtype=np.int32)}
    return _Part(("ensemble",), columns, own, np.arange(len(own), dtype=np.int32))


def check_axis_table(name: str, table: AxisTable) -> None:
    """Require either values, or a list and its columns."""
    if table.values is not None:
        extra = [key for key in ("file", "columns") if getattr(table, key) is not None]
        extra += ["partial"] if table.partial else []
        if extra:
            raise CampaignError(
                f"the values are stated here, so there is no list; remove values, or {' and '.join(extra)}"
            )
        return
    if table.file is None:
        raise CampaignError("expected values, or file and columns")
    *places, last = table.columns or [""]
    if last != name or places != [place for place in PLACES if place in places]:
        expected = f"expected some of {', '.join(PLACES)}, in this order, and last {name}"
        raise CampaignError(f"{expected}; found {', '.join(table.columns or ['none'])}", key="columns")


def _read_list(stated: StatedAxis, ensemble: int, relations: Relations, lists: Lists) -> _Part:
    """The rows of a list that are of one ensemble and, as far as it says, of configurations and streams there are."""
    assert stated.table.file is not None
    assert stated.table.columns is not None
    try:
        table = lists.table(stated.table.file, tuple(stated.table.columns))
    except CampaignError as error:
        raise error.within("file") from error
    *places, name = stated.table.columns
    columns = {"ensemble": np.full(len(table.rows[name]), ensemble, dtype=np.int32)}
    known = np.ones(len(table.rows[name]), dtype=bool)
    for place in places:
        coded = _coded(place, table.values[place], relations)[table.rows[place]]
        known &= (coded == ensemble) if place == "ensemble" else coded != UNKNOWN
        columns[place] = coded
    on = tuple(place for place in MAIN if place in columns)
    return _Part(on, {place: columns[place][known] for place in on}, table.values[name], table.rows[name][known])


UNKNOWN = -2  # no code of a value, nor of an absent one


def _coded(place: str, values: Sequence[Value], relations: Relations) -> Codes:
    return np.array([relations.codes[place].get(value, UNKNOWN) for value in values], dtype=np.int32)
