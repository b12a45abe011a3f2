"""HDF5 files from the outside: opening and checking them, and the provenance mark of reduced files.

A reduced file states in attributes of its root group that it is complete, its inputs, and when it was made. Its time on disk
is set to that moment, to the nanosecond. A file with another time was therefore copied without times, and the times of the
files beside it prove nothing either.

A refusal of the operating system (:class:`Unreadable`) is no verdict on the contents (:class:`Damaged`): a file that may not
be read today can be sound.
"""

import errno
import fcntl
import json
import os
import re
import stat
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from latteboard.errors import InputRefused, OutputRefused
from latteboard.files.watched import being_read
from latteboard.names.encoding import as_bytes, as_text
from latteboard.times import SECOND_NS
from latteboard.version import __version__

MARK_PREFIX = "latteboard_"  # of the attributes of a mark
COMPLETE = "latteboard_complete"
MADE = "latteboard_made"
PATH = "latteboard_path"
INPUTS = "latteboard_inputs"
RECIPE = "latteboard_recipe"
VERSION = "latteboard_version"
SEGMENTS = "latteboard_segments"
SUPERSEDED = "latteboard_superseded"

# The problem of a file whose mark says that it is not complete.
INCOMPLETE = "marked incomplete: whoever wrote it was stopped"

SIGNATURE = b"\x89HDF\r\n\x1a\n"
# An HDF5 file may begin with a block of the user's: the signature stands at 0, 512, 1024, 2048, ...
LARGEST_USER_BLOCK = 1 << 20
# Errors of h5py on a damaged file, whichever of its bytes are wrong.
DAMAGED = (OSError, RuntimeError, KeyError, ValueError, TypeError, OverflowError)
# Errors of the system that come from the contents: a damaged address asks for an impossible place in the file.
OF_CONTENTS = {errno.EINVAL, errno.EISDIR, errno.EFBIG, errno.EOVERFLOW}
LARGEST = 2**63 - 1  # the largest integer of a catalog


class Damaged(InputRefused):
    """A file is not HDF5, or is truncated or damaged; ``reason`` says which."""


class Unreadable(InputRefused, OSError):
    """The operating system refuses to open or to read a file, which proves nothing about its contents.

    No rights, no such file, a server that does not answer: ``errno`` is as of any :class:`OSError`, and ``reason`` reads
    such as ``cannot be read: Permission denied``.
    """

    def __init__(self, number: int, message: str, path: str, *, name: str = "") -> None:
        OSError.__init__(self, number, message, path)
        self.reason, self.path, self.name = f"cannot be read: {message}", path, name

    def __reduce__(self) -> tuple[Any, ...]:
        return _unreadable, (self.errno, self.strerror, self.path, self.name)

    def __str__(self) -> str:
        return ": ".join(filter(None, [str(self.path), self.name, self.reason]))


def _unreadable(number: int, message: str, path: str, name: str) -> Unreadable:
    """The same error in another process."""
    return Unreadable(number, message, path, name=name)


# -- opening -------------------------------------------------------------------------------------------------------------


def missing_filter(properties: Any) -> str | None:
    """The filter that a dataset needs and that is not installed, in words; None if all are there.

    ``properties`` are those with which it was created, at the low level of h5py.
    """
    for number in range(properties.get_nfilters()):
        code, _, _, name = properties.get_filter(number)
        if not h5py.h5z.filter_avail(code):
            named = f"{as_text(name)} ({code})" if name else str(code)
            return (
                f"compressed with the filter {named}, which is not installed here; install it (Python package hdf5plugin, or "
                "HDF5_PLUGIN_PATH)"
            )
    return None


@contextmanager
def reading(path: str | Path, name: str = "", size: int = 0) -> Iterator[None]:
    """Turn the errors of h5py inside the block into :class:`Unreadable` or :class:`Damaged`, by file and dataset.

    ``size`` is the number of bytes that are read at once, if they are many.
    """
    try:
        with being_read(path, size):
            yield
    except InputRefused:
        raise
    except DAMAGED as error:
        number = _errno(error)
        if number is not None and number not in OF_CONTENTS:
            raise Unreadable(number, os.strerror(number), str(path), name=name) from error
        text = " ".join(str(error).split())[:200]
        raise Damaged(f"truncated or damaged: {text}", path=path, name=name) from error


def _errno(error: Exception) -> int | None:
    """The system's error number; HDF5 often states it only in the middle of its message."""
    if isinstance(error, OSError) and error.errno:
        return error.errno
    stated = re.search(r"\berrno = ([0-9]+)", str(error))
    return int(stated[1]) or None if stated else None


