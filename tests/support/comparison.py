"""A production on disk with its catalog; each answer of the catalog is compared with that of the brute force."""

import os
import shutil
import sqlite3
from collections import Counter
from collections.abc import Collection, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import h5py
from brute_force import ArtifactState, Rules
from disk import closed
from observations import SECOND, Copy, File, Memory, Snapshot, artifact_key
from plain_production import ABOVE, Production
from scenes import Scene, lay, write
from worlds import ARCHIVES, GRACE, MINUTE, ROOTS, START, World

from indexer.index import index_campaign
from latteboard.campaign import Campaign
from latteboard.catalog import Catalog
from latteboard.files.hdf5 import COMPLETE, RecordedInput, write_mark

States = Mapping[str, ArtifactState]
MOST_DESCRIBED = 5  # artifacts that a failure describes; the others mostly follow from these
NUMBERS = ("number", "bytes", "purgeable", "purgeable_bytes")


@dataclass(frozen=True)
class CatalogRow:
    """Everything that the catalog says of one artifact; the time is in seconds, the place is relative to the first root."""

    state: ArtifactState
    size: int | None
    mtime: int | None
    problem: str | None = None
    place: str = ""


class Comparison:
    """A production in a folder, with its catalog: every question is put to the brute force too.

    Attributes
    ----------
    snapshot : all that the last index could go by
    scene : the files there are, and their copies in archives
    rows : all that the catalog says, by path
    report : of the last index
    """

    def __init__(self, folder: Path, world: World) -> None:
        self._folder = folder
        self.scene = Scene({}, {})
        self.snapshot = Snapshot(0, GRACE, {})
        self.rows: Mapping[str, CatalogRow] = {}
        self._memory = Memory()
        self.state_campaign(world)

    def state_campaign(self, world: World) -> None:
        """Write the campaign's file, anew where it stands already; the next index goes by it."""
        self.world = world
        self.campaign = Campaign.read(world.write(self._folder))
        self.production = world.production()

    @cached_property
    def catalog(self) -> Catalog:
        """The catalog, once there is one."""
        return Catalog(self.campaign.catalog)

    # Steps

    def look(
        self,
        scene: Scene,
        *,
        start: int = START,
        fast: bool = False,
        deep: bool = False,
        unreadable: Collection[str] = (),
    ) -> States:
        """Change the disk, index it, and return the state of every artifact."""
        self.lay(scene.disk, folder_time=start - 60 * MINUTE)
        if scene.archive != self.scene.archive:
            if not Path(self.campaign.catalog).exists():  # listings need a catalog; the same index follows once more
                self._index(start, unreadable, accept_empty=True)
            self.list_archives(scene.archive)
        return self.index(start=start, fast=fast, deep=deep, unreadable=unreadable)

    def lay(self, disk: Mapping[str, File], *, folder_time: int) -> None:
        """Change the disk, each changed file by a new one; folders in which anything changed get the time."""
        lay(self.campaign.root, self.scene.disk, disk, folder_time=folder_time, write_mark=marked)
        self.scene = replace(self.scene, disk=dict(disk))

    def overwrite(self, files: Mapping[str, File]) -> None:
        """Write files in place, so that their folders keep their times."""
        for path, file in files.items():
            write(self.campaign.root / path, file, marked)
        self.scene = replace(self.scene, disk={**self.scene.disk, **files})

    def touch(self, times: Mapping[str, int]) -> None:
        """Give files other times and nothing else."""
        for path, time in times.items():
            os.utime(self.campaign.root / path, ns=(time, time))
        touched = {path: replace(self.scene.disk[path], mtime=time) for path, time in times.items()}
        self.scene = replace(self.scene, disk={**self.scene.disk, **touched})

    def remove_folder(self, folder: str, *, folder_time: int) -> None:
        """Remove a folder in which no files are left."""
        shutil.rmtree(self.campaign.root / folder)
        self._age((self.campaign.root / folder).parent, folder_time)

    def move(self, folder: str, target: str, *, folder_time: int, files: Mapping[str, File], arrives: bool) -> None:
        """Rename a folder: its files arrive at their expected paths, or leave them."""
        (self.campaign.root / folder).rename(self.campaign.root / target)
        self._age((self.campaign.root / folder).parent, folder_time)
        others = {path: file for path, file in self.scene.disk.items() if path not in files}
        self.scene = replace(self.scene, disk={**others, **(files if arrives else {})})

    @staticmethod
    def _age(folder: Path, time: int) -> None:
        os.utime(folder, ns=(time, time))

    def list_archives(self, archive: Mapping[str, list[Copy]]) -> None:
        """Replace the listings of all archives; the next index uses them."""
        for number, name in enumerate(ARCHIVES):
            copies = [(path, *its[number]) for path, its in sorted(archive.items()) if number < len(its)]
            self.catalog.record_archive(name, copies)
        self.scene = replace(self.scene, archive=dict(archive))

    def index(
        self,
        *,
        start: int,
        fast: bool = False,
        deep: bool = False,
        unreadable: Collection[str] = (),
        away: Collection[str] = (),
    ) -> States:
        """Index the disk as it is, and return the state of every artifact.

        Nothing is refused, unless a disk is away: what is gone from that is not to be believed.
        """
        # A folder that is not there is no secret: what was in it is gone.
        unreadable = [folder for folder in unreadable if (self.campaign.root / folder).is_dir()]
        seen = {"unreadable": frozenset(unreadable), "away": frozenset(away)}
        scene = {"disk": self.scene.disk, "archive": self.scene.archive}
        self.snapshot = replace(self.snapshot, start=start, deep=deep, memory=self._memory, **seen, **scene)
        self._index(start, unreadable, fast=fast, deep=deep, accept_empty=not away)
        rules = Rules(self.production, self.snapshot)
        self._memory = rules.memory()
        states = self.compare()
        self._compare_copies(rules)
        self._compare_summary()
        return states

    def _index(self, start: int, unreadable: Collection[str], **options: bool) -> None:
        with ExitStack() as stack:
            for folder in sorted(unreadable, reverse=True):  # a folder before the one that it lies in
                if (self.campaign.root / folder).is_dir():
                    stack.enter_context(closed(self.campaign.root / folder))
            self.report = index_campaign(self.campaign, now_ns=start, **options)

    def claim(self, *paths: str, hours: int = 6) -> States:
        """Hand out tasks; negative hours ago they have expired."""
        names = self.production.recorded
        found = {
            names.get(artifact.path, artifact.path): artifact
            for kind in self.campaign.kinds
            for artifact in self.catalog[kind]
        }
        until = datetime.now(UTC) + timedelta(hours=hours)
        self.catalog.claim([found[path] for path in paths], until, "somebody")
        claimed = self.snapshot.claimed | set(paths) if hours > 0 else self.snapshot.claimed - set(paths)
        self.snapshot = replace(self.snapshot, claimed=claimed)
        return self.compare()

    # Comparison

    def compare(self) -> States:
        """The states by the brute force, after making sure that the catalog says the same of every artifact and in sum."""
        rules = Rules(self.production, self.snapshot)
        expected = rules.states()
        places = catalog_rows(Path(self.campaign.catalog), several=len(self.production.roots()) > 1)
        self.rows = {self.production.by_place.get(place, place): row for place, row in places.items()}
        assert self.rows.keys() == expected.keys(), f"expected by one only: {self.rows.keys() ^ expected.keys()}"
        seen = {path: rules.seen.get(place) for path, place in rules.place.items()}
        files = {path: one.file if one else None for path, one in seen.items()}
        wrong = [path for path in expected if not _agrees(self.rows[path], expected[path], files[path])]
        wrong += [path for path in expected if not self._is_found_there(rules, path)]
        assert not wrong, "\n".join(self._described(path, expected[path]) for path in wrong[:MOST_DESCRIBED])
        return expected

    def _is_found_there(self, rules: Rules, path: str) -> bool:
        """Whether the catalog looks at the file that counts, and names as many others as there are."""
        _, is_also, also = (self.rows[path].problem or "").partition("also at ")
        named = also.count(", ") + 1 if is_also else 0
        return (self.rows[path].place, named) == (rules.place[path], len(rules.others[path]))

    def _compare_summary(self) -> None:
        """Compare the summary, which is as of the index: no claim has changed a number in it."""
        rules = Rules(self.production, replace(self.snapshot, claimed=frozenset()))
        found, expected = read_summary(Path(self.campaign.catalog)), summary(self.production, rules)
        assert found == expected, f"summary: {found - expected} too many, {expected - found} too few"

    def _compare_copies(self, rules: Rules) -> None:
        """Compare which copies in archives are sound: pages and purges count no others."""
        expected = {
            (archive, path): rules.is_sound_copy(path, copy)
            for path in self.production.artifacts
            for archive, copy in zip(ARCHIVES, self.scene.archive.get(path, []), strict=False)
        }
        rows = ask(Path(self.campaign.catalog), "select archive, path, sound from replica")
        names = self.production.recorded
        found = {(archive, names[path]): bool(sound) for archive, path, sound in rows if path in names}
        assert found == expected, (
            f"sound copies: {found.items() - expected.items()}, not {expected.items() - found.items()}"
        )

    def _described(self, path: str, expected: ArtifactState) -> str:
        lines = [f"{path}: {expected} expected, {self.rows[path]} found"]
        memory = self.snapshot.memory
        for name in (path, *self.production.inputs_of(path)):
            artifact, copies = self.production.artifacts[name], self.snapshot.archive.get(name, [])
            sound = memory.sound.get(artifact_key(artifact))
            lines.append(f"    {name} of at least {artifact.min_bytes} bytes: archived {copies}, sound before {sound}")
            for place in artifact.places:
                lines.append(f"        {place}: {self.snapshot.disk.get(place)}, before {memory.seen.get(place)}")
        return "\n".join(lines)


