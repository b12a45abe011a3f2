"""Files that an index cannot see or cannot believe: closed folders, disks away, bad contents, impossible times."""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from comparison import Comparison
from observations import SECOND, File
from scenes import HDF5_BYTES, Scene
from small_productions import (
    AVERAGE,
    CHAIN,
    FOLDERS,
    OLD,
    ONE,
    SLICES,
    THERE,
    TWO,
    YOUNG,
    Judge,
    average,
    changed,
    purgeable,
    statuses,
)
from worlds import DAY, GRACE, MINUTE, START

# Folders that cannot be read


def test_what_nobody_could_look_at_is_unknown_asks_for_nothing_and_blocks(tmp_path: Path) -> None:
    states = Comparison(tmp_path, FOLDERS).look(Scene({"a/1": THERE, "b/1": THERE}, {}), unreadable=["b"])
    assert statuses(states) == {"a/1": "done", "b/1": "unknown", "c/1": "blocked b (1)"}
    assert purgeable(states) == set()  # who knows whether b/1 must be made from it


def test_an_unknown_product_holds_its_inputs(tmp_path: Path) -> None:
    states = Comparison(tmp_path, FOLDERS).look(Scene({"a/1": THERE, "b/1": THERE, "c/1": THERE}, {}), unreadable=["c"])
    assert statuses(states) == {"a/1": "done", "b/1": "done", "c/1": "unknown"}
    assert purgeable(states) == {"a/1"}


def test_what_was_known_stays_when_its_folder_cannot_be_read(tmp_path: Path) -> None:
    comparison = Comparison(tmp_path, FOLDERS)
    scene = Scene({"b/1": THERE, "c/2": THERE}, {})
    before = comparison.look(scene)
    assert statuses(before) == {"a/1": "unneeded", "b/1": "done", "c/1": "ready"}
    assert comparison.look(scene, start=START + DAY, unreadable=["b", "c"]) == before


def test_what_was_growing_when_its_folder_was_last_read_is_still_growing(tmp_path: Path) -> None:
    comparison = Comparison(tmp_path, FOLDERS)
    scene = Scene({"b/1": YOUNG}, {})
    assert comparison.look(scene)["b/1"].status == "growing"
    assert comparison.look(scene, start=START + DAY, unreadable=["b"])["b/1"].status == "growing"
    assert comparison.look(scene, start=START + DAY)["b/1"].status == "done"


def test_a_sound_copy_is_a_sound_copy_although_the_folder_cannot_be_read(tmp_path: Path) -> None:
    scene = Scene({"b/1": THERE}, {"b/1": [(100, OLD)]})
    states = Comparison(tmp_path, FOLDERS).look(scene, unreadable=["b"])
    assert statuses(states) == {"a/1": "unneeded", "b/1": "archived", "c/1": "recall"}


def test_a_path_on_which_nothing_was_ever_seen_is_unknown_whatever_was_known_under_the_old_template(
    tmp_path: Path,
) -> None:
    comparison = Comparison(tmp_path, FOLDERS)
    assert statuses(comparison.look(Scene({"b/1": THERE}, {})))["b/1"] == "done"
    comparison.state_campaign(changed(FOLDERS, b={"path": "new/{configuration}"}))
    states = comparison.look(Scene({"new/1": THERE}, {}), start=START + DAY, unreadable=["new"])
    assert statuses(states) == {"a/1": "unneeded", "new/1": "unknown", "c/1": "blocked b (1)"}


# Disks that are away


@pytest.fixture
def linked(tmp_path: Path) -> Comparison:
    """The folder b is a link to another disk; three of four files are elsewhere."""
    comparison = Comparison(tmp_path, changed(FOLDERS, d={"path": "d/{configuration}"}))
    (tmp_path / "data").mkdir()
    (tmp_path / "disk").mkdir()
    (tmp_path / "data" / "b").symlink_to(tmp_path / "disk")
    comparison.look(Scene({"a/1": THERE, "b/1": THERE, "c/1": THERE, "d/1": THERE}, {}))
    return comparison


