"""Random campaigns for property tests: small, and as odd as the design allows."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from draws import Draw, rarely
from hypothesis import assume
from hypothesis import strategies as st
from observations import SECOND
from odd_ensembles import axes, ensembles
from odd_needs import is_whole, leave_out, needed_kinds, needs_with_conditions
from plain_production import Production, names_in, streams

MINUTE = 60 * SECOND
DAY = 24 * 60 * MINUTE
GRACE = 10 * MINUTE
ROOTS = ["data", "more"]  # the second one only where there are two
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


@st.composite
def worlds(draw: Draw) -> World:
    """A campaign that passes every check."""
    campaign: dict[str, Any] = {
        "campaign": {"name": "a random production", "root": ROOTS[0], "catalog": "catalog.db", "grace": "10 min"},
        "parameters": {"least": 100, "tag": "m0.1"},
        "archives": {name: {"path": f"/{name}", "protocol": "listing"} for name in ARCHIVES},
    }
    if rarely(draw, 3):
        campaign["campaign"]["root"] = ROOTS
    lists: dict[str, str] = {}
    campaign["ensembles"] = ensembles(draw, lists)
    axes(draw, campaign, lists)
    campaign["kinds"] = {}
    for number in range(draw(st.sampled_from([3, 4, 4, 5]))):
        _add_kind(draw, campaign, lists, f"k{number}")
    assume(campaign["kinds"])
    _add_flags(draw, campaign)
    _restrict(draw, campaign, lists)
    if rarely(draw, 3):
        leave_out(draw, campaign, lists)
    names = draw(st.permutations(list(campaign["kinds"])))
    campaign["kinds"] = {name: campaign["kinds"][name] for name in names}
    return World(campaign, lists)


def _add_kind(draw: Draw, campaign: dict[str, Any], lists: dict[str, str], name: str) -> None:
    """One more kind, if the production stays small."""
    kinds = campaign["kinds"]
    leaders = [k for k, kind in kinds.items() if "needs" in kind and not {"reduce", "made_with"} & kind.keys()]
    if leaders and rarely(draw, 5):
        leader = draw(st.sampled_from(leaders))
        shared = {key: kinds[leader][key] for key in ("holds", "files") if key in kinds[leader]}
        kinds[name] = {"path": kinds[leader]["path"].replace(leader, name), "made_with": leader, **shared}
    else:
        kinds[name] = _own_kind(draw, campaign, lists, name)
    production = Production(campaign, lists)
    # What only some ensembles have leaves kinds without artifacts, and products without inputs, which is refused.
    if not is_whole(production) or len(production.artifacts) > MOST:
        del kinds[name]


def _own_kind(draw: Draw, campaign: dict[str, Any], lists: dict[str, str], name: str) -> dict[str, Any]:
    kinds = campaign["kinds"]
    open_ = [other for other in kinds if not _would_collide(campaign, other)]
    needs = _some(draw, open_[::-1][:4], least=int(bool(open_) and not rarely(draw, 6)), most=2)
    given = [c for need in needs for c in _coordinates(campaign, need)]
    reduce: list[Any] = []
    if len(needs) == 1 and not kinds[needs[0]]["path"].endswith("/") and draw(st.booleans()):
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
    if not reduce and rarely(draw, 5):
        kind |= {"path": f"{_stem(kind['path'])}/", **_contents(draw, chosen)}
    if rarely(draw, 4):  # an earlier name
        other = _stem(_path(draw, f"{name}o", chosen, is_reduced=bool(reduce)))
        kind["also"] = [other + kind["path"].removeprefix(_stem(kind["path"]))]
    if reduce:
        kind |= {"needs": needs, "reduce": reduce}
    elif entries := needs_with_conditions(draw, Production(campaign, lists), name, chosen, needs):
        kind["needs"] = entries
    return kind


def _stem(path: str) -> str:
    """A path without what says that it is a folder, or which sort of file."""
    return path.removesuffix("/").removesuffix(".lime").removesuffix(".h5")


def _contents(draw: Draw, chosen: set[str]) -> dict[str, Any]:
    """What must be in an artifact that is a folder."""
    names = [["v.bin"], ["v.bin", "values_{configuration}.dat"] if "configuration" in chosen else ["w_{tag}.bin"]]
    names += [["v{dt}.bin", "w.dat"]] if "ensemble" in chosen else []
    return draw(st.sampled_from([{"files": 1}, {"files": 3}, *({"holds": held} for held in names)]))


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
    needs = needed_kinds(campaign["kinds"][table.get("made_with", kind)])
    return any(apart & {*_coordinates(campaign, need)} for need in needs if need != kind)


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
    needed = {need for name, kind in kinds.items() for need in needed_kinds(kind) if need != name}
    chains = {name for name, kind in kinds.items() if name in needed_kinds(kind)}
    leaders = {kind["made_with"] for kind in kinds.values() if "made_with" in kind}
    for name, kind in kinds.items():
        named = set(_coordinates(campaign, name))
        if not kind.get("needs") and "made_with" not in kind and name not in leaders and draw(st.booleans()):
            kind["given"] = True
        elif name in needed and not {name, kind.get("made_with")} & chains and not rarely(draw, 3):
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
    while without := Production(campaign, lists).lacking:
        for _, need in without:
            need = campaign["kinds"][need].get("made_with", need)
            campaign["kinds"][need].pop("only", None)
