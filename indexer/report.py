"""The request that a scan answers, and its report of folders."""

from dataclasses import dataclass, field

from latteboard.catalog.updating.observations import FolderState, Observations, Stray


@dataclass(frozen=True)
class Request:
    """How an index scans.

    Attributes
    ----------
    started : ns since 1970; grace times count back from here
    grace : ns; what changed so shortly before the start may still be growing
    fast : trust the times of settled folders
    deep : open every HDF5 file
    below_unknown : look below folders that no template names
    accept_empty : files that are not seen are gone, even if a whole disk is missing
    sweep : (n, N): of the folders that would be trusted, every N-th is looked into all the same, starting from n
    suspects : paths of files that are opened although the look is not deep, since a reduction could not use them
    """

    started: int
    grace: int
    fast: bool
    deep: bool
    below_unknown: bool
    accept_empty: bool
    sweep: tuple[int, int]
    suspects: frozenset[str] = frozenset()

    @property
    def young(self) -> int:
        """The time, ns since 1970, after which a changed file may still be growing."""
        return self.started - self.grace

    @property
    def future(self) -> int:
        """A file time later than this, ns since 1970, is beyond what clocks differ by."""
        return self.started + self.grace


@dataclass
class FolderReport:
    """The results of scanning some folders.

    Attributes
    ----------
    visited : folders that could be read, or whose time said that they need not be
    relisted : those of them that were not as they were
    gone : folders that are not there
    emptied : folders with nothing in them that are not those which were known: a disk that is not mounted looks so
    further : folders in them that are worth looking into
    unreadable : folders and files that could not be read, and why
    unopened : the number of files that a deep look leaves unopened, since their data may be on tape
    containers : size and time of those opened; None for those that must be opened when they are seen again
    """

    observations: list[Observations] = field(default_factory=list)
    folders: list[FolderState] = field(default_factory=list)
    visited: list[str] = field(default_factory=list)
    relisted: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    emptied: list[str] = field(default_factory=list)
    further: list[str] = field(default_factory=list)
    strays: list[Stray] = field(default_factory=list)
    unreadable: dict[str, str] = field(default_factory=dict)
    containers: dict[str, tuple[int, int] | None] = field(default_factory=dict)
    directories: int = 0
    stats: int = 0
    unopened: int = 0

    @property
    def counts(self) -> dict[str, int]:
        """How many folders were listed, and how many metadata calls on files were made."""
        return {"directories": self.directories, "stats": self.stats}

    def add(self, other: "FolderReport") -> None:
        """Add another report, without its observations."""
        self.folders += other.folders
        self.visited += other.visited
        self.relisted += other.relisted
        self.gone += other.gone
        self.emptied += other.emptied
        self.strays += other.strays
        self.unreadable |= other.unreadable
        self.containers |= other.containers
        self.directories += other.directories
        self.stats += other.stats
        self.unopened += other.unopened
