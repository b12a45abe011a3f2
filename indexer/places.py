"""Where the expected artifacts are: which rows of which kinds belong to which folder, and which other folders could be named.

This is the same below each root.
"""

from collections.abc import Iterator
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from latteboard.campaign import Campaign
from latteboard.campaign.expected import Block, file_pattern
from latteboard.names.parsing import PathParser
from latteboard.names.patterns import Pattern
from latteboard.names.templates import merge_literals
from latteboard.text import folded

Named = tuple[str, int]  # a kind, and the number of one of its templates


class Rows:
    """The rows of one kind under one of its templates, folder by folder.

    Attributes
    ----------
    folders : paths relative to the root
    folder_of : for each row the number of its folder
    order : row numbers sorted by folder; those of folder ``n`` stand from ``starts[n]`` to ``starts[n + 1]``
    """

    def __init__(self, campaign: Campaign, kind: str, template: int) -> None:
        self.expected = campaign.expected(kind, template)
        self.inside = campaign.kinds[kind].inside
        self.folders, numbers = self.expected.folders()
        self.folder_of = numbers
        counts = np.bincount(numbers, minlength=len(self.folders))
        self.order: NDArray[np.int64] = np.argsort(numbers, kind="stable")
        self.starts = [0, *np.cumsum(counts).tolist()]

    def of_folder(self, number: int) -> NDArray[np.int64]:
        """The rows in one folder."""
        return self.order[self.starts[number] : self.starts[number + 1]]

    @cached_property
    def least_bytes(self) -> NDArray[np.int64]:
        """The least size of each row's file, in bytes."""
        return self.expected.least_bytes()

    def names(self, rows: NDArray[np.int64]) -> list[str]:
        """The file names of some rows, which stand in canonical order within each block."""
        named: list[str] = []
        for block, part in self.by_block(rows):
            named += self.expected.names(block, part)
        return named

    def by_block(self, rows: NDArray[np.int64]) -> Iterator[tuple[Block, NDArray[np.int64]]]:
        """Runs of rows that belong to one block each, in the order given."""
        slices = self.expected.block_slices
        if len(slices) == 1:
            yield slices[0][0], rows
            return
        ends = np.array([part.stop for _, part in slices])
        blocks = np.searchsorted(ends, rows, side="right")
        cuts = [0, *(np.flatnonzero(np.diff(blocks)) + 1).tolist(), len(rows)]
        for start, stop in pairwise(cuts):
            if stop > start:
                yield slices[int(blocks[start])][0], rows[start:stop]


def place_below(campaign: Campaign, root: int, named: Named) -> int:
    """The number of the place that a template of a kind is below a root."""
    kind, template = named
    return root * len(campaign.kinds[kind].templates) + template


class Plan:
    """Everything that is expected, by folder."""

    def __init__(self, campaign: Campaign) -> None:
        """Nothing is worked out before it is asked for: a fast pass that finds nothing new never asks."""
        self._campaign = campaign

    def prepare(self) -> "Plan":
        """Work everything out now, for processes to inherit."""
        for name in ("rows", "at", "above", "rank", "folders"):
            getattr(self, name)
        return self

    @cached_property
    def rows(self) -> dict[Named, Rows]:
        """The rows of each kind under each of its templates."""
        kinds = self._campaign.kinds.items()
        named = [(name, template) for name, kind in kinds for template in range(len(kind.templates))]
        return {one: self.folder_rows.get(one) or Rows(self._campaign, *one) for one in named}

    @cached_property
    def folder_rows(self) -> dict[Named, Rows]:
        """Of these the rows of artifacts that are folders; apart, since a fast pass asks for no others."""
        kinds = self._campaign.kinds.items()
        named = [(name, n) for name, kind in kinds for n, template in enumerate(kind.templates) if template.is_folder]
        return {one: Rows(self._campaign, *one) for one in named}

    @cached_property
    def at(self) -> dict[str, list[tuple[Named, int]]]:
        """For each folder that holds expected files, kinds and templates, and the number of the folder in the rows of each."""
        at: dict[str, list[tuple[Named, int]]] = {}
        for named, rows in self.rows.items():
            for number, path in enumerate(rows.folders):
                at.setdefault(path, []).append((named, number))
        return at

    @cached_property
    def has_folders(self) -> bool:
        """Whether folders are artifacts."""
        return any(kind.is_folder for kind in self._campaign.kinds.values())

    @cached_property
    def folders(self) -> dict[str, tuple[Named, int]]:
        """The artifacts that are folders, by path: kind and template, and the row."""
        found: dict[str, tuple[Named, int]] = {}
        for named, rows in self.folder_rows.items():
            found.update((path, (named, int(rows.of_folder(n)[0]))) for n, path in enumerate(rows.folders))
        return found

    def folded_names(self, folder: str) -> dict[str, str]:
        """The kinds of the files that are expected in a folder, by their names without case and Unicode form."""
        found: dict[str, str] = {}
        for named, number in self.at.get(folder, ()):
            rows = self.rows[named]
            found.update(dict.fromkeys(map(folded, rows.names(rows.of_folder(number))), named[0]))
        return found

    @cached_property
    def rank(self) -> dict[str, int]:
        """The place of each such folder in the order of kinds and rows.

        Folders are looked into in this order, so that rows come to their tables in the order in which these are sorted.
        """
        return {path: number for number, path in enumerate(self.at)}

    @cached_property
    def above(self) -> set[str]:
        """All folders on the way to these, the root (``""``) among them."""
        found: set[str] = set()
        for path in self.at:
            while path and (path := path.rpartition("/")[0]) not in found:
                found.add(path)
        return found

    def is_way(self, path: str) -> bool:
        """Whether expected files are in this folder or below it."""
        return path in self.at or path in self.above

    def is_nameable(self, path: str) -> bool:
        """Whether some template could name a file in this folder or below it, expected or not."""
        return any(reader.parse(path) is not None for reader in self._nameable.get(path.count("/"), ()))

    @cached_property
    def _nameable(self) -> dict[int, list[PathParser]]:
        """By depth, readers of the folders on the way to a template's files."""
        found: dict[int, dict[Pattern, PathParser]] = {}
        values = self._campaign.relations.values
        for rows in self.rows.values():
            for block in rows.expected.blocks:
                parts = file_pattern(block.pattern).components()[:-1]
                for depth in range(len(parts)):
                    pieces = [piece for part in parts[: depth + 1] for piece in (*part, "/")][:-1]
                    pattern = Pattern(merge_literals(tuple(pieces)))
                    if pattern not in found.setdefault(depth, {}):
                        found[depth][pattern] = PathParser(pattern, values)
        return {depth: list(readers.values()) for depth, readers in found.items()}
