"""HDF5 files from the outside: the mark that reduced files carry, what is in a file, and what is wrong with it.

A reduced file says in attributes of its root group that it is complete, what it was made from, and when. Its time on disk is
set to that moment, to the nanosecond; so a file whose own time is another was copied without times, and the times of what lies
beside it say nothing either.
"""

import json
import os
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py

from latteboard.version import __version__

COMPLETE = "latteboard_complete"
MADE = "latteboard_made"
PATH = "latteboard_path"
INPUTS = "latteboard_inputs"
RECIPE = "latteboard_recipe"
VERSION = "latteboard_version"

SIGNATURE = b"\x89HDF\r\n\x1a\n"
NANOSECONDS = 1_000_000_000
# An HDF5 file may begin with a block of the user's: the signature stands at 0, 512, 1024, 2048, ...
LARGEST_USER_BLOCK = 1 << 20
# What h5py raises on a damaged file, whichever of its bytes are wrong.
DAMAGED = (OSError, RuntimeError, KeyError, ValueError, TypeError, OverflowError)
LARGEST = 2**63 - 1  # what a catalog can keep


@dataclass(frozen=True)
class RecordedInput:
    """An input as it was when the product was made: path relative to the root, bytes, ns since 1970."""

    path: str
    size: int
    mtime: int


@dataclass(frozen=True)
class Mark:
    """What a reduced file says of itself.

    Attributes
    ----------
    complete : False while it is being written
    path : the campaign's name for it, relative to the root
    made : ns since 1970; its time on disk unless it was copied without
    """

    complete: bool
    path: str
    made: int
    inputs: tuple[RecordedInput, ...]
    recipe: Mapping[str, Any]

    def is_original(self, mtime: int) -> bool:
        """Whether a file of this mark and this time on disk (ns since 1970) still has the time it was made with."""
        return same_time(self.made, mtime)


def same_time(one: int, other: int) -> bool:
    """Two times in ns agree as far as both tell: to the ns, or to the second where one is of whole seconds."""
    whole = one % NANOSECONDS == 0 or other % NANOSECONDS == 0
    return one == other or (whole and one // NANOSECONDS == other // NANOSECONDS)


def write_mark(
    file: h5py.File, *, path: str, inputs: Iterable[RecordedInput], recipe: Mapping[str, Any], made: int | None = None
) -> int:
    """Mark an open file complete; returns the time to :func:`stamp` it with once it is closed."""
    made = time.time_ns() if made is None else made
    # As text of variable length: an attribute of another type ends at 64 KB, some hundred inputs.
    file.attrs[INPUTS] = json.dumps([[one.path, one.size, one.mtime] for one in inputs])
    file.attrs[RECIPE] = json.dumps(recipe, sort_keys=True)
    file.attrs[PATH] = path
    file.attrs[VERSION] = __version__
    file.attrs[MADE] = made
    file.attrs[COMPLETE] = True
    return made


def stamp(path: Path, made: int) -> None:
    """Give a closed file the time that its mark states."""
    os.utime(path, ns=(made, made))


def read_mark(path: str | Path) -> Mark | None:
    """The mark of a file; None if it has none that can be read, or is not a readable HDF5 file."""
    if not has_signature(path):
        return None
    try:
        with h5py.File(path, "r", locking=False) as file:
            attributes = dict(file.attrs)
        return _mark(attributes) if COMPLETE in attributes else None
    except DAMAGED:
        return None


def _mark(attributes: Mapping[str, Any]) -> Mark:
    stated = json.loads(attributes.get(INPUTS, "[]"))
    inputs = tuple(RecordedInput(str(path), _number(size), _number(mtime)) for path, size, mtime in stated)
    recipe = json.loads(attributes.get(RECIPE, "{}"))
    made = _number(attributes.get(MADE, 0))
    return Mark(bool(attributes[COMPLETE]), str(attributes.get(PATH, "")), made, inputs, recipe)


def _number(stated: Any) -> int:
    number = int(stated)
    if not 0 <= number <= LARGEST:
        raise ValueError(f"{number} is no size or time")
    return number


def has_signature(path: str | Path) -> bool:
    """Whether the file can be read, and begins as HDF5 files do."""
    try:
        return _has_signature(path)
    except OSError:
        return False


def _has_signature(path: str | Path) -> bool:
    with Path(path).open("rb", buffering=0) as stream:
        offset = 0
        while offset <= LARGEST_USER_BLOCK:
            stream.seek(offset)
            found = stream.read(len(SIGNATURE))
            if found == SIGNATURE or len(found) < len(SIGNATURE):
                return found == SIGNATURE
            offset = max(512, 2 * offset)
    return False


def dataset_sizes(path: str | Path) -> dict[str, int]:
    """The bytes that each dataset holds on disk; raises one of ``DAMAGED`` if the file is not readable HDF5."""
    sizes: dict[str, int] = {}

    def note(name: str, item: object) -> None:
        if isinstance(item, h5py.Dataset):
            sizes[name] = item.nbytes if item.is_virtual else item.id.get_storage_size()

    with h5py.File(path, "r", locking=False) as file:
        file.visititems(note)
    return sizes


def problem_of(path: str | Path, datasets: Sequence[str] = ()) -> str | None:
    """What is wrong with an HDF5 file that must hold ``datasets``; None if nothing is."""
    try:
        if not _has_signature(path):
            return "not an HDF5 file"
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    try:
        sizes = dataset_sizes(path)
        with h5py.File(path, "r", locking=False) as file:
            incomplete = not file.attrs.get(COMPLETE, True)
    except DAMAGED as error:
        return f"truncated or damaged: {' '.join(str(error).split())[:200]}"
    if incomplete:
        return "marked incomplete: whoever wrote it was stopped"
    missing = [name for name in datasets if name not in sizes]
    if missing:
        return f"{len(missing)} of {len(datasets)} datasets missing, first {missing[0]}"
    empty = [name for name in datasets if sizes[name] == 0]
    if empty:
        return f"{len(empty)} of {len(datasets)} datasets never written, first {empty[0]}"
    return None
