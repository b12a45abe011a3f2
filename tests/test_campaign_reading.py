"""What a campaign expects: compared with a join in plain loops, with counts by hand, with the names of a real production."""

import json
import re
import shutil
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from disk import SMALL, index
from hypothesis import given, settings
from hypothesis import strategies as st

from latteboard.campaign import Campaign, locate_catalog
from latteboard.catalog import Catalog
from latteboard.errors import CampaignError
from latteboard.names.templates import Source

EXAMPLES = Path(__file__).parent.parent / "campaigns"
Row = dict[str, Any]


# Against a join in plain loops

COORDINATES = ("ensemble", "stream", "configuration", "source_set", "source", "dt", "flavor")
PLACES = [Source(0, 0, 0, 0), Source(1, 2, 3, 4), Source(3, 3, 3, 7), Source(2, 0, 1, 0)]
SETS = st.dictionaries(
    st.sampled_from(["0-1", "1-2", "0-3"]), st.sampled_from([[0, 2], [1, 3], [0, 4], [2, 4]]), min_size=1, max_size=2
)
STREAMS = st.fixed_dictionaries(
    {
        "configurations": st.lists(st.integers(1, 4), min_size=1, max_size=3, unique=True),
        "order": st.permutations(range(4)),
        "source_sets": SETS,
    }
)
AXES = st.fixed_dictionaries(
    {}, optional={"dt": st.lists(st.integers(1, 3), min_size=1, max_size=2, unique=True), "flavor": st.just(["u", "d"])}
)
ENSEMBLES = st.fixed_dictionaries(
    {"stream": st.dictionaries(st.sampled_from("ab"), STREAMS, min_size=1, max_size=2), "axes": AXES}
)
NAMED = st.lists(st.sampled_from(COORDINATES), unique=True, max_size=5)
ONLY = st.fixed_dictionaries(
    {},
    optional={
        "ensemble": st.just(["A"]),
        "dt": st.just([2]),
        "configuration": st.just([1, 2]),
        "source_set": st.just(["0-1"]),
    },
)


def relations(ensembles: Row) -> Iterator[tuple[set[str], list[Row]]]:
    """Each relation of the campaign: its columns and its rows."""
    rows = []
    for ensemble, stated in ensembles.items():
        for stream, own in stated["stream"].items():
            for configuration in own["configurations"]:
                sources = [PLACES[(place + configuration) % 4] for place in own["order"]]
                for name, (first, end) in own["source_sets"].items():
                    rows += [
                        dict(zip(COORDINATES[:5], (ensemble, stream, configuration, name, source), strict=True))
                        for source in sources[first:end]
                    ]
    yield set(COORDINATES[:5]), rows
    for axis, everywhere in (("dt", [2, 3]), ("flavor", ["u"])):
        values = {ensemble: stated["axes"].get(axis, everywhere) for ensemble, stated in ensembles.items()}
        yield {"ensemble", axis}, [{"ensemble": e, axis: value} for e, own in values.items() for value in own]


def join(ensembles: Row, names: set[str]) -> list[Row]:
    """The natural join of the relations that have a column in ``names``."""
    joined: list[Row] = [{}]
    for columns, rows in relations(ensembles):
        if names & columns:
            joined = [
                {**a, **b} for a in joined for b in rows if all(a[name] == b[name] for name in a.keys() & b.keys())
            ]
    return joined


def projected(rows: list[Row], names: list[str], only: Row) -> set[tuple[Any, ...]]:
    return {tuple(row[n] for n in names) for row in rows if all(row[n] in allowed for n, allowed in only.items())}


def toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(name)} = {toml(inner)}" for name, inner in value.items()) + " }"
    return "[" + ", ".join(map(toml, value)) + "]" if isinstance(value, list) else json.dumps(value)


