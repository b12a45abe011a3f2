"""Axes whose values differ by configuration: lists with columns, what is expected and needed, and what is refused."""

from collections.abc import Callable
from pathlib import Path

import pytest
from disk import index, paths_of, put, query

from latteboard import Catalog
from latteboard.campaign import Campaign
from latteboard.campaign.lists import Lists
from latteboard.campaign.relations import AxisRelation
from latteboard.catalog.questions.explain import explain
from latteboard.errors import CampaignError
from reducer.planning.picks import Picks

Read = Callable[..., Campaign]

ENSEMBLES = """
[ensembles.A]
streams = ["a", "b"]
L = 4
T = 8
configurations = [10, 20]
stream.b.configurations = [20]
[ensembles.B]
L = 4
T = 8
configurations = [10]
"""
AXES = """
[axes]
time = { file = "times.lst", columns = ["ensemble", "configuration", "time"] }
wall = [0, 4]
"""
TIMES = "A 10 0\nA 20 2  # another\nA 20 6\nB 10 3\nB 20 1\nC 10 5\n"
KINDS = """
[kinds.eigen]
path = "{ensemble}/eigen_{configuration}"
[kinds.low]
path = "{ensemble}/low_{configuration}_t{time}"
needs = ["eigen"]
min_bytes = "time * 8"
temporary = true
[kinds.mean]
path = "{ensemble}/mean_{configuration}"
needs = ["low"]
[kinds.corr]
path = "{ensemble}_{stream}/corr_{configuration}_t{time}_w{wall}"
needs = ["low"]
datasets = "c/{time}/{wall}"
"""


def read(read_campaign: Read, *edits: tuple[str, str], times: str = TIMES, **changes: str) -> Campaign:
    sections = {"ensembles": ENSEMBLES, "kinds": KINDS, "axes": AXES, "derive": "", "archives": ""} | changes
    return read_campaign(*edits, lists={"times.lst": times}, **sections)


def test_each_configuration_has_its_own_values(read_campaign: Read) -> None:
    campaign = read(read_campaign)
    assert paths_of(campaign, "low") == [
        f"{e}/low_{c}_t{t}" for e, c, t in (("A", 10, 0), ("A", 20, 2), ("A", 20, 6), ("B", 10, 3))
    ]
    times = [("a", 10, 0), ("a", 20, 2), ("a", 20, 6), ("b", 20, 2), ("b", 20, 6)]
    assert paths_of(campaign, "corr") == [f"A_{s}/corr_{c}_t{t}_w{w}" for s, c, t in times for w in (0, 4)]
    assert campaign.expected("low").least_bytes().tolist() == [0, 16, 48, 24]
    assert list(campaign.values_of("time")) == [0, 2, 3, 6]  # 1 and 5 belong to nothing that there is
    assert campaign.parse("A/low_20_t6") == ("low", {"ensemble": "A", "configuration": 20, "time": 6})
    assert campaign.parse("A/low_10_t6") is None
    relation = campaign.relations.axes["time"]
    assert relation.on == ("ensemble", "configuration")
    assert isinstance(relation, AxisRelation)
    assert campaign.relations.axes["wall"].on == ("ensemble",)


def test_an_artifact_needs_the_inputs_of_its_configuration_with_the_catalog_alone(read_campaign: Read) -> None:
    campaign = read(read_campaign)
    put(campaign, "A/eigen_10")
    index(campaign)
    catalog = Catalog(campaign.catalog)
    (low,) = explain(catalog, "mean", {"ensemble": "A", "configuration": 20}).inputs
    assert (low.expected, list(low.missing)) == (2, ["A/low_20_t2", "A/low_20_t6"])
    (low,) = explain(
        catalog, "corr", {"ensemble": "A", "stream": "b", "configuration": 20, "time": 6, "wall": 0}
    ).inputs
    assert (low.expected, list(low.missing)) == (1, ["A/low_20_t6"])
    rows = query(
        campaign,
        "select axis, stream is null, configuration, value from axis_value order by axis, configuration, value",
    )
    assert rows == [
        *(("time", 1, c, t) for c, t in ((10, 0), (10, 3), (20, 2), (20, 6))),
        *(("wall", 1, None, w) for w in (0, 0, 4, 4)),
    ]


def test_the_index_takes_up_a_list_that_changed(read_campaign: Read) -> None:
    campaign = read(read_campaign)
    put(campaign, "A/low_20_t2")
    index(campaign)
    again = read(read_campaign, times=TIMES.replace("A 20 6", "A 20 7"))
    index(again)
    found = query(again, "select path from low where configuration = 20 order by path")
    assert found == [("A/low_20_t2",), ("A/low_20_t7",)]
    # The same values at other configurations are another campaign too.
    moved = read(read_campaign, times=TIMES.replace("A 10 0", "A 10 2").replace("A 20 2 ", "A 20 0 "))
    index(moved)
    assert query(moved, "select path from low where time = 2") == [("A/low_10_t2",)]


