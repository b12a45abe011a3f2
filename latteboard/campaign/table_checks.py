"""Checks of the tables beside ensembles and kinds: archives, sites, observables, and the logs and checks of kinds."""

from collections.abc import Callable

from latteboard.campaign.kinds import Kind
from latteboard.campaign.locations import expanded
from latteboard.campaign.model import Definition
from latteboard.campaign.relations import MAIN
from latteboard.campaign.vocabulary import check_among, check_values
from latteboard.errors import CampaignError, Mistakes, within
from latteboard.names.templates import Template


def check_archives(definition: Definition) -> None:
    """Require that the path of an archive can be expanded here."""
    with Mistakes() as mistakes:
        for name, archive in definition.table.archives.items():
            with mistakes.keep(f"archives.{name}.path"):
                expanded(archive.path)


def check_sites(definition: Definition) -> None:
    """Require that sites name machines of the campaign, and make values that its coordinates have."""
    with Mistakes() as mistakes:
        for name, site in definition.table.sites.items():
            with mistakes.keep(f"sites.{name}.machine"):
                if site.machine is not None:
                    check_among(site.machine, definition.table.machines)
            for coordinate, values in site.makes.items():
                with mistakes.keep(f"sites.{name}.makes"):
                    check_among(coordinate, (*MAIN, *definition.axes))
                    with within(coordinate):
                        check_values(values, definition.values_of(coordinate))


def check_observables(definition: Definition) -> None:
    """Require that observables are computed from kinds of the campaign."""
    with Mistakes() as mistakes:
        for name, observable in definition.table.observables.items():
            with mistakes.keep(f"observables.{name}.from"):
                check_among(observable.source, definition.table.kinds)


def check_logs(definition: Definition, kind: Kind) -> None:
    """Require that the logs of a kind name nothing that its artifacts do not have."""
    _check_text(definition, kind, "logs", kind.table.logs)


def check_command(definition: Definition, kind: Kind) -> None:
    """Require that the command which checks a file of a kind names nothing that its artifacts do not have."""
    _check_text(definition, kind, "check", kind.table.check)


def _check_text(definition: Definition, kind: Kind, key: str, text: str | None) -> None:
    named = definition.coordinates_named(Template.parse(text or ""))
    foreign = [name for name in named if name not in kind.coordinates]
    if foreign:
        known = ", ".join((*kind.coordinates, "parameters"))
        message = f"the path of {kind.name} does not name {' and '.join(foreign)}; expected names that it has: {known}"
        raise CampaignError(message, key=key)


TABLE_CHECKS: tuple[Callable[[Definition], None], ...] = (check_archives, check_sites, check_observables)
