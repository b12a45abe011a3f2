"""The status rules as array functions, each by hand: a few products and inputs as numbers, no disk and no catalog."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest

from latteboard.campaign.needs import Links
from latteboard.status.copies import NEVER_SEEN, Flaw, flaws
from latteboard.status.evidence import NOT_EXPECTED, UNTIMED, Copies, Evidence, Records
from latteboard.status.rules import Verdicts, is_archived, is_purgeable, settle
from latteboard.status.staleness import Need, stale
from latteboard.status.states import FileState, Status
from latteboard.status.times import RESOLUTIONS, TOLERANCE, resolution, times_agree
from latteboard.status.wants import NOTHING, Consumer, Supply, needed, not_there, readiness, wanted
from latteboard.times import SECOND_NS

S = SECOND_NS
OLD = 1_700_000_000 * S  # a time that is cut to two seconds, the coarsest resolution
EXACT = OLD + 123_456_789  # one that is cut to nothing
SOUND, ABSENT, BAD, GROWING, UNKNOWN = (
    FileState.sound,
    FileState.absent,
    FileState.bad,
    FileState.growing,
    FileState.unknown,
)


def agree(a: int, b: int) -> bool:
    """Whether two times agree; both orders must say the same."""
    one, other = times_agree(np.array([a, b]), np.array([b, a])).tolist()
    assert one == other
    return bool(one)


def numbers(values: Sequence[int]) -> np.ndarray:
    return np.array(values, dtype=np.int64)


def mask(values: Sequence[int]) -> np.ndarray:
    return np.array(values, dtype=bool)


def files(
    *mtimes: int,
    states: Sequence[FileState] = (),
    sizes: Sequence[int] = (),
    copies: Sequence[tuple[int, int, int, bool]] = (),
    entries: Sequence[tuple[int, int, int, int, int]] = (),
) -> Evidence:
    """Sound files of 100 bytes, unless told otherwise.

    A copy is (row, size, mtime, sound); an entry of a record is (product, kind, input, size, mtime), and (product, -1, -1,
    0, mtime) of a record that names nothing.
    """
    rows, copy_sizes, copy_mtimes, sound = zip(*copies, strict=True) if copies else ((),) * 4
    columns = [numbers(column) for column in zip(*entries, strict=True)] if entries else [numbers([])] * 5
    return Evidence(
        np.array(states or [SOUND] * len(mtimes), dtype=np.uint8),
        numbers(sizes or [100] * len(mtimes)),
        numbers(mtimes),
        Copies(numbers(rows), numbers(copy_sizes), numbers(copy_mtimes), mask(sound)),
        Records(*columns, named=(columns[3] > 0)),
    )


def links(pairs: Sequence[tuple[int, int]], products: int, inputs: int) -> Links:
    """Links from pairs of a product and an input."""
    return Links.from_pairs(numbers([p for p, _ in pairs]), numbers([i for _, i in pairs]), (products, inputs))


def each(number: int) -> Links:
    """Each product needs the input of its own row."""
    return links([(n, n) for n in range(number)], number, number)


def is_stale(products: Evidence, *inputs: Evidence, pairs: Sequence[tuple[int, int]] = ()) -> list[bool]:
    """What is stale of products that need kinds 0, 1, ...: by the pairs, or each the input of its row."""
    number = len(products.states)
    between = [links(pairs, number, len(one.states)) if pairs else each(number) for one in inputs]
    needs = [Need(n, tie, one) for n, (tie, one) in enumerate(zip(between, inputs, strict=True))]
    return [bool(one) for one in stale(products, needs)]


# Times


@pytest.mark.parametrize("unit", RESOLUTIONS)
def test_a_time_may_have_been_cut_to_the_coarsest_unit_that_divides_it(unit: int) -> None:
    three = 3 * unit if unit > 1 else 3  # three units are never the next coarser one
    assert resolution(numbers([three, -three])).tolist() == [unit, unit]


@pytest.mark.parametrize("unit", RESOLUTIONS[:-1])
def test_a_cut_time_agrees_with_all_that_are_less_than_a_unit_away(unit: int) -> None:
    coarse = OLD + 3 * unit
    assert agree(coarse, coarse)
    assert agree(coarse, coarse + unit - 1)  # cut down
    assert agree(coarse, coarse - unit + 1)  # rounded up
    assert agree(coarse, coarse + 1)


@pytest.mark.parametrize("unit", RESOLUTIONS[1:-1])
def test_a_cut_time_disagrees_with_those_that_are_a_unit_away(unit: int) -> None:
    coarse = OLD + 3 * unit
    finer = 1 if unit == 100 else 7  # so that the other is cut to nothing
    assert not agree(coarse, coarse + unit + finer)
    assert not agree(coarse, coarse - unit - finer)


def test_a_whole_unit_between_two_times_is_too_much() -> None:
    assert not agree(OLD + S, OLD + 2 * S + S)
    assert not agree(OLD, OLD + 2 * S)
    assert agree(OLD, OLD + S)  # the even one may be the odd one, cut to two seconds
    assert not agree(OLD + 100, OLD + 200)


def test_exact_times_agree_only_if_they_are_equal() -> None:
    assert agree(EXACT, EXACT)
    assert not agree(EXACT, EXACT + 2)


def test_times_before_1970_agree_by_the_same_rule() -> None:
    assert agree(-3 * S, -3 * S + 999_999_999)
    assert not agree(-3 * S, -2 * S + 1)
    assert not agree(-EXACT, -EXACT - 2)
    assert agree(0, 2 * S - 1)
    assert not agree(-1, 2 * S)


def test_the_last_times_that_there_are_agree_by_the_same_rule() -> None:
    last = np.iinfo(np.int64).max
    assert agree(last, last)
    assert not agree(last, last - 1)
    assert agree(last, last // S * S)
    assert not agree(last, 0)
    assert not agree(last // 2, -(last // 2))


# Copies


def flaw(*, size: int = 100, mtime: int = EXACT, least: int = 10, seen: tuple[int, int] = (100, EXACT)) -> Flaw:
    columns = (numbers([value]) for value in (size, mtime, least, *seen))
    return Flaw(flaws(*columns)[0])


def test_a_copy_as_the_file_was_seen_or_later_has_no_flaw() -> None:
    assert flaw() == Flaw.none
    assert flaw(mtime=EXACT + S) == Flaw.none
    assert flaw(mtime=EXACT // S * S) == Flaw.none  # cut to seconds, not older


def test_a_copy_that_is_older_than_the_file_is_outdated() -> None:
    assert flaw(mtime=EXACT - S) == Flaw.older


@pytest.mark.parametrize("size", [99, 101])
def test_a_copy_of_another_size_is_outdated_whatever_its_time(size: int) -> None:
    assert flaw(size=size) == flaw(size=size, mtime=EXACT - S) == Flaw.other_size


def test_a_copy_that_is_smaller_than_expected_is_too_small_whatever_else_it_is() -> None:
    assert flaw(size=10) == Flaw.other_size
    assert flaw(size=9) == flaw(size=9, mtime=EXACT - S) == flaw(size=9, seen=(9, EXACT)) == Flaw.too_small


def test_a_copy_of_a_file_that_was_never_seen_needs_its_least_size_only() -> None:
    never = (NEVER_SEEN, NEVER_SEEN)
    assert flaw(size=10, mtime=-5 * S, seen=never) == Flaw.none
    assert flaw(size=9, seen=never) == Flaw.too_small


def test_no_copies_have_no_flaws() -> None:
    assert flaws(*[numbers([])] * 5).tolist() == []


# Evidence


def test_only_sound_copies_stand_in_for_a_file() -> None:
    one = files(OLD, OLD, OLD, copies=[(0, 100, OLD, False), (1, 100, OLD, False), (1, 100, OLD, True)])
    assert one.copied.tolist() == [False, True, False]


def test_a_file_became_what_it_is_at_the_earliest_time_that_a_copy_of_its_size_has() -> None:
    copies = [(0, 100, OLD - S, True), (0, 100, OLD - 2 * S, True), (1, 99, OLD - S, True), (2, 100, OLD + S, True)]
    assert files(OLD, OLD, OLD, copies=copies).times_of_change().tolist() == [OLD - 2 * S, OLD, OLD]


def test_only_sound_files_are_sound() -> None:
    assert files(*[OLD] * len(FileState), states=list(FileState)).sound.nonzero()[0].tolist() == [SOUND]


# Stale by times


def test_an_input_is_newer_from_one_nanosecond_past_the_tolerance() -> None:
    products = files(OLD, OLD, OLD)
    assert is_stale(products, files(OLD + TOLERANCE, OLD + TOLERANCE + 1, OLD - S)) == [False, True, False]


def test_one_newer_input_of_many_is_enough() -> None:
    inputs = files(OLD - S, OLD + 3 * S, OLD - S)
    pairs = [(0, 0), (0, 1), (1, 0), (1, 2)]
    assert is_stale(files(OLD, OLD), inputs, pairs=pairs) == [True, False]


def test_one_newer_input_in_any_of_the_kinds_is_enough() -> None:
    newer, older = files(OLD + 3 * S), files(OLD)
    assert is_stale(files(OLD), newer, older) == is_stale(files(OLD), older, newer) == [True]


@pytest.mark.parametrize("state", [ABSENT, BAD, GROWING, UNKNOWN])
def test_only_a_sound_input_makes_a_product_stale_and_only_a_sound_product_is_stale(state: FileState) -> None:
    newer = OLD + 3 * S
    assert is_stale(files(OLD), files(newer, states=[state])) == [False]
    assert is_stale(files(OLD, states=[state]), files(newer)) == [False]
    assert is_stale(files(OLD, OLD, states=[state, SOUND]), files(newer, newer)) == [False, True]


def test_a_copy_of_an_input_in_its_size_excuses_its_later_time() -> None:
    newer = OLD + 3 * S
    assert is_stale(files(OLD), files(newer, copies=[(0, 100, OLD, True)])) == [False]
    assert is_stale(files(OLD), files(newer, copies=[(0, 100, OLD, False)])) == [False]
    assert is_stale(files(OLD), files(newer, copies=[(0, 99, OLD, True)])) == [True]
    assert is_stale(files(OLD), files(newer, copies=[(0, 100, newer, True)])) == [True]


def test_a_kind_that_needs_nothing_is_never_stale() -> None:
    assert stale(files(OLD), []).tolist() == [False]


# Stale by records: one product of one input of 100 bytes, recorded as it was


def recorded(size: int = 100, mtime: int = EXACT) -> Evidence:
    return files(OLD - 9 * S, entries=[(0, 0, 0, size, mtime)])


def test_a_record_that_agrees_outweighs_the_times() -> None:
    assert is_stale(recorded(), files(EXACT)) == [False]


def test_an_input_of_another_size_or_time_than_recorded_has_changed() -> None:
    assert is_stale(recorded(), files(EXACT, sizes=[99])) == [True]
    assert is_stale(recorded(), files(EXACT + 3 * S)) == is_stale(recorded(), files(EXACT - 3 * S)) == [True]
    assert is_stale(recorded(), files(EXACT // S * S)) == [False]  # cut to seconds


def test_a_copy_as_recorded_excuses_an_input_of_another_time_but_not_of_another_size() -> None:
    later = EXACT + 3 * S
    assert is_stale(recorded(), files(later, copies=[(0, 100, EXACT, False)])) == [False]
    assert is_stale(recorded(), files(later, copies=[(0, 100, EXACT // S * S, True)])) == [False]
    assert is_stale(recorded(), files(later, copies=[(0, 99, EXACT, True)])) == [True]
    assert is_stale(recorded(), files(later, copies=[(0, 100, EXACT - 3 * S, True)])) == [True]
    assert is_stale(recorded(), files(later, sizes=[99], copies=[(0, 100, EXACT, True)])) == [True]


def test_one_of_several_copies_of_each_input_is_enough() -> None:
    products = files(OLD, OLD, OLD, entries=[(n, 0, n, 100, EXACT) for n in range(3)])
    as_recorded, other = (100, EXACT, True), (100, EXACT + 6 * S, True)
    copies = [(2, *other), (1, *as_recorded), (0, *other), (0, *as_recorded), (1, *other), (2, *other)]
    assert is_stale(products, files(*[EXACT + 3 * S] * 3, copies=copies)) == [False, False, True]


def test_the_copy_of_one_input_excuses_no_other() -> None:
    products = files(OLD, OLD, OLD, entries=[(n, 0, n, 100, EXACT) for n in range(3)])
    inputs = files(EXACT + 3 * S, EXACT + 3 * S, EXACT + 3 * S, copies=[(2, 100, EXACT, True), (0, 99, EXACT, True)])
    assert is_stale(products, inputs) == [True, True, False]


@pytest.mark.parametrize("state", [ABSENT, BAD, GROWING, UNKNOWN])
def test_a_recorded_input_that_is_not_sound_says_nothing(state: FileState) -> None:
    assert is_stale(recorded(), files(EXACT + 3 * S, states=[state], sizes=[99])) == [False]


def test_a_record_of_one_product_speaks_for_no_other() -> None:
    products = files(OLD, OLD, entries=[(0, 0, 0, 100, EXACT)])
    newer = EXACT + 9 * S
    assert is_stale(products, files(EXACT, newer)) == [False, True]
    assert is_stale(products, files(newer, EXACT - 9 * S)) == [True, False]


def test_a_recorded_input_that_the_product_no_longer_needs_makes_it_stale() -> None:
    products = files(OLD, entries=[(0, 0, 0, 100, EXACT), (0, 0, 1, 100, EXACT)])
    assert is_stale(products, files(EXACT, EXACT), pairs=[(0, 0), (0, 1)]) == [False]
    assert is_stale(products, files(EXACT, EXACT), pairs=[(0, 0)]) == [True]
    assert is_stale(products, files(EXACT, EXACT, states=[SOUND, ABSENT]), pairs=[(0, 0)]) == [True]


def test_a_recorded_input_of_a_kind_that_is_no_need_makes_it_stale() -> None:
    products = files(OLD, entries=[(0, 0, 0, 100, EXACT), (0, 7, 0, 100, EXACT)])
    assert is_stale(products, files(EXACT)) == [True]


def test_an_input_that_was_left_out_makes_the_product_stale_once_it_is_sound() -> None:
    pairs = [(0, 0), (0, 1)]
    for state in (ABSENT, BAD, GROWING, UNKNOWN):
        assert is_stale(recorded(), files(EXACT, EXACT, states=[SOUND, state]), pairs=pairs) == [False]
    assert is_stale(recorded(), files(EXACT, EXACT), pairs=pairs) == [True]
    assert is_stale(recorded(), files(EXACT, EXACT, states=[ABSENT, SOUND]), pairs=pairs) == [True]


def test_a_record_that_names_nothing_left_all_out() -> None:
    products = files(OLD, entries=[(0, NOT_EXPECTED, NOT_EXPECTED, 0, 0)])
    assert is_stale(products, files(OLD - 9 * S)) == [True]
    assert is_stale(products, files(OLD + 9 * S, states=[ABSENT])) == [False]


def test_inputs_of_several_kinds_are_each_compared_with_their_own_entries() -> None:
    products = files(OLD, entries=[(0, 0, 0, 100, EXACT), (0, 1, 0, 50, OLD)])
    assert is_stale(products, files(EXACT), files(OLD, sizes=[50])) == [False]
    assert is_stale(products, files(OLD, sizes=[50]), files(EXACT)) == [True]
    assert is_stale(products, files(EXACT), files(OLD, sizes=[51])) == [True]


def test_a_record_of_a_growing_product_is_not_asked() -> None:
    products = files(OLD, states=[GROWING], entries=[(0, 0, 0, 1, EXACT)])
    assert is_stale(products, files(EXACT)) == [False]


# Stale by records: products that were touched since they were made


def touched(size: int = 100) -> Evidence:
    return files(OLD, entries=[(0, 0, 0, size, UNTIMED)])


def test_a_touched_product_is_judged_by_recorded_sizes_and_by_times() -> None:
    assert is_stale(touched(), files(OLD - 9 * S)) == [False]
    assert is_stale(touched(size=99), files(OLD - 9 * S)) == [True]
    assert is_stale(touched(), files(OLD + 9 * S)) == [True]
    assert is_stale(touched(), files(OLD + 9 * S, copies=[(0, 100, OLD, True)])) == [False]


def test_touching_one_product_does_not_bring_the_times_into_another() -> None:
    products = files(OLD, OLD, entries=[(0, 0, 0, 100, UNTIMED), (1, 0, 1, 100, OLD + 9 * S)])
    assert is_stale(products, files(OLD, OLD + 9 * S)) == [False, False]


# Stale by records: inputs whose recorded paths the campaign does not expect


def renamed(*entries: tuple[int, int], touched: bool = False) -> Evidence:
    """A product that recorded inputs of these sizes and times under paths that are none any more."""
    stated = [(0, NOT_EXPECTED, NOT_EXPECTED, size, UNTIMED if touched else time) for size, time in entries]
    return files(OLD + 99 * S, entries=stated)


def test_renamed_inputs_are_the_same_if_sizes_and_times_are() -> None:
    two, inputs = [(0, 0), (0, 1)], files(EXACT, OLD, sizes=[100, 50])
    assert is_stale(renamed((50, OLD), (100, EXACT)), inputs, pairs=two) == [False]
    assert is_stale(renamed((50, OLD), (100, EXACT // S * S)), inputs, pairs=two) == [False]
    assert is_stale(renamed((50, OLD), (99, EXACT)), inputs, pairs=two) == [True]
    assert is_stale(renamed((50, OLD), (100, EXACT + 3 * S)), inputs, pairs=two) == [True]


def test_renamed_inputs_must_all_be_there_and_no_others() -> None:
    assert is_stale(renamed((100, OLD), (100, OLD)), files(OLD)) == [True]
    assert is_stale(renamed((100, OLD)), files(OLD, states=[ABSENT])) == [True]
    assert is_stale(renamed((100, OLD)), files(OLD, OLD), pairs=[(0, 0), (0, 1)]) == [True]
    assert is_stale(renamed((100, OLD)), files(OLD, OLD, states=[ABSENT, SOUND]), pairs=[(0, 0), (0, 1)]) == [False]


def test_renamed_inputs_of_a_touched_product_are_compared_by_size_alone() -> None:
    assert is_stale(renamed((100, OLD), touched=True), files(OLD + 50 * S)) == [False]
    assert is_stale(renamed((99, OLD), touched=True), files(OLD + 50 * S)) == [True]


def test_an_input_that_kept_its_path_is_not_taken_for_a_renamed_one() -> None:
    lost = (0, NOT_EXPECTED, NOT_EXPECTED, 100, OLD)
    products = files(OLD, entries=[(0, 0, 0, 100, OLD), lost])
    pairs = [(0, 0), (0, 1)]
    assert is_stale(products, files(OLD, OLD), pairs=pairs) == [False]
    assert is_stale(products, files(OLD, OLD, states=[SOUND, ABSENT]), pairs=pairs) == [True]
    assert is_stale(products, files(OLD + 9 * S, OLD), pairs=pairs) == [True]


def test_renamed_inputs_may_be_of_several_kinds() -> None:
    products = renamed((100, OLD), (50, OLD))
    assert is_stale(products, files(OLD), files(OLD, sizes=[50])) == [False]
    assert is_stale(products, files(OLD, sizes=[50]), files(OLD)) == [False]
    assert is_stale(products, files(OLD), files(OLD)) == [True]


def test_each_of_several_products_may_have_recorded_another_of_its_inputs_under_the_path_that_it_has_now() -> None:
    stated = [(0, 0, 1, 100, OLD), (0, -1, -1, 50, OLD), (1, 0, 0, 50, OLD), (1, -1, -1, 100, OLD)]
    inputs, pairs = files(OLD, OLD, sizes=[50, 100]), [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert is_stale(files(OLD, OLD, entries=stated), inputs, pairs=pairs) == [False, False]


def test_only_one_of_several_kinds_may_have_been_renamed() -> None:
    products = files(OLD, entries=[(0, 1, 0, 100, OLD), (0, NOT_EXPECTED, NOT_EXPECTED, 50, OLD)])
    assert is_stale(products, files(OLD, sizes=[50]), files(OLD)) == [False]
    assert is_stale(products, files(OLD, sizes=[51]), files(OLD)) == [True]


def test_renamed_inputs_of_one_product_do_not_touch_another() -> None:
    lost = (0, NOT_EXPECTED, NOT_EXPECTED, 99, OLD)
    products = files(OLD, OLD, OLD, entries=[lost, (1, 0, 1, 100, OLD), (2, NOT_EXPECTED, NOT_EXPECTED, 100, OLD)])
    assert is_stale(products, files(OLD, OLD, OLD)) == [True, False, False]


# Wanted and needed


def consumer(tie: Links, **stated: object) -> Consumer:
    """A kind whose artifacts are all missing, wanted, ready and kept, unless told otherwise."""
    number = len(tie.product_group)
    columns = {name: mask([1] * number) for name in ("wanted", "needed", "not_there")}
    statuses = np.full(number, Status.ready, dtype=np.uint8)
    return Consumer(**{"links": tie, "statuses": statuses, "temporary": False, **columns, **stated})  # type: ignore[arg-type]


def test_what_is_kept_is_wanted_and_never_needed() -> None:
    assert wanted(False, 2, []).tolist() == [True, True]
    assert needed(False, 2, [consumer(each(2))]).tolist() == [False, False]


def test_a_temporary_file_that_nothing_needs_is_neither_wanted_nor_needed() -> None:
    assert wanted(True, 2, []).tolist() == needed(True, 2, []).tolist() == [False, False]


def test_a_temporary_file_is_wanted_by_what_is_wanted_and_not_there() -> None:
    four = links([(0, 0), (1, 1), (2, 2), (3, 3), (3, 2)], 4, 4)
    one = consumer(four, wanted=mask([1, 1, 0, 0]), not_there=mask([1, 0, 1, 0]))
    assert wanted(True, 4, [one]).tolist() == [True, False, False, False]


def test_one_of_several_that_want_it_is_enough() -> None:
    nothing, all_ = mask([0, 0]), mask([1, 1])
    stated = [consumer(each(2), wanted=nothing), consumer(links([(0, 1)], 2, 2), wanted=all_)]
    assert wanted(True, 2, stated).tolist() == [False, True]


@pytest.mark.parametrize("status", list(Status))
def test_a_kept_product_needs_its_inputs_until_it_is_done_or_archived(status: Status) -> None:
    one = consumer(each(1), statuses=numbers([status]), not_there=mask([0]))
    assert needed(True, 1, [one]).tolist() == [status not in (Status.done, Status.archived)]


def test_a_temporary_product_needs_its_inputs_if_it_is_wanted_or_missing_and_needed() -> None:
    unfinished = [(w, n, t) for w in (0, 1) for n in (0, 1) for t in (0, 1)]
    columns = zip(*unfinished, strict=True)
    names = ("wanted", "needed", "not_there")
    one = consumer(each(8), temporary=True, **{name: mask(column) for name, column in zip(names, columns, strict=True)})
    assert needed(True, 8, [one]).tolist() == [bool(w or (n and t)) for w, n, t in unfinished]


def test_a_temporary_product_that_is_done_needs_nothing_although_it_is_wanted_and_needed() -> None:
    one = consumer(each(1), temporary=True, statuses=numbers([Status.done]))
    assert needed(True, 1, [one]).tolist() == [False]


def test_what_is_absent_without_a_sound_copy_is_not_there() -> None:
    copies = [(1, 100, OLD, True), (2, 100, OLD, False)]
    one = files(*[0] * 8, states=[ABSENT, ABSENT, ABSENT, SOUND, BAD, GROWING, UNKNOWN, BAD], copies=copies)
    assert not_there(one).tolist() == [True, False, True, False, False, False, False, False]


# What can be made


def supply(done: Sequence[int], archived: Sequence[int] | None = None, tie: Links | None = None) -> Supply:
    """Inputs of one kind, needed each by the product of its row."""
    return Supply(tie or each(len(done)), mask(done), mask(archived or [0] * len(done)))


def test_what_has_every_input_is_ready_and_what_has_some_in_the_archive_only_is_recalled() -> None:
    made = readiness(False, 3, [supply([1, 1, 0], [0, 0, 1]), supply([1, 0, 1], [0, 1, 0])])
    assert made.statuses.tolist() == [Status.ready, Status.recall, Status.recall]
    assert made.blocked_by.tolist() == [NOTHING] * 3
    assert made.blocked_count.tolist() == [0, 0, 0]


def test_the_first_lacking_kind_in_the_order_of_needs_blocks_and_its_lacking_inputs_are_counted() -> None:
    all_of = links([(0, 0), (0, 1), (0, 2)], 1, 3)
    first, second = supply([1, 0, 0], tie=all_of), supply([0, 0, 0], tie=all_of)
    fine = supply([1, 1, 1], tie=all_of)
    cases = [([first, second], 0, 2), ([second, first], 0, 3), ([fine, first, second], 1, 2), ([fine, fine], -1, 0)]
    for supplies, blocked_by, count in cases:
        made = readiness(False, 1, supplies)
        assert (made.blocked_by.tolist(), made.blocked_count.tolist()) == ([blocked_by], [count])


def test_what_lacks_an_input_is_blocked_although_others_can_be_recalled() -> None:
    made = readiness(False, 1, [supply([0], [1]), supply([0])])
    assert (made.statuses.tolist(), made.blocked_by.tolist()) == ([Status.blocked], [1])


def test_what_another_product_lacks_blocks_nothing_else() -> None:
    made = readiness(False, 2, [supply([1, 0]), supply([1, 1])])
    assert made.statuses.tolist() == [Status.ready, Status.blocked]
    assert (made.blocked_by.tolist(), made.blocked_count.tolist()) == ([NOTHING, 0], [0, 1])


def test_an_input_in_an_archive_does_not_count_as_lacking() -> None:
    made = readiness(False, 1, [supply([0, 0, 1], [0, 1, 0], links([(0, 0), (0, 1), (0, 2)], 1, 3))])
    assert made.blocked_count.tolist() == [1]


def test_what_is_given_is_blocked_by_nothing() -> None:
    made = readiness(True, 1, [])
    assert (made.statuses.tolist(), made.blocked_by.tolist()) == ([Status.blocked], [NOTHING])
    assert readiness(False, 1, []).statuses.tolist() == [Status.ready]


# All together


@dataclass(frozen=True)
class Kind:
    """A kind as the rules see it."""

    name: str
    needs: tuple[str, ...] = ()
    temporary: bool = False
    given: bool = False
    stale: bool = True


def settled(kinds: Sequence[Kind], **evidence: Evidence) -> dict[str, Verdicts]:
    """The verdicts where every product needs every input of its kind's needs."""

    def between(kind: str, need: str) -> Links:
        own, other = len(evidence[kind].states), len(evidence[need].states)
        return links([(a, b) for a in range(own) for b in range(other)], own, other)

    return settle(kinds, evidence, between)


