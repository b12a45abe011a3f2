"""Productions of a few files, and the words in which tests speak of their statuses."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from brute_force import ArtifactState
from comparison import Comparison, States
from observations import File, Mark
from scenes import Scene
from worlds import ARCHIVES, DAY, MINUTE, REDUCED_BYTES, START, World

OLD = START - 7 * DAY
THERE = File(100, OLD)
TOO_SMALL = File(9, OLD)
YOUNG = File(100, START - MINUTE)

Judge = Callable[..., States]


@pytest.fixture
def judged(tmp_path: Path) -> Judge:
    """The states of all artifacts of a world: ``judged(world, disk, archive)``."""

    def judge_world(world: World, disk: Mapping[str, File], archive: Mapping[str, File] | None = None) -> States:
        copies = {path: [(file.size, file.mtime)] for path, file in (archive or {}).items()}
        return Comparison(tmp_path, world).look(Scene(dict(disk), copies))

    return judge_world


def statuses(states: States) -> dict[str, str]:
    """Each status, followed by the kind that blocks it and how many of it are missing."""
    return {path: _status(state) for path, state in states.items()}


def _status(state: ArtifactState) -> str:
    return f"{state.status} {state.blocked_by} ({state.blocked_count})" if state.blocked_by else state.status


def purgeable(states: States) -> set[str]:
    """The paths of files that may be deleted."""
    return {path for path, state in states.items() if state.purgeable}


def small(kinds: dict[str, Any], *, axes: dict[str, Any] | None = None, **ensemble: Any) -> World:
    """A production of one ensemble and stream with one configuration and one source, unless told otherwise.

    Every configuration lists the sources x0y0z0t0 to x7y0z0t0, then x0y0z0t1 to x7y0z0t1.
    """
    sources = "".join(f"{number} {n % 8} 0 0 {n // 8}\n" for number in range(1, 9) for n in range(16))
    stated = {
        "streams": ["e"],
        "L": 8,
        "T": 16,
        "configurations": [1],
        "sources": {"file": "sources.lst"},
        "source_sets": {"0-0": [0, 1]},
        **ensemble,
    }
    campaign = {
        "campaign": {"name": "by hand", "root": "data", "catalog": "catalog.db", "grace": "10 min"},
        "archives": {name: {"path": f"/{name}", "protocol": "listing"} for name in ARCHIVES},
        "axes": axes or {},
        "ensembles": {"A": stated},
        "kinds": kinds,
    }
    return World(campaign, {"sources.lst": sources})


# One file of each kind, made one from the other; a and b may go once c is there.
CHAIN = small(
    {
        "a": {"path": "a{configuration}", "temporary": True, "min_bytes": 10},
        "b": {"path": "b{configuration}", "needs": ["a"], "temporary": True, "min_bytes": 10},
        "c": {"path": "c{configuration}", "needs": ["b"], "min_bytes": 10},
    }
)


def changed(world: World, **kinds: dict[str, Any]) -> World:
    """The world with some keys of some kinds set, or taken out if None."""
    stated = dict(world.campaign["kinds"])
    for name, table in kinds.items():
        stated[name] = {key: value for key, value in {**stated.get(name, {}), **table}.items() if value is not None}
    return World({**world.campaign, "kinds": stated}, world.lists)


SLICES = small(
    {
        "slice": {"path": "slice/{source}.h5"},
        "average": {"path": "average/{source_set}.h5", "needs": ["slice"], "reduce": ["average"]},
    },
    source_sets={"0-1": [0, 2]},
)
ONE, TWO, AVERAGE = "slice/x0y0z0t0.h5", "slice/x1y0z0t0.h5", "average/0-1.h5"
LATER = File(100, OLD + MINUTE)


def average(mtime: int = OLD, *, written: int | None = None, complete: bool = True, **recorded: File) -> File:
    """An average that recorded its slices ``one`` and ``two``, by default as they are."""
    inputs = {ONE: recorded.get("one", THERE), TWO: recorded.get("two", THERE)}
    record = {path: (file.size, file.mtime) for path, file in inputs.items()}
    return File(REDUCED_BYTES, mtime, Mark(record, mtime if written is None else written, complete))


FOLDERS = changed(
    CHAIN, a={"path": "a/{configuration}"}, b={"path": "b/{configuration}"}, c={"path": "c/{configuration}"}
)
