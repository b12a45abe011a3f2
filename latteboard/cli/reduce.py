"""The front door to making what is ready: the command ``reduce``."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from latteboard.errors import Stopped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from latteboard.campaign import Campaign
    from reducer.planning.plan import Asked
    from reducer.tasks.plan_file import Plan
    from reducer.tasks.report import Failure, Report


def _shard(context: click.Context, parameter: click.Parameter, value: str | None) -> tuple[int, int] | None:
    if value is None:
        return None
    number, _, shards = value.partition("/")
    if not (number.isdecimal() and shards.isdecimal() and int(number) < int(shards)):
        raise click.BadParameter(f"{value!r}: expected I/N with I from 0 to N-1, such as 0/8", context, parameter)
    return int(number), int(shards)


def _engine(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    if value in ("mpi", "dask"):
        raise click.BadParameter(f"{value}: not in this version; expected serial or process", context, parameter)
    return value


@click.command()
@click.argument("words", metavar="[KIND ...] [NAME=VALUE ...]", nargs=-1)
@click.option("--jobs", type=click.IntRange(1), default=None, help="So many outputs at once; else one a CPU.")
@click.option(
    "--engine",
    type=click.Choice(["serial", "process", "mpi", "dask"]),
    default=None,
    callback=_engine,
    help="Make them in processes, or one by one in this one.",
)
@click.option("--dry-run", is_flag=True, help="Only say what would be made, and what it costs.")
@click.option("--plan", "plan_file", type=click.Path(path_type=Path), default=None, help="Only write a plan.")
@click.option("--from", "from_file", type=click.Path(path_type=Path), default=None, help="Make what a plan says.")
@click.option("--shard", metavar="I/N", default=None, callback=_shard, help="Only part I of N of the plan, from 0 on.")
@click.option("--stale", is_flag=True, help="Also make again what is out of date.")
@click.option("--allow-nan", is_flag=True, help="Record numbers that are not finite instead of refusing them.")
@click.option("--allow-missing", is_flag=True, help="Join configurations even if some are not there.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def reduce(context: click.Context, /, **options: Any) -> None:
    """Make what is ready and has a recipe, then what becomes ready by that; the catalog is right at once.

    A plan is made once, where the catalog is, and carried out anywhere, in parts; the next index finds what was made.
    """
    given = _Given(context.obj, **options)
    given.refuse_contradictions()
    way = _write_plan if given.plan_file else _estimate if given.dry_run else _make
    context.exit(0 if way(given) else 1)


@dataclass(frozen=True)
class _Given:
    """What ``reduce`` is given."""

    campaign_file: Path
    words: tuple[str, ...]
    jobs: int | None
    engine: str | None
    dry_run: bool
    plan_file: Path | None
    from_file: Path | None
    shard: tuple[int, int] | None
    stale: bool
    allow_nan: bool
    allow_missing: bool
    as_json: bool

    def refuse_contradictions(self) -> None:
        """Options that make no sense together are wrong usage."""
        choosing = self.words or self.plan_file or self.stale or self.allow_missing
        for refused, reason in (
            (self.from_file and choosing, "--from says what is to be made; it is chosen where the plan is written"),
            (self.shard and not self.from_file, "--shard goes with --from"),
            (self.plan_file and self.dry_run, "--plan writes a plan, --dry-run writes nothing: choose one"),
            (self.plan_file and self.allow_nan, "--allow-nan goes with --from, where the plan is carried out"),
            (self.engine == "serial" and (self.jobs or 1) > 1, "--engine serial makes one output at a time"),
        ):
            if refused:
                raise click.UsageError(reason)

    @property
    def campaign(self) -> Campaign:
        """The campaign, read and checked."""
        from latteboard.campaign import Campaign

        return Campaign.read(self.campaign_file)

    @property
    def asked(self) -> Asked:
        """What is to be made beside what is ready."""
        from reducer.planning.plan import Asked

        return Asked(stale=self.stale, allow_missing=self.allow_missing)

    def plan(self) -> tuple[Plan, list[str]]:
        """What a plan says, or what can be made now, with the kinds that may become ready by it."""
        from latteboard.flows import plan_campaign
        from reducer.tasks.plan_file import read_plan

        if self.from_file:
            return read_plan(self.from_file, self.shard), []
        return plan_campaign(self.campaign, self.words, self.asked)

    def advice(self) -> str:
        """What to do where there is nothing to make."""
        from latteboard.flows import why_nothing

        return "the plan is empty" if self.from_file else why_nothing(self.campaign, self.words, self.asked)


def _write_plan(given: _Given) -> bool:
    from reducer.tasks.plan_file import write_plan

    assert given.plan_file
    plan, afterwards = given.plan()
    write_plan(given.plan_file, plan)
    if given.as_json:
        click.echo(json.dumps({"planned": len(plan), "failed": _stated(plan.failed), "afterwards": afterwards}))
    else:
        click.echo(f"{len(plan):,} outputs planned; make them with: latteboard reduce --from {given.plan_file}")
        click.echo(_afterwards(afterwards) if len(plan) else given.advice())
    return _say_failed(plan.failed)


def _estimate(given: _Given) -> bool:
    from latteboard.cli.terminal import plain_table
    from latteboard.text import human_bytes
    from reducer.running.estimate import estimate

    plan, afterwards = given.plan()
    costs, unread = estimate(plan, plan.root)
    failed = sorted([*plan.failed, *unread])
    if given.as_json:
        kinds = [asdict(cost) for cost in costs]
        click.echo(json.dumps({"kinds": kinds, "failed": _stated(failed), "afterwards": afterwards}))
    elif costs:
        columns = ("kind", "outputs", "inputs", "to read", "to write")
        cells = (
            (c.kind, f"{c.outputs:,}", f"{c.inputs:,}", human_bytes(c.bytes_read), human_bytes(c.bytes_written))
            for c in costs
        )
        click.echo(plain_table(columns, [dict(zip(columns, row, strict=True)) for row in cells]))
        click.echo(_afterwards(afterwards))
    else:
        click.echo(given.advice())
    return _say_failed(failed)


def _make(given: _Given) -> bool:
    from latteboard.cli.terminal import making
    from latteboard.flows import reduce_campaign
    from reducer.running.engines import choose_engine
    from reducer.running.run import run
    from reducer.running.stopping import stopping_on_signals
    from reducer.tasks.plan_file import read_plan

    how: dict[str, Any] = {"engine": choose_engine(given.engine, given.jobs), "allow_nan": given.allow_nan}
    with stopping_on_signals() as stop, making() as told:
        how |= {"stop": stop, "failing": lambda failure: told.failed(failure.path, failure.reason)}

        def progress(expected: int, report: Report) -> None:
            told.progress(report.done, expected, report.bytes_read)

        if given.from_file:
            plan = read_plan(given.from_file, given.shard)
            report = run(plan, plan.root, progress=partial(progress, len(plan)), **how)
        else:
            report = reduce_campaign(
                given.campaign, given.words, asked=given.asked, waiting=_say_waiting, progress=progress, **how
            )
    if given.as_json:
        click.echo(json.dumps(report.as_json()))
    elif report.done or report.stopped:
        click.echo(str(report))
    else:
        click.echo(given.advice())
    if report.stopped:
        raise Stopped(f"stopped; {report.left:,} planned outputs are left. Go on with the same command")
    return not report.failed


def _say_waiting(holder: object) -> None:
    click.echo(f"waiting for another index: {holder}", err=True)


def _say_failed(failed: Sequence[Failure]) -> bool:
    """Say what cannot be made; whether that is nothing."""
    from latteboard.cli.terminal import show_failures

    show_failures((failure.path, failure.reason) for failure in failed)
    return not failed


def _stated(failed: Sequence[Failure]) -> list[dict[str, Any]]:
    return [asdict(failure) for failure in failed]


def _afterwards(kinds: Sequence[str]) -> str:
    return f"afterwards perhaps: {', '.join(kinds)}" if kinds else "nothing further follows from these"


COMMANDS: Sequence[click.Command] = (reduce,)
