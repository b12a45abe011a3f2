"""Where rows stand in a joined dataset: written part by part at their places they are what joining them in memory gives."""

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from latteboard.errors import ShapeError
from latteboard.recipe import Concatenation
from reducer.arrays.joining import Along, join
from reducer.making import layout as layout_module
from reducer.making.layout import SLAB_BYTES, Layout, regions

Shape = tuple[int, ...]
NAME = "proton/A3"


@st.composite
def rows(draw: st.DrawFn) -> tuple[Along, list[NDArray[Any]]]:
    """Arrays that can be joined, and along which axis: they differ in length along it."""
    shape = draw(st.lists(st.integers(1, 4), max_size=4).map(tuple))
    along = draw(st.sampled_from(["new", *range(len(shape))]))
    lengths = draw(st.lists(st.integers(0, 3), min_size=1, max_size=5))
    shapes = [shape if along == "new" else (*shape[:along], length, *shape[along + 1 :]) for length in lengths]
    return along, [np.arange(math.prod(one), dtype=float).reshape(one) + 1000 * n for n, one in enumerate(shapes)]


def layout_of(along: Along, arrays: list[NDArray[Any]], *, append: bool = False) -> Layout:
    return Layout([one.shape for one in arrays], Concatenation(along=along, append=append))


def parts(array: NDArray[Any], step: int) -> list[slice]:
    """An array cut along its first axis; a number is one part."""
    length = len(array) if array.ndim else 1
    return [slice(begin, min(begin + step, length)) for begin in range(0, length, step)]


@given(rows=rows(), step=st.integers(1, 3))
def test_rows_written_part_by_part_at_their_places_are_the_joined_array(
    rows: tuple[Along, list[NDArray[Any]]], step: int
) -> None:
    along, arrays = rows
    layout = layout_of(along, arrays)
    expected = join(arrays, along=along)
    whole = np.full(layout.whole, np.nan)
    writes = np.zeros(whole.shape, dtype=int)
    for row, array in enumerate(arrays):
        for here in parts(array, step):
            place = layout.region(row, here)
            whole[place] = array[here] if array.ndim else array
            writes[place] += 1
    np.testing.assert_array_equal(whole, expected)
    assert (writes == 1).all()


@given(shape=st.lists(st.integers(1, 5), max_size=4).map(tuple), step=st.integers(1, 3))
def test_without_joining_a_row_is_the_whole(shape: Shape, step: int) -> None:
    array = np.arange(math.prod(shape), dtype=float).reshape(shape)
    layout = Layout([shape])
    whole = np.full(layout.whole, np.nan)
    for here in parts(array, step):
        whole[layout.region(0, here)] = array[here] if array.ndim else array
    np.testing.assert_array_equal(whole, array)


@pytest.mark.parametrize(("along", "shapes"), [(1, [(3,), (3,)]), (0, [(), ()]), (0, [(2, 3), (2, 4)])])
def test_what_cannot_be_joined_is_refused(along: int, shapes: list[Shape]) -> None:
    with pytest.raises(ShapeError):
        layout_of(along, [np.zeros(shape) for shape in shapes]).whole  # noqa: B018 asking for it is the test


# -- ranges ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("slab_bytes", [1, 50, 1 << 20])
@given(
    shape=st.lists(st.integers(0, 5), min_size=1, max_size=4).map(tuple),
    data=st.data(),
)
def test_what_is_moved_is_read_once_and_written_once(slab_bytes: int, shape: Shape, data: st.DataObject) -> None:
    axis = data.draw(st.integers(0, len(shape) - 1))
    cuts = sorted({0, *data.draw(st.lists(st.integers(0, shape[axis]))), shape[axis]})
    ranges = data.draw(st.permutations(list(pairwise(cuts))))
    moves, at = [], 2
    for begin, end in ranges:
        moves.append((begin, end, at))
        at += end - begin
    array = np.arange(1.0, math.prod(shape) + 1).reshape(shape)
    longer = np.zeros((*shape[:axis], shape[axis] + 2, *shape[axis + 1 :]))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(layout_module, "SLAB_BYTES", slab_bytes)
        for here, there in regions(shape, 8, axis, moves):
            assert not longer[there].any()
            longer[there] = array[here]
    expected = [np.take(array, range(begin, end), axis=axis) for begin, end in ranges]
    head = np.zeros((*shape[:axis], 2, *shape[axis + 1 :]))
    np.testing.assert_array_equal(longer, np.concatenate([head, *expected], axis=axis))


def test_a_slab_is_of_some_bytes_only_however_large_a_row_is() -> None:
    found = list(regions((2, 64, 1024, 64), 16, 0, [(0, 2, 0)]))
    sizes = [math.prod(side.stop - side.start for side in here) * 16 for here, _ in found]
    assert max(sizes) <= SLAB_BYTES
    assert sum(sizes) == 2 * 64 * 1024 * 64 * 16
