"""Needs with conditions: by hand, by plain loops over the join, and every refusal with its words."""

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from worlds import toml

from latteboard.campaign import Campaign
from latteboard.campaign.chains import circle
from latteboard.campaign.conditions import inputs_of
from latteboard.errors import CampaignError

Pairs = set[tuple[str, str]]

AXES = {"t": [0, 4, 8], "quark": ["l", "s"], "meson": ["pion", "kaon"]}
ENSEMBLES: dict[str, Any] = {
    "A": {"L": 4, "T": 12, "configurations": [10, 20, 30]},
    "B": {"L": 4, "T": 12, "configurations": [20, 30, 50], "streams": ["a", "b"]},
}
GAUGE = {"path": "{ensemble}/gauge/{configuration}", "given": True}
PROP = {"path": "{ensemble}/prop/{configuration}_{quark}_{t}", "needs": ["gauge"]}


def read(folder: Path, kinds: dict[str, Any], **stated: Any) -> Campaign:
    """A campaign of two ensembles, the second of which has streams that no path here names."""
    header = {"name": "conditions", "root": "data"}
    campaign = {"campaign": header, "axes": AXES, "ensembles": ENSEMBLES, **stated, "kinds": kinds}
    file = folder / "campaign.toml"
    file.write_text("".join(f"{key} = {toml(value)}\n" for key, value in campaign.items()))
    return Campaign.read(file)


def needs(campaign: Campaign, kind: str, need: str) -> Pairs:
    """Each path of a kind with those of another that it needs; found all at once and one by one."""
    products, inputs = campaign.expected(kind), campaign.expected(need)
    paths = [
        [path for block, rows in one.block_slices for path in one.paths(block, rows)] for one in (products, inputs)
    ]
    found = [(p, i) for p, i in zip(*map(np.ndarray.tolist, campaign.links(kind, need).pairs()), strict=True)]
    assert len(set(found)) == len(found)
    for row in range(len(products)):
        entries = campaign.kinds[kind].entries[need]
        one = inputs_of(campaign.relations, entries, products.coordinates(row), inputs.rows).tolist()
        assert one == sorted(i for p, i in found if p == row)
    return {(paths[0][p], paths[1][i]) for p, i in found}


def refusal(folder: Path, kinds: dict[str, Any], **stated: Any) -> str:
    """What is said of a campaign that is refused, without the name of the file."""
    with pytest.raises(CampaignError) as refused:
        read(folder, kinds, **stated)
    return str(refused.value).replace(f"{folder}/campaign.toml: ", "")


# By hand


def test_a_pion_needs_light_propagators_and_a_kaon_both(tmp_path: Path) -> None:
    light, strange = ({"kind": "prop", "with": {"quark": quark}} for quark in "ls")
    kinds = {
        "gauge": GAUGE,
        "prop": PROP,
        "corr": {
            "path": "{ensemble}/{meson}/{configuration}_{t}",
            "needs": [light, {**strange, "only": {"meson": ["kaon"]}}],
        },
    }
    campaign = read(tmp_path, kinds)
    found = needs(campaign, "corr", "prop")
    of_kaon = {other for one, other in found if one == "A/kaon/10_4"}
    assert of_kaon == {"A/prop/10_l_4", "A/prop/10_s_4"}
    assert {other for one, other in found if one == "B/pion/50_8"} == {"B/prop/50_l_8"}
    assert len(found) == (3 + 3) * 3 * (1 + 2)
    assert campaign.kinds["corr"].needs == ("prop",)


def test_several_entries_of_a_kind_are_their_union(tmp_path: Path) -> None:
    entries: list[Any] = ["prop", {"kind": "prop", "with": {"quark": "s"}}, {"kind": "prop", "with": {"t": 4}}]
    kinds = {"gauge": GAUGE, "prop": PROP, "x": {"path": "{ensemble}/x/{configuration}_{quark}_{t}", "needs": entries}}
    found = needs(read(tmp_path, kinds), "x", "prop")
    assert {i for p, i in found if p == "A/x/20_l_0"} == {"A/prop/20_l_0", "A/prop/20_s_0", "A/prop/20_l_4"}
    assert {i for p, i in found if p == "A/x/20_s_4"} == {"A/prop/20_s_4"}


