"""Hostile names: quotes, spaces, line ends, bytes that are no text, markup, 255 bytes: indexed or strays, and shown safely."""

import csv
import io
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Literal
from unicodedata import normalize

import pytest
from disk import PROP, SMALL, START, age_all, books, index, kept, put, query, run, status

from latteboard import Catalog
from latteboard.campaign import Campaign

Read = Callable[..., Campaign]
Command = Callable[..., tuple[int, str, str]]

# What a name may be, and how a catalog writes it where that is another text.
NAMES: dict[bytes, str] = {
    b"it's": "it's",
    b'"quoted"': '"quoted"',
    b"  spaces  ": "  spaces  ",
    b"two\nlines": "two\nlines",
    b"return\rtab\tbell\x07": "return\rtab\tbell\x07",
    b"\x1b[31mred\x1b[0m": "\x1b[31mred\x1b[0m",
    b"not \xff\xfe UTF-8": r"not \xff\xfe UTF-8",
    rb"not \xff\xfe UTF-8": r"not \xff\xfe UTF-8~",  # shown as the one before would be; the mark tells them apart
    b"<script>alert(1)<": "<script>alert(1)<",
    b"&amp;": "&amp;",
    b"'); drop table _prop; --": "'); drop table _prop; --",
    b"100%s%(x)d{source}{0}": "100%s%(x)d{source}{0}",
    b":name ?1 $1": ":name ?1 $1",
    b"*?[a-z]!#\\": "*?[a-z]!#\\",
    b"-rf": "-rf",
    b"..hidden": "..hidden",
    b"[red]markup[bold]": "[red]markup[bold]",
    b"=cmd()": "=cmd()",
    b"NUL.": "NUL.",
    "\u202eemil.porp".encode(): "\u202eemil.porp",  # right to left
    "\ufeffbom\u2028\u00a0".encode(): "\ufeffbom\u2028\u00a0",
    "\U0001f389e\u0301".encode(): "\U0001f389e\u0301",
    b"a" * 255: "a" * 255,
    "\u00e9".encode() * 127: "\u00e9" * 127,
    b"\xff" * 255: r"\xff" * 255,
}


@pytest.fixture
def campaign(read_campaign: Read) -> Campaign:
    campaign = read_campaign(kinds=SMALL, archives="")
    put(campaign, PROP)
    return campaign


