"""Artifacts that are looked for below several roots and under several paths: which file counts, and what is said of others."""

import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from disk import DAY, ENOUGH, HOUR, OLD, START, age_all, books, index, put, query

from indexer import scan
from latteboard.campaign import Campaign
from latteboard.errors import BooksKept

Read = Callable[..., Campaign]

KINDS = """
[kinds.cfg]
path  = "{ensemble}_{stream}/cfg/{configuration}.lime"
also  = ["configs/{ensemble}_{stream}/ckpoint.{configuration}"]
given = true
min_bytes = 1000
[kinds.prop]
path      = "{ensemble}_{stream}/prop/{configuration}/prop_mq{mq}_{source}.lime"
needs     = ["cfg"]
min_bytes = "unit * L**3"
"""
ROOTS = ('root  = "production"', 'root  = ["fast", "slow"]')
CFG, ALSO = "A_a/cfg/10.lime", "configs/A_a/ckpoint.10"
PROP = "A_a/prop/10/prop_mq0.01_x0y1z2t3.lime"
PLACES = [(0, CFG), (0, ALSO), (1, CFG), (1, ALSO)]
NAMES = [
    "fast/{ensemble}_{stream}/cfg/{configuration}.lime",
    "fast/configs/{ensemble}_{stream}/ckpoint.{configuration}",
    "slow/{ensemble}_{stream}/cfg/{configuration}.lime",
    "slow/configs/{ensemble}_{stream}/ckpoint.{configuration}",
]
LOOKS = [{"fast": False}, {"fast": True}]
SMALL = 10  # bytes, too few for a configuration


@pytest.fixture
def campaign(read_campaign: Read) -> Campaign:
    """Two roots with something on them that is none of the matter."""
    campaign = read_campaign(ROOTS, kinds=KINDS)
    for root in (0, 1):
        put(campaign, "A_b/cfg/10.lime", root=root)
        (campaign.roots[root].path / "A_b/cfg/10.lime").unlink()
        put(campaign, f"B_a/prop/5/prop_mq0.01_x{root}y1z2t3.lime", root=root)
    return campaign


def put_at(campaign: Campaign, place: int, **what: Any) -> Path:
    """Write the configuration 10 of A_a into one of its places."""
    root, path = PLACES[place]
    return put(campaign, path, root=root, **what)


def told(campaign: Campaign, path: str = CFG) -> tuple[Any, ...]:
    """Path, root, status and problem of an artifact, by any of its paths."""
    parsed = campaign.parse(path)
    assert parsed is not None
    kind, coordinates = parsed
    where = " and ".join(f"{name} = ?" for name in coordinates)
    question = f"select path, root, status, problem from {kind} where {where}"
    (row,) = query(campaign, question, *map(str, coordinates.values()))
    return row


@pytest.mark.parametrize("place", range(4))
def test_a_file_is_found_below_any_root_and_under_any_path(campaign: Campaign, place: int) -> None:
    put_at(campaign, place)
    report = index(campaign)
    root, path = PLACES[place]
    assert told(campaign) == (path, campaign.roots[root].stated, "done", None)
    assert (report.found, report.strays) == (2, 1)  # and a propagator that nobody expects


def test_what_is_not_there_will_be_made_below_the_first_root_under_path(campaign: Campaign) -> None:
    index(campaign)
    assert told(campaign) == (CFG, "fast", "blocked", None)


@pytest.mark.parametrize(("first", "second"), [(a, b) for a in range(4) for b in range(a + 1, 4)])
def test_of_several_copies_the_first_counts_and_the_other_is_a_problem(
    campaign: Campaign, first: int, second: int
) -> None:
    put_at(campaign, first)
    put_at(campaign, second)
    index(campaign)
    root, path = PLACES[first]
    assert told(campaign) == (path, campaign.roots[root].stated, "done", f"also at {NAMES[second]}")


@pytest.mark.parametrize(("what", "word"), [({"size": SMALL}, "bad"), ({"at": START - 60 * 10**9}, "growing")])
def test_the_first_sound_copy_counts(campaign: Campaign, what: dict[str, int], word: str) -> None:
    put_at(campaign, 0, **what)
    put_at(campaign, 3)
    index(campaign)
    assert told(campaign) == (ALSO, "slow", "done", f"also at {NAMES[0]} ({word})")


