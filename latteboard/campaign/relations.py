"""Relations: which sources belong to which configuration and source set, which values an axis has in which ensemble.

A relation is a set of columns, one for each coordinate: arrays of codes, the code of a value being its position in
:attr:`Relations.values`. The expected artifacts of a kind follow from one operation, :meth:`Relations.table`: the natural
join of all relations, projected on the coordinates of the kind, each row once.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod

import numpy as np
from numpy.typing import NDArray

from latteboard.names.templates import Value

# The coordinates of the main relation, which holds the source lists of all ensembles and streams.
MAIN = ("ensemble", "stream", "configuration", "source_set", "source")

Codes = NDArray[np.int32]
Columns = dict[str, Codes]


def length(rows: Columns) -> int:
    """The number of rows; a relation without coordinates has one, the empty row."""
    return len(next(iter(rows.values()))) if rows else 1


@dataclass(frozen=True)
class Relations:
    """The relations of one campaign.

    Attributes
    ----------
    values : the values of each coordinate in the order of their codes: numbers ascending, texts and sources in the order
        of the campaign
    main : columns for the coordinates ``MAIN``, each of shape (number of sources in sets,)
    axes : for each axis and each ensemble (by its code) the codes of its values, at least one
    """

    values: Mapping[str, Sequence[Value]]
    main: Columns
    axes: Mapping[str, Sequence[Codes]]

    @property
    def order(self) -> tuple[str, ...]:
        """All coordinates in canonical order, by which rows are sorted: ensemble first, axes next to last, source last."""
        return (*MAIN[:4], *self.axes, "source")

    @cached_property
    def codes(self) -> Mapping[str, Mapping[Value, int]]:
        """The code of each value of each coordinate."""
        return _Codes(self.values)

    def table(self, names: Iterable[str]) -> Columns:
        """The natural join of all relations, projected on the coordinates ``names``: distinct rows in canonical order.

        An axis depends on the ensemble. So the join with an axis is the product of each row with the axis's values in the
        ensemble of the row, and relations without a coordinate in ``names`` need not be joined: no relation is empty for any
        ensemble, so they would take no row away.

        Examples
        --------
        Ensemble A has two configurations and the separations 3 and 4, ensemble B one configuration and only 4:

        >>> columns = {"ensemble": [0, 0, 1], "configuration": [0, 1, 0], "stream": [0] * 3, "source_set": [0] * 3}
        >>> main = {name: np.array(column) for name, column in (columns | {"source": [0, 1, 2]}).items()}
        >>> values = {"ensemble": ["A", "B"], "configuration": [10, 20], "separation": [3, 4]}
        >>> relations = Relations(values, main, {"separation": [np.array([0, 1]), np.array([1])]})
        >>> rows = relations.table(["ensemble", "separation"])
        >>> [relations.decode(rows, index) for index in range(length(rows))]
        [{'ensemble': 'A', 'separation': 3}, {'ensemble': 'A', 'separation': 4}, {'ensemble': 'B', 'separation': 4}]
        """
        wanted = set(names)
        # The ensemble is needed to join an axis, and dropped in the end if it is not wanted.
        axes = [name for name in self.order if name in wanted and name not in MAIN]
        base = [name for name in MAIN if name in wanted or (axes and name == "ensemble")]
        rows = self.distinct({name: self.main[name] for name in base})
        for axis in axes:
            rows = self._cross(rows, axis)
        return self.distinct({name: rows[name] for name in self.order if name in wanted})

    def _cross(self, rows: Columns, axis: str) -> Columns:
        """The product of each row with the values that ``axis`` has in its ensemble."""
        by_ensemble = self.axes[axis]
        counts = np.array([len(codes) for codes in by_ensemble])
        starts = np.concatenate(([0], np.cumsum(counts)[:-1]))
        flat = np.concatenate(by_ensemble)
        repeats = counts[rows["ensemble"]]
        # Row r is repeated once for each value; ``position`` counts 0, 1, ... within the repetitions of one row.
        index = np.repeat(np.arange(len(repeats)), repeats)
        position = np.arange(len(index)) - np.repeat(np.cumsum(repeats) - repeats, repeats)
        crossed = {name: column[index] for name, column in rows.items()}
        crossed[axis] = flat[starts[rows["ensemble"]][index] + position]
        return crossed

    def distinct(self, rows: Columns) -> Columns:
        """The distinct rows, sorted by their columns in canonical order."""
        rows = {name: rows[name] for name in self.order if name in rows}
        if not rows:
            return rows
        keys = self.keys(rows)
        # Mostly the rows are distinct and sorted already: the check is much faster than sorting.
        if len(keys) < 2 or np.all(keys[1:] > keys[:-1]):
            return rows
        _, first = np.unique(keys, return_index=True)
        return {name: column[first] for name, column in rows.items()}

    def keys(self, rows: Columns) -> NDArray[np.int64]:
        """A number for each row, shape (number of rows,), ordered as the rows are; equal rows have equal numbers."""
        # Python's integers if the product of all axes exceeds 64 bits: slower, but exact.
        fits = prod(len(self.values[name]) for name in rows) < 2**62
        # The codes of a row are the digits of a number in mixed radix, the first coordinate being the most significant.
        key = np.zeros(length(rows), dtype=np.int64 if fits else object)
        for name, column in rows.items():
            key = key * len(self.values[name]) + column
        return key

    def key(self, names: Iterable[str], coordinates: Mapping[str, Value]) -> int | None:
        """The number that :meth:`keys` gives a row with these coordinates; None if a value is unknown."""
        key = 0
        for name in names:
            code = self.codes[name].get(coordinates[name]) if name in coordinates else None
            if code is None:
                return None
            key = key * len(self.values[name]) + code
        return key

    def restrict(self, rows: Columns, only: Mapping[str, Iterable[object]]) -> Columns:
        """The rows in which each coordinate in ``only`` has one of the values there, compared as text."""
        mask: NDArray[np.bool_] | None = None
        for name, values in only.items():
            allowed = {str(value) for value in values}
            codes = [code for code, value in enumerate(self.values[name]) if str(value) in allowed]
            found = np.isin(rows[name], codes)
            mask = found if mask is None else mask & found
        return rows if mask is None else {name: column[mask] for name, column in rows.items()}

    def where(self, one: Columns) -> "Relations":
        """The relations restricted to the rows that agree with ``one``, a single row."""
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
        """The coordinates of the row ``index``."""
        return {name: self.values[name][column[index]] for name, column in rows.items()}


class _Codes(dict[str, Mapping[Value, int]]):
    """The codes of each coordinate's values, made on first use: there are many sources, of which few codes are used."""

    def __init__(self, values: Mapping[str, Sequence[Value]]) -> None:
        super().__init__()
        self._values = values

    def __missing__(self, name: str) -> Mapping[Value, int]:
        self[name] = {value: code for code, value in enumerate(self._values[name])}
        return self[name]