LOOKS = [{"fast": False}, {"fast": True}]


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("how", ["vanished", "empty"])
def test_files_on_a_disk_that_is_away_are_unknown_and_are_back_with_it(
    tmp_path: Path, linked: Comparison, look: dict[str, bool], how: str
) -> None:
    (tmp_path / "disk").rename(tmp_path / "elsewhere")
    if how == "empty":
        (tmp_path / "disk").mkdir()
    states = linked.index(start=START + DAY, **look, away=["b"])
    assert statuses(states) == {"a/1": "done", "b/1": "unknown", "c/1": "done", "d/1": "done"}
    assert str(linked.campaign.root / "b") in linked.report.unreadable
    assert linked.index(start=START + 2 * DAY, **look, away=["b"]) == states
    if how == "empty":
        (tmp_path / "disk").rmdir()
    (tmp_path / "elsewhere").rename(tmp_path / "disk")
    assert statuses(linked.index(start=START + 3 * DAY, **look))["b/1"] == "done"


@pytest.mark.parametrize("how", ["vanished", "empty"])
def test_a_disk_that_is_away_when_the_campaign_changes_is_away(tmp_path: Path, linked: Comparison, how: str) -> None:
    more = {"e": {"path": "b/more/{configuration}"}, "f": {"path": "b/f{configuration}"}}
    linked.state_campaign(changed(linked.world, **more))
    (tmp_path / "disk").rename(tmp_path / "elsewhere")
    if how == "empty":
        (tmp_path / "disk").mkdir()
    there = {"a/1": "done", "c/1": "done", "d/1": "done"}
    # Nobody has looked for the new files yet.
    unseen = {"b/1": "unknown", "b/more/1": "unknown", "b/f1": "unknown"}
    for day in (1, 2):
        assert statuses(linked.index(start=START + day * DAY, away=["b"])) == {**there, **unseen}
    if how == "empty":
        (tmp_path / "disk").rmdir()
    (tmp_path / "elsewhere").rename(tmp_path / "disk")
    back = {"b/1": "done", "b/more/1": "ready", "b/f1": "ready"}
    assert statuses(linked.index(start=START + 3 * DAY)) == {**there, **back}


@pytest.mark.parametrize("how", ["vanished", "empty"])
def test_what_a_changed_campaign_could_not_look_at_is_unknown_when_its_disk_goes_away(
    tmp_path: Path, linked: Comparison, how: str
) -> None:
    linked.index(start=START + DAY, unreadable=["b"])
    linked.state_campaign(changed(linked.world, d={"archive": "tape"}))
    assert statuses(linked.index(start=START + 2 * DAY, fast=True, unreadable=["b"]))["b/1"] == "done"
    (tmp_path / "disk").rename(tmp_path / "elsewhere")
    if how == "empty":
        (tmp_path / "disk").mkdir()
    assert statuses(linked.index(start=START + 3 * DAY, away=["b"]))["b/1"] == "unknown"


def test_files_on_a_disk_that_became_another_device_are_unknown(tmp_path: Path, linked: Comparison) -> None:
    with TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as other:
        if Path(other).stat().st_dev == tmp_path.stat().st_dev:
            pytest.skip("there is only one device here")
        Path(other, "something").touch()
        (tmp_path / "data" / "b").unlink()
        (tmp_path / "data" / "b").symlink_to(other)
        assert statuses(linked.index(start=START + DAY, away=["b"]))["b/1"] == "unknown"


def test_a_sound_copy_of_a_file_on_a_disk_that_is_away_can_be_recalled(tmp_path: Path, linked: Comparison) -> None:
    (tmp_path / "disk").rename(tmp_path / "elsewhere")
    linked.list_archives({"b/1": [(100, OLD)]})
    assert statuses(linked.index(start=START + DAY, away=["b"]))["b/1"] == "archived"


# Contents


@pytest.mark.parametrize("look", LOOKS)
def test_a_file_that_was_bad_in_content_is_done_once_it_is_restored_with_its_size_and_time(
    tmp_path: Path, look: dict[str, bool]
) -> None:
    comparison = Comparison(tmp_path, SLICES)
    good, bad = File(HDF5_BYTES, OLD), File(HDF5_BYTES, OLD, damaged=True)
    assert statuses(comparison.look(Scene({ONE: bad}, {}), deep=True))[ONE] == "bad"
    assert statuses(comparison.index(start=START + DAY, **look))[ONE] == "bad"
    assert statuses(comparison.look(Scene({ONE: good}, {}), start=START + 2 * DAY, **look))[ONE] == "done"


def test_a_file_that_was_bad_in_content_is_bad_still_after_a_touch(tmp_path: Path) -> None:
    comparison = Comparison(tmp_path, SLICES)
    assert statuses(comparison.look(Scene({ONE: File(HDF5_BYTES, OLD, damaged=True)}, {}), deep=True))[ONE] == "bad"
    comparison.touch({ONE: OLD + DAY})
    assert statuses(comparison.index(start=START + DAY))[ONE] == "bad"


