"""From raw timings to figures, and from figures to the table in README: pure functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

Run = Mapping[str, Any]
MILLI = 1000
KILO, MEGA = 1e3, 1e6


@dataclass(frozen=True)
class Figure:
    """One line of the table.

    Attributes
    ----------
    form : how the value is written, as Python says it, with the unit
    value : the figure itself, from a run; None if it was not measured
    goal : what the value should not exceed, or that by the size of the run; None where there is no goal
    detail : what stands in brackets behind it
    """

    name: str
    form: str
    value: Callable[[Run], float | None]
    goal: float | Mapping[int, float] | None = None
    detail: Callable[[Run], str] | None = None

    @property
    def limit(self) -> str:
        """The goal as text."""
        unit = self.form.partition("}")[2]
        if isinstance(self.goal, Mapping):
            return "at most " + ", ".join(f"{goal:g}{unit} for {size:,}" for size, goal in self.goal.items())
        return "" if self.goal is None else f"at most {self.goal:g}{unit}"

    def met(self, value: float, goal: float) -> bool:
        """Return whether a value is as good as the goal."""
        return value <= goal

    def cell(self, run: Run) -> str:
        """The figure, and whether it meets its goal."""
        value = self.value(run)
        if value is None:
            return ""
        shown = self.form.format(value) + (f" ({self.detail(run)})" if self.detail else "")
        goal = self.goal.get(run["asked"]) if isinstance(self.goal, Mapping) else self.goal
        if goal is None:
            return shown
        return f"{shown}: {'met' if self.met(value, goal) else '**not met**'}"


# What the rounds tell


def ratio(step: str, which: str) -> Callable[[Run], float]:
    """The median of a step's time in units of the ``find`` that ran just before it."""
    return lambda run: median(one[step][which] / one[step]["find"] for one in run["rounds"])


def seconds(step: str, which: str) -> Callable[[Run], float]:
    """The median time of a step, s."""
    return lambda run: median(one[step][which] for one in run["rounds"])


def with_start(step: str) -> Callable[[Run], str]:
    """The seconds behind a ratio of whole processes, and the same without the start of Python."""
    whole, inside, part = seconds(step, "whole"), seconds(step, "inside"), ratio(step, "inside")
    return lambda run: f"{whole(run):.2f} s; without the start of Python {part(run):.2f}, {inside(run):.2f} s"


def without_start(step: str) -> Callable[[Run], str]:
    """The seconds behind a ratio without the start of Python, and the same for the whole process."""
    whole, inside, part = seconds(step, "whole"), seconds(step, "inside"), ratio(step, "whole")
    return lambda run: f"{inside(run):.2f} s; with the start of Python {part(run):.2f}, {whole(run):.2f} s"


def floor(run: Run) -> float:
    """The median of every ``find``, s."""
    return median(step["find"] for one in run["rounds"] for step in one.values())


def processor_time(step: str, which: str = "cpu") -> Callable[[Run], float]:
    """The median of a step's processor time, all its processes together, in units of that of ``find``."""
    return lambda run: median(one[step][which] / one[step]["find_cpu"] for one in run["rounds"])


def other_processor_times(run: Run) -> str:
    """Processor times of the steps after the first, as text."""
    return f"full again {processor_time('full')(run):.1f}, fast {processor_time('fast')(run):.1f}"


def peak_mib(run: Run) -> float:
    """The largest process of any index."""
    return float(max(step["peak_bytes"] for one in run["rounds"] for step in one.values()) / 2**20)


# What the questions tell


def milliseconds(question: str) -> Callable[[Run], float]:
    """The median of a question, ms."""
    return lambda run: MILLI * median(run["questions"][question]["seconds"])


def readiness(run: Run) -> dict[str, float]:
    """The median of each kind's readiness statement, ms."""
    return {kind: MILLI * median(told["seconds"]) for kind, told in run["questions"]["readiness"].items()}


def slowest(run: Run) -> str:
    """The kind whose readiness statement takes longest."""
    taken = readiness(run)
    return max(taken, key=lambda kind: taken[kind])


# What the pages tell; earlier runs did not measure them, and where there is no browser none opened them


def rendering(run: Run) -> float | None:
    """The median time from the catalog to a page on disk, s."""
    return median(run["pages"]["render"]) if "pages" in run else None


def weight(*parts: str, unit: float) -> Callable[[Run], float | None]:
    """Weight of some parts of a page together: of the ``table`` or the largest ``plot``, its page, data, static."""

    def value(run: Run) -> float | None:
        sizes = run.get("pages")
        return (
            sum(sizes[page][part] for page, _, part in (name.partition(" ") for name in parts)) / unit
            if sizes
            else None
        )

    return value


def overview_weight(run: Run) -> float | None:
    """Weight of an overview of 20 ensembles and 15 kinds, kB."""
    return run["pages"]["overview_bytes"] / KILO if "pages" in run else None


