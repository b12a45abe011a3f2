"""Bars of statuses: the same order and the same parts on pages and in the terminal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latteboard.cli.terminal import STYLES
from latteboard.status.states import Status
from site_templates.drawing.bars import BAR_UNITS, ORDER, cells, segments

COUNTS = st.dictionaries(st.sampled_from(ORDER), st.integers(0, 10**7))


def test_the_parts_of_a_bar_fill_it_in_proportion() -> None:
    parts = segments({"done": 300, "ready": 100})
    assert [part.status for part in parts] == ["done", "ready"]
    assert sum(part.width for part in parts) == pytest.approx(BAR_UNITS)
    assert parts[1].x == pytest.approx(parts[0].width)
    assert parts[0].width == pytest.approx(3 * parts[1].width, rel=0.01)


def test_one_bad_file_in_a_million_can_be_seen() -> None:
    parts = segments({"done": 999_999, "bad": 1})
    assert parts[-1].status == "bad"
    assert parts[-1].width >= 1


def test_nothing_expected_is_an_empty_bar() -> None:
    assert segments({}) == []


def test_every_status_has_a_place_in_the_bar_and_a_style_in_the_terminal() -> None:
    names = {status.name for status in Status}
    assert len(ORDER) == len(names)
    assert {*ORDER} == names == {*STYLES}


@given(COUNTS, st.integers(len(ORDER), 80))
def test_the_characters_of_a_bar_fill_it_and_show_whatever_occurs(counts: dict[str, int], width: int) -> None:
    parts = cells(counts, width)
    assert sum(parts.values()) == (width if any(counts.values()) else 0)
    assert list(parts) == [status for status in ORDER if counts.get(status)]
    assert all(number >= 1 for number in parts.values())


@given(COUNTS)
def test_a_bar_of_as_many_characters_as_a_page_has_units_has_the_same_parts(counts: dict[str, int]) -> None:
    parts = segments(counts)
    assert [part.status for part in parts] == [*cells(counts, BAR_UNITS)]
    assert all(abs(cells(counts, BAR_UNITS)[part.status] - part.width) <= 1.01 for part in parts)
    ends = [0.0, *(part.x + part.width for part in parts)]
    assert [part.x for part in parts] == pytest.approx(ends[:-1])


def test_equal_numbers_are_equally_many_characters() -> None:
    assert cells({"bad": 7, "done": 7, "ready": 7}, 24) == {"done": 8, "ready": 8, "bad": 8}


def test_nothing_expected_is_no_character() -> None:
    assert cells({"done": 0}, 24) == {}
