"""Pages of ensembles without streams: each has a map, and nothing on any page speaks of streams that there are not."""

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

import pytest
from browser import OpenPage, axe_violations
from disk import ENOUGH, OLD, age_all, index, paths_of, put

from latteboard import Catalog
from latteboard.campaign import Campaign
from site_templates.site import build_site
from site_templates.writing.links import map_page

Read = Callable[..., Campaign]

PLAIN = """
[ensembles.p16]
L = 16
T = 32
configurations = [10, 20, 30]
"""
STREAMED = """
[ensembles.s24]
streams = ["a", "b"]
L = 24
T = 48
configurations = [10, 20]
sources = [[10, 0, 0, 0, 0], [20, 1, 1, 1, 1]]
"""
KINDS = """
[kinds.cfg]
path = "{ensemble}/cfg/{configuration}"
given = true
[kinds.wall]
path = "{ensemble}/wall/{configuration}_{gamma}"
needs = ["cfg"]
temporary = true
[kinds.meson]
path = "{ensemble}/meson/{configuration}"
needs = ["wall"]
[kinds.all]
path = "{ensemble}/all.h5"
needs = ["meson"]
"""
WITH_STREAMS = '[kinds.prop]\npath = "{ensemble}_{stream}/prop/{configuration}_{source}"\nneeds = ["cfg"]\n'


def site(read_campaign: Read, out: Path, *, ensembles: str = PLAIN, kinds: str = KINDS) -> tuple[Campaign, Path]:
    """The pages of a production that is half made."""
    campaign = read_campaign(
        ensembles=ensembles, kinds=kinds, axes='[axes]\ngamma = ["g5", "gi"]\n', derive="", archives=""
    )
    for number, path in enumerate(paths_of(campaign, *campaign.kinds)):
        if number % 4 or "cfg/10" in path:
            put(campaign, path, size=ENOUGH, at=OLD + number)
    age_all(campaign.root)
    index(campaign)
    build_site(Catalog(campaign.catalog), out, campaign=campaign)
    return campaign, out


def words(page: Path) -> str:
    """The text of a page, without what only scripts and styles read."""
    text = re.sub(r"<(script|style|svg)\b.*?</\1>", " ", page.read_text(), flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]*>", " ", text).split())


def test_a_production_without_streams_has_pages_that_say_nothing_of_streams(
    read_campaign: Read, tmp_path: Path
) -> None:
    _, out = site(read_campaign, tmp_path / "site")
    for page in sorted(out.glob("*.html")):
        said = words(page).replace("by ensemble, stream, kind and status", "")
        if page.name != "dictionary.html":  # which explains the views
            assert "stream" not in said, page.name
    assert [page.name for page in sorted(out.glob("map*"))] == ["map_p16.html"]
    assert "Map of p16" in words(out / "map_p16.html")
    assert "p16 (all" not in words(out / "index.html")
    assert 'href="map_p16.html"' in (out / "index.html").read_text()
    assert "all streams" not in words(out / "map_p16.html")


def test_the_dictionary_has_the_columns_that_there_are(read_campaign: Read, tmp_path: Path) -> None:
    _, out = site(read_campaign, tmp_path / "plain")
    assert heads(out) == ["ensemble", "L³ \N{MULTIPLICATION SIGN} T", "configurations"]
    _, out = site(read_campaign, tmp_path / "both", ensembles=PLAIN + STREAMED, kinds=KINDS + WITH_STREAMS)
    assert heads(out) == ["ensemble", "stream", "L³ \N{MULTIPLICATION SIGN} T", "configurations", "source sets"]
    said = words(out / "dictionary.html")
    assert "2: 10 to 20 1 source s24 b" in said
    assert "An ensemble has no artifacts of kinds whose coordinates it does not have: p16 has no prop" in said


def heads(out: Path) -> list[str]:
    """The heads of the table of ensembles."""
    table = (out / "dictionary.html").read_text().partition('<h2 id="ensembles">')[2].partition("</thead>")[0]
    return re.findall(r'<th scope="col">(.*?)</th>', table)


def test_both_sorts_of_ensembles_have_their_maps(read_campaign: Read, tmp_path: Path) -> None:
    _, out = site(read_campaign, tmp_path / "site", ensembles=PLAIN + STREAMED, kinds=KINDS + WITH_STREAMS)
    assert [page.name for page in sorted(out.glob("map*"))] == ["map_p16.html", "map_s24_a.html", "map_s24_b.html"]
    overview = words(out / "index.html")
    assert ("s24 (all streams)" in overview, "p16 (all" in overview) == (True, False)
    plain, streamed = words(out / "map_p16.html"), words(out / "map_s24_a.html")
    assert "all streams" not in plain
    assert "prop" not in plain.partition("Steps of all")[2]
    assert "all all streams" in streamed  # the kind of one file for all configurations
    assert "p16 s24 a s24 b" in plain


@pytest.mark.parametrize(
    ("kinds", "pages", "title"),
    [
        (
            '[kinds.cfg]\npath = "cfg/{stream}{configuration}"\n',
            ["map__a.html", "map__b.html"],
            "Dictionary Map of stream a stream a stream b done",
        ),
        ('[kinds.cfg]\npath = "cfg/{configuration}"\n', ["map.html"], "Purge Dictionary Map done"),
    ],
)
def test_where_paths_name_no_ensemble_there_is_a_map_too(
    read_campaign: Read, tmp_path: Path, kinds: str, pages: list[str], title: str
) -> None:
    _, out = site(read_campaign, tmp_path / "site", ensembles=STREAMED, kinds=kinds)
    assert [page.name for page in sorted(out.glob("map*"))] == pages
    assert title in words(out / pages[0])


def test_maps_of_whatever_place_have_different_files() -> None:
    places = [
        (None, None),
        ("a", None),
        (None, "a"),
        ("a", "b"),
        ("a_b", None),
        ("a-b", None),
        ("a", "b_c"),
        ("a_b", "c"),
    ]
    assert len({map_page(*place) for place in places}) == len(places)


def test_nothing_is_wrong_with_these_pages_in_a_browser(
    read_campaign: Read, tmp_path: Path, open_page: OpenPage
) -> None:
    _, out = site(read_campaign, tmp_path / "site", ensembles=PLAIN + STREAMED, kinds=KINDS + WITH_STREAMS)
    for name in ("index.html", "map_p16.html", "dictionary.html", "purge.html"):
        page = open_page((out / name).as_uri())
        page.check()
        assert axe_violations(page) == []
    page = open_page((out / "map_p16.html").as_uri())
    page.locator(".cell").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/kind_cfg.html*")
    assert unquote(page.url).endswith("kind_cfg.html#ensemble==p16&configuration==10")
