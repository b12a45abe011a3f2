"""Measures the reducer against a floor in the same round: to find the datasets, read the needed bytes, write the result.

One configuration of eight sources, 72 datasets each, L = 24, T = 48, t separation 8: of 6.1 GB, 1.15 GB are needed. Only
those are written to disk, the rest are holes. Everything runs on one core unless two processes are compared.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from itertools import product
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory, gettempdir
from typing import Any

import h5py
import numpy as np
from machine import machine, versions
from process import Cost, say, take

from latteboard.files.hdf5 import stamp, write_mark
from latteboard.recipe import Recipe, Slice
from reducer.making.make import make
from reducer.tasks.task import Input, Row, Task

HERE = Path(__file__).parent
L, T, SEPARATION, MODES = 24, 48, 8, 5
SOURCES = [(3 * n % L, 5 * n % L, 7 * n % L, 6 * n) for n in range(8)]
SLICE = L**3 * 16
STARTS, SMALL_OUTPUTS = 5, 100
JOINED, JOINED_DATASETS = 20, 72  # files of 144 MB, as in the measurements of the reference
CURRENTS = [f"{letter}{number}" for letter in "AV" for number in range(1, 5)] + ["S"]
SPINS = [f"{flavor}_{spin}" for flavor, spin in product(("UU", "DD"), ("up_up", "dn_dn"))]


# What is measured on


def names(source: tuple[int, int, int, int]) -> Iterator[tuple[str, int]]:
    """The datasets of a file, and the way each runs in time."""
    x, y, z, t = source
    for particle, spins, current in product(("proton", "proton_np"), SPINS, CURRENTS):
        step = -1 if particle.endswith("np") else 1
        group = f"bench/{particle}_{spins}_t0_{t}_tsep_{step * SEPARATION}_sink_mom_px0_py0_pz0"
        yield f"{group}/{current}/x{x}_y{y}_z{z}_t{t}/4D_correlator/local_current", step


def make_4d(folder: Path) -> list[Path]:
    """The 4D files of one configuration."""
    folder.mkdir(parents=True, exist_ok=True)
    numbers = np.random.default_rng(24).standard_normal((SEPARATION + 1, L, L, L, 2))
    paths = []
    for x, y, z, t in SOURCES:
        path = folder / f"formfac_4D_x{x}y{y}z{z}t{t}.h5"
        paths.append(path)
        if path.exists():
            continue
        draft = path.with_suffix(".draft")
        with h5py.File(draft, "w") as file:
            for name, step in names((x, y, z, t)):
                dataset = file.create_dataset(name, (T, L, L, L, 2), "f8", fill_time="never")
                dataset.attrs["is_shifted"] = np.int32(0)
                for place in range(SEPARATION + 1):
                    dataset[(t + step * place) % T] = numbers[place]
        draft.rename(path)
    return paths


def make_averages(folder: Path) -> list[Path]:
    """Averages of many configurations, to be joined, marked as those that the reducer makes."""
    folder.mkdir(parents=True, exist_ok=True)
    numbers = np.random.default_rng(25).standard_normal((SEPARATION + 1, L, L, L, 2))
    paths = []
    for configuration in range(JOINED):
        path = folder / f"average_{configuration}.h5"
        paths.append(path)
        if path.exists():
            continue
        draft = path.with_suffix(".draft")
        with h5py.File(draft, "w") as file:
            for number in range(JOINED_DATASETS):
                file[f"bench/{number}/src_avg/4D_correlator/local_current"] = numbers
            made = write_mark(file, path=path.name, inputs=[], recipe={"configuration": configuration})
        stamp(draft, made)
        draft.rename(path)
    return paths


def make_small(folder: Path) -> Path:
    """A small 4D file, whose slices are 290 kB."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "formfac_4D_x0y0z0t0.h5"
    numbers = np.random.default_rng(26).standard_normal((16, 8, 8, 8, 2))
    with h5py.File(path, "w") as file:
        for current in CURRENTS:
            name = f"bench/proton_UU_up_up_t0_0_tsep_3_sink_mom_px0_py0_pz0/{current}/x0_y0_z0_t0/4D_correlator/local_current"
            file[name] = numbers
            file[name].attrs["is_shifted"] = np.int32(0)
    return path


