"""Opens SQLite files: connections, the wait for other programs that have locked the file, the causes of errors.

The journal is SQLite's plain one: a write-ahead log needs shared memory, which shared file systems do not have.
"""

import errno
import os
import sqlite3
import stat
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, NullPool, create_engine, event

from latteboard.errors import CatalogError

# Errors of the driver itself, where bulk loads do not pass through SQLAlchemy.
DriverError = sqlite3.DatabaseError
OperationalError = sqlite3.OperationalError

# Aggregates with FILTER need 3.30 at least; with versions before this one nothing has been tried.
OLDEST = (3, 33)
# A commit holds the file while it writes; other processes wait for it instead of failing.
PATIENCE_SECONDS = 120.0
# Nearly all commits end sooner, and a wait for them needs no word.
QUIET_SECONDS = 5.0
# With SQLite's own 2 MB a large index reads its pages repeatedly and takes half as long again.
WRITING_CACHE_KIB = 200_000


class _Patience:
    """The wait of a connection for another program that has locked the file."""

    def __init__(self, path: Path, wait_seconds: float, waiting: Callable[[Path], None]) -> None:
        self._path = path
        self._waiting = waiting
        self.quiet = min(QUIET_SECONDS, wait_seconds)
        self._rest = wait_seconds - self.quiet

    def begin(self, connection: Connection) -> None:
        """Begin a transaction and take its lock on the file, so that no later statement has to wait for it."""
        driver: Any = connection.connection.driver_connection
        if connection.get_execution_options().get("writes", False):
            self._execute(driver, "BEGIN IMMEDIATE")
            driver.execute(f"PRAGMA cache_size = -{WRITING_CACHE_KIB}")
        else:
            driver.execute("BEGIN")
            self._execute(driver, "SELECT 1 FROM sqlite_master LIMIT 1")  # BEGIN alone locks nothing
        _set_timeout(driver, PATIENCE_SECONDS)  # a commit waits for those who read

    def _execute(self, driver: Any, statement: str) -> None:
        """Execute a statement that takes a lock; tell ``waiting`` if that is not done at once."""
        try:
            driver.execute(statement).fetchall()
        except OperationalError as error:
            if not (_is_locked(error) and self._rest):
                raise
            self._waiting(self._path)
            _set_timeout(driver, self._rest)
            driver.execute(statement).fetchall()


def _set_timeout(driver: Any, seconds: float) -> None:
    driver.execute(f"PRAGMA busy_timeout = {round(seconds * 1000)}")


def engine(path: Path, wait_seconds: float, waiting: Callable[[Path], None]) -> Engine:
    """An engine on one SQLite file; transactions begin where SQLAlchemy begins them, not where the driver would."""
    if sqlite3.sqlite_version_info < OLDEST:
        needed = ".".join(map(str, OLDEST))
        raise CatalogError(f"SQLite {sqlite3.sqlite_version} is too old: latteboard needs {needed} or newer")
    patience = _Patience(path, wait_seconds, waiting)
    # Not by a URL with the name in it: there "c?1.db" would be the file "c" and a query.
    creator = partial(connect, path, timeout=patience.quiet)
    made = create_engine("sqlite://", creator=creator, poolclass=NullPool)
    event.listen(made, "connect", _configure)
    event.listen(made, "begin", patience.begin)
    return made


def connect(path: Path, timeout: float = PATIENCE_SECONDS) -> sqlite3.Connection:
    """A connection of the driver to the file of this name, which may hold any characters."""
    # Made absolute, a name cannot be taken for ":memory:" or for a URI.
    return sqlite3.connect(path.absolute(), timeout=timeout)


def state_of(path: Path) -> tuple[int, ...]:
    """What differs once anything was written to a file, or another one stands in its place; empty if there is none."""
    try:
        status = path.stat()
    except OSError:
        return ()
    return status.st_ino, status.st_mtime_ns, status.st_ctime_ns, status.st_size


def cause(path: Path, error: sqlite3.OperationalError) -> str:
    """The cause of an error in words; SQLite itself does not say why it cannot open a file."""
    if error.sqlite_errorcode in (sqlite3.SQLITE_READONLY_ROLLBACK, sqlite3.SQLITE_IOERR_DELETE):
        return (
            f"an index was interrupted, and what it left in {path.name}-journal must be undone first: "
            "any command does it that is run by somebody who may write in the folder, such as: latteboard status"
        )
    if _is_locked(error):
        return "the catalog is locked by another program; try again when that one has ended or closed it"
    if path.exists() and not (path.is_file() or path.is_dir()):
        what = "a pipe" if path.is_fifo() else "no plain file"
        return f"not a catalog: it is {what}; state another catalog in the campaign"
    return f"{error}{_obstacle(path)}"


def _is_locked(error: sqlite3.OperationalError) -> bool:
    return error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY  # the upper bits say only in which step


def _obstacle(path: Path) -> str:
    """The reason, after a colon, for which a file cannot be opened; empty if it can be.

    The file is not opened to find out: closing it would release the locks of other connections in this process.
    """
    try:
        mode = path.stat().st_mode
    except OSError as error:
        return f": {error.strerror}"
    if stat.S_ISDIR(mode):
        return ": it is a folder"
    readable = os.access(path, os.R_OK, effective_ids=os.access in os.supports_effective_ids)
    return "" if readable else f": {os.strerror(errno.EACCES)}"


def _configure(connection: Any, _: object) -> None:
    connection.isolation_level = None  # transactions begin where _Patience says so
    # A large transaction that spills its pages into the file locks every reader out until it ends.
    connection.execute("PRAGMA cache_spill = OFF")
    connection.execute("PRAGMA temp_store = MEMORY")