def test_a_trajectory_needs_the_one_before_within_its_ensemble_and_stream(tmp_path: Path) -> None:
    before = {"kind": "gauge", "with": {"configuration": "configuration - 10"}}
    ensembles = {
        "A": {"L": 4, "T": 12, "streams": ["a", "b"], "configurations": "10:40:10"},
        "B": {"L": 4, "T": 12, "streams": ["a"], "configurations": [30, 40]},
    }
    ensembles["A"]["stream"] = {"b": {"configurations": [20, 30]}}
    kinds = {"gauge": {"path": "{ensemble}_{stream}/{configuration}", "needs": [before]}}
    found = needs(read(tmp_path, kinds, ensembles=ensembles), "gauge", "gauge")
    assert found == {
        *(("A_a/20", "A_a/10"), ("A_a/30", "A_a/20"), ("A_a/40", "A_a/30")),
        *(("A_b/30", "A_b/20"), ("B_a/40", "B_a/30")),
    }


def test_what_one_job_writes_may_need_what_it_wrote_before(tmp_path: Path) -> None:
    entries = [{"kind": kind, "with": {"configuration": "configuration - 10"}} for kind in ("gauge", "rng")]
    ensembles = {"A": {"L": 4, "T": 12, "configurations": "10:30:10"}}
    kinds = {
        "gauge": {"path": "{ensemble}/{configuration}", "needs": entries},
        "rng": {"path": "{ensemble}/rng/{configuration}", "made_with": "gauge"},
        "flow": {"path": "{ensemble}/flow/{configuration}", "needs": ["gauge"]},
    }
    campaign = read(tmp_path, kinds, ensembles=ensembles)
    chain = {("A/20", "A/rng/10"), ("A/30", "A/rng/20")}
    assert needs(campaign, "gauge", "rng") == chain
    assert needs(campaign, "rng", "gauge") == {("A/rng/20", "A/10"), ("A/rng/30", "A/20")}
    assert list(campaign.kinds) == ["gauge", "rng", "flow"]


def test_a_coordinate_may_be_added_and_reckoned(tmp_path: Path) -> None:
    added = {"kind": "prop", "with": {"quark": "s", "t": "t // 2 + 4"}}
    kinds = {"gauge": GAUGE, "prop": PROP, "x": {"path": "{ensemble}/x/{configuration}_{t}", "needs": [added]}}
    kinds["x"]["only"] = {"t": [0, 8]}
    found = needs(read(tmp_path, kinds), "x", "prop")
    assert {i for p, i in found if p.startswith("A/x/10")} == {"A/prop/10_s_4", "A/prop/10_s_8"}


def test_the_sources_of_another_configuration_are_its_own(tmp_path: Path) -> None:
    ensembles = {"A": {"L": 4, "T": 12, "configurations": [10, 20], "source_sets": {"0": [0, 1]}}}
    ensembles["A"]["sources"] = [[10, 0, 0, 0, 1], [20, 0, 0, 0, 2]]
    before = {"kind": "point", "with": {"configuration": "configuration - 10"}}
    kinds = {
        "point": {"path": "{ensemble}/point/{configuration}_{source}"},
        "set": {"path": "{ensemble}/set/{configuration}_{source_set}", "needs": [before]},
    }
    campaign = read(tmp_path, kinds, ensembles=ensembles)
    assert needs(campaign, "set", "point") == {("A/set/20_0", "A/point/10_x0y0z0t1")}


