"""Questions about artifacts: the kind and conditions that arguments state, and the rows of an answer."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from latteboard.cli.shared import print_json, read_campaign
from latteboard.errors import QueryError

if TYPE_CHECKING:
    from latteboard.catalog import Catalog

FORMATS = ("table", "csv", "json", "paths")


def parse_question(
    campaign_file: Path, catalog: Catalog, kind: str | None, conditions: tuple[str, ...], path: str | None
) -> tuple[str, dict[str, Any]]:
    """Return the kind and the conditions on it that arguments state, by name or by path."""
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
    campaign = read_campaign(campaign_file)
    # A path may be typed as the campaign states it, or as the file is seen from the current folder.
    names = list(_campaign_paths(Path(path), campaign.root))
    parsed = next((parsed for name in names if (parsed := campaign.parse(name)) is not None), None)
    if parsed is None:
        near = next((reading for name in names for reading in campaign.matches(name)), None)
        reason = (
            "no template of the campaign gives it"
            if near is None
            else f"it reads as a {near[0]}, which is not expected"
        )
        raise QueryError(f"{path}: no expected artifact has this path (relative to {campaign.root}): {reason}")
    kind, coordinates = parsed
    return kind, dict(coordinates)


def _campaign_paths(path: Path, root: Path) -> Iterator[str]:
    """Yield the paths that the campaign may know a file by: relative to the root as it stands, or seen from here."""
    yield path.as_posix()
    for here, above in ((path.absolute(), root.absolute()), (path.resolve(), root.resolve())):
        if here.is_relative_to(above):
            yield here.relative_to(above).as_posix()


def print_rows(form: str, columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    """Print rows in one of the ``FORMATS``."""
    from latteboard.cli.terminal import csv_table, plain_table

    if form == "paths":
        sys.stdout.writelines(f"{row['path']}\n" for row in rows)
    elif form == "table":
        click.echo(plain_table(columns, rows))
    else:
        chosen = [{name: row[name] for name in columns} for row in rows]
        if form == "json":
            print_json(chosen)
        else:
            click.echo(csv_table(columns, chosen), nl=False)
