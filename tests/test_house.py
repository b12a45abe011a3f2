"""The rules of the house, read from syntax trees and files: who may import whom, and what lives where.

Each rule is a function from text or a folder to the list of its breaches, so that it is tried on small bad examples
before it is asked about the house itself.
"""

import ast
import re
import tomllib
from collections.abc import Mapping, Set
from pathlib import Path

import pathspec
import pytest
from syntax import called, docstrings, imports, module_of, package_of

ROOT = Path(__file__).parent.parent
ROOMS = {"indexer", "reducer", "site_templates"}
PACKAGES = ROOMS | {"latteboard"}
FRONT_DOOR = {"latteboard.__main__", "latteboard.cli", "latteboard.flows"}

# Who may import whom: the front door asks the rooms, and flows where two rooms have to be joined.
MAY_IMPORT = {
    "floor": {"floor"},
    **{room: {"floor", room} for room in ROOMS},
    "latteboard.flows": {"floor", "latteboard.flows"} | ROOMS,
    "latteboard.cli": {"floor", "latteboard.cli", "latteboard.flows"} | ROOMS,
    "latteboard.__main__": {"floor", "latteboard.__main__", "latteboard.cli"},
}

TOP_LEVEL = {
    *("latteboard", "indexer", "reducer", "site_templates", "site", "tests", "campaigns", "examples"),
    *("Makefile", "pyproject.toml", "constraints.txt", "README.md", "CHANGELOG.md", "LICENSE", ".ci", ".gitignore"),
    *("docs", "CONTRIBUTING.md", "CITATION.cff", ".editorconfig", ".pre-commit-config.yaml"),
}


# Imports


def place(module: str) -> str | None:
    """Where a module lives: a room, a part of the front door, the floor; None for other people's packages."""
    top = module.partition(".")[0]
    door = ".".join(module.split(".")[:2])
    if top != "latteboard":
        return top if top in ROOMS else None
    return door if door in FRONT_DOOR else "floor"


def wrong_imports(path: str, source: str) -> list[str]:
    """Imports that do not run front door -> rooms -> floor; `path` is relative to the top, as in indexer/walk.py."""
    home = place(module_of(path))
    assert home, f"{path} is in no room"
    return [
        f"{path}:{line} ({home}) imports {name}"
        for line, name in imports(ast.parse(source), package_of(path))
        if name == "?" or place(name) not in MAY_IMPORT[home] | {None}
    ]


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("latteboard/names.py", "import indexer"),
        ("latteboard/names.py", "import json, reducer.planning.plan as plan"),
        ("latteboard/names.py", "from latteboard import cli"),
        ("latteboard/names.py", "from . import flows"),
        ("latteboard/names.py", "from .cli import main"),
        ("latteboard/__init__.py", "from .cli import main"),
        ("latteboard/catalog/rows.py", "from .. import flows"),
        ("latteboard/catalog/rows.py", "from ..cli import main"),
        ("indexer/walk.py", "def f():\n    from reducer import plan"),
        ("indexer/work/tasks.py", "from site_templates.pages.overview import page"),
        ("reducer/run.py", "if TYPE_CHECKING:\n    import indexer.walk"),
        ("reducer/run.py", "import latteboard.flows"),
        ("site_templates/build.py", "importlib.import_module('indexer')"),
        ("site_templates/build.py", "from importlib import import_module as load\nload('indexer.walk')"),
        ("site_templates/build.py", "importlib.import_module(name='.flows', package='latteboard')"),
        ("site_templates/build.py", "__import__('latteboard.cli')"),
        ("site_templates/build.py", "importlib.import_module(f'index{er}')"),
        ("latteboard/names.py", "PackageLoader('site_templates')"),
        ("latteboard/names.py", "importlib.resources.files('site_templates')"),
        ("latteboard/cli/main.py", "from latteboard import __main__"),
        ("latteboard/flows.py", "from latteboard import cli"),
        ("latteboard/__main__.py", "from latteboard.flows import index"),
    ],
)
def test_an_import_against_the_rule_is_found(path: str, source: str) -> None:
    assert len(wrong_imports(path, source)) == 1


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("latteboard/names.py", "import json, numpy\nfrom latteboard.errors import Error\nfrom . import errors"),
        ("latteboard/catalog/rows.py", "from ..names import Source\nfrom .schema import TABLES\nfrom . import schema"),
        ("latteboard/catalog/cli.py", "from latteboard.catalog import flows"),
        ("indexer/walk.py", "import indexer.check\nfrom latteboard import Catalog\nfrom . import check"),
        ("indexer/work/tasks.py", "from ..walk import walk\nfrom indexer import check"),
        ("site_templates/build.py", "PackageLoader('site_templates')\nPackageLoader(__name__)"),
        ("latteboard/flows.py", "import indexer, reducer, site_templates\nfrom latteboard import names"),
        ("latteboard/cli/main.py", "def index():\n    import indexer\n    from latteboard import flows, names"),
        ("latteboard/__main__.py", "from latteboard.cli import main"),
    ],
)
def test_an_import_along_the_rule_is_let_through(path: str, source: str) -> None:
    assert wrong_imports(path, source) == []


