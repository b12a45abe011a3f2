"""A part of a path that is only a derived name, as the folder of a channel."""

from collections.abc import Callable
from pathlib import Path

import pytest
from disk import index, put

from latteboard.campaign import Campaign
from latteboard.catalog import Catalog
from latteboard.errors import CampaignError

CHANNELS = """
[derive.folder]
from   = "particle"
values = { proton = "light", proton_np = "light" }
[derive.mass]
from   = "particle"
values = { proton = "m0.01", proton_np = "m0.02" }
"""
PATH = "{ensemble}_{stream}/{folder}/{mass}/{configuration}"
KINDS = f'[kinds.corr]\npath = "{PATH}"'


def refusal(write_campaign: Callable[..., Path], derive: str, path: str) -> str:
    file = write_campaign(derive=derive, kinds=f'[kinds.corr]\npath = "{path}"')
    with pytest.raises(CampaignError) as refused:
        Campaign.read(file)
    return str(refused.value).removeprefix(f"{file}: kinds.corr.path: ")


def test_a_folder_may_be_a_derived_name(read_campaign: Callable[..., Campaign]) -> None:
    campaign = read_campaign(derive=CHANNELS, kinds=KINDS)
    expected = campaign.expected("corr")
    paths = sorted(path for block, rows in expected.block_slices for path in expected.paths(block, rows))
    assert paths == [
        *(f"A_a/light/{mass}/{number}" for mass in ("m0.01", "m0.02") for number in (10, 20)),
        *("A_b/light/m0.01/10", "A_b/light/m0.02/10", "B_a/light/m0.01/5", "B_a/light/m0.02/5"),
    ]
    for path in paths:
        kind, coordinates = campaign.parse(path) or pytest.fail(path)
        assert campaign.path_of(kind, coordinates) == path


def test_files_in_a_derived_folder_are_found_and_a_wrong_folder_is_strange(
    read_campaign: Callable[..., Campaign],
) -> None:
    campaign = read_campaign(derive=CHANNELS, kinds=KINDS)
    put(campaign, "A_a/light/m0.02/20")
    put(campaign, "A_a/heavy/m0.02/20")
    index(campaign)
    catalog = Catalog(campaign.catalog)
    assert [one.path for one in catalog["corr"].filter(status="done")] == ["A_a/light/m0.02/20"]
    assert [one.particle for one in catalog["corr"].filter(status="done")] == ["proton_np"]
    assert catalog["corr"].filter(status="ready").count() == 7


def test_an_empty_folder_is_refused_and_the_value_that_gives_it_named(write_campaign: Callable[..., Path]) -> None:
    assert refusal(write_campaign, CHANNELS.replace('"m0.02"', '""'), PATH) == (
        "expected a relative path without empty parts, . and .., found 'A_a/{folder}/{mass}/{configuration}', "
        "in which particle = proton_np gives ''"
    )


@pytest.mark.parametrize("dots", [".", ".."])
def test_a_folder_of_dots_is_refused(write_campaign: Callable[..., Path], dots: str) -> None:
    message = refusal(write_campaign, CHANNELS.replace('"m0.02"', f'"{dots}"'), PATH)
    assert message.endswith(f"in which particle = proton_np gives {dots!r}")
    assert "gives '..'" in refusal(
        write_campaign, CHANNELS.replace('"m0.02"', '"."'), PATH.replace("{mass}", ".{mass}")
    )


def test_two_names_that_are_empty_for_different_values_are_never_both_empty(
    write_campaign: Callable[..., Path],
) -> None:
    texts = CHANNELS.replace('proton = "light", proton_np = "light"', 'proton = "", proton_np = "b"')
    texts = texts.replace('"m0.01"', '"a"').replace('"m0.02"', '""')
    path = PATH.replace("{folder}/{mass}", "{folder}{mass}")
    campaign = Campaign.read(write_campaign(derive=texts, kinds=f'[kinds.corr]\npath = "{path}"'))
    assert campaign.path_of("corr", campaign.expected("corr").coordinates(0)) == "A_a/a/10"
    both = texts.replace('"b"', '""')
    assert refusal(write_campaign, both, path).endswith("in which particle = proton_np gives ''")


def test_a_format_that_leaves_nothing_is_refused(write_campaign: Callable[..., Path]) -> None:
    path = "{ensemble}_{stream}/{particle:.0}/{configuration}"
    assert "in which particle = proton gives ''" in refusal(write_campaign, CHANNELS, path)


def test_what_divides_a_name_is_refused_where_it_is_stated_and_once(write_campaign: Callable[..., Path]) -> None:
    file = write_campaign(
        derive=CHANNELS.replace('"m0.02"', '"m/0.02"'), kinds=f'{KINDS}\n[kinds.other]\npath = "o/{PATH}"'
    )
    with pytest.raises(CampaignError) as refused:
        Campaign.read(file)
    assert str(refused.value) == (
        f"{file}: derive.mass.values.proton_np: 'm/0.02': a name can hold neither / nor control characters"
    )


def test_a_derived_name_of_the_ensemble_may_be_several_folders(read_campaign: Callable[..., Campaign]) -> None:
    derive = '[derive.folder]\nfrom = "ensemble"\nvalues = { A = "coarse/A", B = "fine/B" }'
    campaign = read_campaign(derive=derive, kinds='[kinds.cfg]\npath = "{folder}_{stream}/{configuration}"')
    assert campaign.parse("fine/B_a/5") == ("cfg", {"ensemble": "B", "stream": "a", "configuration": 5})