# The floors


def floor_of_projection(paths: Sequence[Path], output: Path) -> dict[str, float]:
    """Seconds to find the datasets, to read the slices that are needed, to write as much as the result."""
    began = time.perf_counter()
    places: dict[Path, list[int]] = {}
    for path in paths:
        with h5py.File(path, "r", locking=False) as file:
            found: list[bytes] = []
            h5py.h5o.visit(
                file.id, lambda name, found=found: found.append(name) if name.endswith(b"local_current") else None
            )
            places[path] = [h5py.h5d.open(file.id, name).get_offset() for name in found]
    found_at = time.perf_counter()
    slab = bytearray((SEPARATION + 1) * SLICE)
    for path, offsets in places.items():
        descriptor = os.open(path, os.O_RDONLY)
        for offset in offsets:
            os.preadv(descriptor, [slab], offset)
        os.close(descriptor)
    read_at = time.perf_counter()
    result = np.ones((SEPARATION + 1, *(2 * MODES + 1,) * 3), dtype=complex)
    write(output, [result] * 72)
    written_at = time.perf_counter()
    return {"find": found_at - began, "read": read_at - found_at, "write": written_at - read_at}


def write(output: Path, arrays: Sequence[Any]) -> None:
    """Write arrays to a file, on disk in full."""
    with h5py.File(output, "w") as file:
        for number, array in enumerate(arrays):
            file[f"{number}"] = array
    descriptor = os.open(output, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)


# What is measured


