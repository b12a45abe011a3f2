"""How fast each kind comes along, and when it will be finished: from what the indexes saw, never from the clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil

import numpy as np
from numpy.typing import NDArray

from latteboard.catalog.questions.history import Series
from site_templates.drawing.figures import Line, against_time
from site_templates.writing.data import data_script
from site_templates.writing.links import HISTORY
from site_templates.writing.page import Page

HOUR = 3_600_000_000_000
DAY = 24 * HOUR
# A rate over a day or a week is stated when at least this part of it is known.
ENOUGH = 0.25
# An estimate needs this many days and one index run more; it looks back this far.
LEAST_DAYS, MOST_DAYS = 3, 14
# Without anything new for so many days there is no progress to go by.
PATIENCE_DAYS = 7
# Part of the days left out at either end, so that one day of a cleanup or a copied archive does not count.
TRIMMED = 0.2
SPARK_POINTS, SPARK_WIDTH, SPARK_HEIGHT = 48, 120, 22
FAR_DAYS = 3650


@dataclass(frozen=True)
class Estimate:
    """When nothing will be left, in days after the last index.

    Attributes
    ----------
    days : None where that cannot be told, and ``reason`` says why
    soonest, latest : at the rate plus and minus its standard error; ``latest`` None where that never ends
    """

    days: float | None
    soonest: float | None = None
    latest: float | None = None
    reason: str = ""

    @property
    def said(self) -> str:
        """In words."""
        if self.days is None or self.soonest is None:
            return self.reason
        if self.days > FAR_DAYS:
            return "not within ten years"
        soonest, days = ceil(self.soonest), ceil(self.days)
        middle = "within a day" if days <= 1 else f"in {days:,} days"
        if self.latest is None or self.latest > FAR_DAYS:
            return f"{middle} ({soonest:,} or more)"
        latest = ceil(self.latest)
        return middle if soonest == latest else f"{middle} ({soonest:,} to {latest:,})"


@dataclass(frozen=True)
class Pace:
    """One kind: how far it is, how fast it comes along, when it will be finished.

    Attributes
    ----------
    day, week : finished per day over the last day and the last week; None where too little is known
    until : the date of the estimate, ISO, UTC; empty where there is none
    spark : the share that was finished against time, as points of a line in a drawing of SPARK_WIDTH by SPARK_HEIGHT
    """

    kind: str
    finished: int
    expected: int
    day: float | None
    week: float | None
    estimate: Estimate
    until: str
    spark: str

    @property
    def left(self) -> int:
        """How many are still to do."""
        return self.expected - self.finished

    @property
    def percent(self) -> int:
        """The share that is finished, rounded down."""
        return 100 * self.finished // self.expected if self.expected else 100


@dataclass(frozen=True)
class History:
    """The content of the page; ``runs`` are the index runs behind it."""

    paces: Sequence[Pace]
    runs: int
    first: str
    last: str


def history(series: Sequence[Series]) -> Page:
    """The page, from one series a kind in the order of the production."""
    runs = max((one.times for one in series), key=len, default=np.zeros(0, np.int64))
    first, last = (_date(int(runs[end])) if len(runs) else "" for end in (0, -1))
    content = History([pace(one) for one in series], len(runs), first, last)
    if len(runs) < 2:  # a point is no line
        return Page(HISTORY, "History", "history.html", content, styles=("history.css",))
    figure = against_time([_line(one) for one in series])
    return Page(
        HISTORY,
        "History",
        "history.html",
        content,
        data={"figure": data_script("latteboardFigure", figure)},
        scripts=("vendor/plotly-cartesian.min.js", "history.js"),
        styles=("history.css",),
        plots=True,
    )


def pace(series: Series) -> Pace:
    """How one series comes along."""
    expected = estimate(series)
    until = "" if not expected.days or expected.days > FAR_DAYS else _date(int(series.times[-1] + expected.days * DAY))
    finished, total = int(series.finished[-1]), int(series.expected[-1])
    return Pace(series.kind, finished, total, rate(series, 1), rate(series, 7), expected, until, _spark(series))


def rate(series: Series, days: float) -> float | None:
    """Finished per day over the last days, or over what is known of them; None if that is less than a quarter.

    Between two index runs as many were finished in each hour as in any other.
    """
    known = float(series.times[-1] - series.times[0]) / DAY
    if known < ENOUGH * days:
        return None
    span = min(days, known)
    return float(-np.diff(_before(series, np.array([0, span])))[0] / span)


def estimate(series: Series) -> Estimate:
    """When nothing is left, going by the last two weeks.

    What was finished on each of the last 3 to 14 whole days, counted back from the last index, gives the rate as a mean
    from which the fifth part of the days with the most and with the least is left out. Its standard error follows from
    the spread of the days, with those left out taken as the nearest kept (Tukey and McLaughlin 1963). What is left now
    divided by the rate, and by the rate plus and minus its error, is the estimate and its range. The rate counts what was
    finished, whatever was expected at the time: a campaign that grew has more left, but is not slower.
    """
    if series.left <= 0:
        return Estimate(None, reason="done")
    days = min(MOST_DAYS, int((series.times[-1] - series.times[0]) // DAY))
    if days < LEAST_DAYS or np.sum(series.times >= series.times[-1] - days * DAY) < LEAST_DAYS + 1:
        return Estimate(None, reason="too few index runs to say")
    gained = series.times[1:][np.diff(series.finished) > 0]
    last_gain = int(gained[-1]) if len(gained) else int(series.times[0])
    if series.times[-1] - last_gain >= PATIENCE_DAYS * DAY or not len(gained):
        return Estimate(None, reason=f"no progress since {_date(last_gain)}")
    mean, error = trimmed_mean(-np.diff(_before(series, np.arange(days + 1))))
    if mean <= 0:
        return Estimate(None, reason="not in sight: on most days as many were lost as were gained")
    latest = series.left / (mean - error) if mean > error else None
    return Estimate(series.left / mean, series.left / (mean + error), latest)


def trimmed_mean(values: NDArray[np.float64]) -> tuple[float, float]:
    """The mean of shape (n,), n > 1, without the fifth part at either end, and its standard error."""
    ordered = np.sort(values)
    number = len(ordered)
    cut = int(TRIMMED * number)
    kept = ordered[cut : number - cut]
    spread = float(np.std(np.clip(ordered, kept[0], kept[-1]), ddof=1))
    return float(kept.mean()), spread * number / (len(kept) * float(np.sqrt(number)))


def thinned(times: NDArray[np.int64], values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Which points of a line are kept, as ascending places; ``times`` has shape (n,), ``values`` (n, m).

    Of the last two days all, before that the last of each hour, before the last two weeks the last of each day (hours and
    days of UTC); and always the first and the last. Of those, points that say the same as both neighbours are left out.
    """
    age = times[-1] - times
    period = np.where(age <= 2 * DAY, 1, np.where(age <= MOST_DAYS * DAY, HOUR, DAY))
    stamps = np.stack([period, times // period], axis=1)
    is_last = np.append((stamps[1:] != stamps[:-1]).any(axis=1), [True])
    is_last[0] = True
    places: NDArray[np.int64] = np.flatnonzero(is_last)
    changed = (values[places][1:] != values[places][:-1]).any(axis=1)
    kept: NDArray[np.int64] = places[np.append([True], changed) | np.append(changed, [True])]
    return kept


def _before(series: Series, days: NDArray[np.int64] | NDArray[np.float64]) -> NDArray[np.float64]:
    """How many were finished so many days before the last index."""
    ages = (series.times - series.times[-1]) / DAY
    finished: NDArray[np.float64] = np.interp(-np.asarray(days, float), ages, series.finished)
    return finished


def _line(series: Series) -> Line:
    kept = thinned(series.times, np.stack([series.finished, series.expected], axis=1))
    times = series.times[kept] // 1_000_000
    return Line(series.kind, times.tolist(), series.finished[kept].tolist(), series.expected[kept].tolist())


def _spark(series: Series) -> str:
    """A line of at most SPARK_POINTS points, from the first index to the last; inner points of level parts are left out."""
    if len(series.times) < 2:
        return ""
    ages = (series.times - series.times[0]) / max(1, int(series.times[-1] - series.times[0]))
    share = series.finished / np.maximum(series.expected, 1)
    across = np.linspace(0, 1, SPARK_POINTS)
    down = np.round((1 - np.interp(across, ages, share)) * (SPARK_HEIGHT - 2) + 1, 1)
    changed = down[1:] != down[:-1]
    kept = np.append([True], changed) | np.append(changed, [True])
    return " ".join(f"{x * SPARK_WIDTH:.1f},{y:g}" for x, y in zip(across[kept], down[kept], strict=True))


def _date(nanoseconds: int) -> str:
    return datetime.fromtimestamp(nanoseconds // 1_000_000_000, UTC).date().isoformat()
