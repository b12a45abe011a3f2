"""Reductions where inputs and outputs are below several roots and under several paths."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import pytest
from correlators import L, T, read, spectra, write_4d
from disk import HOUR, index, run

from latteboard.campaign import Campaign
from latteboard.catalog import Catalog
from latteboard.files.hdf5 import read_mark, stamp
from latteboard.names.templates import Source
from reducer.planning.choice import ReduceOptions
from reducer.planning.plan import plan_campaign
from reducer.tasks.plan_file import read_plan, write_plan

Read = Callable[..., Campaign]
Ask = Callable[..., tuple[int, str, str]]

ENSEMBLES = f"""
[ensembles.A]
streams        = ["a"]
L              = {L}
T              = {T}
configurations = [10, 20]
sources        = {{ file = "A.lst" }}
source_sets    = {{ "0-1" = [0, 2] }}
"""
LISTS = {"A.lst": "10 1 2 3 6\n10 0 1 2 2\n20 1 2 3 6\n20 0 1 2 2\n"}
KINDS = """
[kinds.spec_4D]
path  = "raw/{configuration}/{source}.h5"
also  = ["old/c{configuration}_{source}.h5"]
given = true
[kinds.slices]
path   = "slices/{ensemble}_{stream}_{configuration}_Srcs{source_set}.h5"
also   = ["first/{ensemble}_{stream}_{configuration}_{source_set}.h5"]
needs  = ["spec_4D"]
reduce = ["tslice", "average"]
[kinds.joined]
path   = "joined/{ensemble}_{stream}_Srcs{source_set}.h5"
needs  = ["slices"]
reduce = [{ concatenate = { append = true } }]
"""
SOURCES = (Source(1, 2, 3, 6), Source(0, 1, 2, 2))
SLICES = "slices/A_a_10_Srcs0-1.h5"
FIRST = "first/A_a_10_0-1.h5"
JOINED = "joined/A_a_Srcs0-1.h5"
# Where the four inputs are: root and path of each.
INPUTS = [
    (0, f"raw/10/{SOURCES[0]}.h5"),
    (1, f"old/c10_{SOURCES[1]}.h5"),
    (1, f"raw/20/{SOURCES[0]}.h5"),
    (0, f"old/c20_{SOURCES[1]}.h5"),
]


def production(read_campaign: Read, roots: str) -> Campaign:
    return read_campaign(
        ('root  = "production"', f"root = {roots}"),
        ensembles=ENSEMBLES,
        kinds=KINDS,
        lists=LISTS,
        axes="",
        derive="",
    )


@pytest.fixture
def campaign(read_campaign: Read) -> Campaign:
    """Inputs on two disks under two names, indexed."""
    campaign = production(read_campaign, '["fast", "slow"]')
    for number, (root, path) in enumerate(INPUTS):
        put(campaign.roots[root].path / path, SOURCES[number % 2], number)
    look(campaign)
    return campaign


@pytest.fixture
def plain(read_campaign: Read, campaign: Campaign) -> dict[str, Any]:
    """The datasets of the same production on one disk, all made."""
    one = production(read_campaign, '"one"')
    text = one.path.read_text().replace("[campaign]", '[campaign]\ncatalog = "one.db"')
    one.path.write_text(text)
    for number, (_, path) in enumerate(INPUTS):
        put(one.root / path, SOURCES[number % 2], number)
    one = Campaign.read(one.path)
    look(one)
    assert make(one) == 3
    found = {path: read(one.root / path) for path in (SLICES, JOINED)}
    production(read_campaign, '["fast", "slow"]')
    return found


def put(file: Path, source: Source, seed: int) -> None:
    """Write a 4D spectrum, two hours old."""
    file.parent.mkdir(parents=True, exist_ok=True)
    write_4d(file, spectra(source, seed))
    stamp(file, time.time_ns() - 2 * HOUR)


def look(campaign: Campaign, **options: Any) -> None:
    index(campaign, at=time.time_ns(), **options)


def make(campaign: Campaign, **options: bool) -> int:
    from latteboard.flows import reduce_campaign
    from reducer.running.engines import choose_engine
    from reducer.running.stopping import Stop

    report = reduce_campaign(campaign, engine=choose_engine("serial", 1), stop=Stop(), options=ReduceOptions(**options))
    assert report.failed == []
    return report.made


@pytest.fixture
def ask(campaign: Campaign, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Run a command on the campaign."""
    return lambda *words: run(capfd, monkeypatch, "--campaign", campaign.path, *words)


