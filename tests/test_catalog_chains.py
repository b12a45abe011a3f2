"""A catalog of needs with conditions answers from itself: inputs of chains, and what a long chain waits for."""

from pathlib import Path

import numpy as np
import pytest
from disk import OLD, SECOND, put

from indexer.index import index_campaign
from latteboard import Catalog
from latteboard.campaign import Campaign
from latteboard.catalog.questions.explain import explain
from latteboard.catalog.questions.relations import StoredRelations
from latteboard.catalog.questions.root_causes import causes
from site_templates.site import build_site

CHAIN = """
[campaign]
name = "chain"
root = "data"
[axes]
gamma = ["g5", "gx"]
flow = [1, 2, 4]
[ensembles.A]
streams = ["a", "b"]
L = 4
T = 8
configurations = "10:LAST:10"
[ensembles.A.stream.b]
configurations = "20:40:10"
[kinds.lattice]
path = "{ensemble}_{stream}/lat.{configuration}"
needs = [
    { kind = "lattice", with = { configuration = "configuration - 10" } },
    { kind = "random", with = { configuration = "configuration - 10" } },
]
[kinds.random]
path = "{ensemble}_{stream}/rng.{configuration}"
made_with = "lattice"
[kinds.flowed]
path = "{ensemble}_{stream}/flow.{configuration}.{flow}"
needs = ["lattice", { kind = "flowed", with = { flow = "flow // 2" } }]
[kinds.meson]
path = "{ensemble}_{stream}/{gamma}.{configuration}"
needs = [{ kind = "flowed", with = { flow = 4 } }, { kind = "flowed", with = { flow = 1 }, only = { gamma = ["g5"] } }]
"""


@pytest.fixture
def chain(tmp_path: Path, request: pytest.FixtureRequest) -> Campaign:
    (tmp_path / "data").mkdir()
    (tmp_path / "campaign.toml").write_text(CHAIN.replace("LAST", str(getattr(request, "param", 50))))
    return Campaign.read(tmp_path / "campaign.toml")


def test_the_catalog_ties_what_the_campaign_ties(chain: Campaign) -> None:
    index_campaign(chain, accept_empty=True)
    catalog = Catalog(chain.catalog)
    for name, model in catalog.kinds.items():
        for need, entries in model.entries.items():
            stored = [catalog[kind].stored() for kind in (name, need)]
            with catalog.reading() as connection:
                found = StoredRelations(connection).links(entries, *stored).pairs()
            assert np.array_equal(found, chain.links(name, need).pairs()), (name, need)
            for row in range(0, len(chain.expected(name)), 7):
                own = chain.expected(name).coordinates(row)
                expected = int(np.sum(chain.links(name, need).pairs()[0] == row))
                groups = {group.kind: group.expected for group in explain(catalog, name, own).inputs}
                assert groups[need] == expected


def test_statuses_follow_the_chain(chain: Campaign) -> None:
    for name in ("lat", "rng"):
        put(chain, f"A_a/{name}.10", at=OLD)
    index_campaign(chain)
    catalog = Catalog(chain.catalog)
    found = {one.path: one.status for one in catalog["lattice"]}
    assert found == {
        "A_a/lat.10": "done",
        "A_a/lat.20": "ready",
        **{f"A_a/lat.{n}": "blocked" for n in (30, 40, 50)},
        "A_b/lat.20": "ready",
        **{f"A_b/lat.{n}": "blocked" for n in (30, 40)},
    }
    assert [one.blocked_by for one in catalog["random"].filter(stream="b", configuration=40)] == ["lattice (1)"]
    flowed = {one.path: one.status for one in catalog["flowed"].filter(stream="a", configuration=10)}
    assert flowed == {"A_a/flow.10.1": "ready", "A_a/flow.10.2": "blocked", "A_a/flow.10.4": "blocked"}
    put(chain, "A_a/flow.10.1", at=OLD + SECOND)
    put(chain, "A_a/flow.10.4", at=OLD + SECOND)
    index_campaign(chain)
    assert {one.path: one.status for one in catalog["meson"].filter(stream="a", configuration=10)} == {
        "A_a/g5.10": "ready",
        "A_a/gx.10": "ready",
    }


@pytest.mark.parametrize("chain", [30_000], indirect=True)
def test_a_long_chain_waits_for_its_first_link(chain: Campaign) -> None:
    index_campaign(chain, accept_empty=True)
    catalog = Catalog(chain.catalog)
    found = causes(catalog)
    first = next(one for one in found if one.kind == "lattice" and one.stream == "a")
    assert first.status == "ready"
    # All trajectories but the first, their random numbers, and what is made from any of them.
    assert first.held == {"lattice": 2999, "random": 2999, "flowed": 9000, "meson": 6000}
    assert {one.kind for one in found} == {"lattice"}


def test_pages_say_the_conditions(chain: Campaign, tmp_path: Path) -> None:
    index_campaign(chain, accept_empty=True)
    site = build_site(Catalog(chain.catalog), tmp_path / "site", campaign=chain).parent
    page = (site / "dictionary.html").read_text()
    assert "with configuration = configuration - 10" in page
    assert "with flow = 4; with flow = 1, for gamma = g5" in page
    assert "lattice needs lattice and random at other coordinates" in page
    assert "with flow = 4; with flow = 1, for gamma = g5" in (site / "kind_meson.html").read_text()
