"""Which inputs each of many outputs has, found at once from the campaign's relations; no file and no catalog."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from latteboard.campaign import Campaign
from latteboard.campaign.relations import MAIN, Columns, Relations

Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Links:
    """Lists of inputs. Outputs that are told apart by nothing that their inputs have share one list.

    A list is cut into rows, one for each stream and configuration.

    Attributes
    ----------
    list_of : for each output the number of its list
    list_starts : the first row of each list, and after the last list the number of rows
    row_starts : where each row begins in ``inputs``, and after the last row their number
    streams, configurations : codes, one for each row; -1 where neither kind names it
    inputs : rows of the needed kind's expected artifacts: sorted by stream, configuration, the coordinates that the output
        does not name, in canonical order, and source
    """

    list_of: Numbers
    list_starts: Numbers
    row_starts: Numbers
    streams: Numbers
    configurations: Numbers
    inputs: Numbers

    @classmethod
    def of(cls, campaign: Campaign, kind: str, need: str, outputs: Numbers) -> Self:
        """The inputs of the kind ``need`` that some outputs have; ``outputs`` are rows of the expected artifacts of ``kind``."""
        relations, made, given = campaign.relations, campaign.expected(kind).rows, campaign.expected(need).rows
        tied = relations.table(_tying(made, given))
        own = [name for name in tied if name in made]
        lists, list_of = np.unique(_keys(relations, made, own, outputs), return_inverse=True)
        keys = _keys(relations, tied, own)
        asked = np.flatnonzero(np.isin(keys, lists))
        pairs, inputs = _join(relations, tied, given, asked)
        columns = {
            "list": np.searchsorted(lists, keys[asked])[pairs],
            **{name: _codes(tied, name, asked)[pairs] for name in ("stream", "configuration")},
        }
        free = {name: column[inputs] for name, column in given.items() if name not in made}
        order = _order(relations, columns, free)
        columns = {name: column[order] for name, column in columns.items()}
        first = _first_of_each(columns, len(order))
        return cls(
            list_of=list_of,
            list_starts=np.searchsorted(columns["list"][first], np.arange(len(lists) + 1)),
            row_starts=np.append(first, len(order)),
            streams=columns["stream"][first],
            configurations=columns["configuration"][first],
            inputs=inputs[order],
        )


def _tying(made: Columns, given: Columns) -> set[str]:
    """The coordinates in which an output and its inputs can fail to belong together.

    An axis that only one of both names says nothing, once that one names its ensemble too: so the join stays small.
    """
    names = made.keys() | given.keys()
    silent = {
        name
        for one, other in ((made, given), (given, made))
        for name in one.keys() - other.keys() - set(MAIN)
        if "ensemble" in one
    }
    return names - silent


def _join(relations: Relations, tied: Columns, given: Columns, asked: Numbers) -> tuple[Numbers, Numbers]:
    """Pairs of a place in ``asked``, which are rows of ``tied``, and a row of ``given`` that agrees with it."""
    names = [name for name in tied if name in given]
    keys = _keys(relations, given, names)
    by_key = np.argsort(keys, kind="stable")
    wanted = _keys(relations, tied, names, asked)
    first = np.searchsorted(keys, wanted, sorter=by_key)
    counts = np.searchsorted(keys, wanted, side="right", sorter=by_key) - first
    pairs = np.repeat(np.arange(len(asked)), counts)
    within = np.arange(len(pairs)) - np.repeat(np.cumsum(counts) - counts, counts)
    return pairs, by_key[first[pairs] + within]


def _keys(relations: Relations, rows: Columns, names: Iterable[str], chosen: Numbers | None = None) -> NDArray[Any]:
    """One number for each of the chosen rows, of all unless some are; equal where all of ``names`` are."""
    columns = {name: rows[name] if chosen is None else rows[name][chosen] for name in names}
    if columns:
        return relations.keys(columns)
    length = len(chosen) if chosen is not None else len(next(iter(rows.values()), [0]))
    return np.zeros(length, dtype=np.int64)


def _codes(rows: Columns, name: str, chosen: Numbers) -> Numbers:
    return rows[name][chosen].astype(np.int64) if name in rows else np.full(len(chosen), -1, dtype=np.int64)


def _order(relations: Relations, columns: dict[str, Numbers], free: Columns) -> Numbers:
    """The order of pairs: streams by name, numbers and other axes in the campaign's order, sources by their coordinates."""
    ranked: list[NDArray[Any]] = [
        columns["list"],
        _ranks(relations, "stream")[columns["stream"]],
        columns["configuration"],
    ]
    ranked += [_ranks(relations, "source")[codes] if name == "source" else codes for name, codes in free.items()]
    order: Numbers = np.lexsort(ranked[::-1])
    return order


def _ranks(relations: Relations, name: str) -> Numbers:
    """For each code its place among the sorted values; the code -1, the last, has none to speak of."""
    values = relations.values[name]
    ranks = np.zeros(len(values) + 1, dtype=np.int64)
    ranks[sorted(range(len(values)), key=values.__getitem__)] = np.arange(len(values))
    return ranks


def _first_of_each(columns: dict[str, Numbers], length: int) -> Numbers:
    """Where a new row begins: where any of the columns is not as before."""
    new = np.zeros(length, dtype=bool)
    new[:1] = True
    for column in columns.values():
        new[1:] |= column[1:] != column[:-1]
    return np.flatnonzero(new)