def one_core() -> None:
    """Keep this process, and what it begins, to one core."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def latteboard(*arguments: object) -> Cost:
    """A whole command on one core."""
    return take(sys.executable, "-m", "latteboard", *map(str, arguments), prepare=one_core)


def projection_inside(paths: Sequence[Path], output: Path) -> dict[str, float]:
    """Seconds of a projection without the start of Python, with its floor; bytes that it reads over those needed."""
    from reducer.commands import project_files

    times = []
    for _ in range(2):  # the first one pays for what is done once a process
        began = time.perf_counter()
        made = project_files(paths, output, max_momentum=MODES, overwrite=True)
        times.append(time.perf_counter() - began)
    needed = 72 * len(paths) * (SEPARATION + 1) * SLICE
    return {"seconds": times[-1], "read": made.bytes_read / needed}


def round_of(folder: Path) -> dict[str, Any]:
    """One round: every figure with its floor just before."""
    paths, averages = make_4d(folder / "4D"), make_averages(folder / "averages")
    output = folder / "output.h5"
    floor_of_projection(paths, output)  # warms the cache
    result: dict[str, Any] = {"floor": floor_of_projection(paths, output)}
    output.unlink()
    cost = latteboard("project", *paths, "--output", output, "--max-momentum", MODES, "--overwrite")
    result["project"] = {"whole": cost.seconds, "peak_bytes": cost.peak_bytes}
    imports = [take(sys.executable, "-c", "import numpy, h5py", prepare=one_core) for _ in range(STARTS)]
    result["import"] = imports[0].peak_bytes
    small = make_small(folder / "small")
    starts = [latteboard("tslice", small, output, "--overwrite").seconds for _ in range(STARTS)]
    result["start"] = median(starts) - median(one.seconds for one in imports)
    result["small"] = small_output(small, folder)
    result["inside"] = projection_inside(paths, output)
    output.unlink()
    result["steps"] = three_steps(paths, folder)
    result["join"] = {way: joined(averages, *options) for way, options in WAYS.items()}
    result["append"] = appended(averages)
    result["processes"] = processes(paths, folder)
    return result


WAYS: Mapping[str, tuple[str, ...]] = {"copied": (), "virtual": ("--virtual",)}


def memory() -> Path:
    """A folder in memory, where there is one."""
    shared = Path("/dev/shm")
    return shared if os.access(shared, os.W_OK) else Path(gettempdir())


def three_steps(paths: Sequence[Path], folder: Path) -> float:
    """Slice, average and transform as three commands with files between them, s."""
    slices = [folder / f"slice_{number}.h5" for number in range(len(paths))]
    average, momenta = folder / "average.h5", folder / "momenta.h5"
    seconds = sum(latteboard("tslice", path, slice_).seconds for path, slice_ in zip(paths, slices, strict=True))
    seconds += latteboard("average", "--same-configuration", *slices, "--output", average).seconds
    seconds += latteboard("fft", average, momenta, "--max-momentum", MODES).seconds
    for path in (*slices, average, momenta):
        path.unlink()
    return seconds


def joined(averages: Sequence[Path], *options: str) -> float:
    """Seconds of a whole process that joins all configurations; to memory, since else the disk alone would be measured."""
    output = memory() / f"latteboard-bench-{os.getpid()}.h5"
    seconds = latteboard("concatenate", *averages, "--output", output, *options).seconds
    output.unlink()
    return seconds


def appended(averages: Sequence[Path]) -> dict[str, float]:
    """Seconds to join all but two configurations to a file that can grow, and then the others."""
    with TemporaryDirectory(dir=memory()) as folder:
        output = Path(folder) / "joined.h5"
        first = latteboard("concatenate", *averages[:-2], "--output", output, "--append").seconds
        more = latteboard("concatenate", *averages[-2:], "--output", output, "--append").seconds
    return {"first": first, "more": more}


def small_output(path: Path, folder: Path) -> float:
    """Seconds that a small output takes on one core, as one of many, those of its fsync apart."""
    waited, fsync = [], os.fsync

    def timed(descriptor: int) -> None:
        began = time.perf_counter()
        fsync(descriptor)
        waited.append(time.perf_counter() - began)

    found = path.stat()
    row = Row((Input(str(path), found.st_size, found.st_mtime_ns),))
    os.fsync = timed
    try:
        seconds = []
        for number in range(SMALL_OUTPUTS):
            output = folder / "small" / f"slice_{number}.h5"
            output.unlink(missing_ok=True)
            waited.clear()
            began = time.perf_counter()
            make(Task("", str(output), Recipe(tslice=Slice()), (row,)), Path())
            seconds.append(time.perf_counter() - began - sum(waited))
    finally:
        os.fsync = fsync
    return median(seconds)


def processes(paths: Sequence[Path], folder: Path) -> float:
    """Speed of two processes in units of one, with everything in the cache."""
    return timed_pool(paths, folder, 1) / timed_pool(paths, folder, 2)


def timed_pool(paths: Sequence[Path], folder: Path, jobs: int) -> float:
    """Seconds in which some processes project four times; they are started before."""
    outputs = [folder / f"pool_{number}.h5" for number in range(4)]
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        list(pool.map(time.sleep, [0.2] * jobs))
        list(pool.map(project_once, [paths] * jobs, outputs[:jobs]))
        began = time.perf_counter()
        list(pool.map(project_once, [paths] * len(outputs), outputs))
        seconds = time.perf_counter() - began
    for output in outputs:
        output.unlink()
    return seconds


def project_once(paths: Sequence[Path], output: Path) -> None:
    """One projection in a process of a pool."""
    from reducer.commands import project_files

    project_files(paths, output, max_momentum=MODES, overwrite=True)


def measure(folder: Path, rounds: int) -> dict[str, Any]:
    """All figures of the reducer, as results.json keeps them."""
    say(f"reducer: files below {folder}")
    round_of(folder)  # warms the cache
    measured = []
    for number in range(1, rounds + 1):
        one = round_of(folder)
        floor = sum(one["floor"].values())
        say(f"  round {number} of {rounds}: project {one['project']['whole']:.2f} s, floor {floor:.2f} s")
        measured.append(one)
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": machine(folder),
        "versions": versions(),
        "rounds": measured,
    }
