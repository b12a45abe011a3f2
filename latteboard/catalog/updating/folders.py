"""Reads and writes the folders, strays and containers of an index, root by root."""

from collections.abc import Iterable

from sqlalchemy import Connection, Table, bindparam, delete, insert, select

from latteboard.catalog.dialects.sqlite import bulk_insert
from latteboard.catalog.tables.schema import container, folder, stray, unreadable
from latteboard.catalog.updating.observations import FolderState, RootState, Stray

FOLDER = ("path", "mtime", "ctime", "inode", "device", "digest", "unsettled_until", "due")


def read_root(connection: Connection, root: int) -> RootState:
    """What the last index knew of a root."""
    rows = connection.execute(select(*(folder.c[name] for name in FOLDER)).where(folder.c.root == root)).all()
    reasons = select(unreadable.c.path, unreadable.c.reason).where(unreadable.c.root == root)
    known = select(container.c.path, container.c.size, container.c.mtime).where(container.c.root == root)
    return RootState(
        {row[0]: FolderState(*row) for row in rows},
        dict(connection.execute(reasons).all()),
        {path: (size, mtime) for path, size, mtime in connection.execute(known)},
    )


def replace_folders(
    connection: Connection, root: int, states: Iterable[FolderState], *, relisted: Iterable[str], gone: Iterable[str]
) -> None:
    """Write how folders of a root are now; the strays of those that are ``gone`` or ``relisted`` are deleted."""
    states = [state for state in states if printable(state.path) == state.path]
    gone = list(gone)
    _delete_by(connection, folder, root, "path", [printable(p) for p in (*(s.path for s in states), *gone)])
    _delete_by(connection, stray, root, "folder", [printable(p) for p in (*relisted, *gone)])
    rows = ((root, *(getattr(state, name) for name in FOLDER)) for state in states)
    bulk_insert(connection, folder, ("root", *FOLDER), rows)


def add_strays(connection: Connection, root: int, strays: Iterable[Stray]) -> None:
    """List files and folders that are no artifact; those of their folders have been removed before."""
    rows: dict[str, tuple[object, ...]] = {}
    for s in strays:
        name, folder_mark = printable(s.path).rstrip("/"), "/" * s.path.endswith("/")
        # A name may hold, as text, what another one's bytes are written as.
        while (path := name + folder_mark) in rows:
            name += "~"
        rows[path] = (root, path, printable(s.folder), s.size, s.mtime, s.reason)
    bulk_insert(connection, stray, ("root", "path", "folder", "size", "mtime", "reason"), rows.values())


def folders_of_strays(connection: Connection, root: int) -> list[str]:
    """The folders of a root that strays are listed of, as they are shown."""
    return list(connection.execute(select(stray.c.folder).where(stray.c.root == root).distinct()).scalars())


def replace_unreadable(connection: Connection, root: int, reasons: dict[str, str]) -> None:
    """Write which folders of a root could not be read this time, and why."""
    connection.execute(delete(unreadable).where(unreadable.c.root == root))
    if reasons:
        rows = [{"root": root, "path": printable(path), "reason": reason} for path, reason in sorted(reasons.items())]
        connection.execute(insert(unreadable), rows)


def replace_containers(connection: Connection, root: int, states: dict[str, tuple[int, int] | None]) -> None:
    """Write size and time of the containers of a root whose datasets have been read, and forget those with None."""
    _delete_by(connection, container, root, "path", list(states))
    rows = ((root, path, *state) for path, state in states.items() if state is not None)
    bulk_insert(connection, container, ("root", "path", "size", "mtime"), rows)


def printable(path: str) -> str:
    """A path as text that every database takes: bytes of a name that are not UTF-8 are written as \\xNN."""
    if path.isascii():
        return path
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _delete_by(connection: Connection, table: Table, root: int, column: str, values: list[str]) -> None:
    statement = delete(table).where(table.c.root == bindparam("at"), table.c[column] == bindparam("value"))
    if values:
        rows = [(root, value) for value in values]
        connection.connection.cursor().executemany(str(statement.compile(dialect=connection.dialect)), rows)
