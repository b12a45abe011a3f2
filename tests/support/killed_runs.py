"""A program that makes outputs and reports each step, and a runner that kills it at any of them.

The program waits for orders, one a line, and carries out each in a child of its own, which costs no start of Python.
The child tells its number and then each thing that it begins or has done; where the order says so, it waits there for a signal.
"""

import json
import os
import signal
import stat
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from disk import script
from members import APPEND, averages, join, joining, numbers, write

from latteboard.errors import Stopped
from reducer.making import compute, segments
from reducer.making.make import make
from reducer.making.output import Output
from reducer.running.stopping import Stop, stopping_on_signals
from reducer.tasks.task import Task

CORRELATOR = "ff/proton_UU_up_up_t0_{1}_tsep_5_sink_mom_px0_py0_pz0/{2}/x{0}_y1_z2_t{1}/4D_correlator/local_current"
PROJECT: Any = ["tslice", "average", {"fft": {"max_momentum": 1}}]
OLD = {"grown.h5": (10, 30), "inserted.h5": (10, 30), "segmented.h5": (10, 30)}
NEW = {"grown.h5": (10, 30, 40), "inserted.h5": (10, 20, 30), "segmented.h5": (10, 20, 30)}
SEGMENTED = "segmented.h5"
MADE = ("project_1.h5", "slice_1.h5", "project_2.h5")
DONE = "done"
LIFETIME_SECONDS = 60  # a child that is forgotten ends by itself


def prepare(root: Path) -> None:
    """Write the inputs of the program: correlators of two configurations, averages of four, and two joined files."""
    for number in (1, 2):
        for x, t in ((0, 2), (3, 6)):
            names = [CORRELATOR.format(x, t, current) for current in ("A3", "V4")]
            write(root / f"{number}_x{x}.h5", {name: numbers(number, name, times=8) for name in names}, meta="")
    members = dict(zip((10, 20, 30, 40), averages(root, 10, 20, 30, 40), strict=True))
    for path, some in OLD.items():
        join(root, {number: members[number] for number in some if path != SEGMENTED or number == 10}, APPEND, path=path)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(segments, "LARGEST_PLAIN", 0)  # whatever has segments grows by further ones
        join(root, {30: members[30]}, APPEND, path=SEGMENTED)


def tasks(root: Path) -> list[Task]:
    """Tasks of the program: projections and slices, and further rows of joined files."""
    raw = {number: [root / f"{number}_x{x}.h5" for x in (0, 3)] for number in (1, 2)}
    new = {path: {number: root / f"avg_{number}.h5" for number in some} for path, some in NEW.items()}
    return [
        joining(root, {1: raw[1]}, PROJECT, path="project_1.h5"),
        joining(root, new["grown.h5"], APPEND, path="grown.h5"),
        joining(root, {1: raw[1]}, ["tslice"], path="slice_1.h5"),
        joining(root, new["inserted.h5"], APPEND, path="inserted.h5"),
        joining(root, new[SEGMENTED], APPEND, path=SEGMENTED),
        joining(root, {2: raw[2]}, PROJECT, path="project_2.h5"),
    ]


# -- the program -----------------------------------------------------------------------------------------------------


class Teller:
    """Reports each step, and waits at one of them until the program is killed or asked to stop."""

    def __init__(self, wait_at: int | None, stop: Stop) -> None:
        self._wait_at, self._stop = wait_at, stop
        self._told = 0
        self.task = ""

    def __call__(self, phase: str) -> None:
        """Tell of a thing."""
        _say(f"{self.task} {phase}")
        while self._told == self._wait_at and not self._stop.requested:
            time.sleep(0.001)
        self._told += 1

    def around(self, owner: Any, name: str, phases: Callable[..., tuple[str, str]]) -> None:
        """Tell before and after each call of a function from now on."""
        original = getattr(owner, name)

        def call(*arguments: Any, **options: Any) -> Any:
            before, after = phases(*arguments)
            self(before)
            result = original(*arguments, **options)
            self(after)
            return result

        setattr(owner, name, call)


