"""What `latteboard init` writes works as it stands, and explains every key."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from latteboard.campaign import Campaign
from latteboard.campaign import tables as grammar
from latteboard.campaign.starter import write_starter
from latteboard.errors import LatteboardError
from latteboard.recipe import STEPS


def keys() -> Iterator[str]:
    """Every key that a campaign may have, and the name and options of every step."""
    for table in (*vars(grammar).values(), *STEPS.values()):
        if isinstance(table, type) and issubclass(table, BaseModel):
            yield from (field.alias or name for name, field in table.model_fields.items())
    yield from STEPS


def test_the_starter_works_as_it_stands(tmp_path: Path) -> None:
    written = write_starter(tmp_path / "new" / "folder")
    assert [path.name for path in written] == ["campaign.toml", "a09m310_e_src.lst"]
    campaign = Campaign.read(written[0])
    assert campaign.root.is_dir()
    # Stream e: three configurations with two sets of two sources; stream f: two with one. Three time separations.
    counts = {kind: len(campaign.expected(kind)) for kind in campaign.kinds}
    assert counts == {
        "cfg": 3 + 2,
        "prop": 3 * 4 + 2 * 2,
        "seqprop": (3 * 2 + 2) * 3 * 2,
        "formfac": (3 * 4 + 2 * 2) * 3,
        "formfac_4D": (3 * 4 + 2 * 2) * 3,
        "formfac_4D_tslice_src_avg": (3 * 2 + 2) * 3,
        "formfac_momentum": (2 + 1) * 2,
    }
    for kind in campaign.kinds:
        expected = campaign.expected(kind)
        for row in map(expected.coordinates, range(len(expected))):
            assert campaign.parse(campaign.path_of(kind, row)) == (kind, row)


def test_a_file_of_the_starter_is_as_large_as_what_it_holds(tmp_path: Path) -> None:
    campaign = Campaign.read(write_starter(tmp_path)[0])
    expected = campaign.expected("formfac_4D")
    held = campaign.datasets("formfac_4D").of(expected.coordinates(0))
    assert expected.least_bytes()[0] == len(held) * 96 * 32**3 * 16


@pytest.mark.parametrize("key", sorted(keys()))
def test_every_key_is_explained(tmp_path: Path, key: str) -> None:
    text = write_starter(tmp_path)[0].read_text()
    used = re.search(rf"\b{key}\b\s*=|\[{key}\b|\.{key}\b", text)
    in_prose = re.search(rf"#.*\b{key}\b", text) or re.search(rf"^.*\b{key}\b.*#", text, re.MULTILINE)
    assert used or in_prose


def test_what_is_there_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "a09m310_e_src.lst").write_text("mine")
    with pytest.raises(LatteboardError, match=r"a09m310_e_src\.lst is there already"):
        write_starter(tmp_path)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"a09m310_e_src.lst": "mine"}
    (tmp_path / "a09m310_e_src.lst").unlink()
    first = [path.read_text() for path in write_starter(tmp_path)]
    with pytest.raises(LatteboardError, match=r"campaign\.toml is there already"):
        write_starter(tmp_path)
    assert [path.read_text() for path in sorted(tmp_path.glob("*.*"), reverse=True)] == first


def test_a_dangling_link_is_there_already(tmp_path: Path) -> None:
    (tmp_path / "campaign.toml").symlink_to(tmp_path / "nowhere")
    with pytest.raises(LatteboardError, match=r"campaign\.toml is there already"):
        write_starter(tmp_path)


def test_a_folder_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LatteboardError, match=r"file.*cannot be written"):
        write_starter(tmp_path / "file" / "folder")


@pytest.mark.skipif(os.geteuid() == 0, reason="rights do not hold for the superuser")
def test_a_folder_without_rights_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(LatteboardError, match="cannot be written: Permission denied"):
        write_starter(tmp_path)
