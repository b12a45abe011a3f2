"""The status rules: sentences of the design on small productions, and every status of random ones.

Each answer of the catalog is compared with `brute_force`, which reads the design on its own. The statuses that the
sentences below expect are worked out by hand, so that the two cannot be wrong together unseen.
"""

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from comparison import Comparison, States
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from observations import SECOND, File
from scenes import Scene, changed_scene, random_folders, random_scene
from small_productions import CHAIN, OLD, THERE, TOO_SMALL, YOUNG, Judge, changed, purgeable, small, statuses
from worlds import DAY, GRACE, MINUTE, START, World, worlds

# There or missing


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


# Random productions

STATUSES = {
    *("growing", "bad", "stale", "done", "archived", "unknown"),
    *("unneeded", "blocked", "claimed", "recall", "ready"),
}
EXAMPLES = int(os.environ.get("LATTEBOARD_EXAMPLES", "10"))


def test_every_status_of_random_productions_is_that_of_the_brute_force() -> None:
    seen: Counter[str] = Counter()

    # Shrinking would index for minutes; the message names the artifact, its inputs and the state expected of it.
    @settings(max_examples=EXAMPLES, deadline=None, phases=[Phase.explicit, Phase.generate])
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
