"""Makes the tree that is measured: a production with the names and needs of campaigns/nucleon_elastic_ff.toml, and no data.

Run as ``python tree.py FOLDER FILES``, so that what it needs of memory is not counted as anybody else's.
"""

from __future__ import annotations

import json
import math
import os
import random
import re
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from latteboard.campaign import Campaign
    from latteboard.campaign.expected import Expected

CAMPAIGN = Path(__file__).parent.parent.parent / "campaigns" / "nucleon_elastic_ff.toml"
STAMP = "tree.json"
VERSION = 1  # of the tree: one made by another version is not measured

SOURCES = 8  # of each configuration, one source set
FILES = 1 + SOURCES * (5 + 3 * 13) + 2 * 13 * 8 + 13 + 1  # of a configuration that is complete, with 13 separations
LARGEST = 784  # configurations of an ensemble, as a09m310 has them
FIRST, STEP = 300, 6
UNFINISHED = 0.05  # of the configurations, the last ones, are somewhere between nothing and everything
LOST = 0.015  # of all other files: scratch file systems purge, people delete
HOUR = 3600 * 10**9  # ns
OLDEST, YOUNGEST = 32 * 24 * HOUR, 2 * 24 * HOUR  # before now; what is younger than a day is never settled
CHUNK = 20_000  # names held at once
SMALLEST = 1024  # bytes, of kinds for which the campaign states no least size

SPACINGS = {"a09": (32, 96), "a12": (24, 64), "a15": (16, 48), "a06": (48, 144)}  # L and T
PIONS = {"m310": 0.00951, "m220": 0.00452, "m130": 0.00152, "m350": 0.0121, "m400": 0.0160}


@dataclass(frozen=True)
class Ensemble:
    """One of the ensembles: about as many files in each."""

    name: str
    L: int
    T: int
    mq: str
    configurations: int

    @property
    def numbers(self) -> range:
        """The numbers of its configurations."""
        return range(FIRST, FIRST + self.configurations * STEP, STEP)

    def table(self) -> str:
        """Its part of the campaign."""
        sizes = {
            "src_bytes": 1152 * self.L**3 * self.T - 3_878_656,
            "prop_bytes": 1152 * self.L**3 * self.T - 3_876_656,
            "seqsrc_bytes": 1152 * self.L**3 * self.T - 3_872_656,
            "seqprop_bytes": 1152 * self.L**3 * self.T - 3_870_756,
            "spec_bytes": 267_744,
            "spec_4D_bytes": 64 * self.L**3 * self.T + 13_568,
        }
        lines = [
            f"[ensembles.{self.name}]",
            'streams        = ["e"]',
            f"L              = {self.L}",
            f"T              = {self.T}",
            f'configurations = "{self.numbers[0]}:{self.numbers[-1]}:{STEP}"',
            f'sources        = {{ file = "{self.name}_e_src.lst" }}',
            f'source_sets    = {{ "0-7" = [0, {SOURCES}] }}',
            f"[ensembles.{self.name}.parameters]",
            f'mq = "{self.mq}"',
            *(f"{name} = {size}" for name, size in sizes.items()),
        ]
        return "\n".join(lines) + "\n\n"

    def source_list(self) -> str:
        """Its sources, invented: spread evenly in time, anywhere in space."""
        draw = random.Random(self.name)
        lines = ["# invented: configuration x y z t"]
        for number in self.numbers:
            start = draw.randrange(self.T)
            for k in range(SOURCES):
                x, y, z = (draw.randrange(self.L) for _ in range(3))
                lines.append(f"{number} {x} {y} {z} {(start + k * self.T // SOURCES) % self.T}")
        return "\n".join(lines) + "\n"


@dataclass(frozen=True)
class Tree:
    """What was made: how many files were asked for, expected, written; how many folders."""

    version: int
    asked: int
    expected: int
    files: int
    folders: int


def ensembles(configurations: int) -> list[Ensemble]:
    """As many ensembles as it takes for this many configurations, all of one length."""
    names = [(spacing, pion) for pion in PIONS for spacing in SPACINGS]
    count = math.ceil(configurations / LARGEST)
    if count > len(names):
        raise ValueError(f"{configurations} configurations are more than {len(names)} ensembles of {LARGEST} have")
    each = math.ceil(configurations / count)
    return [Ensemble(f"{a}{m}", *SPACINGS[a], f"{PIONS[m]:.5f}", each) for a, m in names[:count]]


