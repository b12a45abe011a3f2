"""Engines make the executors that carry out tasks: in this process, or in processes beside it."""

import os
import resource
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from ctypes import c_char
from dataclasses import dataclass, replace
from itertools import accumulate
from multiprocessing import get_context
from typing import Any

from threadpoolctl import threadpool_limits

from latteboard.files.atomic import flush_folders_later
from latteboard.files.watched import SIZE, Note, survives_in_another
from reducer.running.stopping import Stop, signals_held
from reducer.running.worker import become_worker, read_stop
from reducer.tasks.plan_file import Tasks

# Each process is reached through so many open files: on a large node more than a process may have unless it asks.
FILES_A_PROCESS = 8
OTHER_FILES = 256
# Less than a second of work: so many outputs at most, and so many bytes in their inputs.
FEW = 100
LITTLE = 200_000_000


@dataclass(frozen=True)
class Engine:
    """A way to share tasks among executors.

    Attributes
    ----------
    executors : their largest number; each is opened when it is first needed
    ahead : the number of tasks that each is given at a time
    open : makes an executor whose workers observe the stop flag
    for_little : the engine that carries out little work, if it is another one
    """

    name: str
    executors: int
    ahead: int
    open: Callable[[Stop], Executor]
    for_little: "Engine | None" = None

    def suited(self, tasks: Tasks) -> "Engine":
        """This engine, or the one for little work: starting processes would take longer than a few small outputs do."""
        if self.for_little is None or len(tasks) > FEW or not survives_in_another():
            return self
        sizes = accumulate(given.size for task in tasks for given in task.inputs)
        return self if any(size > LITTLE for size in sizes) else self.for_little


class SerialExecutor(Executor):
    """Carries out each call at once, in this process, in one thread."""

    def __init__(self, stop: Stop) -> None:
        read_stop(stop.flag)
        flush_folders_later(True)
        self._limits = threadpool_limits(limits=1)

    def submit(self, call: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        """Carry out a call; an error is raised right here."""
        future: Future[Any] = Future()
        future.set_result(call(*arguments, **named))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002 as its base
        """Restore the number of threads, the stop flag, and what is flushed when."""
        self._limits.restore_original_limits()
        flush_folders_later(False)
        read_stop(None)


class WorkerProcess(ProcessPoolExecutor):
    """One process beside this one. A pool of several is given up as a whole when one of them is killed."""

    def __init__(self, stop: Stop) -> None:
        processes = get_context("spawn")
        self.note = Note(processes.RawArray(c_char, SIZE))
        with signals_held():
            super().__init__(1, processes, initializer=become_worker, initargs=(stop.flag, self.note.buffer))

    def submit(self, call: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        """Hand out a call; the first one starts the process."""
        with signals_held():
            return super().submit(call, *arguments, **named)


def note_of(executor: Executor | None) -> Note | None:
    """The last words of the process of an executor that broke; None if it has none of its own."""
    return executor.note if isinstance(executor, WorkerProcess) else None


def _serial(_: int) -> Engine:
    return Engine("serial", 1, 1, SerialExecutor)


def _process(jobs: int) -> Engine:
    _allow_files(FILES_A_PROCESS * jobs + OTHER_FILES)
    return Engine("process", jobs, 1, WorkerProcess)


def _allow_files(number: int) -> None:
    """Raise the limit of open files of this process, as far as it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = number if hard == resource.RLIM_INFINITY else min(number, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


# Each makes an engine with so many workers.
ENGINES: Mapping[str, Callable[[int], Engine]] = {"serial": _serial, "process": _process}


def choose_engine(name: str | None, jobs: int | None) -> Engine:
    """The engine of this name with so many workers, as many as this process may use CPUs if it is None.

    Without a name these are processes, unless one worker is all there is, or all that little work needs.
    """
    chosen = jobs or (1 if name == "serial" else len(os.sched_getaffinity(0)))
    engine = ENGINES[name or ("process" if chosen > 1 else "serial")](chosen)
    return engine if name or jobs else replace(engine, for_little=ENGINES["serial"](1))
