"""Files that are there whole or not at all, and drafts, which only their writers' death makes anybody's to remove."""

import errno
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from disk import closed, script

from latteboard.errors import OutputRefused
from latteboard.files.atomic import ABANDONED_SECONDS, is_temporary, remove_abandoned, replacing

WORD = "0123456789ab"
HERE = socket.gethostname().replace("-", "_")


def files(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in sorted(folder.iterdir())}


def draft_of(host: str, pid: int | str, word: str = WORD) -> str:
    return f".latteboard-{host}-{pid}-{word}.draft"


@pytest.fixture
def dead() -> int:
    """The number of a process that has ended."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    return ended.pid


@pytest.fixture
def alive() -> Iterator[int]:
    """The number of a process that waits."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as waiting:
        yield waiting.pid
        waiting.communicate()


def write(target: Path, content: str, *, overwrite: bool, then: Callable[[], object] = lambda: None) -> None:
    """Write a file; ``then`` is what happens before it takes its name."""
    with replacing(target, overwrite=overwrite) as draft:
        draft.write_text(content)
        then()


def raising(error: type[BaseException]) -> Callable[[], None]:
    def fail() -> None:
        raise error

    return fail


# -- whole or not at all ---------------------------------------------------------------------------------------------


def test_a_file_takes_its_name_when_it_is_finished(tmp_path: Path) -> None:
    target = tmp_path / "new" / "folder" / "corr.h5"
    with replacing(target) as draft:
        assert draft.parent == target.parent
        assert is_temporary(draft.name)
        assert not draft.exists()
        draft.write_text("half")
        assert not target.exists()
        draft.write_text("whole")
    assert files(target.parent) == {"corr.h5": "whole"}


def test_an_error_leaves_what_was_there_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "corr.h5"
    for before in ({}, {"corr.h5": "old"}):
        for name, content in before.items():
            (tmp_path / name).write_text(content)
        for error in (ValueError, KeyboardInterrupt):
            with pytest.raises(error):
                write(target, "half", overwrite=True, then=raising(error))
            assert files(tmp_path) == before


def test_a_draft_that_was_never_written_is_an_error_and_leaves_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "corr.h5").write_text("old")
    with pytest.raises(FileNotFoundError), replacing(tmp_path / "corr.h5"):
        pass
    assert files(tmp_path) == {"corr.h5": "old"}


def test_what_is_there_is_replaced_only_if_that_was_asked_for(tmp_path: Path) -> None:
    target = tmp_path / "corr.h5"
    target.write_text("old")
    with pytest.raises(OutputRefused, match=r"/corr.h5: exists already; nothing was changed$"):
        write(target, "new", overwrite=False)
    assert files(tmp_path) == {"corr.h5": "old"}
    write(target, "new", overwrite=True)
    assert files(tmp_path) == {"corr.h5": "new"}


def test_what_is_found_at_the_last_moment_prevents_the_name(tmp_path: Path) -> None:
    (tmp_path / "corr.h5").write_text("old")
    with pytest.raises(KeyError), replacing(tmp_path / "corr.h5", last=raising(KeyError)) as draft:
        draft.write_text("new")
    assert files(tmp_path) == {"corr.h5": "old"}


@pytest.mark.parametrize("thing", ["file", "link to a file", "link to nothing", "folder"])
@pytest.mark.parametrize("links", [True, False], ids=["links", "no links"])
def test_what_appears_meanwhile_keeps_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, thing: str, *, links: bool
) -> None:
    target, elsewhere = tmp_path / "corr.h5", tmp_path / "elsewhere"
    if not links:
        without_links(monkeypatch)

    def appear() -> None:
        if thing == "file":
            target.write_text("theirs")
        elif thing == "folder":
            target.mkdir()
        else:
            target.symlink_to(elsewhere)
            if thing == "link to a file":
                elsewhere.write_text("theirs")

    with pytest.raises(OutputRefused, match="exists already"):
        write(target, "mine", overwrite=False, then=appear)
    assert target.is_dir() == (thing == "folder")
    assert target.is_symlink() == thing.startswith("link")
    assert not target.is_file() or target.read_text() == "theirs"
    assert not [path for path in tmp_path.iterdir() if is_temporary(path.name)]


