"""Who reads while an index writes: never an error, never half an index; and a killed index leaves the last complete state."""

import json
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable

import pytest
from disk import OLD, START, age_all, index, query, script

from latteboard.campaign import Campaign

Read = Callable[..., Campaign]

NUMBERS = 1000
FILES = 3 * NUMBERS  # in three folders of one kind
HALF = FILES // 3  # in the folder that comes and goes


@pytest.fixture
def campaign(read_campaign: Read) -> Campaign:
    """Three thousand files, all there."""
    sources = "".join(f"{number} 0 0 0 {number % 8}\n" for number in range(1, NUMBERS + 1))
    ensembles = (
        f'[ensembles.A]\nstreams = ["a"]\nL = 4\nT = 8\nconfigurations = "1:{NUMBERS}"\n'
        'sources = { file = "A.lst" }\nsource_sets = { "0-0" = [0, 1] }\n'
    )
    kinds = '[kinds.corr]\npath = "{ensemble}_{stream}/dt{t_separation}/corr_{configuration}.h5"\n'
    axes = "[axes]\nt_separation = [3, 4, 5]\n"
    campaign = read_campaign(ensembles=ensembles, kinds=kinds, axes=axes, derive="", lists={"A.lst": sources})
    for separation in (3, 4, 5):
        folder = campaign.root / "A_a" / f"dt{separation}"
        folder.mkdir(parents=True)
        for number in range(1, NUMBERS + 1):
            (folder / f"corr_{number}.h5").write_bytes(b"")
            os.utime(folder / f"corr_{number}.h5", ns=(OLD, OLD))
    age_all(campaign.root)
    return campaign


# What a state is made of: the summary, the rows themselves, and the runs. They must agree at any moment.
READER = """
import json, sqlite3, time
from pathlib import Path
from latteboard import Catalog
from latteboard.errors import CatalogError

catalog, stop = sys.argv[1], Path(sys.argv[2])
question = '''select (select sum(number) from progress), (select sum(number) from progress where status = 'done'),
    (select count(*) from corr where status = 'done'), (select found from run order by id desc limit 1)'''
states, errors, polls = set(), [], 0
print("ready", flush=True)
while not stop.exists():
    polls += 1
    try:
        connection = sqlite3.connect(f"file:{catalog}?mode=ro", uri=True)
        states.add(connection.execute(question).fetchone())
        connection.close()
    except sqlite3.OperationalError as error:
        errors.append(str(error))
    try:
        asked = Catalog(catalog)
        states.add((sum(row["number"] for row in asked.totals()),) + (asked["corr"].filter(status="done").count(),) * 3)
    except CatalogError as error:
        errors.append(str(error).replace(catalog, ""))
print(json.dumps([sorted(states), sorted(set(errors)), polls]))
"""


class Reader:
    """A process that asks all the time."""

    def __init__(self, campaign: Campaign) -> None:
        self._stop = campaign.path.parent / "stop"
        command = script(READER, campaign.catalog, self._stop)
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n"

    def end(self) -> tuple[list[list[int]], list[str], int]:
        """The states it saw, its errors, and how often it asked."""
        self._stop.touch()
        out, _ = self._process.communicate()
        assert self._process.returncode == 0
        self._stop.unlink()
        states, errors, polls = json.loads(out)
        return states, errors, polls


def test_a_reader_that_polls_throughout_sees_only_complete_states_and_no_error(campaign: Campaign) -> None:
    away, dt5 = campaign.root.parent / "away", campaign.root / "A_a" / "dt5"
    reader = Reader(campaign)
    index(campaign)
    states, errors, polls = reader.end()
    # Before there is a first complete state there is nothing to read, and that is what it says.
    nothing = {
        "unable to open database file",
        "no such table: progress",
        ": there is no catalog yet. Make it with: latteboard index",
        ": the catalog is empty: its first index has not been finished. Run: latteboard index",
    }
    assert set(errors) <= nothing
    assert [state for state in states if state != [FILES] * 4] == []
    assert polls > 1

    reader = Reader(campaign)
    for turn in range(1, 4):
        dt5.rename(away)
        index(campaign, at=START + 2 * turn)
        away.rename(dt5)
        index(campaign, at=START + 2 * turn + 1, fast=turn == 2)
    states, errors, polls = reader.end()
    assert errors == []
    fewer = FILES - HALF
    assert [state for state in states if state not in ([FILES] * 4, [FILES, fewer, fewer, fewer])] == []
    assert polls > 6


