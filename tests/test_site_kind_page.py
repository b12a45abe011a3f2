"""The table of a kind in a browser: what it shows, counts and gives away is what the catalog says, filtered in Python."""

import csv
import io
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from browser import Opened, OpenPage, Serve, axe_violations
from sites import PLANT

from latteboard.campaign import Campaign
from latteboard.catalog import Catalog
from latteboard.catalog.questions.columns import kind_columns
from latteboard.catalog.questions.counts import status_rows
from latteboard.text import human_bytes
from site_templates.pages.kind import kind_table
from site_templates.writing.links import kind_page, rows_link

KIND = "seqprop"
# Files of one configuration, of a derived name, and of all configurations together.
KINDS = ("cfg", KIND, "formfac_momentum")
FOLLOWED = """
text => decodeURIComponent(location.hash).includes(text)
  || [...document.querySelectorAll(".wrong")].some((wrong) => wrong.textContent)
"""
MOST_HTML, MOST_ASSETS = 8_000, 220_000  # bytes

Row = dict[str, Any]


def catalog_of(site: Path) -> Catalog:
    return Catalog(Campaign.read(site.parent / "campaign.toml").catalog)


def expected(site: Path, kind: str = KIND) -> list[Row]:
    """The rows as the catalog's own question gives them, which has nothing to do with columns and patterns."""
    return catalog_of(site)[kind].rows()


def shown(row: Row, name: str) -> str:
    """A value as a file for spreadsheets has it."""
    if name == "modified":
        return row["mtime"][:16].replace("T", " ") if row["mtime"] else ""
    if name == "purgeable":
        return "yes" if row[name] else ""
    return "" if row[name] is None else str(row[name])


def guarded(text: str, name: str) -> str:
    return f"'{text}" if text[:1] in tuple("=+-@\t\r") and name not in ("configuration", "t_separation") else text


def ready(page: Opened) -> Opened:
    page.wait_for_selector("#rows tbody td")
    page.until("document.getElementById('notice').hidden")
    return page


@pytest.fixture
def open_kind(built_site: Path, open_page: OpenPage) -> Callable[..., Opened]:
    def open_(link: str = "", **options: Any) -> Opened:
        return ready(open_page(f"{built_site.as_uri()}/{link or kind_page(KIND)}", **options))

    return open_


def download(page: Opened, button: str) -> str:
    with page.expect_download() as got:
        page.click(f"#{button}")
    return Path(got.value.path()).read_bytes().decode("utf-8")


def saved(page: Opened) -> list[Row]:
    """All rows that pass the filters, in the order of the table."""
    return list(csv.DictReader(io.StringIO(download(page, "csv"), newline="")))


def paths(page: Opened) -> list[str]:
    return [row["path"] for row in saved(page)]


def field(page: Opened, name: str) -> Any:
    return page.get_by_label(f"Filter {name}", exact=True)


def filter_by(page: Opened, name: str, text: str) -> None:
    """Type above a column and wait until the rows follow, of which the address tells."""
    field(page, name).fill(text)
    page.until(FOLLOWED, arg=f"{name}={text}" if text else "")


# -- what is written -------------------------------------------------------------------------------------------------


def test_a_page_is_short_and_what_it_loads_is_light(built_site: Path) -> None:
    for kind in catalog_of(built_site).kinds:
        text = (built_site / kind_page(kind)).read_text()
        assert len(text.encode()) <= MOST_HTML, kind
        assets = [part.partition('"')[0] for part in text.split('="static/')[1:]]
        assert sum((built_site / "static" / name).stat().st_size for name in assets) <= MOST_ASSETS, kind


def test_columns_are_the_rows_of_the_catalog_in_its_order(built_site: Path) -> None:
    catalog = catalog_of(built_site)
    for kind in catalog.kinds:
        columns = kind_columns(catalog, kind)
        rows = expected(built_site, kind)
        assert len(columns) == len(rows)
        for name, numbers in columns.coordinates.items():
            texts = columns.texts.get(name)
            assert [texts[n] if texts else n for n in numbers.tolist()] == [row[name] for row in rows]
        assert columns.sizes.tolist() == [-1 if row["size"] is None else row["size"] for row in rows]
        assert columns.purgeable.tolist() == [int(row["purgeable"]) for row in rows]