# Inside the floor

GROUND = {"errors", "recipe", "text", "times", "version"}
# Each part of the floor imports only parts that stand above it in this table.
FLOOR = {
    **dict.fromkeys(GROUND, GROUND),
    "names": GROUND,
    "campaign": GROUND | {"names"},
    "status": GROUND | {"names", "campaign"},  # knows no file and no database
    "files": GROUND | {"names", "campaign", "status"},
    "catalog": GROUND | {"names", "campaign", "status", "files"},
    "demo": GROUND | {"names", "campaign", "files"},
}


def part_of(module: str) -> str:
    """The part of the floor that a module belongs to; empty for the package itself, which opens the floor for users."""
    return [*module.split("."), ""][1]


def wrong_floor_imports(path: str, source: str) -> list[str]:
    """Imports inside the floor that the table does not allow."""
    part = part_of(module_of(path))
    allowed = FLOOR[part] | {part} if part else FLOOR
    return [
        f"{path}:{line} ({part}) imports {name}"
        for line, name in imports(ast.parse(source), package_of(path))
        if place(name) == "floor" and part_of(name) not in allowed
    ]


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("latteboard/errors.py", "from latteboard.names import parsing"),
        ("latteboard/names/parsing.py", "from latteboard.campaign import Campaign"),
        ("latteboard/campaign/checks.py", "def f():\n    from ..catalog import Catalog"),
        ("latteboard/status/rules.py", "import latteboard.catalog.database"),
        ("latteboard/status/rules.py", "from latteboard.files.hdf5 import read_mark"),
        ("latteboard/files/hdf5.py", "from latteboard import __version__"),
        ("latteboard/catalog/catalog.py", "if TYPE_CHECKING:\n    from latteboard.demo import write_demo"),
    ],
)
def test_an_import_against_the_order_of_the_floor_is_found(path: str, source: str) -> None:
    assert len(wrong_floor_imports(path, source)) == 1


def test_an_import_along_the_order_of_the_floor_is_let_through() -> None:
    source = "from latteboard.errors import Error\nfrom latteboard.campaign import Campaign\nfrom . import states\nimport numpy"
    assert wrong_floor_imports("latteboard/status/rules.py", source) == []
    assert wrong_floor_imports("latteboard/__init__.py", "from latteboard.catalog import Catalog") == []


# Circles


def imported_files(path: str, source: str, modules: Set[str]) -> set[str]:
    """Modules of the house that a file imports by name; of `from a import b` that is a.b if it is a module, else a."""
    names = {name for _, name in imports(ast.parse(source), package_of(path))}
    prefixes = ([".".join(name.split(".")[:size]) for size in range(name.count(".") + 1, 0, -1)] for name in names)
    return {next((one for one in longest_first if one in modules), "") for longest_first in prefixes} - {""}


def way(graph: Mapping[str, Set[str]], start: str, end: str) -> list[str]:
    """A shortest way of at least one step from one node of a graph to another, both included; empty if there is none."""
    ways, seen = [[start]], set[str]()
    for path in ways:
        for further in sorted(graph[path[-1]]):
            if further == end:
                return [*path, end]
            if further not in seen:
                seen.add(further)
                ways.append([*path, further])
    return []


