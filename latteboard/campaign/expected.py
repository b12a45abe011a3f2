"""The expected artifacts of one kind as columns of codes, with their folders, names and least sizes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from latteboard.campaign.relations import Columns, Relations, length
from latteboard.campaign.sizes import Size
from latteboard.names.patterns import Pattern
from latteboard.names.templates import Choice, Field, Piece, Value, coordinates_of, piece_text, split_inside

Texts = NDArray[np.object_]
Rows = slice | NDArray[np.intp]


@dataclass(frozen=True)
class Block:
    """A naming block: the artifacts of a kind that share one pattern, as those of one ensemble and stream do.

    Attributes
    ----------
    fixed : the ensemble and the stream, if the path names them
    pattern : the path of the artifacts, relative to the root
    numbers : values of the parameters, L and T, for the least size
    min_bytes : the least size in bytes, as arithmetic of ``numbers`` and coordinates
    """

    fixed: Mapping[str, str]
    pattern: Pattern
    numbers: Mapping[str, int | float]
    min_bytes: Size


class Expected:
    """The expected artifacts of a kind, one row each.

    Attributes
    ----------
    rows : columns of codes by coordinate, each of shape (number of artifacts,), sorted in canonical order; since ensemble
        and stream come first in this order, the rows of a block are contiguous
    blocks : the naming blocks of the kind
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
        """The coordinates of the artifact in row ``index``."""
        return self._relations.decode(self.rows, index)

    def index(self, coordinates: Mapping[str, Value]) -> int | None:
        """The row of the artifact with these coordinates; None if it is not expected."""
        # Rows are sorted, so their keys are too.
        key = self._relations.key(self.rows, coordinates)
        if key is None:
            return None
        row = int(np.searchsorted(self._keys, key))
        return row if row < len(self) and self._keys[row] == key else None

    @cached_property
    def block_slices(self) -> list[tuple[Block, slice]]:
        """The blocks that have artifacts, each with the slice of its rows, in the order of the rows."""
        slices = []
        for block in self.blocks:
            mask = np.ones(len(self), dtype=bool)
            for name, value in block.fixed.items():
                mask &= self.rows[name] == self._relations.codes[name][value]
            found = np.flatnonzero(mask)
            if len(found):
                slices.append((block, slice(int(found[0]), int(found[-1]) + 1)))
        return sorted(slices, key=lambda pair: pair[1].start)

    def folders(self) -> tuple[list[str], NDArray[np.int32]]:
        """The folders of the files, each once in order of appearance, and the number of the folder of each row.

        The numbers have the shape (number of artifacts,) and are positions in the list.
        """
        folders: dict[str, int] = {}
        numbers = np.empty(len(self), dtype=np.int32)
        for block, rows in self.block_slices:
            pattern = file_pattern(block.pattern).split()[0]
            columns = {name: self.rows[name][rows] for name in pattern.coordinates}
            # Many files are in one folder: a name is formatted once for each combination of its coordinates.
            if columns:
                _, first, inverse = np.unique(self._relations.keys(columns), return_index=True, return_inverse=True)
                texts = self._format(pattern, first + rows.start)
            else:
                inverse, texts = np.zeros(rows.stop - rows.start, dtype=np.int64), [pattern.format({})]
            local = np.array([folders.setdefault(text, len(folders)) for text in texts], dtype=np.int32)
            numbers[rows] = local[inverse]
        return list(folders), numbers

    def names(self, block: Block, rows: Rows) -> list[str]:
        """The file names, without folders, of some rows of one block."""
        return self._format(file_pattern(block.pattern).split()[1], rows)

    def datasets(self, block: Block, rows: Rows) -> list[str]:
        """The paths inside their HDF5 files of some rows of one block, for a kind whose artifacts are datasets."""
        return self._format(inner_pattern(block.pattern), rows)

    def paths(self, block: Block, rows: Rows) -> list[str]:
        """The paths, relative to the root, of some rows of one block."""
        return self._format(block.pattern, rows)

    def _format(self, pattern: Pattern, rows: Rows) -> list[str]:
        # One format with %s for each piece that varies is the fastest way to many texts.
        form = "".join(piece.replace("%", "%%") if isinstance(piece, str) else "%s" for piece in pattern.pieces)
        columns = [self._piece_column(piece, rows) for piece in pattern.pieces if not isinstance(piece, str)]
        if columns:
            return list(map(form.__mod__, zip(*columns, strict=True)))
        length = rows.stop - rows.start if isinstance(rows, slice) else len(rows)
        return [form % ()] * length

    def _piece_column(self, piece: Piece, rows: Rows) -> list[str]:
        """The text of one piece in each row."""
        if isinstance(piece, Field):
            if piece not in self._texts:
                texts = [piece.text(value) for value in self._relations.values[piece.name]]
                self._texts[piece] = np.array(texts, dtype=object)
            column: list[str] = self._texts[piece][self.rows[piece.name][rows]].tolist()
            return column
        assert isinstance(piece, Choice)
        # The text of a derived name is made once for each combination of its coordinates.
        columns = {name: self.rows[name][rows] for name in dict.fromkeys(coordinates_of((piece,)))}
        _, first, inverse = np.unique(self._relations.keys(columns), return_index=True, return_inverse=True)
        texts = [piece_text(piece, self._relations.decode(columns, index)) for index in first.tolist()]
        return [texts[number] for number in inverse.tolist()]

    def least_bytes(self) -> NDArray[np.int64]:
        """The least size of each file in bytes, shape (number of artifacts,); a smaller file is bad."""
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
    """The pattern of the file on disk: of the container, if the artifact is a dataset in one.

    Examples
    --------
    >>> str(file_pattern(Pattern(("flow.h5::t/", Field("configuration")))))
    'flow.h5'
    """
    return Pattern(split_inside(pattern.pieces)[0])


def inner_pattern(pattern: Pattern) -> Pattern:
    """The pattern of the dataset in its container; empty if the artifact is a file."""
    return Pattern(split_inside(pattern.pieces)[1])
