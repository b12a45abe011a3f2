"""The places of an artifact in the campaign: the paths of ``path`` and ``also``, and the roots below which they are."""

from collections.abc import Callable
from pathlib import Path

import pytest

from latteboard.campaign import Campaign
from latteboard.errors import CampaignError

KINDS = """
[kinds.cfg]
path  = "{ensemble}_{stream}/cfg/{configuration}.lime"
also  = ["configs/{ensemble}_{stream}/ckpoint.{configuration:05d}", "{ensemble}_{stream}/old/{configuration}_mq{mq}"]
given = true
[kinds.prop]
path      = "{ensemble}_{stream}/prop/{configuration}/{source}.lime"
needs     = ["cfg"]
min_bytes = "unit * L**3"
"""
PATHS = ("A_b/cfg/10.lime", "configs/A_b/ckpoint.00010", "A_b/old/10_mq0.01")
COORDINATES = {"ensemble": "A", "stream": "b", "configuration": 10}

ReadCampaign = Callable[..., Campaign]


def test_an_artifact_has_a_path_under_each_template(read_campaign: ReadCampaign) -> None:
    campaign = read_campaign(kinds=KINDS)

    assert [campaign.path_of("cfg", COORDINATES, template) for template in range(3)] == list(PATHS)
    assert campaign.path_of("cfg", COORDINATES) == PATHS[0]


def test_a_path_under_any_template_is_parsed_into_the_same_coordinates(read_campaign: ReadCampaign) -> None:
    campaign = read_campaign(kinds=KINDS)

    assert [campaign.parse(path) for path in PATHS] == [("cfg", COORDINATES)] * 3
    assert campaign.parse("configs/A_b/ckpoint.10") is None  # the number has five digits there


def test_further_paths_add_no_artifact(read_campaign: ReadCampaign) -> None:
    campaign = read_campaign(kinds=KINDS)

    assert len(campaign.expected("cfg")) == 4
    for template in range(3):
        assert campaign.expected("cfg", template).rows is campaign.expected("cfg").rows
    numbers = campaign.expected("cfg", 1).folders()[0]
    assert numbers == ["configs/A_a", "configs/A_b", "configs/B_a"]


def test_every_file_of_a_kind_has_its_least_size_under_each_path(read_campaign: ReadCampaign) -> None:
    campaign = read_campaign((f"{KINDS.splitlines()[5]}", 'min_bytes = "unit"\n[kinds.prop]'), kinds=KINDS)

    least = [campaign.expected("cfg", template).least_bytes().tolist() for template in range(3)]
    assert least == [[16, 16, 16, 24]] * 3


@pytest.mark.parametrize(
    ("also", "key", "words"),
    [
        (
            '"x/{ensemble}_{configuration}"',
            "also[0]",
            "expected the coordinates of path, ensemble, stream, configuration",
        ),
        ('"x/{ensemble}_{configuration}"', "also[0]", "found ensemble, configuration"),
        (
            '"x/{ensemble}_{stream}_{configuration}_{source}"',
            "also[0]",
            "found ensemble, stream, configuration, source",
        ),
        ('"x"', "also[0]", "found none"),
        (
            '"x/{ensemble}_{stream}_{configuration}", "/x/{ensemble}_{stream}_{configuration}"',
            "also[1]",
            "a relative path",
        ),
        ('"x/{ensemble}_{stream}_{configuration:.1}"', "also[0]", "{configuration:.1}"),
        ('"x/{ensemble}_{stream}_{configuration}_{flavor}"', "also[0]", "there is no name {flavor}"),
        ('"x/{ensemble}_{stream}_{configuration}_{tag}"', "also[0]", "{tag} has no value in A_a"),
        ('"{ensemble"', "also[0]", "template '{ensemble'"),
        ('""', "also[0]", "not empty"),
        ('"x.h5::{ensemble}/{stream}/{configuration}"', "also[0]", "cannot be a dataset inside another"),
        (
            '"{ensemble}_{stream}/cfg/{configuration}.lime"',
            "also[0]",
            "gives the same path as kinds.cfg.path: A_a/cfg/10.lime",
        ),
        (
            '"{ensemble}_{stream}/cfg/{configuration}.lime/copy"',
            "also[0]",
            "gives a file in kinds.cfg.path: A_a/cfg/10.lime",
        ),
        (
            '"x/{ensemble}_{stream}_{configuration}", "x/{ensemble}_{stream}_{configuration}"',
            "also[1]",
            "gives the same path as kinds.cfg.also[0]: x/A_a_10",
        ),
    ],
)
def test_a_further_path_is_checked_as_path_is(also: str, key: str, words: str, read_campaign: ReadCampaign) -> None:
    edits = [(KINDS.splitlines()[3], f"also = [{also}]"), ("unit           = 24", 'unit = 24\ntag = "x"')]
    with pytest.raises(CampaignError) as caught:
        read_campaign(*edits, kinds=KINDS)

    assert f"kinds.cfg.{key}: " in str(caught.value)
    assert words in str(caught.value)


