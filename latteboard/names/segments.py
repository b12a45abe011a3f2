"""Segments of a pattern: the shortest runs of pieces of which the text determines the coordinates.

A field is parsed from the left. It ends unambiguously if none of its possible texts, continued by the literal that follows,
is the beginning of another such text. Where this fails, the field is joined with the next piece and tested again; the
result is a segment.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise, product
from math import prod

from latteboard.errors import TemplateError
from latteboard.names.templates import Choice, Field, Piece, Pieces, Value, coordinates_of, piece_text, piece_texts

Values = Mapping[str, Collection[Value]]  # the possible values of each coordinate
LARGEST = 200_000  # texts of one segment or derived name; more take seconds to compare
PADDED = re.compile(r"0[0-9]+d?")


def segments(component: Pieces, values: Values) -> list[Pieces]:
    """The segments of one component of a path.

    Examples
    --------
    >>> values = {"flavor": ["u", "ud"], "particle": ["pion", "proton"]}
    >>> [len(segment) for segment in segments((Field("flavor"), "_", Field("particle")), values)]
    [1, 1, 1]

    Raises
    ------
    TemplateError : even the whole component is ambiguous, or a segment has too many texts to compare.
    """
    rest = list(component)
    found: list[Pieces] = []
    while rest:
        segment = [rest.pop(0)]
        while not _ends_unambiguously(segment, rest[:1], values):
            if not rest:
                raise _ambiguous(segment)
            segment.append(rest.pop(0))
        found.append(tuple(segment))
    return found


def _ends_unambiguously(segment: Sequence[Piece], following: Sequence[Piece], values: Values) -> bool:
    if len(segment) == 1 and (isinstance(segment[0], str) or is_whole_number(segment[0], following, values)):
        return True
    sets = [piece_texts(piece, values) for piece in segment]
    if prod(map(len, sets)) > LARGEST:
        raise _ambiguous(segment)
    end = following[0] if following and isinstance(following[0], str) else "" if following else "/"
    texts = sorted("".join(parts) + end for parts in product(*sets))
    # In sorted order a text that is the beginning of others comes directly before one of these.
    return not any(after.startswith(before) for before, after in pairwise(texts))


def _ambiguous(segment: Sequence[Piece]) -> TemplateError:
    names = " and ".join([str(piece) for piece in segment if not isinstance(piece, str)][:2])
    return TemplateError(f"{names} cannot be told apart when a path is read back: put a separator between them")


def is_whole_number(piece: Piece, following: Sequence[Piece], values: Values) -> bool:
    """Whether a piece is a number or source of which the end is certain, because no digit can follow.

    Such a piece is parsed even if its value is not one of the expected ones.
    """
    if not isinstance(piece, Field):
        return False
    kind = int if piece.part else type(next(iter(values[piece.name]), ""))
    plain = not piece.spec or (kind is int and PADDED.fullmatch(piece.spec) is not None)
    return plain and kind is not str and not any(_may_begin_with_digit(after, values) for after in following[:1])


def _may_begin_with_digit(piece: Piece, values: Values) -> bool:
    if isinstance(piece, Field) and not piece.part and not piece.spec:
        first = next(iter(values[piece.name]), "")
        if not isinstance(first, str):
            return isinstance(first, int)
    # An empty text lets the next piece begin in its place, and that may be a digit.
    return any(text[:1].isdigit() or not text for text in piece_texts(piece, values))


def choice_table(choice: Choice, values: Values) -> dict[str, list[dict[str, Value]]]:
    """The coordinates that give each text of a derived name.

    Examples
    --------
    >>> dt = Choice("dt", "particle", (("proton", (Field("t"),)), ("proton_np", ("-", Field("t")))))
    >>> choice_table(dt, {"particle": ["proton", "proton_np"], "t": [3]})
    {'3': [{'particle': 'proton', 't': 3}], '-3': [{'particle': 'proton_np', 't': 3}]}

    Raises
    ------
    TemplateError : there are too many texts.
    """
    table: dict[str, list[dict[str, Value]]] = {}
    for value, pieces in choice.options:
        names = [name for name in dict.fromkeys(coordinates_of(pieces)) if name != choice.on]
        if prod(len(values[name]) for name in names) * len(choice.options) > LARGEST:
            raise TemplateError(f"{choice} can give more than {LARGEST} texts: name fewer coordinates in it")
        for combination in product(*(values[name] for name in names)):
            coordinates = {choice.on: value, **dict(zip(names, combination, strict=True))}
            table.setdefault("".join(piece_text(piece, coordinates) for piece in pieces), []).append(coordinates)
    return table