def test_the_same_rows_give_the_same_page(built_site: Path) -> None:
    first, second = (kind_table(kind_columns(catalog_of(built_site), KIND), names(built_site)) for _ in "ab")
    assert first.data == second.data


def names(site: Path) -> dict[int, str]:
    return {model.id: model.name for model in catalog_of(site).kinds.values()}


# -- what is shown ---------------------------------------------------------------------------------------------------


def test_the_table_is_what_the_catalog_says(built_site: Path, open_kind: Callable[..., Opened]) -> None:
    for kind in KINDS:
        page = open_kind(kind_page(kind))
        rows = expected(built_site, kind)
        found = saved(page)
        assert found == [{name: guarded(shown(row, name), name) for name in found[0]} for row in rows], kind
        page.check()


def test_counts_are_those_of_the_status_command(built_site: Path, open_kind: Callable[..., Opened]) -> None:
    for row in status_rows(catalog_of(built_site), ("kind",)):
        if row["kind"] not in KINDS:
            continue
        page = open_kind(kind_page(row["kind"]))
        words = page.locator("#totals li").all_inner_texts()
        assert {word: int(number.replace(",", "")) for number, word in map(str.split, words)} == row["status"]
        said = set(page.get_attribute("#whole", "aria-label").split(", "))
        assert said == {f"{number:,} {status}" for status, number in row["status"].items()}


def test_bars_by_ensemble_follow_the_filter(built_site: Path, open_kind: Callable[..., Opened]) -> None:
    page = open_kind(rows_link(KIND, status=["done", "ready"]))
    counts = Counter(
        (row["ensemble"], row["status"]) for row in expected(built_site) if row["status"] in ("done", "ready")
    )
    for item in page.locator("#groups li").all():
        name = item.locator(".name").inner_text()
        said = item.locator("svg").get_attribute("aria-label").split(", ")
        assert set(said) == {f"{n} {status}" for (ensemble, status), n in counts.items() if ensemble == name}


# -- filters ---------------------------------------------------------------------------------------------------------

FILTERS: list[tuple[str, str, Callable[[Row], bool]]] = [
    ("status", "don", lambda r: r["status"] == "done"),
    ("status", "DONE", lambda r: r["status"] == "done"),
    ("status", "=done,=ready", lambda r: r["status"] in ("done", "ready")),
    ("status", "!done", lambda r: r["status"] != "done"),
    ("status", "!=done,!=ready", lambda r: r["status"] not in ("done", "ready")),
    ("status", "ed,!bl", lambda r: "ed" in r["status"] and "bl" not in r["status"]),
    ("configuration", "=0100", lambda r: r["configuration"] == 100),
    ("configuration", "10", lambda r: "10" in str(r["configuration"])),
    ("configuration", ">=110", lambda r: r["configuration"] >= 110),
    ("configuration", "< 110", lambda r: r["configuration"] < 110),
    ("configuration", "110..200", lambda r: 110 <= r["configuration"] <= 200),
    ("configuration", "!110..200", lambda r: not 110 <= r["configuration"] <= 200),
    ("particle", "=proton", lambda r: r["particle"] == "proton"),
    ("size", ">1 kB", lambda r: (r["size"] or 0) > 1000),
    ("size", "<=0.002 MB", lambda r: r["size"] is not None and r["size"] <= 2000),
    ("size", "=", lambda r: r["size"] is None),
    ("modified", "<=2024-02", lambda r: r["mtime"] is not None and r["mtime"][:7] <= "2024-02"),
    (
        "modified",
        "2024-02-25..2024-02-27",
        lambda r: r["mtime"] is not None and "2024-02-25" <= r["mtime"][:10] <= "2024-02-27",
    ),
    ("modified", ">2024-02-20T10", lambda r: r["mtime"] is not None and r["mtime"][:13] > "2024-02-20T10"),
    ("blocked_by", "=seqsrc", lambda r: (r["blocked_by"] or "").startswith("seqsrc (")),
    ("path", "dt-", lambda r: "dt-" in r["path"]),
    ("path", "", lambda r: True),
]