def _agrees(row: CatalogRow, state: ArtifactState, file: File | None) -> bool:
    if file is None:
        return (row.state, row.size, row.mtime) == (state, None, None)
    # The catalog's views give seconds, cut or rounded; times before 1970 and after 2262 as they may.
    seconds = (file.mtime // SECOND, file.mtime // SECOND + 1)
    return (row.state, row.size) == (state, file.size) and (row.mtime in seconds or not 0 <= file.mtime < 2**63)


def catalog_rows(catalog: Path, *, several: bool = False) -> dict[str, CatalogRow]:
    """All that a catalog says of each artifact by its place, asked by a plain SQLite tool; there may be several roots."""
    root = f"case root when '{ROOTS[0]}' then '' else '{ABOVE}' || root || '/' end || " if several else ""
    question = f"select {root}path, status, blocked_by, wanted, purgeable, size, mtime, problem from artifact"
    return {place: _catalog_row(place, *rest) for place, *rest in ask(catalog, question)}


def ask(catalog: Path, question: str) -> list[tuple[Any, ...]]:
    """The answer of a plain SQLite tool."""
    connection = sqlite3.connect(catalog)
    try:
        return connection.execute(question).fetchall()
    finally:
        connection.close()


def _catalog_row(
    place: str,
    status: str,
    blocked_by: str | None,
    wanted: int,
    purgeable: int,
    size: int | None,
    mtime: str | None,
    problem: str | None,
) -> CatalogRow:
    kind, _, count = (blocked_by or "").removesuffix(")").partition(" (")
    state = ArtifactState(status, kind or None, int(count) if count else None, bool(wanted), bool(purgeable))
    seconds = None if mtime is None else int(datetime.fromisoformat(mtime).timestamp())
    return CatalogRow(state, size, seconds, problem, place)


Sums = Counter[tuple[Any, ...]]


def summary(production: Production, rules: Rules) -> Sums:
    """Numbers and bytes by ensemble, stream, kind and status, as the catalog's summary gives them."""
    sums: Sums = Counter()
    for path, state in rules.states().items():
        artifact, seen = production.artifacts[path], rules.seen.get(rules.place[path])
        size = 0 if seen is None or seen.file is None else seen.file.size  # as last seen, if its disk is away
        where = (artifact.coordinates.get("ensemble"), artifact.coordinates.get("stream"), artifact.kind, state.status)
        for name, amount in zip(NUMBERS, (1, size, state.purgeable, size * state.purgeable), strict=True):
            sums[(*where, name)] += amount
    return +sums


def read_summary(catalog: Path) -> Sums:
    """The catalog's own summary, asked by a plain SQLite tool."""
    rows = ask(catalog, f"select ensemble, stream, kind, status, {', '.join(NUMBERS)} from summary")
    return +Counter({(*row[:4], name): row[4 + n] for row in rows for n, name in enumerate(NUMBERS)})


def marked(path: Path, file: File) -> None:
    """Write a reduced file that holds nothing but its mark."""
    assert file.mark is not None
    with h5py.File(path, "w") as content:
        inputs = [RecordedInput(name, *copy) for name, copy in file.mark.inputs.items()]
        write_mark(content, path=path.name, inputs=inputs, recipe={}, made=file.mark.mtime)
        content.attrs[COMPLETE] = file.mark.complete
