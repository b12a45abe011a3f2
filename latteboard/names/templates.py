"""The grammar of names: templates such as ``{ensemble}_{stream}/prop/{configuration}/prop_{source}.lime``.

A :class:`Template` is text as the campaign states it. Once its parameters are filled in for one ensemble and stream it
is a :class:`Pattern`, which writes the path of given coordinates. :mod:`latteboard.names.parsing` reads a path back.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from string import Formatter
from typing import Self, cast

from latteboard.errors import TemplateError

NUMBER = "[0-9]{1,10}"
SOURCE = re.compile("".join(f"{part}({NUMBER})" for part in "xyzt"))
SOURCE_PARTS = ("x", "y", "z", "t")
INSIDE = "::"  # stands between a container file and the dataset in it
WIDEST = 255  # no file name is longer, so no format may ask for more


@dataclass(frozen=True, order=True)
class Source:
    """Where a quark source sits on the lattice: x, y, z, t in lattice units; written ``x0y1z2t3``."""

    x: int
    y: int
    z: int
    t: int

    def __str__(self) -> str:
        return f"x{self.x}y{self.y}z{self.z}t{self.t}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``x0y1z2t3``; anything else raises :class:`TemplateError`."""
        match = SOURCE.fullmatch(text)
        if match is None:
            raise TemplateError(f"{text!r} is not a source: expected a name such as x0y1z2t3")
        return cls(*map(int, match.groups()))


Value = int | str | Source


@dataclass(frozen=True)
class Field:
    """One name in braces, a coordinate, parameter or derived name: perhaps a part of it (``source.x``), a format."""

    name: str
    part: str | None = None
    spec: str = ""

    def __str__(self) -> str:
        part, spec = f".{self.part}" if self.part else "", f":{self.spec}" if self.spec else ""
        return f"{{{self.name}{part}{spec}}}"

    def meant(self, value: Value) -> Value:
        """``value``, or the part of it that the field names."""
        return value if self.part is None else getattr(value, self.part)

    def text(self, value: Value | float) -> str:
        """Write ``value`` (of the whole coordinate) as the template asks for it."""
        meant = value if isinstance(value, float) else self.meant(value)
        return format(str(meant) if isinstance(meant, Source) else meant, self.spec)


@dataclass(frozen=True)
class Choice:
    """A derived name: its text depends on the value of the coordinate ``on``; ``dt`` is ``-3`` for proton_np."""

    name: str
    on: str
    options: tuple[tuple[Value, "Pieces"], ...]

    def __str__(self) -> str:
        return f"{{{self.name}}}"


Piece = str | Field | Choice
Pieces = tuple[Piece, ...]


def coordinates_of(pieces: Pieces) -> Iterator[str]:
    """The coordinates that ``pieces`` name, themselves or through derived names, in order, repeated as they stand."""
    for piece in pieces:
        if isinstance(piece, Field):
            yield piece.name
        elif isinstance(piece, Choice):
            yield piece.on
            for _, inner in piece.options:
                yield from coordinates_of(inner)


def joined(pieces: Pieces) -> Pieces:
    """``pieces`` with neighbouring literals made one and empty ones dropped."""
    result: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, str) and result and isinstance(result[-1], str):
            result[-1] += piece
        elif piece != "":
            result.append(piece)
    return tuple(result)


def cut(pieces: Pieces) -> tuple[Pieces, Pieces]:
    """What stands before and after the first ``::``; where there is none, everything and nothing."""
    for index, piece in enumerate(pieces):
        if isinstance(piece, str) and INSIDE in piece:
            before, _, after = piece.partition(INSIDE)
            return joined((*pieces[:index], before)), joined((after, *pieces[index + 1 :]))
    return pieces, ()


