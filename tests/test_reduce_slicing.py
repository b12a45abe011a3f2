"""Time slices: which they are, in which order, with which sign, and where the source ends up."""

from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from latteboard.demo.physics import place
from latteboard.errors import ShapeError
from latteboard.names.templates import Source
from reducer.arrays.slicing import (
    TimeSlices,
    align_slices,
    boundary_signs,
    running_times,
    separation_of_fraction,
    shift_to_source,
    site_axes,
    slice_correlator,
)

T, Z, Y, X = 6, 2, 3, 4  # all different, so that no axis can stand for another
SOURCE = Source(x=3, y=1, z=1, t=4)


def numbered(shape: tuple[int, ...], dtype: str) -> NDArray[Any]:
    """A correlator in which every number occurs once; of this shape if complex, else of real and imaginary parts."""
    if np.dtype(dtype).kind == "c":
        return (1 + np.arange(np.prod(shape)).reshape(shape) * (1 + 100j)).astype(dtype)
    return (1 + np.arange(2 * np.prod(shape)).reshape(*shape, 2)).astype(dtype)


every_type = pytest.mark.parametrize("dtype", ["float32", "float64", "complex64", "complex128", ">f8", ">c8"])


# -- by hand ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("t0", "separation", "times", "signs"),
    [
        (0, 3, [0, 1, 2, 3], [1, 1, 1, 1]),
        (2, 3, [2, 3, 4, 5], [1, 1, 1, 1]),
        (4, 3, [4, 5, 6, 7], [1, 1, -1, -1]),
        (5, 1, [5, 6], [1, -1]),
        (5, 5, [5, 6, 7, 8, 9, 10], [1, -1, -1, -1, -1, -1]),
        (3, -3, [3, 2, 1, 0], [1, 1, 1, 1]),
        (1, -3, [1, 0, -1, -2], [1, 1, -1, -1]),
        (0, -1, [0, -1], [1, -1]),
        (5, -5, [5, 4, 3, 2, 1, 0], [1, 1, 1, 1, 1, 1]),
    ],
)
def test_times_run_away_from_the_source_and_change_sign_only_beyond_the_boundary(
    t0: int, separation: int, times: list[int], signs: list[int]
) -> None:
    found = running_times(t0, separation, 6)
    assert (found.dtype, found.tolist()) == (np.int64, times)
    assert (boundary_signs(found, 6).dtype, boundary_signs(found, 6).tolist()) == (np.int64, signs)


@pytest.mark.parametrize(
    ("size", "fraction", "separation"), [(8, 0.5, 4), (96, 0.5, 48), (9, 0.5, 4), (48, 0.33, 15), (64, 1.0, 64)]
)
def test_the_separation_of_a_fraction_is_rounded_towards_the_source(
    size: int, fraction: float, separation: int
) -> None:
    assert separation_of_fraction(size, fraction, backward=False) == separation
    assert separation_of_fraction(size, fraction, backward=True) == -separation


@every_type
def test_shifting_moves_the_source_to_the_origin(dtype: str) -> None:
    corr = numbered((T, Z, Y, X), dtype)
    shifted = shift_to_source(corr, SOURCE)
    assert (shifted.shape, shifted.dtype) == (corr.shape, corr.dtype)
    for z, y, x in product(range(Z), range(Y), range(X)):
        there = corr[:, (z + 1) % Z, (y + 1) % Y, (x + 3) % X]
        np.testing.assert_array_equal(shifted[:, z, y, x], there)


@every_type
@pytest.mark.parametrize("boundary_sign", [False, True])
@pytest.mark.parametrize(("t0", "separation"), [(4, 1), (4, 3), (4, -2), (1, -3), (0, 5), (5, -5)])
def test_each_slice_is_the_one_of_its_time_with_the_sign_of_its_time(
    dtype: str, t0: int, separation: int, *, boundary_sign: bool
) -> None:
    corr = numbered((T, Z, Y, X), dtype)
    source = Source(SOURCE.x, SOURCE.y, SOURCE.z, t0)
    slices = slice_correlator(corr, source=source, separation=separation, boundary_sign=boundary_sign)
    assert (slices.shape[1:], slices.dtype) == (corr.shape[1:], corr.dtype)
    time, step, expected = t0, (1 if separation > 0 else -1), []
    for _ in range(abs(separation) + 1):
        sign = -1 if boundary_sign and (time < 0 or time >= T) else 1
        expected.append(sign * shift_to_source(corr[time % T], source))
        time += step
    np.testing.assert_array_equal(slices, expected)


