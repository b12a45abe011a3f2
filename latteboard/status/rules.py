"""The status of every artifact: the first rule of the table that holds.

The state of each file comes in as evidence. The rules that depend on other artifacts are applied here, for all kinds at once:
first stale, which depends on files only; then, from the last products back to the first inputs, wanted and needed; last
blocked, recall or ready, for artifacts that are wanted and not there.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latteboard.campaign.needs import Links
from latteboard.status import staleness, wants
from latteboard.status.evidence import Evidence, Kind, Mask, Numbers
from latteboard.status.states import FIRST_STATUS, FileState, Status

LinksOf = Callable[[str, str], Links]
FIRST = np.array([FIRST_STATUS[state] for state in FileState], dtype=np.uint8)


@dataclass(frozen=True)
class Verdicts:
    """The verdicts of the rules on the artifacts of one kind, one entry an artifact.

    Attributes
    ----------
    statuses : codes of :class:`Status`; claims are not among them, since they expire between two indexes
    wanted, needed, purgeable : see :mod:`latteboard.status.wants`
    blocked_by : position in the kind's needs, -1 where no input lacks
    blocked_count : how many inputs of that kind lack
    """

    statuses: NDArray[np.uint8]
    wanted: Mask
    needed: Mask
    purgeable: Mask
    blocked_by: NDArray[np.int16]
    blocked_count: Numbers


def settle(kinds: Sequence[Kind], evidence: Mapping[str, Evidence], links: LinksOf) -> dict[str, Verdicts]:
    """Give every artifact of a production its status.

    Parameters
    ----------
    kinds : each after those that it needs
    evidence : of each kind
    links : which artifacts of a kind need which of another; asked several times for the same two kinds
    """
    numbers = {kind.name: number for number, kind in enumerate(kinds)}
    statuses: dict[str, NDArray[np.uint8]] = {}
    for kind in kinds:
        needs = [staleness.Need(numbers[n], links(kind.name, n), evidence[n]) for n in kind.needs] if kind.stale else []
        statuses[kind.name] = _by_files(evidence[kind.name], needs)
    wishes = _wishes(kinds, evidence, statuses, links)
    return {kind.name: _verdicts(kind, evidence, statuses, wishes[kind.name], links) for kind in kinds}


def is_archived(statuses: NDArray[np.uint8], copied: Mask) -> Mask:
    """Whether it counts as archived for what needs it: not on disk, or bad, and a sound copy is in an archive."""
    found: Mask = (statuses == Status.archived) | ((statuses == Status.bad) & copied)
    return found


def is_purgeable(temporary: bool, evidence: Evidence, needed: Mask) -> Mask:  # noqa: FBT001
    """Whether a file is temporary, on disk, and not *needed*; see :func:`latteboard.status.wants.needed`."""
    if not temporary:
        return np.zeros(len(needed), dtype=bool)
    found: Mask = (evidence.sizes >= 0) & (evidence.states != FileState.unknown) & ~needed
    return found


def _by_files(evidence: Evidence, needs: Sequence[staleness.Need]) -> NDArray[np.uint8]:
    """The status by the file, its copies and the files of its inputs; ``unneeded`` for all that is not there."""
    statuses: NDArray[np.uint8] = FIRST[evidence.states]
    # A copy speaks for a file that is not there, or was never seen; a bad file stays bad and is shown as such.
    missing = (evidence.states == FileState.absent) | (evidence.states == FileState.unknown)
    statuses[missing & evidence.copied] = Status.archived
    statuses[staleness.stale(evidence, needs)] = Status.stale
    return statuses


@dataclass(frozen=True)
class _Wish:
    wanted: Mask
    needed: Mask


def _wishes(
    kinds: Sequence[Kind],
    evidence: Mapping[str, Evidence],
    statuses: Mapping[str, NDArray[np.uint8]],
    links: LinksOf,
) -> dict[str, _Wish]:
    """Wanted and needed artifacts, from the last products back to the first inputs."""
    wishes: dict[str, _Wish] = {}
    for kind in reversed(kinds):
        number = len(statuses[kind.name])
        consumers = [
            wants.Consumer(
                links(other.name, kind.name),
                statuses[other.name],
                wishes[other.name].wanted,
                wishes[other.name].needed,
                wants.not_there(evidence[other.name]),
                other.temporary,
            )
            for other in kinds
            if kind.temporary and kind.name in other.needs
        ]
        wishes[kind.name] = _Wish(
            wants.wanted(kind.temporary, number, consumers), wants.needed(kind.temporary, number, consumers)
        )
    return wishes


def _verdicts(
    kind: Kind,
    evidence: Mapping[str, Evidence],
    statuses: Mapping[str, NDArray[np.uint8]],
    wish: _Wish,
    links: LinksOf,
) -> Verdicts:
    own = evidence[kind.name]
    number = len(own.states)
    found = statuses[kind.name].copy()
    blocked_by, blocked_count = np.full(number, wants.NOTHING, dtype=np.int16), np.zeros(number, dtype=np.int64)
    work = wants.not_there(own) & wish.wanted  # all else has its status by files, or stays unneeded
    if work.any():
        supplies = [
            wants.Supply(
                links(kind.name, need),
                statuses[need] == Status.done,
                is_archived(statuses[need], evidence[need].copied),
            )
            for need in kind.needs
        ]
        made = wants.readiness(kind.given, number, supplies)
        found[work] = made.statuses[work]
        blocked_by[work], blocked_count[work] = made.blocked_by[work], made.blocked_count[work]
    purgeable = is_purgeable(kind.temporary, own, wish.needed)
    return Verdicts(found, wish.wanted, wish.needed, purgeable, blocked_by, blocked_count)
