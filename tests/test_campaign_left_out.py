"""Artifacts left out: what is expected without them, and what an entry cannot be."""

from pathlib import Path
from typing import Any

import pytest
from worlds import toml

from latteboard.campaign import Campaign
from latteboard.errors import CampaignError

AXES = {"t": [0, 4], "quark": ["l", "s"]}
ENSEMBLES: dict[str, Any] = {
    "A": {"L": 4, "T": 12, "configurations": [10, 20, 30]},
    "B": {"L": 4, "T": 12, "configurations": [20, 40]},
}
KINDS: dict[str, Any] = {
    "gauge": {"path": "{ensemble}/gauge/{configuration}", "given": True},
    "prop": {"path": "{ensemble}/prop/{configuration}_{quark}_{t}", "needs": ["gauge"]},
    "log": {"path": "{ensemble}/log/{configuration}_{quark}_{t}", "made_with": "prop"},
    "mean": {"path": "{ensemble}/mean/{configuration}_{quark}", "needs": ["prop"]},
    "all": {"path": "{ensemble}/all_{quark}", "needs": ["mean"]},
}


def read(folder: Path, *entries: dict[str, Any], kinds: dict[str, Any] = KINDS) -> Campaign:
    stated = {"campaign": {"name": "left out", "root": "data"}, "axes": AXES, "ensembles": ENSEMBLES}
    file = folder / "campaign.toml"
    whole = {**stated, "leave_out": list(entries), "kinds": kinds}
    file.write_text("".join(f"{key} = {toml(value)}\n" for key, value in whole.items()))
    return Campaign.read(file)


def paths(campaign: Campaign, kind: str) -> set[str]:
    expected = campaign.expected(kind)
    return {path for block, rows in expected.block_slices for path in expected.paths(block, rows)}


def test_all_kinds_that_name_the_coordinates_are_left_out(tmp_path: Path) -> None:
    whole = read(tmp_path)
    campaign = read(tmp_path, {"configuration": 20, "ensemble": "A", "reason": "exceptional"})
    for kind in ("gauge", "prop", "log", "mean"):
        assert paths(whole, kind) - paths(campaign, kind) == {
            p for p in paths(whole, kind) if p.startswith(f"A/{kind}/20")
        }
        assert paths(campaign, kind) < paths(whole, kind)
    assert paths(campaign, "all") == paths(whole, "all")
    assert campaign.left_out_reason("gauge", {"ensemble": "A", "configuration": 20}) == "exceptional"
    assert campaign.left_out_reason("gauge", {"ensemble": "B", "configuration": 20}) is None
    assert campaign.parse("A/gauge/20") is None
    left_out = campaign.left_out("prop")
    assert len(left_out) == 4
    assert [left_out.artifacts.coordinates(row)["configuration"] for row in range(4)] == [20] * 4


def test_kinds_values_and_ranges_choose(tmp_path: Path) -> None:
    whole = read(tmp_path)
    entries = [
        {"kinds": ["prop", "log"], "configuration": "10:30:20", "t": 4, "ensemble": "A", "reason": "disk"},
        {"kinds": ["mean"], "quark": ["s"], "configuration": [40], "reason": "late"},
        {"kinds": ["mean"], "ensemble": "B", "configuration": "35:45:5", "reason": "later"},
    ]
    campaign = read(tmp_path, *entries)
    gone = {f"A/prop/{number}_{quark}_4" for number in (10, 30) for quark in "ls"}
    assert paths(whole, "prop") - paths(campaign, "prop") == gone
    assert paths(whole, "mean") - paths(campaign, "mean") == {"B/mean/40_l", "B/mean/40_s"}
    reasons = {q: campaign.left_out_reason("mean", {"ensemble": "B", "configuration": 40, "quark": q}) for q in "ls"}
    assert reasons == {"l": "later", "s": "late"}  # the first entry that takes it away
    # Nobody waits for what is left out: the mean is over the other time slice.
    needed = campaign.links("mean", "prop").pairs()[0]
    row = campaign.expected("mean").index({"ensemble": "A", "configuration": 10, "quark": "l"})
    assert (needed == row).sum() == 1


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"configuration": 20}, "leave_out[0].reason: this key is missing"),
        ({"reason": "x"}, "leave_out[0]: it names no coordinate; everything would be left out"),
        ({"configurtion": 20, "reason": "x"}, "leave_out[0]: there is no 'configurtion'; expected one of"),
        (
            {"configuration": 21, "reason": "x"},
            "leave_out[0].configuration: 21 is not one of its values: 10, 20, 30, 40",
        ),
        ({"configuration": "20-30", "reason": "x"}, "leave_out[0].configuration: expected start:end:step"),
        ({"quark": "c", "reason": "x"}, "leave_out[0].quark: 'c' is not one of its values: l, s"),
        ({"quark": "l", "kinds": ["porp"], "reason": "x"}, "leave_out[0].kinds: there is no 'porp'; expected one of"),
        (
            {"quark": "l", "kinds": ["gauge"], "reason": "x"},
            "leave_out[0].kinds: the path of gauge does not name quark",
        ),
        ({"t": 4, "kinds": ["prop"], "reason": "x"}, "leave_out[0].kinds: one job makes prop and log: name log too"),
        ({"ensemble": "A", "configuration": 40, "reason": "x"}, "leave_out[0]: nothing is expected there"),
        (
            {"kinds": ["prop", "log"], "configuration": 20, "ensemble": "B", "reason": "disk"},
            (
                "kinds.mean.needs: mean with ensemble = B, configuration = 20, quark = l finds no prop: all that it needs are left "
                "out by leave_out[0] (disk); leave it out too"
            ),
        ),
        ({"quark": "l", "kinds": [], "reason": "x"}, "leave_out[0].kinds: expected more items"),
        ({"t": 1.5, "reason": "x"}, "leave_out[0].t: "),
    ],
)
def test_what_cannot_be_left_out_is_refused(tmp_path: Path, entry: dict[str, Any], said: str) -> None:
    with pytest.raises(CampaignError) as refused:
        read(tmp_path, entry)
    told = str(refused.value).replace(f"{tmp_path}/campaign.toml: ", "")
    assert told.startswith(said)
    assert "\n" not in told


def test_an_entry_that_does_nothing_beside_another_is_refused(tmp_path: Path) -> None:
    one = {"ensemble": "A", "configuration": 20, "reason": "x"}
    with pytest.raises(CampaignError, match=r"leave_out\[1\]: nothing is expected there that is not left out already"):
        read(tmp_path, one, one)


def test_each_condition_of_a_need_must_find_something(tmp_path: Path) -> None:
    kinds = {
        **KINDS,
        "kaon": {
            "path": "{ensemble}/kaon/{configuration}",
            "needs": [{"kind": "prop", "with": {"quark": quark}} for quark in "ls"],
        },
    }
    entry = {"kinds": ["prop", "log", "mean"], "quark": "s", "configuration": 10, "reason": "x"}
    with pytest.raises(
        CampaignError, match=r"kinds\.kaon\.needs\[1\]: kaon with ensemble = A, configuration = 10 finds no"
    ):
        read(tmp_path, entry, kinds=kinds)
