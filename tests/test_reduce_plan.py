"""Planning: every task against plain loops over the production; plans in files; shards."""

import gzip
import json
import os
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from disk import DAY, OLD, fill, index, kept, put, statuses
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st
from plain_production import Production
from worlds import World, worlds

from latteboard.campaign import Campaign
from latteboard.catalog import Catalog
from latteboard.demo import write_demo
from latteboard.errors import CatalogError, InputRefused, OutputRefused, QueryError
from latteboard.recipe import Concatenation, Fourier, Recipe, Slice
from reducer.correlators.conventions import sourceless
from reducer.planning.choice import READY_ONLY, ReduceOptions, choose, following, levels
from reducer.planning.input_lists import InputLists
from reducer.planning.plan import advice, plan
from reducer.tasks.plan_file import Plan, in_shard, read_plan, shard, write_plan
from reducer.tasks.task import Input, Physics, Row, Task

Read = Callable[..., Campaign]
EVERYTHING = ReduceOptions(stale=True, allow_missing=True)
GIVEN = ("cfg", "prop", "seqprop", "formfac", "formfac_4D")
AVERAGE = "A_a/average/10/average_dt3_Srcs0-1.h5"
RAW = "A_a/formfac_4D/10/formfac_4D_dt3_Srcs0-1_x0y1z2t3.h5"
JOINED = "A_a/joined_A3_Srcs0-1.h5"


def planned(campaign: Campaign, *words: str, options: ReduceOptions = READY_ONLY) -> Plan:
    catalog = Catalog(campaign.catalog)
    return plan(campaign, catalog, choose(campaign, catalog, words), options)


# -- the truth in plain loops ------------------------------------------------------------------------------------------


def production_of(campaign: Campaign) -> Production:
    stated = tomllib.loads(campaign.path.read_text())
    for kind in stated["kinds"].values():
        kind.pop("min_bytes", None)  # sizes say nothing here, and the brute force knows few of them
    lists = {}
    for file in campaign.path.parent.glob("*.lst"):
        lines = file.read_text().strip().splitlines()
        lists[file.name] = "\n".join(line for line in lines if not line.startswith("#"))
    return Production(stated, lists)


class Truth:
    """The tasks of a campaign as they follow from the statuses in its catalog."""

    def __init__(self, campaign: Campaign) -> None:
        self.campaign = campaign
        self.production = production_of(campaign)
        self.statuses = statuses(campaign)

    def tasks(self, options: ReduceOptions) -> Iterator[Task]:
        for kind, stated in self.production.kinds.items():
            steps = stated.get("reduce", [])
            joins = any("concatenate" in step for step in steps)
            for artifact in self.production.of_kind(kind) if steps else ():
                status = self.statuses[artifact.path]
                wanted = {"ready", "stale"} if options.stale else {"ready"}
                wanted |= {"blocked", "recall"} if options.allow_missing and joins else set()
                rows, lacking = self._rows(artifact, stated["needs"][0], options)
                if status in wanted and rows and (not lacking or (options.allow_missing and joins)):
                    task = Task(kind, artifact.path, Recipe.read(steps), rows, lacking, replace=status == "stale")
                    yield replace(task, physics=self._physics(artifact))

    def _rows(self, artifact: Any, need: str, options: ReduceOptions) -> tuple[tuple[Row, ...], tuple[str, ...]]:
        of_row: dict[tuple[str, int], list[Any]] = {}
        for path in self.production.inputs[artifact.path][need]:
            one = self.production.artifacts[path]
            here = {**artifact.coordinates, **one.coordinates}
            of_row.setdefault((here["stream"], here["configuration"]), []).append(one)
        usable = {"done", "stale"} if options.stale else {"done"}
        rows, lacking = [], []
        for (stream, configuration), inputs in sorted(of_row.items()):
            if all(self.statuses[one.path] in usable for one in inputs):
                inputs.sort(key=lambda one: self._order(artifact, one))
                made = tuple(self._input(artifact, need, one) for one in inputs)
                rows.append(Row(made, configuration, stream))
            else:
                lacking.append(f"{stream}/{configuration}")
        return tuple(rows), tuple(lacking)

    def _physics(self, artifact: Any) -> Physics:
        place = {name: artifact.coordinates[name] for name in ("ensemble", "stream") if name in artifact.coordinates}
        streams = [one for one in self.campaign.streams if place.items() <= one.place.items()]
        extents = {(one.L, one.T) for one in streams}
        return Physics(*extents.pop()) if len(extents) == 1 else Physics()

    def _free(self, artifact: Any, one: Any) -> list[str]:
        order = ("ensemble", "source_set", *self.campaign.axes)
        return [name for name in order if name in one.coordinates and name not in artifact.coordinates]

    def _order(self, artifact: Any, one: Any) -> tuple[Any, ...]:
        places = [
            list(self.campaign.values_of(name)).index(one.coordinates[name]) for name in self._free(artifact, one)
        ]
        return (*places, one.coordinates.get("source"))

    def _input(self, artifact: Any, need: str, one: Any) -> Input:
        status = (self.campaign.root / one.path).stat()
        source = one.coordinates.get("source")
        group = " ".join(f"{name}={one.coordinates[name]}" for name in self._free(artifact, one))
        picks = None
        if self.campaign.kinds[need].datasets:
            picks = tuple(
                dict.fromkeys(
                    sourceless(name)
                    for name, inside in self.campaign.datasets(need).of(one.coordinates).items()
                    if all(
                        inside[axis] == artifact.coordinates[axis] for axis in inside if axis in artifact.coordinates
                    )
                )
            )
        return Input(one.path, status.st_size, status.st_mtime_ns, source and str(source), group, picks)


