"""Catalogs that cannot be opened: each is refused in a line that names the cause."""

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import chdir, closing
from pathlib import Path
from socket import AF_UNIX, socket

import pytest
from disk import SMALL, closed, index, put, run, without_rights

from latteboard import Catalog
from latteboard.campaign import Campaign
from latteboard.catalog.dialects import sqlite_opening
from latteboard.catalog.tables.schema import VERSION
from latteboard.cli import shared
from latteboard.cli.shared import say_waiting_for_catalog
from latteboard.errors import CatalogError


@pytest.fixture
def campaign(read_campaign: Callable[..., Campaign]) -> Campaign:
    campaign = read_campaign(kinds=SMALL)
    put(campaign, "A_a/cfg/10.lime")
    index(campaign)
    return campaign


def bind(path: Path) -> None:
    """Make a socket, by its short relative name: a long one does not fit."""
    with chdir(path.parent), socket(AF_UNIX) as made:
        made.bind(path.name)


@pytest.mark.parametrize(
    ("replace", "said"),
    [
        (Path.mkdir, ": it is a folder"),
        (os.mkfifo, r"catalog\.db: not a catalog: it is a pipe; state another catalog in the campaign"),
        (bind, r"catalog\.db: not a catalog: it is no plain file; state another catalog in the campaign"),
    ],
)
def test_what_is_no_plain_file_is_said_to_be_none(
    campaign: Campaign, replace: Callable[[Path], object], said: str
) -> None:
    path = Path(campaign.catalog)
    path.unlink()
    replace(path)
    with pytest.raises(CatalogError, match=said + "$"):
        Catalog(path)


def test_a_catalog_that_may_not_be_read_is_said_to_be_denied(campaign: Campaign) -> None:
    with (
        closed(Path(campaign.catalog)),
        without_rights(),
        pytest.raises(CatalogError, match=r"unable to open database file: Permission denied$"),
    ):
        Catalog(campaign.catalog)


@pytest.mark.parametrize("mode", [0o444, 0o644])
def test_who_may_not_undo_an_interrupted_index_is_told_what_must_be_done(campaign: Campaign, mode: int) -> None:
    path = Path(campaign.catalog)
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("PRAGMA cache_size = 5")
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("CREATE TABLE junk (x)")
    writer.executemany("INSERT INTO junk VALUES (?)", [("y" * 900,)] * 3000)
    killed = path.parent / "killed"
    killed.mkdir()
    for name in (path.name, path.name + "-journal"):
        shutil.copy(path.parent / name, killed)
        (killed / name).chmod(mode)
    writer.close()
    with closed(killed, 0o555), without_rights(), pytest.raises(CatalogError) as caught:
        Catalog(killed / path.name)
    assert "an index was interrupted" in str(caught.value)
    assert "nothing was changed" not in str(caught.value)
    for file in killed.iterdir():
        file.chmod(0o644)
    assert Catalog(killed / path.name).totals() == Catalog(path).totals()


@pytest.fixture
def holder(campaign: Campaign, monkeypatch: pytest.MonkeyPatch) -> Iterator[sqlite3.Connection]:
    """Another program that has locked the catalog; a wait for it is told almost at once."""
    monkeypatch.setattr(sqlite_opening, "QUIET_SECONDS", 0.02)
    with closing(sqlite3.connect(campaign.catalog, isolation_level=None)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        yield connection


@pytest.mark.usefixtures("holder")
def test_who_waits_for_a_locked_catalog_is_told_for_what(campaign: Campaign) -> None:
    told: list[Path] = []
    with pytest.raises(CatalogError, match=r"catalog\.db: the catalog is locked by another program"):
        Catalog(campaign.catalog, wait_seconds=0.05, waiting=told.append)
    assert told == [Path(campaign.catalog)]


@pytest.mark.usefixtures("holder")
def test_a_wait_that_is_over_at_once_is_not_told(campaign: Campaign) -> None:
    told: list[Path] = []
    with pytest.raises(CatalogError, match="locked by another program"):
        Catalog(campaign.catalog, wait_seconds=0.0, waiting=told.append)
    assert told == []


def test_a_question_is_answered_when_the_lock_is_gone(campaign: Campaign, holder: sqlite3.Connection) -> None:
    before = holder.execute("select count(*) from cfg").fetchone()[0]
    catalog = Catalog(campaign.catalog, waiting=lambda _: holder.rollback())
    assert catalog["cfg"].count() == before
    holder.execute("BEGIN EXCLUSIVE")
    with catalog.writing() as connection:
        assert connection.exec_driver_sql("select count(*) from cfg").scalar() == before


def test_a_command_says_on_stderr_which_catalog_it_waits_for(
    campaign: Campaign,
    holder: sqlite3.Connection,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def say_and_release(path: Path) -> None:
        say_waiting_for_catalog(path)
        holder.rollback()

    monkeypatch.setattr(shared, "say_waiting_for_catalog", say_and_release)
    code, out, err = run(capfd, monkeypatch, "--campaign", campaign.path, "list", "cfg", "--format", "paths")
    assert (code, err) == (0, f"waiting for the catalog {campaign.catalog}: it is locked by another program\n")
    assert "A_a/cfg/10.lime" in out


def test_a_catalog_of_an_older_version_waits_for_an_index(campaign: Campaign) -> None:
    before = Catalog(campaign.catalog).totals()
    connection = sqlite3.connect(campaign.catalog)
    with connection:
        connection.execute("UPDATE meta SET value = ? WHERE key = 'schema'", (str(VERSION - 1),))
        connection.execute("UPDATE meta SET value = '' WHERE key = 'fingerprint'")
    connection.close()
    with pytest.raises(
        CatalogError, match=f"catalog version {VERSION - 1}, this one reads {VERSION}.*latteboard index$"
    ):
        Catalog(campaign.catalog)
    index(campaign)
    assert Catalog(campaign.catalog).totals() == before
