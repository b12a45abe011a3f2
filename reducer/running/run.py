"""Carries out tasks on any executor: a few at a time, each on its own, so that the failure of one stops no other."""

import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from functools import partial
from pathlib import Path

from latteboard.files.atomic import flush_folders, remove_drafts
from reducer.making.make import make
from reducer.running.engines import Engine, note_of
from reducer.running.stopping import Stop
from reducer.running.worker import CarryOut, Outcome, suspect_of, work
from reducer.tasks.plan_file import Tasks
from reducer.tasks.report import Failure, Report
from reducer.tasks.task import Task

ENDED = "damaged: the HDF5 library crashes on it, or does not come to an end; move the file away, or make it again"
# A worker that is killed was perhaps not killed by its task; the second one was.
LIVES = 2


def run(
    tasks: Tasks,
    root: Path,
    *,
    engine: Engine,
    allow_nan: bool = False,
    stop: Stop | None = None,
    progress: Callable[[Report], None] = lambda _: None,
    failing: Callable[[Failure], None] = lambda _: None,
    carry_out: CarryOut = make,
) -> Report:
    """Carry out tasks; each may fail on its own.

    Parameters
    ----------
    tasks : taken one by one, whenever a worker is free
    root : of the paths in tasks
    stop : once it is requested, no task is begun; those under way are finished or dropped
    progress : called after each task with the report so far, which it must not keep
    failing : called with each failure as it happens
    carry_out : makes one output
    """
    call = partial(work, root=root, allow_nan=allow_nan, carry_out=carry_out)
    return _Run(engine.suited(tasks), stop or Stop(), call, root).all(tasks, progress, failing)


class _Slot:
    """An executor that may break, and be opened again."""

    def __init__(self, open_: Callable[[], Executor]) -> None:
        self._open = open_
        self._executor: Executor | None = None

    def submit(self, call: Callable[[Task], Outcome], task: Task) -> "Future[Outcome]":
        """Hand out a task; an executor that broke while it had nothing to do is replaced."""
        try:
            return self._opened().submit(call, task)
        except BrokenExecutor:
            self.close()
            return self._opened().submit(call, task)

    def _opened(self) -> Executor:
        if self._executor is None:
            self._executor = self._open()
        return self._executor

    def close(self) -> None:
        """Wait for the tasks under way, and end its workers."""
        if self._executor is not None:
            self._executor.shutdown(wait=True, cancel_futures=True)
            self._executor = None

    def clear_up(self) -> str:
        """Close an executor that broke, and remove its drafts; the file that its worker was reading, empty if none."""
        note = note_of(self._executor)
        self.close()
        if note is None:
            return ""
        remove_drafts(note)
        return note.parts[0]


class _Run:
    def __init__(self, engine: Engine, stop: Stop, call: Callable[[Task], Outcome], root: Path) -> None:
        self._call, self._stop, self._root = call, stop, root
        self._slots = [_Slot(partial(engine.open, stop)) for _ in range(engine.executors)]
        self._free = deque(slot for slot in self._slots for _ in range(engine.ahead))
        self._under_way: dict[Future[Outcome], tuple[_Slot, Task]] = {}
        self._again: deque[Task] = deque()
        self._killed: dict[str, int] = {}
        self._folders: set[Path] = set()
        self.report = Report()

    def all(self, tasks: Tasks, progress: Callable[[Report], None], failing: Callable[[Failure], None]) -> Report:
        """Carry out every task."""
        began = time.monotonic()
        try:
            for task, outcome in self._outcomes(iter(tasks)):
                self._count(task, outcome, failing)
                self.report.seconds = time.monotonic() - began
                progress(self.report)
        finally:
            for slot in self._slots:
                slot.close()
            flush_folders(self._folders)
        report = self.report
        report.failed.sort()
        report.left = len(tasks) - report.done
        report.stopped = report.left > 0
        report.seconds = time.monotonic() - began
        return report

    def _outcomes(self, tasks: Iterator[Task]) -> Iterator[tuple[Task, Outcome]]:
        """The outcomes of the tasks, in the order in which they end."""
        while True:
            while self._free and not self._stop.requested:
                task = self._again.popleft() if self._again else next(tasks, None)
                if task is None:
                    break
                slot = self._free.popleft()
                self._under_way[slot.submit(self._call, task)] = slot, task
            if not self._under_way:
                return
            for future in wait(self._under_way, return_when=FIRST_COMPLETED).done:
                slot, task = self._under_way.pop(future)
                self._free.append(slot)
                outcome = self._outcome(future, slot, task)
                if outcome is not None:
                    yield task, outcome

    def _outcome(self, future: "Future[Outcome]", slot: _Slot, task: Task) -> Outcome | None:
        """The outcome of a task that has ended; None if it is to be tried again since its worker was killed."""
        try:
            return future.result()
        except BrokenExecutor:
            file = slot.clear_up()
            if file:
                return Outcome(reason=f"{file}: {ENDED}", suspect=suspect_of(file, task, self._root))
            self._killed[task.path] = self._killed.get(task.path, 0) + 1
            if self._killed[task.path] < LIVES:
                self._again.append(task)
                return None
            return Outcome(reason=f"its worker was killed {LIVES} times; perhaps it needs more memory than there is")

    def _count(self, task: Task, outcome: Outcome, failing: Callable[[Failure], None]) -> None:
        report = self.report
        if outcome.made is not None:
            report.made += 1
            self._folders.add(task.file(self._root).parent)
            report.bytes_read += outcome.made.bytes_read
            report.bytes_written += outcome.made.bytes_written
            for what in outcome.made.lost:
                report.lost[what] = report.lost.get(what, 0) + 1
        elif outcome.reason is not None:
            report.failed.append(Failure(task.path, outcome.reason, outcome.suspect))
            failing(report.failed[-1])
        elif not outcome.stopped:
            report.skipped += 1