def without_links(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on file systems that have no hard links."""

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", refuse)


def test_where_there_are_no_hard_links_a_file_still_takes_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_links(monkeypatch)
    write(tmp_path / "corr.h5", "new", overwrite=False)
    assert files(tmp_path) == {"corr.h5": "new"}


def test_a_symbolic_link_gives_way_and_what_it_leads_to_stays(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("old")
    (tmp_path / "corr.h5").symlink_to("precious")
    write(tmp_path / "corr.h5", "new", overwrite=True)
    assert files(tmp_path) == {"corr.h5": "new", "precious": "old"}
    assert not (tmp_path / "corr.h5").is_symlink()


def test_a_name_that_is_a_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "corr.h5").mkdir()
    with pytest.raises(IsADirectoryError):
        write(tmp_path / "corr.h5", "new", overwrite=True)
    assert [path.name for path in tmp_path.iterdir()] == ["corr.h5"]


TOGETHER = """
from pathlib import Path
from latteboard.files.atomic import replacing
target, letter, overwrite = Path(sys.argv[1]), sys.argv[2], sys.argv[3] == "overwrite"
with replacing(target, overwrite=overwrite) as draft:
    draft.write_text(letter * 100_000)
    print("ready", flush=True)
    input()
"""


@pytest.mark.parametrize("overwrite", [True, False])
def test_of_two_processes_that_make_the_same_file_one_wins_wholly(tmp_path: Path, *, overwrite: bool) -> None:
    target = tmp_path / "corr.h5"
    words = ("overwrite" if overwrite else "keep",)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    both = [subprocess.Popen(script(TOGETHER, target, letter, *words), **pipes) for letter in "ab"]
    for one in both:
        assert one.stdout.readline() == "ready\n"
    assert not target.exists()
    for one in both:
        one.stdin.write("go\n")
        one.stdin.flush()
    ends = [(one.communicate()[1], one.returncode) for one in both]
    assert sorted(code for _, code in ends) == ([0, 0] if overwrite else [0, 1])
    for (error, code), letter in zip(ends, "ab", strict=True):
        assert code == 0 or "OutputRefused" in error
        if not overwrite:
            assert (target.read_text() == letter * 100_000) == (code == 0)
    assert files(tmp_path) in ({"corr.h5": "a" * 100_000}, {"corr.h5": "b" * 100_000})


# -- drafts ----------------------------------------------------------------------------------------------------------


def test_a_draft_is_known_by_its_name(tmp_path: Path) -> None:
    with replacing(tmp_path / "corr.h5") as draft:
        draft.touch()
        assert is_temporary(draft.name)
        assert draft.name.startswith(f".latteboard-{HERE}-{os.getpid()}-")
    assert is_temporary(draft_of("node-12.cluster", 1))


SIMILAR = [
    ".latteboard-x.draft",
    ".latteboard.draft",
    draft_of("h", "x"),
    draft_of("h", -1) + ".h5",
    draft_of("", 1),
    draft_of("h", ""),
    draft_of("h", 1, WORD[:-1]),
    draft_of("h", 1, WORD.upper()),
    draft_of("h", 1, WORD + "0"),
    draft_of("h", 10**20),
    draft_of("h", 1)[1:],
    draft_of("h", 1) + "s",
    draft_of("h", 1) + "\n",
    "corr.h5",
]


@pytest.mark.parametrize("name", SIMILAR)
def test_names_that_only_look_similar_are_no_drafts(tmp_path: Path, name: str) -> None:
    assert not is_temporary(name)
    path = tmp_path / name
    path.touch()
    os.utime(path, (1, 1))
    assert remove_abandoned(tmp_path) == []
    assert path.exists()


def test_drafts_of_dead_processes_are_removed_and_those_of_living_ones_are_not(
    tmp_path: Path, dead: int, alive: int
) -> None:
    gone, kept = tmp_path / draft_of(HERE, dead), [tmp_path / draft_of(HERE, pid) for pid in (alive, os.getpid(), 1, 0)]
    for path in (gone, *kept):
        path.touch()
    os.utime(kept[0], (1, 1))
    assert remove_abandoned(tmp_path) == [gone]
    assert sorted(tmp_path.iterdir()) == sorted(kept)
    assert remove_abandoned(tmp_path) == []


def test_drafts_of_other_hosts_are_left_until_nobody_has_changed_them_for_long(tmp_path: Path, dead: int) -> None:
    now = time.time()
    ages = {"young": 0, "yesterday": 86_400, "almost": ABANDONED_SECONDS - 60, "old": ABANDONED_SECONDS + 60}
    for host, age in ages.items():
        path = tmp_path / draft_of(host, dead)
        path.touch()
        os.utime(path, (now - age, now - age))
    future = tmp_path / draft_of("future", dead)
    future.touch()
    os.utime(future, (now + 86_400, now + 86_400))
    assert remove_abandoned(tmp_path) == [tmp_path / draft_of("old", dead)]
    assert len(list(tmp_path.iterdir())) == 4


def test_what_has_the_name_of_a_draft_and_is_no_file_is_left(tmp_path: Path, dead: int) -> None:
    (tmp_path / "precious").write_text("data")
    link, folder, pipe = (tmp_path / draft_of(HERE, dead, word * 12) for word in "abc")
    link.symlink_to("precious")
    folder.mkdir()
    os.mkfifo(pipe)
    assert remove_abandoned(tmp_path) == []
    assert {link, folder, pipe} < set(tmp_path.iterdir())
    assert (tmp_path / "precious").read_text() == "data"


def test_drafts_are_looked_for_in_the_folder_itself_only(tmp_path: Path, dead: int) -> None:
    below = tmp_path / "below" / draft_of(HERE, dead)
    below.parent.mkdir()
    below.touch()
    (tmp_path / "link").symlink_to("below")
    assert remove_abandoned(tmp_path) == []
    assert remove_abandoned(tmp_path / "not there") == []
    assert below.exists()


def test_a_draft_that_may_not_be_removed_stops_nobody(tmp_path: Path, dead: int) -> None:
    path = tmp_path / draft_of(HERE, dead)
    path.touch()
    with closed(tmp_path, 0o555):
        assert remove_abandoned(tmp_path) == []
    with closed(tmp_path):
        assert remove_abandoned(tmp_path) == []
    assert remove_abandoned(tmp_path) == [path]
