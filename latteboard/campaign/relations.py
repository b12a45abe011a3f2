"""Relations: which sources belong to which configuration and source set, which values an axis has where.

A relation is a set of columns, one for each coordinate: arrays of codes, the code of a value being its position in
:attr:`Relations.values`. The expected artifacts of a kind follow from one operation, :meth:`Relations.table`: the natural
join of all relations, projected on the coordinates of the kind, each row once.

An ensemble need not have streams, sources and source sets. In its rows of the main relation such a coordinate has the code
``ABSENT``, and it has no artifacts of a kind that names the coordinate.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod

import numpy as np
from numpy.typing import NDArray

from latteboard.errors import CampaignError
from latteboard.names.templates import Value

# The coordinates of the main relation, which holds the source lists of all ensembles and streams.
MAIN = ("ensemble", "stream", "configuration", "source_set", "source")
# Those that an ensemble need not have, and the code of one that it has not.
OPTIONAL = ("stream", "source_set", "source")
ABSENT = -1
MOST_ROWS = 10**8  # of one table: three gigabytes, and fifty times what a large production has of a kind
# Up to so many keys a table of them is faster than a search, and small.
TABULATED = 2**20

Codes = NDArray[np.int32]
Columns = dict[str, Codes]


def length(rows: Columns) -> int:
    """The number of rows; a relation without coordinates has one, the empty row."""
    return len(next(iter(rows.values()))) if rows else 1


@dataclass(frozen=True)
class AxisRelation:
    """The values of an axis, together with what they depend on.

    Attributes
    ----------
    on : the coordinates of the main relation that its values depend on, in the order of ``MAIN``, the ensemble first; the
        ensemble alone where the values are stated as a list
    columns : columns for ``on`` and for the axis itself: distinct rows, sorted by these columns
    """

    on: tuple[str, ...]
    columns: Columns


@dataclass(frozen=True)
class Relations:
    """The relations of one campaign.

    Attributes
    ----------
    values : the values of each coordinate in the order of their codes: numbers ascending, texts and sources in the order
        of the campaign
    main : columns for the coordinates ``MAIN``, each of shape (number of sources in sets,); a configuration without sources
        has one row
    axes : the relation of each axis; an ensemble that does not have the axis has no row in it
    """

    values: Mapping[str, Sequence[Value]]
    main: Columns
    axes: Mapping[str, AxisRelation]

    @property
    def order(self) -> tuple[str, ...]:
        """All coordinates in canonical order, by which rows are sorted: ensemble first, axes next to last, source last."""
        return (*MAIN[:4], *self.axes, "source")

    @cached_property
    def absent(self) -> frozenset[str]:
        """The coordinates that some ensemble does not have."""
        return frozenset(name for name in OPTIONAL if name in self.main and (self.main[name] == ABSENT).any())

    @cached_property
    def lacking(self) -> frozenset[str]:
        """The coordinates that some row of the main relation does not have: in its ensemble or, of an axis, where it is.

        All other coordinates can be joined to any row. So only through one of these, if a product does not name it, can its
        inputs be lacking although nothing restricts them.
        """
        return self.absent | {axis for axis in self.axes if not self._is_everywhere(axis)}

    def _is_everywhere(self, axis: str) -> bool:
        relation = self.axes[axis]
        rows = self.distinct({name: self.main[name] for name in relation.on})
        return bool(np.isin(self.keys(rows), self.keys({name: relation.columns[name] for name in relation.on})).all())

    @cached_property
    def codes(self) -> Mapping[str, Mapping[Value, int]]:
        """The code of each value of each coordinate."""
        return _Codes(self.values)

    def table(self, names: Iterable[str]) -> Columns:
        """The natural join of all relations, projected on the coordinates ``names``: distinct rows in canonical order.

        Rows that do not have one of the coordinates are left out. Relations without a coordinate in ``names`` are not joined: a
        configuration at which an axis has no value has the artifacts that do not name the axis.

        Examples
        --------
        Ensemble A has two configurations and the separations 3 and 4, ensemble B one configuration and only 4:

        >>> columns = {"ensemble": [0, 0, 1], "configuration": [0, 1, 0], "stream": [0] * 3, "source_set": [0] * 3}
        >>> main = {name: np.array(column) for name, column in (columns | {"source": [0, 1, 2]}).items()}
        >>> values = {"ensemble": ["A", "B"], "configuration": [10, 20], "separation": [3, 4]}
        >>> separations = {"ensemble": np.array([0, 0, 1]), "separation": np.array([0, 1, 1])}
        >>> relations = Relations(values, main, {"separation": AxisRelation(("ensemble",), separations)})
        >>> rows = relations.table(["ensemble", "separation"])
        >>> [relations.decode(rows, index) for index in range(length(rows))]
        [{'ensemble': 'A', 'separation': 3}, {'ensemble': 'A', 'separation': 4}, {'ensemble': 'B', 'separation': 4}]
        """
        wanted = set(names)
        axes = [name for name in self.axes if name in wanted]
        # What an axis depends on is needed to join it, and dropped in the end if it is not wanted.
        on = {name for axis in axes for name in self.axes[axis].on}
        rows = {name: self.main[name] for name in MAIN if name in wanted or name in on}
        for name in self.absent & wanted:
            there = rows[name] != ABSENT
            rows = {other: column[there] for other, column in rows.items()}
        rows = self.distinct(rows)
        for axis in axes:
            rows = self.join(rows, axis)
        return self.distinct({name: rows[name] for name in self.order if name in wanted})

    def join(self, rows: Columns, axis: str) -> Columns:
        """The natural join of rows, which have all that an axis depends on, with the relation of the axis.

        Raises
        ------
        CampaignError : there would be more than ``MOST_ROWS``.
        """
        relation = self.axes[axis]
        own = self.keys({name: relation.columns[name] for name in relation.on})
        keys = self.keys({name: rows[name] for name in relation.on})
        first, end = self._runs(own, keys, prod(map(self._radix, relation.on)))
        repeats = end - first
        if (number := int(repeats.sum())) > MOST_ROWS:
            expected = f"expected at most {MOST_ROWS:,} artifacts of a kind"
            raise CampaignError(f"{expected}, found {number:,} combinations of {', '.join((*rows, axis))}", key="path")
        # A row is repeated once for each of its values: they stand in the relation one after the other, from ``first`` on.
        found = np.arange(number)
        found += np.repeat(first - (np.cumsum(repeats) - repeats), repeats)
        joined = {name: np.repeat(column, repeats) for name, column in rows.items()}
        joined[axis] = relation.columns[axis][found]
        return joined

    @staticmethod
    def _runs(
        own: NDArray[np.int64], keys: NDArray[np.int64], size: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """For each of ``keys``, which are below ``size``, where its run in the ascending ``own`` begins and ends."""
        if size <= TABULATED:
            edges = np.searchsorted(own, np.arange(size + 1))
            return edges[keys], edges[keys + 1]
        return np.searchsorted(own, keys), np.searchsorted(own, keys, side="right")

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

    def _radix(self, name: str) -> int:
        """How many digits a coordinate has in a key: one for each value, and one for ``ABSENT`` where it may be."""
        return len(self.values[name]) + (name in OPTIONAL)

    def keys(self, rows: Columns) -> NDArray[np.int64]:
        """A number for each row, shape (number of rows,), ordered as the rows are; equal rows have equal numbers."""
        # Python's integers if the product of all axes exceeds 64 bits: slower, but exact.
        fits = prod(map(self._radix, rows)) < 2**62
        # The codes of a row are the digits of a number in mixed radix, the first coordinate being the most significant.
        key = np.zeros(length(rows), dtype=np.int64 if fits else object)
        least = 0  # what to add so that the digit of ABSENT is 0
        for name, column in rows.items():
            key *= self._radix(name)
            key += column
            least = least * self._radix(name) + (name in OPTIONAL)
        if least:
            key += least
        return key

    def key(self, names: Iterable[str], coordinates: Mapping[str, Value]) -> int | None:
        """The number that :meth:`keys` gives a row with these coordinates; None if a value is unknown."""
        key = 0
        for name in names:
            code = self.codes[name].get(coordinates[name]) if name in coordinates else None
            if code is None:
                return None
            key = key * self._radix(name) + code + (name in OPTIONAL)
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
        axes = {
            name: AxisRelation(one_axis.on, _agreeing(one_axis.columns, one)) for name, one_axis in self.axes.items()
        }
        return Relations(self.values, _agreeing(self.main, one), axes)

    def decode(self, rows: Columns, index: int) -> dict[str, Value]:
        """The coordinates of the row ``index``, without those that it does not have."""
        codes = {name: column[index] for name, column in rows.items()}
        return {name: self.values[name][code] for name, code in codes.items() if code != ABSENT}


def _agreeing(rows: Columns, one: Columns) -> Columns:
    """Those of ``rows`` that agree with the single row ``one`` in the coordinates that both have."""
    mask = np.ones(length(rows), dtype=bool)
    for name in rows.keys() & one.keys():
        mask &= rows[name] == one[name][0]
    return {name: column[mask] for name, column in rows.items()}


class _Codes(dict[str, Mapping[Value, int]]):
    """The codes of each coordinate's values, made on first use: there are many sources, of which few codes are used."""

    def __init__(self, values: Mapping[str, Sequence[Value]]) -> None:
        super().__init__()
        self._values = values

    def __missing__(self, name: str) -> Mapping[Value, int]:
        self[name] = {value: code for code, value in enumerate(self._values[name])}
        return self[name]
