"""Measures latteboard against ``find`` on trees of its own, writes results.json and the tables in README.

Everything is measured in a process of its own, one after another and several times over; each step has a ``find`` of the
same tree just before it, so that ratios hold on a machine on which others work too. See README for what is unfair.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import reducing
from machine import machine, versions
from markers import with_marked
from process import Cost, python, say, take
from table import with_run
from tables import TABLES
from tree import CHANGING, Tree, read_stamp

HERE = Path(__file__).parent
TOP = HERE.parent.parent
PARTS = ("campaign", "tree", "half-done", "reducer")
SECOND = 10**9  # ns
CAMPAIGNS = ("plain", "conditional")
HELPS = 10  # a tenth of a second each


@dataclass(frozen=True)
class Step:
    """One index of a round: its options, and how many files change before it; None stands for all that may."""

    options: tuple[str, ...] = ()
    changes: int | None = 0


# Of a tree that is nearly complete, and of one that is half done.
STEPS = {"first": Step(), "full": Step(), "fast": Step(("--fast",))}
HALF_DONE_STEPS = {
    "first": Step(),
    "again": Step(),
    "few": Step(changes=8),
    "many": Step(changes=None),
    "fast": Step(("--fast",)),
}


def find(folder: Path) -> Cost:
    """The floor: names, sizes and times of every file, by a program that does nothing else."""
    return take("find", folder / "production", "-printf", r"%p %s %T@\n")


def tree(folder: Path, files: int, shape: str) -> Tree:
    """A tree, made if it is not there yet."""
    found = read_stamp(folder)
    if found is None:
        say(f"making {files:,} files below {folder}, once")
        python("tree.py", folder, files, shape)
        found = read_stamp(folder)
    assert found is not None
    return found


def change(folder: Path, number: int | None) -> int:
    """Give files another time, so many of those that may be changed, evenly spread; returns how many it were."""
    paths = (folder / CHANGING).read_text().splitlines()
    chosen = paths if number is None else paths[:: max(1, len(paths) // number)][:number] if number else []
    for path in chosen:
        later = Path(path).stat().st_mtime_ns + SECOND
        os.utime(path, ns=(later, later))
    return len(chosen)


def measured(folder: Path, name: str, step: Step) -> dict[str, float]:
    """One index, with a ``find`` before it: seconds, of processor time too, and bytes of the largest process."""
    if name == "first":
        (folder / "catalog.db").unlink(missing_ok=True)
    expected = change(folder, step.changes)
    floor = find(folder)
    cost = python("child.py", "--campaign", folder / "campaign.toml", "index", "--json", *step.options)
    told = json.loads(cost.printed)
    changed = json.loads(told["printed"])["changed"]
    if name != "first" and changed != expected:
        raise SystemExit(f"{folder}: {changed} files changed, expected {expected}; is somebody working in it?")
    inside, peak = told["inside"], told["peak_bytes"]
    say(
        f"  {name:5} {cost.seconds:7.2f} s, inside {inside:7.2f} s, find {floor.seconds:6.2f} s, {peak / 2**20:4.0f} MiB; "
        f"processor {cost.cpu:.2f} s, inside {told['inside_cpu']:.2f} s, find {floor.cpu:.2f} s"
    )
    times = {"find": floor.seconds, "find_cpu": floor.cpu, "whole": cost.seconds, "inside": inside, "cpu": cost.cpu}
    return {**times, "inside_cpu": told["inside_cpu"], "peak_bytes": peak}


def indexes(folder: Path, made: Tree, rounds: int, steps: Mapping[str, Step]) -> dict[str, Any]:
    """The steps of a tree in several rounds, and where they were measured."""
    say(f"warming up: find {find(folder).seconds:.2f} s")
    taken, size = [], 0
    for number in range(1, rounds + 1):
        say(f"round {number} of {rounds}")
        one = {}
        for name, step in steps.items():
            one[name] = measured(folder, name, step)
            size = size or (folder / "catalog.db").stat().st_size
        taken.append(one)
    return {
        "asked": made.asked,
        "date": datetime.now(UTC).date().isoformat(),
        "machine": machine(folder),
        "versions": versions(),
        "sizes": {"files": made.files, "expected": made.expected, "folders": made.folders, "catalog_bytes": size},
        "rounds": taken,
    }


def measure(folder: Path, files: int, rounds: int) -> dict[str, Any]:
    """One run on a tree that is nearly complete: everything that results.json keeps of it."""
    run = indexes(folder, tree(folder, files, "complete"), rounds, STEPS)
    say("questions")
    questions = json.loads(python("questions.py", folder / "campaign.toml", 2 * rounds + 1).printed)
    helps = [take(sys.executable, "-m", "latteboard", "--help").seconds for _ in range(HELPS)]
    say("pages")
    pages = json.loads(python("pages.py", folder / "pages", files, rounds).printed)
    say(f"  status {1000 * median(questions['status']['seconds']):.0f} ms, help {median(helps):.2f} s")
    return {**run, "questions": questions, "help": helps, "pages": pages}


def measure_half_done(folder: Path, files: int, rounds: int) -> dict[str, Any]:
    """One run on a tree of which four in ten files are not there."""
    say("half-done")
    run = indexes(folder, tree(folder, files, "half-done"), rounds, HALF_DONE_STEPS)
    say("settling")
    settled = json.loads(python("settling.py", folder / "campaign.toml", 2 * rounds + 1).printed)
    say(f"  {median(settled['seconds']):.2f} s of the processor")
    return {**run, "settling": settled["seconds"]}


def measure_campaign(folder: Path, rounds: int) -> dict[str, Any]:
    """Reading and expanding large campaigns, in turn."""
    say("campaigns")
    taken = []
    for _ in range(rounds):
        one = {sort: json.loads(python("expanding.py", folder / sort, sort).printed) for sort in CAMPAIGNS}
        say("  " + ", ".join(f"{sort} {one[sort]['expanded']:.2f} s of the processor" for sort in CAMPAIGNS))
        taken.append(one)
    return {
        "rounds": taken,
        "date": datetime.now(UTC).date().isoformat(),
        "machine": machine(folder),
        "versions": versions(),
    }


def options() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=100_000, help="how many, roughly (default: %(default)s)")
    parser.add_argument(
        "--only",
        choices=PARTS,
        help="large campaigns, the complete tree and pages, the half-done tree, the reducer; else all",
    )
    parser.add_argument("--rounds", type=int, default=5, help="how often all is measured (default: %(default)s)")
    parser.add_argument("--folder", type=Path, default=TOP / "build" / "bench", help="where trees are made and kept")
    parser.add_argument("--results", type=Path, default=HERE / "results.json", help="the raw timings, written anew")
    parser.add_argument("--readme", type=Path, default=TOP / "README.md", help="whose table is written anew")
    return parser.parse_args()


def main() -> None:
    """Measure, and write down."""
    asked = options()
    results = json.loads(asked.results.read_text()) if asked.results.exists() else {"runs": []}
    if asked.only in (None, "campaign"):
        results["campaign"] = measure_campaign(asked.folder / "campaigns", asked.rounds)
    if asked.only in (None, "tree"):
        new = measure(asked.folder / str(asked.files), asked.files, asked.rounds)
        results["runs"] = with_run(results["runs"], new)
    if asked.only in (None, "half-done"):
        new = measure_half_done(asked.folder / f"half-done-{asked.files}", asked.files, asked.rounds)
        results["half_done"] = with_run(results.get("half_done", []), new)
    if asked.only in (None, "reducer"):
        results["reducer"] = reducing.measure(asked.folder / "reducer", asked.rounds)
    asked.results.write_text(json.dumps(results, indent=1) + "\n")
    readme = asked.readme.read_text(encoding="utf-8")
    for name, make in TABLES.items():
        readme = with_marked(readme, name, make(results))
    asked.readme.write_text(readme, encoding="utf-8")
    print(*(make(results) for make in TABLES.values()), sep="\n\n")


if __name__ == "__main__":
    main()