def circles(sources: Mapping[str, str]) -> list[str]:
    """A shortest circle of imports through each file that is in one; `sources` has the texts of files by path."""
    modules = {module_of(path) for path in sources}
    graph = {module_of(path): imported_files(path, source, modules) for path, source in sources.items()}
    found = set()
    for module in graph:
        circle = way(graph, module, module)[1:]
        first = circle.index(min(circle)) if circle else 0
        found.add(" -> ".join([*circle[first:], *circle[:first], *circle[first : first + 1]]))
    return sorted(found - {""})


@pytest.mark.parametrize(
    ("sources", "circle"),
    [
        ({"a.py": "import a"}, "a -> a"),
        ({"a.py": "import b", "b.py": "import a"}, "a -> b -> a"),
        ({"a.py": "import b", "b.py": "from c import x", "c.py": "import a"}, "a -> b -> c -> a"),
        ({"a.py": "import b", "b.py": "def f():\n    from a import x"}, "a -> b -> a"),
        ({"a.py": "if TYPE_CHECKING:\n    import b", "b.py": "import a"}, "a -> b -> a"),
        ({"a.py": "import b", "b.py": "importlib.import_module('a')"}, "a -> b -> a"),
        ({"p/__init__.py": "from p.a import x", "p/a.py": "from p import y"}, "p -> p.a -> p"),
        ({"p/__init__.py": "from .a import x", "p/a.py": "from . import y"}, "p -> p.a -> p"),
        (
            {"p/__init__.py": "from .a import x", "p/a.py": "from .b import y", "p/b.py": "import p"},
            "p -> p.a -> p.b -> p",
        ),
        ({"p/__init__.py": "", "p/a.py": "from . import b", "p/b.py": "from p.a import *"}, "p.a -> p.b -> p.a"),
    ],
)
def test_files_that_import_each_other_in_a_circle_are_found(sources: dict[str, str], circle: str) -> None:
    assert circles(sources) == [circle]


@pytest.mark.parametrize(
    "sources",
    [
        {"a.py": "import b, json", "b.py": "import c", "c.py": "import json.decoder"},
        {"a.py": "import b, c", "b.py": "import d", "c.py": "import d", "d.py": ""},
        {"p/__init__.py": "from p.a import x", "p/a.py": "from p.b import y\nfrom . import b", "p/b.py": ""},
        {"p/__init__.py": "", "p/a.py": "from p import b", "p/b.py": "import p"},
    ],
)
def test_files_that_import_each_other_one_way_are_let_through(sources: dict[str, str]) -> None:
    assert circles(sources) == []


def test_each_circle_is_told_once() -> None:
    sources = {"a.py": "import b", "b.py": "import a", "c.py": "import d", "d.py": "import c, a"}
    assert circles(sources) == ["a -> b -> a", "c -> d -> c"]


# What code may hold


def says_nothing(body: list[ast.stmt]) -> bool:
    """Return whether statements leave no trace of what happened: pass, ..., continue, return None."""
    return all(
        isinstance(node, ast.Pass | ast.Continue | ast.Break)
        or (isinstance(node, ast.Expr | ast.Return) and isinstance(node.value, ast.Constant | None))
        for node in body
    )


def is_blind(node: ast.expr | None) -> bool:
    """Return whether an exception class, or one of a tuple of them, is Exception or BaseException."""
    parts = node.elts if isinstance(node, ast.Tuple) else [node]
    return any(getattr(part, "id", getattr(part, "attr", "")) in {"Exception", "BaseException"} for part in parts)


