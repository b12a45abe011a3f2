"""Stand-ins for the making of outputs, in a module that worker processes can import.

What one does with a task is in its path: ``fails``, ``full``, ``memory``, ``damaged``, ``there``, ``kills``, ``kills_once``,
``mistake``, and, where nothing of that stands in it, a small file is written.
"""

import fcntl
import os
import signal
import time
from collections.abc import Callable
from errno import ENOSPC
from pathlib import Path

from threadpoolctl import threadpool_info

from latteboard.errors import InputRefused, Stopped
from latteboard.recipe import Recipe
from reducer.tasks.task import Input, Result, Row, Task


def task(path: str) -> Task:
    """A task of this path, made of one file."""
    return Task("kind", path, Recipe(), (Row((Input(f"of_{path}", 1, 1),)),))


def write_small(task: Task, root: Path, *, allow_nan: bool, stop: Callable[[], bool]) -> Result | None:
    """Write the number of this process into the output, or do what its path says."""
    path = root / task.path
    if "fails" in task.path:
        raise InputRefused(f"{path}: no such dataset:\n /A3")
    if "full" in task.path:
        raise OSError(ENOSPC, os.strerror(ENOSPC))
    if "memory" in task.path:
        raise MemoryError
    if "damaged" in task.path:
        raise KeyError("unable to open object")
    if "mistake" in task.path:
        raise AttributeError("a mistake of ours")
    if "there" in task.path:
        return None
    if "kills" in task.path and not ("once" in task.path and path.exists()):
        path.write_text("killed")
        os.kill(os.getpid(), signal.SIGKILL)
    path.write_text(f"{os.getpid()} {allow_nan} {stop()}")
    return Result(task.path, 10, 3)


def count_threads(task: Task, root: Path, *, allow_nan: bool, stop: Callable[[], bool]) -> Result | None:
    """Say as bytes read how many threads a library for linear algebra would use."""
    return Result(task.path, max(pool["num_threads"] for pool in threadpool_info()), 0)


def wait_and_drop(task: Task, root: Path, *, allow_nan: bool, stop: Callable[[], bool]) -> Result | None:
    """Begin, wait until it is time to stop, and drop what was begun; a lock is held as long as this process lives."""
    _wait(root / task.path, stop)
    raise Stopped(task.path)


def wait_and_finish(task: Task, root: Path, *, allow_nan: bool, stop: Callable[[], bool]) -> Result | None:
    """Begin, wait until it is time to stop, and finish what was begun."""
    _wait(root / task.path, stop)
    return Result(task.path, 10, 3)


HELD = []


def _wait(path: Path, stop: Callable[[], bool]) -> None:
    stream = path.open("w")
    fcntl.flock(stream, fcntl.LOCK_EX)
    HELD.append(stream)
    path.with_suffix(".begun").touch()
    while not stop():
        time.sleep(0.01)
