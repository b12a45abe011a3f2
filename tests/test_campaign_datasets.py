"""Which datasets a file must hold: by hand, and as the files of a real production have them."""

from collections.abc import Callable, Mapping
from itertools import product
from pathlib import Path

import h5py
import pytest

from latteboard.campaign import Campaign
from latteboard.errors import CampaignError, QueryError
from latteboard.names.templates import Source, Value

SOURCE = Source(0, 1, 2, 3)
PLACE: dict[str, Value] = {"ensemble": "A", "stream": "a", "configuration": 10, "source_set": "0-1"}
FILE: dict[str, Value] = {**PLACE, "t_separation": 4, "source": SOURCE}
NUCLEON = Path(__file__).parent.parent / "campaigns" / "nucleon_elastic_ff.toml"


def datasets_of(campaign: Campaign, kind: str, coordinates: Mapping[str, Value], **picked: Value) -> list[str]:
    """The paths of the datasets that an artifact must hold."""
    return list(campaign.datasets(kind).of(coordinates, **picked))


def test_axes_that_the_file_does_not_name_are_run_over(read_campaign: Callable[..., Campaign]) -> None:
    assert datasets_of(read_campaign(), "formfac_4D", FILE) == [
        "proton_t0_3_tsep_4/A3/x0_y1_z2_t3",
        "proton_t0_3_tsep_4/V4/x0_y1_z2_t3",
        "proton_np_t0_3_tsep_-4/A3/x0_y1_z2_t3",
        "proton_np_t0_3_tsep_-4/V4/x0_y1_z2_t3",
    ]


def test_each_dataset_says_what_its_file_does_not(read_campaign: Callable[..., Campaign]) -> None:
    datasets = read_campaign().datasets("formfac_4D")
    assert datasets.free == ("particle", "current")
    found = datasets.of(FILE)
    assert found["proton_np_t0_3_tsep_-4/A3/x0_y1_z2_t3"] == {"particle": "proton_np", "current": "A3"}
    assert [tuple(free.values()) for free in found.values()] == list(product(("proton", "proton_np"), ("A3", "V4")))


def test_a_recipe_picks_by_an_axis(read_campaign: Callable[..., Campaign]) -> None:
    campaign = read_campaign()
    average = {name: value for name, value in FILE.items() if name != "source"}
    assert datasets_of(campaign, "average", average, current="V4") == [
        "proton_tsep_4/V4/src_avg",
        "proton_np_tsep_-4/V4/src_avg",
    ]
    assert datasets_of(campaign, "average", average, current="V4", particle="proton") == ["proton_tsep_4/V4/src_avg"]
    assert datasets_of(campaign, "average", average, current="P") == []
    with pytest.raises(QueryError, match=r"average: its datasets have no flavor; they have particle, current"):
        datasets_of(campaign, "average", average, flavor="UU")


def test_an_axis_has_the_values_of_the_ensemble(read_campaign: Callable[..., Campaign]) -> None:
    campaign = read_campaign(
        (
            "reduce    = [{ concatenate = { append = true } }]",
            'reduce = ["concatenate"]\ndatasets = "{t_separation}/{stream}"',
        )
    )
    joined = {"source_set": "0-1", "current": "A3"}
    assert datasets_of(campaign, "joined", {"ensemble": "A", "stream": "b", **joined}) == ["3/b", "4/b"]
    assert datasets_of(campaign, "joined", {"ensemble": "B", "stream": "a", **joined}) == ["4/a", "5/a"]


def test_sources_that_the_file_does_not_name_are_those_of_its_configuration_and_set(
    read_campaign: Callable[..., Campaign],
) -> None:
    campaign = read_campaign(
        ('datasets  = "{particle}_tsep_{dt}/{current}/src_avg"', 'datasets = "{source}/{current}"')
    )
    average = {name: value for name, value in FILE.items() if name != "source"}
    datasets = campaign.datasets("average")
    assert datasets.free == ("current", "source")
    assert list(datasets.of(average)) == [f"{s}/{c}" for s in ("x0y1z2t3", "x1y2z3t7") for c in ("A3", "V4")]
    assert list(datasets.of({**average, "configuration": 20, "source_set": "2-3"}, current="A3")) == [
        "x2y2z2t4/A3",
        "x3y3z3t6/A3",
    ]
    assert list(datasets.of(average, source=Source(1, 2, 3, 7)).values()) == [
        {"source": Source(1, 2, 3, 7), "current": current} for current in ("A3", "V4")
    ]


