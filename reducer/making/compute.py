"""Carries out the steps on one output dataset, a few slices at a time, so that memory does not grow with the file."""

from collections.abc import Iterator
from functools import cache
from threading import local
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latteboard.errors import InputRefused
from reducer.arrays.averaging import average
from reducer.arrays.slicing import shift_to_source
from reducer.making.targets import Target
from reducer.making.terms import Term

Numbers = NDArray[Any]
# What is held at once of a dataset, in bytes, unless one of its slices is larger.
BLOCK = 4 << 20


def blocks(target: Target) -> Iterator[tuple[slice, Numbers]]:
    """The sliced and averaged numbers of a target, with where they stand on its first axis; as they come, pairs or complex."""
    if not target.shape or 0 in target.shape or target.first.stored.dtype.kind not in "biufc":
        whole = target.first.file.read_whole(target.first.stored)
        yield slice(0, len(whole) if whole.ndim else 0), whole
        return
    number = len(target.first.rows)
    row_bytes = target.first.bytes // max(1, number)
    step = max(1, BLOCK // max(1, row_bytes))
    scratch = _scratch()
    for begin in range(0, number, step):
        here = slice(begin, min(begin + step, number))
        parts = (_part(term, here, scratch) for term in target.terms)
        yield here, average(parts) if len(target.terms) > 1 else next(parts)


class _Scratch(local):
    """Memory that is used again for each term: to get it anew from the system takes as long as to compute.

    Each thread has its own.
    """

    def __init__(self) -> None:
        self._held: dict[str, NDArray[np.uint8]] = {}

    def array(self, part: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Numbers:
        """An array of any content, that is overwritten when the same part is asked for again."""
        size = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
        if part not in self._held or len(self._held[part]) < size:
            self._held[part] = np.empty(size, dtype=np.uint8)
        return self._held[part][:size].view(dtype).reshape(shape)


@cache
def _scratch() -> _Scratch:
    return _Scratch()


def _part(term: Term, here: slice, scratch: _Scratch) -> Numbers:
    """Some slices of one term, read, shifted to the source, with the sign of the time boundary; overwritten by the next."""
    stored = term.stored
    rows = term.rows[here]
    shape, dtype = (len(rows), *stored.shape[1:]), stored.dtype.newbyteorder("=")
    found = scratch.array("read", shape, dtype)
    term.file.read(stored, rows, found)
    if term.shift is not None:
        found = shift_to_source(found, term.shift, out=scratch.array("shifted", shape, dtype))
    if term.signs is not None:
        for place, sign in enumerate(term.signs[here]):
            if sign < 0:
                np.negative(found[place], out=found[place])
    return found


def count_not_finite(numbers: Numbers) -> int:
    """How many numbers are NaN or infinite; their sum tells quickly that none is."""
    if numbers.dtype.kind not in "fc":
        return 0
    with np.errstate(over="ignore", invalid="ignore"):
        if np.isfinite(numbers.sum()):
            return 0
    return int(numbers.size - np.count_nonzero(np.isfinite(numbers)))


def not_finite_input(target: Target) -> InputRefused:
    """Which input is to blame for a number that is none."""
    for term in target.terms:
        if not term.stored.shape:
            return InputRefused(f"{term.place}: is NaN or infinite; expected a number (--allow-nan records it instead)")
        for begin in range(len(term.rows)):
            number = count_not_finite(_part(term, slice(begin, begin + 1), _scratch()))
            if number:
                return InputRefused(
                    f"{term.place}: {number} numbers are NaN or infinite at index {term.rows[begin]} of its first axis; "
                    "expected finite ones (--allow-nan records them instead)"
                )
    return InputRefused(f"{target.first.place}: the result overflows (--allow-nan records it)")
