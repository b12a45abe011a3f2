"""The command line where artifacts are below several roots and under several names."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from disk import age_all, index, put, run

from latteboard.campaign import Campaign

KINDS = """
[kinds.cfg]
path  = "{ensemble}_{stream}/cfg/{configuration}.lime"
also  = ["configs/{ensemble}_{stream}/ckpoint.{configuration}"]
given = true
"""
CFG, ALSO = "A_a/cfg/10.lime", "configs/A_a/ckpoint.10"

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def campaign(read_campaign: Callable[..., Campaign], tmp_path: Path) -> Campaign:
    """Three configurations on two roots, of which one is stated as an absolute path."""
    campaign = read_campaign(('root  = "production"', f'root  = ["fast", "{tmp_path}/slow"]'), kinds=KINDS)
    put(campaign, ALSO, root=1)
    put(campaign, "A_a/cfg/20.lime")
    put(campaign, "A_a/cfg/20.lime", root=1)
    put(campaign, "B_a/cfg/5.lime", root=1)
    for root in campaign.roots:
        age_all(root.path)
    index(campaign)
    return campaign


@pytest.fixture
def command(campaign: Campaign, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run a command on the campaign."""
    return lambda *words: run(capfd, monkeypatch, "--campaign", campaign.path, *words)


def test_lists_have_the_root_as_the_campaign_states_it(command: Command, tmp_path: Path) -> None:
    slow = f"{tmp_path}/slow"
    _, out, _ = command("list", "cfg", "--format", "json")
    assert [(row["path"], row["root"], row["status"]) for row in json.loads(out)] == [
        (ALSO, slow, "done"),
        ("A_a/cfg/20.lime", "fast", "done"),
        ("A_b/cfg/10.lime", "fast", "blocked"),
        ("B_a/cfg/5.lime", slow, "done"),
    ]
    _, out, _ = command("list", "cfg", "ensemble=A", "stream=a", "--format", "csv")
    assert out.splitlines()[0] == "ensemble,stream,configuration,path,root,status,size,mtime,problem,blocked_by"
    assert out.splitlines()[1].startswith(f"A,a,10,{ALSO},{slow},done,")
    assert out.splitlines()[2].endswith(f",also at {slow}/" + "{ensemble}_{stream}/cfg/{configuration}.lime,")
    _, out, _ = command("list", "cfg")
    assert out.splitlines()[0].split()[3:6] == ["path", "root", "status"]


def test_a_list_may_be_of_one_root(command: Command, tmp_path: Path) -> None:
    assert (
        command("list", "cfg", "root=fast", "--status", "done", "--format", "paths")[1]
        == f"{tmp_path}/fast/A_a/cfg/20.lime\n"
    )
    assert len(command("list", "cfg", f"root=fast,{tmp_path}/slow", "--format", "paths")[1].splitlines()) == 4
    code, _, err = command("list", "cfg", "root=third")
    assert (code, err) == (1, f"latteboard: 'third' is not a root; expected one of fast, {tmp_path}/slow\n")


def test_paths_are_absolute_where_there_are_several_roots(command: Command, tmp_path: Path) -> None:
    _, out, _ = command("list", "cfg", "--format", "paths")
    paths = [
        f"{tmp_path}/{path}"
        for path in (f"slow/{ALSO}", "fast/A_a/cfg/20.lime", "fast/A_b/cfg/10.lime", "slow/B_a/cfg/5.lime")
    ]
    assert out.splitlines() == paths


@pytest.mark.parametrize("below", ["", "fast/", "slow/", "{tmp}/fast/", "{tmp}/slow/", "../{name}/slow/", "link/"])
@pytest.mark.parametrize("path", [CFG, ALSO])
def test_why_and_list_take_any_path_of_an_artifact(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, below: str, path: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "link").symlink_to("slow")
    stated = below.format(tmp=tmp_path, name=tmp_path.name) + path
    code, out, _ = command("why", stated, "--json")
    told = json.loads(out)
    assert (code, told["path"], told["root"], told["status"]) == (0, ALSO, f"{tmp_path}/slow", "done")
    code, out, _ = command("list", "--path", stated, "--format", "paths")
    assert (code, out) == (0, f"{tmp_path}/slow/{ALSO}\n")


def test_a_path_with_the_root_as_it_is_stated_is_taken_from_anywhere(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("/")
    assert command("why", f"fast/{CFG}")[0] == 0


def test_why_says_below_which_root_an_artifact_is(command: Command, tmp_path: Path) -> None:
    _, out, _ = command("why", CFG)
    assert out.splitlines()[0] == f"{ALSO}  (below {tmp_path}/slow)"


def test_a_path_of_no_artifact_is_refused_with_all_roots(command: Command, tmp_path: Path) -> None:
    code, _, err = command("why", "A_a/cfg/11.lime")
    assert code == 1
    assert err == (
        f"latteboard: A_a/cfg/11.lime: no expected artifact has this path (relative to {tmp_path}/fast, {tmp_path}/slow): "
        "it reads as a cfg, which is not expected\n"
    )


def test_an_index_says_which_root_a_folder_is_below(command: Command, campaign: Campaign) -> None:
    loop = campaign.roots[1].path / "B_a/cfg"
    loop.rename(loop.with_name("elsewhere"))
    loop.symlink_to("nowhere")
    code, _, err = command("index")
    assert code == 1
    assert err.startswith(f"latteboard: {loop}: a link that leads nowhere")


def test_one_root_shows_no_root(read_campaign: Callable[..., Campaign], command: Command) -> None:
    one = read_campaign(kinds=KINDS, lists={})
    put(one, ALSO)
    index(one, accept_empty=True)
    _, out, _ = command("list", "cfg", "configuration=10", "stream=a", "--format", "json")
    assert "root" not in json.loads(out)[0]
    assert json.loads(out)[0]["path"] == ALSO
    assert command("list", "cfg", "configuration=10", "stream=a", "--format", "paths")[1] == f"{ALSO}\n"
    assert "root" not in json.loads(command("why", CFG, "--json")[1])
    assert "cfg has no 'root'" in command("list", "cfg", "root=production")[2]
