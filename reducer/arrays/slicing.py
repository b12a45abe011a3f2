"""Time slices of a 4D correlator, in running order and shifted to its source.

The conventions are those of the CalLat production codes, for form factors and spectra alike. Running times begin at the
source and are not reduced modulo T, so that they tell on which side of the time boundary a slice lies.
"""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latteboard.errors import ShapeError
from latteboard.names.templates import Source


def running_times(t0: int, separation: int, T: int) -> NDArray[np.int64]:
    """The times t0, t0 +- 1, ..., t0 + separation, not reduced modulo T.

    Parameters
    ----------
    t0 : where they begin, one of 0, ..., T - 1
    separation : of the last from the first; negative where time runs backward
    T : extent of the lattice in time

    Returns
    -------
    shape (abs(separation) + 1,); descending where time runs backward.

    Raises
    ------
    ShapeError : t0 is not on the lattice, separation is zero, or the slices would overlap around the lattice.
    """
    if not 0 <= t0 < T:
        raise ShapeError(f"t0 = {t0} is not on the lattice: expected 0 to {T - 1}, since T = {T}")
    if not 0 < abs(separation) < T:
        raise ShapeError(
            f"a separation of {separation} does not fit T = {T}: expected 1 to {T - 1}, or -1 to {1 - T} backward in time"
        )
    step = 1 if separation > 0 else -1
    return np.arange(t0, t0 + separation + step, step, dtype=np.int64)


def boundary_signs(times: NDArray[np.int64], T: int) -> NDArray[np.int64]:
    """-1 where a running time is below 0 or not below T, since quarks are antiperiodic in time; else +1."""
    return np.where((times < 0) | (times >= T), np.int64(-1), np.int64(1))


def separation_of_fraction(T: int, fraction: float, *, backward: bool) -> int:
    """The separation that spans a fraction of the lattice, rounded towards zero; negative where time runs backward."""
    return int(T * fraction) * (-1 if backward else 1)


def site_axes(corr: NDArray[Any]) -> tuple[int, int, int]:
    """Where a correlator has its axes z, y, x: they are the last three, before real and imaginary part in a real array.

    Raises
    ------
    ShapeError : it is neither complex of shape (..., Z, Y, X) nor real of shape (..., Z, Y, X, 2), in single or double
        precision; or it has no sites.
    """
    pairs = corr.dtype.char in "fd"
    end = corr.ndim - pairs
    sites = corr.shape[max(end - 3, 0) : end]
    if corr.dtype.char not in "fdFD" or len(sites) < 3 or 0 in sites or (pairs and corr.shape[-1] != 2):
        raise ShapeError(
            "expected a correlator, complex of shape (..., Z, Y, X) or real of shape (..., Z, Y, X, 2); "
            f"found {corr.dtype} of shape {corr.shape}"
        )
    return end - 3, end - 2, end - 1


def shift_to_source(corr: NDArray[Any], source: Source, out: NDArray[Any] | None = None) -> NDArray[Any]:
    """Move the source to the origin of space: out[n] = in[(n + s) mod L] on each of the axes z, y, x; time stays.

    Parameters
    ----------
    corr : complex, shape (..., Z, Y, X), or real, shape (..., Z, Y, X, 2)
    out : where to put the result, of the same shape and type and contiguous, as numpy has it: to ask the system for
        memory, slab by slab, would take as long as the shift

    Returns
    -------
    of the same shape and type; without ``out`` always a copy.

    Raises
    ------
    ShapeError : the array is not such a correlator.
    """
    z, _, x = site_axes(corr)
    Z, Y, X = corr.shape[z : x + 1]
    sites = _shifted_sites((Z, Y, X), (source.z, source.y, source.x))
    out = np.empty(corr.shape, dtype=corr.dtype) if out is None else out
    # To gather sites one by one is several times faster than to roll axes. "clip" is never needed, but spares a copy.
    _by_sites(np.ascontiguousarray(corr), x).take(sites, axis=1, out=_by_sites(out, x), mode="clip")
    return out


def _by_sites(corr: NDArray[Any], x: int) -> NDArray[Any]:
    """A contiguous correlator with all sites on one axis, the last; real and imaginary part as one number."""
    together = corr if x + 1 == corr.ndim else corr.view(corr.dtype.str.replace("f8", "c16").replace("f4", "c8"))
    sites = corr.shape[x - 2] * corr.shape[x - 1] * corr.shape[x]
    return together.reshape(-1, sites)


# As many as a set has sources; each takes 8 bytes a site.
@lru_cache(maxsize=8)
def _shifted_sites(extents: tuple[int, int, int], shifts: tuple[int, int, int]) -> NDArray[np.intp]:
    """Where what comes to each site was before, counting sites with x fastest."""
    z, y, x = ((np.arange(L) + shift) % L for L, shift in zip(extents, shifts, strict=True))
    _, Y, X = extents
    return ((z[:, None, None] * Y + y[:, None]) * X + x).ravel()


def slice_correlator(
    corr: NDArray[Any], *, source: Source, separation: int, boundary_sign: bool, t0: int | None = None
) -> NDArray[Any]:
    """Take the slices from t0 to t0 + separation, and shift them to the source.

    Parameters
    ----------
    corr : complex, shape (..., T, Z, Y, X), or real, shape (..., T, Z, Y, X, 2); not shifted yet
    separation : of the last slice from the first; negative where time runs backward
    boundary_sign : multiply by -1 the slices beyond the time boundary, as spectra need it; form factors have it already
    t0 : where the slices begin; without it at the source

    Returns
    -------
    of the same type, with abs(separation) + 1 slices instead of T, in running order.

    Raises
    ------
    ShapeError : the array is not such a correlator, or the slices do not fit T.
    """
    z = site_axes(corr)[0]
    if z == 0:
        raise ShapeError(f"expected a correlator with time before its axes z, y, x; found shape {corr.shape}")
    T = corr.shape[z - 1]
    times = running_times(source.t if t0 is None else t0, separation, T)
    slices = shift_to_source(corr.take(times % T, axis=z - 1), source)
    if boundary_sign:
        within = np.count_nonzero(boundary_signs(times, T) > 0)
        beyond = slices.swapaxes(0, z - 1)[within:]  # in running order what crossed the boundary comes last
        np.negative(beyond, out=beyond)
    return slices
