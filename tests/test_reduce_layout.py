"""Where rows stand in a joined dataset: written part by part at their places they are what joining them in memory gives."""

import math
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from latteboard.errors import ShapeError
from latteboard.recipe import Concatenation
from reducer.arrays.joining import Along, join
from reducer.making.layout import CHUNK, SMALL, Layout, chunk_shape, growth_limits

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


# -- chunks ----------------------------------------------------------------------------------------------------------


def test_only_what_can_be_appended_to_grows() -> None:
    shapes = [(2, 3, 4), (2, 3, 4)]
    assert not Layout(shapes[:1]).resizable
    assert not Layout(shapes, Concatenation()).resizable
    assert Layout(shapes, Concatenation(append=True)).resizable
    assert Layout(shapes, Concatenation(append=True)).axis == 0
    assert Layout(shapes, Concatenation(along=2, append=True)).axis == 2


@given(
    whole=st.lists(st.integers(0, 300), min_size=1, max_size=5).map(tuple),
    itemsize=st.sampled_from([1, 4, 8, 16]),
    data=st.data(),
)
def test_chunks_fit_the_dataset_and_are_neither_tiny_nor_large(
    whole: Shape, itemsize: int, data: st.DataObject
) -> None:
    axis = data.draw(st.integers(0, len(whole) - 1))
    chunk = chunk_shape(whole, axis=axis, itemsize=itemsize)
    assert len(chunk) == len(whole)
    others = [n for n in range(len(whole)) if n != axis]
    assert all(1 <= chunk[n] <= max(1, whole[n]) for n in others)
    assert chunk[axis] >= 1
    size = itemsize * math.prod(chunk)
    row = itemsize * math.prod(max(1, whole[n]) for n in others)
    assert size <= CHUNK
    assert size > SMALL / 2 or size == row
    # Only rows that are small are gathered, so that to add one row never writes much more than it.
    assert chunk[axis] == 1 or size <= SMALL


@pytest.mark.parametrize("along", ["new", 0, 1])
@pytest.mark.parametrize("shape", [(2, 3), (1, 500_000), (500_000, 2), (3, 0)])
def test_the_library_takes_the_chunks(along: Along, shape: Shape) -> None:
    layout = Layout([shape, shape], Concatenation(along=along, append=True))
    whole, axis = layout.whole, layout.axis
    chunks, limits = chunk_shape(whole, axis=axis, itemsize=8), growth_limits(whole, axis=axis)
    with h5py.File("memory", "w", driver="core", backing_store=False) as file:
        made = file.create_dataset(NAME, whole, "f8", maxshape=limits, chunks=chunks)
        assert made.chunks == chunks
        longer = tuple(length + 7 if position == axis else length for position, length in enumerate(whole))
        made.resize(longer)
        assert made.shape == longer


def test_a_chunk_of_an_average_is_a_slice_and_of_a_momentum_file_a_configuration() -> None:
    assert chunk_shape((100, 9, 32, 32, 32, 2), axis=0, itemsize=8) == (1, 1, 32, 32, 32, 2)
    assert chunk_shape((100, 9, 11, 11, 11), axis=0, itemsize=16) == (1, 9, 11, 11, 11)
    assert chunk_shape((100, 9), axis=0, itemsize=16) == (SMALL // 144, 9)


@pytest.mark.parametrize("length", range(1, 120))
def test_chunks_hold_little_more_than_what_they_are_made_for(length: int) -> None:
    whole = (100, length, 24, 24, 24, 2)
    chunk = chunk_shape(whole, axis=0, itemsize=8)[1]
    assert -(-length // chunk) * chunk <= max(length + 1, 1.06 * length)
    assert chunk * 24**3 * 16 <= CHUNK
