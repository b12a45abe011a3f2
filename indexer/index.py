"""One index: looks, compares with the books, and writes what changed, or refuses to."""

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from itertools import chain

import numpy as np

from indexer.check import Inspector, without_file
from indexer.look import Looker
from indexer.places import Plan
from indexer.request import Request, Seen
from indexer.scan import scan
from latteboard.campaign import Campaign
from latteboard.catalog import Catalog
from latteboard.catalog.database import sqlite_path
from latteboard.catalog.updating.books import Books, FolderState, Looks, printable
from latteboard.catalog.updating.finish import Run, finish
from latteboard.errors import BooksKept, LatteboardError
from latteboard.files.locks import Holder, lock, lock_path
from latteboard.status.states import FileState
from latteboard.times import SECOND_NS

# A settled folder is looked into at least once in so many fast passes: every third day where they run hourly.
SWEEP = 72
# A second index waits for the first, which is seconds to minutes; then it says who holds the lock.
LOCK_PATIENCE_SECONDS = 600.0


@dataclass(frozen=True)
class Options:
    """What may be asked of an index.

    Attributes
    ----------
    threads : None lets it choose how to share the work
    suspects : paths of files that somebody could not use; they are opened as in a deep look
    """

    fast: bool = False
    deep: bool = False
    strays: bool = False
    accept_empty: bool = False
    threads: int | None = None
    suspects: frozenset[str] = frozenset()


@dataclass
class IndexReport:
    """What an index found: numbers of artifacts, of strays, of folders listed, of metadata calls on files; seconds."""

    expected: int = 0
    found: int = 0
    strays: int = 0
    changed: int = 0
    directories: int = 0
    stats: int = 0
    seconds: float = 0.0
    unreadable: dict[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, int | float]:
        """The machine-readable form."""
        return {name: value for name, value in asdict(self).items() if name != "unreadable"}


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
    young = started - int(campaign.grace.total_seconds() * SECOND_NS)
    fast = options.fast and bool(known)
    plan = Plan(campaign) if fast else Plan(campaign).prepare()
    request = Request(started, young, fast, options.deep, options.strays, (runs % SWEEP, SWEEP), options.suspects)
    looker = Looker(campaign, plan, known, catalog.known_containers() if known else {}, request)
    first = sorted({*known, *_folders(unreadable)}) if fast else [""]
    session = _Session(plan, known, unreadable, progress)
    listed = len(known) // SWEEP if fast else len(known or plan.at)
    bringing: Iterator[Seen] = session.told(scan(looker, first, listed, threads=options.threads))
    bringing = _under_way(bringing)
    if runs:
        # A first index writes as it looks, since nobody uses these books yet; any later one keeps its transaction short.
        bringing = iter(list(bringing))
    with catalog.books(campaign, Inspector(campaign)) as books:
        for seen in bringing:
            for looks in seen.looks:
                books.record(looks)
        for looks in session.rest():
            books.record(looks)
        _guard(books, accept_empty=options.accept_empty)
        session.write(books, forget_others=not fast)
        look = "deep" if options.deep else "fast" if fast else "full"
        seen = session.seen
        numbers = finish(books, Run(started, time.monotonic() - began, look, len(seen.unreadable)))
    seconds = round(time.monotonic() - began, 3)
    return IndexReport(
        **numbers, directories=seen.directories, stats=seen.stats, seconds=seconds, unreadable=seen.unreadable
    )


def _under_way(bringing: Iterator[Seen]) -> Iterator[Seen]:
    """The same, begun: those who look are at work while the caller prepares the books."""
    first: list[Seen] = []
    for seen in bringing:
        first.append(seen)
        if seen.looks:
            break
    return chain(first, bringing)


def _folders(unreadable: Iterable[str]) -> Iterator[str]:
    return ("" if path == "." else path for path in unreadable)


def _check_root(campaign: Campaign, *, accept_empty: bool) -> None:
    """An absent or empty root is an unmounted file system until somebody says that it is not."""
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


def _guard(books: Books, *, accept_empty: bool) -> None:
    """More than half of what was there, gone at once, is an accident until somebody says that it is not."""
    if 2 * books.lost > books.there_before and not accept_empty:
        raise BooksKept(
            f"{books.campaign.root}: {books.lost} of the {books.there_before} files that were there are gone; is a file system "
            "not mounted? The books were not changed. If this is right, say --accept-empty"
        )


class _Session:
    """What has been seen so far, but for the looks, which go to the books as they come."""

    def __init__(
        self, plan: Plan, known: Mapping[str, FolderState], unreadable: dict[str, str], progress: Callable[[int], None]
    ) -> None:
        self.seen = Seen()
        self._plan = plan
        self._known = known
        self._before = set(_folders(unreadable))
        self._progress = progress

    def told(self, bringing: Iterable[Seen]) -> Iterator[Seen]:
        """Keep everything but the looks of each, and pass it on."""
        own = self.seen
        for seen in bringing:
            for name in ("folders", "visited", "relisted", "gone", "strays"):
                getattr(own, name).extend(getattr(seen, name))
            own.unreadable.update(seen.unreadable)
            own.containers.update(seen.containers)
            own.directories += seen.directories
            own.stats += seen.stats
            self._progress(own.directories)
            yield seen

    def rest(self) -> Iterator[Looks]:
        """Looks at what is in no folder that was visited: not there, or unknown where a folder could not be read."""
        visited = set(self.seen.visited)
        hidden = self._hidden(visited)
        if self._known and not (hidden or self._before or self._known.keys() - visited):
            return
        for kind, rows in self._plan.kinds.items():
            absent, unknown = [], []
            for number, path in enumerate(rows.folders):
                if path in visited:
                    continue
                if _is_below(path, hidden):
                    unknown.append(number)
                elif not self._known or path in self._known or _is_below(path, self._before):
                    absent.append(number)
                    if rows.inside:
                        names = rows.names(rows.of_folder(number))
                        self.seen.containers.update(dict.fromkeys(f"{path}/{name}" if path else name for name in names))
            for numbers, look in ((absent, FileState.absent), (unknown, FileState.unknown)):
                if numbers:
                    yield without_file(kind, np.concatenate([rows.of_folder(n) for n in numbers]), look)

    def _hidden(self, visited: set[str]) -> set[str]:
        """Folders that could not be listed; of a folder in which single files hid, the rest was seen."""
        return set(_folders(self.seen.unreadable)) - visited

    def write(self, books: Books, *, forget_others: bool) -> None:
        """Folders, strays and what else was noted; ``forget_others`` drops folders that this look did not lead to."""
        seen = self.seen
        gone = list(seen.gone)
        if forget_others:
            visited = set(seen.visited)
            hidden = self._hidden(visited)
            gone += [path for path in self._known if path not in visited and not _is_below(path, hidden)]
            # A folder whose name is no text is in the books by its strays only.
            shown = {printable(path) for path in visited}
            gone += [path for path in books.folders_of_strays() if path not in shown and not _is_below(path, hidden)]
        books.replace_folders(seen.folders, relisted=seen.relisted, gone=gone)
        books.add_strays(seen.strays)
        books.replace_unreadable(seen.unreadable)
        books.replace_containers(seen.containers)


def _is_below(path: str, folders: set[str]) -> bool:
    """Whether ``path`` is one of ``folders`` or below one."""
    if not folders:
        return False
    return path in folders or "" in folders or any(path[:n] in folders for n, c in enumerate(path) if c == "/")
