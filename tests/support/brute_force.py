"""The status of every artifact of a small production by plain loops: section 5 of the design, read a second time.

Nothing of latteboard is used. Every rule is one loop that a person can check by eye; nothing is decided by arrays or SQL.
"""

from collections.abc import Callable
from dataclasses import dataclass

from observations import (
    SECOND,
    Copy,
    File,
    Mark,
    Memory,
    Observation,
    Snapshot,
    artifact_key,
    is_growing,
    same_time,
)
from plain_production import Artifact, Production

TOLERANCE = 2 * SECOND  # an input newer than its product by more is a change


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
        bad = {artifact_key(artifacts[path]) for path, seen in self.seen.items() if self._was_bad_content(seen)}
        unseen = {artifact_key(artifact) for path, artifact in artifacts.items() if path not in self.seen}
        return Memory(self.seen, sound, frozenset(bad | (unseen & self.snapshot.memory.bad_content)))

    def _was_bad_content(self, seen: Observation) -> bool:
        """Whether a file was found bad in content, or marked incomplete once it was old enough to be judged."""
        file = seen.file
        if file is None or file.mark is None or is_growing(file, seen.start, self.snapshot.grace):
            return seen.bad_content
        return seen.bad_content or not file.mark.complete

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
        if seen is not None and seen.file is not None and not seen.away:
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
