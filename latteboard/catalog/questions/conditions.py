"""Conditions as typed on the command line: ``configuration=300:400:5`` (end included), ``t_separation=3,4``, ``stream=e``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from latteboard.campaign.lists import number_range, whole_numbers
from latteboard.catalog.database import Database
from latteboard.errors import CampaignError, QueryError


def parse_conditions(database: Database, kind: str, arguments: Sequence[str]) -> dict[str, Any]:
    """The conditions of :meth:`Selection.filter` from ``NAME=VALUE`` arguments; raises :class:`QueryError`."""
    model = database.kind(kind)
    conditions: dict[str, Any] = {}
    for argument in arguments:
        name, equals, text = argument.partition("=")
        if not equals or not text:
            raise QueryError(f"{argument!r}: expected NAME=VALUE, with NAME one of {', '.join(model.coordinates)}")
        if name in conditions:
            raise QueryError(f"{argument!r}: {name} is given twice; several values are written {name}=3,4")
        conditions[name] = _numbers(name, text) if name in model.numeric else _one_or_many(text.split(","))
    return conditions


def _numbers(name: str, text: str) -> Any:
    if ":" in text:
        try:
            return number_range(text)
        except CampaignError as error:
            raise QueryError(f"{name}={text}: {error}") from error
    try:
        return _one_or_many(whole_numbers(text.split(",")))
    except ValueError:
        raise QueryError(f"{name}={text}: expected whole numbers, such as 300, 3,4 or 300:400:5") from None


def _one_or_many(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else values
