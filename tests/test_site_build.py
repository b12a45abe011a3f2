"""A folder of pages: nothing is written twice, what is old goes after a while, and what is not ours stays."""

import json
import os
import threading
import time
from collections.abc import Iterable
from pathlib import Path

import pytest
from disk import closed, without_rights

from latteboard.errors import LatteboardError, OutputRefused
from latteboard.files.locks import lock
from site_templates.writing.build import build
from site_templates.writing.folder import GRACE_SECONDS, LOCK, MARK, STATE, SUPERSEDED, digest_name, loaded_files
from site_templates.writing.links import OVERVIEW
from site_templates.writing.page import Frame, Page

State = dict[str, tuple[int, int]]
FIRST = "2026-01-02T03:04:05+00:00"
LATER = "2026-01-03T03:04:05+00:00"
INDEX = Page(OVERVIEW, "Overview", "base.html", None)


def kind(name: str, rows: bytes = b"window.rows = [1];") -> Page:
    return Page(f"kind_{name}.html", name, "base.html", None, data={"rows": rows})


def site(out: Path, *pages: Page, indexed: str = FIRST) -> Path:
    return build(Frame("nucleon", indexed, (), ()), [INDEX, *pages], out)


def files(folder: Path) -> State:
    """Every file with its inode and time: a file that is written anew gets others."""
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): (path.stat().st_ino, path.stat().st_mtime_ns) for path in found}


def changed(before: State, after: State) -> set[str]:
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


def data_of(out: Path, page: str) -> str:
    """The name of the only data file with a digest that a page asks for."""
    (name,) = (name for name in loaded_files((out / page).read_bytes()) if name.startswith("data/"))
    return name


def let_time_pass(out: Path, seconds: int = GRACE_SECONDS + 60) -> None:
    """Move what the folder knows of the past further back."""
    record = json.loads((out / SUPERSEDED).read_bytes())
    (out / SUPERSEDED).write_text(json.dumps({name: since - seconds for name, since in record.items()}))


# Written once


def test_a_second_run_with_nothing_changed_writes_no_file(tmp_path: Path) -> None:
    site(tmp_path, kind("prop"), kind("src"))
    before = files(tmp_path)
    site(tmp_path, kind("prop"), kind("src"))
    assert files(tmp_path) == before


def test_a_kind_that_changed_renews_its_data_and_its_page_alone(tmp_path: Path) -> None:
    site(tmp_path, kind("prop"), kind("src"))
    before = files(tmp_path)
    site(tmp_path, kind("prop", b"window.rows = [2];"), kind("src"))
    new = data_of(tmp_path, "kind_prop.html")
    assert changed(before, files(tmp_path)) == {new, "kind_prop.html", SUPERSEDED}


def test_another_index_that_finds_the_same_renews_the_state_alone(tmp_path: Path) -> None:
    site(tmp_path, kind("prop"))
    before = files(tmp_path)
    site(tmp_path, kind("prop"), indexed=LATER)
    assert changed(before, files(tmp_path)) == {STATE}
    assert LATER in (tmp_path / STATE).read_text()


def test_data_that_are_there_are_not_read_again(tmp_path: Path) -> None:
    site(tmp_path, kind("prop"))
    with closed(tmp_path / data_of(tmp_path, "kind_prop.html")):
        site(tmp_path, kind("prop"))


def test_data_that_were_cut_short_are_written_again(tmp_path: Path) -> None:
    site(tmp_path, kind("prop"))
    data = tmp_path / data_of(tmp_path, "kind_prop.html")
    data.write_bytes(b"")
    site(tmp_path, kind("prop"))
    assert data.read_bytes() == b"window.rows = [1];"


def test_the_name_of_data_says_what_is_in_them() -> None:
    name = digest_name("data", "kind_prop-rows.js", b"1")
    assert name != digest_name("data", "kind_prop-rows.js", b"2")
    assert loaded_files(f'<script src="{name}"></script><link href="{name}">'.encode()) == {name}


def test_a_path_that_looks_like_our_data_is_not_taken_for_them() -> None:
    name = digest_name("data", "prop.h5", b"1")
    page = f'<a href="{STATE}">{name}</a> "{name}" <p data-path="{name}" title="src={name}"> src=&#34;{name}&#34;'
    assert loaded_files(page.encode()) == set()


