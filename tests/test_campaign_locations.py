"""Home folders and variables of the environment in root, catalog, lists and archives of a campaign."""

import os
import pwd
from collections.abc import Callable
from pathlib import Path

import pytest
from disk import SMALL, fill, index

from latteboard.campaign import Campaign, locate_catalog
from latteboard.campaign.locations import expanded, located
from latteboard.catalog import Catalog
from latteboard.errors import CampaignError
from site_templates.site import build_site

Read = Callable[..., Campaign]
Write = Callable[..., Path]


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/anna")
    monkeypatch.setenv("SCRATCH", "/scratch/$HOME/~")
    monkeypatch.setenv("EMPTY", "")
    monkeypatch.setenv("BELL", "a\ab")
    for name in ("NOWHERE", "SCRATSCH"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("stated", "path"),
    [
        ("production", "production"),
        ("~", "/home/anna"),
        ("~/data", "/home/anna/data"),
        ("./~/data", "./~/data"),
        ("data/~", "data/~"),
        ("$HOME", "/home/anna"),
        ("$HOME/data", "/home/anna/data"),
        ("${HOME}data", "/home/annadata"),
        ("x$HOME-y", "x/home/anna-y"),
        ("$SCRATCH/1", "/scratch/$HOME/~/1"),  # what stands for a name is taken as it is
        ("$$HOME", "$HOME"),
        ("$$$HOME", "$/home/anna"),
        ("a$$b$$", "a$b$"),
        ("~/$$", "/home/anna/$"),
    ],
)
def test_a_path_is_expanded(stated: str, path: str) -> None:
    assert expanded(stated) == path
    assert located(Path("/run"), stated) == Path("/run") / path


def test_an_account_is_its_home_folder() -> None:
    own = pwd.getpwuid(os.getuid())
    assert expanded(f"~{own.pw_name}/data") == f"{own.pw_dir}/data"


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        ("$NOWHERE/x", "$NOWHERE is not set in the environment; set it, or write $$ for a $"),
        ("x/${NOWHERE}", "$NOWHERE is not set in the environment; set it, or write $$ for a $"),
        (
            "$SCRATSCH",
            "$SCRATSCH is not set in the environment; set it, or write $$ for a $; did you mean 'SCRATCH'?",
        ),
        ("$EMPTY/x", "$EMPTY is empty in the environment; set it, or write $$ for a $"),
        ("$BELL/x", r"$BELL gives 'a\x07b': expected a text without control characters"),
        ("a$5.db", "'$5.db': expected $NAME or ${NAME} with a variable's name, or $$ for a $"),
        ("a$", "'$': expected $NAME or ${NAME} with a variable's name, or $$ for a $"),
        ("${HOME", "'${HOME': expected $NAME or ${NAME} with a variable's name, or $$ for a $"),
        ("${}", "'${}': expected $NAME or ${NAME} with a variable's name, or $$ for a $"),
        ("$HOME/$$$", "'$': expected $NAME or ${NAME} with a variable's name, or $$ for a $"),
        (
            "~nobody_of_this_name/x",
            (
                "~nobody_of_this_name: no home folder of 'nobody_of_this_name' is known here; "
                "write ./~nobody_of_this_name if it is a name"
            ),
        ),
    ],
)
def test_what_cannot_be_expanded_is_refused(stated: str, message: str) -> None:
    with pytest.raises(CampaignError) as refused:
        expanded(stated)
    assert str(refused.value) == message


ROOT = 'root  = "production"'


