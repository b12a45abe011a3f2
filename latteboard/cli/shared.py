"""Options, arguments and messages that several commands share."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from latteboard.text import shown

if TYPE_CHECKING:
    from latteboard.campaign import Campaign
    from latteboard.catalog import Catalog

as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
conditions = click.argument("conditions", metavar="[NAME=VALUE ...]", nargs=-1)


def print_json(document: object) -> None:
    """Print the machine-readable form of an answer, on one line."""
    click.echo(json.dumps(document))


def read_campaign(path: Path) -> Campaign:
    """Read and check the campaign."""
    from latteboard.campaign import Campaign

    return Campaign.read(path)


def open_catalog(campaign_file: Path) -> Catalog:
    """Open the catalog that a campaign names; the rest of the campaign is not read, so that answers come at once."""
    from latteboard.campaign import locate_catalog
    from latteboard.catalog import Catalog

    return Catalog(locate_catalog(campaign_file), waiting=say_waiting_for_catalog)


def say_notices(notices: Iterable[str]) -> None:
    """Say on standard error what is no error, and should not be overlooked: a line each."""
    for notice in notices:
        click.echo(shown(notice), err=True)


def say_waiting(holder: object) -> None:
    """Say on standard error whose index this one waits for."""
    click.echo(f"waiting for another index: {holder}", err=True)


def say_waiting_for_pages(holder: object) -> None:
    """Say on standard error which other process is writing the same pages."""
    click.echo(f"waiting for another process that writes these pages: {holder}", err=True)


def say_waiting_for_catalog(path: Path) -> None:
    """Say on standard error which catalog another program has locked."""
    click.echo(f"waiting for the catalog {shown(path)}: it is locked by another program", err=True)
