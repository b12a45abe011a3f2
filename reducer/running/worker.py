"""The work of one worker: it carries out tasks, and each foreseen error becomes the outcome of its task."""

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import parent_process
from pathlib import Path
from threading import Thread
from typing import Any, Protocol

from threadpoolctl import threadpool_limits

from latteboard.errors import InputRefused, LatteboardError, Stopped
from latteboard.files.atomic import flush_folders_later
from latteboard.files.hdf5 import DAMAGED
from latteboard.files.watched import Note, end_with_parent, watch_this_process
from reducer.running.stopping import SIGNALS
from reducer.tasks.task import Result, Task

# Errors of a damaged file, a full disk or a small memory fail one task; any other error is a bug of latteboard.
FORESEEN = (LatteboardError, MemoryError, *DAMAGED)


class CarryOut(Protocol):
    """Carries out one task, as :func:`reducer.making.make.make` does; None if its output was there already."""

    def __call__(self, task: Task, root: Path, *, allow_nan: bool, stop: Callable[[], bool]) -> Result | None:
        """``stop`` is asked now and then; once it is true, :class:`Stopped` is raised."""


@dataclass(frozen=True)
class Outcome:
    """The outcome of a task: a result, the reason of a failure, or a stop; none of them if the output was there already."""

    made: Result | None = None
    reason: str | None = None
    suspect: str = ""
    stopped: bool = False


class _StopFlag:
    """The stop flag of this process."""

    flag: Any = None


def read_stop(flag: Any) -> None:
    """Set the stop flag that tasks of this process read; None for none."""
    _StopFlag.flag = flag


def _is_stopped() -> bool:
    return _StopFlag.flag is not None and bool(_StopFlag.flag.value)


def work(task: Task, root: Path, *, allow_nan: bool, carry_out: CarryOut) -> Outcome:
    """Carry out one task."""
    try:
        return Outcome(made=carry_out(task, root, allow_nan=allow_nan, stop=_is_stopped))
    except Stopped:
        return Outcome(stopped=True)
    except FORESEEN as error:
        return Outcome(reason=reason_of(error, task, root), suspect=_suspect(error, task, root))


def reason_of(error: Exception, task: Task, root: Path) -> str:
    """The message of an error in one line, without the output's own name before it."""
    text = " ".join(str(error).split())
    if isinstance(error, LatteboardError):
        for name in (task.file(root), task.path):
            text = text.removeprefix(f"{name}: ")
        return text
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return f"out of memory {text}".rstrip() if isinstance(error, MemoryError) else f"{type(error).__name__}: {text}"


def _suspect(error: Exception, task: Task, root: Path) -> str:
    """The input that could not be used; empty if it is none in particular."""
    return suspect_of(str(error.path), task, root) if isinstance(error, InputRefused) else ""


def suspect_of(file: str, task: Task, root: Path) -> str:
    """The input that a file is, by the path that the task has it under; empty if it is none."""
    return next((one.path for one in task.inputs if str(one.file(root)) == file), "")


def become_worker(flag: Any, note: Any) -> None:
    """Prepare this process: it ends with its parent, leaves signals to it, computes in one thread, and notes what it reads."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    watch_this_process(Note(note))
    end_with_parent(os.getppid())
    Thread(target=_end_with_parent, daemon=True).start()
    import numpy  # noqa: F401 only the thread pools of libraries that are loaded already can be limited

    threadpool_limits(limits=1)
    flush_folders_later(True)
    read_stop(flag)


def _end_with_parent() -> None:
    """End once the parent has ended, even if it was killed; the next run removes the drafts of its workers."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
