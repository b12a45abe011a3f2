"""What every artifact of a small production is, by plain loops: the status rules, read from the design a second time.

It takes the campaign as the dictionary that its TOML file gives, the lists that it names as text, and the disk as a
dictionary. Nothing of latteboard is used but the name of a source. It is slow on purpose: every rule is one loop that a
person can check by eye.
"""

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from latteboard.names.templates import Source

SECOND = 1_000_000_000  # in nanoseconds, as all times here
TOLERANCE = 2 * SECOND  # an input newer than its product by more is a change

Row = dict[str, Any]
Copy = tuple[int, int]  # size in bytes, modification time


# What is expected


@dataclass(frozen=True)
class Artifact:
    """One expected file."""

    kind: str
    path: str
    coordinates: Mapping[str, Any]
    min_bytes: int


class Production:
    """Every expected artifact of a campaign, and what each needs.

    Attributes
    ----------
    order : the kinds, each after those that it needs
    artifacts : by path
    inputs : for each path, for each kind that it needs in the order of ``needs``, the paths of that kind
    """

    def __init__(self, campaign: Mapping[str, Any], lists: Mapping[str, str]) -> None:
        self.campaign = campaign
        self.kinds: Mapping[str, Mapping[str, Any]] = campaign["kinds"]
        self.relations = list(relations(campaign, lists))
        self.order = self._order()
        by_kind = {kind: self._expected(kind) for kind in self.order}
        self.artifacts = {artifact.path: artifact for kind in self.order for artifact in by_kind[kind]}
        self.inputs: dict[str, dict[str, list[str]]] = {path: {} for path in self.artifacts}
        for kind in self.order:
            for need in self.needs(kind):
                self._link(by_kind[kind], by_kind[need])

    def of_kind(self, kind: str) -> list[Artifact]:
        """The artifacts of one kind."""
        return [artifact for artifact in self.artifacts.values() if artifact.kind == kind]

    def inputs_of(self, path: str) -> list[str]:
        """The paths that an artifact needs, of whatever kind."""
        return [name for names in self.inputs[path].values() for name in names]

    def leader(self, kind: str) -> str:
        """The kind whose job makes this one: itself, or the one that it is made with."""
        return self.kinds[kind].get("made_with", kind)

    def needs(self, kind: str) -> list[str]:
        """The kinds that a kind is made from; one job that makes two files needs the same for both."""
        return self.kinds[self.leader(kind)].get("needs", [])

    def names(self, kind: str) -> set[str]:
        """The coordinates that a kind's path names, through derived names too."""
        names = names_in(self.kinds[kind]["path"])
        for name in list(names):
            if name in self.campaign.get("derive", {}):
                derived = self.campaign["derive"][name]
                names.add(derived["from"])
                for text in derived["values"].values():
                    names |= names_in(text)
        return {name for name in names if any(name in columns for columns, _ in self.relations)}

    def lonely(self) -> set[tuple[str, str]]:
        """Each kind and need for which some artifact finds no input: an error of the campaign."""
        return {
            (artifact.kind, need)
            for path, artifact in self.artifacts.items()
            for need in self.needs(artifact.kind)
            if not self.inputs[path].get(need)
        }

    def _order(self) -> list[str]:
        order: list[str] = []
        while len(order) < len(self.kinds):
            before = len(order)
            order += [k for k in self.kinds if k not in order and all(need in order for need in self.needs(k))]
            assert len(order) > before, "the kinds need each other in a circle"
        return order

    def _join(self, names: set[str]) -> list[Row]:
        """The natural join of those relations that have a column among ``names``."""
        rows: list[Row] = [{}]
        for columns, relation in self.relations:
            if names & set(columns):
                rows = [{**a, **b} for a in rows for b in relation if all(a[c] == b[c] for c in a if c in b)]
        return rows

    def _expected(self, kind: str) -> list[Artifact]:
        names = self.names(kind)
        only = self.kinds[self.leader(kind)].get("only", {})
        found: dict[tuple[tuple[str, Any], ...], Artifact] = {}
        for row in self._join(names):
            coordinates = {name: row[name] for name in names}
            allowed = all(coordinates[name] in values for name, values in only.items())
            if allowed and key(coordinates) not in found:
                found[key(coordinates)] = self._artifact(kind, coordinates)
        return list(found.values())

    def _artifact(self, kind: str, coordinates: Row) -> Artifact:
        known = {**self._constants(coordinates), **coordinates}
        for name, derived in self.campaign.get("derive", {}).items():
            if name in names_in(self.kinds[kind]["path"]):
                known[name] = derived["values"][str(known[derived["from"]])].format(**known)
        size = self.kinds[kind].get("min_bytes", 0)
        return Artifact(kind, self.kinds[kind]["path"].format(**known), coordinates, arithmetic(str(size), known))

    def _constants(self, coordinates: Row) -> Row:
        """Parameters, L and T of the first stream that agrees with the coordinates."""
        for ensemble, stream, settings in streams(self.campaign):
            if coordinates.get("ensemble", ensemble) == ensemble and coordinates.get("stream", stream) == stream:
                return {**settings["parameters"], "L": settings["L"], "T": settings["T"]}
        raise AssertionError(f"no stream has {coordinates}")

    def _link(self, products: list[Artifact], inputs: list[Artifact]) -> None:
        if not products or not inputs:
            return
        kind, need = products[0].kind, inputs[0].kind
        named, need_named = self.names(kind), self.names(need)
        rows = self._join(named | need_named)
        pairs = {(key({n: row[n] for n in named}), key({n: row[n] for n in need_named})) for row in rows}
        for a in products:
            self.inputs[a.path][need] = [b.path for b in inputs if (key(a.coordinates), key(b.coordinates)) in pairs]


