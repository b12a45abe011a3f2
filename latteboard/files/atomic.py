"""Files that appear under their name whole or not at all, and the drafts that they are until then.

A draft stands in the folder of its target, since only a rename within a file system is one step. Its name says which
process writes it, so that what a killed run leaves behind is recognised and removed by the next.
"""

import os
import re
import socket
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from errno import EEXIST
from pathlib import Path
from uuid import uuid4

from latteboard.errors import OutputRefused
from latteboard.files.locks import Holder

DRAFT = re.compile(r"\.latteboard-(?P<host>.+)-(?P<pid>[0-9]{1,9})-(?P<word>[0-9a-f]{12})\.draft")
# Nobody writes to a draft for so long without changing it once. Of processes on other hosts nothing else can be said.
ABANDONED_SECONDS = 2 * 86_400


@contextmanager
def replacing(target: Path, *, overwrite: bool = True, last: Callable[[], object] = lambda: None) -> Iterator[Path]:
    """The path of a draft that takes the target's name when the block ends, on disk in full; on an error it is removed.

    The draft does not exist yet: whoever writes it makes it, closed when the block ends. Without ``overwrite`` a target
    that exists by then stays as it is. The target's folder is made where there is none. ``last`` is called when all is on
    disk and only the name is to be taken; what it raises prevents that.

    Raises
    ------
    OutputRefused : the target exists and may not be overwritten.
    OSError : the folder or the draft cannot be written.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.parent / f".latteboard-{_host()}-{os.getpid()}-{uuid4().hex[:12]}.draft"
    try:
        yield draft
        _sync(draft)
        last()
        if overwrite:
            draft.replace(target)
        else:
            _take_name(draft, target)
        _sync(target.parent)
    finally:
        draft.unlink(missing_ok=True)


def is_draft(name: str) -> bool:
    """Whether a file is a draft, by its name."""
    return DRAFT.fullmatch(name) is not None


def remove_abandoned(folder: Path) -> list[Path]:
    """Remove the drafts of dead processes in a folder; returns what was removed.

    Of processes of this host the dead are known; a draft of another host is left for two days after its last change.
    """
    removed = []
    for path in sorted(folder.glob(".latteboard-*.draft")):
        # One that cannot be removed, such as somebody else's, harms nobody.
        with suppress(OSError):
            if _is_abandoned(path):
                path.unlink()
                removed.append(path)
    return removed


def _is_abandoned(path: Path) -> bool:
    named = DRAFT.fullmatch(path.name)
    found = path.lstat()
    if named is None or not stat.S_ISREG(found.st_mode):
        return False
    if named["host"] == _host():
        return Holder(socket.gethostname(), int(named["pid"]), 0.0, "").is_dead
    return time.time() - found.st_mtime > ABANDONED_SECONDS


def _host() -> str:
    return re.sub(r"[^A-Za-z0-9.]", "_", socket.gethostname())[:64]


def _take_name(draft: Path, target: Path) -> None:
    """Give the draft the target's name unless somebody has it: a link, unlike a rename, takes nobody's place."""
    try:
        target.hardlink_to(draft)
    except OSError as error:
        # Some file systems have no links; there a moment stays between the look and the rename.
        if error.errno == EEXIST or os.path.lexists(target):
            raise OutputRefused(f"{target}: exists already; nothing was changed") from None
        draft.replace(target)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
