"""The layout of an output dataset: where its rows stand. A row is the part of one configuration."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from latteboard.recipe import Concatenation
from reducer.arrays.joining import Region, Shape, joined_shape, offsets, region

# Bytes of a chunk of a dataset that can grow, at most, and of the chunks that the library keeps for each such dataset.
CHUNK = 1 << 20
SMALL = 1 << 16  # bytes to which smaller rows are gathered


@dataclass(frozen=True)
class Layout:
    """How rows make up one dataset.

    Attributes
    ----------
    shapes : of each row
    concatenation : how they are joined; None where there is one row only, which is no axis
    """

    shapes: Sequence[Shape]
    concatenation: Concatenation | None = None

    @cached_property
    def whole(self) -> Shape:
        """The shape of the dataset."""
        if self.concatenation is None:
            return self.shapes[0]
        return joined_shape(self.shapes, along=self.concatenation.along)

    @cached_property
    def _offsets(self) -> list[int]:
        assert self.concatenation is not None
        return offsets(self.shapes, along=self.concatenation.along)

    def region(self, row: int, slab: slice) -> Region:
        """The region of the dataset that a slab of a row fills; ``slab`` is a range of the row's first axis."""
        shape = self.shapes[row]
        if self.concatenation is None:
            return (slab,) if shape else ()
        return region(shape, slab, offset=self._offsets[row], along=self.concatenation.along)

    @property
    def axis(self) -> int:
        """The axis along which rows are joined."""
        joined = self.concatenation
        return 0 if joined is None or joined.along == "new" else joined.along

    @property
    def joins_an_axis(self) -> bool:
        """Whether rows are joined along an axis that they have."""
        return self.concatenation is not None and self.concatenation.along != "new"

    @property
    def resizable(self) -> bool:
        """Whether further rows can be added later."""
        return self.concatenation is not None and self.concatenation.append


def chunk_shape(whole: Shape, *, axis: int, itemsize: int) -> Shape:
    """The chunks of a dataset that can grow along ``axis``: neither tiny nor larger than a time slice or so.

    Examples
    --------
    Averages of 100 configurations are cut into time slices, files in momentum space into configurations; of nine slices three
    fill their chunks, and two would leave one chunk half empty:

    >>> chunk_shape((100, 9, 32, 32, 32, 2), axis=0, itemsize=8)
    (1, 1, 32, 32, 32, 2)
    >>> chunk_shape((100, 9, 24, 24, 24, 2), axis=0, itemsize=8)
    (1, 3, 24, 24, 24, 2)
    >>> chunk_shape((100, 9, 11, 11, 11), axis=0, itemsize=16)
    (1, 9, 11, 11, 11)
    """
    chunk = [max(1, length) for length in whole]
    chunk[axis] = 1
    size = itemsize * math.prod(chunk)
    if size <= SMALL:
        chunk[axis] = SMALL // size
        return tuple(chunk)
    for position, length in enumerate(chunk):
        chunk[position] = -(-length // _parts(length, -(-size // CHUNK)))
        size = size // length * chunk[position]
    return tuple(chunk)


def _parts(length: int, least: int) -> int:
    """In how many parts an axis is cut: at least so many, or somewhat more if they leave less of the last part empty."""
    least = min(length, least)
    return min(range(least, min(length, 4 * least) + 1), key=lambda parts: (-(-length // parts) * parts, parts))


def growth_limits(whole: Shape, *, axis: int) -> tuple[int | None, ...]:
    """The largest length of each axis of a dataset that can grow along ``axis``: None, without limit, for that one.

    Examples
    --------
    >>> growth_limits((100, 9, 4), axis=0)
    (None, 9, 4)
    """
    # No chunk fits an axis without length that cannot grow, so such a one may.
    return tuple(None if position == axis else max(1, length) for position, length in enumerate(whole))
