"""Kinds of files as the campaign states them, with the coordinates that their paths name."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from latteboard.campaign.entries import Entries, read_entries
from latteboard.campaign.sizes import Size
from latteboard.campaign.tables import CampaignTable, KindTable
from latteboard.campaign.vocabulary import coordinates_named
from latteboard.errors import CampaignError, Mistakes, TemplateError
from latteboard.names.templates import Template


@dataclass(frozen=True)
class Kind:
    """One class of files, or of datasets inside files.

    Attributes
    ----------
    templates : the whole path, with ``::`` between container and dataset if the artifacts are datasets; then the further
        paths under which an artifact counts as there
    coordinates : the coordinates that each template names, in canonical order
    entries : for each kind that it is made from, in the campaign's order, the entries of ``needs``; those of ``made_with``
        if one job writes both
    table : the kind as the campaign states it; ``only`` is that of ``made_with`` if one job writes both
    min_bytes : the least size of a file, in bytes
    datasets : templates of the dataset paths that each file must hold
    holds : templates of the files that each folder must hold, relative to it, where artifacts are folders
    task : settings of the job that makes it
    """

    name: str
    templates: tuple[Template, ...]
    coordinates: tuple[str, ...]
    entries: Entries
    table: KindTable
    min_bytes: Size
    datasets: tuple[Template, ...]
    holds: tuple[Template, ...]
    task: Mapping[str, Any]

    @property
    def template(self) -> Template:
        """The path under which new files are made."""
        return self.templates[0]

    @property
    def needs(self) -> tuple[str, ...]:
        """The kinds that it is made from, in the campaign's order."""
        return tuple(self.entries)

    @property
    def leader(self) -> str:
        """The kind whose job makes it: itself, or the one that it is made with."""
        return self.table.made_with or self.name

    @property
    def inside(self) -> bool:
        """Whether the artifacts are datasets in container files."""
        return self.template.container is not None

    @property
    def container(self) -> Template:
        """The template of the file on disk: of the container if the artifacts are datasets."""
        return self.template.container or self.template

    @property
    def is_folder(self) -> bool:
        """Whether the artifacts are folders, under at least one of the templates."""
        return any(template.is_folder for template in self.templates)

    @property
    def reduced(self) -> bool:
        """Whether latteboard makes the files, which then carry a mark and a record of their inputs."""
        return bool(self.table.reduce)


def read_kind(table: CampaignTable, name: str, mistakes: Mistakes) -> Kind:
    """Read one kind of a campaign; a kind that is made with another has the needs, task and ``only`` of that one.

    Parameters
    ----------
    mistakes : takes up a size that is none, without which the rest of the kind can be checked all the same

    Raises
    ------
    CampaignError : a template, or a derived name in one, is not well formed; it has been found before.
    """
    own = table.kinds[name]
    # One job writes the files of both kinds: it has one list of needs and one set of job settings.
    leader = table.kinds.get(own.made_with or name, own)
    min_bytes = Size(0)
    with mistakes.keep(f"kinds.{name}.min_bytes"):
        min_bytes = Size(own.min_bytes)
    try:
        template, *further = map(Template.parse, (own.path, *own.also))
        return Kind(
            name=name,
            templates=(template, *further),
            coordinates=coordinates_named(template, table),
            entries=read_entries(leader.needs),
            table=own if own.only or not own.made_with else own.model_copy(update={"only": leader.only}),
            min_bytes=min_bytes,
            datasets=tuple(map(Template.parse, own.dataset_templates)),
            holds=tuple(map(Template.parse, own.holds_keys.values())),
            task=leader.task,
        )
    except TemplateError as error:
        raise CampaignError(()) from error