def test_streams_and_configurations_of_one_file_are_run_over(read_campaign: Callable[..., Campaign]) -> None:
    campaign = read_campaign(
        ("{ensemble}_{stream}/joined_", "{ensemble}/joined_"),
        ("reduce    = [{ concatenate", 'datasets = "{stream}/{configuration:03d}"\nreduce = [{ concatenate'),
    )
    found = campaign.datasets("joined").of({"ensemble": "A", "source_set": "0-1", "current": "A3"})
    assert found == {
        "a/010": {"stream": "a", "configuration": 10},
        "a/020": {"stream": "a", "configuration": 20},
        "b/010": {"stream": "b", "configuration": 10},
    }
    assert campaign.datasets("joined").parse("b/010", {"ensemble": "A"}) == {"stream": "b", "configuration": 10}


def test_a_file_that_names_no_ensemble_holds_what_agrees_with_it(read_campaign: Callable[..., Campaign]) -> None:
    kinds = '[kinds.all]\npath = "all_{configuration}_{t_separation}.h5"\ndatasets = "{ensemble}/{unit}/{source.t}"'
    campaign = read_campaign(kinds=kinds)
    datasets = campaign.datasets("all")
    assert list(datasets.of({"configuration": 5, "t_separation": 5})) == ["B/24/3", "B/24/11"]
    assert list(datasets.of({"configuration": 5, "t_separation": 3})) == []  # B has 4 and 5 only
    assert list(datasets.of({"configuration": 20, "t_separation": 3})) == [f"A/16/{t}" for t in (0, 2, 4, 6)]


def test_several_templates_add_up(read_campaign: Callable[..., Campaign]) -> None:
    campaign = read_campaign(
        ('datasets  = "{particle}_tsep_{dt}/{current}/src_avg"', 'datasets = ["mean/{current}", "100%s_{particle}"]')
    )
    average = {name: value for name, value in FILE.items() if name != "source"}
    assert datasets_of(campaign, "average", average) == ["mean/A3", "mean/V4", "100%s_proton", "100%s_proton_np"]
    assert datasets_of(campaign, "average", average, current="A3") == ["mean/A3"]


def test_a_kind_without_datasets_must_hold_none(read_campaign: Callable[..., Campaign]) -> None:
    campaign = read_campaign()
    assert datasets_of(campaign, "formfac", FILE) == []
    assert campaign.datasets("formfac").free == ()
    assert campaign.datasets("formfac").parse("proton") is None


def test_the_path_of_a_dataset_is_read_back(read_campaign: Callable[..., Campaign]) -> None:
    datasets = read_campaign().datasets("formfac_4D")
    path = "proton_np_t0_3_tsep_-4/A3/x0_y1_z2_t3"
    told = {"source": SOURCE, "t_separation": 4, "particle": "proton_np", "current": "A3"}
    assert datasets.parse(path) == told
    assert datasets.parse(path, FILE) == told
    assert datasets.parse(path, {**FILE, "t_separation": 3}) is None
    for wrong in (path.replace("-4", "4"), path.replace("t0_3", "t0_4"), f"/{path}", path.upper(), ""):
        assert datasets.parse(wrong) is None


def test_every_dataset_of_every_file_is_read_back(read_campaign: Callable[..., Campaign]) -> None:
    campaign = read_campaign()
    for kind in ("formfac_4D", "average"):
        expected, datasets = campaign.expected(kind), campaign.datasets(kind)
        for row in map(expected.coordinates, range(len(expected))):
            for path, free in datasets.of(row).items():
                told = datasets.parse(path, row)
                assert told is not None
                assert {name: told[name] for name in datasets.free} == free


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("{flavor}/src_avg", "there is no name {flavor}"),
        ("/proton/{current}", "relative path"),
        ("proton//{current}", "relative path"),
        ("{particle}{current}{unit", "template"),
    ],
)
def test_templates_of_datasets_that_are_none_are_refused(
    read_campaign: Callable[..., Campaign], template: str, words: str
) -> None:
    with pytest.raises(CampaignError, match=r"kinds\.average\.datasets: ") as caught:
        read_campaign(("{particle}_tsep_{dt}/{current}/src_avg", template))
    assert words in str(caught.value)


def test_the_spectrum_names_the_place_last() -> None:
    campaign = Campaign.read(NUCLEON)
    row = campaign.expected("spec_4D").coordinates(0)
    s = row["source"]
    assert isinstance(s, Source)
    group, place = "gf1p0_w3p5_n45_M51p1_L56_a1p5", f"x{s.x}_y{s.y}_z{s.z}_t{s.t}"
    assert datasets_of(campaign, "spec_4D", row) == [
        f"{group}/{particle}/{spin}/4D_correlator/{place}"
        for particle, spin in product(("proton", "proton_np"), ("spin_up", "spin_dn"))
    ]
    average = campaign.expected("spec_4D_tslice_avg").coordinates(0)
    assert datasets_of(campaign, "spec_4D_tslice_avg", average) == [
        f"{group}/{particle}/spin_avg/4D_correlator/src_avg" for particle in ("proton", "proton_np")
    ]


