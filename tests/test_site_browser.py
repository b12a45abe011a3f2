"""Every page in a real browser: nothing goes wrong, nothing leaks, nothing hostile runs, and everybody can use it."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import pytest
from browser import Opened, OpenPage, axe_violations, opened, served
from large_catalog import KIND, many_rows
from sites import FORMULA, HEBREW, LONG, MARKUP, PLANT, SCRIPT, VALUES

from latteboard.catalog import Catalog
from latteboard.catalog.questions.columns import kind_columns
from site_templates.pages.kind import kind_table
from site_templates.writing.build import build
from site_templates.writing.page import Frame

if TYPE_CHECKING:
    from playwright.sync_api import Browser

MILLION = 1_000_000
# Filters as they stand in an address, and the same in SQL.
FILTERS = {
    "status=bad": "status = 'bad'",
    "configuration=900..1500&t_separation=3%2C5": "configuration between 900 and 1500 and t_separation in (3, 5)",
    "ensemble=!a15&status=done%2Cready": "ensemble not like '%a15%' and status in ('done', 'ready')",
    "source=x1y2": "source like '%x1y2%'",
}
PHONE = 380  # pixels
MANY = 2000  # more stops than the keyboard makes on any page
IDS = "[...document.querySelectorAll('[id]')].map((element) => element.id)"
LINKS = """[...document.querySelectorAll("a[href]")].map((link) => new URL(link.getAttribute("href"), location).href)"""
# Anything that a text which holds PLANT has brought into the page, or has run.
PLANTED = """
(plant) => [
  ...(window.pwned === undefined ? [] : ["it ran"]),
  ...document.querySelectorAll("img, iframe, object, embed, base, meta[http-equiv=refresh], a[href^='javascript:' i]"),
  ...[...document.scripts].filter((script) => script.text.includes(plant)),
].map((found) => found.outerHTML ?? found)
"""
# What can be used on the page as it stands, in the order of the document, and what has the focus, each by its number there.
USABLE = """
() => {
  const all = [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]")];
  const usable = (element) => element.checkVisibility({ visibilityProperty: true, contentVisibilityAuto: true })
    && !element.disabled && element.getAttribute("tabindex") !== "-1" && element.getAttribute("aria-disabled") !== "true"
    && !(element.type === "radio" && !element.checked);
  const name = (element) => `${element.tagName} ${element.id} ${element.className} ${element.textContent.slice(0, 40)}`;
  return Object.fromEntries(all.map((element, number) => [number, element]).filter(([, element]) => usable(element))
    .map(([number, element]) => [number, name(element)]));
}
"""
FOCUSED = """
() => {
  const all = [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]")];
  const style = getComputedStyle(document.activeElement);
  const outlined = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
  return [all.indexOf(document.activeElement), outlined || style.boxShadow !== "none"];
}
"""


@dataclass(frozen=True)
class Anatomy:
    """A page when its scripts have run.

    Attributes
    ----------
    ids, links : the ids in it, and the addresses that its links lead to
    wrong : errors, breaches of its policy, requests that left its folder
    planted : anything that a hostile text brought in or ran
    text : all that can be read
    violations : findings of axe, on one page of each sort
    """

    ids: set[str]
    links: list[str]
    wrong: list[str]
    planted: list[str]
    text: str
    violations: list[str]

    @classmethod
    def of(cls, page: Opened, *, with_axe: bool) -> "Anatomy":
        """Look at everything on a page; axe comes last, since it brings a script of its own."""
        text = page.evaluate("document.title + document.body.innerText")
        found = (set(page.evaluate(IDS)), page.evaluate(LINKS), page.wrong(), page.evaluate(PLANTED, PLANT), text)
        return cls(*found, axe_violations(page) if with_axe else [])


Look = Callable[..., dict[str, Anatomy]]


@pytest.fixture(scope="module", params=["demo", "hostile"])
def site(request: pytest.FixtureRequest) -> Path:
    folder: Path = request.getfixturevalue("built_site" if request.param == "demo" else "hostile_site")
    return folder


@pytest.fixture(scope="module")
def look(chromium: "Browser") -> Look:
    """Pages of a site by name: in the light all of them from disk, in the dark one of each sort from a server."""

    @cache
    def look(site: Path, *, dark: bool) -> dict[str, Anatomy]:
        with served(site) if dark else nullcontext(f"{site.as_uri()}/") as home:
            urls = [home + name for name in (one_of_each(site) if dark else pages(site))]
            return {
                name_in(page.url): Anatomy.of(page, with_axe=name_in(page.url) in one_of_each(site))
                for page in visit(partial(opened, chromium), urls, dark=dark)
            }

    return look


@pytest.fixture
def anatomies(site: Path, look: Look) -> dict[str, Anatomy]:
    return look(site, dark=False)


def pages(site: Path) -> list[str]:
    """Every page of a site."""
    return sorted(path.name for path in site.glob("*.html"))


def one_of_each(site: Path) -> list[str]:
    """A page of each sort: of kinds and of maps, of which there are many, the last one."""
    return sorted({name.partition("_")[0]: name for name in pages(site)}.values())


def visit(open_page: OpenPage, urls: Iterable[str | Path], **options: Any) -> Iterator[Opened]:
    """Pages one after the other, each when its scripts have done their work, and closed again."""
    for url in urls:
        page = open_page(url, **options)
        page.until("!document.querySelector('#shown[hidden]')")  # a table, while it is loaded
        yield page
        page.context.close()


def name_in(url: str) -> str:
    """The page that an address leads to."""
    return Path(unquote(urlsplit(url).path)).name


# Nothing goes wrong


def test_every_page_opens_from_disk_without_an_error_or_a_request_outside(anatomies: dict[str, Anatomy]) -> None:
    assert {name: anatomy.wrong for name, anatomy in anatomies.items() if anatomy.wrong} == {}


def test_a_page_of_each_sort_opens_from_a_server_in_the_dark_without_an_error_or_a_request_outside(
    site: Path, look: Look
) -> None:
    assert {name: anatomy.wrong for name, anatomy in look(site, dark=True).items() if anatomy.wrong} == {}


def test_every_link_leads_somewhere(site: Path, anatomies: dict[str, Anatomy]) -> None:
    for name, anatomy in anatomies.items():
        assert anatomy.links, name
        for url in anatomy.links:
            target, fragment = name_in(url), unquote(urlsplit(url).fragment)
            assert url.startswith(f"{site.as_uri()}/"), f"{name}: {url}"
            assert target in anatomies, f"{name}: {url}"
            filters_rows = target.startswith("kind_") and "=" in fragment
            assert not fragment or filters_rows or fragment in anatomies[target].ids, f"{name}: {url}"


def test_every_page_can_be_reached_from_the_first(anatomies: dict[str, Anatomy]) -> None:
    found: set[str] = set()
    new = {"index.html"}
    while new:
        found |= new
        new = {name_in(url) for name in new for url in anatomies[name].links} - found
    assert found == anatomies.keys()


# Nothing hostile runs


def test_nothing_that_a_name_or_a_file_says_is_ever_run(hostile_site: Path, look: Look) -> None:
    found = look(hostile_site, dark=False)
    assert {name: anatomy.planted for name, anatomy in found.items() if anatomy.planted} == {}
    shown = "\n".join(anatomy.text for anatomy in found.values())
    for text in (MARKUP, SCRIPT, FORMULA, HEBREW, LONG):
        assert text in shown


def test_hostile_values_stand_in_the_cells_of_a_table_as_they_are(hostile_site: Path, open_page: OpenPage) -> None:
    (page,) = map(column_of, visit(open_page, [f"{(hostile_site / 'kind_corr.html').as_uri()}#.length=500"]))
    assert page == set(VALUES)


def column_of(page: Opened) -> set[str]:
    """The values in the column of flavors."""
    names = page.locator("#rows thead th[data-name]").evaluate_all("all => all.map((one) => one.dataset.name)")
    place = names.index("flavor") + 1
    return set(page.locator(f"#rows tbody td:nth-child({place})").all_text_contents())


def test_a_hostile_filter_in_an_address_is_text(built_site: Path, open_page: OpenPage) -> None:
    kind = next(name for name in pages(built_site) if name.startswith("kind_"))
    for value in ("%3Cimg src=x onerror=window.pwned=1%3E", "javascript:window.pwned=1", "%", "%E2%28", "__proto__"):
        for page in visit(
            open_page, [f"{(built_site / kind).as_uri()}#status={value}&{value}=1&.sort={value}&.page={value}"]
        ):
            page.check()
            assert page.evaluate("window.pwned") is None
            assert page.locator("img").count() == 0


# Everybody can use it


@pytest.mark.parametrize("dark", [False, True])
def test_axe_finds_nothing_that_keeps_anybody_out(site: Path, look: Look, *, dark: bool) -> None:
    found = look(site, dark=dark)
    assert {name: anatomy.violations for name, anatomy in found.items() if anatomy.violations} == {}


def test_everything_can_be_reached_by_keyboard_and_shows_that_it_has_the_focus(
    hostile_site: Path, open_page: OpenPage
) -> None:
    for page in visit(open_page, [hostile_site / name for name in one_of_each(hostile_site)]):
        usable = page.evaluate(USABLE)
        seen: set[str] = set()
        for _ in range(MANY):
            page.keyboard.press("Tab")
            number, shown = page.evaluate(FOCUSED)
            if number < 0 or str(number) in seen:
                break
            seen.add(str(number))
            assert shown, f"{page.url}: {usable.get(str(number))}"
        assert {usable[number] for number in usable.keys() - seen} == set(), page.url


def test_no_page_is_wider_than_a_phone(site: Path, open_page: OpenPage) -> None:
    for page in visit(open_page, [site / name for name in one_of_each(site)], width=PHONE):
        assert page.evaluate("document.scrollingElement.scrollWidth") <= PHONE, page.url


# Many rows


@pytest.fixture(scope="module")
def million(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a kind of a million artifacts; the catalog is beside its folder."""
    campaign = many_rows(tmp_path_factory.mktemp("many"), MILLION)
    catalog = Catalog(campaign.catalog)
    page = kind_table(kind_columns(catalog, KIND), {model.id: name for name, model in catalog.kinds.items()})
    frame = Frame("many rows", catalog.indexed_at(), list(catalog.kinds), ())
    return build(frame, [page], campaign.path.parent / "pages").parent / page.name