def key(coordinates: Row | Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    """Coordinates as something that can stand in a set."""
    return tuple(sorted(coordinates.items()))


def names_in(template: str) -> set[str]:
    """The names in braces: ``{source.x}`` and ``{configuration:04d}`` name source and configuration."""
    return set(re.findall(r"\{(\w+)[^{}]*\}", template))


def arithmetic(text: str, names: Mapping[str, Any]) -> int:
    """The value of sums of products of names and whole numbers."""
    sums = (term.split(" * ") for term in text.split(" + "))
    return sum(math.prod(names[word] if word in names else int(word) for word in words) for words in sums)


def streams(campaign: Mapping[str, Any]) -> Iterator[tuple[str, str, Row]]:
    """Each ensemble, stream and what holds for it: whatever stands under a stream goes before the ensemble's."""
    for ensemble, stated in campaign["ensembles"].items():
        for stream in stated["streams"]:
            own = stated.get("stream", {}).get(stream, {})
            parameters = [table.get("parameters", {}) for table in (campaign, stated, own)]
            yield ensemble, stream, {**stated, **own, "parameters": {k: v for p in parameters for k, v in p.items()}}


def relations(campaign: Mapping[str, Any], lists: Mapping[str, str]) -> Iterator[tuple[tuple[str, ...], list[Row]]]:
    """Columns and rows of each relation: sources first, then one of (ensemble, value) for each axis."""
    columns = ("ensemble", "stream", "configuration", "source_set", "source")
    rows = []
    for ensemble, stream, settings in streams(campaign):
        for number in configurations(settings["configurations"], lists):
            found = sources(lists[settings["sources"]["file"]], number)
            for name, (first, end) in settings["source_sets"].items():
                for source in found[first:end]:
                    rows.append(dict(zip(columns, (ensemble, stream, number, name, source), strict=True)))
    yield columns, rows
    everywhere = campaign.get("axes", {})
    own = {axis for ensemble in campaign["ensembles"].values() for axis in ensemble.get("axes", {})}
    for axis in sorted({*everywhere, *own}):
        rows = []
        for ensemble, stated in campaign["ensembles"].items():
            for value in stated.get("axes", {}).get(axis, everywhere.get(axis, [])):
                rows.append({"ensemble": ensemble, axis: value})
        yield ("ensemble", axis), rows


def configurations(stated: Any, lists: Mapping[str, str]) -> list[int]:
    """The numbers of ``start:end:step`` (the end included if on the grid), of a list, or of a file's first words."""
    if isinstance(stated, str):
        start, end, step = map(int, stated.split(":"))
        return list(range(start, end + 1, step))
    if isinstance(stated, dict):
        return sorted({int(line.split()[0]) for line in lists[stated["file"]].splitlines()})
    return sorted(set(stated))


def sources(text: str, number: int) -> list[Source]:
    """The sources of one configuration, in the order of the list."""
    lines = (list(map(int, line.split())) for line in text.splitlines())
    return [Source(*place) for configuration, *place in lines if configuration == number]


# What is seen


@dataclass(frozen=True)
class Mark:
    """What a reduced file says of itself: what it was made from, when it was written, and whether it is complete."""

    inputs: Mapping[str, Copy]
    mtime: int
    complete: bool = True


@dataclass(frozen=True)
class File:
    """A file on disk."""

    size: int
    mtime: int
    mark: Mark | None = None


@dataclass(frozen=True)
class Sight:
    """What the last look that could see an artifact saw: a file or none, and when that scan began."""

    file: File | None
    start: int


@dataclass(frozen=True)
class Look:
    """What one index sees.

    Attributes
    ----------
    start : when the scan began
    grace : how long after its last change a file may still be growing
    disk : the files there are, by path
    archive : for each path its copies in archives
    claimed : paths for which a task has been handed out that has not expired
    unreadable : folders that cannot be read; no file below them is seen
    known : what looks before this one saw, by path
    """

    start: int
    grace: int
    disk: Mapping[str, File]
    archive: Mapping[str, list[Copy]] = field(default_factory=dict)
    claimed: frozenset[str] = frozenset()
    unreadable: frozenset[str] = frozenset()
    known: Mapping[str, Sight] = field(default_factory=dict)

    def hidden(self, path: str) -> bool:
        """Whether the path lies in a folder that cannot be read."""
        return any(path.startswith(f"{folder}/") for folder in self.unreadable)

    def knowledge(self, paths: Iterable[str]) -> dict[str, Sight]:
        """What is known of each path after this look; nothing of those that no look ever saw."""
        seen = {path: Sight(self.disk.get(path), self.start) for path in paths if not self.hidden(path)}
        return {**self.known, **seen}


# What follows


@dataclass(frozen=True)
class Verdict:
    """What one artifact is."""

    status: str
    blocked_by: str | None
    wanted: bool
    purgeable: bool


def judge(production: Production, look: Look) -> dict[str, Verdict]:
    """The verdict on each artifact, by path."""
    return Judge(production, look).verdicts()


class Judge:
    """The rules of the design's section 5, in its words."""

    def __init__(self, production: Production, look: Look) -> None:
        self.production = production
        self.look = look
        self.known = look.knowledge(production.artifacts)
        self.presence: dict[str, str | None] = {}
        for kind in production.order:
            for artifact in production.of_kind(kind):
                self.presence[artifact.path] = self._presence(artifact)
        self.wanted = self._wanted()
        self.held = self._held()

    def verdicts(self) -> dict[str, Verdict]:
        """The verdict on each artifact, by path."""
        verdicts = {}
        for path in self.production.artifacts:
            status, blocked_by = self.presence[path], None
            if status is None:
                status, blocked_by = self._missing(path)
            verdicts[path] = Verdict(status, blocked_by, path in self.wanted, self._purgeable(path, status))
        return verdicts

    def _presence(self, artifact: Artifact) -> str | None:
        """The status of what is there; None for what is not there."""
        path = artifact.path
        sight = self.known.get(path)
        if sight is not None and sight.file is not None:
            if self._is_growing(sight.file, sight.start):
                return "growing"
            if self._is_bad(artifact, sight.file):
                return "bad"
            return "stale" if self._is_stale(artifact, sight.file) else "done"
        if self._copied(path):
            return "archived"
        return "unknown" if sight is None else None

    def _is_growing(self, file: File, start: int) -> bool:
        is_complete = file.mark is not None and file.mark.complete
        return file.mtime > start - self.look.grace and not is_complete

    def _is_bad(self, artifact: Artifact, file: File) -> bool:
        return file.size < artifact.min_bytes or (file.mark is not None and not file.mark.complete)

    def _is_stale(self, artifact: Artifact, file: File) -> bool:
        if self.production.kinds[artifact.kind].get("stale") == "never":
            return False
        sound = [path for path in self.production.inputs_of(artifact.path) if self.presence[path] in ("done", "stale")]
        if file.mark is None:
            return any(self._seen(path).mtime - file.mtime > TOLERANCE for path in sound)
        return any(self._differs(path, file.mark, file.mtime) for path in sound)

    def _differs(self, path: str, mark: Mark, mtime: int) -> bool:
        """Whether a sound input is another than the one that a product recorded."""
        if path not in mark.inputs:
            return True
        size, time = mark.inputs[path]
        now = self._seen(path)
        if now.size != size:
            return True
        if not same_time(mark.mtime, mtime):
            return False  # the tree was copied without its times: they say nothing
        replicas = [(now.size, now.mtime), *self.look.archive.get(path, [])]
        return not any(its_size == size and same_time(its_time, time) for its_size, its_time in replicas)

    def _seen(self, path: str) -> File:
        file = self.known[path].file
        assert file is not None
        return file

    def _copied(self, path: str) -> bool:
        """Whether the archive has a sound copy."""
        return any(size >= self.production.artifacts[path].min_bytes for size, _ in self.look.archive.get(path, []))

    def _is_there(self, path: str) -> bool:
        return self.presence[path] is not None

    def _wanted(self) -> set[str]:
        """What is not temporary, and what a wanted artifact that is not there needs."""
        wanted = {p for p, a in self.production.artifacts.items() if not self.production.kinds[a.kind].get("temporary")}
        while True:
            more = {name for path in wanted if not self._is_there(path) for name in self.production.inputs_of(path)}
            if more <= wanted:
                return wanted
            wanted |= more

    def _held(self) -> set[str]:
        """What a wanted artifact that is neither done nor archived needs, directly or through what is not there."""
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

    def _missing(self, path: str) -> tuple[str, str | None]:
        """Status and blocked_by of what is not there."""
        if path not in self.wanted:
            return "unneeded", None
        if self.production.kinds[self.production.artifacts[path].kind].get("given"):
            return "blocked", None
        for need, names in self.production.inputs[path].items():
            lacking = [name for name in names if not self._is_done(name) and not self._can_be_recalled(name)]
            if lacking:
                return "blocked", f"{need} ({len(lacking)})"
        if self._is_claimed(path):
            return "claimed", None
        if all(self._is_done(name) for name in self.production.inputs_of(path)):
            return "ready", None
        return "recall", None

    def _is_done(self, path: str) -> bool:
        return self.presence[path] == "done"

    def _can_be_recalled(self, path: str) -> bool:
        return self.presence[path] == "archived" or (self.presence[path] == "bad" and self._copied(path))

    def _is_claimed(self, path: str) -> bool:
        """Whether its task has been handed out: a claim on one file of a job is a claim on all."""
        artifact = self.production.artifacts[path]
        leader = self.production.leader(artifact.kind)
        for other, its in self.production.artifacts.items():
            together = self.production.leader(its.kind) == leader and its.coordinates == artifact.coordinates
            if together and other in self.look.claimed:
                return True
        return False


def same_time(one: int, other: int) -> bool:
    """Equal to the nanosecond; where one of them knows whole seconds only, in the same second."""
    if one % SECOND == 0 or other % SECOND == 0:
        return one // SECOND == other // SECOND
    return one == other
