"""Walks the campaign's folders level by level, several at a time, and yields reports as they come."""

import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager

from indexer.folder_scanner import FolderScanner
from indexer.report import FolderReport

# Folders a task: enough that making their names in one go pays, few enough that the work spreads evenly.
TASK = 64
# Below this many folders, starting processes costs more than they bring.
MANY = 2000
LARGEST_CREW = 4
# So many tasks are under way at once: scanning goes on while reports are written down.
AHEAD = 16

_scanner: FolderScanner | None = None


def scan(scanner: FolderScanner, first: Sequence[str], listed: int, *, threads: int | None) -> Iterator[FolderReport]:
    """Look into the folders ``first`` and all that they lead to, each once.

    ``listed`` is how many folders will be listed, as far as is known; it decides how many processes share the work.
    ``threads`` asks for threads instead, for file systems that are slow to answer each call.
    """
    with _crew(scanner, listed, threads) as scan_level:
        level: Sequence[str] = first
        visited = set(first)
        while level:
            further: list[str] = []
            for report in scan_level(level):
                further += report.further
                yield report
            level = [path for path in dict.fromkeys(further) if path not in visited]
            visited.update(level)


ScanLevel = Callable[[Sequence[str]], Iterator[FolderReport]]


@contextmanager
def _crew(scanner: FolderScanner, expected: int, threads: int | None) -> Iterator[ScanLevel]:
    if threads is not None and threads > 1:
        with ThreadPoolExecutor(threads) as pool:
            yield lambda paths: _spread(pool, scanner, paths)
    elif threads is None and expected >= MANY and (crew := _crew_size()) > 1:
        with _processes(scanner, crew) as pool:
            yield lambda paths: _spread(pool, _scan, paths)
    else:
        yield lambda paths: map(scanner, _tasks(paths))


def _tasks(paths: Sequence[str]) -> Iterator[Sequence[str]]:
    return (paths[start : start + TASK] for start in range(0, len(paths), TASK))


def _spread(
    pool: Executor, one: Callable[[Sequence[str]], FolderReport], paths: Sequence[str]
) -> Iterator[FolderReport]:
    """Results in the order of the tasks, with no more tasks under way than keep all workers busy."""
    under_way: list[Future[FolderReport]] = []
    for task in _tasks(paths):
        under_way.append(pool.submit(one, task))
        if len(under_way) >= AHEAD:
            yield under_way.pop(0).result()
    yield from (future.result() for future in under_way)


def _crew_size() -> int:
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(LARGEST_CREW, available) if "fork" in multiprocessing.get_all_start_methods() else 1


@contextmanager
def _processes(scanner: FolderScanner, crew: int) -> Iterator[Executor]:
    """Processes that have inherited the scanner, so that the plan is never copied; they end with the one that began them."""
    global _scanner
    _scanner = scanner
    try:
        context = multiprocessing.get_context("fork")
        with ProcessPoolExecutor(crew, mp_context=context, initializer=_end_with, initargs=(os.getpid(),)) as pool:
            yield pool
    finally:
        _scanner = None


def _end_with(parent: int) -> None:
    """End this process once its parent has gone: a parent that is killed cannot end its children."""

    def ask() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=ask, daemon=True).start()


def _scan(paths: Iterable[str]) -> FolderReport:
    assert _scanner is not None
    return _scanner(paths)
