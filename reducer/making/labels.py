"""What stands for each row of a joined file: its configuration, its stream, how many sources it is of, and which."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from latteboard.errors import InputRefused
from reducer.arrays.joining import Along
from reducer.correlators.file import CorrelatorFile
from reducer.making.targets import Target, sources_of
from reducer.tasks.task import Row

TEXT = h5py.string_dtype()
NAMES = ("configurations", "streams", "sources", "source_names")


@dataclass
class Labels:
    """A list for each, an entry for each row; of ``streams`` an empty text where nobody says which."""

    configurations: list[int] = field(default_factory=list)
    streams: list[str] = field(default_factory=list)
    sources: list[int] = field(default_factory=list)
    source_names: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, columns: dict[str, NDArray[Any] | None]) -> "Labels | None":
        """From the datasets of a joined file; None if it is none of ours."""
        found = {name: column for name, column in columns.items() if column is not None and column.ndim == 1}
        if not {"configurations", "sources", "source_names"} <= found.keys() or len(set(map(len, found.values()))) > 1:
            return None
        lists = {name: column.tolist() for name, column in found.items()}
        lists.setdefault("streams", [b""] * len(lists["configurations"]))
        return cls(**lists | {name: [text.decode() for text in lists[name]] for name in ("streams", "source_names")})

    def __len__(self) -> int:
        return len(self.configurations)

    @property
    def keys(self) -> list[tuple[str, int]]:
        """Stream and configuration of each row, by which rows are sorted."""
        return list(zip(self.streams, self.configurations, strict=True))

    def add(self, other: "Labels") -> None:
        """The rows of ``other`` after these."""
        for name in NAMES:
            getattr(self, name).extend(getattr(other, name))

    def ordered(self, order: Sequence[int]) -> "Labels":
        """The same rows in another order."""
        return Labels(**{name: [getattr(self, name)[place] for place in order] for name in NAMES})

    @property
    def columns(self) -> dict[str, NDArray[Any]]:
        """The datasets of the root group that say so."""
        columns: dict[str, NDArray[Any]] = {
            "configurations": np.array(self.configurations, dtype=np.int64),
            "sources": np.array(self.sources, dtype=np.int64),
            "source_names": np.array(self.source_names, dtype=object),
        }
        return columns | ({"streams": np.array(self.streams, dtype=object)} if any(self.streams) else {})


def labels_of_row(row: Row, files: Sequence[CorrelatorFile], targets: Sequence[Target], along: Along) -> Labels:
    """What stands for one row; of a file that is joined already, for each of its own, which can only follow each other."""
    found = Labels.read({name: files[0].root(name) for name in NAMES})
    if found is not None:
        if along != 0:
            raise InputRefused(f"{files[0].path}: holds several configurations already; join such files along axis 0")
        return found
    if row.configuration is None:
        raise InputRefused(f"{files[0].path}: nobody says of which configuration it is; expected a number")
    sources = sources_of(targets)
    names = " ".join(map(str, sources))
    return Labels([row.configuration], [row.stream or ""], [len(sources)], [names])


def check_keys(keys: Sequence[tuple[str, int]], path: Path) -> None:
    """Refuse what would be there twice, by stream and configuration."""
    for (stream, configuration), number in Counter(keys).items():
        if number > 1:
            told = f"{stream} {configuration}".strip()
            raise InputRefused(f"{path}: configuration {told} is there {number} times; expected it once")