def missing(number: int) -> Evidence:
    """Artifacts of which there is nothing."""
    return files(*[0] * number, states=[ABSENT] * number, sizes=[-1] * number)


CHAIN = (Kind("a", temporary=True), Kind("b", ("a",), temporary=True), Kind("c", ("b",)))


def of_chain(a: Evidence, b: Evidence, c: Evidence) -> dict[str, tuple[str, bool, bool, bool]]:
    """Status, wanted, needed, purgeable of the one artifact of each kind of a chain."""
    found = settled(CHAIN, a=a, b=b, c=c)
    return {
        name: (Status(one.statuses[0]).name, bool(one.wanted[0]), bool(one.needed[0]), bool(one.purgeable[0]))
        for name, one in found.items()
    }


def test_wanting_goes_down_a_chain_through_what_is_not_there() -> None:
    assert of_chain(missing(1), missing(1), missing(1)) == {
        "a": ("ready", True, True, False),
        "b": ("blocked", True, True, False),
        "c": ("blocked", True, False, False),
    }


def test_wanting_ends_at_what_is_there() -> None:
    found = of_chain(missing(1), files(OLD), missing(1))
    assert found["a"] == ("unneeded", False, False, False)
    assert found["b"] == ("done", True, True, False)
    assert found["c"] == ("ready", True, False, False)