def test_of_copies_of_which_none_is_sound_the_first_counts(campaign: Campaign) -> None:
    put_at(campaign, 1, size=SMALL)
    put_at(campaign, 2, at=START - 60 * 10**9)
    index(campaign)
    problem = f"too small: 10 bytes, expected at least 1000; also at {NAMES[2]} (growing)"
    assert told(campaign) == (ALSO, "fast", "bad", problem)


def test_all_further_copies_are_named(campaign: Campaign) -> None:
    for place in range(4):
        put_at(campaign, place, size=SMALL if place == 2 else ENOUGH)
    index(campaign)
    assert told(campaign)[3] == f"also at {NAMES[1]}, {NAMES[2]} (bad), {NAMES[3]}"


def test_names_of_one_file_are_no_copies(campaign: Campaign) -> None:
    file = put_at(campaign, 0)
    for place in (1, 3):
        root, path = PLACES[place]
        other = campaign.roots[root].path / path
        other.parent.mkdir(parents=True)
        other.hardlink_to(file) if place == 1 else other.symlink_to(file)
    index(campaign)
    assert told(campaign) == (CFG, "fast", "done", None)
    assert query(campaign, "select count(*) from stray") == [(1,)]


def test_where_only_the_roots_differ_a_copy_is_named_by_its_root(campaign: Campaign) -> None:
    put(campaign, PROP)
    put(campaign, PROP, root=1)
    index(campaign)
    assert told(campaign, PROP) == (PROP, "fast", "done", "also at slow")


def test_where_only_the_paths_differ_a_copy_is_named_by_its_template(read_campaign: Read) -> None:
    campaign = read_campaign(kinds=KINDS)
    put(campaign, CFG)
    put(campaign, ALSO)
    index(campaign)
    found = query(campaign, "select path, status, problem from cfg where path = ?", CFG)
    assert found == [(CFG, "done", "also at configs/{ensemble}_{stream}/ckpoint.{configuration}")]
    assert "root" not in {name for _, name, *_ in query(campaign, "pragma table_info(artifact)")}


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize(("before", "after"), [(0, 2), (2, 0), (0, 1), (3, 0)])
def test_a_file_that_moves_is_done_where_it_went(
    campaign: Campaign, before: int, after: int, look: dict[str, bool]
) -> None:
    file = put_at(campaign, before)
    put(campaign, "A_a/cfg/20.lime")
    put(campaign, "A_a/cfg/20.lime", root=1)
    index(campaign)
    root, path = PLACES[after]
    target = campaign.roots[root].path / path
    target.parent.mkdir(parents=True, exist_ok=True)
    file.rename(target)
    report = index(campaign, at=START + DAY, **look)
    assert told(campaign) == (path, campaign.roots[root].stated, "done", None)
    assert (report.changed, report.found) == (1, 3)
    assert query(campaign, "select count(*) from history where run = 2") == [(0,)]


def test_a_copy_that_is_mended_or_spoilt_takes_its_turn(campaign: Campaign) -> None:
    put_at(campaign, 0, size=SMALL)
    put_at(campaign, 2)
    index(campaign)
    assert told(campaign)[:3] == (CFG, "slow", "done")
    put_at(campaign, 0)
    index(campaign, at=START + HOUR)
    assert told(campaign) == (CFG, "fast", "done", f"also at {NAMES[2]}")
    put_at(campaign, 0, size=SMALL)
    put_at(campaign, 2, size=SMALL)
    index(campaign, at=START + 2 * HOUR)
    assert told(campaign)[:3] == (CFG, "fast", "bad")


# Roots that are away


@pytest.fixture
def halves(campaign: Campaign) -> Campaign:
    """A production of which one half is below each root, indexed."""
    put(campaign, "A_a/cfg/20.lime")
    put(campaign, "A_b/cfg/10.lime")
    put(campaign, CFG, root=1)
    put(campaign, "B_a/cfg/5.lime", root=1)
    index(campaign)
    return campaign


