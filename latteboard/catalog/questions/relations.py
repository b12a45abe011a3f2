"""The campaign's relations as the catalog keeps them, and the join of needs on rows of its tables.

With them the catalog says by itself which artifact needs which, without the campaign file.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Column, ColumnElement, Connection, Select, func, select

from latteboard.campaign.axis_builder import PLACES
from latteboard.campaign.conditions import links_of
from latteboard.campaign.entries import NeedEntry
from latteboard.campaign.needs import Links, equal_coordinates_suffice
from latteboard.campaign.relations import ABSENT, MAIN, AxisRelation, Columns, Relations
from latteboard.catalog.meta import texts
from latteboard.catalog.statements import PARAMETERS, number_table
from latteboard.catalog.tables.schema import axis_value, source_list

Numbers = NDArray[np.int64]
Stored = Mapping[str, Numbers]


class StoredRelations:
    """The relations of the campaign in the numbers that the tables of kinds store; read as far as a question needs them.

    The tables store numbers as they are, which may be negative, where :class:`Relations` counts positions from 0: here a
    position is the distance from the least number.
    """

    def __init__(self, connection: Connection, near: Stored | None = None) -> None:
        """``near`` : columns of products; rows of the relations that none of them agrees with may be left out."""
        self._connection = connection
        self._near = near or {}
        self._codes: dict[str, dict[str, int]] = {}
        self._by_near: dict[frozenset[str], Relations] = {}

    def links(self, entries: Sequence[NeedEntry], products: Stored, inputs: Stored) -> Links:
        """Which of the products need which of the inputs by these entries; both are columns of stored numbers by coordinate."""
        stored = [self._stored(entry) for entry in entries]
        replaced = {name for entry in stored for name in entry.replaced}
        plain = not replaced and equal_coordinates_suffice(self._ranges, products, inputs)
        relations = self._ranges if plain else self._near_to(frozenset(self._near) - replaced)
        return links_of(relations, stored, self._positions(products), self._positions(inputs))

    def _stored(self, entry: NeedEntry) -> NeedEntry:
        """An entry with the codes of texts in place of these."""
        replaced = {name: self._code(name, value) for name, value in entry.replaced.items()}
        only = {name: [self._code(name, value) for value in values] for name, values in entry.only.items()}
        return NeedEntry(entry.kind, replaced, only)

    def _code(self, name: str, value: int | str) -> int | str:
        """What is stored for a value of a coordinate; numbers, and arithmetic of them, stand for themselves."""
        if name not in self._codes:
            self._codes[name] = {text: code for code, text in texts(self._connection, name).items()}
        return self._codes[name].get(str(value), value)

    def _positions(self, stored: Stored) -> Columns:
        # Wider than a campaign's own codes: there may be 2**32 of them.
        return cast(Columns, {name: column - self._bounds[name][0] for name, column in stored.items()})

    @cached_property
    def _bounds(self) -> dict[str, tuple[int, int]]:
        """The least and the greatest stored number of each coordinate."""
        extremes = [f(source_list.c[name]) for name in MAIN for f in (func.min, func.max)]
        main = self._connection.execute(select(*extremes)).one()
        bounds = {name: (main[2 * n] or 0, main[2 * n + 1] or 0) for n, name in enumerate(MAIN)}
        value = axis_value.c.value
        rows = select(axis_value.c.axis, func.min(value), func.max(value)).group_by(axis_value.c.axis)
        return bounds | {axis: (least, greatest) for axis, least, greatest in self._connection.execute(rows)}

    @cached_property
    def _ranges(self) -> Relations:
        """The coordinates and how many values each may have, without any row: enough where equal coordinates suffice."""
        values = {name: range(least, greatest + 1) for name, (least, greatest) in self._bounds.items()}
        columns = [func.count(axis_value.c[name]) for name in PLACES]
        counted = self._connection.execute(select(axis_value.c.axis, *columns).group_by(axis_value.c.axis))
        on = {axis: tuple(name for name, n in zip(PLACES, numbers, strict=True) if n) for axis, *numbers in counted}
        return Relations(values, {}, {axis: AxisRelation(places, {}) for axis, places in on.items()})

    def _near_to(self, names: frozenset[str]) -> Relations:
        """The relations, without rows that no product agrees with in these coordinates."""
        if names not in self._by_near:
            main = self._rows({name: source_list.c[name] for name in MAIN}, names)
            axes = {axis: self._axis(axis, names) for axis in self._ranges.axes}
            self._by_near[names] = Relations(self._ranges.values, main, axes)
        return self._by_near[names]

    def _axis(self, axis: str, names: Collection[str]) -> AxisRelation:
        on = self._ranges.axes[axis].on
        columns = {name: axis_value.c[name] for name in on} | {axis: axis_value.c.value}
        return AxisRelation(on, self._ranges.distinct(self._rows(columns, names, axis_value.c.axis == axis)))

    def _rows(
        self, columns: Mapping[str, Column[int]], names: Collection[str], *conditions: ColumnElement[bool]
    ) -> Columns:
        """The rows of a relation as positions; ``columns`` are those of its table, by coordinate."""
        # The position of an absent coordinate is one before that of the least number.
        numbers = [func.coalesce(column, self._bounds[name][0] + ABSENT) for name, column in columns.items()]
        few = few_values({name: self._near[name] for name in names if name in columns})
        near = [columns[name].in_(found) for name, found in few.items()]
        statement = cast(Select[Any], select(*numbers).where(*conditions, *near))
        table = number_table(self._connection, statement)
        return self._positions(dict(zip(columns, table, strict=True)))


def kept(entries: Iterable[NeedEntry], products: Stored) -> Stored:
    """The coordinates of products that their inputs share with them, if they name these: no entry replaces them."""
    replaced = {name for entry in entries for name in entry.replaced}
    return {name: column for name, column in products.items() if name not in replaced}


def few_values(columns: Stored) -> dict[str, Collection[int]]:
    """The distinct values of those columns that have so few that a statement can name them."""
    values = {name: np.unique(column) for name, column in columns.items()}
    return {name: found.tolist() for name, found in values.items() if len(found) <= PARAMETERS}