def test_an_axis_by_configuration_is_that_of_the_configuration_looked_for(tmp_path: Path) -> None:
    (tmp_path / "t.lst").write_text("10 1\n10 2\n20 2\n20 3\n")
    axes = {"t": {"file": "t.lst", "columns": ["configuration", "t"]}}
    ensembles = {"A": {"L": 4, "T": 12, "configurations": [10, 20]}}
    before = {"kind": "low", "with": {"configuration": "configuration - 10"}}
    kinds = {
        "low": {"path": "{ensemble}/low/{configuration}_{t}"},
        "mean": {"path": "{ensemble}/mean/{configuration}", "needs": [before]},
    }
    campaign = read(tmp_path, kinds, axes=axes, ensembles=ensembles)
    assert needs(campaign, "mean", "low") == {("A/mean/20", "A/low/10_1"), ("A/mean/20", "A/low/10_2")}
    kinds["next"] = {"path": "{ensemble}/next/{configuration}_{t}", "needs": [before]}
    assert refusal(tmp_path, kinds, axes=axes, ensembles=ensembles) == (
        "kinds.next.needs[0]: next with ensemble = A, configuration = 20, t = 3 finds no low with ensemble = A, "
        "configuration = 10, t = 3, which the campaign's lists and axes do not have together"
    )


# Plain loops


@st.composite
def entries(draw: st.DrawFn) -> dict[str, Any]:
    """An entry of needs of the kind ``b``."""
    replaced: dict[str, Any] = {}
    for name, values in {"t": [0, 8, "t - 4", "t + 4", "8 - t"], "quark": ["l", "s"]}.items():
        if draw(st.booleans()):
            replaced[name] = draw(st.sampled_from(values))
    if draw(st.booleans()):
        replaced["configuration"] = draw(st.sampled_from([20, 30, "configuration - 10", "configuration + 10"]))
    only = {"t": draw(st.lists(st.sampled_from([0, 4, 8]), min_size=1, unique=True))} if draw(st.booleans()) else {}
    return {"kind": "b", "with": replaced, "only": only}


def rows(names: list[str]) -> Iterator[dict[str, Any]]:
    """The join of ensembles, configurations and axes, projected on some names; each row once."""
    told: list[dict[str, Any]] = []
    for ensemble, stated in ENSEMBLES.items():
        for number, t, quark, meson in product(stated["configurations"], *AXES.values()):
            row = {"ensemble": ensemble, "configuration": number, "t": t, "quark": quark, "meson": meson}
            told.append({name: row[name] for name in names})
    yield from (row for number, row in enumerate(told) if row not in told[:number])


def by_loops(stated: list[dict[str, Any]], a: list[str], b: list[str]) -> tuple[Pairs, bool]:
    """The pairs that entries tie, and whether each finds an input where one must be."""
    found, whole = set(), True
    for one in rows(a):
        for entry in stated:
            if not all(one[name] in values for name, values in entry["only"].items()):
                continue
            looked_for, outside = dict(one), False
            for name, value in entry["with"].items():
                is_number = name != "quark" and isinstance(value, str)
                looked_for[name] = eval(value, {}, one) if is_number else value  # noqa: S307 -- the words above
                first = [*ENSEMBLES[one["ensemble"]]["configurations"]] if name == "configuration" else AXES["t"]
                outside |= is_number and not first[0] <= looked_for[name] <= first[-1]
            others = [
                other
                for other in rows(b)
                if any(looked_for.items() <= row.items() and other.items() <= row.items() for row in rows(ALL))
            ]
            whole &= bool(others) or outside
            found |= {(path("a", one), path("b", other)) for other in others}
    return found, whole


ALL = ["ensemble", "configuration", "t", "quark", "meson"]


def path(kind: str, row: dict[str, Any]) -> str:
    return f"{kind}/" + "_".join(str(row[name]) for name in ALL if name in row)


def template(kind: str, names: list[str]) -> str:
    return f"{kind}/" + "_".join(f"{{{name}}}" for name in ALL if name in names)


