"""The rules of the house, asked of the house: who may import whom, what code may hold, what lives where.

Each rule is a function from text or a folder to the list of its breaches. Those of imports and contents are tried on small bad
examples in test_house_imports and test_house_contents, those of files and folders here.
"""

import re
import tomllib
from pathlib import Path

import pathspec
from content_rules import HTML, SQL, long_functions, strings, swallowed_errors
from import_rules import PACKAGES, circles, place, wrong_floor_imports, wrong_imports
from syntax import module_of

ROOT = Path(__file__).parent.parent

TOP_LEVEL = {
    *("latteboard", "indexer", "reducer", "site_templates", "site", "tests", "campaigns", "examples"),
    *("Makefile", "pyproject.toml", "constraints.txt", "README.md", "CHANGELOG.md", "LICENSE", ".ci", ".gitignore"),
    *("docs", "CONTRIBUTING.md", "CITATION.cff", ".editorconfig", ".pre-commit-config.yaml"),
}


# Files and folders


def python_in(folder: Path) -> list[Path]:
    """Every Python file below a folder, in order."""
    return sorted(folder.rglob("*.py"))


def strangers(root: Path) -> list[str]:
    """What lies at the top, is not ignored by git and has no place in the design."""
    ignored = pathspec.GitIgnoreSpec.from_lines((root / ".gitignore").read_text().splitlines())
    names = {entry.name: entry.name + "/" * entry.is_dir() for entry in root.iterdir() if entry.name != ".git"}
    return sorted(name for name, path in names.items() if name not in TOP_LEVEL and not ignored.match_file(path))


def folders_of_code(root: Path) -> set[str]:
    """The packages that an installation needs: every folder that holds a module, by its dotted name."""
    files = [path for package in PACKAGES for path in python_in(root / package)]
    return {".".join(path.parent.relative_to(root).parts) for path in files}


def untold_targets(makefile: str) -> list[str]:
    """Targets of a Makefile that have no `##` help or are not declared phony, with what they lack."""
    phony = set(" ".join(re.findall(r"^\.PHONY:(.*)$", makefile, re.MULTILINE)).split())
    targets = re.findall(r"^(\w[\w -]*):(?!=)(.*)$", makefile, re.MULTILINE)
    mute = [f"{name}: no ## help" for name, rest in targets if not re.search(r"## \S", rest)]
    return mute + [f"{name}: not in .PHONY" for names, _ in targets for name in names.split() if name not in phony]


def test_a_module_that_would_shadow_the_standard_library_is_found(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "page.py").touch()
    assert python_in(tmp_path) == [tmp_path / "deep" / "page.py"]


def test_a_stranger_at_the_top_is_found_and_what_git_ignores_is_not(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("/build/\n/catalog.db*\n")
    for folder in ("build", "latteboard", "misc", ".git"):
        (tmp_path / folder).mkdir()
    for file in ("catalog.db-journal", "README.md", "notes.txt"):
        (tmp_path / file).touch()
    assert strangers(tmp_path) == ["misc", "notes.txt"]


def test_a_folder_of_code_is_found_even_without_its_init(tmp_path: Path) -> None:
    (tmp_path / "indexer" / "work").mkdir(parents=True)
    (tmp_path / "indexer" / "work" / "tasks.py").touch()
    assert folders_of_code(tmp_path) == {"indexer.work"}


def test_a_target_without_help_or_declaration_is_found() -> None:
    makefile = ".PHONY: a b\na: x ## Do a\nb: x\nc: ## Do c\nX := 1\n$(ENV): y\n\ttouch z: ## no\n"
    assert untold_targets(makefile) == ["b: no ## help", "c: not in .PHONY"]


# The house itself

SOURCES = {path.relative_to(ROOT).as_posix(): path for name in sorted(PACKAGES) for path in python_in(ROOT / name)}
TESTS = {path.relative_to(ROOT).as_posix(): path for path in python_in(ROOT / "tests")}


def test_imports_run_from_the_front_door_through_the_rooms_to_the_floor() -> None:
    assert [line for path, file in SOURCES.items() for line in wrong_imports(path, file.read_text())] == []


def test_the_parts_of_the_floor_know_only_those_below_them() -> None:
    floor = {path: file for path, file in SOURCES.items() if place(module_of(path)) == "floor"}
    assert [line for path, file in floor.items() for line in wrong_floor_imports(path, file.read_text())] == []


def test_no_two_files_import_each_other_in_a_circle() -> None:
    assert circles({path: file.read_text() for path, file in SOURCES.items()}) == []


def test_no_function_is_long() -> None:
    assert [line for path, file in SOURCES.items() for line in long_functions(path, file.read_text())] == []


def test_no_error_is_swallowed() -> None:
    every = SOURCES | TESTS
    assert [line for path, file in every.items() for line in swallowed_errors(path, file.read_text())] == []


def test_sql_lives_in_the_catalog() -> None:
    others = {path: file for path, file in SOURCES.items() if not path.startswith("latteboard/catalog/")}
    assert [line for path, file in others.items() for line in strings(path, file.read_text(), SQL, "SQL")] == []


def test_html_lives_in_templates() -> None:
    assert [line for path, file in SOURCES.items() for line in strings(path, file.read_text(), HTML, "HTML")] == []


def test_the_site_holds_no_python() -> None:
    assert python_in(ROOT / "site") == []


def test_the_top_level_is_what_the_design_lists() -> None:
    assert strangers(ROOT) == []


def test_every_folder_of_code_is_packaged() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    folders = folders_of_code(ROOT)
    assert set(project["tool"]["setuptools"]["packages"]) == folders
    assert [name for name in folders if not (ROOT / name.replace(".", "/") / "__init__.py").exists()] == []


def test_every_target_of_the_makefile_says_what_it_does() -> None:
    assert untold_targets((ROOT / "Makefile").read_text()) == []