def test_a_factor_of_minus_one_is_a_change_of_sign_even_of_what_is_not_finite() -> None:
    corr = np.full((2, 1, 1, 1), complex(np.inf, -np.inf))
    slices = slice_correlator(corr, source=Source(0, 0, 0, 1), separation=1, boundary_sign=True)
    assert slices.ravel().tolist() == [complex(np.inf, -np.inf), complex(-np.inf, np.inf)]


def test_slices_begin_at_t0_where_it_is_told() -> None:
    corr = numbered((T, Z, Y, X), "float64")
    told = slice_correlator(corr, source=SOURCE, separation=3, boundary_sign=True, t0=1)
    at_the_source = slice_correlator(corr, source=Source(3, 1, 1, 1), separation=3, boundary_sign=True)
    np.testing.assert_array_equal(told, at_the_source)
    from_zero = slice_correlator(corr, source=SOURCE, separation=3, boundary_sign=True, t0=0)
    np.testing.assert_array_equal(from_zero[0], shift_to_source(corr[0], SOURCE))


@every_type
def test_axes_before_time_are_kept(dtype: str) -> None:
    corr = numbered((2, 5, T, Z, Y, X), dtype)
    slices = slice_correlator(corr, source=SOURCE, separation=-5, boundary_sign=True)
    for a, b in product(range(2), range(5)):
        alone = slice_correlator(corr[a, b], source=SOURCE, separation=-5, boundary_sign=True)
        np.testing.assert_array_equal(slices[a, b], alone)


@pytest.mark.parametrize("source", [SOURCE, Source(0, 0, 0, 4)], ids=str)
@every_type
def test_the_input_stays_as_it_was(dtype: str, source: Source) -> None:
    corr = numbered((T, Z, Y, X), dtype)
    before = corr.copy()
    shift_to_source(corr, source)[:] = 0
    slice_correlator(corr, source=source, separation=3, boundary_sign=True)[:] = 0
    np.testing.assert_array_equal(corr, before)
    corr.flags.writeable = False
    slice_correlator(corr, source=source, separation=3, boundary_sign=True)


# -- round trip and symmetry -----------------------------------------------------------------------------------------------

times = st.integers(0, T - 1)
sources = st.builds(Source, x=st.integers(0, X - 1), y=st.integers(0, Y - 1), z=st.integers(0, Z - 1), t=times)


@given(source=sources, backward=st.booleans(), antiperiodic=st.booleans())
def test_slicing_undoes_what_put_a_correlator_at_its_source(
    source: Source, *, backward: bool, antiperiodic: bool
) -> None:
    corr = numbered((T, Z, Y, X), "complex128")
    placed = place(corr, source, backward=backward, antiperiodic=antiperiodic)
    separation = 1 - T if backward else T - 1
    slices = slice_correlator(placed, source=source, separation=separation, boundary_sign=antiperiodic)
    np.testing.assert_array_equal(slices, corr)


@given(source=sources, separation=st.integers(1, T - 1), boundary_sign=st.booleans())
def test_backward_is_forward_on_the_lattice_seen_in_a_mirror(
    source: Source, separation: int, *, boundary_sign: bool
) -> None:
    corr = numbered((T, Z, Y, X), "float64")
    backward = slice_correlator(corr, source=source, separation=-separation, boundary_sign=boundary_sign)
    mirrored = slice_correlator(
        corr[::-1], source=source, separation=separation, boundary_sign=boundary_sign, t0=T - 1 - source.t
    )
    np.testing.assert_array_equal(backward, mirrored)


@given(source=sources, separation=st.integers(1 - T, T - 1).filter(bool))
def test_real_and_imaginary_parts_are_sliced_as_the_complex_numbers_that_they_are(
    source: Source, separation: int
) -> None:
    corr = numbered((T, Z, Y, X), "complex128")
    pairs = np.stack([corr.real, corr.imag], axis=-1)
    sliced = slice_correlator(pairs, source=source, separation=separation, boundary_sign=True)
    expected = slice_correlator(corr, source=source, separation=separation, boundary_sign=True)
    np.testing.assert_array_equal(sliced[..., 0] + 1j * sliced[..., 1], expected)


