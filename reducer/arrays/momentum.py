"""From sites to momenta: the Fourier transform of a correlator in space, for the few momenta that are wanted.

One matrix product an axis is several times faster than a fast Fourier transform from which most modes are cut away.
"""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latteboard.errors import ShapeError
from latteboard.recipe import modes_problem
from reducer.arrays.slicing import site_axes


def mode_numbers(max_momentum: int, L: int) -> NDArray[np.int64]:
    """The modes on one axis in the order 0, 1, ..., m, -m, ..., -1.

    2 m = L is allowed, as in the CalLat production codes: L/2 and -L/2 are then one mode, which appears twice.

    Parameters
    ----------
    max_momentum : the largest mode m, in units of 2 pi / L
    L : sites on the axis

    Returns
    -------
    shape (2 m + 1,), in units of 2 pi / L.

    Raises
    ------
    ShapeError : there are no such modes, or further ones would appear twice.

    Examples
    --------
    >>> mode_numbers(2, L=8)
    array([ 0,  1,  2, -2, -1])
    """
    problem = modes_problem(max_momentum, L)
    if problem is not None:
        raise ShapeError(problem)
    return _modes(max_momentum)


def _modes(most: int) -> NDArray[np.int64]:
    return np.concatenate([np.arange(most + 1), np.arange(-most, 0)]).astype(np.int64)


def are_mode_numbers(values: NDArray[Any]) -> bool:
    """Whether values are those that :func:`mode_numbers` gives for some lattice.

    Examples
    --------
    >>> are_mode_numbers(np.array([0, 1, 2, -2, -1])), are_mode_numbers(np.array([[0, 0, 0], [0, 0, 1]]))
    (True, False)
    """
    if values.ndim != 1 or values.dtype.kind != "i" or len(values) % 2 == 0:
        return False
    return bool(np.array_equal(values, _modes(len(values) // 2)))


def project_momentum(corr: NDArray[Any], *, max_momentum: int) -> NDArray[np.complexfloating[Any, Any]]:
    """Project a correlator from sites to momenta: F(k) = sum_n exp(+2 pi i k.n / L) f(n), no volume factor.

    Parameters
    ----------
    corr : complex, shape (..., Z, Y, X), or real, shape (..., Z, Y, X, 2): real and imaginary part last
    max_momentum : largest k kept on each axis, in units of 2 pi / L

    Returns
    -------
    complex128 from double precision, complex64 from single; shape (..., N, N, N), N = 2 max_momentum + 1, axes
    pz, py, px; on each k runs 0, 1, ..., m, -m, ..., -1.

    Raises
    ------
    ShapeError : the array is not such a correlator, or the modes do not fit one of its extents.

    See Also
    --------
    mode_numbers : the order of modes on each axis.
    numpy.fft.ifftn : the same times the volume, all modes.

    References
    ----------
    The transform of the CalLat production codes, https://github.com/callat-qcd/nucleon_elastic_FF: its sign is plus,
    although its description says minus.

    Examples
    --------
    A point source at x = 1 of L = 4 has the phase i^k, here for k = 0, 1, -1:

    >>> corr = np.zeros((4, 4, 4), dtype=complex)
    >>> corr[0, 0, 1] = 1.0
    >>> (project_momentum(corr, max_momentum=1)[0, 0].round(12) + 0).tolist()
    [(1+0j), 1j, -1j]
    """
    sites = _as_complex(corr)
    *leading, Z, Y, X = sites.shape
    to_z, to_y, to_x = (_phases(L, max_momentum, sites.dtype) for L in (Z, Y, X))
    N = len(to_x)
    # Along x first: its sites lie side by side, and what remains for y and z is smaller by N / X.
    momenta: NDArray[Any] = sites.reshape(-1, X) @ to_x.T
    momenta = to_y @ momenta.reshape(-1, Y, N)
    momenta = to_z @ momenta.reshape(-1, Z, N * N)
    return momenta.reshape(*leading, N, N, N)


def _as_complex(corr: NDArray[Any]) -> NDArray[Any]:
    """View a correlator as contiguous complex numbers in native byte order; a copy only where it is not so already."""
    site_axes(corr)
    native = np.ascontiguousarray(corr, dtype=corr.dtype.newbyteorder("="))
    if np.iscomplexobj(native):
        return native
    return native.view(np.result_type(native.dtype, np.complex64))[..., 0]


@lru_cache(maxsize=64)
def _phases(L: int, max_momentum: int, dtype: np.dtype[Any]) -> NDArray[Any]:
    """exp(+2 pi i k n / L), shape (N, L); k n is taken modulo L while it is an integer, so that no digits are lost."""
    turns = np.outer(mode_numbers(max_momentum, L), np.arange(L)) % L
    phases: NDArray[Any] = np.exp(2j * np.pi * (turns / L)).astype(dtype)
    return phases
