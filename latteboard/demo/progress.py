"""The progress of each configuration of a demo, and the status of its artifacts that follows from it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from itertools import chain, repeat

from latteboard.campaign import Campaign, Kind
from latteboard.campaign.streams import Stream
from latteboard.campaign.tables import stated_values
from latteboard.names.templates import Source, Value

CHUNK = 20_000  # number of artifacts whose paths are in memory at once


class Role(Enum):
    """The progress of one source set of a configuration."""

    FINISHED = auto()  # all correlators made, sources and propagators deleted
    KEPT = auto()  # all correlators made, nothing deleted
    RUNNING = auto()  # in the middle of two- and three-point functions
    BEGUN = auto()  # sources and half of the propagators
    WAITING = auto()  # only the gauge configuration
    ABSENT = auto()  # not even the gauge configuration


DELETED = ("src", "prop", "seqsrc", "seqprop")


def roles(configurations: int, source_sets: int, *, empty: bool) -> list[list[Role]]:
    """The roles of the source sets of each configuration; the first index is the configuration.

    Later sets lag behind earlier ones. Demos of empty files are used where many files are wanted: in these nothing is
    deleted and few configurations are incomplete.
    """
    width = max(1, configurations // (20 if empty else 6))
    columns: list[list[Role]] = []
    for lag in range(source_sets):
        unfinished = [Role.KEPT, Role.RUNNING, Role.BEGUN, *[Role.WAITING] * lag, Role.ABSENT]
        complete = [Role.KEPT if empty else Role.FINISHED] * (configurations - width * len(unfinished))
        columns.append([*complete, *chain.from_iterable(repeat(role, width) for role in unfinished)][:configurations])
    # All sets share the gauge configuration, so it is absent for all or for none.
    return [
        [Role.ABSENT if first is Role.ABSENT else own for first, own in zip(columns[0], column, strict=True)]
        for column in columns
    ]


@dataclass(frozen=True)
class Artifact:
    """One expected file: its folder relative to the root, its name, and its least size in bytes."""

    kind: Kind
    folder: str
    name: str
    coordinates: Mapping[str, Value]
    least_bytes: int

    @property
    def path(self) -> str:
        """The path of the file, relative to the root."""
        return f"{self.folder}/{self.name}"


def artifacts(campaign: Campaign) -> Iterator[Artifact]:
    """All expected artifacts, inputs before products."""
    for kind in campaign.kinds.values():
        expected = campaign.expected(kind.name)
        least = expected.least_bytes()
        folders, numbers = expected.folders()
        for block, rows in expected.block_slices:
            for start in range(rows.start, rows.stop, CHUNK):
                part = slice(start, min(start + CHUNK, rows.stop))
                for index, name in enumerate(expected.names(block, part), start):
                    yield Artifact(kind, folders[numbers[index]], name, expected.coordinates(index), int(least[index]))


class Progress:
    """The status of the artifacts of one stream before any is put out of order; exactly the ``done`` ones exist.

    Attributes
    ----------
    roles : for each configuration and each source set, as :func:`roles` gives them
    """

    def __init__(self, campaign: Campaign, stream: Stream, *, empty: bool) -> None:
        self.stream = stream
        self.roles = roles(len(stream.configurations), len(stream.source_sets), empty=empty)
        self._empty = empty
        self._rank = {number: rank for rank, number in enumerate(stream.configurations)}
        own = campaign.table.ensembles[stream.ensemble].axes
        separations = stated_values(own.get("t_separation", campaign.table.axes["t_separation"]))
        assert separations  # the demo states them itself
        self._shortest = separations[0]

    def status(self, kind: str, coordinates: Mapping[str, Value]) -> str:
        """The status of an artifact whose coordinates name a configuration."""
        number = coordinates["configuration"]
        assert isinstance(number, int)
        order, position = self._place(number, coordinates)
        role = self.roles[order][self._rank[number]]
        if kind == "cfg":
            return "blocked" if role is Role.ABSENT else "done"
        if kind.endswith(("_tslice", "_avg")):
            return self._reduced(kind, role, coordinates)
        if role is Role.FINISHED:
            return "unneeded" if kind in DELETED else "done"
        if role is Role.KEPT:
            return "done"
        first_separation = coordinates.get("t_separation") == self._shortest
        if role is Role.RUNNING:
            return _running(kind, position == 0, first_separation, coordinates.get("particle") == "proton")
        if role is Role.BEGUN:
            return _begun(kind, position == 0)
        return "ready" if role is Role.WAITING and kind == "src" else "blocked"

    def _reduced(self, kind: str, role: Role, coordinates: Mapping[str, Value]) -> str:
        """The status of a slice or average: in demos of data none is made, so that there is work for the reducer."""
        if self._empty and role is Role.KEPT:
            return "done"
        sliced = kind.endswith("_tslice") and self.status(kind.removesuffix("_tslice"), coordinates) == "done"
        return "ready" if sliced else "blocked"

    def _place(self, number: int, coordinates: Mapping[str, Value]) -> tuple[int, int]:
        """The number of the source set and the position of the source in it; 0 where the coordinates do not name them."""
        source = coordinates.get("source")
        sets = list(self.stream.source_sets.items())
        position = self.stream.sources[number].index(source) if isinstance(source, Source) else None
        for order, (name, (first, end)) in enumerate(sets):
            if coordinates.get("source_set") == name or (position is not None and first <= position < end):
                return order, 0 if position is None else position - first
        return 0, 0


def _running(kind: str, first_source: bool, first_separation: bool, forward: bool) -> str:  # noqa: FBT001 one row of a table
    """The status in the middle of the production: some of each step is done, and the next step of that can be made."""
    if kind in ("spec", "spec_4D"):
        return "done" if first_source else "ready"
    if kind == "seqsrc":
        return "done" if first_separation or forward else "ready"
    if kind == "seqprop":
        return "done" if first_separation else "ready" if forward else "blocked"
    if kind in ("formfac", "formfac_4D"):
        return "blocked" if not first_separation else "done" if first_source else "ready"
    return "done"


def _begun(kind: str, first_source: bool) -> str:  # noqa: FBT001 as above
    """The status at the start of the production: only the first source of a set has its propagator."""
    if kind == "src":
        return "done"
    if kind == "prop":
        return "done" if first_source else "ready"
    return "ready" if kind in ("spec", "spec_4D") and first_source else "blocked"
