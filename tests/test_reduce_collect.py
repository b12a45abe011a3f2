"""The step ``collect`` through a campaign: several kinds in one file, from the plan to the labels of the rows."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from correlators import SOURCES, T, attributes, part, read, write_projected
from disk import HOUR, OLD, age, age_all, index, run, statuses

from latteboard.campaign import Campaign
from latteboard.catalog import Catalog
from latteboard.errors import CampaignError
from latteboard.names.templates import Source
from reducer.planning.choice import ReduceOptions, choose
from reducer.planning.plan import plan

Ask = Callable[..., tuple[int, str, str]]
CONFIGURATIONS = (10, 20)
CAMPAIGN = """
[campaign]
name = "collected"
root = "production"

[ensembles.A]
streams = ["a"]
L = 4
T = 8
configurations = [10, 20]
sources = { file = "sources.lst" }
source_sets = { "0-1" = [0, 2], "0-0" = [0, 1] }

[axes]
dt = [3, 5]

[kinds.spec]
path = "{ensemble}_{stream}/spec/{configuration}/spec_{source}.h5"
given = true

[kinds.formfac]
path = "{ensemble}_{stream}/formfac/{configuration}/formfac_Srcs{source_set}_dt{dt}_{source}.h5"
given = true

[kinds.analysis]
path = "{ensemble}_{stream}/analysis_Srcs{source_set}.h5"
needs = ["spec", "formfac"]
reduce = [{ average = { time_reversal = true } }, "collect", { concatenate = { append = true } }]