@pytest.mark.parametrize(("name", "text", "passes"), FILTERS, ids=[f"{name} {text}" for name, text, _ in FILTERS])
def test_a_filter_lets_pass_what_it_says(
    built_site: Path, open_kind: Callable[..., Opened], name: str, text: str, passes: Callable[[Row], bool]
) -> None:
    page = open_kind()
    filter_by(page, name, text)
    assert paths(page) == [row["path"] for row in expected(built_site) if passes(row)]
    page.check()


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("configuration", ">many", "“many” is not a number"),
        ("configuration", "3..", "a range needs both ends"),
        ("size", ">3 furlongs", "not a size such as 3.6 GB"),
        ("modified", "<yesterday", "not a time such as"),
        ("status", '"open', "a quote is not closed"),
        ("status", ">=", "a value is missing after >="),
    ],
)
def test_a_filter_that_cannot_be_read_says_why_and_filters_nothing(
    built_site: Path, open_kind: Callable[..., Opened], name: str, text: str, why: str
) -> None:
    page = open_kind()
    filter_by(page, name, text)
    assert why in page.inner_text(f"#wrong-{name}")
    assert field(page, name).get_attribute("aria-invalid") == "true"
    assert len(saved(page)) == len(expected(built_site))


def test_filters_of_several_columns_hold_together_and_are_cleared_together(
    built_site: Path, open_kind: Callable[..., Opened]
) -> None:
    page = open_kind()
    filter_by(page, "status", "=done")
    filter_by(page, "configuration", ">100")
    both = [r["path"] for r in expected(built_site) if r["status"] == "done" and r["configuration"] > 100]
    assert paths(page) == both
    page.click("#clear")
    assert len(saved(page)) == len(expected(built_site))


def test_an_empty_result_says_so(open_kind: Callable[..., Opened]) -> None:
    page = open_kind(rows_link(KIND, status="nonsense"))
    assert page.inner_text("#rows tbody") == "No row passes the filters."
    assert page.inner_text("#said").startswith("No artifact")
    assert saved(page) == []


def test_a_click_on_a_value_shows_the_rows_that_have_it(built_site: Path, open_kind: Callable[..., Opened]) -> None:
    page = open_kind()
    page.locator("#rows tbody td", has_text="proton_np").first.click()
    assert field(page, "particle").input_value() == "=proton_np"
    assert paths(page) == [row["path"] for row in expected(built_site) if row["particle"] == "proton_np"]


# -- order, pages, the address ---------------------------------------------------------------------------------------


def test_rows_are_sorted_by_several_columns_with_keys_alone(built_site: Path, open_kind: Callable[..., Opened]) -> None:
    page = open_kind()
    for name, key in (("status", "Enter"), ("configuration", "Shift+Enter"), ("configuration", "Shift+Enter")):
        head = page.locator(f"#rows th[data-name={name}]")
        (head.locator("[role=button]").or_(head)).last.focus()
        page.keyboard.press(key)
    assert page.get_attribute("#rows th[data-name=status]", "aria-sort") == "ascending"
    assert unquote(page.evaluate("location.hash")) == "#.sort=status,-configuration"
    order = page.locator("#totals li span").all_inner_texts()
    rows = sorted(expected(built_site), key=lambda r: (order.index(r["status"]), -r["configuration"]))
    assert paths(page) == [row["path"] for row in rows]


def test_a_shared_link_shows_what_its_sender_saw(built_site: Path, open_kind: Callable[..., Opened]) -> None:
    page = open_kind()
    filter_by(page, "status", "!done")
    page.select_option("#length", "25")
    page.fill("#page", "2")
    page.press("#page", "Enter")
    seen = page.inner_text("#rows tbody")
    rows = [row for row in expected(built_site) if row["status"] != "done"]
    assert rows[25]["path"] in seen
    link = page.evaluate("location.href").rpartition("/")[2]
    again = open_kind(link)
    assert again.inner_text("#rows tbody") == seen
    assert again.input_value("#page") == "2"
    assert field(again, "status").input_value() == "!done"


