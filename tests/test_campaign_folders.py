"""Folders that are one artifact: a path that ends in a slash, and what must be in it."""

from collections.abc import Callable

import pytest

from latteboard.campaign import Campaign
from latteboard.errors import CampaignError
from latteboard.names.templates import Template

EIGENVECTORS = """
[kinds.cfg]
path  = "{ensemble}_{stream}/cfg/{configuration}.lime"
given = true
[kinds.eigenvectors]
path  = "{ensemble}_{stream}/eigs/{configuration}/"
needs = ["cfg"]
holds = ["info.xml", "{current}/v{t_separation:02d}_mq{mq}.bin"]
"""
COORDINATES = {"ensemble": "B", "stream": "a", "configuration": 5}
PATH = "B_a/eigs/5/"

ReadCampaign = Callable[..., Campaign]


def test_a_template_that_ends_in_a_slash_is_a_folder() -> None:
    words = {"a/": True, "{ensemble}/": True, "a": False, "a/{ensemble}": False, "": False}
    assert {text: Template.parse(text).is_folder for text in words} == words


def test_a_folder_is_an_artifact_as_a_file_is(read_campaign: ReadCampaign) -> None:
    campaign = read_campaign(kinds=EIGENVECTORS)
    expected = campaign.expected("eigenvectors")
    paths = [path for block, rows in expected.block_slices for path in expected.paths(block, rows)]
    assert paths == ["A_a/eigs/10/", "A_a/eigs/20/", "A_b/eigs/10/", PATH]
    assert campaign.path_of("eigenvectors", COORDINATES) == PATH
    # For an index each lies in a folder of its own, under an empty name.
    assert expected.folders()[0] == [path[:-1] for path in paths]
    assert [expected.names(block, rows) for block, rows in expected.block_slices] == [["", ""], [""], [""]]


def test_the_path_of_a_folder_may_be_said_without_the_slash(read_campaign: ReadCampaign) -> None:
    campaign = read_campaign(kinds=EIGENVECTORS)
    for path in (PATH, PATH[:-1]):
        assert campaign.parse(path) == ("eigenvectors", COORDINATES)
    for path in ("B_a/eigs/5//", "B_a/eigs/5/info.xml", "B_a/eigs/6/", "B_a/cfg/5.lime/"):
        assert campaign.parse(path) is None
    assert campaign.parse("B_a/cfg/5.lime") == ("cfg", COORDINATES)
    # What is no folder is none of these.
    assert [list(campaign.matches(path)) for path in ("B_a/eigs/6", "B_a/eigs/6/")] == [
        [],
        [("eigenvectors", {**COORDINATES, "configuration": 6})],
    ]


def test_what_a_folder_holds_is_run_over_as_datasets_are(read_campaign: ReadCampaign) -> None:
    campaign = read_campaign(kinds=EIGENVECTORS)
    # The time separations of B are 4 and 5; mq is a parameter.
    assert list(campaign.holds("eigenvectors").of(COORDINATES)) == [
        "info.xml",
        *(f"{current}/v{t:02d}_mq0.01.bin" for t in (4, 5) for current in ("A3", "V4")),
    ]


def test_what_a_folder_holds_may_follow_the_source_lists_and_derived_names(read_campaign: ReadCampaign) -> None:
    holds = 'holds = ["{particle}_dt{dt}_{source}.bin"]'
    campaign = read_campaign(
        (EIGENVECTORS.splitlines()[7], holds.replace("{particle}", "{configuration}_{particle}")), kinds=EIGENVECTORS
    )
    held = set(campaign.holds("eigenvectors").of(COORDINATES))
    assert held == {
        f"5_{particle}_dt{sign}{t}_{source}.bin"
        for particle, sign in (("proton", ""), ("proton_np", "-"))
        for t in (4, 5)
        for source in ("x0y1z2t3", "x5y4z3t11")  # those of the set 0-1, the only one of B
    }


def test_a_folder_may_state_a_number_of_files_or_both(read_campaign: ReadCampaign) -> None:
    holds = EIGENVECTORS.splitlines()[7]
    for stated, number in (("files = 2000", 0), (f"files = 2000\n{holds}", 5)):
        campaign = read_campaign((holds, stated), kinds=EIGENVECTORS)
        kind = campaign.kinds["eigenvectors"]
        assert (kind.is_folder, kind.table.files) == (True, 2000)
        assert len(campaign.holds("eigenvectors").of(COORDINATES)) == number


def test_a_folder_may_be_under_one_path_and_a_file_under_another(read_campaign: ReadCampaign) -> None:
    also = EIGENVECTORS + 'also = ["{ensemble}_{stream}/packed/{configuration}.tar"]\n'
    campaign = read_campaign(kinds=also)
    assert campaign.kinds["eigenvectors"].is_folder
    assert campaign.path_of("eigenvectors", COORDINATES, 1) == "B_a/packed/5.tar"
    assert campaign.parse("B_a/packed/5.tar") == campaign.parse(PATH) == ("eigenvectors", COORDINATES)
    assert campaign.parse("B_a/packed/5.tar/") is None


def other(text: str) -> str:
    return f'{EIGENVECTORS}[kinds.other]\npath = "{text}"\n'


def changed(line: int, text: str) -> str:
    lines = EIGENVECTORS.splitlines()
    return "\n".join([*lines[:line], text, *lines[line + 1 :]])


FOLDER = '"{ensemble}_{stream}/eigs/{configuration}/"'


