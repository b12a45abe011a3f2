"""The soundness of copies in archives."""

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from latteboard.status.times import Times, times_agree

Numbers = NDArray[np.int64]
NEVER_SEEN = -1  # the size of a file that was never sound on this disk


class Flaw(IntEnum):
    """The flaw of a copy."""

    none = 0
    too_small = 1
    other_size = 2
    older = 3


def flaws(sizes: Numbers, mtimes: Times, least: Numbers, seen_sizes: Numbers, seen_mtimes: Times) -> NDArray[np.uint8]:
    """The flaw of each copy, as codes of :class:`Flaw`.

    "A copy is sound only if its size is that of the file last seen and it is no older; else it is outdated." The file last
    seen is the one that was last seen *sound* on this disk: a truncated file says nothing against its copy. A copy of a
    file that was never seen must be as large as the campaign expects at least.

    Parameters
    ----------
    sizes, mtimes : of the copies, bytes and ns since 1970
    least : the least size of each copy's artifact, bytes
    seen_sizes, seen_mtimes : of the file of each copy's artifact when it was last seen sound, ``NEVER_SEEN`` if it never was

    Examples
    --------
    A copy as the file was, one of a file that has been made again since, one of other size:

    >>> columns = ([100, 100, 90], [50, 50, 50], [10, 10, 10], [100, 100, 100], [50, 70, 50])
    >>> flaws(*(np.array(column) for column in columns)).tolist()
    [0, 3, 2]
    """
    found = np.zeros(len(sizes), dtype=np.uint8)
    seen = seen_sizes != NEVER_SEEN
    # The gravest flaw is stored last and overwrites the others. A time that a copy tool has cut is not older.
    found[seen & (mtimes < seen_mtimes) & ~times_agree(mtimes, seen_mtimes)] = Flaw.older
    found[seen & (sizes != seen_sizes)] = Flaw.other_size
    found[sizes < least] = Flaw.too_small
    return found
