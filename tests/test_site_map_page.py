"""The map: every artifact is counted in its cell, cells lead to their rows, and nothing in a name can change the page."""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import numpy as np
import pytest
from browser import Opened, OpenPage, axe_violations
from disk import ENOUGH, HOUR, OLD, START, age_all, fill, index, kept, paths_of, put

from latteboard import Catalog
from latteboard.campaign import Campaign
from latteboard.catalog import Status
from latteboard.catalog.questions.counts import status_rows
from latteboard.catalog.questions.map_layers import MOST_COLUMNS, Layer, layers, split_axes
from site_templates.drawing.bars import ORDER
from site_templates.pages.map import map_of
from site_templates.writing.build import build
from site_templates.writing.links import map_page
from site_templates.writing.page import Frame, Page

STREAMS = [("A", "a"), ("A", "b"), ("B", "a")]
HOSTILE = '</script><!--<b onclick="x">&\u2028\u202egnp.exe"'
SHARES = """
() => {
  const canvas = document.querySelector("[data-map] canvas");
  const ratio = devicePixelRatio;
  const line = canvas.getContext("2d").getImageData(0, Math.round(4 * ratio), canvas.width, 1).data;
  const colours = {};
  for (let i = 0; i < line.length; i += 4) {
    const colour = line[i + 3] ? [...line.slice(i, i + 3)].join() : "";
    colours[colour] = (colours[colour] || 0) + 1;
  }
  return colours;
}
"""


