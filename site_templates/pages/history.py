"""The page of history: rate and estimated completion of each kind, from index runs alone, never from the clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil

import numpy as np
from numpy.typing import NDArray

from latteboard.catalog.questions.history import Series
from latteboard.times import SECOND_NS
from site_templates.drawing.figures import Line, progress_figure
from site_templates.writing.data import data_script
from site_templates.writing.links import HISTORY
from site_templates.writing.page import Page

HOUR = 3_600_000_000_000
DAY = 24 * HOUR
# A rate over a day or a week is stated if index runs cover at least this part of it.
ENOUGH = 0.25
# An estimate needs so many days, and one index run more; it looks back at most so far.
LEAST_DAYS, MOST_DAYS = 3, 14
# After so many days without anything new no estimate is given.
PATIENCE_DAYS = 7
# The part of the days left out at either end, so that one day of a cleanup or of a copied archive does not count.
TRIMMED = 0.2
SPARK_POINTS, SPARK_WIDTH, SPARK_HEIGHT = 48, 120, 22
FAR_DAYS = 3650


@dataclass(frozen=True)
class Estimate:
    """Estimated completion, in days after the last index.

    Attributes
    ----------
    days : None if there is no estimate, for the reason ``reason``
    soonest, latest : days at the rate plus and minus its standard error; ``latest`` is None if that rate is not positive
    """

    days: float | None
    soonest: float | None = None
    latest: float | None = None
    reason: str = ""

    @property
    def text(self) -> str:
        """The estimate in words."""
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
    """Progress, rate and estimated completion of one kind.

    Attributes
    ----------
    day, week : finished per day over the last day and the last week; None if too little is known
    until : date of the estimate, ISO, UTC; empty if there is none
    spark : finished share against time, as points of a line in a drawing of SPARK_WIDTH by SPARK_HEIGHT
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
        """The number of artifacts that are not finished."""
        return self.expected - self.finished

    @property
    def percent(self) -> int:
        """The finished share, rounded down."""
        return 100 * self.finished // self.expected if self.expected else 100


@dataclass(frozen=True)
class History:
    """The content of the page; ``runs`` is the number of index runs, ``first`` and ``last`` their dates."""

    paces: Sequence[Pace]
    runs: int
    first: str
    last: str


def history(series: Sequence[Series]) -> Page:
    """Return the page, from one series for each kind in the order of the production."""
    runs = max((one.times for one in series), key=len, default=np.zeros(0, np.int64))
    first, last = (_date(int(runs[end])) if len(runs) else "" for end in (0, -1))
    content = History([pace(one) for one in series], len(runs), first, last)
    if len(runs) < 2:  # a point is no line
        return Page(HISTORY, "History", "history.html", content, styles=("history.css",))
    figure = progress_figure([_line(one) for one in series])
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
    """Return progress, rate and estimated completion of one series."""
    completion = estimate(series)
    days = completion.days
    until = "" if not days or days > FAR_DAYS else _date(int(series.times[-1] + days * DAY))
    finished, total = int(series.finished[-1]), int(series.expected[-1])
    return Pace(series.kind, finished, total, rate(series, 1), rate(series, 7), completion, until, _spark(series))


def rate(series: Series, days: float) -> float | None:
    """Return the number finished per day over the last days, or over the known part of them; None if less than a quarter is known.

    Between two index runs the number grows linearly.
    """
    known = float(series.times[-1] - series.times[0]) / DAY
    if known < ENOUGH * days:
        return None
    span = min(days, known)
    return float(-np.diff(_finished_before(series, np.array([0, span])))[0] / span)


def estimate(series: Series) -> Estimate:
    """Estimate the completion of a series from the last two weeks.

    The rate is the trimmed mean of the numbers finished on each of the last 3 to 14 whole days, counted back from the last
    index: the fifth of the days with the largest numbers and the fifth with the smallest are left out. The estimate is the
    number left divided by the rate; its range is that number divided by the rate plus and minus one standard error. The
    rate counts finished artifacts only: a campaign that grew has more left, but is not slower.

    See Also
    --------
    trimmed_mean : the rate and its standard error
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
    mean, error = trimmed_mean(-np.diff(_finished_before(series, np.arange(days + 1))))
    if mean <= 0:
        return Estimate(None, reason="not in sight: on most days as many were lost as were gained")
    latest = series.left / (mean - error) if mean > error else None
    return Estimate(series.left / mean, series.left / (mean + error), latest)


def trimmed_mean(values: NDArray[np.float64]) -> tuple[float, float]:
    """Return the mean of an array of shape (n,), n > 1, without the fifth part at either end, and its standard error.

    The standard error follows from the spread of all values, with those left out replaced by the nearest one kept.

    References
    ----------
    J. W. Tukey and D. H. McLaughlin, Sankhya A 25 (1963) 331

    Examples
    --------
    >>> trimmed_mean(np.array([5.0, 5.0, 900.0, 5.0, -70.0]))
    (5.0, 0.0)
    """
    ordered = np.sort(values)
    number = len(ordered)
    cut = int(TRIMMED * number)
    kept = ordered[cut : number - cut]
    spread = float(np.std(np.clip(ordered, kept[0], kept[-1]), ddof=1))
    return float(kept.mean()), spread * number / (len(kept) * float(np.sqrt(number)))


def kept_points(times: NDArray[np.int64], values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the positions of the points of a line that are drawn, ascending; ``times`` has shape (n,), ``values`` (n, m).

    All points of the last two days are kept, before that the last of each hour, before the last two weeks the last of each
    day (hours and days of UTC), and always the first and the last point. Of these, points with the values of both
    neighbours are left out.
    """
    age = times[-1] - times
    period = np.where(age <= 2 * DAY, 1, np.where(age <= MOST_DAYS * DAY, HOUR, DAY))
    stamps = np.stack([period, times // period], axis=1)
    is_last = np.append((stamps[1:] != stamps[:-1]).any(axis=1), [True])
    is_last[0] = True
    positions: NDArray[np.int64] = np.flatnonzero(is_last)
    changed = (values[positions][1:] != values[positions][:-1]).any(axis=1)
    kept: NDArray[np.int64] = positions[np.append([True], changed) | np.append(changed, [True])]
    return kept


def _finished_before(series: Series, days: NDArray[np.int64] | NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the numbers that were finished so many days before the last index, interpolated between index runs."""
    ages = (series.times - series.times[-1]) / DAY
    finished: NDArray[np.float64] = np.interp(-np.asarray(days, float), ages, series.finished)
    return finished


def _line(series: Series) -> Line:
    kept = kept_points(series.times, np.stack([series.finished, series.expected], axis=1))
    times = series.times[kept] // 1_000_000
    return Line(series.kind, times.tolist(), series.finished[kept].tolist(), series.expected[kept].tolist())


def _spark(series: Series) -> str:
    """Return a line of at most SPARK_POINTS points from the first index to the last, without inner points of level parts."""
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
    return datetime.fromtimestamp(nanoseconds // SECOND_NS, UTC).date().isoformat()
