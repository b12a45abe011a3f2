"""What a campaign expects, kind by kind, before there is a catalog: numbers, sample paths, needs, and names on disk."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from latteboard.campaign.campaign import Campaign
from latteboard.campaign.conditions import inputs_of
from latteboard.campaign.expected import Expected
from latteboard.campaign.folder_names import FolderNames, folder_names
from latteboard.campaign.narrowing import narrowed, read_conditions
from latteboard.campaign.streams import ranges_without_step
from latteboard.campaign.tables import CampaignTable
from latteboard.errors import QueryError
from latteboard.text import did_you_mean


@dataclass(frozen=True)
class NeedOutline:
    """What one artifact needs of a kind: how many, and the path of the first."""

    kind: str
    number: int
    first: str | None


@dataclass(frozen=True)
class KindOutline:
    """What is expected of a kind, as far as conditions narrow it.

    Attributes
    ----------
    first, last : paths in the order of the campaign; None if nothing is expected
    needs : of the first artifact, or of the last where the first needs none of a kind
    folder : the names in a folder of the kind; None if no root is there, or nothing is expected
    """

    kind: str
    description: str | None
    coordinates: Sequence[str]
    expected: int
    first: str | None
    last: str | None
    needs: Sequence[NeedOutline]
    folder: FolderNames | None


@dataclass(frozen=True)
class Outline:
    """What a campaign expects.

    Attributes
    ----------
    roots : of each how it is stated, and whether it is there
    lacking : for each ensemble the kinds that it has no artifacts of, since it does not have all their coordinates
    ranges : what each range of configurations means that states no step
    not_acted_on : keys that are accepted, and that this version does nothing with
    """

    campaign: str
    roots: Sequence[tuple[str, bool]]
    kinds: Sequence[KindOutline]
    lacking: dict[str, list[str]]
    ranges: Sequence[str]
    not_acted_on: Sequence[str]

    def as_json(self) -> dict[str, Any]:
        """The machine-readable form."""
        return {**asdict(self), "roots": [{"root": stated, "there": there} for stated, there in self.roots]}


def outline(campaign: Campaign, kind: str | None = None, arguments: Sequence[str] = ()) -> Outline:
    """Say what a campaign expects of a kind, or of each that names all coordinates in ``NAME=VALUE`` arguments.

    Raises
    ------
    QueryError : there is no such kind, name or value.
    """
    if kind is not None and kind not in campaign.kinds:
        known = ", ".join(campaign.kinds)
        raise QueryError(f"{kind!r} is not a kind; expected one of {known}{did_you_mean(kind, campaign.kinds)}")
    values = campaign.relations.values
    named = campaign.relations.order if kind is None else campaign.kinds[kind].coordinates
    numeric = [name for name in named if name in values and all(isinstance(one, int) for one in values[name])]
    conditions = read_conditions(arguments, named, numeric)
    for name in conditions:
        if name not in named:
            raise QueryError(f"there is no {name!r}; expected one of {', '.join(named)}{did_you_mean(name, named)}")
    chosen = [one for one in campaign.kinds.values() if kind in (None, one.name)]
    chosen = [one for one in chosen if conditions.keys() <= set(one.coordinates)]
    if not chosen:
        raise QueryError(f"no kind names {' and '.join(conditions)} together")
    return Outline(
        campaign.name,
        [(root.stated, root.path.is_dir()) for root in campaign.roots],
        [_of_kind(campaign, one.name, conditions) for one in chosen],
        campaign.lacking(),
        list(ranges_without_step(campaign.table)),
        not_acted_on(campaign.table),
    )


def _of_kind(campaign: Campaign, name: str, conditions: dict[str, Any]) -> KindOutline:
    kind, whole = campaign.kinds[name], campaign.expected(name)
    expected = whole
    if conditions:
        expected = Expected(campaign.relations, narrowed(campaign.relations, whole.rows, conditions), whole.blocks)
    number = len(expected)
    first, last = (path_at(expected, row) if number else None for row in (0, number - 1))
    needs = list(_needs(campaign, name, expected)) if number else []
    folder = folder_names(campaign, name, expected) if number else None
    return KindOutline(name, kind.table.description, kind.coordinates, number, first, last, needs, folder)


def path_at(expected: Expected, row: int) -> str:
    """The path of one expected artifact, relative to its root."""
    block = next(block for block, rows in expected.block_slices if row in range(rows.start, rows.stop))
    return block.pattern.format(expected.coordinates(row))


def _needs(campaign: Campaign, name: str, expected: Expected) -> Iterator[NeedOutline]:
    """What the first artifact needs of each kind; the last one where the first needs nothing, as that of a chain."""
    first, last = expected.coordinates(0), expected.coordinates(len(expected) - 1)
    for need, entries in campaign.kinds[name].entries.items():
        inputs = campaign.expected(need)
        found = (inputs_of(campaign.relations, entries, own, inputs.rows) for own in (first, last))
        rows = next((rows for rows in found if len(rows)), np.empty(0, dtype=np.int64))
        yield NeedOutline(need, len(rows), path_at(inputs, int(rows[0])) if len(rows) else None)


def not_acted_on(table: CampaignTable) -> list[str]:
    """The keys of a campaign that are checked and accepted, and that this version does nothing with yet."""
    found = [key for key in ("machines", "notify", "watch", "sites", "observables") if getattr(table, key)]
    found += [
        f"kinds.{name}.{key}" for name, kind in table.kinds.items() for key in ("logs", "check") if getattr(kind, key)
    ]
    return found