def campaign_text(template: str, chosen: Sequence[Ensemble]) -> str:
    """The example campaign with other ensembles."""
    first = template.index("[ensembles.")
    after = re.compile(r"^# -{8}", re.MULTILINE).search(template, first)
    assert after is not None, "the example campaign has no line above its first kinds"
    return template[:first] + "".join(one.table() for one in chosen) + template[after.start() :]


def write_campaign(folder: Path, configurations: int) -> Path:
    """Write the campaign and its source lists."""
    folder.mkdir(parents=True, exist_ok=True)
    chosen = ensembles(configurations)
    for one in chosen:
        (folder / f"{one.name}_e_src.lst").write_text(one.source_list())
    path = folder / "campaign.toml"
    path.write_text(campaign_text(CAMPAIGN.read_text(encoding="utf-8"), chosen), encoding="utf-8")
    return path


def is_reached(rank: int, configurations: int, place: float) -> bool:
    """Whether a production has come so far.

    Parameters
    ----------
    rank : of a configuration; the last ones are not finished, the very last is hardly begun
    place : in the chain of production of that configuration, from 0 to 1
    """
    unfinished = max(1, round(UNFINISHED * configurations))
    return place < (configurations - rank - 0.5) / unfinished


@dataclass(frozen=True)
class File:
    """A file to write: path below the root, bytes, ns since 1970."""

    folder: str
    name: str
    size: int
    mtime: int


def files(campaign: Campaign, now: int) -> Iterator[File]:
    """Every file that is to be there; modified in the order of the chain, configuration after configuration."""
    numbers = campaign.values_of("configuration")
    kinds = [name for name in campaign.kinds if "configuration" in campaign.kinds[name].coordinates]
    gap = (OLDEST - YOUNGEST - len(kinds) * HOUR) // len(numbers)
    draw = random.Random(len(numbers))
    for order, kind in enumerate(kinds):
        ranks = campaign.expected(kind).rows["configuration"].tolist()
        each = len(ranks) // (len(numbers) * len(campaign.streams))
        for row, folder, name, least in names(campaign.expected(kind)):
            step = order + row % each / each
            lucky = kind == "cfg" or draw.random() >= LOST
            if lucky and is_reached(ranks[row], len(numbers), step / len(kinds)):
                mtime = now - OLDEST + ranks[row] * gap + int(step * HOUR)
                yield File(folder, name, max(SMALLEST, least), mtime)


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
    """Write sparse files; returns how many, and how many folders they are in."""
    made: set[str] = set()
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
        if count % 100_000 == 0:
            print(f"  {count:,} files", file=sys.stderr)
    return count, settle_folders(root, now)


def settle_folders(root: Path, now: int) -> int:
    """Make the folders as old as if the youngest file had been the last to come; returns how many there are."""
    folders = [folder for folder, _, _ in os.walk(root)]
    for folder in folders:
        os.utime(folder, ns=(now - YOUNGEST, now - YOUNGEST))
    return len(folders)


def configurations_for(asked: int) -> int:
    """How many configurations have about so many files, with what is not there left out."""
    return max(2, round(asked / (FILES * (1 - UNFINISHED / 2) * (1 - LOST))))


def make(folder: Path, asked: int) -> Tree:
    """Make the tree below ``folder``; what is there already is written over, with the same content."""
    from latteboard.campaign import Campaign

    now = time.time_ns()
    campaign = Campaign.read(write_campaign(folder, configurations_for(asked)))
    count, folders = write_files(folder / "production", files(campaign, now), now)
    tree = Tree(VERSION, asked, sum(len(campaign.expected(kind)) for kind in campaign.kinds), count, folders)
    (folder / STAMP).write_text(json.dumps(asdict(tree)))
    return tree


def read_stamp(folder: Path) -> Tree | None:
    """What was made in ``folder``, None if nothing was, or not to the end."""
    if not (folder / STAMP).exists():
        return None
    found = json.loads((folder / STAMP).read_text())
    if found["version"] != VERSION:
        raise SystemExit(f"{folder}: made by another version of the benchmark; delete it (make clean) and start again")
    return Tree(**found)


if __name__ == "__main__":
    make(Path(sys.argv[1]), int(sys.argv[2]))
