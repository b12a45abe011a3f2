"""Computes one output dataset slab by slab, a few slices at a time, so that memory does not grow with the file."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latteboard.errors import InputRefused
from reducer.arrays.averaging import average
from reducer.arrays.slicing import align_slices, change_signs
from reducer.making.layout import SLAB_BYTES
from reducer.making.plain_means import is_plain, mean_of_plain
from reducer.making.scratch import Scratch, scratch_of_thread
from reducer.making.targets import Target
from reducer.making.terms import Term

Numbers = NDArray[Any]


def slabs(target: Target) -> Iterator[tuple[slice, Numbers]]:
    """The sliced and averaged numbers of a target, each slab with its range on the first axis; pairs or complex as stored."""
    first = target.first
    if not target.shape or 0 in target.shape or first.dataset.dtype.kind not in "biufc":
        whole = first.file.read_whole(first.dataset)
        yield slice(0, len(whole) if whole.ndim else 0), whole
        return
    number = len(first.rows)
    row_bytes = first.bytes // max(1, number)
    step = max(1, SLAB_BYTES // max(1, row_bytes))
    scratch, plain = scratch_of_thread(), len(target.terms) > 1 and is_plain(target)
    for begin in range(0, number, step):
        slab = slice(begin, min(begin + step, number))
        if plain:
            yield slab, mean_of_plain(target, slab)
            continue
        parts = (_read(term, slab, scratch) for term in target.terms)
        yield slab, average(parts, target.numbers) if len(target.terms) > 1 else next(parts)


def _read(term: Term, slab: slice, scratch: Scratch) -> Numbers:
    """Some rows of one term, shifted to the source, each with its sign; overwritten by the next call."""
    dataset, rows = term.dataset, term.rows[slab]
    shape, dtype = (len(rows), *dataset.shape[1:]), dataset.dtype
    found = scratch.array("read", shape, dtype)
    term.file.read(dataset, rows, found)
    signs = None if term.signs is None else term.signs[slab]
    if term.shift is None:
        change_signs(found, signs or ())
        return found
    return align_slices(found, term.shift, signs, out=scratch.array("shifted", shape, dtype))


def count_not_finite(numbers: Numbers) -> int:
    """Count NaN and infinite numbers, those in records too; a finite sum shows quickly that there is none.

    Examples
    --------
    >>> count_not_finite(np.array([1.0, np.nan, -np.inf]))
    2
    >>> count_not_finite(np.array([(1.0, np.nan)], dtype=[("re", "f8"), ("im", "f8")]))
    1
    """
    if numbers.dtype.names is not None:
        return sum(count_not_finite(numbers[name]) for name in numbers.dtype.names)
    if numbers.dtype.kind not in "fc":
        return 0
    with np.errstate(over="ignore", invalid="ignore"):
        if np.isfinite(numbers.sum()):
            return 0
    return int(numbers.size - np.count_nonzero(np.isfinite(numbers)))


def not_finite_input(target: Target) -> InputRefused:
    """An error that names the input to blame for a number that is NaN or infinite."""
    for term in target.terms:
        if not term.dataset.shape:
            return term.refusal("is NaN or infinite; expected a number (--allow-nan records it instead)")
        for position, row in enumerate(term.rows):
            number = count_not_finite(_read(term, slice(position, position + 1), scratch_of_thread()))
            if number:
                return term.refusal(
                    f"{number} numbers are NaN or infinite at index {row} of its first axis; "
                    "expected finite ones (--allow-nan records them instead)"
                )
    return target.first.refusal("the result overflows (--allow-nan records it)")