[kinds.both]
path = "{ensemble}_{stream}/both/{configuration}/both_Srcs{source_set}_dt{dt}.h5"
needs = ["spec", "formfac"]
reduce = ["collect"]
"""


def spectra(source: Source, seed: int) -> dict[str, np.ndarray[Any, Any]]:
    rng = np.random.default_rng((seed, source.t))
    return {
        f"sh/{particle}/{spin}/{part(source)}/px0_py0_pz0": rng.normal(size=T) + 0j
        for particle in ("proton", "proton_np")
        for spin in ("spin_up", "spin_dn")
    }


def form_factors(source: Source, dt: int, seed: int) -> dict[str, np.ndarray[Any, Any]]:
    rng = np.random.default_rng((seed, source.t, dt))
    path = (
        f"proton_np_UU_up_up_t0_{source.t}_tsep_-{dt}_sink_mom_px0_py0_pz0/A3/{part(source)}/px0_py0_pz0/local_current"
    )
    return {path: rng.normal(size=T) + 0j}


@pytest.fixture
def campaign(tmp_path: Path) -> Campaign:
    """Two configurations of two sources: spectra, and form factors of two separations; two sets, of both and of one source."""
    (tmp_path / "sources.lst").write_text(
        "".join(f"{number} {s.x} {s.y} {s.z} {s.t}\n" for number in CONFIGURATIONS for s in SOURCES[:2])
    )
    (tmp_path / "campaign.toml").write_text(CAMPAIGN)
    root = tmp_path / "production"
    for number in CONFIGURATIONS:
        for kind in ("spec", "formfac"):
            (root / "A_a" / kind / str(number)).mkdir(parents=True)
        for source in SOURCES[:2]:
            write_projected(root / f"A_a/spec/{number}/spec_{source}.h5", spectra(source, number))
            for dt in (3, 5):
                for name in ("0-1", "0-0"):
                    path = root / f"A_a/formfac/{number}/formfac_Srcs{name}_dt{dt}_{source}.h5"
                    if name == "0-1" or source == SOURCES[0]:
                        write_projected(path, form_factors(source, dt, number))
    age(*root.rglob("*.h5"))
    age_all(root)
    campaign = Campaign.read(tmp_path / "campaign.toml")
    index(campaign)
    return campaign


@pytest.fixture
def ask(campaign: Campaign, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Ask:
    return lambda *words: run(capfd, monkeypatch, "--campaign", campaign.path, *words)


def turned(values: np.ndarray[Any, Any], sign: int) -> np.ndarray[Any, Any]:
    return np.concatenate([values[:1], sign * values[:0:-1]])


def test_several_kinds_become_one_file_of_all_configurations(campaign: Campaign, ask: Ask) -> None:
    code, out, err = ask("reduce", "analysis", "--engine", "serial")
    assert code == 0, out + err
    path = campaign.root / "A_a/analysis_Srcs0-1.h5"
    found = read(path)
    for row, number in enumerate(CONFIGURATIONS):
        spectrum = [spectra(source, number) for source in SOURCES[:2]]
        for particle, sign in (("proton", None), ("proton_np", -1)):
            values = np.mean([v for s in spectrum for name, v in s.items() if name.split("/")[1] == particle], axis=0)
            expected = values if sign is None else turned(values, sign)
            np.testing.assert_allclose(found[f"sh/{particle}/spin_avg/src_avg/px0_py0_pz0"][row], expected, rtol=1e-14)
        for dt in (3, 5):
            values = np.mean([v for s in SOURCES[:2] for v in form_factors(s, dt, number).values()], axis=0)
            name = f"proton_np_UU_up_up_tsep_-{dt}_sink_mom_px0_py0_pz0/A3/src_avg/px0_py0_pz0/local_current"
            np.testing.assert_allclose(found[name][row], turned(values, 1), rtol=1e-14)
    assert found["configurations"].tolist() == list(CONFIGURATIONS)
    assert found["sources"].tolist() == [2, 2]
    assert attributes(path, name) == {"meta": "time_reversed==1", "n_sources": 2}
    index(campaign)
    assert statuses(campaign, "analysis") == {f"A_a/analysis_Srcs{name}.h5": "done" for name in ("0-1", "0-0")}
    assert ask("reduce", "analysis", "--engine", "serial")[0] == 0


def test_datasets_are_collected_as_they_are(campaign: Campaign, ask: Ask) -> None:
    assert ask("reduce", "both", "--engine", "serial")[0] == 0
    found = read(campaign.root / "A_a/both/10/both_Srcs0-0_dt3.h5")
    expected = {**spectra(SOURCES[0], 10), **form_factors(SOURCES[0], 3, 10)}
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        np.testing.assert_array_equal(found[name], values)


def changed(campaign: Campaign, *edits: tuple[str, str]) -> Campaign:
    """The same production, of which the campaign says something else, indexed."""
    text = campaign.path.read_text()
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    campaign.path.write_text(text)
    again = Campaign.read(campaign.path)
    index(again)
    return again


BOTH = CAMPAIGN[CAMPAIGN.index("[kinds.both]") :]
OF_ONE_SOURCE = (
    ("given = true\n\n[kinds.analysis]", 'given = true\nonly = { source_set = ["0-0"] }\n\n[kinds.analysis]'),
    ("analysis_Srcs{source_set}.h5", "analysis.h5"),
    (BOTH, ""),
)


def test_kinds_may_be_of_several_numbers_of_sources(campaign: Campaign, ask: Ask) -> None:
    """Spectra of both sources and form factors of one: each says over how many it is."""
    campaign = changed(campaign, *OF_ONE_SOURCE)
    assert ask("reduce", "analysis", "--engine", "serial")[0] == 0
    path = campaign.root / "A_a/analysis.h5"
    numbers = {
        name: attributes(path, name)["n_sources"]
        for name in read(path)
        if "px0" in name.split("/")[-1] or "local" in name
    }
    assert {name.split("_")[0].split("/")[0]: int(number) for name, number in numbers.items()} == {"sh": 2, "proton": 1}
    assert read(path)["sources"].tolist() == [2, 2]


def test_numbers_of_sources_that_differ_are_recorded_by_configuration(
    campaign: Campaign, ask: Ask, tmp_path: Path
) -> None:
    left_out = f"[[leave_out]]\nkinds = ['spec']\nconfiguration = 20\nsource = '{SOURCES[1]}'\nreason = 'exceptional'\n"
    campaign = changed(campaign, *OF_ONE_SOURCE, ("[kinds.spec]", left_out + "[kinds.spec]"))
    code, _, err = ask("reduce", "analysis", "--engine", "serial")
    assert code == 0, err
    found = read(campaign.root / "A_a/analysis.h5")
    assert found["attributes/sh/proton/spin_avg/src_avg/px0_py0_pz0/n_sources"].tolist() == [2, 1]
    assert found["sources"].tolist() == [2, 1]


def test_a_configuration_of_which_one_kind_is_missing_is_no_row(campaign: Campaign, ask: Ask) -> None:
    lost = campaign.root / f"A_a/spec/10/spec_{SOURCES[1]}.h5"
    lost.unlink()
    index(campaign)
    assert statuses(campaign, "analysis")["A_a/analysis_Srcs0-1.h5"] == "blocked"
    assert ask("reduce", "analysis", "--engine", "serial", "--allow-missing")[0] == 0
    assert read(campaign.root / "A_a/analysis_Srcs0-1.h5")["configurations"].tolist() == [20]
    assert read(campaign.root / "A_a/analysis_Srcs0-0.h5")["configurations"].tolist() == [10, 20]


def test_a_kind_that_is_not_expected_of_all_configurations_is_named(campaign: Campaign, ask: Ask) -> None:
    only = "given = true\nonly = { configuration = [20] }\n\n[kinds.analysis]"
    campaign = changed(campaign, ("given = true\n\n[kinds.analysis]", only), (BOTH, ""))
    code, _, err = ask("reduce", "analysis", "--engine", "serial")
    assert code == 1
    assert "A_a/analysis_Srcs0-1.h5: 1 of its 2 configurations are expected of some of the kinds in needs only" in err
    assert ask("reduce", "analysis", "--engine", "serial", "--allow-missing")[0] == 0
    assert read(campaign.root / "A_a/analysis_Srcs0-1.h5")["configurations"].tolist() == [20]


def test_a_plan_is_written_and_carried_out_elsewhere(campaign: Campaign, ask: Ask, tmp_path: Path) -> None:
    code, out, _ = ask("reduce", "analysis", "--plan", tmp_path / "plan.jsonl")
    assert code == 0, out
    lines = [json.loads(line) for line in (tmp_path / "plan.jsonl").read_text().splitlines()]
    (task,) = [line for line in lines if str(line.get("path")).endswith("0-0.h5")]
    assert [one[4] for one in task["rows"][0][2]] == ["kind=spec", "kind=formfac dt=3", "kind=formfac dt=5"]
    assert task["steps"] == [{"average": {"time_reversal": True}}, "collect", {"concatenate": {"append": True}}]
    tasks = planned(campaign)
    assert [row.configuration for row in next(iter(tasks)).rows] == list(CONFIGURATIONS)


def planned(campaign: Campaign) -> Any:
    catalog = Catalog(campaign.catalog)
    return plan(campaign, catalog, choose(campaign, catalog, ["analysis"]), ReduceOptions())


def test_an_input_that_changed_makes_it_stale_whatever_its_kind(campaign: Campaign, ask: Ask) -> None:
    assert ask("reduce", "analysis", "--engine", "serial")[0] == 0
    changed = campaign.root / f"A_a/formfac/20/formfac_Srcs0-0_dt5_{SOURCES[0]}.h5"
    age(write_projected(changed, form_factors(SOURCES[0], 5, 7)), at=OLD + HOUR)
    index(campaign)
    assert statuses(campaign, "analysis")["A_a/analysis_Srcs0-0.h5"] == "stale"
    code, _, err = ask("reduce", "analysis", "--engine", "serial", "--stale")
    assert code == 0, err
    with h5py.File(campaign.root / "A_a/analysis_Srcs0-0.h5") as file:
        name = "proton_np_UU_up_up_tsep_-5_sink_mom_px0_py0_pz0/A3/src_avg/px0_py0_pz0/local_current"
        (values,) = form_factors(SOURCES[0], 5, 7).values()
        np.testing.assert_array_equal(file[name][1], turned(values, 1))


# -- what a campaign may not say -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (', "collect"', "", "expected exactly one kind in needs, found spec, formfac; the step collect takes several"),
        ('needs = ["spec", "formfac"]', "", "expected at least one kind in needs, found none"),
        ("spec/{configuration}/spec_", "spec/spec_", "formfac names configuration and spec does not"),
        (
            "analysis_Srcs{source_set}",
            "analysis_{mq}",
            "the path names mq, which neither path nor datasets of spec or formfac do",
        ),
        ('"collect", { concatenate = { append = true } }', '"collect"', "does not name stream and configuration"),
        (
            "append = true",
            "virtual = true",
            "virtual links to what is there, so nothing can be computed; remove average",
        ),
    ],
)
def test_what_does_not_go_together_is_refused(campaign: Campaign, old: str, new: str, message: str) -> None:
    text = campaign.path.read_text().replace(BOTH, "").replace("[axes]", "[axes]\nmq = [1, 2]")
    text = text.replace("{ensemble}_{stream}/analysis", "{ensemble}/analysis") if "stream and" in message else text
    assert old in text
    campaign.path.write_text(text.replace(old, new))
    with pytest.raises(CampaignError, match=message):
        Campaign.read(campaign.path)


def test_what_is_collected_can_be_linked_to(campaign: Campaign, ask: Ask) -> None:
    campaign = changed(
        campaign,
        (
            '[{ average = { time_reversal = true } }, "collect", { concatenate = { append = true } }]',
            '["collect", { concatenate = { virtual = true } }]',
        ),
        (BOTH, ""),
    )
    assert ask("reduce", "analysis", "--engine", "serial")[0] == 0
    found = read(campaign.root / "A_a/analysis_Srcs0-1.h5")
    name = f"sh/proton/spin_up/{part(SOURCES[1])}/px0_py0_pz0"
    np.testing.assert_array_equal(found[name], [spectra(SOURCES[1], number)[name] for number in CONFIGURATIONS])
