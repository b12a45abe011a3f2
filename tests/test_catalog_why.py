"""Why an artifact waits, from the catalog alone: its inputs and theirs against plain loops, for whatever ties kinds."""

import random
import tomllib
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from conftest import LISTS
from disk import ENOUGH, OLD, index, paths_of, put, query
from plain_production import Production

from latteboard import Catalog
from latteboard.campaign import Campaign
from latteboard.catalog.questions.explain import SHOWN, InputGroup, explain
from latteboard.catalog.questions.root_causes import causes

Read = Callable[..., Campaign]

# Beside kinds tied by equal coordinates: sets and their sources, an axis with negative values, axes tied by the ensemble
# alone, kinds that name no ensemble or nothing at all.
KINDS = """
[kinds.cfg]
path  = "{ensemble}_{stream}/cfg/{configuration}.lime"
given = true
[kinds.slice]
path  = "{ensemble}_{stream}/{configuration}/slice_{source}_{momentum}.h5"
needs = ["cfg"]
[kinds.average]
path  = "{ensemble}_{stream}/{configuration}/average_{source_set}_{momentum}.h5"
needs = ["slice", "cfg"]
[kinds.table]
path  = "table_{source_set}_{momentum}_{t_separation}.h5"
needs = ["average"]
[kinds.fit]
path  = "{ensemble}_fit_{t_separation}_{source_set}.h5"
needs = ["table", "average"]
[kinds.everything]
path  = "everything.h5"
needs = ["fit", "cfg"]
"""
AXES = """
[axes]
momentum     = [-1, 0, 1]
t_separation = [3, 4]
particle     = ["proton"]
current      = ["A3"]
"""


@pytest.fixture
def campaign(read_campaign: Read) -> Campaign:
    """Some of the files of each kind are there."""
    campaign = read_campaign(kinds=KINDS, axes=AXES, derive="", archives="")
    chance = random.Random(1)
    for kind in campaign.kinds:
        for path in paths_of(campaign, kind):
            if chance.random() < 0.6:
                put(campaign, path, size=ENOUGH, at=OLD)
    index(campaign)
    return campaign


def expected_groups(
    production: Production, rows: dict[str, tuple[str, str]], paths: set[str], needs: dict[str, Any], depth: int = 2
) -> dict[str, Any]:
    """The inputs of some paths by kind: how many have each status, the missing ones, and their inputs."""
    kind = rows[next(iter(paths))][0]
    inputs = {one for path in paths for one in production.inputs_of(path)}
    groups = {}
    for need in needs[kind]:
        own = {path for path in inputs if rows[path][0] == need}
        below = expected_groups(production, rows, own, needs, depth - 1) if depth > 1 and own else {}
        missing = {path for path in own if rows[path][1] not in ("done", "archived")}
        groups[need] = (Counter(rows[path][1] for path in own), missing, below)
    return groups


def agree(group: InputGroup, expected: dict[str, Any]) -> None:
    statuses, missing, below = expected[group.kind]
    assert group.status == statuses
    assert group.expected == statuses.total()
    assert len(group.missing) == min(SHOWN, len(missing))
    assert set(group.missing) <= missing
    for one in group.inputs:
        if below:
            agree(one, below)


def test_inputs_of_every_artifact_and_theirs_are_those_of_plain_loops(campaign: Campaign) -> None:
    stated = tomllib.loads(campaign.path.read_text())
    production = Production(stated, {name: text.lstrip() for name, text in LISTS.items()})
    needs = {name: kind.get("needs", []) for name, kind in stated["kinds"].items()}
    catalog = Catalog(campaign.catalog)
    campaign.path.unlink()  # the catalog needs it no more
    rows = {p: (kind, status) for p, kind, status in query(campaign, "select path, kind, status from artifact")}
    assert {"slice", "average", "table", "fit", "everything"} <= {kind for kind, _ in rows.values()}
    for kind in catalog.kinds:
        for artifact in list(catalog[kind])[::3]:
            found = explain(catalog, kind, {"id": artifact.id}).inputs
            expected = expected_groups(production, rows, {artifact.path}, needs)
            assert [group.kind for group in found] == list(needs[kind])
            for group in found:
                agree(group, expected)


def test_missing_inputs_are_listed_in_the_order_of_the_catalog(campaign: Campaign) -> None:
    catalog = Catalog(campaign.catalog)
    (group, _) = explain(catalog, "everything", {}).inputs
    listed = [row["path"] for row in catalog["fit"].rows() if row["status"] != "done"]
    assert group.missing == listed[:SHOWN]


def test_a_kind_may_be_called_like_another_and_waits(read_campaign: Read) -> None:
    chain = "".join(
        f'[kinds.{name}]\npath = "{{ensemble}}_{{stream}}/{name}_{{configuration}}.h5"\nneeds = [{need}]\n'
        for name, need in (("prop", ""), ("prop_waits", '"prop"'), ("prop_waits_waits", '"prop_waits"'))
    )
    campaign = read_campaign(kinds=chain, derive="")
    put(campaign, "A_a/prop_10.h5")
    index(campaign)
    held: Counter[str] = Counter()
    for cause in causes(Catalog(campaign.catalog)):
        held.update({(cause.kind, kind): number for kind, number in cause.held.items()})
    assert held == {
        ("prop", "prop_waits"): 3,
        ("prop", "prop_waits_waits"): 3,
        ("prop_waits", "prop_waits_waits"): 1,
    }
