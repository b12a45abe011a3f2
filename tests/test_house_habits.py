"""What stands in several files of the project agrees: versions, packages, the checks before a commit."""

import re
import tomllib
from pathlib import Path

from latteboard import __version__

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PACKAGES = {name.partition(".")[0] for name in PROJECT["tool"]["setuptools"]["packages"]}


def canonical(name: str) -> str:
    """The name of a package as indexes compare it: python_discovery and Python-Discovery are one."""
    return re.sub(r"[-_.]+", "-", name).lower()


def test_a_commit_is_checked_as_make_lint_checks() -> None:
    hooks = re.findall(r"^ +entry: \.venv/bin/(.*)$", (ROOT / ".pre-commit-config.yaml").read_text(), re.MULTILINE)
    recipe = re.search(r"^lint:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert recipe
    checks = re.findall(r"\$\(BIN\)/(.*)", recipe.group(1))
    # Before a commit the layout is mended, and the commit stops if that changed anything.
    assert hooks == [check.removesuffix(" --check") for check in checks]


def test_every_package_tells_type_checkers_that_it_is_annotated() -> None:
    data = PROJECT["tool"]["setuptools"]["package-data"]
    assert [name for name in sorted(PACKAGES) if not (ROOT / name / "py.typed").exists()] == []
    assert [name for name in sorted(PACKAGES) if "py.typed" not in data.get(name, [])] == []


def test_every_version_that_an_installation_takes_is_pinned() -> None:
    extras = PROJECT["project"]["optional-dependencies"].values()
    wanted = {*PROJECT["project"]["dependencies"], *(name for names in extras for name in names)}
    pinned = re.findall(r"^([^#=\s]+)==", (ROOT / "constraints.txt").read_text(), re.MULTILINE)
    assert {canonical(name) for name in wanted} <= {canonical(name) for name in pinned}


def test_all_files_state_the_same_version() -> None:
    cited = re.search(r"^version: (.*)$", (ROOT / "CITATION.cff").read_text(), re.MULTILINE)
    assert cited
    assert cited.group(1) == __version__
    assert re.search(rf"^## {re.escape(__version__)} ", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)


def test_files_that_run_first_are_there() -> None:
    conftest = (ROOT / "tests" / "conftest.py").read_text()
    names = re.findall(r'"(test_\w+\.py)"', conftest)
    assert names
    assert [name for name in names if not (ROOT / "tests" / name).exists()] == []


def test_every_extra_is_installed_by_some_target_of_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text()
    extras = re.search(r"^EXTRAS +:= (.*)$", makefile, re.MULTILINE)
    assert extras
    named = {*extras.group(1).split(","), *re.findall(r"\$\(EXTRAS\),(\w+)\]", makefile)}
    assert named == PROJECT["project"]["optional-dependencies"].keys()
