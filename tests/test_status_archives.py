"""Copies in archives: which count, and which are outdated."""

from pathlib import Path

import pytest
from comparison import Comparison
from observations import File
from scenes import Scene
from small_productions import CHAIN, OLD, THERE, TOO_SMALL, Judge, statuses
from worlds import DAY, MINUTE, START


def test_an_input_in_the_archive_is_recalled_first(judged: Judge) -> None:
    expected = {"a1": "unneeded", "b1": "archived", "c1": "recall"}
    assert statuses(judged(CHAIN, {}, {"b1": THERE})) == expected


@pytest.mark.parametrize("sizes", [(9, 100), (100, 9), (100, 100)])
def test_one_sound_copy_in_any_archive_is_enough(tmp_path: Path, sizes: tuple[int, int]) -> None:
    states = Comparison(tmp_path, CHAIN).look(Scene({}, {"b1": [(size, OLD) for size in sizes]}))
    assert statuses(states) == {"a1": "unneeded", "b1": "archived", "c1": "recall"}


def test_a_copy_that_is_too_small_is_no_copy(judged: Judge) -> None:
    expected = {"a1": "ready", "b1": "blocked a (1)", "c1": "blocked b (1)"}
    assert statuses(judged(CHAIN, {}, {"b1": TOO_SMALL})) == expected


def test_a_bad_file_with_a_sound_copy_counts_as_archived_for_what_needs_it(judged: Judge) -> None:
    expected = {"a1": "unneeded", "b1": "bad", "c1": "recall"}
    assert statuses(judged(CHAIN, {"b1": TOO_SMALL}, {"b1": THERE})) == expected


@pytest.mark.parametrize(
    ("copy", "status"),
    [
        (THERE, "archived"),
        (File(100, OLD - 1), "archived"),  # cut or rounded to two seconds: as far as they tell, the same time
        (File(100, OLD + DAY), "archived"),
        (File(100, OLD - DAY), "unneeded"),
        (File(101, OLD), "unneeded"),
        (File(99, OLD + DAY), "unneeded"),
    ],
)
def test_a_copy_is_sound_only_if_it_is_of_the_file_last_seen_sound_or_of_a_later_one_of_its_size(
    tmp_path: Path, copy: File, status: str
) -> None:
    comparison = Comparison(tmp_path, CHAIN)
    comparison.look(Scene({"b1": THERE, "c1": THERE}, {}))
    states = comparison.look(Scene({"c1": THERE}, {"b1": [(copy.size, copy.mtime)]}), start=START + DAY)
    assert states["b1"].status == status
    problem = comparison.rows["b1"].problem
    assert problem is None if status == "archived" else "outdated" in str(problem)


def test_a_file_that_was_never_sound_here_says_nothing_of_its_copies(tmp_path: Path) -> None:
    comparison = Comparison(tmp_path, CHAIN)
    comparison.look(Scene({"b1": TOO_SMALL}, {}))
    states = comparison.look(Scene({}, {"b1": [(100, OLD - DAY)]}), start=START + DAY)
    assert statuses(states) == {"a1": "unneeded", "b1": "archived", "c1": "recall"}


def test_an_outdated_copy_does_not_stand_in_for_a_bad_file(tmp_path: Path) -> None:
    comparison = Comparison(tmp_path, CHAIN)
    comparison.look(Scene({"b1": THERE}, {}))
    states = comparison.look(Scene({"b1": TOO_SMALL}, {"b1": [(100, OLD - DAY)]}), start=START + DAY)
    assert statuses(states) == {"a1": "unneeded", "b1": "bad", "c1": "blocked b (1)"}
    states = comparison.look(Scene({"b1": TOO_SMALL}, {"b1": [(100, OLD)]}), start=START + 2 * DAY)
    assert statuses(states) == {"a1": "unneeded", "b1": "bad", "c1": "recall"}


def test_the_copy_of_a_file_that_was_written_again_is_outdated_once_the_new_one_was_sound(tmp_path: Path) -> None:
    comparison, archive = Comparison(tmp_path, CHAIN), {"b1": [(100, OLD)]}
    growing = File(101, START + DAY - MINUTE)
    comparison.look(Scene({"b1": THERE}, archive))
    comparison.look(Scene({"b1": growing}, archive), start=START + DAY)
    assert comparison.look(Scene({}, archive), start=START + 2 * DAY)["b1"].status == "archived"
    comparison.look(Scene({"b1": growing}, archive), start=START + 3 * DAY)
    assert comparison.look(Scene({}, archive), start=START + 4 * DAY)["b1"].status == "blocked"


def test_a_stale_file_with_a_sound_copy_blocks_all_the_same(judged: Judge) -> None:
    disk = {"a1": File(100, OLD + MINUTE), "b1": THERE}
    assert statuses(judged(CHAIN, disk, {"b1": THERE})) == {"a1": "done", "b1": "stale", "c1": "blocked b (1)"}


def test_a_file_in_the_archive_that_is_not_expected_changes_nothing(judged: Judge) -> None:
    expected = {"a1": "ready", "b1": "blocked a (1)", "c1": "blocked b (1)"}
    assert statuses(judged(CHAIN, {}, {"b2": THERE, "elsewhere/b1": THERE})) == expected