@pytest.fixture
def campaign(
    read_campaign: Callable[..., Campaign], tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> Campaign:
    """The tiny campaign, partly made: mixtures of statuses in most cells."""

    def make() -> Campaign:
        campaign = read_campaign()
        fill(campaign, "cfg", "prop")
        for number, path in enumerate(paths_of(campaign, "seqprop", "formfac_4D", "average")):
            if number % 3:
                put(campaign, path, size=ENOUGH if number % 5 else 3, at=OLD + number % 2 * HOUR)
        for path in paths_of(campaign, "prop")[::4]:
            (campaign.root / path).unlink()
        age_all(campaign.root)
        index(campaign, at=START)
        return campaign

    return kept("map", tmp_path_factory, tmp_path, make)


@pytest.fixture
def catalog(campaign: Campaign) -> Catalog:
    return Catalog(campaign.catalog)


def page_of(catalog: Catalog, ensemble: str, stream: str) -> Page:
    apart = [row for row in status_rows(catalog, ("ensemble", "stream", "kind")) if row["kind"] == "joined"]
    own = [row for row in apart if (row["ensemble"], row["stream"]) == (ensemble, stream)]
    return map_of(ensemble, stream, layers(catalog, {"ensemble": ensemble, "stream": stream}), own)


def cells_of(page: Page) -> dict[str, Any]:
    """What the page's script is given."""
    text = page.data["cells"].decode("ascii")
    assert text.startswith("window.latteboardMap = ")
    cells: dict[str, Any] = json.loads(text.removeprefix("window.latteboardMap = ").removesuffix(";\n"))
    return cells


def counted(page: Page) -> Counter[tuple[Any, ...]]:
    """How many artifacts the cells of a map hold: kind, value of the axis, configuration, status."""
    cells = cells_of(page)
    return Counter(
        {
            (step["kind"], step["value"], configuration, cells["statuses"][status]): number
            for step, column in zip(cells["steps"], cells["codes"], strict=True)
            for configuration, code in zip(cells["configurations"], column, strict=True)
            for status, number in cells["mixtures"][code]
        }
    )


def layer(
    numbers: Sequence[tuple[int, int, Status, int]], values: Sequence[int | str] = (), kind: str = "prop"
) -> Layer:
    """From rows of configuration, column, status, number."""
    columns = np.array(numbers, np.int64).reshape(-1, 4).T
    axis = "t_separation" if values else None
    return Layer(kind, {"ensemble": "A", "stream": "a"}, axis, values, *columns)


def site(page: Page, out: Path) -> Path:
    """The page in a folder of its own; the page that it leads to is empty."""
    frame = Frame("tiny", "2026-01-02T03:04:05+00:00", ["prop"], [("A", "a")])
    rows = Page("kind_prop.html", "prop", "base.html", None)
    build(frame, [page, rows], out)
    return out / page.name


# The numbers


@pytest.mark.parametrize(("ensemble", "stream"), STREAMS)
def test_every_artifact_is_counted_in_its_cell(catalog: Catalog, ensemble: str, stream: str) -> None:
    truth: Counter[tuple[Any, ...]] = Counter()
    for kind, model in catalog.kinds.items():
        if "configuration" in model.coordinates:
            for artifact in catalog[kind].filter(ensemble=ensemble, stream=stream):
                value = artifact.coordinates.get("t_separation")
                truth[kind, value, artifact.configuration, artifact.status] += 1
    assert counted(page_of(catalog, ensemble, stream)) == truth
    assert len({status for *_, status in truth}) >= 3, "the truth is too simple to tell anything"


def test_a_step_sums_up_its_column(catalog: Catalog) -> None:
    page = page_of(catalog, "A", "a")
    columns: Counter[tuple[Any, ...]] = Counter()
    for (kind, value, _, status), number in counted(page).items():
        columns[kind, value, status] += number
    summed = {(s.kind, s.value, status): n for s in page.content.steps for status, n in s.counts.items()}
    assert summed == columns


def test_steps_stand_in_the_order_of_the_production_and_values_in_their_own(catalog: Catalog) -> None:
    steps = [(step["kind"], step["value"]) for step in cells_of(page_of(catalog, "B", "a"))["steps"]]
    split = [(kind, t) for kind in ("seqprop", "formfac", "formfac_4D", "average") for t in (4, 5)]
    assert steps == [("cfg", None), ("prop", None), *split]


def test_a_kind_without_configurations_stands_apart(catalog: Catalog) -> None:
    (joined,) = page_of(catalog, "A", "a").content.without_configuration
    assert (joined.kind, joined.total) == ("joined", 4)  # two currents, two source sets
    assert unquote(urlsplit(joined.link).fragment) == "ensemble==A&stream==a"


def test_a_kind_that_names_no_stream_is_counted_where_its_configurations_are(
    read_campaign: Callable[..., Campaign],
) -> None:
    kinds = """
[kinds.cfg]
path  = "{ensemble}_{stream}/{configuration}.lime"
given = true
[kinds.note]
path = "{ensemble}/note_{configuration}.txt"
"""
    campaign = read_campaign(kinds=kinds)
    campaign.root.mkdir()
    index(campaign, accept_empty=True)
    page = page_of(Catalog(campaign.catalog), "A", "b")
    assert counted(page) == {("cfg", None, 10, "blocked"): 1, ("note", None, 10, "ready"): 1}
    assert unquote(urlsplit(page.content.steps[1].link).fragment) == "ensemble==A"


def test_work_that_has_been_handed_out_is_claimed_on_the_map(catalog: Catalog) -> None:
    ready = list(catalog["prop"].filter(ensemble="A", stream="a", status="ready"))
    catalog.claim(ready, datetime.now(UTC) + timedelta(days=1), "somebody")
    cells = counted(page_of(catalog, "A", "a"))
    assert ready
    assert sum(n for (kind, *_, status), n in cells.items() if (kind, status) == ("prop", "claimed")) == len(ready)


def test_the_axis_that_most_kinds_name_tells_steps_apart() -> None:
    kinds = {"cfg": ["configuration"], "a": ["t", "p"], "b": ["p", "t"], "c": ["t"], "d": ["p"]}
    assert split_axes(kinds, {"t": 6, "p": 2}) == {"a": "t", "b": "t", "c": "t", "d": "p"}


def test_an_axis_that_would_make_too_many_columns_tells_nothing_apart() -> None:
    kinds = {"a": ["x", "y"], "b": ["x"]}
    assert split_axes(kinds, {"x": MOST_COLUMNS // 2 + 1, "y": 3}) == {"a": "y"}
    assert split_axes(kinds, {"x": MOST_COLUMNS // 2}) == {"a": "x", "b": "x"}
    assert split_axes(kinds, {"x": 1}) == {}


def test_a_cell_in_which_nothing_is_expected_is_empty() -> None:
    page = map_of("A", "a", [layer([(10, 0, Status.done, 2)]), layer([(20, 0, Status.bad, 1)], kind="spec")], [])
    cells = cells_of(page)
    assert cells["configurations"] == [10, 20]
    assert [[cells["mixtures"][code] for code in column] for column in cells["codes"]] == [
        [[[ORDER.index("done"), 2]], []],
        [[], [[ORDER.index("bad"), 1]]],
    ]


def test_a_stream_without_configurations_has_a_page_that_says_so(tmp_path: Path) -> None:
    assert "No file here names a configuration" in site(map_of("A", "a", [], []), tmp_path).read_text()


# Texts and sizes


def test_a_hostile_name_can_end_neither_the_data_nor_the_page(tmp_path: Path) -> None:
    page = map_of("A", "a", [layer([(10, 0, Status.done, 1)], values=[HOSTILE])], [])
    assert not set(b"<>&") & set(page.data["cells"])
    assert cells_of(page)["steps"][0]["value"] == HOSTILE
    assert "<b onclick" not in site(page, tmp_path).read_text()


def test_a_thousand_configurations_of_forty_steps_are_small() -> None:
    rng = np.random.default_rng(20)
    numbers = [
        (configuration, column, status, int(number))
        for configuration in range(300, 6300, 6)
        for column in range(40)
        for status, number in zip((Status.done, Status.ready), rng.multinomial(8, [0.8, 0.2]), strict=True)
        if number
    ]
    page = map_of("A", "a", [layer(numbers, values=range(40))], [])
    assert len(page.data["cells"]) < 300_000


# In a browser


@pytest.fixture
def opened(tmp_path: Path, open_page: OpenPage) -> Callable[..., Opened]:
    def open_(*found: Layer, **options: Any) -> Opened:
        page = open_page(site(map_of("A", "a", found, []), tmp_path / "pages"), **options)
        return page

    return open_


MIXED = [
    (10, 0, Status.done, 6),
    (10, 0, Status.ready, 2),
    (10, 1, Status.done, 8),
    (20, 0, Status.bad, 1),
    (20, 1, Status.done, 8),
    (30, 1, Status.blocked, 8),
]


def test_a_cell_tells_in_words_what_is_in_it(opened: Callable[..., Opened]) -> None:
    page = opened(layer(MIXED, values=[3, 4]))
    page.locator(".cell").focus()
    tip = page.locator("[data-tip]")
    assert tip.inner_text().split("\n") == ["prop, t_separation \u20683\u2069, configuration 10", "6 done, 2 ready"]
    page.keyboard.press("ArrowDown")
    assert "1 bad" in tip.inner_text()
    page.keyboard.press("ArrowDown")
    assert "nothing expected" in tip.inner_text()
    page.keyboard.press("ArrowRight")
    assert tip.inner_text().split("\n") == ["prop, t_separation \u20684\u2069, configuration 30", "8 blocked"]
    page.keyboard.press("Escape")
    assert tip.is_hidden()
    page.check()


def test_a_click_on_a_cell_leads_to_its_rows(opened: Callable[..., Opened]) -> None:
    page = opened(layer(MIXED, values=[3, 4]))
    page.locator(".cell").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    place = page.locator(".cell").bounding_box()
    page.keyboard.press("Control+Home")
    page.mouse.move(place["x"] + 3, place["y"] + 3)
    assert "configuration 20" in page.locator("[data-tip]").inner_text()
    page.mouse.click(place["x"] + 3, place["y"] + 3)
    page.wait_for_url("**/kind_prop.html*")
    parts = [unquote(part) for part in urlsplit(page.url).fragment.split("&")]
    assert parts == ["ensemble==A", "stream==a", "t_separation==4", "configuration==20"]
    page.check()


def test_enter_leads_to_the_rows_of_the_cell_with_the_focus(opened: Callable[..., Opened]) -> None:
    page = opened(layer(MIXED, values=[3, 4]))
    page.locator(".cell").focus()
    page.keyboard.press("Control+End")
    page.keyboard.press("Enter")
    page.wait_for_url("**/kind_prop.html*")
    assert unquote(page.url).endswith("t_separation==4&configuration==30")


def test_a_mixed_cell_is_divided_in_proportion(opened: Callable[..., Opened]) -> None:
    page = opened(layer([(10, 0, Status.done, 6), (10, 0, Status.ready, 2)]))
    colours = page.evaluate(SHARES)
    done, ready = colours["46,139,98"], colours["86,180,233"]
    assert done / (done + ready) == pytest.approx(0.75, abs=0.05)


def test_one_bad_file_among_five_thousand_configurations_is_drawn(opened: Callable[..., Opened]) -> None:
    numbers = [(row, 0, Status.done, 8) for row in range(5000)]
    numbers[5] = (5, 0, Status.done, 7)
    page = opened(layer([*numbers, (5, 0, Status.bad, 1)]))
    drawn = page.evaluate("""() => {
      const canvas = document.querySelector("[data-map] canvas");
      const all = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
      let found = 0;
      for (let i = 0; i < all.length; i += 4) found += all[i] === 192 && all[i + 1] === 57 && all[i + 2] === 43;
      return [canvas.height / devicePixelRatio, found];
    }""")
    assert drawn[0] < 900  # all of them in one window
    assert drawn[1] > 0


def test_only_configurations_in_trouble_can_be_shown(opened: Callable[..., Opened]) -> None:
    page = opened(layer(MIXED, values=[3, 4]))
    page.select_option("[data-show]", "trouble")
    assert page.locator("[data-shown]").inner_text() == "1 of 3 configurations"
    page.locator(".cell").focus()
    assert "configuration 20" in page.locator("[data-tip]").inner_text()
    assert page.locator(".cell").get_attribute("href").endswith("&configuration=%3D20")
    page.select_option("[data-show]", "unfinished")
    assert page.locator("[data-shown]").inner_text() == "3 of 3 configurations"
    page.check()


def test_when_nothing_is_in_trouble_the_map_is_empty_and_says_so(opened: Callable[..., Opened]) -> None:
    page = opened(layer([(10, 0, Status.done, 1)]))
    page.select_option("[data-show]", "trouble")
    assert page.locator("[data-shown]").inner_text() == "0 of 1 configurations"
    assert page.locator(".cell").is_hidden()
    page.check()


def test_a_configuration_is_gone_to_by_its_number(opened: Callable[..., Opened]) -> None:
    page = opened(layer([(row, 0, Status.done, 1) for row in range(0, 6000, 6)]))
    page.select_option("[data-height]", "16")
    page.fill("[data-go]", "3000")
    page.keyboard.press("Enter")
    assert "configuration 3000" in page.locator("[data-tip]").inner_text()
    box, cell = (page.locator(one).bounding_box() for one in ("[data-map]", ".cell"))
    assert box["y"] < cell["y"] < box["y"] + box["height"]
    page.check()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_hostile_names_stay_text_and_everybody_can_use_the_map(opened: Callable[..., Opened], scheme: str) -> None:
    page = opened(layer(MIXED, values=[HOSTILE, "x" * 4000]), dark=scheme == "dark", width=380)
    page.locator(".cell").focus()
    assert HOSTILE in page.locator("[data-tip]").evaluate("tip => tip.textContent")
    assert page.locator("[data-map] b, main [onclick]").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.check()
    assert axe_violations(page) == []


def test_the_page_of_a_map_is_named_after_its_stream() -> None:
    assert map_of("A", "a", [], []).name == map_page("A", "a")