@pytest.mark.parametrize(
    ("kinds", "message"),
    [
        (
            changed(7, ""),
            'kinds.eigenvectors.path: a path that ends in / is a folder: state what it must hold, as holds = ["v{vec}.bin"], or',
        ),
        (changed(7, "holds = []"), "kinds.eigenvectors.holds: expected more items, found []"),
        (changed(7, "files = 0"), "kinds.eigenvectors.files: expected greater than 0, found 0"),
        (
            changed(5, 'path = "{ensemble}_{stream}/eigs/{configuration}"'),
            "kinds.eigenvectors.holds: only a folder holds files: end a path in /, or remove holds",
        ),
        (
            changed(3, "files = 3"),
            "kinds.cfg.files: only a folder holds files: end a path in /, or remove files",
        ),
        (
            changed(5, 'path = "{ensemble}_{stream}/eigs.h5::{configuration}/"'),
            "kinds.eigenvectors.path: a folder cannot be a dataset inside a file: remove ::, or the / at the end",
        ),
        (
            changed(5, 'path = "{ensemble}_{stream}/eigs/::{configuration}"'),
            "kinds.eigenvectors.holds: only a folder holds files",
        ),
        (
            EIGENVECTORS + 'datasets = "{current}"\n',
            "kinds.eigenvectors.datasets: a folder cannot have it: remove datasets, or the / at the end of path",
        ),
        (
            changed(6, 'needs = ["cfg"]\nreduce = ["average"]'),
            "kinds.eigenvectors.reduce: a folder cannot have it: remove reduce, or the / at the end of path",
        ),
        (
            changed(
                5, f'path = "{{ensemble}}_{{stream}}/{{configuration}}.tar"\nalso = [{FOLDER}]\nreduce = ["average"]'
            ),
            "kinds.eigenvectors.reduce: a folder cannot have it: remove reduce, or the / at the end of also[0]",
        ),
        (
            EIGENVECTORS
            + '[kinds.mean]\npath = "m_{ensemble}_{stream}.h5"\nneeds = ["eigenvectors"]\nreduce = ["concatenate"]',
            "kinds.mean.reduce: the artifacts of eigenvectors are folders; expected a kind of whole files in needs",
        ),
        (
            changed(5, 'path = "{ensemble}_{stream}/eigs/{configuration}//"'),
            "kinds.eigenvectors.path: expected a relative path without empty parts, . and .., found 'A_a/eigs/{configuration}//'",
        ),
        (changed(5, 'path = "/"'), "kinds.eigenvectors.path: expected a relative path without empty parts"),
        (
            changed(7, 'holds = ["v.bin", "v/"]'),
            "kinds.eigenvectors.holds[1]: a folder in it is there if a file in that one is: name the files, without / at the end",
        ),
        (
            changed(7, 'holds = ["../v.bin"]'),
            "kinds.eigenvectors.holds[0]: expected a relative path without empty parts",
        ),
        (changed(7, 'holds = ["v{vec}.bin"]'), "kinds.eigenvectors.holds[0]: there is no name {vec}; expected one of"),
        (changed(7, 'holds = ["x", "v{tag}.bin"]'), "kinds.eigenvectors.holds[1]: {tag} has no value in A_a; state it"),
        (
            changed(7, 'holds = ["v{current:d}.bin"]'),
            "kinds.eigenvectors.holds[0]: {current:d}: Unknown format code 'd'",
        ),
        (
            other("{ensemble}_{stream}/eigs/{configuration}"),
            "kinds.other.path: gives the same path as kinds.eigenvectors: A_a/eigs/10",
        ),
        (
            other("{ensemble}_{stream}/eigs/{configuration}/extra/log"),
            "kinds.other.path: gives a file in kinds.eigenvectors: A_a/eigs/10",
        ),
        (
            other("{ensemble}_{stream}/eigs/{configuration}/extra/") + "files = 1",
            "kinds.other.path: gives a folder in kinds.eigenvectors: A_a/eigs/10",
        ),
        (
            other("{ensemble}_{stream}/eigs/{configuration}/x.h5::{current}"),
            "kinds.other.path: gives a file in kinds.eigenvectors: A_a/eigs/10",
        ),
        (
            other("{ensemble}_{stream}/eigs/") + "files = 1",
            "kinds.other.path: gives a folder of kinds.eigenvectors: A_a/eigs",
        ),
        (
            EIGENVECTORS + 'also = ["{ensemble}_{stream}/eigs/{configuration}/again/"]',
            "kinds.eigenvectors.also[0]: gives a folder in kinds.eigenvectors.path: A_a/eigs/10",
        ),
        (
            EIGENVECTORS + 'also = ["{ensemble}_{stream}/eigs/{configuration}"]',
            "kinds.eigenvectors.also[0]: gives the same path as kinds.eigenvectors.path: A_a/eigs/10",
        ),
    ],
)
def test_what_a_folder_cannot_be(read_campaign: ReadCampaign, kinds: str, message: str) -> None:
    with pytest.raises(CampaignError) as refused:
        read_campaign(("unit           = 24", 'unit = 24\ntag = "only in B"'), kinds=kinds)
    assert message in str(refused.value)


def test_a_parameter_cannot_make_a_folder(read_campaign: ReadCampaign) -> None:
    kinds = changed(5, 'path = "{ensemble}_{stream}/eigs/{configuration}{end}"').replace("holds", "# holds")
    with pytest.raises(CampaignError, match=r"kinds\.eigenvectors\.path: expected a relative path without empty parts"):
        read_campaign(('mq   = "0.01"', 'mq   = "0.01"\nend = "/"'), kinds=kinds)
