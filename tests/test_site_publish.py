"""A published site: whole at every moment, readable by everybody, and nothing in it or beside it that is not meant to be."""

import json
import os
import random
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from disk import closed, script, without_rights

from latteboard.errors import LatteboardError, OutputRefused
from site_templates.writing.build import build
from site_templates.writing.folder import GRACE_SECONDS, LOCK, STATE, SUPERSEDED, digest_name, loaded_files
from site_templates.writing.links import OVERVIEW
from site_templates.writing.page import Frame, Page
from site_templates.writing.publish import publish

FIRST = "2026-01-02T03:04:05+00:00"
KILLS = 12
KINDS = 12
PUBLISH = """
from pathlib import Path
from site_templates.writing.publish import publish
print("begun", flush=True)
publish(Path(sys.argv[1]), Path(sys.argv[2]))
"""

MakeSite = Callable[..., Path]


@pytest.fixture
def make(tmp_path: Path) -> MakeSite:
    """Build a site of some kinds whose data tell how often they were built."""

    def make(version: int = 1, *, kinds: int = 2, out: str = "site", size: int = 1) -> Path:
        pages = [Page(OVERVIEW, "Overview", "base.html", None)]
        for number in range(kinds):
            rows = f"rows of {number}, version {version}\n".encode() * size
            pages.append(Page(f"kind_{number}.html", f"kind {number}", "base.html", None, data={"rows": rows}))
        return build(Frame(f"version {version}", FIRST, (), ()), pages, tmp_path / out).parent

    return make


def names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def contents(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in names(folder) - {SUPERSEDED}}


def missing(folder: Path) -> list[str]:
    """What the pages of a folder ask for and do not find, or find otherwise than its name says."""
    return [lack for page in sorted(folder.glob("*.html")) for lack in lacks(folder, page)]


def lacks(folder: Path, page: Path) -> list[str]:
    asked = loaded_files(page.read_bytes())
    assert asked
    return [f"{page.name}: {name}" for name in sorted(asked) if not is_whole(folder, name)]


def is_whole(folder: Path, name: str) -> bool:
    path = folder / name
    stem, _, _ = path.stem.rpartition("-")
    return path.exists() and digest_name(path.parent.name, f"{stem}{path.suffix}", path.read_bytes()) == name


def let_time_pass(folder: Path) -> None:
    record = json.loads((folder / SUPERSEDED).read_bytes())
    past = {name: since - GRACE_SECONDS - 60 for name, since in record.items()}
    (folder / SUPERSEDED).write_text(json.dumps(past))


# What is there


def test_what_was_built_is_published_and_nothing_else(make: MakeSite, tmp_path: Path) -> None:
    site = make()
    built = contents(site)
    for name in ("notes.txt", "mine.html", "data/catalog.db", "static/rows.js", ".latteboard-a-1-0123456789ab.draft"):
        (site / name).write_text("not of the site")
    assert publish(site, tmp_path / "web") == tmp_path / "web" / "index.html"
    assert contents(tmp_path / "web") == built


def test_a_path_that_looks_like_our_data_is_not_looked_for(tmp_path: Path) -> None:
    name = 'src="data/prop-0123456789ab.h5"'
    page = Page(OVERVIEW, name, "base.html", None)
    build(Frame(name, FIRST, (), ()), [page], tmp_path / "site")
    publish(tmp_path / "site", tmp_path / "web")
    assert missing(tmp_path / "web") == []


def test_what_an_earlier_build_left_is_not_published(make: MakeSite, tmp_path: Path) -> None:
    make(1, kinds=3)
    site = make(2, kinds=2)
    publish(site, tmp_path / "web")
    assert contents(tmp_path / "web") == contents(make(2, kinds=2, out="other"))


def test_everybody_may_read_what_is_published_whatever_the_umask(make: MakeSite, tmp_path: Path) -> None:
    site, before = make(), os.umask(0o077)
    try:
        publish(site, tmp_path / "web")
        publish(make(2), tmp_path / "web")
    finally:
        os.umask(before)
    for path in [tmp_path / "web", *(tmp_path / "web").rglob("*")]:
        wanted = 0o755 if path.is_dir() else 0o644
        assert path.stat().st_mode & 0o777 == wanted, path


