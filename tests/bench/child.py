"""Runs one command of latteboard in a process of its own and says what it cost, start-up of Python apart.

Run as ``python child.py ARGUMENTS OF LATTEBOARD``; prints one JSON document.
"""

from __future__ import annotations

import contextlib
import io
import json
import resource
import sys
import time
from importlib import import_module

# What the commands import when they are called.
MODULES = ("rich.console", "rich.table", "tabulate", "indexer.index", "latteboard.cli", "latteboard.flows")
MODULES += ("latteboard.cli.terminal", "latteboard.catalog.questions.conditions", "latteboard.catalog.questions.counts")


def preload() -> None:
    """Import what the commands would, so that it counts as start-up."""
    for name in MODULES:
        import_module(name)


def run(arguments: list[str]) -> str:
    """Run a command as the command line does; returns what it prints."""
    from latteboard.cli import cli

    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        cli(arguments, standalone_mode=False)
    return printed.getvalue()


def timed(arguments: list[str]) -> tuple[float, str]:
    """Seconds that a command takes, and what it prints."""
    began = time.perf_counter()
    printed = run(arguments)
    return time.perf_counter() - began, printed


def processor_time() -> float:
    """Seconds of this process and of all that it began and waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def peak_bytes() -> int:
    """The most memory that this process, or any one that it began, has held at a time."""
    largest = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return largest * (1 if sys.platform == "darwin" else 1024)


def main(arguments: list[str]) -> None:
    """Measure one command."""
    preload()
    before = processor_time()
    seconds, printed = timed(arguments)
    cost = {"inside": seconds, "inside_cpu": processor_time() - before, "peak_bytes": peak_bytes()}
    print(json.dumps({**cost, "printed": printed}))


if __name__ == "__main__":
    main(sys.argv[1:])
