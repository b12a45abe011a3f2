"""Names on disk beside those that a kind expects: how many match, and which nearly do."""

import os
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import Enum, auto
from pathlib import Path

from latteboard.campaign.campaign import Campaign
from latteboard.campaign.expected import Block, Expected
from latteboard.names.templates import INSIDE

MOST_NAMES = 5_000  # of a folder that are looked at
MOST_ROWS = 2_000  # artifacts of a block of which the names are written out
COMPARED = 10  # names without a match that are compared with expected ones
NEIGHBOURS = 3  # expected names on each side, in alphabetical order from the front and from the end
SHOWN = 3
ALIKE = 0.6  # names that agree less than this have nothing to do with each other


@dataclass(frozen=True)
class NearName:
    """A name on disk, and the expected one that is most like it."""

    name: str
    expected: str


@dataclass(frozen=True)
class FolderNames:
    """The names in a folder of a kind.

    Attributes
    ----------
    path : the first of the kind's folders that is there, else the nearest folder above the first of them
    missing : the part of the first folder's path that is not there, empty if it is
    names : how many were looked at: those of files, or of folders if these are the artifacts; hidden ones are left out
    matching : those of them that are expected, of this kind
    others : those that are expected, of other kinds
    left_out : those of artifacts that the campaign leaves out
    near : names that match nothing, with the expected name that each is most like, the most similar first
    """

    path: str
    missing: str
    names: int
    matching: int
    others: int
    left_out: int
    near: Sequence[NearName]


class _Sort(Enum):
    """What a name on disk is to the campaign."""

    own = auto()
    of_other = auto()
    left_out = auto()
    unknown = auto()


def folder_names(campaign: Campaign, kind: str, expected: Expected) -> FolderNames | None:
    """Compare the names in the first folder of some artifacts that is there with those expected of the kind.

    None if no root is there.
    """
    roots = [root.path for root in campaign.roots if root.path.is_dir()]
    firsts = [(next(_on_disk(expected, *one, 1)), one) for one in expected.block_slices]
    for root in roots:
        for path, _ in firsts:
            folder = path.rpartition("/")[0]
            if (root / folder).is_dir():
                # Names of all artifacts of the kind, since a name that nearly matches may be that of any of them.
                below = {name for one in (expected, campaign.expected(kind)) for name in _names_below(one, folder)}
                return _compared(campaign, kind, root, folder, below)
    return _compared_above(roots[0], firsts[0][0]) if roots else None


def _names_below(expected: Expected, folder: str) -> Iterator[str]:
    """The names of the first artifacts of each block in a folder: files of several ensembles and streams may lie there."""
    for one in expected.block_slices:
        if next(_on_disk(expected, *one, 1)).rpartition("/")[0] == folder:
            some = (path.rpartition("/") for path in _on_disk(expected, *one, MOST_ROWS))
            yield from (name for above, _, name in some if above == folder)


def _on_disk(expected: Expected, block: Block, rows: slice, most: int) -> Iterator[str]:
    """The files or folders of the first artifacts of a block, without the datasets in them."""
    for row in range(rows.start, min(rows.stop, rows.start + most)):
        # One by one: to format columns, the text of every source of the campaign would be made.
        yield block.pattern.format(expected.coordinates(row)).partition(INSIDE)[0].rstrip("/")


def _compared(campaign: Campaign, kind: str, root: Path, folder: str, below: set[str]) -> FolderNames:
    is_folder = campaign.kinds[kind].table.path.endswith("/")
    names = _names_in(root / folder, folders=is_folder)
    prefix, end = f"{folder}/" if folder else "", "/" if is_folder else ""
    sorts = {name: _Sort.own if name in below else _sort(campaign, kind, f"{prefix}{name}{end}") for name in names}
    numbers = Counter(sorts.values())
    near = _near([name for name, sort in sorts.items() if sort == _Sort.unknown], sorted(below))
    own, of_other, left_out = (numbers[sort] for sort in (_Sort.own, _Sort.of_other, _Sort.left_out))
    return FolderNames(str(root / folder), "", len(names), own, of_other, left_out, near)


def _sort(campaign: Campaign, kind: str, path: str) -> _Sort:
    """What a path is, that is none of the first ones of the kind."""
    parsed = campaign.parse(path)
    if parsed is not None:
        return _Sort.own if parsed[0] == kind else _Sort.of_other
    is_left_out = any(campaign.left_out_reason(*reading) for reading in campaign.matches(path))
    return _Sort.left_out if is_left_out else _Sort.unknown


def _compared_above(root: Path, first: str) -> FolderNames:
    """The nearest folder above the first that is expected, where none of these is there."""
    parts = first.split("/")[:-1]
    depth = next(depth for depth in reversed(range(len(parts))) if root.joinpath(*parts[:depth]).is_dir())
    names = _names_in(root.joinpath(*parts[:depth]), folders=True)
    near = _near(names, [parts[depth]])
    return FolderNames(str(root.joinpath(*parts[:depth])), "/".join(parts[depth:]), len(names), 0, 0, 0, near)


def _names_in(folder: Path, *, folders: bool) -> list[str]:
    """The first names of files in a folder, or of folders, hidden ones left out; none if it cannot be read."""
    with suppress(OSError), os.scandir(folder) as entries:
        found = [one.name for one in entries if one.is_dir() == folders and not one.name.startswith(".")]
        return sorted(found)[:MOST_NAMES]
    return []


def _near(names: Sequence[str], expected: Sequence[str]) -> list[NearName]:
    """The names that are most like expected ones."""
    backwards = sorted(name[::-1] for name in expected)
    found = []
    for name in names[:COMPARED]:
        candidates = {*_neighbours(name, expected), *(one[::-1] for one in _neighbours(name[::-1], backwards))}
        ratios = [(SequenceMatcher(None, name, one, autojunk=False).ratio(), one) for one in sorted(candidates)]
        if ratios and (best := max(ratios))[0] >= ALIKE:
            found.append((-best[0], NearName(name, best[1])))
    return [near for _, near in sorted(found, key=lambda pair: (pair[0], pair[1].name))[:SHOWN]]


def _neighbours(name: str, names: Sequence[str]) -> Iterator[str]:
    """The names beside one in alphabetical order."""
    place = bisect_left(names, name)
    yield from names[max(0, place - NEIGHBOURS) : place + NEIGHBOURS]
