"""Options, arguments and messages that several commands share."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from latteboard.errors import CampaignError, CatalogError
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
    """Open the catalog that a campaign names, and say on standard error if the campaign changed since the last index.

    The rest of the campaign is not read, so that answers come at once; nor need it be readable, as long as the catalog is found.
    """
    from latteboard.campaign import locate_catalog
    from latteboard.catalog import Catalog
    from latteboard.catalog.questions.ownership import difference

    try:
        url = locate_catalog(campaign_file)
    except CampaignError as error:
        catalog = _catalog_of_unreadable(campaign_file)
        if catalog is None:
            raise
        say_notices([f"{error}. This is the answer of the last index"])
        return catalog
    catalog = Catalog(url, waiting=say_waiting_for_catalog)
    if (notice := difference(catalog, campaign_file)) is not None:
        say_notices([notice])
    return catalog


def _catalog_of_unreadable(campaign_file: Path) -> Catalog | None:
    """Return the catalog of a campaign file that is gone or broken, if one is there that says it is of this file."""
    from latteboard.campaign import likely_catalog
    from latteboard.catalog import Catalog
    from latteboard.catalog.questions.ownership import belongs_to

    try:
        catalog = Catalog(likely_catalog(campaign_file), waiting=say_waiting_for_catalog)
    except CatalogError:
        return None
    return catalog if belongs_to(catalog, campaign_file) else None


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
