"""The rows of the tables of kinds, as people read them: written from columns where they differ."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, UpdateBase, bindparam, delete, update

from latteboard.catalog.dialects.sqlite import bulk_insert_numbers
from latteboard.catalog.tables.kinds import KindModel
from latteboard.catalog.tables.schema import kind_table
from latteboard.catalog.updating.columns import StoredColumns

Columns = Mapping[str, NDArray[np.int64]]

# The columns of a kind's table beside its key and id, and the columns here that they show.
SHOWN = {
    "place": "place",
    "size": "size",
    "mtime": "mtime",
    "look": "state",
    "problem": "shown_problem",
    "status": "status",
    "blocked_by": "blocked_by",
    "blocked_count": "blocked_count",
    "wanted": "wanted",
    "needed": "needed",
    "purgeable": "purgeable",
}
# Stands for an empty field on its way to the database; no time and no number of a production is so far below zero.
EMPTY = -(2**62) - 1
CHUNK = 50_000  # rows that are made ready at a time


def write_rows(connection: Connection, model: KindModel, columns: StoredColumns, keys: Columns) -> bool:
    """Insert the rows that are new and update those that differ; returns whether there were any.

    ``keys`` are the coordinates as the tables store them.
    """
    new = np.flatnonzero(columns.inserted)
    differing = np.flatnonzero(columns.differ(SHOWN.values()) & ~columns.inserted)
    for start in range(0, len(new), CHUNK):
        _insert(connection, model, columns, keys, new[start : start + CHUNK])
    if len(differing):
        _update(connection, model, columns, keys, differing)
    return bool(len(new) or len(differing))


def delete_rows(connection: Connection, model: KindModel, keys: Columns) -> None:
    """Delete the rows of these coordinates."""
    table = kind_table(model)
    statement = delete(table).where(*(table.c[name] == bindparam(name) for name in model.coordinates))
    _run(connection, statement, keys)


def _insert(
    connection: Connection, model: KindModel, columns: StoredColumns, keys: Columns, rows: NDArray[np.int64]
) -> None:
    """Rows in the order of the key, in which the table is sorted. A column of one value is said once, not row by row."""
    chosen = {name: keys[name][rows] for name in model.coordinates}
    chosen |= {"id": columns["id"][rows], **_shown(columns, rows)}
    constant = {name: int(column[0]) for name, column in chosen.items() if np.all(column == column[0])}
    varying = {name: column for name, column in chosen.items() if name not in constant}
    matrix = np.stack(list(varying.values()), axis=1) if varying else np.empty((len(rows), 0), dtype=np.int64)
    bulk_insert_numbers(connection, kind_table(model), list(varying), matrix, constant, empty=EMPTY)


def _update(
    connection: Connection, model: KindModel, columns: StoredColumns, keys: Columns, rows: NDArray[np.int64]
) -> None:
    table = kind_table(model)
    names = model.coordinates or ("id",)
    key = {name: keys[name][rows] if name in keys else columns["id"][rows] for name in names}
    statement = update(table).values({name: bindparam(f"to_{name}") for name in SHOWN})
    statement = statement.where(*(table.c[name] == bindparam(f"at_{name}") for name in names))
    shown = _shown(columns, rows)
    parameters = {f"to_{name}": shown[name] for name in SHOWN} | {f"at_{name}": column for name, column in key.items()}
    _run(connection, statement, parameters)


def _shown(columns: StoredColumns, rows: NDArray[np.int64]) -> dict[str, NDArray[np.int64]]:
    """The fields that people read; ``EMPTY`` where there is none."""
    fields = {name: columns[column][rows].astype(np.int64) for name, column in SHOWN.items()}
    absent = fields["size"] < 0
    fields["size"][absent] = fields["mtime"][absent] = EMPTY
    for name in ("problem", "blocked_by"):
        fields[name][fields[name] == 0] = EMPTY
    fields["blocked_count"][fields["blocked_by"] == EMPTY] = EMPTY
    return fields


def _run(connection: Connection, statement: UpdateBase, columns: Columns) -> None:
    """Run a statement once for each row, by the driver's own path; ``columns`` are its parameters by name."""
    compiled = statement.compile(dialect=connection.dialect)
    # The text asks for its parameters by position, in an order of its own.
    plain = [
        [None if value == EMPTY else value for value in columns[name].tolist()] for name in compiled.positiontup or ()
    ]
    if plain and plain[0]:
        connection.connection.cursor().executemany(str(compiled), list(zip(*plain, strict=True)))
