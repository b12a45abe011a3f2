"""Artifacts left out, from the index to pages, lists and the records of reduced files; descriptions where people see them."""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from correlators import L, T, read, spectra, write_4d
from disk import OLD, index, query, run

from latteboard.campaign import Campaign
from latteboard.catalog import Catalog
from latteboard.catalog.questions.left_out import left_out_artifacts
from latteboard.files.hdf5 import read_mark
from latteboard.names.templates import Source
from reducer.planning.choice import ReduceOptions
from reducer.planning.plan import plan_campaign
from reducer.tasks.plan_file import read_plan, write_plan
from site_templates.site import build_site

Read = Callable[..., Campaign]
Ask = Callable[..., tuple[int, str, str]]

ENSEMBLES = f"""
[ensembles.A]
description    = "coarse, 340 MeV"
L              = {L}
T              = {T}
configurations = [10, 20, 30]
sources        = {{ file = "A.lst" }}
source_sets    = {{ "0-1" = [0, 2] }}
"""
SOURCES = (Source(1, 2, 3, 6), Source(0, 1, 2, 2))
LISTS = {"A.lst": "".join(f"{n} 1 2 3 6\n{n} 0 1 2 2\n" for n in (10, 20, 30))}
KINDS = """
[kinds.spec_4D]
description = "correlators on all sites"
path  = "raw/{ensemble}/{configuration}/{source}.h5"
given = true
[kinds.slices]
path   = "slices/{ensemble}_{configuration}_Srcs{source_set}.h5"
needs  = ["spec_4D"]
reduce = ["tslice", "average"]
[kinds.joined]
path   = "joined/{ensemble}_Srcs{source_set}.h5"
needs  = ["slices"]
reduce = ["concatenate"]
"""
EXCEPTIONAL = '[[leave_out]]\nconfiguration = 30\nreason = "exceptional"\n'
NODE = '[[leave_out]]\nkinds = ["spec_4D"]\nconfiguration = 10\nsource = "x0y1z2t2"\nreason = "disk of <node 17>"\n'
SLICES = "slices/A_10_Srcs0-1.h5"
JOINED = "joined/A_Srcs0-1.h5"


@pytest.fixture
def production(read_campaign: Read) -> Callable[..., Campaign]:
    """The campaign with some entries; its inputs are there."""

    def read_with(*entries: str) -> Campaign:
        campaign = read_campaign(
            ('name  = "tiny"', 'name  = "tiny"\ndescription = "two-point functions"'),
            ('mq   = "0.01"', 'mq   = { value = "0.01", unit = "lattice units", description = "quark mass" }'),
            ensembles=ENSEMBLES,
            kinds=KINDS + "".join(entries),
            lists=LISTS,
            axes='[axes]\ncurrent = { values = ["A3", "V4"], description = "of the insertion" }\n',
            derive="",
        )
        for number in (10, 20, 30):
            for seed, source in enumerate(SOURCES):
                file = campaign.root / f"raw/A/{number}/{source}.h5"
                if not file.exists():
                    file.parent.mkdir(parents=True, exist_ok=True)
                    write_4d(file, spectra(source, seed))
        return campaign

    return read_with


