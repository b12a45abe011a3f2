"""What stands on each page, as plain data for the templates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from latteboard.units import human_bytes

# Width of a bar in the units of its drawing; a status that is there at all is at least one unit wide.
BAR_UNITS = 400
# From finished to troubled, so that bars read from left to right; unneeded is no one's work and stands apart.
ORDER = ("done", "archived", "claimed", "ready", "recall", "growing", "blocked", "unknown", "stale", "bad", "unneeded")
TROUBLE = ("bad", "stale", "unknown")


@dataclass(frozen=True)
class Segment:
    """A part of a bar: a status, how many have it, where it begins and how wide it is."""

    status: str
    number: int
    x: float
    width: float


@dataclass(frozen=True)
class KindRow:
    """One kind of one ensemble and stream."""

    kind: str
    expected: int
    done: int
    wanted: int
    percent: int
    bytes: str
    purgeable: int
    segments: Sequence[Segment]

    def count(self, status: str) -> int:
        """How many have a status."""
        return sum(segment.number for segment in self.segments if segment.status == status)

    @property
    def trouble(self) -> int:
        """How many need somebody to look at them."""
        return sum(self.count(status) for status in TROUBLE)

    @property
    def said(self) -> str:
        """The bar in words, for those who do not see it."""
        return ", ".join(f"{segment.number:,} {segment.status}" for segment in self.segments)


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


@dataclass(frozen=True)
class Overview:
    """The first page."""

    campaign: str
    indexed: str
    sections: Sequence[Section]
    rules: Mapping[str, str]

    @property
    def totals(self) -> Mapping[str, int]:
        """How many artifacts have each status that occurs, in the order of the bars."""
        rows = [row for section in self.sections for row in section.rows]
        totals = {status: sum(row.count(status) for row in rows) for status in ORDER}
        return {status: number for status, number in totals.items() if number}


def overview(campaign: str, indexed: str, rows: Sequence[Mapping[str, Any]], rules: Mapping[str, str]) -> Overview:
    """The overview, from rows by ensemble, stream and kind that stand in the order of the production."""
    sections = [
        Section(ensemble or "", stream or "", [_kind_row(row) for row in group])
        for (ensemble, stream), group in groupby(rows, key=lambda row: (row["ensemble"], row["stream"]))
    ]
    return Overview(campaign, indexed, sections, {status: rules[status] for status in ORDER})


def _kind_row(row: Mapping[str, Any]) -> KindRow:
    counts = row["status"]
    done = counts.get("done", 0) + counts.get("archived", 0)
    wanted = row["expected"] - counts.get("unneeded", 0)
    return KindRow(
        kind=row["kind"],
        expected=row["expected"],
        done=done,
        wanted=wanted,
        percent=100 * done // wanted if wanted else 100,
        bytes=human_bytes(row["bytes"]),
        purgeable=row["purgeable"],
        segments=segments(counts),
    )


def segments(counts: Mapping[str, int], units: float = BAR_UNITS) -> list[Segment]:
    """The parts of a bar, in proportion, but each wide enough to be seen."""
    there = [(status, counts[status]) for status in ORDER if counts.get(status)]
    total = sum(number for _, number in there)
    free = units - len(there)
    parts: list[Segment] = []
    x = 0.0
    for status, number in there:
        width = round(1 + free * number / total, 2)
        parts.append(Segment(status, number, round(x, 2), width))
        x += width
    return parts