def rows(campaign: Campaign, kind: str) -> list[tuple[str, str, str]]:
    """Path, root and status of every artifact of a kind."""
    return [(row["path"], row["root"], row["status"]) for row in Catalog(campaign.catalog)[kind].rows()]


def recorded(file: Path) -> list[str]:
    """The paths of the inputs that a file recorded."""
    mark = read_mark(file)
    assert mark is not None
    return [one.path for one in mark.inputs]


def same(file: Path, datasets: dict[str, Any]) -> bool:
    found = read(file)
    return found.keys() == datasets.keys() and all((found[name] == datasets[name]).all() for name in found)


def test_inputs_are_read_where_they_are_and_outputs_are_made_on_the_first_root(
    campaign: Campaign, plain: dict[str, Any], ask: Ask
) -> None:
    code, out, _ = ask("reduce", "--jobs", 2, "--json")
    assert (code, json.loads(out)["made"]) == (0, 3)
    root = campaign.root
    assert all(same(root / path, plain[path]) for path in (SLICES, JOINED))
    assert sorted(recorded(root / SLICES)) == sorted(path for _, path in INPUTS[:2])
    assert rows(campaign, "slices") == [(SLICES, "fast", "done"), (SLICES.replace("10", "20"), "fast", "done")]
    assert not (campaign.roots[1].path / "slices").exists()
    assert ask("reduce")[1].startswith("nothing is ready to be made; 3 are done")


def test_plans_are_carried_out_elsewhere_and_in_parts(
    campaign: Campaign, plain: dict[str, Any], ask: Ask, tmp_path: Path
) -> None:
    assert ask("reduce", "--plan", tmp_path / "plan.gz")[0] == 0
    made = 0
    for shard in ("0/2", "1/2"):
        code, out, _ = ask("reduce", "--from", tmp_path / "plan.gz", "--shard", shard, "--jobs", 1, "--json")
        assert code == 0
        made += json.loads(out)["made"]
    assert made == 2
    assert same(campaign.root / SLICES, plain[SLICES])


def test_a_plan_keeps_where_everything_is(campaign: Campaign, tmp_path: Path) -> None:
    planned, _ = plan_campaign(campaign, [], ReduceOptions())
    write_plan(tmp_path / "plan", planned)
    assert list(read_plan(tmp_path / "plan")) == list(planned)
    second, first = next(iter(planned)).rows[0].inputs  # the order of the list of sources is not that of inputs
    assert (first.root, first.also) == ("", (f"old/c10_{SOURCES[0]}.h5",))
    assert (second.root, second.also) == (str(campaign.roots[1].path), (f"raw/10/{SOURCES[1]}.h5",))


def test_plans_of_one_root_and_one_path_say_nothing_of_them(read_campaign: Read, tmp_path: Path) -> None:
    kinds = "\n".join(line for line in KINDS.splitlines() if not line.startswith("also"))
    one = read_campaign(ensembles=ENSEMBLES, kinds=kinds, lists=LISTS, axes="", derive="")
    for source in SOURCES:
        put(one.root / f"raw/10/{source}.h5", source, 1)
    look(one)
    write_plan(tmp_path / "plan", plan_campaign(one, [], ReduceOptions())[0])
    task = next(line for line in map(json.loads, (tmp_path / "plan").read_text().splitlines()) if "path" in line)
    assert task.keys() == {"kind", "path", "steps", "rows", "physics", "lacking", "replace"}
    assert task["physics"].keys() == {"L", "T"}
    assert {len(given) for _, _, inputs in task["rows"] for given in inputs} == {6}


