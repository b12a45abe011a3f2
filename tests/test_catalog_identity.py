"""Whose catalog it is: another campaign is refused, and an answer for a campaign that has changed says so."""

import os
import re
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from disk import CFG, PROP, SMALL, books, index, put, query, run

from latteboard.campaign import Campaign
from latteboard.campaign.digests import list_names
from latteboard.campaign.tables import CampaignTable
from latteboard.errors import CatalogError
from latteboard.files.locks import lock, lock_path

Write = Callable[..., Path]
Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def command(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """Exit code, output and errors of a command line, in this process."""
    return lambda *words: run(capfd, monkeypatch, *words)


@pytest.fixture
def file(write_campaign: Write) -> Path:
    """The file of a campaign that has been indexed, in a folder of its own."""
    path = write_campaign(kinds=SMALL)
    folder = path.parent / "run"
    folder.mkdir()
    for name in ("campaign.toml", "A.lst", "B.lst"):
        (path.parent / name).rename(folder / name)
    campaign = Campaign.read(folder / "campaign.toml")
    put(campaign, CFG)
    put(campaign, PROP)
    index(campaign)
    return campaign.path


def edit(file: Path, old: str = "unit * L**3", new: str = "unit * L**2") -> None:
    """Change what a campaign file states."""
    text = file.read_text()
    assert text.count(old) == 1
    file.write_text(text.replace(old, new))


def another(file: Path, name: str = "t2.toml") -> Path:
    """A second campaign file in the folder of the first, made from it."""
    other = file.with_name(name)
    shutil.copy(file, other)
    edit(other)
    return other


def owner(file: Path) -> Path:
    """The campaign file that the catalog of a campaign file says it is of."""
    campaign = Campaign.read(file)
    ((place,),) = query(campaign, "select value from meta where key = 'campaign file'")
    return Path(os.path.normpath(Path(campaign.catalog).resolve().parent / place))


def timeless(answer: str) -> str:
    """An answer without the time of the question."""
    return re.sub('"generated": "[^"]+"', "", answer)


# -- another campaign ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [["index"], ["index", "--fast"], ["reduce"], ["reduce", "--dry-run"], ["site"]])
def test_another_campaign_in_the_folder_does_not_get_the_catalog(
    file: Path, command: Command, words: list[str]
) -> None:
    other = another(file)
    before = books(Campaign.read(file))
    code, out, err = command("--campaign", other, *words)
    assert (code, out) == (1, "")
    assert err == (
        f"latteboard: {file.with_name('catalog.db')}: the catalog of another campaign, {file}; {other} differs from it in place "
        f"and in content. Nothing was looked at or changed. State another catalog in {other}; or, if it is to become the catalog "
        f"of this one, run: latteboard --campaign {other} index --take-over\n"
    )
    assert books(Campaign.read(file)) == before


def test_python_is_refused_as_well_and_waits_for_no_index(file: Path) -> None:
    campaign = Campaign.read(another(file))
    with (
        lock(lock_path(Path(campaign.catalog)), wait_seconds=0),
        pytest.raises(CatalogError, match="the catalog of another campaign"),
    ):
        index(campaign, wait_seconds=0)


def test_nothing_is_looked_at_before_another_campaign_is_refused(file: Path) -> None:
    campaign = Campaign.read(another(file))
    shutil.rmtree(campaign.root)
    with pytest.raises(CatalogError, match="the catalog of another campaign"):
        index(campaign)


def test_a_catalog_is_taken_over_when_that_is_said(file: Path, command: Command) -> None:
    other = another(file)
    assert command("--campaign", other, "index", "--take-over")[0] == 0
    assert command("--campaign", other, "index")[0] == 0
    assert owner(other) == other
    assert f"the catalog of another campaign, {other}; {file} differs" in command("--campaign", file, "index")[2]


def test_a_file_that_is_neither_in_its_place_nor_as_it_was_is_another_campaign(file: Path) -> None:
    renamed = file.rename(file.with_name("nucleon.toml"))
    edit(renamed)
    message = f"another campaign, {file}, which is not there any more; {renamed} differs from it"
    with pytest.raises(CatalogError, match=message):
        index(Campaign.read(renamed))


def test_an_equal_file_in_another_place_is_the_same_campaign_until_it_is_edited(file: Path) -> None:
    copy = file.with_name("t2.toml")
    shutil.copy(file, copy)
    index(Campaign.read(copy))
    assert owner(copy) == file
    edit(copy)
    with pytest.raises(CatalogError, match="another campaign"):
        index(Campaign.read(copy))
    edit(file, "10 min", "11 min")
    index(Campaign.read(file))


def test_two_folders_whose_catalogs_are_links_to_one_file_are_two_campaigns(file: Path) -> None:
    second = file.parent.with_name("second")
    shutil.copytree(file.parent, second)
    (second / "catalog.db").unlink()
    (second / "catalog.db").symlink_to(file.with_name("catalog.db"))
    index(Campaign.read(second / "campaign.toml"))
    edit(second / "campaign.toml")
    with pytest.raises(CatalogError, match=f"another campaign, {file}; {second}"):
        index(Campaign.read(second / "campaign.toml"))


# -- the same campaign -----------------------------------------------------------------------------------------------


def test_an_edited_file_in_its_place_is_the_same_campaign(file: Path) -> None:
    edit(file)
    index(Campaign.read(file))
    assert owner(file) == file


@pytest.mark.parametrize("how", ["moved", "copied"])
def test_a_tree_that_is_moved_or_copied_is_the_same_campaign(file: Path, how: str) -> None:
    place = file.parent.with_name("elsewhere")
    if how == "copied":
        shutil.copytree(file.parent, place)
    else:
        file.parent.rename(place)
    edit(place / "campaign.toml")
    index(Campaign.read(place / "campaign.toml"))
    assert owner(place / "campaign.toml") == place / "campaign.toml"


def test_a_file_that_is_renamed_and_edited_later_is_the_same_campaign(file: Path) -> None:
    renamed = file.rename(file.with_name("nucleon.toml"))
    index(Campaign.read(renamed))
    edit(renamed)
    index(Campaign.read(renamed))
    assert owner(renamed) == renamed


def test_a_path_may_be_given_from_anywhere_and_through_links(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    link = file.parent.with_name("link")
    link.symlink_to(file.parent)
    for number, (here, path) in enumerate(
        [
            (file.parent, Path("campaign.toml")),
            (file.parent / "production", Path("../campaign.toml")),
            (file.parent.parent, Path("run/campaign.toml")),
            (file.parent.parent, link / "campaign.toml"),
        ]
    ):
        monkeypatch.chdir(here)
        edit(file, "10 min" if number == 0 else f"{number + 10} min", f"{number + 11} min")
        index(Campaign.read(path))
        assert owner(file) == file


def test_two_links_to_one_file_are_one_campaign(file: Path) -> None:
    for name in ("one.toml", "two.toml"):
        file.with_name(name).symlink_to(file)
    for minutes, name in enumerate(("one.toml", "two.toml", "campaign.toml"), 10):
        edit(file, f"{minutes} min", f"{minutes + 1} min")
        index(Campaign.read(file.with_name(name)))


def test_a_link_that_leads_to_an_edited_file_is_the_same_campaign(file: Path) -> None:
    first, second = file.with_name("v1.toml"), file.with_name("v2.toml")
    file.rename(first)
    file.symlink_to(first)
    index(Campaign.read(file))
    shutil.copy(first, second)
    edit(second)
    file.unlink()
    file.symlink_to(second)
    index(Campaign.read(file))
    with pytest.raises(CatalogError, match=f"another campaign, {file}; {first}"):
        index(Campaign.read(first))


def test_a_catalog_that_moves_with_its_key_is_that_of_the_same_campaign(file: Path) -> None:
    far = file.parent.with_name("books")
    far.mkdir()
    file.with_name("catalog.db").rename(far / "c.db")
    edit(file, 'grace = "10 min"', f'grace = "10 min"\ncatalog = "{far / "c.db"}"')
    index(Campaign.read(file))
    edit(file)
    index(Campaign.read(file))
    assert owner(file) == file


def test_a_catalog_that_does_not_know_its_file_is_adopted(file: Path) -> None:
    campaign = Campaign.read(another(file))
    connection = sqlite3.connect(campaign.catalog)
    with connection:
        connection.execute("delete from meta where key not in ('schema', 'campaign', 'fingerprint', 'unsettled')")
        connection.execute("update meta set value = '3' where key = 'schema'")
    connection.close()
    index(campaign)
    assert owner(campaign.path) == campaign.path


def test_roots_that_are_elsewhere_than_at_the_last_index_are_said(file: Path) -> None:
    campaign = Campaign.read(file)
    assert index(campaign).notices == []
    moved = campaign.root.rename(campaign.root.with_name("disk2"))
    campaign.root.symlink_to(moved)
    line = f"the root production is {moved} now; at the last index it was {campaign.root}"
    assert index(campaign).notices == [line]
    assert index(campaign).notices == []


# -- answers for a campaign that has changed -------------------------------------------------------------------------

QUESTIONS = [
    ["status"],
    ["status", "--json"],
    ["list", "prop"],
    ["why", "prop", "configuration=10", "source=x0y1z2t3", "stream=a"],
]


@pytest.mark.parametrize("words", QUESTIONS)
def test_a_campaign_that_changed_since_the_last_index_is_said_by_every_answer(
    file: Path, command: Command, words: list[str]
) -> None:
    here = ("--campaign", file, *words)
    code, before, err = command(*here)
    assert (code, err) == (0, "")
    edit(file)
    code, after, err = command(*here)
    assert (
        err
        == f"{file}: the campaign changed since the last index; this is the answer as of then. Run: latteboard index\n"
    )
    assert (code, timeless(after)) == (0, timeless(before))
    index(Campaign.read(file))
    assert command(*here)[2] == ""


def test_an_answer_names_the_list_that_changed(file: Path, command: Command) -> None:
    file.with_name("A.lst").write_text(file.with_name("A.lst").read_text().replace("10 0 1 2 3", "10 0 1 2 4"))
    code, _, err = command("--campaign", file, "status")
    said = (
        f"{file}: its list A.lst changed since the last index; this is the answer as of then. Run: latteboard index\n"
    )
    assert (code, err) == (0, said)
    file.with_name("B.lst").unlink()
    assert "its list A.lst and its list B.lst changed" in command("--campaign", file, "status")[2]


def test_comments_and_spacing_are_no_change(file: Path, command: Command) -> None:
    edit(file, "[kinds.cfg]", "# gauge fields\n\n[kinds.cfg]   # as given")
    lines = file.with_name("A.lst").read_text().splitlines()
    file.with_name("A.lst").write_text("# sources\n" + "\n\n".join(f" {line}  # one" for line in lines))
    assert command("--campaign", file, "status")[2] == ""


def test_an_edit_while_the_campaign_is_being_indexed_is_not_missed(file: Path, command: Command) -> None:
    edit(file)
    campaign = Campaign.read(file)
    edit(file, "unit * L**2", "unit * L**1")
    index(campaign)
    assert "the campaign changed since the last index" in command("--campaign", file, "status")[2]


def test_an_answer_from_the_catalog_of_another_campaign_says_whose_it_is(file: Path, command: Command) -> None:
    other = another(file)
    code, out, err = command("--campaign", other, "status")
    catalog = file.with_name("catalog.db")
    said = f"{catalog}: the catalog of another campaign, {file}; this is the answer for that one, and not for {other}\n"
    assert (code, err) == (0, said)
    assert out == command("--campaign", file, "status")[1]


def test_every_list_that_a_campaign_names_is_one_of_its_files() -> None:
    ensemble = {
        "configurations": {"file": "a"},
        "sources": {"file": "b"},
        "axes": {"t": {"file": "c", "columns": ["configuration", "t"]}, "s": [1]},
        "parameters": {"file": "no list"},
        "stream": {"e": {"configurations": {"file": "d"}, "sources": {"file": "e"}}},
    }
    stated = {
        "campaign": {"name": "x", "root": "x"},
        "axes": {"u": {"file": "f", "columns": ["configuration", "u"]}, "v": {"values": [1]}},
        "ensembles": {"A": ensemble},
        "kinds": {"k": {"path": "k"}},
    }
    assert list_names(CampaignTable.model_validate(stated)) == ["a", "b", "c", "d", "e", "f"]


# -- a campaign file that cannot be read -----------------------------------------------------------------------------


@pytest.mark.parametrize("words", [*QUESTIONS, ["list", "--path", PROP], ["why", PROP]])
@pytest.mark.parametrize("state", ["gone", "broken"])
def test_a_campaign_file_that_is_gone_or_broken_stops_no_answer(
    file: Path, command: Command, words: list[str], state: str
) -> None:
    before = command("--campaign", file, *words)
    assert before[0] == 0
    if state == "broken":
        file.write_text(file.read_text() + "oops\n")
    else:
        file.unlink()
    code, out, err = command("--campaign", file, *words)
    reason = "not a TOML file: " if state == "broken" else "no such campaign file. "
    assert code == 0
    assert err.startswith(f"{file}: {reason}")
    assert err.endswith(". This is the answer of the last index\n")
    assert timeless(out) == timeless(before[1])


def test_a_path_seen_from_here_is_found_without_a_campaign_file(file: Path, command: Command) -> None:
    file.unlink()
    for path in (PROP, file.parent / "production" / PROP):
        assert command("--campaign", file, "why", path)[1].startswith(f"{PROP}\n")
    code, _, err = command("--campaign", file, "why", "A_a/prop/10/junk")
    assert (code, err.splitlines()[-1][: len(f"latteboard: {file}: no such")]) == (1, f"latteboard: {file}: no such")


def test_the_catalog_of_a_broken_file_is_found_by_the_line_that_states_it(file: Path, command: Command) -> None:
    edit(file, 'grace = "10 min"', 'grace = "10 min"\ncatalog = "books.db"')
    file.with_name("catalog.db").rename(file.with_name("books.db"))
    index(Campaign.read(file))
    file.write_text(file.read_text() + "[kinds.x\n")
    assert command("--campaign", file, "status")[0] == 0


def test_a_file_that_is_not_there_gets_no_answer_from_the_catalog_of_another(file: Path, command: Command) -> None:
    code, out, err = command("--campaign", file.with_name("none.toml"), "status")
    assert (code, out) == (1, "")
    assert err.startswith(f"latteboard: {file.with_name('none.toml')}: no such campaign file")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[campaign]", "[campain]", "campaign: this table is missing"),
        ('grace = "10 min"', "catalog = 3", "campaign.catalog: expected a text, found 3"),
    ],
)
def test_a_campaign_that_states_no_catalog_is_answered_as_a_broken_one(
    file: Path, command: Command, old: str, new: str, said: str
) -> None:
    edit(file, old, new)
    code, _, err = command("--campaign", file, "status")
    assert (code, err) == (0, f"{file}: {said}. This is the answer of the last index\n")


def test_reduce_and_pages_are_refused_as_long_as_the_campaign_is_not_indexed(file: Path, command: Command) -> None:
    edit(file)
    for words in (["reduce"], ["site", "--out", file.with_name("pages")]):
        code, _, err = command("--campaign", file, *words)
        assert (code, err) == (
            1,
            f"latteboard: {file}: the campaign changed since the last index; run: latteboard index\n",
        )
