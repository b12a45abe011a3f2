"""The status of every artifact of a small production by plain loops: section 5 of the design, read a second time.

The disk is a dictionary, and so is the memory that a catalog keeps of earlier indexes. Nothing of latteboard is used.
Every rule is one loop that a person can check by eye. The functions decide nothing by arrays or by SQL.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from plain_production import Artifact, Production, key

SECOND = 1_000_000_000  # in nanoseconds, as all times here
TOLERANCE = 2 * SECOND  # an input newer than its product by more is a change
# Units in which file systems and copy tools keep times, in ns: FAT, scp and tar, object stores, utimes, NTFS.
COARSENESSES = (2 * SECOND, SECOND, 1_000_000, 1_000, 100, 1)

Copy = tuple[int, int]  # size in bytes, modification time
ArtifactKey = tuple[str, tuple[tuple[str, Any], ...]]  # kind and coordinates, whatever its path


# Observations


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
    """Last sight of a path: the file found there or None, when that scan began, and whether its contents were found bad."""

    file: File | None
    start: int
    bad_content: bool = False


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
    bad_content : artifacts whose file was found bad in content
    """

    seen: Mapping[str, Observation] = field(default_factory=dict)
    sound: Mapping[ArtifactKey, Copy] = field(default_factory=dict)
    bad_content: frozenset[ArtifactKey] = frozenset()


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
    memory : what earlier indexes left
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
        """Last sight of each artifact after this index; none of those that no index ever saw."""
        observed = {}
        for artifact in artifacts:
            if not self.is_hidden(artifact.path):
                observed[artifact.path] = self._observe(artifact)
            elif artifact.path in self.memory.seen:
                observed[artifact.path] = self.memory.seen[artifact.path]
        return observed

    def _observe(self, artifact: Artifact) -> Observation:
        file = self.disk.get(artifact.path)
        seen = Observation(file, self.start)
        if file is None or not artifact.path.endswith(".h5"):
            return seen
        # A verdict on contents outlives a touch: a file that was found bad is opened again once anything about it
        # changes, by any index. One that is too young or too small to be opened waits for that.
        was_bad = artifact_key(artifact) in self.memory.bad_content
        if file.size < artifact.min_bytes or is_growing(file, self.start, self.grace):
            return replace(seen, bad_content=was_bad)
        return replace(seen, bad_content=file.damaged and (self.deep or was_bad))


def artifact_key(artifact: Artifact) -> ArtifactKey:
    """Kind and coordinates."""
    return artifact.kind, key(artifact.coordinates)


def is_growing(file: File, start: int, grace: int) -> bool:
    """Whether a file is too young to judge: changed within the grace time, and not marked complete.

    A time that lies in the future by more than the grace time is no sign of youth.
    """
    is_complete = file.mark is not None and file.mark.complete
    return start - grace < file.mtime <= start + grace and not is_complete


# Status


@dataclass(frozen=True)
class ArtifactState:
    """Everything that the rules say of one artifact."""

    status: str
    blocked_by: str | None  # a kind
    blocked_count: int | None
    wanted: bool
    purgeable: bool


def judge(production: Production, snapshot: Snapshot) -> dict[str, ArtifactState]:
    """The state of each artifact, by path."""
    return Rules(production, snapshot).states()


