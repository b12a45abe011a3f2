"""Times reading, checking and expanding a campaign of 20 ensembles with some 450,000 artifacts each; no file but lists is there.

Run as ``python expanding.py FOLDER plain|conditional``; prints one JSON document. The conditional one has a tenth of its
artifacts from time slices that differ by configuration, needs with conditions, and a Markov chain.
"""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path

from child import peak_bytes, processor_time
from ensembles import LARGEST, Ensemble, ensembles, write_campaign

ENSEMBLES = 20
TIMES = 4  # slices of each configuration
SEPARATIONS = tuple(range(3, 14))  # of the conditional one, so that both have about as many artifacts

AXES = """
t_slice  = { file = "times.lst", columns = ["ensemble", "configuration", "t_slice"] }
quark    = ["l", "s"]
meson    = ["pion", "kaon"]
momentum = ["p000", "p001", "p011", "p111", "p002", "p012"]
"""
KINDS = """
[kinds.trajectory]
path  = "{ensemble}_{stream}/hmc/ckpoint.{configuration}"
needs = [{ kind = "trajectory", with = { configuration = "configuration - 6" } }]

[kinds.wall]
path      = "{ensemble}_{stream}/wall/{configuration}/{quark}_t{t_slice}.h5"
needs     = ["trajectory"]
temporary = true

[kinds.meson]
path  = "{ensemble}_{stream}/meson/{configuration}/{meson}_{momentum}_t{t_slice}.h5"
needs = [
    { kind = "wall", with = { quark = "l" } },
    { kind = "wall", with = { quark = "s" }, only = { meson = ["kaon"] } },
]
"""


def times(one: Ensemble) -> str:
    """Lines of an ensemble, a configuration and a time slice."""
    draw = random.Random(one.name)
    lines = [f"{one.name} {number} {t}" for number in one.numbers for t in sorted(draw.sample(range(one.T), TIMES))]
    return "\n".join(lines) + "\n"


def write_conditional(folder: Path) -> Path:
    """Write the campaign with conditional needs, and its lists."""
    chosen = ensembles(ENSEMBLES * LARGEST, SEPARATIONS)
    path = write_campaign(folder, chosen, "10 min")
    (folder / "times.lst").write_text("".join(map(times, chosen)))
    text = path.read_text(encoding="utf-8")
    assert text.count("[axes]\n") == 1
    path.write_text(text.replace("[axes]\n", "[axes]" + AXES) + KINDS, encoding="utf-8")
    return path


def main(folder: Path, sort: str) -> None:
    """Measure one campaign."""
    path = (
        write_campaign(folder, ensembles(ENSEMBLES * LARGEST), "10 min")
        if sort == "plain"
        else write_conditional(folder)
    )
    from latteboard.campaign import Campaign

    began = processor_time()
    campaign = Campaign.read(path)
    read = processor_time() - began
    numbers = {kind: len(campaign.expected(kind)) for kind in campaign.kinds}
    expanded = processor_time() - began
    further = sum(numbers.get(kind, 0) for kind in ("trajectory", "wall", "meson"))
    told = {"read": read, "expanded": expanded, "peak_bytes": peak_bytes(), "artifacts": sum(numbers.values())}
    print(json.dumps({**told, "further": further}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