def test_a_bad_product_wants_nothing_and_holds_its_inputs_through_what_is_missing() -> None:
    assert of_chain(files(OLD), missing(1), files(OLD, states=[BAD])) == {
        "a": ("done", False, True, False),
        "b": ("unneeded", False, True, False),
        "c": ("bad", True, False, False),
    }


def test_nothing_is_held_past_what_is_there_or_for_what_is_done() -> None:
    assert of_chain(files(OLD), files(OLD), files(OLD, states=[BAD]))["a"] == ("done", False, False, True)
    assert of_chain(files(OLD), missing(1), files(OLD))["a"] == ("done", False, False, True)


def test_only_files_on_disk_that_are_temporary_and_needed_by_nothing_may_be_deleted() -> None:
    states, sizes = [SOUND, BAD, ABSENT, UNKNOWN, SOUND, SOUND], [100, 0, -1, 100, 100, 100]
    one = files(*[OLD] * 6, states=states, sizes=sizes)
    needed_ = mask([0, 0, 0, 0, 1, 0])
    assert is_purgeable(True, one, needed_).tolist() == [True, True, False, False, False, True]
    assert not is_purgeable(False, one, needed_).any()


def test_a_bad_file_with_a_sound_copy_counts_as_archived_for_what_needs_it() -> None:
    statuses, copied = (
        numbers([Status.bad, Status.bad, Status.archived, Status.stale, Status.done]),
        mask([1, 0, 1, 1, 1]),
    )
    assert is_archived(statuses, copied).tolist() == [True, False, True, False, False]
    kinds = (Kind("a"), Kind("b", ("a",)))
    copy = [(0, 100, OLD, True)]
    for state, status in ((BAD, Status.recall), (ABSENT, Status.recall), (UNKNOWN, Status.recall)):
        found = settled(kinds, a=files(OLD, states=[state], copies=copy), b=missing(1))
        assert found["b"].statuses.tolist() == [status]
    found = settled(kinds, a=files(OLD, states=[GROWING], copies=copy), b=missing(1))
    assert (found["b"].statuses.tolist(), found["b"].blocked_count.tolist()) == ([Status.blocked], [1])