def test_a_dry_run_reads_inputs_where_they_are(ask: Ask) -> None:
    code, out, err = ask("reduce", "--dry-run", "--json")
    assert (code, err) == (0, "")
    (kind,) = json.loads(out)["kinds"]
    assert (kind["kind"], kind["outputs"], kind["inputs"]) == ("slices", 2, 4)


@pytest.mark.parametrize("place", [(0, FIRST), (1, SLICES), (1, FIRST)])
def test_an_output_that_replaces_a_file_stands_where_that_stood(
    campaign: Campaign, plain: dict[str, Any], place: tuple[int, str]
) -> None:
    assert make(campaign) == 3
    file = campaign.roots[place[0]].path / place[1]
    file.parent.mkdir(exist_ok=True)
    (campaign.root / SLICES).rename(file)
    other = campaign.roots[1].path / INPUTS[1][1]
    put(other, SOURCES[1], 7)
    look(campaign)
    assert rows(campaign, "slices")[0] == (place[1], campaign.roots[place[0]].stated, "stale")
    put(other, SOURCES[1], 1)  # as it was, but for its time
    stamp(other, time.time_ns() - HOUR)
    look(campaign)
    before = file.stat().st_mtime_ns
    assert make(campaign, stale=True) == 2  # and what is joined of it
    assert file.stat().st_mtime_ns > before
    assert same(file, plain[SLICES])
    assert not (campaign.root / SLICES).exists()
    assert rows(campaign, "slices")[0] == (place[1], campaign.roots[place[0]].stated, "done")
    mark = read_mark(file)
    assert mark is not None
    assert mark.path == place[1]


def test_an_input_that_got_another_name_is_not_joined_twice(campaign: Campaign, plain: dict[str, Any]) -> None:
    assert make(campaign) == 3
    joined = campaign.root / JOINED
    joined.unlink()
    (campaign.root / SLICES.replace("10", "20")).rename(campaign.root / "aside.h5")
    for number in (2, 3):
        (campaign.roots[INPUTS[number][0]].path / INPUTS[number][1]).rename(campaign.root / f"{number}.h5")
    look(campaign, accept_empty=True)
    assert make(campaign) == 0
    assert make(campaign, allow_missing=True) == 1
    assert recorded(joined) == [SLICES]

    # The first gets its other name on the other disk, the second comes back.
    target = campaign.roots[1].path / FIRST
    target.parent.mkdir()
    (campaign.root / SLICES).rename(target)
    (campaign.root / "aside.h5").rename(campaign.root / SLICES.replace("10", "20"))
    for number in (2, 3):
        (campaign.root / f"{number}.h5").rename(campaign.roots[INPUTS[number][0]].path / INPUTS[number][1])
    look(campaign)
    assert rows(campaign, "joined") == [(JOINED, "fast", "stale")]
    assert make(campaign, stale=True) == 1
    assert recorded(joined) == [FIRST, SLICES.replace("10", "20")]
    with h5py.File(joined) as file:
        assert file["configurations"][()].tolist() == [10, 20]
    assert same(joined, plain[JOINED])
    assert rows(campaign, "joined") == [(JOINED, "fast", "done")]


def test_an_input_that_cannot_be_used_is_known_as_bad_where_it_is(campaign: Campaign, ask: Ask) -> None:
    file = campaign.roots[1].path / INPUTS[1][1]
    state = file.stat()
    file.write_bytes(bytes(state.st_size))
    stamp(file, state.st_mtime_ns)
    code, _, err = ask("reduce", "--jobs", 1)
    assert code == 1
    assert str(file) in err
    assert (INPUTS[1][1], "slow", "bad") in rows(campaign, "spec_4D")
    assert [row[2] for row in rows(campaign, "slices")] == ["blocked", "done"]
