"""The grammar of names: templates such as ``{ensemble}_{stream}/prop/{configuration}/prop_{source}.lime``.

A :class:`Template` is text as the campaign states it. Once its parameters are replaced by their values in one stream it is
a :class:`~latteboard.names.patterns.Pattern`, which gives the paths of artifacts; :mod:`latteboard.names.parsing` is the
inverse. Both consist of pieces: literal text, fields and derived names in turn.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from string import Formatter
from typing import Self, cast

from latteboard.errors import TemplateError

NUMBER = "[0-9]{1,10}"
SOURCE = re.compile("".join(f"{part}({NUMBER})" for part in "xyzt"))
SOURCE_PARTS = ("x", "y", "z", "t")
INSIDE = "::"  # separates a container file from the path of a dataset in it
WIDEST = 255  # no file name may be longer, so no format may ask for a wider field


@dataclass(frozen=True, order=True)
class Source:
    """The position of a quark source on the lattice, written ``x0y1z2t3``.

    Attributes
    ----------
    x, y, z, t : in lattice units

    Examples
    --------
    >>> str(Source(3, 3, 19, 62))
    'x3y3z19t62'
    >>> Source.parse("x3y3z19t62")
    Source(x=3, y=3, z=19, t=62)
    """

    x: int
    y: int
    z: int
    t: int

    def __str__(self) -> str:
        return f"x{self.x}y{self.y}z{self.z}t{self.t}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse a text such as ``x0y1z2t3``; any other raises :class:`TemplateError`."""
        match = SOURCE.fullmatch(text)
        if match is None:
            raise TemplateError(f"{text!r} is not a source: expected a name such as x0y1z2t3")
        return cls(*map(int, match.groups()))


Value = int | str | Source  # of a coordinate


@dataclass(frozen=True)
class Field:
    """A name in braces: a coordinate, parameter or derived name, or one coordinate of a source, with an optional format.

    Attributes
    ----------
    part : ``x``, ``y``, ``z`` or ``t`` of ``{source.x}`` and its like; None for the whole value
    spec : the format after the colon, as in Python's ``format``; may be empty

    Examples
    --------
    >>> Field("configuration", spec="05d").text(300)
    '00300'
    >>> Field("source", part="t").text(Source(3, 3, 19, 62))
    '62'
    """

    name: str
    part: str | None = None
    spec: str = ""

    def __str__(self) -> str:
        part, spec = f".{self.part}" if self.part else "", f":{self.spec}" if self.spec else ""
        return f"{{{self.name}{part}{spec}}}"

    def part_of(self, value: Value) -> Value:
        """The part of a coordinate's value that the field names; the whole value if it names no part."""
        return value if self.part is None else getattr(value, self.part)

    def text(self, value: Value | float) -> str:
        """The text of the field where its coordinate or parameter has this value."""
        own = value if isinstance(value, float) else self.part_of(value)
        return format(str(own) if isinstance(own, Source) else own, self.spec)


@dataclass(frozen=True)
class Choice:
    """A derived name: its text depends on the value of one coordinate, as ``dt`` is ``3`` for proton and ``-3`` for proton_np.

    Attributes
    ----------
    on : the coordinate
    options : each value of the coordinate with the pieces that stand for the name
    """

    name: str
    on: str
    options: tuple[tuple[Value, "Pieces"], ...]

    def __str__(self) -> str:
        return f"{{{self.name}}}"


Piece = str | Field | Choice
Pieces = tuple[Piece, ...]


def coordinates_of(pieces: Pieces) -> Iterator[str]:
    """The coordinates that pieces name, directly or through derived names, in order and with repetitions."""
    for piece in pieces:
        if isinstance(piece, Field):
            yield piece.name
        elif isinstance(piece, Choice):
            yield piece.on
            for _, inner in piece.options:
                yield from coordinates_of(inner)


def merge_literals(pieces: Pieces) -> Pieces:
    """The same pieces with neighbouring literals merged and empty ones dropped.

    Examples
    --------
    >>> merge_literals(("a", "", "b", Field("source"), ""))
    ('ab', Field(name='source', part=None, spec=''))
    """
    result: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, str) and result and isinstance(result[-1], str):
            result[-1] += piece
        elif piece != "":
            result.append(piece)
    return tuple(result)


