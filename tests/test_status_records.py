"""Stale or done by the record of its inputs that a reduced file carries, and by times."""

from dataclasses import replace
from pathlib import Path

import pytest
from comparison import Comparison, ask
from observations import SECOND, File, Mark, coarseness, same_time
from scenes import Scene
from small_productions import (
    AVERAGE,
    CHAIN,
    LATER,
    OLD,
    ONE,
    SLICES,
    THERE,
    TOO_SMALL,
    TWO,
    Judge,
    average,
    changed,
    small,
    statuses,
)
from worlds import DAY, MINUTE, REDUCED_BYTES, START


def test_a_product_whose_record_agrees_is_done_however_old_it_is(judged: Judge) -> None:
    made = average(OLD - DAY)
    assert statuses(judged(SLICES, {ONE: THERE, TWO: THERE, AVERAGE: made}))[AVERAGE] == "done"


def test_without_a_record_the_same_product_is_stale(judged: Judge) -> None:
    made = replace(average(OLD - DAY), mark=None)
    assert statuses(judged(SLICES, {ONE: THERE, TWO: THERE, AVERAGE: made}))[AVERAGE] == "stale"


@pytest.mark.parametrize("now", [File(101, OLD), File(100, OLD + MINUTE), File(100, OLD - MINUTE)])
def test_an_input_of_another_size_or_time_than_recorded_makes_a_product_stale(judged: Judge, now: File) -> None:
    disk = {ONE: now, TWO: THERE, AVERAGE: average(OLD + DAY)}
    assert statuses(judged(SLICES, disk))[AVERAGE] == "stale"


def test_an_input_that_was_recalled_from_the_archive_is_no_change(judged: Judge) -> None:
    disk = {ONE: LATER, TWO: THERE, AVERAGE: average()}
    assert statuses(judged(SLICES, disk, {ONE: THERE}))[AVERAGE] == "done"


def test_a_copy_of_another_time_does_not_vouch_for_an_input(judged: Judge) -> None:
    disk = {ONE: LATER, TWO: THERE, AVERAGE: average()}
    assert statuses(judged(SLICES, disk, {ONE: LATER}))[AVERAGE] == "stale"


NANOSECONDS = OLD + 123_456_123  # a time as a disk keeps it


@pytest.mark.parametrize("unit", [100, 1_000, 1_000_000, SECOND, 2 * SECOND])
@pytest.mark.parametrize("up", [0, 1])
def test_times_agree_as_far_as_the_coarser_one_tells(unit: int, up: int) -> None:
    coarse = NANOSECONDS // unit * unit + unit * up
    assert same_time(NANOSECONDS, coarse)
    assert same_time(coarse, NANOSECONDS)
    assert not same_time(NANOSECONDS, coarse + 3 * unit)
    assert not same_time(NANOSECONDS, coarse - 3 * unit)


def test_fine_times_agree_only_if_they_are_equal() -> None:
    assert same_time(NANOSECONDS, NANOSECONDS)
    assert not same_time(NANOSECONDS, NANOSECONDS + 2)
    assert (coarseness(NANOSECONDS), coarseness(OLD + SECOND), coarseness(OLD)) == (1, SECOND, 2 * SECOND)