def test_datasets_run_over_the_values_of_the_configuration(read_campaign: Read) -> None:
    campaign = read(
        read_campaign,
        kinds='[kinds.all]\npath = "{ensemble}/all_{configuration}"\ndatasets = "{time}/w{wall}"\n'
        '[kinds.joined]\npath = "{ensemble}_{stream}/joined"\ndatasets = "{configuration}/{time}"\n',
    )
    all_of = campaign.datasets("all")
    assert list(all_of.of({"ensemble": "A", "configuration": 20})) == ["2/w0", "2/w4", "6/w0", "6/w4"]
    assert list(all_of.of({"ensemble": "A", "configuration": 10})) == ["0/w0", "0/w4"]
    assert list(all_of.of({"ensemble": "B", "configuration": 10}, wall=4)) == ["3/w4"]
    assert list(campaign.datasets("joined").of({"ensemble": "A", "stream": "a"})) == ["10/0", "20/2", "20/6"]
    assert list(campaign.datasets("joined").of({"ensemble": "A", "stream": "b"})) == ["20/2", "20/6"]


def test_an_output_picks_the_datasets_that_its_input_has_at_its_configuration(read_campaign: Read) -> None:
    campaign = read(
        read_campaign,
        kinds='[kinds.all]\npath = "{ensemble}/all_{configuration}.h5"\ndatasets = "c/{time}/w{wall}"\n'
        '[kinds.wall]\npath = "{ensemble}/wall_{configuration}_{wall}.h5"\nneeds = ["all"]\nreduce = ["tslice"]\n'
        '[kinds.at]\npath = "{ensemble}/at_{configuration}_{time}.h5"\nneeds = ["all"]\nreduce = ["tslice"]\n',
    )
    assert paths_of(campaign, "at")[:3] == ["A/at_10_0.h5", "A/at_20_2.h5", "A/at_20_6.h5"]
    columns = campaign.expected("all").rows
    walls, times = (Picks(campaign, kind, "all", columns) for kind in ("wall", "at"))
    assert [walls.of(row, {"wall": 4}) for row in range(3)] == [("c/0/w4",), ("c/2/w4", "c/6/w4"), ("c/3/w4",)]
    assert times.of(1, {"time": 6}) == ("c/6/w0", "c/6/w4")


def test_columns_are_whole_numbers_only_if_all_are_without_leading_zeros(read_campaign: Read) -> None:
    texts = read(
        read_campaign, times=TIMES.replace("B 10 3", "B 10 03"), kinds=KINDS.replace('min_bytes = "time * 8"\n', "")
    )
    assert list(texts.values_of("time")) == ["0", "2", "6", "03"]
    negative = read(
        read_campaign, times=TIMES.replace("B 10 3", "B 10 -3"), kinds=KINDS.replace('min_bytes = "time * 8"\n', "")
    )
    assert list(negative.values_of("time")) == [-3, 0, 2, 6]


def test_a_list_and_plain_values_are_one_axis(read_campaign: Read) -> None:
    campaign = read(
        read_campaign,
        ("configurations = [10]\n", "configurations = [10]\naxes.time = [3, 1]\n"),
        times="A a 10 0\nA a 20 2\nA b 20 6\nB x 10 7\n",
        axes=AXES.replace('"configuration", ', '"stream", "configuration", '),
    )
    assert campaign.relations.axes["time"].on == ("ensemble", "stream", "configuration")
    assert paths_of(campaign, "low") == [
        *("A/low_10_t0", "A/low_20_t2", "A/low_20_t6"),
        *("B/low_10_t1", "B/low_10_t3"),
    ]
    assert [path for path in paths_of(campaign, "corr") if path.endswith("w0")] == [
        *("A_a/corr_10_t0_w0", "A_a/corr_20_t2_w0", "A_b/corr_20_t6_w0"),
    ]


def test_with_partial_nothing_is_expected_where_there_is_no_row(read_campaign: Read) -> None:
    partial = AXES.replace('"time"] }', '"time"], partial = true }')
    campaign = read(
        read_campaign,
        times="A 20 2\n",
        axes=partial,
        kinds=KINDS.replace('needs = ["low"]\n', "", 1).replace("temporary = true\n", ""),
    )
    assert paths_of(campaign, "low") == ["A/low_20_t2"]
    assert campaign.relations.lacking == {"stream", "source", "source_set", "time"}
    assert len(paths_of(campaign, "mean")) == 3  # it does not name the time
    assert paths_of(campaign, "corr") == [f"A_{s}/corr_20_t2_w{w}" for s in "ab" for w in (0, 4)]
    assert campaign.lacking() == {"B": ["corr"]}  # since it has no streams


def test_a_product_where_a_partial_list_has_no_row_finds_no_input(read_campaign: Read) -> None:
    partial = AXES.replace('"time"] }', '"time"], partial = true }')
    with pytest.raises(
        CampaignError, match=r"kinds\.mean\.needs: mean with ensemble = A, configuration = 10 finds no low"
    ):
        read(read_campaign, times="A 20 2\nB 10 1\n", axes=partial)
    only = KINDS.replace('mean_{configuration}"\n', 'mean_{configuration}"\nonly = { configuration = [20] }\n')
    assert paths_of(read(read_campaign, times="A 20 2\nB 10 1\n", axes=partial, kinds=only), "mean") == ["A/mean_20"]


