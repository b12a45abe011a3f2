"""Keeps the history short: of days long past, only the counts at the end of the day."""

from collections.abc import Sequence
from itertools import groupby

from sqlalchemy import Connection, delete, insert, select

from latteboard.catalog.tables.schema import history, run
from latteboard.times import DAY_NS

# Older days are thinned; one that was thinned a week ago is not looked at again.
KEPT_DAYS = 14
LOOKED_AT_DAYS = 7
KEY = ("ensemble", "stream", "kind", "status")


def thin_history(connection: Connection, now: int) -> None:
    """Drop counts that held for a part of a day only, of the days (UTC) that ended 14 to 21 days before ``now``, ns since 1970.

    A row of the history stands until a later one of the same key; so what is left says the same of the end of each day.
    """
    last = now // DAY_NS - KEPT_DAYS
    old = (run.c.started >= (last - LOOKED_AT_DAYS) * DAY_NS, run.c.started < last * DAY_NS)
    runs = connection.execute(select(run.c.id, run.c.started).where(*old).order_by(run.c.id)).all()
    for _, of_day in groupby(runs, key=lambda one: one.started // DAY_NS):
        _thin(connection, [one.id for one in of_day])


def _thin(connection: Connection, runs: Sequence[int]) -> None:
    """Of the rows that the runs of a day wrote, keep the last of each key."""
    among = history.c.run.in_(runs)
    rows = connection.execute(select(history).where(among).order_by(history.c.run)).mappings().all()
    last = {tuple(row[name] for name in KEY): dict(row) for row in rows}
    if len(last) < len(rows):
        connection.execute(delete(history).where(among))
        connection.execute(insert(history), sorted(last.values(), key=lambda row: int(row["run"])))
