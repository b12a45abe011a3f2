"""The status of every artifact of a small production by plain loops: section 5 of the design, read a second time.

The disk is a dictionary, and so is the memory that a catalog keeps of earlier indexes. Nothing of latteboard is used.
Every rule is one loop that a person can check by eye. The functions decide nothing by arrays or by SQL.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from plain_production import Artifact, Production

SECOND = 1_000_000_000  # in nanoseconds, as all times here
TOLERANCE = 2 * SECOND  # an input newer than its product by more is a change

Copy = tuple[int, int]  # size in bytes, modification time


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
    deep : whether every HDF5 file is opened
    known : observations of earlier indexes, by path
    """

    start: int
    grace: int
    disk: Mapping[str, File]
    archive: Mapping[str, list[Copy]] = field(default_factory=dict)
    claimed: frozenset[str] = frozenset()
    unreadable: frozenset[str] = frozenset()
    deep: bool = False
    known: Mapping[str, Observation] = field(default_factory=dict)

    def hidden(self, path: str) -> bool:
        """Whether the path lies in a folder that cannot be read."""
        return any(path.startswith(f"{folder}/") for folder in self.unreadable)

    def observations(self, artifacts: Iterable[Artifact]) -> dict[str, Observation]:
        """Last sight of each artifact after this index; none of those that no index ever saw.

        An artifact that the campaign no longer expects is forgotten, even if it is expected again later.
        """
        observed = {}
        for artifact in artifacts:
            if not self.hidden(artifact.path):
                observed[artifact.path] = self._observe(artifact)
            elif artifact.path in self.known:
                observed[artifact.path] = self.known[artifact.path]
        return observed

    def _observe(self, artifact: Artifact) -> Observation:
        file, before = self.disk.get(artifact.path), self.known.get(artifact.path)
        seen = Observation(file, self.start)
        if file is None or not artifact.path.endswith(".h5"):
            return seen
        if self.deep and file.size >= artifact.min_bytes and not is_growing(file, self.start, self.grace):
            return replace(seen, bad_content=file.damaged)
        # A verdict on contents stands until size or time changes.
        if before is not None and before.file is not None and before.bad_content:
            same = (before.file.size, before.file.mtime) == (file.size, file.mtime)
            return replace(seen, bad_content=same)
        return seen


def is_growing(file: File, start: int, grace: int) -> bool:
    """Whether a file is too young to judge: changed within the grace time, and not marked complete."""
    is_complete = file.mark is not None and file.mark.complete
    return file.mtime > start - grace and not is_complete


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
        self.known = snapshot.observations(production.artifacts.values())
        self.presence: dict[str, str | None] = {}
        for kind in production.order:
            for artifact in production.of_kind(kind):
                self.presence[artifact.path] = self._presence(artifact)
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

    # On disk or in the archive

    def _presence(self, artifact: Artifact) -> str | None:
        """The status of an artifact that is there, or unknown; None for one that is not there."""
        seen = self.known.get(artifact.path)
        if seen is not None and seen.file is not None:
            if is_growing(seen.file, seen.start, self.snapshot.grace):
                return "growing"
            if self._is_bad(artifact, seen):
                return "bad"
            return "stale" if self._is_stale(artifact, seen.file) else "done"
        if self._has_sound_copy(artifact.path):
            return "archived"
        return "unknown" if seen is None else None

    def _is_bad(self, artifact: Artifact, seen: Observation) -> bool:
        file = self._file(artifact.path)
        is_incomplete = file.mark is not None and not file.mark.complete
        return file.size < artifact.min_bytes or is_incomplete or seen.bad_content

    def _file(self, path: str) -> File:
        file = self.known[path].file
        assert file is not None
        return file

    def _has_sound_copy(self, path: str) -> bool:
        return any(self._is_sound_copy(path, copy) for copy in self.snapshot.archive.get(path, []))

    def _is_sound_copy(self, path: str, copy: Copy) -> bool:
        size, _ = copy
        return size >= self.production.artifacts[path].min_bytes

    # Stale

    def _is_stale(self, artifact: Artifact, file: File) -> bool:
        if self.production.kinds[artifact.kind].get("stale") == "never":
            return False
        inputs = self._inputs_on_disk(artifact.path)
        if file.mark is None:
            return any(self._is_newer(path, file) for path in inputs)
        return any(self._differs(path, file.mark, file.mtime) for path in inputs)

    def _inputs_on_disk(self, path: str) -> list[str]:
        """Direct inputs that are themselves done or stale: all others say nothing."""
        return [name for name in self.production.inputs_of(path) if self.presence[name] in ("done", "stale")]

    def _is_newer(self, path: str, product: File) -> bool:
        return self._file(path).mtime - product.mtime > TOLERANCE

    def _differs(self, path: str, mark: Mark, mtime: int) -> bool:
        """Whether a sound input is another than the one that a product recorded."""
        if path not in mark.inputs:
            return True
        size, time = mark.inputs[path]
        now = self._file(path)
        if now.size != size:
            return True
        if not same_time(mark.mtime, mtime):
            return False  # the tree was copied without its times: they say nothing
        replicas = [(now.size, now.mtime), *self.snapshot.archive.get(path, [])]
        return not any(its_size == size and same_time(its_time, time) for its_size, its_time in replicas)

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


def same_time(one: int, other: int) -> bool:
    """Equal to the nanosecond; where one of them knows whole seconds only, in the same second."""
    if one % SECOND == 0 or other % SECOND == 0:
        return one // SECOND == other // SECOND
    return one == other