def test_what_somebody_closed_is_opened_again_and_not_rewritten(make: MakeSite, tmp_path: Path) -> None:
    site, page = make(), tmp_path / "web" / "kind_0.html"
    publish(site, tmp_path / "web")
    page.chmod(0o600)
    before = page.stat()
    publish(site, tmp_path / "web")
    assert page.stat().st_mode & 0o777 == 0o644
    assert (page.stat().st_ino, page.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_what_did_not_change_is_not_touched(make: MakeSite, tmp_path: Path) -> None:
    def state() -> dict[str, tuple[int, int]]:
        return {name: (at.stat().st_ino, at.stat().st_mtime_ns) for name in names(web) for at in [web / name]}

    site, web = make(), tmp_path / "web"
    publish(site, web)
    before = state()
    publish(site, web)
    assert state() == before


def test_a_link_to_a_folder_is_a_folder(make: MakeSite, tmp_path: Path) -> None:
    (tmp_path / "space").mkdir()
    (tmp_path / "web").symlink_to(tmp_path / "space")
    publish(make(), tmp_path / "web")
    assert (tmp_path / "web").is_symlink()
    assert missing(tmp_path / "space") == []


def test_a_site_published_onto_itself_stays_as_it_is(make: MakeSite) -> None:
    site = make()
    before = contents(site)
    publish(site, site)
    assert contents(site) == before


# What was there


def test_data_that_an_open_page_may_still_ask_for_stay_for_a_while(make: MakeSite, tmp_path: Path) -> None:
    web = tmp_path / "web"
    publish(make(1), web)
    old = loaded_files((web / "kind_0.html").read_bytes())
    publish(make(2), web)
    assert all((web / name).exists() for name in old)
    let_time_pass(web)
    publish(make(2), web)
    assert {name for name in old if (web / name).exists()} == old & loaded_files((web / "kind_0.html").read_bytes())
    assert missing(web) == []


def test_files_of_others_are_left_alone(make: MakeSite, tmp_path: Path) -> None:
    web = tmp_path / "web"
    others = {
        ".htaccess": "theirs",
        "talk.html": "theirs",
        "data/table.js": "theirs",
        "data/a-0123456789ab.js": "theirs",
    }
    for name, text in others.items():
        (web / name).parent.mkdir(parents=True, exist_ok=True)
        (web / name).write_text(text)
        (web / name).chmod(0o600)
    for version in (1, 2, 3):
        publish(make(version), web)
        let_time_pass(web)
    for name, text in others.items():
        assert (web / name).read_text() == text
        assert (web / name).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("name", ["index.html", "kind_1.html"])
def test_a_page_of_somebody_else_is_refused_before_anything_is_copied(
    make: MakeSite, tmp_path: Path, name: str
) -> None:
    web = tmp_path / "web"
    web.mkdir()
    (web / name).write_text("theirs")
    with pytest.raises(OutputRefused, match=rf"web/{name}: not a page of latteboard"):
        publish(make(), web)
    assert names(web) == {name}


def test_a_half_finished_publish_is_completed_by_the_next(make: MakeSite, tmp_path: Path) -> None:
    site, web = make(), tmp_path / "web"
    (web / "data").mkdir(parents=True)
    data = min(name for name in names(site) if name.startswith("data/kind_0"))
    (web / data).write_bytes((site / data).read_bytes())
    publish(site, web)
    assert contents(web) == contents(site)


# Errors


@pytest.mark.parametrize("folder", ["empty", "none"])
def test_where_nothing_was_built_nothing_is_published(tmp_path: Path, folder: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(LatteboardError, match=f"{folder}: no pages to publish; build them first"):
        publish(tmp_path / folder, tmp_path / "web")
    assert not (tmp_path / "web").exists()


def test_a_target_that_cannot_be_written_is_one_clear_line(make: MakeSite, tmp_path: Path) -> None:
    site, web = make(), tmp_path / "web"
    web.write_text("a file")
    with pytest.raises(LatteboardError, match="web: cannot be published: File exists"):
        publish(site, web)
    with (
        closed(tmp_path, 0o500),
        without_rights(),
        pytest.raises(LatteboardError, match="elsewhere: cannot be published"),
    ):
        publish(site, tmp_path / "elsewhere")


# Other processes


def test_two_publishes_at_once_leave_one_whole_site(make: MakeSite, tmp_path: Path) -> None:
    sites = [make(version, kinds=KINDS, out=f"site{version}", size=2000) for version in (1, 2)]
    both = [subprocess.Popen(script(PUBLISH, site, tmp_path / "web")) for site in sites * 2]
    assert [one.wait() for one in both] == [0] * 4
    there = contents(tmp_path / "web")
    assert any(contents(site).items() <= there.items() for site in sites)
    assert missing(tmp_path / "web") == []


def test_a_killed_publish_leaves_no_page_without_its_data(make: MakeSite, tmp_path: Path) -> None:
    """Publishes of ever another site are killed at random moments, while a reader looks at every page all the time."""
    web, draw = tmp_path / "web", random.Random(1)
    sites = [make(version, kinds=KINDS, out=f"site{version}", size=5000) for version in range(3)]
    began = time.monotonic()
    publish(sites[0], web)
    takes = time.monotonic() - began
    seen: list[str] = []
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            seen.extend(missing(web))
            assert (web / STATE).exists()

    reader = threading.Thread(target=read)
    reader.start()
    try:
        killed = sum(killed_publish(sites[number % 3], web, draw.uniform(0, takes)) for number in range(1, KILLS + 1))
    finally:
        stop.set()
        reader.join()
    assert seen == []
    assert killed > KILLS / 2
    publish(sites[1], web)
    assert contents(sites[1]).items() <= contents(web).items()
    assert not list(web.rglob("*.draft"))
    assert not (web / LOCK).exists()


def killed_publish(site: Path, web: Path, seconds: float) -> bool:
    """Kill a publish so long after it has begun; whether it was still at work."""
    with subprocess.Popen(script(PUBLISH, site, web), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        time.sleep(seconds)
        process.kill()
        return process.wait() != 0
