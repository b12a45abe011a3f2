"""An index looks, and touches nothing: it works where it may not write, and leaves every file as it was."""

from collections.abc import Callable, Iterator
from pathlib import Path

import h5py
import pytest
from disk import DAY, HOUR, OLD, START, age_all, index, put, query, status, without_rights

from latteboard.campaign import Campaign
from latteboard.files.hdf5 import RecordedInput, stamp, write_mark

KINDS = """
[kinds.prop]
path      = "{ensemble}_{stream}/prop/{configuration}_{source}.lime"
min_bytes = 1000
[kinds.raw]
path   = "{ensemble}_{stream}/raw/{configuration}_{source}.h5"
needs  = ["prop"]
[kinds.average]
path   = "{ensemble}_{stream}/average/{configuration}_Srcs{source_set}.h5"
needs  = ["raw"]
reduce = ["average"]
[kinds.part]
path   = "{ensemble}_{stream}/parts.h5::{configuration}/{source}"
needs  = ["raw"]
"""
SOURCES = ("x0y1z2t3", "x1y2z3t7")
RAW = [f"A_a/raw/10_{source}.h5" for source in SOURCES]
AVERAGE = "A_a/average/10_Srcs0-1.h5"
BAD = "A_a/raw/20_x0y0z0t0.h5"
LOOKS = ({}, {"fast": True}, {"deep": True}, {"strays": True}, {"strays": True, "deep": True, "threads": 3})
Attributes = tuple[int, int, int, int, int, bytes]


@pytest.fixture
def campaign(read_campaign: Callable[..., Campaign]) -> Iterator[Campaign]:
    """A production with something of each sort, which nobody may write to."""
    campaign = read_campaign(kinds=KINDS)
    for source in SOURCES:
        put(campaign, f"A_a/prop/10_{source}.lime")
    put(campaign, "A_a/prop/20_x0y0z0t0.lime", size=10)
    put(campaign, BAD)
    put(campaign, "A_a/prop/notes.txt")
    put(campaign, "elsewhere/deeper/10_x0y1z2t3.lime")
    for path in (*RAW, "A_a/parts.h5", AVERAGE):
        write_hdf5(campaign.root / path)
    mark(campaign, AVERAGE, RAW)
    age_all(campaign.root)
    everything = [campaign.root, *campaign.root.rglob("*")]
    for path in everything:
        path.chmod(0o555 if path.is_dir() else 0o444)
    yield campaign
    for path in everything:
        path.chmod(0o755)


def write_hdf5(path: Path) -> None:
    """Write a small file that serves as correlator and as container."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        for source in SOURCES:
            file[f"10/{source}"] = [1.0, 2.0]
    stamp(path, OLD)


def mark(campaign: Campaign, path: str, inputs: list[str]) -> None:
    """Mark a file complete, with a record of its inputs."""
    states = [(one, (campaign.root / one).stat()) for one in inputs]
    records = [RecordedInput(one, state.st_size, state.st_mtime_ns) for one, state in states]
    with h5py.File(campaign.root / path, "r+") as file:
        made = write_mark(file, path=path, inputs=records, recipe={"steps": ["average"]}, made=OLD + HOUR)
    stamp(campaign.root / path, made)


def attributes(root: Path) -> dict[str, Attributes]:
    """All that a change of a file or a folder would show: mode, size, times of content and of attributes, inode, content."""
    return {str(path): attributes_of(path) for path in [root, *sorted(root.rglob("*"))]}


def attributes_of(path: Path) -> Attributes:
    found = path.lstat()
    content = path.read_bytes() if path.is_file() else b""
    return found.st_mode, found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino, content


def test_an_index_needs_no_right_to_write_and_changes_nothing(campaign: Campaign) -> None:
    before = attributes(campaign.root)
    for number, options in enumerate(LOOKS):
        with without_rights():
            with pytest.raises(PermissionError):
                (campaign.root / RAW[0]).open("r+b").close()
            report = index(campaign, at=START + number * DAY, **options)
        assert report.unreadable == {}
        assert attributes(campaign.root) == before, options
    assert status(campaign, AVERAGE) == "done"
    assert status(campaign, BAD) == "bad"
    assert query(campaign, "select count(*) from part where status = 'done'") == [(2,)]
    assert ("elsewhere/deeper/10_x0y1z2t3.lime",) in query(campaign, "select path from stray")
