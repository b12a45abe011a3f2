"""Groups of problems: artifacts that need attention, strays, unreadable folders, claims."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, and_, func, or_, select

from latteboard.catalog.database import Database
from latteboard.catalog.dialects.sqlite import now_seconds, sum_bytes
from latteboard.catalog.questions.changed_inputs import changed_inputs
from latteboard.catalog.readable import path_below
from latteboard.catalog.statements import CODE
from latteboard.catalog.tables.kinds import KindModel
from latteboard.catalog.tables.schema import claim, problem_text, stray, unreadable
from latteboard.status.states import Status

WRONG = (Status.bad, Status.stale, Status.unknown)
EXAMPLES = 3  # paths shown of a group
LARGEST = 12  # strays shown of a reason
LISTED = 50  # folders shown that could not be read
NUMBER = re.compile(r"\d+")


@dataclass(frozen=True)
class ProblemGroup:
    """Artifacts of one kind and status with the same problem.

    Attributes
    ----------
    wording : of the problem; where several differ in their numbers only, that of most
    wordings : the number of such wordings
    changed : for stale artifacts the number of those with a changed input, by the kind of the input
    paths : of the first few
    """

    kind: str
    status: str
    number: int
    wording: str
    wordings: int
    paths: tuple[str, ...]
    changed: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class DoneProblem:
    """The number of artifacts of a kind that are done with a problem, and the wording of most of them."""

    kind: str
    number: int
    wording: str


@dataclass(frozen=True)
class Strays:
    """Files and folders that belong to no artifact, for one reason; ``largest`` holds path and bytes, None for a folder."""

    reason: str
    files: int
    folders: int
    bytes: int
    largest: tuple[tuple[str, int | None], ...]


@dataclass(frozen=True)
class Unreadable:
    """Folders that the last index could not read, the first of them with the reason."""

    number: int
    first: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Claims:
    """Work of one kind that one owner holds, or held until it expired; ``until`` is the last time, ISO, UTC."""

    kind: str
    owner: str
    number: int
    until: str
    expired: bool


def problem_groups(database: Database) -> list[ProblemGroup]:
    """Groups of artifacts that are bad, stale, unknown, or done with a remark; within a kind and status the largest first."""
    with database.reading() as connection:
        return [group for model in database.kinds.values() for group in _groups_of(database, connection, model)]


def done_problems(database: Database) -> list[DoneProblem]:
    """Return the kinds with artifacts that are done with a problem, such as a concatenation that lacks configurations."""
    totals = database.totals()
    concerned = {row["kind"] for row in totals if row["status"] == Status.done.name and row["problems"]}
    with database.reading() as connection:
        return [_done_problem(connection, database, kind) for kind in database.kinds if kind in concerned]


def _done_problem(connection: Connection, database: Database, kind: str) -> DoneProblem:
    rows = database.tables[kind]
    number = func.count()
    counted = (
        select(problem_text.c.text, number)
        .join_from(rows, problem_text, problem_text.c.id == rows.c.problem)
        .where(rows.c.status == CODE[Status.done])
        .group_by(problem_text.c.text)
        .order_by(number.desc(), problem_text.c.text)
    )
    wordings = connection.execute(counted).all()
    return DoneProblem(kind, sum(n for _, n in wordings), wordings[0][0])


def strays(database: Database) -> list[Strays]:
    """Strays by reason, the reason with most bytes first."""
    is_folder = stray.c.path.endswith("/", autoescape=True)
    path = _path_in(database, stray)
    numbers = (func.count(), func.count().filter(is_folder), func.coalesce(sum_bytes(stray.c.size), 0))
    with database.reading() as connection:
        counted = connection.execute(select(stray.c.reason, *numbers).group_by(stray.c.reason)).all()
        groups = []
        for reason, number, folders, size in counted:
            few = select(path, stray.c.size).where(stray.c.reason == reason)
            few = few.order_by(func.coalesce(stray.c.size, 0).desc(), stray.c.path, stray.c.root).limit(LARGEST)
            largest = tuple((name, bytes_) for name, bytes_ in connection.execute(few))
            groups.append(Strays(reason, number - folders, folders, size, largest))
    return sorted(groups, key=lambda group: (-group.bytes, group.reason))


def unreadable_folders(database: Database) -> Unreadable:
    """The folders that could not be read."""
    with database.reading() as connection:
        number = connection.execute(select(func.count()).select_from(unreadable)).scalar_one()
        columns = (_path_in(database, unreadable), unreadable.c.reason)
        first = select(*columns).order_by(unreadable.c.root, unreadable.c.path).limit(LISTED)
        return Unreadable(number, tuple((path, reason) for path, reason in connection.execute(first)))


def claims(database: Database) -> list[Claims]:
    """Claims by kind and owner, those that have expired apart, as of now; of kinds that the campaign still has."""
    expired = (claim.c.until <= now_seconds()).label("expired")
    statement = select(claim.c.kind, claim.c.owner, expired, func.count(), func.max(claim.c.until))
    names = {model.id: name for name, model in database.kinds.items()}
    with database.reading() as connection:
        rows = connection.execute(statement.group_by(claim.c.kind, claim.c.owner, expired)).all()
    found = [
        Claims(names[kind], owner, number, datetime.fromtimestamp(until, UTC).isoformat(), bool(is_expired))
        for kind, owner, is_expired, number, until in rows
        if kind in names
    ]
    places = list(names.values())
    return sorted(found, key=lambda one: (not one.expired, places.index(one.kind), one.owner))


def _path_in(database: Database, table: Table) -> ColumnElement[Any]:
    """The path in a table of strays or folders, with the root before it where there are several."""
    roots = next(iter(database.kinds.values())).roots
    return path_below(roots, table.c.root, table.c.path)


def _groups_of(database: Database, connection: Connection, model: KindModel) -> Iterator[ProblemGroup]:
    """The groups of one kind; wordings that differ in their numbers only are one group."""
    rows = database.tables[model.name]
    is_wrong = and_(rows.c.status != CODE[Status.done], rows.c.status.in_([CODE[status] for status in WRONG]))
    counted = (
        select(rows.c.status, rows.c.problem, problem_text.c.text, func.count().label("number"))
        .outerjoin_from(rows, problem_text, problem_text.c.id == rows.c.problem)
        .where(or_(is_wrong, rows.c.problem.is_not(None)))
        .group_by(rows.c.status, rows.c.problem, problem_text.c.text)
        .order_by(func.count().desc(), rows.c.problem)
    )
    groups: dict[tuple[int, str], list[tuple[int | None, str, int]]] = {}
    for code, problem, text, number in connection.execute(counted):
        wording = text or ""
        groups.setdefault((code, NUMBER.sub("0", wording)), []).append((problem, wording, number))
    for (code, _), parts in sorted(groups.items(), key=lambda item: (item[0][0], -sum(p[2] for p in item[1]))):
        problem, wording, _ = parts[0]
        yield ProblemGroup(
            kind=model.name,
            status=Status(code).name,
            number=sum(number for *_, number in parts),
            wording=wording,
            wordings=len(parts),
            paths=tuple(_examples(database, connection, model, code, problem)),
            changed=dict(changed_inputs(database, connection, model)) if code == Status.stale else {},
        )


def _examples(
    database: Database, connection: Connection, model: KindModel, code: int, problem: int | None
) -> Iterator[str]:
    readable = database.readable(model.name)
    rows = readable.rows
    same = (rows.c.status == CODE[Status(code)], rows.c.problem.is_not_distinct_from(problem))
    # In the words of the partial index, in which rows stand in this order.
    open_ = () if code == Status.done else (rows.c.status != CODE[Status.done],)
    order = [rows.c[name] for name in model.coordinates]
    statement = readable.select().with_only_columns(readable.whole_path).where(*same, *open_)
    for (path,) in connection.execute(statement.order_by(*order).limit(EXAMPLES)):
        yield str(path)