class Rules:
    """The rules of the design's section 5, in its words."""

    def __init__(self, production: Production, snapshot: Snapshot) -> None:
        self.production = production
        self.snapshot = snapshot
        self.seen = snapshot.observations(production.artifacts.values())
        self.presence: dict[str, str | None] = {}
        before = snapshot.memory.sound
        keys = {path: artifact_key(artifact) for path, artifact in production.artifacts.items()}
        self._sound = {path: before[artifact] for path, artifact in keys.items() if artifact in before}
        for kind in production.order:
            for artifact in production.of_kind(kind):
                self._settle(artifact)
        self.wanted = self._wanted()
        self.held = self._held()

    def states(self) -> dict[str, ArtifactState]:
        """The state of each artifact, by path."""
        states = {}
        for path in self.production.artifacts:
            status, blocked_by, blocked_count = self.presence[path], None, None
            if status is None:
                status, blocked_by, blocked_count = self._missing(path)
            purgeable = self._purgeable(path, status)
            states[path] = ArtifactState(status, blocked_by, blocked_count, path in self.wanted, purgeable)
        return states

    def is_sound_copy(self, path: str, copy: Copy) -> bool:
        """Whether a copy is large enough, and is that of the file last seen sound on this disk, or a later one.

        A file that was never seen sound here is compared with nothing.
        """
        size, time = copy
        if size < self.production.artifacts[path].min_bytes:
            return False
        if path not in self._sound:
            return True
        its_size, its_time = self._sound[path]
        return size == its_size and (time > its_time or same_time(time, its_time))

    def memory(self) -> Memory:
        """Everything that the catalog keeps for the next index."""
        artifacts = self.production.artifacts
        sound = {artifact_key(artifacts[path]): copy for path, copy in self._sound.items()}
        bad = frozenset(artifact_key(artifacts[path]) for path, seen in self.seen.items() if seen.bad_content)
        return Memory(self.seen, sound, bad)

    # On disk or in the archive

    def _settle(self, artifact: Artifact) -> None:
        path = artifact.path
        self.presence[path] = self._presence(artifact)
        if self.presence[path] in ("done", "stale"):
            file = self._file(path)
            self._sound[path] = (file.size, file.mtime)

    def _presence(self, artifact: Artifact) -> str | None:
        """The status of an artifact that is there, or unknown; None for one that is not there."""
        seen = self.seen.get(artifact.path)
        if seen is not None and seen.file is not None and not self.snapshot.is_away(artifact.path):
            if is_growing(seen.file, seen.start, self.snapshot.grace):
                return "growing"
            if self._is_bad(artifact, seen):
                return "bad"
            return "stale" if self._is_stale(artifact, seen.file) else "done"
        if self._has_sound_copy(artifact.path):
            return "archived"
        # A file that was there is unknown while its disk is away; one that was missing there is missing still.
        return "unknown" if seen is None or seen.file is not None else None

    def _is_bad(self, artifact: Artifact, seen: Observation) -> bool:
        file = self._file(artifact.path)
        is_incomplete = file.mark is not None and not file.mark.complete
        return file.size < artifact.min_bytes or is_incomplete or seen.bad_content

    def _file(self, path: str) -> File:
        file = self.seen[path].file
        assert file is not None
        return file

    def _has_sound_copy(self, path: str) -> bool:
        return any(self.is_sound_copy(path, copy) for copy in self.snapshot.archive.get(path, []))

    # Stale

    def _is_stale(self, artifact: Artifact, file: File) -> bool:
        if self.production.kinds[artifact.kind].get("stale") == "never":
            return False
        if file.mark is None:
            return self._has_newer_input(artifact.path, file)
        touched = not same_time(file.mark.mtime, file.mtime)  # since it was made, or copied without its time
        if self._has_other_inputs(artifact.path, file.mark, is_touched=touched):
            return True
        if touched:
            return self._has_newer_input(artifact.path, file)
        return self._has_inputs_of_other_times(artifact.path, file.mark)

    def _inputs_on_disk(self, path: str) -> list[str]:
        """Direct inputs that are themselves done or stale: all others say nothing."""
        return [name for name in self.production.inputs_of(path) if self.presence[name] in ("done", "stale")]

    def _has_newer_input(self, path: str, product: File) -> bool:
        """Whether an input is newer by more than the tolerance, and no replica of its size is known that is not."""
        for name in self._inputs_on_disk(path):
            size = self._file(name).size
            times = [its_time for its_size, its_time in self._replicas(name) if its_size == size]
            if all(time - product.mtime > TOLERANCE for time in times):
                return True
        return False

    def _has_other_inputs(self, path: str, mark: Mark, *, is_touched: bool) -> bool:
        """Whether an input has another size than recorded, was left out, or is recorded and no longer needed."""
        inputs = {name: self._file(name) for name in self._inputs_on_disk(path)}
        if any(name in mark.inputs and mark.inputs[name][0] != file.size for name, file in inputs.items()):
            return True
        others = [name for name in mark.inputs if name not in self.production.inputs_of(path)]
        if any(name in self.production.artifacts for name in others):
            return True
        new = [(file.size, file.mtime) for name, file in inputs.items() if name not in mark.inputs]
        return not are_renamed([mark.inputs[name] for name in others], new, by_size_only=is_touched)

    def _has_inputs_of_other_times(self, path: str, mark: Mark) -> bool:
        """Whether an input has another time than recorded, and no replica of the recorded size and time is known."""
        for name in self._inputs_on_disk(path):
            if name in mark.inputs:
                size, time = mark.inputs[name]
                if not any(its[0] == size and same_time(its[1], time) for its in self._replicas(name)):
                    return True
        return False

    def _replicas(self, path: str) -> list[Copy]:
        """The file on disk and all copies in archives, outdated ones too: a recall gives a file a later time."""
        file = self._file(path)
        return [(file.size, file.mtime), *self.snapshot.archive.get(path, [])]

    # Wanted and held

    def _is_there(self, path: str) -> bool:
        return self.presence[path] is not None

    def _wanted(self) -> set[str]:
        """Artifacts that are not temporary, and the inputs of wanted ones that are not there."""
        kinds = self.production.kinds
        wanted = {path for path, a in self.production.artifacts.items() if not kinds[a.kind].get("temporary")}
        while True:
            more = {name for path in wanted if not self._is_there(path) for name in self.production.inputs_of(path)}
            if more <= wanted:
                return wanted
            wanted |= more

    def _held(self) -> set[str]:
        """Artifacts that a wanted one, neither done nor archived, needs directly or through others that are not there."""
        held: set[str] = set()
        for path in self.wanted:
            if self.presence[path] not in ("done", "archived"):
                self._hold(path, held.add)
        return held

    def _hold(self, path: str, hold: Callable[[str], None]) -> None:
        for name in self.production.inputs_of(path):
            hold(name)
            if not self._is_there(name):
                self._hold(name, hold)

    def _purgeable(self, path: str, status: str) -> bool:
        kind = self.production.artifacts[path].kind
        temporary = self.production.kinds[kind].get("temporary", False)
        return temporary and status in ("done", "stale", "bad", "growing") and path not in self.held

    # Not there

    def _missing(self, path: str) -> tuple[str, str | None, int | None]:
        """Status, blocked_by and blocked_count of an artifact that is not there."""
        if path not in self.wanted:
            return "unneeded", None, None
        if self.production.kinds[self.production.artifacts[path].kind].get("given"):
            return "blocked", None, None
        for need, names in self.production.inputs[path].items():
            lacking = [name for name in names if not self._is_done(name) and not self._can_be_recalled(name)]
            if lacking:
                return "blocked", need, len(lacking)
        if self._is_claimed(path):
            return "claimed", None, None
        if all(self._is_done(name) for name in self.production.inputs_of(path)):
            return "ready", None, None
        return "recall", None, None

    def _is_done(self, path: str) -> bool:
        return self.presence[path] == "done"

    def _can_be_recalled(self, path: str) -> bool:
        status = self.presence[path]
        return status == "archived" or (status == "bad" and self._has_sound_copy(path))

    def _is_claimed(self, path: str) -> bool:
        """Whether its task has been handed out: a claim on one file of a job is a claim on all."""
        artifact = self.production.artifacts[path]
        leader = self.production.leader(artifact.kind)
        for other, its in self.production.artifacts.items():
            together = self.production.leader(its.kind) == leader and its.coordinates == artifact.coordinates
            if together and other in self.snapshot.claimed:
                return True
        return False


def are_renamed(gone: list[Copy], new: list[Copy], *, by_size_only: bool) -> bool:
    """Whether recorded inputs whose paths are none any more are exactly those that are there without a record.

    Each recorded input stands for one new name, and each new name for one record: in the order of sizes and times they
    agree in pairs. Of a product that was touched, times say nothing.
    """
    if len(gone) != len(new):
        return False
    pairs = zip(sorted(gone), sorted(new), strict=True)
    return all(a[0] == b[0] and (by_size_only or same_time(a[1], b[1])) for a, b in pairs)


def same_time(one: int, other: int) -> bool:
    """Whether two times agree as far as the coarser of them tells; it may have been cut or rounded."""
    return one == other or abs(one - other) < max(coarseness(one), coarseness(other))


def coarseness(time: int) -> int:
    """The coarsest unit in which a time may have been kept."""
    return next(unit for unit in COARSENESSES if time % unit == 0)
