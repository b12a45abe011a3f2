"""Bars of statuses, for pages and for the terminal: the order of the statuses, and how a bar is divided among them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

# Width of a bar on a page, in units of its drawing; a status that occurs at all is at least one unit wide.
BAR_UNITS = 400
# From finished to troubled, so that bars read from left to right; unneeded is no one's work and stands apart.
ORDER = ("done", "archived", "claimed", "ready", "recall", "growing", "blocked", "unknown", "stale", "bad", "unneeded")
TROUBLE = ("bad", "stale", "unknown")


@dataclass(frozen=True)
class Segment:
    """A part of a bar: its status, the number of artifacts that have it, where it begins, and its width, in units."""

    status: str
    number: int
    x: float
    width: float

    @property
    def begin(self) -> str:
        """The left end, in percent of the bar."""
        return _percent(self.x)

    @property
    def share(self) -> str:
        """The width, in percent of the bar."""
        return _percent(self.width)

    @property
    def end(self) -> str:
        """The right end, in percent of the bar."""
        return _percent(self.x + self.width)


def segments(counts: Mapping[str, int]) -> list[Segment]:
    """Return the parts of the bar on a page, in the order of the statuses."""
    ends = [round(end, 2) for end in _ends(counts, BAR_UNITS)]
    parts = zip(_present(counts), [0.0, *ends], ends, strict=False)
    return [Segment(status, counts[status], begin, round(end - begin, 2)) for status, begin, end in parts]


def cells(counts: Mapping[str, int], width: int) -> dict[str, int]:
    """Return the number of characters for each status in a bar of ``width`` characters, in the order of the statuses.

    Parts that are at least one unit wide are still at least one character wide once their ends are rounded.

    Examples
    --------
    >>> cells({"done": 300, "ready": 99, "bad": 1}, 24)
    {'done': 17, 'ready': 6, 'bad': 1}
    """
    ends = [int(end + 0.5) for end in _ends(counts, width)]
    return {status: end - begin for status, begin, end in zip(_present(counts), [0, *ends], ends, strict=False)}


def percent(done: int, wanted: int) -> str:
    """Return the share that is done, rounded down, so that only what is complete reads 100%; of nothing all is done."""
    if done >= wanted:
        return "100%"
    return f"{1000 * done // wanted / 10}%"


def _present(counts: Mapping[str, int]) -> list[str]:
    return [status for status in ORDER if counts.get(status)]


def _ends(counts: Mapping[str, int], width: int) -> Sequence[float]:
    """Return where the part of each status that occurs ends: one unit for each, and the rest in proportion."""
    present = _present(counts)
    total = sum(counts[status] for status in present)
    rest = width - len(present)
    ends: list[float] = []
    before = 0
    for status in present:
        before += counts[status]
        ends.append(len(ends) + 1 + rest * before / total)
    return ends


def _percent(units: float) -> str:
    return f"{round(100 * units / BAR_UNITS, 1):g}%"
