"""What a scan is asked for, and what it brings."""

from dataclasses import dataclass, field

from latteboard.catalog.updating.books import FolderState, Looks, Stray


@dataclass(frozen=True)
class Request:
    """How an index looks.

    Attributes
    ----------
    started : ns since 1970; grace times count back from here
    young : ns since 1970; what changed later may still be growing
    fast : trust the times of settled folders
    sweep : (n, N): of the folders that would be trusted, every N-th is looked into all the same, starting from n
    suspects : paths of files that are opened although the look is not deep, since somebody could not use them
    """

    started: int
    young: int
    fast: bool
    deep: bool
    below_unknown: bool
    sweep: tuple[int, int]
    suspects: frozenset[str] = frozenset()


@dataclass
class Seen:
    """What looking into some folders brought.

    Attributes
    ----------
    visited : folders that could be read, or whose time said that they need not be
    relisted : those of them that were not as they were
    gone : folders that are not there
    further : folders in them that are worth looking into
    unreadable : folders that could not be read, and why
    containers : size and time of those opened; None for those that must be opened when they are seen again
    """

    looks: list[Looks] = field(default_factory=list)
    folders: list[FolderState] = field(default_factory=list)
    visited: list[str] = field(default_factory=list)
    relisted: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    further: list[str] = field(default_factory=list)
    strays: list[Stray] = field(default_factory=list)
    unreadable: dict[str, str] = field(default_factory=dict)
    containers: dict[str, tuple[int, int] | None] = field(default_factory=dict)
    directories: int = 0
    stats: int = 0
