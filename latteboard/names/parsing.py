"""The parsing of paths into coordinates: the inverse of patterns."""

import re
from collections.abc import Collection, Mapping

from latteboard.names.patterns import Pattern
from latteboard.names.segments import Values, choice_table, is_whole_number, segments
from latteboard.names.templates import SOURCE, SOURCE_PARTS, Choice, Field, Pieces, Source, Value


class PathParser:
    """The inverse of one pattern: from a path to coordinates.

    A number or source whose end is certain is parsed even if it is not one of the expected values, so that a file of an
    unexpected configuration is recognised as such.

    Examples
    --------
    >>> pattern = Pattern(("prop_", Field("configuration"), "_", Field("source"), ".lime"))
    >>> parser = PathParser(pattern, {"configuration": [300, 306], "source": [Source(0, 0, 0, 0)]})
    >>> parser.parse("prop_312_x1y2z3t4.lime")
    {'configuration': 312, 'source': Source(x=1, y=2, z=3, t=4)}
    >>> parser.parse("prop_312.lime") is None
    True
    """

    def __init__(self, pattern: Pattern, values: Values) -> None:
        self._pattern = pattern
        self._values = values
        # Groups of the expression, by number: a field with the value of each text (None: the text is its own value), and a
        # derived name with the coordinates of each text.
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
                whole = len(segment) == 1 and is_whole_number(piece, following, self._values)
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
            known = {piece.text(value): piece.part_of(value) for value in self._values[piece.name]}
            self._fields.append((number, piece, known))
            texts = known
        # In any order, since segments are unambiguous: a path matches the expression in one way at most.
        return "|".join(map(re.escape, sorted(texts)))

    def parse(self, path: str, known: Mapping[str, Value] | None = None) -> dict[str, Value] | None:
        """The coordinates of a path.

        Parameters
        ----------
        known : coordinates that are known beforehand, which the path need not determine

        Returns
        -------
        the coordinates that the pattern names; None if no coordinates that agree with ``known`` give exactly this path
        """
        match = self._regex.fullmatch(path)
        if match is None:
            return None
        found: dict[str, Value] = dict(known or {})
        self._add_fields(match, found)
        for _ in self._choices:  # one derived name may determine the coordinate that another one needs
            for number, table in self._choices:
                options = [option for option in table[match[number]] if _agree(option, found)]
                if not options:
                    return None
                found |= {n: v for n, v in options[0].items() if all(option.get(n) == v for option in options)}
        complete = all(name in found for name in self._pattern.coordinates)
        # The round trip refuses a coordinate that is named twice with different values, and numbers with leading zeros.
        if not complete or self._pattern.format(found) != path:
            return None
        return {name: found[name] for name in self._pattern.coordinates}

    def _add_fields(self, match: re.Match[str], found: dict[str, Value]) -> None:
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
