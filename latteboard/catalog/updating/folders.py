"""Writes the folders, strays and containers of an index."""

from collections.abc import Iterable

from sqlalchemy import Connection, Table, bindparam, delete, insert, select

from latteboard.catalog.dialects.sqlite import bulk_insert
from latteboard.catalog.tables.schema import container, folder, stray, unreadable
from latteboard.catalog.updating.observations import FolderState, Stray

FOLDER = ("path", "mtime", "ctime", "inode", "device", "digest", "unsettled_until", "due")


def replace_folders(
    connection: Connection, states: Iterable[FolderState], *, relisted: Iterable[str], gone: Iterable[str]
) -> None:
    """Write how folders are now; the strays of those that are ``gone`` or ``relisted`` are deleted."""
    states = [state for state in states if printable(state.path) == state.path]
    gone = list(gone)
    _delete_by(connection, folder, "path", [(printable(p),) for p in (*(s.path for s in states), *gone)])
    _delete_by(connection, stray, "folder", [(printable(p),) for p in (*relisted, *gone)])
    bulk_insert(connection, folder, FOLDER, (tuple(getattr(state, name) for name in FOLDER) for state in states))


def add_strays(connection: Connection, strays: Iterable[Stray]) -> None:
    """List files and folders that are no artifact; those of their folders have been removed before."""
    rows: dict[str, tuple[object, ...]] = {}
    for s in strays:
        name, folder_mark = printable(s.path).rstrip("/"), "/" * s.path.endswith("/")
        # A name may hold, as text, what another one's bytes are written as.
        while (path := name + folder_mark) in rows:
            name += "~"
        rows[path] = (path, printable(s.folder), s.size, s.mtime, s.reason)
    bulk_insert(connection, stray, ("path", "folder", "size", "mtime", "reason"), rows.values())


def folders_of_strays(connection: Connection) -> list[str]:
    """The folders that strays are listed of, as they are shown."""
    return list(connection.execute(select(stray.c.folder).distinct()).scalars())


def replace_unreadable(connection: Connection, reasons: dict[str, str]) -> None:
    """Write which folders could not be read this time, and why."""
    connection.execute(delete(unreadable))
    if reasons:
        rows = [{"path": printable(path), "reason": reason} for path, reason in sorted(reasons.items())]
        connection.execute(insert(unreadable), rows)


def replace_containers(connection: Connection, states: dict[str, tuple[int, int] | None]) -> None:
    """Write size and time of the containers whose datasets have been read, and forget those with None."""
    _delete_by(connection, container, "path", [(path,) for path in states])
    rows = ((path, *state) for path, state in states.items() if state is not None)
    bulk_insert(connection, container, ("path", "size", "mtime"), rows)


def printable(path: str) -> str:
    """A path as text that every database takes: bytes of a name that are not UTF-8 are written as \\xNN."""
    if path.isascii():
        return path
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _delete_by(connection: Connection, table: Table, column: str, values: list[tuple[str]]) -> None:
    statement = delete(table).where(table.c[column] == bindparam("value"))
    if values:
        connection.connection.cursor().executemany(str(statement.compile(dialect=connection.dialect)), values)
