"""The command ``reduce``: make the outputs that are ready, or plan them, or estimate their cost."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from latteboard.cli.progress import reduction_progress, show_failures
from latteboard.cli.shared import as_json, print_json, read_campaign, say_waiting
from latteboard.errors import Stopped
from latteboard.text import counted, human_bytes, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reducer.planning.choice import ReduceOptions
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
@click.option(
    "--jobs",
    type=click.IntRange(1),
    default=None,
    help="So many outputs at once; else as the work needs, at most one a CPU.",
)
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
@as_json
@click.pass_context
def reduce(
    context: click.Context,
    /,
    *,
    words: tuple[str, ...],
    plan_file: Path | None,
    dry_run: bool,
    stale: bool,
    allow_missing: bool,
    from_file: Path | None,
    shard: tuple[int, int] | None,
    jobs: int | None,
    engine: str | None,
    allow_nan: bool,
    as_json: bool,
) -> None:
    """Make what is ready and has a recipe, then what becomes ready by that; the catalog is right at once.

    A plan is made once, where the catalog is, and carried out anywhere, in parts; the next index finds what was made.
    """
    # click knows no options that exclude each other.
    for refused, reason in (
        (
            from_file and (words or plan_file or stale or allow_missing),
            "--from says what is to be made; it is chosen where the plan is written",
        ),
        (shard and not from_file, "--shard goes with --from"),
        (plan_file and dry_run, "--plan writes a plan, --dry-run writes nothing: choose one"),
        (plan_file and allow_nan, "--allow-nan goes with --from, where the plan is carried out"),
        (engine == "serial" and (jobs or 1) > 1, "--engine serial makes one output at a time"),
    ):
        if refused:
            raise click.UsageError(reason)
    work = _PlanFile(from_file, shard) if from_file else _Choice(context.obj, words, stale, allow_missing)
    if plan_file:
        complete = _write_plan(work, plan_file, as_json=as_json)
    elif dry_run:
        complete = _estimate(work, as_json=as_json)
    else:
        complete = _make(work, engine=engine, jobs=jobs, allow_nan=allow_nan, as_json=as_json)
    context.exit(0 if complete else 1)


@dataclass(frozen=True)
class _PlanFile:
    """The outputs that a plan names, or one shard of them."""

    path: Path
    shard: tuple[int, int] | None

    def plan(self) -> tuple[Plan, list[str]]:
        """Return the plan; which kinds may become ready by it is not known here."""
        from reducer.tasks.plan_file import read_plan

        return read_plan(self.path, self.shard), []

    def make(self, progress: Callable[[int, Report], None], **how: Any) -> Report:
        """Make the outputs."""
        from reducer.running.run import run

        plan, _ = self.plan()
        return run(plan, plan.root, progress=partial(progress, len(plan)), **how)

    def advice(self) -> str:
        """Say why there is nothing to make."""
        return "the plan is empty"


@dataclass(frozen=True)
class _Choice:
    """The outputs of a campaign that are ready, or those of them that ``words`` and options choose."""

    campaign_file: Path
    words: tuple[str, ...]
    stale: bool
    allow_missing: bool

    @property
    def _options(self) -> ReduceOptions:
        from reducer.planning.choice import ReduceOptions

        return ReduceOptions(stale=self.stale, allow_missing=self.allow_missing)

    def plan(self) -> tuple[Plan, list[str]]:
        """Plan what can be made now; return the kinds that may become ready by it too."""
        from reducer.planning.plan import plan_campaign

        return plan_campaign(read_campaign(self.campaign_file), self.words, self._options)

    def make(self, progress: Callable[[int, Report], None], **how: Any) -> Report:
        """Make the outputs, and those that become ready by it."""
        from latteboard.flows import reduce_campaign

        campaign = read_campaign(self.campaign_file)
        return reduce_campaign(
            campaign, self.words, options=self._options, waiting=say_waiting, progress=progress, **how
        )

    def advice(self) -> str:
        """Say why there is nothing to make, and what to do about it."""
        from reducer.planning.plan import why_nothing

        return why_nothing(read_campaign(self.campaign_file), self.words, self._options)


_Work = _PlanFile | _Choice


def _write_plan(work: _Work, plan_file: Path, *, as_json: bool) -> bool:
    from reducer.tasks.plan_file import write_plan

    plan, afterwards = work.plan()
    write_plan(plan_file, plan)
    if as_json:
        print_json({"planned": len(plan), "failed": _plain(plan.failed), "afterwards": afterwards})
    else:
        click.echo(f"{len(plan):,} outputs planned; make them with: latteboard reduce --from {plan_file}")
        click.echo(_afterwards(afterwards) if len(plan) else work.advice())
    return _show_failed(plan.failed)


def _estimate(work: _Work, *, as_json: bool) -> bool:
    from latteboard.cli.terminal import plain_table
    from reducer.running.estimate import estimate

    plan, afterwards = work.plan()
    costs, unread = estimate(plan, plan.root)
    failed = sorted([*plan.failed, *unread])
    if as_json:
        kinds = [asdict(cost) for cost in costs]
        print_json({"kinds": kinds, "failed": _plain(failed), "afterwards": afterwards})
    elif costs:
        columns = ("kind", "outputs", "inputs", "to read", "to write")
        cells = (
            (c.kind, f"{c.outputs:,}", f"{c.inputs:,}", human_bytes(c.bytes_read), human_bytes(c.bytes_written))
            for c in costs
        )
        click.echo(plain_table(columns, [dict(zip(columns, row, strict=True)) for row in cells]))
        click.echo(_afterwards(afterwards))
    else:
        click.echo(work.advice())
    return _show_failed(failed)


def _make(work: _Work, *, engine: str | None, jobs: int | None, allow_nan: bool, as_json: bool) -> bool:
    from reducer.running.engines import choose_engine
    from reducer.running.stopping import stopping_on_signals

    # A first signal lets outputs that are under way come to their end; the report then says how many are left.
    with stopping_on_signals() as stop, reduction_progress() as display:
        report = work.make(
            engine=choose_engine(engine, jobs),
            allow_nan=allow_nan,
            stop=stop,
            progress=lambda expected, report: display.update(report.done, expected, report.bytes_read),
            failing=lambda failure: display.fail(failure.path, failure.reason),
        )
    for what, number in report.lost.items():
        click.echo(f"latteboard: warning: {counted(number, 'output')} without {shown(what)}", err=True)
    if as_json:
        print_json(report.as_json())
    elif report.done or report.stopped:
        click.echo(str(report))
    else:
        click.echo(work.advice())
    if report.stopped:
        raise Stopped(f"stopped; {report.left:,} planned outputs are left. Go on with the same command")
    return not report.failed


def _show_failed(failed: Sequence[Failure]) -> bool:
    """Print the outputs that cannot be made; return whether there are none."""
    show_failures((failure.path, failure.reason) for failure in failed)
    return not failed


def _plain(failed: Sequence[Failure]) -> list[dict[str, Any]]:
    return [asdict(failure) for failure in failed]


def _afterwards(kinds: Sequence[str]) -> str:
    return f"afterwards perhaps: {', '.join(kinds)}" if kinds else "nothing further follows from these"
