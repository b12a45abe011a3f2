"""The status rules: sentences of the design on small productions, and every status of random ones.

Whatever the catalog says is compared with `brute_force`, which reads the design on its own. What the sentences below
expect is worked out by hand, so that the two cannot be wrong together unseen.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from brute_force import SECOND, ArtifactState, File, Mark, coarseness, same_time
from comparison import Comparison, States
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from plain_production import arithmetic, names_in
from scenes import HDF5_BYTES, Scene, changed_scene, random_folders, random_scene
from worlds import ARCHIVES, DAY, GRACE, MINUTE, REDUCED_BYTES, START, World, worlds

OLD = START - 7 * DAY
STATUSES = {
    *("growing", "bad", "stale", "done", "archived", "unknown"),
    *("unneeded", "blocked", "claimed", "recall", "ready"),
}
THERE = File(100, OLD)
TOO_SMALL = File(9, OLD)
YOUNG = File(100, START - MINUTE)

Judge = Callable[..., States]


@pytest.fixture
def judged(tmp_path: Path) -> Judge:
    """What everything in a world is: ``judged(world, disk, archive)``."""

    def judge_world(world: World, disk: Mapping[str, File], archive: Mapping[str, File] | None = None) -> States:
        copies = {path: [(file.size, file.mtime)] for path, file in (archive or {}).items()}
        return Comparison(tmp_path, world).look(Scene(dict(disk), copies))

    return judge_world


def statuses(states: States) -> dict[str, str]:
    """Each status, followed by what blocks it."""
    return {path: _status(state) for path, state in states.items()}


def _status(state: ArtifactState) -> str:
    return f"{state.status} {state.blocked_by} ({state.blocked_count})" if state.blocked_by else state.status


def purgeable(states: States) -> set[str]:
    """What may be deleted."""
    return {path for path, state in states.items() if state.purgeable}


# Small productions


def small(kinds: dict[str, Any], *, axes: dict[str, Any] | None = None, **ensemble: Any) -> World:
    """A production of one ensemble and stream with one configuration and one source, unless told otherwise.

    Every configuration lists the sources x0y0z0t0 to x7y0z0t0, then x0y0z0t1 to x7y0z0t1.
    """
    sources = "".join(f"{number} {n % 8} 0 0 {n // 8}\n" for number in range(1, 9) for n in range(16))
    stated = {
        "streams": ["e"],
        "L": 8,
        "T": 16,
        "configurations": [1],
        "sources": {"file": "sources.lst"},
        "source_sets": {"0-0": [0, 1]},
        **ensemble,
    }
    campaign = {
        "campaign": {"name": "by hand", "root": "data", "catalog": "catalog.db", "grace": "10 min"},
        "archives": {name: {"path": f"/{name}", "protocol": "listing"} for name in ARCHIVES},
        "axes": axes or {},
        "ensembles": {"A": stated},
        "kinds": kinds,
    }
    return World(campaign, {"sources.lst": sources})


# One file of each kind, made one from the other; a and b may go once c is there.
CHAIN = small(
    {
        "a": {"path": "a{configuration}", "temporary": True, "min_bytes": 10},
        "b": {"path": "b{configuration}", "needs": ["a"], "temporary": True, "min_bytes": 10},
        "c": {"path": "c{configuration}", "needs": ["b"], "min_bytes": 10},
    }
)


def changed(world: World, **kinds: dict[str, Any]) -> World:
    """The world with some keys of some kinds set, or taken out if None."""
    stated = dict(world.campaign["kinds"])
    for name, table in kinds.items():
        stated[name] = {key: value for key, value in {**stated.get(name, {}), **table}.items() if value is not None}
    return World({**world.campaign, "kinds": stated}, world.lists)


# What is expected, and what it needs


def test_an_average_of_a_set_needs_the_eight_slices_of_that_set() -> None:
    kinds = {
        "slice": {"path": "slice/{configuration}_{source}"},  # does not name its set
        "average": {"path": "average/{configuration}_{source_set}", "needs": ["slice"]},
    }
    production = small(kinds, source_sets={"0-7": [0, 8], "8-15": [8, 16]}).production()
    assert len(production.of_kind("slice")) == 16
    assert production.inputs["average/1_0-7"] == {"slice": [f"slice/1_x{n}y0z0t0" for n in range(8)]}
    assert production.inputs["average/1_8-15"] == {"slice": [f"slice/1_x{n}y0z0t1" for n in range(8)]}


def test_a_form_factor_needs_the_propagator_of_its_source_and_the_sequential_ones_of_its_set_and_separation() -> None:
    kinds = {
        "prop": {"path": "prop/{configuration}_{source}"},
        "seqprop": {"path": "seqprop/{configuration}_{flavor}_{source_set}_dt{dt}", "needs": ["prop"]},
        "formfac": {"path": "formfac/{configuration}_{source_set}_{source}_dt{dt}", "needs": ["prop", "seqprop"]},
    }
    axes = {"dt": [3, 4], "flavor": ["u", "d"]}
    production = small(kinds, axes=axes, source_sets={"0-1": [0, 2], "2-3": [2, 4]}).production()
    assert production.inputs["formfac/1_2-3_x3y0z0t0_dt4"] == {
        "prop": ["prop/1_x3y0z0t0"],
        "seqprop": ["seqprop/1_u_2-3_dt4", "seqprop/1_d_2-3_dt4"],
    }
    assert production.inputs["seqprop/1_d_0-1_dt3"] == {"prop": ["prop/1_x0y0z0t0", "prop/1_x1y0z0t0"]}


def test_overlapping_source_sets_share_a_propagator() -> None:
    kinds = {
        "prop": {"path": "prop/{source}"},
        "average": {"path": "average/{source_set}", "needs": ["prop"]},
    }
    production = small(kinds, source_sets={"0-1": [0, 2], "1-2": [1, 3]}).production()
    assert [a.path for a in production.of_kind("prop")] == [f"prop/x{n}y0z0t0" for n in range(3)]
    assert production.inputs["average/0-1"] == {"prop": ["prop/x0y0z0t0", "prop/x1y0z0t0"]}
    assert production.inputs["average/1-2"] == {"prop": ["prop/x1y0z0t0", "prop/x2y0z0t0"]}


def test_streams_and_ensembles_have_their_own_configurations_sources_and_axis_values() -> None:
    kinds = {
        "prop": {"path": "{ensemble}_{stream}/{configuration}_{source}"},
        "all": {"path": "{ensemble}_{stream}/all_dt{dt}", "needs": ["prop"]},
    }
    world = small(kinds, axes={"dt": [3]}, streams=["e", "f"], stream={"f": {"configurations": "2:7:3"}})
    other = {**world.campaign["ensembles"]["A"], "streams": ["e"], "L": 16, "source_sets": {"0-0": [9, 10]}}
    other = {**other, "stream": {}, "axes": {"dt": [3, 4]}}
    world.campaign["ensembles"]["B"] = other
    production = world.production()
    assert [a.path for a in production.of_kind("prop")] == [
        *("A_e/1_x0y0z0t0", "A_f/2_x0y0z0t0", "A_f/5_x0y0z0t0", "B_e/1_x1y0z0t1")
    ]
    assert production.inputs["A_f/all_dt3"] == {"prop": ["A_f/2_x0y0z0t0", "A_f/5_x0y0z0t0"]}
    assert [a.path for a in production.of_kind("all")] == ["A_e/all_dt3", "A_f/all_dt3", "B_e/all_dt3", "B_e/all_dt4"]


def test_a_kind_may_be_restricted_and_its_products_need_only_what_is_left() -> None:
    kinds = {
        "a": {"path": "a{configuration}_dt{dt}", "only": {"dt": [4]}},
        "b": {"path": "b{configuration}", "needs": ["a"]},
    }
    production = small(kinds, axes={"dt": [3, 4]}).production()
    assert production.inputs == {"a1_dt4": {}, "b1": {"a": ["a1_dt4"]}}
    assert not production.lonely()
    assert changed(small(kinds, axes={"dt": [3, 4]}), b={"path": "b_dt{dt}"}).production().lonely() == {("b", "a")}


def test_what_is_made_with_another_kind_needs_what_that_one_needs() -> None:
    kinds = {
        "prop": {"path": "prop/{source}"},
        "spec": {"path": "spec/{source}", "made_with": "spec_4D"},
        "spec_4D": {"path": "spec_4D/{source}", "needs": ["prop"]},
    }
    assert small(kinds).production().inputs["spec/x0y0z0t0"] == {"prop": ["prop/x0y0z0t0"]}


def test_a_derived_name_counts_as_the_coordinates_that_it_is_made_of() -> None:
    world = small({"a": {"path": "a{configuration}_{parity}_dt{signed}"}}, axes={"dt": [3, 4], "parity": ["p", "m"]})
    world.campaign["derive"] = {"signed": {"from": "parity", "values": {"p": "{dt}", "m": "-{dt}"}}}
    assert set(world.production().artifacts) == {"a1_p_dt3", "a1_p_dt4", "a1_m_dt-3", "a1_m_dt-4"}


def test_sizes_are_sums_of_products_and_parameters_may_differ_by_stream() -> None:
    kinds = {"a": {"path": "{stream}/a", "min_bytes": "2 * bytes + L * L"}}
    world = small(kinds, streams=["e", "f"], parameters={"bytes": 10}, stream={"f": {"parameters": {"bytes": 20}}})
    assert {a.path: a.min_bytes for a in world.production().of_kind("a")} == {"e/a": 84, "f/a": 104}
    assert arithmetic("3 * n + 1", {"n": 5}) == 16
    assert names_in("{ensemble}/c{configuration:04d}_x{source.x}") == {"ensemble", "configuration", "source"}


# What there is, and what follows


def test_with_nothing_there_the_first_step_is_ready_and_the_next_are_blocked(judged: Judge) -> None:
    assert statuses(judged(CHAIN, {})) == {"a1": "ready", "b1": "blocked a (1)", "c1": "blocked b (1)"}


def test_a_given_file_that_is_missing_blocks_and_is_no_work(judged: Judge) -> None:
    world = changed(CHAIN, a={"given": True, "temporary": None})
    assert statuses(judged(world, {})) == {"a1": "blocked", "b1": "blocked a (1)", "c1": "blocked b (1)"}


def test_what_has_all_its_inputs_is_ready(judged: Judge) -> None:
    assert statuses(judged(CHAIN, {"a1": THERE})) == {"a1": "done", "b1": "ready", "c1": "blocked b (1)"}


def test_blocked_by_names_the_first_kind_in_the_order_of_needs_and_how_many(judged: Judge) -> None:
    kinds = {
        "slow": {"path": "slow/{source}"},
        "fast": {"path": "fast/{source}"},
        "sum": {"path": "sum/{source_set}", "needs": ["fast", "slow"]},
    }
    world = small(kinds, source_sets={"0-2": [0, 3]})
    assert statuses(judged(world, {"fast/x1y0z0t0": THERE}))["sum/0-2"] == "blocked fast (2)"


def test_a_kind_that_has_all_does_not_block_although_the_next_does(judged: Judge) -> None:
    kinds = {
        "slow": {"path": "slow/{source}"},
        "fast": {"path": "fast/{source}"},
        "sum": {"path": "sum/{source_set}", "needs": ["fast", "slow"]},
    }
    assert statuses(judged(small(kinds), {"fast/x0y0z0t0": THERE}))["sum/0-0"] == "blocked slow (1)"


def test_a_temporary_file_is_wanted_only_while_something_missing_needs_it(judged: Judge) -> None:
    states = judged(CHAIN, {"c1": THERE})
    assert statuses(states) == {"a1": "unneeded", "b1": "unneeded", "c1": "done"}
    assert [state.wanted for state in states.values()] == [False, False, True]


def test_what_is_there_asks_for_nothing_more(judged: Judge) -> None:
    assert statuses(judged(CHAIN, {"b1": THERE})) == {"a1": "unneeded", "b1": "done", "c1": "ready"}


@pytest.mark.parametrize("file", [TOO_SMALL, YOUNG])
def test_a_bad_or_growing_product_asks_for_nothing_and_blocks_what_is_made_from_it(judged: Judge, file: File) -> None:
    status = "bad" if file is TOO_SMALL else "growing"
    assert statuses(judged(CHAIN, {"b1": file})) == {"a1": "unneeded", "b1": status, "c1": "blocked b (1)"}


def test_a_bad_product_at_the_end_asks_for_nothing(judged: Judge) -> None:
    assert statuses(judged(CHAIN, {"c1": TOO_SMALL})) == {"a1": "unneeded", "b1": "unneeded", "c1": "bad"}


def test_a_stale_product_is_no_work_and_what_is_made_from_it_is_blocked(judged: Judge) -> None:
    disk = {"a1": File(100, OLD + MINUTE), "b1": THERE}
    assert statuses(judged(CHAIN, disk)) == {"a1": "done", "b1": "stale", "c1": "blocked b (1)"}


def test_staleness_looks_at_direct_inputs_only(judged: Judge) -> None:
    disk = {"a1": File(100, OLD + MINUTE), "b1": THERE, "c1": THERE}
    assert statuses(judged(CHAIN, disk)) == {"a1": "done", "b1": "stale", "c1": "done"}


def test_a_stale_input_that_is_newer_makes_its_product_stale_too(judged: Judge) -> None:
    disk = {"a1": File(100, OLD + 2 * MINUTE), "b1": File(100, OLD + MINUTE), "c1": THERE}
    assert statuses(judged(CHAIN, disk)) == {"a1": "done", "b1": "stale", "c1": "stale"}


@pytest.mark.parametrize("file", [File(9, OLD + MINUTE), YOUNG])
def test_a_bad_or_growing_input_changes_nothing_yet(judged: Judge, file: File) -> None:
    assert statuses(judged(CHAIN, {"b1": file, "c1": THERE}))["c1"] == "done"


@pytest.mark.parametrize(("after", "status"), [(2 * SECOND, "done"), (2 * SECOND + 1, "stale")])
def test_an_input_is_a_change_if_it_is_newer_by_more_than_two_seconds(judged: Judge, after: int, status: str) -> None:
    assert statuses(judged(CHAIN, {"b1": File(100, OLD + after), "c1": THERE}))["c1"] == status


def test_a_kind_may_never_be_stale(judged: Judge) -> None:
    world = changed(CHAIN, c={"stale": "never"})
    assert statuses(judged(world, {"b1": File(100, OLD + MINUTE), "c1": THERE}))["c1"] == "done"


def test_a_file_younger_than_the_grace_is_growing_and_then_done(tmp_path: Path) -> None:
    comparison = Comparison(tmp_path, CHAIN)
    scene = Scene({"c1": File(100, START - GRACE + SECOND)}, {})
    assert statuses(comparison.look(scene))["c1"] == "growing"
    assert statuses(comparison.look(scene, start=START + 2 * SECOND))["c1"] == "done"


def test_a_young_file_that_is_too_small_is_growing_not_bad(judged: Judge) -> None:
    assert statuses(judged(CHAIN, {"c1": File(1, START - MINUTE)}))["c1"] == "growing"


# Purge


def test_a_temporary_file_may_go_once_its_product_is_done(judged: Judge) -> None:
    assert purgeable(judged(CHAIN, {"a1": THERE, "b1": THERE, "c1": THERE})) == {"a1", "b1"}


def test_what_is_made_from_it_again_later_holds_a_file_through_what_is_missing(judged: Judge) -> None:
    states = judged(CHAIN, {"a1": THERE})
    assert statuses(states) == {"a1": "done", "b1": "ready", "c1": "blocked b (1)"}
    assert purgeable(states) == set()


def test_nothing_holds_a_file_past_what_is_there(judged: Judge) -> None:
    assert purgeable(judged(CHAIN, {"a1": THERE, "b1": THERE})) == {"a1"}


@pytest.mark.parametrize("file", [TOO_SMALL, YOUNG, File(100, OLD - MINUTE)])
def test_a_bad_growing_or_stale_product_holds_its_inputs(judged: Judge, file: File) -> None:
    states = judged(CHAIN, {"b1": THERE, "c1": file})
    assert states["c1"].status in {"bad", "growing", "stale"}
    assert purgeable(states) == set()


def test_a_bad_product_holds_its_inputs_through_what_is_missing(judged: Judge) -> None:
    states = judged(CHAIN, {"a1": THERE, "c1": TOO_SMALL})
    assert statuses(states) == {"a1": "done", "b1": "unneeded", "c1": "bad"}
    assert purgeable(states) == set()


def test_a_bad_or_growing_temporary_file_may_go_too_when_nothing_needs_it(judged: Judge) -> None:
    assert purgeable(judged(CHAIN, {"a1": TOO_SMALL, "b1": YOUNG, "c1": THERE})) == {"a1", "b1"}


def test_an_archived_product_holds_nothing(judged: Judge) -> None:
    assert purgeable(judged(CHAIN, {"b1": THERE}, {"c1": THERE})) == {"b1"}


def test_a_propagator_is_held_by_the_one_form_factor_that_is_missing(judged: Judge) -> None:
    kinds = {
        "prop": {"path": "prop/{source}", "temporary": True},
        "formfac": {"path": "formfac/{source}_dt{dt}", "needs": ["prop"]},
    }
    world = small(kinds, axes={"dt": [3, 4]}, source_sets={"0-1": [0, 2]})
    there = ["prop/x0y0z0t0", "prop/x1y0z0t0", "formfac/x0y0z0t0_dt3", "formfac/x0y0z0t0_dt4", "formfac/x1y0z0t0_dt3"]
    assert purgeable(judged(world, dict.fromkeys(there, THERE))) == {"prop/x0y0z0t0"}


# The archive


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


# Claims


def test_a_claimed_task_is_not_ready_and_an_expired_claim_says_nothing(tmp_path: Path) -> None:
    comparison = Comparison(tmp_path, CHAIN)
    comparison.look(Scene({}, {}))
    assert statuses(comparison.claim("a1", hours=-1))["a1"] == "ready"
    assert statuses(comparison.claim("a1")) == {"a1": "claimed", "b1": "blocked a (1)", "c1": "blocked b (1)"}


def test_a_claim_ends_when_its_file_is_there(tmp_path: Path) -> None:
    comparison = Comparison(tmp_path, CHAIN)
    comparison.look(Scene({}, {}))
    comparison.claim("a1")
    assert statuses(comparison.look(Scene({"a1": THERE}, {}), start=START + DAY))["a1"] == "done"


def test_a_claim_on_one_file_of_a_job_counts_for_both(tmp_path: Path) -> None:
    comparison = Comparison(tmp_path, changed(CHAIN, d={"path": "d{configuration}", "made_with": "c"}))
    assert statuses(comparison.look(Scene({"b1": THERE}, {})))["d1"] == "ready"
    assert statuses(comparison.claim("d1")) == {"a1": "unneeded", "b1": "done", "c1": "claimed", "d1": "claimed"}


def test_what_waits_for_the_archive_can_be_claimed(tmp_path: Path) -> None:
    comparison = Comparison(tmp_path, CHAIN)
    comparison.look(Scene({}, {"b1": [(100, OLD)]}))
    assert statuses(comparison.claim("c1"))["c1"] == "claimed"


# Records of what a file was made from

SLICES = small(
    {
        "slice": {"path": "slice/{source}.h5"},
        "average": {"path": "average/{source_set}.h5", "needs": ["slice"], "reduce": ["average"]},
    },
    source_sets={"0-1": [0, 2]},
)
ONE, TWO, AVERAGE = "slice/x0y0z0t0.h5", "slice/x1y0z0t0.h5", "average/0-1.h5"
LATER = File(100, OLD + MINUTE)


def average(mtime: int = OLD, *, written: int | None = None, complete: bool = True, **recorded: File) -> File:
    """An average that recorded its slices ``one`` and ``two``, by default as they are."""
    inputs = {ONE: recorded.get("one", THERE), TWO: recorded.get("two", THERE)}
    record = {path: (file.size, file.mtime) for path, file in inputs.items()}
    return File(REDUCED_BYTES, mtime, Mark(record, mtime if written is None else written, complete))


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


# Folders that cannot be read

FOLDERS = changed(
    CHAIN, a={"path": "a/{configuration}"}, b={"path": "b/{configuration}"}, c={"path": "c/{configuration}"}
)


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
    assert "b" in linked.report.unreadable
    assert linked.index(start=START + 2 * DAY, **look, away=["b"]) == states
    if how == "empty":
        (tmp_path / "disk").rmdir()
    (tmp_path / "elsewhere").rename(tmp_path / "disk")
    assert statuses(linked.index(start=START + 3 * DAY, **look))["b/1"] == "done"


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


# Random productions

EXAMPLES = int(os.environ.get("LATTEBOARD_EXAMPLES", "10"))


def test_every_status_of_random_productions_is_that_of_the_brute_force() -> None:
    seen: Counter[str] = Counter()

    # Shrinking would index for minutes; the message names the artifact, its inputs and the state expected of it.
    @settings(max_examples=EXAMPLES, phases=[Phase.explicit, Phase.generate])
    @given(worlds(), st.integers(0, 2**32 - 1))
    def compare(world: World, seed: int) -> None:
        with TemporaryDirectory() as folder:
            for states in compare_world(Random(seed), Path(folder), world):
                seen.update(state.status for state in states.values())
                seen.update("purgeable" for state in states.values() if state.purgeable)

    compare()
    assert seen.keys() == STATUSES | {"purgeable"}


def compare_world(chance: Random, folder: Path, world: World) -> Iterator[States]:
    """Index, hand out tasks, and index again after a change of the disk; sometimes index that disk with a new catalog."""
    comparison = Comparison(folder, world)
    production = comparison.production
    first = random_scene(chance, production)
    yield comparison.look(Scene(first.disk, {}), unreadable=random_folders(chance, first))
    made = sorted(
        path for path, artifact in production.artifacts.items() if not production.kinds[artifact.kind].get("given")
    )
    claimed = chance.sample(made, min(chance.randint(0, 6), len(made)))
    expired = chance.randint(0, len(claimed))
    comparison.claim(*claimed[:expired], hours=-1)
    yield comparison.claim(*claimed[expired:])
    second = changed_scene(chance, production, first)
    unreadable = random_folders(chance, second)
    yield comparison.look(second, start=START + DAY, fast=chance.random() < 0.5, unreadable=unreadable)
    if chance.random() < 0.5:
        return
    header = {**world.campaign["campaign"], "catalog": "fresh.db"}
    fresh = Comparison(folder, World({**world.campaign, "campaign": header}, world.lists))
    fresh.scene = Scene(second.disk, {})
    yield fresh.look(second, start=START + DAY, unreadable=unreadable)