def _say(line: str) -> None:
    os.write(1, f"{line}\n".encode())


def _listen(tell: Teller) -> None:
    """Report every change of a file on disk."""

    def syncing(descriptor: int) -> tuple[str, str]:
        is_folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        return ("syncing the folder", "synced the folder") if is_folder else ("syncing", "synced")

    tell.around(os, "fsync", syncing)
    tell.around(os, "link", lambda *_: ("naming", "named"))
    tell.around(Path, "replace", lambda *_: ("naming", "named"))
    tell.around(Output, "write", lambda *_: ("writing", "written"))
    tell.around(Output, "__exit__", lambda *_: ("closing", "closed"))


def _work(root: Path, wait_at: int | None, *, gently: bool) -> None:
    """Make what is not there yet; gently: asked to stop by SIGTERM, end cleanly."""
    signal.alarm(LIFETIME_SECONDS)
    compute.SLAB_BYTES = 2 * 4**3 * 16  # two time slices, so that a dataset is written in several parts
    with stopping_on_signals() as stop:
        tell = Teller(wait_at, stop)
        _listen(tell)
        if not gently:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
        _say(str(os.getpid()))
        for task in tasks(root):
            tell.task = task.path
            tell("begun")
            try:
                make(task, root, stop=lambda: stop.requested)
            except Stopped:
                return
            tell("ended")


def serve() -> None:
    """Carry out orders until there are no more."""
    for line in sys.stdin:
        order = json.loads(line)
        if os.fork() == 0:
            status = 1
            try:
                _work(Path(order["root"]), order["wait_at"], gently=order["gently"])
                status = 0
            finally:
                if status:
                    traceback.print_exc()
                _say(DONE)
                os._exit(status)
        # A child that has ended keeps its number until it is waited for, so no signal can hit anybody else.
        sys.stdin.readline()
        _say(f"ended {os.waitstatus_to_exitcode(os.wait()[1])}")


# -- who kills it ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Strike:
    """A signal, and when it is sent.

    Attributes
    ----------
    at : once the program has told of so many things before
    waits : the program waits there; else it goes on meanwhile, and is hit somewhat later
    seconds : or so long after its beginning
    """

    signal: signal.Signals
    at: int | None = None
    waits: bool = False
    seconds: float = 0.0


@dataclass(frozen=True)
class Run:
    """Report of one run: pairs of output and phase, and its end, 0 or minus the number of a signal."""

    told: list[tuple[str, str]]
    ended: int


class Program:
    """The program, waiting for orders."""

    def __init__(self) -> None:
        command = script(
            "sys.path.insert(0, sys.argv[1])\nfrom killed_runs import serve\nserve()", Path(__file__).parent
        )
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)

    def close(self) -> None:
        """Let it end."""
        self._process.communicate()

    def run(self, root: Path, strike: Strike | None = None, *, gently: bool = False) -> Run:
        """Let it make its outputs in a folder, and strike meanwhile."""
        wait_at = strike.at if strike is not None and strike.waits else None
        self._order(json.dumps({"root": str(root), "wait_at": wait_at, "gently": gently}))
        number = int(self._line())
        lines = []
        if strike is not None and strike.at is None:
            time.sleep(strike.seconds)
        else:
            last = None if strike is None else strike.at
            while len(lines) - 1 != last and lines[-1:] != [DONE]:
                lines.append(self._line())
        if strike is not None:
            os.kill(number, strike.signal)
        self._order("")
        while not (line := self._line()).startswith("ended "):
            lines.append(line)
        told = [tuple(line.split(" ", 1)) for line in lines if line != DONE]
        return Run([(output, phase) for output, phase in told], int(line.split()[1]))

    def _order(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")

    def _line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the program that makes the outputs has ended"
        return line.rstrip("\n")
