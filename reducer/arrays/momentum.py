"""From sites to momenta: the Fourier transform of a correlator in space, for the few momenta that are wanted.

One matrix product an axis is several times faster than a fast Fourier transform from which most modes are cut away.
"""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latteboard.errors import ShapeError
from reducer.arrays.slicing import site_axes


def mode_numbers(max_momentum: int, L: int) -> NDArray[np.int64]:
    """The modes on one axis in the order 0, 1, ..., m, -m, ..., -1, in units of 2 pi / L.

    2 m = L is allowed, as in the CalLat production codes: L/2 and -L/2 are then one mode, which appears twice.

    Raises
    ------
    ShapeError : there are no such modes, or further ones would appear twice.
    """
    if not 0 <= 2 * max_momentum <= L:
        raise ShapeError(f"momenta up to {max_momentum} do not fit {L} sites: expected a largest one of 0 to {L // 2}")
    return np.concatenate([np.arange(max_momentum + 1), np.arange(-max_momentum, 0)]).astype(np.int64)


def project_momentum(corr: NDArray[Any], *, max_momentum: int) -> NDArray[np.complexfloating[Any, Any]]:
    """Project a correlator from sites to momenta: F(k) = sum_n exp(+2 pi i k.n / L) f(n), no volume factor.

    As in the CalLat production codes, whose sign is plus (their own description says minus).

    Parameters
    ----------
    corr : complex, shape (..., Z, Y, X), or real, shape (..., Z, Y, X, 2): real and imaginary part last
    max_momentum : largest k kept on each axis, in units of 2 pi / L

    Returns
    -------
    complex128 from double precision, complex64 from single; shape (..., N, N, N), N = 2 max_momentum + 1, axes
    pz, py, px; on each k runs 0, 1, ..., m, -m, ..., -1 (:func:`mode_numbers`).

    Raises
    ------
    ShapeError : the array is not such a correlator, or the modes do not fit one of its extents.
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
    """A correlator as complex numbers of this machine, one after the other in memory; a copy only where it is not so."""
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