@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("how", ["missing", "empty"])
def test_a_root_that_is_away_is_refused_although_others_hold_files(
    halves: Campaign, number: int, how: str, look: dict[str, bool]
) -> None:
    before = books(halves)
    root = halves.roots[number].path
    root.rename(root.with_name("elsewhere"))
    words = "does not exist"
    if how == "empty":
        root.mkdir()
        words = "is empty"
    with pytest.raises(BooksKept) as caught:
        index(halves, at=START + DAY, **look)
    assert str(caught.value) == (
        f"{root}: the root {words}; is its file system mounted? {3 - number} artifacts had a file there at the last index. "
        "The books were not changed. If this is right, say --accept-empty"
    )
    assert books(halves) == before

    index(halves, at=START + DAY, **look, accept_empty=True)
    gone = ["A_a/cfg/20.lime", "A_b/cfg/10.lime"] if number == 0 else [CFG, "B_a/cfg/5.lime"]
    assert {path for (path,) in query(halves, "select path from cfg where status = 'blocked'")} == set(gone)

    if how == "empty":
        root.rmdir()
    root.with_name("elsewhere").rename(root)
    index(halves, at=START + 2 * DAY, **look)
    assert query(halves, "select count(*) from cfg where status = 'done'") == [(4,)]


@pytest.mark.parametrize("number", [0, 1])
def test_a_root_that_was_lost_is_known_by_its_place_though_the_campaign_changed(
    halves: Campaign, number: int, read_campaign: Read
) -> None:
    root = halves.roots[number].path
    root.rename(root.with_name("elsewhere"))
    changed = read_campaign(('root  = "production"', 'root  = ["slow", "third", "./fast"]'), kinds=KINDS)
    with pytest.raises(BooksKept, match=f"{3 - number} artifacts had a file there at the last index"):
        index(changed, at=START + DAY)


def test_an_empty_root_that_never_held_any_file_is_said(read_campaign: Read, tmp_path: Path) -> None:
    campaign = read_campaign(('root  = "production"', 'root  = ["fast", "slow", "third"]'), kinds=KINDS, archives="")
    put(campaign, CFG)
    (tmp_path / "slow").mkdir()
    for at, fast in ((START, False), (START + DAY, True), (START + 2 * DAY, False)):
        report = index(campaign, at=at, fast=fast)
        assert report.notices == [
            f"{tmp_path}/slow: the root is empty: no file of the campaign is there",
            f"{tmp_path}/third: the root does not exist: no file of the campaign is there",
        ]
        assert report.found == 1
    put(campaign, PROP, root=2)
    report = index(campaign, at=START + 3 * DAY, fast=True)
    assert (report.found, len(report.notices)) == (2, 1)
    assert told(campaign, PROP)[:3] == (PROP, "third", "done")


@pytest.mark.parametrize("how", ["missing", "empty"])
def test_roots_of_which_none_holds_anything_are_refused(read_campaign: Read, tmp_path: Path, how: str) -> None:
    campaign = read_campaign(ROOTS, kinds=KINDS)
    if how == "empty":
        for root in campaign.roots:
            root.path.mkdir()
    with pytest.raises(BooksKept, match=f"{tmp_path}/fast: the root .*say --accept-empty"):
        index(campaign)
    assert index(campaign, accept_empty=True).found == 0


def test_more_than_half_gone_below_one_root_is_refused(halves: Campaign) -> None:
    for number in (6, 7, 8, 9):
        put(halves, f"A_a/prop/10/prop_mq0.01_x{number}y1z2t3.lime")  # of no artifact: nothing follows from them
    shutil.rmtree(halves.roots[1].path / "A_a")
    index(halves, at=START + HOUR)  # one of two: half of them

    (halves.roots[1].path / "B_a/cfg/5.lime").unlink()
    root = halves.roots[1].path
    with pytest.raises(BooksKept) as caught:
        index(halves, at=START + 2 * HOUR)
    assert str(caught.value) == (
        f"{root}: 1 of the 1 files that were there are gone; is a file system not mounted? The books were not changed. "
        "If this is right, say --accept-empty"
    )
    index(halves, at=START + 2 * HOUR, accept_empty=True)
    assert query(halves, "select count(*) from cfg where status = 'done'") == [(2,)]


def test_files_that_moved_to_another_root_are_told_in_the_refusal(halves: Campaign) -> None:
    for path in (CFG, "B_a/cfg/5.lime"):
        put(halves, path)
        (halves.roots[1].path / path).unlink()
    with pytest.raises(
        BooksKept, match=r"slow: 2 of the 2 files that were there are gone \(2 of them are below other roots\)"
    ):
        index(halves, at=START + HOUR)
    report = index(halves, at=START + HOUR, accept_empty=True)
    assert (report.found, report.changed) == (5, 2)


