"""Ensembles without streams, sources or source sets, and axes that some ensembles do not have: by hand."""

import json
from collections.abc import Callable

import pytest
from disk import index, paths_of, put, run

from latteboard import Catalog
from latteboard.campaign import Campaign
from latteboard.catalog.questions.contents import StreamFacts, streams
from latteboard.catalog.questions.explain import explain
from latteboard.errors import CampaignError

Read = Callable[..., Campaign]

# P has nothing but configurations and an axis of its own, S sources without sets, F streams and sets.
ENSEMBLES = """
[ensembles.P]
L = 4
T = 8
configurations = [10, 20]
axes = { wall = [0, 4] }
[ensembles.S]
L = 4
T = 8
configurations = [10]
sources = [[10, 0, 1, 2, 3], [10, 1, 2, 3, 7], [99, 0, 0, 0, 0]]
[ensembles.F]
streams = ["a", "b"]
L = 4
T = 8
configurations = [10, 20]
sources = { file = "A.lst" }
source_sets = { "0-1" = [0, 2], "2-3" = [2, 4] }
stream.b.configurations = [20]
"""
KINDS = """
[kinds.cfg]
path = "{ensemble}/cfg_{configuration}"
given = true
[kinds.prop]
path = "{ensemble}/prop_{configuration}_{source}"
needs = ["cfg"]
temporary = true
[kinds.meson]
path = "{ensemble}/meson_{configuration}_w{wall}"
needs = ["cfg"]
[kinds.average]
path = "{ensemble}_{stream}/average_{configuration}_{source_set}"
needs = ["prop"]
"""


def read(read_campaign: Read, *edits: tuple[str, str]) -> Campaign:
    return read_campaign(*edits, ensembles=ENSEMBLES, kinds=KINDS, axes="", derive="", archives="")


def test_a_kind_is_expected_in_the_ensembles_that_have_its_coordinates(read_campaign: Read) -> None:
    campaign = read(read_campaign)
    assert paths_of(campaign, "cfg") == ["P/cfg_10", "P/cfg_20", "S/cfg_10", "F/cfg_10", "F/cfg_20"]
    assert paths_of(campaign, "meson") == [f"P/meson_{c}_w{wall}" for c in (10, 20) for wall in (0, 4)]
    props = [path for path in paths_of(campaign, "prop") if path.startswith("S")]
    assert props == ["S/prop_10_x0y1z2t3", "S/prop_10_x1y2z3t7"]
    assert len(campaign.expected("prop")) == 2 + 8  # F_b has the configuration 20 of F_a
    averages = [
        f"F_{s}/average_{c}_{sources}" for s, c in (("a", 10), ("a", 20), ("b", 20)) for sources in ("0-1", "2-3")
    ]
    assert paths_of(campaign, "average") == averages
    assert campaign.lacking() == {"P": ["prop", "average"], "S": ["meson", "average"], "F": ["meson"]}
    assert campaign.relations.lacking == {"stream", "source", "source_set", "wall"}
    assert [str(stream) for stream in campaign.streams] == ["P", "S", "F_a", "F_b"]


def test_kinds_that_only_keeps_away_are_not_lacking(read_campaign: Read) -> None:
    campaign = read(read_campaign, ('_w{wall}"\n', '_w{wall}"\nonly = { ensemble = ["P"] }\n'))
    assert campaign.lacking() == {"P": ["prop", "average"], "S": ["average"]}