def test_a_form_factor_holds_80_datasets() -> None:
    campaign = Campaign.read(NUCLEON)
    for kind in ("formfac_4D", "formfac_4D_tslice", "formfac_4D_tslice_src_avg"):
        assert len(datasets_of(campaign, kind, campaign.expected(kind).coordinates(0))) == 2 * 4 * 10
    picked = {"particle": "proton", "flavor_spin": "DD_dn_dn", "current": "A3"}
    row = campaign.expected("formfac_4D_tslice_src_avg").coordinates(1)
    assert datasets_of(campaign, "formfac_4D_tslice_src_avg", row, **picked) == [
        "gf1p0_w3p5_n45_M51p1_L56_a1p5/proton_DD_dn_dn_tsep_3_sink_mom_px0_py0_pz0/A3/src_avg/4D_correlator/local_current"
    ]


# The reference: two sources of a 4^3 x 8 lattice, three separations and five currents in one file.

FORWARD = "pt/formfac/{particle}_{flavor_spin}_t0_{source.t}_tsep_{dt}_sink_mom_px0_py0_pz0/{current}"
REFERENCE = f"""
[campaign]
name = "reference"
root = "."
[axes]
t_separation = [3, 4, 5]
particle     = ["proton", "proton_np"]
flavor_spin  = ["UU_up_up", "UU_dn_dn", "DD_up_up", "DD_dn_dn"]
current      = ["A3", "V4", "S", "P", "T34"]
[derive.dt]
from   = "particle"
values = {{ proton = "{{t_separation}}", proton_np = "-{{t_separation}}" }}
[ensembles.test]
streams        = ["a"]
L              = 4
T              = 8
configurations = [1]
sources        = {{ file = "sources.lst" }}
source_sets    = {{ "0-1" = [0, 2] }}
[kinds.formfac_4D]
path     = "formfac_4D/formfac_4D_px0py0pz0_Nsnk1_{{source}}.h5"
datasets = "{FORWARD}/x{{source.x}}_y{{source.y}}_z{{source.z}}_t{{source.t}}/4D_correlator/local_current"
[kinds.formfac_4D_tslice]
path     = "formfac_4D_tslice/formfac_4D_tslice_px0py0pz0_Nsnk1_{{source}}.h5"
needs    = ["formfac_4D"]
reduce   = ["tslice"]
datasets = "{FORWARD}/x{{source.x}}_y{{source.y}}_z{{source.z}}_t{{source.t}}/4D_correlator/local_current"
[kinds.formfac_4D_tslice_src_avg]
path     = "formfac_4D_tslice_src_avg/formfac_4D_tslice_src_avg_px0py0pz0_Nsnk1_src_avg.h5"
needs    = ["formfac_4D_tslice"]
reduce   = ["average"]
datasets = "{FORWARD.replace("t0_{source.t}_", "")}/src_avg/4D_correlator/local_current"
"""


def held(path: Path) -> set[str]:
    """Every dataset in a file."""
    found = set()

    def note(name: str, item: object) -> None:
        if isinstance(item, h5py.Dataset):
            found.add(name)

    with h5py.File(path) as file:
        file.visititems(note)
    return found


@pytest.mark.parametrize("kind", ["formfac_4D", "formfac_4D_tslice", "formfac_4D_tslice_src_avg"])
def test_datasets_are_those_of_the_reference(reference: Path, tmp_path: Path, kind: str) -> None:
    files = {path.relative_to(reference).as_posix(): held(path) for path in sorted((reference / kind).glob("*.h5"))}
    (tmp_path / "sources.lst").write_text("1 0 1 2 2\n1 3 1 2 4\n")
    (tmp_path / "campaign.toml").write_text(REFERENCE)
    campaign = Campaign.read(tmp_path / "campaign.toml")
    expected = campaign.expected(kind)
    rows = [expected.coordinates(index) for index in range(len(expected))]
    assert {campaign.path_of(kind, row): set(datasets_of(campaign, kind, row)) for row in rows} == files
    for row in rows:
        for path, free in campaign.datasets(kind).of(row).items():
            told = campaign.datasets(kind).parse(path, row)
            assert told is not None
            assert free.items() <= told.items()