@settings(max_examples=25)
@given(st.data())
def test_needs_are_those_of_plain_loops(data: st.DataObject) -> None:
    a = ["ensemble", "configuration", "t", *data.draw(st.sampled_from([[], ["quark"], ["meson"]]))]
    b = ["ensemble", "configuration", *data.draw(st.sampled_from([[], ["t"], ["t", "quark"], ["quark"], ["meson"]]))]
    stated = data.draw(st.lists(entries(), min_size=1, max_size=2))
    for entry in stated:
        entry["with"] = {n: v for n, v in entry["with"].items() if n in ("configuration", *b)}
    found, whole = by_loops(stated, a, b)
    kinds = {"b": {"path": template("b", b)}, "a": {"path": template("a", a), "needs": stated}}
    with TemporaryDirectory() as folder:
        if not whole:
            assert " finds no b" in refusal(Path(folder), kinds)
            return
        assume(found)
        assert needs(read(Path(folder), kinds), "a", "b") == found


# Refusals

CORR = "{ensemble}/{meson}/{configuration}_{t}"


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"kind": "porp"}, "needs: there is no 'porp'; expected one of corr, gauge, prop; did you mean 'prop'?"),
        ({"with": {"quark": "c"}}, "needs[0].with.quark: 'c' is not one of its values: l, s"),
        ({"with": {"quakr": "s"}}, "did you mean 'quark'?"),
        ({"with": {"meson": "kaon"}}, "the path of prop does not name meson, so that it makes no difference"),
        ({"with": {"t": 5}}, "needs[0].with.t: 5 is not one of its values: 0, 4, 8"),
        ({"with": {"t": "t +"}}, "needs[0].with.t: 't +' is not arithmetic"),
        ({"with": {"t": "t / 3"}}, "gives 1.3333333333333333 for t = 4; expected a whole number"),
        (
            {"with": {"t": "tt - 4"}},
            "there is no number 'tt' in it; expected a number, or arithmetic of configuration, t",
        ),
        ({"with": {"t": "4"}}, "'4' names no coordinate; state the number itself, without quotes"),
        ({"with": {"t": "t - 2"}}, "corr with ensemble = A, t = 4 finds no prop with ensemble = A, t = 2"),
        ({"only": {"meson": ["eta"]}}, "needs[0].only.meson: 'eta' is not one of its values: pion, kaon"),
        ({"only": {"quark": ["l"]}}, "needs[0].only: there is no 'quark'; expected one of"),
        ({"without": {}}, "needs[0].without: not a known key; allowed here: kind, with, only"),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path: Path, entry: dict[str, Any], said: str) -> None:
    kinds = {"gauge": GAUGE, "prop": PROP, "corr": {"path": CORR, "needs": [{"kind": "prop", **entry}]}}
    told = refusal(tmp_path, kinds)
    assert said in told
    assert told.startswith("kinds.corr.needs")
    assert "\n" not in told


def test_a_hole_within_the_range_is_refused_and_both_ends_are_not(tmp_path: Path) -> None:
    ensembles = {"A": {"L": 4, "T": 12, "configurations": [10, 20, 40]}}
    kinds = {"gauge": {"path": "{configuration}", "needs": []}}
    for step, product_, looked_for in (("- 10", 40, 30), ("+ 10", 20, 30)):
        kinds["gauge"]["needs"] = [{"kind": "gauge", "with": {"configuration": f"configuration {step}"}}]
        assert refusal(tmp_path, kinds, ensembles=ensembles) == (
            f"kinds.gauge.needs[0]: gauge with configuration = {product_} finds no gauge with configuration = {looked_for}, "
            "which the campaign's lists and axes do not have together"
        )
    kinds["gauge"]["needs"] = [{"kind": "gauge", "with": {"configuration": "configuration - 30"}}]
    assert needs(read(tmp_path, kinds, ensembles=ensembles), "gauge", "gauge") == {("40", "10")}