def visit(what: str, unit: float = 1) -> Callable[[Run], float | None]:
    """The median of what visits with a browser found."""

    def value(run: Run) -> float | None:
        visits = run.get("pages", {}).get("visits")
        return median(one[what] for one in visits) / unit if visits else None

    return value


SMALL, LARGE = 100_000, 1_000_000
FIGURES = (
    Figure(r"`find -printf '%p %s %T@\n'`, the floor", "{:.2f} s", floor),
    Figure("first index, in units of `find`", "{:.2f}", ratio("first", "whole"), 1.6, with_start("first")),
    Figure("full index again", "{:.2f}", ratio("full", "whole"), 1.3, with_start("full")),
    Figure("fast pass, nothing changed", "{:.2f}", ratio("fast", "inside"), 0.12, without_start("fast")),
    Figure("processor time of a first index", "{:.1f}", processor_time("first"), detail=other_processor_times),
    Figure(
        "catalog with its indexes, a row",
        "{:.0f} bytes",
        lambda run: float(run["sizes"]["catalog_bytes"] / run["sizes"]["expected"]),
        80,
    ),
    Figure("peak memory of the largest process", "{:.0f} MiB", peak_mib, 250),
    Figure("`status`, inside the process", "{:.0f} ms", milliseconds("status"), 100),
    Figure(
        "slowest readiness statement",
        "{:.1f} ms",
        lambda run: max(readiness(run).values()),
        50,
        lambda run: f"`{slowest(run)}`",
    ),
    Figure(
        "a filtered `list`, inside the process",
        "{:.0f} ms",
        milliseconds("list"),
        detail=lambda run: f"{run['questions']['list']['lines']:,} lines",
    ),
    Figure("`latteboard --help`, whole process", "{:.2f} s", lambda run: median(run["help"]), 0.15),
    Figure("to read the mark of one reduced file", "{:.2f} ms", milliseconds("mark")),
    Figure("page of a kind of so many rows: rendered", "{:.2f} s", rendering, {SMALL: 0.3, LARGE: 2.5}),
    Figure("its data", "{:.2f} MB", weight("table data", unit=MEGA), {SMALL: 1.1, LARGE: 10}),
    Figure("opened in Chromium until usable", "{:.2f} s", visit("usable", MILLI), {SMALL: 0.6, LARGE: 1.2}),
    Figure("slowest filter, from key to frame", "{:.0f} ms", visit("keystroke"), {LARGE: 200}),
    Figure("its memory in Chromium", "{:.0f} MB", visit("memory_bytes", MEGA), {LARGE: 60}),
    Figure("its HTML", "{:.1f} kB", weight("table page", unit=KILO), 8),
    Figure("its scripts and styles", "{:.0f} kB", weight("table static", unit=KILO), 220),
    Figure("overview of 20 ensembles and 15 kinds", "{:.0f} kB", overview_weight, 60),
    Figure(
        "history page with its plot, and all it asks for",
        "{:.2f} MB",
        weight("plot page", "plot data", "plot static", unit=MEGA),
        1.7,
    ),
)


# The table


def table(runs: Sequence[Run]) -> str:
    """The table of the index and the pages, a column for each run."""
    return written(FIGURES, {f"{run['sizes']['files']:,} files": run for run in runs}, size)


def written(figures: Sequence[Figure], runs: Mapping[str, Run], told: Callable[[Run], str]) -> str:
    """A table in Markdown, a line for each figure and a column for each run; below it where each run was done."""
    lines = [["", "goal", *runs]]
    lines += [[figure.name, figure.limit, *map(figure.cell, runs.values())] for figure in figures]
    first, *rest = [f"| {' | '.join(line)} |" for line in lines]
    below = [f"* {told(run)}{conditions(run)}" for run in runs.values()]
    return "\n".join([first, "|---" * len(lines[0]) + "|", *rest, "", *below]).rstrip()


def size(run: Run) -> str:
    """The size of the tree of a run, as text."""
    sizes = run["sizes"]
    return f"{sizes['files']:,} files of {sizes['expected']:,} expected, in {sizes['folders']:,} folders: "


def conditions(run: Run) -> str:
    """Where and when a run was done."""
    where = run["machine"]
    versions = ", ".join(f"{name} {number}" for name, number in run["versions"].items() if number)
    return (
        f"{run['date']}, medians of {len(run['rounds'])} rounds; {where['cpu']}, {where['cores']} cores, "
        f"{where['memory_gib']:g} GiB, {where['file_system']}; {versions}"
    )


def with_run(runs: Sequence[Run], new: Run) -> list[Run]:
    """The runs with a new one in place of the earlier one of its size, small ones first."""
    return sorted([*(one for one in runs if one["asked"] != new["asked"]), new], key=lambda run: int(run["asked"]))
