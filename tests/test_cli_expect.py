"""``latteboard expect``: what a campaign expects, before there is a catalog; compared with what can be counted by hand."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from disk import CFG, PROP, SMALL, index, put, run

from latteboard.campaign import Campaign

Command = Callable[..., tuple[int, str, str]]
Read = Callable[..., Campaign]


@pytest.fixture
def campaign(read_campaign: Read) -> Campaign:
    """Four configurations and fourteen propagators, of which one of each is there."""
    campaign = read_campaign(kinds=SMALL)
    put(campaign, CFG)
    put(campaign, PROP)
    return campaign


@pytest.fixture
def expect(campaign: Campaign, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """Exit code, output and errors of the command."""
    return lambda *words: run(capfd, monkeypatch, "--campaign", campaign.path, "expect", *words)


@pytest.fixture
def kinds(expect: Command) -> Callable[..., dict[str, Any]]:
    """The kinds in the machine-readable answer, by name."""

    def ask(*words: object) -> dict[str, Any]:
        code, out, err = expect(*words, "--json")
        assert (code, err) == (0, "")
        return {kind["kind"]: kind for kind in json.loads(out)["kinds"]}

    return ask


def test_it_says_what_each_kind_has_and_touches_no_catalog(expect: Command, campaign: Campaign) -> None:
    code, out, err = expect()
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        f"{campaign.name}: 18 artifacts of 2 kinds",
        "",
        "cfg: 4 expected, by ensemble, stream, configuration",
        "  first A_a/cfg/10.lime",
        "  last  B_a/cfg/5.lime",
        f"  on disk: 1 of 1 name match in {campaign.root}/A_a/cfg",
        "",
        "prop: 14 expected, by ensemble, stream, configuration, source",
        f"  first {PROP}",
        "  last  B_a/prop/5/prop_mq0.01_x5y4z3t11.lime",
        "  one needs 1 cfg: A_a/cfg/10.lime",
        f"  on disk: 1 of 1 name match in {campaign.root}/A_a/prop/10",
    ]
    assert not Path(campaign.catalog).exists()


def test_the_machine_readable_form_has_its_keys(expect: Command, campaign: Campaign) -> None:
    answer = json.loads(expect("--json")[1])
    assert list(answer) == ["campaign", "roots", "kinds", "lacking", "ranges", "not_acted_on"]
    assert answer["roots"] == [{"root": "production", "there": True}]
    (prop,) = (kind for kind in answer["kinds"] if kind["kind"] == "prop")
    assert prop == {
        "kind": "prop",
        "description": None,
        "coordinates": ["ensemble", "stream", "configuration", "source"],
        "expected": 14,
        "first": PROP,
        "last": "B_a/prop/5/prop_mq0.01_x5y4z3t11.lime",
        "needs": [{"kind": "cfg", "number": 1, "first": CFG}],
        "folder": {
            "path": f"{campaign.root}/A_a/prop/10",
            "missing": "",
            "names": 1,
            "matching": 1,
            "others": 0,
            "left_out": 0,
            "near": [],
        },
    }


@pytest.mark.parametrize(
    ("words", "expected", "first"),
    [
        (["prop", "configuration=10"], 8, PROP),
        (["prop", "configuration=15:25:5"], 4, "A_a/prop/20/prop_mq0.01_x0y0z0t0.lime"),
        (["prop", "ensemble=B"], 2, "B_a/prop/5/prop_mq0.01_x0y1z2t3.lime"),
        (["prop", "source=x0y1z2t3"], 3, PROP),
        (["prop", "configuration=7"], 0, None),
        (["cfg", "stream=b", "configuration=10,20"], 1, "A_b/cfg/10.lime"),
    ],
)
def test_it_is_narrowed_as_lists_are(
    kinds: Callable[..., dict[str, Any]], words: list[str], expected: int, first: str | None
) -> None:
    (kind,) = kinds(*words).values()
    assert (kind["expected"], kind["first"]) == (expected, first)


def test_without_a_kind_conditions_choose_the_kinds_that_have_them(kinds: Callable[..., dict[str, Any]]) -> None:
    assert {name: kind["expected"] for name, kind in kinds("configuration=10").items()} == {"cfg": 2, "prop": 8}
    assert {name: kind["expected"] for name, kind in kinds("source=x0y1z2t3").items()} == {"prop": 3}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["porp"], "'porp' is not a kind; expected one of cfg, prop; did you mean 'prop'?"),
        (["prop", "cfg"], "prop cfg: expected one kind, and NAME=VALUE"),
        (
            ["prop", "confguration=10"],
            "there is no 'confguration'; expected one of ensemble, stream, configuration, source; did",
        ),
        (["prop", "ensemble=C"], "ensemble has no value 'C'; it has A, B"),
        (["prop", "configuration=ten"], "configuration=ten: expected whole numbers"),
    ],
)
def test_what_is_not_there_is_named(expect: Command, words: list[str], said: str) -> None:
    code, out, err = expect(*words)
    assert (code, out) == (1, "")
    assert err.startswith(f"latteboard: {said}")
    assert err.count("\n") == 1


def test_one_artifact_needs_the_inputs_that_the_campaign_ties_to_it(read_campaign: Read, expect: Command) -> None:
    campaign = read_campaign()
    found = {kind["kind"]: kind for kind in json.loads(expect("--json")[1])["kinds"]}
    needs = {name: {need["kind"]: need["number"] for need in kind["needs"]} for name, kind in found.items()}
    assert needs.keys() == campaign.kinds.keys()
    average = found["average"]
    assert needs["average"] == {"formfac_4D": 2}
    assert average["needs"][0]["first"] == found["formfac_4D"]["first"]


def test_names_that_nearly_match_are_set_beside_those_expected(
    kinds: Callable[..., dict[str, Any]], expect: Command, campaign: Campaign
) -> None:
    put(campaign, "A_a/prop/10/prop_mq0.010_x1y2z3t7.lime")
    put(campaign, "A_a/prop/10/notes")
    folder = kinds("prop")["prop"]["folder"]
    near = [{"name": "prop_mq0.010_x1y2z3t7.lime", "expected": "prop_mq0.01_x1y2z3t7.lime"}]
    assert (folder["names"], folder["matching"], folder["near"]) == (3, 1, near)
    lines = expect("prop")[1].splitlines()
    assert lines[-2:] == ["    there is   prop_mq0.010_x1y2z3t7.lime", "    expected   prop_mq0.01_x1y2z3t7.lime"]


def test_folders_that_are_artifacts_are_compared_too_and_what_is_left_out_is_told(
    read_campaign: Read, kinds: Callable[..., dict[str, Any]], expect: Command
) -> None:
    campaign = read_campaign(
        kinds='[kinds.eig]\npath = "{ensemble}_{stream}/eig/{configuration:04d}/"\nfiles = 1\n'
        '[[leave_out]]\nensemble = "A"\nconfiguration = 20\nreason = "exceptional"\n'
    )
    for name in ("0010", "0020", "010"):
        put(campaign, f"A_a/eig/{name}/v0.bin")
    folder = kinds("eig")["eig"]["folder"]
    assert (folder["names"], folder["matching"], folder["left_out"]) == (3, 1, 1)
    assert folder["near"] == [{"name": "010", "expected": "0010"}]
    assert f"on disk: 1 of 3 names match, 1 left out in {campaign.root}/A_a/eig" in expect("eig")[1]


def test_files_of_other_kinds_are_no_near_names(read_campaign: Read, kinds: Callable[..., dict[str, Any]]) -> None:
    campaign = read_campaign(
        kinds="".join(f'[kinds.{n}]\npath = "{{ensemble}}_{{stream}}/{n}_{{configuration}}"\n' for n in ("one", "two"))
    )
    for name in ("one_10", "two_10", "two_20"):
        put(campaign, f"A_a/{name}")
    folder = kinds("one")["one"]["folder"]
    assert (folder["names"], folder["matching"], folder["others"], folder["near"]) == (3, 1, 2, [])


def test_a_folder_that_is_not_there_is_named_with_what_is_there_instead(
    kinds: Callable[..., dict[str, Any]], expect: Command, campaign: Campaign
) -> None:
    (campaign.root / "A_a" / "prop").rename(campaign.root / "A_a" / "props")
    folder = kinds("prop")["prop"]["folder"]
    assert (folder["path"], folder["missing"]) == (f"{campaign.root}/A_a", "prop/10")
    assert folder["near"] == [{"name": "props", "expected": "prop"}]
    assert f"  on disk: {campaign.root}/A_a has no prop/10" in expect("prop")[1].splitlines()


def test_without_a_root_names_are_not_compared(expect: Command, campaign: Campaign) -> None:
    campaign.root.rename(campaign.root.with_name("away"))
    code, out, err = expect()
    assert (code, err) == (0, "")
    assert out.splitlines()[1] == "the root production is not there: names on disk are not compared"
    assert "on disk:" not in out


def test_what_is_accepted_and_not_acted_on_is_said_by_it_and_by_an_index(read_campaign: Read, expect: Command) -> None:
    campaign = read_campaign(kinds=f'{SMALL}logs = "log/{{configuration}}"\n[watch]\nafter = ["echo"]\n')
    line = "accepted, and not acted on by this version: watch, kinds.prop.logs"
    assert expect()[1].splitlines()[-1] == line
    assert index(campaign, accept_empty=True).notices == [line]
    assert index(campaign, accept_empty=True).notices == []


def test_a_campaign_with_errors_tells_all_of_them(expect: Command, campaign: Campaign) -> None:
    campaign.path.write_text(campaign.path.read_text().replace('needs     = ["cfg"]', 'needs = ["cgf"]\nmin_byte = 3'))
    code, out, err = expect()
    assert (code, out) == (1, "")
    assert "kinds.prop.min_byte: " in err


def test_streams_that_share_a_folder_are_compared_together(
    read_campaign: Read, kinds: Callable[..., dict[str, Any]]
) -> None:
    campaign = read_campaign(kinds='[kinds.log]\npath = "logs/{ensemble}{stream}{configuration}.log"\n')
    put(campaign, "logs/Ab10.lg")
    assert kinds("log")["log"]["folder"]["near"] == [{"name": "Ab10.lg", "expected": "Ab10.log"}]


def test_a_name_that_nearly_matches_is_set_beside_any_of_its_kind(
    read_campaign: Read, kinds: Callable[..., dict[str, Any]]
) -> None:
    campaign = read_campaign(kinds='[kinds.log]\npath = "logs/{ensemble}{stream}{configuration}.log"\n')
    put(campaign, "logs/Ab10.lg")
    narrowed = kinds("log", "ensemble=A", "stream=a")["log"]
    assert (narrowed["expected"], narrowed["folder"]["near"]) == (2, [{"name": "Ab10.lg", "expected": "Ab10.log"}])
