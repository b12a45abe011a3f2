"""Times the questions that a catalog answers, each several times in one process that has started already.

Run as ``python questions.py CAMPAIGN TIMES``; prints one JSON document.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from child import preload, timed

from latteboard.campaign import Campaign
from latteboard.catalog import Catalog
from latteboard.files import hdf5 as h5

Result = TypeVar("Result")
MARKS = 200  # marks read at a time, since one is too short to be timed


def status(campaign: Path, times: int) -> list[float]:
    """Seconds of ``latteboard status``, reading the campaign file included."""
    return [timed(["--campaign", str(campaign), "status"])[0] for _ in range(times)]


def filtered_list(campaign: Path, catalog: Catalog, times: int) -> tuple[int, list[float]]:
    """Lines and seconds of a ``latteboard list`` of what is missing at some time separations of one ensemble."""
    ensemble = str(catalog.totals()[-1]["ensemble"])
    question = ["list", "formfac_4D_tslice", f"ensemble={ensemble}", "t_separation=8,9,10", "--status", "ready,blocked"]
    answers = [timed(["--campaign", str(campaign), *question, "--format", "paths"]) for _ in range(times)]
    return answers[0][1].count("\n"), [seconds for seconds, _ in answers]


def readiness(catalog: Catalog, kind: str, times: int) -> tuple[int, list[float]]:
    """Number and seconds of the question which artifacts of a kind can be made, and which are blocked."""
    selection = catalog[kind].filter(status=["ready", "recall", "blocked"])
    seconds, rows = [], 0
    for _ in range(times):
        took, found = clocked(selection.statuses)
        seconds.append(took)
        rows = len(found)
    return rows, seconds


def mark(times: int) -> list[float]:
    """Seconds to read the mark of one reduced file, as an index does for each that is new or changed."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "reduced.h5"
        write_reduced(path)
        return [clocked(lambda: [h5.read_mark(str(path)) for _ in range(MARKS)])[0] / MARKS for _ in range(times)]


def write_reduced(path: Path) -> None:
    """A small file as an average over eight sources leaves it: marked complete, with a record of what it was made from."""
    import h5py

    inputs = [h5.RecordedInput(f"a/formfac_4D_tslice/{n}.h5", 10**6, 10**18) for n in range(8)]
    with h5py.File(path, "w") as file:
        file["correlator"] = [0.0] * 96
        h5.write_mark(file, path="average.h5", inputs=inputs, recipe={"reduce": ["average"]})


def clocked(work: Callable[[], Result]) -> tuple[float, Result]:
    """Seconds that something takes, and what it gives."""
    began = time.perf_counter()
    result = work()
    return time.perf_counter() - began, result


def ask(campaign: Path, times: int) -> dict[str, object]:
    """All questions."""
    catalog = Catalog(Campaign.read(campaign).catalog)
    lines, seconds = filtered_list(campaign, catalog, times)
    ready = {kind: readiness(catalog, kind, times) for kind in catalog.kinds}
    return {
        "status": {"seconds": status(campaign, times)},
        "list": {"lines": lines, "seconds": seconds},
        "readiness": {kind: {"rows": rows, "seconds": took} for kind, (rows, took) in ready.items()},
        "mark": {"seconds": mark(times)},
    }


if __name__ == "__main__":
    preload()
    print(json.dumps(ask(Path(sys.argv[1]), int(sys.argv[2]))))
