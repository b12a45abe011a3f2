"""Questions about artifacts: the kind and conditions that arguments state, and the rows of an answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from latteboard.cli.shared import print_json, read_campaign
from latteboard.errors import CampaignError, QueryError

if TYPE_CHECKING:
    from latteboard.campaign.roots import Root
    from latteboard.catalog import Catalog
    from latteboard.catalog.questions.left_out import LeftOutArtifact
    from latteboard.catalog.tables.kinds import KindModel

FORMATS = ("table", "csv", "json", "paths")
UNLISTED = ("wanted", "purgeable", "id")  # columns of views that lists leave out


def parse_question(
    campaign_file: Path, catalog: Catalog, kind: str | None, conditions: tuple[str, ...], path: str | None
) -> tuple[str, dict[str, Any]]:
    """Return the kind and the conditions on it that arguments state, by name or by path."""
    from latteboard.catalog.questions.conditions import parse_conditions

    if path is not None:
        if conditions or (kind is not None and "=" in kind):
            raise click.UsageError("a path says it all; NAME=VALUE goes with a kind")
        parsed = _parse_path(campaign_file, catalog, path)
        if kind not in (None, parsed[0]):
            raise QueryError(f"{path}: a {parsed[0]}, not a {kind}")
        return parsed
    if kind is None:
        raise click.UsageError("expected a kind, or --path")
    return kind, parse_conditions(catalog, kind, conditions)


def _parse_path(campaign_file: Path, catalog: Catalog, path: str) -> tuple[str, dict[str, Any]]:
    try:
        campaign = read_campaign(campaign_file)
    except CampaignError:
        if (found := _find_path(catalog, path)) is None:
            raise
        return found
    # A path may be typed as the campaign states it, or as the file is seen from the current folder.
    names = [Path(path).as_posix(), *(name for root in campaign.roots for name in _paths_below(Path(path), root))]
    parsed = next((parsed for name in names if (parsed := campaign.parse(name)) is not None), None)
    if parsed is None:
        near = next((reading for name in names for reading in campaign.matches(name)), None)
        left_out = None if near is None else campaign.left_out_reason(*near)
        if left_out is not None:
            raise QueryError(f"{path}: left out: {left_out}")
        reason = (
            "no template of the campaign gives it"
            if near is None
            else f"it reads as a {near[0]}, which is not expected"
        )
        roots = ", ".join(str(root.path) for root in campaign.roots)
        raise QueryError(f"{path}: no expected artifact has this path (relative to {roots}): {reason}")
    kind, coordinates = parsed
    return kind, dict(coordinates)


def _find_path(catalog: Catalog, path: str) -> tuple[str, dict[str, Any]] | None:
    """Return what the catalog has under a path, where there is no campaign to parse it."""
    from latteboard.campaign.roots import Root
    from latteboard.catalog.questions.ownership import artifact_at, known_roots

    roots = [Root(stated, Path(where)) for stated, where in known_roots(catalog)]
    names = [Path(path).as_posix(), *(name for root in roots for name in _paths_below(Path(path), root))]
    return next((found for name in dict.fromkeys(names) if (found := artifact_at(catalog, name)) is not None), None)


def _paths_below(path: Path, root: Root) -> Iterator[str]:
    """Yield the paths relative to a root that a file may have: as seen from here, or with the root as it is stated."""
    here, below = path.absolute(), root.path.absolute()
    for one, above in ((here, below), (path.resolve(), root.path.resolve()), (path, Path(root.stated))):
        if one.is_relative_to(above):
            yield one.relative_to(above).as_posix()


def listed_columns(model: KindModel) -> list[str]:
    """Return the columns of a list of artifacts; the root is one of them where there are several."""
    from latteboard.catalog.readable import common_columns

    return [*model.coordinates, *(name for name in common_columns(model) if name not in UNLISTED)]


def whole_paths(campaign_file: Path, rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the path of each row: relative to the root, absolute where there are several."""
    from latteboard.campaign.roots import root_path

    stated = {row["root"] for row in rows if "root" in row}
    below = {name: f"{root_path(name, campaign_file.parent).absolute()}/" for name in stated}
    for row in rows:
        yield below[row["root"]] + row["path"] if below else row["path"]


def print_left_out(form: str, coordinates: Sequence[str], artifacts: Sequence[LeftOutArtifact]) -> None:
    """Print artifacts that are left out in one of the ``FORMATS``."""
    if form == "paths":
        click.echo("".join(f"{one.path}\n" for one in artifacts), nl=False)
    else:
        print_rows(form, [*coordinates, "path", "reason"], [one.row() for one in artifacts])


def print_rows(form: str, columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    """Print rows in one of the ``FORMATS`` other than ``paths``."""
    from latteboard.cli.terminal import csv_table, plain_table

    if form == "table":
        click.echo(plain_table(columns, rows))
    else:
        chosen = [{name: row[name] for name in columns} for row in rows]
        if form == "json":
            print_json(chosen)
        else:
            click.echo(csv_table(columns, chosen), nl=False)
