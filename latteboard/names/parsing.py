"""Reads names back: where one name ends and the next begins, and which coordinates a text stands for.

Read from the left, a name is found without doubt if no text it can have, with the literal that follows, begins another
such text. Where that fails, the name is taken together with the next one and looked at again: that is a *segment*.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise, product
from math import prod

from latteboard.errors import TemplateError
from latteboard.names.templates import (
    SOURCE,
    SOURCE_PARTS,
    Choice,
    Field,
    Pattern,
    Piece,
    Pieces,
    Source,
    Value,
    coordinates_of,
    piece_text,
    piece_texts,
)

Values = Mapping[str, Collection[Value]]
LARGEST = 200_000  # texts of names that stand together, or of a derived name; more take seconds to compare
PADDED = re.compile(r"0[0-9]+d?")


def segments(component: Pieces, values: Values) -> list[Pieces]:
    """The segments of one part of a path between slashes; :class:`TemplateError` if it cannot be read back."""
    rest = list(component)
    found: list[Pieces] = []
    while rest:
        segment = [rest.pop(0)]
        while not _ends_clearly(segment, rest[:1], values):
            if not rest:
                raise _too_close(segment)
            segment.append(rest.pop(0))
        found.append(tuple(segment))
    return found


def _ends_clearly(segment: Sequence[Piece], following: Sequence[Piece], values: Values) -> bool:
    if len(segment) == 1 and (isinstance(segment[0], str) or is_whole(segment[0], following, values)):
        return True
    sets = [piece_texts(piece, values) for piece in segment]
    if prod(map(len, sets)) > LARGEST:
        raise _too_close(segment)
    end = following[0] if following and isinstance(following[0], str) else "" if following else "/"
    texts = sorted("".join(parts) + end for parts in product(*sets))
    return not any(after.startswith(before) for before, after in pairwise(texts))


def _too_close(segment: Sequence[Piece]) -> TemplateError:
    names = " and ".join([str(piece) for piece in segment if not isinstance(piece, str)][:2])
    return TemplateError(f"{names} cannot be told apart when a path is read back: put a separator between them")


def is_whole(piece: Piece, following: Sequence[Piece], values: Values) -> bool:
    """Whether it is a number or source that what follows cannot prolong; its unknown values can then be read too."""
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
    # An empty text lets the next name begin in its place, whatever that is.
    return any(text[:1].isdigit() or not text for text in piece_texts(piece, values))


def choice_table(choice: Choice, values: Values) -> dict[str, list[dict[str, Value]]]:
    """For each text of a derived name the coordinates that give it."""
    table: dict[str, list[dict[str, Value]]] = {}
    for value, pieces in choice.options:
        names = [name for name in dict.fromkeys(coordinates_of(pieces)) if name != choice.on]
        if prod(len(values[name]) for name in names) * len(choice.options) > LARGEST:
            raise TemplateError(f"{choice} can give more than {LARGEST} texts: name fewer coordinates in it")
        for combination in product(*(values[name] for name in names)):
            coordinates = {choice.on: value, **dict(zip(names, combination, strict=True))}
            table.setdefault("".join(piece_text(piece, coordinates) for piece in pieces), []).append(coordinates)
    return table


class Reader:
    """Reads the coordinates of a path written by ``pattern``, given the values that each coordinate can take.

    A number or source that stands apart is read although it is none of these values, so that a file of an unknown
    configuration is recognised for what it is.
    """

    def __init__(self, pattern: Pattern, values: Values) -> None:
        self._pattern = pattern
        self._values = values
        # Group of the expression, name, what its texts stand for; None where a text is read as what it says.
        self._fields: list[tuple[int, Field, dict[str, Value] | None]] = []
        self._choices: list[tuple[int, dict[str, list[dict[str, Value]]]]] = []
        self._regex = re.compile("/".join(map(self._expression, pattern.components())), re.DOTALL)

    def _expression(self, component: Pieces) -> str:
        result = ""
        position = 0
        for segment in segments(component, self._values):
            for piece in segment:
                position += 1
                following = component[position : position + 1]
                whole = len(segment) == 1 and is_whole(piece, following, self._values)
                result += re.escape(piece) if isinstance(piece, str) else f"({self._group(piece, whole=whole)})"
        return result

    def _group(self, piece: Field | Choice, *, whole: bool) -> str:
        number = len(self._fields) + len(self._choices) + 1
        texts: Collection[str]
        if isinstance(piece, Choice):
            texts = table = choice_table(piece, self._values)
            self._choices.append((number, table))
        elif whole:
            self._fields.append((number, piece, None))
            is_number = piece.part or isinstance(next(iter(self._values[piece.name])), int)
            return "-?[0-9]{1,18}" if is_number else SOURCE.pattern.replace("(", "(?:")
        else:
            known = {piece.text(value): piece.meant(value) for value in self._values[piece.name]}
            self._fields.append((number, piece, known))
            texts = known
        return "|".join(map(re.escape, sorted(texts)))  # at most one way through the whole expression fits

    def parse(self, path: str, known: Mapping[str, Value] | None = None) -> dict[str, Value] | None:
        """The coordinates of ``path``; None if no coordinates that agree with ``known`` give exactly this path."""
        match = self._regex.fullmatch(path)
        if match is None:
            return None
        found: dict[str, Value] = dict(known or {})
        self._read_fields(match, found)
        for _ in self._choices:  # one derived name may tell what another one needs
            for number, table in self._choices:
                options = [option for option in table[match[number]] if _agree(option, found)]
                if not options:
                    return None
                found |= {n: v for n, v in options[0].items() if all(option.get(n) == v for option in options)}
        complete = all(name in found for name in self._pattern.coordinates)
        if not complete or self._pattern.format(found) != path:
            return None
        return {name: found[name] for name in self._pattern.coordinates}

    def _read_fields(self, match: re.Match[str], found: dict[str, Value]) -> None:
        parts: dict[str, int] = {}
        for number, field, known in self._fields:
            text = match[number]
            value = known[text] if known is not None else Source.parse(text) if text.startswith("x") else int(text)
            if field.part is None:
                found.setdefault(field.name, value)
            elif isinstance(value, int):
                parts[field.part] = value
        if parts.keys() == set(SOURCE_PARTS):
            found.setdefault("source", Source(**parts))


def _agree(option: Mapping[str, Value], found: Mapping[str, Value]) -> bool:
    return all(found.get(name, value) == value for name, value in option.items())
