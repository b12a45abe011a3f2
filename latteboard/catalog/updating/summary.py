"""The summary of all statuses, as every index writes it, and the history of its changes."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, delete, func, insert, select

from latteboard.catalog.meta import texts
from latteboard.catalog.tables.schema import history, run, summary
from latteboard.catalog.updating.columns import StoredColumns
from latteboard.catalog.updating.transaction import IndexTransaction
from latteboard.status.states import Status

Row = tuple[object, ...]
KEY = ("ensemble", "stream", "kind", "status")
MOST = 2**63 - 1  # what a field of the database holds


class Summary:
    """The summary in the course of an index: kinds whose rows differ are counted anew, one after the other."""

    def __init__(self, transaction: IndexTransaction) -> None:
        """Kinds that the campaign has no more leave the summary at once."""
        self._transaction = transaction
        self._before = _totals(transaction.connection)
        transaction.connection.execute(delete(summary).where(summary.c.kind.not_in(list(transaction.models))))

    def replace(self, kind: str) -> None:
        """Count the artifacts of a kind anew."""
        connection = self._transaction.connection
        connection.execute(delete(summary).where(summary.c.kind == kind))
        rows = list(_counts(self._transaction, kind))
        if rows:
            connection.execute(insert(summary), rows)

    def write_history(self) -> None:
        """Write all numbers that have changed into the history."""
        connection = self._transaction.connection
        before, after = self._before, _totals(connection)
        number = (connection.execute(select(func.max(run.c.id))).scalar() or 0) + 1
        changed = [
            {"run": number, **dict(zip(KEY, key, strict=True)), "number": n, "bytes": size}
            for key in sorted(before.keys() | after.keys(), key=str)
            if before.get(key) != (now := after.get(key, (0, 0)))
            for n, size in [now]
        ]
        if changed:
            connection.execute(insert(history), changed)


def numbers_by_kind(connection: Connection, status: Status) -> dict[str, int]:
    """How many artifacts of each kind have a status; a kind that has none is left out."""
    number = func.sum(summary.c.number)
    statement = select(summary.c.kind, number).where(summary.c.status == status.name).group_by(summary.c.kind)
    return {kind: int(total) for kind, total in connection.execute(statement) if total}


def _totals(connection: Connection) -> dict[Row, tuple[int, int]]:
    key = tuple(summary.c[name] for name in KEY)
    return {
        tuple(row[:4]): (row[4], row[5]) for row in connection.execute(select(*key, summary.c.number, summary.c.bytes))
    }


def _counts(transaction: IndexTransaction, name: str) -> Iterator[dict[str, Any]]:
    """Numbers and bytes of a kind's artifacts by ensemble, stream and status."""
    columns, rows = transaction.columns[name], transaction.campaign.expected(name).rows
    codes = transaction.adopted.codes
    places = [axis for axis in ("ensemble", "stream") if axis in rows]
    group = columns["status"].astype(np.int64)
    for axis in places:
        group = group + len(Status) * group_size(rows, places, axis) * rows[axis]
    groups, where = np.unique(group, return_inverse=True)
    fields = _fields(columns, where, len(groups))
    words = {axis: texts(transaction.connection, axis) for axis in places}
    first = np.zeros(len(groups), dtype=np.int64)
    first[where[::-1]] = np.arange(len(where))[::-1]
    for number, row in enumerate(first.tolist()):
        at = {axis: words[axis][int(codes[axis][rows[axis][row]])] for axis in places}
        status = Status(int(columns["status"][row])).name
        yield {
            "ensemble": at.get("ensemble"),
            "stream": at.get("stream"),
            "kind": name,
            "status": status,
            **{field: counted[number] for field, counted in fields.items()},
        }


def group_size(rows: dict[str, NDArray[Any]], places: Sequence[str], axis: str) -> int:
    """The step between values of one axis in a number made of all; the last axis varies fastest."""
    after = places[places.index(axis) + 1 :]
    return int(np.prod([int(rows[other].max(initial=0)) + 1 for other in after], dtype=np.int64))


def _fields(columns: StoredColumns, where: NDArray[np.int64], groups: int) -> dict[str, list[int]]:
    size = np.maximum(columns["size"], 0)
    purgeable = columns["purgeable"]
    return {
        "number": np.bincount(where, minlength=groups).tolist(),
        "bytes": _sums(size, where, groups),
        "problems": np.bincount(where, weights=columns["shown_problem"] != 0, minlength=groups).astype(int).tolist(),
        "purgeable": np.bincount(where, weights=purgeable, minlength=groups).astype(int).tolist(),
        "purgeable_bytes": _sums(np.where(purgeable, size, 0), where, groups),
    }


def _sums(values: NDArray[np.int64], where: NDArray[np.int64], groups: int) -> list[int]:
    """Exact sums by group, and the most that a field holds where a sum is beyond it, as of sparse files without bound."""
    exact = np.zeros(groups, dtype=np.int64)
    np.add.at(exact, where, values)
    rough = np.bincount(where, weights=values, minlength=groups)
    return [
        number if estimate < MOST * 0.99 else MOST
        for number, estimate in zip(exact.tolist(), rough.tolist(), strict=True)
    ]
