"""What the catalog knows of the campaign: kinds, their coordinates, needs and paths, as it keeps them itself.

With it a catalog answers questions without the campaign file.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Self

from latteboard.campaign.entries import Entries, NeedEntry
from latteboard.names.patterns import Pattern
from latteboard.names.templates import Choice, Field, Piece, Source, Value

if TYPE_CHECKING:
    from latteboard.campaign import Campaign

Patterns = tuple[tuple[Mapping[str, str], Pattern], ...]


@dataclass(frozen=True)
class KindModel:
    """One kind as the catalog keeps it.

    Attributes
    ----------
    id, position : number of the kind, which never changes, and its place in the order of the production
    numeric : those of its coordinates whose values are whole numbers, stored as they are; the others are stored as codes
    patterns : how its paths are written, with the ensemble and stream that each pattern holds for
    also : the further templates of its paths, as the campaign states them
    further : their patterns, as in ``patterns``, for each of them
    roots : the roots below which its files are looked for, as the campaign states them
    entries : for each kind that it needs the entries of ``needs``
    """

    id: int
    position: int
    name: str
    path: str
    coordinates: tuple[str, ...]
    numeric: tuple[str, ...]
    needs: tuple[str, ...]
    temporary: bool
    given: bool
    stale: bool
    made_with: str | None
    reduced: bool
    inside: bool
    archive: str | None
    patterns: Patterns
    # An older catalog lacks these; an index makes it anew.
    also: tuple[str, ...] = ()
    further: tuple[Patterns, ...] = ()
    roots: tuple[str, ...] = ()
    entries: Entries = field(default_factory=dict)
    description: str | None = None

    @property
    def leader(self) -> str:
        """The kind whose job makes it: itself, or the one that it is made with."""
        return self.made_with or self.name

    @property
    def templates(self) -> tuple[Patterns, ...]:
        """The patterns of each of its templates; the number of a place is that of a root times their number, plus their own."""
        return self.patterns, *self.further

    @property
    def pieces(self) -> Iterator[Piece]:
        """The pieces of all patterns of all its templates."""
        return (piece for patterns in self.templates for _, pattern in patterns for piece in pattern.pieces)

    @property
    def places(self) -> int:
        """In how many places each of its artifacts is looked for."""
        return len(self.roots) * len(self.templates)

    @property
    def conditions(self) -> list[tuple[str, str]]:
        """Each kind that it needs, and the conditions of its entries in words; empty where one has none."""
        return [(need, "; ".join(one.conditions for one in entries)) for need, entries in self.entries.items()]

    def to_json(self) -> str:
        """As text for the catalog."""
        plain = {name: getattr(self, name) for name in self.__dataclass_fields__}
        plain["patterns"] = _patterns_to_json(self.patterns)
        plain["further"] = [_patterns_to_json(patterns) for patterns in self.further]
        plain["entries"] = {need: list(map(asdict, entries)) for need, entries in self.entries.items()}
        return json.dumps(plain)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read back what :meth:`to_json` wrote."""
        plain = json.loads(text)
        for name in ("coordinates", "numeric", "needs", "also", "roots"):
            plain[name] = tuple(plain.get(name, ()))
        plain["patterns"] = _patterns_from_json(plain["patterns"])
        plain["further"] = tuple(map(_patterns_from_json, plain.get("further", ())))
        stated = plain.get("entries", {need: [{"kind": need}] for need in plain["needs"]})
        plain["entries"] = {need: tuple(NeedEntry(**entry) for entry in entries) for need, entries in stated.items()}
        return cls(**plain)


def kind_models(campaign: "Campaign", ids: Mapping[str, int]) -> list[KindModel]:
    """The campaign's kinds in the order of the production; a kind that ``ids`` does not have gets a new number."""
    models = []
    unused = max(ids.values(), default=0) + 1
    for position, kind in enumerate(campaign.kinds.values()):
        number = ids.get(kind.name)
        if number is None:
            number, unused = unused, unused + 1
        models.append(
            KindModel(
                id=number,
                position=position,
                name=kind.name,
                path=str(kind.template),
                coordinates=kind.coordinates,
                numeric=tuple(name for name in kind.coordinates if is_numeric(campaign.values_of(name))),
                needs=kind.needs,
                temporary=kind.table.temporary,
                given=kind.table.given,
                stale=kind.table.stale != "never",
                made_with=kind.table.made_with,
                reduced=kind.reduced,
                inside=kind.inside,
                archive=kind.table.archive,
                patterns=_patterns(campaign, kind.name, 0),
                also=tuple(map(str, kind.templates[1:])),
                further=tuple(_patterns(campaign, kind.name, number) for number in range(1, len(kind.templates))),
                roots=tuple(root.stated for root in campaign.roots),
                entries=kind.entries,
                description=kind.table.description,
            )
        )
    return models


def _patterns(campaign: "Campaign", kind: str, template: int) -> Patterns:
    return tuple((block.fixed, block.pattern) for block in campaign.blocks(kind, template))


def is_numeric(values: Iterable[Value]) -> bool:
    """Whether a coordinate's values are whole numbers."""
    return all(isinstance(value, int) for value in values)


def _patterns_to_json(patterns: Patterns) -> Any:
    return [[fixed, [_piece_to_json(p) for p in pattern.pieces]] for fixed, pattern in patterns]


def _patterns_from_json(plain: Any) -> Patterns:
    return tuple((fixed, Pattern(tuple(_piece_from_json(p) for p in pieces))) for fixed, pieces in plain)


def _piece_to_json(piece: Piece) -> Any:
    if isinstance(piece, str):
        return piece
    if isinstance(piece, Field):
        return {"name": piece.name, "part": piece.part, "spec": piece.spec}
    options = [
        [str(value) if isinstance(value, Source) else value, [_piece_to_json(p) for p in pieces]]
        for value, pieces in piece.options
    ]
    return {"name": piece.name, "on": piece.on, "options": options}


def _piece_from_json(plain: Any) -> Piece:
    if isinstance(plain, str):
        return plain
    if "on" not in plain:
        return Field(**plain)
    options = tuple((value, tuple(_piece_from_json(p) for p in pieces)) for value, pieces in plain["options"])
    return Choice(plain["name"], plain["on"], options)
