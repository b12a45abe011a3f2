"""The inputs of many outputs at once, ordered into lists and rows; no file and no catalog."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from latteboard.campaign import Campaign
from latteboard.campaign.conditions import links_of
from latteboard.campaign.entries import NeedEntry
from latteboard.campaign.relations import Columns, Relations

Numbers = NDArray[np.int64]
ROW = ("stream", "configuration")  # the coordinates that tell the rows of a list apart


@dataclass(frozen=True)
class InputLists:
    """Lists of inputs; outputs that have the same inputs share one list.

    A list is cut into rows, one for each stream and configuration.

    Attributes
    ----------
    list_of : for each output the number of its list
    list_starts : the first row of each list, and after the last list the number of rows
    row_starts : the first input of each row, and after the last row the number of inputs
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
        """The inputs of the kind ``need`` for some outputs, which are rows of the expected artifacts of ``kind``."""
        relations, given = campaign.relations, campaign.expected(need).rows
        made, entries = _rows(campaign.expected(kind).rows, outputs), campaign.kinds[kind].entries[need]
        first, list_of = _lists(relations, entries, made, given)
        of_lists = _rows(made, first)
        numbers, inputs = links_of(relations, entries, of_lists, given).pairs()
        columns = {"list": numbers} | {name: _codes(name, of_lists, numbers, given, inputs) for name in ROW}
        order = _order(relations, columns, {name: given[name][inputs] for name in given if name not in made})
        columns = {name: column[order] for name, column in columns.items()}
        return cls._of_pairs(list_of, len(first), columns, inputs[order])

    @classmethod
    def _of_pairs(cls, list_of: Numbers, number: int, columns: Mapping[str, Numbers], inputs: Numbers) -> Self:
        """So many lists of pairs of a list and an input, which are sorted; ``columns`` are ``list`` and those of :data:`ROW`."""
        starts = _starts(columns, len(inputs))
        return cls(
            list_of=list_of,
            list_starts=np.searchsorted(columns["list"][starts], np.arange(number + 1)),
            row_starts=np.append(starts, len(inputs)),
            streams=columns["stream"][starts],
            configurations=columns["configuration"][starts],
            inputs=inputs,
        )

    @classmethod
    def collected(cls, campaign: Campaign, kind: str, needs: Sequence[str], outputs: Numbers) -> Self:
        """The inputs of several kinds: in each row those of one kind after those of the other.

        ``inputs`` counts the expected artifacts of all kinds, those of the first need first.
        """
        parts = [cls.of(campaign, kind, need, outputs) for need in needs]
        if len(parts) == 1:
            return parts[0]
        # Outputs that share the lists of every kind share one list here.
        _, first, list_of = np.unique(
            np.stack([part.list_of for part in parts]), axis=1, return_index=True, return_inverse=True
        )
        before = np.cumsum([0, *(len(campaign.expected(need)) for need in needs[:-1])])
        found = [part.pairs(part.list_of[first], at) for part, at in zip(parts, before.tolist(), strict=True)]
        columns = {name: np.concatenate([one[name] for one in found]) for name in ("list", *ROW, "input")}
        ranked = (columns["list"], _ranks(campaign.relations, "stream")[columns["stream"]], columns["configuration"])
        order = np.lexsort(ranked[::-1])  # which keeps the order of equal ones
        columns = {name: column[order] for name, column in columns.items()}
        inputs = columns.pop("input")
        return cls._of_pairs(list_of.reshape(-1), len(first), columns, inputs)

    def pairs(self, lists: Numbers, before: int) -> dict[str, Numbers]:
        """The inputs of some of the lists, each with the number of its list among them and its row; ``before`` is added to each."""
        rows = [np.arange(*self.list_starts[one : one + 2]) for one in lists.tolist()]
        row_of = np.concatenate(rows) if rows else np.zeros(0, dtype=np.int64)
        number = np.repeat(np.arange(len(lists)), [len(one) for one in rows])
        lengths = np.diff(self.row_starts)[row_of]
        places = np.repeat(self.row_starts[row_of] - np.cumsum(lengths) + lengths, lengths) + np.arange(lengths.sum())
        return {
            "list": np.repeat(number, lengths),
            "stream": np.repeat(self.streams[row_of], lengths),
            "configuration": np.repeat(self.configurations[row_of], lengths),
            "input": self.inputs[places] + before,
        }


def _rows(columns: Columns, rows: Numbers) -> Columns:
    return {name: column[rows] for name, column in columns.items()}


def _lists(
    relations: Relations, entries: Sequence[NeedEntry], made: Columns, given: Columns
) -> tuple[Numbers, Numbers]:
    """An output of each list, and for each output the number of its list."""
    keys = links_of(relations, entries, made, given).product_group
    # A stream or configuration that only the outputs name becomes a label of their rows.
    own = {name: made[name] for name in ROW if name in made and name not in given}
    if own:
        labels = np.unique(relations.keys(own), return_inverse=True)[1]
        keys = keys * (labels.max(initial=0) + 1) + labels
    _, first, list_of = np.unique(keys, return_index=True, return_inverse=True)
    return first, list_of


def _codes(name: str, made: Columns, lists: Numbers, given: Columns, inputs: Numbers) -> Numbers:
    """The codes of a coordinate for pairs of a list and an input; -1 where neither kind names it."""
    if name in given:
        return given[name][inputs].astype(np.int64)
    return made[name][lists].astype(np.int64) if name in made else np.full(len(inputs), -1, dtype=np.int64)


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
    """For each code its place among the sorted values; the last entry serves the code -1."""
    values = relations.values[name]
    ranks = np.zeros(len(values) + 1, dtype=np.int64)
    ranks[sorted(range(len(values)), key=values.__getitem__)] = np.arange(len(values))
    return ranks


def _starts(columns: Mapping[str, Numbers], length: int) -> Numbers:
    """The first pair of each row: where any of the columns changes."""
    new = np.zeros(length, dtype=bool)
    new[:1] = True
    for column in columns.values():
        new[1:] |= column[1:] != column[:-1]
    return np.flatnonzero(new)
