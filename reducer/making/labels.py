"""The labels of a concatenated file: for each row its configuration, its stream, the number of its sources and their names."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import h5py
import numpy as np
from numpy.typing import NDArray

from latteboard.errors import InputRefused
from reducer.arrays.joining import Along
from reducer.correlators.conventions import ROW_LABELS
from reducer.correlators.file import CorrelatorFile
from reducer.making.targets import Target, sources_of
from reducer.tasks.task import Key, Row, key_text

TEXT = h5py.string_dtype()


@dataclass
class Labels:
    """One entry for each row in each list; in ``streams`` an empty text where the stream is unknown."""

    configurations: list[int] = field(default_factory=list)
    streams: list[str] = field(default_factory=list)
    sources: list[int] = field(default_factory=list)
    source_names: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, file: CorrelatorFile) -> Self | None:
        """Read the labels of a concatenated file; None if it is none of ours."""
        columns = {name: file.root_dataset(name) for name in ROW_LABELS}
        lists = {name: column.tolist() for name, column in columns.items() if column is not None}
        if not lists:
            return None
        configurations = lists["configurations"]
        streams = [text.decode() for text in lists.get("streams", [b""] * len(configurations))]
        return cls(configurations, streams, lists["sources"], [text.decode() for text in lists["source_names"]])

    def __len__(self) -> int:
        return len(self.configurations)

    @property
    def keys(self) -> list[Key]:
        """Stream and configuration of each row, by which rows are sorted."""
        return list(zip(self.streams, self.configurations, strict=True))

    def add(self, other: Self) -> None:
        """Append the rows of ``other``."""
        self.configurations += other.configurations
        self.streams += other.streams
        self.sources += other.sources
        self.source_names += other.source_names

    def ordered(self, order: Sequence[int]) -> Self:
        """The same rows in another order."""
        return type(self)(
            [self.configurations[row] for row in order],
            [self.streams[row] for row in order],
            [self.sources[row] for row in order],
            [self.source_names[row] for row in order],
        )

    @property
    def columns(self) -> dict[str, NDArray[Any]]:
        """The datasets of the root group that hold the labels; ``streams`` only where one is known."""
        columns: dict[str, NDArray[Any]] = {
            "configurations": np.array(self.configurations, dtype=np.int64),
            "sources": np.array(self.sources, dtype=np.int64),
            "source_names": np.array(self.source_names, dtype=object),
        }
        return columns | ({"streams": np.array(self.streams, dtype=object)} if any(self.streams) else {})


def labels_of_row(row: Row, files: Sequence[CorrelatorFile], targets: Sequence[Target], along: Along) -> Labels:
    """The labels of one row; of a file that is concatenated already those of its own rows, which can only follow each other."""
    found = next(filter(None, map(Labels.read, files)), None)
    if found is not None:
        if len(files) > 1:
            raise files[0].refusal(
                f"is to be joined with {files[1].path}, and one of both holds several configurations already"
            )
        if along != 0:
            raise files[0].refusal("holds several configurations already; join such files along axis 0")
        return found
    if row.configuration is None:
        raise files[0].refusal("nobody says of which configuration it is; expected a number")
    sources = sources_of(targets)
    return Labels([row.configuration], [row.stream or ""], [len(sources)], [" ".join(map(str, sources))])


def check_keys(keys: Sequence[Key], path: Path) -> None:
    """Refuse a stream and configuration that occurs twice."""
    for key, number in Counter(keys).items():
        if number > 1:
            raise InputRefused(f"{path}: configuration {key_text(key)} is there {number} times; expected it once")
