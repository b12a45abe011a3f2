"""Parts of SQL statements that several questions share."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Connection, FromClause, Select, exists, literal_column, select

from latteboard.status.states import Status

PARAMETERS = 500  # in one list of a statement; databases limit their number
# Codes stand in statements as they are, not as parameters: SQLite uses a partial index only for a condition it can read.
CODE: Mapping[Status, ColumnElement[int]] = {status: literal_column(str(int(status))) for status in Status}


def not_done(rows: FromClause) -> ColumnElement[bool]:
    """Whether the stored status is not ``done``, in the words of the partial index, so that it is used."""
    return rows.c.status != CODE[Status.done]


def exists_in(rows: FromClause | Sequence[FromClause], *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether such rows exist; other tables in the conditions belong to the enclosing statements, at any level."""
    own = [rows] if isinstance(rows, FromClause) else rows
    found: Select[Any] = select(literal_column("1")).select_from(*own).where(*conditions)
    return exists(found.correlate_except(*own))


def number_table(connection: Connection, statement: Select[Any]) -> NDArray[np.int64]:
    """The rows of a statement that gives whole numbers, shape (columns, rows)."""
    # numpy looks for arrays in each row, which in plain tuples it need not.
    rows = [tuple(row) for row in connection.execute(statement)]
    return np.array(rows, dtype=np.int64).reshape(-1, len(statement.selected_columns)).T
