"""The mean over sources, and in spectra over spins: of correlators that are sliced and shifted already."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latteboard.errors import ShapeError


def average(correlators: Iterable[NDArray[Any]], numbers: Sequence[int] | None = None) -> NDArray[Any]:
    """The mean: terms are added in the order given, then divided by their number.

    Only the sum and one term are held at a time; a term may be overwritten once the next is asked for. Single precision
    is summed in single precision. The result depends on the terms and their order alone, so a caller that wants it
    reproducible sorts them.

    Parameters
    ----------
    correlators : real or complex, shape (...), all of one shape and type
    numbers : of correlators that each term is a mean of itself, by which it counts; None where each is one alone

    Returns
    -------
    of the same shape and type.

    Raises
    ------
    ShapeError : there is no term, the first is not of floating-point numbers, or another is not like the first.

    See Also
    --------
    numpy.mean : equal to the last bit where it adds the terms of a stack one after the other too.

    References
    ----------
    The mean of the CalLat production codes, https://github.com/callat-qcd/nucleon_elastic_FF, which add in the order of
    the directory; here sources are sorted first.

    Examples
    --------
    >>> average([np.array([1.0, 2.0]), np.array([3.0, 6.0])])
    array([2., 4.])
    >>> average([np.array([1.0, 2.0]), np.array([4.0, 8.0])], numbers=[2, 1])
    array([2., 4.])
    """
    total: NDArray[Any] | None = None
    count = 0
    weighted = numbers is not None and len(set(numbers)) > 1
    for count, term in enumerate(correlators, start=1):
        if weighted:
            assert numbers is not None
            term = _first(term) * term.dtype.type(numbers[count - 1])
        if total is None:
            total = _first(term)
            continue
        if (term.shape, term.dtype) != (total.shape, total.dtype):
            raise ShapeError(
                f"term {count} of an average is {term.dtype} of shape {term.shape}: "
                f"expected {total.dtype} of shape {total.shape}, as the first"
            )
        total += term
    if total is None:
        raise ShapeError("an average of nothing: expected at least one term")
    # By an integer of numpy, not of Python, as np.mean does: single precision is then divided in double.
    total /= np.int64(sum(numbers) if weighted and numbers is not None else count)
    return total


def _first(term: NDArray[Any]) -> NDArray[Any]:
    if not np.issubdtype(term.dtype, np.inexact):
        raise ShapeError(f"term 1 of an average is {term.dtype}: expected real or complex floating-point numbers")
    return np.array(term)