SETS_OF_F = 'source_sets = { "0-1" = [0, 2], "2-3" = [2, 4] }\n'
P, S = "configurations = [10, 20]\naxes", "[10, 0, 1, 2, 3], [10, 1, 2, 3, 7]"
REFUSALS = {
    "kinds.x.path: no ensemble has all the coordinates that it names: P has no source, S has no wall, F has no wall": (
        KINDS,
        KINDS + '[kinds.x]\npath = "{ensemble}_{wall}_{source}"\n',
    ),
    "since P has no source; state it there, or keep the kind from it with only = { ensemble = [...] }": (
        KINDS,
        KINDS + '[kinds.x]\npath = "{wall}"\nonly = { wall = [0] }\ndatasets = "{source.t}"\n',
    ),
    "kinds.x.needs: x with ensemble = P, configuration = 10 finds no prop": (
        KINDS,
        KINDS + '[kinds.x]\npath = "{ensemble}/x_{configuration}"\nneeds = ["prop"]\n',
    ),
    "ensembles.P.source_sets: there are no sources to form sets of; state sources, or remove source_sets": (
        P,
        P.replace("axes", 'source_sets = { "0" = [0, 1] }\naxes'),
    ),
    "ensembles.P.stream.a: the ensemble has no streams; name them in its key streams": (
        P,
        P.replace("axes", "stream.a.L = 4\naxes"),
    ),
    "ensembles.F.sources: expected sources in all streams of an ensemble or in none; found them in stream a": (
        f'sources = {{ file = "A.lst" }}\n{SETS_OF_F}',
        'stream.a.sources = { file = "A.lst" }\n',
    ),
    "ensembles.F.source_sets: expected source_sets in all streams of an ensemble or in none; found them in stream b": (
        SETS_OF_F,
        'stream.b.source_sets = { "0" = [0, 1] }\n',
    ),
    "ensembles.S.T: this key is missing": ("T = 8\nconfigurations = [10]\n", "configurations = [10]\n"),
    "ensembles.S.sources: configuration 10 of ensemble S has a source at x = 1, y = 2, z = 3, t = 8 here; expected x": (
        "[10, 1, 2, 3, 7]",
        "[10, 1, 2, 3, 8]",
    ),
    "ensembles.S.sources: configuration 10 of ensemble S has no sources here; expected rows 10 x y z t": (
        S,
        "[11, 0, 1, 2, 3]",
    ),
    "ensembles.S.sources: configuration 10 of ensemble S has the source x0y1z2t3 twice here": (
        S,
        "[10, 0, 1, 2, 3], [10, 0, 1, 2, 3]",
    ),
}


@pytest.mark.parametrize("message", REFUSALS)
def test_what_cannot_be_meant_is_refused(read_campaign: Read, message: str) -> None:
    with pytest.raises(CampaignError) as caught:
        read(read_campaign, REFUSALS[message])
    assert message in str(caught.value).split("\n")[0]


def test_sets_of_one_ensemble_collide_however_many_configurations_have_none(read_campaign: Read) -> None:
    between = '[kinds.sum]\npath = "{ensemble}/sum_{configuration}"\nneeds = ["prop"]\nonly = { ensemble = ["F"] }\n'
    last = '[kinds.last]\npath = "{ensemble}/last_{configuration}"\nneeds = ["sum"]\nonly = { ensemble = ["F"] }\n'
    many = ("configurations = [10, 20]\naxes", 'configurations = "1:900:1"\naxes')
    with pytest.raises(
        CampaignError, match=r"kinds\.sum\.path: it stands between prop and last, and there are the source sets"
    ):
        read(read_campaign, many, (KINDS, KINDS + between + last))


SAME = """
[ensembles.A]
L = 4
T = 8
configurations = [10, 20]
sources = { file = "A.lst" }
axes = { wall = [0, 4] }
[ensembles.B]
L = 4
T = 8
configurations = "10:20:10"
sources = { file = "copy.lst" }
axes = { wall = [4, 0] }
"""
COPY = "20 3 3 3 6\n20 0 0 0 0\n20 1 1 1 2\n20 2 2 2 4\n10 3 0 1 5\n10 0 1 2 3\n10 2 3 0 1\n10 1 2 3 7\n5 0 0 0 0\n"


def ensembles(read_campaign: Read, *edits: tuple[str, str], copy: str = COPY) -> Campaign:
    kinds = '[kinds.cfg]\npath = "{ensemble}/{configuration}"\n'
    return read_campaign(*edits, ensembles=SAME, kinds=kinds, axes="", derive="", archives="", lists={"copy.lst": copy})


def test_the_same_content_under_two_names_is_refused(read_campaign: Read) -> None:
    with pytest.raises(
        CampaignError, match=r"ensembles\.B: the same L, T, parameters, axes, streams, .* already as A$"
    ):
        ensembles(read_campaign)


