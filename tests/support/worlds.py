"""Random campaigns for property tests: small, and as odd as the design allows."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st
from observations import SECOND
from plain_production import Production, names_in, streams

MINUTE = 60 * SECOND
DAY = 24 * 60 * MINUTE
GRACE = 10 * MINUTE
ARCHIVES = ["tape", "vault"]
START = 1_700_000_000 * SECOND  # when the first scan begins
MOST = 60  # artifacts of a production
REDUCED_BYTES = 12_000  # more than an HDF5 file with nothing but a mark, so that too small ones can be made


@dataclass(frozen=True)
class World:
    """A campaign as its TOML file says it, and the lists beside the file."""

    campaign: dict[str, Any]
    lists: dict[str, str]

    def production(self) -> Production:
        """The artifacts that it expects, and their needs."""
        return Production(self.campaign, self.lists)

    def write(self, folder: Path) -> Path:
        """Write campaign file and lists; the path of the campaign file."""
        for name, text in self.lists.items():
            (folder / name).write_text(text)
        file = folder / "campaign.toml"
        file.write_text("".join(f"{key} = {toml(value)}\n" for key, value in self.campaign.items()))
        return file


def toml(value: Any) -> str:
    """A value in TOML, tables inline."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{json.dumps(name)} = {toml(inner)}" for name, inner in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value)


# Campaigns

LAYOUTS: list[dict[str, list[int]]] = [
    {"0-1": [0, 2]},
    {"0-1": [0, 2], "2-3": [2, 4]},
    {"0-1": [0, 2], "1-2": [1, 3]},  # they overlap
    {"0-2": [0, 3], "1-1": [1, 2]},  # one within the other
    {"0-0": [0, 1]},
]
PLACES = [(0, 0, 0, 0), (1, 2, 3, 4), (3, 3, 1, 7), (2, 0, 0, 1), (0, 1, 0, 11)]
SETS = [[("A", "a")], [("A", "a"), ("A", "b")], [("A", "a"), ("B", "a")], [("A", "a"), ("A", "b"), ("B", "c")]]
COORDINATES = ("ensemble", "stream", "configuration", "source_set", "dt", "flavor", "source")
TOKENS = {
    "ensemble": "{ensemble}",
    "stream": "s{stream}",
    "configuration": "c{configuration}",
    "source_set": "Srcs{source_set}",
    "dt": "dt{dt}",
    "flavor": "f{flavor}",
    "source": "{source}",
}
SIGNED = "sdt{sdt}"  # in place of dt and flavor: its sign tells the flavor

FIRST = [("configuration", "source"), ("configuration",), ("dt",), ("flavor", "dt")]  # named where nothing is needed

Draw = Callable[[st.SearchStrategy[Any]], Any]


def rarely(draw: Draw, times: int = 5) -> bool:
    """True about once in ``times``; the simplest example is False."""
    return bool(draw(st.integers(0, times - 1)) == times - 1)


@st.composite
def worlds(draw: Draw) -> World:
    """A campaign that passes every check."""
    campaign: dict[str, Any] = {
        "campaign": {"name": "a random production", "root": "data", "catalog": "catalog.db", "grace": "10 min"},
        "parameters": {"least": 100, "tag": "m0.1"},
        "archives": {name: {"path": f"/{name}", "protocol": "listing"} for name in ARCHIVES},
    }
    lists: dict[str, str] = {}
    campaign["ensembles"] = _ensembles(draw, lists)
    _axes(draw, campaign, lists)
    campaign["kinds"] = {}
    for number in range(draw(st.sampled_from([3, 4, 4, 5]))):
        _add_kind(draw, campaign, lists, f"k{number}")
    assume(campaign["kinds"])
    _add_flags(draw, campaign)
    _restrict(draw, campaign, lists)
    names = draw(st.permutations(list(campaign["kinds"])))
    campaign["kinds"] = {name: campaign["kinds"][name] for name in names}
    return World(campaign, lists)


def _ensembles(draw: Draw, lists: dict[str, str]) -> dict[str, Any]:
    ensembles: dict[str, Any] = {}
    chosen = draw(st.sampled_from(SETS))
    for ensemble, stream in chosen:
        first = ensemble not in ensembles
        if first:
            size = 4 + 2 * len(ensembles)
            ensembles[ensemble] = {"streams": [], "L": size, "T": 12}
        ensembles[ensemble]["streams"].append(stream)
        # The first stream's settings stand under the ensemble; another one has its own, all or some.
        settings = _stream(draw, f"{ensemble}_{stream}.lst", lists, few=len(chosen) > 1)
        if first:
            ensembles[ensemble] |= settings
        elif rarely(draw, 3):
            ensembles[ensemble]["stream"] = {stream: {}}
        else:
            ensembles[ensemble]["stream"] = {stream: settings}
    last = ensembles[max(ensembles)]
    if rarely(draw, 3) and len(last["streams"]) == 1:
        del last["streams"]
    if rarely(draw, 3) and "stream" not in last:
        for key in draw(st.sampled_from([["source_sets"], ["sources", "source_sets"]])):
            del last[key]
    if rarely(draw, 2):
        ensembles[draw(st.sampled_from(sorted(ensembles)))]["parameters"] = {"least": 300}
    return ensembles


