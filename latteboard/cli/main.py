"""The commands of ``latteboard``, but ``reduce`` and its steps: each parses, calls and prints.

A command imports whatever it calls when it runs, so that ``--help`` waits for nothing.
"""

from __future__ import annotations

import gc
import os
import sys
from errno import EPIPE
from pathlib import Path
from typing import Any

import click

from latteboard.cli.expect import expect
from latteboard.cli.progress import progress
from latteboard.cli.question import FORMATS, listed_columns, parse_question, print_left_out, print_rows, whole_paths
from latteboard.cli.reduce import reduce
from latteboard.cli.shared import (
    as_json,
    conditions,
    open_catalog,
    print_json,
    read_campaign,
    say_notices,
    say_waiting,
    say_waiting_for_catalog,
    say_waiting_for_pages,
)
from latteboard.cli.steps import STEPS
from latteboard.errors import LatteboardError, UnreadableFolders
from latteboard.text import counted, shown
from latteboard.version import __version__

GARBAGE = 100_000  # objects after which Python looks for circles of them


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="latteboard")
@click.option(
    "--campaign",
    "campaign_file",
    type=click.Path(path_type=Path),
    default="campaign.toml",
    show_default=True,
    help="The campaign file.",
)
@click.pass_context
def cli(context: click.Context, campaign_file: Path) -> None:
    """Keep the books of a lattice-QCD production: what exists, what is missing, what can run next."""
    context.obj = campaign_file


for command in (expect, reduce, *STEPS):
    cli.add_command(command)


@cli.command()
@click.argument("folder", type=click.Path(path_type=Path), default=".", metavar="[DIR]")
def init(folder: Path) -> None:
    """Write a commented campaign.toml, with the source list that it names."""
    from latteboard.campaign.starter import write_starter

    for path in write_starter(folder):
        click.echo(f"wrote {path}")
    click.echo(f"Next: edit it, then: latteboard --campaign {folder / 'campaign.toml'} index --accept-empty")


@cli.command()
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
@click.option(
    "--configurations", type=click.IntRange(2), default=6, show_default=True, help="How many, in each stream."
)
@click.option("--L", "L", type=click.IntRange(4), default=8, show_default=True, help="Extent of the lattice in space.")
@click.option("--T", "T", type=click.IntRange(8), default=16, show_default=True, help="Extent of the lattice in time.")
@click.option("--empty", is_flag=True, help="Sparse files of the right size with nothing in them.")
@click.option(
    "--seed", type=click.IntRange(0), default=20240229, show_default=True, help="The same seed writes the same files."
)
def demo(folder: Path, **options: Any) -> None:
    """Write a small, physically true production, partly incomplete, with its campaign."""
    from latteboard.demo import write_demo

    with progress("files") as tell:
        report = write_demo(folder, progress=tell, **options)
    click.echo(f"{report.files:,} files, campaign {folder / 'campaign.toml'}")


@cli.command()
@click.option("--fast", is_flag=True, help="Trust the times of folders in which nothing may still change.")
@click.option("--deep", is_flag=True, help="Open every HDF5 file too.")
@click.option(
    "--threads",
    type=click.IntRange(1),
    default=None,
    help="Look into so many folders at once, for file systems with a long way to go.",
)
@click.option(
    "--accept-empty", is_flag=True, help="Believe it even if the root is empty or most of what was there is gone."
)
@click.option(
    "--take-over", is_flag=True, help="Make the catalog that of this campaign, even if it is that of another one."
)
@click.option("--strays", is_flag=True, help="List what is below folders that no template names, too.")
@as_json
@click.pass_obj
def index(campaign_file: Path, /, *, as_json: bool, threads: int | None, **options: Any) -> None:
    """Compare expected with disk and archive, and update the catalog."""
    from indexer.index import index_campaign

    campaign = read_campaign(campaign_file)
    with progress("folders") as tell:
        report = index_campaign(campaign, threads=threads, waiting=say_waiting, progress=tell, **options)
    if as_json:
        print_json(report.as_json())
    else:
        strays, folders = counted(report.strays, "stray"), counted(report.directories, "folder")
        click.echo(
            f"{report.found:,} of {report.expected:,} artifacts on disk, {report.changed:,} changed, {strays}; "
            f"{folders}, {report.seconds:.1f} s"
        )
    say_notices(report.notices)
    if report.unreadable:
        first, reason = min(report.unreadable.items())
        raise UnreadableFolders(
            f"{first}: {reason}. {counted(len(report.unreadable), 'folder')} could not be read: what was known of them stays, "
            "the rest is unknown. See: select * from unreadable"
        )


