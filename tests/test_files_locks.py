"""One index at a time: the second waits or says who holds the lock; the lock of a dead process is taken over."""

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from disk import CFG, HOUSE, SMALL, books, index, put, query, script

from latteboard.campaign import Campaign
from latteboard.errors import LockedError
from latteboard.files.locks import Holder, lock, lock_path

Read = Callable[..., Campaign]
SINCE = 1_700_000_000.0  # 2023-11-14 22:13:20 UTC


@pytest.fixture
def campaign(read_campaign: Read) -> Campaign:
    campaign = read_campaign(kinds=SMALL)
    put(campaign, CFG)
    return campaign


def lock_of(campaign: Campaign) -> Path:
    return Path(f"{campaign.catalog}.lock")


def hold(campaign: Campaign, *, host: str = "", pid: int = 0) -> None:
    """Leave a lock as another process would: on this host and of this process unless said otherwise."""
    told = {"host": host or socket.gethostname(), "pid": pid or os.getpid(), "since": SINCE, "word": "abc"}
    lock_of(campaign).write_text(json.dumps(told))


def a_dead_process() -> int:
    """The number of a process that has ended."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


def test_the_lock_is_gone_when_the_index_is(campaign: Campaign) -> None:
    index(campaign)
    assert sorted(path.name for path in campaign.path.parent.glob("catalog.db*")) == ["catalog.db"]
    (campaign.root / CFG).unlink()
    with pytest.raises(Exception, match="gone"):
        index(campaign)
    assert sorted(path.name for path in campaign.path.parent.glob("catalog.db*")) == ["catalog.db"]


def test_two_names_of_one_file_have_one_lock(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "work").symlink_to("disk")
    (tmp_path / "catalog.db").symlink_to("work/other.db")
    expected = tmp_path / "disk" / "other.db.lock"
    names = ("disk/other.db", "work/other.db", "catalog.db", "work/../catalog.db")
    for target_exists in (False, True):
        if target_exists:
            (tmp_path / "disk" / "other.db").touch()
        assert {lock_path(tmp_path / name) for name in names} == {expected}
    assert lock_path(tmp_path / "disk" / "c?1.db").name == "c?1.db.lock"


def test_an_index_through_a_link_to_the_catalog_waits_for_one_that_names_the_file(read_campaign: Read) -> None:
    campaign = read_campaign(kinds=SMALL)
    put(campaign, CFG)
    Path(campaign.catalog).symlink_to("elsewhere.db")
    index(campaign)
    with lock(campaign.path.parent / "elsewhere.db.lock", wait_seconds=0), pytest.raises(LockedError, match="held by"):
        index(campaign, wait_seconds=0)


def test_a_second_index_says_who_holds_the_lock(campaign: Campaign) -> None:
    index(campaign)
    before = books(campaign)
    hold(campaign)
    put(campaign, "A_a/cfg/20.lime")
    who = rf"held by process {os.getpid()} on {socket.gethostname()} since 2023-11-14 22:13:20 UTC; wait for it"
    with pytest.raises(LockedError, match=who):
        index(campaign, wait_seconds=0.0)
    assert books(campaign) == before
    assert lock_of(campaign).exists()


def test_a_second_index_waits_for_the_first_and_is_told_once_for_whom(campaign: Campaign) -> None:
    told: list[Holder] = []
    hold(campaign)
    release = threading.Timer(0.7, lock_of(campaign).unlink)
    release.start()
    assert index(campaign, wait_seconds=60.0, waiting=told.append).found == 1
    release.join()
    assert [(holder.pid, holder.since) for holder in told] == [(os.getpid(), SINCE)]
    assert not lock_of(campaign).exists()


def test_the_lock_of_a_dead_process_on_this_host_is_taken_over(campaign: Campaign) -> None:
    told: list[Holder] = []
    hold(campaign, pid=a_dead_process())
    assert index(campaign, wait_seconds=0.0, waiting=told.append).found == 1
    assert told == []
    assert not lock_of(campaign).exists()


def test_of_a_process_on_another_host_nobody_knows_whether_it_is_dead(campaign: Campaign) -> None:
    hold(campaign, host="elsewhere.example.org", pid=a_dead_process())
    with pytest.raises(LockedError, match=r"on elsewhere\.example\.org .* remove the file if that process is gone"):
        index(campaign, wait_seconds=0.0)
    assert lock_of(campaign).exists()


def test_a_process_of_another_user_is_not_dead(campaign: Campaign) -> None:
    hold(campaign, pid=1)
    with pytest.raises(LockedError, match="held by process 1 on"):
        index(campaign, wait_seconds=0.0)


@pytest.mark.parametrize("text", ["", "{}", "[1]", "7", "not a lock", '{"host": "x"}', "\0\0\0\0"])
def test_a_file_in_the_place_of_the_lock_that_is_none_is_left_alone(campaign: Campaign, text: str) -> None:
    lock_of(campaign).write_text(text)
    with pytest.raises(LockedError, match="not a lock of latteboard; move it away"):
        index(campaign, wait_seconds=0.0)
    assert lock_of(campaign).read_text() == text


def test_a_lock_that_somebody_else_took_meanwhile_is_not_removed(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with lock(path, wait_seconds=0.0):
        path.write_text(json.dumps({"host": "elsewhere", "pid": 1, "since": SINCE, "word": "other"}))
    assert path.exists()


def test_two_commands_at_once_both_end_well_one_after_the_other(campaign: Campaign) -> None:
    hold(campaign)
    command = [sys.executable, "-m", "latteboard", "--campaign", str(campaign.path), "index"]
    both = [
        subprocess.Popen(command, cwd=HOUSE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for one in both:
        assert one.stderr is not None
        told = one.stderr.readline()  # both have come so far before the lock is given up
        assert told.startswith(f"waiting for another index: process {os.getpid()} on {socket.gethostname()} since 2023")
    lock_of(campaign).unlink()
    for one in both:
        one.communicate()
    assert [one.returncode for one in both] == [0, 0]
    assert query(campaign, "select found, changed from run order by id") == [(1, 1), (1, 0)]


RACE = """
import os, time
from pathlib import Path
import latteboard.files.locks
from latteboard.files.locks import lock
naps, folder = time.sleep, Path(sys.argv[1])
latteboard.files.locks.time.sleep = lambda seconds: naps(0.002)

def take(die):
    with lock(folder / "lock", wait_seconds=60):
        os.close(os.open(folder / "witness", os.O_CREAT | os.O_EXCL))  # fails if somebody else is in here
        naps(0.001)
        (folder / "witness").unlink()
        if die:
            os._exit(0)  # and leave the lock behind

for turn in range(12):
    child = os.fork()
    if child == 0:
        take(die=(turn + int(sys.argv[2])) % 2 == 0)
        os._exit(0)
    if os.waitpid(child, 0)[1]:
        sys.exit(1)
"""


def test_of_many_that_take_over_from_the_dead_one_at_a_time_holds_the_lock(tmp_path: Path) -> None:
    racers = [
        subprocess.Popen(script(RACE, tmp_path, number), stderr=subprocess.PIPE, text=True) for number in range(5)
    ]
    assert [racer.communicate()[1] for racer in racers] == [""] * 5
    assert [racer.returncode for racer in racers] == [0] * 5