@pytest.fixture
def command(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    return lambda *words: run(capfd, monkeypatch, *words)


def litter(campaign: Campaign, folder: str) -> bytes:
    """Write a file of each name into a folder."""
    place = os.fsencode(campaign.root / folder)
    for name in NAMES:
        with open(os.path.join(place, name), "wb") as stream:  # noqa: PTH118, PTH123
            stream.write(b"1234567")
    age_all(campaign.root)
    return place


# -- strays ----------------------------------------------------------------------------------------------------------


def test_files_of_hostile_names_are_strays_each_listed_once(campaign: Campaign) -> None:
    litter(campaign, "A_a/prop/10")
    report = index(campaign)
    assert (report.found, report.strays) == (1, len(NAMES))
    found = {path for (path,) in query(campaign, "select path from stray where size = 7")}
    assert found == {f"A_a/prop/10/{text}" for text in NAMES.values()}
    before = books(campaign)
    for options in ({}, {"fast": True}, {"deep": True}, {"threads": 2}, {"strays": True}):
        assert index(campaign, **options).strays == len(NAMES)
        assert books(campaign) == before


def test_strays_of_hostile_names_go_when_they_are_gone(campaign: Campaign) -> None:
    place = litter(campaign, "A_a/prop/10")
    index(campaign)
    for name in NAMES:
        os.unlink(os.path.join(place, name))  # noqa: PTH108, PTH118
    assert index(campaign, fast=True).strays == 0


def test_folders_of_hostile_names_are_listed_and_looked_into_on_request(campaign: Campaign) -> None:
    place = os.fsencode(campaign.root)
    for name in NAMES:
        os.makedirs(os.path.join(place, name))  # noqa: PTH103, PTH118
        with open(os.path.join(place, name, b"file"), "wb"):  # noqa: PTH118, PTH123
            pass
    age_all(campaign.root)
    for asked in (True, False, True, False):
        assert index(campaign, strays=asked).strays == asked * len(NAMES)
        assert len(query(campaign, "select * from stray")) == len(NAMES)


def test_folders_of_hostile_names_that_cannot_be_read_are_told_in_one_line(
    campaign: Campaign, command: Command
) -> None:
    (campaign.root / "A_a" / "prop" / "10").rename(campaign.root / "A_a" / "prop" / "20\n")
    put(campaign, PROP)
    (campaign.root / "A_a/cfg").symlink_to(campaign.root / "A_a/cfg\nx")
    code, out, err = command("--campaign", campaign.path, "index")
    assert (code, err) == (0, "")
    assert out.count("\n") == 1
    code, _, err = command("--campaign", campaign.path, "list", "--path", "A_a/\n\x1b[31m\udcff<b>")
    assert code == 1
    assert err.count("\n") == 1
    assert "\x1b" not in err


def test_links_of_hostile_names_are_strays(campaign: Campaign) -> None:
    place = os.fsencode(campaign.root / "A_a")
    for name in NAMES:
        os.symlink(b"nowhere", os.path.join(place, name))  # noqa: PTH118, PTH211
    assert index(campaign).strays == len(NAMES)


@pytest.mark.parametrize("pattern", ["*", "A_a/prop/10/*", "**/*"])
def test_patterns_ignore_files_of_any_name(read_campaign: Read, pattern: str) -> None:
    campaign = read_campaign(('grace = "10 min"', f'grace = "10 min"\nignore = ["{pattern}"]'), kinds=SMALL)
    put(campaign, PROP)
    litter(campaign, "A_a/prop/10")
    report = index(campaign)
    assert (report.found, query(campaign, "select path from stray")) == (1, [])


# -- artifacts -------------------------------------------------------------------------------------------------------

# Texts that may be a value of an axis, and so stand in the name of an expected file.
VALUES = [
    "it's",
    'say "so"',
    " two  spaces ",
    "<script>alert(1)<",
    "&lt;",
    "'); drop table _prop; --",
    "100%s%(x)d",
    "{source}",
    ":name ?1 @x $1",
    "back\\slash\\xff",
    "*?[a-z]!#",
    "-rf",
    "a=b,c",
    "=cmd()",
    "[red]markup[bold]",
    "é" * 100,
    "\U0001f389e\u0301",
    "ß",
    "SS",
    "sS",
]


@pytest.fixture
def odd(read_campaign: Read) -> Campaign:
    """A kind whose files are called as oddly as values of axes allow; every file is there but the last."""
    axes = f"[axes]\nt_separation = [3]\nflavor = {json.dumps(VALUES, ensure_ascii=False)}\n"
    kinds = (
        """[kinds.corr]\npath = "{ensemble}'s_{stream}/%s/{configuration:'>4}_{flavor}.h5"\nmin_bytes = 8\n"""
        """[kinds.sum]\npath = "{ensemble}'s_{stream}/100%/{flavor:\\">110}.h5"\nneeds = ["corr"]\n"""
    )
    campaign = read_campaign(axes=axes, kinds=kinds, derive="")
    for value in VALUES[:-1]:
        put(campaign, campaign.path_of("corr", {"ensemble": "B", "stream": "a", "configuration": 5, "flavor": value}))
    return campaign


@pytest.fixture
def indexed(odd: Campaign, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Campaign:
    def make() -> Campaign:
        index(odd)
        return odd

    return kept("odd", tmp_path_factory, tmp_path, make)


def test_artifacts_of_odd_names_are_found_and_told_apart(odd: Campaign) -> None:
    report = index(odd)
    assert (report.found, report.strays) == (len(VALUES) - 1, 0)
    catalog = Catalog(odd.catalog)
    done = list(catalog["corr"].filter(status="done"))
    assert {artifact.flavor for artifact in done} == set(VALUES[:-1])
    for artifact in done:
        assert artifact.path == f"B's_a/%s/'''5_{artifact.flavor}.h5"
        assert (odd.root / artifact.path).is_file()
        assert odd.parse(artifact.path) == ("corr", dict(artifact.coordinates))
    for value in VALUES:
        (one,) = catalog["sum"].filter(flavor=value, ensemble="B")
        assert one.status == ("blocked" if value == VALUES[-1] else "ready")
        assert one.path == f"""B's_a/100%/{value:">110}.h5"""
    before = books(odd)
    assert index(odd, fast=True, at=START + 1).changed == 0
    assert books(odd) == before


def test_paths_of_odd_names_are_built_alike_in_python_and_in_sql(odd: Campaign) -> None:
    index(odd)
    for kind in odd.kinds:
        built = {odd.path_of(kind, odd.expected(kind).coordinates(row)) for row in range(len(odd.expected(kind)))}
        assert {path for (path,) in query(odd, f"select path from {kind}")} == built
        assert {path for (path,) in query(odd, f"select path from artifact where kind = '{kind}'")} == built


@pytest.mark.parametrize("value", [value for value in VALUES if "," not in value and "=" not in value[1:]])
def test_odd_names_are_asked_for_as_they_are(indexed: Campaign, command: Command, value: str) -> None:
    here = ("--campaign", indexed.path)
    code, out, err = command(*here, "list", "corr", "ensemble=B", f"flavor={value}", "--format", "json")
    assert (code, err) == (0, "")
    (row,) = json.loads(out)
    assert row["flavor"] == value
    code, out, _ = command(*here, "why", row["path"], "--json")
    assert (code, json.loads(out)["path"]) == (0, row["path"])


@pytest.mark.parametrize("value", ["é" * 100, "\U0001f389e\u0301"])
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_value_is_found_in_either_unicode_form(
    indexed: Campaign, command: Command, value: str, form: Literal["NFC", "NFD"]
) -> None:
    asked = f"flavor={normalize(form, value)}"
    code, out, err = command("--campaign", indexed.path, "list", "corr", "ensemble=B", asked, "--format", "json")
    assert (code, err, [row["flavor"] for row in json.loads(out)]) == (0, "", [value])


def test_a_value_that_two_known_ones_could_be_is_refused(read_campaign: Read, command: Command) -> None:
    # Both are A with a ring and a dot below, in neither composed nor decomposed form the one that is asked for.
    axes = '[axes]\nt_separation = [3]\nflavor = ["\u00c5\u0323", "A\u0323\u030a"]\n'
    campaign = read_campaign(
        axes=axes, derive="", kinds='[kinds.corr]\npath = "{ensemble}_{stream}/{configuration}_{flavor}.h5"\n'
    )
    put(
        campaign,
        campaign.path_of("corr", {"ensemble": "B", "stream": "a", "configuration": 5, "flavor": "\u00c5\u0323"}),
    )
    index(campaign)
    for value, code in (("\u00c5\u0323", 0), ("A\u0323\u030a", 0), ("A\u030a\u0323", 1)):
        assert command("--campaign", campaign.path, "list", "corr", f"flavor={value}")[0] == code


def test_a_stray_in_another_unicode_form_than_an_expected_name_says_so(odd: Campaign) -> None:
    place = {"ensemble": "B", "stream": "a", "configuration": 5, "flavor": "\U0001f389e\u0301"}
    path = odd.root / odd.path_of("corr", place)
    path.rename(path.with_name(normalize("NFC", path.name)))
    index(odd)
    ((reason,),) = query(odd, "select reason from stray")
    assert reason == "looks like a corr that is expected, but its name differs in case or Unicode form"


# -- shown -----------------------------------------------------------------------------------------------------------


def test_odd_names_are_shown_safely_in_every_form(odd: Campaign, command: Command, tmp_path: Path) -> None:
    index(odd)
    here = ("--campaign", odd.path)
    count = len(odd.expected("corr"))
    assert len(json.loads(command(*here, "list", "corr", "--format", "json")[1])) == count
    rows = list(csv.DictReader(io.StringIO(command(*here, "list", "corr", "--format", "csv")[1])))
    assert [row["path"] for row in rows] == [row["path"] for row in Catalog(odd.catalog)["corr"].rows()]
    assert len(command(*here, "list", "corr", "--format", "paths")[1].splitlines()) == count
    assert len(command(*here, "list", "corr")[1].splitlines()) == count + 1
    code, out, err = command(*here, "status", "--by", "flavor")
    assert (code, err) == (0, "")
    assert all(value in out for value in VALUES)
    for value in VALUES:
        coordinates = {"ensemble": "B", "stream": "a", "flavor": value}
        assert odd.path_of("sum", coordinates) in command(*here, "why", odd.path_of("sum", coordinates))[1]


def test_ensembles_of_odd_names_are_no_markup_on_the_page_nor_in_the_terminal(
    read_campaign: Read, write_campaign: Callable[..., Path], command: Command, tmp_path: Path
) -> None:
    name = """<script>alert("1")<'[red]"""
    ensembles = (
        f"[ensembles.{json.dumps(name)}]\n"
        'streams = ["<bogus>"]\nL = 4\nT = 8\nconfigurations = [10]\nsources = { file = "A.lst" }\n'
        'source_sets = { "<sham>" = [0, 2] }\n'
    )
    campaign = read_campaign(('name  = "tiny"', 'name  = "<script>tiny"'), ensembles=ensembles, kinds=SMALL)
    put(campaign, campaign.path_of("cfg", {"ensemble": name, "stream": "<bogus>", "configuration": 10}))
    index(campaign)
    here = ("--campaign", campaign.path)
    assert f"{name} <bogus>\n" in command(*here, "status")[1]
    assert f"{name} " in command(*here, "status", "--by", "ensemble")[1]
    assert command(*here, "site", "--out", tmp_path / "pages")[0] == 0
    page = "".join(path.read_text() for path in sorted((tmp_path / "pages").rglob("*.html")))
    assert "&lt;script&gt;alert(" in page
    assert "&lt;script&gt;tiny" in page
    for markup in ("<script>alert", "<script>tiny", "<bogus>", "<sham>"):
        assert markup not in page


def test_hostile_strays_on_the_page_are_text(campaign: Campaign, command: Command, tmp_path: Path) -> None:
    litter(campaign, "A_a/prop/10")
    index(campaign)
    assert command("--campaign", campaign.path, "site", "--out", tmp_path / "pages")[0] == 0
    for path in (tmp_path / "pages").rglob("*.html"):
        assert "<script>alert" not in path.read_text()


@pytest.mark.parametrize(
    "value",
    ["", ".", "..", "a/b", "a::b", "two\\nlines", "nul\\u0000", "\\u202eemil", "\\u2028", "\\u001b[31m", "tab\\t"],
)
def test_values_that_no_file_name_should_hold_are_refused(
    write_campaign: Callable[..., Path], command: Command, value: str
) -> None:
    path = write_campaign(axes=f'[axes]\nt_separation = [3]\nflavor = ["{value}"]\n', kinds=SMALL, derive="")
    code, out, err = command("--campaign", path, "index")
    assert (code, out) == (1, "")
    assert err.count("\n") == 1
    assert "axes.flavor" in err
    assert err.rstrip("\n").isprintable()


@pytest.mark.parametrize(("length", "found"), [(255, 2), (256, 1)])
def test_an_artifact_of_the_longest_name_is_found_and_one_longer_than_disks_allow_is_not_there(
    read_campaign: Read, length: int, found: int
) -> None:
    name = "x" * (length - 3)
    kinds = (
        SMALL
        + '[kinds.long]\npath = "{ensemble}_{stream}/{flavor}.h5"\n[kinds.deep]\npath = "{flavor}.h5/{ensemble}"\n'
    )
    campaign = read_campaign(axes=f'[axes]\nt_separation = [3]\nflavor = ["{name}"]\n', kinds=kinds, derive="")
    put(campaign, PROP)
    if found == 2:
        put(campaign, f"A_a/{name}.h5")
    report = index(campaign)
    assert (report.found, report.unreadable) == (found, {})
    assert status(campaign, f"A_a/{name}.h5") == ("done" if found == 2 else "ready")