def test_what_needs_itself_is_refused(tmp_path: Path) -> None:
    ensembles = {"A": {"L": 4, "T": 12, "configurations": [10, 20, 30]}}
    mirrored = {"kind": "gauge", "with": {"configuration": "40 - configuration"}}
    kinds: dict[str, Any] = {"gauge": {"path": "{configuration}", "needs": [mirrored]}}
    told = refusal(tmp_path, kinds, ensembles=ensembles)
    assert told in (
        "kinds.gauge.needs: gauge with configuration = 20 needs itself",
        "kinds.gauge.needs: gauge with configuration = 10 needs itself, through configuration = 30",
        "kinds.gauge.needs: gauge with configuration = 30 needs itself, through configuration = 10",
    )
    kinds["gauge"]["needs"] = ["gauge"]
    assert refusal(tmp_path, kinds, ensembles=ensembles) == (
        "kinds.gauge.needs: it needs itself; another artifact of the same kind is named by its coordinates, such as "
        '{ kind = "gauge", with = { configuration = "configuration - 10" } }'
    )


def test_a_chain_at_the_end_stands_between_no_source_sets(tmp_path: Path) -> None:
    ensembles = {"A": {"L": 4, "T": 12, "configurations": [10, 20], "source_sets": {"0": [0, 1], "1": [1, 2]}}}
    ensembles["A"]["sources"] = [[number, 0, 0, 0, t] for number in (10, 20) for t in (1, 2)]
    before = {"kind": "sum", "with": {"configuration": "configuration - 10"}}
    kinds = {
        "point": {"path": "{ensemble}/point/{configuration}_{source}"},
        "sum": {"path": "{ensemble}/sum/{configuration}", "needs": ["point", before]},
    }
    campaign = read(tmp_path, kinds, ensembles=ensembles)
    assert needs(campaign, "sum", "sum") == {("A/sum/20", "A/sum/10")}
    kinds["fit"] = {"path": "{ensemble}/fit/{configuration}", "needs": ["sum"]}
    assert "it stands between point and fit" in refusal(tmp_path, kinds, ensembles=ensembles)


def test_a_chain_cannot_be_temporary(tmp_path: Path) -> None:
    before = {"kind": "gauge", "with": {"configuration": "configuration - 10"}}
    ensembles = {"A": {"L": 4, "T": 12, "configurations": [10, 20, 30]}}
    kinds: dict[str, Any] = {
        "gauge": {"path": "{configuration}", "needs": [before], "temporary": True},
        "flow": {"path": "flow/{configuration}", "needs": ["gauge"]},
    }
    assert refusal(tmp_path, kinds, ensembles=ensembles) == (
        "kinds.gauge.temporary: it needs gauge of the same job, and a chain whose end is deleted starts from its beginning; "
        "remove temporary"
    )


def test_a_recipe_has_one_entry_which_fixes_nothing_that_it_runs_over(tmp_path: Path) -> None:
    kinds: dict[str, Any] = {
        "raw": {"path": "{ensemble}/raw/{configuration}_{t}.h5"},
        "mean": {"path": "{ensemble}/mean/{configuration}.h5", "reduce": ["average"], "needs": []},
    }
    kinds["mean"]["needs"] = [{"kind": "raw", "with": {"t": 0}}, {"kind": "raw", "with": {"t": 4}}]
    assert "kinds.mean.reduce: expected one entry of needs, found 2 of raw" in refusal(tmp_path, kinds)
    kinds["mean"]["needs"] = [{"kind": "raw", "with": {"t": 4}}]
    assert refusal(tmp_path, kinds).startswith("kinds.mean.reduce: it runs over t, which with of needs fixes")


def test_circles_are_found_in_any_order() -> None:
    products, inputs = np.array([3, 1, 2, 0]), np.array([1, 2, 3, 3])
    assert sorted(circle(products, inputs, 4)) == [1, 2, 3]
    assert circle(np.array([0, 2]), np.array([1, 0]), 3) == []
    chain = np.arange(1, 100_000)
    assert circle(chain, chain - 1, 100_000) == []
    closed = circle(np.append(chain, 0), np.append(chain - 1, 99_999), 100_000)
    assert sorted(closed) == list(range(100_000))