@pytest.mark.parametrize(
    ("state", "alone", "copied"),
    [
        (SOUND, Status.done, Status.done),
        (GROWING, Status.growing, Status.growing),
        (BAD, Status.bad, Status.bad),
        (FileState.bad_content, Status.bad, Status.bad),
        (UNKNOWN, Status.unknown, Status.archived),
        (ABSENT, Status.ready, Status.archived),
    ],
)
def test_the_status_of_a_file_alone_follows_from_its_state_and_its_copies(
    state: FileState, alone: Status, copied: Status
) -> None:
    one, copies = files(OLD, states=[state]), [(0, 100, OLD, True)]
    assert settled((Kind("a"),), a=one)["a"].statuses.tolist() == [alone]
    assert settled((Kind("a"),), a=files(OLD, states=[state], copies=copies))["a"].statuses.tolist() == [copied]


def test_a_stale_product_is_no_work_and_no_input() -> None:
    kinds = (Kind("a"), Kind("b", ("a",)), Kind("c", ("b",)))
    found = settled(kinds, a=files(OLD + 9 * S), b=files(OLD), c=missing(1))
    assert found["b"].statuses.tolist() == [Status.stale]
    assert (found["c"].statuses.tolist(), found["c"].blocked_by.tolist()) == ([Status.blocked], [0])


