"""The first page: what it says, and that nothing in a name can change what it does."""

import gzip
import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from browser import OpenPage

from latteboard.text import human_bytes
from site_templates.drawing.bars import percent
from site_templates.pages.overview import overview
from site_templates.site import RULE_TEXTS
from site_templates.writing.build import build
from site_templates.writing.links import rows_link
from site_templates.writing.page import Frame

INDEXED = "2026-01-02T03:04:05+00:00"


def row(
    kind: str = "prop", ensemble: str | None = "a09m310", stream: str | None = "e", **counts: int
) -> dict[str, object]:
    named = {"ensemble": ensemble, "stream": stream, "kind": kind}
    numbers = {"expected": sum(counts.values()), "bytes": 3_623_882_000, "purgeable": 0}
    return {**named, **numbers, "status": counts, "problems": {}}


class Reader(HTMLParser):
    """Tags with their attributes, and the text between them."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.titles: list[str] = []
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "title":
            self.titles.append("")

    def handle_data(self, data: str) -> None:
        self.text += data + " "
        if self.titles and not self.titles[-1] and self.tags[-1][0] == "title":
            self.titles[-1] = data


def site(folder: Path, *rows: dict[str, object], campaign: str = "nucleon", purgeable: int = 0) -> Path:
    """The overview of these rows, with a map for each of their streams."""
    streams = {(str(r["ensemble"]), str(r["stream"])) for r in rows if r["stream"] is not None}
    frame = Frame(campaign, INDEXED, list(dict.fromkeys(str(r["kind"]) for r in rows)), sorted(streams))
    return build(frame, [overview(INDEXED, rows, RULE_TEXTS, purgeable)], folder)


def page_of(folder: Path, *rows: dict[str, object], **options: Any) -> Reader:
    return Reader(site(folder, *rows, **options))


def links_of(page: Reader) -> set[str]:
    return {attributes["href"] or "" for tag, attributes in page.tags if tag == "a"}


def wheres(page: Reader) -> list[tuple[str | None, str | None]]:
    """Ensemble and stream of each table, by which the rows are filtered that a script makes its lines lead to."""
    found = (attributes for tag, attributes in page.tags if tag == "table")
    return [(attributes["data-ensemble"], attributes["data-stream"]) for attributes in found]


def test_percent_counts_what_is_wanted_and_archived_is_done(tmp_path: Path) -> None:
    page = page_of(tmp_path, row(done=40, archived=10, ready=50, unneeded=900))
    assert "50.0%" in page.text


def test_what_is_done_with_a_problem_is_not_simply_done(tmp_path: Path) -> None:
    incomplete = row("joined", done=48) | {"problems": {"done": 46}}
    page = page_of(tmp_path, incomplete, row(bad=3, done=1) | {"problems": {"bad": 3}})
    words = " ".join(page.text.split())
    assert "joined 46 done with a problem 100% 48" in words
    assert "prop 25.0% 4" in words
    assert "done: 49 of 52 46 of them with a problem" in words
    assert words.count("with a problem") == 2
    assert "problems.html" in links_of(page)


def test_every_status_is_explained(tmp_path: Path) -> None:
    page = page_of(tmp_path, row(done=1))
    for name, rule in RULE_TEXTS.items():
        assert name in page.text
        assert rule in page.text


def test_a_bar_has_the_numbers_that_it_shows(tmp_path: Path) -> None:
    page = page_of(tmp_path, row(done=1200, bad=3))
    assert [one["data-counts"] for tag, one in page.tags if tag == "td" and "data-counts" in one] == ["1200,3"]


def test_each_part_of_a_bar_is_drawn_over_those_that_follow_it(tmp_path: Path) -> None:
    page = page_of(tmp_path, row(done=300, ready=100))
    # The one behind all others has no width of its own: it fills the bar.
    parts = [(one.get("class"), one.get("width")) for tag, one in page.tags if tag == "rect"]
    assert [("ready", None), (None, "74.9%")] in [list(pair) for pair in pairwise(parts)]


def test_what_is_not_complete_is_never_called_so() -> None:
    assert percent(999_999, 1_000_000) == "99.9%"
    assert percent(1_000_000, 1_000_000) == "100%"
    assert percent(0, 0) == "100%"
    assert percent(0, 7) == "0.0%"


def test_totals_are_the_sums_of_all_rows(tmp_path: Path) -> None:
    rows = (row(done=40, ready=50, bad=2), row(kind="spec", done=2, stale=1, unneeded=7), row(stream="f", done=3))
    text = " ".join(page_of(tmp_path, *rows, purgeable=2_500_000).text.split())
    assert "45.9% done: 45 of 98" in text  # 98 = 92 + 3 + 3, the unneeded not wanted
    assert "50 ready to be made 50 prop" in text
    assert "3 wrong or unknown 2 prop 1 spec" in text
    assert "10.9 GB on disk 2.5 MB may be deleted" in text


def test_a_kind_leads_to_its_rows_in_that_ensemble_and_stream(tmp_path: Path) -> None:
    page = page_of(tmp_path, row(done=1, ready=2, bad=1))
    assert "map_a09m310_e.html" in links_of(page)
    assert wheres(page) == [("a09m310", "e")]


def test_with_a_script_each_row_says_what_it_shows_and_leads_to_its_rows(tmp_path: Path, open_page: OpenPage) -> None:
    ensemble = 'a,"b'  # what filters are made of
    page = open_page(site(tmp_path, row(ensemble=ensemble, done=1200, ready=2, bad=3)))
    assert page.locator("table.progress svg").get_attribute("aria-label") == "1,200 done, 2 ready, 3 bad"
    links = page.locator("table.progress tbody a")
    found = {link.text_content(): link.get_attribute("href") for link in links.all()}
    assert found == {
        "prop": rows_link("prop", ensemble=ensemble, stream="e"),
        "2": rows_link("prop", ensemble=ensemble, stream="e", status="ready"),
        "3": rows_link("prop", ensemble=ensemble, stream="e", status=["bad", "stale", "unknown"]),
    }
    page.check()


def test_without_a_script_the_page_still_leads_to_each_kind(tmp_path: Path) -> None:
    assert "kind_prop.html" in links_of(page_of(tmp_path, row(done=1)))


def test_a_kind_of_all_streams_leads_to_all_of_them(tmp_path: Path) -> None:
    page = page_of(tmp_path, row(stream="e", done=1), row(stream=None, done=1))
    assert wheres(page) == [("a09m310", "e"), ("a09m310", "")]
    assert "a09m310 (all streams)" in page.text


def test_of_streams_nothing_is_said_where_files_name_none(tmp_path: Path) -> None:
    page = page_of(tmp_path, row(ensemble="a12m130", stream="e", done=1), row(stream=None, done=1))
    assert wheres(page) == [("a12m130", "e"), ("a09m310", "")]
    assert "(all streams)" not in page.text


def test_the_page_states_the_time_of_the_index_itself(tmp_path: Path) -> None:
    page = page_of(tmp_path, row(done=1))
    assert "As of the index of 2026-01-02 03:04 UTC" in " ".join(page.text.split())


def test_twenty_ensembles_of_fifteen_kinds_are_a_short_page(tmp_path: Path) -> None:
    kinds = [f"formfac_4D_{number}" for number in range(15)]
    counts = [{"done": 6272}, {"done": 6000, "blocked": 272}, {"done": 5000, "ready": 72, "blocked": 1200}]
    rows = [
        row(kind, ensemble=f"a{number:02}m310", **counts[(number + place) % 3])
        for number in range(20)
        for place, kind in enumerate(kinds)
    ]
    content = site(tmp_path, *rows).read_bytes()
    assert len(content) < 60_000
    assert len(gzip.compress(content)) < 12_000


def test_kinds_of_no_ensemble_have_a_section_of_their_own(tmp_path: Path) -> None:
    assert "all ensembles" in page_of(tmp_path, row(ensemble=None, stream=None, done=1)).text


def test_markup_in_names_is_text(tmp_path: Path) -> None:
    hostile = '</title><script>alert("x")</script>'
    page = page_of(tmp_path, row(kind=hostile, ensemble=hostile, done=1), campaign=hostile)
    scripts = [attributes.get("src") for tag, attributes in page.tags if tag == "script"]
    assert None not in scripts
    assert "alert" not in " ".join(str(name) for name in scripts)
    assert hostile in page.text


def test_a_page_asks_for_nothing_outside_its_folder(tmp_path: Path) -> None:
    page = page_of(tmp_path, row(done=1))
    assets = [
        attributes.get("src") or attributes.get("href") for tag, attributes in page.tags if tag in ("script", "link")
    ]
    names = [name for name in assets if name and name != "data:,"]
    assert len(names) >= 3
    assert [name for name in names if not (tmp_path / name).exists()] == []
    assert not any(re.search(r"https?:|//", name) for name in names)
    assert not any(re.search(r"https?://", (tmp_path / name).read_text()) for name in names)


def test_there_is_no_inline_style_or_script_that_the_policy_would_refuse(tmp_path: Path) -> None:
    page = page_of(tmp_path, row(done=1))
    assert not [tag for tag, attributes in page.tags if "style" in attributes or tag == "style"]
    assert not [attributes for tag, attributes in page.tags if tag == "script" and "src" not in attributes]


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (3_623_882_000, "3.6 GB"), (5e18, "5000.0 PB")]
)
def test_bytes_are_read_in_decimal_units(number: float, text: str) -> None:
    assert human_bytes(number) == text