def test_root_catalog_and_lists_of_a_campaign_are_expanded(
    read_campaign: Read, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LISTS", "lists of all")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "lists of all").mkdir()
    campaign = read_campaign(
        (ROOT, 'root = "~/production"\ncatalog = "$LISTS/books.db"'),
        ('{ file = "A.lst" }', '{ file = "$LISTS/A.lst" }'),
        ('configurations = "5:9:5"', 'configurations = { file = "$LISTS/cfg.lst" }'),
        lists={"A.lst": None, "lists of all/A.lst": LIST_A, "lists of all/cfg.lst": "5\n"},
        kinds=SMALL,
    )
    assert campaign.root == tmp_path / "home" / "production"
    assert campaign.catalog == locate_catalog(campaign.path) == str(tmp_path / "lists of all" / "books.db")
    assert [len(stream.configurations) for stream in campaign.streams] == [2, 1, 1]
    fill(campaign)
    index(campaign)
    assert Catalog(campaign.catalog)["prop"].filter(status="done").count() == 14


LIST_A = "".join(f"{c} {x} 0 0 0\n" for c in (10, 20) for x in range(4))


def test_a_dollar_in_a_name_is_written_twice(read_campaign: Read) -> None:
    campaign = read_campaign((ROOT, 'root = "pro$$d"\ncatalog = "c$$1.db"'))
    assert (campaign.root.name, Path(campaign.catalog).name) == ("pro$d", "c$1.db")


def test_the_address_of_a_database_takes_its_password_from_the_environment(
    read_campaign: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOOKS_PASSWORD", "swordfish")
    campaign = read_campaign((ROOT, f'{ROOT}\ncatalog = "postgresql://anna:$BOOKS_PASSWORD@db/books"'))
    assert campaign.catalog == locate_catalog(campaign.path) == "postgresql://anna:swordfish@db/books"


def test_each_undefined_variable_is_told_with_its_key(write_campaign: Write) -> None:
    file = write_campaign(
        (ROOT, 'root = "$NOWHERE/a"\ncatalog = "$NOWHERE/c.db"'),
        ('{ file = "A.lst" }', '{ file = "$NOWHERE/A.lst" }'),
        ('configurations = "5:9:5"', 'configurations = { file = "$NOWHERE/cfg.lst" }'),
        ('path     = "/tape"', 'path = "$NOWHERE/tape"'),
    )
    with pytest.raises(CampaignError) as refused:
        Campaign.read(file)
    said = "$NOWHERE is not set in the environment; set it, or write $$ for a $"
    keys = (
        "campaign.root",
        "campaign.catalog",
        "archives.tape.path",
        "ensembles.A.sources",
        "ensembles.B.configurations",
    )
    assert str(refused.value).split("\n") == [f"{file}: {key}: {said}" for key in keys]
    with pytest.raises(CampaignError) as refused:
        locate_catalog(file)
    assert str(refused.value) == f"{file}: campaign.catalog: {said}"


def test_one_of_several_roots_is_named_by_its_number(write_campaign: Write) -> None:
    file = write_campaign((ROOT, 'root = ["production", "$NOWHERE/a"]'))
    with pytest.raises(CampaignError) as refused:
        Campaign.read(file)
    assert str(refused.value).startswith(f"{file}: campaign.root[1]: $NOWHERE is not set")


def test_public_pages_tell_nothing_of_the_environment(
    read_campaign: Read, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "goeppert"))
    monkeypatch.setenv("SECRET_DISK", str(tmp_path / "disk of the project"))
    campaign = read_campaign(
        (ROOT, 'root = "$SECRET_DISK/production"\ncatalog = "$SECRET_DISK/books.db"'),
        ('{ file = "A.lst" }', '{ file = "~/A.lst" }'),
        lists={"goeppert/A.lst": LIST_A} if (tmp_path / "goeppert").mkdir() is None else {},
        kinds=SMALL,
    )
    fill(campaign)
    index(campaign)
    build_site(Catalog(campaign.catalog), tmp_path / "site", campaign=campaign, redact=True)
    pages = list((tmp_path / "site").rglob("*.html"))
    assert pages
    for page in pages:
        text = page.read_text(encoding="utf-8")
        for secret in ("goeppert", "disk of the project", str(tmp_path)):
            assert secret not in text, (page, secret)