def test_no_page_stands_in_the_folder_before_its_data(tmp_path: Path) -> None:
    def looking(pages: Iterable[Page]) -> Iterable[Page]:
        for page in pages:
            yield page
            assert (tmp_path / STATE).exists()
            assert all((tmp_path / name).exists() for name in loaded_files((tmp_path / page.name).read_bytes()))

    build(Frame("nucleon", FIRST, (), ()), looking([INDEX, kind("prop"), kind("src")]), tmp_path)


def test_the_state_is_the_last_to_change(tmp_path: Path) -> None:
    site(tmp_path, kind("prop"))

    def interrupted() -> Iterable[Page]:
        yield INDEX
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build(Frame("nucleon", LATER, (), ()), interrupted(), tmp_path)
    assert FIRST in (tmp_path / STATE).read_text()
    assert not (tmp_path / LOCK).exists()


# What is old


def test_superseded_data_stay_for_a_while_and_then_go(tmp_path: Path) -> None:
    site(tmp_path, kind("prop"))
    old = data_of(tmp_path, "kind_prop.html")
    for _ in range(2):
        site(tmp_path, kind("prop", b"window.rows = [2];"))
        assert (tmp_path / old).exists()
        let_time_pass(tmp_path, GRACE_SECONDS - 60)
    let_time_pass(tmp_path, 120)
    site(tmp_path, kind("prop", b"window.rows = [2];"))
    assert not (tmp_path / old).exists()
    assert (tmp_path / data_of(tmp_path, "kind_prop.html")).exists()
    assert json.loads((tmp_path / SUPERSEDED).read_bytes()) == {}


def test_data_that_are_asked_for_again_are_as_good_as_new(tmp_path: Path) -> None:
    site(tmp_path, kind("prop"))
    first = data_of(tmp_path, "kind_prop.html")
    site(tmp_path, kind("prop", b"window.rows = [2];"))
    second = data_of(tmp_path, "kind_prop.html")
    let_time_pass(tmp_path)
    site(tmp_path, kind("prop"))
    assert (tmp_path / first).exists()
    assert json.loads((tmp_path / SUPERSEDED).read_bytes()).keys() == {second}
    site(tmp_path, kind("prop", b"window.rows = [2];"))
    assert (tmp_path / first).exists()


def test_the_page_of_a_kind_that_is_gone_goes_with_its_data(tmp_path: Path) -> None:
    site(tmp_path, kind("prop"), kind("src"))
    data = data_of(tmp_path, "kind_src.html")
    kept = data_of(tmp_path, "kind_prop.html")
    for there in (True, False):
        site(tmp_path, kind("prop"))
        assert (tmp_path / "kind_src.html").exists() == there
        assert (tmp_path / data).exists() == there
        let_time_pass(tmp_path)
    assert (tmp_path / kept).exists()
    assert (tmp_path / "kind_prop.html").exists()


def test_a_record_of_the_past_that_is_damaged_is_begun_anew(tmp_path: Path) -> None:
    site(tmp_path, kind("prop"))
    old = data_of(tmp_path, "kind_prop.html")
    site(tmp_path, kind("prop", b"window.rows = [2];"))
    for damage in ("", "[]", '{"data/x.js": "long ago"}', "\x00"):
        (tmp_path / SUPERSEDED).write_text(damage)
        site(tmp_path, kind("prop", b"window.rows = [2];"))
        assert json.loads((tmp_path / SUPERSEDED).read_bytes()).keys() == {old}
        assert (tmp_path / old).exists()


def test_what_a_killed_run_left_half_written_is_removed(tmp_path: Path, dead: int) -> None:
    site(tmp_path)
    host = "".join(c if c.isalnum() or c == "." else "_" for c in os.uname().nodename)[:64]
    for folder in (tmp_path, tmp_path / "data", tmp_path / "static"):
        (folder / f".latteboard-{host}-{dead}-0123456789ab.draft").touch()
    site(tmp_path)
    assert not list(tmp_path.rglob("*.draft"))


