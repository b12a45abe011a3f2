"""Measures latteboard against ``find`` on a tree of its own, writes results.json and the table in README.

Everything is measured in a process of its own, one after another and several times over; each step has a ``find`` of the
same tree just before it, so that ratios hold on a machine on which others work too. See README for what is unfair.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from machine import machine, versions
from table import table, with_run, with_table
from tree import Tree, read_stamp

HERE = Path(__file__).parent
TOP = HERE.parent.parent
STEPS = {"first": (), "full": (), "fast": ("--fast",)}
HELPS = 10  # a tenth of a second each


def say(text: str) -> None:
    """Tell whoever waits."""
    print(text, file=sys.stderr, flush=True)


def python(script: str, *arguments: object) -> Any:
    """Run a script of this folder in a new process; returns the JSON that it prints."""
    done = subprocess.run([sys.executable, HERE / script, *map(str, arguments)], stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout) if done.stdout else None


def take(command: Sequence[str | Path]) -> float:
    """Seconds that a whole process takes; what it prints is thrown away."""
    began = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


def find(folder: Path) -> float:
    """The floor: names, sizes and times of every file, by a program that does nothing else."""
    return take(["find", folder / "production", "-printf", "%p %s %T@\\n"])


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
    """One index, with a ``find`` before it."""
    catalog = folder / "catalog.db"
    if name == "first":
        catalog.unlink(missing_ok=True)
    floor = find(folder)
    began = time.perf_counter()
    told = python("child.py", "--campaign", folder / "campaign.toml", "index", "--json", *STEPS[name])
    whole = time.perf_counter() - began
    changed = json.loads(told["printed"])["changed"]
    if name != "first" and changed:
        raise SystemExit(f"{folder}: {changed} files changed while nothing should; is somebody working in it?")
    say(f"  {name:5} {whole:7.2f} s, {told['inside']:7.2f} s inside, find {floor:6.2f} s, {told['peak_bytes'] / 2**20:4.0f} MiB")
    return {"find": floor, "whole": whole, "inside": told["inside"], "peak_bytes": told["peak_bytes"]}


def measure(folder: Path, files: int, rounds: int) -> dict[str, Any]:
    """One run: everything that results.json keeps of it."""
    made = tree(folder, files)
    say(f"warming up: find {find(folder):.2f} s")
    steps, size = [], 0
    for number in range(1, rounds + 1):
        say(f"round {number} of {rounds}")
        one = {"first": step(folder, "first")}
        size = (folder / "catalog.db").stat().st_size
        steps.append(one | {name: step(folder, name) for name in ("full", "fast")})
    say("questions")
    questions = python("questions.py", folder / "campaign.toml", 2 * rounds + 1)
    helps = [take([sys.executable, "-m", "latteboard", "--help"]) for _ in range(HELPS)]
    say(f"  status {1000 * median(questions['status']):.0f} ms, help {median(helps):.2f} s")
    return {
        "asked": files,
        "date": datetime.now(UTC).date().isoformat(),
        "machine": machine(folder),
        "versions": versions(),
        "sizes": {"files": made.files, "expected": made.expected, "folders": made.folders, "catalog_bytes": size},
        "rounds": steps,
        "questions": questions,
        "help": helps,
    }


def options() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=100_000, help="how many, roughly (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=5, help="how often all is measured (default: %(default)s)")
    parser.add_argument("--folder", type=Path, default=TOP / "build" / "bench", help="where trees are made and kept")
    parser.add_argument("--results", type=Path, default=HERE / "results.json", help="the raw timings, written anew")
    parser.add_argument("--readme", type=Path, default=TOP / "README.md", help="whose table is written anew")
    return parser.parse_args()


def main() -> None:
    """Measure, and write down."""
    asked = options()
    earlier = json.loads(asked.results.read_text())["runs"] if asked.results.exists() else []
    runs = with_run(earlier, measure(asked.folder / str(asked.files), asked.files, asked.rounds))
    asked.results.write_text(json.dumps({"runs": runs}, indent=1) + "\n")
    asked.readme.write_text(with_table(asked.readme.read_text(encoding="utf-8"), runs), encoding="utf-8")
    print(table(runs))


if __name__ == "__main__":
    main()
