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
    place_key,
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
        # The place of the file that counts, and the places of further files.
        self.place = {path: self._place(artifact) for path, artifact in production.artifacts.items()}
        self.others = {path: self._others(artifact) for path, artifact in production.artifacts.items()}
        before = snapshot.memory.sound
        keys = {path: artifact_key(artifact) for path, artifact in production.artifacts.items()}
        self._sound = {path: before[artifact] for path, artifact in keys.items() if artifact in before}
        for artifact in production.artifacts.values():
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
        places = {place: place_key(a, number) for a in artifacts.values() for number, place in enumerate(a.places)}
        bad = {places[place] for place, seen in self.seen.items() if self._was_bad_content(seen)}
        unseen = {key for place, key in places.items() if place not in self.seen}
        return Memory(self.seen, sound, frozenset(bad | (unseen & self.snapshot.memory.bad_content)))

    def _was_bad_content(self, seen: Observation) -> bool:
        """Whether a file was found bad in content, or marked incomplete once it was old enough to be judged."""
        file = seen.file
        if file is None or file.mark is None or is_growing(file, seen.start, self.snapshot.grace):
            return seen.bad_content
        return seen.bad_content or not file.mark.complete

    # Where it is

    def _place(self, artifact: Artifact) -> str:
        """The first sound file counts; where none is sound, the first one there; else one that may be there unseen."""
        ranks = [self._rank(artifact, place) for place in artifact.places]
        return artifact.places[ranks.index(min(ranks))]

    def _rank(self, artifact: Artifact, place: str) -> int:
        seen = self.seen.get(place)
        if seen is None:
            return 3  # perhaps, but nobody has ever seen it
        if seen.file is None:
            return 4
        if seen.away:
            return 2
        is_young = is_growing(seen.file, seen.start, self.snapshot.grace)
        return 1 if is_young or self._is_bad(artifact, seen, seen.file) else 0

    def _others(self, artifact: Artifact) -> list[str]:
        """The places of further files of an artifact."""
        return [p for p in artifact.places if p != self.place[artifact.path] and self._rank(artifact, p) < 2]

    # On disk or in the archive

    def _settle(self, artifact: Artifact) -> None:
        """Settle an artifact after all that it needs, which may be of its own kind."""
        path = artifact.path
        if path in self.presence:
            return
        for name in self.production.inputs_of(path):
            self._settle(self.production.artifacts[name])
        self.presence[path] = self._presence(artifact)
        if self.presence[path] in ("done", "stale"):
            file = self._file(path)
            self._sound[path] = (file.size, file.mtime)

    def _presence(self, artifact: Artifact) -> str | None:
        """The status of an artifact that is there, or unknown; None for one that is not there."""
        seen = self.seen.get(self.place[artifact.path])
        if seen is not None and seen.file is not None and not seen.away:
            if is_growing(seen.file, seen.start, self.snapshot.grace):
                return "growing"
            if self._is_bad(artifact, seen, seen.file):
                return "bad"
            return "stale" if self._is_stale(artifact, seen.file) else "done"
        if self._has_sound_copy(artifact.path):
            return "archived"
        # A file that was there is unknown while its disk is away; one that was missing there is missing still.
        return "unknown" if seen is None or seen.file is not None else None

    @staticmethod
    def _is_bad(artifact: Artifact, seen: Observation, file: File) -> bool:
        is_incomplete = file.mark is not None and not file.mark.complete
        lacks = artifact.is_folder and file.damaged
        return file.size < artifact.min_bytes or is_incomplete or lacks or seen.bad_content

    def _file(self, path: str) -> File:
        file = self.seen[self.place[path]].file
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
        known, unknown = self._recorded(mark)
        if any(name in known and known[name][0] != file.size for name, file in inputs.items()):
            return True
        if any(name not in self.production.inputs_of(path) for name in known):
            return True
        new = [(file.size, file.mtime) for name, file in inputs.items() if name not in known]
        return not are_renamed(unknown, new, by_size_only=is_touched)

    def _recorded(self, mark: Mark) -> tuple[dict[str, Copy], list[Copy]]:
        """The recorded inputs by the path of the artifact that they are, and those whose names are none of now."""
        names = self.production.recorded
        known = {names[name]: copy for name, copy in mark.inputs.items() if name in names}
        return known, [copy for name, copy in mark.inputs.items() if name not in names]

    def _has_inputs_of_other_times(self, path: str, mark: Mark) -> bool:
        """Whether an input has another time than recorded, and no replica of the recorded size and time is known."""
        recorded, _ = self._recorded(mark)
        for name in self._inputs_on_disk(path):
            if name in recorded:
                size, time = recorded[name]
                if not any(its[0] == size and same_time(its[1], time) for its in self._replicas(name)):
                    return True
        return False

    def _replicas(self, path: str) -> list[Copy]:
        """The file that counts, other sound ones, and all copies in archives, outdated ones too: a recall gives a later time."""
        artifact = self.production.artifacts[path]
        sound = [place for place in self.others[path] if self._rank(artifact, place) == 0]
        files = [self.seen[place].file for place in (self.place[path], *sound)]
        copies = [(file.size, file.mtime) for file in files if file is not None]
        return [*copies, *self.snapshot.archive.get(path, [])]

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
