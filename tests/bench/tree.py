"""Makes the trees that are measured: productions with the names and needs of campaigns/nucleon_elastic_ff.toml, and no data.

Run as ``python tree.py FOLDER FILES SHAPE``, so that what it needs of memory is not counted as anybody else's.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ensembles import SOURCES, ensembles, write_campaign

if TYPE_CHECKING:
    from latteboard.campaign import Campaign
    from latteboard.campaign.expected import Expected

STAMP = "tree.json"
CHANGING = "changing.txt"  # paths of files that a step of the benchmark changes, one a line
EVERY = 200  # 0.5 % of the files are among them
VERSION = 1  # of the trees: one made by another version is not measured

HOUR = 3600 * 10**9  # ns
OLDEST, YOUNGEST = 32 * 24 * HOUR, 2 * 24 * HOUR  # before now; what is younger than a day is never settled
CHUNK = 20_000  # names held at once
SMALLEST = 1024  # bytes, of kinds for which the campaign states no least size


@dataclass(frozen=True)
class Shape:
    """The state of a production.

    Attributes
    ----------
    unfinished : of the configurations, the last ones, are somewhere between nothing and everything
    lost : of all other files: scratch file systems purge, people delete
    bad, growing : of the files that are there
    separations : time separations of each ensemble; none of its own, and it has those of the example
    grace_days : the campaign's grace time, 0 for that of the example; all files but the growing ones are older
    """

    unfinished: float
    lost: float
    bad: float = 0.0
    growing: float = 0.0
    separations: tuple[int, ...] = ()
    grace_days: int = 0

    @property
    def files(self) -> int:
        """Files of a configuration that is complete."""
        count = len(self.separations) or 13
        return 1 + SOURCES * (5 + 3 * count) + 2 * count * 8 + count + 1

    @property
    def grace(self) -> str:
        """The grace time, as a campaign states it."""
        return f"{self.grace_days} d" if self.grace_days else "10 min"

    @property
    def share(self) -> float:
        """The fraction of the expected files that is there, about."""
        return (1 - self.unfinished / 2) * (1 - self.lost)


# A growing file has to grow for as long as the tree is kept, so its grace time is that of a long winter.
SHAPES = {
    "complete": Shape(0.05, 0.015),
    "half-done": Shape(0.66, 0.12, bad=0.01, growing=0.005, separations=(4, 8), grace_days=300),
}
COMPLETE = SHAPES["complete"]
FILES = COMPLETE.files


@dataclass(frozen=True)
class Tree:
    """Numbers of a tree: files asked for, expected, written; folders."""

    version: int
    asked: int
    expected: int
    files: int
    folders: int


def is_reached(rank: int, configurations: int, place: float, share: float = COMPLETE.unfinished) -> bool:
    """Return whether a production has come so far.

    Parameters
    ----------
    rank : of a configuration; the last ones are not finished, the very last is hardly begun
    place : in the chain of production of that configuration, from 0 to 1
    share : of the configurations that are not finished
    """
    unfinished = max(1, round(share * configurations))
    return place < (configurations - rank - 0.5) / unfinished


@dataclass(frozen=True)
class File:
    """A file to write: path below the root, bytes, ns since 1970; whether it is neither bad nor growing."""

    folder: str
    name: str
    size: int
    mtime: int
    sound: bool = True


def files(campaign: Campaign, now: int, shape: Shape = COMPLETE) -> Iterator[File]:
    """Every file that is to be there; modified in the order of the chain, configuration after configuration."""
    numbers = campaign.values_of("configuration")
    kinds = [name for name in campaign.kinds if "configuration" in campaign.kinds[name].coordinates]
    gap = (OLDEST - YOUNGEST - len(kinds) * HOUR) // len(numbers)
    oldest = now - OLDEST - shape.grace_days * 24 * HOUR
    draw = random.Random(len(numbers))
    for order, kind in enumerate(kinds):
        ranks = campaign.expected(kind).rows["configuration"].tolist()
        each = len(ranks) // (len(numbers) * len(campaign.streams))
        for row, folder, name, least in names(campaign.expected(kind)):
            step = order + row % each / each
            lucky = kind == "cfg" or draw.random() >= shape.lost
            if lucky and is_reached(ranks[row], len(numbers), step / len(kinds), shape.unfinished):
                mtime = oldest + ranks[row] * gap + int(step * HOUR)
                yield File(folder, name, max(SMALLEST, least), mtime)


def disturbed(every: Iterator[File], now: int, shape: Shape) -> Iterator[File]:
    """Make a few files too small and a few young, evenly spread."""
    draw = random.Random(shape.files)
    # A kind without a least size has no bad files, which is one file in six.
    limits = shape.growing, shape.growing + 1.2 * shape.bad
    for file in every:
        chance = draw.random()
        if chance < limits[0]:
            yield replace(file, mtime=now - HOUR, sound=False)
        elif chance < limits[1] and file.size > SMALLEST:
            yield replace(file, size=SMALLEST, sound=False)
        else:
            yield file


def names(expected: Expected) -> Iterator[tuple[int, str, str, int]]:
    """Row, folder, name and least size of every artifact of a kind."""
    least = expected.least_bytes().tolist()
    folders, folder_of = expected.folders()
    for block, rows in expected.block_slices:
        for start in range(rows.start, rows.stop, CHUNK):
            part = slice(start, min(start + CHUNK, rows.stop))
            for row, name in enumerate(expected.names(block, part), start):
                yield row, folders[folder_of[row]], name, least[row]


def write_files(root: Path, every: Iterator[File], now: int) -> tuple[int, int]:
    """Write sparse files, and a list of every 200th sound one; returns how many, and how many folders they are in."""
    made: set[str] = set()
    changing = []
    count = 0
    for count, file in enumerate(every, 1):
        folder = f"{root}/{file.folder}"
        if folder not in made:
            Path(folder).mkdir(parents=True, exist_ok=True)
            made.add(folder)
        descriptor = os.open(f"{folder}/{file.name}", os.O_WRONLY | os.O_CREAT, 0o666)
        try:
            os.ftruncate(descriptor, file.size)
            os.utime(descriptor, ns=(file.mtime, file.mtime))
        finally:
            os.close(descriptor)
        if file.sound and count % EVERY == 0:
            changing.append(f"{folder}/{file.name}\n")
        if count % 100_000 == 0:
            print(f"  {count:,} files", file=sys.stderr)
    (root.parent / CHANGING).write_text("".join(changing))
    return count, settle_folders(root, now)


def settle_folders(root: Path, now: int) -> int:
    """Make the folders as old as if the youngest file had been the last to come; returns how many there are."""
    folders = [folder for folder, _, _ in os.walk(root)]
    for folder in folders:
        os.utime(folder, ns=(now - YOUNGEST, now - YOUNGEST))
    return len(folders)


def configurations_for(asked: int, shape: Shape = COMPLETE) -> int:
    """Number of configurations that have about so many files, without those that are not there."""
    return max(2, round(asked / (shape.files * shape.share)))


def make(folder: Path, asked: int, shape: Shape = COMPLETE) -> Tree:
    """Make a tree below ``folder``; what is there already is written over, with the same content."""
    from latteboard.campaign import Campaign

    now = time.time_ns()
    chosen = ensembles(configurations_for(asked, shape), shape.separations)
    campaign = Campaign.read(write_campaign(folder, chosen, shape.grace))
    every = disturbed(files(campaign, now, shape), now, shape)
    count, folders = write_files(folder / "production", every, now)
    tree = Tree(VERSION, asked, sum(len(campaign.expected(kind)) for kind in campaign.kinds), count, folders)
    (folder / STAMP).write_text(json.dumps(asdict(tree)))
    return tree


def read_stamp(folder: Path) -> Tree | None:
    """Numbers of the tree in ``folder``; None if it was not made, or not to the end."""
    if not (folder / STAMP).exists():
        return None
    found = json.loads((folder / STAMP).read_text())
    if found["version"] != VERSION:
        raise SystemExit(f"{folder}: made by another version of the benchmark; delete it (make clean) and start again")
    return Tree(**found)


if __name__ == "__main__":
    make(Path(sys.argv[1]), int(sys.argv[2]), SHAPES[sys.argv[3]])
