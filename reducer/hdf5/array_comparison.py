"""Compares two arrays slab by slab: the number of values that differ, the largest differences, and their places."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Place = tuple[int, ...]


@dataclass(frozen=True)
class Tolerance:
    """Values a and b agree if ``|a - b| <= atol + rtol |b|``, as in :func:`numpy.isclose`."""

    rtol: float = 0.0
    atol: float = 0.0


@dataclass(frozen=True)
class Largest:
    """The largest of some differences and its place; nan, which counts as the largest, is NaN against a number."""

    value: float
    at: Place


@dataclass(frozen=True)
class ArrayDifference:
    """The difference of two arrays.

    Attributes
    ----------
    differing, total : the number of values that differ, and of all
    first : the place of the first that differs
    absolute, relative : the largest ``|a - b|`` and ``|a - b| / |b|`` of those that differ; None if they are no numbers
    """

    differing: int
    total: int
    first: Place
    absolute: Largest | None
    relative: Largest | None

    def __str__(self) -> str:
        text = f"{self.differing:,} of {self.total:,} values differ, first at {_place(self.first)}"
        if self.absolute is not None and self.relative is not None:
            for name, largest in (("absolute", self.absolute), ("relative", self.relative)):
                text += f"; largest {name} difference {largest.value:.3g} at {_place(largest.at)}"
        return text


def _place(at: Place) -> str:
    return f"[{', '.join(map(str, at))}]"


def combined(one: ArrayDifference | None, other: ArrayDifference | None) -> ArrayDifference | None:
    """The difference of two slabs together; ``total`` is that of the whole array and stays."""
    if one is None or other is None:
        return one or other
    absolute, relative = _larger(one.absolute, other.absolute), _larger(one.relative, other.relative)
    return ArrayDifference(one.differing + other.differing, one.total, min(one.first, other.first), absolute, relative)


def _larger(one: Largest | None, other: Largest | None) -> Largest | None:
    if one is None or other is None:
        return one or other
    return one if math.isnan(one.value) or one.value >= other.value else other


def slabs(
    shape: Sequence[int], chunks: Sequence[int] | None, itemsize: int, budget: int
) -> Iterator[tuple[slice, ...]]:
    """Cut an array into slabs of at most ``budget`` bytes, of whole chunks where they fit; in order, each place once.

    Examples
    --------
    >>> list(slabs((4, 3), None, itemsize=8, budget=48))
    [(slice(0, 2, None), slice(0, 3, None)), (slice(2, 4, None), slice(0, 3, None))]
    """
    if 0 in shape:
        return
    sides = [min(side, chunk) for side, chunk in zip(shape, chunks or [1] * len(shape), strict=True)]
    items = max(1, budget // itemsize)
    for axis in range(len(sides)):  # a chunk that is too large is cut, its slowest axis first
        sides[axis] = max(1, min(sides[axis], items * sides[axis] // math.prod(sides)))
    for axis in reversed(range(len(sides))):  # a small one is joined by its neighbours
        sides[axis] = min(shape[axis], sides[axis] * max(1, items // math.prod(sides)))
    for place in np.ndindex(*(-(-extent // side) for extent, side in zip(shape, sides, strict=True))):
        begins = [index * side for index, side in zip(place, sides, strict=True)]
        yield tuple(
            slice(begin, min(begin + side, extent)) for begin, side, extent in zip(begins, sides, shape, strict=True)
        )


def compare_arrays(
    one: Array, other: Array, tolerance: Tolerance, *, begins: Sequence[int], total: int
) -> ArrayDifference | None:
    """The difference of two slabs of one shape; None if they agree.

    NaN agrees with NaN at the same place (of complex numbers real and imaginary part each), -0.0 with 0.0. Values that are no
    numbers agree if they are equal. A compound value differs where one of its members does.

    Parameters
    ----------
    one, other : shape (...), of one type
    begins : the place of the slab in the whole array
    total : the number of values of the whole array

    See Also
    --------
    numpy.isclose : the same criterion, without places and largest differences.

    Examples
    --------
    >>> one, other = np.array([1.0, 2.0]), np.array([1.0, 2.5])
    >>> print(compare_arrays(one, other, Tolerance(), begins=[10], total=100))
    1 of 100 values differ, first at [11]; largest absolute difference 0.5 at [11]; largest relative difference 0.2 at [11]
    """
    far = _far(one, other, tolerance)
    if not far.positions.size:
        return None

    def place(position: int) -> Place:
        within = np.unravel_index(position, one.shape)
        return tuple(int(index) + begin for index, begin in zip(within, begins, strict=True))

    def largest(distances: Array) -> Largest | None:
        highest = int(np.argmax(distances))  # nan before all others
        value = float(distances[highest])
        return None if value < 0 else Largest(value, place(int(far.positions[highest])))

    differs = np.zeros(one.size, dtype=bool)
    differs[far.positions] = True  # once, however many members of a compound do
    differing, first = int(np.count_nonzero(differs)), int(np.argmax(differs))
    return ArrayDifference(differing, total, place(first), largest(far.absolute), largest(far.relative))


@dataclass(frozen=True)
class _Far:
    """The flat positions at which two slabs differ, and the differences there; -1 where there is no number."""

    positions: Array
    absolute: Array
    relative: Array


def _far(one: Array, other: Array, tolerance: Tolerance) -> _Far:
    if one.dtype.names is not None:
        return _far_members(one, other, tolerance)
    if one.dtype.kind in "iufc":
        return _far_numbers(one, other, tolerance)
    pairs = zip(one.reshape(-1).tolist(), other.reshape(-1).tolist(), strict=True)
    found = [position for position, (a, b) in enumerate(pairs) if _are_apart(a, b, tolerance)]
    positions = np.array(found, dtype=np.int64)
    nothing = np.full(positions.size, -1.0)
    return _Far(positions, nothing, nothing)


def _are_apart(one: Any, other: Any, tolerance: Tolerance) -> bool:
    """Whether two values that are no numbers differ; a list of numbers does where one of them does, or its length."""
    if isinstance(one, np.ndarray):
        return one.shape != other.shape or _far(one, other, tolerance).positions.size > 0
    if isinstance(one, list):
        return len(one) != len(other) or any(_are_apart(a, b, tolerance) for a, b in zip(one, other, strict=True))
    return bool(one != other)


def _far_members(one: Array, other: Array, tolerance: Tolerance) -> _Far:
    """A member may be an array itself, whose values stand at the position of the whole."""
    positions, absolute, relative = [], [], []
    for name in one.dtype.names or ():
        far = _far(one[name], other[name], tolerance)
        positions.append(far.positions // math.prod(one.dtype[name].shape))
        absolute.append(far.absolute)
        relative.append(far.relative)
    return _Far(np.concatenate(positions), np.concatenate(absolute), np.concatenate(relative))


def _far_numbers(one: Array, other: Array, tolerance: Tolerance) -> _Far:
    positions = np.flatnonzero(~_same(one, other))
    a, b = one.reshape(-1)[positions], other.reshape(-1)[positions]
    with np.errstate(all="ignore"):
        absolute, size = _distance(a, b), _distance(b, np.zeros_like(b))
        far = ~(np.isfinite(absolute) & (absolute <= tolerance.atol + tolerance.rtol * size))
        return _Far(positions[far], absolute[far], absolute[far] / size[far])


def _same(one: Array, other: Array) -> Array:
    if one.dtype.kind == "c":
        return _same(one.real, other.real) & _same(one.imag, other.imag)
    same: Array = one == other
    return same | (np.isnan(one) & np.isnan(other)) if one.dtype.kind == "f" else same


def _distance(a: Array, b: Array) -> Array:
    """``|a - b|`` in double precision at least."""
    if a.dtype.kind in "iu":
        # Differences of integers overflow their type; modulo 2^64 that of the larger and the smaller is exact.
        return (np.maximum(a, b).astype(np.uint64) - np.minimum(a, b).astype(np.uint64)).astype(np.float64)
    wide = np.promote_types(a.dtype, np.float64)
    distance: Array = np.abs(a.astype(wide) - b.astype(wide))
    return distance