WHOLE, DAMAGED = File(HDF5_BYTES, OLD), File(HDF5_BYTES, OLD, damaged=True)


@pytest.mark.parametrize("look", LOOKS)
def test_a_file_that_was_bad_in_content_is_bad_still_when_its_disk_is_back(
    tmp_path: Path, look: dict[str, bool]
) -> None:
    comparison = Comparison(tmp_path, SLICES)
    (tmp_path / "data").mkdir()
    (tmp_path / "disk").mkdir()
    (tmp_path / "data" / "slice").symlink_to(tmp_path / "disk")
    assert statuses(comparison.look(Scene({ONE: DAMAGED, TWO: WHOLE}, {}), deep=True))[ONE] == "bad"
    (tmp_path / "disk").rename(tmp_path / "elsewhere")
    assert statuses(comparison.index(start=START + DAY, **look, away=["slice"]))[ONE] == "unknown"
    (tmp_path / "elsewhere").rename(tmp_path / "disk")
    found = statuses(comparison.index(start=START + 2 * DAY, **look))
    assert (found[ONE], found[TWO]) == ("bad", "done")


@pytest.mark.parametrize(("after", "status"), [(DAMAGED, "bad"), (WHOLE, "done")])
@pytest.mark.parametrize("between", [File(HDF5_BYTES, START + DAY - MINUTE, damaged=True), File(80, OLD + DAY)])
def test_a_file_that_was_bad_in_content_is_opened_again_after_it_was_growing_or_too_small(
    tmp_path: Path, between: File, after: File, status: str
) -> None:
    comparison = Comparison(tmp_path, changed(SLICES, slice={"min_bytes": 90}))
    comparison.look(Scene({ONE: DAMAGED, TWO: WHOLE}, {}), deep=True)
    unsettled = comparison.look(Scene({ONE: between, TWO: WHOLE}, {}), start=START + DAY)
    assert statuses(unsettled)[ONE] in ("growing", "bad")
    later = replace(after, mtime=START + DAY)
    assert statuses(comparison.look(Scene({ONE: later, TWO: WHOLE}, {}), start=START + 3 * DAY))[ONE] == status


def test_a_damaged_file_in_the_place_of_one_that_was_marked_incomplete_is_opened(tmp_path: Path) -> None:
    comparison = Comparison(tmp_path, SLICES)
    begun = Scene({ONE: THERE, TWO: THERE, AVERAGE: average(complete=False)}, {})
    assert statuses(comparison.look(begun))[AVERAGE] == "bad"
    damaged = File(HDF5_BYTES, OLD + DAY, damaged=True)
    assert statuses(comparison.look(Scene({**begun.disk, AVERAGE: damaged}, {}), start=START + DAY))[AVERAGE] == "bad"


# Times and sizes that cannot be


@pytest.mark.parametrize(
    ("seconds", "year"),
    [(2_335_219_200, "2044"), (315_532_801, "1980"), (9_300_000_000, "2262-04-10 or later"), (-1, "1969")],
)
def test_a_file_of_an_impossible_time_is_judged_as_any_and_its_time_is_named(
    tmp_path: Path, seconds: int, year: str
) -> None:
    comparison, file = Comparison(tmp_path, CHAIN), File(100, seconds * SECOND)
    states = comparison.look(Scene({"c1": file, "b1": replace(file, size=9)}, {}))
    if (comparison.campaign.root / "c1").stat().st_mtime_ns != file.mtime:
        pytest.skip("this file system does not keep such times")
    assert statuses(states) == {"a1": "unneeded", "b1": "bad", "c1": "done"}
    assert year in str(comparison.rows["c1"].problem)


@pytest.mark.parametrize(("ahead", "status"), [(GRACE, "growing"), (GRACE + 1, "done")])
def test_a_file_that_is_ahead_by_more_than_the_grace_is_not_growing(judged: Judge, ahead: int, status: str) -> None:
    assert statuses(judged(CHAIN, {"c1": File(100, START + ahead)}))["c1"] == status


def test_a_file_of_full_size_without_data_is_done_and_says_so(tmp_path: Path) -> None:
    comparison = Comparison(tmp_path, SLICES)
    states = comparison.look(Scene({ONE: File(HDF5_BYTES, OLD), TWO: File(HDF5_BYTES, OLD, damaged=True)}, {}))
    assert (statuses(states)[ONE], statuses(states)[TWO]) == ("done", "done")
    assert comparison.rows[ONE].problem is None
    assert comparison.rows[TWO].problem == "no data on this disk"
