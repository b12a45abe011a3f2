"""Contents, records and archive copies of artifacts that are looked for in several places."""

import os
import shutil
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import h5py
import pytest
from disk import DAY, HOUR, OLD, START, closed, index, only, query

from latteboard.campaign import Campaign
from latteboard.catalog import Catalog
from latteboard.catalog.questions.columns import kind_columns
from latteboard.catalog.questions.problems import problem_groups
from latteboard.files.hdf5 import RecordedInput, stamp, write_mark

Read = Callable[..., Campaign]

KINDS = """
[kinds.raw]
path   = "{ensemble}_{stream}/raw/{configuration}_{source}.h5"
also   = ["old/{ensemble}_{stream}/raw_{configuration}_{source}.h5"]
archive = "tape"
[kinds.average]
path   = "{ensemble}_{stream}/average/{configuration}_Srcs{source_set}.h5"
needs  = ["raw"]
reduce = ["average"]
"""
ROOTS = ('root  = "production"', 'root  = ["fast", "slow"]')
TURNED = ('root  = "production"', 'root  = ["slow", "fast"]')
AVERAGE = "A_a/average/10_Srcs0-1.h5"
RAW = ("A_a/raw/10_x0y1z2t3.h5", "A_a/raw/10_x1y2z3t7.h5")
OLD_RAW = "old/A_a/raw_10_x0y1z2t3.h5"
MADE_AT = OLD + HOUR


@pytest.fixture
def campaign(read_campaign: Read) -> Campaign:
    """Two roots with two raw files each, of other configurations."""
    campaign = read_campaign(ROOTS, kinds=KINDS)
    for root in (0, 1):
        for source in ("x0y1z2t3", "x1y2z3t7", "x2y3z0t1"):
            write(campaign, f"A_b/raw/{10 + root}_{source}.h5", root=root)
    return campaign


def write(campaign: Campaign, path: str, *, root: int = 0, at: int = OLD, sites: int = 4) -> Path:
    """Write a file of some content below a root."""
    file = campaign.roots[root].path / path
    file.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(file, "w") as content:
        content["corr"] = [1.0] * sites
    stamp(file, at)
    return file


def reduce(campaign: Campaign, inputs: Iterable[tuple[str, Path]], *, root: int = 0, at: int = MADE_AT) -> Path:
    """Write an average below a root that says what it was made from: names of inputs, and the files that they were."""
    file = write(campaign, AVERAGE, root=root)
    states = [(name, path.stat()) for name, path in inputs]
    made_from = [RecordedInput(name, state.st_size, state.st_mtime_ns) for name, state in states]
    with h5py.File(file, "r+") as content:
        write_mark(content, path=AVERAGE, inputs=made_from, recipe={"steps": ["average"]}, made=at)
    stamp(file, at)
    return file


def told(campaign: Campaign, path: str = AVERAGE) -> tuple[str, str | None, str, str | None]:
    """Path, root, status and problem of an artifact."""
    artifact = only(campaign, path)
    return artifact.path, artifact.root, artifact.status, artifact.problem


# -- records ---------------------------------------------------------------------------------------------------------


def test_the_record_that_counts_is_that_of_the_copy_that_counts(campaign: Campaign) -> None:
    inputs = [(name, write(campaign, name)) for name in RAW]
    first = reduce(campaign, inputs)
    longer = write(campaign, "A_a/raw/else.h5", root=1, sites=400)
    reduce(campaign, [(RAW[0], longer), inputs[1]], root=1)
    recorded = "select size from recorded_input order by input"
    sizes, other = sorted(file.stat().st_size for _, file in inputs), longer.stat().st_size
    index(campaign)
    assert told(campaign) == (AVERAGE, "fast", "done", "also at slow")
    assert [size for (size,) in query(campaign, recorded)] == sizes
    aside = first.rename(first.with_name("aside"))
    for at, look in ((START + DAY, {"fast": True}), (START + 2 * DAY, {})):
        index(campaign, at=at, **look)
        # Of a stale file the staleness is told first.
        assert told(campaign) == (AVERAGE, "slow", "stale", "an input has changed since it was made")
        assert sorted(size for (size,) in query(campaign, recorded)) == sorted([sizes[0], other])
    aside.rename(first)
    index(campaign, at=START + 3 * DAY, fast=True)
    assert told(campaign)[:3] == (AVERAGE, "fast", "done")
    assert [size for (size,) in query(campaign, recorded)] == sizes