def swallowed_errors(path: str, source: str) -> list[str]:
    """Handlers that catch everything without a word: bare ones always, `except Exception` if nothing follows."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ExceptHandler):
            bad = node.type is None or (is_blind(node.type) and says_nothing(node.body))
        else:
            bad = isinstance(node, ast.Call) and called(node, {}) == "suppress" and any(map(is_blind, node.args))
        if bad:
            found.append(f"{path}:{node.lineno} swallows every error")
    return found


@pytest.mark.parametrize(
    "source",
    [
        "try: f()\nexcept: log()",
        "try: f()\nexcept Exception: pass",
        "try: f()\nexcept (OSError, builtins.BaseException): ...",
        "for x in y:\n  try: f()\n  except Exception as error: continue",
        "def g():\n  try: f()\n  except Exception: return None",
        "with contextlib.suppress(Exception): f()",
    ],
)
def test_a_swallowed_error_is_found(source: str) -> None:
    assert len(swallowed_errors("x.py", source)) == 1


@pytest.mark.parametrize(
    "source",
    [
        "try: f()\nexcept OSError: pass",
        "try: f()\nexcept Exception as error: record(error)",
        "try: f()\nexcept BaseException:\n  undo()\n  raise",
        "with suppress(FileNotFoundError): f()",
    ],
)
def test_a_handled_error_is_let_through(source: str) -> None:
    assert swallowed_errors("x.py", source) == []


# In capitals the first word is enough; else the grammar tells SQL from prose ("select a kind", "update the pages").
SQL = re.compile(
    r"\s*(?:(?:SELECT|INSERT|UPDATE|DELETE|CREATE|DROP|ALTER|PRAGMA|VACUUM|ATTACH|WITH)\s"
    r"|(?i:select\s.*?\sfrom\s|(?:insert|replace)\s+(?:or\s+\w+\s+)?into\s|update\s+\S+\s+set\s|delete\s+from\s"
    r"|(?:create|drop|alter)\s+(?:\w+\s+)?(?:table|index|view|trigger)\s|pragma\s+\w+\s*[=(]|with\s+\w+\s+as\s*\())",
    re.DOTALL,
)
TAGS = (
    "html head body title meta link script style nav header main section footer div span p a b i ul ol li dl dt dd "
    "h[1-6] table thead tbody tfoot tr th td form input select option button label pre code em strong small br hr img "
    "figure details summary progress svg g rect circle"
).replace(" ", "|")
HTML = re.compile(rf"\s*<(?:!doctype|(?:{TAGS})\b[^<]*(?:>|=|$))|.*</(?:{TAGS})>", re.IGNORECASE | re.DOTALL)


def strings(path: str, source: str, pattern: re.Pattern[str], what: str) -> list[str]:
    """Strings, and the fixed parts of f-strings, that begin as a pattern says; docstrings are prose."""
    tree = ast.parse(source)
    prose = docstrings(tree)
    return [
        f"{path}:{node.lineno} holds {what}: {node.value.strip()[:40]!r}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose
        if pattern.match(node.value)
    ]


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 1",
        "select * from progress",
        "\n  insert or ignore into run values (?)",
        "update kind set status = 1",
        "delete from claim",
        "create unique index i on t (a)",
        "CREATE VIEW work AS",
        "pragma cache_spill = off",
        "with a as (select 1)",
    ],
)
def test_sql_in_a_string_is_found(text: str) -> None:
    assert len(strings("x.py", f"x = {text!r}", SQL, "SQL")) == 1
    assert len(strings("x.py", f"x = f{text + ' {y}'!r}", SQL, "SQL")) == 1


@pytest.mark.parametrize("text", ["select a kind", "Update the pages.", "created", "Create a table.", "with care"])
def test_prose_is_not_taken_for_sql(text: str) -> None:
    assert strings("x.py", f"x = {text!r}", SQL, "SQL") == []


@pytest.mark.parametrize("text", ["<p>", " <div class='x'>", "<a href=", "<!DOCTYPE html>", "x</td>", "<h2>", "<br/>"])
def test_html_in_a_string_is_found(text: str) -> None:
    assert len(strings("x.py", f"x = {text!r}", HTML, "HTML")) == 1
    assert len(strings("x.py", f"x = f{text + '{y}'!r}", HTML, "HTML")) == 1


@pytest.mark.parametrize("text", ["<", "<=", "a < b", "<unknown>", "<stdin>", "<path>", "x <b"])
def test_an_angle_bracket_is_not_taken_for_html(text: str) -> None:
    assert strings("x.py", f"x = {text!r}", HTML, "HTML") == []


def test_a_docstring_may_begin_with_anything() -> None:
    assert strings("x.py", 'def f():\n  """SELECT what is asked for."""', SQL, "SQL") == []


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
