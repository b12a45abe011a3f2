"""Joining configurations: along a new first axis or along one that is there, and never what does not fit."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from latteboard.errors import ShapeError
from reducer.arrays.joining import Along, join, joined_shape

types = st.sampled_from(["float32", "float64", "complex64", "complex128"])
shapes = st.lists(st.integers(1, 4), min_size=1, max_size=5).map(tuple)


def test_a_new_axis_is_the_first_and_counts_configurations() -> None:
    arrays = [np.arange(6.0).reshape(2, 3) + 10 * n for n in range(4)]
    joined = join(arrays, along="new")
    assert joined.shape == (4, 2, 3)
    for n, i, j in product(range(4), range(2), range(3)):
        assert joined[n, i, j] == arrays[n][i, j]


def test_along_an_axis_that_is_there_one_follows_the_other() -> None:
    first, second = np.arange(6.0).reshape(2, 3), 10 + np.arange(2.0).reshape(2, 1)
    assert join([first, second], along=1).tolist() == [[0, 1, 2, 10], [3, 4, 5, 11]]
    assert join([first, first], along=0).tolist() == [[0, 1, 2], [3, 4, 5], [0, 1, 2], [3, 4, 5]]


def test_one_array_alone_gains_the_axis_too() -> None:
    assert join([np.zeros((2, 3))], along="new").shape == (1, 2, 3)
    assert join([np.zeros((2, 3))], along=0).shape == (2, 3)


@given(shape=shapes, dtype=types, number=st.integers(1, 5))
def test_each_array_is_found_again_at_its_place_on_the_new_axis(
    shape: tuple[int, ...], dtype: str, number: int
) -> None:
    arrays = [np.full(shape, n + 1, dtype=dtype) for n in range(number)]
    joined = join(arrays, along="new")
    assert (joined.dtype, joined.shape) == (np.dtype(dtype), joined_shape([shape] * number, along="new"))
    np.testing.assert_array_equal(list(joined), arrays)


@given(shape=shapes, dtype=types, lengths=st.lists(st.integers(0, 3), min_size=1, max_size=4), data=st.data())
def test_what_is_joined_along_an_axis_can_be_split_again(
    shape: tuple[int, ...], dtype: str, lengths: list[int], data: st.DataObject
) -> None:
    axis = data.draw(st.integers(0, len(shape) - 1))
    parts = [(*shape[:axis], length, *shape[axis + 1 :]) for length in lengths]
    arrays = [np.full(part, n + 1, dtype=dtype) for n, part in enumerate(parts)]
    joined = join(arrays, along=axis)
    assert (joined.dtype, joined.shape) == (np.dtype(dtype), joined_shape(parts, along=axis))
    for found, array in zip(np.split(joined, np.cumsum(lengths)[:-1], axis=axis), arrays, strict=True):
        np.testing.assert_array_equal(found, array)


def test_what_is_joined_is_a_copy() -> None:
    array = np.ones((2, 2))
    join([array], along=0)[:] = 0
    join([array], along="new")[:] = 0
    assert (array == 1).all()


# -- refused ---------------------------------------------------------------------------------------------------------------


def test_an_array_of_another_shape_is_refused_and_named() -> None:
    arrays = [np.zeros((2, 3)), np.zeros((2, 3)), np.zeros((2, 4))]
    message = r"^array 3 of 3 to join has shape \(2, 4\), the first \(2, 3\): expected the same "
    with pytest.raises(ShapeError, match=message + "everywhere$"):
        join(arrays, along="new")
    with pytest.raises(ShapeError, match=message + "on all axes but 0$"):
        join(arrays, along=0)
    assert join(arrays, along=1).shape == (2, 10)


@pytest.mark.parametrize("along", ["new", 0, 1])
def test_an_array_of_other_dimensions_is_refused_and_named(along: Along) -> None:
    with pytest.raises(ShapeError, match=r"^array 2 of 2 to join has shape \(2, 3, 1\), the first \(2, 3\)"):
        join([np.zeros((2, 3)), np.zeros((2, 3, 1))], along=along)
    with pytest.raises(ShapeError, match=r"^array 2 of 2 to join has shape \(2,\), the first \(2, 3\)"):
        joined_shape([(2, 3), (2,)], along=along)


@pytest.mark.parametrize(("first", "second"), [("float64", "float32"), ("complex128", "float64"), ("<f8", ">f8")])
def test_an_array_of_another_type_is_refused_and_named(first: str, second: str) -> None:
    message = f"^array 2 of 2 to join is {np.dtype(second)}: expected {np.dtype(first)}, as the first$"
    with pytest.raises(ShapeError, match=message):
        join([np.zeros(3, dtype=first), np.zeros(3, dtype=second)], along="new")


@pytest.mark.parametrize("along", [2, -1])
def test_an_axis_that_is_not_there_is_refused(along: Along) -> None:
    message = rf"^an array of shape \(2, 3\) has no axis {along} to join along: expected 0 to 1$"
    with pytest.raises(ShapeError, match=message):
        join([np.zeros((2, 3))], along=along)


@pytest.mark.parametrize("along", ["new", 0])
def test_joining_nothing_is_refused(along: Along) -> None:
    with pytest.raises(ShapeError, match=r"^nothing to join: expected at least one array$"):
        join([], along=along)
    with pytest.raises(ShapeError, match=r"^nothing to join"):
        joined_shape([], along=along)