def test_a_stale_file_says_where_further_ones_are(campaign: Campaign) -> None:
    inputs = [(name, write(campaign, name)) for name in RAW]
    for root in (0, 1):
        reduce(campaign, inputs, root=root)
    write(campaign, RAW[0], sites=400)
    index(campaign)
    both = "an input has changed since it was made; also at slow"
    assert told(campaign) == (AVERAGE, "fast", "stale", both)
    catalog = Catalog(campaign.catalog)
    assert [one.wording for one in problem_groups(catalog) if one.kind == "average"] == [both]
    columns = kind_columns(catalog, "average")
    assert [columns.wordings[number] for number in columns.problems.tolist() if number > 0] == [both]


def test_records_follow_their_root_when_the_order_of_roots_changes(campaign: Campaign, read_campaign: Read) -> None:
    inputs = [(name, write(campaign, name)) for name in RAW]
    reduce(campaign, inputs)
    longer = write(campaign, "A_a/raw/else.h5", root=1, sites=400)
    reduce(campaign, [(RAW[0], longer), inputs[1]], root=1)
    index(campaign)
    turned = read_campaign(TURNED, kinds=KINDS)
    # In folders that cannot be read nothing is read anew.
    with closed(turned.roots[0].path / "A_a/average"), closed(turned.roots[1].path / "A_a/average"):
        index(turned, at=START + DAY)
        assert told(turned)[1:3] == ("slow", "stale")
        back = read_campaign(ROOTS, kinds=KINDS)
        index(back, at=START + 2 * DAY)
        assert told(back)[1:3] == ("fast", "done")


def test_an_input_may_be_recorded_under_any_of_its_paths(campaign: Campaign) -> None:
    inputs = [(OLD_RAW, write(campaign, OLD_RAW, root=1)), (RAW[1], write(campaign, RAW[1]))]
    reduce(campaign, inputs)
    index(campaign)
    assert told(campaign)[:3] == (AVERAGE, "fast", "done")
    # Renamed, it is the same input.
    inputs[0][1].rename(campaign.roots[1].path / "A_b/raw/x")
    target = campaign.roots[0].path / RAW[0]
    shutil.move(campaign.roots[1].path / "A_b/raw/x", target)
    index(campaign, at=START + DAY, accept_empty=True)
    assert told(campaign)[:3] == (AVERAGE, "fast", "done")
    stamp(target, OLD + 2 * HOUR)
    index(campaign, at=START + 2 * DAY)
    assert told(campaign)[2] == "stale"


@pytest.mark.parametrize("marked", [True, False])
def test_what_was_made_from_a_copy_that_is_still_there_is_not_stale(campaign: Campaign, marked: bool) -> None:  # noqa: FBT001
    inputs = [(name, write(campaign, name, root=1)) for name in RAW]
    if marked:
        reduce(campaign, inputs)
    else:
        write(campaign, AVERAGE, at=MADE_AT)
    index(campaign)
    assert told(campaign)[2] == "done"
    for name, file in inputs:  # a copy for the faster disk, with the time of its making
        copy = campaign.roots[0].path / name
        shutil.copyfile(file, copy.parent.mkdir(parents=True, exist_ok=True) or copy)
        stamp(copy, MADE_AT + HOUR)
    index(campaign, at=START + DAY)
    assert told(campaign, RAW[0])[1:] == (
        "fast",
        "done",
        "also at slow/{ensemble}_{stream}/raw/{configuration}_{source}.h5",
    )
    assert told(campaign)[2] == "done"
    assert not [group for group in problem_groups(Catalog(campaign.catalog)) if group.status == "stale"]
    for _, file in inputs:
        file.unlink()
    index(campaign, at=START + 2 * DAY, accept_empty=True)
    assert told(campaign)[2] == "stale"


