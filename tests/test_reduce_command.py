"""The command ``reduce``: the chain in one call, plans, what it prints, how it ends."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import h5py
import pytest
from disk import HOUR, HOUSE, index, kept, query, run, spawn, status, statuses

from latteboard.campaign import Campaign
from latteboard.cli.progress import show_failures
from latteboard.demo import write_demo
from latteboard.demo.files import Writer
from latteboard.demo.options import Options
from latteboard.demo.progress import artifacts
from latteboard.files import atomic
from reducer.hdf5.diff import compare
from reducer.tasks.plan_file import read_plan

Ask = Callable[..., tuple[int, str, str]]

# What is reduced of the demo here, in the order of the production: of its second ensemble, two streams of two configurations.
REDUCED = {
    "spec_4D_tslice": 8,
    "spec_4D_tslice_avg": 4,
    "formfac_4D_tslice": 16,
    "formfac_4D_tslice_src_avg": 8,
    "spec_momentum": 1,
    "formfac_cat": 6,
    "formfac_momentum": 4,
}
TOTAL = sum(REDUCED.values())
SLICES = ("spec_4D_tslice", "formfac_4D_tslice")
ONLY = {"formfac_cat": ', particle = ["proton"], flavor_spin = ["UU_up_up"]'}


@pytest.fixture
def campaign(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Campaign:
    """A small demo in which every correlator is there and whole, indexed; nothing is reduced."""

    def make() -> Campaign:
        write_demo(tmp_path / "demo", configurations=2, L=4, T=8)
        file = tmp_path / "demo" / "campaign.toml"
        text = file.read_text()
        for kind in REDUCED:
            only = f'only = {{ ensemble = ["d15m400"]{ONLY.get(kind, "")} }}'
            text = text.replace(f"[kinds.{kind}]", f"[kinds.{kind}]\n{only}")
        file.write_text(text)
        campaign = Campaign.read(file)
        writer = Writer(campaign, Options(configurations=2, L=4, T=8, empty=False, seed=20240229))
        an_hour_ago = time.time_ns() - HOUR  # later than what they are made from
        for artifact in artifacts(campaign):
            if artifact.kind.name in ("spec_4D", "formfac_4D") and artifact.coordinates["ensemble"] == "d15m400":
                writer.write(artifact, an_hour_ago)
        now_index(campaign)
        return campaign

    return kept("chain", tmp_path_factory, tmp_path / "demo", make)


@pytest.fixture
def reduced(campaign: Campaign, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Campaign:
    """The same with everything made."""

    def make() -> Campaign:
        assert spawn("--campaign", campaign.path, "reduce", "--jobs", 1).returncode == 0
        return campaign

    return kept("reduced", tmp_path_factory, tmp_path / "demo", make)


def now_index(campaign: Campaign) -> None:
    index(campaign, at=time.time_ns())


@pytest.fixture
def ask(campaign: Campaign, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Ask:
    """The command on this campaign, one output at a time: exit code, output, errors."""

    def ask(*words: object, jobs: int = 1) -> tuple[int, str, str]:
        options = () if {"--plan", "--dry-run"} & set(words) else ("--jobs", jobs)
        return run(capfd, monkeypatch, "--campaign", campaign.path, "reduce", *options, *words)

    return ask


def counts(campaign: Campaign, word: str) -> dict[str, int]:
    """How many outputs of each reduced kind have a status."""
    found = {kind: list(statuses(campaign, kind).values()).count(word) for kind in REDUCED}
    return {kind: number for kind, number in found.items() if number}


def touch(campaign: Campaign, path: str) -> None:
    """Give a file another time, as if it had been made again."""
    now = time.time_ns()
    os.utime(campaign.root / path, ns=(now, now - HOUR // 2))


def first(campaign: Campaign, kind: str) -> str:
    """The first file of a kind in the second ensemble."""
    return min(path for path in statuses(campaign, kind) if path.startswith("d15m400_a"))


def complaints(err: str) -> list[str]:
    """The lines on standard error but for those that tell how far it has come, which a slow machine prints."""
    return [line for line in err.splitlines() if not re.fullmatch(r"[\d,]+ of [\d,]+ outputs, .* left", line)]


# -- the chain -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("jobs", [1, 2])
def test_the_whole_chain_is_made_in_one_call_and_known_at_once(campaign: Campaign, ask: Ask, jobs: int) -> None:
    code, out, err = ask("--json", jobs=jobs)
    assert (code, complaints(err)) == (0, [])
    report = json.loads(out)
    assert (report["made"], report["skipped"], report["failed"], report["stopped"]) == (TOTAL, 0, [], False)
    assert counts(campaign, "done") == REDUCED
    sizes = [size for kind in REDUCED for (size,) in query(campaign, f"select size from {kind}")]
    assert report["bytes_written"] == sum(sizes)
    (path,) = statuses(campaign, "spec_momentum")
    with h5py.File(campaign.root / path) as file:
        assert file["configurations"][:].tolist() == [200, 205, 400, 405]
        assert file["streams"].asstr()[:].tolist() == ["a", "a", "b", "b"]


def test_to_reduce_again_does_nothing_and_says_so(reduced: Campaign, ask: Ask) -> None:
    before = {path: path.stat().st_mtime_ns for path in reduced.root.rglob("*.h5")}
    code, out, err = ask()
    assert (code, err) == (0, "")
    assert re.match(rf"nothing is ready to be made; {TOTAL} are done \(as of 20", out)
    assert {path: path.stat().st_mtime_ns for path in reduced.root.rglob("*.h5")} == before


def test_only_what_is_named_is_made(campaign: Campaign, ask: Ask) -> None:
    code, out, _ = ask("spec_4D_tslice", "spec_momentum", "ensemble=d15m400")
    assert code == 0
    assert out.startswith("8 made, 0 there already, 0 failed; ")
    assert counts(campaign, "done") == {"spec_4D_tslice": 8}


# -- failures ------------------------------------------------------------------------------------------------------------


def damaged(campaign: Campaign) -> str:
    """Spoil a correlator so that its size and time tell nothing; its path."""
    path = first(campaign, "formfac_4D")
    before = (campaign.root / path).stat()
    os.truncate(campaign.root / path, before.st_size // 2)
    os.truncate(campaign.root / path, before.st_size)
    os.utime(campaign.root / path, ns=(before.st_mtime_ns, before.st_mtime_ns))
    return path


def test_a_damaged_input_is_one_line_and_the_rest_is_made(campaign: Campaign, ask: Ask) -> None:
    path = damaged(campaign)
    code, out, err = ask("--json")
    assert code == 1
    report = json.loads(out)
    (failure,) = report["failed"]
    assert failure["path"] == path.replace("formfac_4D", "formfac_4D_tslice")
    assert path in failure["reason"]
    assert complaints(err) == [f"{failure['path']}: {failure['reason']}"]
    lacking = {"formfac_4D_tslice": 1, "formfac_4D_tslice_src_avg": 1, "formfac_cat": 3, "formfac_momentum": 1}
    assert report["made"] == TOTAL - sum(lacking.values())
    assert counts(campaign, "blocked") == lacking  # by the damaged file, which is known to be bad from now on
    assert status(campaign, path) == "bad"
    assert json.loads(ask("--json")[1])["failed"] == []


def test_many_failures_for_one_reason_are_few_lines_and_a_count(campaign: Campaign, ask: Ask) -> None:
    for kind in SLICES:
        for path in statuses(campaign, kind):  # a folder in the way
            (campaign.root / path).mkdir(parents=True)
    code, _, err = ask("--json")
    assert code == 1
    told = complaints(err)
    assert [line.partition(": ")[2][:6] for line in told[:3]] == ["exists"] * 3
    assert told[3:] == ["21 more: exists and is not ours: it has no mark of latteboard; move it away"]


def test_many_failures_are_twenty_lines_and_a_count(capsys: pytest.CaptureFixture[str]) -> None:
    show_failures((f"{number}.h5", f"reason {number}") for number in range(30))
    told = capsys.readouterr().err.splitlines()
    assert told == [*(f"{number}.h5: reason {number}" for number in range(20)), "10 more failed"]


def test_what_failed_cannot_command_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    show_failures([("a\x1b[31m.h5", "bad\nname")])
    assert capsys.readouterr().err == "a\\x1b[31m.h5: bad\\nname\n"


def lines_of_status(campaign: Campaign, kind: str) -> list[str]:
    """The lines of ``status`` about a kind."""
    done = spawn("--campaign", campaign.path, "status")
    return [line for line in done.stdout.splitlines() if re.match(rf"{kind}\b", line)]


def test_what_lacks_configurations_is_joined_if_that_is_allowed_and_completed_later(
    campaign: Campaign, ask: Ask
) -> None:
    path = next(path for path in statuses(campaign, "spec_4D") if path.startswith("d15m400_b") and "405" in path)
    (campaign.root / path).rename(campaign.root / "hidden")
    now_index(campaign)
    assert ask("spec_4D_tslice", "spec_4D_tslice_avg", "spec_momentum")[0] == 0
    (joined,) = statuses(campaign, "spec_momentum")
    assert status(campaign, joined) == "blocked"
    assert ask("spec_momentum", "--allow-missing")[0] == 0
    told = query(campaign, "select status, problem from spec_momentum where path = ?", joined)
    assert told == [("done", "3 of 4 configurations")]
    row, line = lines_of_status(campaign, "spec_momentum")
    assert re.fullmatch(r"spec_momentum +1 +of 1 +\S+ kB +1 done with a problem", row)
    assert line == (
        'spec_momentum: 1 done with a problem, such as "3 of 4 configurations"; '
        "see: latteboard list spec_momentum --status done"
    )
    (campaign.root / "hidden").rename(campaign.root / path)
    now_index(campaign)
    assert ask("spec_4D_tslice", "spec_4D_tslice_avg", "spec_momentum")[0] == 0
    assert status(campaign, joined) == "stale"
    assert ask("spec_momentum", "--stale")[0] == 0
    assert query(campaign, "select status, problem from spec_momentum where path = ?", joined) == [("done", None)]
    with h5py.File(campaign.root / joined) as file:
        assert file["configurations"][:].tolist() == [200, 205, 400, 405]


def test_what_is_stale_is_made_again_down_the_chain_only_if_asked_for(reduced: Campaign, ask: Ask) -> None:
    touch(reduced, first(reduced, "spec_4D"))
    now_index(reduced)
    assert counts(reduced, "stale") == {"spec_4D_tslice": 1}
    assert "1 are stale: --stale makes them again" in ask()[1]
    code, out, _ = ask("--stale")
    assert code == 0
    assert out.startswith("3 made, ")  # its slice, its average, its file of momenta
    assert counts(reduced, "done") == REDUCED


# -- plans ---------------------------------------------------------------------------------------------------------------


def test_a_plan_carried_out_in_shards_gives_what_a_plain_run_gives(
    campaign: Campaign, ask: Ask, tmp_path: Path
) -> None:
    plan = tmp_path / "plan.gz"
    code, out, err = ask(*SLICES, "--plan", plan)
    assert (code, err) == (0, "")
    assert out.startswith(f"24 outputs planned; make them with: latteboard reduce --from {plan}\n")
    assert counts(campaign, "done") == {}
    catalog = Path(campaign.catalog)
    hidden = catalog.rename(tmp_path / "hidden.db")
    campaign.path.rename(tmp_path / "hidden.toml")
    made = 0
    for number in range(3):
        done = spawn("reduce", "--from", plan, "--shard", f"{number}/3", "--json", "--jobs", 1 + number % 2)
        assert (done.returncode, complaints(done.stderr)) == (0, [])
        made += json.loads(done.stdout)["made"]
    assert made == 24
    hidden.rename(catalog)
    (tmp_path / "hidden.toml").rename(campaign.path)
    assert counts(campaign, "done") == {}  # until somebody indexes
    in_shards = {path: (campaign.root / path).rename(tmp_path / Path(path).name) for path in slices(campaign)}
    now_index(campaign)
    assert ask(*SLICES)[0] == 0
    for path, other in in_shards.items():
        assert compare(campaign.root / path, other, attributes=False) == []


def slices(campaign: Campaign) -> list[str]:
    return [path for kind in SLICES for path in statuses(campaign, kind)]


def test_a_plan_carried_out_twice_finds_everything_there(campaign: Campaign, ask: Ask, tmp_path: Path) -> None:
    ask("spec_4D_tslice", "--plan", tmp_path / "plan")
    assert ask("--from", tmp_path / "plan")[1].startswith("8 made, 0 there already, 0 failed; ")
    assert ask("--from", tmp_path / "plan")[1].startswith("0 made, 8 there already, 0 failed; 0 B read, 0 B written")


def test_a_plan_of_nothing_is_a_plan(campaign: Campaign, ask: Ask, tmp_path: Path) -> None:
    code, out, _ = ask("formfac_cat", "--plan", tmp_path / "plan")
    assert (code, len(read_plan(tmp_path / "plan"))) == (0, 0)
    assert "nothing is ready to be made; 6 wait for inputs" in out
    assert ask("--from", tmp_path / "plan")[:2] == (0, "the plan is empty\n")


def test_an_input_that_changed_since_it_was_planned_is_refused(campaign: Campaign, ask: Ask, tmp_path: Path) -> None:
    ask("spec_4D_tslice", "--plan", tmp_path / "plan")
    touch(campaign, first(campaign, "spec_4D"))
    code, out, err = ask("--from", tmp_path / "plan")
    assert (code, out[:7]) == (1, "7 made,")
    assert "changed since this was planned" in err


# -- what it would cost --------------------------------------------------------------------------------------------------


def test_a_dry_run_says_what_it_costs_and_writes_nothing(campaign: Campaign, ask: Ask) -> None:
    before = sorted(campaign.path.parent.rglob("*"))
    code, out, err = ask("--dry-run")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0].split() == ["kind", "outputs", "inputs", "to", "read", "to", "write"]
    assert [line.split()[:3] for line in lines[1:3]] == [
        ["spec_4D_tslice", "8", "8"],
        ["formfac_4D_tslice", "16", "16"],
    ]
    assert lines[3] == (
        "afterwards perhaps: spec_4D_tslice_avg, formfac_4D_tslice_src_avg, spec_momentum, formfac_cat, formfac_momentum"
    )
    assert sorted(campaign.path.parent.rglob("*")) == before


def test_what_a_dry_run_foretells_is_what_is_read(campaign: Campaign, ask: Ask) -> None:
    foretold = json.loads(ask("--dry-run", "--json", *SLICES)[1])["kinds"]
    made = json.loads(ask("--json", *SLICES)[1])
    assert sum(kind["bytes_read"] for kind in foretold) == made["bytes_read"]
    written = sum(kind["bytes_written"] for kind in foretold)
    assert written < made["bytes_written"] < 2 * written + 24 * 20_000  # numbers, and what a file has beside them


# -- wrong usage ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--engine", "mpi"], "not in this version"),
        (["--engine", "dask"], "not in this version"),
        (["--engine", "magic"], "magic"),
        (["--engine", "serial", "--jobs", "2"], "one output at a time"),
        (["--jobs", "0"], "--jobs"),
        (["--shard", "0/2"], "goes with --from"),
        (["--from", "plan", "--shard", "2/2"], "from 0 to N-1"),
        (["--from", "plan", "--shard", "1"], "from 0 to N-1"),
        (["--from", "plan", "--shard", "-1/2"], "from 0 to N-1"),
        (["--from", "plan", "--stale"], "--from says"),
        (["--from", "plan", "--allow-missing"], "--from says"),
        (["--from", "plan", "spec_momentum"], "--from says"),
        (["--from", "plan", "--plan", "other"], "--from says"),
        (["--plan", "plan", "--dry-run"], "choose one"),
        (["--plan", "plan", "--allow-nan"], "goes with --from"),
    ],
)
def test_options_that_make_no_sense_are_wrong_usage(
    words: list[str], says: str, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, out, err = run(capfd, monkeypatch, "reduce", *words)
    assert (code, out) == (2, "")
    assert says in err.splitlines()[-1]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["prop"], "'prop' has no recipe; those that have one: spec_4D_tslice, "),
        (["spec_momentum", "configuration=100"], "spec_momentum has no 'configuration'"),
        (["spec_4D_tslice", "configuration=x"], "expected whole numbers"),
        (["--from", "nowhere"], "nowhere: the plan cannot be read: No such file or directory"),
    ],
)
def test_a_question_without_meaning_is_one_clear_line(ask: Ask, words: list[str], says: str) -> None:
    code, out, err = ask(*words)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert err.startswith("latteboard: ")
    assert says in err


def test_a_campaign_that_changed_must_be_indexed_first(campaign: Campaign, ask: Ask) -> None:
    campaign.path.write_text(campaign.path.read_text().replace("max_momentum = 1", "max_momentum = 2"))
    code, out, err = ask()
    assert (code, out) == (1, "")
    assert err.endswith("the campaign changed since the last index; run: latteboard index\n")


# -- stopping ------------------------------------------------------------------------------------------------------------

SLOWLY = """
import time
import reducer.running.run
made = reducer.running.run.make
def slowly(task, root, **options):
    time.sleep(0.2)
    return made(task, root, **options)
