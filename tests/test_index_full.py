"""An index: what is there, how it is judged, what it refuses; the same whoever shares the work."""

import os
import subprocess
from ast import literal_eval
from collections.abc import Callable

import pytest
from disk import (
    CFG,
    ENOUGH,
    MINUTE,
    OLD,
    OTHER_PROP,
    PROP,
    SECOND,
    SMALL,
    START,
    books,
    fill,
    index,
    only,
    paths_of,
    put,
    query,
    script,
    status,
    statuses,
)

from latteboard.campaign import Campaign
from latteboard.errors import BooksKept, LatteboardError

Read = Callable[..., Campaign]

# By hand: 4 configurations in 3 streams; 14 sources in 7 source sets; 2 time separations, 2 particles, 2 currents.
EXPECTED = {"cfg": 4, "prop": 14, "seqprop": 28, "formfac": 28, "formfac_4D": 28, "average": 14, "joined": 10}


def test_a_first_index_finds_every_file_and_asks_for_each_once(read_campaign: Read) -> None:
    campaign = read_campaign()
    fill(campaign)
    report = index(campaign)
    assert (report.expected, report.found, report.changed, report.strays) == (126, 126, 126, 0)
    # The root, three streams, in each six kinds' folders, and in five of these one for each configuration.
    assert (report.directories, report.stats) == (1 + 3 + 3 * 6 + 5 * 4, 126)
    assert report.unreadable == {}
    assert set(statuses(campaign).values()) == {"done"}
    assert {kind: len(statuses(campaign, kind)) for kind in campaign.kinds} == EXPECTED


def test_an_index_again_changes_nothing(read_campaign: Read) -> None:
    campaign = read_campaign(kinds=SMALL)
    fill(campaign, "cfg", "prop")
    index(campaign)
    before = books(campaign)
    report = index(campaign)
    assert (report.found, report.changed) == (18, 0)
    assert books(campaign) == before


def test_every_index_is_kept_in_history(read_campaign: Read) -> None:
    campaign = read_campaign(kinds=SMALL)
    fill(campaign, "cfg")
    index(campaign)
    put(campaign, PROP)
    index(campaign, at=START + MINUTE)
    index(campaign, at=START + 2 * MINUTE)
    runs = query(campaign, "select id, started, look, expected, found, changed from run")
    assert [row[1:] for row in runs] == [
        (START, "full", 18, 4, 4),
        (START + MINUTE, "full", 18, 5, 1),
        (START + 2 * MINUTE, "full", 18, 5, 0),
    ]
    done = "select run, number from history where ensemble = 'A' and stream = 'a' and kind = 'prop' and status = 'done'"
    assert query(campaign, done) == [(runs[1][0], 1)]


# -- how a file is judged --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("age", "expected"), [(10 * MINUTE, "done"), (10 * MINUTE - 1, "growing"), (0, "growing"), (-MINUTE, "growing")]
)
def test_a_file_that_changed_within_the_grace_time_is_growing(read_campaign: Read, age: int, expected: str) -> None:
    campaign = read_campaign(kinds=SMALL)
    put(campaign, PROP, at=START - age)
    index(campaign)
    assert status(campaign, PROP) == expected


@pytest.mark.parametrize(("size", "expected"), [(1024, "done"), (1023, "bad"), (0, "bad")])
def test_a_file_smaller_than_it_must_be_is_bad(read_campaign: Read, size: int, expected: str) -> None:
    campaign = read_campaign(kinds=SMALL)
    put(campaign, PROP, size=size)  # 16 bytes for each of 4 x 4 x 4 sites
    index(campaign)
    problem = None if expected == "done" else f"too small: {size} bytes, expected at least 1024"
    assert (only(campaign, PROP).status, only(campaign, PROP).problem) == (expected, problem)


def test_a_file_too_small_is_no_longer_bad_once_it_is_whole(read_campaign: Read) -> None:
    campaign = read_campaign(kinds=SMALL)
    put(campaign, PROP, size=10)
    index(campaign)
    put(campaign, PROP)
    index(campaign)
    assert (only(campaign, PROP).status, only(campaign, PROP).problem) == ("done", None)


@pytest.mark.parametrize("make", ["folder", "pipe"])
def test_what_is_no_file_is_no_artifact(read_campaign: Read, make: str) -> None:
    campaign = read_campaign(kinds=SMALL)
    put(campaign, CFG)
    place = put(campaign, PROP)
    place.unlink()
    place.mkdir() if make == "folder" else os.mkfifo(place)
    index(campaign, deep=True)
    assert status(campaign, PROP) == "ready"
    assert len(query(campaign, "select * from stray")) == 1


