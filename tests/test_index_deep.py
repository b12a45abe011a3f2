"""The deep look: what is wrong inside HDF5 files, and how long such a verdict stands."""

import os
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
from disk import HOUR, OLD, SECOND, START, books, index, only, paths_of, put, status, statuses

from latteboard.campaign import Campaign
from latteboard.files.hdf5 import COMPLETE, problem_of, read_mark, stamp

Read = Callable[..., Campaign]

KINDS = """
[kinds.formfac]
path      = "{ensemble}_{stream}/formfac/{configuration}_dt{t_separation}_{source}.h5"
min_bytes = 100
datasets  = "{particle}_tsep_{dt}/{current}/x{source.x}_t{source.t}"
[kinds.plain]
path      = "{ensemble}_{stream}/plain/{configuration}_{source}.lime"
"""
FORMFAC = "A_a/formfac/10_dt3_x1y2z3t7.h5"
PLAIN = "A_a/plain/10_x1y2z3t7.lime"
# Of every particle and current, the sign of the time separation with the particle, and the source of the file.
DATASETS = [
    "proton_tsep_3/A3/x1_t7",
    "proton_tsep_3/V4/x1_t7",
    "proton_np_tsep_-3/A3/x1_t7",
    "proton_np_tsep_-3/V4/x1_t7",
]


@pytest.fixture
def campaign(read_campaign: Read) -> Campaign:
    return read_campaign(kinds=KINDS)


def write(campaign: Campaign, names: list[str] = DATASETS, *, sites: int = 500) -> Path:
    """Write a form factor that holds these datasets."""
    file = campaign.root / FORMFAC
    file.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(file, "w") as content:
        for name in names:
            content[name] = np.arange(sites, dtype=np.float64)
    stamp(file, OLD)
    return file


