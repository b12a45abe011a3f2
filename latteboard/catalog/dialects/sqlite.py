"""The dialect of SQLite: times, bulk loads, sums, comments, snapshots."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from functools import cache
from itertools import chain, islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Integer,
    Table,
    Text,
    case,
    cast,
    func,
    literal,
    select,
)
from sqlalchemy.dialects import sqlite as sqlite_dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.schema import CreateColumn, CreateTable

from latteboard.catalog.dialects.sqlite_opening import connect

DIALECT = sqlite_dialect.dialect()
LOWER, GREATEST = 2**32 - 1, 2**63 - 1

# Beginning and ending a statement costs as much as inserting a row: with many rows in one, loading takes half the time.
ROWS_A_STATEMENT = 200


def bulk_insert(connection: Connection, table: Table, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Insert many rows directly by the driver; ``rows`` is consumed as it is written."""
    cursor = connection.connection.cursor()
    statement = _insertion(connection, table, columns, {}, ["?"] * len(columns))
    rows = iter(rows)
    while batch := list(islice(rows, ROWS_A_STATEMENT)):
        cursor.execute(statement(len(batch)), list(chain.from_iterable(batch)))


def bulk_insert_numbers(
    connection: Connection,
    table: Table,
    columns: Sequence[str],
    matrix: NDArray[np.int64],
    constants: Mapping[str, int],
    *,
    empty: int,
) -> None:
    """Insert the rows of a matrix of numbers.

    ``constants`` are columns with the same number in every row; the number ``empty`` stands for an empty field.
    """
    cursor = connection.connection.cursor()
    nullable = {column for column, of_one in zip(columns, (matrix == empty).any(axis=0), strict=True) if of_one}
    fixed = {name: "NULL" if number == empty else str(number) for name, number in constants.items()}
    marks = [f"NULLIF(?, {empty})" if column in nullable else "?" for column in columns]
    statement = _insertion(connection, table, columns, fixed, marks)
    for start in range(0, len(matrix), ROWS_A_STATEMENT):
        batch = matrix[start : start + ROWS_A_STATEMENT]
        cursor.execute(statement(len(batch)), batch.ravel().tolist())


def _insertion(
    connection: Connection,
    table: Table,
    columns: Sequence[str],
    constants: Mapping[str, str],
    marks: Sequence[str],
) -> Callable[[int], str]:
    """The statement for a given number of rows.

    Written out, since a compiled insert would put the columns into the order of the table.
    """
    quoted = connection.dialect.identifier_preparer
    names = ", ".join(quoted.quote(name) for name in (*columns, *constants))
    one = ", ".join((*marks, *constants.values()))
    head = f"INSERT INTO {quoted.format_table(table)} ({names}) VALUES "
    return cache(lambda rows: head + ", ".join([f"({one})"] * rows))


def number_columns(
    connection: Connection,
    columns: Sequence[ColumnElement[Any]],
    rows: FromClause,
    by: ColumnElement[int],
    *conditions: ColumnElement[bool],
) -> list[NDArray[np.int64]]:
    """Columns of whole numbers, -1 where there is none, of the rows that agree with the conditions.

    Where ``by`` comes first in the key of ``rows`` and there are no conditions, they stand in the order of the key.
    They are read as texts of numbers, one for each column and each value of ``by``, since rows that pass through the driver
    cost four times as much.
    """
    texts = [func.group_concat(func.coalesce(column, -1)) for column in columns]
    parts: list[list[NDArray[np.int64]]] = [[np.empty(0, dtype=np.int64)] for _ in columns]
    for row in connection.execute(select(*texts).select_from(rows).where(*conditions).group_by(by).order_by(by)):
        for part, text in zip(parts, row, strict=True):
            part.append(np.fromstring(text, dtype=np.int64, sep=","))
    return [np.concatenate(part) for part in parts]


def sum_bytes(sizes: ColumnElement[int]) -> ColumnElement[int]:
    """The exact sum of bytes, ``GREATEST`` where it is larger; NULL of no rows.

    The sum of SQLite ends the statement with an error beyond that. So the upper and the lower 32 bits are summed apart.
    """
    lower = func.sum(sizes.bitwise_and(LOWER))
    upper = func.sum(sizes.bitwise_rshift(32)) + lower.bitwise_rshift(32)
    whole = upper.bitwise_lshift(32).bitwise_or(lower.bitwise_and(LOWER))
    return case((upper > GREATEST >> 32, GREATEST), else_=whole)


class SchemaObject(NamedTuple):
    """A table, view, index or trigger as it was created; for an index or trigger ``table`` is the one that it is on."""

    type: str
    name: str
    table: str
    statement: str


def schema_objects(connection: Connection) -> list[SchemaObject]:
    """The objects that statements have created in the database, in the order of their names."""
    rows = connection.exec_driver_sql(
        "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name"
    )
    return [SchemaObject(*row) for row in rows]


@compiles(CreateColumn, "sqlite")
def _column_with_comment(element: CreateColumn, compiler: Any, **options: Any) -> str:
    """Write the comment of a column into the statement, whose text SQLite keeps: ``.schema`` reads like prose."""
    written: str = compiler.visit_create_column(element, **options)
    return f"{written} {_comment(element.element.comment)}" if element.element.comment and written else written


@compiles(CreateTable, "sqlite")
def _table_with_comment(element: CreateTable, compiler: Any, **options: Any) -> str:
    written: str = compiler.visit_create_table(element, **options)
    return written.replace("(", f"({_comment(element.element.comment)}", 1) if element.element.comment else written


def _comment(text: str) -> str:
    return f"/* {text.replace('*/', '* /')} */"


def quoted_name(name: str) -> str:
    """The name of a table or view as a statement writes it; capitals, which SQLite does not tell apart, need no quotes."""
    quote, small = DIALECT.identifier_preparer.quote, name.lower()
    return name if quote(small) == small else quote(name)


def quoted_text(text: str) -> str:
    """A text as a statement writes it."""
    return str(literal(text, Text).compile(dialect=DIALECT, compile_kwargs={"literal_binds": True}))


def now_seconds() -> ColumnElement[int]:
    """The time of the question, s since 1970."""
    return cast(func.strftime("%s", "now"), Integer)


def iso_time(nanoseconds: ColumnElement[int]) -> ColumnElement[str]:
    """A time in ns since 1970 as people read it, in UTC."""
    return func.strftime("%Y-%m-%dT%H:%M:%SZ", nanoseconds / 1_000_000_000, "unixepoch")


def snapshot(source: Path, target: Path) -> None:
    """Write a compact copy of the catalog that can be published; ``target`` must not exist."""
    with closing(connect(source)) as connection:
        connection.execute("VACUUM INTO ?", (str(target.absolute()),))
