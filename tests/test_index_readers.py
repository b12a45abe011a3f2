"""Files on which the HDF5 library crashes, or never comes to an end, cost themselves alone; one that is late says nothing."""

import gzip
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import h5py
import pytest
from disk import HOUR, OLD, SECOND, START, age_all, index, only, status, statuses

from indexer import readers
from indexer.readers import Hopeless, Killed, NotInTime, Readers
from latteboard.campaign import Campaign
from latteboard.files import hdf5 as h5
from latteboard.files.hdf5 import RecordedInput, Unreadable, stamp, write_mark

KINDS = """
[kinds.raw]
path   = "{ensemble}_{stream}/raw/{configuration}_{source}.h5"
[kinds.average]
path   = "{ensemble}_{stream}/average/{configuration}_Srcs{source_set}.h5"
needs  = ["raw"]
reduce = ["average"]
"""
AVERAGE = "A_a/average/10_Srcs0-1.h5"
OTHER = "A_a/average/20_Srcs0-1.h5"
CORPUS = Path(__file__).parent / "corpus"  # files that made the library loop, of mutations such as those below
HARM = "harm"  # in the group of a file: what its reader meets


@pytest.fixture
def campaign(read_campaign: Callable[..., Campaign], monkeypatch: pytest.MonkeyPatch) -> Campaign:
    """All files are there; whoever reads one with a group of harm meets it."""
    campaign = read_campaign(kinds=KINDS)
    for path in (path for kind in ("raw", "average") for path in campaign_paths(campaign, kind)):
        write(campaign, path)
    age_all(campaign.root)
    true_mark, true_sizes = h5._mark, h5._dataset_sizes
    monkeypatch.setattr(h5, "_mark", lambda file: (meet(h5py.File(file)), true_mark(file))[1])
    monkeypatch.setattr(h5, "_dataset_sizes", lambda file: (meet(file), true_sizes(file))[1])
    monkeypatch.setattr(readers, "CPU_SECONDS", 0.3)
    monkeypatch.setattr(readers, "WALL_SECONDS", 1.0)
    return campaign


def meet(file: h5py.File) -> None:
    harm = file.attrs.get(HARM)
    if harm == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    while harm == "loop":
        pass
    if harm == "wait":
        time.sleep(30)
    if harm == "memory":
        raise MemoryError
    if harm == "killed":
        os.kill(os.getpid(), signal.SIGKILL)


def campaign_paths(campaign: Campaign, kind: str) -> list[str]:
    expected = campaign.expected(kind)
    return [campaign.path_of(kind, expected.coordinates(row)) for row in range(len(expected))]


def write(campaign: Campaign, path: str, *, harm: str = "", at: int = OLD) -> Path:
    """Write a file of some content; an average says that it is one."""
    file = campaign.root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(file, "w") as content:
        content["corr"] = [1.0] * 4
        if harm:
            content.attrs[HARM] = harm
        if "average" in path:
            write_mark(content, path=path, inputs=[RecordedInput("x", 1, 1)], recipe={"steps": ["average"]}, made=at)
    stamp(file, at)
    return file


VERDICTS = {
    "crash": "the HDF5 library crashes on it (SIGSEGV)",
    "loop": "the HDF5 library loops on it: no end after 0 s of the processor",
}


@pytest.mark.parametrize("harm", VERDICTS)
@pytest.mark.parametrize("look", [{}, {"fast": True}, {"deep": True}])
def test_a_file_that_the_library_cannot_stand_is_bad_and_stops_nothing(
    campaign: Campaign, harm: str, look: dict[str, bool]
) -> None:
    write(campaign, AVERAGE, harm=harm)
    index(campaign, **look)
    assert (status(campaign, AVERAGE), only(campaign, AVERAGE).problem) == ("bad", VERDICTS[harm])
    assert set(statuses(campaign, "average").values()) == {"bad", "stale"}  # the record names another input
    before = time.process_time()
    index(campaign, at=START + HOUR)  # it is not read again
    assert status(campaign, AVERAGE) == "bad"
    assert time.process_time() - before < 10
    write(campaign, AVERAGE, at=OLD + HOUR)
    index(campaign, at=START + 2 * HOUR)
    assert status(campaign, AVERAGE) != "bad"


@pytest.mark.parametrize("harm", VERDICTS)
def test_a_deep_look_survives_files_that_nobody_reduces(campaign: Campaign, harm: str) -> None:
    path = campaign_paths(campaign, "raw")[0]
    write(campaign, path, harm=harm)
    index(campaign)
    assert status(campaign, path) == "done"
    index(campaign, deep=True, at=START + HOUR)
    assert (status(campaign, path), only(campaign, path).problem) == ("bad", VERDICTS[harm])


@pytest.mark.parametrize(
    ("harm", "reason"),
    [
        ("wait", "not read within 1 s"),
        ("killed", "perhaps that needs more memory"),
        ("memory", "perhaps that needs more memory"),
    ],
)
def test_a_file_that_is_late_stays_as_it_was_known_and_is_asked_again(
    campaign: Campaign, harm: str, reason: str
) -> None:
    write(campaign, AVERAGE, harm=harm)
    report = index(campaign)
    assert status(campaign, AVERAGE) == "unknown"
    assert reason in next(iter(report.unreadable.values()))
    assert status(campaign, OTHER) == "stale"
    write(campaign, AVERAGE, at=OLD + HOUR)
    index(campaign, fast=True, at=START + HOUR)
    assert status(campaign, AVERAGE) == "stale"
    write(campaign, AVERAGE, harm=harm, at=OLD + 2 * HOUR)
    index(campaign, at=START + 2 * HOUR)
    assert status(campaign, AVERAGE) == "stale"  # as it was
    index(campaign, fast=True, at=START + 3 * HOUR)
    assert status(campaign, AVERAGE) == "stale"
    write(campaign, AVERAGE, at=OLD + 3 * HOUR)
    assert index(campaign, fast=True, at=START + 4 * HOUR).changed == 1


