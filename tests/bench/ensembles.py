"""The campaign of the trees that are measured: the example campaign with invented ensembles, as many as it takes."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

CAMPAIGN = Path(__file__).parent.parent.parent / "campaigns" / "nucleon_elastic_ff.toml"
SOURCES = 8  # of each configuration, one source set
LARGEST = 784  # configurations of an ensemble, as a09m310 has them
FIRST, STEP = 300, 6

SPACINGS = {"a09": (32, 96), "a12": (24, 64), "a15": (16, 48), "a06": (48, 144)}  # L and T
PIONS = {"m310": 0.00951, "m220": 0.00452, "m130": 0.00152, "m350": 0.0121, "m400": 0.0160}


@dataclass(frozen=True)
class Ensemble:
    """One of the ensembles, all of about as many files; without separations of its own it has those of the example."""

    name: str
    L: int
    T: int
    mq: str
    configurations: int
    separations: tuple[int, ...] = ()

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
            *(
                [f"[ensembles.{self.name}.axes]", f"t_separation = {list(self.separations)}"]
                if self.separations
                else []
            ),
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


def ensembles(configurations: int, separations: tuple[int, ...] = ()) -> list[Ensemble]:
    """As many ensembles as it takes for this many configurations, all of one length."""
    names = [(spacing, pion) for pion in PIONS for spacing in SPACINGS]
    count = math.ceil(configurations / LARGEST)
    if count > len(names):
        raise ValueError(f"{configurations} configurations are more than {len(names)} ensembles of {LARGEST} have")
    each = math.ceil(configurations / count)
    return [Ensemble(f"{a}{m}", *SPACINGS[a], f"{PIONS[m]:.5f}", each, separations) for a, m in names[:count]]


def campaign_text(template: str, chosen: Sequence[Ensemble], grace: str) -> str:
    """The example campaign with other ensembles and another grace time."""
    template, found = re.subn(r'^(grace +=) "[^"]*"', rf'\1 "{grace}"', template, flags=re.MULTILINE)
    assert found == 1, "the example campaign states no grace time"
    first = template.index("[ensembles.")
    after = re.compile(r"^# -{8}", re.MULTILINE).search(template, first)
    assert after is not None, "the example campaign has no line above its first kinds"
    return template[:first] + "".join(one.table() for one in chosen) + template[after.start() :]


def write_campaign(folder: Path, chosen: Sequence[Ensemble], grace: str) -> Path:
    """Write a campaign of these ensembles and their source lists."""
    folder.mkdir(parents=True, exist_ok=True)
    for one in chosen:
        (folder / f"{one.name}_e_src.lst").write_text(one.source_list())
    path = folder / "campaign.toml"
    path.write_text(campaign_text(CAMPAIGN.read_text(encoding="utf-8"), chosen, grace), encoding="utf-8")
    return path