def test_a_kind_that_cannot_be_stale_is_done() -> None:
    kinds = (Kind("a"), Kind("b", ("a",), stale=False))
    assert settled(kinds, a=files(OLD + 9 * S), b=files(OLD))["b"].statuses.tolist() == [Status.done]


def test_blocked_by_and_its_count_stand_only_at_what_is_wanted_and_not_there() -> None:
    kinds = (Kind("a"), Kind("b", ("a",)))
    found = settled(kinds, a=missing(2), b=files(OLD, 0, states=[SOUND, ABSENT], sizes=[100, -1]))["b"]
    assert found.blocked_by.tolist() == [NOTHING, 0]
    assert found.blocked_count.tolist() == [0, 2]


def test_given_files_that_are_missing_are_blocked() -> None:
    assert settled((Kind("a", given=True),), a=missing(1))["a"].statuses.tolist() == [Status.blocked]


def test_records_name_their_inputs_by_the_place_of_the_kind_in_the_production() -> None:
    kinds = (Kind("x"), Kind("a"), Kind("b", ("a",)))
    for place, status in ((1, Status.done), (0, Status.stale)):
        product = files(OLD - 9 * S, entries=[(0, place, 0, 100, EXACT)])
        assert settled(kinds, x=files(EXACT), a=files(EXACT), b=product)["b"].statuses.tolist() == [status]


def test_kinds_that_expect_nothing_settle_to_nothing() -> None:
    nothing = files()
    kinds = (Kind("a", temporary=True), Kind("b", ("a",)))
    assert settled(kinds, a=nothing, b=nothing)["b"].statuses.tolist() == []
    assert settled(kinds, a=nothing, b=missing(1))["b"].statuses.tolist() == [Status.ready]
    assert settled(kinds, a=nothing, b=files(OLD))["b"].statuses.tolist() == [Status.done]
    assert settled(kinds, a=files(OLD), b=nothing)["a"].purgeable.tolist() == [True]
    recorded_ = files(OLD, entries=[(0, NOT_EXPECTED, NOT_EXPECTED, 100, OLD)])
    assert settled(kinds, a=nothing, b=recorded_)["b"].statuses.tolist() == [Status.stale]