@pytest.fixture
def ask(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Ask:
    return lambda *words: run(capfd, monkeypatch, "--campaign", tmp_path / "campaign.toml", *words)


def make(campaign: Campaign, **options: bool) -> int:
    from latteboard.flows import reduce_campaign
    from reducer.running.engines import choose_engine
    from reducer.running.stopping import Stop

    report = reduce_campaign(campaign, engine=choose_engine("serial", 1), stop=Stop(), options=ReduceOptions(**options))
    assert report.failed == []
    return report.made


def look(campaign: Campaign, **options: bool) -> None:
    for file in campaign.root.rglob("*.h5"):
        if file.parent.parent.name == "A":
            stamp_old(file)
    index(campaign, at=time.time_ns(), **options)


def stamp_old(file: Path) -> None:
    os.utime(file, ns=(OLD, OLD))


def statuses(campaign: Campaign, kind: str) -> dict[str, str]:
    return {one.path: one.status for one in Catalog(campaign.catalog)[kind]}


def strays(campaign: Campaign) -> dict[str, str]:
    return dict(query(campaign, "select path, reason from stray"))


def test_files_of_what_is_left_out_are_strays_with_the_reason(production: Callable[..., Campaign]) -> None:
    campaign = production()
    look(campaign)
    assert strays(campaign) == {}
    campaign = production(EXCEPTIONAL, NODE)
    look(campaign, fast=True)
    assert strays(campaign) == {
        **{f"raw/A/30/{source}.h5": "left out: exceptional" for source in SOURCES},
        "raw/A/10/x0y1z2t2.h5": "left out: disk of <node 17>",
    }
    assert statuses(campaign, "slices") == {SLICES: "ready", SLICES.replace("10", "20"): "ready"}
    found = left_out_artifacts(Catalog(campaign.catalog))
    assert [(one.kind, one.path, one.reason) for one in found] == [
        ("spec_4D", "raw/A/10/x0y1z2t2.h5", "disk of <node 17>"),
        ("spec_4D", "raw/A/30/x1y2z3t6.h5", "exceptional"),
        ("spec_4D", "raw/A/30/x0y1z2t2.h5", "exceptional"),
        ("slices", "slices/A_30_Srcs0-1.h5", "exceptional"),
    ]
    assert dict(found[0].coordinates) == {"ensemble": "A", "configuration": 10, "source": "x0y1z2t2"}
    campaign = production()
    look(campaign, fast=True)
    assert strays(campaign) == {}
    assert left_out_artifacts(Catalog(campaign.catalog)) == []
    assert len(statuses(campaign, "slices")) == 3


def test_a_kind_without_coordinates_is_never_left_out(production: Callable[..., Campaign]) -> None:
    whole = '[kinds.all]\npath = "all.h5"\nneeds = ["joined"]\n'
    campaign = production(whole, EXCEPTIONAL)
    look(campaign)
    assert statuses(campaign, "all") == {"all.h5": "blocked"}
    assert "all" not in {one.kind for one in left_out_artifacts(Catalog(campaign.catalog))}


def test_lists_and_questions_say_why(production: Callable[..., Campaign], ask: Ask) -> None:
    look(production(EXCEPTIONAL))
    assert ask("list", "slices")[1].splitlines()[-1] == "1 left out: latteboard list slices --left-out"
    assert "left out" not in ask("list", "slices", "configuration=10")[1]
    assert ask("list", "slices", "--left-out", "--format", "paths")[1] == "slices/A_30_Srcs0-1.h5\n"
    (row,) = json.loads(ask("list", "slices", "configuration=25:30:5", "--left-out", "--format", "json")[1])
    assert row == {
        "ensemble": "A",
        "configuration": 30,
        "source_set": "0-1",
        "path": "slices/A_30_Srcs0-1.h5",
        "reason": "exceptional",
    }
    assert json.loads(ask("list", "slices", "configuration=10", "--left-out", "--format", "json")[1]) == []
    for words in (("slices", "configuration=30"), ("slices/A_30_Srcs0-1.h5",)):
        code, _, err = ask("why", *words)
        assert (code, err) == (1, "latteboard: slices/A_30_Srcs0-1.h5: left out: exceptional\n")
    code, out, _ = ask("status")
    assert code == 0
    assert "1 left out" in out
    rows = {row["kind"]: row["left_out"] for row in json.loads(ask("status", "--json")[1])["rows"]}
    assert rows == {"spec_4D": 2, "slices": 1, "joined": 0}
    assert ask("list", "slices", "--left-out", "--status", "done")[0] == 2


def test_outputs_record_what_was_left_out(production: Callable[..., Campaign], tmp_path: Path) -> None:
    campaign = production(EXCEPTIONAL, NODE)
    look(campaign)
    plan = plan_campaign(campaign, [], ReduceOptions())[0]
    write_plan(tmp_path / "plan.json", plan)
    planned = {task.path: task.left_out for part in read_plan(tmp_path / "plan.json").parts for task in part}
    source = ("source = x0y1z2t2: disk of <node 17>",)
    assert planned == {SLICES: source, SLICES.replace("10", "20"): ()}
    assert make(campaign) == 3
    marks = {path: read_mark(campaign.root / path) for path in (SLICES, SLICES.replace("10", "20"), JOINED)}
    recorded = {path: mark and mark.recipe.get("left_out") for path, mark in marks.items()}
    assert recorded == {
        SLICES: list(source),
        SLICES.replace("10", "20"): None,
        JOINED: ["configuration = 30: exceptional"],
    }
    held = read(campaign.root / JOINED)
    assert held["configurations"].tolist() == [10, 20]


def test_what_was_made_before_an_entry_came_or_went_is_out_of_date(
    production: Callable[..., Campaign], ask: Ask
) -> None:
    campaign = production()
    look(campaign)
    assert make(campaign) == 4
    assert set(statuses(campaign, "joined").values()) == {"done"}
    campaign = production(EXCEPTIONAL)
    look(campaign)
    # It holds a configuration that it should not; what is in it is not thrown away unasked.
    assert statuses(campaign, "joined") == {JOINED: "stale"}
    code, _, err = ask("reduce", "joined", "--stale")
    assert code == 1
    assert "holds configuration 30" in err
    (campaign.root / JOINED).unlink()
    look(campaign)
    assert make(campaign) == 1
    assert read(campaign.root / JOINED)["configurations"].tolist() == [10, 20]
    assert statuses(campaign, "joined") == {JOINED: "done"}
    campaign = production()
    look(campaign)
    # It lacks one that is there.
    assert statuses(campaign, "joined") == {JOINED: "stale"}


def test_pages_say_what_is_left_out_and_describe_what_they_show(
    production: Callable[..., Campaign], tmp_path: Path
) -> None:
    campaign = production(EXCEPTIONAL, NODE)
    look(campaign)
    catalog = Catalog(campaign.catalog)
    build_site(catalog, tmp_path / "site", campaign=campaign)
    pages = {path.stem: path.read_text() for path in (tmp_path / "site").glob("*.html")}
    assert "3 left out" in pages["kind_spec_4D"]
    assert "disk of &lt;node 17&gt;" in pages["kind_spec_4D"]
    assert "raw/A/30/x1y2z3t6.h5" in pages["kind_spec_4D"]
    assert "left out" not in pages["kind_joined"]
    assert "4 more are left out of the campaign" in pages["index"]
    assert "configuration = 30" in pages["dictionary"]
    assert "correlators on all sites" in pages["kind_spec_4D"]
    for text in ("two-point functions", "coarse, 340 MeV", "lattice units", "quark mass", "of the insertion"):
        assert text in pages["dictionary"]
    for text in ("two-point functions", "coarse, 340 MeV"):
        assert text in pages["index"]
    assert dict(query(campaign, "select name, description from kind"))["spec_4D"] == "correlators on all sites"
