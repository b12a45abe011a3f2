"""The ground that everything stands on: texts and numbers as people read them, and the one place of the version."""

import re
import tomllib
from pathlib import Path

import pytest

import latteboard
from latteboard.text import human_bytes, shown

HOUSE = Path(__file__).parent.parent


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, ""), ("", ""), (3, "3"), ("a b", "a b"), ("ü", "ü"), ("a\nb", r"a\nb"), ("\x1b[31m", r"\x1b[31m")],
)
def test_a_value_is_shown_as_one_line_that_no_terminal_obeys(value: object, text: str) -> None:
    assert shown(value) == text
    assert shown(text) == text


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (3_623_882_000, "3.6 GB"), (2e18, "2000.0 PB")]
)
def test_bytes_have_decimal_units(number: float, text: str) -> None:
    assert human_bytes(number) == text


def test_the_version_stands_in_one_place() -> None:
    project = tomllib.loads((HOUSE / "pyproject.toml").read_text())
    assert "version" not in project["project"]
    assert project["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "latteboard.version.__version__"}
    files = [
        path for name in ("latteboard", "indexer", "reducer", "site_templates") for path in (HOUSE / name).rglob("*.py")
    ]
    stated = re.compile(r"^__version__ = ", re.MULTILINE)
    assert [path.name for path in files if stated.search(path.read_text())] == ["version.py"]
    assert re.fullmatch(r"[0-9]+\.[0-9]+\.[0-9]+", latteboard.__version__)