def write(folder: Path, ensembles: Row, kinds: Row) -> Path:
    stated: Row = {"campaign": {"name": "random", "root": "."}, "axes": {"dt": [2, 3], "flavor": ["u"]}}
    stated["ensembles"] = {}
    for ensemble, content in ensembles.items():
        streams = {}
        for stream, own in content["stream"].items():
            file = f"{ensemble}_{stream}.lst"
            places = [(c, PLACES[(place + c) % 4]) for c in (4, 3, 2, 1) for place in own["order"]]
            (folder / file).write_text("".join(f"{c} {s.x} {s.y} {s.z} {s.t}\n" for c, s in places))
            streams[stream] = {"configurations": own["configurations"], "sources": {"file": file}}
            streams[stream]["source_sets"] = own["source_sets"]
        lattice = {"L": 4, "T": 8 if ensemble == "A" else 16}
        stated["ensembles"][ensemble] = {
            "streams": list(streams),
            **lattice,
            "axes": content["axes"],
            "stream": streams,
        }
    stated["kinds"] = kinds
    (folder / "campaign.toml").write_text("".join(f"{key} = {toml(value)}\n" for key, value in stated.items()))
    return folder / "campaign.toml"


def path_of(kind: str, names: list[str]) -> str:
    return "/".join([*(f"{name}_{{{name}}}" for name in names), f"{kind}.h5"])


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from("AB"), ENSEMBLES, min_size=1), NAMED, NAMED, ONLY)
def test_expected_artifacts_are_distinct_projections_of_a_natural_join(
    ensembles: Row, a: list[str], b: list[str], only: Row
) -> None:
    values = {name: {row[name] for row in join(ensembles, set(COORDINATES))} for name in COORDINATES}
    only = {name: allowed for name, allowed in only.items() if name in b and set(allowed) <= values[name]}
    kinds: Row = {"a": {"path": path_of("a", a), "needs": ["b"]}, "b": {"path": path_of("b", b), "only": only}}
    expected = {"a": projected(join(ensembles, set(a)), a, {}), "b": projected(join(ensembles, set(b)), b, only)}
    tied = join(ensembles, {*a, *b})
    lonely = expected["a"] - projected(tied, a, only)
    with TemporaryDirectory() as folder:
        path = write(Path(folder), ensembles, kinds)
        if lonely:
            with pytest.raises(CampaignError, match=r"kinds\.a\.needs: a with .* finds no b"):
                Campaign.read(path)
        else:
            check(Campaign.read(path), {"a": a, "b": b}, expected)


def finds_inputs(campaign: Campaign, kind: str, need: str) -> np.ndarray:
    """For each expected artifact of a kind, whether it needs any expected artifact of another one."""
    return campaign.links(kind, need).any(np.ones(len(campaign.expected(need)), dtype=bool))


def check(campaign: Campaign, names: dict[str, list[str]], expected: dict[str, set[tuple[Any, ...]]]) -> None:
    for kind, coordinates in names.items():
        found = campaign.expected(kind)
        rows = [found.coordinates(index) for index in range(len(found))]
        assert len(rows) == len(expected[kind])
        assert {tuple(row[name] for name in coordinates) for row in rows} == expected[kind]
        assert [found.index(row) for row in rows] == list(range(len(rows)))
        paths = [path for block, where in found.block_slices for path in found.paths(block, where)]
        assert paths == [campaign.path_of(kind, row) for row in rows]
        assert [campaign.parse(path) for path in paths] == [(kind, row) for row in rows]
        folders, numbers = found.folders()
        files = [name for block, where in found.block_slices for name in found.names(block, where)]
        assert [f"{folders[n]}/{file}".lstrip("/") for n, file in zip(numbers.tolist(), files, strict=True)] == paths
    assert finds_inputs(campaign, "a", "b").all()


# The tiny campaign, by hand


def test_a_source_of_two_sets_has_one_propagator(read_campaign: Callable[..., Campaign]) -> None:
    campaign = read_campaign(("[2, 4] }", "[1, 4] }"))
    assert len(campaign.expected("prop")) == 4 + 4 + 4 + 2  # A_a has two configurations, A_b one, B_a one set
    sets = [row["source_set"] for row in map(campaign.expected("formfac_4D").coordinates, range(10))]
    assert sets == ["0-1"] * 4 + ["2-3"] * 6  # two sources and two separations; three sources and two
    assert len(campaign.expected("formfac_4D")) == 2 * (2 + 3) * 3 + 2 * 2


