"""Checks of paths: they are well formed, and each belongs to one artifact, within a kind and between kinds."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, product

from latteboard.campaign.kinds import Kind
from latteboard.campaign.model import Definition
from latteboard.errors import CampaignError, Mistakes
from latteboard.names.patterns import Pattern
from latteboard.names.segments import Values, choice_table, segments
from latteboard.names.templates import SOURCE_PARTS, Choice, Field, Piece, Pieces, Value, piece_texts

NO_NAMES = ("", ".", "..")  # of files and folders


def check_form(pattern: Pattern, values: Values, *, is_folder: bool = False) -> None:
    """Require a relative path without empty components, ``.`` and ``..``, and without control characters.

    ``is_folder`` says that it ends in a slash.

    Raises
    ------
    CampaignError : a component is none of a path, or a field has a text that holds a slash or control characters.
    """
    components = pattern.components()
    for component in components[:-1] if is_folder else components:
        for piece in component:
            for text in _texts_to_check(piece, values):
                if "/" in text or not text.isprintable():
                    who = "" if isinstance(piece, str) else f"{piece} gives "
                    raise CampaignError(f"{who}{text!r}: a name can hold neither / nor control characters")
        for text, coordinates in _texts_of_no_name(component, values):
            given = ", ".join(f"{name} = {value}" for name, value in coordinates.items())
            where = f", in which {given} gives {text!r}" if given else ""
            raise CampaignError(
                f"expected a relative path without empty parts, . and .., found {str(pattern)!r}{where}"
            )


def _texts_of_no_name(component: Pieces, values: Values) -> list[tuple[str, dict[str, Value]]]:
    """The texts of a component that no file can have as its name, each with the coordinates that give it."""
    found: list[tuple[str, dict[str, Value]]] = [("", {})]
    for piece in component:
        # Few texts of a piece are so short, so the product stays small.
        options = [(text, one) for text, coordinates in _short_texts(piece, values) for one in coordinates]
        found = [
            (text + more, {**known, **also})
            for (text, known), (more, also) in product(found, options)
            if text + more in NO_NAMES and all(known.get(name, value) == value for name, value in also.items())
        ]
    return found


def _short_texts(piece: Piece, values: Values) -> list[tuple[str, list[dict[str, Value]]]]:
    """The texts of a piece that are part of no name, each with the coordinates that give it."""
    if isinstance(piece, str):
        return [(piece, [{}])]
    if isinstance(piece, Choice):
        return [(text, options) for text, options in choice_table(piece, values).items() if text in NO_NAMES]
    if not piece.spec:
        return []  # numbers, sources and the values of axes are names; formats such as .0 cut them
    return [(text, [{piece.name: value}]) for value in values[piece.name] if (text := piece.text(value)) in NO_NAMES]


def _texts_to_check(piece: Piece, values: Values) -> Iterable[str]:
    if isinstance(piece, Choice):
        return choice_table(piece, values)
    if isinstance(piece, Field) and not piece.spec:
        return ()  # the values of coordinates are checked when they are read
    try:
        return piece_texts(piece, values)
    except (ValueError, OverflowError) as error:
        raise CampaignError(f"{piece}: {error}") from error


def check_injective(pattern: Pattern, values: Values) -> None:
    """Require that different coordinates have different paths.

    Examples
    --------
    >>> check_injective(Pattern(("prop_", Field("t", spec="02d"))), {"t": [3, 12]})
    >>> check_injective(Pattern(("prop_", Field("mass", spec=".1"))), {"mass": ["01", "02"]})
    Traceback (most recent call last):
    latteboard.errors.CampaignError: {mass} cannot be read back: two of its values can give the same path

    Raises
    ------
    CampaignError : two coordinates could have the same path.
    """
    for component in pattern.components():
        segments(component, values)
    injective = {(p.name, p.part) for p in pattern.pieces if isinstance(p, Field) and _is_injective(p, values)}
    determined = {name for name, part in injective if part is None}
    if {("source", part) for part in SOURCE_PARTS} <= injective:
        determined.add("source")
    choices = [choice_table(piece, values) for piece in pattern.pieces if isinstance(piece, Choice)]
    for _ in choices:  # one derived name may determine the coordinate that another one needs
        for table in choices:
            determined |= _determined_by(table, determined)
    for name in pattern.coordinates:
        if name not in determined:
            hint = _hint_of_parts(pattern) if name == "source" else ""
            raise CampaignError(f"{{{name}}} cannot be read back: two of its values can give the same path{hint}")


def _hint_of_parts(pattern: Pattern) -> str:
    """What to do where a path names only some coordinates of a source, as that of a wall source does."""
    parts = [str(p) for p in pattern.pieces if isinstance(p, Field) and p.part]
    return (
        f"; {' and '.join(parts)} alone is no source: name {{source}}, or make it an axis of its own" if parts else ""
    )


def _is_injective(field: Field, values: Values) -> bool:
    """Whether different values have different texts; without a format this is certain."""
    texts = {field.part_of(value): field.text(value) for value in values[field.name]} if field.spec else {}
    return len(set(texts.values())) == len(texts)


def _determined_by(table: dict[str, list[dict[str, Value]]], known: set[str]) -> set[str]:
    """The coordinates that the text of a derived name determines, given those in ``known``."""
    groups: dict[tuple[object, ...], list[dict[str, Value]]] = defaultdict(list)
    for text, options in table.items():
        for option in options:
            groups[text, *(value for name, value in option.items() if name in known)].append(option)
    determined = {name for options in table.values() for option in options for name in option}
    for group in groups.values():
        determined = {
            name for name in determined if name in group[0] and len({option.get(name) for option in group}) == 1
        }
    return determined


@dataclass(frozen=True)
class BlockPath:
    """The path of one naming block of a kind.

    Attributes
    ----------
    kind : name of the kind
    template : number of the template among those of the kind
    block : number of the block among those of the template
    components : the pieces of each component of the path
    is_folder : whether the artifacts are folders
    """

    kind: str
    template: int
    block: int
    components: Sequence[Pieces]
    is_folder: bool

    def paths(self, definition: Definition) -> set[str]:
        """The paths of all expected artifacts of the block, without the slash at the end of a folder's."""
        expected = definition.expected(self.kind, self.template)
        own = expected.blocks[self.block]
        slices = [rows for block, rows in expected.block_slices if block is own]
        return {path.removesuffix("/") for rows in slices for path in expected.paths(own, rows)}

    def key(self, definition: Definition) -> str:
        """The key of the campaign file that states it."""
        return f"kinds.{self.kind}.{definition.kinds[self.kind].table.path_keys[self.template]}"

    def name(self, other: "BlockPath", definition: Definition) -> str:
        """What it is called in an error at another path: its key where one kind has both, or it is a further path."""
        return self.key(definition) if self.kind == other.kind or self.template else f"kinds.{self.kind}"


