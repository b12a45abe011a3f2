"""Checks of chains: no artifact needs itself, and no chain is temporary."""

import numpy as np

from latteboard.campaign.chains import circle
from latteboard.campaign.kinds import Kind
from latteboard.campaign.model import Definition
from latteboard.errors import CampaignError

NAMED = 3  # artifacts of a circle


def check_chain(definition: Definition, kind: Kind) -> None:
    """Require of a kind that needs itself, or a kind of the same job, that it is not temporary and no artifact needs itself."""
    before = [need for need in kind.needs if definition.kinds[need].leader == kind.leader]
    if not before:
        return
    if kind.table.temporary:
        raise CampaignError(
            f"it needs {' and '.join(before)} of the same job, and a chain whose end is deleted starts from its beginning; "
            "remove temporary",
            key="temporary",
        )
    if kind.name == kind.leader:
        _check_circle(definition, kind, before)


def _check_circle(definition: Definition, kind: Kind, before: list[str]) -> None:
    """Refuse a circle of artifacts; those of one job have the same rows in each of its kinds, and need the same."""
    number = len(definition.expected(kind.name))
    if any(len(definition.expected(need)) != number for need in before):
        return  # the check of made_with tells
    pairs = [definition.links(kind.name, need).pairs() for need in before]
    keys = np.unique(np.concatenate([products * number + inputs for products, inputs in pairs]))
    found = circle(*np.divmod(keys, max(number, 1)), number)
    if found:
        through = [_where(definition, kind, row) for row in found[1:NAMED]] + ["..."] * (len(found) > NAMED)
        rest = f", through {', through '.join(through)}" if through else ""
        raise CampaignError(f"{kind.name} with {_where(definition, kind, found[0])} needs itself{rest}", key="needs")


def _where(definition: Definition, kind: Kind, row: int) -> str:
    coordinates = definition.expected(kind.name).coordinates(row)
    return ", ".join(f"{name} = {value}" for name, value in coordinates.items())
