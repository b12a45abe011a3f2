"""Everything that one index can go by: the disk as a dictionary, and the memory that a catalog keeps of earlier indexes.

Written from section 5 of the design by plain loops, like the rules in `brute_force`; nothing of latteboard is used.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from plain_production import ABOVE, Artifact, key

SECOND = 1_000_000_000  # in nanoseconds, as all times here
# Units in which file systems and copy tools keep times, in ns: FAT, scp and tar, object stores, utimes, NTFS.
COARSENESSES = (2 * SECOND, SECOND, 1_000_000, 1_000, 100, 1)

Copy = tuple[int, int]  # size in bytes, modification time
ArtifactKey = tuple[str, tuple[tuple[str, Any], ...]]  # kind and coordinates, whatever its path
PlaceKey = tuple[ArtifactKey, str, int]  # an artifact, a root, and which of its templates


@dataclass(frozen=True)
class Mark:
    """Provenance that a reduced file states: its inputs, the time at which it was written, and whether it is complete."""

    inputs: Mapping[str, Copy]
    mtime: int
    complete: bool = True


@dataclass(frozen=True)
class File:
    """A file on disk; a damaged one is no HDF5 file although its name ends in ``.h5``."""

    size: int
    mtime: int
    mark: Mark | None = None
    damaged: bool = False


@dataclass(frozen=True)
class Observation:
    """Last sight of a path.

    Attributes
    ----------
    file : found there, or None
    start : when that scan began
    bad_content : whether its contents were found bad
    away : whether its disk has been away since; the file is unknown until it is seen again
    """

    file: File | None
    start: int
    bad_content: bool = False
    away: bool = False


@dataclass(frozen=True)
class Memory:
    """Everything that a catalog keeps of earlier indexes.

    An artifact that the campaign no longer expects is forgotten, even if it is expected again later. Where its template
    changes, what was seen on the old path says nothing of the new one; but it is the same artifact: its copies are
    compared with the file that was sound, and a bad file is not mended by a new name.

    Attributes
    ----------
    seen : the last sight of each path, none of those that no index ever saw
    sound : for each artifact, size and time of its file that was last done or stale on this disk
    bad_content : artifacts whose file in some place was found bad in content, or marked incomplete
    """

    seen: Mapping[str, Observation] = field(default_factory=dict)
    sound: Mapping[ArtifactKey, Copy] = field(default_factory=dict)
    bad_content: frozenset[PlaceKey] = frozenset()


@dataclass(frozen=True)
class Snapshot:
    """Everything that one index can go by.

    Attributes
    ----------
    start : when the scan began
    grace : how long after its last change a file may still be growing
    disk : the files there are, by path
    archive : for each path its copies in archives
    claimed : paths for which a task has been handed out that has not expired
    unreadable : folders that cannot be read; no file below them is seen
    away : links, mounted disks and roots that vanished, became empty or another device; no file below them is seen
    deep : whether every HDF5 file is opened
    memory : left by earlier indexes
    """

    start: int
    grace: int
    disk: Mapping[str, File]
    archive: Mapping[str, list[Copy]] = field(default_factory=dict)
    claimed: frozenset[str] = frozenset()
    unreadable: frozenset[str] = frozenset()
    away: frozenset[str] = frozenset()
    deep: bool = False
    memory: Memory = field(default_factory=Memory)

    def is_hidden(self, path: str) -> bool:
        """Whether the path lies in a folder that cannot be read, or that is away."""
        return any(path.startswith(f"{folder}/") for folder in (*self.unreadable, *self.away))

    def is_away(self, path: str) -> bool:
        """Whether the path lies in a folder that is away."""
        return any(path.startswith(f"{folder}/") for folder in self.away)

    def observations(self, artifacts: Iterable[Artifact]) -> dict[str, Observation]:
        """Last sight of each place of each artifact after this index; none of those that no index ever saw."""
        observed = {}
        for artifact in artifacts:
            for number, place in enumerate(artifact.places):
                if not self.is_hidden(place):
                    observed[place] = self._observe(artifact, number)
                elif place in self.memory.seen:
                    before = self.memory.seen[place]
                    observed[place] = replace(before, away=before.away or self.is_away(place))
        return observed

    def _observe(self, artifact: Artifact, number: int) -> Observation:
        file = file_at(self.disk, artifact, artifact.places[number])
        seen = Observation(file, self.start)
        if file is None or not artifact.path.endswith(".h5"):
            return seen
        # A verdict on contents outlives a touch: a file that was found bad is opened again once anything about it
        # changes, by any index. One that is too young or too small to be opened waits for that.
        was_bad = place_key(artifact, number) in self.memory.bad_content
        if file.size < artifact.min_bytes or is_growing(file, self.start, self.grace):
            return replace(seen, bad_content=was_bad)
        return replace(seen, bad_content=file.damaged and (self.deep or was_bad))


def file_at(disk: Mapping[str, File], artifact: Artifact, place: str) -> File | None:
    """The file in a place; of a folder its files together, damaged if it lacks one, and not there if it is empty."""
    if not artifact.is_folder:
        return disk.get(place)
    found = {path.removeprefix(place): file for path, file in disk.items() if path.startswith(place)}
    if not found:
        return None
    lacks = not found.keys() >= {*artifact.holds} or len(found) < artifact.files
    size, newest = sum(file.size for file in found.values()), max(file.mtime for file in found.values())
    return File(size, newest, damaged=lacks)


def artifact_key(artifact: Artifact) -> ArtifactKey:
    """Kind and coordinates."""
    return artifact.kind, key(artifact.coordinates)


def place_key(artifact: Artifact, number: int) -> PlaceKey:
    """One of the places of an artifact, whatever its path: by its root, and by its position among the templates."""
    roots = [place.split("/")[1] if place.startswith(ABOVE) else "" for place in artifact.places]
    return artifact_key(artifact), roots[number], number - roots.index(roots[number])


def is_growing(file: File, start: int, grace: int) -> bool:
    """Whether a file is too young to judge: changed within the grace time, and not marked complete.

    A time that lies in the future by more than the grace time is no sign of youth.
    """
    is_complete = file.mark is not None and file.mark.complete
    return start - grace < file.mtime <= start + grace and not is_complete


def same_time(one: int, other: int) -> bool:
    """Whether two times agree as far as the coarser of them tells; it may have been cut or rounded."""
    return one == other or abs(one - other) < max(coarseness(one), coarseness(other))


def coarseness(time: int) -> int:
    """The coarsest unit in which a time may have been kept."""
    return next(unit for unit in COARSENESSES if time % unit == 0)
