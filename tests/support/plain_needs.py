"""Needs with conditions and artifacts left out, read from the design a second time, by plain loops."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Row = dict[str, Any]


@dataclass(frozen=True)
class Need:
    """One entry of ``needs``: a kind, coordinates that are replaced before it is looked for, and the artifacts it is for."""

    kind: str
    replaced: Mapping[str, Any] = field(default_factory=dict)
    only: Mapping[str, list[Any]] = field(default_factory=dict)

    def holds(self, coordinates: Mapping[str, Any]) -> bool:
        """Whether an artifact of these coordinates has this need."""
        return all(is_among(coordinates[name], values) for name, values in self.only.items())


def stated_needs(table: Mapping[str, Any]) -> list[Need]:
    """The entries of a kind's table."""
    needs = table.get("needs", [])
    return [
        Need(one) if isinstance(one, str) else Need(one["kind"], one.get("with", {}), one.get("only", {}))
        for one in needs
    ]


def is_among(value: Any, stated: Any) -> bool:
    """Whether a value of a coordinate is the one that is stated, or one of a list; all compared as texts."""
    return str(value) in map(str, stated if isinstance(stated, list) else [stated])


def is_arithmetic(stated: Any, values: list[Any]) -> bool:
    """Whether the value in ``with`` is arithmetic: a text, for a coordinate of whole numbers."""
    return isinstance(stated, str) and all(isinstance(one, int) for one in values)


def arithmetic(text: str, names: Mapping[str, Any]) -> int:
    """The value of sums and differences of products of names and whole numbers."""
    plus, *minus = text.split(" - ")
    return sum_of(plus, names) - sum(sum_of(one, names) for one in minus)


def sum_of(text: str, names: Mapping[str, Any]) -> int:
    """The value of sums of products of names and whole numbers."""
    sums = (term.split(" * ") for term in text.split(" + "))
    return sum(math.prod(names[word] if word in names else int(word) for word in words) for words in sums)


def is_left_out(campaign: Mapping[str, Any], kind: str, coordinates: Mapping[str, Any]) -> bool:
    """Whether some entry of ``[[leave_out]]`` takes an artifact away."""
    for entry in campaign.get("leave_out", []):
        stated = {name: values for name, values in entry.items() if name not in ("kinds", "reason")}
        is_concerned = kind in entry.get("kinds", [kind]) and stated.keys() <= coordinates.keys()
        if is_concerned and all(is_among(coordinates[name], values) for name, values in stated.items()):
            return True
    return False
