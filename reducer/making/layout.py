"""The layout of an output dataset: where its rows stand. A row is the part of one configuration."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from latteboard.recipe import Concatenation
from reducer.arrays.joining import Region, Shape, joined_shape, offsets, region

SLAB_BYTES = 4 << 20  # that are held at once, unless one slice is larger


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

    def offset(self, row: int) -> int:
        """Where a row begins along the axis of rows."""
        return self._offsets[row]

    def length(self, row: int) -> int:
        """Its length along the axis of rows."""
        assert self.concatenation is not None
        return 1 if self.concatenation.along == "new" else self.shapes[row][self.axis]

    @property
    def axis(self) -> int:
        """The axis along which rows are joined."""
        joined = self.concatenation
        return 0 if joined is None or joined.along == "new" else joined.along


def items_before(whole: Shape, region: Region) -> int:
    """How many items of a dataset stand before a region of it.

    Examples
    --------
    >>> items_before((5, 4, 3), (2, slice(1, 3)))
    27
    """
    begins = (part.start if isinstance(part, slice) else part for part in region)
    return sum(begin * math.prod(whole[axis + 1 :]) for axis, begin in enumerate(begins))


# A range along the axis of rows: from, to, and where it comes to stand.
Move = tuple[int, int, int]


def regions(shape: Shape, itemsize: int, axis: int, moves: Iterable[Move]) -> Iterator[tuple[Region, Region]]:
    """The regions to read and to write, of some MiB each, that move ranges of a dataset along an axis.

    Examples
    --------
    >>> list(regions((4, 3), 8, 0, [(2, 4, 7)]))
    [((slice(2, 4, None), slice(0, 3, None)), (slice(7, 9, None), slice(0, 3, None)))]
    >>> list(regions((4, 3), 8, 1, [(0, 3, 5)]))
    [((slice(0, 4, None), slice(0, 3, None)), (slice(0, 4, None), slice(5, 8, None)))]
    """
    for begin, end, there in moves:
        moved = (*shape[:axis], end - begin, *shape[axis + 1 :])
        for slab in _slabs(moved, itemsize):
            rest = slab[axis + 1 :]
            here, to = (slice(slab[axis].start + at, slab[axis].stop + at) for at in (begin, there))
            yield (*slab[:axis], here, *rest), (*slab[:axis], to, *rest)


def _slabs(shape: Shape, itemsize: int) -> Iterator[tuple[slice, ...]]:
    """An array cut along its first axis, or its first two where one index of the first is too large already."""
    if 0 in shape:
        return
    step = max(1, SLAB_BYTES * shape[0] // (itemsize * math.prod(shape)))
    whole = tuple(slice(0, length) for length in shape[1:])
    inner = [whole]
    if step == 1 and len(shape) > 1:
        size = itemsize * math.prod(shape[2:])
        inner = [(slab, *whole[1:]) for slab in _ranges(shape[1], max(1, SLAB_BYTES // size))]
    for outer in _ranges(shape[0], step):
        yield from ((outer, *rest) for rest in inner)


def _ranges(length: int, step: int) -> Iterator[slice]:
    return (slice(begin, min(begin + step, length)) for begin in range(0, length, step))
