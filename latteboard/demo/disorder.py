"""Disorder in a demo: one example of each thing that goes wrong in productions."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import h5py

from latteboard.campaign import Campaign
from latteboard.campaign.tables import stated_values
from latteboard.demo.files import Tally, write_sparse
from latteboard.demo.progress import Progress, Role
from latteboard.names.templates import Source, Value
from latteboard.times import DAY_NS


@dataclass(frozen=True)
class Disorder:
    """One file that is out of order.

    Attributes
    ----------
    path : relative to the campaign's root
    kind : kind of the artifact; empty if the file is no artifact
    description : the fault, in words
    status : the status that an index should give it, or ``stray`` or ``ignored`` if it is no artifact
    deep_status : the status that ``index --deep`` should give it
    before : the status that it would have in order; empty if it is no artifact
    """

    path: str
    kind: str
    description: str
    status: str
    deep_status: str
    before: str


class Spoiler:
    """Puts files of a demo's first stream out of order, each in a place that is not affected by the others."""

    def __init__(self, campaign: Campaign, progress: Progress, tally: Tally, now_ns: int) -> None:
        self._campaign = campaign
        self._progress = progress
        self._tally = tally
        self._now = now_ns

    def spoil(self, *, empty: bool) -> Iterator[Disorder]:
        """Put one file after another out of order; corrupt content only where files have content (not ``empty``)."""
        kept = self._spot(Role.KEPT)
        first, second = self._sources(kept)
        separations = stated_values(self._campaign.table.axes["t_separation"])
        assert separations  # the demo states them itself
        shortest, longest = separations
        yield self._bad("spec_4D", kept | {"source": first}, "truncated to half", lambda size: size // 2)
        if not empty:
            # With content nothing is reduced yet, so a corrupt file blocks its slice.
            yield self._disorder(
                "spec_4D_tslice", kept | {"source": first}, "its input is bad", "blocked", before="ready"
            )
            for spoil, separation, description in (
                (lose_tail, shortest, "the right size, but zeros from the middle on"),
                (rename_source, longest, "the right size, but a dataset under another source's name"),
            ):
                yield from self._corrupt(kept | {"source": first, "t_separation": separation}, description, spoil)
        yield self._bad("prop", kept | {"source": second}, "too small: a run that was killed", lambda size: size // 4)
        yield self._stale(kept | {"particle": "proton", "flavor_spin": "UU_up_up", "t_separation": shortest})
        lagging = self._spot(Role.KEPT, order=len(self._progress.roles) - 1)
        yield self._lost("formfac", lagging | {"source": self._sources(lagging)[1], "t_separation": shortest})
        if any(role is Role.BEGUN for role in self._progress.roles[0]):
            begun = self._spot(Role.BEGUN)
            yield self._growing("prop", begun | {"source": self._sources(begun)[1]})
        yield from self._strays(kept | {"source": first})

    # -- places ------------------------------------------------------------------------------------------------------

    def _spot(self, role: Role, *, order: int = 0) -> dict[str, Value]:
        """The coordinates of the first configuration of which source set number ``order`` has this role."""
        stream = self._progress.stream
        number = stream.configurations[self._progress.roles[order].index(role)]
        name = list(stream.source_sets)[order]
        return {**stream.place, "configuration": number, "source_set": name}

    def _sources(self, spot: dict[str, Value]) -> Sequence[Source]:
        stream = self._progress.stream
        first, end = stream.source_sets[str(spot["source_set"])]
        return stream.sources[int(str(spot["configuration"]))][first:end]

    def _path(self, kind: str, spot: dict[str, Value]) -> Path:
        return self._campaign.root / self._campaign.path_of(kind, spot)

    def _disorder(
        self, kind: str, spot: dict[str, Value], description: str, status: str, *, before: str = "done", deep: str = ""
    ) -> Disorder:
        return Disorder(self._campaign.path_of(kind, spot), kind, description, status, deep or status, before)

    # -- faults -----------------------------------------------------------------------------------------------------

    def _bad(self, kind: str, spot: dict[str, Value], description: str, smaller: Callable[[int], int]) -> Disorder:
        path = self._path(kind, spot)
        before = path.stat().st_size
        with kept_time(path):
            os.truncate(path, smaller(before))
        self._tally.bytes += smaller(before) - before
        return self._disorder(kind, spot, description, "bad")

    def _corrupt(self, spot: dict[str, Value], description: str, spoil: Callable[[Path], None]) -> Iterator[Disorder]:
        path = self._path("formfac_4D", spot)
        with kept_time(path):
            spoil(path)
        yield self._disorder("formfac_4D", spot, description, "done", deep="bad")
        yield self._disorder("formfac_4D_tslice", spot, "its input is corrupt", "ready", before="ready", deep="blocked")

    def _stale(self, spot: dict[str, Value]) -> Disorder:
        os.utime(self._path("seqsrc", spot), ns=(self._now - DAY_NS, self._now - DAY_NS))
        return self._disorder("seqprop", spot, "its seqsrc was made again later", "stale")

    def _lost(self, kind: str, spot: dict[str, Value]) -> Disorder:
        path = self._path(kind, spot)
        self._tally.files -= 1
        self._tally.bytes -= path.stat().st_size
        path.unlink()
        return self._disorder(kind, spot, "lost; the other file of the same job is there", "ready")

    def _growing(self, kind: str, spot: dict[str, Value]) -> Disorder:
        self._put(self._path(kind, spot), 1000, self._now)
        return self._disorder(kind, spot, "being written", "growing", before="ready")

    def _put(self, path: Path, size: int, mtime_ns: int) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_sparse(path, size, mtime_ns)
        self._tally.add(size)

    def _strays(self, spot: dict[str, Value]) -> Iterator[Disorder]:
        """Write files that are no expected artifact beside a propagator that is one."""
        root, prop = self._campaign.root, self._path("prop", spot)
        source = Source.parse(str(spot["source"]))
        unlisted = Source((source.x + 1) % self._progress.stream.L, source.y, source.z, source.t)
        misnamed = prop.with_name(prop.name.replace(str(source), str(unlisted)))
        later = str(self._progress.stream.configurations[-1])
        for path, description, status in (
            (prop.with_name("core.12345"), "a name that no template gives", "stray"),
            (prop.with_name(f"{prop.name}.old"), "an old copy", "stray"),
            (misnamed, "a source that is not in the list", "stray"),
            (prop.parent.with_name(later) / prop.name, "in the folder of another configuration", "stray"),
            (root / "xml" / "prop.xml", "a file that the campaign ignores", "ignored"),
        ):
            self._put(path, 100, self._now - DAY_NS)
            yield Disorder(path.relative_to(root).as_posix(), "", description, status, status, "")


@contextmanager
def kept_time(path: Path) -> Iterator[None]:
    """Restore the time of a file when the block ends, since damage on a disk does not change times."""
    before = path.stat()
    yield
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def lose_tail(path: Path) -> None:
    """Replace the second half of a file by zeros, as a crashed file system leaves it: the size is right."""
    size = path.stat().st_size
    os.truncate(path, size // 2)
    os.truncate(path, size)


def rename_source(path: Path) -> None:
    """Move the last dataset to the name of another source, one that begins like that of the file."""
    names: list[str] = []
    with h5py.File(path, "r+", locking=False) as file:
        file.visititems(lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None)
        group, source, _, _ = names[-1].rsplit("/", 3)
        file.move(f"{group}/{source}", f"{group}/{source}0")
