"""From sites to momenta: the sign, the order of modes and the missing volume factor, by sums over sites."""

import cmath
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from latteboard.demo.physics import coupling, to_sites
from latteboard.errors import ShapeError
from latteboard.names.templates import Source
from reducer.arrays.averaging import average
from reducer.arrays.momentum import mode_numbers, project_momentum
from reducer.arrays.slicing import shift_to_source, slice_correlator

PRECISION = {"complex128": 3e-15, "complex64": 1e-6}


def random(shape: tuple[int, ...], dtype: str = "complex128", seed: int = 0) -> NDArray[Any]:
    """White noise of complex numbers."""
    parts = np.random.default_rng(seed).standard_normal((2, *shape))
    return (parts[0] + 1j * parts[1]).astype(dtype)


def as_pairs(corr: NDArray[Any]) -> NDArray[Any]:
    """Real and imaginary part along a new last axis, as files hold them."""
    return np.stack([corr.real, corr.imag], axis=-1)


def everywhere(*extents: int, max_momentum: int) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Every place (pz, py, px) in the result, with the modes (kz, ky, kx) that must stand there, written out by hand."""
    order = [*range(max_momentum + 1), *range(-max_momentum, 0)]
    return [(at, tuple(order[i] for i in at)) for at in product(range(len(order)), repeat=len(extents))]


# -- by hand ---------------------------------------------------------------------------------------------------------------


def test_it_is_the_sum_over_sites_with_the_sign_plus_and_no_volume_factor() -> None:
    Z, Y, X = 3, 4, 5
    f = random((Z, Y, X))
    found = project_momentum(f, max_momentum=1)
    assert found.shape == (3, 3, 3)
    for at, (kz, ky, kx) in everywhere(Z, Y, X, max_momentum=1):
        expected = 0j
        for z, y, x in product(range(Z), range(Y), range(X)):
            expected += cmath.exp(+2j * cmath.pi * (kz * z / Z + ky * y / Y + kx * x / X)) * complex(f[z, y, x])
        assert found[at] == pytest.approx(expected, rel=1e-12)


def test_one_site_beside_the_origin_turns_with_the_sign_plus() -> None:
    f = np.zeros((8, 8, 8), dtype=complex)
    f[0, 0, 1] = 1
    at_rest = project_momentum(f, max_momentum=2)[0, 0]
    quarter = cmath.exp(1j * cmath.pi / 4)
    np.testing.assert_allclose(at_rest, [1, quarter, 1j, -1j, quarter.conjugate()], rtol=1e-14, atol=1e-15)


def test_a_wave_is_found_at_its_mode_only_with_the_volume_as_its_height() -> None:
    L, m = 5, 2
    z, y, x = np.meshgrid(*[np.arange(L)] * 3, indexing="ij")
    for at, (kz, ky, kx) in everywhere(L, L, L, max_momentum=m):
        wave = np.exp(-2j * np.pi / L * (kz * z + ky * y + kx * x))
        expected = np.zeros((5, 5, 5))
        expected[at] = L**3
        np.testing.assert_allclose(project_momentum(wave, max_momentum=m), expected, rtol=1e-12, atol=1e-12)


def test_the_current_that_is_odd_in_k_y_comes_out_with_its_sign() -> None:
    L, m = 8, 2
    truth = coupling("V1", L)  # modes in the order 0, 1, 2, 3, -4, -3, -2, -1
    found = project_momentum(to_sites(truth[None]), max_momentum=m)[0]
    for at, mode in everywhere(L, L, L, max_momentum=m):
        assert found[at] == pytest.approx(truth[mode], rel=1e-10, abs=1e-14)
        assert np.sign(round(found[at].imag, 9)) == np.sign(mode[1])


@pytest.mark.parametrize(
    ("max_momentum", "L", "modes"),
    [
        (0, 1, [0]),
        (0, 24, [0]),
        (1, 3, [0, 1, -1]),
        (2, 5, [0, 1, 2, -2, -1]),
        (3, 24, [0, 1, 2, 3, -3, -2, -1]),
        (2, 4, [0, 1, 2, -2, -1]),
    ],
)
def test_modes_rise_from_zero_and_then_from_the_most_negative(max_momentum: int, L: int, modes: list[int]) -> None:
    found = mode_numbers(max_momentum, L)
    assert (found.dtype, found.tolist()) == (np.int64, modes)


def test_half_the_extent_is_one_mode_that_appears_twice() -> None:
    momenta = project_momentum(random((3, 4, 4, 4)), max_momentum=2)
    for axis in (-3, -2, -1):
        positive, negative = momenta.take(2, axis=axis), momenta.take(3, axis=axis)
        np.testing.assert_allclose(positive, negative, rtol=1e-14, atol=1e-13)


def test_at_rest_it_is_the_plain_sum_over_sites() -> None:
    f = random((2, 3, 4, 5, 6))
    np.testing.assert_allclose(project_momentum(f, max_momentum=0)[..., 0, 0, 0], f.sum(axis=(-3, -2, -1)), rtol=1e-12)


# -- precision and types ---------------------------------------------------------------------------------------------------


def exact(f: NDArray[Any], max_momentum: int) -> NDArray[Any]:
    """The sum over sites in the longest numbers that the machine has, axis by axis, site by site."""
    pi = 4 * np.arctan(np.longdouble(1))
    result = f.astype(np.clongdouble)
    for axis in (-3, -2, -1):
        L, terms = f.shape[axis], np.moveaxis(result, axis, 0)
        sums = []
        for k in [*range(max_momentum + 1), *range(-max_momentum, 0)]:
            angles = [2 * pi * np.longdouble(k * n % L) / L for n in range(L)]
            sums.append(sum((np.cos(a) + 1j * np.sin(a)) * term for a, term in zip(angles, terms, strict=True)))
        result = np.moveaxis(np.array(sums), 0, axis)
    return result


@pytest.mark.parametrize("dtype", PRECISION)
@pytest.mark.parametrize(("L", "max_momentum"), [(3, 1), (4, 2), (7, 3), (12, 5), (24, 5), (32, 5)])
def test_momenta_are_as_precise_as_their_type(dtype: str, L: int, max_momentum: int) -> None:
    # The momenta of white noise are of the size of the root of the sum of |f|^2, much less than the sum of |f|.
    f = random((L, L, L), dtype)
    error = abs(project_momentum(f, max_momentum=max_momentum) - exact(f, max_momentum)).max()
    assert error <= PRECISION[dtype] * np.sqrt((abs(f.astype(complex)) ** 2).sum())
    assert error <= PRECISION[dtype] * abs(f.astype(complex)).sum()


@pytest.mark.parametrize(
    ("given", "result"),
    [
        ("complex128", "complex128"),
        ("complex64", "complex64"),
        ("float64", "complex128"),
        ("float32", "complex64"),
        (">c16", "complex128"),
        (">f4", "complex64"),
    ],
)
def test_the_result_is_complex_and_as_precise_as_what_is_given(given: str, result: str) -> None:
    f = random((2, 4, 4, 4))
    stored = (f if np.dtype(given).kind == "c" else as_pairs(f)).astype(given)
    found = project_momentum(stored, max_momentum=1)
    assert (found.dtype, found.shape) == (np.dtype(result), (2, 3, 3, 3))
    np.testing.assert_allclose(found, project_momentum(f, max_momentum=1), rtol=1e-5)


@pytest.mark.parametrize("dtype", PRECISION)
def test_real_and_imaginary_parts_are_projected_as_the_complex_numbers_that_they_are(dtype: str) -> None:
    f = random((2, 3, 3, 4, 5), dtype)
    expected = project_momentum(f, max_momentum=1)
    pairs = as_pairs(f)
    np.testing.assert_array_equal(project_momentum(pairs, max_momentum=1), expected)
    backward = np.ascontiguousarray(pairs[:, ::-1, ..., ::-1])[:, ::-1, ..., ::-1]
    np.testing.assert_array_equal(project_momentum(backward, max_momentum=1), expected)
    columns = np.asfortranarray(f)
    np.testing.assert_array_equal(project_momentum(columns, max_momentum=1), expected)


@pytest.mark.parametrize("shape", [(4, 4, 4), (2, 4, 4, 4), (3, 2, 4, 4, 4), (0, 4, 4, 4)])
def test_axes_before_the_sites_are_kept(shape: tuple[int, ...]) -> None:
    f = random(shape)
    momenta = project_momentum(f, max_momentum=1)
    assert momenta.shape == (*shape[:-3], 3, 3, 3)
    for index in np.ndindex(*shape[:-3]):
        np.testing.assert_allclose(momenta[index], project_momentum(f[index], max_momentum=1), rtol=1e-12, atol=1e-13)


def test_the_input_stays_as_it_was_and_results_are_apart() -> None:
    f = random((4, 4, 4))
    before = f.copy()
    f.flags.writeable = False
    first = project_momentum(f, max_momentum=1)
    kept = first.copy()
    first[:] = 0
    np.testing.assert_array_equal(project_momentum(f, max_momentum=1), kept)
    np.testing.assert_array_equal(f, before)


# -- round trip and symmetry -----------------------------------------------------------------------------------------------

odd = st.sampled_from([1, 3, 5, 7])


@given(L=odd, seed=st.integers(0, 99))
def test_with_all_modes_the_sites_come_back(L: int, seed: int) -> None:
    f = random((2, L, L, L), seed=seed)
    momenta = project_momentum(f, max_momentum=L // 2)
    np.testing.assert_allclose(to_sites(momenta), f, rtol=1e-10, atol=1e-12)


@given(L=odd, seed=st.integers(0, 99))
def test_with_all_modes_the_sum_of_squares_grows_by_the_volume(L: int, seed: int) -> None:
    f = random((L, L, L), seed=seed)
    squares = (abs(project_momentum(f, max_momentum=L // 2)) ** 2).sum()
    assert squares == pytest.approx(L**3 * (abs(f) ** 2).sum(), rel=1e-12)


@given(st.tuples(*[st.integers(2, 7)] * 3), st.data())
def test_it_is_the_inverse_fourier_transform_times_the_volume(
    extents: tuple[int, int, int], data: st.DataObject
) -> None:
    m = data.draw(st.integers(0, min(extents) // 2))
    f = random((2, *extents))
    every = np.fft.ifftn(f, axes=(-3, -2, -1), norm="forward")
    modes = [*range(m + 1), *range(-m, 0)]
    expected = every[np.ix_(range(2), *([k % L for k in modes] for L in extents))]
    np.testing.assert_allclose(project_momentum(f, max_momentum=m), expected, rtol=1e-10, atol=1e-12)


shifts = st.builds(Source, *[st.integers(0, 5)] * 4)


@given(shifts)
def test_a_shift_multiplies_each_momentum_by_a_phase(source: Source) -> None:
    L, m = 6, 2
    f = random((L, L, L))
    shifted = project_momentum(shift_to_source(f, source), max_momentum=m)
    momenta = project_momentum(f, max_momentum=m)
    for at, (kz, ky, kx) in everywhere(L, L, L, max_momentum=m):
        phase = cmath.exp(-2j * cmath.pi / L * (kz * source.z + ky * source.y + kx * source.x))
        assert shifted[at] == pytest.approx(phase * momenta[at], rel=1e-10)


@given(source=shifts, separation=st.integers(-5, 5).filter(bool), boundary_sign=st.booleans())
def test_projecting_a_slice_is_slicing_the_projection(source: Source, separation: int, *, boundary_sign: bool) -> None:
    f = random((6, 6, 6, 6))
    how = {"separation": separation, "boundary_sign": boundary_sign}
    at_source = project_momentum(slice_correlator(f, source=source, **how), max_momentum=2)  # type: ignore[arg-type]
    shifted = project_momentum(shift_to_source(f, source), max_momentum=2)
    unmoved = Source(0, 0, 0, source.t)
    sliced = slice_correlator(shifted, source=unmoved, **how)  # type: ignore[arg-type]
    np.testing.assert_allclose(at_source, sliced, rtol=1e-10, atol=1e-12)


def test_the_projection_of_an_average_is_the_average_of_projections() -> None:
    terms = [random((2, 6, 6, 6), seed=seed) for seed in range(5)]
    of_average = project_momentum(average(terms), max_momentum=2)
    np.testing.assert_allclose(
        of_average, average(project_momentum(term, max_momentum=2) for term in terms), rtol=1e-10, atol=1e-12
    )


def test_of_a_real_correlator_opposite_momenta_are_complex_conjugates() -> None:
    momenta = project_momentum(random((6, 6, 6)).real.astype(complex), max_momentum=2)
    opposite = [0, 4, 3, 2, 1]
    np.testing.assert_allclose(momenta[np.ix_(opposite, opposite, opposite)], momenta.conj(), rtol=1e-10, atol=1e-12)


# -- refused ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("max_momentum", "L", "largest"), [(3, 4, 2), (3, 5, 2), (1, 1, 0), (-1, 8, 4)])
def test_modes_that_do_not_fit_the_lattice_are_refused(max_momentum: int, L: int, largest: int) -> None:
    sites = f"the lattice has {L} sites, so momenta beyond {largest} repeat others; expected max_momentum <= {largest}"
    message = f"^{sites if max_momentum > 0 else 'expected max_momentum >= 0'}, found {max_momentum}$"
    with pytest.raises(ShapeError, match=message):
        mode_numbers(max_momentum, L)
    for extents in ((L, 8, 8), (8, L, 8), (8, 8, L)):
        with pytest.raises(ShapeError, match=message):
            project_momentum(np.zeros(extents, dtype=complex), max_momentum=max_momentum)


@pytest.mark.parametrize(
    ("shape", "dtype"),
    [((4, 4, 4), "float64"), ((4, 4, 4, 4), "float64"), ((4, 4), "complex128"), ((4, 4, 4, 2), "int64")],
)
def test_what_is_no_correlator_is_refused(shape: tuple[int, ...], dtype: str) -> None:
    with pytest.raises(ShapeError, match=rf"^expected a correlator, .*found {dtype} of shape \({shape[0]}, "):
        project_momentum(np.zeros(shape, dtype=dtype), max_momentum=1)
