"""Fixtures for all test files.

``write_campaign`` writes a tiny true campaign into ``tmp_path`` and gives the path of its file; ``read_campaign`` reads it
too. Both take the same changes:

* edits, as pairs ``(old, new)``: ``old`` stands exactly once in the text and gives way to ``new``;
* sections by keyword, each the whole text that stands in place of the tiny one: ``campaign``, ``parameters``, ``axes``,
  ``derive``, ``archives``, ``ensembles``, ``kinds``;
* ``lists``, the files beside it by name, added to the tiny ones or in their place; None leaves one out.

    campaign = read_campaign(("source_sets    = ", 'source_sets = { "0-3" = [0, 4] } # '))
    path = write_campaign(kinds='[kinds.cfg]\\npath = "{configuration}.lime"\\ngiven = true')

The tiny campaign has two ensembles: A with the streams a (configurations 10 and 20) and b (10), L = 4, T = 8, and B with
the stream a (5), L = 6, T = 12. Each configuration has four sources, in A in the sets 0-1 and 2-3, in B in 0-1. Its kinds
are cfg (given), prop, seqprop (through the derived name dt), formfac and formfac_4D (made together), average (of formfac_4D
over a set), joined (all configurations of a stream, one file a current).

``reference`` is the folder of files made by others, to check ourselves against; without it the test is skipped. It is what
the environment variable LATTEBOARD_REFERENCE names, or the folder shared/reference beside the checkout.

``chromium``, ``open_page``, ``serve`` look at pages, see browser.py; ``built_site``, ``hostile_site`` are some, see sites.py.

``judged`` gives the statuses of a small production, see small_productions.py.
"""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from latteboard.campaign import Campaign

pytest_plugins = ["browser", "sites", "small_productions"]

SECTIONS = {
    "campaign": """
[campaign]
name  = "tiny"
root  = "production"
grace = "10 min"
""",
    "parameters": """
[parameters]
mq   = "0.01"
unit = 16
""",
    "axes": """
[axes]
t_separation = [3, 4]
particle     = ["proton", "proton_np"]
current      = ["A3", "V4"]
""",
    "derive": """
[derive.dt]
from   = "particle"
values = { proton = "{t_separation}", proton_np = "-{t_separation}" }
""",
    "archives": """
[archives.tape]
path     = "/tape"
protocol = "listing"
""",
    "ensembles": """
[ensembles.A]
streams        = ["a", "b"]
L              = 4
T              = 8
configurations = [10, 20]
sources        = { file = "A.lst" }
source_sets    = { "0-1" = [0, 2], "2-3" = [2, 4] }
[ensembles.A.stream.b]
configurations = [10]
[ensembles.B]
streams        = ["a"]
L              = 6
T              = 12
configurations = "5:9:5"
sources        = { file = "B.lst" }
source_sets    = { "0-1" = [0, 2] }
[ensembles.B.axes]
t_separation   = [4, 5]
[ensembles.B.parameters]
unit           = 24
""",
    "kinds": """
[kinds.cfg]
path      = "{ensemble}_{stream}/cfg/{configuration}.lime"
given     = true
[kinds.prop]
path      = "{ensemble}_{stream}/prop/{configuration}/prop_mq{mq}_{source}.lime"
needs     = ["cfg"]
min_bytes = "unit * L**3"
temporary = true
[kinds.seqprop]
path      = "{ensemble}_{stream}/seqprop/{configuration}/seqprop_{particle}_dt{dt}_Srcs{source_set}.lime"
needs     = ["prop"]
temporary = true
[kinds.formfac]
path      = "{ensemble}_{stream}/formfac/{configuration}/formfac_dt{t_separation}_Srcs{source_set}_{source}.h5"
made_with = "formfac_4D"
archive   = "tape"
[kinds.formfac_4D]
path      = "{ensemble}_{stream}/formfac_4D/{configuration}/formfac_4D_dt{t_separation}_Srcs{source_set}_{source}.h5"
needs     = ["prop", "seqprop"]
min_bytes = "4 * T * L**3 * 16"
datasets  = "{particle}_t0_{source.t}_tsep_{dt}/{current}/x{source.x}_y{source.y}_z{source.z}_t{source.t}"
temporary = true
[kinds.average]
path      = "{ensemble}_{stream}/average/{configuration}/average_dt{t_separation}_Srcs{source_set}.h5"
needs     = ["formfac_4D"]
min_bytes = "4 * (t_separation + 1) * L**3 * 16"
reduce    = ["tslice", "average"]
datasets  = "{particle}_tsep_{dt}/{current}/src_avg"
[kinds.joined]
path      = "{ensemble}_{stream}/joined_{current}_Srcs{source_set}.h5"
needs     = ["average"]
reduce    = [{ concatenate = { append = true } }]
""",
}
LISTS = {
    "A.lst": """
10 0 1 2 3
10 1 2 3 7
10 2 3 0 1
10 3 0 1 5
20 0 0 0 0
20 1 1 1 2
20 2 2 2 4
20 3 3 3 6
""",
    "B.lst": """
5 0 1 2 3
5 5 4 3 11
5 0 0 0 0
5 2 2 2 6
""",
}

# Files that take longest, first: a file's tests stay in one process, and one that came last would keep the others waiting.
LONGEST = (
    *("test_status_histories.py", "test_site_browser.py", "test_status_rules.py", "test_reduce_command.py"),
    *("test_demo.py", "test_reduce_kills.py", "test_catalog_readers.py", "test_cli_commands.py"),
)

Edit = tuple[str, str]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    order = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: order.get(item.path.name, len(order)))


@pytest.fixture
def write_campaign(tmp_path: Path) -> Callable[..., Path]:
    def write(*edits: Edit, lists: dict[str, str | None] | None = None, **sections: str) -> Path:
        assert sections.keys() <= SECTIONS.keys()
        text = "".join((SECTIONS | sections).values())
        for old, new in edits:
            assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in the tiny campaign"
            text = text.replace(old, new)
        for name, content in (LISTS | (lists or {})).items():
            if content is not None:
                (tmp_path / name).write_text(content)
        (tmp_path / "campaign.toml").write_text(text)
        return tmp_path / "campaign.toml"

    return write


@pytest.fixture
def read_campaign(write_campaign: Callable[..., Path]) -> Callable[..., Campaign]:
    def read(*edits: Edit, **changes: object) -> Campaign:
        return Campaign.read(write_campaign(*edits, **changes))

    return read


@pytest.fixture
def reference() -> Path:
    beside = Path(__file__).parent.parent.parent / "shared" / "reference"
    folder = Path(os.environ.get("LATTEBOARD_REFERENCE", beside))
    if not folder.is_dir():
        pytest.skip("the reference files are not here: name their folder in LATTEBOARD_REFERENCE")
    return folder
