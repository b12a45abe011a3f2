"""The observations that an index hands to the catalog: states of artifacts, folders, strays, and records of products."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from latteboard.files.state import Files
from latteboard.status.states import FileState

# The problem of a sound file of which no block is on this disk: sparse, or migrated to tape.
NO_DATA = "no data on this disk"


@dataclass
class Observations:
    """The state of some artifacts of one kind in one of their places, one entry an artifact.

    Attributes
    ----------
    rows : their rows in the campaign's expected artifacts
    files : what the file system says
    states : codes of :class:`latteboard.status.states.FileState`
    problems : by position in these arrays, what is wrong beside :data:`NO_DATA`, which follows from the file
    deep : whether contents were looked at, so that an earlier verdict on them does not stand
    vanished : whether the disk that they were on is away, so that what was known of them does not stand
    doubted : by position, whether an earlier verdict on the contents was on another file, or on this one before it changed
    place : number of the root, times number of templates of the kind, plus number of the template
    """

    kind: str
    rows: NDArray[np.int64]
    files: Files
    states: NDArray[np.uint8]
    problems: dict[int, str] = field(default_factory=dict)
    deep: bool = False
    vanished: bool = False
    doubted: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=bool))
    place: int = 0

    @property
    def there(self) -> NDArray[np.bool_]:
        """Whether there is a file."""
        found: NDArray[np.bool_] = self.files.sizes >= 0
        return found

    @property
    def without_data(self) -> NDArray[np.bool_]:
        """Whether the file is sound, but no block of it is on this disk."""
        found: NDArray[np.bool_] = self.files.hollow & (self.states == FileState.sound)
        return found

    def forget(self, position: int) -> None:
        """Leave out which file it was, so that the next index takes it for another one and looks into it."""
        self.files.ctimes[position] = self.files.inodes[position] = 0

    def take(self, positions: NDArray[np.int64]) -> "Observations":
        """The observations at some positions only."""
        problems = {
            new: self.problems[old]
            for new, old in enumerate(positions.tolist())
            if self.problems and old in self.problems
        }
        doubted = self.doubted[positions] if len(self.doubted) else self.doubted
        return replace(
            self,
            rows=self.rows[positions],
            files=self.files.take(positions),
            states=self.states[positions],
            problems=problems,
            doubted=doubted,
        )


@dataclass(frozen=True)
class Input:
    """An input as a product recorded it: path relative to the root, bytes, ns since 1970 or None if times do not count."""

    path: str
    size: int
    mtime: int | None


@dataclass(frozen=True)
class Record:
    """The inputs that a product recorded; ``touched`` if the product was changed since it was made."""

    inputs: tuple[Input, ...]
    touched: bool


NO_DIGEST = -1  # no folder has it


@dataclass(frozen=True, slots=True)
class FolderState:
    """A folder as it was when it was listed; see the table ``folder``.

    Attributes
    ----------
    mtime : ns since 1970; 0 if it changed too recently to be trusted
    ctime, inode, device : when anything of the folder last changed (ns since 1970), and which folder it is
    digest : of what is in it
    unsettled_until : ns since 1970; it is listed again before that, by any index
    due : ns since 1970; from then on what is in it is judged again even if nothing changed, since a file comes of age
    """

    path: str
    mtime: int
    ctime: int
    inode: int
    device: int
    digest: int
    unsettled_until: int
    due: int

    def doubted(self) -> "FolderState":
        """The folder by its identity alone: once it is listed again, nothing in it is as it was."""
        return replace(self, mtime=0, digest=NO_DIGEST)


@dataclass(frozen=True)
class RootState:
    """What the last index knew of one root: folders by path, unreadable ones with the reason, size and time of containers."""

    folders: dict[str, FolderState]
    unreadable: dict[str, str]
    containers: dict[str, tuple[int, int]]

    @property
    def identities(self) -> "RootState":
        """Which folders there were on which disks, and nothing of what was in them."""
        return RootState({path: state.doubted() for path, state in self.folders.items()}, {}, {})


@dataclass(frozen=True)
class LastLook:
    """What the last index knew of the disks.

    Attributes
    ----------
    run : its number, 0 if there was none
    is_current : whether it was of the campaign as it stands; else only which folders there were is known of the roots
    roots : in the campaign's order
    """

    run: int
    is_current: bool
    roots: Sequence[RootState]


@dataclass(frozen=True)
class Stray:
    """A file or folder that is no expected artifact."""

    path: str
    folder: str
    size: int | None
    mtime: int | None
    reason: str