@dataclass(frozen=True)
class Template:
    """A template as the campaign states it: literal text and fields in turn."""

    pieces: tuple[str | Field, ...]

    def __str__(self) -> str:
        return "".join(p.replace("{", "{{").replace("}", "}}") if isinstance(p, str) else str(p) for p in self.pieces)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a template; unbalanced braces, nested fields, ``!r`` and unknown parts raise :class:`TemplateError`."""
        pieces: list[str | Field] = []
        try:
            for literal, name, spec, conversion in Formatter().parse(text):
                pieces.append(literal)
                if name is not None:
                    if conversion or "{" in (spec or ""):
                        raise ValueError("conversions and nested fields have no meaning here")
                    pieces.append(_field(name, spec or ""))
        except ValueError as error:
            raise TemplateError(f"template {text!r}: {error}") from error
        return cls(cast(tuple[str | Field, ...], joined(tuple(pieces))))

    @property
    def names(self) -> tuple[str, ...]:
        """The names in braces, each once, in order of appearance."""
        return tuple(dict.fromkeys(p.name for p in self.pieces if isinstance(p, Field)))

    @property
    def container(self) -> Self | None:
        """For a path inside HDF5 files the template of the file, which stands before ``::``; else None."""
        before, after = cut(self.pieces)
        return type(self)(cast(tuple[str | Field, ...], before)) if (before, after) != (self.pieces, ()) else None

    def bind(self, resolve: Callable[[Field], Piece]) -> "Pattern":
        """Fill in what is constant: ``resolve`` gives a text, the field itself, or a choice."""
        return Pattern(joined(tuple(p if isinstance(p, str) else resolve(p) for p in self.pieces)))


def _field(name: str, spec: str) -> Field:
    base, dot, part = name.partition(".")
    if not base.isidentifier():
        raise ValueError(f"{{{name}}} is not a name")
    if dot and (base != "source" or part not in SOURCE_PARTS):
        raise ValueError(f"{{{name}}}: only a source has parts, source.x, source.y, source.z and source.t")
    if any(int(number) > WIDEST for number in re.findall(r"[0-9]+", spec)):
        raise ValueError(f"{{{name}:{spec}}}: no name is wider than {WIDEST} characters")
    return Field(base, part if dot else None, spec)


@dataclass(frozen=True)
class Pattern:
    """A template whose parameters are filled in."""

    pieces: Pieces

    def __str__(self) -> str:
        return "".join(map(str, self.pieces))

    @property
    def coordinates(self) -> tuple[str, ...]:
        """The coordinates it names, each once, in order of appearance."""
        return tuple(dict.fromkeys(coordinates_of(self.pieces)))

    def format(self, coordinates: Mapping[str, Value]) -> str:
        """The path of these coordinates."""
        return "".join([piece_text(piece, coordinates) for piece in self.pieces])

    def fill(self, known: Mapping[str, Value]) -> "Pattern":
        """The pattern of what remains when the coordinates in ``known`` are written out."""
        return Pattern(_filled(self.pieces, known))

    def split(self) -> tuple["Pattern", "Pattern"]:
        """Its folder and its file name: the parts before and after the last slash."""
        for index in range(len(self.pieces) - 1, -1, -1):
            piece = self.pieces[index]
            if isinstance(piece, str) and "/" in piece:
                folder, name = piece.rsplit("/", 1)
                rest = self.pieces[index + 1 :]
                return Pattern(joined((*self.pieces[:index], folder))), Pattern(joined((name, *rest)))
        return Pattern(()), self

    def components(self) -> list[Pieces]:
        """Its pieces, one tuple for each part of the path between slashes."""
        parts: list[list[Piece]] = [[]]
        for piece in self.pieces:
            if isinstance(piece, str):
                head, *rest = piece.split("/")
                parts[-1].append(head)
                parts.extend([text] for text in rest)
            else:
                parts[-1].append(piece)
        return [joined(tuple(part)) for part in parts]


def _filled(pieces: Pieces, known: Mapping[str, Value]) -> Pieces:
    result: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, Choice):
            options = {value: _filled(inner, known) for value, inner in piece.options}
            chosen = options[known[piece.on]] if piece.on in known else None
            result += chosen if chosen is not None else (Choice(piece.name, piece.on, tuple(options.items())),)
        elif isinstance(piece, Field) and piece.name in known:
            result.append(piece.text(known[piece.name]))
        else:
            result.append(piece)
    return joined(tuple(result))


def piece_text(piece: Piece, coordinates: Mapping[str, Value]) -> str:
    """What one piece says for these coordinates."""
    if isinstance(piece, str):
        return piece
    if isinstance(piece, Field):
        return piece.text(coordinates[piece.name])
    pieces = dict(piece.options)[coordinates[piece.on]]
    return "".join(piece_text(inner, coordinates) for inner in pieces)


def piece_texts(piece: Piece, values: Mapping[str, Collection[Value]]) -> list[str]:
    """Every text that a piece can give, each once."""
    if isinstance(piece, str):
        return [piece]
    if isinstance(piece, Field):
        return list(dict.fromkeys(piece.text(value) for value in values[piece.name]))
    texts = (product(*(piece_texts(inner, values) for inner in pieces)) for _, pieces in piece.options)
    return list(dict.fromkeys("".join(parts) for option in texts for parts in option))
