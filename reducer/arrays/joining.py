"""Arrays of several configurations made one: along a new axis before all others, or along one that they have."""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from latteboard.errors import ShapeError

Along = Literal["new"] | int


def joined_shape(shapes: Sequence[tuple[int, ...]], *, along: Along) -> tuple[int, ...]:
    """The shape of arrays of these shapes when they are joined, in memory or on disk.

    Parameters
    ----------
    along : ``"new"`` for an axis of their number before all others, or the position of an axis that they have,
        along which they may differ

    Raises
    ------
    ShapeError : there is none, they have no such axis, or one does not fit the first.
    """
    if not shapes:
        raise ShapeError("nothing to join: expected at least one array")
    first = shapes[0]
    if along == "new":
        _check_alike(shapes, "expected the same everywhere")
        return len(shapes), *first
    if not 0 <= along < len(first):
        raise ShapeError(f"an array of shape {first} has no axis {along} to join along: expected 0 to {len(first) - 1}")
    _check_alike(shapes, f"expected the same on all axes but {along}", apart=along)
    return *first[:along], sum(shape[along] for shape in shapes), *first[along + 1 :]


def join(arrays: Sequence[NDArray[Any]], *, along: Along) -> NDArray[Any]:
    """Join arrays of one type in the order given, as in the CalLat production codes.

    Parameters
    ----------
    along : ``"new"`` for a new axis before all others, shape (number, ...), or the position of an axis that they have

    Raises
    ------
    ShapeError : as :func:`joined_shape`, or one is of another type than the first.
    """
    joined_shape([array.shape for array in arrays], along=along)
    for position, array in enumerate(arrays, start=1):
        if array.dtype != arrays[0].dtype:
            raise ShapeError(
                f"array {position} of {len(arrays)} to join is {array.dtype}: expected {arrays[0].dtype}, as the first"
            )
    return np.stack(arrays) if along == "new" else np.concatenate(arrays, axis=along)


def _check_alike(shapes: Sequence[tuple[int, ...]], expected: str, *, apart: int | None = None) -> None:
    """Every shape must be like the first, on all axes but ``apart``."""
    alike = [tuple(-1 if axis == apart else length for axis, length in enumerate(shape)) for shape in shapes]
    for position, shape in enumerate(shapes, start=1):
        if alike[position - 1] != alike[0]:
            raise ShapeError(
                f"array {position} of {len(shapes)} to join has shape {shape}, the first {shapes[0]}: {expected}"
            )
