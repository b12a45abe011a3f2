"""One index at a time: a lock file that says who holds it, and is taken over from a process that is dead."""

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


@dataclass(frozen=True)
class Holder:
    """Who holds a lock: host, process, since when (s since 1970), and a word that tells two of its locks apart."""

    host: str
    pid: int
    since: float
    word: str

    def __str__(self) -> str:
        since = datetime.fromtimestamp(self.since, UTC)
        return f"process {self.pid} on {self.host} since {since:%Y-%m-%d %H:%M:%S} UTC"

    @property
    def is_dead(self) -> bool:
        """Whether it ran on this host and is gone; of other hosts nothing can be said."""
        if self.host != socket.gethostname():
            return False
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            return False
        return False


def lock_path(path: Path) -> Path:
    """Return the path of the lock of a file, beside the file itself: every symbolic link to it leads to the same lock."""
    resolved = Path(os.path.realpath(path))
    return resolved.with_name(f"{resolved.name}.lock")


@contextmanager
def lock(path: Path, *, wait_seconds: float, waiting: Callable[[Holder], None] = lambda _: None) -> Iterator[None]:
    """Hold the lock ``path`` inside the block.

    Waits up to ``wait_seconds`` for another holder, telling ``waiting`` once who that is; then raises :class:`LockedError`.
    """
    own = Holder(socket.gethostname(), os.getpid(), time.time(), uuid4().hex)
    deadline = time.monotonic() + wait_seconds
    told = False
    while not _take(path, own):
        holder = _read(path)
        if holder is None:
            continue
        if holder.is_dead and _take_over(path, holder, own):
            break
        if time.monotonic() >= deadline:
            raise LockedError(f"{path}: held by {holder}; wait for it, or remove the file if that process is gone")
        if not told and not holder.is_dead:
            waiting(holder)
            told = True
        time.sleep(0.2)
    try:
        yield
    finally:
        if _read(path) == own:
            path.unlink(missing_ok=True)


def _take(path: Path, own: Holder) -> bool:
    """Make the lock file, whole and only if there is none: a link to a finished file is one step, on network disks too."""
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
    """Put ``own`` into the place of a dead holder; False if somebody else is about to, or has.

    Whoever wants to must first hold a lock of its own, named after the dead one: so only one process at a time replaces the
    lock, and only while it is still that of the dead. Were it moved away instead, two could come to hold it.
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
