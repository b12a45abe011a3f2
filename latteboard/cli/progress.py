"""Progress of long work, on standard error: a line that moves in a terminal, else a plain line now and then."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from latteboard.text import human_bytes, shown

LINE_EVERY_SECONDS = 10.0
SHOWN_FAILURES = 20
SHOWN_PER_REASON = 3  # failures for one reason that have a line of their own


@contextmanager
def progress(unit: str) -> Iterator[Callable[[int], None]]:
    """Show how much has been done; yields a function that takes the number so far, counted in ``unit`` (a plural)."""
    if not sys.stderr.isatty():
        yield _plain_progress(unit)
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.completed:,.0f} {task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(unit, total=None)
        yield lambda done: bar.update(task, completed=done)


def _plain_progress(unit: str) -> Callable[[int], None]:
    last = time.monotonic()

    def tell(done: int) -> None:
        nonlocal last
        if time.monotonic() - last >= LINE_EVERY_SECONDS:
            last = time.monotonic()
            sys.stderr.write(f"{done:,} {unit}\n")

    return tell


class ReductionProgress:
    """Progress of a reduction: how many outputs are done, at which rate, and which failed."""

    def __init__(self, say: Callable[[str], None], move: Callable[[int, int, str], None]) -> None:
        """``say`` prints a line; ``move`` is given the number of outputs done, the number planned, and the rate in words."""
        self._say, self._move = say, move
        self._began = time.monotonic()
        self._shown = 0
        self._by_reason: Counter[str] = Counter()
        self._kept_back: Counter[str] = Counter()

    def update(self, done: int, total: int, bytes_read: int) -> None:
        """Show that ``done`` of ``total`` outputs are done, with so many bytes read."""
        self._move(done, total, f"{human_bytes(bytes_read / max(1e-3, time.monotonic() - self._began))}/s")

    def fail(self, path: str, reason: str) -> None:
        """Print a line for an output that failed, unless many failed, or some for the very same reason."""
        self._by_reason[reason] += 1
        if self._shown < SHOWN_FAILURES and self._by_reason[reason] <= SHOWN_PER_REASON:
            self._shown += 1
            self._say(f"{shown(path)}: {shown(reason)}")
        else:
            self._kept_back[reason] += 1

    def close(self) -> None:
        """Print how many failures had no line of their own."""
        common = [(reason, number) for reason, number in self._kept_back.most_common(SHOWN_PER_REASON) if number > 1]
        for reason, number in common:
            self._say(f"{number:,} more: {shown(reason)}")
        rest = self._kept_back.total() - sum(number for _, number in common)
        if rest:
            self._say(f"{rest:,} more failed")


def show_failures(failed: Iterable[tuple[str, str]]) -> None:
    """Print on standard error the paths of outputs that failed, each with the reason."""
    shown_so_far = ReductionProgress(_say, lambda *_: None)
    for path, reason in failed:
        shown_so_far.fail(path, reason)
    shown_so_far.close()


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


@contextmanager
def reduction_progress() -> Iterator[ReductionProgress]:
    """Show a bar with rate and remaining time where standard error is a terminal, else a plain line now and then."""
    if not sys.stderr.isatty():
        plain = ReductionProgress(_say, _plain_move())
        yield plain
        plain.close()
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True, highlight=False)
    counted = TextColumn("{task.completed:,.0f} of {task.total:,.0f} outputs")
    with Progress(
        counted, BarColumn(), TextColumn("{task.fields[rate]}"), TimeRemainingColumn(), console=console, transient=True
    ) as bar:
        task = bar.add_task("", total=0, rate="")
        moving = ReductionProgress(
            lambda line: console.print(line, markup=False, soft_wrap=True),
            lambda done, total, rate: bar.update(task, completed=done, total=total, rate=rate),
        )
        yield moving
        moving.close()


def _plain_move() -> Callable[[int, int, str], None]:
    began = last = time.monotonic()

    def move(done: int, total: int, rate: str) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= LINE_EVERY_SECONDS:
            last = now
            left = (now - began) / max(1, done) * (total - done)
            sys.stderr.write(f"{done:,} of {total:,} outputs, {rate}, about {left:.0f} s left\n")

    return move
