"""The first page: what it says, and that nothing in a name can change what it does."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from latteboard.catalog.codes import RULES
from latteboard.errors import LatteboardError
from latteboard.units import human_bytes
from site_templates.build import build
from site_templates.pages import BAR_UNITS, overview, segments

RULE_TEXTS = {status.name: rule for status, rule in RULES.items()}


def row(
    kind: str = "prop", ensemble: str | None = "a09m310", stream: str | None = "e", **counts: int
) -> dict[str, object]:
    named = {"ensemble": ensemble, "stream": stream, "kind": kind}
    return {**named, "expected": sum(counts.values()), "bytes": 3_623_882_000, "purgeable": 0, "status": counts}


class Reader(HTMLParser):
    """Tags with their attributes, and the text between them."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def page_of(folder: Path, *rows: dict[str, object], campaign: str = "nucleon") -> Reader:
    return Reader(build(overview(campaign, "2026-01-02T03:04:05+00:00", rows, RULE_TEXTS), folder))


def test_the_parts_of_a_bar_fill_it_in_proportion() -> None:
    parts = segments({"done": 300, "ready": 100})
    assert [part.status for part in parts] == ["done", "ready"]
    assert sum(part.width for part in parts) == pytest.approx(BAR_UNITS)
    assert parts[1].x == pytest.approx(parts[0].width)
    assert parts[0].width == pytest.approx(3 * parts[1].width, rel=0.01)


def test_one_bad_file_in_a_million_can_be_seen() -> None:
    parts = segments({"done": 999_999, "bad": 1})
    assert parts[-1].status == "bad"
    assert parts[-1].width >= 1


def test_nothing_expected_is_an_empty_bar() -> None:
    assert segments({}) == []


def test_percent_counts_what_is_wanted_and_archived_is_done(tmp_path: Path) -> None:
    page = page_of(tmp_path, row(done=40, archived=10, ready=50, unneeded=900))
    assert "50%" in page.text


def test_every_status_is_explained(tmp_path: Path) -> None:
    page = page_of(tmp_path, row(done=1))
    for name, rule in RULE_TEXTS.items():
        assert name in page.text
        assert rule in page.text


def test_a_bar_says_in_words_what_it_shows(tmp_path: Path) -> None:
    page = page_of(tmp_path, row(done=1200, bad=3))
    labels = [attributes["aria-label"] for tag, attributes in page.tags if tag == "svg" and "aria-label" in attributes]
    assert labels == ["1,200 done, 3 bad"]


def test_kinds_of_no_ensemble_have_a_section_of_their_own(tmp_path: Path) -> None:
    assert "all ensembles" in page_of(tmp_path, row(ensemble=None, stream=None, done=1)).text


def test_markup_in_names_is_text(tmp_path: Path) -> None:
    hostile = '</title><script>alert("x")</script>'
    page = page_of(tmp_path, row(kind=hostile, ensemble=hostile, done=1), campaign=hostile)
    assert "script" not in [tag for tag, _ in page.tags]
    assert hostile in page.text


def test_a_page_asks_for_nothing_outside_its_folder(tmp_path: Path) -> None:
    page = page_of(tmp_path, row(done=1))
    links = [v for _, attributes in page.tags for k, v in attributes.items() if k in ("href", "src") and v != "data:,"]
    assert links == ["latteboard.css"]
    assert (tmp_path / "latteboard.css").exists()
    assert not re.search(r"https?://", (tmp_path / "latteboard.css").read_text())


def test_there_is_no_inline_style_or_script_that_the_policy_would_refuse(tmp_path: Path) -> None:
    page = page_of(tmp_path, row(done=1))
    assert not [tag for tag, attributes in page.tags if "style" in attributes or tag in ("style", "script")]


def test_a_second_run_with_nothing_changed_touches_no_file(tmp_path: Path) -> None:
    page_of(tmp_path, row(done=1))
    before = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    page_of(tmp_path, row(done=1))
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before


def test_a_folder_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "site").write_text("a file")
    with pytest.raises(LatteboardError, match="cannot be written"):
        page_of(tmp_path / "site", row(done=1))


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (3_623_882_000, "3.6 GB"), (5e18, "5000.0 PB")]
)
def test_bytes_are_read_in_decimal_units(number: float, text: str) -> None:
    assert human_bytes(number) == text