def assert_true(campaign: Campaign, options: ReduceOptions) -> list[Task]:
    found = sorted(planned(campaign, options=options), key=lambda task: task.path)
    assert found == sorted(Truth(campaign).tasks(options), key=lambda task: task.path)
    return found


@pytest.fixture
def averages(read_campaign: Read, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Campaign:
    """All files from which averages are made, but for one."""

    def make() -> Campaign:
        campaign = read_campaign()
        fill(campaign, *GIVEN)
        (campaign.root / RAW).unlink()
        index(campaign)
        return campaign

    return kept("averages", tmp_path_factory, tmp_path, make)


@pytest.fixture
def joins(read_campaign: Read, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Campaign:
    """All averages but one; nothing is joined."""

    def make() -> Campaign:
        campaign = read_campaign()
        fill(campaign, *GIVEN, "average")
        (campaign.root / AVERAGE).unlink()
        index(campaign)
        return campaign

    return kept("joins", tmp_path_factory, tmp_path, make)


def test_averages_are_planned_of_all_their_sources(averages: Campaign) -> None:
    tasks = assert_true(averages, READY_ONLY)
    assert len(tasks) == 13  # of 14, since one source of one is not there
    assert AVERAGE not in {task.path for task in tasks}
    task = next(task for task in tasks if task.path == AVERAGE.replace("dt3", "dt4"))
    assert [one.source for one in task.rows[0].inputs] == ["x0y1z2t3", "x1y2z3t7"]
    assert (task.rows[0].stream, task.rows[0].configuration) == ("a", 10)
    assert task.rows[0].inputs[0].picks == (
        "proton_tsep_4/A3/src_avg", "proton_tsep_4/V4/src_avg",
        "proton_np_tsep_-4/A3/src_avg", "proton_np_tsep_-4/V4/src_avg",
    )  # fmt: skip


def test_files_of_one_current_pick_it_from_averages_of_all_separations(joins: Campaign) -> None:
    tasks = assert_true(joins, READY_ONLY)
    assert JOINED not in {task.path for task in tasks}
    task = next(task for task in tasks if task.path == "A_a/joined_A3_Srcs2-3.h5")
    assert [row.configuration for row in task.rows] == [10, 20]
    assert [one.group for one in task.rows[0].inputs] == ["t_separation=3", "t_separation=4"]
    assert {name.split("/")[1] for one in task.inputs for name in one.picks or ()} == {"A3"}


def test_a_configuration_is_left_out_as_a_whole_where_that_is_allowed(joins: Campaign) -> None:
    task = next(task for task in assert_true(joins, EVERYTHING) if task.path == JOINED)
    assert task.lacking == ("a/10",)
    assert [row.configuration for row in task.rows] == [20]


def test_where_nothing_is_there_nothing_is_joined_though_missing_is_allowed(read_campaign: Read) -> None:
    campaign = read_campaign()
    index(campaign, accept_empty=True)
    found = planned(campaign, options=EVERYTHING)
    assert (list(found), found.failed) == ([], [])


@pytest.mark.parametrize("options", [READY_ONLY, EVERYTHING], ids=["ready", "all"])
def test_a_production_of_all_kinds_is_planned_as_plain_loops_say(tmp_path: Path, options: ReduceOptions) -> None:
    write_demo(tmp_path / "demo", empty=True, configurations=4)
    campaign = Campaign.read(tmp_path / "demo" / "campaign.toml")
    index(campaign, at=int(datetime.now(UTC).timestamp() * 10**9))
    tasks = assert_true(campaign, options)
    kinds = {task.kind for task in tasks}
    assert {"spec_4D_tslice", "formfac_4D_tslice"} <= kinds
    assert options == READY_ONLY or {"spec_momentum", "formfac_cat", "formfac_momentum"} <= kinds


def test_artifacts_that_a_changed_campaign_brings_in_are_planned_rightly(read_campaign: Read) -> None:
    campaign = read_campaign(("configurations = [10, 20]", "configurations = [20]"))
    fill(campaign, *GIVEN)
    index(campaign)
    campaign = read_campaign(
        ('current      = ["A3", "V4"]', 'current = ["V4", "A3"]'),
        ('["proton", "proton_np"]', '["proton_np", "proton"]'),
    )
    fill(campaign, *GIVEN)
    index(campaign)
    assert len(assert_true(campaign, READY_ONLY)) == 14


def test_inputs_of_random_productions_are_those_that_plain_loops_find() -> None:
    seen = []

    @settings(max_examples=25, phases=[Phase.explicit, Phase.generate], deadline=None)
    @given(worlds())
    def compare(world: World) -> None:
        production = world.production()
        assume(not production.lacking)
        with TemporaryDirectory() as folder:
            campaign = Campaign.read(world.write(Path(folder)))
        for name, kind in campaign.kinds.items():
            for need in kind.needs:
                seen.append(len(campaign.expected(name)))
                assert linked(campaign, name, need) == {
                    artifact.path: sorted(production.inputs[artifact.path][need])
                    for artifact in production.of_kind(name)
                }
            assert collected(campaign, name) == {
                artifact.path: [path for need in kind.needs for path in sorted(production.inputs[artifact.path][need])]
                for artifact in production.of_kind(name)
                if kind.needs
            }

    compare()
    assert max(seen) > 5


def collected(campaign: Campaign, kind: str) -> dict[str, list[str]]:
    """The paths of the inputs of every expected artifact of a kind, need by need; each row is of one configuration and stream."""
    needs, expected = campaign.kinds[kind].needs, campaign.expected(kind)
    if not needs:
        return {}
    lists = InputLists.collected(campaign, kind, needs, np.arange(len(expected)))
    starts = np.cumsum([0, *(len(campaign.expected(need)) for need in needs)])
    found = {}
    for output, number in enumerate(lists.list_of.tolist()):
        of_need: list[list[str]] = [[] for _ in needs]
        keys = []
        for row in range(*lists.list_starts[number : number + 2].tolist()):
            keys.append((int(lists.streams[row]), int(lists.configurations[row])))
            inputs = lists.inputs[slice(*lists.row_starts[row : row + 2])]
            places = np.searchsorted(starts, inputs, side="right") - 1
            assert places.tolist() == sorted(places.tolist())  # those of one kind after those of the other
            for place, position in zip(places.tolist(), (inputs - starts[places]).tolist(), strict=True):
                given = campaign.expected(needs[place])
                for name, code in zip(("stream", "configuration"), keys[-1], strict=True):
                    assert code < 0 or name not in given.rows or given.rows[name][position] == code
                of_need[place].append(campaign.path_of(needs[place], given.coordinates(position)))
        assert len(set(keys)) == len(keys)
        found[campaign.path_of(kind, expected.coordinates(output))] = [
            path for paths in of_need for path in sorted(paths)
        ]
    return found


def linked(campaign: Campaign, kind: str, need: str) -> dict[str, list[str]]:
    """The paths of the inputs of every expected artifact of a kind."""
    expected, given = campaign.expected(kind), campaign.expected(need)
    lists = InputLists.of(campaign, kind, need, np.arange(len(expected)))
    found = {}
    for output, number in enumerate(lists.list_of.tolist()):
        first, last = lists.row_starts[lists.list_starts[number : number + 2]]
        rows = lists.inputs[first:last].tolist()
        path = campaign.path_of(kind, expected.coordinates(output))
        found[path] = sorted(campaign.path_of(need, given.coordinates(row)) for row in rows)
    return found


# -- what is asked for -------------------------------------------------------------------------------------------------


def test_what_is_stale_is_planned_again_only_if_asked_for(averages: Campaign) -> None:
    put(averages, AVERAGE.replace("dt3", "dt4"), at=OLD - DAY)
    index(averages)
    assert len(planned(averages)) == 12
    tasks = {task.path: task for task in assert_true(averages, ReduceOptions(stale=True))}
    assert len(tasks) == 13
    assert tasks[AVERAGE.replace("dt3", "dt4")].replace


def test_what_is_stale_and_cannot_be_made_again_names_the_first_missing_input(averages: Campaign) -> None:
    put(averages, AVERAGE, at=OLD - DAY)
    index(averages)
    (failure,) = planned(averages, options=ReduceOptions(stale=True)).failed
    assert failure.path == AVERAGE
    assert failure.reason == f"1 of its 2 inputs are not there, first {RAW}"
    assert planned(averages).failed == []


def test_what_is_handed_out_is_not_planned(averages: Campaign) -> None:
    catalog = Catalog(averages.catalog)
    ready = catalog["average"].filter(status="ready")
    before = ready.count()
    catalog.claim(list(ready)[:3], datetime(2999, 1, 1, tzinfo=UTC), "somebody")
    assert len(planned(averages)) == before - 3


def test_conditions_choose_outputs(averages: Campaign) -> None:
    assert {task.path.split("/")[0] for task in planned(averages, "ensemble=B")} == {"B_a"}
    found = planned(averages, "average", "configuration=10:20:10", "t_separation=4")
    assert {task.path.partition("average_")[2][:3] for task in found} == {"dt4"}


def test_conditions_without_a_kind_are_for_the_kinds_that_name_them(joins: Campaign) -> None:
    catalog = Catalog(joins.catalog)
    assert list(choose(joins, catalog, ["configuration=20"])) == ["average"]
    assert list(choose(joins, catalog, ["stream=a"])) == ["average", "joined"]
    with pytest.raises(QueryError, match="configuration"):
        planned(joins, "joined", "configuration=20")
    with pytest.raises(QueryError, match="colour"):
        planned(joins, "colour=red")


def test_a_kind_without_recipe_is_refused_naming_those_that_have_one(averages: Campaign) -> None:
    with pytest.raises(QueryError, match="'prop' has no recipe; those that have one: average, joined"):
        planned(averages, "prop")
    with pytest.raises(QueryError, match=r"'avrage' is not a kind; .* average, joined; did you mean 'average'\?"):
        planned(averages, "avrage")


def test_a_campaign_that_changed_since_the_last_index_is_refused(averages: Campaign, read_campaign: Read) -> None:
    catalog = Catalog(averages.catalog)
    changed = read_campaign(("configurations = [10, 20]", "configurations = [20]"))
    for question in (choose, plan):
        with pytest.raises(CatalogError, match="changed since the last index; run: latteboard index"):
            question(changed, catalog, {})  # type: ignore[operator]


def test_levels_follow_the_production(tmp_path: Path) -> None:
    write_demo(tmp_path / "demo", empty=True, configurations=2)
    campaign = Campaign.read(tmp_path / "demo" / "campaign.toml")
    every = {name: {} for name, kind in campaign.kinds.items() if kind.reduced}
    assert [sorted(level) for level in levels(campaign, every)] == [
        ["formfac_4D_tslice", "spec_4D_tslice"],
        ["formfac_4D_tslice_src_avg", "spec_4D_tslice_avg"],
        ["formfac_cat", "formfac_momentum", "spec_momentum"],
    ]
    assert [list(level) for level in levels(campaign, {"spec_4D_tslice": {}, "formfac_cat": {}})] == [
        ["spec_4D_tslice", "formfac_cat"]
    ]
    assert following(campaign, every, ["spec_4D_tslice"]) == ["spec_4D_tslice_avg", "spec_momentum"]


def test_where_nothing_is_ready_it_says_what_is_in_the_way(joins: Campaign) -> None:
    put(joins, AVERAGE.replace("dt3", "dt4"), at=OLD - DAY)
    index(joins)
    told = advice(Catalog(joins.catalog), {"average": {}, "joined": {}}, READY_ONLY)
    assert told.startswith("nothing is ready to be made; 1 are stale: --stale makes them again; 2 wait for inputs")


def test_equal_choices_of_datasets_are_one_tuple(averages: Campaign) -> None:
    tasks = [task for task in planned(averages) if "_dt4_" in task.path and task.path.startswith("A")]
    assert len({id(one.picks) for task in tasks for one in task.inputs}) == 1


def test_names_that_tell_sources_apart_in_their_own_way_are_picked_for_each(read_campaign: Read) -> None:
    campaign = read_campaign(("x{source.x}_y{source.y}_z{source.z}_t{source.t}", "from_{source}"))
    fill(campaign, *GIVEN)
    index(campaign)
    for task in assert_true(campaign, READY_ONLY):
        for one in task.inputs:
            assert one.picks
            assert all(name.endswith(f"from_{one.source}") for name in one.picks)


# -- plans in files ----------------------------------------------------------------------------------------------------

TEXTS = st.text(min_size=1, max_size=8)
PATHS = st.text(st.characters(exclude_categories=["Cc"]), min_size=1, max_size=8).map(
    lambda text: f"a/{text}".strip("/.")
)
PHYSICS = st.builds(
    Physics,
    st.none() | st.integers(1, 99),
    st.none() | st.integers(1, 99),
    baryons=st.lists(TEXTS, max_size=2).map(tuple),
)
NUMBERS = st.integers(0, 2**62)
PICKS = st.none() | st.lists(TEXTS, max_size=3).map(tuple)
INPUTS = st.builds(Input, PATHS, NUMBERS, NUMBERS, st.none() | TEXTS, TEXTS, PICKS)
ROWS = st.builds(Row, st.lists(INPUTS, min_size=1, max_size=3).map(tuple), st.none() | NUMBERS, st.none() | TEXTS)
STEPS = st.builds(
    Recipe,
    tslice=st.none()
    | st.builds(Slice, fraction=st.none() | st.floats(0.1, 1.0), boundary_sign=st.none() | st.booleans()),
    fft=st.none() | st.builds(Fourier, max_momentum=st.integers(0, 9)),
    concatenate=st.none() | st.builds(Concatenation, along=st.just("new") | st.integers(0, 3), append=st.booleans()),
)
TASKS = st.builds(
    Task,
    TEXTS,
    PATHS,
    STEPS,
    st.lists(ROWS, min_size=1, max_size=3).map(tuple),
    st.lists(TEXTS).map(tuple),
    st.booleans(),
    physics=PHYSICS,
)


@given(st.lists(TASKS, max_size=4), st.sampled_from(["plan", "plan.gz"]))
@settings(deadline=None, max_examples=40)
def test_a_plan_is_read_back_as_it_was_written(tasks: list[Task], name: str) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / name
        write_plan(path, Plan("a name", Path(folder), [tasks]))
        first = path.read_bytes()
        read = read_plan(path)
        assert (read.campaign, read.root, list(read)) == ("a name", Path(folder).resolve(), tasks)
        write_plan(path, Plan("a name", Path(folder), [tasks]))
        assert path.read_bytes() == first


@settings(deadline=None, max_examples=40)
@given(st.lists(TASKS, max_size=6), st.integers(1, 5))
def test_every_task_is_in_exactly_one_shard(tasks: list[Task], shards: int) -> None:
    parts = [shard(tasks, number, shards) for number in range(shards)]
    assert sorted((task for part in parts for task in part), key=id) == sorted(tasks, key=id)
    assert all(in_shard(task.path, number, shards) for number, part in enumerate(parts) for task in part)


def test_a_shard_follows_from_the_check_sum_of_the_name() -> None:
    # The check value of CRC-32, as its catalogues state it, is 0xCBF43926 for the digits 1 to 9.
    assert [in_shard("123456789", number, 1000) for number in (261, 262, 263)] == [False, True, False]
    assert 0xCBF43926 % 1000 == 262


def test_a_part_of_a_plan_is_read_alone(averages: Campaign, tmp_path: Path) -> None:
    tasks = planned(averages)
    write_plan(tmp_path / "plan.gz", tasks)
    assert gzip.decompress((tmp_path / "plan.gz").read_bytes()).startswith(b'{"latteboard_plan":1,')
    parts = [list(read_plan(tmp_path / "plan.gz", (number, 3))) for number in range(3)]
    assert parts == [shard(tasks, number, 3) for number in range(3)]
    assert sum(map(len, parts)) == 13


def test_choices_of_datasets_stand_once_in_a_plan(averages: Campaign, tmp_path: Path) -> None:
    write_plan(tmp_path / "plan", planned(averages))
    lines = [json.loads(line) for line in (tmp_path / "plan").read_text().splitlines()]
    assert len([line for line in lines if "picks" in line]) == 3  # one a separation: 3 and 4 in A, 4 and 5 in B
    assert lines[-1] == {"tasks": 13}


@pytest.mark.parametrize("content", ["", "words", "{}", "[]", "null", '{"tasks": 3}'])
def test_a_file_that_is_no_plan_is_neither_read_nor_overwritten(tmp_path: Path, content: str) -> None:
    path = tmp_path / "notes.txt"
    path.write_text(content)
    with pytest.raises(OutputRefused, match="exists and is not a plan"):
        write_plan(path, Plan("", tmp_path))
    with pytest.raises(InputRefused, match="not a plan, or a damaged one"):
        read_plan(path)
    assert path.read_text() == content


def hostile(change: Callable[[dict[str, Any]], object]) -> str:
    """A plan of one task whose line was changed."""
    header = {"latteboard_plan": 1, "campaign": "a", "root": "/data"}
    given = ["in.h5", 1, 2, None, "", None]
    task = {
        "kind": "k",
        "path": "out.h5",
        "steps": ["average"],
        "rows": [["a", 1, [given]]],
        "lacking": [],
        "replace": False,
    }
    lines = {"header": header, "task": task, "input": given, "last": {"tasks": 1}}
    change(lines)
    return "".join(f"{json.dumps(lines[name])}\n" for name in ("header", "task", "last"))


HOSTILE: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "absolute output": (lambda it: it["task"].update(path="/etc/passwd"), "the path /etc/passwd leaves the root"),
    "output above": (lambda it: it["task"].update(path="a/../../b"), "the path a/../../b leaves the root"),
    "input above": (lambda it: it["input"].__setitem__(0, "../b"), r"the path \.\./b leaves the root"),
    "control characters": (lambda it: it["task"].update(path="a\x1b[2Jb"), "expected one without control characters"),
    "new line": (lambda it: it["task"].update(path="a\nb"), "expected one without control characters"),
    "no path": (lambda it: it["task"].update(path=""), "expected one without control characters"),
    "path of a list": (lambda it: it["task"].update(path=["a"]), "path: expected str, found list"),
    "relative root": (lambda it: it["header"].update(root="data"), "the root data: expected an absolute path"),
    "no rows": (lambda it: it["task"].update(rows=[]), "a task has no rows"),
    "rows of text": (lambda it: it["task"].update(rows="abc"), "rows: expected list, found str"),
    "row of two": (lambda it: it["task"].update(rows=[["a", 1]]), "a row is not a stream, a configuration and inputs"),
    "input of two": (lambda it: it["input"].__delitem__(slice(2, 6)), "an input is not a path, a size"),
    "negative size": (lambda it: it["input"].__setitem__(1, -1), "size: -1 is out of range"),
    "size of text": (lambda it: it["input"].__setitem__(1, "1"), "size: expected int, found str"),
    "true for a number": (lambda it: it["input"].__setitem__(1, True), "size: expected int, found bool"),
    "unknown picks": (lambda it: it["input"].__setitem__(5, 0), "picks: number 0 is not there before it"),
    "unknown root": (lambda it: it["task"].update(root=3), "root: number 3 is not there before it"),
    "unknown step": (lambda it: it["task"].update(steps=["slice"]), "'slice' is not a step"),
    "wrong option": (lambda it: it["task"].update(steps=[{"fft": {"max_momentum": -1}}]), "max_momentum"),
    "step of a number": (lambda it: it["task"].update(steps=[1]), "steps: "),
    "physics": (lambda it: it["task"].update(physics={"Z": 1}), "expected L, T, baryons and mesons, found Z"),
    "one task too few": (lambda it: it["last"].update(tasks=2), "1 tasks, expected 2"),
}


@pytest.mark.parametrize(("change", "message"), HOSTILE.values(), ids=HOSTILE)
def test_a_plan_from_elsewhere_that_is_not_sound_is_refused_in_one_line(
    tmp_path: Path, change: Callable[[dict[str, Any]], object], message: str
) -> None:
    path = tmp_path / "plan"
    path.write_text(hostile(lambda _: None))
    assert [task.path for task in read_plan(path)] == ["out.h5"]
    path.write_text(hostile(change))
    with pytest.raises(InputRefused, match=message) as refused:
        read_plan(path)
    assert str(refused.value).startswith(f"{path}: not a plan, or a damaged one: ")
    assert str(refused.value).isprintable()


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"a":' * 100_000, "x" * 10**6, '{"latteboard_plan": "1"}', "\x00" * 9]
)
def test_nonsense_of_any_size_and_depth_is_refused(tmp_path: Path, text: str) -> None:
    for before in ("", hostile(lambda _: None).partition("\n")[0] + "\n"):
        (tmp_path / "plan").write_text(before + text)
        with pytest.raises(InputRefused, match="not a plan, or a damaged one"):
            read_plan(tmp_path / "plan")


def test_a_file_of_gigabytes_without_a_line_s_end_is_not_read_whole(tmp_path: Path) -> None:
    with (tmp_path / "plan").open("wb") as stream:
        stream.truncate(1 << 40)
    with pytest.raises(InputRefused, match="not a plan, or a damaged one"):
        read_plan(tmp_path / "plan")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputRefused, match="not a plan: it is no file"):
        read_plan(tmp_path / "pipe")


@pytest.mark.parametrize("name", ["plan", "plan.gz"])
def test_a_plan_that_was_cut_is_refused(averages: Campaign, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    write_plan(path, planned(averages))
    whole = path.read_bytes()
    for size in range(0, len(whole), len(whole) // 7):
        path.write_bytes(whole[:size])
        with pytest.raises(InputRefused):
            read_plan(path)


def test_a_plan_of_another_version_says_so(tmp_path: Path) -> None:
    (tmp_path / "plan").write_text('{"latteboard_plan": 2}\n')
    with pytest.raises(InputRefused, match="version 2, this latteboard reads 1"):
        read_plan(tmp_path / "plan")
    with pytest.raises(InputRefused, match="cannot be read: No such file"):
        read_plan(tmp_path / "other")
