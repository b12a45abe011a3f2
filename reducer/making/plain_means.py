"""Means of correlators that stand plainly in their files: read, shifted and added slice by slice, so that all stays in the cache.

It gives the numbers of ``align_slices`` and ``average`` to the last bit: terms are added in the same order, and a sign is a
subtraction.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reducer.arrays.slicing import pairs_as_one, shifted_sites
from reducer.making.scratch import scratch_of_thread
from reducer.making.targets import Target
from reducer.making.terms import Term

Numbers = NDArray[Any]


@dataclass(frozen=True)
class _PlainTerm:
    """A term, with the place of each of its slices in the file, and the site that each site is filled from."""

    term: Term
    places: Sequence[int]
    sites: NDArray[np.intp]


def is_plain(target: Target) -> bool:
    """Whether all terms are single correlators that are shifted, and stand in their files as in memory."""
    return all(
        term.dataset.offset is not None
        and term.shift is not None
        and term.number == 1
        and len(term.dataset.complex_shape) == 4
        and term.dataset.dtype.char in "fdFD"
        for term in target.terms
    )


def mean_of_plain(target: Target, slab: slice) -> Numbers:
    """The mean over some slices of all terms, of shape (slices, Z, Y, X) or with real and imaginary part last.

    Raises
    ------
    InputRefused : a file ends before its numbers do, or cannot be read.
    """
    dtype, shape = target.first.dataset.dtype, target.shape[1:]
    one = pairs_as_one(dtype) if target.first.dataset.pairs else dtype
    number = prod(shape) * dtype.itemsize // one.itemsize
    scratch = scratch_of_thread()
    found, shifted = (scratch.array(part, (number,), one) for part in ("read", "shifted"))
    view = found.view(np.uint8).data
    terms = [_prepared(term) for term in target.terms]
    total = np.empty((slab.stop - slab.start, number), dtype=one)
    for row in range(slab.start, slab.stop):
        into = total[row - slab.start]
        for position, plain in enumerate(terms):
            if os.preadv(plain.term.file.descriptor, [view], plain.places[row]) != len(view):
                _read_slowly(plain.term, row, found)
            add = np.subtract if plain.term.signs is not None and plain.term.signs[row] < 0 else np.add
            if position:
                add(into, found.take(plain.sites, out=shifted, mode="clip"), into)
            else:
                found.take(plain.sites, out=into, mode="clip")
                if add is np.subtract:
                    np.negative(into, into)
    for plain in terms:
        plain.term.file.bytes_read += len(total) * len(view)
    mean: Numbers = total.view(dtype).reshape(len(total), *shape)
    mean /= np.int64(len(terms))  # as an average divides
    return mean


def _prepared(term: Term) -> _PlainTerm:
    dataset, source = term.dataset, term.shift
    assert dataset.offset is not None
    assert source is not None
    size = dataset.nbytes // dataset.shape[0]
    places = [dataset.offset + row * size for row in term.rows]
    Z, Y, X = dataset.complex_shape[1:]
    return _PlainTerm(term, places, shifted_sites((Z, Y, X), (source.z, source.y, source.x)))


def _read_slowly(term: Term, row: int, out: Numbers) -> None:
    """Read a slice that the system gave in parts, or refuse it by name."""
    whole = out.view(term.dataset.dtype).reshape(1, *term.dataset.shape[1:])
    before = term.file.bytes_read
    term.file.read(term.dataset, [term.rows[row]], whole)
    term.file.bytes_read = before
