"""Whoever makes outputs is killed, many times and wherever it hurts: each output is absent, or what it was, or whole."""

import random
import shutil
import signal
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

import numpy as np
import pytest
from killed_runs import MADE, NEW, OLD, Program, Run, Strike, prepare, tasks
from members import Arrays, read

from latteboard.files.atomic import is_temporary
from latteboard.files.hdf5 import problem_of, read_mark
from reducer.making.make import make

SEED = 20240229
SIGNALS = (signal.SIGKILL, signal.SIGTERM)
WRITING = ("writing", "written", "closing", "closed")
BEFORE_THE_NAME = ("synced", "naming")


@dataclass(frozen=True)
class World:
    """What the program starts from, and what is to come of it.

    Attributes
    ----------
    start : the folder that each run gets a copy of
    truth : of each output, made here without any program
    told : what an undisturbed run tells
    """

    program: Program
    start: Path
    truth: dict[str, Arrays]
    told: list[tuple[str, str]]

    def copy(self, folder: Path) -> Path:
        """A new copy of the start."""
        return Path(shutil.copytree(self.start, folder))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("kills")
    start, made, run = folder / "start", folder / "made", folder / "run"
    prepare(start)
    shutil.copytree(start, made)
    for task in tasks(made):
        make(task, made)
    program = Program()
    try:
        shutil.copytree(start, run)
        yield World(program, start, {path: content(made / path) for path in (*MADE, *NEW)}, program.run(run).told)
    finally:
        program.close()


def content(path: Path) -> Arrays:
    """All datasets of a file."""
    return read(path) | read(path, labels=True)


def same(found: Arrays, expected: Arrays) -> bool:
    """The same names and bits."""
    return found.keys() == expected.keys() and all(
        found[name].dtype == array.dtype and np.array_equal(found[name], array) for name, array in expected.items()
    )


def states(folder: Path) -> dict[str, tuple[int, int]]:
    """What is in a folder but drafts, each with what would show that somebody wrote to it."""
    found = {path.name: path.stat() for path in folder.iterdir() if path.is_file() and not is_temporary(path.name)}
    return {name: (one.st_ino, one.st_mtime_ns) for name, one in found.items()}


def drafts(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if is_temporary(path.name)]


def half_written(folder: Path) -> list[Path]:
    """The drafts without locks, which a process that was killed leaves too."""
    return [path for path in drafts(folder) if ".lock" not in path.name]


def finished(folder: Path, world: World) -> set[str]:
    """The outputs that are what they are to be; of all others there is nothing, or the whole of what was there before."""
    found = set()
    for name, expected in world.truth.items():
        path = folder / name
        if not path.exists():
            assert name not in OLD, f"{name} is gone"
            continue
        mark = read_mark(path)
        assert mark is not None, f"{name} has no mark"
        assert mark.complete, f"{name} is not complete"
        assert mark.is_original(path.stat().st_mtime_ns), f"{name} has another time than it states"
        assert problem_of(path, list(expected)) is None, f"{name} is not sound"
        if same(content(path), expected):
            found.add(name)
        else:
            assert name in OLD, f"{name} is wrong"
            assert same(content(path), content(world.start / name)), f"{name} is neither the old nor the new"
    return found


def check(folder: Path, world: World, run: Run) -> None:
    """After a run that was cut short: what it left is whole, and another run makes the rest of it and clears up."""
    before = finished(folder, world)
    assert {name for name, phase in run.told if phase == "ended"} <= before
    others = states(folder).keys() - world.truth.keys()
    assert others == states(world.start).keys() - world.truth.keys()
    assert len(half_written(folder)) <= 1
    kept = {name: state for name, state in states(folder).items() if name in before | others}
    again = world.program.run(folder)
    assert again.ended == 0
    assert finished(folder, world) == world.truth.keys()
    assert kept.items() <= states(folder).items()
    assert half_written(folder) == []


def strikes(told: list[tuple[str, str]], longest: float) -> Iterator[Strike]:
    """Where the program is hit: at three things of each sort while it waits there, on the way, and at any time."""
    chance, signals = random.Random(SEED), cycle(SIGNALS)
    by_phase = defaultdict(list)
    for place, (_, phase) in enumerate(told):
        by_phase[phase].append(place)
    for places in by_phase.values():
        for place in chance.sample(places, 3 if len(places) > 2 else len(places)):
            yield Strike(next(signals), at=place, waits=True)
    for place in chance.sample(range(len(told)), 6):
        yield Strike(next(signals), at=place)
    for _ in range(6):
        yield Strike(next(signals), seconds=chance.uniform(0, longest))


def places(output: str, phase: str) -> set[str]:
    """Where a kill hit that does harm unless care is taken; empty if it hit elsewhere."""
    found = set()
    if phase in WRITING:
        found.add("inside a write")
    if phase in BEFORE_THE_NAME:
        found.add("between fsync and rename")
    if output in OLD and phase in (*WRITING, "syncing", *BEFORE_THE_NAME):
        found.add("inside an append")
    return found


def test_killed_anywhere_it_leaves_whole_files_and_the_next_run_makes_the_rest(
    world: World, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    hits: Counter[tuple[str, str]] = Counter()
    for number, strike in enumerate(strikes(world.told, longest=0.15)):
        folder = world.copy(tmp_path / str(number))
        run = world.program.run(folder, strike)
        killed = run.ended == -strike.signal
        assert killed or (run.ended == 0 and run.told == world.told)
        assert not strike.waits or (killed and run.told == world.told[: (strike.at or 0) + 1])
        if killed and run.told:
            hits[run.told[-1]] += 1
        check(folder, world, run)
        shutil.rmtree(folder)
    record_property("hits", [f"{output}, {phase}: {number}" for (output, phase), number in hits.items()])
    by_place = Counter(place for hit in hits.elements() for place in places(*hit))
    assert sum(bool(places(*hit)) for hit in hits.elements()) >= 20, hits
    assert min(by_place[place] for place in ("inside a write", "between fsync and rename", "inside an append")) >= 5, (
        hits
    )


def test_asked_to_stop_it_ends_cleanly_and_leaves_not_even_a_draft(world: World, tmp_path: Path) -> None:
    moments = [place for place, (_, phase) in enumerate(world.told) if phase in ("begun", "written", "synced")]
    for number, place in enumerate(moments[:: len(moments) // 8]):
        folder = world.copy(tmp_path / str(number))
        run = world.program.run(folder, Strike(signal.SIGTERM, at=place, waits=True), gently=True)
        assert run.ended == 0
        assert run.told[: place + 1] == world.told[: place + 1]
        assert half_written(folder) == []
        check(folder, world, run)


def test_killed_again_and_again_it_gets_there(world: World, tmp_path: Path) -> None:
    folder = world.copy(tmp_path / "run")
    chance, signals = random.Random(SEED), cycle(SIGNALS)
    for _ in range(10):
        before = finished(folder, world)
        world.program.run(folder, Strike(next(signals), at=chance.randrange(40)))
        assert before <= finished(folder, world)
        assert len(half_written(folder)) <= 1
    assert world.program.run(folder).ended == 0
    assert finished(folder, world) == world.truth.keys()
    assert half_written(folder) == []