def test_large_files_without_blocks_are_never_opened(campaign: Campaign) -> None:
    path = campaign_paths(campaign, "raw")[0]
    with (campaign.root / path).open("wb") as file:
        file.truncate(1 << 21)
    os.utime(campaign.root / path, ns=(OLD, OLD))
    report = index(campaign, deep=True)
    assert only(campaign, path).problem == "no data on this disk"
    assert "1 file not opened: no data on this disk, perhaps on tape" in report.notices


# -- the readers themselves ------------------------------------------------------------------------------------------------


def square(number: int) -> int:
    if number == 13:
        os.kill(os.getpid(), signal.SIGBUS)
    if number == 17:
        raise Unreadable(13, "Permission denied", "seventeen")
    if number == 19:
        raise ZeroDivisionError
    return number * number


def test_every_question_has_one_answer_whatever_happens_to_the_others() -> None:
    with Readers() as asked:
        numbers = [*range(19), *range(20, 300), 13]
        answers = dict(asked.ask_all([(square, (number,)) for number in numbers]))
        assert sorted(answers) == list(range(len(numbers)))
        for place, number in enumerate(numbers):
            if number == 13:
                assert str(answers[place]) == "the HDF5 library crashes on it (SIGBUS)"
            elif number == 17:
                assert (answers[place].reason, answers[place].path) == (
                    "cannot be read: Permission denied",
                    "seventeen",
                )
            else:
                assert answers[place] == number * number
        assert asked.ask(square, 5) == 25
        with pytest.raises(Hopeless):
            asked.ask(square, 13)
        with pytest.raises(Unreadable):
            asked.ask(square, 17)
        with pytest.raises(ZeroDivisionError):  # a bug is none of a file
            asked.ask(square, 19)
        assert asked.ask(square, 6) == 36


def test_nothing_is_left_running(tmp_path: Path) -> None:
    with Readers() as asked:
        pid = asked.ask(os.getpid)
    for _ in range(100):
        if not Path(f"/proc/{pid}").exists():
            return
        time.sleep(0.02)
    pytest.fail("the process still runs")


def test_readers_end_with_the_process_that_asked() -> None:
    text = f"""
import os, sys; sys.path.insert(0, {str(Path(readers.__file__).parent.parent)!r})
from indexer.readers import Readers
print(Readers().ask(os.getpid), flush=True)
os.kill(os.getpid(), 9)
"""
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=False)
    for _ in range(100):
        if not Path(f"/proc/{int(done.stdout)}").exists():
            return
        time.sleep(0.02)
    pytest.fail("the process still runs")


def test_errors_go_from_one_process_to_the_other() -> None:
    for error in (NotInTime("/a"), Killed("/b")):
        assert isinstance(error, Unreadable)
    assert NotInTime("/a").reason == f"not read within {readers.WALL_SECONDS:.0f} s"


# -- mutations ---------------------------------------------------------------------------------------------------------------


def mutated(chance: random.Random, content: bytes) -> bytes:
    """The bytes of a file as bad disks and interrupted copies make them."""
    found = bytearray(content)
    for _ in range(chance.choice([1, 1, 2, 8, 40])):
        place = chance.randrange(len(found))
        what = chance.choice(["bit", "byte", "swap", "zeros", "cut"])
        if what == "bit":
            found[place] ^= 1 << chance.randrange(8)
        elif what == "byte":
            found[place] = chance.choice([0, 1, 0x7F, 0x80, 0xFF])
        elif what == "swap":
            other = chance.randrange(len(found))
            found[place], found[other] = found[other], found[place]
        elif what == "zeros":
            found[place : place + 64] = bytes(len(found[place : place + 64]))
        elif len(found) > 600:
            del found[max(500, place) :]
    return bytes(found)


def assert_survived(campaign: Campaign, contents: Iterable[bytes]) -> None:
    """Index with an average of each of these contents; the other one is read all the same."""
    for round_, content in enumerate(contents, start=1):
        (campaign.root / AVERAGE).write_bytes(content)
        os.utime(campaign.root / AVERAGE, ns=(OLD + round_ * HOUR, OLD + round_ * HOUR))
        index(campaign, at=START + round_ * SECOND, deep=round_ % 2 == 1)
        assert status(campaign, AVERAGE) in ("bad", "done", "stale")
        assert status(campaign, OTHER) == "stale"


def test_whatever_bytes_a_reduced_file_has_the_index_comes_to_its_end(campaign: Campaign) -> None:
    chance = random.Random(20240229)
    whole = (campaign.root / OTHER).read_bytes()
    assert_survived(campaign, (mutated(chance, whole) for _ in range(40)))


@pytest.mark.parametrize("path", sorted(CORPUS.glob("*.h5.gz")), ids=lambda path: path.name)
def test_files_that_once_did_harm_do_none(campaign: Campaign, path: Path) -> None:
    assert_survived(campaign, [gzip.decompress(path.read_bytes())] * 2)
    assert status(campaign, AVERAGE) == "bad"
    assert only(campaign, AVERAGE).problem == VERDICTS["loop"]


def test_damaged_files_of_others_do_no_harm(campaign: Campaign, reference: Path) -> None:
    assert_survived(campaign, (path.read_bytes() for path in sorted((reference / "damaged").glob("*.h5"))))
