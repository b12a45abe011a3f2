"""The definition of a campaign: its streams, kinds and relations, and the artifacts that follow from them."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from latteboard.campaign.axis_builder import axes_of
from latteboard.campaign.conditions import links_of
from latteboard.campaign.expected import Block, Expected
from latteboard.campaign.kinds import Kind, read_kind
from latteboard.campaign.left_out import EXPECTED, LeftOut, concerns, entry_of_rows
from latteboard.campaign.lists import Lists
from latteboard.campaign.needs import Links
from latteboard.campaign.relation_builder import build_relations
from latteboard.campaign.relations import MAIN, Columns, Relations
from latteboard.campaign.streams import Stream, read_streams
from latteboard.campaign.tables import CampaignTable, LeaveOutTable
from latteboard.campaign.vocabulary import axes, check_vocabulary, coordinates_named, kinds_in_order, names_in
from latteboard.errors import CampaignError, Mistakes, within
from latteboard.names.patterns import Pattern
from latteboard.names.templates import Choice, Field, Piece, Template, Value

PLACE = ("ensemble", "stream")  # the coordinates of a stream


class Definition:
    """The content of a campaign file and of its lists; names are checked, the rest is checked by :class:`Campaign`.

    Attributes
    ----------
    table : the content of the campaign file
    mistakes : all that has been found wrong; what is wrong is left out of streams, kinds and relations
    streams : in the order of the campaign
    kinds : by name, in the order of the production: inputs before products
    in_circle : whether some kinds need each other in a circle, so that there is no such order
    """

    def __init__(self, table: CampaignTable, folder: Path) -> None:
        """Read the lists that ``table`` names, relative to ``folder``.

        Nothing is raised: names that are reserved, taken or unknown, kinds that need each other in a circle and lists that
        are not readable are among ``mistakes``.
        """
        self.table = table
        self.mistakes = Mistakes()
        self._expected: dict[tuple[str, int], Expected] = {}
        self._whole: dict[tuple[object, ...], Columns] = {}
        self._entries: dict[str, NDArray[np.int64]] = {}
        self._left_out: dict[str, LeftOut] = {}
        self._blocks: dict[tuple[str, int], list[Block]] = {}
        with self.mistakes.keep():
            check_vocabulary(table)
        lists = Lists(folder)
        self.streams = read_streams(table, lists, self.mistakes)
        self._relations: Relations | None = None
        with self.mistakes.keep():
            self._relations = build_relations(self.streams, self.axes, table, lists)
        self.kinds: dict[str, Kind] = {}
        self.in_circle = True
        ordered = [*table.kinds]
        with self.mistakes.keep():
            ordered = kinds_in_order(table)
            self.in_circle = False
        for name in ordered:
            with self.mistakes.keep(f"kinds.{name}"):
                self.kinds[name] = read_kind(table, name, self.mistakes)

    # -- names -------------------------------------------------------------------------------------------------------

    @property
    def axes(self) -> list[str]:
        """The names of the axes, without the coordinates of the source lists, in the campaign's order."""
        return axes(self.table)

    def names_in(self, template: Template) -> set[str]:
        """The coordinates, parameters and constants that a template names, directly or through derived names."""
        return names_in(template, self.table)

    def coordinates_named(self, template: Template) -> tuple[str, ...]:
        """The coordinates that a template names, directly or through derived names, in canonical order."""
        return coordinates_named(template, self.table)

    def values_of(self, name: str) -> Sequence[Value]:
        """The values of a coordinate in all ensembles together: numbers ascending, texts in the campaign's order."""
        return self.relations.values[name]

    def bind(self, template: Template, stream: Stream) -> Pattern:
        """The pattern of a template in one stream: parameters, L, T, ensemble and stream are replaced by their values."""
        constants = {**stream.constants, **stream.place}

        def resolve(field: Field) -> Piece:
            if field.name in constants:
                return _constant_text(field, constants[field.name], stream)
            if field.name not in self.table.derive:
                return field
            if self.mistakes.at(f"derive.{field.name}"):
                raise CampaignError(())
            derived = self.table.derive[field.name]
            by_text = {str(value): value for value in self.values_of(derived.on)}
            options = tuple(
                (by_text[value], Pattern.bind(Template.parse(text), resolve).pieces)
                for value, text in derived.values.items()
            )
            return Choice(field.name, derived.on, options)

        # A derived name that depends on the ensemble or stream has one text here.
        return Pattern.bind(template, resolve).fill(stream.place)

    # -- expected artifacts ------------------------------------------------------------------------------------------

    @property
    def relations(self) -> Relations:
        """The source lists and the axes as relations of codes.

        Raises
        ------
        CampaignError : without mistakes, since what is wrong with a list or an axis has been found already.
        """
        if self._relations is None or self.mistakes.at("ensembles", "axes"):
            raise CampaignError(())
        return self._relations

    def expected(self, kind: str, template: int = 0) -> Expected:
        """Every expected artifact of a kind, with its paths under one of the kind's templates."""
        key = kind, template
        if key not in self._expected:
            # The rows are the same under each template, and are shared.
            rows = self.expected(kind).rows if template else self._rows(self.kinds[kind])
            self._expected[key] = Expected(self.relations, rows, self.blocks(kind, template))
        return self._expected[key]

    def _rows(self, kind: Kind) -> Columns:
        whole = self.whole(kind.name)
        if not any(concerns(entry, kind) for entry in self.leave_out.values()):
            return whole
        kept = self.entries_of(kind.name) == EXPECTED
        return {name: column[kept] for name, column in whole.items()}

    @property
    def leave_out(self) -> dict[int, LeaveOutTable]:
        """The entries of ``[[leave_out]]`` by number, without those in which something is wrong."""
        stated = enumerate(self.table.leave_out)
        return {number: entry for number, entry in stated if not self.mistakes.at(f"leave_out[{number}]")}

    def whole(self, kind: str) -> Columns:
        """The artifacts of a kind, those that are left out among them."""
        stated = self.kinds[kind]
        # Kinds of the same coordinates share their rows: there are many million.
        alike = stated.coordinates, tuple((name, *map(str, values)) for name, values in stated.table.only.items())
        if alike not in self._whole:
            self._whole[alike] = self.relations.restrict(self.relations.table(stated.coordinates), stated.table.only)
        return self._whole[alike]

    def entries_of(self, kind: str) -> NDArray[np.int64]:
        """For each artifact of :meth:`whole` the entry of ``[[leave_out]]`` that takes it away, ``EXPECTED`` where none does."""
        if kind not in self._entries:
            self._entries[kind] = entry_of_rows(self.leave_out, self.relations, self.kinds[kind], self.whole(kind))
        return self._entries[kind]

    def left_out(self, kind: str) -> LeftOut:
        """The artifacts of a kind that are left out."""
        if kind not in self._left_out:
            entries = self.entries_of(kind)
            taken = entries != EXPECTED
            rows = {name: column[taken] for name, column in self.whole(kind).items()}
            self._left_out[kind] = LeftOut(Expected(self.relations, rows, self.blocks(kind)), entries[taken])
        return self._left_out[kind]

    def left_out_reason(self, kind: str, coordinates: Mapping[str, Value]) -> str | None:
        """Why an artifact is left out; None if it is not."""
        if not any(concerns(entry, self.kinds[kind]) for entry in self.leave_out.values()):
            return None
        left_out = self.left_out(kind)
        row = left_out.artifacts.index(coordinates)
        return None if row is None else self.table.leave_out[left_out.entries[row]].reason

    def links(self, kind: str, need: str) -> Links:
        """Which artifact of a kind needs which of another, by the rows that are expected of each."""
        entries = self.kinds[kind].entries[need]
        return links_of(self.relations, entries, self.expected(kind).rows, self.expected(need).rows)

    def blocks(self, kind: str, template: int = 0) -> list[Block]:
        """The naming blocks of a kind under one of its templates: one for each ensemble and stream that paths distinguish.

        Raises
        ------
        CampaignError : a template has no text in a stream, or streams that it does not distinguish differ; its key is one of
            the kind's table.
        """
        key = kind, template
        if key not in self._blocks:
            self._blocks[key] = list(self._each_block(self.kinds[kind], template))
        return self._blocks[key]

    def _each_block(self, kind: Kind, template: int) -> Iterator[Block]:
        place = kind.table.path_keys[template]
        first: dict[tuple[tuple[str, str], ...], tuple[Stream, object]] = {}
        for stream in self.streams_of(kind):
            fixed = {name: value for name, value in stream.place.items() if name in kind.coordinates}
            with within(place):
                pattern = self.bind(kind.templates[template], stream)
            block = Block(fixed, pattern, stream.numbers, kind.min_bytes)
            content = block.pattern, {name: stream.numbers.get(name) for name in kind.min_bytes.names}
            if (key := tuple(fixed.items())) not in first:
                first[key] = stream, content
                yield block
            elif first[key][1] != content:
                # One path for two streams has one name and one least size, so both must give the same.
                raise CampaignError(
                    f"a parameter in it, or in min_bytes, differs between {first[key][0]} and {stream}: name "
                    f"{' and '.join(f'{{{name}}}' for name in PLACE if name not in fixed)} too",
                    key=place,
                )

    def streams_of(self, kind: Kind) -> list[Stream]:
        """The streams in which the kind is expected: those that have all its coordinates and that its ``only`` allows."""
        has = self.coordinates_of
        return [stream for stream in self._allowed(kind) if has[stream.ensemble].issuperset(kind.coordinates)]

    def lacking(self) -> dict[str, list[str]]:
        """The kinds that have no artifact in an ensemble, since it does not have all their coordinates; by ensemble.

        Ensembles that a kind is kept from by its ``only`` do not count.
        """
        lacking: dict[str, list[str]] = {}
        for name, kind in self.kinds.items():
            has = {stream.ensemble for stream in self.streams_of(kind)}
            for ensemble in dict.fromkeys(stream.ensemble for stream in self._allowed(kind)):
                if ensemble not in has:
                    lacking.setdefault(ensemble, []).append(name)
        return {ensemble: lacking[ensemble] for ensemble in self.table.ensembles if ensemble in lacking}

    @cached_property
    def coordinates_of(self) -> Mapping[str, set[str]]:
        """The coordinates that each ensemble has; all its streams have the same."""
        return {
            stream.ensemble: {*MAIN, *axes_of(self.table, stream.ensemble)} - stream.absent for stream in self.streams
        }

    def _allowed(self, kind: Kind) -> list[Stream]:
        """The streams that the ``only`` of a kind allows."""
        ensembles, streams = (kind.table.only.get(name) for name in PLACE)
        return [
            stream
            for stream in self.streams
            if (ensembles is None or stream.ensemble in ensembles)
            and (streams is None or stream.name is None or stream.name in streams)
        ]

    def stream(self, coordinates: Mapping[str, Value]) -> Stream:
        """The first stream that agrees with the ensemble and the stream in ``coordinates``, either of which may be absent.

        Raises
        ------
        CampaignError : there is none.
        """
        here = {name: coordinates[name] for name in PLACE if name in coordinates}
        for stream in self.streams:
            if here.items() <= stream.place.items():
                return stream
        raise CampaignError(
            f"there is no {' '.join(f'{name} {value}' for name, value in here.items())}", key="ensembles"
        )


def _constant_text(field: Field, value: str | int | float, stream: Stream) -> str:
    try:
        return field.text(value)
    except (ValueError, OverflowError, AttributeError) as error:
        raise CampaignError(f"{field}: {error}; in {stream} it is {value!r}") from error