def test_streams_and_ensembles_differ(read_campaign: Callable[..., Campaign]) -> None:
    campaign = read_campaign()
    rows = [campaign.expected("average").coordinates(n) for n in range(14)]
    found = [(str(campaign.stream(row)), row["configuration"], row["source_set"], row["t_separation"]) for row in rows]
    assert found == [
        *(("A_a", c, s, t) for c in (10, 20) for s in ("0-1", "2-3") for t in (3, 4)),
        *(("A_b", 10, s, t) for s in ("0-1", "2-3") for t in (3, 4)),
        *(("B_a", 5, "0-1", t) for t in (4, 5)),
    ]


def test_sizes_follow_ensemble_and_coordinates(read_campaign: Callable[..., Campaign]) -> None:
    campaign = read_campaign()
    assert campaign.expected("prop").least_bytes().tolist() == [16 * 4**3] * 12 + [24 * 6**3] * 2
    sizes = campaign.expected("average").least_bytes().tolist()
    assert sizes == [4 * 4 * 4**3 * 16, 4 * 5 * 4**3 * 16] * 6 + [4 * 5 * 6**3 * 16, 4 * 6 * 6**3 * 16]


def test_what_one_job_makes_needs_the_same(read_campaign: Callable[..., Campaign]) -> None:
    campaign = read_campaign(
        ('datasets  = "{particle}_t0', 'only = { ensemble = ["A"] }\ntask = { gpus = 4 }\ndatasets = "{particle}_t0'),
        ('reduce    = ["tslice"', 'only = { ensemble = ["A"] }\nreduce = ["tslice"'),
        ("reduce    = [{ conc", 'only = { ensemble = ["A"] }\nreduce = [{ conc'),
    )
    leader, other = campaign.kinds["formfac_4D"], campaign.kinds["formfac"]
    assert (other.needs, other.task) == (leader.needs, leader.task) == (("prop", "seqprop"), {"gpus": 4})
    assert len(campaign.expected("formfac")) == len(campaign.expected("formfac_4D")) == 24


def test_kinds_stand_in_the_order_of_the_production(read_campaign: Callable[..., Campaign]) -> None:
    campaign = read_campaign(("[kinds.cfg]", '[kinds.first]\npath = "x"\nneeds = ["joined"]\n[kinds.cfg]'))
    assert list(campaign.kinds) == ["cfg", "prop", "seqprop", "formfac", "formfac_4D", "average", "joined", "first"]


def test_a_kind_may_be_a_single_file(read_campaign: Callable[..., Campaign]) -> None:
    campaign = read_campaign(("[kinds.cfg]", '[kinds.first]\npath = "all/x%s.h5"\nneeds = ["joined"]\n[kinds.cfg]'))
    found = campaign.expected("first")
    assert (len(found), found.index({}), found.coordinates(0)) == (1, 0, {})
    assert found.paths(found.blocks[0], slice(0, 1)) == ["all/x%s.h5"]
    assert campaign.parse("all/x%s.h5") == ("first", {})
    assert finds_inputs(campaign, "first", "joined").tolist() == [True]


def test_only_restricts_numbers_and_sources_too(read_campaign: Callable[..., Campaign]) -> None:
    campaign = read_campaign(
        kinds='[kinds.prop]\npath = "{configuration}/{source}.lime"\n'
        'only = { configuration = [10, 5], source = ["x0y1z2t3", "x5y4z3t11", "x0y0z0t0"] }\n'
    )
    found = campaign.expected("prop")
    assert found.paths(found.blocks[0], slice(0, 9)) == ["5/x0y1z2t3.lime", "5/x5y4z3t11.lime", "10/x0y1z2t3.lime"]


def test_a_kind_for_one_ensemble_may_use_what_only_that_one_states(read_campaign: Callable[..., Campaign]) -> None:
    own = (
        '[kinds.own]\npath = "own_{tag}_{configuration}_{ensemble}"\nmin_bytes = "bytes"\nonly = { ensemble = ["B"] }\n'
    )
    campaign = read_campaign(
        ("unit           = 24", 'tag = "w3"\nbytes = 7'), ("[kinds.joined]", f"{own}[kinds.joined]")
    )
    found = campaign.expected("own")
    assert found.paths(found.blocks[0], slice(0, 1)) == ["own_w3_5_B"]
    assert found.least_bytes().tolist() == [7]


