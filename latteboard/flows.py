"""Where rooms meet: the only module that calls the indexer, the reducer and the site together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from latteboard.catalog.catalog import Catalog, sqlite_path
from latteboard.catalog.questions.contents import private
from latteboard.catalog.questions.counts import status_rows
from latteboard.catalog.tables.statuses import RULES
from latteboard.files.locks import Holder, lock

if TYPE_CHECKING:
    from indexer.index import IndexReport
    from latteboard.campaign import Campaign
    from reducer.planning.plan import Asked
    from reducer.running.engines import Engine
    from reducer.running.stopping import Stop
    from reducer.tasks.plan_file import Plan
    from reducer.tasks.report import Failure, Report
    from site_templates.frame import Page
    from site_templates.writing.redact import Redaction

# A second index waits for the first, which is seconds to minutes; then it says who holds the lock.
LOCK_PATIENCE_SECONDS = 600.0
RULE_TEXTS = {status.name: rule for status, rule in RULES.items()}


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
    from indexer.index import Options, run_index

    path = sqlite_path(campaign.catalog)
    catalog = Catalog.for_writing(path)
    options = Options(
        fast=fast, deep=deep, strays=strays, accept_empty=accept_empty, threads=threads, suspects=suspects
    )
    with lock(path.with_name(f"{path.name}.lock"), wait_seconds=wait_seconds, waiting=waiting):
        return run_index(campaign, catalog, options, now_ns=now_ns, progress=progress)


def reduce_campaign(
    campaign: Campaign,
    words: Sequence[str] = (),
    *,
    engine: Engine,
    stop: Stop,
    asked: Asked,
    allow_nan: bool = False,
    waiting: Callable[[Holder], None] = lambda _: None,
    progress: Callable[[int, Report], None] = lambda *_: None,
    failing: Callable[[Failure], None] = lambda _: None,
) -> Report:
    """Make what is ready and has a recipe, and what becomes ready by that.

    Level by level of the production: planned, made, and indexed again, so that the next level is known to be ready and
    the catalog is right at once.

    Parameters
    ----------
    words : ``KIND`` and ``NAME=VALUE``, as in :func:`reducer.planning.plan.choose`
    waiting : told who holds the lock if another process is indexing
    progress : told after each output how many are planned so far, and what those that are done came to
    failing : told of each failure as it happens
    """
    from reducer.planning.plan import choose, levels, plan
    from reducer.running.run import run
    from reducer.tasks.report import Report

    catalog = Catalog(campaign.catalog)
    total = Report()
    further = levels(campaign, choose(campaign, catalog, words))
    while further and not stop.requested:
        planned = plan(campaign, catalog, further.pop(0), asked)
        for failure in planned.failed:
            failing(failure)
        total += Report(failed=planned.failed)
        tell = partial(_tell, progress, total, total.done + len(planned))
        report = run(
            planned, campaign.root, engine=engine, allow_nan=allow_nan, stop=stop, progress=tell, failing=failing
        )
        total += report
        if report.made or report.suspects:
            # What could not be used is opened by the index, which says what is wrong with it and remembers.
            index_campaign(campaign, fast=True, suspects=report.suspects, waiting=waiting)
    return replace(total, stopped=total.stopped or bool(further))


def plan_campaign(campaign: Campaign, words: Sequence[str], asked: Asked) -> tuple[Plan, list[str]]:
    """What can be made now, and the kinds that may become ready once it is; ``words`` as for :func:`reduce_campaign`."""
    from reducer.planning.plan import choose, following, plan

    catalog = Catalog(campaign.catalog)
    chosen = choose(campaign, catalog, words)
    planned = plan(campaign, catalog, chosen, asked)
    return planned, following(campaign, chosen, {next(iter(part)).kind for part in planned.parts if len(part)})


def why_nothing(campaign: Campaign, words: Sequence[str], asked: Asked) -> str:
    """What somebody can do for whom nothing is ready."""
    from reducer.planning.plan import choose, what_next

    catalog = Catalog(campaign.catalog)
    return what_next(catalog, choose(campaign, catalog, words), asked)


def _tell(progress: Callable[[int, Report], None], before: Report, expected: int, now: Report) -> None:
    progress(expected, before + now)


def build_site(
    catalog: Catalog,
    out: Path,
    *,
    campaign: Campaign,
    redact: bool = False,
    waiting: Callable[[Holder], None] = lambda _: None,
) -> Path:
    """Render the pages of a catalog into ``out``; returns the first page.

    Parameters
    ----------
    campaign : that the catalog is of, as it stands: what the catalog does not keep is read from there
    redact : hide where the campaign lies, and the names of machines and people
    """
    from site_templates.frame import Frame
    from site_templates.writing.build import build
    from site_templates.writing.redact import NOTHING_HIDDEN, redaction

    catalog.require(campaign)
    hide = redaction(private(catalog), campaign.path) if redact else NOTHING_HIDDEN
    frame = Frame(hide(catalog.campaign_name()), catalog.indexed_at(), list(catalog.kinds), _streams(catalog))
    pages = map(hide.page, _pages(catalog, campaign, hide))
    return build(frame, pages, out, inspect=hide.inspect, waiting=waiting)


def publish_site(out: Path, target: Path, *, waiting: Callable[[Holder], None] = lambda _: None) -> Path:
    """Copy the pages in ``out`` to where everybody reads them; returns the first page there."""
    from site_templates.writing.publish import publish

    return publish(out, target, waiting=waiting)


def _pages(catalog: Catalog, campaign: Campaign, hide: Redaction) -> Iterator[Page]:
    """Every page, one at a time, so that the rows of one kind need not wait for those of all."""
    yield _overview(catalog)
    yield _problems(catalog)
    yield _purge(catalog)
    yield _dictionary(catalog, campaign)
    yield from _tables(catalog, hide)
    yield from _maps(catalog)
    yield _history(catalog)


def _overview(catalog: Catalog) -> Page:
    """How far everything is."""
    from site_templates.pages.overview import overview

    purgeable = sum(row["purgeable_bytes"] for row in catalog.totals())
    return overview(catalog.indexed_at(), status_rows(catalog), RULE_TEXTS, purgeable)


def _problems(catalog: Catalog) -> Page:
    """What people must look at."""
    from latteboard.catalog.questions.problems import claims, strays, unreadable_folders, wrong
    from latteboard.catalog.questions.root_causes import causes
    from site_templates.pages.problems import problems

    return problems(wrong(catalog), causes(catalog), strays(catalog), unreadable_folders(catalog), claims(catalog))


def _purge(catalog: Catalog) -> Page:
    """What may be deleted, and what exists only here."""
    from latteboard.catalog.questions.unarchived import only_here
    from site_templates.pages.purge import purge

    return purge(catalog.totals(), only_here(catalog), catalog.kinds)


def _dictionary(catalog: Catalog, campaign: Campaign) -> Page:
    """What there is in the campaign, and how to ask for it."""
    from latteboard.catalog.questions.contents import axes, streams, views
    from site_templates.pages.dictionary import dictionary

    return dictionary(catalog.kinds, streams(catalog), axes(catalog), views(catalog), RULE_TEXTS, campaign)


def _streams(catalog: Catalog) -> list[tuple[str, str]]:
    """Every ensemble and stream that files name."""
    rows = status_rows(catalog, ("ensemble", "stream"))
    return [(row["ensemble"], row["stream"]) for row in rows if None not in (row["ensemble"], row["stream"])]


def _tables(catalog: Catalog, hide: Redaction) -> Iterator[Page]:
    """The rows of each kind; their texts are hidden before they are packed."""
    from latteboard.catalog.questions.columns import kind_columns
    from site_templates.pages.kind import kind_table

    names = {model.id: model.name for model in catalog.kinds.values()}
    for kind in catalog.kinds:
        yield kind_table(hide.within(kind_columns(catalog, kind)), names)


def _maps(catalog: Catalog) -> Iterator[Page]:
    """The map of each ensemble and stream."""
    from latteboard.catalog.questions.map_layers import layers
    from site_templates.pages.map import map_of

    apart = [row for row in status_rows(catalog) if "configuration" not in catalog.kinds[row["kind"]].coordinates]
    for ensemble, stream in _streams(catalog):
        own = [row for row in apart if row["ensemble"] in (None, ensemble) and row["stream"] in (None, stream)]
        yield map_of(ensemble, stream, layers(catalog, ensemble, stream), own)


def _history(catalog: Catalog) -> Page:
    """What was finished against time, all ensembles together."""
    from latteboard.catalog.questions.history import timeline, together
    from site_templates.pages.history import history

    return history(together(timeline(catalog)))
