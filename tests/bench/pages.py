"""Measures the pages: how long a table of many rows takes to render, and in a browser until it is there and answers.

Run as ``python pages.py FOLDER ROWS TIMES``; prints one JSON document. The catalog is made, not found: one kind of so many
rows, as an index of a production that is nearly finished would leave it. Where there is no browser, what needs one is null.
"""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent / "support"))
from browser import Opened, executable, launched, opened
from large_catalog import KIND, many_rows

from latteboard.catalog import Catalog
from latteboard.catalog.questions.columns import kind_columns
from latteboard.catalog.questions.history import Series
from latteboard.status.states import RULES
from site_templates.pages.history import history
from site_templates.pages.kind import kind_table
from site_templates.pages.overview import overview
from site_templates.site import build_site
from site_templates.writing.build import build
from site_templates.writing.folder import loaded_files
from site_templates.writing.links import HISTORY, kind_page
from site_templates.writing.page import Frame

HOUR = 3_600_000_000_000  # ns
ENSEMBLES = 20
KINDS = ("cfg", "src", "prop", "spec", "spec_4D", "seqsrc", "seqprop", "formfac", "formfac_4D", "spec_4D_tslice")
KINDS += ("spec_4D_tslice_avg", "formfac_4D_tslice", "formfac_4D_tslice_src_avg", "formfac_cat", "formfac_momentum")
# A third of the kinds is finished, a third under way, and in a third something is wrong, too.
COUNTS = (
    {"done": 7958},
    {"done": 7311, "ready": 212, "blocked": 435},
    {"done": 7311, "ready": 212, "blocked": 420, "bad": 15},
)
# What is typed above which column, one after the other, from rare to frequent.
TYPED = (("status", "bad"), ("status", ""), ("source", "x1"), ("source", ""), ("configuration", ">600"))
# The first frame in which the table is there, ms since the page was asked for.
USABLE = "document.querySelector('#shown:not([hidden])') && performance.now()"
# ms from a key to the frame after the one that shows the new counts.
KEYSTROKE = """
async ([name, text]) => {
  const input = document.querySelector(`[aria-label="Filter ${name}"]`);
  const said = document.querySelector("#said");
  const before = said.textContent;
  const began = performance.now();
  input.value = text;
  input.dispatchEvent(new Event("input", { bubbles: true }));
  while (said.textContent === before) await new Promise(requestAnimationFrame);
  await new Promise(requestAnimationFrame);
  return performance.now() - began;
}
"""


def render(catalog: Catalog, folder: Path) -> float:
    """Seconds from the catalog to the page of the kind and its data on disk."""
    shutil.rmtree(folder, ignore_errors=True)
    names = {model.id: name for name, model in catalog.kinds.items()}
    began = time.perf_counter()
    build(
        Frame("bench", catalog.indexed_at(), list(names.values()), ()),
        [kind_table(kind_columns(catalog, KIND), names)],
        folder,
    )
    return time.perf_counter() - began


def bytes_of(site: Path, page: str) -> dict[str, int]:
    """Bytes of a page, of the data and of the static files that it asks for."""
    asked = loaded_files((site / page).read_bytes())
    weights = {name: (site / name).stat().st_size for name in asked}
    sums = {part: sum(size for name, size in weights.items() if name.startswith(part)) for part in ("data", "static")}
    return {"page": (site / page).stat().st_size, **sums}


def overview_bytes(folder: Path) -> int:
    """The weight of an overview of ENSEMBLES by KINDS."""
    same = {"stream": "e", "expected": 7958, "bytes": 10**13, "purgeable": 17, "problems": {}}
    rows: list[Mapping[str, Any]] = [
        {"ensemble": f"a09m{100 + number}", "kind": kind, "status": COUNTS[(number + place) % len(COUNTS)], **same}
        for number in range(ENSEMBLES)
        for place, kind in enumerate(KINDS)
    ]
    rules = {status.name: rule for status, rule in RULES.items()}
    page = overview("2026-01-02T03:04:05+00:00", rows, rules)
    return build(Frame("bench", "2026-01-02T03:04:05+00:00", (), ()), [page], folder).stat().st_size


def history_bytes(folder: Path) -> dict[str, int]:
    """The weight of a month of hourly indexes of KINDS, each with its own way up."""
    rng = np.random.default_rng(31)
    times = np.arange(24 * 31, dtype=np.int64) * HOUR
    of_kinds = [
        Series(kind, None, None, times, np.cumsum(rng.poisson(40, len(times))), np.full(len(times), 60_000))
        for kind in KINDS
    ]
    build(Frame("bench", "2026-01-02T03:04:05+00:00", (), ()), [history(of_kinds)], folder)
    return bytes_of(folder, HISTORY)


def browse(page: Opened) -> dict[str, float]:
    """Open the table and type into it: ms until it is usable, of the slowest key, and bytes of memory at the end."""
    usable = page.until(USABLE)
    strokes = [page.evaluate(KEYSTROKE, [name, text]) for name, text in TYPED]
    page.check()
    session = page.context.new_cdp_session(page.page)
    session.send("HeapProfiler.collectGarbage")
    used = session.send("Runtime.getHeapUsage")
    memory = used["usedSize"] + used.get("backingStorageSize", 0) + used.get("embedderHeapUsedSize", 0)
    return {"usable": usable, "keystroke": max(strokes), "memory_bytes": memory}


def in_browser(page: Path, times: int) -> list[dict[str, float]] | None:
    """Several visits, each in a new window; None where there is no browser."""
    path = executable()
    if path is None:
        print("no browser: pages are rendered and weighed, not opened", file=sys.stderr)
        return None
    with launched(path) as browser:
        visits = []
        for _ in range(times):
            view = opened(browser, page.absolute().as_uri())
            visits.append(browse(view))
            view.context.close()
        return visits


def measure(folder: Path, rows: int, times: int) -> dict[str, Any]:
    """All figures of the pages, as results.json keeps them."""
    shutil.rmtree(folder, ignore_errors=True)
    campaign = many_rows(folder, rows)
    catalog = Catalog(campaign.catalog)
    seconds = [render(catalog, folder / "table") for _ in range(times)]
    site = build_site(catalog, folder / "site", campaign=campaign).parent
    return {
        "rows": rows,
        "render": seconds,
        "table": bytes_of(site, kind_page(KIND)),
        "plot": history_bytes(folder / "history"),
        "overview_bytes": overview_bytes(folder / "overview"),
        "visits": in_browser(site / kind_page(KIND), times),
    }


if __name__ == "__main__":
    print(json.dumps(measure(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))))