@pytest.mark.parametrize("look", LOOKS)
def test_a_disk_below_a_root_that_is_away_hides_no_copy_elsewhere(
    campaign: Campaign, tmp_path: Path, look: dict[str, bool]
) -> None:
    put(campaign, CFG, root=1)
    put(campaign, "A_a/cfg/20.lime", root=1)
    put(campaign, CFG, size=SMALL)
    put(campaign, PROP)
    (campaign.roots[1].path / "A_a").rename(tmp_path / "disk")
    (campaign.roots[1].path / "A_a").symlink_to(tmp_path / "disk")
    index(campaign)
    assert told(campaign)[1:3] == ("slow", "done")
    (tmp_path / "disk").rename(tmp_path / "away")
    report = index(campaign, at=START + DAY, **look)
    assert list(report.unreadable) == [f"{campaign.roots[1].path}/A_a"]
    # The bad one is there; of the other nothing can be said.
    assert told(campaign) == (CFG, "fast", "bad", "too small: 10 bytes, expected at least 1000")
    assert told(campaign, "A_a/cfg/20.lime")[1:3] == ("slow", "unknown")
    (tmp_path / "away").rename(tmp_path / "disk")
    index(campaign, at=START + 2 * DAY, **look)
    assert told(campaign)[1:3] == ("slow", "done")
    assert told(campaign, "A_a/cfg/20.lime")[1:3] == ("slow", "done")


def test_a_root_that_goes_while_a_disk_below_it_is_away_is_refused_too(campaign: Campaign, tmp_path: Path) -> None:
    put(campaign, CFG)
    put(campaign, "A_a/cfg/20.lime", root=1)
    shutil.rmtree(campaign.roots[1].path / "B_a")
    (campaign.roots[1].path / "A_a").rename(tmp_path / "disk")
    (campaign.roots[1].path / "A_a").symlink_to(tmp_path / "disk")
    index(campaign)
    (tmp_path / "disk").rename(tmp_path / "away")
    index(campaign, at=START + HOUR)
    campaign.roots[1].path.rename(tmp_path / "elsewhere")
    with pytest.raises(BooksKept, match=r"slow: the root does not exist; .* 1 artifact had a file there"):
        index(campaign, at=START + DAY)


# Strays and folders


def test_strays_and_folders_are_known_by_root_and_path(campaign: Campaign) -> None:
    for root in (0, 1):
        put(campaign, "A_a/cfg/note.txt", root=root)
        put(campaign, "A_a/junk/x", root=root)
    index(campaign)
    rows = query(campaign, "select stated, stray.path from stray join root on root.number = stray.root order by 1, 2")
    assert rows == [
        ("fast", "A_a/cfg/note.txt"),
        ("fast", "A_a/junk/"),
        ("slow", "A_a/cfg/note.txt"),
        ("slow", "A_a/junk/"),
        ("slow", "B_a/prop/5/prop_mq0.01_x1y1z2t3.lime"),
    ]
    problems = query(campaign, "select path, root from problems where status = 'stray' order by root, path")
    assert problems == [(path, stated) for stated, path in rows]
    (campaign.roots[0].path / "A_a/cfg/note.txt").unlink()
    shutil.rmtree(campaign.roots[1].path / "A_a/junk")
    for look in LOOKS:
        index(campaign, at=START + DAY, **look)
        assert query(campaign, "select root, path from stray where path like 'A_a%' order by 1, 2") == [
            (0, "A_a/junk/"),
            (1, "A_a/cfg/note.txt"),
        ]


def test_a_folder_that_cannot_be_read_is_named_with_its_root(campaign: Campaign) -> None:
    put(campaign, CFG, root=1)
    put(campaign, "A_a/prop/10/x", root=1)
    loop = campaign.roots[1].path / "A_a/prop/20"
    loop.symlink_to(loop)
    put(campaign, "A_a/prop/10/x")
    index(campaign)
    assert query(campaign, "select path, root from problems where path = 'A_a/prop/20'") == [("A_a/prop/20", "slow")]


# A campaign that changes


def test_what_is_known_of_a_root_is_kept_when_another_is_added_before_it(
    read_campaign: Read, campaign: Campaign
) -> None:
    one = read_campaign(('root  = "production"', 'root  = "slow"'), kinds=KINDS)
    put(one, CFG)
    put(one, PROP)
    index(one)
    ids = "select cfg.id, prop.id from cfg, prop where cfg.status = 'done' and prop.status = 'done' and prop.mtime = cfg.mtime"
    before = query(one, ids)
    two = read_campaign(ROOTS, kinds=KINDS)
    report = index(two, at=START + DAY)
    assert (report.changed, report.found) == (1, 3)  # the propagator on the first root
    assert told(two) == (CFG, "slow", "done", None)
    assert told(two, PROP) == (PROP, "slow", "done", None)
    assert set(before) < set(query(two, ids))


