"""What people see in a terminal: bars in colour, tables, progress on long work; plain lines where nobody watches."""

from __future__ import annotations

import csv
import io
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import groupby
from typing import TYPE_CHECKING, Any

from latteboard.text import human_bytes, shown

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text
    from rich.tree import Tree

    from latteboard.catalog.questions.explain import Explanation, InputGroup

BAR_WIDTH = 24
LINE_EVERY_SECONDS = 10.0
SHOWN_FAILURES = 20
SHOWN_ALIKE = 3  # failures for one reason that are shown

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


def shares(counts: Mapping[str, int], width: int) -> dict[str, int]:
    """Cells of a bar for each status: in proportion, at least one for whatever there is, ``width`` in all."""
    total = sum(counts.values())
    if not total:
        return {}
    exact = {status: counts[status] * width / total for status in STYLES if counts.get(status)}
    cells = {status: max(1, int(share)) for status, share in exact.items()}
    while sum(cells.values()) > width:
        largest = max(cells, key=lambda status: cells[status])
        cells[largest] -= 1
    for status in sorted(exact, key=lambda status: cells[status] - exact[status])[: width - sum(cells.values())]:
        cells[status] += 1
    return cells


def show_status(rows: Sequence[Mapping[str, Any]], by: Sequence[str], indexed: str) -> None:
    """Print the rows of ``status`` under a heading for each group: in a terminal a bar for each row in colour."""
    from rich.table import Table
    from rich.text import Text

    console = _console()
    *outer, inner = by
    for heading, group in groupby(rows, key=lambda row: _heading(row, outer)):
        table = Table(box=None, pad_edge=False, show_header=False)
        table.add_column(no_wrap=True)
        for _ in range(3 + console.is_terminal):
            table.add_column(justify="right", no_wrap=True)
        table.add_column()
        for row in group:
            counts = row["status"]
            bar = [_bar(counts)] if console.is_terminal else []
            numbers = [f"{counts.get('done', 0):,}", f"of {row['expected']:,}", human_bytes(row["bytes"])]
            rest = [Text(f"{n:,} {status}", STYLES[status][0]) for status, n in counts.items() if status != "done"]
            table.add_row(Text(_label(row, inner)), *bar, *numbers, Text(", ").join(rest))
        if outer:
            console.print(Text(heading, "bold"))
        _print_table(console, table)
    console.print(f"as of {indexed}")


def _heading(row: Mapping[str, Any], names: Sequence[str]) -> str:
    return " ".join(_label(row, name) for name in names)


def _label(row: Mapping[str, Any], name: str) -> str:
    """The value that a row is of; files that do not name the coordinate are of all its values."""
    return f"(all {name}s)" if row[name] is None else str(row[name])


def _print_table(console: Console, table: Table) -> None:
    if console.is_terminal:
        console.print(table)
        return
    with console.capture() as captured:
        console.print(table)
    # Columns are padded to their width; at the end of a line in a file that is only noise.
    sys.stdout.writelines(f"{line.rstrip()}\n" for line in captured.get().splitlines())


def _console() -> Console:
    """Standard output; where it is no terminal, lines are as long as they are."""
    from rich.console import Console

    return Console(highlight=False) if sys.stdout.isatty() else Console(highlight=False, width=10_000)


def _bar(counts: Mapping[str, int]) -> Text:
    from rich.text import Text

    bar = Text()
    for status, cells in shares(counts, BAR_WIDTH).items():
        style, letter = STYLES[status]
        bar.append(letter * cells, style=style)
    return bar


def show_explanation(explanation: Explanation, statuses: Mapping[str, str]) -> None:
    """Print why an artifact is what it is: its status and what that means, then its inputs as a tree."""
    from rich.text import Text
    from rich.tree import Tree

    artifact = explanation.artifact
    console = _console()
    console.print(Text(shown(artifact.path)), soft_wrap=True)
    head = Text.assemble((artifact.status, STYLES[artifact.status][0]), f": {statuses[artifact.status]}")
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
    """Aligned columns; control characters of hostile file names are shown, not obeyed."""
    from tabulate import tabulate

    cells = [[shown(row[name]) for name in columns] for row in rows]
    return str(tabulate(cells, headers=columns, tablefmt="plain", disable_numparse=True))


