"""The artifacts of one kind as arrays, which are read back fast and written where they differ.

A row that passes through a database driver costs a microsecond and more; a column of a million numbers, compressed, some
milliseconds. So every index keeps, in the transaction in which it writes the tables that people read, the same columns as
compressed arrays, cut into parts: runs of artifacts of one ensemble.
"""

import zlib
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, delete, insert, select

from latteboard.catalog.tables.schema import column_part
from latteboard.status.copies import NEVER_SEEN
from latteboard.status.states import FileState, Status

# Each column's type, and what stands in it where nothing is known yet.
ARTIFACT_COLUMNS: Mapping[str, tuple[str, int]] = {
    "id": ("<i4", 0),
    "place": ("<u2", 0),  # where the file is that the other columns are of
    "state": ("u1", FileState.unknown),
    "size": ("<i8", -1),
    "mtime": ("<i8", 0),
    "ctime": ("<i8", 0),
    "inode": ("<i8", 0),
    "device": ("<u4", 0),
    "problem": ("<i4", 0),
    # Whether the content was bad when it was last judged; while a file is growing, too small or away, that is not settled.
    "doubted": ("?", 0),
    # Of a file that is not sound now: as it was when it last was.
    "seen_size": ("<i8", NEVER_SEEN),
    "seen_mtime": ("<i8", NEVER_SEEN),
    "status": ("u1", Status.unknown),
    "shown_problem": ("<i4", 0),  # that of the file, else that of its copies
    "wanted": ("?", 0),
    "needed": ("?", 0),
    "purgeable": ("?", 0),
    "blocked_by": ("<i4", 0),  # id of a kind; 0: none
    "blocked_count": ("<i4", 0),
}
# Those of one file: where artifacts are looked for in several places, they are kept for each of these too.
OF_FILES = ("state", "size", "mtime", "ctime", "inode", "device", "problem", "doubted")
# Those that tell one file from another; once files are compared, they are not needed before the next index.
OF_IDENTITY = ("ctime", "inode", "device", "seen_size", "seen_mtime")
# Columns of a kind that are not one entry an artifact stand in this part.
WHOLE = -1


class StoredColumns:
    """The columns of one kind's artifacts, as they were and as they are now, in the order of the campaign's expected rows.

    Attributes
    ----------
    kind : id of the kind
    place : None; or the number of the place that these columns are of, those of files only
    """

    def __init__(
        self,
        connection: Connection,
        kind: int,
        parts: Callable[[], list[int]],
        *,
        stored: bool,
        place: int | None = None,
    ) -> None:
        """``stored`` says whether the catalog has these columns in this order; else all is to be inserted.

        Parts are asked for when a column is: an index that finds nothing new never works out what is expected.
        """
        self.kind = kind
        self.place = place
        self._parts = parts
        self._connection = connection
        self._stored = stored
        self._before: dict[str, NDArray[Any]] = {}
        self._now: dict[str, NDArray[Any]] = {}
        self._saved: set[str] = set()

    @cached_property
    def parts(self) -> list[int]:
        """Where each part begins, and after the last the number of artifacts."""
        return self._parts()

    @cached_property
    def inserted(self) -> NDArray[np.bool_]:
        """The artifacts that have no row in the kind's table yet."""
        return np.full(len(self), not self._stored)

    def __len__(self) -> int:
        return self.parts[-1]

    def __getitem__(self, name: str) -> NDArray[Any]:
        """A column as it is now; not to be changed in place."""
        return self._now[name] if name in self._now else self.before(name)

    def __setitem__(self, name: str, column: NDArray[Any]) -> None:
        self._now[name] = column.astype(ARTIFACT_COLUMNS[name][0], copy=False)

    def put(self, name: str, rows: NDArray[np.int64], values: object) -> None:
        """Change some entries of a column."""
        if name not in self._now:
            self._now[name] = self.before(name).copy()
        self._now[name][rows] = values

    def before(self, name: str) -> NDArray[Any]:
        """A column as the last index left it."""
        if name not in self._before:
            kind, fill = ARTIFACT_COLUMNS[name]
            if self._stored:
                self._before[name] = read_column(self._connection, self.kind, name, self.place)
            else:
                self._before[name] = np.broadcast_to(np.array(fill, dtype=kind), len(self))  # takes no memory
        return self._before[name]

    def carry_over(self, name: str, column: NDArray[Any]) -> None:
        """State a column as it was under an earlier form of the campaign; it is written again whole."""
        self._before[name] = column.astype(ARTIFACT_COLUMNS[name][0])

    @property
    def is_changed(self) -> bool:
        """Whether anything was put into them."""
        return bool(self._now) or not self._stored

    def differ(self, names: Iterable[str]) -> NDArray[np.bool_]:
        """For each artifact whether any of these columns is not as it was."""
        found = np.zeros(len(self), dtype=bool)
        for name in names:
            if name in self._now:
                found |= self._now[name] != self.before(name)
        return found

    def save(self, names: Iterable[str] = ARTIFACT_COLUMNS) -> None:
        """Write the parts of some columns that are not as they were, and give the memory of these back."""
        for name in names:
            if name in self._saved:
                continue
            if name in self._now or not self._stored:
                self._write(name)
            self._before.pop(name, None)
            self._now.pop(name, None)
            self._saved.add(name)

    def _write(self, name: str) -> None:
        column, before = self[name], self.before(name)
        for part, (start, stop) in enumerate(pairwise(self.parts)):
            if not self._stored or not np.array_equal(column[start:stop], before[start:stop]):
                _write_part(self._connection, self.kind, part, _stored_name(name, self.place), column[start:stop])


