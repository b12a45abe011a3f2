"""The overview: the progress of each kind in each ensemble, the work that is ready, and everything that is wrong."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from types import MappingProxyType
from typing import Any

from latteboard.text import human_bytes
from site_templates.drawing.bars import ORDER, TROUBLE, Segment, percent, segments
from site_templates.writing.links import OVERVIEW, rows_link
from site_templates.writing.page import Page


@dataclass(frozen=True)
class KindRow:
    """One kind of one ensemble and stream.

    Attributes
    ----------
    counts : number of artifacts by status
    done_with_problem : number of artifacts that are done with a problem, such as a concatenation that lacks configurations
    """

    kind: str
    counts: Mapping[str, int]
    done_with_problem: int
    bytes: int
    purgeable: int
    segments: Sequence[Segment]

    @property
    def done(self) -> int:
        """The number of artifacts that are done or archived."""
        return self.count("done", "archived")

    @property
    def wanted(self) -> int:
        """The number of artifacts that the production needs: all but the unneeded."""
        return sum(self.counts.values()) - self.count("unneeded")

    @property
    def percent(self) -> str:
        """The share that is done."""
        return percent(self.done, self.wanted)

    @property
    def trouble(self) -> int:
        """The number of artifacts that a person must look at."""
        return self.count(*TROUBLE)

    @property
    def numbers(self) -> str:
        """The numbers of artifacts in the parts of the bar."""
        return ",".join(str(segment.number) for segment in self.segments)

    def count(self, *statuses: str) -> int:
        """Return the number of artifacts that have one of these statuses."""
        return sum(self.counts.get(status, 0) for status in statuses)

    @property
    def size(self) -> str:
        """The size on this disk."""
        return human_bytes(self.bytes)


@dataclass(frozen=True)
class Section:
    """One ensemble and stream, each None where files name none, under its title."""

    ensemble: str | None
    stream: str | None
    title: str
    rows: Sequence[KindRow]
    description: str | None = None

    @property
    def percent(self) -> str:
        """The share of its artifacts that is done."""
        return percent(sum(row.done for row in self.rows), sum(row.wanted for row in self.rows))


@dataclass(frozen=True)
class Share:
    """The part of a kind in a total, with a link to its rows."""

    kind: str
    number: int
    link: str


@dataclass(frozen=True)
class Overview:
    """The content of the page."""

    indexed: str
    sections: Sequence[Section]
    rules: Mapping[str, str]
    purgeable: str
    description: str | None
    left_out: int

    @property
    def rows(self) -> list[KindRow]:
        """The rows of all sections."""
        return [row for section in self.sections for row in section.rows]

    @property
    def totals(self) -> Mapping[str, int]:
        """The number of artifacts by status, in the order of the bars, for all statuses that occur."""
        totals = {status: sum(row.count(status) for row in self.rows) for status in ORDER}
        return {status: number for status, number in totals.items() if number}

    @property
    def done(self) -> int:
        """The number of artifacts that are done or archived."""
        return sum(row.done for row in self.rows)

    @property
    def wanted(self) -> int:
        """The number of artifacts that the production needs."""
        return sum(row.wanted for row in self.rows)

    @property
    def done_with_problem(self) -> int:
        """The number of artifacts that are done with a problem."""
        return sum(row.done_with_problem for row in self.rows)

    @property
    def percent(self) -> str:
        """The share of all artifacts that is done."""
        return percent(self.done, self.wanted)

    @property
    def size(self) -> str:
        """The size of all files on this disk."""
        return human_bytes(sum(row.bytes for row in self.rows))

    @property
    def ready(self) -> list[Share]:
        """The work that is ready, the largest part first."""
        return self._shares("ready")

    @property
    def trouble_statuses(self) -> Sequence[str]:
        """The statuses of artifacts that a person must look at."""
        return TROUBLE

    @property
    def trouble(self) -> list[Share]:
        """The artifacts that a person must look at, the largest part first."""
        return self._shares(*TROUBLE)

    def _shares(self, *statuses: str) -> list[Share]:
        numbers = Counter[str]()
        for row in self.rows:
            numbers[row.kind] += row.count(*statuses)
        found = [(kind, number) for kind, number in numbers.most_common() if number]
        return [Share(kind, number, rows_link(kind, status=list(statuses))) for kind, number in found]


def overview(
    indexed: str,
    rows: Iterable[Mapping[str, Any]],
    rules: Mapping[str, str],
    purgeable_bytes: int = 0,
    descriptions: Mapping[str | None, str] = MappingProxyType({}),
) -> Page:
    """Return the page, from rows by ensemble, stream and kind in the order of the production.

    Parameters
    ----------
    descriptions : of ensembles by name, and under None that of the campaign
    """
    rows = list(rows)
    groups = {
        place: [_kind_row(row) for row in group]
        for place, group in groupby(rows, key=lambda row: (row["ensemble"], row["stream"]))
    }
    sections = [
        Section(*place, _title(*place, groups), group, descriptions.get(place[0]) if place[0] else None)
        for place, group in groups.items()
    ]
    in_order = {status: rules[status] for status in ORDER}
    left_out = sum(row.get("left_out", 0) for row in rows)
    told = descriptions.get(None)
    content = Overview(indexed, sections, in_order, human_bytes(purgeable_bytes), told, left_out)
    return Page(OVERVIEW, "Overview", "overview.html", content, scripts=("filter.js", "overview.js"))


def _title(ensemble: str | None, stream: str | None, places: Collection[tuple[str | None, str | None]]) -> str:
    """Return the title of a section; of streams it says nothing where no files of the ensemble name one.

    Examples
    --------
    >>> [_title("a09", None, places) for places in ([("a09", None), ("a12", "e")], [("a09", None), ("a09", "e")])]
    ['a09', 'a09 (all streams)']
    """
    if ensemble is None:
        return "all ensembles" if stream is None else f"stream {stream} (all ensembles)"
    if stream is None:
        return f"{ensemble} (all streams)" if any(one == ensemble and other for one, other in places) else ensemble
    return f"{ensemble} {stream}"


def _kind_row(row: Mapping[str, Any]) -> KindRow:
    counts = row["status"]
    return KindRow(
        row["kind"], counts, row["problems"].get("done", 0), row["bytes"], row["purgeable"], segments(counts)
    )
