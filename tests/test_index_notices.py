"""Notices of an index: what is no error, and should not be overlooked, is said in lines on standard error."""

import json
from collections.abc import Callable

import pytest
from disk import HOUR, MINUTE, PROP, SMALL, START, index, put, run

from latteboard.campaign import Campaign

Read = Callable[..., Campaign]


@pytest.mark.parametrize(
    ("ages", "said"),
    [
        ([HOUR, HOUR], []),
        ([9 * MINUTE, HOUR], ["1 file is younger than grace (10 min): counted as growing"]),
        ([MINUTE, MINUTE], ["2 files are younger than grace (10 min): counted as growing"]),
    ],
)
def test_an_index_says_how_many_files_are_too_young_to_judge(
    read_campaign: Read, ages: list[int], said: list[str]
) -> None:
    campaign = read_campaign(kinds=SMALL, archives="")
    for path, age in zip(("A_a/cfg/10.lime", PROP), ages, strict=True):
        put(campaign, path, at=START - age)
    assert index(campaign).notices == said
    assert index(campaign, fast=True).notices == said
    assert index(campaign, at=START + HOUR).notices == []


def test_artifacts_inside_a_file_that_grows_are_not_called_files(read_campaign: Read) -> None:
    campaign = read_campaign(
        kinds='[kinds.flow]\npath = "{ensemble}_{stream}/flow.h5::t/{configuration}"\n', archives=""
    )
    put(campaign, "A_a/flow.h5", at=START - MINUTE)
    assert index(campaign).notices == ["2 artifacts are younger than grace (10 min): counted as growing"]


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_notices_go_to_standard_error_and_leave_the_answer_as_it_is(
    read_campaign: Read, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, form: list[str]
) -> None:
    campaign = read_campaign(("10 min", "1000000 d"), kinds=SMALL, archives="")
    put(campaign, PROP)
    code, out, err = run(capfd, monkeypatch, "--campaign", campaign.path, "index", *form)
    assert (code, err) == (0, "1 file is younger than grace (1,000,000 d): counted as growing\n")
    if form:
        assert sorted(json.loads(out)) == ["changed", "directories", "expected", "found", "seconds", "stats", "strays"]
    else:
        assert out.startswith("1 of 18 artifacts on disk")
