"""Sites to look at: ``built_site``, the demo's, and ``hostile_site``, full of texts that try to be more than text.

Each is a folder of pages, made once by each process of a test run from a production beside it, which nobody changes;
the campaign is ``../campaign.toml``. Whoever wants to change one copies it.
"""

import json
import os
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from indexer.index import index_campaign
from latteboard.campaign import Campaign
from latteboard.catalog import Catalog
from latteboard.demo import write_demo
from site_templates.site import build_site

NOW = datetime(2024, 3, 1, 12, tzinfo=UTC)
# When the demo was indexed: twice, so that it has a history.
INDEXED = (NOW - timedelta(days=1), NOW + timedelta(minutes=5))

PLANT = "window.pwned = 1"  # what no page may ever do
MARKUP = f'<img src=x onerror="{PLANT}">'
SCRIPT = f"</script></title></textarea></svg><script>{PLANT}</script>"
FORMULA = '=HYPERLINK("javascript:1","x")'
HEBREW = "\u05e9\u05dc\u05d5\u05dd"
BACKWARDS = "\u202egnp.exe"  # an override turns it round
LONG = "unbroken" * 500
# Texts that may be values of an axis, so that they stand in paths and columns.
VALUES = (
    MARKUP,
    "&lt;b&gt;",
    "&amp;",
    FORMULA,
    "+1",
    "@SUM(A1)",
    "it's",
    'say "so", a=b',
    HEBREW,
    "é" * 60,
    "{{ 7 * 7 }}",
)
# Texts that may be names of files and so of strays, and texts of problems, which may quote what stands in a file.
NAMES = (MARKUP, FORMULA, BACKWARDS, "two\nlines", "\u2028", "\x1b[31mred", "x" * 255)
PROBLEMS = (MARKUP, SCRIPT, FORMULA, BACKWARDS, "\u2028\u2029", LONG, "two\nlines")

HOSTILE = f"""
[campaign]
name  = {json.dumps(f"{SCRIPT} {MARKUP} {HEBREW} {LONG}")}
root  = "production"
[parameters]
text  = {json.dumps(SCRIPT + LONG)}
[axes]
flavor = {json.dumps(VALUES)}
[ensembles.{json.dumps(MARKUP)}]
streams        = [{json.dumps(MARKUP)}, {json.dumps(HEBREW)}]
L              = 4
T              = 8
configurations = [10, 20]
sources        = {{ file = "sources.lst" }}
source_sets    = {{ {json.dumps(MARKUP)} = [0, 1] }}
[kinds.cfg]
path  = "{{stream}}/cfg/{{configuration}}.lime"
given = true
[kinds.corr]
path      = "{{stream}}/corr/{{configuration}}/{{flavor}}_{{source_set}}.dat"
needs     = ["cfg"]
min_bytes = 8
temporary = true
[kinds.total]
path  = "{{stream}}/total/{{flavor}}.dat"
needs = ["corr"]
"""


def demo_site(folder: Path) -> Path:
    """Write the demo into a folder, index it and build its pages beside it; returns their folder."""
    campaign = Campaign.read(write_demo(folder, now=NOW).campaign)
    for time in INDEXED:
        index_campaign(campaign, now_ns=_ns(time))
    return build_site(Catalog(campaign.catalog), folder / "pages", campaign=campaign).parent


@pytest.fixture(scope="session")
def built_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return demo_site(tmp_path_factory.mktemp("demo") / "demo")


@pytest.fixture(scope="session")
def hostile_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "campaign.toml").write_text(HOSTILE, encoding="utf-8")
    (folder / "sources.lst").write_text("10 0 1 2 3\n20 1 2 3 4\n")
    campaign = Campaign.read(folder / "campaign.toml")
    _write_hostile_files(campaign)
    index_campaign(campaign, now_ns=_ns(INDEXED[0]))
    _set_problems(campaign)
    return build_site(Catalog(campaign.catalog), folder / "pages", campaign=campaign).parent


def _write_hostile_files(campaign: Campaign) -> None:
    """All gauge fields, the first correlators of which every second one is too small, and strays."""
    paths = [_path(campaign, "cfg", row) for row in range(len(campaign.expected("cfg")))]
    paths += [_path(campaign, "corr", row) for row in range(2 * len(PROBLEMS))]
    for number, path in enumerate(paths):
        _write(campaign.root / path, b"1234567" + b"8" * (number % 2))
    for name in NAMES:
        _write((campaign.root / paths[-1]).with_name(name), b"stray")


def _path(campaign: Campaign, kind: str, row: int) -> str:
    return campaign.path_of(kind, campaign.expected(kind).coordinates(row))


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    time = _ns(INDEXED[0] - timedelta(days=1))
    os.utime(path, ns=(time, time))


def _set_problems(campaign: Campaign) -> None:
    """Give bad correlators the hostile problems, as a library that quotes a damaged file might word them."""
    connection = sqlite3.connect(campaign.catalog)
    try:
        bad = [row for (row,) in connection.execute("select id from _corr where problem is not null order by id")]
        assert len(bad) >= len(PROBLEMS)
        for number, (row, text) in enumerate(zip(bad, PROBLEMS, strict=False), 1000):
            connection.execute("insert into problem_text values (?, ?)", (number, text))
            connection.execute("update _corr set problem = ? where id = ?", (number, row))
        connection.commit()
    finally:
        connection.close()


def _ns(time: datetime) -> int:
    return int(time.timestamp()) * 10**9
