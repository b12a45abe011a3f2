"""The front door: each command is a sentence: parse, call, print. What it calls is imported when it is called."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from errno import EPIPE
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from latteboard.cli import reduce as cli_reduce
from latteboard.cli import steps as cli_steps
from latteboard.errors import LatteboardError, QueryError, UnreadableFolders
from latteboard.text import shown
from latteboard.version import __version__

if TYPE_CHECKING:
    from latteboard.campaign import Campaign
    from latteboard.catalog import Catalog

as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
conditions = click.argument("conditions", metavar="[NAME=VALUE ...]", nargs=-1)


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


for command in (*cli_reduce.COMMANDS, *cli_steps.COMMANDS):
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

    with _progress("files") as progress:
        report = write_demo(folder, progress=progress, **options)
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
@click.option("--strays", is_flag=True, help="List what is below folders that no template names, too.")
@as_json
@click.pass_obj
def index(campaign_file: Path, /, *, as_json: bool, threads: int | None, **options: Any) -> None:
    """Compare expected with disk and archive, and update the catalog."""
    from indexer.index import index_campaign

    campaign = _read_campaign(campaign_file)
    with _progress("folders") as progress:
        report = index_campaign(campaign, threads=threads, waiting=_say_waiting, progress=progress, **options)
    if as_json:
        click.echo(json.dumps(report.as_json()))
    else:
        click.echo(
            f"{report.found:,} of {report.expected:,} artifacts on disk, {report.changed:,} changed, {report.strays:,} strays; "
            f"{report.directories:,} folders, {report.seconds:.1f} s"
        )
    if report.unreadable:
        first, reason = min(report.unreadable.items())
        raise UnreadableFolders(
            f"{campaign.root / first}: {reason}. {len(report.unreadable)} folders could not be read: what was known of them stays, "
            "the rest is unknown. See: select * from unreadable"
        )


@cli.command()
@click.option("--by", default=None, metavar="NAME[,NAME]", help="Group by these: kind and any coordinates.")
@as_json
@click.pass_obj
def status(campaign_file: Path, *, by: str | None, as_json: bool) -> None:
    """Counts by ensemble, stream, kind and status."""
    from latteboard.catalog.questions.counts import SUMMED, status_rows

    catalog = _open_catalog(campaign_file)
    names = SUMMED if by is None else tuple(name.strip() for name in by.split(","))
    rows = status_rows(catalog, names)
    if as_json:
        from datetime import UTC, datetime

        generated = datetime.now(UTC).isoformat(timespec="seconds")
        click.echo(json.dumps({"generated": generated, "indexed": catalog.indexed_at(), "rows": rows}))
    else:
        from latteboard.cli.terminal import show_status

        show_status(rows, names, f"the index of {catalog.indexed_at()}")


@cli.command(name="list")
@click.argument("kind", required=False)
@conditions
@click.option("--status", "statuses", default=None, metavar="S[,S]", help="Only these statuses.")
@click.option("--path", default=None, help="The artifact of this path.")
@click.option(
    "--format", "form", type=click.Choice(["table", "csv", "json", "paths"]), default="table", show_default=True
)
@click.pass_obj
def list_(
    campaign_file: Path,
    *,
    kind: str | None,
    conditions: tuple[str, ...],
    statuses: str | None,
    path: str | None,
    form: str,
) -> None:
    """Artifacts of a kind; NAME=300:400:5 (end included), NAME=3,4."""
    catalog = _open_catalog(campaign_file)
    kind, wanted = _question(campaign_file, catalog, kind, conditions, path)
    if statuses is not None:
        wanted["status"] = statuses.split(",")
    rows = catalog[kind].filter(**wanted).rows()
    columns = [*catalog.kinds[kind].coordinates, "path", "status", "size", "mtime", "problem", "blocked_by"]
    _print_rows(form, columns, rows)


@cli.command()
@click.argument("what", metavar="KIND|PATH")
@conditions
@as_json
@click.pass_obj
def why(campaign_file: Path, *, what: str, conditions: tuple[str, ...], as_json: bool) -> None:
    """One artifact: its status, its inputs and theirs, what blocks it."""
    from latteboard.catalog.questions.explain import explain

    catalog = _open_catalog(campaign_file)
    is_kind = what in catalog.kinds or not {"/", "."} & {*what}  # no kind is called so
    kind, wanted = _question(campaign_file, catalog, what if is_kind else None, conditions, None if is_kind else what)
    explanation = explain(catalog, kind, wanted)
    if as_json:
        click.echo(json.dumps(explanation.as_json()))
    else:
        from latteboard.cli.terminal import show_explanation
        from latteboard.status.states import RULES

        show_explanation(explanation, {status.name: rule for status, rule in RULES.items()})


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
    from site_templates.site import build_site
    from site_templates.writing.publish import publish

    campaign = _read_campaign(campaign_file)
    page = build_site(_open_catalog(campaign_file), out, campaign=campaign, redact=redact, waiting=_say_written)
    click.echo(f"wrote {page}")
    if target is not None:
        click.echo(f"published {publish(out, target, waiting=_say_written)}")


# -- what the commands share ---------------------------------------------------------------------------------------------


def _read_campaign(path: Path) -> Campaign:
    from latteboard.campaign import Campaign

    return Campaign.read(path)


def _open_catalog(campaign_file: Path) -> Catalog:
    """The catalog that a campaign names; the rest of the campaign is not read, so that questions are answered at once."""
    from latteboard.campaign import locate_catalog
    from latteboard.catalog import Catalog

    return Catalog(locate_catalog(campaign_file))


def _question(
    campaign_file: Path, catalog: Catalog, kind: str | None, conditions: tuple[str, ...], path: str | None
) -> tuple[str, dict[str, Any]]:
    """The kind and conditions that the arguments state, by name or by path."""
    from latteboard.catalog.questions.conditions import parse_conditions

    if path is not None:
        if conditions or (kind is not None and "=" in kind):
            raise click.UsageError("a path says it all; NAME=VALUE goes with a kind")
        parsed = _parse_path(campaign_file, path)
        if kind not in (None, parsed[0]):
            raise QueryError(f"{path}: a {parsed[0]}, not a {kind}")
        return parsed
    if kind is None:
        raise click.UsageError("expected a kind, or --path")
    return kind, parse_conditions(catalog, kind, conditions)


def _parse_path(campaign_file: Path, path: str) -> tuple[str, dict[str, Any]]:
    campaign = _read_campaign(campaign_file)
    names = list(_names_of(Path(path), campaign.root))
    found = next((parsed for name in names if (parsed := campaign.parse(name)) is not None), None)
    if found is None:
        near = next((reading for name in names for reading in campaign.readings(name)), None)
        reason = (
            "no template of the campaign gives it"
            if near is None
            else f"it reads as a {near[0]}, which is not expected"
        )
        raise QueryError(f"{path}: no expected artifact has this path (relative to {campaign.root}): {reason}")
    kind, coordinates = found
    return kind, dict(coordinates)


def _names_of(path: Path, root: Path) -> Iterator[str]:
    """The path as the campaign may name it: relative to the root as it stands, or as a file seen from here."""
    yield path.as_posix()
    for here, above in ((path.absolute(), root.absolute()), (path.resolve(), root.resolve())):
        if here.is_relative_to(above):
            yield here.relative_to(above).as_posix()


def _print_rows(form: str, columns: list[str], rows: list[dict[str, Any]]) -> None:
    from latteboard.cli import terminal

    if form == "paths":
        sys.stdout.writelines(f"{row['path']}\n" for row in rows)
    elif form == "json":
        click.echo(json.dumps([{name: row[name] for name in columns} for row in rows]))
    elif form == "csv":
        click.echo(terminal.csv_table(columns, [{name: row[name] for name in columns} for row in rows]), nl=False)
    else:
        click.echo(terminal.plain_table(columns, rows))


@contextmanager
def _progress(what: str) -> Iterator[Any]:
    from latteboard.cli.terminal import progress

    with progress(what) as tell:
        yield tell


def _say_waiting(holder: object) -> None:
    click.echo(f"waiting for another index: {holder}", err=True)


def _say_written(holder: object) -> None:
    click.echo(f"waiting for another process that writes these pages: {holder}", err=True)


def main() -> None:
    """Run the command line; an error that latteboard foresees, or that the system reports, is one line and exit 1."""
    try:
        try:
            cli(standalone_mode=True)
        finally:
            sys.stdout.flush()
    except LatteboardError as error:
        click.echo(f"latteboard: {shown(error)}", err=True)
        sys.exit(1)
    except OSError as error:
        # What is still to be written to a full disk or a closed pipe is let go, or Python would try it again at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if error.errno != EPIPE:
            click.echo(f"latteboard: {shown(error)}", err=True)
        sys.exit(1)
