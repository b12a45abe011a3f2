"""Modification times, which copies cut or round: their resolution, and whether two of them agree."""

import numpy as np
from numpy.typing import NDArray

from latteboard.times import SECOND_NS

Times = NDArray[np.int64]
Mask = NDArray[np.bool_]

# What copy tools and file systems cut times to, coarsest first: FAT; scp, tar; object stores; utimes, bbcp; NTFS; none.
RESOLUTIONS = (2 * SECOND_NS, SECOND_NS, SECOND_NS // 1000, SECOND_NS // 1_000_000, 100, 1)
# An input may be this much newer than its product: file systems and nodes do not agree on the time to the second.
TOLERANCE = 2 * SECOND_NS
# The first second of 1990. No file of a production is older; clocks that were reset, and tools that lose times, write such.
BEGINNING = 631_152_000 * SECOND_NS


def resolution(times: Times) -> Times:
    """The coarsest resolution that each time may have been cut or rounded to, in ns.

    Examples
    --------
    >>> resolution(np.array([4 * SECOND_NS, 3 * SECOND_NS, 3 * SECOND_NS + 5_000_000, 3 * SECOND_NS + 1])).tolist()
    [2000000000, 1000000000, 1000000, 1]
    """
    found = np.ones(len(times), dtype=np.int64)
    for unit in reversed(RESOLUTIONS):
        found[times % unit == 0] = unit
    return found


def times_agree(a: Times, b: Times) -> Mask:
    """Whether two times may be those of one file: they differ by less than the coarser resolution of the two, cut or rounded.

    Examples
    --------
    >>> exact, second = 1_600_000_001_700_000_001, 1_600_000_001_000_000_000
    >>> times_agree(np.array([exact, exact, exact]), np.array([second, second + SECOND_NS, exact + 1])).tolist()
    [True, True, False]
    """
    agree: Mask = a == b
    # Nearly all are equal to the nanosecond; resolutions are worked out for the rest only.
    rest = np.flatnonzero(~agree)
    one, other = a[rest], b[rest]
    agree[rest] = np.abs(one - other) < np.maximum(resolution(one), resolution(other))
    return agree


def same_time(a: int, b: int) -> bool:
    """Whether two times may be those of one file, see :func:`times_agree`."""
    return bool(times_agree(np.array([a]), np.array([b]))[0])