@pytest.fixture
def dead() -> int:
    """The number of a process that has ended."""
    pid = os.posix_spawn("/bin/sh", ["sh", "-c", ":"], {})
    os.waitpid(pid, 0)
    return pid


# What is not ours


def test_files_of_others_are_left_alone_however_old(tmp_path: Path) -> None:
    site(tmp_path, kind("prop"))
    (tmp_path / "elsewhere").write_text("theirs")
    others = {
        ".gitkeep": "",
        "notes.html": "<p>theirs",
        "data/notes.txt": "theirs",
        "data/rows.js": "theirs",
        "data/rows-0123456789ab.js": "a name like ours, and something else in it",
        "static/deep/rows-0123456789ab.js": "theirs",
    }
    for name, text in others.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "data/link-0123456789ab.js").symlink_to(tmp_path / "elsewhere")
    before = files(tmp_path)
    for rows in (b"1", b"2", b"3"):
        site(tmp_path, kind("prop", rows))
        let_time_pass(tmp_path)
    after = files(tmp_path)
    for name in [*others, "elsewhere", "data/link-0123456789ab.js"]:
        assert after[name] == before[name]


def test_a_first_page_that_is_not_ours_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<title>My own page about latteboard</title>")
    with pytest.raises(OutputRefused, match=r"index\.html: not a page of latteboard.*name another folder") as refused:
        site(tmp_path, kind("prop"))
    assert "\n" not in str(refused.value)
    assert [path.name for path in tmp_path.iterdir()] == ["index.html"]
    assert "My own page" in (tmp_path / "index.html").read_text()


def test_another_page_that_is_not_ours_is_refused_too(tmp_path: Path) -> None:
    (tmp_path / "kind_prop.html").write_text("theirs")
    with pytest.raises(OutputRefused, match=r"kind_prop\.html"):
        site(tmp_path, kind("prop"))
    assert (tmp_path / "kind_prop.html").read_text() == "theirs"


@pytest.mark.parametrize("there", [True, False])
def test_a_link_in_the_place_of_a_page_is_refused_and_not_followed(tmp_path: Path, *, there: bool) -> None:
    other = tmp_path / "other.html"
    if there:
        other.write_text("theirs")
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "index.html").symlink_to(other)
    with pytest.raises(OutputRefused):
        site(tmp_path / "site")
    assert other.exists() == there
    assert (tmp_path / "site" / "index.html").is_symlink()


def test_a_page_says_that_it_is_ours_ahead_of_what_a_campaign_names(tmp_path: Path) -> None:
    page = build(Frame(MARK.decode() * 300, FIRST, (), ()), [INDEX], tmp_path).read_bytes()
    assert page.index(MARK) < page.index(b"<title>")
    build(Frame("x" * 10_000, FIRST, (), ()), [INDEX], tmp_path)


# Errors and others who write


def test_a_folder_that_is_a_file_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "site").write_text("a file")
    with pytest.raises(LatteboardError, match=r"site: the pages cannot be written: File exists"):
        site(tmp_path / "site")


@pytest.mark.parametrize("part", ["", "data", "static"])
def test_a_folder_that_may_not_be_written_is_one_clear_line(tmp_path: Path, part: str) -> None:
    site(tmp_path, kind("prop"))
    page = (tmp_path / "kind_prop.html").read_bytes()
    for path in (tmp_path / "static").iterdir():
        path.unlink()
    with (
        closed(tmp_path / part, 0o500),
        without_rights(),
        pytest.raises(LatteboardError, match="cannot be written") as told,
    ):
        site(tmp_path, kind("prop", b"window.rows = [2];"), indexed=LATER)
    assert str(tmp_path) in str(told.value)
    assert (tmp_path / "kind_prop.html").read_bytes() == page


def test_who_finds_another_process_writing_waits_and_says_so(tmp_path: Path) -> None:
    told: list[object] = []
    held = threading.Event()

    def hold() -> None:
        with lock(tmp_path / LOCK, wait_seconds=0):
            held.set()
            time.sleep(0.3)

    other = threading.Thread(target=hold)
    other.start()
    held.wait()
    build(Frame("nucleon", FIRST, (), ()), [INDEX], tmp_path, waiting=told.append)
    other.join()
    assert len(told) == 1
    assert (tmp_path / "index.html").exists()
