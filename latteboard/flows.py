"""Joins of two rooms: reduction in levels, each of them indexed before the next is planned."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from latteboard.catalog.catalog import Catalog
from latteboard.files.locks import Holder

if TYPE_CHECKING:
    from latteboard.campaign import Campaign
    from reducer.planning.plan import Asked
    from reducer.running.engines import Engine
    from reducer.running.stopping import Stop
    from reducer.tasks.plan_file import Plan
    from reducer.tasks.report import Failure, Report


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
    from indexer.index import index_campaign
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
