"""Conditions as typed on the command line, on the artifacts of a catalog."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from latteboard.campaign.narrowing import read_conditions
from latteboard.catalog.database import Database


def parse_conditions(database: Database, kind: str, arguments: Sequence[str]) -> dict[str, Any]:
    """The conditions of :meth:`Selection.filter` from ``NAME=VALUE`` arguments; raises :class:`QueryError`."""
    model = database.kind(kind)
    return read_conditions(arguments, model.coordinates, model.numeric)
