"""Averages over sources: plain means, in the order given, of terms that are all alike."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from latteboard.errors import ShapeError
from latteboard.names.templates import Source
from reducer.arrays.averaging import average
from reducer.arrays.slicing import shift_to_source, slice_correlator

every_type = pytest.mark.parametrize("dtype", ["float32", "float64", "complex64", "complex128"])


def random_terms(number: int, shape: tuple[int, ...], dtype: str, seed: int = 0) -> list[NDArray[Any]]:
    rng = np.random.default_rng(seed)
    drawn = rng.standard_normal((number, *shape)) * 10.0 ** rng.integers(-6, 6, (number, *shape))
    if np.dtype(dtype).kind == "c":
        drawn = drawn * np.exp(1j * np.arange(drawn.size).reshape(drawn.shape))
    return list(drawn.astype(dtype))


# -- by hand ---------------------------------------------------------------------------------------------------------------


def test_the_mean_is_the_sum_divided_by_the_number() -> None:
    terms = [[Fraction(n * k, 8) for k in range(1, 5)] for n in (3, -7, 12)]
    expected = [float(sum(column) / 3) for column in zip(*terms, strict=True)]
    assert average([np.array(term, dtype=float) for term in terms]).tolist() == expected


def test_a_single_term_is_its_own_mean() -> None:
    (term,) = random_terms(1, (3, 2), "float64")
    np.testing.assert_array_equal(average([term]), term)


def test_terms_are_added_in_the_order_given() -> None:
    large, one = np.array([2.0**53]), np.array([1.0])
    assert average([large, -large, one]).tolist() == [1 / 3]
    assert average([one, large, -large]).tolist() == [0.0]  # 2^53 + 1 is 2^53 in double precision


def test_single_precision_is_summed_in_single_precision() -> None:
    large, one = np.array([2**24], dtype=np.float32), np.array([1], dtype=np.float32)
    mean = average([large, one, -large])
    assert (mean.dtype, mean.tolist()) == (np.float32, [0.0])


@every_type
@pytest.mark.parametrize("number", range(1, 17))
def test_to_the_last_bit_it_is_the_mean_along_a_new_first_axis(dtype: str, number: int) -> None:
    terms = random_terms(number, (3, 4, 5, 2), dtype, seed=number)
    mean = average(terms)
    assert (mean.shape, mean.dtype) == (terms[0].shape, terms[0].dtype)
    assert mean.tobytes() == np.mean(np.stack(terms), axis=0).tobytes()


# -- terms come one by one, and stay as they are ---------------------------------------------------------------------------


def test_terms_may_come_one_after_the_other_in_the_same_memory() -> None:
    def terms() -> Iterator[NDArray[np.float64]]:
        buffer = np.empty(3)
        for value in (1.0, 2.0, 6.0):
            buffer[:] = value
            yield buffer

    assert average(terms()).tolist() == [3.0, 3.0, 3.0]


@every_type
def test_no_term_is_changed(dtype: str) -> None:
    terms = random_terms(3, (2, 2), dtype)
    before = [term.copy() for term in terms]
    for term in terms:
        term.flags.writeable = False
    average(terms)[:] = 0
    average(terms[:1])[:] = 0
    np.testing.assert_array_equal(terms, before)


# -- symmetry --------------------------------------------------------------------------------------------------------------

sources = st.builds(Source, x=st.integers(0, 3), y=st.integers(0, 2), z=st.integers(0, 1), t=st.integers(0, 4))


@given(source=sources, number=st.integers(1, 8))
def test_the_average_of_shifted_copies_is_the_shifted_average(source: Source, number: int) -> None:
    terms = random_terms(number, (5, 2, 3, 4, 2), "float64")
    shifted = average(shift_to_source(term, source) for term in terms)
    np.testing.assert_array_equal(shifted, shift_to_source(average(terms), source))


@given(source=sources, number=st.integers(1, 8), separation=st.integers(-4, 4).filter(bool))
def test_averaging_commutes_with_slicing_where_all_terms_have_one_source(
    source: Source, number: int, separation: int
) -> None:
    terms = random_terms(number, (5, 2, 3, 4), "complex64")
    how = {"source": source, "separation": separation, "boundary_sign": True}
    sliced = average(slice_correlator(term, **how) for term in terms)  # type: ignore[arg-type]
    np.testing.assert_array_equal(sliced, slice_correlator(average(terms), **how))  # type: ignore[arg-type]


@given(st.permutations(range(6)))
def test_the_order_matters_by_rounding_only(order: list[int]) -> None:
    terms = random_terms(6, (10,), "float64")
    scale = np.mean(np.abs(terms), axis=0)
    assert (abs(average([terms[n] for n in order]) - average(terms)) <= 1e-15 * scale).all()


# -- refused ---------------------------------------------------------------------------------------------------------------


def test_a_term_of_another_shape_is_refused_and_named() -> None:
    terms = [np.zeros((2, 3)), np.zeros((2, 3)), np.zeros((3, 2))]
    message = r"^term 3 of an average is float64 of shape \(3, 2\): expected float64 of shape \(2, 3\), as the first$"
    with pytest.raises(ShapeError, match=message):
        average(terms)


def test_a_term_that_could_be_stretched_to_the_shape_of_the_others_is_refused() -> None:
    with pytest.raises(ShapeError, match=r"^term 2 of an average is float64 of shape \(1, 3\)"):
        average([np.zeros((2, 3)), np.zeros((1, 3))])


@pytest.mark.parametrize(("first", "second"), [("float64", "float32"), ("complex64", "float32"), ("<f8", ">f8")])
def test_a_term_of_another_type_is_refused_and_named(first: str, second: str) -> None:
    message = f"^term 2 of an average is {np.dtype(second)} of shape .* expected {np.dtype(first)}"
    with pytest.raises(ShapeError, match=message):
        average([np.zeros(3, dtype=first), np.zeros(3, dtype=second)])


def test_an_average_of_nothing_is_refused() -> None:
    with pytest.raises(ShapeError, match=r"^an average of nothing: expected at least one term$"):
        average(iter(()))


@pytest.mark.parametrize("dtype", ["int64", "bool"])
def test_an_average_of_what_has_no_fractions_is_refused(dtype: str) -> None:
    with pytest.raises(ShapeError, match=f"^term 1 of an average is {dtype}: expected .* floating-point numbers$"):
        average([np.ones(3, dtype=dtype)])