def read_column(connection: Connection, kind: int, name: str, place: int | None = None) -> NDArray[Any]:
    """A column of a kind's artifacts as the last index left it; one of files perhaps of a single place."""
    own = (column_part.c.kind == kind, column_part.c.name == _stored_name(name, place))
    parts = select(column_part.c.data).where(*own, column_part.c.part != WHOLE).order_by(column_part.c.part)
    dtype = ARTIFACT_COLUMNS[name][0]
    columns = [unpacked(data, dtype) for (data,) in connection.execute(parts)]
    return np.concatenate([np.empty(0, dtype=dtype), *columns])


def read_whole(connection: Connection, kind: int, name: str) -> NDArray[np.int64]:
    """A column of whole numbers that is not one entry an artifact; empty if it was never written."""
    one = (column_part.c.kind == kind, column_part.c.part == WHOLE, column_part.c.name == name)
    data = connection.execute(select(column_part.c.data).where(*one)).scalar()
    return np.empty(0, dtype=np.int64) if data is None else unpacked(data, "<i8")


def write_whole(connection: Connection, kind: int, name: str, column: NDArray[np.int64]) -> None:
    """Replace a column that is not one entry an artifact."""
    _write_part(connection, kind, WHOLE, name, column)


def _stored_name(name: str, place: int | None) -> str:
    return name if place is None else f"{name} in place {place}"


def _write_part(connection: Connection, kind: int, part: int, name: str, column: NDArray[Any]) -> None:
    one = (column_part.c.kind == kind, column_part.c.part == part, column_part.c.name == name)
    connection.execute(delete(column_part).where(*one))
    connection.execute(insert(column_part).values(kind=kind, part=part, name=name, data=packed(column)))


def packed(column: NDArray[Any]) -> bytes:
    """A column of numbers, compressed.

    Differences of neighbours are small where a column rises slowly. Their bytes are put together by significance, so that
    the high ones, mostly zeros, cost next to nothing.
    """
    if column.dtype.itemsize > 1:
        column = np.diff(column, prepend=column.dtype.type(0))
    shuffled = column.view(np.uint8).reshape(len(column), column.dtype.itemsize).T
    return zlib.compress(shuffled.tobytes(), level=1)


def unpacked(data: bytes, kind: str) -> NDArray[Any]:
    """The column that was :func:`packed`.

    Examples
    --------
    >>> unpacked(packed(np.array([-5, 2**62, 3])), "<i8").tolist()
    [-5, 4611686018427387904, 3]
    """
    dtype = np.dtype(kind)
    shuffled = np.frombuffer(zlib.decompress(data), dtype=np.uint8).reshape(dtype.itemsize, -1)
    column = np.ascontiguousarray(shuffled.T).reshape(-1).view(dtype)
    return np.cumsum(column, dtype=dtype) if dtype.itemsize > 1 else column