def test_a_further_path_that_another_kind_gives_is_refused(read_campaign: ReadCampaign) -> None:
    further = '[kinds.flow]\npath = "configs/{ensemble}_{stream}/ckpoint.{configuration:05d}"\n'
    with pytest.raises(
        CampaignError, match=r"kinds\.flow\.path: gives the same path as kinds\.cfg\.also\[0\]: configs/A_a/"
    ):
        read_campaign(kinds=KINDS + further)
    further = '[kinds.flow]\npath = "flow/{configuration}"\nalso = ["A_a/prop/{configuration}"]\n'
    with pytest.raises(CampaignError, match=r"kinds\.flow\.also\[0\]: gives a folder of kinds\.prop: A_a/prop/10"):
        read_campaign(kinds=KINDS + further)


def test_a_dataset_in_a_file_has_no_further_path(read_campaign: ReadCampaign) -> None:
    inside = '[kinds.flow]\npath = "flow.h5::{configuration}"\nalso = ["other/{configuration}"]\n'
    with pytest.raises(CampaignError, match=r"kinds\.flow\.also: .* cannot be or have: also"):
        read_campaign(kinds=KINDS + inside)


def test_a_root_is_one_disk_or_several(read_campaign: ReadCampaign, tmp_path: Path) -> None:
    assert [(root.stated, root.path) for root in read_campaign().roots] == [("production", tmp_path / "production")]

    campaign = read_campaign(('root  = "production"', f'root  = ["fast", "{tmp_path}/slow/disk"]'))

    assert [root.stated for root in campaign.roots] == ["fast", f"{tmp_path}/slow/disk"]
    assert [root.path for root in campaign.roots] == [tmp_path / "fast", tmp_path / "slow/disk"]
    assert campaign.root == tmp_path / "fast"


@pytest.mark.parametrize(
    ("roots", "words"),
    [
        ('["disk", "disk"]', "disk is the same as disk"),
        ('["disk", "other", "disk/./"]', "disk/./ is the same as disk"),
        ('["disk", "linked"]', "linked is the same as disk"),
        ('["disk", "linked/below"]', "linked/below is inside disk"),
        ('["disk/below", "linked"]', "linked is around disk/below"),
        ('["disk", "."]', ". is around disk"),
    ],
)
def test_roots_that_are_the_same_or_inside_each_other_are_refused(
    roots: str, words: str, read_campaign: ReadCampaign, tmp_path: Path
) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "linked").symlink_to("disk")
    with pytest.raises(CampaignError) as caught:
        read_campaign(('root  = "production"', f"root  = {roots}"))

    number = 2 if "other" in roots else 1
    assert f"campaign.root[{number}]: {words}, once links are followed" in str(caught.value)


def test_all_roots_that_are_not_apart_are_told(read_campaign: ReadCampaign) -> None:
    with pytest.raises(CampaignError) as caught:
        read_campaign(('root  = "production"', 'root  = ["disk", "other", "disk/x", "./other"]'))

    lines = str(caught.value).splitlines()
    assert [line.split(": ")[1] for line in lines] == ["campaign.root[2]", "campaign.root[3]"]
    assert "disk/x is inside disk" in lines[0]
    assert "./other is the same as other" in lines[1]


def test_roots_that_only_begin_alike_are_apart(read_campaign: ReadCampaign) -> None:
    campaign = read_campaign(('root  = "production"', 'root  = ["disk", "disk2", "disks/1", "disks/10"]'))

    assert len(campaign.roots) == 4


def test_a_campaign_without_a_root_is_refused(read_campaign: ReadCampaign) -> None:
    with pytest.raises(CampaignError, match=r"campaign\.root: expected a text or more items, found \[\]"):
        read_campaign(('root  = "production"', "root = []"))