def split_inside(pieces: Pieces) -> tuple[Pieces, Pieces]:
    """The pieces of a file and those of a dataset in it: before and after the first ``::``.

    The second is empty where there is no ``::``.

    Examples
    --------
    >>> split_inside(("flow.h5::t/", Field("configuration")))
    (('flow.h5',), ('t/', Field(name='configuration', part=None, spec='')))
    """
    for index, piece in enumerate(pieces):
        if isinstance(piece, str) and INSIDE in piece:
            before, _, after = piece.partition(INSIDE)
            return merge_literals((*pieces[:index], before)), merge_literals((after, *pieces[index + 1 :]))
    return pieces, ()


def piece_text(piece: Piece, coordinates: Mapping[str, Value]) -> str:
    """The text of one piece for an artifact with these coordinates."""
    if isinstance(piece, str):
        return piece
    if isinstance(piece, Field):
        return piece.text(coordinates[piece.name])
    pieces = dict(piece.options)[coordinates[piece.on]]
    return "".join(piece_text(inner, coordinates) for inner in pieces)


def piece_texts(piece: Piece, values: Mapping[str, Collection[Value]]) -> list[str]:
    """The texts that a piece has for all ``values`` of its coordinates, each once."""
    if isinstance(piece, str):
        return [piece]
    if isinstance(piece, Field):
        return list(dict.fromkeys(piece.text(value) for value in values[piece.name]))
    texts = (product(*(piece_texts(inner, values) for inner in pieces)) for _, pieces in piece.options)
    return list(dict.fromkeys("".join(parts) for option in texts for parts in option))


@dataclass(frozen=True)
class Template:
    """A template as the campaign states it: literal text and fields in turn.

    Examples
    --------
    >>> template = Template.parse("prop/{configuration}/prop_mq{mq}_{source}.lime")
    >>> template.names
    ('configuration', 'mq', 'source')
    >>> str(template)
    'prop/{configuration}/prop_mq{mq}_{source}.lime'
    """

    pieces: tuple[str | Field, ...]

    def __str__(self) -> str:
        return "".join(p.replace("{", "{{").replace("}", "}}") if isinstance(p, str) else str(p) for p in self.pieces)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse the text of a template; ``{{`` and ``}}`` stand for braces.

        Raises
        ------
        TemplateError : braces are unbalanced or nested, a conversion such as ``!r`` is stated, a name is none, a part is
            not one of a source, or a format asks for more than 255 characters.
        """
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
        return cls(cast(tuple[str | Field, ...], merge_literals(tuple(pieces))))

    @property
    def names(self) -> tuple[str, ...]:
        """The names in braces, each once, in order of appearance."""
        return tuple(dict.fromkeys(p.name for p in self.pieces if isinstance(p, Field)))

    @property
    def is_folder(self) -> bool:
        """Whether the artifacts are folders: the text ends in ``/``."""
        last = self.pieces[-1] if self.pieces else ""
        return isinstance(last, str) and last.endswith("/")

    @property
    def container(self) -> Self | None:
        """The template of the HDF5 file that holds the artifacts, before ``::``; None if the artifacts are files."""
        before, after = split_inside(self.pieces)
        return type(self)(cast(tuple[str | Field, ...], before)) if (before, after) != (self.pieces, ()) else None


def _field(name: str, spec: str) -> Field:
    base, dot, part = name.partition(".")
    if not base.isidentifier():
        raise ValueError(f"{{{name}}} is not a name")
    if dot and (base != "source" or part not in SOURCE_PARTS):
        raise ValueError(f"{{{name}}}: only a source has parts, source.x, source.y, source.z and source.t")
    if any(int(number) > WIDEST for number in re.findall(r"[0-9]+", spec)):
        raise ValueError(f"{{{name}:{spec}}}: no name is wider than {WIDEST} characters")
    return Field(base, part if dot else None, spec)
