"""Whether paths are paths, and can be read back: one path for one artifact, within a kind and between kinds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from latteboard.errors import CampaignError
from latteboard.names.parsing import Values, choice_table, segments
from latteboard.names.templates import SOURCE_PARTS, Choice, Field, Pattern, Piece, Pieces, Value, piece_texts

if TYPE_CHECKING:
    from latteboard.campaign import Campaign


def check_form(pattern: Pattern, values: Values) -> None:
    """A path is relative, and none of its parts is empty, a dot or two, or holds what no name can hold."""
    for component in pattern.components():
        literal = "".join(piece for piece in component if isinstance(piece, str))
        if literal in ("", ".", "..") and not any(isinstance(piece, Field) for piece in component):
            raise CampaignError(f"expected a relative path without empty parts, . and .., found {str(pattern)!r}")
        for piece in component:
            for text in _texts_to_check(piece, values):
                if "/" in text or not text.isprintable():
                    who = "" if isinstance(piece, str) else f"{piece} gives "
                    raise CampaignError(f"{who}{text!r}: a name can hold neither / nor control characters")


def _texts_to_check(piece: Piece, values: Values) -> Iterable[str]:
    if isinstance(piece, Choice):
        return choice_table(piece, values)
    if isinstance(piece, Field) and not piece.spec:
        return ()  # the values of coordinates are checked where they stand
    try:
        return piece_texts(piece, values)
    except (ValueError, OverflowError) as error:
        raise CampaignError(f"{piece}: {error}") from error


def check_injective(pattern: Pattern, values: Values) -> None:
    """Refuse a pattern of which one text could come from two different coordinates."""
    for component in pattern.components():
        segments(component, values)
    clear = {(p.name, p.part) for p in pattern.pieces if isinstance(p, Field) and _tells_apart(p, values)}
    told = {name for name, part in clear if part is None}
    if {("source", part) for part in SOURCE_PARTS} <= clear:
        told.add("source")
    choices = [choice_table(piece, values) for piece in pattern.pieces if isinstance(piece, Choice)]
    for _ in choices:  # one derived name may tell what another one needs
        for table in choices:
            told |= _told_by(table, told)
    for name in pattern.coordinates:
        if name not in told:
            raise CampaignError(f"{{{name}}} cannot be read back: two of its values can give the same path")


def _tells_apart(field: Field, values: Values) -> bool:
    meant = {field.meant(value): field.text(value) for value in values[field.name]} if field.spec else {}
    return len(set(meant.values())) == len(meant)


def _told_by(table: dict[str, list[dict[str, Value]]], known: set[str]) -> set[str]:
    """The coordinates that the text of a derived name tells, once those in ``known`` are read elsewhere."""
    groups: dict[tuple[object, ...], list[dict[str, Value]]] = defaultdict(list)
    for text, options in table.items():
        for option in options:
            groups[text, *(value for name, value in option.items() if name in known)].append(option)
    told = {name for options in table.values() for option in options for name in option}
    for group in groups.values():
        told = {name for name in told if name in group[0] and len({option.get(name) for option in group}) == 1}
    return told


@dataclass(frozen=True)
class Named:
    """One kind's pattern in one ensemble and stream, as the parts of its path."""

    kind: str
    block: int
    components: Sequence[Pieces]

    def paths(self, campaign: Campaign) -> set[str]:
        """Every path it gives."""
        expected = campaign.expected(self.kind)
        own = expected.blocks[self.block]
        slices = [rows for block, rows in expected.block_slices if block is own]
        return {path for rows in slices for path in expected.paths(own, rows)}


def check_separate(campaign: Campaign) -> None:
    """Refuse two kinds, or two ensembles of one kind, that can give the same path, or a file where a folder must be."""
    named = [
        Named(kind, number, block.pattern.components())
        for kind in campaign.kinds
        for number, block in enumerate(campaign.blocks(kind))
    ]
    for one, other in _close(named):
        short, long = sorted((one, other), key=lambda n: len(n.components))
        depth = len(short.components)
        shared = short.paths(campaign) & {"/".join(path.split("/")[:depth]) for path in long.paths(campaign)}
        if shared:
            same = (
                "the same path as" if len(long.components) == depth else "a folder of" if long is one else "a file in"
            )
            raise CampaignError(f"gives {same} kinds.{one.kind}: {min(shared)}", key=f"kinds.{other.kind}.path")


def _close(named: Sequence[Named]) -> Iterator[tuple[Named, Named]]:
    """Pairs that the literal texts in their paths do not tell apart."""
    # Most paths begin with a folder of their ensemble and stream: only those in the same one are compared.
    groups: dict[Pieces, list[Named]] = defaultdict(list)
    for one in named:
        first = one.components[0]
        groups[first if all(isinstance(piece, str) for piece in first) else ()].append(one)
    anywhere = groups.pop((), [])
    pairs = [pair for group in (*groups.values(), anywhere) for pair in combinations(group, 2)]
    pairs += [(one, other) for one in anywhere for group in groups.values() for other in group]
    for one, other in pairs:
        if all(map(_may_be_equal, one.components, other.components)):
            yield one, other


def _may_be_equal(one: Pieces, other: Pieces) -> bool:
    """Whether the literal beginnings and ends of two parts of a path agree as far as both go."""
    heads = [part[0] if isinstance(part[0], str) else "" for part in (one, other)]
    tails = [part[-1][::-1] if isinstance(part[-1], str) else "" for part in (one, other)]
    if len(one) == len(other) == 1 and all(heads):
        return heads[0] == heads[1]
    return all(a.startswith(b) or b.startswith(a) for a, b in (heads, tails))
