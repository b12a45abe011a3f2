"""Kinds inside HDF5 files: artifacts are datasets, and a container is opened whenever its size or time changed."""

import shutil
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

import h5py
import numpy as np
import pytest
from disk import HOUR, MINUTE, OLD, SECOND, START, books, closed, index, only, paths_of, put, query, status, statuses

from latteboard.campaign import Campaign
from latteboard.files.hdf5 import COMPLETE, stamp

Read = Callable[..., Campaign]

KINDS = """
[kinds.spec]
path      = "{ensemble}_{stream}/{particle}.h5::spec/{configuration}/{source}"
min_bytes = 80
[kinds.effmass]
path      = "{ensemble}_{stream}/{particle}.h5::effmass/{configuration}"
needs     = ["spec"]
[kinds.plot]
path      = "{ensemble}_{stream}/plot_{particle}_{configuration}.pdf"
needs     = ["spec"]
"""
CONTAINER = "A_a/proton.h5"
SOURCES = ("x0y1z2t3", "x1y2z3t7", "x2y3z0t1", "x3y0z1t5")
ALL = [f"spec/10/{source}" for source in SOURCES]


@pytest.fixture
def campaign(read_campaign: Read) -> Campaign:
    return read_campaign(kinds=KINDS)


def write(
    campaign: Campaign,
    names: Iterable[str] = ALL,
    *,
    at: int = OLD,
    sites: int = 10,
    path: str = CONTAINER,
    mode: str = "w",
) -> Path:
    """Write datasets into a container."""
    file = campaign.root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(file, mode) as content:
        for name in names:
            content[name] = np.arange(sites, dtype=np.float64)
    stamp(file, at)
    return file


def here(campaign: Campaign, path: str = CONTAINER) -> Counter[str]:
    """How many datasets of one container have which status."""
    return Counter(word for name, word in statuses(campaign, "spec").items() if name.startswith(f"{path}::spec/10/"))


