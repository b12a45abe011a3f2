"""Lock files, which name the process that holds them and are taken over from dead processes."""

import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from latteboard.errors import LockedError

HOUR_SECONDS = 3_600
LONGEST_NAME = 255 - 33  # bytes, with the word of a lock behind it


@dataclass(frozen=True)
class Holder:
    """The process that holds a lock.

    Attributes
    ----------
    since : time at which it took the lock, in s since 1970
    word : random text that distinguishes two locks of one process
    """

    host: str
    pid: int
    since: float
    word: str

    def __str__(self) -> str:
        since = datetime.fromtimestamp(self.since, UTC)
        return f"process {self.pid} on {self.host} since {since:%Y-%m-%d %H:%M:%S} UTC"

    @property
    def is_dead(self) -> bool:
        """Whether the process was on this host and has ended; false for other hosts, whose processes are not visible."""
        if self.host != socket.gethostname():
            return False
        try:
            os.kill(self.pid, 0)  # signal 0 only checks that the process exists
        except ProcessLookupError:
            return True
        except PermissionError:
            return False  # it exists, and belongs to another user
        return False


@contextmanager
def only_writer(path: Path, *, waiting: Callable[[Holder], None] = lambda _: None) -> Iterator[None]:
    """Be the only process of latteboard that replaces a file, inside the block; others wait for this one.

    Where no lock can be written, nothing else could be either; the error of that is left to the writing.

    Raises
    ------
    LockedError : another process still holds the lock after an hour.
    """
    target = Path(os.path.realpath(path))
    name = f".latteboard-{target.name}.lock"
    if len(os.fsencode(name)) > LONGEST_NAME or not os.access(target.parent, os.W_OK):
        yield
        return
    with lock(target.with_name(name), wait_seconds=HOUR_SECONDS, waiting=waiting):
        yield


def lock_path(path: Path) -> Path:
    """Return the path of the lock of a file, beside the file itself: every symbolic link to it leads to the same lock."""
    resolved = Path(os.path.realpath(path))
    return resolved.with_name(f"{resolved.name}.lock")


@contextmanager
def lock(path: Path, *, wait_seconds: float, waiting: Callable[[Holder], None] = lambda _: None) -> Iterator[None]:
    """Hold the lock ``path`` inside the block.

    Parameters
    ----------
    wait_seconds : how long to wait for another holder
    waiting : called once with the other holder when the wait begins

    Raises
    ------
    LockedError : another process still holds the lock after ``wait_seconds``, or the lock file cannot be read or written.
    """
    own = Holder(socket.gethostname(), os.getpid(), time.time(), uuid4().hex)
    deadline = time.monotonic() + wait_seconds
    reported = False
    while not _take(path, own):
        holder = _read(path)
        if holder is None:
            continue  # it was released between the two calls
        if holder.is_dead and _take_over(path, holder, own):
            break
        if time.monotonic() >= deadline:
            raise LockedError(f"{path}: held by {holder}; wait for it, or remove the file if that process is gone")
        if not reported and not holder.is_dead:
            waiting(holder)
            reported = True
        time.sleep(0.2)
    try:
        yield
    finally:
        # A user may have removed the lock meanwhile, and another process may hold a new one.
        if _read(path) == own:
            path.unlink(missing_ok=True)


def is_abandoned_draft(path: Path) -> bool:
    """Whether a file is the draft of a lock that a process of this host did not live to take; a lock itself is none."""
    try:
        holder = _read(path)
    except LockedError:
        return False
    return holder is not None and path.suffix == f".{holder.word}" and holder.is_dead


def _take(path: Path, own: Holder) -> bool:
    """Create the lock file unless it exists; false if it does.

    A hard link to a complete draft is atomic, also on network file systems, where exclusive creation may not be.
    """
    draft = path.with_name(f"{path.name}.{own.word}")
    try:
        os.link(_draft(path, own), path)
    except FileExistsError:
        return False
    except OSError as error:
        raise LockedError(f"{path}: the lock cannot be written: {error.strerror}; nothing was changed") from error
    finally:
        draft.unlink(missing_ok=True)
    return True


def _take_over(path: Path, dead: Holder, own: Holder) -> bool:
    """Replace the lock of a dead holder by one of ``own``; false if another process is doing so or has done so.

    A process must first take a second lock, named after the dead holder's word. Thus only one process at a time replaces the
    lock, and only while it is still the dead one's. If the dead lock were removed instead, a second process could remove the
    new lock of the first, and both would hold it.
    """
    heir = path.with_name(f"{path.name}.{dead.word}")
    if not _take(heir, own):
        other = _read(heir)
        if other is None or not other.is_dead or not _take_over(heir, other, own):
            return False
    try:
        if _read(path) != dead:
            return False
        _draft(path, own).replace(path)
        return True
    finally:
        heir.unlink()


def _draft(path: Path, own: Holder) -> Path:
    draft = path.with_name(f"{path.name}.{own.word}")
    draft.write_text(json.dumps(asdict(own)))
    return draft


def _read(path: Path) -> Holder | None:
    try:
        return Holder(**json.loads(path.read_text()))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError):
        raise LockedError(f"{path}: not a lock of latteboard; move it away") from None
