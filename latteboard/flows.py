"""Joins of two rooms: reduction in levels, each of them indexed before the next is planned."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from latteboard.campaign import Campaign
from latteboard.catalog import Catalog
from latteboard.files.locks import Holder
from reducer.planning.choice import ReduceOptions, choose, levels
from reducer.planning.plan import plan
from reducer.running.engines import Engine
from reducer.running.run import run
from reducer.running.stopping import Stop
from reducer.tasks.report import Failure, Report


def reduce_campaign(
    campaign: Campaign,
    words: Sequence[str] = (),
    *,
    engine: Engine,
    stop: Stop,
    options: ReduceOptions,
    allow_nan: bool = False,
    waiting: Callable[[Holder], None] = lambda _: None,
    progress: Callable[[int, Report], None] = lambda *_: None,
    failing: Callable[[Failure], None] = lambda _: None,
) -> Report:
    """Make the outputs that are ready and have a recipe, then those that become ready by it.

    Each level of the production is planned, made and indexed before the next one is planned. The catalog is then right
    whenever a level is complete.

    Parameters
    ----------
    words : ``KIND`` and ``NAME=VALUE``, as in :func:`reducer.planning.choice.choose`
    waiting : called with the holder of the lock, if another process is indexing
    progress : called after each output with the number planned so far and the report of those that are done
    failing : called with each failure as it happens
    """
    catalog = Catalog(campaign.catalog)
    total = Report()
    further = levels(campaign, choose(campaign, catalog, words))
    while further and not stop.requested:
        planned = plan(campaign, catalog, further.pop(0), options)
        for failure in planned.failed:
            failing(failure)
        total += Report(failed=planned.failed)
        tell = partial(_report_progress, progress, total, total.done + len(planned))
        report = run(
            planned, campaign.root, engine=engine, allow_nan=allow_nan, stop=stop, progress=tell, failing=failing
        )
        total += report
        if report.made or report.suspects:
            # Imported here, since a reduction that makes nothing indexes nothing.
            from indexer.index import index_campaign

            # The index opens the files that could not be used, names their problem and remembers it.
            index_campaign(campaign, fast=True, suspects=report.suspects, waiting=waiting)
    return replace(total, stopped=total.stopped or bool(further))


def _report_progress(progress: Callable[[int, Report], None], before: Report, expected: int, now: Report) -> None:
    progress(expected, before + now)
