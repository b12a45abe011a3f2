"""Memory that is used again and again while a dataset is computed."""

from functools import cache
from threading import local
from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[Any]


class Scratch(local):
    """Memory that is used again for each term: asking the system for it each time takes as long as the computation.

    Each thread has its own.
    """

    def __init__(self) -> None:
        self._held: dict[str, NDArray[np.uint8]] = {}

    def array(self, part: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Numbers:
        """An array of any content; it is overwritten once the same part is asked for again."""
        size = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
        if part not in self._held or len(self._held[part]) < size:
            self._held[part] = np.empty(size, dtype=np.uint8)
        return self._held[part][:size].view(dtype).reshape(shape)


@cache
def scratch_of_thread() -> Scratch:
    """The memory of the thread that asks."""
    return Scratch()
