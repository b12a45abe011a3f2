"""The tables of the benchmark in README: of the index and the pages, of a production half done, of the reducer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from table import LARGE, Figure, Run, peak_mib, processor_time, ratio, seconds, size, table, written

# What the production codes took for the same work, s: three steps 4.1 to 4.5, joining 6.9 to 10.8, where the floor was 0.13.
# The middle of each; quoted, since that code is not part of this project.
REFERENCE, REFERENCE_JOINED, REFERENCE_FLOOR = 4.3, 8.85, 0.13
MIB = 2**20


@dataclass(frozen=True)
class LowerBound(Figure):
    """A figure that should not be below its goal."""

    @property
    def limit(self) -> str:
        """The goal as text."""
        return super().limit.replace("at most", "at least")

    def met(self, value: float, goal: float) -> bool:
        """Return whether a value is as good as the goal."""
        return value >= goal


def floor(one: Mapping[str, Any]) -> float:
    """Seconds to find the datasets, read the needed bytes and write the result."""
    return float(sum(one["floor"].values()))


def over_rounds(value: Callable[[Mapping[str, Any]], float]) -> Callable[[Run], float]:
    """The median of a figure of one round."""
    return lambda run: float(median(value(one) for one in run["rounds"]))


def faster(seconds: float, whole: Callable[[Mapping[str, Any]], float]) -> Callable[[Run], float]:
    """Speed in units of the production codes, whose quoted seconds are scaled by the floor of this machine."""
    return over_rounds(lambda one: seconds * floor(one) / REFERENCE_FLOOR / whole(one))


# A production that is half done


def index_cost(step: str) -> Callable[[Run], str]:
    """The wall time of an index in units of that of ``find``, and in seconds; both times with the start of Python too."""
    inside, whole = ratio(step, "inside"), ratio(step, "whole")
    return lambda run: (
        f"on the clock {inside(run):.1f}, {seconds(step, 'inside')(run):.2f} s; "
        f"with the start of Python {processor_time(step)(run):.1f}, on the clock {whole(run):.1f}"
    )


def index_figure(name: str, step: str, goal: Mapping[int, float] | None = None) -> Figure:
    """The processor time of an index, all its processes together, in units of that of ``find``."""
    return Figure(name, "{:.1f}", processor_time(step, "inside_cpu"), goal, index_cost(step))


def over_steps(which: str) -> Callable[[Run], float]:
    """The median of a figure of every step of every round."""
    return lambda run: float(median(step[which] for one in run["rounds"] for step in one.values()))


HALF_DONE_FIGURES = (
    Figure(
        r"`find -printf '%p %s %T@\n'`, the floor, processor time",
        "{:.2f} s",
        over_steps("find_cpu"),
        detail=lambda run: f"on the clock {over_steps('find')(run):.2f} s",
    ),
    index_figure("first index, in units of `find`", "first"),
    index_figure("again, nothing changed", "again"),
    index_figure("again, after 8 files changed", "few", {LARGE: 3.5}),
    index_figure("again, after 0.5 % of the files changed", "many"),
    index_figure("fast pass, nothing changed", "fast"),
    Figure(
        "the rules alone: every status settled, no database, processor time",
        "{:.2f} s",
        lambda run: median(run["settling"]),
        {LARGE: 2.0},
        lambda run: f"{run['sizes']['expected']:,} artifacts",
    ),
    Figure("peak memory of the largest process", "{:.0f} MiB", peak_mib),
)


def half_done_table(results: Mapping[str, Any]) -> str:
    """The table of a production of which four in ten files are not there."""
    runs = {f"{run['sizes']['files']:,} files": run for run in results.get("half_done", [])}
    return written(HALF_DONE_FIGURES, runs, size) if runs else ""


# Large campaigns


def campaign_figures(sort: str, words: str) -> Sequence[Figure]:
    """The figures of one of the campaigns."""

    def of(name: str) -> Callable[[Run], float]:
        return over_rounds(lambda one: float(one[sort][name]))

    return (
        Figure(
            f"{words}: read, checked and expanded, processor time",
            "{:.2f} s",
            of("expanded"),
            2.0,
            lambda run: f"{of('artifacts')(run):,.0f} artifacts, {of('read')(run):.2f} s to read and check",
        ),
        Figure("peak memory", "{:.0f} MB", lambda run: of("peak_bytes")(run) / 1e6, 400),
    )


CAMPAIGN_FIGURES = (
    *campaign_figures("plain", "20 ensembles"),
    *campaign_figures("conditional", "a tenth from lists by configuration and needs with conditions"),
)


def campaign_table(results: Mapping[str, Any]) -> str:
    """The table of large campaigns."""
    return written(CAMPAIGN_FIGURES, {"measured": results["campaign"]}, lambda _: "") if "campaign" in results else ""


# The reducer

FIGURES = (
    Figure("the floor: find the datasets, read 1.15 GB, write 14 MB", "{:.2f} s", over_rounds(floor)),
    Figure(
        "slice, average and project, inside the process, in units of the floor",
        "{:.1f}",
        over_rounds(lambda one: one["inside"]["seconds"] / floor(one)),
        3.5,
        lambda run: f"{over_rounds(lambda one: one['inside']['seconds'])(run):.2f} s",
    ),
    LowerBound(
        "whole process on one core, times faster than the production codes (quoted)",
        "{:.1f}",
        faster(REFERENCE, lambda one: one["project"]["whole"]),
        7,
        lambda run: f"{over_rounds(lambda one: one['project']['whole'])(run):.2f} s",
    ),
    Figure("the same as ten commands with files between them", "{:.1f} s", over_rounds(lambda one: one["steps"])),
    Figure("bytes read, of those needed", "{:.2f}", over_rounds(lambda one: one["inside"]["read"]), 1.05),
    Figure(
        "peak memory above that of importing numpy and h5py",
        "{:.0f} MiB",
        over_rounds(lambda one: (one["project"]["peak_bytes"] - one["import"]) / MIB),
        36,
    ),
    LowerBound(
        "20 files of 144 MB joined, times faster than the production codes (quoted)",
        "{:.1f}",
        faster(REFERENCE_JOINED, lambda one: one["join"]["copied"]),
        1.8,
        lambda run: f"{over_rounds(lambda one: one['join']['copied'])(run):.1f} s",
    ),
    LowerBound(
        "the same as links",
        "{:.1f}",
        faster(REFERENCE_JOINED, lambda one: one["join"]["virtual"]),
        8,
        lambda run: f"{over_rounds(lambda one: one['join']['virtual'])(run):.2f} s",
    ),
    Figure("two of them appended to the other 18", "{:.1f} s", over_rounds(lambda one: one["append"]["more"]), 1.5),
    Figure(
        "a slice of 290 kB on one core, without its fsync",
        "{:.1f} ms",
        over_rounds(lambda one: one["small"] * 1000),
        10,
    ),
    Figure(
        "start and end of a command, above importing numpy and h5py",
        "{:.2f} s",
        over_rounds(lambda one: one["start"]),
        0.05,
    ),
    LowerBound("two processes, times faster than one", "{:.2f}", over_rounds(lambda one: one["processes"]), 1.7),
)


def reducer_table(results: Mapping[str, Any]) -> str:
    """The table of the reducer."""
    return written(FIGURES, {"measured": results["reducer"]}, lambda _: "") if "reducer" in results else ""


TABLES: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "benchmark-campaign": campaign_table,
    "benchmark": lambda results: table(results["runs"]),
    "benchmark-half-done": half_done_table,
    "benchmark-reducer": reducer_table,
}