reducer.running.run.run.__kwdefaults__['carry_out'] = slowly
from latteboard.cli import main
sys.argv[0] = 'latteboard'
main()
"""


def test_a_signal_leaves_whole_outputs_a_right_catalog_and_one_line(campaign: Campaign, ask: Ask) -> None:
    text = f"import sys; sys.path.insert(0, {str(HOUSE)!r})\n{SLOWLY}"
    command = [sys.executable, "-c", text, "--campaign", campaign.path, "reduce", "--engine", "serial"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen([*map(str, command)], text=True, **pipes) as process:
        deadline = time.monotonic() + 60
        while len(list(campaign.root.glob("*/spec_4D_tslice/*/*.h5"))) < 2:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        process.send_signal(signal.SIGUSR1)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 1
    (line,) = complaints(err)
    told = re.fullmatch(r"latteboard: stopped; (\d+) planned outputs are left\. Go on with the same command", line)
    assert told
    done = counts(campaign, "done")["spec_4D_tslice"]
    assert out.startswith(f"{done} made, ")
    assert int(told[1]) == 24 - done
    assert len(list(campaign.root.glob("*/spec_4D_tslice/*/*"))) == done  # and no draft
    assert ask("spec_4D_tslice")[1].startswith(f"{8 - done} made, ")


def test_folders_are_flushed_once_each_when_all_is_made(
    campaign: Campaign, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: list[Path] = []
    true = atomic._sync
    monkeypatch.setattr(atomic, "_sync", lambda path: (flushed.append(path), true(path)))
    assert ask("formfac_4D_tslice")[0] == 0
    folders = sorted({path.parent for path in campaign.root.glob("d15m400_*/formfac_4D_tslice/*/*.h5")})
    made = [path for path in flushed if path.suffix == ".draft" and path.parent in folders]
    assert len(made) == 16 > len(folders)
    after = flushed.index(made[-1]) + 1
    assert flushed[after : after + len(folders)] == folders
    assert not {*folders} & {*flushed[:after]}


# The first output kills the process, once. Processes that are started for single outputs have the true function of this name.
KILLED = """
import os, signal, sys
import reducer.running.run, reducer.running.worker
from latteboard.files.watched import being_read
true = reducer.running.worker.work
def work(task, root, **options):
    if not os.path.exists({flag!r}):
        open({flag!r}, 'x').close()
        with being_read(next(task.inputs).file(root)):
            os.kill(os.getpid(), signal.{signal})
    return true(task, root, **options)
work.__module__ = true.__module__
reducer.running.run.work = reducer.running.worker.work = work
from latteboard.cli.guarded import main
sys.argv[0] = 'latteboard'
if __name__ == '__main__':
    main()
"""


@pytest.mark.parametrize("number", ["SIGSEGV", "SIGKILL"])
def test_little_work_needs_no_processes_until_one_is_killed(campaign: Campaign, tmp_path: Path, number: str) -> None:
    """It then goes on in processes, in which a file that the library cannot stand ends one output only."""
    flag = tmp_path / "killed"
    text = f"import sys; sys.path.insert(0, {str(HOUSE)!r})\n{KILLED.format(flag=str(flag), signal=number)}"
    command = [sys.executable, "-c", text, "--campaign", campaign.path, "reduce", "spec_4D_tslice"]
    done = subprocess.run([*map(str, command)], text=True, capture_output=True, check=False, timeout=120)
    assert flag.exists()
    assert (done.returncode, complaints(done.stderr)) == (0, [])
    assert done.stdout.startswith("8 made, 0 there already, 0 failed")
    assert counts(campaign, "done")["spec_4D_tslice"] == 8
