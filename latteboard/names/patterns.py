"""Patterns: templates of which only coordinates are left, and the paths that they give."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Self

from latteboard.names.templates import (
    Choice,
    Field,
    Piece,
    Pieces,
    Template,
    Value,
    coordinates_of,
    merge_literals,
    piece_text,
)


@dataclass(frozen=True)
class Pattern:
    """The name of artifacts as literal text, coordinates and derived names in turn.

    Examples
    --------
    >>> template = Template.parse("{stream}/prop_mq{mq}_{configuration:04d}.lime")
    >>> pattern = Pattern.bind(template, lambda field: "0.00951" if field.name == "mq" else field)
    >>> pattern.coordinates
    ('stream', 'configuration')
    >>> pattern.format({"stream": "e", "configuration": 300})
    'e/prop_mq0.00951_0300.lime'
    >>> str(pattern.fill({"stream": "e"}))
    'e/prop_mq0.00951_{configuration:04d}.lime'
    """

    pieces: Pieces

    def __str__(self) -> str:
        return "".join(map(str, self.pieces))

    @classmethod
    def bind(cls, template: Template, resolve: Callable[[Field], Piece]) -> Self:
        """The pattern of a template.

        Parameters
        ----------
        resolve : gives the piece for each field: the text of a parameter, the :class:`Choice` of a derived name, the
            field itself for a coordinate
        """
        return cls(merge_literals(tuple(p if isinstance(p, str) else resolve(p) for p in template.pieces)))

    @property
    def coordinates(self) -> tuple[str, ...]:
        """The coordinates that the pattern names, each once, in order of appearance."""
        return tuple(dict.fromkeys(coordinates_of(self.pieces)))

    def format(self, coordinates: Mapping[str, Value]) -> str:
        """The path of the artifact with these coordinates."""
        return "".join([piece_text(piece, coordinates) for piece in self.pieces])

    def fill(self, known: Mapping[str, Value]) -> "Pattern":
        """The pattern that is left when the coordinates in ``known`` are replaced by their values."""
        return Pattern(_filled(self.pieces, known))

    def split(self) -> tuple["Pattern", "Pattern"]:
        """The patterns of the folder and of the file name: before and after the last slash."""
        for index in range(len(self.pieces) - 1, -1, -1):
            piece = self.pieces[index]
            if isinstance(piece, str) and "/" in piece:
                folder, name = piece.rsplit("/", 1)
                rest = self.pieces[index + 1 :]
                return (
                    Pattern(merge_literals((*self.pieces[:index], folder))),
                    Pattern(merge_literals((name, *rest))),
                )
        return Pattern(()), self

    def components(self) -> list[Pieces]:
        """The pieces of each component of the path, as slashes separate them."""
        parts: list[list[Piece]] = [[]]
        for piece in self.pieces:
            if isinstance(piece, str):
                head, *rest = piece.split("/")
                parts[-1].append(head)
                parts.extend([text] for text in rest)
            else:
                parts[-1].append(piece)
        return [merge_literals(tuple(part)) for part in parts]


def _filled(pieces: Pieces, known: Mapping[str, Value]) -> Pieces:
    result: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, Choice):
            # A derived name disappears once its coordinate is known; what is left of its text may still vary.
            options = {value: _filled(inner, known) for value, inner in piece.options}
            chosen = options[known[piece.on]] if piece.on in known else None
            result += chosen if chosen is not None else (Choice(piece.name, piece.on, tuple(options.items())),)
        elif isinstance(piece, Field) and piece.name in known:
            result.append(piece.text(known[piece.name]))
        else:
            result.append(piece)
    return merge_literals(tuple(result))
