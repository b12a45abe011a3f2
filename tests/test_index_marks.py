"""Marks of reduced files: complete or not, made from what, and what that says after a tree has been copied."""

import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import h5py
import pytest
from disk import HOUR, MINUTE, OLD, SECOND, START, age_all, books, index, only, query, status, statuses

from latteboard.campaign import Campaign
from latteboard.catalog import Catalog
from latteboard.catalog.questions.problems import problem_groups
from latteboard.files.hdf5 import COMPLETE, INPUTS, MADE, RECIPE, RecordedInput, stamp, write_mark

Read = Callable[..., Campaign]

KINDS = """
[kinds.raw]
path   = "{ensemble}_{stream}/raw/{configuration}_{source}.h5"
[kinds.average]
path   = "{ensemble}_{stream}/average/{configuration}_Srcs{source_set}.h5"
needs  = ["raw"]
reduce = ["average"]
[kinds.joined]
path   = "{ensemble}_{stream}/joined_Srcs{source_set}.h5"
needs  = ["average"]
reduce = [{ concatenate = { append = true } }]
"""
AVERAGE = "A_a/average/10_Srcs0-1.h5"
RAW = ("A_a/raw/10_x0y1z2t3.h5", "A_a/raw/10_x1y2z3t7.h5")
OTHER_AVERAGE = "A_a/average/20_Srcs0-1.h5"
JOINED = "A_a/joined_Srcs0-1.h5"
MADE_AT = OLD + HOUR


@pytest.fixture
def campaign(read_campaign: Read) -> Campaign:
    """Raw files, averages and their concatenation; nothing is there."""
    return read_campaign(kinds=KINDS)


def write(campaign: Campaign, path: str, *, at: int = OLD, sites: int = 4) -> Path:
    """Write a file of some content."""
    file = campaign.root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(file, "w") as content:
        content["corr"] = [1.0] * sites
    stamp(file, at)
    return file


def reduce(
    campaign: Campaign, path: str, inputs: Iterable[str], *, at: int = MADE_AT, complete: bool = True, **attributes: Any
) -> Path:
    """Write a reduced file that says what it was made from."""
    file = write(campaign, path)
    made_from = []
    for name in inputs:
        status = (campaign.root / name).stat()
        made_from.append(RecordedInput(name, status.st_size, status.st_mtime_ns))
    with h5py.File(file, "r+") as content:
        write_mark(content, path=path, inputs=made_from, recipe={"steps": ["average"]}, made=at)
        content.attrs.update({COMPLETE: complete, **attributes})
    stamp(file, at)
    return file


def made(campaign: Campaign) -> None:
    """Two raw files and what was made of them."""
    for path in RAW:
        write(campaign, path)
    reduce(campaign, AVERAGE, RAW)


# -- complete or not -------------------------------------------------------------------------------------------------


def test_a_file_marked_complete_is_done_however_young(campaign: Campaign) -> None:
    for path in RAW:
        write(campaign, path)
    reduce(campaign, AVERAGE, RAW, at=START - SECOND)
    index(campaign)
    assert status(campaign, AVERAGE) == "done"
    assert status(campaign, RAW[0]) == "done"


def test_a_young_file_without_mark_is_growing(campaign: Campaign) -> None:
    write(campaign, AVERAGE, at=START - SECOND)
    write(campaign, RAW[0], at=START - SECOND)
    index(campaign)
    assert (status(campaign, AVERAGE), status(campaign, RAW[0])) == ("growing", "growing")


def test_a_file_marked_incomplete_is_bad_once_the_grace_time_is_over(campaign: Campaign) -> None:
    write(campaign, RAW[0])
    reduce(campaign, AVERAGE, RAW[:1], at=START - HOUR, complete=False)
    index(campaign, at=START - HOUR + MINUTE)
    assert status(campaign, AVERAGE) == "growing"
    for options in ({}, {}, {"deep": True}, {"fast": True}):
        index(campaign, **options)
        artifact = only(campaign, AVERAGE)
        assert (artifact.status, artifact.problem) == ("bad", "marked incomplete: whoever wrote it was stopped")


@pytest.mark.parametrize("complete", [True, False])
def test_a_marked_file_that_is_still_young_is_no_change_when_it_is_seen_again(
    campaign: Campaign, *, complete: bool
) -> None:
    write(campaign, RAW[0])
    reduce(campaign, AVERAGE, RAW[:1], at=START - SECOND, complete=complete)
    assert index(campaign).changed == 2
    before = books(campaign)
    assert index(campaign, at=START + SECOND).changed == 0
    assert books(campaign) == before