def test_each_dataset_is_an_artifact_with_its_own_size_and_the_time_of_its_container(campaign: Campaign) -> None:
    write(campaign, [*ALL, "effmass/10", "something/else"])
    report = index(campaign)
    assert report.expected == 28 + 8 + 8
    assert (report.found, report.strays, report.stats) == (5, 0, 1)
    artifact = only(campaign, f"{CONTAINER}::spec/10/x0y1z2t3")
    assert (artifact.status, artifact.size, int(artifact.mtime.timestamp())) == ("done", 80, OLD // SECOND)
    assert status(campaign, "A_a/plot_proton_10.pdf") == "ready"
    assert status(campaign, "A_a/plot_proton_20.pdf") == "blocked"


def test_a_dataset_that_is_not_there_is_work_and_one_too_small_is_bad(campaign: Campaign) -> None:
    write(campaign, ALL[:2])
    write(campaign, ALL[2:3], sites=9, mode="a")
    index(campaign)
    assert here(campaign) == {"done": 2, "bad": 1, "ready": 1}
    assert only(campaign, f"{CONTAINER}::{ALL[2]}").problem == "too small: 72 bytes, expected at least 80"
    assert only(campaign, f"{CONTAINER}::effmass/10").blocked_by == "spec (2)"


def test_a_container_that_grew_is_opened_again_and_one_that_did_not_is_not(campaign: Campaign) -> None:
    file = write(campaign, ALL[:2])
    index(campaign)
    assert index(campaign).changed == 0
    write(campaign, ALL[2:], at=OLD + SECOND, mode="a")
    assert index(campaign).changed == 4  # two new ones, and the time of the two others
    assert here(campaign) == {"done": 4}
    with h5py.File(file, "r+") as content:
        del content[ALL[0]]
    stamp(file, OLD + 2 * SECOND)
    index(campaign)
    assert here(campaign) == {"done": 3, "ready": 1}


@pytest.mark.parametrize("fast", [False, True])
def test_a_container_that_is_away_and_back_as_it_was_is_opened_again(campaign: Campaign, *, fast: bool) -> None:
    file = write(campaign)
    put(campaign, "A_b/core")
    put(campaign, "B_a/core")
    index(campaign)
    for source in (file, file.parent):
        aside = source.rename(campaign.root.parent / "aside")
        index(campaign, fast=fast, accept_empty=True)
        assert here(campaign) == {"ready": 4}
        aside.rename(source)
        index(campaign, fast=fast)
        assert here(campaign) == {"done": 4}


def test_a_container_put_back_from_a_copy_after_it_had_begun_to_grow_is_opened_again(campaign: Campaign) -> None:
    file = write(campaign)
    copy = shutil.copy2(file, campaign.root.parent / "copy")
    index(campaign)
    stamp(file, START - SECOND)
    index(campaign)
    assert here(campaign) == {"growing": 4}
    shutil.copy2(copy, file)
    index(campaign, at=START + MINUTE)
    assert here(campaign) == {"done": 4}


def test_a_growing_container_makes_all_that_is_in_it_growing(campaign: Campaign) -> None:
    write(campaign, ALL[:2], at=START - SECOND)
    index(campaign)
    assert here(campaign) == {"growing": 4}
    index(campaign, fast=True, at=START + HOUR)
    assert here(campaign) == {"done": 2, "ready": 2}


@pytest.mark.parametrize("damage", ["truncated", "text", "incomplete"])
def test_a_bad_container_makes_all_that_is_in_it_bad(campaign: Campaign, damage: str) -> None:
    file = write(campaign, ALL[:2])
    if damage == "truncated":
        file.write_bytes(file.read_bytes()[:-1])
    elif damage == "text":
        file.write_text("This is not HDF5")
    else:
        with h5py.File(file, "r+") as content:
            content.attrs[COMPLETE] = False
    stamp(file, OLD)
    problem = {"truncated": "truncated or damaged", "text": "not an HDF5 file", "incomplete": "marked incomplete"}[
        damage
    ]
    for _ in range(2):
        index(campaign)
        assert here(campaign) == {"bad": 4}
        assert only(campaign, f"{CONTAINER}::{ALL[0]}").problem.startswith(f"its container is {problem}")
    write(campaign, ALL[:3], at=OLD + SECOND)
    index(campaign)
    assert here(campaign) == {"done": 3, "ready": 1}


def test_a_container_that_cannot_be_asked_for_its_size_is_unknown_and_then_as_it_was(campaign: Campaign) -> None:
    write(campaign)
    with closed(campaign.root / "A_a", 0o400):
        index(campaign, accept_empty=True)
        assert here(campaign) == {"unknown": 4}
    index(campaign)
    assert here(campaign) == {"done": 4}
    with closed(campaign.root / "A_a", 0o400):
        index(campaign)
        assert here(campaign) == {"done": 4}


def test_containers_are_no_strays_and_other_files_beside_them_are(campaign: Campaign) -> None:
    write(campaign)
    write(campaign, path="A_a/neutron.h5")
    assert index(campaign).strays == 1
    assert query(campaign, "select path from stray") == [("A_a/neutron.h5",)]


def test_a_fast_pass_finds_a_container_written_in_place_because_it_is_young(campaign: Campaign) -> None:
    write(campaign, ALL[:1], at=START - 20 * MINUTE)
    index(campaign)
    write(campaign, ALL[1:], at=START + MINUTE, mode="a")
    index(campaign, fast=True, at=START + HOUR)
    assert here(campaign) == {"done": 4}


def test_the_path_of_a_dataset_is_read_back(campaign: Campaign) -> None:
    for path in paths_of(campaign):
        parsed = campaign.parse(path)
        assert parsed is not None
        assert campaign.path_of(*parsed) == path


def test_an_index_of_containers_that_are_as_they_were_changes_nothing(campaign: Campaign) -> None:
    write(campaign)
    write(campaign, ALL[:1], path="A_a/proton_np.h5")
    index(campaign)
    before = books(campaign)
    for options in ({}, {"fast": True}, {"deep": True}, {"threads": 3}):
        assert index(campaign, **options).changed == 0
        assert books(campaign) == before


def test_a_changed_campaign_finds_new_kinds_in_known_containers(campaign: Campaign, read_campaign: Read) -> None:
    write(campaign, [*ALL, "fit/10"])
    index(campaign)
    more = KINDS + '[kinds.fit]\npath = "{ensemble}_{stream}/{particle}.h5::fit/{configuration}"\n'
    campaign = read_campaign(kinds=more)
    index(campaign)
    assert status(campaign, f"{CONTAINER}::fit/10") == "done"
    assert here(campaign) == {"done": 4}
