"""The benchmark's own arithmetic, and its tree: what it says of a run is right, and what it makes is a true production."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import child
import expanding
import machine
import pages
import pytest
import questions
import reducing
import run as bench_run
import settling
import table
import tables
import tree
from markers import marked, with_marked

from indexer.index import index_campaign
from latteboard.campaign import Campaign
from latteboard.catalog import Catalog

DAY = 86_400 * 10**9


def a_run(asked: int, *, first: float = 3.0) -> dict[str, Any]:
    """A run of two rounds with round numbers."""

    def step(find: float, whole: float) -> dict[str, float]:
        times = {"find": find, "find_cpu": find / 4, "whole": whole, "inside": whole / 2, "cpu": whole}
        return {**times, "peak_bytes": 100 * 2**20}

    return {
        "asked": asked,
        "date": "2026-01-02",
        "machine": {"cpu": "a processor", "cores": 2, "memory_gib": 8.0, "file_system": "ext4"},
        "versions": {"python": "3.11.2", "sqlite": "3.40.1", "find": ""},
        "sizes": {"files": asked - 1, "expected": asked, "folders": 7, "catalog_bytes": 60 * asked},
        "rounds": [
            {"first": step(2.0, first), "full": step(2.0, 2.0), "fast": step(2.0, 1.0)},
            {"first": step(1.0, first / 2), "full": step(1.0, 1.0), "fast": step(1.0, 0.5)},
        ],
        "questions": {
            "status": {"seconds": [0.05, 0.01, 0.03]},
            "list": {"lines": 12, "seconds": [0.01]},
            "readiness": {"prop": {"rows": 1, "seconds": [0.001]}, "seqprop": {"rows": 2, "seconds": [0.06]}},
            "mark": {"seconds": [0.0005]},
        },
        "help": [0.1, 0.2, 0.3],
    }


def cell(name: str, run: dict[str, Any]) -> str:
    figure = next(figure for figure in table.FIGURES if figure.name.startswith(name))
    return figure.cell(run)


def test_a_ratio_is_taken_to_the_find_just_before() -> None:
    assert cell("first index", a_run(1000)).startswith("1.50 (2.25 s; without the start of Python 0.75, 1.12 s)")
    assert cell("fast pass", a_run(1000)).startswith("0.25 (0.38 s; with the start of Python 0.50, 0.75 s)")


def test_processor_time_is_that_of_all_processes() -> None:
    assert cell("processor time", a_run(1000)) == "6.0 (full again 4.0, fast 2.0)"


def test_a_goal_that_is_not_met_is_said_not_to_be_met() -> None:
    assert cell("first index", a_run(1000)).endswith(": met")
    assert cell("first index", a_run(1000, first=3.4)).endswith(": **not met**")
    assert cell("slowest readiness", a_run(1000)) == "60.0 ms (`seqprop`): **not met**"
    assert cell("`status`", a_run(1000)) == "30 ms: met"
    assert cell("catalog", a_run(1000)) == "60 bytes: met"


def test_goals_of_pages_go_by_the_size_of_the_run_and_what_was_not_measured_is_blank() -> None:
    sizes = {"page": 5000, "data": 1_050_000, "static": 200_000}
    visits = [{"usable": 1000.0, "keystroke": 250.0, "memory_bytes": 30e6}]
    pages = {"rows": 1, "render": [2.0, 9.0, 1.0], "table": sizes, "plot": sizes, "overview_bytes": 70_000}
    small, large = ({**a_run(asked), "pages": {**pages, "visits": visits}} for asked in (100_000, 1_000_000))
    assert cell("page of a kind", small) == "2.00 s: **not met**"
    assert cell("page of a kind", large) == "2.00 s: met"
    assert cell("slowest filter", small) == "250 ms"
    assert cell("slowest filter", large) == "250 ms: **not met**"
    assert cell("history page", large) == "1.25 MB: met"
    assert cell("overview", small) == "70 kB: **not met**"
    assert cell("its memory", {**a_run(1000), "pages": {**pages, "visits": None}}) == ""
    assert {cell(figure.name, a_run(1000)) for figure in table.FIGURES[-9:]} == {""}


def test_the_table_has_a_column_for_each_run_and_a_line_for_each_figure() -> None:
    lines = table.table([a_run(1000), a_run(1_000_000)]).splitlines()
    assert lines[0] == "|  | goal | 999 files | 999,999 files |"
    assert len({line.count("|") for line in lines if line.startswith("|")}) == 1
    assert sum(line.startswith("|") for line in lines) == 2 + len(table.FIGURES)
    assert lines[-1].startswith(
        "* 999,999 files of 1,000,000 expected, in 7 folders: 2026-01-02, medians of 2 rounds; a proc"
    )
    assert lines[-1].endswith("ext4; python 3.11.2, sqlite 3.40.1")


def test_a_new_run_takes_the_place_of_the_one_of_its_size() -> None:
    runs = table.with_run([a_run(1000), a_run(50)], a_run(1000, first=9.0))
    assert [run["asked"] for run in runs] == [50, 1000]
    assert runs[1]["rounds"][0]["first"]["whole"] == 9.0


def test_only_what_is_between_markers_is_replaced() -> None:
    text = "before\n<!-- one -->\nold\n<!-- /one -->\nafter <!-- two -->\n<!-- /two -->"
    assert marked(text, "one") == "old"
    assert with_marked(text, "one", r"new \1") == text.replace("old", r"new \1")
    assert marked(text, "two") == ""
    with pytest.raises(ValueError, match="once, found 0"):
        marked(text, "three")


def test_a_file_system_is_that_of_the_innermost_mount() -> None:
    mounts = "a / ext4 rw 0 0\nb /tmp tmpfs rw 0 0\nc /tmpfoo xfs rw 0 0\n"
    assert machine.file_system(Path("/tmp/x/y"), mounts) == "tmpfs"
    assert machine.file_system(Path("/tm"), mounts) == "ext4"


def test_what_is_kept_of_a_machine_does_not_name_it(tmp_path: Path) -> None:
    import socket

    told = json.dumps([machine.machine(tmp_path), machine.versions()])
    assert socket.gethostname() not in told
    assert str(tmp_path) not in told


# The tree


@pytest.mark.parametrize(("asked", "count"), [(20_000, 1), (430_000, 1), (500_000, 2), (1_000_000, 3)])
def test_many_files_are_spread_over_ensembles_of_the_length_of_a_true_one(asked: int, count: int) -> None:
    chosen = tree.ensembles(tree.configurations_for(asked))
    assert len({(one.name, one.mq, one.L) for one in chosen}) == len(chosen) == count
    assert max(one.configurations for one in chosen) <= 784
    files = sum(one.configurations for one in chosen) * tree.FILES
    assert files == pytest.approx(asked / 0.96, rel=0.02)


def test_more_files_than_ensembles_can_have_are_refused() -> None:
    with pytest.raises(ValueError, match="more than 20 ensembles of 784 have"):
        tree.ensembles(tree.configurations_for(10**8))


def test_a_configuration_is_reached_step_by_step_and_early_ones_are_finished() -> None:
    reached = [[tree.is_reached(rank, 100, place) for place in (0.0, 0.5, 0.99)] for rank in range(100)]
    assert all(all(row) for row in reached[:95])
    assert [sum(row) for row in reached[95:]] == sorted((sum(row) for row in reached[95:]), reverse=True)
    assert reached[99] == [True, False, False]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bench")
    assert tree.read_stamp(folder) is None
    tree.make(folder, 1000)
    return folder


def test_a_tree_is_a_production_of_which_nothing_is_bad_stale_or_stray(made: Path) -> None:
    stamp = tree.read_stamp(made)
    campaign = Campaign.read(made / "campaign.toml")
    report = index_campaign(campaign)
    assert stamp is not None
    assert (report.expected, report.found, report.strays) == (stamp.expected, stamp.files, 0)
    assert report.directories == stamp.folders
    statuses = Counter(row["status"] for row in Catalog(campaign.catalog).totals() if row["number"])
    assert statuses.keys() == {"done", "ready", "blocked", "unneeded"}


def test_nothing_in_a_tree_is_young_enough_to_be_looked_at_again(made: Path) -> None:
    newest = (made / tree.STAMP).stat().st_mtime_ns
    times = [path.stat().st_mtime_ns for path in (made / "production").rglob("*")]
    assert min(newest - time for time in times) > DAY


def test_a_tree_of_another_version_is_not_measured(tmp_path: Path) -> None:
    (tmp_path / tree.STAMP).write_text('{"version": 0}')
    with pytest.raises(SystemExit, match="another version"):
        tree.read_stamp(tmp_path)


def test_a_command_is_run_as_on_the_command_line_and_every_question_is_answered(made: Path) -> None:
    index_campaign(Campaign.read(made / "campaign.toml"))
    seconds, printed = child.timed(["--campaign", str(made / "campaign.toml"), "index", "--fast", "--json"])
    assert json.loads(printed)["changed"] == 0
    assert seconds > 0
    assert child.peak_bytes() > 10 * 2**20
    answers: dict[str, Any] = questions.ask(made / "campaign.toml", 1)
    assert answers["readiness"].keys() == Campaign.read(made / "campaign.toml").kinds.keys()
    assert sum(told["rows"] for told in answers["readiness"].values()) > 100
    assert answers["list"]["lines"] > 0


def test_every_part_of_the_benchmark_finds_what_it_asks_the_house_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    child.preload()
    assert callable(reducing.measure)
    monkeypatch.setattr(pages, "executable", lambda: None)
    told = pages.measure(tmp_path, 400, 1)
    assert told["rows"] == 400
    assert told["visits"] is None
    assert min(told["table"]["page"], told["table"]["data"], told["plot"]["page"], told["overview_bytes"]) > 1000


def a_reducing_run(whole: float) -> dict[str, Any]:
    """One round of the reducer with round numbers: a floor of 0.26 s, twice that of where the quoted times come from."""
    one = {
        "floor": {"find": 0.06, "read": 0.1, "write": 0.1},
        "project": {"whole": whole, "peak_bytes": 80 * 2**20},
        "import": 50 * 2**20,
        "inside": {"seconds": 0.52, "read": 1.0},
        "steps": 5.0,
        "join": {"copied": 5.9, "virtual": 1.77},
        "append": {"first": 1.0, "more": 2.0},
        "small": 0.009,
        "start": 0.06,
        "processes": 1.6,
    }
    where = {key: a_run(1)[key] for key in ("date", "machine", "versions")}
    return {**where, "rounds": [one]}


def reducing_cell(name: str, run: dict[str, Any]) -> str:
    return next(figure for figure in tables.FIGURES if figure.name.startswith(name)).cell(run)


def test_what_is_quoted_counts_as_much_slower_as_the_floor_is() -> None:
    assert reducing_cell("whole process", a_reducing_run(1.0)) == "8.6 (1.00 s): met"
    assert reducing_cell("whole process", a_reducing_run(2.0)) == "4.3 (2.00 s): **not met**"
    assert reducing_cell("20 files", a_reducing_run(1.0)) == "3.0 (5.9 s): met"


def test_figures_of_the_reducer_are_ratios_to_its_floor() -> None:
    run = a_reducing_run(1.0)
    assert reducing_cell("slice, average and project", run) == "2.0 (0.52 s): met"
    assert reducing_cell("peak memory", run) == "30 MiB: met"
    assert reducing_cell("a slice of 290 kB", run) == "9.0 ms: met"
    assert reducing_cell("start and end", run) == "0.06 s: **not met**"
    assert reducing_cell("two processes", run) == "1.60: **not met**"
    lines = tables.TABLES["benchmark-reducer"]({"reducer": run}).splitlines()
    assert lines[0] == "|  | goal | measured |"
    assert sum(line.startswith("|") for line in lines) == 2 + len(tables.FIGURES)
    assert tables.TABLES["benchmark-reducer"]({"runs": []}) == ""


# Large campaigns


def test_a_large_campaign_is_told_in_processor_time_and_memory() -> None:
    plain = {"read": 0.5, "expanded": 1.5, "peak_bytes": 390 * 10**6, "artifacts": 9_000_000, "further": 0}
    run = {**a_reducing_run(1.0), "rounds": [{"plain": plain, "conditional": {**plain, "expanded": 2.5}}]}
    lines = tables.TABLES["benchmark-campaign"]({"campaign": run}).splitlines()
    assert lines[2].endswith("1.50 s (9,000,000 artifacts, 0.50 s to read and check): met |")
    assert lines[3].endswith("390 MB: met |")
    assert lines[4].endswith("2.50 s (9,000,000 artifacts, 0.50 s to read and check): **not met** |")
    assert tables.TABLES["benchmark-campaign"]({"runs": []}) == ""


@pytest.mark.parametrize("sort", bench_run.CAMPAIGNS)
def test_a_large_campaign_is_as_large_as_it_is_said_to_be(
    sort: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(expanding, "LARGEST", 4)
    monkeypatch.setattr(expanding, "ENSEMBLES", 1)
    expanding.main(tmp_path, sort)
    told = json.loads(capsys.readouterr().out)
    # Of 784 configurations each ensemble would have some 450,000 artifacts, a tenth of them conditional.
    assert told["artifacts"] / 4 * 784 == pytest.approx(450_000, rel=0.05)
    assert told["further"] / told["artifacts"] == pytest.approx(0.1 if sort == "conditional" else 0, abs=0.01)
    assert 0 < told["read"] < told["expanded"]


# A production that is half done


def a_half_done_run() -> dict[str, Any]:
    """A run of one round: `find` takes 2 s on the clock and 1 s of the processor, an index twice and three times that."""
    times = {"find": 2.0, "find_cpu": 1.0, "whole": 5.0, "inside": 4.0, "cpu": 3.5, "inside_cpu": 3.0}
    step = {**times, "peak_bytes": 2**20}
    run = a_run(1_000_000)
    steps = {name: dict(step) for name in ("first", "again", "few", "many", "fast")}
    kept = {key: run[key] for key in ("asked", "date", "machine", "versions", "sizes")}
    return {**kept, "rounds": [steps], "settling": [0.3, 0.1, 0.2]}


def test_an_index_of_a_half_done_tree_is_told_in_processor_time_and_on_the_clock() -> None:
    run = a_half_done_run()
    figures = {figure.name: figure for figure in tables.HALF_DONE_FIGURES}
    assert figures["again, nothing changed"].cell(run) == (
        "3.0 (on the clock 2.0, 4.00 s; with the start of Python 3.5, on the clock 2.5)"
    )
    assert figures["again, after 8 files changed"].cell(run).endswith("): met")
    run["rounds"][0]["few"]["inside_cpu"] = 4.0
    assert figures["again, after 8 files changed"].cell(run).endswith("): **not met**")
    assert figures["the rules alone: every status settled, no database, processor time"].cell(run) == (
        "0.20 s (1,000,000 artifacts): met"
    )
    lines = tables.TABLES["benchmark-half-done"]({"half_done": [run]}).splitlines()
    assert lines[0] == "|  | goal | 999,999 files |"
    assert sum(line.startswith("|") for line in lines) == 2 + len(tables.HALF_DONE_FIGURES)
    assert tables.TABLES["benchmark-half-done"]({"runs": []}) == ""


def test_a_half_done_tree_lacks_four_in_ten_files_and_an_index_sees_those_that_change(tmp_path: Path) -> None:
    made = tree.make(tmp_path, 3000, tree.SHAPES["half-done"])
    campaign = Campaign.read(tmp_path / "campaign.toml")
    report = index_campaign(campaign)
    assert (report.expected, report.found, report.strays) == (made.expected, made.files, 0)
    assert made.files / made.expected == pytest.approx(0.58, abs=0.03)
    assert made.files / made.folders == pytest.approx(11, abs=1.5)
    _, settled = settling.settling(campaign, 1)
    counts = Counter[str]()
    for row in Catalog(campaign.catalog).totals():
        counts[row["status"]] += row["number"]
    assert counts["bad"] / made.files == pytest.approx(0.01, abs=0.005)
    assert counts["growing"] / made.files == pytest.approx(0.005, abs=0.004)
    assert counts["stale"] == 0
    assert settled == {word: number for word, number in counts.items() if number}
    assert min(counts[word] for word in ("done", "ready", "blocked", "unneeded")) > 50
    assert bench_run.change(tmp_path, 0) == 0
    assert bench_run.change(tmp_path, 8) == 8
    assert index_campaign(campaign).changed == 8
    assert bench_run.change(tmp_path, None) == pytest.approx(made.files / tree.EVERY, abs=3)
