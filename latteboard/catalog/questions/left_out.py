"""The artifacts that the campaign leaves out: they have no status, and nothing waits for them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from latteboard.catalog.database import Database
from latteboard.catalog.tables.schema import kind as kinds
from latteboard.catalog.tables.schema import left_out


@dataclass(frozen=True)
class LeftOutArtifact:
    """One artifact that is left out: its coordinates, the path that it would have, and why."""

    kind: str
    coordinates: Mapping[str, int | str]
    path: str
    reason: str

    def row(self) -> dict[str, Any]:
        """It as a row of a list."""
        return {**self.coordinates, "path": self.path, "reason": self.reason}


def left_out_artifacts(
    database: Database, kind: str | None = None, conditions: Mapping[str, Any] | None = None
) -> list[LeftOutArtifact]:
    """Artifacts that are left out, of one kind or of all, in the order of the production.

    Parameters
    ----------
    conditions : a value, a list of values or a range for each of some coordinates
    """
    columns = (left_out.c.kind, left_out.c.coordinates, left_out.c.path, left_out.c.reason)
    statement = select(*columns).join(kinds, kinds.c.name == left_out.c.kind).order_by(kinds.c.position, left_out.c.id)
    if kind is not None:
        statement = statement.where(left_out.c.kind == kind)
    with database.reading() as connection:
        rows = connection.execute(statement).all()
    found = (LeftOutArtifact(name, json.loads(stated), path, reason) for name, stated, path, reason in rows)
    return [one for one in found if _agrees(one.coordinates, conditions or {})]


def _agrees(coordinates: Mapping[str, int | str], conditions: Mapping[str, Any]) -> bool:
    return all(name in coordinates and _is_among(coordinates[name], value) for name, value in conditions.items())


def _is_among(one: int | str, value: Any) -> bool:
    if isinstance(value, range):
        return isinstance(one, int) and one in value
    listed: Sequence[Any] = value if isinstance(value, list | tuple) else [value]
    return str(one) in map(str, listed)
