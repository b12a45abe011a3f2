"""The page of purging: files that may be deleted, and files that exist on this disk only."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from latteboard.catalog.questions.roots import PurgeableBelow
from latteboard.catalog.questions.unarchived import AGES, OLDER, UnarchivedFiles
from latteboard.catalog.tables.kinds import KindModel
from latteboard.text import human_bytes
from site_templates.writing.links import PURGE, rows_link
from site_templates.writing.page import Page

SHOWN = 200  # rows of a table
CLASSES = (*(name for name, _ in AGES), OLDER)


@dataclass(frozen=True)
class PurgeRow:
    """Files of one kind in one ensemble and stream that may be deleted."""

    ensemble: str
    stream: str
    kind: str
    number: int
    bytes: int
    link: str

    @property
    def size(self) -> str:
        """The space that deleting them frees."""
        return human_bytes(self.bytes)


@dataclass(frozen=True)
class HereRow:
    """Files of one kind in one ensemble that exist on this disk only.

    Attributes
    ----------
    archive : archive of the kind in the campaign, or None
    ages : sizes by class of age, in the order of the classes; empty for a class without files
    """

    ensemble: str
    kind: str
    archive: str | None
    temporary: bool
    given: bool
    number: int
    bytes: int
    ages: Sequence[str]
    link: str

    @property
    def size(self) -> str:
        """Their size."""
        return human_bytes(self.bytes)


@dataclass(frozen=True)
class Purge:
    """The content of the page: both tables, largest rows first.

    Attributes
    ----------
    unsaved : the size of files that lack their archive copy
    roots : of several roots, how many files may be deleted below each, and how much that frees
    """

    rows: Sequence[PurgeRow]
    here: Sequence[HereRow]
    ages: Sequence[str]
    unsaved: str
    roots: Sequence[tuple[str, int, str]] = ()
    classes: Sequence[str] = CLASSES
    shown: int = SHOWN

    @property
    def number(self) -> int:
        """The number of files that may be deleted."""
        return sum(row.number for row in self.rows)

    @property
    def size(self) -> str:
        """The space that deleting all of them frees."""
        return human_bytes(sum(row.bytes for row in self.rows))

    @property
    def here_number(self) -> int:
        """The number of files that exist on this disk only."""
        return sum(row.number for row in self.here)

    @property
    def here_size(self) -> str:
        """The size of these files."""
        return human_bytes(sum(row.bytes for row in self.here))


def purge(
    totals: Iterable[Mapping[str, Any]],
    holdings: Iterable[UnarchivedFiles],
    kinds: Mapping[str, KindModel],
    below: Sequence[PurgeableBelow] = (),
) -> Page:
    """Return the page, from the summary of the catalog and its knowledge of copies."""
    holdings = list(holdings)
    # Files of a kind with an archive are meant to be there too: a purge of this disk would lose them.
    unsaved = sum(one.bytes for one in holdings if kinds[one.kind].archive)
    content = Purge(
        rows=_purgeable(totals),
        here=_here(holdings, kinds),
        ages=_by_age(holdings),
        unsaved=human_bytes(unsaved) if unsaved else "",
        roots=[(one.root, one.number, human_bytes(one.bytes)) for one in below],
    )
    return Page(PURGE, "Purge", "purge.html", content)


def _purgeable(totals: Iterable[Mapping[str, Any]]) -> list[PurgeRow]:
    sums: dict[tuple[str | None, str | None, str], list[int]] = {}
    for row in totals:
        if row["purgeable"]:
            number = sums.setdefault((row["ensemble"], row["stream"], row["kind"]), [0, 0])
            number[0] += row["purgeable"]
            number[1] += row["purgeable_bytes"]
    rows = [
        PurgeRow(
            ensemble or "",
            stream or "",
            kind,
            number,
            size,
            rows_link(kind, ensemble=ensemble, stream=stream, purgeable="yes"),
        )
        for (ensemble, stream, kind), (number, size) in sums.items()
    ]
    return sorted(rows, key=lambda row: (-row.bytes, row.ensemble, row.stream, row.kind))


def _here(holdings: Iterable[UnarchivedFiles], kinds: Mapping[str, KindModel]) -> list[HereRow]:
    groups: dict[tuple[str | None, str], list[UnarchivedFiles]] = {}
    for one in holdings:
        groups.setdefault((one.ensemble, one.kind), []).append(one)
    rows = [
        HereRow(
            ensemble=ensemble or "",
            kind=kind,
            archive=kinds[kind].archive,
            temporary=kinds[kind].temporary,
            given=kinds[kind].given,
            number=sum(one.number for one in group),
            bytes=sum(one.bytes for one in group),
            ages=_by_age(group),
            link=rows_link(kind, ensemble=ensemble),
        )
        for (ensemble, kind), group in groups.items()
    ]
    return sorted(rows, key=lambda row: (-row.bytes, row.ensemble, row.kind))


def _by_age(holdings: Sequence[UnarchivedFiles]) -> list[str]:
    sums = [sum(one.bytes for one in holdings if one.age == name) for name in CLASSES]
    return [human_bytes(number) if number else "" for number in sums]
