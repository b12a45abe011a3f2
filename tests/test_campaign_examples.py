"""The campaigns that come with the project: what each expects, what its files need, and a first index of each."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from indexer.index import index_campaign
from latteboard import Catalog
from latteboard.campaign import Campaign
from latteboard.catalog.questions.explain import explain
from site_templates.site import build_site

CAMPAIGNS = Path(__file__).parent.parent / "campaigns"
NAMES = ("wall_mesons", "distillation", "markov_chain", "low_modes")
LONG_AGO = 1_700_000_000

COUNTS = {
    # Five configurations with two walls, and three with four; two quarks, two mesons.
    "wall_mesons": {"gauge": 8, "fixed": 8, "prop": 5 * 2 * 2 + 3 * 4 * 2, "meson_2pt": 5 * 2 * 2 + 3 * 4 * 2},
    # Three configurations and two; four time slices, two phases, three momenta, three channels.
    "distillation": {
        "gauge": 5,
        "eigenvectors": 5,
        "perambulator": 5 * 4 * 2,
        "meson_elemental": 5 * 3 * 2,
        "baryon_elemental": 5 * 3 * 2,
        "correlator": 5 * 4 * 3 * 3,
        "correlator_average": 5 * 3 * 3,
    },
    # Stream a has seven configurations, five of them in equilibrium, and b three.
    "markov_chain": {"lattice": 10, "random": 10, "flow": 10, "meson": 2 * (5 + 3)},
    # One of five configurations is left out; the others have 4, 4, 2 and 3 time slices.
    "low_modes": {"gauge": 4, "eigenvectors": 4, "low_mode": 4 + 4 + 2 + 3, "low_mode_average": 4},
}


def copied(name: str, folder: Path) -> Campaign:
    """A campaign of the project in a folder of its own, with its lists and with empty disks."""
    for path in (CAMPAIGNS / f"{name}.toml", *CAMPAIGNS.glob(f"{name}_*.lst")):
        shutil.copy(path, folder)
    for root in ("production", "scratch", "project"):
        (folder / root).mkdir()
    return Campaign.read(folder / f"{name}.toml")


def put(root: Path, paths: Sequence[str], size: int = 100_000, time: int = LONG_AGO) -> None:
    """Write files of some size, made long ago."""
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        with (root / path).open("wb") as file:
            file.write(b"x" * min(size, 10))
            file.truncate(size)
        os.utime(root / path, (time, time))


def looked_at(campaign: Campaign) -> Catalog:
    """The catalog after an index; a second one finds nothing new, and the pages can be made."""
    index_campaign(campaign, accept_empty=True)
    assert index_campaign(campaign).changed == 0
    assert index_campaign(campaign, fast=True).changed == 0
    catalog = Catalog(campaign.catalog)
    build_site(catalog, campaign.path.parent / "site", campaign=campaign)
    return catalog


def statuses(catalog: Catalog, kind: str, **conditions: object) -> dict[str, str]:
    """The status of some artifacts by path."""
    return {one.path: one.status for one in catalog[kind].filter(**conditions)}


def inputs(catalog: Catalog, kind: str, **coordinates: object) -> dict[str, int]:
    """How many inputs of each kind one artifact needs."""
    return {one.kind: one.expected for one in explain(catalog, kind, coordinates).inputs if one.expected}


@pytest.mark.parametrize("name", NAMES)
def test_a_campaign_expects_what_its_comments_say(name: str, tmp_path: Path) -> None:
    campaign = copied(name, tmp_path)
    assert {kind: len(campaign.expected(kind)) for kind in campaign.kinds} == COUNTS[name]


def test_every_campaign_is_tried() -> None:
    assert {path.stem for path in CAMPAIGNS.glob("*.toml")} == {*NAMES, "nucleon_elastic_ff"}


def test_a_pion_waits_for_light_propagators_only(tmp_path: Path) -> None:
    campaign = copied("wall_mesons", tmp_path)
    put(campaign.root, ["C24/gauge/ckpoint_lat.1000", "C24/coul1e-14/ckpoint_lat.1000"])
    put(campaign.root, ["C24/prop/1000/l_m0.005_t24.h5"], time=LONG_AGO + 10)
    catalog = looked_at(campaign)
    found = statuses(catalog, "meson_2pt", ensemble="C24", configuration=1000)
    assert found == {
        "C24/meson/pion.1000.t00.h5": "blocked",
        "C24/meson/pion.1000.t24.h5": "ready",
        "C24/meson/kaon.1000.t00.h5": "blocked",
        "C24/meson/kaon.1000.t24.h5": "blocked",
    }
    kaon = {"ensemble": "C24", "configuration": 1000, "t_source": 24, "meson": "kaon"}
    assert inputs(catalog, "meson_2pt", **kaon) == {"prop": 2}
    assert inputs(catalog, "meson_2pt", **kaon | {"meson": "pion"}) == {"prop": 1}
    ready = statuses(catalog, "prop", ensemble="C24", configuration=1000, status="ready")
    assert sorted(ready) == [f"C24/prop/1000/{quark}.h5" for quark in ("l_m0.005_t00", "s_m0.04_t00", "s_m0.04_t24")]
    assert "stream" not in catalog["prop"].to_dataframe().columns


def test_a_correlator_at_rest_needs_nothing_with_a_phase(tmp_path: Path) -> None:
    campaign = copied("distillation", tmp_path)
    put(campaign.root, ["cl21_24_64/cfgs/cl21_24_64_cfg_1000.lime"])
    catalog = looked_at(campaign)
    one = {"ensemble": "cl21_24_64", "configuration": 1000, "t_source": 16}
    at_rest = {**one, "momentum": "0_0_0", "channel": "rho"}
    assert inputs(catalog, "correlator", **at_rest) == {"perambulator": 1, "meson_elemental": 1}
    assert inputs(catalog, "correlator", **at_rest | {"channel": "nucleon"}) == {
        "perambulator": 1,
        "baryon_elemental": 1,
    }
    why = explain(catalog, "correlator", at_rest | {"momentum": "0_1_1"})
    assert why.inputs[0].missing == ["cl21_24_64/prop_db/t0_16/cl21_24_64.phased_2.00.prop.n64.t0_16.sdb1000"]
    assert why.inputs[1].missing == ["cl21_24_64/meson_db/cl21_24_64.phased_2.00.n64.meson.0_1_1.sdb1000"]
    average = {name: value for name, value in at_rest.items() if name != "t_source"}
    assert inputs(catalog, "correlator_average", **average) == {"correlator": 4}


def test_a_trajectory_needs_the_one_before(tmp_path: Path) -> None:
    campaign = copied("markov_chain", tmp_path)
    chain = "b11p0_m0p4_a"
    put(campaign.root, [f"{chain}/ckpoint_lat.100", f"{chain}/ckpoint_rng.100", f"{chain}/ckpoint_rng.110"])
    put(campaign.root, [f"{chain}/configs/ckpoint_lat.IEEE64BIG.110"], time=LONG_AGO + 10)
    catalog = looked_at(campaign)
    assert statuses(catalog, "lattice", stream="a") == {
        f"{chain}/ckpoint_lat.100": "done",
        f"{chain}/configs/ckpoint_lat.IEEE64BIG.110": "done",
        f"{chain}/ckpoint_lat.120": "ready",
        **{f"{chain}/ckpoint_lat.{number}": "blocked" for number in (130, 140, 150, 160)},
    }
    # A stream's first trajectory starts from nothing here.
    first = statuses(catalog, "lattice", stream="b")
    assert first == {f"b11p0_m0p4_b/ckpoint_lat.{n}": "ready" if n == 130 else "blocked" for n in (130, 140, 150)}
    assert statuses(catalog, "flow", stream="a", configuration=[100, 110, 120]) == {
        f"{chain}/flow/wflow.100.dat": "ready",
        f"{chain}/flow/wflow.110.dat": "ready",
        f"{chain}/flow/wflow.120.dat": "blocked",
    }


def test_eigenvectors_are_one_artifact_and_times_differ_by_configuration(tmp_path: Path) -> None:
    campaign = copied("low_modes", tmp_path)
    scratch, project = (tmp_path / name for name in ("scratch", "project"))
    put(project, [f"h6/gauge/h6.{number}.lime" for number in (1000, 1010, 1020, 1030, 1040)])
    whole = [*(f"v{vec:02d}.bin" for vec in range(4)), "eigenvalues.dat"]
    put(scratch, [f"h6/eig/1000/{name}" for name in whole], size=1000, time=LONG_AGO + 10)
    put(scratch, [f"h6/eig/1010/{name}" for name in whole[1:]], size=1000, time=LONG_AGO + 10)
    put(project, [f"h6/eigenvectors/lanczos.1020/{name}" for name in whole], size=1000, time=LONG_AGO + 10)
    put(scratch, ["h6/low/1000/low_t03.dat"], time=LONG_AGO + 20)
    catalog = looked_at(campaign)
    found = {one.path: (one.status, one.size) for one in catalog["eigenvectors"]}
    assert found == {
        "h6/eig/1000/": ("done", 5000),
        "h6/eig/1010/": ("bad", 4000),
        "h6/eigenvectors/lanczos.1020/": ("done", 5000),
        "h6/eig/1040/": ("ready", None),
    }
    assert statuses(catalog, "low_mode", configuration=[1000, 1020]) == {
        "h6/low/1000/low_t03.dat": "done",
        **{f"h6/low/1000/low_t{time}.dat": "ready" for time in (19, 35, 51)},
        **{f"h6/low/1020/low_t{time}.dat": "ready" for time in (15, 47)},
    }
    assert inputs(catalog, "low_mode_average", ensemble="h6", configuration=1040) == {"low_mode": 3}
    gauge = {one.path for one in catalog["gauge"]}
    assert "h6/gauge/h6.1030.lime" not in gauge
    assert len(gauge) == 4
