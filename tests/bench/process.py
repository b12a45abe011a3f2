"""Runs programs to their end and measures their cost."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent


def say(text: str) -> None:
    """Print a line for the person who waits."""
    print(text, file=sys.stderr, flush=True)


@dataclass(frozen=True)
class Cost:
    """Cost of a process: seconds on the clock and of the processor, with all that it began; the most memory, bytes."""

    seconds: float
    cpu: float
    peak_bytes: int
    printed: str


def take(*command: str | Path, keep: bool = False, prepare: Callable[[], None] | None = None) -> Cost:
    """Run a program to its end; what it prints is thrown away unless it is to be kept. ``prepare`` runs in it first."""
    before, began = processor_time(), time.perf_counter()
    # As for users, modules are compiled once, not at every start.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE if keep else subprocess.DEVNULL, text=True, preexec_fn=prepare, env=environment
    ) as process:
        printed = process.stdout.read() if process.stdout else ""
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - began
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    peak = used.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return Cost(seconds, processor_time() - before, peak, printed)


def processor_time() -> float:
    """Seconds of the processor, of all processes that have been waited for, and of those that they waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def python(script: str, *arguments: object) -> Cost:
    """Run a script of this folder in a process of its own."""
    return take(sys.executable, HERE / script, *map(str, arguments), keep=True)