# -- links -----------------------------------------------------------------------------------------------------------


def test_a_link_to_a_good_file_is_there_with_the_size_and_time_of_its_target(read_campaign: Read) -> None:
    campaign = read_campaign(kinds=SMALL)
    elsewhere = put(campaign, "../elsewhere/prop", size=5000, at=OLD + SECOND)
    put(campaign, CFG)
    (campaign.root / PROP).parent.mkdir(parents=True)
    (campaign.root / PROP).symlink_to(elsewhere)
    assert index(campaign).found == 2
    artifact = only(campaign, PROP)
    assert (artifact.status, artifact.size, artifact.mtime.timestamp()) == ("done", 5000, OLD // SECOND + 1)


@pytest.mark.parametrize("target", ["nowhere", "itself"])
def test_a_link_that_leads_nowhere_or_in_a_circle_is_not_there(read_campaign: Read, target: str) -> None:
    campaign = read_campaign(kinds=SMALL)
    put(campaign, CFG)
    link = campaign.root / PROP
    link.parent.mkdir(parents=True)
    link.symlink_to(link if target == "itself" else "gone.lime")
    assert index(campaign).strays == 1
    assert status(campaign, PROP) == "ready"
    assert query(campaign, "select path, size, reason from stray") == [
        (PROP, None, "a link that leads nowhere, or a device")
    ]


def test_a_linked_folder_is_looked_into(read_campaign: Read) -> None:
    campaign = read_campaign(kinds=SMALL)
    put(campaign, CFG)
    put(campaign, "../scratch/10/" + PROP.rpartition("/")[2])
    (campaign.root / "A_a" / "prop").symlink_to(campaign.root.parent / "scratch")
    index(campaign)
    assert status(campaign, PROP) == "done"


@pytest.mark.parametrize("strays", [False, True])
def test_a_loop_of_linked_folders_does_not_hang(read_campaign: Read, *, strays: bool) -> None:
    campaign = read_campaign(kinds=SMALL)
    put(campaign, PROP)
    put(campaign, "junk/file")
    for link, target in {"A_a/prop/20": "..", "A_b": ".", "junk/up": "..", "A_a/prop/10/here": "."}.items():
        (campaign.root / link).symlink_to(campaign.root / link / target)
    (campaign.root / "B_a").symlink_to(campaign.root / "B_a")
    assert index(campaign, strays=strays, accept_empty=True).found == 1
    assert status(campaign, PROP) == "done"


# -- what an index refuses -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("root", ["absent", "empty"])
def test_an_absent_or_empty_root_leaves_the_books_as_they_are(read_campaign: Read, root: str) -> None:
    campaign = read_campaign(kinds=SMALL)
    fill(campaign, "cfg", "prop")
    index(campaign)
    before = books(campaign)
    aside = campaign.root.rename(campaign.root.with_name("aside"))
    if root == "empty":
        campaign.root.mkdir()
    for options in ({}, {"fast": True}, {"deep": True}):
        with pytest.raises(BooksKept, match=r"production: the root .*mounted.*--accept-empty"):
            index(campaign, **options)
    assert books(campaign) == before
    assert index(campaign, accept_empty=True).found == 0
    assert set(statuses(campaign).values()) == {"blocked"}
    if root == "empty":
        campaign.root.rmdir()
    aside.rename(campaign.root)
    assert index(campaign).found == 18
    assert set(statuses(campaign, "cfg", "prop").values()) == {"done"}


@pytest.mark.parametrize("root", ["absent", "empty"])
def test_a_production_may_begin_without_a_file_if_somebody_says_so(read_campaign: Read, root: str) -> None:
    campaign = read_campaign(kinds=SMALL)
    if root == "empty":
        campaign.root.mkdir()
    with pytest.raises(BooksKept, match="--accept-empty"):
        index(campaign)
    assert index(campaign, accept_empty=True).expected == 18
    assert status(campaign, CFG) == "blocked"


def test_a_root_that_is_a_file_is_refused(read_campaign: Read) -> None:
    campaign = read_campaign(kinds=SMALL)
    campaign.root.write_text("not a folder")
    with pytest.raises(LatteboardError, match="the root cannot be read: Not a directory"):
        index(campaign, accept_empty=True)


@pytest.mark.parametrize("fast", [False, True])
def test_more_than_half_gone_at_once_is_refused_and_half_is_not(read_campaign: Read, *, fast: bool) -> None:
    campaign = read_campaign(kinds=SMALL)
    fill(campaign, "prop")
    index(campaign)
    props = paths_of(campaign, "prop")
    for path in props[:8]:
        (campaign.root / path).unlink()
    before = books(campaign)
    with pytest.raises(BooksKept, match="8 of the 14 files that were there are gone"):
        index(campaign, fast=fast)
    assert books(campaign) == before
    put(campaign, props[0], folder_at=START - MINUTE)
    assert index(campaign, fast=fast).found == 7
    for path in props[8:12]:
        (campaign.root / path).unlink()
    with pytest.raises(BooksKept):
        index(campaign, fast=fast)
    assert index(campaign, fast=fast, accept_empty=True).found == 3


# -- ignore ----------------------------------------------------------------------------------------------------------


def test_what_is_ignored_is_neither_artifact_nor_stray_and_not_walked(read_campaign: Read) -> None:
    campaign = read_campaign(
        ('grace = "10 min"', 'grace = "10 min"\nignore = ["xml/**", "*.old", "/top.log"]'), kinds=SMALL
    )
    put(campaign, PROP)
    for path in ("xml/a/b.xml", f"{PROP}.old", "top.log", "A_a/top.log", "log/x.old", "log/x.txt"):
        put(campaign, path)
    report = index(campaign, strays=True)
    assert query(campaign, "select path from stray order by path") == [("A_a/top.log",), ("log/x.txt",)]
    assert (report.found, report.strays) == (1, 2)
    # The root, log, and the three folders on the way to the propagator: xml is not among them.
    assert report.directories == 5


def test_a_pattern_that_is_no_longer_stated_is_no_longer_ignored(read_campaign: Read) -> None:
    ignoring = read_campaign(('grace = "10 min"', 'grace = "10 min"\nignore = ["*.old"]'), kinds=SMALL)
    put(ignoring, f"{PROP}.old")
    put(ignoring, PROP)
    assert index(ignoring).strays == 0
    assert index(read_campaign(kinds=SMALL)).strays == 1


# -- sharing the work ------------------------------------------------------------------------------------------------


def lay_many(campaign: Campaign) -> None:
    """Something of everything: most files, some too small, some young, strays."""
    fill(campaign)
    for path in paths_of(campaign, "prop")[::5]:
        (campaign.root / path).unlink()
    put(campaign, PROP, size=3)
    put(campaign, OTHER_PROP, at=START)
    put(campaign, "A_a/prop/10/core")
    put(campaign, "junk/core")


CREW = """
import indexer.scan
from latteboard.campaign import Campaign
from indexer.index import index_campaign
indexer.scan.MANY, indexer.scan.TASK, indexer.scan._crew_size = 0, 3, lambda: 2
print(index_campaign(Campaign.read(sys.argv[1]), now_ns=int(sys.argv[2])).as_json())
"""


def test_threads_and_processes_make_the_same_catalog_as_one_alone(read_campaign: Read) -> None:
    alone = read_campaign()
    lay_many(alone)
    report = index(alone)
    with_threads = read_campaign(('name  = "tiny"', 'name  = "tiny"\ncatalog = "threads.db"'))
    assert index(with_threads, threads=8).as_json() | {"seconds": 0} == report.as_json() | {"seconds": 0}
    with_crew = read_campaign(('name  = "tiny"', 'name  = "tiny"\ncatalog = "crew.db"'))
    made = subprocess.run(script(CREW, with_crew.path, START), capture_output=True, text=True, check=True)
    assert literal_eval(made.stdout) | {"seconds": 0} == report.as_json() | {"seconds": 0}
    expected = books(alone)
    for campaign in (with_threads, with_crew):
        found = books(campaign)
        assert found.keys() == expected.keys()
        assert {table for table in found if found[table] != expected[table]} == {
            "meta"
        }  # the campaign names its catalog


def test_changes_are_found_by_threads_and_processes_as_by_one_alone(read_campaign: Read) -> None:
    campaign = read_campaign(kinds=SMALL)
    lay_many(campaign)
    index(campaign, threads=3)
    (campaign.root / OTHER_PROP).unlink()
    put(campaign, PROP, size=ENOUGH)
    assert index(campaign, threads=3).changed == 2
    put(campaign, OTHER_PROP)
    made = subprocess.run(script(CREW, campaign.path, START), capture_output=True, text=True, check=True)
    assert "'changed': 1," in made.stdout
    assert (status(campaign, PROP), status(campaign, OTHER_PROP)) == ("done", "done")