KILLED = """
import json, os, random, signal, sqlite3, time
from pathlib import Path
import indexer.scan
from latteboard.campaign import Campaign
from indexer.index import index_campaign

indexer.scan.TASK, indexer.scan._crew_size = 1, lambda: 2
campaign, start, files, fewer = Campaign.read(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
catalog, dt5, away = Path(campaign.catalog), campaign.root / "A_a" / "dt5", campaign.root.parent / "away"
draw = random.Random(11)
question = '''select count(*), sum(status = 'done'), (select sum(number) from progress where status = 'done'),
    (select found from run order by id desc) from corr'''

def state():
    if not catalog.exists():
        return None
    connection = sqlite3.connect(catalog)
    try:
        if not connection.execute("select count(*) from sqlite_master").fetchone()[0]:
            return None
        expected, done, summed, found = connection.execute(question).fetchone()
        assert expected == files and done == summed == found, (expected, done, summed, found)
        return found
    finally:
        connection.close()

def index():
    index_campaign(campaign, now_ns=start, accept_empty=True, wait_seconds=0.0)

def in_child():
    child = os.fork()
    if child == 0:
        os.setsid()
        index()
        os._exit(0)
    return child

def timed():
    began = time.monotonic()
    assert os.waitpid(in_child(), 0)[1] == 0
    return time.monotonic() - began

def forget():
    for path in catalog.parent.glob("catalog.db*"):
        path.unlink()

first = timed()
dt5.rename(away)
again = timed()
sessions, killed, kept = [], 0, 0
for turn in range(50):
    indexer.scan.MANY = 0 if turn % 2 else 10**9  # every other one shares its work with processes of its own
    (away if away.exists() else dt5).rename(dt5 if away.exists() else away)
    if turn % 5 == 0:
        forget()
    before, now = state(), fewer if away.exists() else files
    child = in_child()
    sessions.append(child)
    time.sleep(draw.uniform(0, 1.1) * (again if before else first))
    os.kill(child, signal.SIGKILL)
    ended = os.waitpid(child, 0)[1]
    after = state()
    assert after in (before, now), (turn, before, now, after)
    assert ended in (0, signal.SIGKILL)
    killed += ended != 0
    kept += after == before

def alive():
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            word, _, _, session = (process / "stat").read_text().rpartition(")")[2].split()[:4]
        except OSError:
            continue
        if int(session) in sessions and word != "Z":
            found.append(process.name)
    return found

deadline = time.monotonic() + 10
while (left := alive()) and time.monotonic() < deadline:
    time.sleep(0.1)
indexer.scan.MANY = 10**9
index()
connection = sqlite3.connect(catalog)
(integrity,) = connection.execute("pragma integrity_check").fetchone()
is_right = state() == (fewer if away.exists() else files)
names = sorted(path.name for path in catalog.parent.glob("catalog.db*") if not path.name.startswith("catalog.db.lock."))
print(json.dumps([killed, kept, is_right, left, integrity, names]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="looks for orphans in /proc")
def test_an_index_killed_at_a_random_moment_fifty_times_leaves_the_last_complete_state_and_no_orphans(
    campaign: Campaign,
) -> None:
    words = (campaign.path, START, FILES, FILES - HALF)
    done = subprocess.run(script(KILLED, *words), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    killed, kept, is_right, orphans, integrity, names = json.loads(done.stdout)
    assert (is_right, orphans, integrity, names) == (True, [], "ok", ["catalog.db"])
    assert killed > 20  # of fifty; the others had ended by themselves
    assert kept > 10


def test_a_reader_in_the_middle_of_a_question_keeps_its_state_and_the_index_waits_for_it(campaign: Campaign) -> None:
    index(campaign)
    reader = sqlite3.connect(campaign.catalog, check_same_thread=False)
    rows = reader.execute("select path from corr where status = 'done'")
    assert len(rows.fetchmany(10)) == 10
    rest: list[object] = []
    finishing = threading.Timer(0.7, lambda: (rest.extend(rows.fetchall()), reader.close()))
    (campaign.root / "A_a" / "dt5").rename(campaign.root.parent / "away")
    finishing.start()
    index(campaign)
    finishing.join()
    assert len(rest) == FILES - 10
    assert query(campaign, "select count(*) from corr where status = 'done'") == [(FILES - HALF,)]
