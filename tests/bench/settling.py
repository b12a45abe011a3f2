"""Times the status rules alone: all artifacts of a production, from the states of files to statuses, with no database.

Run as ``python settling.py CAMPAIGN TIMES`` after an index; prints one JSON document. Of the catalog only the kinds are asked.
"""

from __future__ import annotations

import json
import sys
from functools import cache
from pathlib import Path

import numpy as np
from child import processor_time
from tree import names

from latteboard.campaign import Campaign
from latteboard.catalog import Catalog
from latteboard.status.evidence import Evidence
from latteboard.status.rules import settle
from latteboard.status.states import FileState, Status


def evidence(campaign: Campaign, kind: str, young: int) -> Evidence:
    """The files of a kind as they are on disk; those that changed after ``young`` (ns since 1970) are growing."""
    expected = campaign.expected(kind)
    states = np.full(len(expected), FileState.absent, dtype=np.uint8)
    sizes, times = np.full(len(expected), -1, dtype=np.int64), np.zeros(len(expected), dtype=np.int64)
    for row, folder, name, least in names(expected):
        path = campaign.root / folder / name
        if path.exists():
            found = path.stat()
            sizes[row], times[row] = found.st_size, found.st_mtime_ns
            settled = FileState.sound if found.st_size >= least else FileState.bad
            states[row] = FileState.growing if found.st_mtime_ns > young else settled
    return Evidence(states, sizes, times)


def settling(campaign: Campaign, times: int) -> tuple[list[float], dict[str, int]]:
    """Seconds of the processor to settle everything, the join of needs included; and how many artifacts have each status."""
    catalog = Catalog(campaign.catalog)
    kinds = sorted(catalog.kinds.values(), key=lambda kind: kind.position)
    last = catalog.last_run()
    assert last is not None, f"{campaign.path}: index it first"
    young = last["started"] - int(campaign.grace.total_seconds() * 1e9)
    known = {kind.name: evidence(campaign, kind.name, young) for kind in kinds}
    seconds = []
    for _ in range(times):
        began = processor_time()
        verdicts = settle(kinds, known, cache(campaign.links))
        seconds.append(processor_time() - began)
    statuses = np.concatenate([one.statuses for one in verdicts.values()])
    words, numbers = np.unique(statuses, return_counts=True)
    return seconds, {Status(word).name: int(number) for word, number in zip(words, numbers, strict=True)}


def main(path: Path, times: int) -> None:
    """Measure one production."""
    campaign = Campaign.read(path)
    seconds, statuses = settling(campaign, times)
    print(json.dumps({"seconds": seconds, "statuses": statuses}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