def test_a_name_derived_from_the_ensemble_is_a_constant(read_campaign: Callable[..., Campaign]) -> None:
    campaign = read_campaign(
        ("{ensemble}_{stream}/cfg", "{part}/{ensemble}_{stream}/cfg"),
        ("[derive.dt]", '[derive.part]\nfrom = "ensemble"\nvalues = { A = "old", B = "old" }\n[derive.dt]'),
    )
    assert campaign.parse("old/B_a/cfg/5.lime") == ("cfg", {"ensemble": "B", "stream": "a", "configuration": 5})


def test_artifacts_may_be_datasets_inside_a_file(read_campaign: Callable[..., Campaign]) -> None:
    campaign = read_campaign(
        (
            "[kinds.cfg]",
            '[kinds.flow]\npath = "{ensemble}_{stream}/flow.h5::t/{configuration:03d}"\nneeds = ["cfg"]\n[kinds.cfg]',
        )
    )
    kind, found = campaign.kinds["flow"], campaign.expected("flow")
    assert (kind.inside, str(kind.container)) == (True, "{ensemble}_{stream}/flow.h5")
    assert not campaign.kinds["prop"].inside
    folders, numbers = found.folders()
    assert [folders[n] for n in numbers] == ["A_a", "A_a", "A_b", "B_a"]
    block, rows = found.block_slices[0]
    assert (found.names(block, rows), found.datasets(block, rows)) == (["flow.h5"] * 2, ["t/010", "t/020"])
    assert campaign.parse("A_b/flow.h5::t/010") == ("flow", {"ensemble": "A", "stream": "b", "configuration": 10})


def test_strays_are_read_as_far_as_they_go(read_campaign: Callable[..., Campaign]) -> None:
    campaign = read_campaign()
    assert campaign.parse("A_b/cfg/20.lime") is None
    assert list(campaign.matches("A_b/cfg/20.lime")) == [("cfg", {"ensemble": "A", "stream": "b", "configuration": 20})]
    assert list(campaign.matches("A_b/cfg/20.lime.tmp")) == []
    wrong = "A_a/seqprop/10/seqprop_proton_np_dt3_Srcs0-1.lime"  # its sign and its particle do not agree
    assert list(campaign.matches(wrong)) == []


def test_ensembles_may_have_equal_numbers(read_campaign: Callable[..., Campaign]) -> None:
    campaign = read_campaign(('"5:9:5"', "[10, 20]"), ('{ file = "B.lst" }', '{ file = "A.lst" }'))
    assert len(campaign.expected("cfg")) == 5


def test_an_unknown_ensemble_or_artifact_is_refused(read_campaign: Callable[..., Campaign]) -> None:
    campaign = read_campaign()
    with pytest.raises(CampaignError, match="no ensemble C"):
        campaign.stream({"ensemble": "C"})
    with pytest.raises(
        CampaignError, match=r"kinds\.cfg: no artifact has ensemble = C, stream = a, configuration = 10"
    ):
        campaign.path_of("cfg", {"ensemble": "C", "stream": "a", "configuration": 10})


def test_rows_stand_in_canonical_order(read_campaign: Callable[..., Campaign]) -> None:
    campaign = read_campaign()
    for kind in campaign.kinds:
        rows = campaign.expected(kind).rows
        keys = campaign.relations.keys(rows)
        assert list(rows) == [name for name in campaign.relations.order if name in rows]
        assert all(a < b for a, b in pairwise(keys.tolist()))


def test_keys_are_right_where_64_bits_do_not_hold_them(read_campaign: Callable[..., Campaign]) -> None:
    wide = ", ".join(map(str, range(1500)))
    axes = "".join(f"a{n} = [{wide}]\n" for n in range(7))
    campaign = read_campaign(
        ("[ensembles.B.axes]", ""),
        ("t_separation   = [4, 5]", ""),
        axes=f"[axes]\n{axes}",
        derive="",
        kinds='[kinds.cfg]\npath = "{configuration}"',
    )
    rows = {name: np.array([0, 7, 1499], dtype=np.int32) for name in campaign.axes}
    keys = campaign.relations.keys(rows)
    assert keys.tolist() == [0, sum(7 * 1500**n for n in range(7)), 1500**7 - 1]
    assert campaign.relations.key(rows, dict.fromkeys(campaign.axes, 7)) == keys[1]