def _stream(draw: Draw, name: str, lists: dict[str, str], *, few: bool) -> dict[str, Any]:
    numbers = draw(st.sampled_from([[10], [12], [10, 14]] if few else [[10], [10, 12], [10, 14, 18]]))
    lines = []
    for number in (10, 12, 14, 18):
        turn = draw(st.integers(0, len(PLACES) - 1))
        lines += [" ".join(map(str, (number, *place))) for place in PLACES[turn:] + PLACES[:turn]]
    lists[name] = "\n".join(lines) + "\n"
    stated: Any = numbers
    if len(numbers) == 3:
        stated = f"{numbers[0]}:{numbers[-1] + 1}:4"  # 19 is not on the grid
    elif rarely(draw, 4):
        lists[f"numbers_{name}"] = "".join(f"{number} first of its line\n" for number in [*numbers, numbers[0]])
        stated = {"file": f"numbers_{name}"}
    layouts = LAYOUTS[:3] if len(numbers) == 3 else LAYOUTS
    return {"configurations": stated, "sources": {"file": name}, "source_sets": draw(st.sampled_from(layouts))}


def _axes(draw: Draw, campaign: dict[str, Any], lists: dict[str, str]) -> None:
    dt, flavor = draw(st.sampled_from([[3], [3, 4]])), draw(st.sampled_from([["u"], ["u", "ud"]]))
    campaign["axes"] = {"dt": dt, "flavor": flavor}
    if rarely(draw, 3):  # values that differ by configuration
        by_number = [(number, draw(st.sampled_from([[3], [4], [3, 4]]))) for number in (10, 12, 14, 18, 20)]
        lists["dt.lst"] = "".join(f"{number} {value}\n" for number, values in by_number for value in values)
        campaign["axes"]["dt"] = {"file": "dt.lst", "columns": ["configuration", "dt"]}
    if rarely(draw, 3):
        last = campaign["ensembles"][sorted(campaign["ensembles"])[-1]]
        last["axes"] = draw(st.sampled_from([{"dt": [4, 5]}, {"flavor": ["d"]}, {"dt": [5], "flavor": ["u", "d"]}]))
    values = {value for e in campaign["ensembles"].values() for value in e.get("axes", {}).get("flavor", flavor)}
    texts = {"u": "{dt}", "ud": "+{dt}", "d": "-{dt}"}
    used = {value: text for value, text in texts.items() if value in values}
    campaign["derive"] = {"sdt": {"from": "flavor", "values": used}}


def _add_kind(draw: Draw, campaign: dict[str, Any], lists: dict[str, str], name: str) -> None:
    """One more kind, if the production stays small."""
    kinds = campaign["kinds"]
    leaders = [k for k, kind in kinds.items() if "needs" in kind and not {"reduce", "made_with"} & kind.keys()]
    if leaders and rarely(draw, 5):
        leader = draw(st.sampled_from(leaders))
        kinds[name] = {"path": kinds[leader]["path"].replace(leader, name), "made_with": leader}
    else:
        kinds[name] = _own_kind(draw, campaign, name)
    production = Production(campaign, lists)
    # What only some ensembles have leaves kinds without artifacts, and products without inputs, which is refused.
    is_whole = bool(production.of_kind(name)) and not production.kinds_without_inputs()
    if not is_whole or len(production.artifacts) > MOST:
        del kinds[name]


def _own_kind(draw: Draw, campaign: dict[str, Any], name: str) -> dict[str, Any]:
    kinds = campaign["kinds"]
    open_ = [other for other in kinds if not _would_collide(campaign, other)]
    needs = _some(draw, open_[::-1][:4], least=int(bool(open_) and not rarely(draw, 6)), most=2)
    given = [c for need in needs for c in _coordinates(campaign, need)]
    reduce: list[Any] = []
    if len(needs) == 1 and draw(st.booleans()):
        chosen = {c for c in given if not rarely(draw, 10 if c == "ensemble" else 3)}
        if "source" in given and rarely(draw, 2):
            chosen = chosen - {"source"} | {"source_set"}
        reduce = _steps(set(given), chosen)
    else:
        near = [c for c in COORDINATES if (c in given and not rarely(draw, 4)) or (c not in given and rarely(draw, 5))]
        always = [c for c in ("ensemble", "stream") if not rarely(draw, 7)]
        chosen = {*near, *always}
        if not given:
            chosen |= {*draw(st.sampled_from(FIRST))}
    kind: dict[str, Any] = {"path": _path(draw, name, chosen, is_reduced=bool(reduce))}
    if needs:
        kind["needs"] = needs
    if reduce:
        kind["reduce"] = reduce
    return kind


