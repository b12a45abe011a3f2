"""Checks of the entries of ``needs``: their conditions name coordinates, and values that these have."""

from collections.abc import Iterator

from latteboard.campaign.conditions import arithmetic_of
from latteboard.campaign.entries import NeedEntry
from latteboard.campaign.kinds import Kind
from latteboard.campaign.model import Definition
from latteboard.campaign.relations import MAIN
from latteboard.campaign.vocabulary import check_among, check_values, name_list
from latteboard.errors import CampaignError, Mistakes, within


def stated_entries(kind: Kind) -> Iterator[tuple[str, NeedEntry]]:
    """The entries that a kind states itself, each with its key; those of ``made_with`` are told there."""
    for number, stated in enumerate(kind.table.needs):
        yield "needs" if isinstance(stated, str) else f"needs[{number}]", NeedEntry.of(stated)


def check_entries(definition: Definition, kind: Kind) -> None:
    """Require that conditions of needs name coordinates, and values that these have."""
    with Mistakes() as mistakes:
        for key, entry in stated_entries(kind):
            for name, value in entry.replaced.items():
                with mistakes.keep(f"{key}.with"):
                    check_among(name, definition.relations.order)
                    with within(name):
                        _check_replaced(definition, kind, definition.kinds[entry.kind], name, value)
            for name, allowed in entry.only.items():
                with mistakes.keep(f"{key}.only"):
                    check_among(name, kind.coordinates)
                    with within(name):
                        check_values(allowed, definition.values_of(name))


def _check_replaced(definition: Definition, kind: Kind, need: Kind, name: str, value: int | str) -> None:
    """Require a value of the coordinate, or arithmetic of whole-number coordinates of the kind, that makes a difference."""
    if name not in (*MAIN, *need.coordinates):
        raise CampaignError(f"the path of {need.name} does not name {name}, so that it makes no difference; remove it")
    arithmetic = arithmetic_of(definition.values_of(name), value)
    if arithmetic is None:
        check_values([value], definition.values_of(name))
        return
    whole = [own for own in kind.coordinates if isinstance(definition.values_of(own)[0], int)]
    for used in sorted(arithmetic.names):
        if used not in whole:
            allowed = (
                f"arithmetic of {name_list(whole)}" if whole else f"since {kind.name} has no number to reckon with"
            )
            raise CampaignError(f"there is no number {used!r} in it; expected a number, or {allowed}")
    if not arithmetic.names:
        raise CampaignError(f"{arithmetic} names no coordinate; state the number itself, without quotes")
