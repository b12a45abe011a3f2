"""What goes wrong in the demo, one of each thing that goes wrong in productions."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import h5py

from latteboard.campaign import Campaign
from latteboard.demo.files import Tally, write_sparse
from latteboard.demo.progress import Progress, Role
from latteboard.names.templates import Source, Value

DAY = 86_400 * 10**9  # nanoseconds


@dataclass(frozen=True)
class Disorder:
    """One thing out of order.

    Attributes
    ----------
    path : relative to the campaign's root
    kind : of the artifact, empty for what is none
    what : what is wrong with it
    status : what an index should say: a status, or ``stray`` or ``ignored``
    deep_status : what ``index --deep`` should say
    before : the status it would have in order, empty for what is no artifact
    """

    path: str
    kind: str
    what: str
    status: str
    deep_status: str
    before: str


class Spoiler:
    """Puts a demo out of order: spoils files of the first stream, each at a place that the others do not touch."""

    def __init__(self, campaign: Campaign, progress: Progress, tally: Tally, now_ns: int) -> None:
        self._campaign = campaign
        self._progress = progress
        self._tally = tally
        self._now = now_ns

    def spoil(self, *, empty: bool) -> Iterator[Disorder]:
        """Spoil one thing after another; files without content cannot be corrupt inside."""
        kept = self._spot(Role.KEPT)
        first, second = self._sources(kept)
        shortest, longest = self._campaign.table.axes["t_separation"]
        yield self._bad("spec_4D", kept | {"source": first}, "truncated to half", lambda size: size // 2)
        if not empty:
            # Where there is content nothing is reduced yet, so what is corrupt holds up its slice.
            yield self._said("spec_4D_tslice", kept | {"source": first}, "its input is bad", "blocked", before="ready")
            for spoil, separation, what in (
                (lose_tail, shortest, "the right size, but zeros from the middle on"),
                (rename_source, longest, "the right size, but a dataset under another source's name"),
            ):
                yield from self._corrupt(kept | {"source": first, "t_separation": separation}, what, spoil)
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
        """The first configuration of which a source set has come this far."""
        stream = self._progress.stream
        number = stream.configurations[self._progress.roles[order].index(role)]
        name = list(stream.source_sets)[order]
        return {"ensemble": stream.ensemble, "stream": stream.name, "configuration": number, "source_set": name}

    def _sources(self, spot: dict[str, Value]) -> Sequence[Source]:
        stream = self._progress.stream
        first, end = stream.source_sets[str(spot["source_set"])]
        return stream.sources[int(str(spot["configuration"]))][first:end]

    def _path(self, kind: str, spot: dict[str, Value]) -> Path:
        return self._campaign.root / self._campaign.path_of(kind, spot)

    def _said(
        self, kind: str, spot: dict[str, Value], what: str, status: str, *, before: str = "done", deep: str = ""
    ) -> Disorder:
        return Disorder(self._campaign.path_of(kind, spot), kind, what, status, deep or status, before)

    # -- what goes wrong ---------------------------------------------------------------------------------------------

    def _bad(self, kind: str, spot: dict[str, Value], what: str, smaller: Callable[[int], int]) -> Disorder:
        path = self._path(kind, spot)
        before = path.stat().st_size
        with same_time(path):
            os.truncate(path, smaller(before))
        self._tally.bytes += smaller(before) - before
        return self._said(kind, spot, what, "bad")

    def _corrupt(self, spot: dict[str, Value], what: str, spoil: Callable[[Path], None]) -> Iterator[Disorder]:
        path = self._path("formfac_4D", spot)
        with same_time(path):
            spoil(path)
        yield self._said("formfac_4D", spot, what, "done", deep="bad")
        yield self._said("formfac_4D_tslice", spot, "its input is corrupt", "ready", before="ready", deep="blocked")

    def _stale(self, spot: dict[str, Value]) -> Disorder:
        os.utime(self._path("seqsrc", spot), ns=(self._now - DAY, self._now - DAY))
        return self._said("seqprop", spot, "its seqsrc was made again later", "stale")

    def _lost(self, kind: str, spot: dict[str, Value]) -> Disorder:
        path = self._path(kind, spot)
        self._tally.files -= 1
        self._tally.bytes -= path.stat().st_size
        path.unlink()
        return self._said(kind, spot, "lost; the other file of the same job is there", "ready")

    def _growing(self, kind: str, spot: dict[str, Value]) -> Disorder:
        self._put(self._path(kind, spot), 1000, self._now)
        return self._said(kind, spot, "being written", "growing", before="ready")

    def _put(self, path: Path, size: int, mtime_ns: int) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_sparse(path, size, mtime_ns)
        self._tally.add(size)

    def _strays(self, spot: dict[str, Value]) -> Iterator[Disorder]:
        """Files that are no expected artifact, beside a propagator that is."""
        root, prop = self._campaign.root, self._path("prop", spot)
        source = Source.parse(str(spot["source"]))
        unlisted = Source((source.x + 1) % self._progress.stream.L, source.y, source.z, source.t)
        misnamed = prop.with_name(prop.name.replace(str(source), str(unlisted)))
        later = str(self._progress.stream.configurations[-1])
        for path, what, status in (
            (prop.with_name("core.12345"), "a name that no template gives", "stray"),
            (prop.with_name(f"{prop.name}.old"), "an old copy", "stray"),
            (misnamed, "a source that is not in the list", "stray"),
            (prop.parent.with_name(later) / prop.name, "in the folder of another configuration", "stray"),
            (root / "xml" / "prop.xml", "what the campaign ignores", "ignored"),
        ):
            self._put(path, 100, self._now - DAY)
            yield Disorder(path.relative_to(root).as_posix(), "", what, status, status, "")


@contextmanager
def same_time(path: Path) -> Iterator[None]:
    """Leave the time of a file as it was: what goes wrong on a disk does not show in its times."""
    before = path.stat()
    yield
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def lose_tail(path: Path) -> None:
    """What a crashed file system leaves: the size is right, the second half was never written."""
    size = path.stat().st_size
    os.truncate(path, size // 2)
    os.truncate(path, size)


def rename_source(path: Path) -> None:
    """Put the last dataset under the name of a source that is not the file's but begins like it."""
    names: list[str] = []
    with h5py.File(path, "r+", locking=False) as file:
        file.visititems(lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None)
        group, source, _, _ = names[-1].rsplit("/", 3)
        file.move(f"{group}/{source}", f"{group}/{source}0")