def test_the_order_of_roots_decides_and_confuses_nothing(read_campaign: Read, campaign: Campaign) -> None:
    put(campaign, CFG)
    put(campaign, CFG, root=1)
    put(campaign, PROP, root=1)
    index(campaign)
    turned = read_campaign(('root  = "production"', 'root  = ["./slow", "fast"]'), kinds=KINDS)
    report = index(turned, at=START + DAY)
    assert report.changed == 1  # the problem of the configuration names the other root
    assert told(turned) == (CFG, "./slow", "done", "also at fast/{ensemble}_{stream}/cfg/{configuration}.lime")
    assert told(turned, PROP)[1] == "./slow"


def test_a_root_that_is_left_out_takes_what_is_below_it_along(read_campaign: Read, halves: Campaign) -> None:
    one = read_campaign(('root  = "production"', 'root  = "fast"'), kinds=KINDS)
    report = index(one, at=START + DAY)
    assert (report.found, report.changed) == (3, 2)
    assert query(one, "select path from cfg where status = 'done' order by path") == [
        ("A_a/cfg/20.lime",),
        ("A_b/cfg/10.lime",),
    ]
    assert index(one, at=START + 2 * DAY).changed == 0
    index(read_campaign(ROOTS, kinds=KINDS), at=START + 3 * DAY)
    other = read_campaign(('root  = "production"', 'root  = "slow"'), kinds=KINDS)
    with pytest.raises(BooksKept, match="3 of the 5 files that were there are gone"):
        index(other, at=START + 4 * DAY)


def test_a_further_path_may_come_and_go(read_campaign: Read) -> None:
    plain = KINDS.replace('also  = ["configs/{ensemble}_{stream}/ckpoint.{configuration}"]\n', "")
    without = read_campaign(kinds=plain)
    put(without, "A_a/cfg/20.lime")
    put(without, "A_b/cfg/10.lime")
    put(without, ALSO)
    assert index(without).found == 2
    assert query(without, "select path from stray") == [("configs/",)]
    several = read_campaign(kinds=KINDS)
    report = index(several, at=START + DAY)
    assert (report.found, report.changed, report.strays) == (3, 1, 0)
    assert query(several, "select path, status from cfg where path = ?", ALSO) == [(ALSO, "done")]
    without = read_campaign(kinds=plain)
    report = index(without, at=START + 2 * DAY)
    assert (report.found, report.changed) == (2, 1)
    assert query(without, "select path, status from cfg where path = ?", CFG) == [(CFG, "blocked")]
    assert index(without, at=START + 3 * DAY).changed == 0


def test_path_and_further_path_may_change_places(read_campaign: Read) -> None:
    one = read_campaign(kinds=KINDS)
    put(one, CFG)
    put(one, "configs/A_a/ckpoint.20")
    index(one)
    lines = KINDS.splitlines()
    lines[2], lines[3] = f"path = {lines[3][9:-1]}", f"also = [{lines[2][8:]}]"
    turned = read_campaign(kinds="\n".join(lines))
    report = index(turned, at=START + DAY)
    assert (report.found, report.changed) == (2, 0)
    assert query(turned, "select path, place from cfg join _cfg using (id) where cfg.status = 'done' order by 1") == [
        (CFG, 1),
        ("configs/A_a/ckpoint.20", 0),
    ]


# The same books by every way


FILES = [
    (root, path) for root in (0, 1) for path in (CFG, ALSO, "A_a/cfg/20.lime", "configs/A_a/ckpoint.20", PROP, "A_a/x")
]


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("how", [{"fast": False}, {"fast": True}, {"fast": True, "threads": 3}])
def test_books_that_are_kept_up_to_date_are_those_of_a_first_index(
    campaign: Campaign, seed: int, how: dict[str, Any]
) -> None:
    chance = random.Random(seed)
    index(campaign)
    for day in range(1, 5):
        now = START + day * DAY
        for root, path in chance.sample(FILES, 5):
            file = campaign.roots[root].path / path
            if file.exists() and chance.random() < 0.4:
                file.unlink()
            else:
                size, at = chance.choice([SMALL, ENOUGH]), chance.choice([OLD, now - 10**9])
                put(campaign, path, root=root, size=size, at=at, folder_at=now - HOUR)
        index(campaign, at=now, accept_empty=True, **how)
        kept = comparable(campaign)
        catalog = Path(campaign.catalog)
        catalog.rename(catalog.with_name("kept.db"))
        index(campaign, at=now)
        assert kept == comparable(campaign)
        catalog.with_name("kept.db").replace(catalog)
    age_all(campaign.root)


