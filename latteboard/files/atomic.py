"""Atomic file writes: a draft beside the target is renamed once it is complete.

The draft is in the folder of its target, since only a rename within one file system is atomic. Its name contains the host
and the process that writes it, so that drafts of killed processes are recognised and removed by a later run.
"""

import os
import re
import socket
import stat
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from errno import EEXIST
from pathlib import Path
from uuid import uuid4

from latteboard.errors import OutputRefused
from latteboard.files.locks import Holder, is_abandoned_draft
from latteboard.files.watched import Note, being_drafted
from latteboard.times import DAY_SECONDS

DRAFT = re.compile(r"\.latteboard-(?P<host>.+)-(?P<pid>[0-9]{1,9})-(?P<word>[0-9a-f]{12})\.draft")
LOCK = re.compile(r"\.latteboard-.+\.lock(\.[0-9a-f]{32})?")
# Whether a process on another host still runs is not known, but no running one leaves its draft unchanged for so long.
ABANDONED_SECONDS = 2 * DAY_SECONDS


@contextmanager
def replacing(target: Path, *, overwrite: bool = True, last: Callable[[], object] = lambda: None) -> Iterator[Path]:
    """Context manager that yields the path of a draft and renames it to ``target`` when the block ends.

    The block creates the draft and closes it. Before the rename its content is flushed to the disk. If the block raises, the
    draft is removed and the target stays as it was.

    Parameters
    ----------
    target : its folder is made if it does not exist
    overwrite : whether a target that exists when the block ends is replaced
    last : called just before the rename, after all content is on disk; an exception from it prevents the rename

    Raises
    ------
    OutputRefused : the target exists and ``overwrite`` is false.
    OSError : the folder or the draft cannot be written.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.parent / f".latteboard-{_host()}-{os.getpid()}-{uuid4().hex[:12]}.draft"
    try:
        with being_drafted(draft):
            yield draft
        _sync(draft)
        last()
        if overwrite:
            draft.replace(target)
        else:
            _take_name(draft, target)
        if not _Folders.are_flushed_later:
            _sync(target.parent)
    finally:
        draft.unlink(missing_ok=True)


class _Folders:
    """Whether whoever asked for many files flushes their folders himself, once each."""

    are_flushed_later = False


def flush_folders_later(later: bool) -> None:  # noqa: FBT001 on or off
    """From now on do not flush the folder of each file whose name is taken: :func:`flush_folders` does it for many.

    Until then a computer that loses its power may lose the new name, never the contents of a file that has one.
    """
    _Folders.are_flushed_later = later


def flush_folders(folders: Iterable[Path]) -> None:
    """Flush folders to the disk, with the names of the files in them; one that is gone has none."""
    for folder in sorted(folders):
        with suppress(FileNotFoundError):
            _sync(folder)


def is_temporary(name: str) -> bool:
    """Whether a file name is that of a draft, or of the lock of a file that is being replaced.

    Examples
    --------
    >>> is_temporary(".latteboard-node7-4711-0123456789ab.draft"), is_temporary(".latteboard-joined.h5.lock")
    (True, True)
    """
    return DRAFT.fullmatch(name) is not None or LOCK.fullmatch(name) is not None


def remove_drafts(note: Note) -> None:
    """Remove the drafts of a process that has ended."""
    _, drafts = note.parts
    for draft in filter(None, drafts):
        with suppress(OSError):
            Path(draft).unlink()


def remove_abandoned(folder: Path) -> list[Path]:
    """Remove the drafts and locks that dead processes left in a folder, and return their paths.

    A draft of another host, and a lock, is removed two days after its last change.
    """
    removed = []
    for path in sorted([*folder.glob(".latteboard-*.draft"), *folder.glob(".latteboard-*.lock*")]):
        # A draft that cannot be removed, such as another user's, does no harm.
        with suppress(OSError):
            if _is_abandoned(path):
                path.unlink()
                removed.append(path)
    return removed


def _is_abandoned(path: Path) -> bool:
    named = DRAFT.fullmatch(path.name)
    found = path.lstat()
    if not is_temporary(path.name) or not stat.S_ISREG(found.st_mode):
        return False
    if named is not None and named["host"] == _host():
        return Holder(socket.gethostname(), int(named["pid"]), 0.0, "").is_dead
    return (named is None and is_abandoned_draft(path)) or time.time() - found.st_mtime > ABANDONED_SECONDS


def _host() -> str:
    return re.sub(r"[^A-Za-z0-9.]", "_", socket.gethostname())[:64]


def _take_name(draft: Path, target: Path) -> None:
    """Rename the draft unless the target exists: unlike a rename, making a hard link never replaces a file."""
    try:
        target.hardlink_to(draft)
    except OSError as error:
        # On file systems without hard links another process could make the target between this check and the rename.
        if error.errno == EEXIST or os.path.lexists(target):
            raise OutputRefused(f"{target}: exists already; nothing was changed") from None
        draft.replace(target)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
