"""The history: rates and estimates by hand on invented index runs, and a page that stays small and draws itself."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from browser import Opened, OpenPage, axe_violations
from disk import DAY, HOUR, SECOND, SMALL, START, fill, index, paths_of, put
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from latteboard import Catalog
from latteboard.campaign import Campaign
from latteboard.catalog.questions.history import Series, merge_places, timeline
from site_templates.drawing.figures import COLOURS, Line, progress_figure
from site_templates.pages.history import estimate, history, kept_points, pace, rate, trimmed_mean
from site_templates.writing.build import build
from site_templates.writing.page import Frame, Page

Read = Callable[..., Campaign]
MONTH = 31 * 24  # index runs, one an hour


def series(finished: Sequence[float], *, expected: int | Sequence[int], every: int = DAY, kind: str = "prop") -> Series:
    """Invented index runs at equal distances, the last one at START."""
    number = len(finished)
    times = START - every * np.arange(number - 1, -1, -1, dtype=np.int64)
    total = np.broadcast_to(np.array(expected, np.int64), number)
    return Series(kind, None, None, times, np.array(finished, np.int64), total)


def site(page: Page, out: Path) -> Path:
    build(Frame("tiny", "2026-01-02T03:04:05+00:00", ["prop"], []), [page], out)
    return out / page.name


# What the indexes saw


def test_a_series_says_how_far_a_kind_was_after_each_index(read_campaign: Read) -> None:
    campaign = read_campaign(kinds=SMALL)
    fill(campaign, "cfg")
    index(campaign, at=START)
    index(campaign, at=START + HOUR)
    props = paths_of(campaign, "prop")
    for path in props[:5]:
        put(campaign, path)
    index(campaign, at=START + 2 * HOUR)
    (campaign.root / props[0]).unlink()
    index(campaign, at=START + 3 * HOUR)
    found = {one.kind: one for one in merge_places(timeline(Catalog(campaign.catalog)))}
    prop = found["prop"]
    assert list(found) == list(campaign.kinds)
    assert prop.times.tolist() == [START + hour * HOUR for hour in range(4)]
    assert prop.finished.tolist() == [0, 0, 5, 4]
    assert prop.expected.tolist() == [14] * 4
    assert prop.left == 10
    assert found["cfg"].finished.tolist() == [4] * 4


def test_each_ensemble_and_stream_has_a_series_of_its_own(read_campaign: Read) -> None:
    campaign = read_campaign(kinds=SMALL)
    fill(campaign, "cfg")
    index(campaign)
    found = {(one.ensemble, one.stream): one.expected.tolist() for one in timeline(Catalog(campaign.catalog))[:3]}
    assert found == {("A", "a"): [2], ("A", "b"): [1], ("B", "a"): [1]}


def test_a_used_file_that_was_purged_is_no_step_back(read_campaign: Read) -> None:
    log = '[kinds.log]\npath = "{ensemble}_{stream}/log/{configuration}.txt"\nneeds = ["prop"]\n'
    campaign = read_campaign(kinds=f"{SMALL}temporary = true\n{log}")
    fill(campaign)
    index(campaign, at=START)
    for path in paths_of(campaign, "prop"):
        (campaign.root / path).unlink()
    index(campaign, at=START + HOUR, accept_empty=True)
    (prop,) = (one for one in merge_places(timeline(Catalog(campaign.catalog))) if one.kind == "prop")
    assert prop.finished.tolist() == [14, 14]
    assert estimate(prop).text == "done"


def test_a_kind_is_followed_from_the_index_that_first_knew_it(read_campaign: Read) -> None:
    kinds = '[kinds.cfg]\npath = "{ensemble}_{stream}/cfg/{configuration}.lime"\ngiven = true\n'
    campaign = read_campaign(kinds=kinds)
    fill(campaign)
    index(campaign, at=START)
    more = '[kinds.log]\npath = "{ensemble}_{stream}/log/{configuration}.txt"\n'
    index(read_campaign(kinds=kinds + more), at=START + DAY)
    cfg, log = merge_places(timeline(Catalog(campaign.catalog)))
    assert (len(cfg.times), len(log.times)) == (2, 1)
    assert log.expected.tolist() == [4]


def test_kinds_that_came_later_are_summed_up_where_they_are_known() -> None:
    early = series([1, 2, 3], expected=5)
    late = Series("prop", "A", "a", early.times[1:], np.array([10, 20]), np.array([30, 30]))
    (both,) = merge_places([early, late])
    assert both.finished.tolist() == [1, 12, 23]
    assert both.expected.tolist() == [5, 35, 35]


# Rates


def test_a_rate_is_what_was_finished_in_a_day() -> None:
    one = series(range(0, 24 * 20, 2), expected=1000, every=HOUR)
    assert rate(one, 1) == pytest.approx(48)
    assert rate(one, 7) == pytest.approx(48)


def test_a_day_that_began_between_two_indexes_is_shared_out() -> None:
    assert rate(series([0, 70], expected=100, every=7 * DAY), 1) == pytest.approx(10)


def test_a_rate_over_what_is_known_needs_a_quarter_of_the_time() -> None:
    assert rate(series([0, 4], expected=9, every=6 * HOUR), 1) == pytest.approx(16)
    assert rate(series([0, 4], expected=9, every=5 * HOUR), 1) is None
    assert rate(series([4], expected=9), 1) is None


def test_files_that_went_count_against_the_rate() -> None:
    assert rate(series([50, 40], expected=90), 1) == pytest.approx(-10)


# Estimates


def test_a_constant_rate_gives_the_right_day_and_no_range() -> None:
    found = estimate(series(range(0, 200, 10), expected=310))  # 190 are finished, 120 left, 10 a day
    assert (found.days, found.soonest, found.latest) == pytest.approx((12, 12, 12))
    assert found.text == "in 12 days"
    assert pace(series(range(0, 200, 10), expected=310)).until == "2023-11-26"  # START is in the evening of the 14th


def test_an_uneven_rate_gives_a_range_around_the_day() -> None:
    gains = [10, 4, 16, 8, 12, 5, 15, 10, 6, 14, 9, 11, 3, 17]
    found = estimate(series(np.cumsum([0, *gains]).tolist(), expected=260))  # 140 finished, 120 left, 10 a day
    assert found.days == pytest.approx(12)
    assert found.soonest is not None
    assert found.latest is not None
    assert 9 < found.soonest < 11 < 13 < found.latest < 16


def test_the_trimmed_mean_by_hand() -> None:
    # Of ten the two smallest and the two largest are left out: mean of 3 to 8; winsorized: 3 3 3 4 5 6 7 8 8 8.
    mean, error = trimmed_mean(np.array([100.0, 1, 2, 3, 4, 5, 6, 7, 8, -50]))
    kept = np.array([2.0, 2, 2, 3, 4, 5, 6, 7, 7, 7])
    assert mean == pytest.approx(4.5)
    assert error == pytest.approx(kept.std(ddof=1) / (0.6 * np.sqrt(10)))


def test_one_day_of_a_copied_archive_does_not_change_the_estimate() -> None:
    finished = np.cumsum([0, *[10] * 6, 5000, *[10] * 7])
    assert estimate(series(finished.tolist(), expected=int(finished[-1]) + 120)).days == pytest.approx(12)


def test_a_campaign_that_grew_has_more_left_and_the_same_rate() -> None:
    grown = series(range(0, 150, 10), expected=[200] * 14 + [340])
    assert estimate(grown).days == pytest.approx(20)  # 200 left, 10 a day


def test_without_anything_new_for_a_week_there_is_no_progress() -> None:
    found = estimate(series([0, 10, 20, *[20] * 7], expected=100))
    assert found.days is None
    assert found.text == "no progress since 2023-11-07"


def test_a_kind_that_never_began_made_no_progress_since_the_first_index() -> None:
    assert estimate(series([0] * 5, expected=100)).text == "no progress since 2023-11-10"


def test_a_kind_that_shrinks_has_no_end_in_sight() -> None:
    found = estimate(series([90, 80, 70, 60, 61, 50, 40, 30], expected=100))
    assert found.days is None
    assert found.text.startswith("not in sight")


@pytest.mark.parametrize(
    ("finished", "every"),
    [([1], DAY), ([1, 2, 3], DAY), ([1, 2, 3, 4], 23 * HOUR), ([1, 5], 5 * DAY), (list(range(40)), HOUR)],
)
def test_less_than_three_days_or_four_runs_are_too_few_to_say(finished: list[int], every: int) -> None:
    assert estimate(series(finished, expected=100, every=every)).text == "too few index runs to say"


def test_what_is_finished_is_done_however_little_is_known() -> None:
    assert estimate(series([7], expected=7)).text == "done"


@pytest.mark.parametrize(
    ("gains", "left", "said"),
    [
        ([10, 10, 10], 4, "within a day"),
        ([0, 0, 60, 0], 600, "in 40 days (20 or more)"),
        ([1, 1, 1], 5000, "not within ten years"),
    ],
)
def test_an_estimate_in_words(gains: list[int], left: int, said: str) -> None:
    finished = np.cumsum([0, *gains])
    assert estimate(series(finished.tolist(), expected=int(finished[-1]) + left)).text == said


@given(st.lists(st.integers(0, 50), min_size=4, max_size=40), st.integers(0, 10**6))
def test_an_estimate_lies_within_its_range(gains: list[int], left: int) -> None:
    finished = np.cumsum(gains)
    found = estimate(series(finished.tolist(), expected=int(finished[-1]) + left))
    if found.days is not None and found.soonest is not None:
        assert 0 <= found.soonest <= found.days <= (found.latest or np.inf)
    assert found.text


# Thinning

AGES = st.lists(st.integers(0, 60 * 86400), min_size=1, max_size=80, unique=True)  # seconds


def drawn(ages: list[int], numbers: list[int]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    times = START - np.array(sorted(ages, reverse=True), np.int64) * SECOND
    return times, np.array([numbers[place % len(numbers)] for place in range(len(ages))], np.int64).reshape(-1, 1)


def points_by_age(times: list[int]) -> set[int]:
    """The places that the rule of ages keeps, by going through them one by one."""
    lasts: dict[tuple[int, int], int] = {(0, 0): 0}
    for place, time in enumerate(times):
        age = times[-1] - time
        period = 1 if age <= 2 * DAY else HOUR if age <= 14 * DAY else DAY
        lasts[period, time // period] = place
    return set(lasts.values())


@given(AGES, st.lists(st.integers(0, 3), min_size=1, max_size=80))
def test_thinning_leaves_out_by_age_and_nothing_that_changes_the_line(ages: list[int], numbers: list[int]) -> None:
    times, values = drawn(ages, numbers)
    kept = kept_points(times, values).tolist()
    by_age = sorted(points_by_age(times.tolist()))
    assert kept == sorted(set(kept))
    assert {0, len(times) - 1} <= set(kept) <= set(by_age)
    seconds = (times - START) / SECOND
    through_kept = np.interp(seconds[by_age], seconds[kept], values[kept, 0])
    np.testing.assert_allclose(through_kept, values[by_age, 0], atol=1e-6)


@given(AGES)
def test_of_a_line_that_is_level_only_the_ends_are_kept(ages: list[int]) -> None:
    times, values = drawn(ages, [7])
    assert kept_points(times, values).tolist() == sorted({0, len(times) - 1})


def test_a_month_of_hourly_indexes_is_thinned_to_a_few_hundred_points() -> None:
    one = series(range(MONTH), expected=2000, every=HOUR)
    kept = kept_points(one.times, one.finished.reshape(-1, 1))
    assert len(kept) <= 49 + 12 * 24 + 19


def test_a_month_of_hourly_indexes_of_sixteen_kinds_fits_on_the_page(tmp_path: Path) -> None:
    rng = np.random.default_rng(31)
    kinds = [
        series(np.cumsum(rng.poisson(40, MONTH)).tolist(), expected=60000, every=HOUR, kind=f"kind_{n}")
        for n in range(16)
    ]
    page = site(history(kinds), tmp_path)
    assert len(page.read_bytes()) < 30_000
    assert sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file()) < 1_700_000


# The page


def test_a_figure_has_a_line_a_kind_with_the_numbers_of_each_point() -> None:
    lines = [Line(f"kind_{n}", [0, 3_600_000], [1, 3], [4, 4]) for n in range(COLOURS + 1)]
    figure = progress_figure(lines)
    first, *_, last = figure["data"]
    assert first["customdata"] == [[1, 4], [3, 4]]
    assert (first["meta"], first["line"]["dash"]) == (1, "solid")
    assert (last["meta"], last["line"]["dash"]) == (1, "dash")
    assert json.loads(json.dumps(figure))["layout"]["xaxis"]["type"] == "date"


def test_the_same_runs_give_the_same_page() -> None:
    one = series(range(50), expected=100, every=HOUR)
    assert history([one]) == history([one])


def test_a_first_index_has_a_page_without_a_plot(tmp_path: Path, open_page: OpenPage) -> None:
    page = open_page(site(history([series([3], expected=9)]), tmp_path))
    assert "too few index runs to say" in page.locator("main").inner_text()
    assert not [url for url in page.requests if "plotly" in url]
    page.check()


def test_a_catalog_without_runs_of_its_kinds_has_a_page(tmp_path: Path) -> None:
    assert "0 index runs" in site(history([]), tmp_path).read_text()


@pytest.fixture
def opened(tmp_path: Path, open_page: OpenPage) -> Callable[..., Opened]:
    def open_(**options: str | int) -> Opened:
        kinds = [
            series(range(0, 100 * slope, slope), expected=300, every=HOUR, kind=f"kind_{slope}") for slope in (1, 3)
        ]
        page = open_page(site(history(kinds), tmp_path / "pages"), **options)
        page.wait_for_selector(".scatterlayer path.js-line")
        return page

    return open_


def test_every_kind_is_drawn_as_a_line_in_the_colours_of_the_page(opened: Callable[..., Opened]) -> None:
    page = opened()
    lines = page.locator(".scatterlayer path.js-line")
    assert lines.evaluate_all("all => all.map((one) => one.style.stroke)") == ["rgb(0, 114, 178)", "rgb(213, 94, 0)"]
    page.emulate_media(color_scheme="dark")
    page.wait_for_selector(".scatterlayer path.js-line[style*='rgb(90, 169, 230)']", state="attached")
    page.check()


def test_shares_can_be_changed_for_numbers(opened: Callable[..., Opened]) -> None:
    page = opened()
    drawn = "document.querySelector('.js-plotly-plot').data.map((line) => [line.y[0], line.y[30], line.y.at(-1)])"
    assert page.locator(".ytick").last.text_content().endswith("%")
    assert page.evaluate(drawn) == [[0, 10, 33], [0, 30, 99]]
    page.get_by_label("number", exact=True).check()
    page.locator(".ytick", has_text="300").wait_for()
    assert page.evaluate(drawn) == [[0, 30, 99], [0, 90, 297]]
    assert page.locator(".ytick", has_text="%").count() == 0
    page.check()


@pytest.mark.parametrize("width", [380, 1280])
def test_everybody_can_use_the_history(opened: Callable[..., Opened], width: int) -> None:
    page = opened(width=width)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.check()
    assert axe_violations(page) == []
