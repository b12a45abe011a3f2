"""The options of a demo, and its campaign file and source lists."""

import hashlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.resources import files
from string import Template

import numpy as np

from latteboard.errors import LatteboardError

SOURCES = {("d12m400", "a"): 4, ("d15m400", "a"): 2, ("d15m400", "b"): 2}  # number of each configuration


@dataclass(frozen=True)
class Options:
    """The size and content of a demo; its second ensemble has half the extents and configurations.

    Attributes
    ----------
    configurations : number of configurations of the first ensemble
    L, T : extent of its lattice in space and time
    empty : whether files are sparse instead of holding data
    seed : of all random numbers
    """

    configurations: int
    L: int
    T: int
    empty: bool
    seed: int

    def check(self) -> None:
        """Require a demo that can show a production in progress and momenta up to |k|^2 = 3.

        Raises
        ------
        LatteboardError : there are too few configurations, the lattice is too small or odd, or the seed is negative.
        """
        if self.configurations < 2:
            raise LatteboardError(f"demo: expected at least 2 configurations, found {self.configurations}")
        if self.L < 4 or self.L % 2:
            raise LatteboardError(f"demo: expected an even L of at least 4, found {self.L}")
        if self.T < 8 or self.T % 4:
            raise LatteboardError(f"demo: expected a T of at least 8 that 4 divides, found {self.T}")
        if self.seed < 0:
            raise LatteboardError(f"demo: expected a seed of 0 or more, found {self.seed}")

    def extents(self, ensemble: str) -> tuple[int, int]:
        """L and T of an ensemble."""
        return (self.L, self.T) if ensemble == "d12m400" else (max(4, self.L // 4 * 2), max(8, self.T // 8 * 4))

    def numbers(self, ensemble: str, stream: str) -> range:
        """The configuration numbers of a stream."""
        start, step = {"d12m400a": (100, 10), "d15m400a": (200, 5), "d15m400b": (400, 5)}[ensemble + stream]
        count = self.configurations if ensemble == "d12m400" else max(2, self.configurations // 2)
        return range(start, start + count * step, step)

    def random(self, label: str) -> np.random.Generator:
        """A generator of random numbers that depend on the seed and on ``label`` alone, not on earlier draws."""
        digest = hashlib.blake2b(label.encode(), digest_size=16).digest()
        return np.random.default_rng([self.seed, int.from_bytes(digest, "little")])

    def campaign(self) -> str:
        """The text of ``campaign.toml``; it states the options, by which an interrupted demo is recognised."""
        template = files(__package__).joinpath("template.toml").read_text(encoding="utf-8")
        half_L, half_T = self.extents("d15m400")
        names = {"L": self.L, "T": self.T, "half_L": half_L, "half_T": half_T}
        ranges = {"_".join(stream): self.numbers(*stream) for stream in SOURCES}
        numbers = {name: f"{each[0]}:{each[-1]}:{each.step}" for name, each in ranges.items()}
        options = ", ".join(f"{name} = {value}" for name, value in asdict(self).items())
        return Template(template).substitute({**names, **numbers, "options": options})

    def source_lists(self) -> Iterator[tuple[str, str]]:
        """The file name and the text of each source list, in lines ``configuration x y z t``."""
        for (ensemble, stream), count in SOURCES.items():
            L, T = self.extents(ensemble)
            random = self.random(f"sources {ensemble} {stream}")
            lines = ["# configuration x y z t"]
            for number in self.numbers(ensemble, stream):
                *place, time = random.integers([L, L, L, T]).tolist()
                for k in range(count):
                    # Two sources of a set are as far apart as the lattice allows, so that the slices of one of them cross
                    # the time boundary; the sources of the second set lie between them.
                    x, y, z = ((p + k * (L // 2) + k // 2) % L for p in place)
                    lines.append(f"{number} {x} {y} {z} {(time + k % 2 * (T // 2) + k // 2 * (T // 4)) % T}")
            yield f"sources_{ensemble}_{stream}.lst", "\n".join(lines) + "\n"
