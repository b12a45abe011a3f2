"""The progress of each kind at each index: the numbers behind rates, estimates and a plot against time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import case, func, select

from latteboard.catalog.database import Database
from latteboard.catalog.tables.schema import history, run
from latteboard.status.states import Status

# A temporary file that has been used and deleted is finished like one that is there: else purging would undo progress.
FINISHED = (Status.done, Status.archived, Status.unneeded)


@dataclass(frozen=True)
class Series:
    """The progress of one kind, a value for each index since the first that knew it.

    Attributes
    ----------
    ensemble, stream : None where its files name none, or where several are taken together
    times : shape (n,), ns since 1970, when each index began, ascending
    finished : shape (n,), the number done, archived or unneeded
    expected : shape (n,), the number in all
    """

    kind: str
    ensemble: str | None
    stream: str | None
    times: NDArray[np.int64]
    finished: NDArray[np.int64]
    expected: NDArray[np.int64]

    @property
    def left(self) -> int:
        """The number still to do."""
        return int(self.expected[-1] - self.finished[-1])


def timeline(database: Database) -> list[Series]:
    """A series for each kind of the campaign, ensemble and stream; kinds in the order of the production."""
    places = {name: place for place, name in enumerate(database.kinds)}
    last = history.c.number
    key = (history.c.kind, history.c.ensemble, history.c.stream)
    before = func.lag(last, 1, 0).over(partition_by=[*key, history.c.status], order_by=history.c.run)
    changes = select(history.c.run, *key, history.c.status, (last - before).label("more")).subquery()
    finished = changes.c.status.in_([status.name for status in FINISHED])
    groups = [changes.c[column.name] for column in key]
    sums = (func.sum(case((finished, changes.c.more), else_=0)), func.sum(changes.c.more))
    statement = select(*groups, changes.c.run, *sums).group_by(*groups, changes.c.run).order_by(*groups, changes.c.run)
    with database.reading() as connection:
        known = connection.execute(select(run.c.id, run.c.started).order_by(run.c.id))
        runs = np.array([tuple(row) for row in known], np.int64).reshape(-1, 2)
        rows = [tuple(row) for row in connection.execute(statement)]
    series = [
        _series(one, np.array([row[3:] for row in group], np.int64), runs)
        for one, group in groupby(rows, key=lambda row: row[:3])
        if one[0] in places
    ]
    return sorted(series, key=lambda one: places[one.kind])


def merge_places(series: Iterable[Series]) -> list[Series]:
    """The sum of each kind over its ensembles and streams."""
    return [_sum(kind, list(group)) for kind, group in groupby(series, key=lambda one: one.kind)]


def _series(key: tuple[str, str | None, str | None], changes: NDArray[np.int64], runs: NDArray[np.int64]) -> Series:
    """A series from changes, shape (m, 3): run, increase of finished, increase of expected."""
    places = np.searchsorted(runs[:, 0], changes[:, 0])
    finished, expected = np.zeros((2, len(runs)), np.int64)
    np.add.at(finished, places, changes[:, 1])
    np.add.at(expected, places, changes[:, 2])
    known = slice(int(places[0]), None)
    return Series(*key, runs[known, 1], np.cumsum(finished)[known], np.cumsum(expected)[known])


def _sum(kind: str, parts: list[Series]) -> Series:
    """The sum of series that all end with the last index."""
    longest = max(parts, key=lambda one: len(one.times))
    finished, expected = np.zeros((2, len(longest.times)), np.int64)
    for one in parts:
        finished[-len(one.times) :] += one.finished
        expected[-len(one.times) :] += one.expected
    return Series(kind, None, None, longest.times, finished, expected)