@pytest.mark.parametrize(
    "edit",
    [
        ("wall = [4, 0]", "wall = [4]"),
        ("wall = [4, 0]", "wall = [4, 0], more = [1]"),
        ('"10:20:10"', '"10:10:10"'),
        ('"copy.lst" }', '"copy.lst" }\nparameters = { mq = "1" }'),
        ('"copy.lst" }', '"copy.lst" }\nstreams = ["a"]'),
        ('"copy.lst" }', '"copy.lst" }\nsource_sets = { "0-3" = [0, 4] }'),
        ('sources = { file = "copy.lst" }\n', ""),
    ],
)
def test_what_differs_in_anything_is_another_ensemble(read_campaign: Read, edit: tuple[str, str]) -> None:
    assert len(ensembles(read_campaign, edit).streams) == 2


def test_ensembles_that_differ_in_one_source_are_two_productions(read_campaign: Read) -> None:
    assert len(ensembles(read_campaign, copy=COPY.replace("10 1 2 3 7", "10 1 2 3 6")).streams) == 2


def test_catalog_and_answers_have_nothing_where_there_is_no_stream(
    read_campaign: Read, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = read(read_campaign)
    put(campaign, "P/cfg_10")
    lacking = "P: no prop, average; S: no meson, average; F: no meson"
    said = f"an ensemble has no artifacts of kinds whose coordinates it does not have: {lacking}"
    assert index(campaign).notices == [said]
    assert index(campaign).notices == []
    assert streams(Catalog(campaign.catalog)) == [
        StreamFacts("P", None, 2, 10, 20, ()),
        StreamFacts("S", None, 1, 10, 10, ((None, 2),)),
        StreamFacts("F", "a", 2, 10, 20, (("0-1", 2), ("2-3", 2))),
        StreamFacts("F", "b", 1, 20, 20, (("0-1", 2), ("2-3", 2))),
    ]
    code, out, _ = run(capfd, monkeypatch, "--campaign", campaign.path, "status", "--json")
    rows = json.loads(out)["rows"]
    assert (code, {row["stream"] for row in rows if row["ensemble"] in "PS"}) == (0, {None})
    assert {row["stream"] for row in rows if row["ensemble"] == "F"} == {None, "a", "b"}
    code, out, _ = run(capfd, monkeypatch, "--campaign", campaign.path, "status")
    headings = [line for line in out.splitlines() if line[:1] in "PSF"]
    assert headings == ["F a", "F b", "F (all streams)", "P", "S"]
    code, out, _ = run(capfd, monkeypatch, "--campaign", campaign.path, "status", "--by", "ensemble,source")
    of_p, of_s = out.split("P\n")[1].split("S\n")
    assert [line.split("  ")[0] for line in of_p.splitlines()] == ["(no source)"]
    assert [line.split("  ")[0] for line in of_s.splitlines()[:3]] == ["x0y1z2t3", "x1y2z3t7", "(all sources)"]


def test_a_range_without_a_step_is_said_after_each_change(
    read_campaign: Read, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    said = 'ensembles.P.configurations: "1:4" means 1:4:1, 4 configurations'
    campaign = read(read_campaign, ("configurations = [10, 20]\naxes", 'configurations = "1:4"\naxes'))
    put(campaign, "P/cfg_1")
    assert index(campaign).notices[1:] == [said]
    assert index(campaign).notices == []
    _, out, _ = run(capfd, monkeypatch, "--campaign", campaign.path, "expect")
    assert out.splitlines()[-1] == said
    in_stream = 'ensembles.F.stream.b.configurations: "20:20" means 20:20:1, 1 configuration'
    campaign = read(read_campaign, ("stream.b.configurations = [20]", 'stream.b.configurations = "20:20"'))
    assert index(campaign).notices[1:] == [in_stream]


def test_why_finds_inputs_without_streams_and_sources(read_campaign: Read) -> None:
    campaign = read(read_campaign)
    put(campaign, "P/cfg_10")
    index(campaign)
    catalog = Catalog(campaign.catalog)
    inputs = explain(catalog, "meson", {"ensemble": "P", "configuration": 20, "wall": 4}).inputs
    assert [(one.kind, one.expected, list(one.missing)) for one in inputs] == [("cfg", 1, ["P/cfg_20"])]
