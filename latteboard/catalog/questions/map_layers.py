"""Numbers of artifacts by step, configuration and status: the cells of a map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Connection, func, select

from latteboard.catalog.database import Database
from latteboard.catalog.meta import texts
from latteboard.catalog.tables.kinds import KindModel
from latteboard.catalog.tables.schema import axis_value, coordinate_value

# Some ten time separations of some eight kinds; more columns than that cannot be read at a glance.
MOST_COLUMNS = 96
PLACE = ("ensemble", "stream")


@dataclass(frozen=True)
class Layer:
    """The counts of one kind in one map; a row for each configuration, value and status that occurs.

    Attributes
    ----------
    place : those of the map's ensemble and stream that the kind names, as the conditions of a selection
    axis : the coordinate whose values have columns of their own; None where the kind is one column
    values : of the axis, in order; empty where the kind is one column
    configurations, columns, statuses, numbers : shape (n,); columns are places in ``values``, statuses codes of
        :class:`Status`; configurations stand in ascending order
    """

    kind: str
    place: Mapping[str, str]
    axis: str | None
    values: Sequence[int | str]
    configurations: NDArray[np.int64]
    columns: NDArray[np.int64]
    statuses: NDArray[np.int64]
    numbers: NDArray[np.int64]


def layers(database: Database, place: Mapping[str, str]) -> list[Layer]:
    """The layers of a map: the kinds whose files name a configuration, in the order of the production.

    A kind that does not name all of ``place`` is counted in the configurations that there are in the kinds that do. A claim
    counts as of the question.

    Parameters
    ----------
    place : ensemble and stream of the map, or that of the two which its files name; a kind that names another is left out
    """
    apart = set(PLACE) - place.keys()
    models = [
        one for one in database.kinds.values() if "configuration" in one.coordinates and not apart & {*one.coordinates}
    ]
    with database.reading() as connection:
        codes = {name: _code(connection, name, text) for name, text in place.items()}
        sizes = _sizes(connection, codes)
        axes = split_axes({model.name: model.coordinates for model in models}, sizes)
        found = [_layer(database, connection, model, axes.get(model.name), codes) for model in models]
    counted = [
        Layer(model.name, {name: place[name] for name in place if name in model.coordinates}, *rest)
        for model, rest in zip(models, found, strict=True)
    ]
    own = [layer.configurations for layer in counted if len(layer.place) == len(place)]
    known = np.unique(np.concatenate(own)) if own else np.array([], np.int64)
    return [kept for layer in counted if len((kept := _restricted(layer, known)).numbers)]


def split_axes(kinds: Mapping[str, Sequence[str]], sizes: Mapping[str, int]) -> dict[str, str]:
    """The axis, if any, by whose values a kind is split into columns; ``kinds`` are their coordinates by name.

    At most one a kind; the axis that most kinds name comes first, so that they can be compared; the first named of
    several. An axis that would make more than ``MOST_COLUMNS`` columns is left out, and so is one with a single value.
    """
    named = [name for coordinates in kinds.values() for name in coordinates if sizes.get(name, 0) > 1]
    columns = len(kinds)
    split: dict[str, str] = {}
    for axis in sorted(dict.fromkeys(named), key=named.count, reverse=True):
        more = [kind for kind, coordinates in kinds.items() if axis in coordinates and kind not in split]
        if columns + len(more) * (sizes[axis] - 1) <= MOST_COLUMNS:
            columns += len(more) * (sizes[axis] - 1)
            split |= dict.fromkeys(more, axis)
    return split


def _code(connection: Connection, axis: str, text: str) -> int:
    key = (coordinate_value.c.axis == axis, coordinate_value.c.text == text)
    return int(connection.execute(select(coordinate_value.c.code).where(*key)).scalar_one())


def _sizes(connection: Connection, codes: Mapping[str, int]) -> dict[str, int]:
    """The number of values of each axis in an ensemble, or in all of them."""
    statement = select(axis_value.c.axis, func.count(axis_value.c.value.distinct())).group_by(axis_value.c.axis)
    near = [axis_value.c.ensemble == codes["ensemble"]] if "ensemble" in codes else []
    return dict(connection.execute(statement.where(*near)).all())


def _layer(
    database: Database, connection: Connection, model: KindModel, axis: str | None, codes: Mapping[str, int]
) -> tuple[Any, ...]:
    """Axis, values and counts of a kind: one statement over its rows, in which texts stay codes."""
    readable = database.readable(model.name)
    rows = readable.rows.c
    groups: list[ColumnElement[int]] = [rows.configuration, *([rows[axis]] if axis else []), readable.status]
    conditions = [rows[name] == codes[name] for name in codes if name in model.coordinates]
    statement = select(*groups, func.count()).where(*conditions).group_by(*groups).order_by(*groups)
    # numpy looks for arrays in each row, which in plain tuples it need not.
    counted = [tuple(row) for row in connection.execute(statement)]
    table = np.array(counted, np.int64).reshape(-1, len(groups) + 1).T
    if axis is None:
        return None, (), table[0], np.zeros_like(table[0]), table[1], table[2]
    values, columns = np.unique(table[1], return_inverse=True)
    names = texts(connection, axis) if axis not in model.numeric else {}
    return axis, [names.get(value, value) for value in values.tolist()], table[0], columns, table[2], table[3]


def _restricted(layer: Layer, configurations: NDArray[np.int64]) -> Layer:
    """The part of a layer that belongs to some configurations."""
    among = np.isin(layer.configurations, configurations)
    if among.all():
        return layer
    parts = (layer.configurations, layer.columns, layer.statuses, layer.numbers)
    return Layer(layer.kind, layer.place, layer.axis, layer.values, *(part[among] for part in parts))
