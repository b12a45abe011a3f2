"""The examples of docs/campaign.md are campaigns that are read, and what it says is refused is refused with these words."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from markers import marked
from pydantic import BaseModel
from worlds import World

from latteboard.campaign import Campaign
from latteboard.campaign import tables as grammar
from latteboard.errors import CampaignError
from latteboard.recipe import STEPS

GUIDE = (Path(__file__).parent.parent / "docs" / "campaign.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```toml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BASE = tomllib.loads(BLOCK.findall(marked(GUIDE, "base"))[0])
EXAMPLES = BLOCK.findall(GUIDE)
LISTS = re.findall(r"<!-- list (\S+): (.*?) -->", GUIDE)
REFUSALS = re.findall(r"^\| (`.*`) \| (.*) \|$", GUIDE.partition("## Campaign")[2], re.MULTILINE)


def merged(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Two campaigns as one: tables are put together, of all else the second one's stands."""
    both = {name: merged(one[name], other[name]) for name in one.keys() & other.keys() if isinstance(one[name], dict)}
    return one | other | both


def read(folder: Path, *stated: str) -> Campaign:
    """The campaign of the guide's beginning with something else stated on top of it."""
    whole = BASE
    for text in stated:
        whole = merged(whole, tomllib.loads(text))
    lists = {name: lines.replace(", ", "\n") for name, lines in LISTS}
    return Campaign.read(World(whole, lists).write(folder))


@pytest.mark.parametrize("example", EXAMPLES, ids=[text.splitlines()[0] for text in EXAMPLES])
def test_an_example_is_read(tmp_path: Path, example: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USER", "somebody")
    campaign = read(tmp_path, example)
    assert all(len(campaign.expected(kind)) for kind in campaign.kinds)


@pytest.mark.parametrize(("stated", "words"), REFUSALS, ids=[stated for stated, _ in REFUSALS])
def test_what_is_said_to_be_refused_is_refused(tmp_path: Path, stated: str, words: str) -> None:
    with pytest.raises(CampaignError) as refused:
        read(tmp_path, *re.findall(r"`([^`]*)`", stated))
    assert words in str(refused.value)


def keys() -> set[str]:
    """Every key that a campaign may have, and the name of every step."""
    tables = [one for one in vars(grammar).values() if isinstance(one, type) and issubclass(one, BaseModel)]
    return {field.alias or name for one in tables for name, field in one.model_fields.items()} | set(STEPS)


@pytest.mark.parametrize("key", sorted(keys()))
def test_every_key_is_told_about(key: str) -> None:
    assert re.search(rf"(^|[`\[. ,{{]){key}\b", GUIDE, re.MULTILINE)


def test_there_is_something_to_try() -> None:
    assert len(EXAMPLES) > 12
    assert len(REFUSALS) > 25
