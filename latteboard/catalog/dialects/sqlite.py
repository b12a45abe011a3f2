"""The dialect of SQLite: opening, locking, errors, times, bulk loads, sums, comments, snapshots.

The journal is SQLite's plain one: a write-ahead log needs shared memory, which shared file systems do not have.
"""

import errno
import os
import sqlite3
import stat
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from functools import cache, partial
from itertools import chain, islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    FromClause,
    Integer,
    NullPool,
    Table,
    Text,
    case,
    cast,
    create_engine,
    event,
    func,
    literal,
    select,
)
from sqlalchemy.dialects import sqlite as sqlite_dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.schema import CreateColumn, CreateTable

from latteboard.errors import CatalogError

DIALECT = sqlite_dialect.dialect()
LOWER, GREATEST = 2**32 - 1, 2**63 - 1

# Errors of the driver itself, where bulk loads do not pass through SQLAlchemy.
DriverError = sqlite3.DatabaseError
OperationalError = sqlite3.OperationalError

# Aggregates with FILTER need 3.30 at least; with versions before this one nothing has been tried.
OLDEST = (3, 33)
# A commit holds the file while it writes; other processes wait for it instead of failing.
PATIENCE_SECONDS = 120
# Beginning and ending a statement costs as much as inserting a row: with many rows in one, loading takes half the time.
ROWS_A_STATEMENT = 200
# With SQLite's own 2 MB a large index reads its pages repeatedly and takes half as long again.
WRITING_CACHE_KIB = 200_000


def engine(path: Path) -> Engine:
    """An engine on one SQLite file; transactions begin where SQLAlchemy begins them, not where the driver would."""
    if sqlite3.sqlite_version_info < OLDEST:
        needed = ".".join(map(str, OLDEST))
        raise CatalogError(f"SQLite {sqlite3.sqlite_version} is too old: latteboard needs {needed} or newer")
    # Not by a URL with the name in it: there "c?1.db" would be the file "c" and a query.
    made = create_engine("sqlite://", creator=partial(connect, path), poolclass=NullPool)
    event.listen(made, "connect", _configure)
    event.listen(made, "begin", _begin)
    return made


def connect(path: Path) -> sqlite3.Connection:
    """A connection of the driver to the file of this name, which may hold any characters."""
    # Made absolute, a name cannot be taken for ":memory:" or for a URI.
    return sqlite3.connect(path.absolute(), timeout=PATIENCE_SECONDS)


def cause(path: Path, error: sqlite3.OperationalError) -> str:
    """The cause of an error in words; SQLite itself does not say why it cannot open a file."""
    if error.sqlite_errorcode in (sqlite3.SQLITE_READONLY_ROLLBACK, sqlite3.SQLITE_IOERR_DELETE):
        return (
            f"an index was interrupted, and what it left in {path.name}-journal must be undone first: "
            "any command does it that is run by somebody who may write in the folder, such as: latteboard status"
        )
    return f"{error}{_obstacle(path)}"


def _obstacle(path: Path) -> str:
    """The reason, after a colon, for which a file cannot be opened; empty if it can be.

    The file is not opened to find out: closing it would release the locks of other connections in this process.
    """
    try:
        mode = path.stat().st_mode
    except OSError as error:
        return f": {error.strerror}"
    if not stat.S_ISREG(mode):
        return ": it is a folder" if stat.S_ISDIR(mode) else ": it is no plain file"
    readable = os.access(path, os.R_OK, effective_ids=os.access in os.supports_effective_ids)
    return "" if readable else f": {os.strerror(errno.EACCES)}"


def _configure(connection: Any, _: object) -> None:
    connection.isolation_level = None  # transactions begin where _begin says so
    # A large transaction that spills its pages into the file locks every reader out until it ends.
    connection.execute("PRAGMA cache_spill = OFF")
    connection.execute("PRAGMA temp_store = MEMORY")


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    if writes:
        connection.exec_driver_sql(f"PRAGMA cache_size = -{WRITING_CACHE_KIB}")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


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
