"""Checks of ``[[leave_out]]``: each entry names what is there, and leaves no product without any input."""

import numpy as np

from latteboard.campaign.conditions import links_of
from latteboard.campaign.entry_checks import stated_entries
from latteboard.campaign.kinds import Kind
from latteboard.campaign.left_out import EXPECTED, concerns, is_range
from latteboard.campaign.lists import number_range
from latteboard.campaign.model import Definition
from latteboard.campaign.tables import LeaveOutTable
from latteboard.campaign.vocabulary import check_among, check_values
from latteboard.errors import CampaignError, Mistakes, within


def check_leave_out(definition: Definition) -> None:
    """Require that each entry names coordinates, values and kinds of the campaign that go together."""
    with Mistakes() as mistakes:
        for number, entry in enumerate(definition.table.leave_out):
            key = f"leave_out[{number}]"
            with mistakes.keep(key):
                if not entry.coordinates:
                    raise CampaignError("it names no coordinate; everything would be left out")
            for name, stated in entry.coordinates.items():
                with mistakes.keep(key):
                    check_among(name, definition.relations.order)
                    with within(name):
                        _check_stated(definition, name, stated)
            with mistakes.keep(key):
                for kind in entry.kinds or ():
                    with within("kinds"):
                        check_among(kind, definition.table.kinds)
            if not mistakes.at(key):
                with mistakes.keep(key):
                    _check_kinds(definition, entry)


def _check_stated(definition: Definition, name: str, stated: list[int | str]) -> None:
    values = definition.values_of(name)
    for one in stated:
        if is_range(values, one):
            number_range(str(one))
        else:
            check_values([one], values)


def _check_kinds(definition: Definition, entry: LeaveOutTable) -> None:
    """Require that the kinds have the coordinates, and that all kinds of a job are left out together."""
    for name in entry.kinds or ():
        kind = definition.kinds.get(name)
        foreign = [one for one in entry.coordinates if kind is not None and one not in kind.coordinates]
        if foreign:
            raise CampaignError(f"the path of {name} does not name {' and '.join(foreign)}", key="kinds")
    chosen = {kind.name for kind in definition.kinds.values() if concerns(entry, kind)}
    for kind in definition.kinds.values():
        if kind.name not in chosen and kind.leader in {definition.kinds[name].leader for name in chosen}:
            raise CampaignError(f"one job makes {min(chosen)} and {kind.name}: name {kind.name} too", key="kinds")
    if not chosen:
        raise CampaignError(f"no kind names {' and '.join(entry.coordinates)} together")


def check_left_out(definition: Definition) -> None:
    """Require that each entry takes something away."""
    if definition.mistakes.at("kinds", "ensembles", "axes"):
        return
    with Mistakes() as mistakes:
        for number, entry in definition.leave_out.items():
            chosen = [kind.name for kind in definition.kinds.values() if concerns(entry, kind)]
            if not any(np.any(definition.entries_of(kind) == number) for kind in chosen):
                mistakes.add(
                    "nothing is expected there that is not left out already; remove it", key=f"leave_out[{number}]"
                )


def check_left_inputs(definition: Definition, kind: Kind) -> None:
    """Require that a product is left out too if all its inputs by one entry of needs are: nothing could make it."""
    with Mistakes() as mistakes:
        for key, entry in stated_entries(kind):
            if not any(concerns(one, definition.kinds[entry.kind]) for one in definition.leave_out.values()):
                continue
            left_out = definition.entries_of(entry.kind) != EXPECTED
            links = links_of(
                definition.relations, [entry], definition.expected(kind.name).rows, definition.whole(entry.kind)
            )
            lonely = links.any(np.ones_like(left_out)) & ~links.any(~left_out)
            if lonely.any():
                row = int(lonely.argmax())
                inputs = links.asked(np.arange(len(lonely)) == row)
                number = int(definition.entries_of(entry.kind)[inputs].min())
                reason = definition.table.leave_out[number].reason
                where = ", ".join(f"{n} = {v}" for n, v in definition.expected(kind.name).coordinates(row).items())
                mistakes.add(
                    f"{kind.name} with {where} finds no {entry.kind}: all that it needs are left out by leave_out[{number}] "
                    f"({reason}); leave it out too",
                    key=key,
                )
