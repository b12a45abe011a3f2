"""What an index does last: finds the artifacts of archive copies and records, settles every status, sums up, keeps history."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import (
    ColumnElement,
    Connection,
    Label,
    Select,
    Table,
    and_,
    bindparam,
    case,
    delete,
    func,
    insert,
    literal,
    null,
    select,
    union_all,
    update,
)

from latteboard.catalog.meta import read_meta, write_meta
from latteboard.catalog.rules.status import is_purgeable
from latteboard.catalog.tables.kinds import KindModel
from latteboard.catalog.tables.schema import claim as claims
from latteboard.catalog.tables.schema import (
    coordinate_value,
    history,
    recorded_input,
    replica,
    run,
    status_rule,
    stray,
    summary,
)
from latteboard.catalog.updating.books import Books
from latteboard.catalog.updating.history import thin_history
from latteboard.status.states import Status

Row = tuple[object, ...]


@dataclass(frozen=True)
class Run:
    """An index, as the table ``run`` keeps it."""

    started: int
    seconds: float
    look: str
    unreadable: int


# Kind and id of what the campaign does not expect.
NOT_EXPECTED = (-1, -1, 0)
NOTHING = (-1, -1)
RECORD = ("input_kind", "input", "size", "mtime")


class Finder:
    """Finds the numbers of the artifact that a path belongs to."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._least: dict[str, NDArray[np.int64]] = {}

    def find(self, path: str) -> tuple[int, int, int] | None:
        """The number of the kind, the id, and the least bytes of the artifact; None if the path is not expected."""
        books, campaign = self._books, self._books.campaign
        parsed = campaign.parse(path)
        if parsed is None:
            return None
        name, coordinates = parsed
        row = campaign.expected(name).index(coordinates)
        assert row is not None  # parse gives expected artifacts only
        if name not in self._least:
            self._least[name] = campaign.expected(name).least_bytes()
        return books.models[name].id, self.id_of(name, row), int(self._least[name][row])

    def id_of(self, kind: str, row: int) -> int:
        """The id of an expected artifact."""
        books, table = self._books, self._books.rules.tables[kind]
        rows = books.campaign.expected(kind).rows
        key = [table.c[n] == int(books.codes[n][column[row]]) for n, column in rows.items()]
        return int(books.connection.execute(select(table.c.id).where(*key)).scalar_one())


def _write_records(books: Books) -> None:
    """Replace the records of the products that were looked at closer, now that every artifact has its number."""
    finder, connection = Finder(books), books.connection
    for (name, row), inputs in books.records.items():
        model = books.models[name]
        product = {"kind": model.id, "artifact": finder.id_of(name, row)}
        conditions = [recorded_input.c[column] == value for column, value in product.items()]
        connection.execute(delete(recorded_input).where(*conditions))
        if inputs is None:
            continue
        rows: dict[tuple[int, ...], dict[str, int | None]] = {}
        for one in inputs:
            found = finder.find(one.path)
            if found is not None:
                rows[found[:2]] = dict(zip(RECORD, (*found[:2], one.size, one.mtime), strict=True))
        if not rows:  # of a record that names nothing the campaign expects, it is still known that there is one
            rows[NOTHING] = dict(zip(RECORD, (*NOTHING, 0, None), strict=True))
        connection.execute(insert(recorded_input), [{**product, **row} for row in rows.values()])


def finish(books: Books, stated: Run) -> dict[str, int]:
    """Settle and sum up; returns the numbers of the run: expected, found, strays, changed."""
    _find_durable(books)
    _write_records(books)
    if read_meta(books.connection, "unsettled"):  # copies came or went without a file on this disk changing
        books.changed |= set(books.models)
        write_meta(books.connection, "unsettled", "")
    if books.changed:
        books.rules.settle(books.connection, books.changed)
        _sum_up(books)
    totals = dict(
        books.connection.execute(select(summary.c.status, func.sum(summary.c.number)).group_by(summary.c.status)).all()
    )
    numbers = {
        "expected": sum(totals.values()),
        "found": sum(totals.get(s.name, 0) for s in (Status.growing, Status.bad, Status.stale, Status.done)),
        "strays": books.count(stray, ~stray.c.path.endswith("/", autoescape=True)),
        "changed": books.changes,
    }
    _keep_run(books, stated, numbers)
    thin_history(books.connection, stated.started)
    return numbers


