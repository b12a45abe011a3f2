"""The pages of a production on several disks: each file is shown where it is."""

import base64
import gzip
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser import OpenPage
from disk import age_all, index, put

from latteboard.campaign import Campaign
from latteboard.catalog import Catalog
from latteboard.catalog.questions.columns import kind_columns
from latteboard.catalog.questions.problems import problem_groups, strays
from latteboard.catalog.questions.roots import PurgeableBelow, purgeable_below
from site_templates.pages.kind import kind_table
from site_templates.site import build_site
from site_templates.writing.links import DICTIONARY, PROBLEMS, PURGE, kind_page

KINDS = """
[kinds.cfg]
path  = "{ensemble}_{stream}/cfg/{configuration}.lime"
also  = ["configs/{ensemble}_{stream}/ckpoint.{configuration:05d}"]
given = true
[kinds.prop]
path      = "{ensemble}_{stream}/prop/{configuration}/{source}.lime"
needs     = ["cfg"]
temporary = true
[kinds.spec]
path      = "{ensemble}_{stream}/spec/{configuration}/{source}.lime"
needs     = ["prop"]
"""
Read = Callable[..., Campaign]


@pytest.fixture
def campaign(read_campaign: Read, tmp_path: Path) -> Campaign:
    """Files on both disks, some with copies, some purgeable, with strays."""
    campaign = read_campaign(('root  = "production"', f'root  = ["fast", "{tmp_path}/slow"]'), kinds=KINDS)
    put(campaign, "configs/A_a/ckpoint.00010", root=1)
    put(campaign, "A_a/cfg/20.lime")
    put(campaign, "A_a/cfg/20.lime", root=1)
    put(campaign, "configs/B_a/ckpoint.00005")
    for root, source in ((0, "x0y1z2t3"), (1, "x1y2z3t7")):
        put(campaign, f"A_a/prop/10/{source}.lime", root=root, size=1000 * (root + 1))
        put(campaign, f"A_a/spec/10/{source}.lime", root=root)
        put(campaign, "A_a/cfg/note.txt", root=root)
        age_all(campaign.roots[root].path)
    index(campaign)
    return campaign


def page_of(catalog: Catalog, kind: str) -> Any:
    """The page of a kind."""
    return kind_table(kind_columns(catalog, kind), {model.id: name for name, model in catalog.kinds.items()})


def unpacked(text: str) -> bytes:
    return gzip.decompress(base64.b64decode(text))


def shown(page: Any) -> list[dict[str, str]]:
    """The rows of a page of a kind as its script makes them: root, and path from the pattern that holds."""
    content = json.loads(re.sub(r"^window\.\w+ = |;\n$", "", page.data["rows"].decode()))
    columns = {}
    for column in content["columns"]:
        values = json.loads(unpacked(column["values"]))
        values = np.cumsum(values).tolist() if column["type"] in ("number", "bytes", "minutes") else values
        codes = np.frombuffer(unpacked(column["codes"]), f"<u{column['width']}").tolist()
        columns[column["name"]] = values, codes
    return [
        {
            "path": "".join(piece(one, columns, row) for one in pattern["pieces"]),
            "root": columns["root"][0][columns["root"][1][row]],
        }
        for row in range(content["rows"])
        for pattern in content["patterns"]
        if all(columns[name][1][row] == code for name, code in pattern["fixed"].items())
    ]


def piece(one: Any, columns: dict[str, Any], row: int) -> str:
    if isinstance(one, str):
        return one
    values, codes = columns[one["of"]]
    return str(one.get("texts", values)[codes[row]])


@pytest.mark.parametrize("kind", ["cfg", "prop", "spec"])
def test_the_table_of_a_kind_shows_each_file_where_it_is(campaign: Campaign, kind: str) -> None:
    catalog = Catalog(campaign.catalog)
    page = page_of(catalog, kind)
    rows = [{name: row[name] for name in ("path", "root")} for row in catalog[kind].rows()]
    assert shown(page) == rows
    assert len({row["root"] for row in rows}) == 2
    assert [name for name, _ in page.content.columns][-2:] == ["root", "path"]


def test_one_root_and_one_path_need_no_column(read_campaign: Read) -> None:
    campaign = read_campaign(kinds=KINDS)
    put(campaign, "configs/A_a/ckpoint.00010")
    index(campaign)
    catalog = Catalog(campaign.catalog)
    page = page_of(catalog, "prop")
    content = page.data["rows"].decode()
    assert "root" not in dict(page.content.columns)
    assert '"root"' not in content
    assert '"place"' not in content
    assert '"place"' in page_of(catalog, "cfg").data["rows"].decode()