@given(source=sources, other=sources)
def test_two_shifts_are_one_by_their_sum(source: Source, other: Source) -> None:
    corr = numbered((T, Z, Y, X), "float32")
    both = Source((source.x + other.x) % X, (source.y + other.y) % Y, (source.z + other.z) % Z, 0)
    np.testing.assert_array_equal(shift_to_source(shift_to_source(corr, source), other), shift_to_source(corr, both))


# -- refused ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("t0", "separation", "message"),
    [
        (6, 3, "t0 = 6 is not on the lattice: expected 0 to 5, since T = 6"),
        (-1, 3, "t0 = -1 is not on the lattice: expected 0 to 5"),
        (2, 0, "a separation of 0 does not fit T = 6: expected 1 to 5, or -1 to -5 backward in time"),
        (2, 6, "a separation of 6 does not fit T = 6"),
        (2, -6, "a separation of -6 does not fit T = 6"),
    ],
)
def test_slices_that_do_not_fit_the_lattice_are_refused(t0: int, separation: int, message: str) -> None:
    with pytest.raises(ShapeError, match=f"^{message}"):
        running_times(t0, separation, 6)
    with pytest.raises(ShapeError, match=f"^{message}"):
        slice_correlator(np.zeros((6, 2, 2, 2, 2)), source=SOURCE, separation=separation, boundary_sign=True, t0=t0)


@pytest.mark.parametrize(
    ("shape", "dtype"),
    [
        ((4, 4, 4), "float64"),
        ((4, 4, 4, 4), "float64"),  # real numbers come in pairs
        ((4, 2), "float64"),
        ((4, 4), "complex128"),
        ((), "complex128"),
        ((4, 4, 4, 2), "int64"),
        ((4, 4, 4, 2), "float16"),
        ((4, 4, 0, 4), "complex128"),
    ],
)
def test_what_is_no_correlator_is_refused(shape: tuple[int, ...], dtype: str) -> None:
    message = rf"expected a correlator, complex of shape .*; found {dtype} of shape {shape}".replace("(", r"\(")
    for refused in (site_axes, lambda corr: shift_to_source(corr, SOURCE)):
        with pytest.raises(ShapeError, match=message.replace(")", r"\)")):
            refused(np.zeros(shape, dtype=dtype))


def test_the_sites_of_a_correlator_are_found_before_real_and_imaginary_part() -> None:
    assert site_axes(np.zeros((5, 2, 2, 2, 2), dtype=complex)) == (2, 3, 4)
    assert site_axes(np.zeros((5, 2, 2, 2, 2))) == (1, 2, 3)
    assert site_axes(np.zeros((2, 2, 2), dtype=complex)) == (0, 1, 2)


@pytest.mark.parametrize("dtype", ["float64", "complex128"])
def test_slicing_what_has_no_time_is_refused(dtype: str) -> None:
    with pytest.raises(
        ShapeError, match=r"expected a correlator with time before its axes z, y, x; found shape \(2, 3"
    ):
        slice_correlator(numbered((Z, Y, X), dtype), source=SOURCE, separation=1, boundary_sign=False)


# -- slab by slab --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("separation", [5, -6])
@pytest.mark.parametrize("pairs", [False, True])
def test_slices_taken_slab_by_slab_are_those_taken_at_once(separation: int, *, pairs: bool) -> None:
    rng = np.random.default_rng(7)
    corr = rng.normal(size=(8, 4, 3, 5, 2)) if pairs else rng.normal(size=(8, 4, 3, 5)) + 0j
    source = Source(x=2, y=1, z=3, t=6 if separation > 0 else 1)
    whole = slice_correlator(corr, source=source, separation=separation, boundary_sign=True)
    slices = TimeSlices.between(source.t, separation, 8, boundary_sign=True)
    assert slices.signs is not None
    assert -1 in slices.signs
    for slab in (slice(0, 2), slice(2, 5), slice(5, None)):
        taken = corr[list(slices.times[slab])]
        out = np.empty_like(taken)
        assert align_slices(taken, source, slices.signs[slab], out) is out
        np.testing.assert_array_equal(out, whole[slab])
