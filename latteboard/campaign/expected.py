"""The expected artifacts of one kind, as columns of codes; their folders, names and least sizes, computed in bulk."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from latteboard.campaign.relations import Columns, Relations, length
from latteboard.campaign.sizes import Size
from latteboard.names.templates import INSIDE, Choice, Field, Pattern, Piece, Value, coordinates_of, cut, piece_text

Texts = NDArray[np.object_]

__all__ = ["INSIDE", "Block", "Expected", "file_pattern", "inner_pattern"]


@dataclass(frozen=True)
class Block:
    """How a kind is named in one ensemble and stream.

    Attributes
    ----------
    fixed : ensemble and stream, as far as the path names them
    pattern : the path with all constants filled in
    numbers : what the least size may name
    """

    fixed: Mapping[str, str]
    pattern: Pattern
    numbers: Mapping[str, int | float]
    min_bytes: Size


class Expected:
    """Every expected artifact of a kind, a row each, sorted in canonical order.

    Rows of one block stand together, since ensemble and stream come first in the canonical order.
    """

    def __init__(self, relations: Relations, rows: Columns, blocks: Sequence[Block]) -> None:
        self.rows = rows
        self.blocks = blocks
        self._relations = relations
        self._texts: dict[Field, Texts] = {}

    def __len__(self) -> int:
        return length(self.rows)

    @cached_property
    def _keys(self) -> NDArray[np.int64]:
        return self._relations.keys(self.rows)

    def coordinates(self, index: int) -> dict[str, Value]:
        """The coordinates of one row."""
        return self._relations.decode(self.rows, index)

    def index(self, coordinates: Mapping[str, Value]) -> int | None:
        """The row of these coordinates, or None if they are not expected."""
        key = self._relations.key(self.rows, coordinates)
        if key is None:
            return None
        row = int(np.searchsorted(self._keys, key))
        return row if row < len(self) and self._keys[row] == key else None

    @cached_property
    def block_slices(self) -> list[tuple[Block, slice]]:
        """Each block that has rows, with where they stand, in the order of the rows."""
        slices = []
        for block in self.blocks:
            mask = np.ones(len(self), dtype=bool)
            for name, value in block.fixed.items():
                mask &= self.rows[name] == self._relations.codes[name][value]
            where = np.flatnonzero(mask)
            if len(where):
                slices.append((block, slice(int(where[0]), int(where[-1]) + 1)))
        return sorted(slices, key=lambda pair: pair[1].start)

    def folders(self) -> tuple[list[str], NDArray[np.int32]]:
        """The folders of all rows, each once in order of appearance, and the number of each row's folder."""
        folders: dict[str, int] = {}
        numbers = np.empty(len(self), dtype=np.int32)
        for block, rows in self.block_slices:
            pattern = file_pattern(block.pattern).split()[0]
            columns = {name: self.rows[name][rows] for name in pattern.coordinates}
            if columns:
                _, first, inverse = np.unique(self._relations.keys(columns), return_index=True, return_inverse=True)
                texts = [pattern.format(self._relations.decode(columns, index)) for index in first.tolist()]
            else:
                inverse, texts = np.zeros(rows.stop - rows.start, dtype=np.int64), [pattern.format({})]
            local = np.array([folders.setdefault(text, len(folders)) for text in texts], dtype=np.int32)
            numbers[rows] = local[inverse]
        return list(folders), numbers

    def names(self, block: Block, rows: slice | NDArray[np.intp]) -> list[str]:
        """The file names of some rows of one block."""
        return self._render(file_pattern(block.pattern).split()[1], rows)

    def datasets(self, block: Block, rows: slice | NDArray[np.intp]) -> list[str]:
        """For a kind inside HDF5 files: the dataset paths of some rows of one block."""
        return self._render(inner_pattern(block.pattern), rows)

    def paths(self, block: Block, rows: slice | NDArray[np.intp]) -> list[str]:
        """The whole paths of some rows of one block."""
        return self._render(block.pattern, rows)

    def _render(self, pattern: Pattern, rows: slice | NDArray[np.intp]) -> list[str]:
        form = "".join(piece.replace("%", "%%") if isinstance(piece, str) else "%s" for piece in pattern.pieces)
        columns = [self._piece_column(piece, rows) for piece in pattern.pieces if not isinstance(piece, str)]
        if columns:
            return list(map(form.__mod__, zip(*columns, strict=True)))
        length = rows.stop - rows.start if isinstance(rows, slice) else len(rows)
        return [form % ()] * length

    def _piece_column(self, piece: Piece, rows: slice | NDArray[np.intp]) -> list[str]:
        """The text of one piece in each row."""
        if isinstance(piece, Field):
            if piece not in self._texts:
                texts = [piece.text(value) for value in self._relations.values[piece.name]]
                self._texts[piece] = np.array(texts, dtype=object)
            column: list[str] = self._texts[piece][self.rows[piece.name][rows]].tolist()
            return column
        assert isinstance(piece, Choice)
        columns = {name: self.rows[name][rows] for name in dict.fromkeys(coordinates_of((piece,)))}
        _, first, inverse = np.unique(self._relations.keys(columns), return_index=True, return_inverse=True)
        texts = [piece_text(piece, self._relations.decode(columns, index)) for index in first.tolist()]
        return [texts[number] for number in inverse.tolist()]

    def least_bytes(self) -> NDArray[np.int64]:
        """The least size of each row's file, in bytes; smaller files are bad."""
        least = np.zeros(len(self), dtype=np.int64)
        for block, rows in self.block_slices:
            named = {name: self.rows[name][rows] for name in self.rows if name in block.min_bytes.names}
            if not named:
                least[rows] = block.min_bytes.bytes(block.numbers)
                continue
            _, first, inverse = np.unique(self._relations.keys(named), return_index=True, return_inverse=True)
            sizes = []
            for index in first.tolist():
                numbers = {k: v for k, v in self._relations.decode(named, index).items() if isinstance(v, int)}
                sizes.append(block.min_bytes.bytes({**block.numbers, **numbers}))
            least[rows] = np.array(sizes, dtype=np.int64)[inverse]
        return least


def file_pattern(pattern: Pattern) -> Pattern:
    """The pattern of the file on disk: of the container, where the artifact is a dataset in one."""
    return Pattern(cut(pattern.pieces)[0])


def inner_pattern(pattern: Pattern) -> Pattern:
    """The pattern of the dataset inside the container."""
    return Pattern(cut(pattern.pieces)[1])