DAMAGES: list[dict[str, Any]] = [
    {INPUTS: "nonsense"},
    {INPUTS: 5},
    {INPUTS: '[["path without numbers"]]'},
    {INPUTS: f'[["{RAW[0]}", "big", 1]]'},
    {INPUTS: f'[["{RAW[0]}", 1e30, 1]]'},
    {INPUTS: f'[["{RAW[0]}", 1, {10**30}]]'},
    {INPUTS: f'[["{RAW[0]}", Infinity, 1]]'},
    {INPUTS: "[" * 100_000},
    {RECIPE: "{"},
    {MADE: "yesterday"},
    {COMPLETE: [True, False]},
]


def test_a_mark_that_cannot_be_read_is_none_and_stops_nothing(campaign: Campaign) -> None:
    write(campaign, RAW[0])
    for number, damage in enumerate(DAMAGES):
        reduce(campaign, AVERAGE, RAW[:1], at=MADE_AT + number, **damage)
        index(campaign, deep=number % 2 == 0)
        assert query(campaign, "select * from recorded_input") == []
        assert status(campaign, RAW[0]) == "done"


def test_marks_in_files_that_nobody_reduces_say_nothing(campaign: Campaign) -> None:
    reduce(campaign, RAW[0], (), at=START - SECOND)
    index(campaign)
    assert status(campaign, RAW[0]) == "growing"


# -- copied trees ----------------------------------------------------------------------------------------------------


def copy_without_times(campaign: Campaign, *, first: int, inputs_first: bool = False) -> None:
    """Copy the whole tree as ``cp -r`` does: each file gets the time of its copy, one a minute from ``first`` on."""
    original = campaign.root.rename(campaign.root.with_name("original"))
    shutil.copytree(original, campaign.root, copy_function=shutil.copyfile)
    for number, file in enumerate(sorted(campaign.root.rglob("*.h5"), reverse=inputs_first)):
        stamp(file, first + number * MINUTE)
    age_all(campaign.root)


COPIED = START - 10 * HOUR


@pytest.mark.parametrize("indexed_before", [True, False])
@pytest.mark.parametrize(("inputs_first", "word"), [(True, "done"), (False, "stale")])
def test_in_a_tree_copied_without_times_a_product_older_than_its_inputs_may_be_made_from_others(
    campaign: Campaign, *, indexed_before: bool, inputs_first: bool, word: str
) -> None:
    made(campaign)
    if indexed_before:
        index(campaign)
        assert status(campaign, AVERAGE) == "done"
    copy_without_times(campaign, first=COPIED, inputs_first=inputs_first)
    times = [(campaign.root / path).stat().st_mtime_ns for path in (AVERAGE, *RAW)]
    assert (max(times) == times[0]) == inputs_first
    index(campaign)
    assert [status(campaign, path) for path in (*RAW, AVERAGE)] == ["done", "done", word]


def test_an_input_made_again_is_not_hidden_by_a_touch_of_its_product(campaign: Campaign) -> None:
    made(campaign)
    write(campaign, RAW[0], at=MADE_AT + HOUR)
    stamp(campaign.root / AVERAGE, MADE_AT + MINUTE)
    index(campaign)
    assert status(campaign, AVERAGE) == "stale"


def test_without_records_what_was_copied_before_its_inputs_is_stale(campaign: Campaign) -> None:
    for path in RAW:
        write(campaign, path)
    write(campaign, AVERAGE, at=MADE_AT)
    index(campaign)
    assert status(campaign, AVERAGE) == "done"
    copy_without_times(campaign, first=COPIED)
    index(campaign)
    assert status(campaign, AVERAGE) == "stale"
    stamp(campaign.root / AVERAGE, COPIED + HOUR)  # as if it had been copied last
    index(campaign)
    assert status(campaign, AVERAGE) == "done"


def test_in_a_copied_tree_an_input_of_another_size_still_makes_stale(campaign: Campaign) -> None:
    made(campaign)
    copy_without_times(campaign, first=COPIED)
    write(campaign, RAW[0], at=COPIED, sites=9000)
    index(campaign)
    assert status(campaign, AVERAGE) == "stale"


def test_in_a_copied_tree_an_input_that_was_left_out_still_makes_stale(campaign: Campaign) -> None:
    for path in RAW:
        write(campaign, path)
    reduce(campaign, AVERAGE, RAW[:1])
    copy_without_times(campaign, first=COPIED)
    index(campaign)
    assert status(campaign, AVERAGE) == "stale"


