"""The examples in docstrings give what they show."""

import doctest
from importlib import import_module
from pathlib import Path

import pytest
from syntax import module_of

ROOT = Path(__file__).parent.parent
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
WITH_EXAMPLES = [
    module_of(path.relative_to(ROOT).as_posix())
    for package in ("latteboard", "indexer", "reducer", "site_templates")
    for path in sorted((ROOT / package).rglob("*.py"))
    if ">>> " in path.read_text(encoding="utf-8")
]


@pytest.mark.parametrize("module", WITH_EXAMPLES)
def test_the_examples_in_docstrings_give_what_they_show(module: str) -> None:
    result = doctest.testmod(import_module(module), optionflags=FLAGS)
    assert result.attempted > 0
    assert result.failed == 0
