"""Answers in a terminal: bars in colour, trees and tables; plain lines where standard output is a file."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from latteboard.text import human_bytes, shown

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text
    from rich.tree import Tree

    from latteboard.catalog.questions.explain import Explanation, InputGroup
    from latteboard.catalog.questions.problems import DoneProblem

BAR_WIDTH = 24
DONE_WITH_PROBLEM = "done with a problem"

# Colour is never the only sign: each status has a letter in the bar too.
STYLES: Mapping[str, tuple[str, str]] = {
    "done": ("green", "█"),
    "archived": ("blue", "▓"),
    "unneeded": ("bright_black", "·"),
    "ready": ("cyan", "r"),
    "recall": ("bright_blue", "a"),
    "claimed": ("magenta", "c"),
    "blocked": ("yellow", "b"),
    "growing": ("bright_cyan", "g"),
    "stale": ("bright_yellow", "s"),
    "bad": ("red", "!"),
    "unknown": ("white", "?"),
}


def show_status(
    rows: Sequence[Mapping[str, Any]], by: Sequence[str], done_problems: Sequence[DoneProblem], indexed: str
) -> None:
    """Print the rows of ``status`` under a heading for each group, in a terminal each with a bar in colour.

    Done artifacts with a problem are counted in their row, and ``done_problems`` quotes the problem of most of a kind.
    """
    from rich.table import Table
    from rich.text import Text

    console = _console()
    *outer, inner = by
    for heading, group in groupby(rows, key=lambda row: _heading(row, outer, rows)):
        table = Table(box=None, pad_edge=False, show_header=False)
        table.add_column(no_wrap=True)
        for _ in range(3 + console.is_terminal):
            table.add_column(justify="right", no_wrap=True)
        table.add_column()
        for row in group:
            counts = row["status"]
            bar = [_bar(counts)] if console.is_terminal else []
            numbers = [f"{counts.get('done', 0):,}", f"of {row['expected']:,}", human_bytes(row["bytes"])]
            table.add_row(
                Text(_label(row, inner, rows, outer) or f"(no {inner})"),
                *bar,
                *numbers,
                Text(", ").join(_remainder(row)),
            )
        if outer:
            console.print(Text(heading, "bold"))
        _print_table(console, table)
    for problem in done_problems:
        line = f'{problem.kind}: {problem.number:,} {DONE_WITH_PROBLEM}, such as "{shown(problem.wording)}"; '
        console.print(Text(f"{line}see: latteboard list {problem.kind} --status done"), soft_wrap=True)
    console.print(f"as of {indexed}")


def _remainder(row: Mapping[str, Any]) -> Iterator[Text]:
    """Yield the numbers of a row beside those that are done."""
    from rich.text import Text

    if number := row["problems"].get("done"):
        yield Text(f"{number:,} {DONE_WITH_PROBLEM}", STYLES["stale"][0])
    for status, number in row["status"].items():
        if status != "done":
            yield Text(f"{number:,} {status}", STYLES[status][0])
    if row["left_out"]:
        yield Text(f"{row['left_out']:,} left out", STYLES["unneeded"][0])


def _heading(row: Mapping[str, Any], names: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> str:
    labels = (_label(row, name, rows, names[:place]) for place, name in enumerate(names))
    return " ".join(filter(None, labels)) or f"(no {' and no '.join(names)})"


def _label(row: Mapping[str, Any], name: str, rows: Sequence[Mapping[str, Any]], before: Sequence[str]) -> str:
    """Return the value of a coordinate of a row; files that do not name the coordinate belong to all its values.

    Empty if it has no values: none of the rows that agree with this one in the coordinates ``before`` it names it.
    """
    if row[name] is not None:
        return str(row[name])
    has_values = any(other[name] is not None for other in rows if all(other[n] == row[n] for n in before))
    return f"(all {name}s)" if has_values else ""


def _print_table(console: Console, table: Table) -> None:
    if console.is_terminal:
        console.print(table)
        return
    with console.capture() as captured:
        console.print(table)
    # Columns are padded to their width; blanks at the end of a line in a file are only noise.
    sys.stdout.writelines(f"{line.rstrip()}\n" for line in captured.get().splitlines())


def _console() -> Console:
    """Return the console of standard output; lines are not folded if it is no terminal."""
    from rich.console import Console

    return Console(highlight=False) if sys.stdout.isatty() else Console(highlight=False, width=10_000)


def _bar(counts: Mapping[str, int]) -> Text:
    from rich.text import Text

    from site_templates.drawing.bars import cells

    bar = Text()
    for status, number in cells(counts, BAR_WIDTH).items():
        style, letter = STYLES[status]
        bar.append(letter * number, style=style)
    return bar


def show_explanation(explanation: Explanation) -> None:
    """Print the status of an artifact with its rule, then its inputs as a tree."""
    from rich.text import Text
    from rich.tree import Tree

    from latteboard.status.states import RULES, Status

    artifact = explanation.artifact
    console = _console()
    below = f"  (below {shown(artifact.root)})" if artifact.root is not None else ""
    console.print(Text(shown(artifact.path) + below), soft_wrap=True)
    head = Text.assemble((artifact.status, STYLES[artifact.status][0]), f": {RULES[Status[artifact.status]]}")
    if artifact.blocked_by:
        head.append(f"; missing: {artifact.blocked_by}")
    if artifact.problem:
        head.append(f"; {artifact.problem}", style="red")
    tree = Tree(head)
    _grow(tree, explanation.inputs)
    # Paths are copied from here: they are never cut or folded.
    console.print(tree, crop=False, overflow="ignore", no_wrap=True)


def _grow(tree: Tree, groups: Sequence[InputGroup]) -> None:
    from rich.text import Text

    for group in groups:
        line = Text(f"{group.kind}: {group.expected:,} expected")
        for status, number in group.status.items():
            line.append(", ").append(f"{number:,} {status}", style=STYLES[status][0])
        branch = tree.add(line)
        for path in group.missing:
            branch.add(Text(f"missing {shown(path)}"))
        _grow(branch, group.inputs)


def plain_table(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> str:
    """Return aligned columns; control characters of hostile file names are shown, not obeyed."""
    from tabulate import tabulate

    texts = [[shown(row[name]) for name in columns] for row in rows]
    return str(tabulate(texts, headers=columns, tablefmt="plain", disable_numparse=True))


def csv_table(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> str:
    """Return comma-separated values with a header."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()
