"""The fast pass: it trusts the times of folders in which nothing may still change, and says no more than it saw."""

import random
from collections.abc import Callable

import pytest
from disk import (
    DAY,
    HOUR,
    MINUTE,
    OLD,
    PROP,
    SECOND,
    SMALL,
    START,
    age,
    books,
    fill,
    index,
    paths_of,
    put,
    query,
    status,
    statuses,
)

import indexer.index
from latteboard.campaign import Campaign

Read = Callable[..., Campaign]


@pytest.fixture
def campaign(read_campaign: Read) -> Campaign:
    """A production that is done and old, indexed once; never a copy, whose files and folders would be other ones."""
    campaign = read_campaign(kinds=SMALL)
    fill(campaign)
    index(campaign, at=START - HOUR)
    return campaign


@pytest.fixture
def unswept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the share of folders that each fast pass looks into all the same."""
    monkeypatch.setattr(indexer.index, "SWEEP", 2**40)


def test_a_fast_pass_with_nothing_changed_looks_into_no_folder_and_asks_for_no_file(
    campaign: Campaign, unswept: None
) -> None:
    before = books(campaign)
    report = index(campaign, fast=True)
    assert (report.directories, report.stats, report.changed, report.found) == (0, 0, 0, 18)
    assert books(campaign) == before
    assert query(campaign, "select look from run order by id") == [("full",), ("fast",)]


def test_a_first_index_looks_at_everything_even_if_it_should_be_fast(read_campaign: Read) -> None:
    campaign = read_campaign(kinds=SMALL)
    fill(campaign)
    assert index(campaign, fast=True).stats == 18
    assert query(campaign, "select look from run") == [("full",)]


def test_a_changed_campaign_is_looked_at_in_full(campaign: Campaign, read_campaign: Read) -> None:
    changed = read_campaign(kinds=SMALL.replace('"unit * L**3"', '"unit * L**3 + 1"'))
    assert index(changed, fast=True).stats == 18


def test_new_files_vanished_ones_and_renamed_ones_are_found(campaign: Campaign) -> None:
    paths = paths_of(campaign, "prop")
    gone, renamed, lost = paths[0], paths[4], paths[8]
    (campaign.root / gone).unlink()
    (campaign.root / renamed).rename(campaign.root / f"{renamed}.old")
    (campaign.root / lost).rename(campaign.root / "A_a" / "cfg" / "core")
    report = index(campaign, fast=True)
    assert (report.found, report.changed, report.strays) == (15, 3, 2)
    assert {path for path, word in statuses(campaign).items() if word != "done"} == {gone, renamed, lost}
    assert query(campaign, "select path from stray order by path") == [("A_a/cfg/core",), (f"{renamed}.old",)]
    put(campaign, gone, folder_at=START - MINUTE)
    (campaign.root / f"{renamed}.old").rename(campaign.root / renamed)
    report = index(campaign, fast=True)
    assert (report.found, report.changed, report.strays) == (17, 2, 1)
    assert status(campaign, lost) == "ready"


def test_a_new_folder_and_a_vanished_one_are_found(campaign: Campaign) -> None:
    folder = (campaign.root / PROP).parent
    aside = folder.rename(campaign.root.parent / "aside")
    assert index(campaign, fast=True).found == 14
    assert status(campaign, PROP) == "ready"
    aside.rename(folder)
    assert index(campaign, fast=True).found == 18
    assert status(campaign, PROP) == "done"


def test_a_folder_that_vanished_with_all_that_is_below_it_is_found_and_takes_its_strays_along(
    campaign: Campaign,
) -> None:
    put(campaign, "B_a/prop/5/core", folder_at=START - MINUTE)
    index(campaign, fast=True)
    aside = (campaign.root / "B_a").rename(campaign.root.parent / "aside")
    report = index(campaign, fast=True)
    assert (report.found, report.strays) == (15, 0)
    aside.rename(campaign.root / "B_a")
    report = index(campaign, fast=True)
    assert (report.found, report.strays) == (18, 1)


def test_a_file_that_grew_in_an_old_folder_is_missed_until_the_sweep_comes_by(campaign: Campaign) -> None:
    put(campaign, PROP, size=10)  # in place: the time of the folder stays
    passes = 0
    while status(campaign, PROP) == "done":
        passes += 1
        assert passes <= indexer.index.SWEEP
        index(campaign, fast=True, at=START + passes * HOUR)
    assert status(campaign, PROP) == "bad"


def test_every_file_is_asked_for_exactly_once_in_a_round_of_passes(campaign: Campaign) -> None:
    reports = [index(campaign, fast=True, at=START + number * HOUR) for number in range(indexer.index.SWEEP)]
    assert sum(report.stats for report in reports) == 18
    assert sum(report.directories for report in reports) == 1 + 3 * 3 + 4
    assert {report.changed for report in reports} == {0}


@pytest.mark.parametrize(
    ("size", "at", "word"),
    [(10, OLD, "bad"), (5000, START - HOUR - MINUTE, "growing"), (5000, START - DAY + MINUTE, "done")],
)
def test_bad_growing_and_young_files_are_looked_at_again(
    read_campaign: Read, unswept: None, size: int, at: int, word: str
) -> None:
    campaign = read_campaign(kinds=SMALL)
    fill(campaign)
    put(campaign, PROP, size=size, at=at)
    index(campaign, at=START - HOUR)
    assert status(campaign, PROP) == word
    put(campaign, PROP, at=OLD)
    report = index(campaign, fast=True)
    assert (report.directories, report.stats, report.changed) == (1, 4, 1)
    assert status(campaign, PROP) == "done"
    assert index(campaign, fast=True).stats == 0


def test_a_growing_file_is_done_once_the_grace_time_is_over(read_campaign: Read, unswept: None) -> None:
    campaign = read_campaign(kinds=SMALL)
    fill(campaign)
    put(campaign, PROP, at=START - MINUTE)
    index(campaign)
    assert status(campaign, PROP) == "growing"
    assert index(campaign, fast=True, at=START + 5 * MINUTE).changed == 0
    assert index(campaign, fast=True, at=START + 10 * MINUTE).changed == 1
    assert status(campaign, PROP) == "done"
    # It is asked for again until it is a day old, and then no more.
    assert index(campaign, fast=True, at=START + DAY - 2 * MINUTE).stats == 4
    assert index(campaign, fast=True, at=START + DAY).stats == 0


@pytest.mark.parametrize(("before", "trusted"), [(6 * SECOND, True), (4 * SECOND, False)])
def test_a_folder_that_changed_just_before_it_was_listed_is_not_trusted(
    read_campaign: Read, unswept: None, *, before: int, trusted: bool
) -> None:
    campaign = read_campaign(kinds=SMALL)
    fill(campaign)
    (campaign.root / PROP).unlink()
    folder = (campaign.root / PROP).parent
    age(folder, at=START - before)
    index(campaign)
    assert index(campaign, fast=True, at=START + HOUR).directories == (0 if trusted else 1)


def test_what_came_below_a_folder_whose_time_was_put_back_is_found(campaign: Campaign, unswept: None) -> None:
    folder = (campaign.root / PROP).parent
    before = folder.stat().st_mtime_ns
    (campaign.root / PROP).unlink()
    age(folder, at=before)
    index(campaign, fast=True)
    assert status(campaign, PROP) == "ready"
    put(campaign, PROP, folder_at=before)
    index(campaign, fast=True)
    assert status(campaign, PROP) == "done"


def test_an_old_file_moved_into_place_is_found_by_its_folder(campaign: Campaign) -> None:
    (campaign.root / PROP).unlink()
    index(campaign, fast=True)
    aside = put(campaign, "../aside/prop", at=OLD + HOUR)
    aside.rename(campaign.root / PROP)
    index(campaign, fast=True)
    assert status(campaign, PROP) == "done"


def test_fast_passes_end_where_full_ones_do_whatever_comes_and_goes(read_campaign: Read) -> None:
    fast = read_campaign(kinds=SMALL)
    fill(fast)
    put(fast, "junk/core")
    full = read_campaign(('name  = "tiny"', 'name  = "tiny"\ncatalog = "full.db"'), kinds=SMALL)
    index(fast)
    index(full)
    draw = random.Random(7)
    paths = [*paths_of(full), f"{PROP}.old", "A_a/prop/10/core", "A_a/prop/30/prop", "A_b/cfg/x/y", "core", "junk/more"]
    for turn in range(1, 10):
        now = START + turn * HOUR
        for path in draw.sample(paths, 3):
            file = fast.root / path
            if file.is_file() and draw.random() < 0.6:
                file.unlink()
                age(file.parent, at=now - MINUTE)
            else:
                aged = [folder for folder in file.parents if not folder.exists()]
                put(
                    fast,
                    path,
                    size=draw.choice([10, 6000, 6000]),
                    at=now - draw.choice([MINUTE, HOUR]),
                    folder_at=now - MINUTE,
                )
                age(*(folder.parent for folder in aged), at=now - MINUTE)
        index(fast, fast=True, at=now, accept_empty=True)
        index(full, at=now, accept_empty=True)
        expected, found = books(full), books(fast)
        assert {table for table in expected if expected[table] != found[table]} <= {"meta"}, turn
