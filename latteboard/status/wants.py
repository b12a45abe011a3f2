"""Wanted artifacts, temporary files that must not be purged, and the work that can be done now."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latteboard.campaign.needs import Links
from latteboard.status.evidence import Evidence, Mask, Numbers
from latteboard.status.states import FileState, Status

NOTHING = -1  # blocked by no kind


@dataclass(frozen=True)
class Consumer:
    """A kind that needs another: the state of its artifacts, and the inputs that each of them needs."""

    links: Links
    statuses: NDArray[np.uint8]
    wanted: Mask
    needed: Mask
    not_there: Mask
    temporary: bool


def not_there(evidence: Evidence) -> Mask:
    """Whether an artifact is neither on disk nor archived; one whose folder could not be read may be on disk."""
    found: Mask = (evidence.states == FileState.absent) & ~evidence.copied
    return found


def wanted(temporary: bool, number: int, consumers: Sequence[Consumer]) -> Mask:  # noqa: FBT001
    """*Wanted*: its kind is not temporary, or a wanted artifact that is **not there** needs it.

    A bad or stale product asks for no inputs: people decide whether it is made again, so nothing is overwritten unasked.
    """
    if not temporary:
        return np.ones(number, dtype=bool)
    return _asked(number, ((one.links, one.wanted & one.not_there) for one in consumers))


def needed(temporary: bool, number: int, consumers: Sequence[Consumer]) -> Mask:  # noqa: FBT001
    """*Needed*: a temporary file that must not be purged.

    A wanted artifact that is neither done nor archived needs it, directly or through others that are not there: missing,
    stale, bad and growing ones still need it, and so do claimed ones, which are missing too.
    """
    if not temporary:
        return np.zeros(number, dtype=bool)
    return _asked(number, ((one.links, _still_needs_inputs(one)) for one in consumers))


def _still_needs_inputs(one: Consumer) -> Mask:
    # Unlike *wanted*, this counts bad, stale and growing products: their inputs must stay until they are made again.
    unfinished: Mask = (one.statuses != Status.done) & (one.statuses != Status.archived)
    if not one.temporary:
        return unfinished
    # A temporary product that is not there passes on the needs of its own consumers, wanted or not.
    through: Mask = one.not_there & one.needed
    return unfinished & (one.wanted | through)


def _asked(number: int, askers: Iterable[tuple[Links, Mask]]) -> Mask:
    found = np.zeros(number, dtype=bool)
    for links, asking in askers:
        if asking.any():
            found |= links.asked(asking)
    return found


@dataclass(frozen=True)
class Supply:
    """The inputs of one kind: which product needs which, and whether each is done, or only in an archive."""

    links: Links
    done: Mask
    archived: Mask


@dataclass(frozen=True)
class Readiness:
    """Whether artifacts that are not there can be made; see :func:`readiness`."""

    statuses: NDArray[np.uint8]
    blocked_by: NDArray[np.int16]
    blocked_count: Numbers


def readiness(given: bool, number: int, supplies: Sequence[Supply]) -> Readiness:  # noqa: FBT001
    """``blocked``, ``recall`` or ``ready``, for each artifact as if it were wanted and not there.

    *Blocked*: it is given, or some input is neither done nor archived; ``blocked_by`` is the position in ``supplies`` of the
    first such kind, ``NOTHING`` where none lacks, and ``blocked_count`` how many of its inputs of that kind lack. *Recall*:
    every input exists, but some only in the archive. *Ready*: every input is done.
    """
    blocked_by = np.full(number, NOTHING, dtype=np.int16)
    blocked_count = np.zeros(number, dtype=np.int64)
    recalled = np.zeros(number, dtype=bool)
    for position, supply in enumerate(supplies):
        lacking = ~supply.done & ~supply.archived  # stale, bad, growing and unknown inputs lack too
        if lacking.any():
            missing = supply.links.count(lacking)
            first = (missing > 0) & (blocked_by == NOTHING)
            blocked_by[first] = position
            blocked_count[first] = missing[first]
        if supply.archived.any():
            recalled |= supply.links.any(supply.archived)
    statuses = np.full(number, Status.ready, dtype=np.uint8)
    statuses[recalled] = Status.recall
    statuses[blocked_by != NOTHING] = Status.blocked
    if given:
        statuses[:] = Status.blocked
    return Readiness(statuses, blocked_by, blocked_count)
