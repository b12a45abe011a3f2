"""The page of problems: faulty files, strays, unreadable folders, claims, and the root causes of blocked artifacts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from latteboard.catalog.questions.problems import Claims, ProblemGroup, Strays, Unreadable
from latteboard.catalog.questions.root_causes import Cause
from latteboard.text import human_bytes
from site_templates.writing.links import PROBLEMS, rows_link
from site_templates.writing.page import Page

SHOWN = 60  # groups of a list; the page states the SQL that lists the rest
CONFIGURATIONS_NAMED = 8  # configurations written out
KINDS_NAMED = 4  # kinds that wait, of each cause
LONGEST_LINK = 200  # characters of a problem that a link filters by
STATE = {
    "ready": "can be made now",
    "recall": "can be made once its inputs are back from the archive",
    "claimed": "is being made",
    "growing": "is being written, or was a moment ago",
    "bad": "is bad",
    "stale": "is stale",
    "unknown": "is in a folder that could not be read",
    "blocked": "is given, and is not there",
}
LABEL = {"done": "done, with a remark"}


@dataclass(frozen=True)
class WrongRow:
    """Artifacts of one kind and status with the same problem, or with problems that differ in numbers only.

    Attributes
    ----------
    label : status in words
    problem : the most frequent wording; ``others`` is the number of further wordings
    changed : kinds of inputs that changed since, each with the number of artifacts concerned
    paths : examples
    link : link to the rows
    """

    kind: str
    status: str
    label: str
    number: int
    problem: str
    others: int
    changed: Sequence[tuple[str, int]]
    paths: Sequence[str]
    link: str

    @property
    def rest(self) -> int:
        """The number of artifacts whose paths are not shown."""
        return self.number - len(self.paths)


@dataclass(frozen=True)
class WaitingKind:
    """The number of artifacts of a kind that wait for a cause, with a link to those of the same ensemble and stream."""

    kind: str
    number: int
    link: str


@dataclass(frozen=True)
class CauseRow:
    """Missing artifacts of one kind and status that blocked artifacts wait for.

    Attributes
    ----------
    state : reason why they are missing, in words
    where : ensemble and stream; empty if the kind names none
    configurations : configurations in words; empty if the kind names none
    number : number of artifacts that wait
    waiting : the kinds that wait, the most frequent first
    """

    kind: str
    status: str
    state: str
    where: str
    configurations: str
    number: int
    waiting: Sequence[WaitingKind]
    link: str

    @property
    def first(self) -> Sequence[WaitingKind]:
        """The waiting kinds that are named."""
        return self.waiting[:KINDS_NAMED]

    @property
    def further(self) -> int:
        """The number of waiting kinds that are not named."""
        return max(0, len(self.waiting) - KINDS_NAMED)


@dataclass(frozen=True)
class StrayGroup:
    """Strays for one reason; ``extent`` is their number and size in words, ``rest`` the number of those not listed."""

    reason: str
    extent: str
    largest: Sequence[tuple[str, str]]
    rest: int


@dataclass(frozen=True)
class ClaimRow:
    """Work of one kind that one owner has claimed, until a time in words."""

    kind: str
    owner: str
    number: int
    until: str
    expired: bool
    link: str


@dataclass(frozen=True)
class Problems:
    """The content of the page; ``numbers`` are the totals at its top."""

    wrong: Sequence[WrongRow]
    causes: Sequence[CauseRow]
    strays: Sequence[StrayGroup]
    unreadable: Unreadable
    claims: Sequence[ClaimRow]
    numbers: Mapping[str, int]
    shown: int = SHOWN


def problems(
    wrong: Sequence[ProblemGroup],
    causes: Sequence[Cause],
    strays: Sequence[Strays],
    unreadable: Unreadable,
    claims: Sequence[Claims],
) -> Page:
    """Return the page, from the answers of the catalog."""
    # Faulty artifacts come before done ones with a remark, large groups before small ones.
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


def _wrong(one: ProblemGroup) -> WrongRow:
    # A link can filter by the wording if it is the only one, is stored (that of stale ones is not), and is short.
    is_exact = one.wordings == 1 and one.status != "stale" and 0 < len(one.wording) <= LONGEST_LINK
    return WrongRow(
        kind=one.kind,
        status=one.status,
        label=LABEL.get(one.status, one.status),
        number=one.number,
        problem=one.wording,
        others=one.wordings - 1,
        changed=list(one.changed.items()),
        paths=one.paths,
        link=rows_link(one.kind, status=one.status, problem=one.wording if is_exact else None),
    )


def _cause(one: Cause) -> CauseRow:
    place = {"ensemble": one.ensemble, "stream": one.stream}
    numbers = sorted(number for number in one.configurations if number is not None)
    # Many configurations would make a link too long for a browser; it then leads to all of them.
    chosen = numbers if 0 < len(numbers) <= CONFIGURATIONS_NAMED else None
    waiting = sorted(one.held.items(), key=lambda item: (-item[1], item[0]))
    return CauseRow(
        kind=one.kind,
        status=one.status,
        state=STATE[one.status],
        where=" ".join(name for name in place.values() if name is not None),
        configurations=_in_words(numbers),
        number=one.number,
        waiting=[WaitingKind(kind, number, rows_link(kind, **place, status="blocked")) for kind, number in waiting],
        link=rows_link(one.kind, **place, configuration=chosen, status=one.status),
    )


def _in_words(numbers: Sequence[int]) -> str:
    """Return the numbers of a few configurations, or how many there are with the first and the last."""
    if len(numbers) <= CONFIGURATIONS_NAMED:
        return ", ".join(map(str, numbers))
    return f"{len(numbers):,} from {numbers[0]} to {numbers[-1]}"


def _strays(one: Strays) -> StrayGroup:
    folders = [f"{one.folders:,} folder{'s' * (one.folders > 1)}"] if one.folders else []
    files = [f"{one.files:,} file{'s' * (one.files > 1)}, {human_bytes(one.bytes)}"] if one.files else []
    largest = [(path, "" if size is None else human_bytes(size)) for path, size in one.largest]
    return StrayGroup(one.reason, "; ".join(files + folders), largest, one.files + one.folders - len(largest))


def _claim(one: Claims) -> ClaimRow:
    until = one.until[:16].replace("T", " ")
    # Work whose claim expired is claimed no longer, so that no status leads to it.
    link = rows_link(one.kind, status=None if one.expired else "claimed")
    return ClaimRow(one.kind, one.owner, one.number, f"{until} UTC", one.expired, link)