def test_root_and_catalog_lie_beside_the_campaign_file(write_campaign: Callable[..., Path]) -> None:
    path = write_campaign()
    campaign = Campaign.read(str(path))
    assert (campaign.root, campaign.catalog) == (path.parent / "production", str(path.parent / "catalog.db"))
    assert locate_catalog(path) == campaign.catalog
    url = "postgresql://host/books"
    assert Campaign.read(write_campaign(('grace = "10 min"', f'catalog = "{url}"'))).catalog == url
    assert Campaign.read(write_campaign(('"production"', '"/scratch/x"'))).root == Path("/scratch/x")


@pytest.mark.parametrize(
    "name", ["c?1.db", "c#1.db", "c%20.db", "file:c.db", ":memory:", "c.db?mode=ro", "it's.db", "a:b"]
)
def test_a_catalog_without_a_scheme_is_a_file_of_just_this_name(write_campaign: Callable[..., Path], name: str) -> None:
    path = write_campaign(('grace = "10 min"', f'catalog = "{name}"'), kinds=SMALL)
    campaign = Campaign.read(path)
    assert campaign.catalog == locate_catalog(path) == f"{path.parent}/{name}"
    index(campaign, accept_empty=True)
    assert (path.parent / name).is_file()
    assert Catalog(campaign.catalog)["prop"].filter(configuration=5, status="blocked").count() == 2


def test_catalogs_of_almost_the_same_name_are_two_files(write_campaign: Callable[..., Path]) -> None:
    for name in ("c?1.db", "c?2.db"):
        index(
            Campaign.read(write_campaign(('grace = "10 min"', f'catalog = "{name}"'), kinds=SMALL)), accept_empty=True
        )
    assert sorted(path.name for path in write_campaign().parent.glob("c*.db")) == ["c?1.db", "c?2.db"]


@pytest.mark.parametrize(
    ("text", "seconds"), [("6h", 21600), ("2 d", 172800), ("10 min", 600), ("90s", 90), ("0 s", 0)]
)
def test_durations_carry_a_unit(read_campaign: Callable[..., Campaign], text: str, seconds: int) -> None:
    assert read_campaign(('"10 min"', f'"{text}"')).grace.total_seconds() == seconds


def test_a_campaign_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(CampaignError, match=r"no such campaign file.*latteboard init"):
        Campaign.read(tmp_path / "none.toml")
    with pytest.raises(CampaignError, match="Is a directory"):
        Campaign.read(tmp_path)
    for content in (b"\xff\xfe", b"x = " + b"[" * 5000, b"x = " + b"9" * 5000):
        (tmp_path / "bad.toml").write_bytes(content)
        with pytest.raises(CampaignError, match=r"bad\.toml: not a TOML file"):
            Campaign.read(tmp_path / "bad.toml")


# The nucleon campaign

NAMES = {
    "src": "src/src_ES_C_V_S.h5",
    "prop": "prop/C/prop_ES_C_V_W_S.lime",
    "spec": "spec/C/spec_ES_C_V_W_S.h5",
    "spec_4D": "spec_4D/C/spec_4D_ES_C_V_W_S.h5",
    "seqsrc": "seqsrc/C/seqsrc_ES_C_P_F_V_W_px0py0pz0_dt-8_Srcs0-7_SS.lime",
    "seqprop": "seqprop/C/seqprop_ES_C_P_F_V_W_px0py0pz0_dt-8_Srcs0-7_SS.lime",
    "formfac": "formfac/C/formfac_ES_C_V_W_px0py0pz0_dt8_Srcs0-7_S_SS.h5",
    "formfac_4D": "formfac_4D/C/formfac_4D_ES_C_V_W_px0py0pz0_dt8_Srcs0-7_S_SS.h5",
    "formfac_4D_tslice": "formfac_4D_tslice/C/formfac_4D_tslice_ES_C_V_W_px0py0pz0_dt8_Srcs0-7_S_SS.h5",
    "formfac_4D_tslice_src_avg": "formfac_4D_tslice_src_avg/C/"
    "formfac_4D_tslice_src_avg_ES_C_V_W_px0py0pz0_dt8_Srcs0-7_src_avg_SS.h5",
    "spec_4D_tslice": "spec_4D_tslice/C/spec_4D_tslice_ES_C_V_W_S.h5",
    "spec_4D_tslice_avg": "spec_4D_tslice_avg/C/spec_4D_tslice_avg_ES_C_V_W_src_avg0-7.h5",
}
LETTERS = {
    "ES": "a09m310_e",
    "C": "306",
    "V": "gf1.0_w3.5_n45",
    "W": "M51.1_L56_a1.5_mq0.00951",
    "P": "proton_np",
    "F": "UU_up_up",
    "S": "x3y3z19t62",
}


