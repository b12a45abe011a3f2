"""Walks the campaign's folders level by level, several at a time, and brings what was seen as it comes."""

import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager

from indexer.look import Looker
from indexer.request import Seen

# Folders a task: enough that making their names in one go pays, few enough that the work spreads evenly.
TASK = 64
# Below this many folders, starting processes costs more than they bring.
MANY = 2000
LARGEST_CREW = 4
# So many tasks are under way at once: whoever looks goes on while what was seen is written down.
AHEAD = 64

_looker: Looker | None = None


def scan(looker: Looker, first: Sequence[str], listed: int, *, threads: int | None) -> Iterator[Seen]:
    """Look into the folders ``first`` and all that they lead to, each once.

    ``listed`` is how many folders will be listed, as far as anyone knows; it decides on how many processes share the work.
    ``threads`` asks for threads instead, for file systems that make one wait for every answer.
    """
    with _crew(looker, listed, threads) as look:
        level: Sequence[str] = first
        visited = set(first)
        while level:
            further: list[str] = []
            for seen in look(level):
                further += seen.further
                yield seen
            level = [path for path in dict.fromkeys(further) if path not in visited]
            visited.update(level)


Look = Callable[[Sequence[str]], Iterator[Seen]]


@contextmanager
def _crew(looker: Looker, expected: int, threads: int | None) -> Iterator[Look]:
    if threads is not None and threads > 1:
        with ThreadPoolExecutor(threads) as pool:
            yield lambda paths: _spread(pool, looker, paths)
    elif threads is None and expected >= MANY and (crew := _crew_size()) > 1:
        with _processes(looker, crew) as pool:
            yield lambda paths: _spread(pool, _look, paths)
    else:
        yield lambda paths: map(looker, _tasks(paths))


def _tasks(paths: Sequence[str]) -> Iterator[Sequence[str]]:
    return (paths[start : start + TASK] for start in range(0, len(paths), TASK))


def _spread(pool: Executor, look: Callable[[Sequence[str]], Seen], paths: Sequence[str]) -> Iterator[Seen]:
    """Results in the order of the tasks, with no more tasks under way than keep everybody busy."""
    under_way: list[Future[Seen]] = []
    for task in _tasks(paths):
        under_way.append(pool.submit(look, task))
        if len(under_way) >= AHEAD:
            yield under_way.pop(0).result()
    yield from (future.result() for future in under_way)


def _crew_size() -> int:
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(LARGEST_CREW, available) if "fork" in multiprocessing.get_all_start_methods() else 1


@contextmanager
def _processes(looker: Looker, crew: int) -> Iterator[Executor]:
    """Processes that have inherited the looker, so that the plan is never copied; they end with the one that began them."""
    global _looker
    _looker = looker
    try:
        context = multiprocessing.get_context("fork")
        with ProcessPoolExecutor(crew, mp_context=context, initializer=_end_with, initargs=(os.getpid(),)) as pool:
            yield pool
    finally:
        _looker = None


def _end_with(parent: int) -> None:
    """A parent that is killed cannot tell its children; so they ask."""

    def ask() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=ask, daemon=True).start()


def _look(paths: Iterable[str]) -> Seen:
    assert _looker is not None
    return _looker(paths)
