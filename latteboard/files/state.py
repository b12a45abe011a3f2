"""Files as the file system states them: columns of sizes, times and identities, one entry a file."""

from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]
NO_FILE = -1  # the size where there is no file
LARGE = 1 << 20  # bytes; a file of fewer may be kept where a file system counts no blocks


@dataclass(frozen=True)
class Files:
    """Some files, one entry each.

    Attributes
    ----------
    sizes : bytes, ``NO_FILE`` where there is none; all other columns are 0 there
    mtimes, ctimes : when the contents and when anything of the file last changed, ns since 1970
    inodes, devices : which file it is
    blocks : how many blocks of it are on disk
    """

    sizes: Numbers
    mtimes: Numbers
    ctimes: Numbers
    inodes: Numbers
    devices: Numbers
    blocks: Numbers

    @classmethod
    def none(cls, count: int) -> Self:
        """``count`` entries without a file."""
        nothing = np.zeros(count, dtype=np.int64)
        return cls(np.full(count, NO_FILE, dtype=np.int64), *(nothing for _ in fields(cls)[1:]))

    @classmethod
    def together(cls, parts: "list[Files]") -> Self:
        """The files of several parts, one after the other."""
        names = [field.name for field in fields(cls)]
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))

    def __len__(self) -> int:
        return len(self.sizes)

    def take(self, positions: NDArray[np.generic]) -> Self:
        """Some of the files, by position or by mask."""
        return type(self)(*(getattr(self, field.name)[positions] for field in fields(self)))

    def where(self, chosen: NDArray[np.bool_], others: Self) -> Self:
        """``others`` at the chosen places, these files elsewhere."""
        names = [field.name for field in fields(self)]
        return type(self)(*(np.where(chosen, getattr(others, name), getattr(self, name)) for name in names))

    @property
    def hollow(self) -> NDArray[np.bool_]:
        """Whether no block of the file is on this disk: it has no data, or reading it would recall it from tape."""
        found: NDArray[np.bool_] = (self.blocks == 0) & (self.sizes > 0)
        return found

    @property
    def on_tape(self) -> NDArray[np.bool_]:
        """Whether opening the file would perhaps recall it from tape: it is large, and no block of it is on this disk."""
        found: NDArray[np.bool_] = self.hollow & (self.sizes >= LARGE)
        return found
