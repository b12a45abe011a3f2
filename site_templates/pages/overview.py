"""The overview: how far each kind of each ensemble is, what can be made now, what is wrong."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from latteboard.text import human_bytes
from site_templates.drawing.bars import ORDER, TROUBLE, Segment, percent, segments
from site_templates.writing.links import OVERVIEW, rows_link
from site_templates.writing.page import Page


@dataclass(frozen=True)
class KindRow:
    """One kind of one ensemble and stream."""

    kind: str
    counts: Mapping[str, int]
    bytes: int
    purgeable: int
    segments: Sequence[Segment]

    @property
    def done(self) -> int:
        """How many are done or archived."""
        return self.count("done", "archived")

    @property
    def wanted(self) -> int:
        """How many there are to be: all but the unneeded."""
        return sum(self.counts.values()) - self.count("unneeded")

    @property
    def percent(self) -> str:
        """How much of it is done."""
        return percent(self.done, self.wanted)

    @property
    def trouble(self) -> int:
        """How many need somebody to look at them."""
        return self.count(*TROUBLE)

    @property
    def numbers(self) -> str:
        """How many there are in each part of the bar."""
        return ",".join(str(segment.number) for segment in self.segments)

    def count(self, *statuses: str) -> int:
        """How many have one of these statuses."""
        return sum(self.counts.get(status, 0) for status in statuses)

    @property
    def size(self) -> str:
        """What it takes on this disk."""
        return human_bytes(self.bytes)


@dataclass(frozen=True)
class Section:
    """One ensemble and stream."""

    ensemble: str
    stream: str
    rows: Sequence[KindRow]

    @property
    def title(self) -> str:
        """Its name; files of all ensembles together have none."""
        if not self.ensemble:
            return "all ensembles"
        return f"{self.ensemble} {self.stream or '(all streams)'}"

    @property
    def percent(self) -> str:
        """How much of it is done."""
        return percent(sum(row.done for row in self.rows), sum(row.wanted for row in self.rows))


@dataclass(frozen=True)
class Share:
    """How many of a kind, as part of a total, with a link to them."""

    kind: str
    number: int
    link: str


@dataclass(frozen=True)
class Overview:
    """The first page."""

    indexed: str
    sections: Sequence[Section]
    rules: Mapping[str, str]
    purgeable: str

    @property
    def rows(self) -> list[KindRow]:
        """Every row of every section."""
        return [row for section in self.sections for row in section.rows]

    @property
    def totals(self) -> Mapping[str, int]:
        """How many artifacts have each status that occurs, in the order of the bars."""
        totals = {status: sum(row.count(status) for row in self.rows) for status in ORDER}
        return {status: number for status, number in totals.items() if number}

    @property
    def done(self) -> int:
        """How many artifacts are done or archived."""
        return sum(row.done for row in self.rows)

    @property
    def wanted(self) -> int:
        """How many artifacts there are to be."""
        return sum(row.wanted for row in self.rows)

    @property
    def percent(self) -> str:
        """How much of everything is done."""
        return percent(self.done, self.wanted)

    @property
    def size(self) -> str:
        """What all files take on this disk."""
        return human_bytes(sum(row.bytes for row in self.rows))

    @property
    def ready(self) -> list[Share]:
        """What can be made now, most first."""
        return self._shares("ready")

    @property
    def troubles(self) -> Sequence[str]:
        """The statuses that somebody must look at."""
        return TROUBLE

    @property
    def trouble(self) -> list[Share]:
        """What is wrong, most first."""
        return self._shares(*TROUBLE)

    def _shares(self, *statuses: str) -> list[Share]:
        numbers = Counter[str]()
        for row in self.rows:
            numbers[row.kind] += row.count(*statuses)
        found = [(kind, number) for kind, number in numbers.most_common() if number]
        return [Share(kind, number, rows_link(kind, status=list(statuses))) for kind, number in found]


def overview(
    indexed: str, rows: Iterable[Mapping[str, Any]], rules: Mapping[str, str], purgeable_bytes: int = 0
) -> Page:
    """The overview, from rows by ensemble, stream and kind that stand in the order of the production."""
    sections = [
        Section(ensemble or "", stream or "", [_kind_row(row) for row in group])
        for (ensemble, stream), group in groupby(rows, key=lambda row: (row["ensemble"], row["stream"]))
    ]
    in_order = {status: rules[status] for status in ORDER}
    content = Overview(indexed, sections, in_order, human_bytes(purgeable_bytes))
    return Page(OVERVIEW, "Overview", "overview.html", content, scripts=("filter.js", "overview.js"))


def _kind_row(row: Mapping[str, Any]) -> KindRow:
    counts = row["status"]
    return KindRow(row["kind"], counts, row["bytes"], row["purgeable"], segments(counts))
