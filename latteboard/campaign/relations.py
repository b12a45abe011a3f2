"""Axes as relations: which sources belong to which configuration and set, which values an axis has in which ensemble.

Columns are numpy arrays of codes, a code being the position of a value in :attr:`Relations.values`. Everything that is
expected follows from one operation, :meth:`Relations.table`: the distinct projection of the natural join.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod

import numpy as np
from numpy.typing import NDArray

from latteboard.names.templates import Value

# The coordinates of the one relation that says which source of which configuration belongs to which source set.
MAIN = ("ensemble", "stream", "configuration", "source_set", "source")

Codes = NDArray[np.int32]
Columns = dict[str, Codes]


def length(rows: Columns) -> int:
    """How many rows there are: without any coordinate, one."""
    return len(next(iter(rows.values()))) if rows else 1


@dataclass(frozen=True)
class Relations:
    """The relations of one campaign.

    Attributes
    ----------
    values : for each coordinate its values in order; numbers ascending, texts and sources in the campaign's order
    main : columns of codes for the coordinates of ``MAIN``
    axes : for each axis, for each ensemble (by code) the codes of its values, at least one
    """

    values: Mapping[str, Sequence[Value]]
    main: Columns
    axes: Mapping[str, Sequence[Codes]]

    @property
    def order(self) -> tuple[str, ...]:
        """All coordinates in canonical order: as tables are sorted and columns stand, the source last."""
        return (*MAIN[:4], *self.axes, "source")

    @cached_property
    def codes(self) -> Mapping[str, Mapping[Value, int]]:
        """For each coordinate its values in order, with their codes."""
        return _Codes(self.values)

    def table(self, names: Iterable[str]) -> Columns:
        """The distinct rows of ``names`` in the natural join of the relations that have them, in canonical order."""
        wanted = set(names)
        axes = [name for name in self.order if name in wanted and name not in MAIN]
        base = [name for name in MAIN if name in wanted or (axes and name == "ensemble")]
        rows = self.distinct({name: self.main[name] for name in base})
        for axis in axes:
            rows = self._cross(rows, axis)
        return self.distinct({name: rows[name] for name in self.order if name in wanted})

    def _cross(self, rows: Columns, axis: str) -> Columns:
        """Each row once for each value that ``axis`` has in its ensemble."""
        by_ensemble = self.axes[axis]
        counts = np.array([len(codes) for codes in by_ensemble])
        starts = np.concatenate(([0], np.cumsum(counts)[:-1]))
        flat = np.concatenate(by_ensemble)
        repeats = counts[rows["ensemble"]]
        index = np.repeat(np.arange(len(repeats)), repeats)
        position = np.arange(len(index)) - np.repeat(np.cumsum(repeats) - repeats, repeats)
        crossed = {name: column[index] for name, column in rows.items()}
        crossed[axis] = flat[starts[rows["ensemble"]][index] + position]
        return crossed

    def distinct(self, rows: Columns) -> Columns:
        """``rows`` without repetitions, sorted by their columns in canonical order."""
        rows = {name: rows[name] for name in self.order if name in rows}
        if not rows:
            return rows
        keys = self.keys(rows)
        if len(keys) < 2 or np.all(keys[1:] > keys[:-1]):
            return rows
        _, first = np.unique(keys, return_index=True)
        return {name: column[first] for name, column in rows.items()}

    def keys(self, rows: Columns) -> NDArray[np.int64]:
        """One number for each row, in the order of the rows' columns; equal rows have equal numbers."""
        # Python's own integers where 64 bits do not hold the product of all axes; slower, never wrong.
        fits = prod(len(self.values[name]) for name in rows) < 2**62
        key = np.zeros(length(rows), dtype=np.int64 if fits else object)
        for name, column in rows.items():
            key = key * len(self.values[name]) + column
        return key

    def key(self, names: Iterable[str], coordinates: Mapping[str, Value]) -> int | None:
        """The number that :meth:`keys` gives a row of these coordinates; None if one has no such value."""
        key = 0
        for name in names:
            code = self.codes[name].get(coordinates[name]) if name in coordinates else None
            if code is None:
                return None
            key = key * len(self.values[name]) + code
        return key

    def restrict(self, rows: Columns, only: Mapping[str, Iterable[object]]) -> Columns:
        """The rows whose coordinates have, written out, one of the values in ``only``."""
        mask: NDArray[np.bool_] | None = None
        for name, values in only.items():
            allowed = {str(value) for value in values}
            codes = [code for code, value in enumerate(self.values[name]) if str(value) in allowed]
            found = np.isin(rows[name], codes)
            mask = found if mask is None else mask & found
        return rows if mask is None else {name: column[mask] for name, column in rows.items()}

    def where(self, one: Columns) -> "Relations":
        """The rows of each relation that agree with ``one``, the columns of a single row."""
        mask = np.ones(len(self.main["ensemble"]), dtype=bool)
        for name in self.main.keys() & one.keys():
            mask &= self.main[name] == one[name][0]
        main = {name: column[mask] for name, column in self.main.items()}
        axes = {
            name: [codes[codes == one[name][0]] if name in one else codes for codes in by_ensemble]
            for name, by_ensemble in self.axes.items()
        }
        return Relations(self.values, main, axes)

    def decode(self, rows: Columns, index: int) -> dict[str, Value]:
        """The coordinates of one row."""
        return {name: self.values[name][column[index]] for name, column in rows.items()}


class _Codes(dict[str, Mapping[Value, int]]):
    """Made for a coordinate when it is first asked for: there are many sources, and mostly nobody asks for theirs."""

    def __init__(self, values: Mapping[str, Sequence[Value]]) -> None:
        super().__init__()
        self._values = values

    def __missing__(self, name: str) -> Mapping[Value, int]:
        self[name] = {value: code for code, value in enumerate(self._values[name])}
        return self[name]
