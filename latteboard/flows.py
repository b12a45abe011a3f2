"""Where rooms meet: the only module that calls the indexer, the reducer and the site together."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from latteboard.catalog.catalog import Catalog, sqlite_path
from latteboard.catalog.codes import RULES
from latteboard.catalog.counts import status_rows
from latteboard.locks import Holder, lock

if TYPE_CHECKING:
    from indexer.index import IndexReport
    from latteboard.campaign import Campaign

# A second index waits for the first, which is seconds to minutes; then it says who holds the lock.
LOCK_PATIENCE_SECONDS = 600.0


def index_campaign(
    campaign: Campaign,
    *,
    fast: bool = False,
    deep: bool = False,
    strays: bool = False,
    accept_empty: bool = False,
    threads: int | None = None,
    now_ns: int | None = None,
    wait_seconds: float = LOCK_PATIENCE_SECONDS,
    waiting: Callable[[Holder], None] = lambda _: None,
    progress: Callable[[int], None] = lambda _: None,
) -> IndexReport:
    """Compare expected artifacts with disk and archive and bring the catalog up to date; one index at a time.

    Folders that could not be read stand in the report; all else is written.
    """
    from indexer.index import Options, run_index

    path = sqlite_path(campaign.catalog)
    catalog = Catalog.for_writing(path)
    options = Options(fast=fast, deep=deep, strays=strays, accept_empty=accept_empty, threads=threads)
    with lock(path.with_name(f"{path.name}.lock"), wait_seconds=wait_seconds, waiting=waiting):
        return run_index(campaign, catalog, options, now_ns=now_ns, progress=progress)


def build_site(catalog: Catalog, out: Path) -> Path:
    """Render the pages of a catalog into ``out``; returns the first page."""
    from site_templates.build import build
    from site_templates.pages import overview

    rules = {status.name: rule for status, rule in RULES.items()}
    return build(overview(catalog.campaign_name(), catalog.indexed_at(), status_rows(catalog), rules), out)
