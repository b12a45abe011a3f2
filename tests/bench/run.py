"""Measures latteboard against ``find`` on a tree of its own, writes results.json and the table in README.

Everything is measured in a process of its own, one after another and several times over; each step has a ``find`` of the
same tree just before it, so that ratios hold on a machine on which others work too. See README for what is unfair.
"""

from __future__ import annotations

import argparse
import json
import sys
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
from tree import Tree, read_stamp

HERE = Path(__file__).parent
TOP = HERE.parent.parent
STEPS = {"first": (), "full": (), "fast": ("--fast",)}
HELPS = 10  # a tenth of a second each


def find(folder: Path) -> Cost:
    """The floor: names, sizes and times of every file, by a program that does nothing else."""
    return take("find", folder / "production", "-printf", r"%p %s %T@\n")


def tree(folder: Path, files: int) -> Tree:
    """The tree, made if it is not there yet."""
    found = read_stamp(folder)
    if found is None:
        say(f"making {files:,} files below {folder}, once")
        python("tree.py", folder, files)
        found = read_stamp(folder)
    assert found is not None
    return found


def step(folder: Path, name: str) -> dict[str, float]:
    """One index, with a ``find`` before it: seconds, and bytes of the largest process."""
    if name == "first":
        (folder / "catalog.db").unlink(missing_ok=True)
    floor = find(folder)
    cost = python("child.py", "--campaign", folder / "campaign.toml", "index", "--json", *STEPS[name])
    told = json.loads(cost.printed)
    changed = json.loads(told["printed"])["changed"]
    if name != "first" and changed:
        raise SystemExit(f"{folder}: {changed} files changed while nothing should; is somebody working in it?")
    inside, peak = told["inside"], told["peak_bytes"]
    say(
        f"  {name:5} {cost.seconds:7.2f} s, inside {inside:7.2f} s, find {floor.seconds:6.2f} s, {peak / 2**20:4.0f} MiB"
    )
    times = {"find": floor.seconds, "find_cpu": floor.cpu, "whole": cost.seconds, "inside": inside, "cpu": cost.cpu}
    return {**times, "peak_bytes": peak}


def measure(folder: Path, files: int, rounds: int) -> dict[str, Any]:
    """One run: everything that results.json keeps of it."""
    made = tree(folder, files)
    say(f"warming up: find {find(folder).seconds:.2f} s")
    steps, size = [], 0
    for number in range(1, rounds + 1):
        say(f"round {number} of {rounds}")
        one = {"first": step(folder, "first")}
        size = (folder / "catalog.db").stat().st_size
        steps.append(one | {name: step(folder, name) for name in ("full", "fast")})
    say("questions")
    questions = json.loads(python("questions.py", folder / "campaign.toml", 2 * rounds + 1).printed)
    helps = [take(sys.executable, "-m", "latteboard", "--help").seconds for _ in range(HELPS)]
    say("pages")
    pages = json.loads(python("pages.py", folder / "pages", files, rounds).printed)
    say(f"  status {1000 * median(questions['status']['seconds']):.0f} ms, help {median(helps):.2f} s")
    return {
        "asked": files,
        "date": datetime.now(UTC).date().isoformat(),
        "machine": machine(folder),
        "versions": versions(),
        "sizes": {"files": made.files, "expected": made.expected, "folders": made.folders, "catalog_bytes": size},
        "rounds": steps,
        "questions": questions,
        "help": helps,
        "pages": pages,
    }


def options() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=100_000, help="how many, roughly (default: %(default)s)")
    parser.add_argument("--only", choices=["tree", "reducer"], help="index and pages, or the reducer; else both")
    parser.add_argument("--rounds", type=int, default=5, help="how often all is measured (default: %(default)s)")
    parser.add_argument("--folder", type=Path, default=TOP / "build" / "bench", help="where trees are made and kept")
    parser.add_argument("--results", type=Path, default=HERE / "results.json", help="the raw timings, written anew")
    parser.add_argument("--readme", type=Path, default=TOP / "README.md", help="whose table is written anew")
    return parser.parse_args()


def main() -> None:
    """Measure, and write down."""
    asked = options()
    results = json.loads(asked.results.read_text()) if asked.results.exists() else {"runs": []}
    if asked.only != "reducer":
        new = measure(asked.folder / str(asked.files), asked.files, asked.rounds)
        results["runs"] = with_run(results["runs"], new)
    if asked.only != "tree":
        results["reducer"] = reducing.measure(asked.folder / "reducer", asked.rounds)
    asked.results.write_text(json.dumps(results, indent=1) + "\n")
    readme = asked.readme.read_text(encoding="utf-8")
    for name, make in TABLES.items():
        readme = with_marked(readme, name, make(results))
    asked.readme.write_text(readme, encoding="utf-8")
    print(*(make(results) for make in TABLES.values()), sep="\n\n")


if __name__ == "__main__":
    main()