def csv_table(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> str:
    """Comma-separated values with a header."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


@contextmanager
def progress(what: str) -> Iterator[Callable[[int], None]]:
    """Tell on standard error how much of something has been done: a line that moves, or now and then a plain line."""
    if not sys.stderr.isatty():
        yield _plain_progress(what)
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.completed:,.0f} {task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done: bar.update(task, completed=done)


def _plain_progress(what: str) -> Callable[[int], None]:
    last = time.monotonic()

    def tell(done: int) -> None:
        nonlocal last
        if time.monotonic() - last >= LINE_EVERY_SECONDS:
            last = time.monotonic()
            sys.stderr.write(f"{done:,} {what}\n")

    return tell


class Making:
    """Tells on standard error how far a number of outputs have come, and which of them failed."""

    def __init__(self, say: Callable[[str], None], move: Callable[[int, int, str], None]) -> None:
        """``say`` prints a line; ``move`` is given how many outputs are done, of how many, and the rate in words."""
        self._say, self._move = say, move
        self._began = time.monotonic()
        self._shown = 0
        self._alike: Counter[str] = Counter()
        self._kept_back: Counter[str] = Counter()

    def progress(self, done: int, total: int, bytes_read: int) -> None:
        """So many outputs are done, of so many, with so many bytes read."""
        self._move(done, total, f"{human_bytes(bytes_read / max(1e-3, time.monotonic() - self._began))}/s")

    def failed(self, path: str, reason: str) -> None:
        """One output failed: a line, unless there were many, or some for the very same reason."""
        self._alike[reason] += 1
        if self._shown < SHOWN_FAILURES and self._alike[reason] <= SHOWN_ALIKE:
            self._shown += 1
            self._say(f"{shown(path)}: {shown(reason)}")
        else:
            self._kept_back[reason] += 1

    def close(self) -> None:
        """Say how many failures had no line of their own."""
        often = [(reason, number) for reason, number in self._kept_back.most_common(SHOWN_ALIKE) if number > 1]
        for reason, number in often:
            self._say(f"{number:,} more: {shown(reason)}")
        rest = self._kept_back.total() - sum(number for _, number in often)
        if rest:
            self._say(f"{rest:,} more failed")


def show_failures(failed: Iterable[tuple[str, str]]) -> None:
    """Say on standard error what failed and why."""
    told = Making(_say, lambda *_: None)
    for path, reason in failed:
        told.failed(path, reason)
    told.close()


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


@contextmanager
def making() -> Iterator[Making]:
    """A bar with rate and remaining time where standard error is a terminal, else a plain line now and then."""
    if not sys.stderr.isatty():
        told = Making(_say, _plain_making())
        yield told
        told.close()
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True, highlight=False)
    counted = TextColumn("{task.completed:,.0f} of {task.total:,.0f} outputs")
    with Progress(
        counted, BarColumn(), TextColumn("{task.fields[rate]}"), TimeRemainingColumn(), console=console, transient=True
    ) as bar:
        task = bar.add_task("", total=0, rate="")
        told = Making(
            lambda line: console.print(line, markup=False, soft_wrap=True),
            lambda done, total, rate: bar.update(task, completed=done, total=total, rate=rate),
        )
        yield told
        told.close()


def _plain_making() -> Callable[[int, int, str], None]:
    began = last = time.monotonic()

    def move(done: int, total: int, rate: str) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= LINE_EVERY_SECONDS:
            last = now
            left = (now - began) / max(1, done) * (total - done)
            sys.stderr.write(f"{done:,} of {total:,} outputs, {rate}, about {left:.0f} s left\n")

    return move
