"""Segments: the files that hold the numbers of a concatenation that grows, beside the small index file that joins them.

Those of ``joined.h5`` are ``joined.h5.segments/0-<word>.h5``, ``1-<word>.h5`` and so on. Their names are never used again, so
that an old copy of an index finds either what it was made of or nothing. The index states the size and the time of each.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

from latteboard.errors import InputRefused
from latteboard.files.hdf5 import Mark, RecordedInput, read_mark, same_time

SEGMENT = re.compile(r"(?P<number>[0-9]{1,9})-[0-9a-f]{12}\.h5")
SUFFIX = ".segments"


def segments_folder(path: Path) -> Path:
    """The folder of the segments of an output."""
    return path.with_name(path.name + SUFFIX)


def new_segment(path: Path, others: Sequence[str]) -> Path:
    """A path for a further segment of an output that has ``others``."""
    numbers = [int(found["number"]) for found in map(SEGMENT.fullmatch, others) if found]
    return segments_folder(path) / f"{max(numbers, default=-1) + 1}-{uuid4().hex[:12]}.h5"


def whole_size(size: int, mark: Mark | None) -> int:
    """The bytes of an output, ``size`` and those of its segments."""
    return size + (0 if mark is None else sum(one.size for one in mark.segments))


def size_of(path: Path) -> int:
    """The bytes of a file, with those of its segments if it is an output that has some; raises :class:`OSError`."""
    size = path.stat().st_size
    return whole_size(size, read_mark(path)) if segments_folder(path).is_dir() else size


def segments_problem(path: str | Path, mark: Mark) -> str | None:
    """What is wrong with the segments of an output, in words; None if all are as they were recorded, or there are none."""
    if not mark.segments:
        return None
    whole = Path(path).resolve()
    folder, original = segments_folder(whole), mark.is_original(whole.stat().st_mtime_ns)
    problems = (_problem(folder / one.path, one, original=original) for one in mark.segments)
    return next(filter(None, problems), None)


def _problem(path: Path, recorded: RecordedInput, *, original: bool) -> str | None:
    name = f"its segment {path.parent.name}/{path.name}"
    try:
        found = path.stat()
    except FileNotFoundError:
        return f"{name} is not there; bring it back, or make the file again"
    except OSError as error:
        return f"{name} cannot be read: {error.strerror}"
    if found.st_size != recorded.size:
        return f"{name} has {found.st_size} bytes; expected {recorded.size}, as recorded"
    if not same_time(found.st_mtime_ns, recorded.mtime) and (original or _made(path) != recorded.mtime):
        return f"{name} has another time than the one recorded, so it is another file or was changed"
    return None


def _made(path: Path) -> int | None:
    """When a segment was made, by its own mark; copied without times, it has no other."""
    try:
        mark = read_mark(path)
    except InputRefused:
        return None
    return None if mark is None else mark.made