@cli.command()
@click.option("--by", default=None, metavar="NAME[,NAME]", help="Group by these: kind and any coordinates.")
@as_json
@click.pass_obj
def status(campaign_file: Path, *, by: str | None, as_json: bool) -> None:
    """Counts by ensemble, stream, kind and status."""
    from latteboard.catalog.questions.counts import SUMMED, status_rows

    catalog = open_catalog(campaign_file)
    names = SUMMED if by is None else tuple(name.strip() for name in by.split(","))
    rows = status_rows(catalog, names)
    if as_json:
        from datetime import UTC, datetime

        generated = datetime.now(UTC).isoformat(timespec="seconds")
        print_json({"generated": generated, "indexed": catalog.indexed_at(), "rows": rows})
    else:
        from latteboard.catalog.questions.problems import done_problems
        from latteboard.cli.terminal import show_status

        has_problems = any("done" in row["problems"] for row in rows)
        show_status(rows, names, done_problems(catalog) if has_problems else (), f"the index of {catalog.indexed_at()}")


@cli.command(name="list")
@click.argument("kind", required=False)
@conditions
@click.option("--status", "statuses", default=None, metavar="S[,S]", help="Only these statuses.")
@click.option("--path", default=None, help="The artifact of this path.")
@click.option("--left-out", "only_left_out", is_flag=True, help="Artifacts that the campaign leaves out, and why.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", show_default=True)
@click.pass_obj
def list_(
    campaign_file: Path,
    *,
    kind: str | None,
    conditions: tuple[str, ...],
    statuses: str | None,
    path: str | None,
    only_left_out: bool,
    form: str,
) -> None:
    """Artifacts of a kind; NAME=300:400:5 (end included), NAME=3,4."""
    from latteboard.catalog.questions.left_out import left_out_artifacts

    catalog = open_catalog(campaign_file)
    kind, wanted = parse_question(campaign_file, catalog, kind, conditions, path)
    if only_left_out:
        if statuses is not None:
            raise click.UsageError("what is left out has no status")
        print_left_out(form, catalog.kind(kind).coordinates, left_out_artifacts(catalog, kind, wanted))
        return
    left_out = left_out_artifacts(catalog, kind, wanted) if form == "table" else []
    if statuses is not None:
        wanted["status"] = statuses.split(",")
    rows = catalog[kind].filter(**wanted).rows()
    if form == "paths":
        sys.stdout.writelines(f"{path}\n" for path in whole_paths(campaign_file, rows))
    else:
        print_rows(form, listed_columns(catalog.kinds[kind]), rows)
    if left_out:
        click.echo(f"{len(left_out):,} left out: latteboard list {kind} --left-out")


@cli.command()
@click.argument("what", metavar="KIND|PATH")
@conditions
@as_json
@click.pass_obj
def why(campaign_file: Path, *, what: str, conditions: tuple[str, ...], as_json: bool) -> None:
    """One artifact: its status, its inputs and theirs, what blocks it."""
    from latteboard.catalog.questions.explain import explain

    catalog = open_catalog(campaign_file)
    is_kind = what in catalog.kinds or not {"/", "."} & {*what}  # no kind is called so
    kind, wanted = parse_question(
        campaign_file, catalog, what if is_kind else None, conditions, None if is_kind else what
    )
    explanation = explain(catalog, kind, wanted)
    if as_json:
        print_json(explanation.as_json())
    else:
        from latteboard.cli.terminal import show_explanation

        show_explanation(explanation)


@cli.command()
@click.option("--out", type=click.Path(path_type=Path), default="site", show_default=True, help="The folder to write.")
@click.option(
    "--publish",
    "target",
    type=click.Path(path_type=Path),
    default=None,
    metavar="DIR",
    help="Copy the pages there, readable by everybody.",
)
@click.option("--redact", is_flag=True, help="Hide where the campaign lies, and the names of machines and people.")
@click.pass_obj
def site(campaign_file: Path, *, out: Path, target: Path | None, redact: bool) -> None:
    """Render the pages."""
    from latteboard.catalog import Catalog
    from site_templates.site import build_site
    from site_templates.writing.publish import publish

    campaign = read_campaign(campaign_file)
    catalog = Catalog(campaign.catalog, waiting=say_waiting_for_catalog)
    page = build_site(catalog, out, campaign=campaign, redact=redact, waiting=say_waiting_for_pages)
    click.echo(f"wrote {page}")
    if target is not None:
        click.echo(f"published {publish(out, target, waiting=say_waiting_for_pages)}")


def main() -> None:
    """Run the command line; an error that latteboard foresees, or that the system reports, is a line or a few, and exit 1."""
    # A command makes many objects and next to no circles of them: to look for these every 700 objects costs a tenth of its time.
    gc.set_threshold(GARBAGE)
    try:
        try:
            cli(standalone_mode=True)
        finally:
            sys.stdout.flush()
    except LatteboardError as error:
        for line in error.lines:
            click.echo(f"latteboard: {line}", err=True)
        sys.exit(1)
    except OSError as error:
        # What is still to be written to a full disk or a closed pipe is let go, or Python would try it again at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if error.errno != EPIPE:
            click.echo(f"latteboard: {shown(error)}", err=True)
        sys.exit(1)