def _find_durable(books: Books) -> None:
    """Archive copies and claims whose artifacts are not known yet."""
    finder, connection = Finder(books), books.connection
    held, copies = [], []
    for (path,) in connection.execute(select(claims.c.path).where(claims.c.kind.is_(None))).all():
        number, artifact, _ = finder.find(path) or NOT_EXPECTED
        held.append({"of_path": path, "kind": number, "artifact": artifact})
    unknown = select(replica.c.archive, replica.c.path, replica.c.size).where(replica.c.kind.is_(None))
    for archive, path, size in connection.execute(unknown).all():
        number, artifact, least = finder.find(path) or NOT_EXPECTED
        found = {"kind": number, "artifact": artifact, "sound": size >= least}
        copies.append({"of_archive": archive, "of_path": path, **found})
    if held:
        connection.execute(update(claims).where(claims.c.path == bindparam("of_path")), held)
    if copies:
        one = (replica.c.archive == bindparam("of_archive"), replica.c.path == bindparam("of_path"))
        connection.execute(update(replica).where(*one), copies)


def _sum_up(books: Books) -> None:
    """Write the summary anew, and into history what changed in it."""
    connection = books.connection
    before = _totals(connection)
    connection.execute(delete(summary))
    for name in books.models:
        connection.execute(insert(summary).from_select(summary.columns.keys(), _counts(books, name)))
    after = _totals(connection)
    number = (connection.execute(select(func.max(run.c.id))).scalar() or 0) + 1
    rows = [
        {
            "run": number,
            **dict(zip(("ensemble", "stream", "kind", "status"), key, strict=True)),
            "number": n,
            "bytes": size,
        }
        for key in sorted(before.keys() | after.keys(), key=str)
        if before.get(key) != (now := after.get(key, (0, 0)))
        for n, size in [now]
    ]
    if rows:
        connection.execute(insert(history), rows)


def _totals(connection: Connection) -> dict[Row, tuple[int, int]]:
    key = (summary.c.ensemble, summary.c.stream, summary.c.kind, summary.c.status)
    statement = select(*key, func.sum(summary.c.number), func.sum(summary.c.bytes)).group_by(*key)
    return {tuple(row[:4]): (row[4], row[5]) for row in connection.execute(statement)}


def _counts(books: Books, name: str) -> Select[Any]:
    """How many artifacts of a kind there are, and their bytes on disk, by ensemble, stream and status.

    What is done is most, and stands in the order of ensemble and stream: it is summed up without sorting.
    """
    model, table = books.models[name], books.rules.tables[name]
    groups = [table.c[axis] for axis in ("ensemble", "stream") if axis in model.coordinates]
    done = table.c.status == int(Status.done)
    numbers = _numbers(model, table)
    finished = select(*groups, literal(int(Status.done)).label("status"), *numbers).where(done).group_by(*groups)
    # Summed up without any group, nothing gives a row of its own: there is none to speak of then.
    finished = finished.having(func.count() > 0)
    others = select(*groups, table.c.status, *numbers).where(~done).group_by(*groups, table.c.status)
    counted = union_all(finished, others).subquery()
    joined = counted.join(status_rule, status_rule.c.code == counted.c.status)
    texts: list[ColumnElement[Any]] = []
    for axis in ("ensemble", "stream"):
        if axis not in model.coordinates:
            texts.append(null().label(axis))
            continue
        values = coordinate_value.alias()
        joined = joined.join(values, and_(values.c.axis == axis, values.c.code == counted.c[axis]))
        texts.append(values.c.text.label(axis))
    rest = [counted.c[number.name] for number in numbers]
    return select(*texts, literal(name), status_rule.c.name, *rest).select_from(joined)


def _numbers(model: KindModel, table: Table) -> list[Label[int]]:
    purgeable = is_purgeable(model, table)
    size = func.coalesce(table.c.size, 0)
    return [
        func.count().label("number"),
        func.sum(size).label("bytes"),
        func.sum(case((purgeable, 1), else_=0)).label("purgeable"),
        func.sum(case((purgeable, size), else_=0)).label("purgeable_bytes"),
    ]


def _keep_run(books: Books, stated: Run, numbers: dict[str, int]) -> None:
    values = {**numbers, "started": stated.started, "seconds": -int(-stated.seconds // 1), "look": stated.look}
    books.connection.execute(insert(run).values(**values, unreadable=stated.unreadable))
