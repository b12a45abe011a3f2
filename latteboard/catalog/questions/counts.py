"""Numbers of artifacts by status, grouped by any coordinates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Integer, cast, func

from latteboard.catalog.database import Database
from latteboard.catalog.dialects.sqlite import sum_bytes
from latteboard.catalog.questions.left_out import left_out_artifacts
from latteboard.errors import QueryError
from latteboard.status.states import Status
from latteboard.text import did_you_mean

SUMMED = ("ensemble", "stream", "kind")


def status_rows(database: Database, by: Sequence[str] = SUMMED) -> list[dict[str, Any]]:
    """A row for each combination of ``by``: expected, bytes, purgeable, left out, the number of each status and its problems.

    Kinds that do not name a coordinate of ``by`` have None there. Unknown names raise :class:`QueryError`.
    """
    known = list(dict.fromkeys((*SUMMED, *(name for model in database.kinds.values() for name in model.coordinates))))
    for name in by:
        if name not in known:
            expected = f"expected some of {', '.join(known)}"
            raise QueryError(f"{name!r} is nothing to group by; {expected}{did_you_mean(name, known)}")
    counted = database.totals() if set(by) <= set(SUMMED) else _counted(database, by)
    rows: dict[tuple[Any, ...], dict[str, Any]] = {}
    for one in counted:
        key = tuple(one[name] for name in by)
        empty = {"expected": 0, "bytes": 0, "purgeable": 0, "left_out": 0, "status": {}, "problems": {}}
        row = rows.setdefault(key, {**dict(zip(by, key, strict=True)), **empty})
        row["expected"] += one["number"]
        row["bytes"] += one["bytes"]
        row["purgeable"] += one["purgeable"]
        for counts, number in ((row["status"], one["number"]), (row["problems"], one["problems"])):
            if number:
                counts[one["status"]] = counts.get(one["status"], 0) + number
    for artifact in left_out_artifacts(database):
        key = tuple({**artifact.coordinates, "kind": artifact.kind}.get(name) for name in by)
        if key in rows:  # where all is left out, there is nothing to count
            rows[key]["left_out"] += 1
    for row in rows.values():
        for name in ("status", "problems"):
            row[name] = {status.name: row[name][status.name] for status in Status if status.name in row[name]}
    places = {name: place for place, name in enumerate(database.kinds)}
    return sorted(rows.values(), key=lambda row: [_place(row[name], places if name == "kind" else {}) for name in by])


def _place(value: Any, places: Mapping[str, int]) -> tuple[bool, Any]:
    """The place of a value in the order of rows: kinds as in the production, other values ascending, None last."""
    return value is None, "" if value is None else places.get(value, value)


def _counted(database: Database, by: Sequence[str]) -> list[dict[str, Any]]:
    """Count in the tables themselves: slower than the summary, but by any coordinate."""
    result: list[dict[str, Any]] = []
    with database.reading() as connection:
        for model in database.kinds.values():
            readable = database.readable(model.name)
            groups = [readable.columns[name].label(name) for name in by if name in model.coordinates]
            numbers = (
                func.count().label("number"),
                func.coalesce(sum_bytes(readable.rows.c.size), 0).label("bytes"),
                func.coalesce(func.sum(cast(readable.columns["purgeable"], Integer)), 0).label("purgeable"),
                func.count(readable.rows.c.problem).label("problems"),
            )
            status = readable.columns["status"].label("status")
            statement = readable.select().with_only_columns(*groups, status, *numbers).group_by(*groups, status)
            order = [readable.rows.c[name] for name in by if name in model.coordinates]
            for row in connection.execute(statement.order_by(*order)).mappings():
                result.append({**dict.fromkeys(by), "kind": model.name, **row})
    return result