def test_a_stale_product_names_as_changed_only_the_inputs_that_are(campaign: Campaign) -> None:
    inputs = [(name, write(campaign, name, root=1)) for name in RAW]
    reduce(campaign, inputs)
    write(campaign, RAW[0], at=MADE_AT + HOUR)  # a copy that counts now; that which was used is still there
    stamp(inputs[1][1], MADE_AT + HOUR)
    index(campaign)
    (stale,) = [group for group in problem_groups(Catalog(campaign.catalog)) if group.status == "stale"]
    assert (stale.paths, stale.changed) == ((f"fast/{AVERAGE}",), {"raw": 1})


# -- contents --------------------------------------------------------------------------------------------------------


def damage(file: Path) -> None:
    """Spoil the content of a file, and nothing of its size and time."""
    state = file.stat()
    file.write_bytes(bytes(state.st_size))
    os.utime(file, ns=(state.st_atime_ns, state.st_mtime_ns))


@pytest.mark.parametrize("look", [{"fast": False}, {"fast": True}])
def test_a_verdict_on_a_copy_is_kept_and_another_copy_counts(
    campaign: Campaign, read_campaign: Read, look: dict[str, bool]
) -> None:
    damage(write(campaign, RAW[0]))
    write(campaign, OLD_RAW, root=1)
    index(campaign)
    assert told(campaign, RAW[0])[1:3] == ("fast", "done")
    bad = "also at fast/{ensemble}_{stream}/raw/{configuration}_{source}.h5 (bad)"
    index(campaign, at=START + DAY, deep=True)
    assert told(campaign, RAW[0]) == (OLD_RAW, "slow", "done", bad)
    index(campaign, at=START + 2 * DAY, **look)
    assert told(campaign, RAW[0]) == (OLD_RAW, "slow", "done", bad)
    turned = read_campaign(TURNED, kinds=KINDS)
    index(turned, at=START + 3 * DAY, **look)
    assert told(turned, RAW[0]) == (OLD_RAW, "slow", "done", bad)
    one = read_campaign(('root  = "production"', 'root  = "fast"'), kinds=KINDS)
    index(one, at=START + 4 * DAY, **look)
    path, _, status, problem = told(one, RAW[0])
    assert (path, status) == (RAW[0], "bad")
    assert problem is not None


def test_a_copy_that_a_reduction_could_not_use_is_opened(campaign: Campaign) -> None:
    damage(write(campaign, RAW[0], root=1))
    index(campaign)
    assert told(campaign, RAW[0])[1:3] == ("slow", "done")
    index(campaign, at=START + DAY, fast=True, suspects=frozenset({RAW[0]}))
    assert told(campaign, RAW[0])[1:3] == ("slow", "bad")


def test_datasets_are_looked_for_in_the_containers_of_all_roots(read_campaign: Read) -> None:
    inside = '[kinds.flow]\npath = "{ensemble}_{stream}/flow.h5::t/{configuration}"\n'
    campaign = read_campaign(ROOTS, kinds=inside)
    for root, names in ((0, (10,)), (1, (10, 20))):
        file = write(campaign, "A_a/flow.h5", root=root)
        with h5py.File(file, "r+") as content:
            for name in names:
                content[f"t/{name}"] = [1.0] * 4
        stamp(file, OLD)
    for at, look in ((START, {}), (START + DAY, {"fast": True}), (START + 2 * DAY, {"deep": True})):
        index(campaign, at=at, **look)
        assert query(
            campaign, "select configuration, root, status, problem from flow where stream = 'a' and ensemble = 'A'"
        ) == [
            (10, "fast", "done", "also at slow"),
            (20, "slow", "done", None),
        ]
    assert query(campaign, "select root, path from container order by 1") == [(0, "A_a/flow.h5"), (1, "A_a/flow.h5")]


