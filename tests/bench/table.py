"""From raw timings to figures, and from figures to the table in README: pure functions."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

Run = Mapping[str, Any]
BEGIN, END = "<!-- benchmark -->", "<!-- /benchmark -->"


@dataclass(frozen=True)
class Figure:
    """One line of the table.

    Attributes
    ----------
    goal : what the value should not exceed; None where there is no goal
    value : the figure itself, from a run
    shown : the figure as text, with its unit and what it comes from
    """

    name: str
    goal: float | None
    unit: str
    value: Callable[[Run], float]
    shown: Callable[[Run], str]

    def cell(self, run: Run) -> str:
        """The figure, and whether it meets its goal."""
        if self.goal is None:
            return self.shown(run)
        return f"{self.shown(run)}: {'met' if self.value(run) <= self.goal else '**not met**'}"


def ratio(step: str, which: str) -> Callable[[Run], float]:
    """The median of a step's time in units of the ``find`` that ran just before it."""
    return lambda run: median(one[step][which] / one[step]["find"] for one in run["rounds"])


def seconds(step: str, which: str) -> Callable[[Run], float]:
    """The median time of a step."""
    return lambda run: median(one[step][which] for one in run["rounds"])


def both(step: str, counts: str) -> Callable[[Run], str]:
    """The ratio that counts, its seconds, and those of the process with (or without) the start of Python."""
    other, words = {"whole": ("inside", "without"), "inside": ("whole", "with")}[counts]

    def shown(run: Run) -> str:
        main, rest = ratio(step, counts)(run), ratio(step, other)(run)
        told = f"{main:.2f} ({seconds(step, counts)(run):.2f} s"
        return f"{told}; {words} the start of Python {rest:.2f}, {seconds(step, other)(run):.2f} s)"

    return shown


def all_finds(run: Run) -> list[float]:
    """The time of every ``find``."""
    return [step["find"] for one in run["rounds"] for step in one.values()]


def bytes_a_row(run: Run) -> float:
    """Bytes of the catalog for each expected artifact."""
    return float(run["sizes"]["catalog_bytes"] / run["sizes"]["expected"])


def peak_mib(run: Run) -> float:
    """The largest process of any index."""
    return float(max(step["peak_bytes"] for one in run["rounds"] for step in one.values()) / 2**20)


def slowest(run: Run) -> tuple[str, float]:
    """The kind whose readiness statement takes longest, and its ms."""
    taken = {kind: 1000 * median(told["seconds"]) for kind, told in run["questions"]["readiness"].items()}
    kind = max(taken, key=lambda name: taken[name])
    return kind, taken[kind]


def milliseconds(question: str) -> Callable[[Run], float]:
    """The median of a question that is a plain list of times."""
    return lambda run: 1000 * median(run["questions"][question])


FIGURES = (
    Figure("`find -printf '%p %s %T@\\n'`, the floor", None, "", lambda run: median(all_finds(run)),
           lambda run: f"{median(all_finds(run)):.2f} s"),
    Figure("first index / `find`", 1.6, "", ratio("first", "whole"), both("first", "whole")),
    Figure("full index again / `find`", 1.3, "", ratio("full", "whole"), both("full", "whole")),
    Figure("fast pass, nothing changed / `find`", 0.12, "", ratio("fast", "inside"), both("fast", "inside")),
    Figure("catalog, with indexes, a row", 80, " bytes", bytes_a_row, lambda run: f"{bytes_a_row(run):.0f} bytes"),
    Figure("peak memory of the largest process", 250, " MiB", peak_mib, lambda run: f"{peak_mib(run):.0f} MiB"),
    Figure("`status`, inside the process", 100, " ms", milliseconds("status"),
           lambda run: f"{milliseconds('status')(run):.0f} ms"),
    Figure("slowest readiness statement", 50, " ms", lambda run: slowest(run)[1],
           lambda run: f"{slowest(run)[1]:.1f} ms (`{slowest(run)[0]}`)"),
    Figure("a filtered `list`, inside the process", None, "", lambda run: 1000 * median(run["questions"]["list"]["seconds"]),
           lambda run: f"{1000 * median(run['questions']['list']['seconds']):.0f} ms "
                       f"({run['questions']['list']['lines']:,} lines)"),
    Figure("`latteboard --help`, whole process", 0.15, " s", lambda run: median(run["help"]),
           lambda run: f"{median(run['help']):.2f} s"),
    Figure("mark of a reduced file that is new or changed", None, "", milliseconds("mark"),
           lambda run: f"{milliseconds('mark')(run):.2f} ms each"),
)  # fmt: skip


def table(runs: Sequence[Run]) -> str:
    """The table in Markdown: a line for each figure, a column for each run."""
    heads = [f"{run['sizes']['files']:,} files" for run in runs]
    lines = [["", "goal", *heads]]
    for figure in FIGURES:
        goal = "" if figure.goal is None else f"<= {figure.goal:g}{figure.unit}"
        lines.append([figure.name, goal, *(figure.cell(run) for run in runs)])
    rows = [f"| {' | '.join(line)} |" for line in lines]
    return "\n".join([rows[0], "|---" * len(lines[0]) + "|", *rows[1:], "", *map(conditions, runs)])


def conditions(run: Run) -> str:
    """Where and when a run was done."""
    where, versions, sizes = run["machine"], run["versions"], run["sizes"]
    named = ", ".join(f"{name} {number}" for name, number in versions.items() if number)
    return (
        f"* {sizes['files']:,} files of {sizes['expected']:,} expected in {sizes['folders']:,} folders, {run['date']}, "
        f"medians of {len(run['rounds'])} rounds: {where['cpu']}, {where['cores']} cores, {where['memory_gib']:g} GiB, "
        f"{where['file_system']}; {named}."
    )


def with_run(runs: Sequence[Run], new: Run) -> list[Run]:
    """The runs with a new one in place of the earlier one of its size, small ones first."""
    return sorted([*(one for one in runs if one["asked"] != new["asked"]), new], key=lambda run: int(run["asked"]))


def with_table(readme: str, runs: Sequence[Run]) -> str:
    """The README with the table between its markers made anew."""
    pattern = re.compile(re.escape(BEGIN) + ".*?" + re.escape(END), re.DOTALL)
    if len(pattern.findall(readme)) != 1:
        raise ValueError(f"README: expected {BEGIN} and {END} once")
    return pattern.sub(lambda _: f"{BEGIN}\n{table(runs)}\n{END}", readme)
