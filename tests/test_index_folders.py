"""Folders that are one artifact, as an index sees them: by hand, in full, fast and deep passes."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest.mock import patch

import h5py
import pytest
from disk import DAY, MINUTE, OLD, SECOND, START, age_all, index, put, run

from indexer import folder_artifacts
from latteboard.campaign import Campaign
from latteboard.catalog import Catalog
from site_templates.site import build_site

Read = Callable[..., Campaign]

KINDS = """
[kinds.cfg]
path  = "cfg/{ensemble}_{stream}_{configuration}.lime"
given = true
[kinds.eigs]
path      = "{ensemble}_{stream}/eigs/{configuration}/"
needs     = ["cfg"]
holds     = ["info.xml", "vec/v{t_separation}.h5"]
files     = 4
min_bytes = 4000
[kinds.low]
path  = "{ensemble}_{stream}/low/{configuration}.dat"
needs = ["eigs"]
"""
EIGS = "A_a/eigs/10"
NAMES = ("info.xml", "vec/v3.h5", "vec/v4.h5", "vec/v5.h5")  # A has the separations 3 and 4


@pytest.fixture
def campaign(read_campaign: Read) -> Campaign:
    campaign = read_campaign(kinds=KINDS)
    put(campaign, "cfg/A_a_10.lime")
    for name in NAMES:
        put(campaign, f"{EIGS}/{name}", size=1000)
    age_all(campaign.root)
    return campaign


def seen(campaign: Campaign, path: str = f"{EIGS}/") -> tuple[str, int | None, str | None]:
    """Status, size and problem of an artifact."""
    (one,) = (one for one in Catalog(campaign.catalog)["eigs"] if one.path == path)
    return one.status, one.size, one.problem


def strays(campaign: Campaign) -> dict[str, str]:
    with Catalog(campaign.catalog).reading() as connection:
        return dict(connection.exec_driver_sql("select path, reason from stray").all())


def test_its_size_is_the_sum_and_its_time_that_of_the_newest_file(campaign: Campaign) -> None:
    put(campaign, f"{EIGS}/vec/more/extra", size=7, at=OLD + 5 * SECOND)
    (campaign.root / EIGS / "link").symlink_to(campaign.root / "cfg/A_a_10.lime")
    (campaign.root / EIGS / "loop").symlink_to(campaign.root / EIGS)
    index(campaign)
    assert seen(campaign) == ("done", 4007, None)
    (one,) = Catalog(campaign.catalog)["eigs"].filter(status="done")
    assert one.mtime is not None
    assert one.mtime.timestamp() == OLD // SECOND + 5
    assert strays(campaign) == {}
    assert {one.path: one.status for one in Catalog(campaign.catalog)["low"]}["A_a/low/10.dat"] == "ready"


def test_an_empty_folder_is_not_there(campaign: Campaign) -> None:
    shutil.rmtree(campaign.root / EIGS)
    (campaign.root / EIGS / "vec").mkdir(parents=True)
    index(campaign)
    assert seen(campaign) == ("ready", None, None)


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (
            lambda root: [(root / EIGS / "info.xml").unlink(), os.truncate(root / EIGS / NAMES[1], 3000)],
            "lacks 1 of the files that it must hold: info.xml",
        ),
        (
            lambda root: shutil.rmtree(root / EIGS / "vec"),
            "too small: 1000 bytes, expected at least 4000",
        ),
        (
            lambda root: (
                [(root / EIGS / name).unlink() for name in NAMES[1:]] + [os.truncate(root / EIGS / "info.xml", 4000)]
            ),
            "lacks 2 of the files that it must hold: vec/v3.h5, vec/v4.h5",
        ),
        (
            lambda root: (root / EIGS / "info.xml").rename(root / EIGS / "vec/info.xml"),
            "lacks 1 of the files that it must hold: info.xml",
        ),
    ],
)
def test_one_that_lacks_something_is_bad(campaign: Campaign, spoil: Callable[[Path], object], problem: str) -> None:
    spoil(campaign.root)
    for name in NAMES:
        if (campaign.root / EIGS / name).exists():
            os.utime(campaign.root / EIGS / name, ns=(OLD, OLD))
    index(campaign)
    status, _, found = seen(campaign)
    assert (status, found) == ("bad", problem)


def test_a_number_of_files_may_be_enough(read_campaign: Read) -> None:
    campaign = read_campaign((next(line for line in KINDS.splitlines() if "holds" in line), ""), kinds=KINDS)
    for number in range(3):
        put(campaign, f"{EIGS}/{number}", size=2000)
    index(campaign)
    assert seen(campaign) == ("bad", 6000, "3 files in it, expected at least 4")
    put(campaign, f"{EIGS}/deep/down/4", size=1)
    index(campaign, at=START + DAY)
    assert seen(campaign) == ("done", 6001, None)


def test_it_grows_while_its_newest_file_is_young(campaign: Campaign) -> None:
    (campaign.root / EIGS / "info.xml").unlink()
    put(campaign, f"{EIGS}/vec/v6.h5", size=1000, at=START - MINUTE)
    index(campaign)
    assert seen(campaign) == ("growing", 4000, None)
    index(campaign, at=START + DAY, fast=True)
    assert seen(campaign) == ("bad", 4000, "lacks 1 of the files that it must hold: info.xml")


def test_what_is_expected_otherwise_is_a_stray(campaign: Campaign) -> None:
    put(campaign, "A_a/eigs/11/vec/v3.h5")
    put(campaign, "A_b/eigs/10")
    index(campaign)
    assert strays(campaign) == {
        "A_a/eigs/11/": "a eigs that the campaign does not expect",
        "A_b/eigs/10": "a file where a folder is expected",
    }
    assert seen(campaign, "A_b/eigs/10/")[0] == "blocked"


def changes() -> Iterator[tuple[str, Callable[[Campaign], object], tuple[str, int | None]]]:
    """Changes inside a folder, and what an index then says of it."""
    yield "a file more", lambda one: put(one, f"{EIGS}/vec/v6.h5", size=10), ("done", 4010)
    yield "a folder more", lambda one: put(one, f"{EIGS}/new/v6.h5", size=10), ("done", 4010)
    yield "a file less", lambda one: (one.root / EIGS / "vec/v4.h5").unlink(), ("bad", 3000)
    yield "a folder less", lambda one: shutil.rmtree(one.root / EIGS / "vec"), ("bad", 1000)
    yield "all of it gone", lambda one: shutil.rmtree(one.root / EIGS), ("ready", None)


@pytest.mark.parametrize("fast", [False, True])
@pytest.mark.parametrize(("change", "expected"), [one[1:] for one in changes()], ids=[one[0] for one in changes()])
def test_a_change_inside_is_seen(
    campaign: Campaign, change: Callable[[Campaign], object], expected: tuple[str, int | None], *, fast: bool
) -> None:
    for stream in ("a", "b"):  # so that one folder that goes is not half of all
        put(campaign, f"cfg/A_{stream}_10.lime")
    index(campaign)
    index(campaign, at=START + DAY, fast=True)
    change(campaign)
    report = index(campaign, at=START + 2 * DAY, fast=fast)
    assert seen(campaign)[:2] == expected
    assert report.changed == 1
    assert index(campaign, at=START + 3 * DAY, fast=fast).changed == 0


def test_a_fast_pass_trusts_what_is_as_it_was(campaign: Campaign) -> None:
    index(campaign)
    with patch.object(folder_artifacts, "contents", side_effect=AssertionError("looked into")):
        assert index(campaign, at=START + DAY, fast=True).changed == 0
    assert seen(campaign) == ("done", 4000, None)


def test_a_file_that_changes_in_place_is_seen_by_a_full_index(campaign: Campaign) -> None:
    index(campaign)
    os.truncate(campaign.root / EIGS / "vec/v3.h5", 2000)
    os.utime(campaign.root / EIGS / "vec/v3.h5", ns=(OLD, OLD))
    assert index(campaign, at=START + DAY).changed == 1
    assert seen(campaign) == ("done", 5000, None)


def test_a_deep_look_opens_what_is_in_it(campaign: Campaign) -> None:
    for name in NAMES[1:]:
        with h5py.File(campaign.root / EIGS / name, "w") as file:
            file["x"] = list(range(1000))
        os.utime(campaign.root / EIGS / name, ns=(OLD, OLD))
    age_all(campaign.root)
    index(campaign, deep=True)
    assert seen(campaign)[0] == "done"
    os.truncate(campaign.root / EIGS / "vec/v4.h5", 2500)
    os.utime(campaign.root / EIGS / "vec/v4.h5", ns=(OLD, OLD))
    index(campaign, at=START + DAY)
    assert seen(campaign)[0] == "done"
    index(campaign, at=START + 2 * DAY, deep=True)
    status, _, problem = seen(campaign)
    assert status == "bad"
    assert problem is not None
    assert problem.startswith("v4.h5: ")
    index(campaign, at=START + 3 * DAY)
    assert seen(campaign)[0] == "bad", "a verdict stands"
    put(campaign, f"{EIGS}/vec/v6.h5", size=1000)
    index(campaign, at=START + 4 * DAY)
    assert seen(campaign)[0] == "bad", "what was damaged is opened again once the folder has changed"


def test_a_folder_in_it_that_cannot_be_read_leaves_what_was_known(campaign: Campaign) -> None:
    index(campaign)
    put(campaign, f"{EIGS}/vec/v6.h5", size=10)
    opened = os.open

    def closed(path: str, *arguments: int, **more: int) -> int:
        if str(path).endswith("eigs/10/vec"):
            raise PermissionError(13, "Permission denied", path)
        return opened(path, *arguments, **more)

    with patch.object(os, "open", closed):
        report = index(campaign, at=START + DAY, fast=True)
    assert seen(campaign) == ("done", 4000, None)
    assert list(report.unreadable.values()) == ["Permission denied"]
    assert index(campaign, at=START + 2 * DAY, fast=True).unreadable == {}
    assert seen(campaign) == ("done", 4010, None)


def test_the_path_may_be_a_link_to_a_folder(campaign: Campaign, tmp_path: Path) -> None:
    shutil.move(campaign.root / EIGS, tmp_path / "elsewhere")
    (campaign.root / EIGS).symlink_to(tmp_path / "elsewhere")
    put(campaign, "cfg/A_b_10.lime")
    index(campaign)
    assert seen(campaign) == ("done", 4000, None)
    shutil.rmtree(tmp_path / "elsewhere")
    index(campaign, at=START + DAY)
    assert seen(campaign)[0] == "unknown", "a link that leads nowhere: its disk may be away"


def test_a_packed_folder_counts_as_the_same_artifact(read_campaign: Read, tmp_path: Path) -> None:
    also = 'path      = "{ensemble}_{stream}/eigs/{configuration}/"'
    campaign = read_campaign(
        ('root  = "production"', 'root = ["production", "tapes"]'),
        (also, f'{also}\nalso = ["{{ensemble}}_{{stream}}/eigs_{{configuration}}.tar"]'),
        kinds=KINDS,
    )
    put(campaign, "A_a/eigs_10.tar", size=5000, root=1)
    for name in NAMES:
        put(campaign, f"A_b/eigs/10/{name}", size=1000, root=1)
    index(campaign, accept_empty=True)
    found = {one.path: (one.status, one.size, one.root) for one in Catalog(campaign.catalog)["eigs"] if one.size}
    assert found == {"A_a/eigs_10.tar": ("done", 5000, "tapes"), "A_b/eigs/10/": ("done", 4000, "tapes")}
    for name in NAMES:
        put(campaign, f"A_a/eigs/10/{name}", size=1000)
    index(campaign, at=START + DAY)
    status, size, problem = seen(campaign)
    assert (status, size) == ("done", 4000)
    assert problem is not None
    assert "also at" in problem


def test_lists_pages_and_questions_know_it(
    campaign: Campaign, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    index(campaign)
    for path in (EIGS, f"{EIGS}/", campaign.root / EIGS):
        code, out, _ = run(capfd, monkeypatch, "--campaign", campaign.path, "why", path)
        assert (code, out.splitlines()[0]) == (0, f"{EIGS}/")
    asked = ("list", "--path", EIGS, "--format", "paths")
    assert run(capfd, monkeypatch, "--campaign", campaign.path, *asked)[1] == f"{EIGS}/\n"
    build_site(Catalog(campaign.catalog), tmp_path / "site", campaign=campaign)
    assert "holds" in (tmp_path / "site/dictionary.html").read_text()


def test_threads_and_strays_find_the_same(campaign: Campaign) -> None:
    index(campaign, threads=3, strays=True)
    assert seen(campaign) == ("done", 4000, None)
    assert strays(campaign) == {}