def test_a_million_rows_are_counted_as_the_catalog_counts_them(million: Path, open_page: OpenPage) -> None:
    connection = sqlite3.connect(million.parent.parent / "catalog.db")
    page = open_page(million)
    page.wait_for_selector("#shown:not([hidden])")
    for fragment, where in {"": "true", **FILTERS}.items():
        question = f"select status, count(*) from {KIND} where {where} group by status"
        counts: dict[str, int] = dict(connection.execute(question).fetchall())
        assert counts
        page.evaluate("(text) => { location.hash = text; }", fragment)
        page.until(
            "(text) => document.querySelector('#said').textContent.startsWith(text)", arg=f"{sum(counts.values()):,} "
        )
        said = page.locator("#whole").get_attribute("aria-label")
        assert dict(reversed(part.split(" ")) for part in said.split(", ")) == {
            name: f"{n:,}" for name, n in counts.items()
        }
    connection.close()
    page.check()


def test_what_is_typed_above_a_column_of_a_million_rows_is_counted_at_once(million: Path, open_page: OpenPage) -> None:
    page = open_page(million)
    page.wait_for_selector("#shown:not([hidden])")
    page.get_by_label("Filter status").press_sequentially("bad")
    page.until("document.querySelector('#whole').getAttribute('aria-label').endsWith(' bad')")
    assert page.locator("#rows tbody tr").count() == 50
    page.check()