def test_a_shared_time_does_not_hide_that_no_configuration_fits(read_campaign: Read) -> None:
    kinds = (
        '[kinds.low]\npath = "{ensemble}/low_{configuration}_t{time}"\nonly = { configuration = [10] }\n'
        '[kinds.sum]\npath = "{ensemble}/sum_t{time}"\nneeds = ["low"]\n'
    )
    with pytest.raises(CampaignError, match=r"kinds\.sum\.needs: sum with ensemble = A, time = 2 finds no low"):
        read(read_campaign, kinds=kinds)


def test_only_keeps_a_kind_from_configurations_without_a_row(read_campaign: Read) -> None:
    kinds = '[kinds.low]\npath = "{ensemble}/low_{configuration}_t{time}"\nonly = { configuration = [10] }\n'
    campaign = read(read_campaign, times="A 10 1\nB 10 2\n", kinds=kinds)
    assert paths_of(campaign, "low") == ["A/low_10_t1", "B/low_10_t2"]


ONE_LIST = '{ file = "times.lst", columns = ["ensemble", "configuration", "time"] }'
# The text of a list by what is said of it.
REFUSALS = {
    "axes.time.file: configuration 20 of stream a of A has no row in 'times.lst', and low names time; expected": TIMES.replace(
        "A 20", "A 30"
    ),
    "axes.time.file: configuration 10 of ensemble B has no row in 'times.lst'": TIMES.replace("B 10 3\n", ""),
    "axes.time: no configuration of any ensemble has a row in its list": "A 30 1\n",
    "times.lst line 2: expected 3 columns, ensemble configuration time; found 'A 20'": "A 10 0\nA 20\n",
    "times.lst line 3: expected 3 columns, ensemble configuration time; found 'A 20 1 2'": "# t\n\nA 20 1 2\n",
    "times.lst line 2: expected a configuration number, found 'x20'": "A 10 0\nA x20 1\n",
    "times.lst line 1: expected whole numbers from -2**31 to 2**31 - 1, found 2147483648": "A 10 2147483648\n",
    "times.lst line 2: 'a/b' cannot stand in a file name": "A 10 0\nA 20 a/b\n",
    "times.lst: expected each row once, found 'A 20 2' in lines 2, 7": f"{TIMES}A 20 2\n",
}


@pytest.mark.parametrize("message", REFUSALS)
def test_a_list_that_does_not_fit_is_refused(read_campaign: Read, message: str) -> None:
    with pytest.raises(CampaignError) as caught:
        read(read_campaign, times=REFUSALS[message])
    assert message in str(caught.value).split("\n")[0]


FORMS = {
    '{ values = [1], file = "times.lst" }': "axes.time: the values are stated here, so there is no list; remove values, or file",
    "{ values = [1], partial = true }": "axes.time: the values are stated here, so there is no list; remove values, or partial",
    "{ partial = true }": "axes.time: expected values, or file and columns",
    '{ file = "times.lst" }': "axes.time.columns: expected some of ensemble, stream, configuration, in this order, and last",
    '{ file = "times.lst", columns = ["configuration", "ensemble", "time"] }': "last time; found configuration, ensemble, time",
    '{ file = "times.lst", columns = ["ensemble", "configuration"] }': "last time; found ensemble, configuration",
    '{ file = "times.lst", columns = ["source", "time"] }': "in this order, and last time; found source, time",
    '{ file = "none.lst", columns = ["time"] }': "none.lst' cannot be read: No such file or directory",
    "{ values = [] }": "axes.time: expected at least one value, found []",
}


@pytest.mark.parametrize("form", FORMS)
def test_a_form_that_is_no_axis_is_refused(read_campaign: Read, form: str) -> None:
    with pytest.raises(CampaignError) as caught:
        read(read_campaign, axes=AXES.replace(ONE_LIST, form))
    assert FORMS[form] in str(caught.value).split("\n")[0]


def test_a_list_of_the_axis_alone_is_a_plain_list(read_campaign: Read) -> None:
    campaign = read(
        read_campaign, axes=AXES.replace(ONE_LIST, '{ file = "times.lst", columns = ["time"] }'), times="7\n0\n"
    )
    assert campaign.relations.axes["time"].on == ("ensemble",)
    assert paths_of(campaign, "low")[:4] == ["A/low_10_t0", "A/low_10_t7", "A/low_20_t0", "A/low_20_t7"]


def test_a_large_plain_list_and_one_with_comments_are_the_same(tmp_path: Path) -> None:
    plain = "".join(f"{c} {t}\n" for c in range(300) for t in (c % 7, c % 7 + 9))
    (tmp_path / "plain.lst").write_text(plain)
    (tmp_path / "odd.lst").write_text("# all\n\n" + plain.replace("\n", "  # é\n"))
    tables = [Lists(tmp_path).table(file, ("configuration", "t")) for file in ("plain.lst", "odd.lst")]
    assert tables[0].values == tables[1].values
    assert all((tables[0].rows[name] == tables[1].rows[name]).all() for name in ("configuration", "t"))
