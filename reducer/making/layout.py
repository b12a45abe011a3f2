"""Where the rows of a joined file stand in its datasets; a row is what one configuration gives."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from latteboard.recipe import Concatenation
from reducer.arrays.joining import joined_shape

Shape = tuple[int, ...]
CHUNK = 1 << 20  # bytes of a chunk of a dataset that can grow
SMALL = 1 << 16  # bytes to which rows smaller than that are gathered


@dataclass(frozen=True)
class Layout:
    """How the rows of an output make up its datasets.

    Attributes
    ----------
    joins : how they are joined; None where there is one row only, which is no axis
    rows : how many there are
    shapes : of each row of each dataset; needed only to join along an axis that rows have
    """

    joins: Concatenation | None
    rows: int
    shapes: Mapping[str, Sequence[Shape]] = field(default_factory=dict)

    @property
    def resizable(self) -> bool:
        """Whether further rows can be added later."""
        return self.joins is not None and self.joins.append

    @property
    def axis(self) -> int:
        """The axis of a dataset along which rows are joined."""
        return self.joins.along if self.joins is not None and self.joins.along != "new" else 0

    def whole(self, name: str, shape: Shape) -> Shape:
        """The shape of a dataset of which one row has this shape."""
        if self.joins is None:
            return shape
        if self.joins.along == "new":
            return (self.rows, *shape)
        return joined_shape(self.shapes[name], along=self.joins.along)

    def place(self, name: str, row: int, here: slice, shape: Shape) -> tuple[Any, ...]:
        """Where a part of a row stands in the whole; ``here`` is the part's place on the first axis of the row."""
        if self.joins is None:
            return (here,) if shape else ()
        if self.joins.along == "new":
            return (row, here) if shape else (row,)
        axis = self.joins.along
        before = sum(other[axis] for other in self.shapes[name][:row])
        if axis == 0:
            return (slice(before + here.start, before + here.stop),)
        return (here, *(slice(None),) * (axis - 1), slice(before, before + shape[axis]))

    def chunks(self, whole: Shape, itemsize: int) -> Shape:
        """The chunks of a dataset that can grow along the axis of rows: neither tiny nor larger than a time slice or so."""
        chunk = [max(1, length) for length in whole]
        chunk[self.axis] = 1
        size = itemsize * math.prod(chunk)
        if size <= SMALL:
            chunk[self.axis] = SMALL // size
            return tuple(chunk)
        for axis, length in enumerate(chunk):
            parts = min(length, -(-size // CHUNK))
            chunk[axis] = -(-length // parts)
            size = size // length * chunk[axis]
        return tuple(chunk)

    def limits(self, whole: Shape) -> tuple[int | None, ...]:
        """How far each axis can grow: only that of rows, and that without end."""
        # No chunk fits an axis without length that cannot grow, so such a one may.
        return tuple(None if axis == self.axis else max(1, length) for axis, length in enumerate(whole))
