"""Notices of an index: lines for people about what is no error, and should not be overlooked."""

from collections.abc import Callable, Iterator

from indexer.guards import absence_of
from latteboard.campaign.outline import not_acted_on
from latteboard.campaign.streams import ranges_without_step
from latteboard.catalog.updating.earlier_places import earlier_roots, roots_of
from latteboard.catalog.updating.summary import numbers_by_kind
from latteboard.catalog.updating.transaction import IndexTransaction
from latteboard.status.states import Status
from latteboard.text import counted, human_duration


def notices(transaction: IndexTransaction) -> list[str]:
    """The lines of a finished index, one for each thing to be said."""
    return [line for notice in NOTICES for line in notice(transaction)]


def _of_moved_roots(transaction: IndexTransaction) -> Iterator[str]:
    """Say where roots are that were elsewhere at the last index: a link or a mount point may lead to other files."""
    before, now = transaction.roots_before, roots_of(transaction.campaign)
    for was, (stated, path) in zip(earlier_roots(before, now), now, strict=True):
        if was.moved and was.number is not None:
            yield f"the root {stated} is {path} now; at the last index it was {before[was.number][1]}"


def _of_young_files(transaction: IndexTransaction) -> Iterator[str]:
    """Say how many files count as growing: just after they were made, nothing that needs them is work."""
    growing = numbers_by_kind(transaction.connection, Status.growing)
    number = sum(growing.values())
    if number:
        plain = not any(transaction.models[kind].inside for kind in growing)
        grace = human_duration(transaction.campaign.grace)
        are = "is" if number == 1 else "are"
        yield f"{counted(number, 'file' if plain else 'artifact')} {are} younger than grace ({grace}): counted as growing"


def _of_empty_roots(transaction: IndexTransaction) -> Iterator[str]:
    """Say which of several roots have nothing on them."""
    roots = transaction.campaign.roots
    for root in roots if len(roots) > 1 else ():
        absence = absence_of(root.path)
        if absence is not None:
            yield f"{root.path}: {absence}: no file of the campaign is there"


def _of_a_changed_campaign(transaction: IndexTransaction) -> Iterator[str]:
    """Say, after each change of the campaign, what may have been meant otherwise."""
    if not transaction.adopted.changed:
        return
    lacking: dict[tuple[str, ...], list[str]] = {}
    for ensemble, kinds in transaction.campaign.lacking().items():
        lacking.setdefault(tuple(kinds), []).append(ensemble)
    if lacking:
        parts = (f"{', '.join(ensembles)}: no {', '.join(kinds)}" for kinds, ensembles in lacking.items())
        yield f"an ensemble has no artifacts of kinds whose coordinates it does not have: {'; '.join(parts)}"
    yield from ranges_without_step(transaction.campaign.table)
    if ignored := not_acted_on(transaction.campaign.table):
        yield f"accepted, and not acted on by this version: {', '.join(ignored)}"


NOTICES: tuple[Callable[[IndexTransaction], Iterator[str]], ...] = (
    _of_moved_roots,
    _of_young_files,
    _of_empty_roots,
    _of_a_changed_campaign,
)
