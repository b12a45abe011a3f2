"""One index: scans, compares with the catalog, and writes what changed, or refuses to."""

import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field

from indexer.check import Inspector
from indexer.folder_scanner import FolderScanner
from indexer.inventory import FolderInventory, folders_named
from indexer.notices import notices
from indexer.places import Plan
from indexer.report import Request
from indexer.scan import scan
from latteboard.campaign import Campaign
from latteboard.catalog import Catalog
from latteboard.catalog.database import sqlite_path
from latteboard.catalog.updating.finish import Run, finish
from latteboard.catalog.updating.transaction import IndexTransaction
from latteboard.errors import BooksKept, LatteboardError
from latteboard.files.locks import Holder, lock, lock_path
from latteboard.times import SECOND_NS

# A settled folder is looked into at least once in so many fast passes: every third day where they run hourly.
SWEEP = 72
# A second index waits for the first, which is seconds to minutes; then it says who holds the lock.
LOCK_PATIENCE_SECONDS = 600.0


@dataclass(frozen=True)
class Options:
    """Options of an index.

    Attributes
    ----------
    threads : None lets it choose how to share the work
    suspects : paths of files that a reduction could not use; they are opened as in a deep look
    """

    fast: bool = False
    deep: bool = False
    strays: bool = False
    accept_empty: bool = False
    threads: int | None = None
    suspects: frozenset[str] = frozenset()


@dataclass
class IndexReport:
    """Summary of an index: numbers of artifacts, of strays, of folders listed, of metadata calls on files; seconds.

    Attributes
    ----------
    unreadable : folders and files that could not be read, and why
    notices : lines for people about what is no error, and should not be overlooked
    """

    expected: int = 0
    found: int = 0
    strays: int = 0
    changed: int = 0
    directories: int = 0
    stats: int = 0
    seconds: float = 0.0
    unreadable: dict[str, str] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, int | float]:
        """The machine-readable form."""
        return {name: value for name, value in asdict(self).items() if name not in ("unreadable", "notices")}


def index_campaign(
    campaign: Campaign,
    *,
    fast: bool = False,
    deep: bool = False,
    strays: bool = False,
    accept_empty: bool = False,
    threads: int | None = None,
    suspects: frozenset[str] = frozenset(),
    now_ns: int | None = None,
    wait_seconds: float = LOCK_PATIENCE_SECONDS,
    waiting: Callable[[Holder], None] = lambda _: None,
    progress: Callable[[int], None] = lambda _: None,
) -> IndexReport:
    """Compare expected artifacts with disk and archive and bring the catalog up to date; one index at a time.

    Folders that could not be read stand in the report; all else is written.
    """
    path = sqlite_path(campaign.catalog)
    catalog = Catalog.for_writing(path)
    options = Options(
        fast=fast, deep=deep, strays=strays, accept_empty=accept_empty, threads=threads, suspects=suspects
    )
    with lock(lock_path(path), wait_seconds=wait_seconds, waiting=waiting):
        return run_index(campaign, catalog, options, now_ns=now_ns, progress=progress)


def run_index(
    campaign: Campaign,
    catalog: Catalog,
    options: Options,
    *,
    now_ns: int | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> IndexReport:
    """Compare expected with disk and write what changed, all or nothing.

    ``now_ns`` is the scan's start, ns since 1970; ``progress`` is told how many folders have been looked into. Raises
    :class:`BooksKept` if what was there is gone to an extent that looks like an unmounted file system.
    """
    began = time.monotonic()
    _check_root(campaign, accept_empty=options.accept_empty)
    started = time.time_ns() if now_ns is None else now_ns
    known, unreadable, runs = catalog.known_folders(campaign)
    fast = options.fast and bool(known)
    plan = Plan(campaign) if fast else Plan(campaign).prepare()
    request = _request(campaign, options, started, runs, fast=fast)
    scanner = FolderScanner(campaign, plan, known, catalog.known_containers() if known else {}, request)
    first = sorted({*known, *folders_named(unreadable)}) if fast else [""]
    inventory = FolderInventory(campaign, plan, known, unreadable, request, progress)
    listed = len(known) // SWEEP if fast else len(known or plan.at)
    reports = inventory.collect(scan(scanner, first, listed, threads=options.threads))
    if runs:
        # All folders are scanned before the transaction begins, so that it is short. A first index keeps what it sees as
        # it comes: nobody waits for a catalog that is not there yet.
        reports = iter(list(reports))
    inspector = Inspector(campaign)
    with catalog.transaction(campaign, inspector) as transaction:
        for report in reports:
            for observations in report.observations:
                transaction.record(observations)
        for observations in inventory.unvisited():
            transaction.record(observations)
        del plan, scanner
        inventory.drop_plan()
        _guard(transaction, accept_empty=options.accept_empty)
        inventory.add_unreadable_files(inspector.unreadable, transaction)
        inventory.write(transaction)
        look = "deep" if options.deep else "fast" if fast else "full"
        total = inventory.total
        numbers = finish(transaction, Run(started, time.monotonic() - began, look, len(total.unreadable)))
        said = notices(transaction)
    return IndexReport(
        **numbers, **total.counts, seconds=round(time.monotonic() - began, 3), unreadable=total.unreadable, notices=said
    )


def _request(campaign: Campaign, options: Options, started: int, runs: int, *, fast: bool) -> Request:
    return Request(
        started=started,
        grace=round(campaign.grace.total_seconds() * SECOND_NS),
        fast=fast,
        deep=options.deep,
        below_unknown=options.strays,
        accept_empty=options.accept_empty,
        sweep=(runs % SWEEP, SWEEP),
        suspects=options.suspects,
    )


def _check_root(campaign: Campaign, *, accept_empty: bool) -> None:
    """Refuse an absent or empty root, which mostly is an unmounted file system, unless ``accept_empty`` is given."""
    try:
        with os.scandir(campaign.root) as entries:
            empty = next(entries, None) is None
    except FileNotFoundError:
        if accept_empty:
            return
        raise BooksKept(
            f"{campaign.root}: the root does not exist; is its file system mounted? Expected the folder that the campaign "
            f"{campaign.path} names. The books were not changed. If this is right, as at the start of a production, "
            "say --accept-empty"
        ) from None
    except OSError as error:
        raise LatteboardError(
            f"{campaign.root}: the root cannot be read: {error.strerror}; the books were not changed"
        ) from error
    if empty and not accept_empty:
        raise BooksKept(
            f"{campaign.root}: the root is empty; is its file system mounted? The books were not changed. "
            "If this is right, as at the start of a production, say --accept-empty"
        )


def _guard(transaction: IndexTransaction, *, accept_empty: bool) -> None:
    """Refuse to lose more than half of the files at once, which mostly is an accident, unless ``accept_empty`` is given."""
    if transaction.lost and 2 * transaction.lost > transaction.there_before and not accept_empty:
        raise BooksKept(
            f"{transaction.campaign.root}: {transaction.lost} of the {transaction.there_before} files that were there are "
            "gone; is a file system not mounted? The books were not changed. If this is right, say --accept-empty"
        )
