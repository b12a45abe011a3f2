"""Campaigns with something odd in them are read, or refused in lines that each begin with file and key; nothing else happens."""

import copy
import re
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from worlds import World

from latteboard.campaign import Campaign
from latteboard.errors import CampaignError

CAMPAIGNS = Path(__file__).parent.parent / "campaigns"
SOUND = [tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted(CAMPAIGNS.glob("*.toml"))]
LISTS = {path.name: path.read_text(encoding="utf-8") for path in CAMPAIGNS.glob("*.lst")}
LISTS |= {"empty.lst": "", "texts.lst": "a b\nc d\n", "numbers.lst": "10 1\n10 2\n20 1\n", "uneven.lst": "10 1 2\n10\n"}

ODD = [
    *("", " ", "x", "prop", "1", "-1", "0.5", "{", "}", "{}", "{{x}}", "{ensemble}", "{source.t}", "{configuration:04d}"),
    *("{configuration:x}", "{a.b.c}", "../x", "/x", "x/", "x//y", "~/x", "$HOME/x", "$NO_SUCH_NAME", "a\nb", "a\x7fb", "é", "::"),
    *("a::b", "a.h5::{configuration}", "0:10:2", "10:0:1", "0:10", "0:10:0", "1:2:3:4", "9**9**9", "(" * 300, "L * * 2", "4 kB"),
    *("configuration - 10", "configuration // 0", "t_source + 'a'", "10 min", "-1 h", "never", "1e3", "Ensemble", "__x", "path"),
    *(0, 1, -1, 2, 7, 10**6, 2**31, 2**63, 10**30, 0.5, 1e308, True, False, [], [[]], {}, [1, 1], ["a", "a"], [1, "a"], [0, 2]),
    *([{}], ["", ""], ["{ensemble}"], {"": 1}, {"x": {}}, {"a.b": [1]}, {"file": "no.lst"}, {"file": ""}, {"file": "/"}),
    *({"file": name} for name in LISTS),
    {"file": "numbers.lst", "columns": ["configuration", "t_slice"]},
    {"file": "texts.lst", "columns": ["ensemble", "t_slice"], "partial": True},
    {"kind": "prop", "with": {"configuration": "configuration - 10"}},
    {"kind": "gauge", "with": {"ensemble": "x"}, "only": {"configuration": [1000]}},
    {"values": [1, 2], "description": ""},
]  # fmt: skip
Place = tuple[str | int, ...]


def places(value: Any, here: Place = ()) -> Iterator[Place]:
    """The keys of everything that a table holds."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield (*here, key)
        yield from places(one, (*here, key))


def at(whole: Any, place: Place) -> Any:
    """What stands at a place."""
    for key in place:
        whole = whole[key]
    return whole


@st.composite
def changed(draw: Callable[[st.SearchStrategy[Any]], Any]) -> dict[str, Any]:
    """A sound campaign in which a few things were replaced, taken away, renamed or added."""
    whole = copy.deepcopy(draw(st.sampled_from(SOUND)))
    for _ in range(draw(st.sampled_from([1, 1, 1, 2, 3]))):
        known = list(places(whole))
        *where, key = draw(st.sampled_from(known))
        holder = at(whole, tuple(where))
        elsewhere = st.sampled_from(known).map(lambda place: copy.deepcopy(at(whole, place)))
        other = draw(st.one_of(st.sampled_from(ODD).map(copy.deepcopy), elsewhere, st.text(max_size=8)))
        action = draw(st.sampled_from(["replace", "replace", "remove", "rename", "add"]))
        if action == "replace":
            holder[key] = other
        elif action == "remove":
            del holder[key]
        elif isinstance(holder, list):
            holder.insert(int(key), other)
        else:
            name = draw(st.one_of(st.sampled_from([str(key)[1:], f"{key}s", "description", "x"]), elsewhere.map(str)))
            holder[name] = holder.pop(key) if action == "rename" else other
    return whole


def read(file: Path) -> tuple[Campaign | None, tuple[str, ...]]:
    """The campaign of a file, or the lines that refuse it."""
    try:
        return Campaign.read(file), ()
    except CampaignError as error:
        return None, error.lines


@given(whole=changed())
@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_an_odd_campaign_is_read_or_refused_with_file_and_key(tmp_path: Path, whole: dict[str, Any]) -> None:
    file = World(whole, LISTS).write(tmp_path)
    campaign, lines = read(file)
    assert [line for line in lines if not re.match(r'[\w"-].*: .', line.removeprefix(f"{file}: "))] == []
    assert [line for line in lines if "\n" in line or not line.startswith(f"{file}: ")] == []
    if campaign is not None:
        # What passes the checks can be expanded, and says something.
        assert all(len(campaign.expected(kind)) + len(campaign.left_out(kind).artifacts) for kind in campaign.kinds)
    else:
        assert lines


@given(st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_bytes_that_are_no_campaign_are_refused(tmp_path: Path, data: st.DataObject) -> None:
    text = (CAMPAIGNS / "wall_mesons.toml").read_bytes()
    begin = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(begin, min(begin + 40, len(text))))
    file = tmp_path / "campaign.toml"
    file.write_bytes(text[:begin] + data.draw(st.binary(max_size=6)) + text[end:])
    campaign, lines = read(file)
    assert all(line.startswith(f"{file}: ") for line in lines)
    assert (campaign is None) == bool(lines)


def test_the_campaigns_that_are_changed_are_sound(tmp_path: Path) -> None:
    for whole in SOUND:
        assert Campaign.read(World(whole, LISTS).write(tmp_path)).kinds
