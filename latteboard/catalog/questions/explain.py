"""The explanation of a status: the inputs of an artifact, theirs, and the missing ones among them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from sqlalchemy import Connection, and_, false, or_, select, true

from latteboard.catalog.database import Database
from latteboard.catalog.questions.left_out import left_out_artifacts
from latteboard.catalog.questions.relations import Numbers, Stored, StoredRelations, few_values, kept
from latteboard.catalog.questions.selection import Artifact, Selection
from latteboard.catalog.readable import Readable
from latteboard.catalog.statements import number_table
from latteboard.catalog.tables.kinds import KindModel
from latteboard.errors import QueryError
from latteboard.status.states import Status

SHOWN = 10  # of the paths that are missing
THERE = (Status.done, Status.archived)
DEPTH = 2  # its inputs, and theirs


@dataclass(frozen=True)
class InputGroup:
    """The inputs of one kind: the number expected, the number of each status, up to ten missing paths."""

    kind: str
    expected: int
    status: Mapping[str, int]
    missing: list[str]
    inputs: list[InputGroup] = field(default_factory=list)


@dataclass(frozen=True)
class Explanation:
    """One artifact and its inputs."""

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
        told |= {"root": artifact.root} if artifact.root is not None else {}
        told |= {"blocked_by": artifact.blocked_by, "wanted": artifact.wanted, "purgeable": artifact.purgeable}
        return {**told, "inputs": [asdict(group) for group in self.inputs]}


def explain(database: Database, kind: str, conditions: Mapping[str, Any]) -> Explanation:
    """Explain the one artifact that the conditions single out; raises :class:`QueryError` if it is not exactly one."""
    selection = Selection(database, database.kind(kind)).filter(**conditions)
    number = selection.count()
    if number == 0 and (left_out := left_out_artifacts(database, kind, conditions)):
        others = f", and {len(left_out) - 1:,} others" if len(left_out) > 1 else ""
        raise QueryError(f"{left_out[0].path}{others}: left out: {left_out[0].reason}")
    if number != 1:
        model = database.kinds[kind]
        lacking = [name for name in model.coordinates if name not in conditions]
        hint = f"; {', '.join(lacking)} can narrow it down" if number else ""
        raise QueryError(f"{kind}: {number} artifacts agree with what was given, expected exactly one{hint}")
    artifact = next(iter(selection))
    with database.reading() as connection:
        tree = _InputTree(database, connection)
        return Explanation(artifact, list(tree.groups(database.kinds[kind], selection.stored(), DEPTH)))


class _InputTree:
    """The inputs of artifacts, and theirs, in one state of the catalog."""

    def __init__(self, database: Database, connection: Connection) -> None:
        self._database = database
        self._connection = connection

    def groups(self, kind: KindModel, products: Stored, depth: int) -> Iterator[InputGroup]:
        """The inputs of some artifacts of a kind, a group for each kind that it needs."""
        relations = StoredRelations(self._connection, products)
        for need, entries in kind.entries.items():
            model, readable = self._database.kinds[need], self._database.readable(need)
            near, statuses = self._near(readable, kept(entries, products))
            links = relations.links(entries, products, near)
            needed = links.asked(np.full(links.product_group.shape, True))
            inputs = {name: column[needed] for name, column in near.items()}
            statuses = statuses[needed]
            yield InputGroup(
                kind=need,
                expected=len(statuses),
                status={status.name: number for status in Status if (number := int(np.sum(statuses == status)))},
                missing=self._missing(readable, inputs, statuses),
                inputs=list(self.groups(model, inputs, depth - 1)) if depth > 1 else [],
            )

    def _near(self, readable: Readable, products: Stored) -> tuple[Stored, Numbers]:
        """Coordinates and statuses of artifacts of a kind in canonical order: all that a product may need, and perhaps others."""
        names, rows = readable.model.coordinates, readable.rows.c
        near = [rows[name].in_(found) for name, found in few_values(products).items() if name in names]
        columns = [rows[name] for name in names]
        *coordinates, statuses = number_table(
            self._connection, select(*columns, readable.status).where(*near).order_by(*columns)
        )
        return dict(zip(names, coordinates, strict=True)), statuses

    def _missing(self, readable: Readable, inputs: Stored, statuses: Numbers) -> list[str]:
        """The paths of the first missing inputs."""
        rows = readable.rows.c
        lacking = np.flatnonzero(~np.isin(statuses, THERE))[:SHOWN].tolist()
        one = [and_(true(), *(rows[name] == int(column[row]) for name, column in inputs.items())) for row in lacking]
        order = [rows[name] for name in readable.model.coordinates]
        statement = readable.select().with_only_columns(readable.columns["path"]).where(or_(false(), *one))
        return [str(path) for path in self._connection.execute(statement.order_by(*order)).scalars()]
