"""The end of an index: what belongs to artifacts is found, every status is settled, and what differs is written."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Table, func, insert, select

from latteboard.catalog.tables.kinds import KindModel
from latteboard.catalog.tables.schema import run, stray, summary
from latteboard.catalog.updating.columns import OF_IDENTITY
from latteboard.catalog.updating.copies import JudgedCopies, judged_copies, take_up_listings
from latteboard.catalog.updating.finder import find_claimed
from latteboard.catalog.updating.history import thin_history
from latteboard.catalog.updating.records import records_of, take_up_records
from latteboard.catalog.updating.rows import write_rows
from latteboard.catalog.updating.summary import Summary
from latteboard.catalog.updating.transaction import IndexTransaction
from latteboard.status.evidence import Evidence
from latteboard.status.rules import Verdicts, settle
from latteboard.status.states import Status

STALE = "an input has changed since it was made"


@dataclass(frozen=True)
class Run:
    """An index, as the table ``run`` keeps it."""

    started: int
    seconds: float
    look: str
    unreadable: int


def finish(transaction: IndexTransaction, stated: Run) -> dict[str, int]:
    """Settle and write everything; returns the numbers of the run: expected, found, strays, changed."""
    find_claimed(transaction)
    listings = take_up_listings(transaction)
    take_up_records(transaction)
    if listings or transaction.records or transaction.is_changed:
        _settle(transaction)
    totals = dict(
        transaction.connection.execute(
            select(summary.c.status, func.sum(summary.c.number)).group_by(summary.c.status)
        ).all()
    )
    numbers = {
        "expected": sum(totals.values()),
        "found": sum(totals.get(s.name, 0) for s in (Status.growing, Status.bad, Status.stale, Status.done)),
        "strays": _count(transaction, stray, ~stray.c.path.endswith("/", autoescape=True)),
        "changed": transaction.changes,
    }
    _keep_run(transaction, stated, numbers)
    thin_history(transaction.connection, stated.started)
    return numbers


def _settle(transaction: IndexTransaction) -> None:
    """Ask the rules for every artifact of the production, and write the rows that differ."""
    models = transaction.models
    copies = {name: judged_copies(transaction, name) for name in models}
    for columns in transaction.columns.values():
        columns.save(OF_IDENTITY)
    numbers = {model.id: number for number, model in enumerate(models.values())}
    evidence = {name: _evidence(transaction, name, copies[name], numbers) for name in models}
    for placed in transaction.placed.values():
        placed.save()
    # The rules ask several times for the same two kinds.
    verdicts = settle(list(models.values()), evidence, cache(transaction.campaign.links))
    del evidence
    counted = Summary(transaction)
    for name in models:
        columns = transaction.columns[name]
        written = _write(transaction, name, verdicts.pop(name), copies[name])
        if written or transaction.adopted.changed:
            counted.replace(name)
        columns.save()
    counted.write_history()


def _evidence(transaction: IndexTransaction, name: str, copies: JudgedCopies, numbers: Mapping[int, int]) -> Evidence:
    columns = transaction.columns[name]
    records = records_of(transaction, name, numbers)
    known = copies.copies
    if name in transaction.placed:
        known = known.together(transaction.placed[name].other_copies())
    return Evidence(columns["state"], columns["size"], columns["mtime"], known, records)


def _write(transaction: IndexTransaction, name: str, verdicts: Verdicts, copies: JudgedCopies) -> bool:
    """Write what the rules say of a kind, as far as it is news; returns whether any row is."""
    model, columns = transaction.models[name], transaction.columns[name]
    columns["status"] = verdicts.statuses
    columns["wanted"], columns["needed"] = verdicts.wanted, verdicts.needed
    columns["purgeable"] = verdicts.purgeable
    columns["blocked_by"] = _ids(model, transaction.models)[verdicts.blocked_by]
    columns["blocked_count"] = verdicts.blocked_count
    shown = columns["problem"].copy()
    quiet = shown[copies.rows] == 0  # what is wrong with the file itself is said first
    shown[copies.rows[quiet]] = copies.problems[quiet]
    stale = verdicts.statuses == Status.stale
    shown[stale] = _with_change(transaction, shown[stale])
    columns["shown_problem"] = shown
    codes = transaction.adopted.codes
    keys = {axis: codes[axis][column] for axis, column in transaction.campaign.expected(name).rows.items()}
    return write_rows(transaction.connection, model, columns, keys)


def _with_change(transaction: IndexTransaction, problems: NDArray[np.int64]) -> NDArray[np.int64]:
    """The problems of stale files: why they are stale matters first, and what else there is stays said."""
    numbers, inverse = np.unique(problems, return_inverse=True)
    wordings = transaction.wordings()
    texts = ["; ".join(filter(None, [STALE, wordings.get(number)])) for number in numbers.tolist()]
    return np.array([transaction.problem(text) for text in texts], dtype=np.int64)[inverse]


def _ids(model: KindModel, models: Mapping[str, KindModel]) -> NDArray[np.int64]:
    """The id of each kind that a kind needs, by position; last, so that position -1 finds it, that of none."""
    return np.array([*(models[need].id for need in model.needs), 0])


def _count(transaction: IndexTransaction, table: Table, *conditions: object) -> int:
    statement = select(func.count()).select_from(table).where(*conditions)  # type: ignore[arg-type]
    return int(transaction.connection.execute(statement).scalar_one())


def _keep_run(transaction: IndexTransaction, stated: Run, numbers: Mapping[str, int]) -> None:
    values = {**numbers, "started": stated.started, "seconds": -int(-stated.seconds // 1), "look": stated.look}
    transaction.connection.execute(insert(run).values(**values, unreadable=stated.unreadable))
