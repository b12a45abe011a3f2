"""Rules of imports are tried on small bad examples before the house is asked: by room, inside the floor, in circles."""

import pytest
from import_rules import circles, wrong_floor_imports, wrong_imports

# By room


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
