"""Rules of what code may hold are tried on small bad examples before the house is asked."""

import pytest
from content_rules import HTML, LONGEST, SQL, long_functions, strings, swallowed_errors

# Errors


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


# Lengths


LONG_DOC = 'def f():\n    """A convention\n\n    and its example."""{}'


@pytest.mark.parametrize("source", ["def f():{}", "class A:\n  @cache\n  def f(self):{}", "async def f():{}", LONG_DOC])
def test_a_long_function_is_found(source: str) -> None:
    assert long_functions("x.py", source.format("\n    x = 1" * (LONGEST - 1))) == []
    (told,) = long_functions("x.py", source.format("\n    x = 1" * LONGEST))
    assert told.endswith(f"f has {LONGEST + 1} lines")


# SQL and HTML


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
