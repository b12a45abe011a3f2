"""A concatenation that grew by segments is one artifact: its size is the sum, it is bad if one lacks, and none is a stray."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from disk import index, only, query, status
from members import average, joining

from latteboard.campaign import Campaign
from latteboard.files.segments import segments_folder, size_of
from latteboard.times import DAY_NS
from reducer.making import segments
from reducer.making.make import make
from reducer.tasks.task import Input

KINDS = """
[kinds.average]
path   = "{ensemble}_{stream}/average/{configuration}_Srcs{source_set}.h5"
[kinds.joined]
path   = "{ensemble}_{stream}/joined_Srcs{source_set}.h5"
min_bytes = 30_000
needs  = ["average"]
reduce = [{ concatenate = { append = true } }]
"""
JOINED = "A_a/joined_Srcs0-1.h5"
NUMBERS = (10, 20)


@pytest.fixture
def campaign(read_campaign: Callable[..., Campaign], monkeypatch: pytest.MonkeyPatch) -> Campaign:
    """Averages, and their concatenation, which was given one after the other."""
    monkeypatch.setattr(segments, "LARGEST_PLAIN", 0)
    found = read_campaign(kinds=KINDS)
    for number in NUMBERS:
        average(found.root, number, path="A_a/average/{}_Srcs0-1.h5")
        grow(found, number)
    return found


def grow(campaign: Campaign, number: int) -> None:
    path = campaign.root / f"A_a/average/{number}_Srcs0-1.h5"
    task = joining(campaign.root, {("a", number): path}, campaign.kinds["joined"].table.reduce, path=JOINED)
    assert make(task, campaign.root) is not None


def strays(campaign: Campaign) -> list[Any]:
    return query(campaign, "select path from stray")


def later() -> int:
    """When nothing that is written now is young any more."""
    return time.time_ns() + DAY_NS


def test_its_size_is_the_sum_and_its_segments_are_no_strays(campaign: Campaign) -> None:
    index(campaign, at=later())
    artifact = only(campaign, JOINED)
    files = [campaign.root / JOINED, *segments_folder(campaign.root / JOINED).iterdir()]
    assert len(files) == 3
    assert artifact.size == sum(path.stat().st_size for path in files) == size_of(campaign.root / JOINED)
    assert artifact.size > 30_000 > (campaign.root / JOINED).stat().st_size
    assert artifact.status == "done"
    assert strays(campaign) == []


@pytest.mark.parametrize("whole", [False, True], ids=["one", "all"])
@pytest.mark.parametrize("options", [{}, {"fast": True}, {"deep": True}], ids=["plain", "fast", "deep"])
def test_it_is_bad_as_soon_as_a_segment_lacks_and_done_once_it_is_back(
    campaign: Campaign, options: dict[str, Any], *, whole: bool
) -> None:
    index(campaign, at=later())
    folder = segments_folder(campaign.root / JOINED)
    first, second = sorted(folder.iterdir())
    lost = folder if whole else second
    away = lost.rename(campaign.root.parent / "away")
    for _ in range(3):
        index(campaign, at=later(), **options)
        artifact = only(campaign, JOINED)
        assert artifact.status == "bad"
        name = (first if whole else second).name
        assert (
            artifact.problem == f"its segment {folder.name}/{name} is not there; bring it back, or make the file again"
        )
    away.rename(lost)
    for _ in range(2):
        index(campaign, at=later(), **options)
        assert status(campaign, JOINED) == "done"
        assert only(campaign, JOINED).size == size_of(campaign.root / JOINED)


def test_a_further_index_without_a_change_changes_nothing(campaign: Campaign) -> None:
    index(campaign, at=later())
    assert index(campaign, at=later()).changed == 0


def test_segments_without_their_index_are_reported(campaign: Campaign) -> None:
    (campaign.root / JOINED).unlink()
    index(campaign, at=later())
    assert status(campaign, JOINED) != "done"
    assert strays(campaign) == [(f"{JOINED}.segments/",)]


def test_what_is_made_of_it_records_it_whole(campaign: Campaign) -> None:
    path = campaign.root / JOINED
    given = Input(JOINED, size_of(path), path.stat().st_mtime_ns)
    steps = [{"concatenate": {"along": 0}}]
    task = joining(campaign.root, {10: path}, steps, path="again.h5")
    row = task.rows[0]
    whole = type(task)(task.kind, task.path, task.recipe, (type(row)((given,), 10),))
    assert make(whole, Path(campaign.root)) is not None