def _some(draw: Draw, values: list[str], *, least: int, most: int) -> list[str]:
    if not values:
        return []
    return list(draw(st.lists(st.sampled_from(values), min_size=least, max_size=most, unique=True)))


def _coordinates(campaign: Mapping[str, Any], kind: str) -> list[str]:
    names = names_in(campaign["kinds"][kind]["path"])
    named = names | ({"dt", "flavor"} if "sdt" in names else set())
    return [c for c in COORDINATES if c in named]


def _would_collide(campaign: Mapping[str, Any], kind: str) -> bool:
    """Whether nothing may need this kind: made from single sources, its files would be those of any source set."""
    apart = {"source", "source_set"}
    sets = {name for _, _, settings in streams(campaign) for name in settings.get("source_sets", ())}
    if len(sets) < 2 or apart & {*_coordinates(campaign, kind)}:
        return False
    table = campaign["kinds"][kind]
    needs = campaign["kinds"][table.get("made_with", kind)].get("needs", [])
    return any(apart & {*_coordinates(campaign, need)} for need in needs)


def _steps(given: set[str], made: set[str]) -> list[Any]:
    gone = given - made
    average = ["average"] if gone - {"configuration", "stream"} else []
    concatenate = [{"concatenate": {"append": True}}] if gone & {"configuration", "stream"} else []
    return [*average, *concatenate] or ["tslice"]


def _path(draw: Draw, name: str, coordinates: set[str], *, is_reduced: bool) -> str:
    """A path that names the coordinates, some of them in its folders, some in folders shared with other kinds."""
    tokens = [TOKENS[c] for c in COORDINATES if c in coordinates]
    if {"dt", "flavor"} <= coordinates and rarely(draw, 2):
        tokens = [SIGNED if token == TOKENS["dt"] else token for token in tokens if token != TOKENS["flavor"]]
    above, below = draw(st.integers(0, min(2, len(tokens)))), draw(st.integers(0, 1))
    folders = ["_".join(tokens[:above]), name if draw(st.booleans()) else "", *tokens[above:][:below]]
    rest = tokens[above + below :] if rarely(draw, 2) else tokens  # a name often says again what its folder says
    file = "_".join([name, *rest]) + (".h5" if is_reduced else draw(st.sampled_from([".lime", ".h5"])))
    return "/".join([*(folder for folder in folders if folder), file])


def _add_flags(draw: Draw, campaign: dict[str, Any]) -> None:
    kinds = campaign["kinds"]
    needed = {need for kind in kinds.values() for need in kind.get("needs", [])}
    leaders = {kind["made_with"] for kind in kinds.values() if "made_with" in kind}
    for name, kind in kinds.items():
        named = set(_coordinates(campaign, name))
        if not kind.get("needs") and "made_with" not in kind and name not in leaders and draw(st.booleans()):
            kind["given"] = True
        elif name in needed and not rarely(draw, 3):
            kind["temporary"] = True
        if size := _least(draw, named, is_reduced="reduce" in kind):
            kind["min_bytes"] = size
        if rarely(draw, 4):
            kind["archive"] = "tape"
        if rarely(draw, 8):
            kind["stale"] = "never"


def _least(draw: Draw, named: set[str], *, is_reduced: bool) -> int | str:
    if is_reduced:
        return int(draw(st.sampled_from([0, REDUCED_BYTES])))
    sizes: list[int | str] = [0, 90]
    sizes += ["least", "2 * least + L * L"] if "ensemble" in named else []
    sizes += ["50 * dt"] if "dt" in named else []
    return draw(st.sampled_from(sizes))


def _restrict(draw: Draw, campaign: dict[str, Any], lists: dict[str, str]) -> None:
    """Restrict some kinds to some coordinates, where every product still finds its inputs."""
    production = Production(campaign, lists)
    for name, kind in campaign["kinds"].items():
        values = {c: sorted({a.coordinates[c] for a in production.of_kind(name)}) for c in _coordinates(campaign, name)}
        several = [c for c in values if len(values[c]) > 1 and c != "source"]
        if several and "made_with" not in kind and rarely(draw, 4):
            chosen = draw(st.sampled_from(several))
            kind["only"] = {chosen: [draw(st.sampled_from(values[chosen]))]}
    while without := Production(campaign, lists).kinds_without_inputs():
        for _, need in without:
            need = campaign["kinds"][need].get("made_with", need)
            campaign["kinds"][need].pop("only", None)