def check_separate(definition: Definition) -> None:
    """Require that no two artifacts have the same path, and that none is on the way to another, or in a folder that is one.

    Paths are compared only where the literal texts of two patterns do not already differ.
    """
    paths: list[BlockPath] = []
    with Mistakes() as mistakes:
        for kind in definition.kinds.values():
            keys = [f"kinds.{kind.name}.{key}" for key in ("path", "also", "only")]
            if not definition.mistakes.at(*keys):
                with mistakes.keep():
                    paths += _block_paths(definition, kind)
        for one, other in _similar(paths):
            if not mistakes.at(other.key(definition)):
                with mistakes.keep(other.key(definition)):
                    _check_apart(definition, one, other)


def _block_paths(definition: Definition, kind: Kind) -> Iterator[BlockPath]:
    for number, template in enumerate(kind.templates):
        for position, block in enumerate(definition.blocks(kind.name, number)):
            components = block.pattern.components()
            parts = components[:-1] if template.is_folder else components
            yield BlockPath(kind.name, number, position, parts, template.is_folder)


def _check_apart(definition: Definition, one: BlockPath, other: BlockPath) -> None:
    short, long = sorted((one, other), key=lambda path: len(path.components))
    depth = len(short.components)
    shared = short.paths(definition) & {"/".join(path.split("/")[:depth]) for path in long.paths(definition)}
    if shared:
        inner = "a folder in" if other.is_folder else "a file in"
        same = "the same path as" if len(long.components) == depth else "a folder of" if long is one else inner
        raise CampaignError(f"gives {same} {one.name(other, definition)}: {min(shared)}")


def _similar(paths: Sequence[BlockPath]) -> Iterator[tuple[BlockPath, BlockPath]]:
    """The pairs of paths that may be equal as far as their literal texts go."""
    # The number of pairs grows with the square of the number of streams. Most paths begin with a folder of their ensemble
    # and stream, so only those within the same folder, and those without such a folder, need to be compared.
    groups: dict[Pieces, list[BlockPath]] = defaultdict(list)
    for one in paths:
        first = one.components[0]
        groups[first if all(isinstance(piece, str) for piece in first) else ()].append(one)
    anywhere = groups.pop((), [])
    pairs = [pair for group in (*groups.values(), anywhere) for pair in combinations(group, 2)]
    pairs += [(one, other) for one in anywhere for group in groups.values() for other in group]
    for one, other in pairs:
        if all(map(_may_be_equal, one.components, other.components)):
            yield one, other


def _may_be_equal(one: Pieces, other: Pieces) -> bool:
    """Whether the literal beginnings and ends of two components agree as far as both go."""
    # Fields may have any text, so only what is before the first and after the last one can show a difference.
    heads = [part[0] if isinstance(part[0], str) else "" for part in (one, other)]
    tails = [part[-1][::-1] if isinstance(part[-1], str) else "" for part in (one, other)]
    if len(one) == len(other) == 1 and all(heads):
        return heads[0] == heads[1]
    return all(a.startswith(b) or b.startswith(a) for a, b in (heads, tails))
