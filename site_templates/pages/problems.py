"""The page of problems: what is wrong, what is in nobody's books, and what everything that is blocked waits for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from latteboard.catalog.questions.problems import Claims, Strays, Unreadable, Wrong
from latteboard.catalog.questions.root_causes import Cause
from latteboard.text import human_bytes
from site_templates.writing.links import PROBLEMS, rows_link
from site_templates.writing.page import Page

SHOWN = 60  # groups of a list; what else there is can be asked in SQL
NAMED = 8  # configurations written out
HELD = 4  # kinds that wait, of each cause
LONGEST_LINK = 200  # characters of a problem that a link filters by
WORDS = {
    "ready": "can be made now",
    "recall": "can be made once its inputs are back from the archive",
    "claimed": "is being made",
    "growing": "is being written, or was a moment ago",
    "bad": "is bad",
    "stale": "is stale",
    "unknown": "is in a folder that could not be read",
    "blocked": "is given, and is not there",
}
INSTEAD = {"done": "done, with a remark"}


@dataclass(frozen=True)
class WrongRow:
    """Artifacts of one kind with the same problem."""

    kind: str
    status: str
    said: str
    number: int
    problem: str
    others: int
    changed: Sequence[tuple[str, int]]
    paths: Sequence[str]
    link: str

    @property
    def rest(self) -> int:
        """How many there are beside those whose paths are shown."""
        return self.number - len(self.paths)


@dataclass(frozen=True)
class Held:
    """How many of a kind wait, with a link to those of them that are in the same place."""

    kind: str
    number: int
    link: str


@dataclass(frozen=True)
class CauseRow:
    """What others wait for.

    Attributes
    ----------
    said : what is the matter with it
    where : its ensemble and stream; empty where its kind names none
    configurations : which, in words; empty where its kind names none
    """

    kind: str
    status: str
    said: str
    where: str
    configurations: str
    number: int
    held: Sequence[Held]
    link: str

    @property
    def first(self) -> Sequence[Held]:
        """The kinds of which most wait."""
        return self.held[:HELD]

    @property
    def further(self) -> int:
        """How many more kinds wait than are named."""
        return max(0, len(self.held) - HELD)


@dataclass(frozen=True)
class StrayGroup:
    """Strays for one reason."""

    reason: str
    said: str
    largest: Sequence[tuple[str, str]]
    rest: int


@dataclass(frozen=True)
class ClaimRow:
    """Work that one owner holds."""

    kind: str
    owner: str
    number: int
    until: str
    expired: bool
    link: str


@dataclass(frozen=True)
class Problems:
    """All that people must look at."""

    wrong: Sequence[WrongRow]
    causes: Sequence[CauseRow]
    strays: Sequence[StrayGroup]
    unreadable: Unreadable
    claims: Sequence[ClaimRow]
    numbers: Mapping[str, int]
    shown: int = SHOWN


def problems(
    wrong: Sequence[Wrong],
    causes: Sequence[Cause],
    strays: Sequence[Strays],
    unreadable: Unreadable,
    claims: Sequence[Claims],
) -> Page:
    """The page, from the answers of the catalog."""
    # What is bad and stale comes before remarks; what is most, first.
    wrong = sorted(wrong, key=lambda one: (one.status == "done", -one.number))
    content = Problems(
        wrong=[_wrong(one) for one in wrong],
        causes=[_cause(one) for one in causes],
        strays=[_strays(one) for one in strays],
        unreadable=unreadable,
        claims=[_claim(one) for one in claims],
        numbers={
            "wrong": sum(one.number for one in wrong if one.status != "done"),
            "blocked": sum(one.number for one in causes),
            "strays": sum(one.files + one.folders for one in strays),
            "unreadable": unreadable.number,
            "expired": sum(one.number for one in claims if one.expired),
        },
    )
    return Page(PROBLEMS, "Problems", "problems.html", content)


def _wrong(one: Wrong) -> WrongRow:
    told = {} if one.status == "stale" or len(one.wording) > LONGEST_LINK else {"problem": one.wording}
    exact = told if one.wordings == 1 and one.wording else {}
    return WrongRow(
        kind=one.kind,
        status=one.status,
        said=INSTEAD.get(one.status, one.status),
        number=one.number,
        problem=one.wording,
        others=one.wordings - 1,
        changed=list(one.changed.items()),
        paths=one.paths,
        link=rows_link(one.kind, status=one.status, **exact),
    )


def _cause(one: Cause) -> CauseRow:
    place = {name: value for name, value in (("ensemble", one.ensemble), ("stream", one.stream)) if value is not None}
    numbers = sorted(number for number in one.configurations if number is not None)
    chosen = {"configuration": numbers} if 0 < len(numbers) <= NAMED else {}
    held = sorted(one.held.items(), key=lambda item: (-item[1], item[0]))
    return CauseRow(
        kind=one.kind,
        status=one.status,
        said=WORDS[one.status],
        where=" ".join(place.values()),
        configurations=_in_words(numbers),
        number=one.number,
        held=[Held(kind, number, rows_link(kind, **place, status="blocked")) for kind, number in held],
        link=rows_link(one.kind, **place, **chosen, status=one.status),
    )


def _in_words(numbers: Sequence[int]) -> str:
    """Configurations written out where they are few, else how many there are and from where to where."""
    if len(numbers) <= NAMED:
        return ", ".join(map(str, numbers))
    return f"{len(numbers):,} from {numbers[0]} to {numbers[-1]}"


def _strays(one: Strays) -> StrayGroup:
    folders = [f"{one.folders:,} folder{'s' * (one.folders > 1)}"] if one.folders else []
    files = [f"{one.files:,} file{'s' * (one.files > 1)}, {human_bytes(one.bytes)}"] if one.files else []
    largest = [(path, "" if size is None else human_bytes(size)) for path, size in one.largest]
    return StrayGroup(one.reason, "; ".join(files + folders), largest, one.files + one.folders - len(largest))


def _claim(one: Claims) -> ClaimRow:
    until = one.until[:16].replace("T", " ")
    link = rows_link(one.kind, **({} if one.expired else {"status": "claimed"}))
    return ClaimRow(one.kind, one.owner, one.number, f"{until} UTC", one.expired, link)