def test_where_times_were_kept_an_input_made_again_makes_stale_even_if_the_size_is_the_same(campaign: Campaign) -> None:
    made(campaign)
    index(campaign)
    write(campaign, RAW[0], at=OLD + MINUTE)  # older than the product, and yet another than it was made from
    index(campaign)
    assert status(campaign, AVERAGE) == "stale"


def test_times_cut_to_seconds_are_the_same_times(campaign: Campaign) -> None:
    for path in RAW:
        write(campaign, path, at=OLD + 123_456_789)
    reduce(campaign, AVERAGE, RAW, at=MADE_AT + 987_654_321)
    for path in RAW:
        stamp(campaign.root / path, OLD)
    stamp(campaign.root / AVERAGE, MADE_AT)
    index(campaign)
    assert status(campaign, AVERAGE) == "done"
    stamp(campaign.root / RAW[0], OLD + 3 * SECOND)
    index(campaign)
    assert status(campaign, AVERAGE) == "stale"


def test_a_product_that_is_made_again_brings_its_new_record(campaign: Campaign) -> None:
    made(campaign)
    write(campaign, RAW[0], at=OLD + 2 * HOUR)
    index(campaign)
    assert status(campaign, AVERAGE) == "stale"
    reduce(campaign, AVERAGE, RAW, at=OLD + 3 * HOUR)
    index(campaign, fast=True)
    assert status(campaign, AVERAGE) == "done"
    assert len(query(campaign, "select * from recorded_input")) == 2


def test_a_product_that_is_gone_or_replaced_leaves_no_record_behind(campaign: Campaign) -> None:
    made(campaign)
    index(campaign)
    write(campaign, AVERAGE, at=MADE_AT + SECOND)
    index(campaign)
    assert query(campaign, "select * from recorded_input") == []


# -- concatenations --------------------------------------------------------------------------------------------------


def test_a_concatenation_says_how_many_configurations_it_holds(campaign: Campaign) -> None:
    write(campaign, AVERAGE)
    reduce(campaign, JOINED, [AVERAGE])
    index(campaign)
    artifact = only(campaign, JOINED)
    assert (artifact.status, artifact.problem) == ("done", "1 of 2 configurations")
    write(campaign, OTHER_AVERAGE)
    index(campaign)
    assert only(campaign, JOINED).status == "stale"
    reduce(campaign, JOINED, [AVERAGE, OTHER_AVERAGE], at=START - HOUR)
    index(campaign)
    artifact = only(campaign, JOINED)
    assert (artifact.status, artifact.problem) == ("done", None)


def test_a_concatenation_lacks_configurations_that_a_changed_campaign_adds(
    campaign: Campaign, read_campaign: Read
) -> None:
    for path in (AVERAGE, OTHER_AVERAGE):
        write(campaign, path)
    reduce(campaign, JOINED, [AVERAGE, OTHER_AVERAGE])
    index(campaign)
    assert only(campaign, JOINED).problem is None
    sources = "10 0 1 2 3\n10 1 2 3 7\n10 2 3 0 1\n10 3 0 1 5\n"
    more = {"A.lst": "".join(sources.replace("10 ", f"{number} ") for number in (10, 20, 30))}
    campaign = read_campaign(("configurations = [10, 20]", "configurations = [10, 20, 30]"), lists=more, kinds=KINDS)
    index(campaign)
    artifact = only(campaign, JOINED)
    assert (artifact.status, artifact.problem) == ("done", "2 of 3 configurations")
    assert set(statuses(campaign, "raw").values()) == {"ready"}


def test_the_problems_name_the_kind_of_input_that_is_not_as_recorded(campaign: Campaign) -> None:
    made(campaign)
    write(campaign, "A_a/raw/20_x0y1z2t3.h5")
    index(campaign)
    catalog = Catalog(campaign.catalog)
    assert problem_groups(catalog) == []
    write(campaign, RAW[0], sites=5)  # of another size; its time is as before
    index(campaign)
    (group,) = problem_groups(catalog)
    assert (group.kind, group.status, group.paths) == ("average", "stale", (AVERAGE,))
    assert group.changed == {"raw": 1}
    catalog.record_archive("tape", [(RAW[0], 1, OLD)])  # says nothing of the file that the average was made from
    index(campaign)
    assert [group.changed for group in problem_groups(catalog) if group.status == "stale"] == [{"raw": 1}]