# -- archives and claims ---------------------------------------------------------------------------------------------


def test_a_copy_in_an_archive_counts_under_any_path(campaign: Campaign) -> None:
    index(campaign)
    books = Catalog(campaign.catalog)
    books.record_archive("tape", [(OLD_RAW, 100, OLD), (RAW[1], 100, OLD), ("old/A_a/raw_10_x9y9z9t9.h5", 1, OLD)])
    index(campaign, at=START + DAY)
    assert [told(campaign, path)[:3] for path in (RAW[0], OLD_RAW)] == [(RAW[0], "fast", "archived")] * 2
    assert told(campaign, RAW[1])[2] == "archived"
    assert query(campaign, "select path, sound, kind > 0 from replica order by path") == [
        (RAW[1], 1, 1),
        (OLD_RAW, 1, 1),
        ("old/A_a/raw_10_x9y9z9t9.h5", None, 0),
    ]


def test_copies_of_one_artifact_in_one_archive_are_judged_each(campaign: Campaign) -> None:
    file = write(campaign, RAW[0])
    index(campaign)
    size = file.stat().st_size
    Catalog(campaign.catalog).record_archive("tape", [(RAW[0], size - 1, OLD), (OLD_RAW, size, OLD)])
    index(campaign, at=START + DAY)
    assert query(campaign, "select path, sound from replica order by path") == [(RAW[0], 0), (OLD_RAW, 1)]
    file.unlink()
    index(campaign, at=START + 2 * DAY, accept_empty=True)
    assert told(campaign, RAW[0])[2] == "archived"


def test_a_sound_file_that_was_lost_is_what_copies_in_archives_are_compared_with(campaign: Campaign) -> None:
    file = write(campaign, OLD_RAW, root=1)
    index(campaign)
    size = file.stat().st_size
    file.unlink()
    index(campaign, at=START + DAY, accept_empty=True)
    Catalog(campaign.catalog).record_archive("tape", [(RAW[0], size, OLD - DAY)])
    index(campaign, at=START + 2 * DAY)
    path, _, status, problem = told(campaign, RAW[0])
    assert (path, status) == (RAW[0], "ready")
    assert problem == "its copy in tape is outdated: older than the file last seen"


def test_a_claim_is_on_the_artifact_whatever_its_path(campaign: Campaign) -> None:
    index(campaign)
    books = Catalog(campaign.catalog)
    artifact = only(campaign, RAW[0])
    books.claim([artifact], datetime.max.replace(tzinfo=UTC), "somebody")
    assert told(campaign, OLD_RAW)[2] == "claimed"
    file = write(campaign, OLD_RAW, root=1)
    index(campaign, at=START + DAY)
    books.release([only(campaign, RAW[0])])
    file.unlink()
    index(campaign, at=START + 2 * DAY, accept_empty=True)
    assert told(campaign, RAW[0])[2] == "ready"


def test_a_file_without_data_is_not_opened_and_the_first_counts(campaign: Campaign) -> None:
    file = write(campaign, RAW[0], root=1)
    hollow: dict[str, Any] = {"size": file.stat().st_size}
    first = campaign.roots[0].path / RAW[0]
    first.parent.mkdir(parents=True)
    first.touch()
    os.truncate(first, hollow["size"])
    stamp(first, OLD)
    index(campaign)
    problem = "no data on this disk; also at slow/{ensemble}_{stream}/raw/{configuration}_{source}.h5"
    assert told(campaign, RAW[0]) == (RAW[0], "fast", "done", problem)
