"""Time slices of a 4D correlator, in running order and shifted to its source.

The conventions are those of the CalLat production codes, https://github.com/callat-qcd/nucleon_elastic_FF, for form factors
and spectra alike. Running times begin at the source and are not reduced modulo T: so they show on which side of the time
boundary a slice lies.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from latteboard.errors import ShapeError
from latteboard.names.templates import Source


def running_times(t0: int, separation: int, T: int) -> NDArray[np.int64]:
    """The times t0, t0 +- 1, ..., t0 + separation, not reduced modulo T.

    Parameters
    ----------
    t0 : the first, one of 0, ..., T - 1
    separation : of the last from the first; negative where time runs backward
    T : extent of the lattice in time

    Returns
    -------
    shape (abs(separation) + 1,), in lattice units; descending where time runs backward.

    Raises
    ------
    ShapeError : t0 is not on the lattice, separation is zero, or the slices would overlap around the lattice.

    Examples
    --------
    >>> running_times(6, 3, T=8)
    array([6, 7, 8, 9])
    >>> running_times(1, -2, T=8)
    array([ 1,  0, -1])
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
    """-1 where a running time is below 0 or not below T, since quarks are antiperiodic in time; else +1.

    Examples
    --------
    >>> boundary_signs(running_times(6, 3, T=8), T=8)
    array([ 1,  1, -1, -1])
    """
    return np.where((times < 0) | (times >= T), np.int64(-1), np.int64(1))


def separation_of_fraction(T: int, fraction: float, *, backward: bool) -> int:
    """The separation that spans a fraction of the lattice, rounded towards zero; negative where time runs backward.

    The fraction is the decimal number that is written, not the binary one next to it: 0.29 of 100 is 29.

    Examples
    --------
    >>> separation_of_fraction(48, 0.5, backward=True), separation_of_fraction(100, 0.29, backward=False)
    (-24, 29)
    """
    return int(T * Fraction(repr(fraction))) * (-1 if backward else 1)


@dataclass(frozen=True)
class TimeSlices:
    """A choice of time slices in running order.

    Attributes
    ----------
    times : positions on the time axis, 0 to T - 1
    signs : the factor of each slice, +1 or -1; None where all are +1
    """

    times: tuple[int, ...]
    signs: tuple[int, ...] | None

    @classmethod
    def between(cls, t0: int, separation: int, T: int, *, boundary_sign: bool) -> Self:
        """The slices from t0 to t0 + separation.

        ``boundary_sign`` multiplies the slices beyond the time boundary by -1: spectra need it, form factors have it already.

        Raises
        ------
        ShapeError : as :func:`running_times`.

        Examples
        --------
        >>> TimeSlices.between(6, 3, T=8, boundary_sign=True)
        TimeSlices(times=(6, 7, 0, 1), signs=(1, 1, -1, -1))
        """
        running = running_times(t0, separation, T)
        signs = tuple(boundary_signs(running, T).tolist()) if boundary_sign else None
        return cls(tuple((running % T).tolist()), signs)


def site_axes(corr: NDArray[Any]) -> tuple[int, int, int]:
    """The positions of the axes z, y, x of a correlator: the last three, before real and imaginary part in a real array.

    Raises
    ------
    ShapeError : it is neither complex of shape (..., Z, Y, X) nor real of shape (..., Z, Y, X, 2), in single or double
        precision; or it has no sites.

    Examples
    --------
    >>> site_axes(np.zeros((8, 4, 4, 4, 2)))
    (1, 2, 3)
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
    source : in lattice units
    out : memory for the result, of the same shape and type and contiguous; without it the system is asked for memory,
        which takes as long as the shift

    Returns
    -------
    of the same shape and type; without ``out`` always a copy.

    Raises
    ------
    ShapeError : the array is not such a correlator.

    See Also
    --------
    numpy.roll : the same by -s on each axis, several times slower.

    Examples
    --------
    >>> corr = np.arange(27.0).reshape(3, 3, 3).astype(complex)
    >>> shift_to_source(corr, Source(x=1, y=0, z=2, t=0))[0, 0, 0] == corr[2, 0, 1]
    np.True_
    """
    z, _, x = site_axes(corr)
    Z, Y, X = corr.shape[z : x + 1]
    sites = shifted_sites((Z, Y, X), (source.z, source.y, source.x))
    out = np.empty(corr.shape, dtype=corr.dtype) if out is None else out
    # Gathering sites one by one is several times faster than rolling axes. "clip" is never needed, but spares a copy.
    _by_sites(np.ascontiguousarray(corr), x).take(sites, axis=1, out=_by_sites(out, x), mode="clip")
    return out


