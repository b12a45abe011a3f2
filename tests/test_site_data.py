"""The column store: what a browser unpacks is what was packed, the same bytes every time, and text stays text."""

import base64
import gzip
import json
from itertools import accumulate
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from site_templates.writing.data import EXACT, Column, amount_column, data_script, encode, number_column

HOSTILE = [
    "</script><script>alert(1)</script>",
    "<!--",
    "&amp;",
    "\u2028\u2029",
    "\u202eltr",
    "\x00\x1b[31m",
    "=cmd()",
    "\udcff",
]


def decoded(plain: dict[str, Any]) -> list[Any]:
    """The values of a column row by row, read without any code of ours; None where there is none."""
    values = json.loads(gzip.decompress(base64.b64decode(plain["values"])))
    if plain["type"] in ("number", "bytes", "minutes"):
        values = list(accumulate(values))
    if plain["missing"]:
        values[0] = None
    codes = gzip.decompress(base64.b64decode(plain["codes"]))
    return [values[code] for code in np.frombuffer(codes, f"<u{plain['width']}").tolist()]


def through(column: Column) -> list[Any]:
    """As a browser gets it: out of the script."""
    script = data_script("x", column.to_plain()).decode("ascii")
    return decoded(json.loads(script.removeprefix("window.x = ").removesuffix(";\n")))


@given(st.lists(st.integers(-(EXACT - 1), EXACT - 1)))
def test_numbers_come_back_as_they_were(numbers: list[int]) -> None:
    assert through(number_column("n", *encode(np.array(numbers, dtype=np.int64)))) == numbers


@given(st.lists(st.integers(-1, 5000)))
def test_numbers_that_lie_close_together_come_back_too(numbers: list[int]) -> None:
    column = amount_column("size", "bytes", np.array(numbers, dtype=np.int64))
    assert through(column) == [None if number == -1 else number for number in numbers]


def test_the_dictionary_is_sorted_and_holds_each_value_once() -> None:
    for numbers in ([5, 3, 5, 9], [5, -(2**40), 5, 2**40]):
        distinct, codes = encode(np.array(numbers))
        assert distinct.tolist() == sorted(set(numbers))
        assert distinct[codes].tolist() == numbers


def test_numbers_that_a_browser_would_round_become_texts() -> None:
    numbers = [EXACT + 1, 7]
    column = number_column("n", *encode(np.array(numbers)))
    assert column.type == "text"
    assert through(column) == ["9007199254740993", "7"]


@pytest.mark.parametrize(("size", "width"), [(1, 1), (256, 1), (257, 2), (65536, 2), (65537, 4)])
def test_codes_are_as_narrow_as_they_fit(size: int, width: int) -> None:
    plain = number_column("n", *encode(np.arange(size))).to_plain()
    assert plain["width"] == width
    assert decoded(plain) == list(range(size))


def test_hostile_texts_come_back_as_they_were_and_cannot_end_the_script() -> None:
    column = Column("text", "text", HOSTILE, np.arange(len(HOSTILE)))
    assert through(column) == HOSTILE
    script = data_script("x", {text: text for text in HOSTILE})
    assert script.isascii()
    assert not set(script) & set(b"<>&")
    assert json.loads(script.removeprefix(b"window.x = ").removesuffix(b";\n")) == {text: text for text in HOSTILE}


def test_the_same_rows_give_the_same_bytes_at_any_time(monkeypatch: pytest.MonkeyPatch) -> None:
    column = number_column("n", *encode(np.arange(1000) % 7))
    first = data_script("x", column.to_plain())
    monkeypatch.setattr("time.time", lambda: 4e9)
    assert data_script("x", column.to_plain()) == first


def test_a_column_of_a_million_rows_stays_small() -> None:
    rows = np.arange(1_000_000)
    plain = number_column("configuration", *encode(300 + 6 * (rows // 1000))).to_plain()
    assert len(plain["codes"]) < 50_000


def test_no_rows_are_no_rows() -> None:
    assert through(number_column("n", *encode(np.empty(0, dtype=np.int64)))) == []
    assert through(amount_column("size", "bytes", np.empty(0, dtype=np.int64))) == []
