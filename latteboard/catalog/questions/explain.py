"""Why an artifact is what it is: its inputs, theirs, and which of them are missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, func, select

from latteboard.catalog.database import Database
from latteboard.catalog.questions.selection import Artifact, Selection
from latteboard.catalog.readable import Readable
from latteboard.catalog.rules.needs import linked
from latteboard.catalog.statements import exists_in
from latteboard.catalog.tables.kinds import KindModel
from latteboard.errors import QueryError
from latteboard.status.states import Status

SHOWN = 10  # of the paths that are missing
THERE = (Status.done, Status.archived)
DEPTH = 2  # its inputs, and theirs


@dataclass(frozen=True)
class InputGroup:
    """The inputs of one kind: how many are expected, how many have each status, up to ten paths that are missing."""

    kind: str
    expected: int
    status: Mapping[str, int]
    missing: list[str]
    inputs: list[InputGroup] = field(default_factory=list)


@dataclass(frozen=True)
class Explanation:
    """One artifact and what it is made from."""

    artifact: Artifact
    inputs: list[InputGroup]

    def as_json(self) -> dict[str, Any]:
        """The machine-readable form."""
        artifact = self.artifact
        told: dict[str, Any] = {
            "kind": artifact.kind,
            "path": artifact.path,
            "status": artifact.status,
            "problem": artifact.problem,
        }
        told |= {"blocked_by": artifact.blocked_by, "wanted": artifact.wanted, "purgeable": artifact.purgeable}
        return {**told, "inputs": [asdict(group) for group in self.inputs]}


def explain(database: Database, kind: str, conditions: Mapping[str, Any]) -> Explanation:
    """Explain the one artifact that the conditions single out; raises :class:`QueryError` if it is not exactly one."""
    selection = Selection(database, database.kind(kind)).filter(**conditions)
    number = selection.count()
    if number != 1:
        model = database.kinds[kind]
        lacking = [name for name in model.coordinates if name not in conditions]
        hint = f"; {', '.join(lacking)} can narrow it down" if number else ""
        raise QueryError(f"{kind}: {number} artifacts agree with what was given, expected exactly one{hint}")
    artifact = next(iter(selection))
    with database.reading() as connection:
        rows = database.tables[kind].alias()
        chosen = rows.c.id == artifact.id
        return Explanation(artifact, list(_groups(database, connection, database.kinds[kind], rows, chosen, DEPTH)))


def _groups(
    database: Database,
    connection: Connection,
    kind: KindModel,
    rows: FromClause,
    chosen: ColumnElement[bool],
    depth: int,
) -> Iterator[InputGroup]:
    """The inputs of the chosen rows of a kind, group by group."""
    for need in kind.needs:
        other = database.kinds[need]
        readable = database.readable(need)
        is_input = _is_input(kind, other, rows, readable.rows, chosen)
        counted = (
            select(readable.status, func.count()).select_from(readable.rows).where(is_input).group_by(readable.status)
        )
        counts = {Status(code): number for code, number in connection.execute(counted)}
        below = database.tables[need].alias()
        inner = _is_input(kind, other, rows, below, chosen)
        yield InputGroup(
            kind=need,
            expected=sum(counts.values()),
            status={status.name: counts[status] for status in Status if status in counts},
            missing=_missing(connection, readable, is_input),
            inputs=list(_groups(database, connection, other, below, inner, depth - 1)) if depth > 1 else [],
        )


def _is_input(
    kind: KindModel, need: KindModel, rows: FromClause, inputs: FromClause, chosen: ColumnElement[bool]
) -> ColumnElement[bool]:
    return exists_in(rows, chosen, linked(kind, need, rows, inputs))


def _missing(connection: Connection, readable: Readable, is_input: ColumnElement[bool]) -> list[str]:
    lacking = readable.status.not_in([int(status) for status in THERE])
    statement = readable.select().where(is_input, lacking).limit(SHOWN)
    order = [readable.rows.c[name] for name in readable.model.coordinates]
    return [str(row["path"]) for row in connection.execute(statement.order_by(*order)).mappings()]