def test_strays_and_examples_of_problems_have_their_root(campaign: Campaign, tmp_path: Path) -> None:
    catalog = Catalog(campaign.catalog)
    ((group),) = strays(catalog)
    assert [path for path, _ in group.largest] == ["fast/A_a/cfg/note.txt", f"{tmp_path}/slow/A_a/cfg/note.txt"]
    groups = {group.wording: group.paths for group in problem_groups(catalog)}
    template = "{ensemble}_{stream}/cfg/{configuration}.lime"
    assert groups == {f"also at {tmp_path}/slow/{template}": ("fast/A_a/cfg/20.lime",)}


def test_what_may_be_deleted_is_counted_by_root(campaign: Campaign, tmp_path: Path) -> None:
    found = purgeable_below(Catalog(campaign.catalog))
    assert found == [PurgeableBelow("fast", 1, 1000), PurgeableBelow(f"{tmp_path}/slow", 1, 2000)]


def test_pages_name_roots_and_further_paths(campaign: Campaign, tmp_path: Path) -> None:
    first = build_site(Catalog(campaign.catalog), tmp_path / "pages", campaign=campaign)
    text = {name: (first.parent / name).read_text() for name in (DICTIONARY, PROBLEMS, PURGE, kind_page("cfg"))}
    assert "What exists only on these disks" in text[PURGE]
    assert (
        f"1 of them (1.0 kB) are below <bdi>fast</bdi>, 1 of them (2.0 kB) are below <bdi>{tmp_path}/slow</bdi>."
        in text[PURGE]
    )
    assert f"<code>fast</code>, <code>{tmp_path}/slow</code>" in text[DICTIONARY]
    assert "configs/{ensemble}_{stream}/ckpoint.{configuration:05d}" in text[DICTIONARY]
    assert "or <code>configs/{ensemble}_{stream}/ckpoint.{configuration:05d}</code>" in text[kind_page("cfg")]
    assert "fast/A_a/cfg/note.txt" in text[PROBLEMS]


def test_a_redacted_site_hides_all_roots(read_campaign: Read, tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / "secret" / name).mkdir(parents=True)
        (tmp_path / f"short{name}").symlink_to(tmp_path / "secret" / name)
    roots = f'root = ["{tmp_path}/shortone", "{tmp_path}/shorttwo"]'
    campaign = read_campaign(('root  = "production"', roots), kinds=KINDS)
    for root in (0, 1):
        put(campaign, "A_a/cfg/20.lime", root=root)
        put(campaign, f"A_a/cfg/note{root}.txt", root=root)
    index(campaign)
    first = build_site(Catalog(campaign.catalog), tmp_path / "pages", campaign=campaign, redact=True)
    pages = {page.name: page.read_text() for page in first.parent.glob("*.html")}
    texts = [*pages.values(), *(page.read_text() for page in first.parent.glob("data/*.js"))]
    packed = [
        unpacked(one).decode("utf-8", "replace") for text in texts for one in re.findall(r'"values":"([^"]+)"', text)
    ]
    for text in (*texts, *packed):
        assert not re.search("shortone|shorttwo|secret", text)
    assert "[root 2]/A_a/cfg/note1.txt" in pages[PROBLEMS]
    assert any("[root 1]" in text for text in packed)


def test_a_browser_writes_paths_and_gives_them_away_with_their_root(
    campaign: Campaign, tmp_path: Path, open_page: OpenPage
) -> None:
    first = build_site(Catalog(campaign.catalog), tmp_path / "pages", campaign=campaign)
    page = open_page((first.parent / kind_page("cfg")).as_uri())
    page.wait_for_selector("#rows tbody td")
    cells = page.evaluate(
        "[...document.querySelectorAll('#rows tbody tr')].map((row) => [...row.cells].map((cell) => cell.textContent))"
    )
    rows = Catalog(campaign.catalog)["cfg"].rows()
    assert [cell[-2:] for cell in cells] == [[row["root"], row["path"]] for row in rows]
    with page.expect_download() as download:
        page.click("#paths")
    lines = Path(download.value.path()).read_text().splitlines()
    assert lines == [f"{row['root']}/{row['path']}" for row in rows]
    page.check()
