"""The nucleon campaign on trees with the real names and sizes: every status, by the brute force."""

import os
import random
import tomllib
from pathlib import Path
from typing import Any

from brute_force import judge
from comparison import catalog_rows
from observations import SECOND, File, Snapshot
from plain_production import Production
from worlds import World

from indexer.index import index_campaign
from latteboard.campaign import Campaign

CAMPAIGNS = Path(__file__).parent.parent / "campaigns"
START = 1_700_000_000 * SECOND
DAY = 86_400 * SECOND
# The brute force knows sums of products; sizes need not be the real ones to the byte.
PLAIN = {"L**3": "L * L * L", "(T // 2 + 1)": "49", "(t_separation + 1)": "t_separation"}


def stated(configurations: list[int], source_sets: dict[str, list[int]]) -> dict[str, Any]:
    """The campaign with one stream, few configurations and two separations: what can be judged in plain loops."""
    campaign = tomllib.loads((CAMPAIGNS / "nucleon_elastic_ff.toml").read_text())
    ensemble = campaign["ensembles"]["a09m310"]
    ensemble |= {"streams": ["e"], "configurations": configurations, "source_sets": source_sets}
    del ensemble["stream"]
    campaign["ensembles"] = {"a09m310": ensemble}
    campaign["axes"] |= {"t_separation": [2, 14], "current": ["A3", "V4"]}
    for kind in campaign["kinds"].values():
        for written, plain in PLAIN.items():
            kind["min_bytes"] = str(kind.get("min_bytes", 0)).replace(written, plain)
    return campaign


def lay(root: Path, production: Production, seed: int) -> dict[str, File]:
    """A sparse tree of the right sizes: some files missing, small, young, older than their inputs; intermediates purged."""
    chance = random.Random(seed)
    disk: dict[str, File] = {}
    for number, kind in enumerate(production.order):
        gone = chance.choice([0.02, 0.1, 0.6])
        for artifact in production.of_kind(kind):
            if chance.random() < gone:
                continue
            size = artifact.min_bytes - 1 if artifact.min_bytes and chance.random() < 0.02 else artifact.min_bytes
            age = chance.choice([5 * DAY] * 60 + [9 * DAY, 60 * SECOND])
            disk[artifact.path] = File(size, START - age + number * SECOND)
    for path, file in disk.items():
        place = root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("wb") as stream:
            stream.truncate(file.size)
        os.utime(place, ns=(file.mtime, file.mtime))
    return disk


def assert_every_status(folder: Path, campaign: dict[str, Any], lists: dict[str, str], seed: int) -> set[str]:
    """Index the tree and compare; returns the statuses that occurred."""
    world = World(campaign, lists)
    production = world.production()
    read = Campaign.read(world.write(folder))
    disk = lay(read.root, production, seed)
    report = index_campaign(read, now_ns=START)
    assert (report.expected, report.found) == (len(production.artifacts), len(disk))
    found = {path: row.state for path, row in catalog_rows(Path(read.catalog)).items()}
    assert found == judge(production, Snapshot(START, 600 * SECOND, disk))
    return {state.status for state in found.values()}


def test_every_status_of_a_production_with_two_source_sets_is_right(tmp_path: Path) -> None:
    lists = {"a09m310_e_src.lst": _without_comments(CAMPAIGNS / "a09m310_e_src.lst")}
    campaign = stated([300, 306], {"0-7": [0, 8], "8-15": [8, 16]})
    occurred = set().union(*(_in_its_own_folder(tmp_path, campaign, lists, seed) for seed in range(3)))
    assert occurred >= {"done", "bad", "stale", "growing", "blocked", "ready", "unneeded"}


def test_every_status_of_a_production_with_the_real_sources_is_right(tmp_path: Path, reference: Path) -> None:
    lists = {"a09m310_e_src.lst": (reference / "a09m310_e_src.lst").read_text()}
    assert_every_status(tmp_path, stated([300, 306, 4998], {"0-7": [0, 8]}), lists, seed=1)


def _in_its_own_folder(above: Path, campaign: dict[str, Any], lists: dict[str, str], seed: int) -> set[str]:
    folder = above / str(seed)
    folder.mkdir()
    return assert_every_status(folder, campaign, lists, seed)


def _without_comments(path: Path) -> str:
    return "".join(line for line in path.read_text().splitlines(keepends=True) if not line.startswith("#"))