@pytest.mark.parametrize("unit", [100, 1_000, 1_000_000, SECOND, 2 * SECOND])
@pytest.mark.parametrize("up", [0, 1])
def test_an_input_whose_time_was_cut_or_rounded_by_a_copy_is_no_change(judged: Judge, unit: int, up: int) -> None:
    now = File(100, NANOSECONDS // unit * unit + unit * up)
    disk = {ONE: now, TWO: THERE, AVERAGE: average(one=File(100, NANOSECONDS))}
    assert statuses(judged(SLICES, disk))[AVERAGE] == "done"


def test_a_record_whose_times_were_cut_agrees_with_the_finer_time_on_disk(judged: Judge) -> None:
    disk = {ONE: File(100, NANOSECONDS), TWO: THERE, AVERAGE: average(one=File(100, NANOSECONDS // 1000 * 1000))}
    assert statuses(judged(SLICES, disk))[AVERAGE] == "done"


def test_an_input_that_has_become_available_makes_the_product_stale_that_left_it_out(judged: Judge) -> None:
    made = average()
    assert made.mark is not None
    made = replace(made, mark=replace(made.mark, inputs={ONE: (100, OLD)}))
    assert statuses(judged(SLICES, {ONE: THERE, TWO: THERE, AVERAGE: made}))[AVERAGE] == "stale"


def test_an_input_that_is_gone_or_bad_says_nothing(judged: Judge) -> None:
    world = changed(SLICES, slice={"min_bytes": 10})
    assert statuses(judged(world, {ONE: TOO_SMALL, AVERAGE: average()}))[AVERAGE] == "done"


@pytest.mark.parametrize(("size", "status"), [(100, "done"), (101, "stale")])
def test_in_a_tree_that_was_copied_without_times_sizes_count(judged: Judge, size: int, status: str) -> None:
    made = average(OLD + DAY, written=OLD)
    disk = {ONE: File(size, OLD + DAY + 1), TWO: File(100, OLD + DAY + 2), AVERAGE: made}
    assert statuses(judged(SLICES, disk))[AVERAGE] == status


def test_a_product_that_was_touched_does_not_hide_an_input_that_was_made_again(judged: Judge) -> None:
    touched = average(OLD + DAY, written=OLD)
    disk = {ONE: File(100, OLD + DAY + 3 * SECOND), TWO: THERE, AVERAGE: touched}
    assert statuses(judged(SLICES, disk))[AVERAGE] == "stale"


def test_an_input_of_a_touched_product_that_was_recalled_is_no_change(judged: Judge) -> None:
    disk = {ONE: File(100, OLD + 2 * DAY), TWO: THERE, AVERAGE: average(OLD + DAY, written=OLD)}
    assert statuses(judged(SLICES, disk, {ONE: THERE}))[AVERAGE] == "done"


@pytest.mark.parametrize(("copy", "status"), [(THERE, "done"), (File(101, OLD), "stale"), (LATER, "stale")])
def test_without_a_record_a_recalled_input_is_no_change(judged: Judge, copy: File, status: str) -> None:
    assert statuses(judged(CHAIN, {"b1": LATER, "c1": THERE}, {"b1": copy}))["c1"] == status


def test_an_average_over_other_sources_than_its_set_has_now_is_stale(tmp_path: Path) -> None:
    three = "slice/x2y0z0t0.h5"
    both = {"0-1": [0, 2], "1-2": [1, 3]}
    comparison = Comparison(tmp_path, small(SLICES.campaign["kinds"], source_sets=both))
    disk = {ONE: THERE, TWO: THERE, three: THERE, AVERAGE: average()}
    assert statuses(comparison.look(Scene(disk, {})))[AVERAGE] == "done"
    swapped = {"0-1": [1, 3], "1-2": [0, 2]}
    comparison.state_campaign(small(SLICES.campaign["kinds"], source_sets=swapped))
    assert statuses(comparison.look(Scene(disk, {}), start=START + DAY))[AVERAGE] == "stale"


def test_a_recorded_input_that_is_no_longer_needed_makes_a_product_stale_although_all_needed_ones_are_gone(
    judged: Judge,
) -> None:
    made = average()
    assert made.mark is not None
    extra = {**made.mark.inputs, "slice/x2y0z0t0.h5": (100, OLD)}
    world = small(SLICES.campaign["kinds"], source_sets={"0-1": [0, 2], "2-2": [2, 3]})
    states = judged(world, {AVERAGE: replace(made, mark=replace(made.mark, inputs=extra))})
    assert statuses(states)[AVERAGE] == "stale"


RENAMED = changed(SLICES, slice={"path": "slices/{source}.h5"})


@pytest.mark.parametrize(("one", "status"), [(THERE, "done"), (File(101, OLD), "stale"), (LATER, "stale")])
def test_inputs_that_were_renamed_with_their_template_are_the_same_inputs(
    tmp_path: Path, one: File, status: str
) -> None:
    two = File(102, OLD)  # of another size, so that it is not taken for the first
    made = average(two=two)
    comparison = Comparison(tmp_path, SLICES)
    assert statuses(comparison.look(Scene({ONE: THERE, TWO: two, AVERAGE: made}, {})))[AVERAGE] == "done"
    comparison.state_campaign(RENAMED)
    disk = {"slices/x0y0z0t0.h5": one, "slices/x1y0z0t0.h5": two, AVERAGE: made}
    assert statuses(comparison.look(Scene(disk, {}), start=START + DAY))[AVERAGE] == status


HIDDEN = changed(SLICES, average={"path": "hidden/{source_set}.h5"})
BEHIND = "hidden/0-1.h5"


@pytest.fixture
def hidden(tmp_path: Path) -> Comparison:
    """An average older than its inputs and done by its record, in a folder that the next index cannot read."""
    comparison = Comparison(tmp_path, HIDDEN)
    assert statuses(comparison.look(Scene({ONE: THERE, TWO: THERE, BEHIND: average(OLD - DAY)}, {})))[BEHIND] == "done"
    return comparison


@pytest.mark.parametrize(("now", "status"), [(THERE, "done"), (File(101, OLD), "stale"), (LATER, "stale")])
def test_the_record_of_a_product_that_cannot_be_read_outlives_an_edit_of_the_campaign(
    hidden: Comparison, now: File, status: str
) -> None:
    hidden.state_campaign(changed(HIDDEN, slice={"temporary": True}))
    scene = Scene({**hidden.scene.disk, ONE: now}, {})
    for day, unreadable in ((1, ["hidden"]), (2, ["hidden"]), (3, [])):
        assert statuses(hidden.look(scene, start=START + day * DAY, unreadable=unreadable))[BEHIND] == status


@pytest.mark.parametrize(("one", "status"), [(THERE, "done"), (File(101, OLD), "stale"), (LATER, "stale")])
def test_inputs_of_a_product_that_cannot_be_read_may_be_renamed_with_their_template(
    hidden: Comparison, one: File, status: str
) -> None:
    hidden.state_campaign(changed(HIDDEN, slice={"path": "slices/{source}.h5"}))
    scene = Scene({"slices/x0y0z0t0.h5": one, "slices/x1y0z0t0.h5": THERE, BEHIND: hidden.scene.disk[BEHIND]}, {})
    for day, unreadable in ((1, ["hidden"]), (2, [])):
        assert statuses(hidden.look(scene, start=START + day * DAY, unreadable=unreadable))[BEHIND] == status


def test_an_input_that_a_product_which_cannot_be_read_no_longer_needs_makes_it_stale(hidden: Comparison) -> None:
    hidden.state_campaign(small(HIDDEN.campaign["kinds"], source_sets={"0-1": [0, 1], "1-1": [1, 2]}))
    hidden_states = hidden.look(hidden.scene, start=START + DAY, unreadable=["hidden"])
    assert statuses(hidden_states)[BEHIND] == "stale"


def test_rows_of_a_record_that_was_not_read_again_name_the_inputs_as_they_are_numbered_now(hidden: Comparison) -> None:
    recorded = "select source, r.size, r.mtime from recorded_input r join _slice on _slice.id = input"
    recorded += " join kind on kind.id = input_kind and kind.name = 'slice' order by source"
    before = ask(Path(hidden.campaign.catalog), recorded)
    assert len(before) == 2
    for day, sets in enumerate(({"0-1": [0, 2], "2-3": [2, 4]}, {"0-1": [0, 2]}), start=1):
        hidden.state_campaign(small(HIDDEN.campaign["kinds"], source_sets=sets))
        hidden.look(hidden.scene, start=START + day * DAY, unreadable=["hidden"])
        assert ask(Path(hidden.campaign.catalog), recorded) == before


def test_a_young_file_that_is_marked_complete_is_done(judged: Judge) -> None:
    disk = {ONE: THERE, TWO: THERE, AVERAGE: average(START - MINUTE)}
    assert statuses(judged(SLICES, disk))[AVERAGE] == "done"


def test_a_file_that_is_marked_incomplete_is_bad(judged: Judge) -> None:
    disk = {ONE: THERE, TWO: THERE, AVERAGE: average(complete=False)}
    assert statuses(judged(SLICES, disk))[AVERAGE] == "bad"


@pytest.mark.parametrize("made", [average(START - MINUTE, complete=False), replace(average(START - MINUTE), mark=None)])
def test_a_young_file_is_growing_unless_it_is_marked_complete(judged: Judge, made: File) -> None:
    assert statuses(judged(SLICES, {ONE: THERE, TWO: THERE, AVERAGE: made}))[AVERAGE] == "growing"


def test_a_young_file_that_is_marked_complete_but_too_small_is_bad(judged: Judge) -> None:
    world = changed(SLICES, average={"min_bytes": REDUCED_BYTES + 1})
    disk = {ONE: THERE, TWO: THERE, AVERAGE: average(START - MINUTE)}
    assert statuses(judged(world, disk))[AVERAGE] == "bad"


def test_a_record_speaks_for_its_own_product_only(judged: Judge) -> None:
    world = small(SLICES.campaign["kinds"], source_sets={"0-1": [0, 2], "1-2": [1, 3]})
    three = "slice/x2y0z0t0.h5"
    other = File(REDUCED_BYTES, OLD, Mark({TWO: (100, OLD), three: (100, OLD)}, OLD))
    disk = {**dict.fromkeys([ONE, TWO, three], THERE), AVERAGE: average(two=TOO_SMALL), "average/1-2.h5": other}
    states = statuses(judged(world, disk))
    assert (states[AVERAGE], states["average/1-2.h5"]) == ("stale", "done")


def test_a_copy_speaks_for_its_own_file_only(judged: Judge) -> None:
    disk = {ONE: LATER, TWO: THERE, AVERAGE: average()}
    assert statuses(judged(SLICES, disk, {TWO: THERE}))[AVERAGE] == "stale"


JOINED = small(
    {
        "part": {"path": "part/{configuration}.h5", "min_bytes": 10},
        "whole": {"path": "whole.h5", "needs": ["part"], "reduce": [{"concatenate": {"append": True}}]},
    },
    configurations="1:4:1",
)


def test_a_concatenation_that_lacks_configurations_is_done_until_a_lacking_one_becomes_available(
    tmp_path: Path,
) -> None:
    parts = {f"part/{number}.h5": THERE for number in range(1, 4)}
    record = Mark(dict.fromkeys(parts, (100, OLD)), OLD)
    comparison = Comparison(tmp_path, JOINED)
    disk = {**parts, "part/4.h5": TOO_SMALL, "whole.h5": File(REDUCED_BYTES, OLD, record)}
    assert statuses(comparison.look(Scene(disk, {})))["whole.h5"] == "done"
    assert comparison.rows["whole.h5"].problem == "3 of 4 configurations"
    disk = {**disk, "part/4.h5": THERE}
    assert statuses(comparison.look(Scene(disk, {}), start=START + DAY))["whole.h5"] == "stale"
