"""The command line: what each command prints, its machine-readable forms, its exit codes; bad input is one clear line."""

import csv
import io
import json
import re
import sqlite3
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from disk import (
    CFG,
    ENOUGH,
    HOUR,
    OLD,
    OTHER_PROP,
    PROP,
    SMALL,
    books,
    closed,
    fill,
    full_disk,
    index,
    kept,
    paths_of,
    put,
    run,
    script,
    spawn,
    status,
)

from latteboard import __version__
from latteboard.campaign import Campaign
from latteboard.catalog import RULES, Status
from latteboard.catalog.tables.schema import VERSION

Read = Callable[..., Campaign]
Command = Callable[..., tuple[int, str, str]]

OLD_TIME = datetime.fromtimestamp(OLD // 10**9, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.fixture
def command(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """Exit code, output and errors of a command line, in this process."""
    return lambda *words: run(capfd, monkeypatch, *words)


@pytest.fixture
def campaign(read_campaign: Read) -> Campaign:
    """Gauge configurations of A a, and its propagators of configuration 10: one too small, one of them not there."""
    campaign = read_campaign(kinds=SMALL, archives="")
    for path in ("A_a/cfg/10.lime", "A_a/cfg/20.lime"):
        put(campaign, path)
    for path in paths_of(campaign, "prop")[2:4]:
        put(campaign, path)
    put(campaign, PROP, size=5)
    return campaign


@pytest.fixture
def indexed(campaign: Campaign, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Campaign:
    def make() -> Campaign:
        index(campaign)
        return campaign

    return kept("cli", tmp_path_factory, tmp_path, make)


@pytest.fixture
def ask(indexed: Campaign, command: Command) -> Command:
    """A command on the indexed campaign."""
    return lambda *words: command("--campaign", indexed.path, *words)


@pytest.fixture
def refused(command: Command) -> Callable[..., str]:
    """The one clear line in which a command refuses, with exit 1 and nothing printed."""

    def refuse(*words: object) -> str:
        code, out, err = command(*words)
        assert (code, out) == (1, "")
        return the_line(err)

    return refuse


@pytest.fixture
def complaint(command: Command, refused: Callable[..., str]) -> Callable[..., str]:
    """The one line on a campaign that cannot be read: commands that act refuse, the others answer from the catalog."""

    def complain(campaign: Campaign, words: list[str]) -> str:
        here = ("--campaign", campaign.path, *words)
        if words[0] in ("index", "site"):
            return refused(*here)
        code, out, err = command(*here)
        assert code == 0
        assert out
        assert err.endswith(". This is the answer of the last index\n")
        return err.removesuffix(". This is the answer of the last index\n")

    return complain


def the_line(err: str) -> str:
    """The message of the one line on standard error."""
    assert err.startswith("latteboard: ")
    assert err.count("\n") == 1, err
    return err.removeprefix("latteboard: ").rstrip("\n")


# -- the door itself -------------------------------------------------------------------------------------------------

COMMANDS = ["init", "demo", "expect", "index", "status", "list", "why", "site"]


def test_help_names_every_command_and_each_has_help_of_its_own(command: Command) -> None:
    code, out, err = command("--help")
    assert (code, err) == (0, "")
    assert [name for name in COMMANDS if not re.search(rf"^  {name} +\S", out, re.MULTILINE)] == []
    for name in COMMANDS:
        code, out, _ = command(name, "-h")
        assert code == 0
        assert f" {name} " in out.splitlines()[0] + " "


@pytest.mark.parametrize("words", [["--help"], ["index", "--help"]])
def test_help_waits_for_nothing_heavy(words: list[str]) -> None:
    text = (
        "sys.argv = ['latteboard', *sys.argv[1:]]\nfrom latteboard.cli import main\ntry: main()\nexcept SystemExit: pass\n"
        "heavy = {'numpy', 'sqlalchemy', 'pydantic', 'pandas', 'h5py', 'rich', 'indexer', 'reducer', 'site_templates'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(script(text, *words), capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("words", [["status"], ["status", "--json"], ["list", "prop"], ["why", PROP]])
def test_answers_wait_for_no_other_room(indexed: Campaign, words: list[str]) -> None:
    text = (
        "sys.argv = ['latteboard', '--campaign', *sys.argv[1:]]\nfrom latteboard.cli import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        "heavy = {'pandas', 'h5py', 'jinja2', 'plotly', 'indexer', 'reducer', 'site_templates'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(script(text, indexed.path, *words), capture_output=True, text=True, check=True)
    assert len(done.stdout.splitlines()) > 1
    assert done.stdout.splitlines()[-1] == "[]"


def test_it_says_which_version_it_is(command: Command) -> None:
    assert command("--version")[1] == f"latteboard, version {__version__}\n"


@pytest.mark.parametrize(
    "words",
    [
        ["paint"],
        ["--colour", "index"],
        ["index", "everything"],
        ["index", "--threads", "0"],
        ["index", "--threads", "many"],
        ["demo"],
        ["demo", "d", "--configurations", "0"],
        ["list"],
        ["list", "prop", "--format", "xml"],
        ["list", "--path", PROP, "configuration=10"],
        ["why"],
        ["why", PROP, "configuration=10"],
        ["status", "now"],
    ],
)
def test_wrong_usage_ends_with_2_and_says_what_is_right(ask: Command, words: list[str]) -> None:
    code, out, err = ask(*words)
    assert (code, out) == (2, "")
    assert err.startswith("Usage: ")
    assert "Error: " in err.splitlines()[-1]


# -- init and demo ---------------------------------------------------------------------------------------------------


def test_init_writes_a_campaign_that_works_as_it_stands(command: Command, tmp_path: Path) -> None:
    code, out, _ = command("init", tmp_path / "new")
    assert code == 0
    assert out.startswith(f"wrote {tmp_path / 'new' / 'campaign.toml'}\n")
    here = ("--campaign", tmp_path / "new" / "campaign.toml")
    code, out, err = command(*here, "index", "--accept-empty")
    assert (code, err) == (0, "")
    assert re.match(r"0 of [\d,]+ artifacts on disk", out)
    assert command(*here, "status")[0] == 0


def test_init_overwrites_nothing(command: Command, refused: Callable[..., str], tmp_path: Path) -> None:
    command("init", tmp_path)
    (tmp_path / "campaign.toml").write_text("mine")
    assert "campaign.toml is there already" in refused("init", tmp_path)
    assert (tmp_path / "campaign.toml").read_text() == "mine"


def test_demo_writes_a_production_that_can_be_indexed_and_shown(command: Command, tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    code, out, _ = command("demo", folder, "--configurations", 2, "--L", 4, "--T", 8, "--empty")
    assert code == 0
    assert re.fullmatch(rf"[\d,]+ files, campaign {folder / 'campaign.toml'}\n", out)
    here = ("--campaign", folder / "campaign.toml")
    assert command(*here, "index")[0] == 0
    assert command(*here, "status")[0] == 0
    code, out, _ = command(*here, "site", "--out", tmp_path / "pages")
    assert (code, out) == (0, f"wrote {tmp_path / 'pages' / 'index.html'}\n")
    assert "<html" in (tmp_path / "pages" / "index.html").read_text()


def test_demo_wants_a_folder_of_its_own(refused: Callable[..., str], tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()
    assert "not an empty folder" in refused("demo", tmp_path)


# -- index -----------------------------------------------------------------------------------------------------------


def test_index_says_what_it_found(campaign: Campaign, command: Command) -> None:
    put(campaign, "A_a/cfg/core")
    code, out, err = command("--campaign", campaign.path, "index")
    assert (code, err) == (0, "")
    assert re.fullmatch(r"5 of 18 artifacts on disk, 5 changed, 1 stray; 5 folders, \d+\.\d s\n", out)


def test_index_json_holds_the_numbers(campaign: Campaign, command: Command) -> None:
    code, out, err = command("--campaign", campaign.path, "index", "--json")
    assert (code, err) == (0, "")
    numbers = json.loads(out)
    assert numbers.keys() >= {"expected", "found", "strays", "changed", "directories", "stats", "seconds"}
    seconds = numbers.pop("seconds")
    assert 0 <= seconds < 60
    assert all(type(number) is int for number in numbers.values())
    assert (
        numbers.items() >= {"expected": 18, "found": 5, "strays": 0, "changed": 5, "directories": 5, "stats": 5}.items()
    )


def test_index_takes_its_options(campaign: Campaign, command: Command) -> None:
    here = ("--campaign", campaign.path, "index", "--json")
    put(campaign, "junk/core")
    assert json.loads(command(*here, "--threads", 3)[1])["strays"] == 0
    assert json.loads(command(*here, "--strays")[1])["strays"] == 1
    assert json.loads(command(*here, "--deep")[1])["stats"] == 5
    assert json.loads(command(*here, "--fast")[1])["changed"] == 0


@pytest.mark.parametrize("root", ["absent", "empty", "more than half gone"])
def test_index_refuses_what_looks_like_an_unmounted_disk(
    indexed: Campaign, command: Command, refused: Callable[..., str], root: str
) -> None:
    before = books(indexed)
    away = indexed.root.rename(indexed.root.with_name("away"))
    if root != "absent":
        indexed.root.mkdir()
    if root == "more than half gone":
        (away / "A_a").rename(indexed.root / "A_a")
        (indexed.root / "A_a" / "prop").rename(away / "prop")
    here = ("--campaign", indexed.path, "index")
    message = refused(*here)
    said = {
        "absent": "the root does not exist",
        "empty": "the root is empty",
        "more than half gone": "3 of the 5 files",
    }
    assert message.startswith(f"{indexed.root}: ")
    assert said[root] in message
    assert "The books were not changed" in message
    assert "--accept-empty" in message
    assert books(indexed) == before
    assert command(*here, "--accept-empty")[0] == 0
    assert status(indexed, PROP) == ("ready" if root == "more than half gone" else "blocked")


# -- status ----------------------------------------------------------------------------------------------------------


def test_status_json_counts_by_ensemble_stream_and_kind(ask: Command) -> None:
    code, out, err = ask("status", "--json")
    assert (code, err) == (0, "")
    answer = json.loads(out)
    assert datetime.fromisoformat(answer["generated"]).utcoffset() is not None
    found = {(row["ensemble"], row["stream"], row["kind"]): row for row in answer["rows"]}
    assert len(found) == len(answer["rows"]) == 6
    assert (
        found["A", "a", "prop"].items()
        >= {
            "expected": 8,
            "bytes": 2 * ENOUGH + 5,
            "purgeable": 0,
            "status": {"bad": 1, "done": 2, "ready": 5},
        }.items()
    )
    assert found["B", "a", "cfg"]["status"] == {"blocked": 1}
    assert all(sum(row["status"].values()) == row["expected"] for row in answer["rows"])


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("kind", {("cfg",): 4, ("prop",): 14}),
        ("ensemble", {("A",): 15, ("B",): 3}),
        ("stream,kind", {("a", "cfg"): 3, ("a", "prop"): 10, ("b", "cfg"): 1, ("b", "prop"): 4}),
        ("configuration", {(5,): 3, (10,): 10, (20,): 5}),
        ("source,kind", {("x0y1z2t3", "prop"): 3, (None, "cfg"): 4, ("x5y4z3t11", "prop"): 1}),
    ],
)
def test_status_can_be_grouped_by_any_names(ask: Command, by: str, expected: dict[tuple[object, ...], int]) -> None:
    rows = json.loads(ask("status", "--json", "--by", by)[1])["rows"]
    found = {tuple(row[name] for name in by.split(",")): row["expected"] for row in rows}
    assert found.items() >= expected.items()
    assert sum(found.values()) == 18
    code, out, _ = ask("status", "--by", by)
    assert code == 0
    assert out.splitlines()[-1].startswith("as of the index of ")


@pytest.mark.parametrize("by", ["ensemble,stream,kind", "ensemble,stream,kind,configuration"])
def test_status_counts_artifacts_with_a_problem_by_status(ask: Command, by: str) -> None:
    rows = json.loads(ask("status", "--json", "--by", by)[1])["rows"]
    found = [(row["ensemble"], row["stream"], row["kind"], row["problems"]) for row in rows if row["problems"]]
    assert found == [("A", "a", "prop", {"bad": 1})]
    assert "done with a problem" not in ask("status")[1]


def test_status_prints_a_line_for_each_kind(ask: Command) -> None:
    code, out, err = ask("status")
    assert (code, err) == (0, "")
    lines = [line.split() for line in out.splitlines()]
    assert ["A", "a"] in lines
    assert ["prop", "2", "of", "8", "400.0", "kB", "1", "bad,", "5", "ready"] in lines


# -- list ------------------------------------------------------------------------------------------------------------

COLUMNS = ["ensemble", "stream", "configuration", "source", "path", "status", "size", "mtime", "problem", "blocked_by"]


def test_list_json_is_a_list_of_objects(ask: Command) -> None:
    code, out, err = ask("list", "prop", "--format", "json")
    assert (code, err) == (0, "")
    rows = json.loads(out)
    assert {tuple(row) for row in rows} == {tuple(COLUMNS)}
    assert len(rows) == 14
    by_path = {row["path"]: row for row in rows}
    here = {"ensemble": "A", "stream": "a", "configuration": 10, "source": "x0y1z2t3", "path": PROP}
    problem = "too small: 5 bytes, expected at least 1024"
    assert by_path[PROP] == here | {
        "status": "bad",
        "size": 5,
        "mtime": OLD_TIME,
        "problem": problem,
        "blocked_by": None,
    }
    assert by_path[OTHER_PROP].items() >= {"status": "ready", "size": None, "mtime": None, "blocked_by": None}.items()
    assert by_path["B_a/prop/5/prop_mq0.01_x0y1z2t3.lime"]["blocked_by"] == "cfg (1)"


def test_list_prints_one_path_a_line_or_comma_separated_values_or_a_table(ask: Command) -> None:
    assert ask("list", "cfg", "--format", "paths") == (
        0,
        "A_a/cfg/10.lime\nA_a/cfg/20.lime\nA_b/cfg/10.lime\nB_a/cfg/5.lime\n",
        "",
    )
    rows = list(csv.DictReader(io.StringIO(ask("list", "prop", "--format", "csv")[1])))
    assert list(rows[0]) == COLUMNS
    assert [row["size"] for row in rows if row["path"] in (PROP, OTHER_PROP)] == ["5", ""]
    lines = ask("list", "prop", "--status", "bad")[1].splitlines()
    assert lines[0].split() == COLUMNS
    assert lines[1].split()[:6] == ["A", "a", "10", "x0y1z2t3", PROP, "bad"]
    assert len(lines) == 2


@pytest.mark.parametrize(
    ("words", "count"),
    [
        (["configuration=10"], 8),
        (["configuration=5,20"], 6),
        (["configuration=5:20:5"], 14),
        (["configuration=5:19:5"], 10),
        (["configuration=10:20"], 12),
        (["ensemble=A", "stream=b"], 4),
        (["ensemble=A,B"], 14),
        (["source=x0y1z2t3"], 3),
        (["--status", "ready"], 5),
        (["--status", "ready,bad", "configuration=10"], 2),
        (["configuration=7"], 0),
        (["--path", PROP], 1),
    ],
)
def test_list_narrows_down_as_it_is_told(ask: Command, words: list[str], count: int) -> None:
    kind = [] if "--path" in words else ["prop"]
    for form in ("json", "paths", "csv", "table"):
        code, out, _ = ask("list", *kind, *words, "--format", form)
        assert code == 0
        found = len(json.loads(out)) if form == "json" else len(out.splitlines()) - (form in ("csv", "table"))
        assert found == count


# -- why -------------------------------------------------------------------------------------------------------------


def test_why_json_tells_status_problem_and_inputs(read_campaign: Read, command: Command) -> None:
    campaign = read_campaign()
    fill(campaign, "cfg")
    for path in paths_of(campaign, "prop")[:3]:
        put(campaign, path, at=OLD + HOUR)
    index(campaign)
    path = "A_a/seqprop/10/seqprop_proton_np_dt-3_Srcs2-3.lime"
    code, out, err = command("--campaign", campaign.path, "why", path, "--json")
    assert (code, err) == (0, "")
    answer = json.loads(out)
    assert answer.items() >= {"path": path, "status": "blocked", "problem": None, "blocked_by": "prop (1)"}.items()
    (group,) = answer["inputs"]
    assert (
        group.items()
        >= {
            "kind": "prop",
            "expected": 2,
            "status": {"done": 1, "ready": 1},
            "missing": ["A_a/prop/10/prop_mq0.01_x3y0z1t5.lime"],
        }.items()
    )
    assert [inner["kind"] for inner in group["inputs"]] == ["cfg"]


def test_why_shows_up_to_ten_paths_that_are_missing(read_campaign: Read, command: Command) -> None:
    wide = SMALL + '[kinds.all]\npath = "{ensemble}.h5"\nneeds = ["prop"]\n'
    campaign = read_campaign(kinds=wide)
    put(campaign, CFG)
    index(campaign)
    (group,) = json.loads(command("--campaign", campaign.path, "why", "A.h5", "--json")[1])["inputs"]
    assert (group["expected"], len(group["missing"])) == (12, 10)
    assert group["missing"] == paths_of(campaign, "prop")[:10]


def test_why_takes_names_or_a_path_from_the_root_or_from_here(
    indexed: Campaign, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = ("--campaign", indexed.path, "why")
    by_name = command(*here, "prop", "ensemble=A", "stream=a", "configuration=10", "source=x0y1z2t3")
    assert by_name[0] == 0
    assert PROP in by_name[1]
    assert "bad: on disk, but too small" in by_name[1]
    assert command(*here, PROP) == by_name
    assert command(*here, indexed.root / PROP) == by_name
    monkeypatch.chdir((indexed.root / PROP).parent)
    assert command(*here, PROP.rpartition("/")[2]) == by_name
    assert command(*here, f"./{PROP.rpartition('/')[2]}") == by_name


# -- bad questions ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["list", "propagator"], "'propagator' is not a kind; expected one of cfg, prop"),
        (["list", "prop", "colour=3"], "prop has no 'colour': expected one of ensemble, stream, configuration, source"),
        (["list", "prop", "configuration"], "'configuration': expected NAME=VALUE, with NAME one of ensemble"),
        (["list", "prop", "configuration="], "expected NAME=VALUE"),
        (
            ["list", "prop", "configuration=ten"],
            "configuration=ten: expected whole numbers, such as 300, 3,4 or 300:400:5",
        ),
        (["list", "prop", "configuration=1_0"], "configuration=1_0: expected whole numbers"),
        (["list", "prop", "configuration=20:10"], "expected start:end:step with end >= start"),
        (["list", "prop", "configuration=1:2:3:4"], "expected start:end:step"),
        (["list", "prop", "configuration=10", "configuration=20"], "configuration is given twice"),
        (["list", "prop", "ensemble=C"], "ensemble has no value 'C'; it has A, B"),
        (["list", "prop", "source=x1"], "source has no value 'x1'"),
        (
            ["list", "prop", "--status", "finished"],
            "'finished' is not a status; expected one of growing, bad, stale, done",
        ),
        (["list", "--path", "A_a/nothing"], "A_a/nothing: no expected artifact has this path"),
        (["list", "cfg", "--path", PROP], "a prop, not a cfg"),
        (["why", "propagator"], "'propagator' is not a kind; expected one of cfg, prop"),
        (["why", "A_a/nothing"], "no template of the campaign gives it"),
        (["why", "nothing.h5"], "no template of the campaign gives it"),
        (["why", "A_a/cfg/99.lime"], "it reads as a cfg, which is not expected"),
        (["why", "prop"], "prop: 14 artifacts agree with what was given, expected exactly one; ensemble, stream,"),
        (["why", "prop", "configuration=7"], "prop: 0 artifacts agree with what was given, expected exactly one"),
        (["status", "--by", "colour"], "'colour' is nothing to group by; expected some of "),
        (["status", "--by", ""], "'' is nothing to group by"),
        # what was probably meant
        (["list", "porp"], "expected one of cfg, prop; did you mean 'prop'?"),
        (
            ["list", "prop", "confguration=10"],
            "purgeable, id, perhaps with __in, __ge, __le, __ne; did you mean 'configuration'?",
        ),
        (["list", "prop", "--status", "redy"], "did you mean 'ready'?"),
        (["list", "prop", "source=x9y9z9t99"], "source has no value 'x9y9z9t99'; it has x0y1z2t3, x1y2z3t7"),
        (["status", "--by", "strem"], "did you mean 'stream'?"),
    ],
)
def test_a_bad_question_is_answered_in_one_line_that_says_what_is_allowed(
    indexed: Campaign, refused: Callable[..., str], words: list[str], message: str
) -> None:
    assert message in refused("--campaign", indexed.path, *words)


# -- bad files -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("folder", [".", "A_a", "pages"])
def test_pages_are_not_written_among_the_files_of_the_production(
    indexed: Campaign, refused: Callable[..., str], folder: str
) -> None:
    before = sorted(indexed.root.rglob("*"))
    out = indexed.root / folder
    message = refused("--campaign", indexed.path, "site", "--out", out)
    assert message.startswith(f"{out}: inside the root production of the campaign")
    assert sorted(indexed.root.rglob("*")) == before


def test_pages_are_written_into_no_folder_of_somebody_else(
    indexed: Campaign, command: Command, refused: Callable[..., str], tmp_path: Path
) -> None:
    here = ("--campaign", indexed.path, "site", "--out")
    assert "'A.lst' and no page of latteboard; name an empty folder" in refused(*here, indexed.path.parent)
    pages = tmp_path / "pages"
    pages.mkdir()
    (pages / ".gitkeep").touch()
    assert command(*here, pages)[0] == 0
    (pages / "notes.txt").touch()
    assert command(*here, pages)[0] == 0
    assert (pages / "notes.txt").exists()


QUESTIONS = [["index"], ["status"], ["list", "prop"], ["why", PROP], ["site", "--out", "/dev/null/pages"]]


@pytest.mark.parametrize("words", QUESTIONS, ids=lambda words: words[0])
def test_without_a_campaign_it_says_how_to_get_one(
    refused: Callable[..., str], tmp_path: Path, words: list[str]
) -> None:
    message = refused("--campaign", tmp_path / "none.toml", *words)
    assert message == (
        f"{tmp_path / 'none.toml'}: no such campaign file. Name one with --campaign, or write one with: latteboard init"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"[campaign\n", "not a TOML file: "),
        (b'name = "x"\xff\xfe', "not a TOML file: "),
        (b"\0", "not a TOML file: "),
        (b"a = " + b"[" * 5000, "not a TOML file: "),
        (b"a = 1\na = 2", "not a TOML file: "),
    ],
)
def test_a_broken_campaign_file_is_one_line(
    indexed: Campaign, complaint: Callable[..., str], text: bytes, message: str
) -> None:
    before = books(indexed)
    indexed.path.write_bytes(text)
    for words in QUESTIONS:
        answer = complaint(indexed, words)
        assert answer.startswith(f"{indexed.path}: ")
        assert message in answer
    assert books(indexed) == before


def test_all_that_is_wrong_in_a_campaign_is_told_a_line_each(indexed: Campaign, command: Command) -> None:
    indexed.path.write_text("[kinds]\n")
    for words in (QUESTIONS[0], QUESTIONS[-1]):
        code, out, err = command("--campaign", indexed.path, *words)
        assert (code, out) == (1, "")
        assert err == (
            f"latteboard: {indexed.path}: campaign: this key is missing\n"
            f"latteboard: {indexed.path}: ensembles: this key is missing\n"
            f"latteboard: {indexed.path}: kinds: expected more items, found {{}}\n"
        )


def test_a_list_that_cannot_be_read_is_one_line(indexed: Campaign, refused: Callable[..., str]) -> None:
    before = books(indexed)
    source_list = indexed.path.parent / "A.lst"
    here = ("--campaign", indexed.path, "index")
    with closed(source_list):
        assert "A.lst" in refused(*here)
    whole = source_list.read_text()
    for text, message in (("10 0 1 2\n", "line 1"), ("", "A.lst"), ("10 x 1 2 3\n", "line 1"), ("\0\0", "line 1")):
        source_list.write_text(text)
        answer = refused(*here)
        assert answer.startswith(f"{indexed.path}: ")
        assert message in answer
    source_list.write_bytes(b"10 0 1 2 3 \xff\xfe")
    assert "A.lst" in refused(*here)
    source_list.unlink()
    assert "A.lst" in refused(*here)
    source_list.mkdir()
    assert "A.lst" in refused(*here)
    source_list.rmdir()
    source_list.write_text(whole)
    assert books(indexed) == before


def test_a_campaign_file_without_permission_is_one_line(indexed: Campaign, complaint: Callable[..., str]) -> None:
    with closed(indexed.path):
        for words in QUESTIONS:
            assert complaint(indexed, words) == f"{indexed.path}: cannot be read: Permission denied"


@pytest.mark.parametrize("words", QUESTIONS[1:], ids=lambda words: words[0])
def test_before_the_first_index_it_says_so(campaign: Campaign, refused: Callable[..., str], words: list[str]) -> None:
    answer = refused("--campaign", campaign.path, *words)
    assert answer == f"{campaign.catalog}: there is no catalog yet. Make it with: latteboard index"


def other_catalog(path: Path, what: str) -> str:
    """Put something else into the place of the catalog; returns what should be said of it."""
    path.unlink()
    if what == "text":
        path.write_text("not a database" * 100)
        return "not a catalog: file is not a database; state another catalog in the campaign"
    with sqlite3.connect(path) as other:
        if what == "database":
            other.execute("create table recipe (cake text)")
        else:
            other.executescript("create table meta (key, value); create table kind (x); create table summary (x)")
            other.execute("insert into meta values ('schema', '999')")
    other.close()
    if what == "database":
        return "a database, but not a latteboard catalog; state another catalog in the campaign"
    return f"made by a newer latteboard (catalog version 999, this one reads {VERSION}): update latteboard"


@pytest.mark.parametrize("what", ["text", "database", "newer"])
def test_what_is_no_catalog_of_ours_is_one_line_and_left_alone(
    indexed: Campaign, refused: Callable[..., str], what: str
) -> None:
    path = Path(indexed.catalog)
    message = other_catalog(path, what)
    before = path.read_bytes()
    for words in QUESTIONS:
        assert refused("--campaign", indexed.path, *words) == f"{path}: {message}"
    assert path.read_bytes() == before


def test_a_catalog_in_a_folder_that_is_not_there_is_one_line(read_campaign: Read, refused: Callable[..., str]) -> None:
    campaign = read_campaign(('name  = "tiny"', 'name  = "tiny"\ncatalog = "books/2024/catalog.db"'), kinds=SMALL)
    put(campaign, CFG)
    assert "does not exist; create it" in refused("--campaign", campaign.path, "index")


# -- no permission, no space -----------------------------------------------------------------------------------------


def test_without_permission_to_write_it_is_one_line(
    indexed: Campaign, refused: Callable[..., str], tmp_path: Path
) -> None:
    before = books(indexed)
    (tmp_path / "pages").mkdir()
    with closed(tmp_path, 0o500), closed(tmp_path / "pages", 0o500):
        assert "Permission denied" in refused("--campaign", indexed.path, "index")
        assert "Permission denied" in refused("--campaign", indexed.path, "site", "--out", tmp_path / "pages")
        assert "Permission denied" in refused("--campaign", indexed.path, "site", "--out", tmp_path / "more")
        assert "Permission denied" in refused("init", tmp_path / "new")
        assert "Permission denied" in refused("demo", tmp_path / "demo", "--empty")
    with closed(tmp_path):
        for words in QUESTIONS[:3]:
            assert "Permission denied" in refused("--campaign", indexed.path, *words)
    assert books(indexed) == before


def test_a_catalog_without_permission_is_one_line_that_says_so(indexed: Campaign, refused: Callable[..., str]) -> None:
    path = Path(indexed.catalog)
    before = path.read_bytes()
    with closed(path):
        for words in QUESTIONS[1:]:
            assert "unable to open database file: Permission denied" in refused("--campaign", indexed.path, *words)
    assert path.read_bytes() == before


@pytest.mark.parametrize("size", [0, 40_000])
def test_a_disk_that_is_full_at_the_first_index_is_one_line(campaign: Campaign, size: int) -> None:
    done = spawn("--campaign", campaign.path, "index", preexec_fn=full_disk(size))
    assert (done.returncode, done.stdout) == (1, "")
    assert "nothing was changed" in the_line(done.stderr)
    assert index(campaign).found == 5


def test_a_disk_that_is_full_later_is_one_line_and_nothing_is_lost(indexed: Campaign) -> None:
    before = books(indexed)
    for path in paths_of(indexed, "prop"):
        put(indexed, path)
    done = spawn("--campaign", indexed.path, "index", preexec_fn=full_disk(30_000))
    assert (done.returncode, done.stdout) == (1, "")
    assert "nothing was changed" in the_line(done.stderr)
    assert books(indexed) == before
    assert index(indexed).changed == 12


@pytest.mark.parametrize("words", [["list", "prop", "--format", "paths"], ["status"], ["--help"]])
def test_output_that_finds_no_space_is_one_line(indexed: Campaign, words: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        done = spawn("--campaign", indexed.path, *words, stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 1
    assert "No space left on device" in the_line(done.stderr)


def test_output_that_nobody_reads_any_longer_is_no_error_to_speak_of(indexed: Campaign) -> None:
    command = [*script("from latteboard.cli import main\nmain()"), "--campaign", str(indexed.path), "list", "prop"]
    reader = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert reader.stdout is not None
    reader.stdout.close()
    assert reader.stderr is not None
    assert reader.stderr.read() == ""
    reader.stderr.close()
    assert reader.wait() == 1


def test_why_says_what_the_status_means(ask: Command) -> None:
    assert f"ready: {RULES[Status.ready]}" in ask("why", OTHER_PROP)[1]
