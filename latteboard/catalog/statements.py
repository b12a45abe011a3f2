"""Parts of SQL statements that several questions share."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, exists, literal_column, select

from latteboard.status.states import Status

# Codes stand in statements as they are, not as parameters: SQLite uses a partial index only for a condition it can read.
CODE: Mapping[Status, ColumnElement[int]] = {status: literal_column(str(int(status))) for status in Status}


def not_done(rows: FromClause) -> ColumnElement[bool]:
    """Whether the stored status is not ``done``, in the words of the partial index, so that it is used."""
    return rows.c.status != CODE[Status.done]


def exists_in(rows: FromClause | Sequence[FromClause], *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether such rows exist; other tables in the conditions belong to the statements around, however far out."""
    own = [rows] if isinstance(rows, FromClause) else rows
    found: Select[Any] = select(literal_column("1")).select_from(*own).where(*conditions)
    return exists(found.correlate_except(*own))