def test_back_and_forward_go_through_what_was_seen(open_kind: Callable[..., Opened]) -> None:
    page = open_kind()
    everything = page.inner_text("#said")
    filter_by(page, "status", "=done")
    done = page.inner_text("#said")
    page.go_back()
    page.until("text => document.getElementById('said').textContent === text", arg=everything)
    assert field(page, "status").input_value() == ""
    page.go_forward()
    page.until("text => document.getElementById('said').textContent === text", arg=done)
    page.check()


def test_links_of_other_pages_lead_to_exactly_their_rows(built_site: Path, open_kind: Callable[..., Opened]) -> None:
    row = expected(built_site)[-1]
    page = open_kind(
        rows_link(KIND, ensemble=row["ensemble"], configuration=row["configuration"], status=row["status"])
    )
    same = [r for r in expected(built_site) if all(r[n] == row[n] for n in ("ensemble", "configuration", "status"))]
    assert paths(page) == [r["path"] for r in same]


# -- taking rows away ------------------------------------------------------------------------------------------------


def test_what_is_copied_is_what_the_page_shows(built_site: Path, serve: Serve, open_page: OpenPage) -> None:
    page = ready(open_page(serve(built_site) + rows_link(KIND, status="done")))
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.click("#copy")
    page.until("document.getElementById('done').textContent === 'Copied.'")
    head, *lines = page.evaluate("navigator.clipboard.readText()").splitlines()
    rows = [row for row in expected(built_site) if row["status"] == "done"][:50]
    assert [dict(zip(head.split("\t"), line.split("\t"), strict=True))["path"] for line in lines] == [
        r["path"] for r in rows
    ]
    page.check()


def test_sizes_are_shown_as_people_read_them_and_saved_as_numbers(
    built_site: Path, open_kind: Callable[..., Opened]
) -> None:
    page = open_kind(rows_link(KIND, status="done"))
    first = next(row for row in expected(built_site) if row["status"] == "done")
    assert human_bytes(first["size"]) in page.inner_text("#rows tbody tr:first-child")
    assert saved(page)[0]["size"] == str(first["size"])


def test_names_that_try_to_be_more_than_text_are_text_everywhere(hostile_site: Path, open_page: OpenPage) -> None:
    catalog = catalog_of(hostile_site)
    for kind in catalog.kinds:
        page = ready(open_page(hostile_site / kind_page(kind)))
        rows = expected(hostile_site, kind)
        found = saved(page)
        assert found == [{name: guarded(shown(row, name), name) for name in found[0]} for row in rows], kind
        assert page.evaluate("window.pwned") is None, PLANT
        page.check()


def test_a_shell_reads_the_list_of_paths_as_the_paths(hostile_site: Path, open_page: OpenPage) -> None:
    catalog = catalog_of(hostile_site)
    for kind in catalog.kinds:
        page = ready(open_page(hostile_site / kind_page(kind)))
        words = download(page, "paths").replace("\n", " ")
        read = subprocess.run(["bash", "-c", f"printf '%s\\0' {words}"], capture_output=True, check=True).stdout
        assert read.decode().split("\0")[:-1] == [row["path"] for row in expected(hostile_site, kind)]


# -- everybody -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dark", [False, True])
def test_nothing_keeps_people_from_using_the_table(open_kind: Callable[..., Opened], dark: bool) -> None:  # noqa: FBT001
    assert axe_violations(open_kind(dark=dark)) == []


def test_on_a_phone_only_the_rows_scroll_sideways(open_kind: Callable[..., Opened]) -> None:
    page = open_kind(width=380)
    assert page.evaluate("document.documentElement.scrollWidth") <= 380
    assert page.evaluate("(box => box.scrollWidth > box.clientWidth)(document.querySelector('.dt-layout-table'))")


def test_a_browser_that_cannot_unpack_is_told(built_site: Path, chromium: Any) -> None:
    page = chromium.new_page()
    page.add_init_script("delete window.DecompressionStream")
    page.goto(f"{built_site.as_uri()}/{kind_page(KIND)}")
    assert "cannot unpack" in page.inner_text("#notice")
    page.close()


def test_without_javascript_the_page_says_what_to_do(built_site: Path, chromium: Any) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{built_site.as_uri()}/{kind_page(KIND)}")
    assert f"latteboard list {KIND}" in page.inner_text("main")
    context.close()