@pytest.mark.parametrize("seed", range(2))
def test_books_that_went_through_changes_of_the_campaign_are_those_of_a_first_index(
    read_campaign: Read, campaign: Campaign, seed: int
) -> None:
    chance = random.Random(seed)
    for root, path in FILES:
        if chance.random() < 0.6:
            put(campaign, path, root=root, size=chance.choice([SMALL, ENOUGH]))
    also = KINDS.splitlines()[3]
    for day in range(6):
        roots = chance.sample(["fast", "slow", "third"], chance.randint(1, 3))
        line = chance.choice([also, "", also.replace("configs/", "A_a/x/")])
        stated = json.dumps(roots if len(roots) > 1 else roots[0])
        changed = read_campaign(('root  = "production"', f"root  = {stated}"), (also, line), kinds=KINDS)
        index(changed, at=START + day * DAY, accept_empty=True)
        kept = comparable(changed)
        catalog = Path(changed.catalog)
        catalog.rename(catalog.with_name("kept.db"))
        index(changed, at=START + day * DAY, accept_empty=True)
        assert kept == comparable(changed), (day, stated, line)
        catalog.with_name("kept.db").replace(catalog)


def test_several_processes_find_the_same(campaign: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
    for place in (0, 3):
        put_at(campaign, place)
    put(campaign, PROP, root=1)
    index(campaign)
    alone = comparable(campaign)
    Path(campaign.catalog).unlink()
    monkeypatch.setattr(scan, "MANY", 1)
    monkeypatch.setattr(scan, "_crew_size", lambda: 2)
    index(campaign)
    assert comparable(campaign) == alone


def test_an_index_that_is_stopped_leaves_what_was_known_of_all_places(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_at(campaign, 0, size=SMALL)
    put_at(campaign, 2)
    index(campaign)
    before = books(campaign)
    put_at(campaign, 0)
    put_at(campaign, 1)
    with monkeypatch.context() as patch:
        patch.setattr("latteboard.catalog.updating.finish._keep_run", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            index(campaign, at=START + HOUR)
    assert books(campaign) == before
    index(campaign, at=START + DAY, fast=True)
    assert told(campaign) == (CFG, "fast", "done", f"also at {NAMES[1]}, {NAMES[2]}")


def comparable(campaign: Campaign) -> dict[str, Any]:
    """All that two catalogs of one state of the disks must have in common."""
    found: dict[str, Any] = {
        table: books(campaign)[table] for table in ("summary", "stray", "unreadable", "container", "root")
    }
    for kind in campaign.kinds:
        found[kind] = query(campaign, f"select * from {kind}")
    return found


def test_the_rule_of_copies_holds_for_every_set_of_files(read_campaign: Read) -> None:
    """By hand: each of the four places of sixteen configurations is absent, sound, bad or growing."""
    campaign = read_campaign(
        ROOTS,
        ("configurations = [10, 20]", 'configurations = "0:255:1"'),
        kinds=KINDS.split("[kinds.prop]")[0],
        lists={"A.lst": "\n".join(f"{n} {i} 0 0 0" for n in range(256) for i in range(4))},
    )
    states = ["absent", "sound", "bad", "growing"]
    for number in range(256):
        for place in range(4):
            state = states[number // 4**place % 4]
            root, path = PLACES[place]
            path = path.replace("10", str(number))
            if state != "absent":
                put(
                    campaign,
                    path,
                    root=root,
                    size=SMALL if state == "bad" else ENOUGH,
                    at=START - 10**9 if state == "growing" else OLD,
                )
    index(campaign)
    rows = query(campaign, "select configuration, path, root, status from cfg where ensemble = 'A' and stream = 'a'")
    assert len(rows) == 256
    for number, *answer in rows:
        there = [states[number // 4**place % 4] for place in range(4)]
        sound = [place for place in range(4) if there[place] == "sound"]
        some = [place for place in range(4) if there[place] != "absent"]
        place = (sound or some or [0])[0]
        root, path = PLACES[place]
        status = {"sound": "done", "absent": "blocked"}.get(there[place], there[place])
        assert answer == [path.replace("10", str(number)), campaign.roots[root].stated, status]