@pytest.mark.parametrize("kind", NAMES)
def test_names_are_those_of_the_production(kind: str) -> None:
    campaign = Campaign.read(EXAMPLES / "nucleon_elastic_ff.toml")
    place = {"ensemble": "a09m310", "stream": "e", "configuration": 306, "source_set": "0-7"}
    source = Source(3, 3, 19, 62)
    row = {**place, "source": source, "t_separation": 8, "particle": "proton_np", "flavor_spin": "UU_up_up"}
    expected = re.sub("(?<![A-Za-z])(ES|[CVWPFS])(?![A-Za-z])", lambda match: LETTERS[match[0]], NAMES[kind])
    assert campaign.path_of(kind, row) == f"a09m310_e/{expected}"


def test_the_nucleon_campaign_is_counted_by_hand() -> None:
    campaign = Campaign.read(EXAMPLES / "nucleon_elastic_ff.toml")
    # Four configurations in each of a09m310_e (2 sets of 8 sources), a09m310_f and a12m310_a (1 set of 8);
    # 13 time separations, in a12m310 6; 2 particles x 4 flavors and spins; 10 currents.
    sets = {"a09m310_e": 2, "a09m310_f": 1, "a12m310_a": 1}
    separations = {"a09m310_e": 13, "a09m310_f": 13, "a12m310_a": 6}
    of_source = sum(4 * 8 * sets[s] for s in sets)
    of_set = sum(4 * sets[s] for s in sets)
    of_separation = sum(4 * sets[s] * separations[s] for s in sets)
    expected = {
        **dict.fromkeys(["src", "prop", "spec", "spec_4D", "spec_4D_tslice"], of_source),
        **dict.fromkeys(["seqsrc", "seqprop"], of_separation * 8),
        **dict.fromkeys(["formfac", "formfac_4D", "formfac_4D_tslice"], of_separation * 8),
        "cfg": 12,
        "spec_4D_tslice_avg": of_set,
        "formfac_4D_tslice_src_avg": of_separation,
        "spec_momentum": 3 + 1,  # a09m310 has the sets 0-7, 8-15 and 16-23
        "formfac_cat": (2 + 1 + 1) * 8 * 10,
        "formfac_momentum": 2 * 13 + 13 + 6,
    }
    assert {kind: len(campaign.expected(kind)) for kind in campaign.kinds} == expected


def test_with_the_real_list_every_count_is_that_of_the_production(reference: Path, tmp_path: Path) -> None:
    shutil.copytree(EXAMPLES, tmp_path, dirs_exist_ok=True)
    shutil.copy(reference / "a09m310_e_src.lst", tmp_path)
    file = tmp_path / "nucleon_elastic_ff.toml"
    text = file.read_text()
    told = [line.removeprefix("#").strip() for line in text.splitlines()[:8] if line.startswith("#     ")]
    for old, new in zip(
        ("configurations = [300, 306, 312, 318]", 'source_sets    = { "0-7" = [0, 8], "8-15" = [8, 16] }'),
        told,
        strict=True,
    ):
        assert text.count(old) == 1
        text = text.replace(old, new)
    file.write_text(text)
    campaign = Campaign.read(file)
    counts = {}
    for kind in campaign.kinds:
        rows = campaign.expected(kind).rows
        if "configuration" in rows and kind != "cfg":
            codes = campaign.relations.codes
            here = (rows["ensemble"] == codes["ensemble"]["a09m310"]) & (rows["stream"] == codes["stream"]["e"])
            counts[kind] = int(here.sum())
    assert counts == {
        **dict.fromkeys(["src", "prop", "spec", "spec_4D", "spec_4D_tslice"], 6272),
        **dict.fromkeys(["seqsrc", "seqprop", "formfac", "formfac_4D", "formfac_4D_tslice"], 81536),
        "formfac_4D_tslice_src_avg": 10192,
        "spec_4D_tslice_avg": 784,
    }
    assert sum(counts.values()) == 450_016