def open_file(path: str | Path) -> h5py.File:
    """Open an HDF5 file for reading, whether or not another process is writing to it.

    Raises
    ------
    Unreadable : the system refuses.
    Damaged : it is a folder, no HDF5 file, or a truncated or damaged one.
    """
    return h5py.File(_open(path))


def _open(path: str | Path) -> h5py.h5f.FileID:
    with reading(path):
        mode = os.stat(path).st_mode  # noqa: PTH116 a Path would cost as much as half of the rest
        if not stat.S_ISREG(mode):
            raise Damaged("a folder" if stat.S_ISDIR(mode) else "no regular file", path=path)
        if not _has_signature(path):
            raise Damaged("not an HDF5 file", path=path)
        return h5py.h5f.open(os.fsencode(path), h5py.h5f.ACC_RDONLY, fapl=_access())


@cache
def _access() -> h5py.h5p.PropFAID:
    """How files are opened: as h5py does it, without a lock, which a file system may lack and a writer would hold."""
    access = h5py.h5p.create(h5py.h5p.FILE_ACCESS)
    access.set_file_locking(False, False)
    return access


@contextmanager
def not_being_written(path: Path) -> Iterator[None]:
    """Require that no process has a file open for writing, nor opens it so inside the block, as far as HDF5's own lock tells.

    Raises
    ------
    OutputRefused : one has.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        yield
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)  # which readers share, and writers do not
    except BlockingIOError:
        os.close(descriptor)
        raise OutputRefused(
            f"{path}: another process has it open for writing; nothing was done. Try again once it is closed"
        ) from None
    except OSError:  # a file system without locks
        pass
    try:
        yield
    finally:
        os.close(descriptor)


def reason_of(error: Exception) -> str:
    """The reason of a failed write in a few words; HDF5 often states the system's error only in the middle of its message."""
    number = _errno(error)
    if number == errno.ENOSPC:
        return "no space left on device"
    return os.strerror(number) if number else " ".join(str(error).split())[:200]


@cache
def with_groups() -> h5py.h5p.PropLCID:
    """How something gets a name in groups that may not be there yet."""
    properties = h5py.h5p.create(h5py.h5p.LINK_CREATE)
    properties.set_create_intermediate_group(True)
    return properties


def _has_signature(path: str | Path) -> bool:
    with open(path, "rb", buffering=0) as stream:  # noqa: PTH123 likewise
        offset = 0
        while offset <= LARGEST_USER_BLOCK:
            stream.seek(offset)
            found = stream.read(len(SIGNATURE))
            if found == SIGNATURE or len(found) < len(SIGNATURE):
                return found == SIGNATURE
            offset = max(512, 2 * offset)
    return False


# -- the provenance mark -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class RecordedInput:
    """An input as it was when the product was made: path relative to the root, bytes, ns since 1970."""

    path: str
    size: int
    mtime: int


@dataclass(frozen=True)
class Mark:
    """The provenance mark of a reduced file.

    Attributes
    ----------
    complete : False while it is being written
    path : the campaign's name for it, relative to the root
    made : ns since 1970; its time on disk unless it was copied without
    segments : the files that hold its numbers, if it grows by segments, by their names in the folder of segments
    superseded : segments that were written anew into others, and may still be there
    """

    complete: bool
    path: str
    made: int
    inputs: tuple[RecordedInput, ...]
    recipe: Mapping[str, Any]
    segments: tuple[RecordedInput, ...] = ()
    superseded: tuple[RecordedInput, ...] = ()

    def is_original(self, mtime: int) -> bool:
        """Whether a file of this mark and this time on disk (ns since 1970) still has the time it was made with."""
        return same_time(self.made, mtime)


