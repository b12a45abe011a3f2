"""The file that the HDF5 library is reading, and the time that it may take: damaged files make it loop for ever, or crash.

A process that may be killed for that writes down what it reads, in memory that the process which waits for it sees too. Its
clock is that of the processor: a file system that does not answer costs no time, and proves nothing about a file.
"""

import mmap
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from latteboard.names.encoding import as_bytes, as_text

# How the library ends a process over a damaged file; any other signal comes from outside, and says nothing of the file.
CRASHES = frozenset((signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGFPE, signal.SIGILL))
END_WITH_PARENT = 1  # PR_SET_PDEATHSIG of Linux
SIZE = 1 << 14  # bytes of a note
SECONDS = 30.0  # of the processor for one look into a file; the longest that was seen took five
BYTES_A_SECOND = 5e6  # that the slowest filter unpacks


class Note:
    """The file that a process reads, and the drafts that it writes; kept in memory that several processes share."""

    def __init__(self, buffer: Any = None) -> None:
        self.buffer = mmap.mmap(-1, SIZE) if buffer is None else buffer

    def write(self, file: str, drafts: tuple[str, ...]) -> None:
        """Replace the note; one that is too long is left out."""
        text = as_bytes("\0".join((file, *drafts)))
        if len(text) < SIZE - 1:
            self.buffer[: len(text) + 1] = text + b"\n"

    @property
    def parts(self) -> tuple[str, list[str]]:
        """The file, empty if none was being read, and the drafts."""
        file, *drafts = as_text(bytes(self.buffer[:SIZE]).partition(b"\n")[0]).strip("\0").split("\0")
        return file, drafts


class _Process:
    """What this process writes down: nothing unless another one waits for it."""

    note: Note | None = None
    again = False
    file = ""
    drafts: tuple[str, ...] = ()

    @classmethod
    def tell(cls) -> None:
        """Write down the present state."""
        if cls.note is not None:
            cls.note.write(cls.file, cls.drafts)


def watch_this_process(note: Note, *, again: bool = False) -> None:
    """From now on write down what is read, and end if the library takes too long over it.

    ``again`` says that a process before it did the same, and was killed.
    """
    _Process.note, _Process.again = note, again
    signal.signal(signal.SIGPROF, signal.SIG_DFL)


def stop_watching() -> None:
    """From now on write down nothing: this process has been forked from one that was watched, and is not."""
    _Process.note, _Process.again = None, False


def survives_in_another() -> bool:
    """Whether another process does this again if the library kills this one."""
    return _Process.note is not None and not _Process.again


def end_with_parent(parent: int) -> None:
    """Let the system end this process once ``parent`` has ended, even while the library loops; Linux alone can."""
    import ctypes  # slow to import

    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(END_WITH_PARENT, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


@contextmanager
def being_read(path: str | Path, size: int = 0) -> Iterator[None]:
    """The HDF5 library reads a file inside the block, of ``size`` bytes if they are many."""
    if _Process.note is None or _Process.file:
        yield
        return
    _Process.file = os.fspath(path)
    _Process.tell()
    signal.setitimer(signal.ITIMER_PROF, SECONDS + size / BYTES_A_SECOND)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        _Process.file = ""
        _Process.tell()


@contextmanager
def being_drafted(path: Path) -> Iterator[None]:
    """A draft is written inside the block."""
    before = _Process.drafts
    _Process.drafts = (*before, str(path))
    _Process.tell()
    try:
        yield
    finally:
        _Process.drafts = before
        _Process.tell()


def reason_of_end(file: str, number: int) -> str:
    """Why a process ended by a signal while it read a file, in words that name the file."""
    how = (
        "does not come to an end with it"
        if number == signal.SIGPROF
        else f"crashes on it ({signal.Signals(number).name})"
    )
    return f"{file}: damaged: the HDF5 library {how}; move the file away, or make it again"