def zero_from_the_middle(file: Path) -> None:
    size = file.stat().st_size
    os.truncate(file, size // 2)
    os.truncate(file, size)


def truncate(file: Path) -> None:
    os.truncate(file, file.stat().st_size - 1)


def overwrite(file: Path) -> None:
    with file.open("r+b") as stream:
        stream.write(b"LIME")


def mark_incomplete(file: Path) -> None:
    with h5py.File(file, "r+") as content:
        content.attrs[COMPLETE] = False


def lose_one(file: Path) -> None:
    with h5py.File(file, "r+") as content:
        del content[DATASETS[2]]


def misname_one(file: Path) -> None:
    with h5py.File(file, "r+") as content:
        content.move(DATASETS[1], DATASETS[1].replace("x1_t7", "x1_t70"))


def never_write_one(file: Path) -> None:
    with h5py.File(file, "r+") as content:
        del content[DATASETS[3]]
        content.create_dataset(DATASETS[3], shape=(500,), dtype=float)


DAMAGES = {
    zero_from_the_middle: "truncated or damaged: ",
    truncate: "truncated or damaged: ",
    overwrite: "not an HDF5 file",
    mark_incomplete: "marked incomplete: whoever wrote it was stopped",
    lose_one: f"1 of 4 datasets missing, first {DATASETS[2]}",
    misname_one: f"1 of 4 datasets missing, first {DATASETS[1]}",
    never_write_one: f"1 of 4 datasets never written, first {DATASETS[3]}",
}


@pytest.mark.parametrize(("damage", "problem"), DAMAGES.items(), ids=lambda value: getattr(value, "__name__", ""))
def test_a_corrupt_file_is_found_by_a_deep_look_and_stays_bad_through_a_touch_until_it_is_restored(
    campaign: Campaign, damage: Callable[[Path], None], problem: str
) -> None:
    file = write(campaign)
    whole = file.read_bytes()
    put(campaign, PLAIN)
    index(campaign)
    assert status(campaign, FORMFAC) == "done"
    damage(file)
    stamp(file, OLD)
    index(campaign, deep=True)
    artifact = only(campaign, FORMFAC)
    assert artifact.status == "bad"
    assert artifact.problem.startswith(problem)
    before = books(campaign)
    for options in ({}, {"fast": True}, {"deep": True}):
        assert index(campaign, **options).changed == 0
        assert only(campaign, FORMFAC).problem == artifact.problem
    assert books(campaign)["_formfac"] == before["_formfac"]
    stamp(file, OLD + SECOND)
    index(campaign)
    assert (status(campaign, FORMFAC), only(campaign, FORMFAC).problem) == ("bad", artifact.problem)
    file.write_bytes(whole)
    stamp(file, OLD + SECOND)
    index(campaign)
    assert (status(campaign, FORMFAC), only(campaign, FORMFAC).problem) == ("done", None)


@pytest.mark.parametrize("fast", [True, False])
def test_a_file_that_somebody_could_not_use_is_opened_by_any_look_and_the_verdict_stands(
    campaign: Campaign, *, fast: bool
) -> None:
    file = write(campaign)
    other = next(path for path in paths_of(campaign, "formfac") if path != FORMFAC)
    put(campaign, other)  # no HDF5 file either, but nobody has complained
    index(campaign)
    zero_from_the_middle(file)
    stamp(file, OLD)
    index(campaign, fast=fast, suspects=frozenset({FORMFAC}))
    assert only(campaign, FORMFAC).problem.startswith("truncated or damaged: ")
    assert status(campaign, other) == "done"
    index(campaign, fast=True)
    assert status(campaign, FORMFAC) == "bad"
    stamp(file, OLD + SECOND)
    index(campaign)
    assert status(campaign, FORMFAC) == "bad"
    write(campaign)
    index(campaign)
    assert status(campaign, FORMFAC) == "done"


def test_a_suspect_that_is_whole_changes_nothing(campaign: Campaign) -> None:
    write(campaign)
    index(campaign)
    assert index(campaign, fast=True, suspects=frozenset({FORMFAC, "A_a/formfac/gone.h5"})).changed == 0
    assert status(campaign, FORMFAC) == "done"


def test_a_whole_file_is_done_to_a_deep_look_too(campaign: Campaign) -> None:
    write(campaign, [*DATASETS, "more"])
    report = index(campaign, deep=True)
    assert (report.found, status(campaign, FORMFAC)) == (1, "done")


@pytest.mark.parametrize("options", [{}, {"fast": True}])
def test_a_restored_file_of_the_same_size_and_time_is_seen_to_be_another_one(
    campaign: Campaign, options: dict[str, bool]
) -> None:
    file = write(campaign)
    whole = file.read_bytes()
    zero_from_the_middle(file)
    stamp(file, OLD)
    index(campaign, deep=True)
    file.write_bytes(whole)
    stamp(file, OLD)
    index(campaign, **options)
    assert (status(campaign, FORMFAC), only(campaign, FORMFAC).problem) == ("done", None)


def test_only_hdf5_files_that_are_old_enough_are_opened(campaign: Campaign) -> None:
    put(campaign, PLAIN)
    put(campaign, FORMFAC, at=START - SECOND)
    index(campaign, deep=True)
    assert statuses(campaign)[PLAIN] == "done"
    assert status(campaign, FORMFAC) == "growing"
    index(campaign, deep=True, at=START + HOUR)
    assert only(campaign, FORMFAC).problem == "not an HDF5 file"


def test_a_corrupt_file_that_is_gone_is_no_longer_bad(campaign: Campaign) -> None:
    file = put(campaign, FORMFAC)
    put(campaign, PLAIN)
    index(campaign, deep=True)
    file.unlink()
    index(campaign, accept_empty=True)
    assert (status(campaign, FORMFAC), only(campaign, FORMFAC).problem) == ("ready", None)


def test_a_verdict_stands_when_the_campaign_changes(campaign: Campaign, read_campaign: Read) -> None:
    put(campaign, FORMFAC)
    index(campaign, deep=True)
    user = '\n[kinds.user]\npath = "{ensemble}_{stream}/user/{configuration}_{source}.txt"\nneeds = ["formfac"]\n'
    for kinds in (KINDS + user, KINDS.replace("[kinds.plain]", "temporary = true\n[kinds.plain]") + user, KINDS):
        campaign = read_campaign(kinds=kinds)
        index(campaign)
        assert only(campaign, FORMFAC).problem == "not an HDF5 file"


def test_a_kind_that_was_temporary_is_wanted_when_it_no_longer_is(read_campaign: Read) -> None:
    user = '\n[kinds.user]\npath = "{ensemble}_{stream}/user/{configuration}_{source}.lime"\nneeds = ["formfac"]\n'
    campaign = read_campaign(kinds=KINDS.replace("[kinds.plain]", "temporary = true\n[kinds.plain]") + user)
    put(campaign, "A_a/user/10_x1y2z3t7.lime")
    index(campaign)
    assert status(campaign, FORMFAC) == "unneeded"
    campaign = read_campaign(kinds=KINDS + user)
    index(campaign)
    assert (status(campaign, FORMFAC), only(campaign, FORMFAC).purgeable) == ("ready", False)
    campaign = read_campaign(kinds=KINDS.replace("[kinds.plain]", "temporary = true\n[kinds.plain]") + user)
    index(campaign)
    assert status(campaign, FORMFAC) == "unneeded"


def test_hdf5_behind_a_user_block_is_hdf5(campaign: Campaign) -> None:
    file = campaign.root / FORMFAC
    file.parent.mkdir(parents=True)
    with h5py.File(file, "w", userblock_size=2048) as content:
        for name in DATASETS:
            content[name] = [1.0] * 100
    stamp(file, OLD)
    index(campaign, deep=True)
    assert status(campaign, FORMFAC) == "done"


@pytest.mark.parametrize("length", [0, 1, 7, 8, 100, 511, 512, 600, 2048])
def test_the_beginning_of_a_file_is_damaged_not_an_error(tmp_path: Path, length: int) -> None:
    with h5py.File(tmp_path / "whole.h5", "w") as content:
        content["a/b"] = np.arange(1000.0)
    piece = tmp_path / "piece.h5"
    piece.write_bytes((tmp_path / "whole.h5").read_bytes()[:length])
    assert problem_of(piece, ["a/b"]) is not None
    assert read_mark(piece) is None


def test_names_and_types_that_make_no_sense_are_damaged_not_an_error(tmp_path: Path) -> None:
    file = tmp_path / "damaged.h5"
    with h5py.File(file, "w") as content:
        content["a/a_name_that_is_easily_found"] = np.arange(10.0)
    whole = file.read_bytes()
    file.write_bytes(whole.replace(b"a_name_that_is_easily_found", b"a_name_that_is_\xff\xfe_ly_found"))
    assert problem_of(file, ["a/a_name_that_is_easily_found"]) is not None
