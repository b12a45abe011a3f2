"""One index: scans, compares with the catalog, and writes what changed, or refuses to."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field

from indexer.check import Inspector
from indexer.guards import check_losses, check_roots
from indexer.notices import notices
from indexer.places import Plan
from indexer.readers import Readers
from indexer.report import FolderReport, Request
from indexer.root_scan import SWEEP, RootScan
from latteboard.campaign import Campaign
from latteboard.catalog import Catalog
from latteboard.catalog.database import sqlite_path
from latteboard.catalog.updating.finish import Run, finish
from latteboard.catalog.updating.transaction import IndexTransaction
from latteboard.files.locks import Holder, lock, lock_path
from latteboard.text import counted
from latteboard.times import SECOND_NS

# A second index waits for the first, which is seconds to minutes; then it says who holds the lock.
LOCK_PATIENCE_SECONDS = 600.0


@dataclass(frozen=True)
class Options:
    """Options of an index.

    Attributes
    ----------
    threads : None lets it choose how to share the work
    suspects : paths of files that a reduction could not use; they are opened as in a deep look
    take_over : the catalog may be that of another campaign, and is this one's from then on
    """

    fast: bool = False
    deep: bool = False
    strays: bool = False
    accept_empty: bool = False
    threads: int | None = None
    suspects: frozenset[str] = frozenset()
    take_over: bool = False


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
    take_over: bool = False,
    now_ns: int | None = None,
    wait_seconds: float = LOCK_PATIENCE_SECONDS,
    waiting: Callable[[Holder], None] = lambda _: None,
    progress: Callable[[int], None] = lambda _: None,
) -> IndexReport:
    """Compare expected artifacts with disk and archive and bring the catalog up to date; one index at a time.

    Folders that could not be read stand in the report; all else is written.

    Raises
    ------
    CatalogError : the catalog is that of another campaign, and ``take_over`` is not given, or it cannot be used
    BooksKept : what was there is gone to an extent that looks like an unmounted file system
    """
    path = sqlite_path(campaign.catalog)
    catalog = Catalog.for_writing(path)
    options = Options(
        fast=fast,
        deep=deep,
        strays=strays,
        accept_empty=accept_empty,
        threads=threads,
        suspects=suspects,
        take_over=take_over,
    )
    if not take_over:
        catalog.check_owner(campaign)  # at once, and again below: whoever is refused need not wait for another index
    with lock(lock_path(path), wait_seconds=wait_seconds, waiting=waiting), Readers() as readers:
        return run_index(campaign, catalog, options, readers, now_ns=now_ns, progress=progress)


def run_index(
    campaign: Campaign,
    catalog: Catalog,
    options: Options,
    readers: Readers,
    *,
    now_ns: int | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> IndexReport:
    """Compare expected with disk and write what changed, all or nothing.

    ``readers`` open HDF5 files; ``now_ns`` is the scan's start, ns since 1970; ``progress`` is told how many folders have
    been looked into. Raises :class:`BooksKept` if what was there is gone to an extent that looks like an unmounted file system.
    """
    began = time.monotonic()
    if not options.take_over:
        catalog.check_owner(campaign)
    check_roots(campaign, catalog, accept_empty=options.accept_empty)
    started = time.time_ns() if now_ns is None else now_ns
    last = catalog.last_look(campaign)
    fast = options.fast and last.is_current and any(root.folders for root in last.roots)
    plan = Plan(campaign) if fast else Plan(campaign).prepare()
    request = _request(campaign, options, started, last.run, fast=fast)
    scans = [RootScan(campaign, number, plan, last, request, readers) for number in range(len(campaign.roots))]
    reports = _reports(scans, options.threads, progress)
    if last.run:
        # All folders are scanned before the transaction begins, so that it is short. A first index keeps what it sees as
        # it comes: nobody waits for a catalog that is not there yet.
        reports = iter(list(reports))
    inspector = Inspector(campaign, readers)
    with catalog.transaction(campaign, inspector, take_over=options.take_over) as transaction:
        _record(transaction, reports, scans)
        del plan
        for one in scans:
            one.drop_plan()
        check_losses(transaction, accept_empty=options.accept_empty)
        for one, unreadable in zip(scans, inspector.unreadable, strict=True):
            one.inventory.add_unreadable_files(unreadable, transaction)
            one.inventory.write(transaction)
        look = "deep" if options.deep else "fast" if fast else "full"
        failed = {path: reason for one in scans for path, reason in one.inventory.unreadable.items()}
        numbers = finish(transaction, Run(started, time.monotonic() - began, look, len(failed)))
        told = notices(transaction)
    seconds = round(time.monotonic() - began, 3)
    totals = [one.inventory.total for one in scans]
    directories, stats = sum(total.directories for total in totals), sum(total.stats for total in totals)
    told += _of_unopened(sum(total.unopened for total in totals))
    return IndexReport(
        **numbers, directories=directories, stats=stats, seconds=seconds, unreadable=failed, notices=told
    )


def _of_unopened(number: int) -> list[str]:
    return [f"{counted(number, 'file')} not opened: no data on this disk, perhaps on tape"] if number else []


def _reports(scans: Sequence[RootScan], threads: int | None, progress: Callable[[int], None]) -> Iterator[FolderReport]:
    """The reports on all roots, one root after the other."""
    for one in scans:
        for report in one.reports(threads):
            progress(sum(scan.inventory.total.directories for scan in scans))
            yield report


def _record(transaction: IndexTransaction, reports: Iterable[FolderReport], scans: Sequence[RootScan]) -> None:
    """Record what was seen, and what was not, below all roots."""
    for report in reports:
        for observations in report.observations:
            transaction.record(observations)
    for one in scans:
        for observations in one.inventory.unvisited():
            transaction.record(observations)
    transaction.choose_files()


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
