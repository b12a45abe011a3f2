"""Random edits of a campaign, as people make them between two indexes."""

import copy
from random import Random
from typing import Any

from odd_ensembles import LAYOUTS
from odd_needs import is_whole
from plain_production import Production
from scenes import HDF5_BYTES
from worlds import REDUCED_BYTES, ROOTS, World

MOST = 90  # artifacts; an edit that would give more is left out
EDITS = ["temporary", "stale", "min_bytes", "source_sets", "only", "archive", "also", "root", "leave_out"]


def edited(chance: Random, world: World) -> tuple[World | None, str]:
    """The world with one key changed, and the edit in words; None where the edit leads to no sensible campaign."""
    changed = World(copy.deepcopy(world.campaign), world.lists)
    has_sets = any("source_sets" in one for one in changed.campaign["ensembles"].values())
    edit = chance.choice([edit for edit in EDITS if has_sets or edit != "source_sets"])
    kind = chance.choice(sorted(world.campaign["kinds"]))
    of_all = {"source_sets": _edit_source_sets, "root": _edit_roots, "leave_out": _edit_leave_out}
    if edit in of_all:
        value = of_all[edit](chance, changed)
    else:
        value = _edit_kind(chance, changed.campaign["kinds"][kind], edit, kind, world.production())
    production = changed.production()
    is_sensible = is_whole(production) and len(production.artifacts) <= MOST
    return changed if is_sensible else None, f"{edit} of {kind} {value!r}"


def _edit_source_sets(chance: Random, world: World) -> Any:
    stated = world.campaign["ensembles"]
    ensemble = stated[chance.choice(sorted(name for name in stated if "source_sets" in stated[name]))]
    tables = [ensemble, *(table for table in ensemble.get("stream", {}).values() if "source_sets" in table)]
    value = chance.choice(tables)["source_sets"] = chance.choice(LAYOUTS)
    return value


def _edit_roots(_: Random, world: World) -> Any:
    header = world.campaign["campaign"]
    header["root"] = ROOTS[0] if header["root"] == ROOTS else ROOTS
    return header["root"]


def _edit_leave_out(chance: Random, world: World) -> Any:
    """Leave something out, or nothing any more."""
    if world.campaign.pop("leave_out", None):
        return None
    one = chance.choice(list(world.production().artifacts.values())).coordinates
    chosen = chance.sample(sorted(one), chance.randint(min(1, len(one)), len(one)))
    if not chosen:
        return None
    entry = {"reason": "exceptional", **{name: one[name] for name in chosen}}
    entry |= {"source": str(entry["source"])} if "source" in entry else {}
    world.campaign["leave_out"] = [entry]
    return entry


def _edit_kind(chance: Random, kind: dict[str, Any], edit: str, name: str, production: Production) -> Any:
    choices: dict[str, list[Any]] = {
        "temporary": [None if kind.get("temporary") else True],
        "stale": [None if "stale" in kind else "never"],
        "also": [None if "also" in kind else [f"old/{kind['path']}"]],
        "archive": [None if "archive" in kind else "tape"],
        "min_bytes": [0, REDUCED_BYTES, REDUCED_BYTES + 1] if "reduce" in kind else [0, 90, 101, HDF5_BYTES],
    }
    value = _restriction(chance, name, production) if edit == "only" else chance.choice(choices[edit])
    kind[edit] = value
    if value is None:
        del kind[edit]
    return value


def _restriction(chance: Random, name: str, production: Production) -> dict[str, list[Any]] | None:
    artifacts = production.of_kind(name)
    if "only" in production.kinds[name] or not artifacts:
        return None
    one = chance.choice(artifacts).coordinates
    coordinate = chance.choice(sorted(one))
    return None if coordinate == "source" else {coordinate: [one[coordinate]]}