def _by_sites(corr: NDArray[Any], x: int) -> NDArray[Any]:
    """A contiguous correlator with all sites on one axis, the last; real and imaginary part as one number."""
    together = corr if x + 1 == corr.ndim else corr.view(pairs_as_one(corr.dtype))
    sites = corr.shape[x - 2] * corr.shape[x - 1] * corr.shape[x]
    return together.reshape(-1, sites)


@lru_cache(maxsize=8)
def pairs_as_one(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The type of complex numbers of which real and imaginary part are of type ``dtype``."""
    return np.dtype(dtype.str.replace("f8", "c16").replace("f4", "c8"))


# As many as a set has sources; each takes 8 bytes a site.
@lru_cache(maxsize=8)
def shifted_sites(extents: tuple[int, int, int], shifts: tuple[int, int, int]) -> NDArray[np.intp]:
    """The site that each site is filled from, counting sites with x fastest."""
    z, y, x = ((np.arange(L) + shift) % L for L, shift in zip(extents, shifts, strict=True))
    _, Y, X = extents
    return ((z[:, None, None] * Y + y[:, None]) * X + x).ravel()


def align_slices(
    slices: NDArray[Any], source: Source, signs: Sequence[int] | None, out: NDArray[Any] | None = None
) -> NDArray[Any]:
    """Shift time slices to their source and multiply each by its sign.

    Parameters
    ----------
    slices : complex, shape (..., slices, Z, Y, X), or real, shape (..., slices, Z, Y, X, 2)
    signs : +1 or -1 for each slice, see :class:`TimeSlices`; None where all are +1
    out : as in :func:`shift_to_source`

    Returns
    -------
    of the same shape and type.

    Raises
    ------
    ShapeError : the array is not such a correlator.
    """
    aligned = shift_to_source(slices, source, out)
    if signs is not None:
        change_signs(aligned.swapaxes(0, site_axes(slices)[0] - 1), signs)
    return aligned


def change_signs(slices: NDArray[Any], signs: Sequence[int]) -> None:
    """Multiply each slice by its sign, +1 or -1, in place; time is the first axis.

    Examples
    --------
    >>> slices = np.array([1.0, 2.0, 3.0])
    >>> change_signs(slices, (1, -1, -1))
    >>> slices
    array([ 1., -2., -3.])
    """
    for position, sign in enumerate(signs):
        if sign < 0:
            one = slices[position : position + 1]
            np.negative(one, out=one)


def slice_correlator(
    corr: NDArray[Any], *, source: Source, separation: int, boundary_sign: bool, t0: int | None = None
) -> NDArray[Any]:
    """Take the slices from t0 to t0 + separation, and shift them to the source.

    Parameters
    ----------
    corr : complex, shape (..., T, Z, Y, X), or real, shape (..., T, Z, Y, X, 2); not shifted yet
    separation : of the last slice from the first; negative where time runs backward
    boundary_sign : multiply by -1 the slices beyond the time boundary, as spectra need it; form factors have it already
    t0 : the first slice; without it that of the source

    Returns
    -------
    of the same type, with abs(separation) + 1 slices instead of T, in running order.

    Raises
    ------
    ShapeError : the array is not such a correlator, or the slices do not fit T.

    See Also
    --------
    TimeSlices.between, align_slices : the two steps, for callers that read only the slices they need.

    Examples
    --------
    >>> corr = np.arange(8.0).reshape(8, 1, 1, 1).astype(complex)
    >>> source = Source(x=0, y=0, z=0, t=6)
    >>> slice_correlator(corr, source=source, separation=3, boundary_sign=True).real.ravel()
    array([ 6.,  7., -0., -1.])
    """
    z = site_axes(corr)[0]
    if z == 0:
        raise ShapeError(f"expected a correlator with time before its axes z, y, x; found shape {corr.shape}")
    T = corr.shape[z - 1]
    slices = TimeSlices.between(source.t if t0 is None else t0, separation, T, boundary_sign=boundary_sign)
    return align_slices(corr.take(slices.times, axis=z - 1), source, slices.signs)
