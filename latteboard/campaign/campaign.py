"""The campaign: which artifacts are expected, what each is called and what it needs, from one ``campaign.toml``."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from latteboard.campaign.checks import check_campaign
from latteboard.campaign.datasets import Datasets
from latteboard.campaign.expected import Block, Expected
from latteboard.campaign.kinds import Kind as Kind
from latteboard.campaign.kinds import read_kind
from latteboard.campaign.relation_builder import build_relations
from latteboard.campaign.relations import Relations
from latteboard.campaign.streams import Stream, read_streams
from latteboard.campaign.tables import CampaignTable, read_toml
from latteboard.campaign.vocabulary import axes, check_vocabulary, coordinates_named, kinds_in_order, names_in
from latteboard.errors import CampaignError, within
from latteboard.names.parsing import Reader
from latteboard.names.templates import Choice, Field, Pattern, Piece, Template, Value


class Campaign:
    """A campaign that has passed every check."""

    def __init__(self, path: Path, table: CampaignTable) -> None:
        self.path = path
        self.table = table
        self.name = table.campaign.name
        self.root = path.parent / table.campaign.root
        self.catalog = catalog_url(path, table.campaign.catalog)
        self.grace: timedelta = table.campaign.grace
        self._expected: dict[str, Expected] = {}
        self._blocks: dict[str, list[Block]] = {}
        self._readers: dict[tuple[str, int], Reader] = {}
        self._datasets: dict[str, Datasets] = {}
        try:
            check_vocabulary(table)
            self.streams = list(read_streams(table, path.parent))
            self.kinds = {name: read_kind(table, name) for name in kinds_in_order(table)}
            check_campaign(self)
        except CampaignError as error:
            raise CampaignError(f"{path}: {error}") from error

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """Read and check a campaign file; whatever is wrong is one :class:`CampaignError`."""
        return cls(Path(path), read_toml(Path(path)))

    # -- names -------------------------------------------------------------------------------------------------------

    @property
    def axes(self) -> list[str]:
        """The names of the axes beside the coordinates of sources, in the campaign's order."""
        return axes(self.table)

    def names_in(self, template: Template) -> set[str]:
        """The coordinates, parameters and constants that a template names, itself or through derived names."""
        return names_in(template, self.table)

    def coordinates_named(self, template: Template) -> tuple[str, ...]:
        """The coordinates that a template names, itself or through derived names, in canonical order."""
        return coordinates_named(template, self.table)

    def values_of(self, name: str) -> Sequence[Value]:
        """Every value of a coordinate in any ensemble: numbers ascending, texts in the campaign's order."""
        return self.relations.values[name]

    def bind(self, template: Template, stream: Stream) -> Pattern:
        """The template with all that is constant in one ensemble and stream filled in."""
        here = {"ensemble": stream.ensemble, "stream": stream.name}
        constants = {**stream.constants, **here}

        def resolve(field: Field) -> Piece:
            if field.name in constants:
                return _constant(field, constants[field.name], stream)
            if field.name not in self.table.derive:
                return field
            derived = self.table.derive[field.name]
            texts = derived.values.items()
            by_text = {str(value): value for value in self.values_of(derived.on)}
            options = tuple((by_text[value], Template.parse(text).bind(resolve).pieces) for value, text in texts)
            return Choice(field.name, derived.on, options)

        return template.bind(resolve).fill(here)

    # -- what is expected --------------------------------------------------------------------------------------------

    @cached_property
    def relations(self) -> Relations:
        """The axes of the campaign as relations of codes."""
        return build_relations(self.streams, self.axes, self.table)

    def expected(self, kind: str) -> Expected:
        """Every expected artifact of a kind."""
        if kind not in self._expected:
            stated = self.kinds[kind]
            rows = self.relations.restrict(self.relations.table(stated.coordinates), stated.table.only)
            self._expected[kind] = Expected(self.relations, rows, self.blocks(kind))
        return self._expected[kind]

    def linked(self, kind: str, need: str) -> NDArray[np.bool_]:
        """For each expected artifact of ``kind``, whether it needs any expected artifact of ``need``."""
        relations, own, other = self.relations, self.kinds[kind].coordinates, self.kinds[need].coordinates
        rows = relations.table({*own, *other})
        exists = relations.among(rows, self.expected(need).rows, other)
        found = {name: column[exists] for name, column in rows.items()}
        return relations.among(self.expected(kind).rows, found, own)

    def blocks(self, kind: str) -> list[Block]:
        """The kind's pattern for each ensemble and stream that its path tells apart."""
        if kind not in self._blocks:
            self._blocks[kind] = list(self._each_block(self.kinds[kind]))
        return self._blocks[kind]

    def _each_block(self, kind: Kind) -> Iterator[Block]:
        first: dict[tuple[tuple[str, str], ...], tuple[Stream, object]] = {}
        for stream in self.streams_of(kind):
            here = {"ensemble": stream.ensemble, "stream": stream.name}
            fixed = {name: value for name, value in here.items() if name in kind.coordinates}
            with within(f"kinds.{kind.name}.path"):
                pattern = self.bind(kind.template, stream)
            block = Block(fixed, pattern, stream.numbers, kind.min_bytes)
            content = block.pattern, {name: stream.numbers.get(name) for name in kind.min_bytes.names}
            if (key := tuple(fixed.items())) not in first:
                first[key] = stream, content
                yield block
            elif first[key][1] != content:
                raise CampaignError(
                    f"a parameter in it, or in min_bytes, differs between {first[key][0]} and {stream}: name "
                    f"{' and '.join(f'{{{name}}}' for name in here if name not in fixed)} too",
                    key=f"kinds.{kind.name}.path",
                )

    def streams_of(self, kind: Kind) -> list[Stream]:
        """The streams to which ``only`` does not deny the kind."""
        ensembles, streams = (kind.table.only.get(name) for name in ("ensemble", "stream"))
        return [
            stream
            for stream in self.streams
            if (ensembles is None or stream.ensemble in ensembles) and (streams is None or stream.name in streams)
        ]

    def stream(self, coordinates: Mapping[str, Value]) -> Stream:
        """The first stream that agrees with these coordinates."""
        here = {name: coordinates[name] for name in ("ensemble", "stream") if name in coordinates}
        for stream in self.streams:
            if here.items() <= {"ensemble": stream.ensemble, "stream": stream.name}.items():
                return stream
        raise CampaignError(
            f"there is no {' '.join(f'{name} {value}' for name, value in here.items())}", key="ensembles"
        )

    def datasets(self, kind: str) -> Datasets:
        """What the files of a kind must hold."""
        if kind not in self._datasets:
            self._datasets[kind] = Datasets(self, kind)
        return self._datasets[kind]

    # -- paths -------------------------------------------------------------------------------------------------------

    def path_of(self, kind: str, coordinates: Mapping[str, Value]) -> str:
        """The path of one artifact, relative to the root."""
        for block in self.blocks(kind):
            if block.fixed.items() <= coordinates.items():
                return block.pattern.format(coordinates)
        where = ", ".join(f"{name} = {value}" for name, value in coordinates.items())
        raise CampaignError(f"no artifact has {where}", key=f"kinds.{kind}")

    def parse(self, path: str) -> tuple[str, dict[str, Value]] | None:
        """The kind and coordinates of an expected artifact's path (relative to the root), or None."""
        for kind, coordinates in self.readings(path):
            if self.expected(kind).index(coordinates) is not None:
                return kind, coordinates
        return None

    def readings(self, path: str) -> Iterator[tuple[str, dict[str, Value]]]:
        """Every kind whose template reads ``path``, with the coordinates, expected or not."""
        for name, kind in self.kinds.items():
            for number, block in enumerate(self.blocks(name)):
                first = block.pattern.pieces[0]
                if isinstance(first, str) and not path.startswith(first):
                    continue
                key = (name, number)
                if key not in self._readers:
                    self._readers[key] = Reader(block.pattern, self.relations.values)
                if (found := self._readers[key].parse(path)) is not None:
                    read = {**block.fixed, **found}
                    yield name, {coordinate: read[coordinate] for coordinate in kind.coordinates}


def _constant(field: Field, value: str | int | float, stream: Stream) -> str:
    try:
        return field.text(value)
    except (ValueError, OverflowError, AttributeError) as error:
        raise CampaignError(f"{field}: {error}; in {stream} it is {value!r}") from error


def catalog_url(campaign_file: Path, stated: str) -> str:
    """The catalog as a path beside the campaign file, or the database URL that is stated."""
    return stated if "://" in stated else str(campaign_file.parent / stated)


def locate_catalog(campaign_file: Path) -> str:
    """The catalog that a campaign file names; nothing else of the campaign is read or checked."""
    return catalog_url(campaign_file, read_toml(campaign_file).campaign.catalog)
