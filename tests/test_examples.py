"""The examples of campaigns/examples run on the demo and say what is true of it."""

import contextlib
import io
import json
import os
import runpy
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from indexer.index import index_campaign
from latteboard.campaign import Campaign
from latteboard.demo import DemoReport, write_demo

TOP = Path(__file__).parent.parent
EXAMPLES = TOP / "campaigns" / "examples"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> DemoReport:
    report = write_demo(tmp_path_factory.mktemp("examples") / "demo")
    index_campaign(Campaign.read(report.campaign))
    return report


def printed_by(script: str, *arguments: str | Path) -> str:
    """What a script in Python prints."""
    printed = io.StringIO()
    with patch.object(sys, "argv", [script, *map(str, arguments)]), contextlib.redirect_stdout(printed):
        runpy.run_path(str(EXAMPLES / script), run_name="__main__")
    return printed.getvalue()


def run(*command: str | Path, programs: Path) -> str:
    """What a program prints that finds others in the folder ``programs``, and latteboard here, installed or not."""
    surroundings = os.environ | {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(TOP)}
    return subprocess.run(command, env=surroundings, capture_output=True, text=True, check=True).stdout


def numbers(report: DemoReport, status: str) -> dict[str, int]:
    """How many artifacts of each kind have a status."""
    return {kind: number for (kind, has), number in report.statuses.items() if has == status}


def test_what_is_missing_counts_what_the_demo_left_out(report: DemoReport) -> None:
    printed = printed_by("what_is_missing.py", report.campaign.parent / "catalog.db")
    rows = [line.split() for line in printed.splitlines()[1:]]
    assert {row[0]: int(row[2]) for row in rows if row[1] == "ready"} == numbers(report, "ready")
    blocked: dict[str, int] = {}
    for kind, status, *rest in rows:
        if status == "blocked":
            blocked[kind] = blocked.get(kind, 0) + int(rest[-2])
    assert blocked == numbers(report, "blocked")
    assert "seqprop blocked                    seqsrc" in printed


def test_ready_paths_reach_a_program_whole_and_only_those_that_are_ready(report: DemoReport, tmp_path: Path) -> None:
    latteboard = tmp_path / "latteboard"
    latteboard.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m latteboard "$@"\n')
    latteboard.chmod(0o755)
    script = EXAMPLES / "ready_paths.sh"
    printed = run(script, report.campaign, "formfac_4D_tslice", "printf", "[%s]\\n", programs=tmp_path)
    paths = printed.splitlines()
    assert len(paths) == numbers(report, "ready")["formfac_4D_tslice"] > 8
    assert all(path.startswith("[d1") and path.endswith("_SS.h5]") for path in paths)
    assert run(script, report.campaign, "formfac_cat", "echo", "never", programs=tmp_path) == ""


def test_history_tells_what_was_done_after_each_index(report: DemoReport, tmp_path: Path) -> None:
    shutil.copytree(report.campaign.parent, tmp_path / "demo")
    campaign = Campaign.read(tmp_path / "demo" / "campaign.toml")
    lost = next((campaign.root / "d15m400_a" / "spec").rglob("*.h5"))
    lost.unlink()
    index_campaign(campaign)
    printed = printed_by("history.py", tmp_path / "demo" / "catalog.db", "prop", "spec")
    head, *rows = [line.split() for line in printed.splitlines()]
    done = numbers(report, "done")
    assert head == ["prop", "spec"]
    assert [row[-2:] for row in rows if len(row) > 1] == [
        [str(done["prop"]), str(done["spec"])],
        [str(done["prop"]), str(done["spec"] - 1)],
    ]


def cells(notebook: Path) -> list[str]:
    """The code of a notebook, a text for each cell."""
    content: dict[str, Any] = json.loads(notebook.read_text(encoding="utf-8"))
    assert content["nbformat"] == 4
    assert len({cell["id"] for cell in content["cells"]}) == len(content["cells"])
    assert all(cell["outputs"] == [] for cell in content["cells"] if cell["cell_type"] == "code")
    return ["".join(cell["source"]) for cell in content["cells"] if cell["cell_type"] == "code"]


def test_the_notebook_runs_from_top_to_bottom(report: DemoReport) -> None:
    names: dict[str, Any] = {}
    with contextlib.chdir(report.campaign.parent):
        for number, cell in enumerate(cells(EXAMPLES / "production.ipynb")):
            exec(compile(cell, f"production.ipynb, cell {number}", "exec"), names)  # noqa: S102 our own notebook
    done = {kind: int(number) for kind, number in names["far"]["done"].items() if number}
    assert done == numbers(report, "done")
    assert names["share"].loc[110, "0-1"] == 1
    assert names["first"].status == "blocked"


def test_every_example_is_tried_here() -> None:
    tried = Path(__file__).read_text(encoding="utf-8")
    assert [path.name for path in EXAMPLES.iterdir() if path.is_file() and path.name not in tried] == []
