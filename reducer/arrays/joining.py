"""Arrays of several configurations joined into one: along a new axis before all others, or along one that they have.

Arrays in memory and datasets in files are joined by the same rules: :func:`joined_shape`, :func:`offsets` and :func:`region`.
"""

from collections.abc import Sequence
from itertools import accumulate
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from latteboard.errors import ShapeError

Along = Literal["new"] | int
Shape = tuple[int, ...]
Region = tuple[int | slice, ...]


def joined_shape(shapes: Sequence[Shape], *, along: Along) -> Shape:
    """The shape of the joined array of arrays of these shapes.

    Parameters
    ----------
    along : ``"new"`` for an axis of their number before all others, or the position of an axis that they have,
        along which they may differ

    Raises
    ------
    ShapeError : there is none, they have no such axis, or one does not fit the first.

    Examples
    --------
    >>> joined_shape([(9, 4), (9, 4)], along="new")
    (2, 9, 4)
    >>> joined_shape([(9, 4), (9, 3)], along=1)
    (9, 7)
    """
    if not shapes:
        raise ShapeError("nothing to join: expected at least one array")
    first = shapes[0]
    if along == "new":
        _check_shapes(shapes, "expected the same everywhere")
        return len(shapes), *first
    if not 0 <= along < len(first):
        raise ShapeError(f"an array of shape {first} has no axis {along} to join along: expected 0 to {len(first) - 1}")
    _check_shapes(shapes, f"expected the same on all axes but {along}", free=along)
    return *first[:along], sum(shape[along] for shape in shapes), *first[along + 1 :]


def offsets(shapes: Sequence[Shape], *, along: Along) -> list[int]:
    """The position of each array along the axis of joining.

    Examples
    --------
    >>> offsets([(9, 4), (9, 3), (9, 1)], along=1)
    [0, 4, 7]
    >>> offsets([(9, 4), (9, 4)], along="new")
    [0, 1]
    """
    lengths = [1 if along == "new" else shape[along] for shape in shapes]
    return list(accumulate(lengths, initial=0))[:-1]


def region(shape: Shape, slab: slice, *, offset: int, along: Along) -> Region:
    """The region of the joined array that a slab of one array fills.

    Parameters
    ----------
    shape : of the array
    slab : a range of its first axis
    offset : its position along the axis of joining, see :func:`offsets`

    Returns
    -------
    an index of the joined array.

    Examples
    --------
    >>> region((9, 4), slice(2, 5), offset=7, along="new")
    (7, slice(2, 5, None))
    >>> region((9, 4), slice(2, 5), offset=7, along=0)
    (slice(9, 12, None),)
    >>> region((9, 4), slice(2, 5), offset=7, along=1)
    (slice(2, 5, None), slice(7, 11, None))
    """
    if along == "new":
        return (offset, slab) if shape else (offset,)
    if along == 0:
        return (slice(offset + slab.start, offset + slab.stop),)
    return (slab, *(slice(None),) * (along - 1), slice(offset, offset + shape[along]))


def join(arrays: Sequence[NDArray[Any]], *, along: Along) -> NDArray[Any]:
    """Join arrays of one type in the order given.

    Parameters
    ----------
    arrays : shape (...) each
    along : ``"new"`` for a new axis before all others, or the position of an axis that they have

    Returns
    -------
    of the same type; shape (number, ...), or (..., sum of lengths, ...).

    Raises
    ------
    ShapeError : as :func:`joined_shape`, or one is of another type than the first.

    See Also
    --------
    numpy.stack, numpy.concatenate : the same of arrays that fit.

    References
    ----------
    Both ways are those of the CalLat production codes, https://github.com/callat-qcd/nucleon_elastic_FF.

    Examples
    --------
    >>> join([np.array([1, 2]), np.array([3, 4])], along="new").tolist()
    [[1, 2], [3, 4]]
    >>> join([np.array([1, 2]), np.array([3])], along=0).tolist()
    [1, 2, 3]
    """
    shapes = [array.shape for array in arrays]
    whole = joined_shape(shapes, along=along)
    for position, array in enumerate(arrays, start=1):
        if array.dtype != arrays[0].dtype:
            raise ShapeError(
                f"array {position} of {len(arrays)} to join is {array.dtype}: expected {arrays[0].dtype}, as the first"
            )
    joined = np.empty(whole, dtype=arrays[0].dtype)
    for array, offset in zip(arrays, offsets(shapes, along=along), strict=True):
        joined[region(array.shape, slice(0, *array.shape[:1] or (1,)), offset=offset, along=along)] = array
    return joined


def _check_shapes(shapes: Sequence[Shape], expected: str, *, free: int | None = None) -> None:
    """Require the shape of the first, on all axes but ``free``."""
    fixed = [tuple(-1 if axis == free else length for axis, length in enumerate(shape)) for shape in shapes]
    for position, shape in enumerate(shapes, start=1):
        if fixed[position - 1] != fixed[0]:
            raise ShapeError(
                f"array {position} of {len(shapes)} to join has shape {shape}, the first {shapes[0]}: {expected}"
            )