def same_time(one: int, other: int) -> bool:
    """Whether two times in ns agree: to the ns, or to the second where one of them is of whole seconds."""
    whole = one % SECOND_NS == 0 or other % SECOND_NS == 0
    return one == other or (whole and one // SECOND_NS == other // SECOND_NS)


def write_mark(
    file: h5py.File,
    *,
    path: str,
    inputs: Iterable[RecordedInput],
    recipe: Mapping[str, Any],
    segments: Iterable[RecordedInput] = (),
    superseded: Iterable[RecordedInput] = (),
    made: int | None = None,
) -> int:
    """Mark an open file complete; returns the time to :func:`stamp` it with once it is closed."""
    made = time.time_ns() if made is None else made
    # As text of variable length: an attribute of another type ends at 64 KB, some hundred inputs.
    file.attrs[INPUTS] = _stated(inputs)
    for name, files in ((SEGMENTS, list(segments)), (SUPERSEDED, list(superseded))):
        if files:
            file.attrs[name] = _stated(files)
    file.attrs[RECIPE] = json.dumps(recipe, sort_keys=True)
    file.attrs.create(PATH, as_bytes(path), dtype=h5py.string_dtype())
    file.attrs[VERSION] = __version__
    file.attrs[MADE] = made
    file.attrs[COMPLETE] = True
    return made


def stamp(path: Path, made: int) -> None:
    """Give a closed file the time that its mark states."""
    os.utime(path, ns=(made, made))


def read_mark(path: str | Path) -> Mark | None:
    """Read the provenance mark of a file; None if it has none, or is not a sound HDF5 file.

    Raises :class:`Unreadable` if the system refuses.
    """
    try:
        file = _open(path)
        try:
            with reading(path):
                return _mark(file)
        finally:
            file.close()
    except Damaged:
        return None


def _mark(file: h5py.h5f.FileID) -> Mark | None:
    complete = _attribute(file, COMPLETE, None)
    if complete is None:
        return None
    recipe = json.loads(_text(file, RECIPE, "{}"))
    made = _number(_attribute(file, MADE, 0))
    inputs, segments, superseded = (_recorded(file, name) for name in (INPUTS, SEGMENTS, SUPERSEDED))
    return Mark(bool(complete), _text(file, PATH, ""), made, inputs, recipe, segments, superseded)


def _stated(files: Iterable[RecordedInput]) -> str:
    return json.dumps([[one.path, one.size, one.mtime] for one in files])


def _recorded(file: h5py.h5f.FileID, name: str) -> tuple[RecordedInput, ...]:
    stated = json.loads(_text(file, name, "[]"))
    return tuple(RecordedInput(str(path), _number(size), _number(mtime)) for path, size, mtime in stated)


def recorded_recipe(file: h5py.File) -> Mapping[str, Any]:
    """How a reduced file was made, of its mark; empty if it has none. Raises what h5py and json raise on a damaged one."""
    found: Mapping[str, Any] = json.loads(_text(file.id, RECIPE, "{}"))
    return found


def recorded_segments(file: h5py.File) -> Mark | None:
    """The segments of an open file, as a mark without inputs, which may be many; None if it has none.

    Raises what h5py and json raise on a damaged one.
    """
    segments = _recorded(file.id, SEGMENTS)
    return Mark(True, "", _number(_attribute(file.id, MADE, 0)), (), {}, segments) if segments else None


def _attribute(file: h5py.h5f.FileID, name: str, absent: Any) -> Any:
    """The single value of an attribute of the root group, ``absent`` where there is none.

    The comfortable way, ``file.attrs``, takes twice as long, and an index reads the marks of a hundred thousand files.
    """
    try:
        attribute = h5py.h5a.open(file, name.encode())
    except KeyError:
        return absent
    shape = attribute.shape
    if shape is None:
        raise ValueError(f"the attribute {name} is empty")
    value = np.empty(shape, dtype=attribute.dtype)
    attribute.read(value)
    return value.item()


def _text(file: h5py.h5f.FileID, name: str, absent: str) -> str:
    value = _attribute(file, name, absent)
    return as_text(value) if isinstance(value, bytes) else str(value)


def _number(stated: Any) -> int:
    number = int(stated)
    if not 0 <= number <= LARGEST:
        raise ValueError(f"{number} is no size or time")
    return number


# -- contents ------------------------------------------------------------------------------------------------------------


def dataset_sizes(path: str | Path) -> dict[str, int]:
    """The bytes that each dataset of a file holds on disk, by name.

    Raises
    ------
    Unreadable : the system refuses.
    Damaged : the contents are not those of a sound HDF5 file.
    """
    with open_file(path) as file, reading(path):
        return _dataset_sizes(file)


def _dataset_sizes(file: h5py.File) -> dict[str, int]:
    sizes: dict[str, int] = {}

    def note(name: str, item: object) -> None:
        if isinstance(item, h5py.Dataset):
            sizes[name] = item.nbytes if item.is_virtual else item.id.get_storage_size()

    file.visititems(note)
    return sizes


def problem_of(path: str | Path, datasets: Sequence[str] = ()) -> str | None:
    """Find the first problem of the contents of an HDF5 file that must hold ``datasets``; None if there is none.

    Raises :class:`Unreadable` if the system refuses: that is no verdict on the contents.
    """
    try:
        with open_file(path) as file, reading(path):
            sizes = _dataset_sizes(file)
            incomplete = not file.attrs.get(COMPLETE, True)
    except Damaged as error:
        return error.reason
    if incomplete:
        return INCOMPLETE
    missing = [name for name in datasets if name not in sizes]
    if missing:
        return f"{len(missing)} of {len(datasets)} datasets missing, first {missing[0]}"
    empty = [name for name in datasets if sizes[name] == 0]
    if empty:
        return f"{len(empty)} of {len(datasets)} datasets never written, first {empty[0]}"
    return None
