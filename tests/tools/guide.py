"""Follows docs/first-campaign.md as a newcomer does: runs its lines, writes its files, shows what its commands print.

``make readme`` runs this as a script and writes what they print anew; a test asks whether it is up to date.
"""

from __future__ import annotations

import contextlib
import re
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from readme import TOP, renewed_block

GUIDE = TOP / "docs" / "first-campaign.md"
STEP = re.compile(r"(?:^<!-- file (?P<file>.*?) -->\n)?^```(?P<sort>sh|toml|console)\n(?P<text>.*?)^```$", re.M | re.S)


def followed(text: str, folder: Path) -> str:
    """The guide with the output of its commands made anew, after all its steps were taken in an empty folder."""
    with contextlib.chdir(folder):
        return STEP.sub(lambda step: ACTIONS[step["sort"]](step), text)


def run_lines(step: re.Match[str]) -> str:
    """Run lines of the shell."""
    subprocess.run(["bash", "-ec", step["text"]], check=True)
    return step.group()


def write_file(step: re.Match[str]) -> str:
    """Write a file, or replace its last kind."""
    name, _, part = step["file"].partition(", ")
    file = Path(name)
    before = file.read_text(encoding="utf-8") if part else ""
    file.write_text(before[: before.rfind("[kinds.")] + step["text"] if part else step["text"], encoding="utf-8")
    return step.group()


def show(step: re.Match[str]) -> str:
    """Run commands, and show what they print."""
    return renewed_block(step.group())


# Each sort of block, and what a newcomer does with it.
ACTIONS: dict[str, Callable[[re.Match[str]], str]] = {"sh": run_lines, "toml": write_file, "console": show}


def main() -> None:
    """Write the guide anew."""
    with tempfile.TemporaryDirectory() as folder:
        text = followed(GUIDE.read_text(encoding="utf-8"), Path(folder))
    GUIDE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
