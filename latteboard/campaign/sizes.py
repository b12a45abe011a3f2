"""Sizes as a campaign states them: a number of bytes, one with a unit, or arithmetic such as ``8 * 2 * T * L**3``."""

import ast
import operator
import re
from collections.abc import Mapping
from decimal import Decimal

from simpleeval import InvalidExpression, SimpleEval

from latteboard.errors import CampaignError
from latteboard.text import did_you_mean, listed

# Far above the size of any file and fast to compute; 9**9**9 is refused at its second power.
LARGEST = 2**63
LARGEST_EXPONENT = 64
LONGEST = 500  # characters: longer than any real size, shorter than what exhausts the stack


def _power(base: float, exponent: float) -> float:
    if abs(exponent) > LARGEST_EXPONENT or abs(base) > LARGEST:
        raise InvalidExpression("a power in it is far too large")
    result: float = base**exponent
    return result


EXPECTED = "expected numbers, names and + - * / // % **, or one number with a unit, such as 4 kB"
OPERATORS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: _power,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}
UNITS = {
    **{f"{prefix}B": 1000**power for power, prefix in enumerate("kMGT", 1)},
    **{f"{prefix}iB": 1024**power for power, prefix in enumerate("KMGT", 1)},
}
WITH_UNIT = re.compile(r"(?P<number>[0-9]+(?:\.[0-9]+)?) *(?P<unit>[A-Za-z]+)", re.ASCII)
# No texts, calls, attributes, subscripts or comparisons, whose cost or effects would need thought.
ARITHMETIC = (ast.Expr, ast.Expression, ast.BinOp, ast.UnaryOp, ast.Name, ast.Load, *OPERATORS)


class Size:
    """A number of bytes, stated as a number, as a number with a unit or as arithmetic of names.

    Attributes
    ----------
    text : as stated
    names : the names in it

    Examples
    --------
    >>> size = Size("8 * 2 * T * L**3")
    >>> sorted(size.names)
    ['L', 'T']
    >>> size.bytes({"L": 32, "T": 96})
    50331648
    >>> Size("4 kB").bytes({}), Size("1.5 GiB").bytes({})
    (4000, 1610612736)
    """

    def __init__(self, text: int | str) -> None:
        """Parse a size; raises :class:`CampaignError` if ``text`` is neither arithmetic nor a number with a unit."""
        if isinstance(text, str) and len(text) > LONGEST:
            raise CampaignError(f"a size of {len(text)} characters; expected at most {LONGEST}")
        self.text = str(text)
        self._shown = repr(self.text if len(self.text) <= 60 else f"{self.text[:57]}...")
        number = self._with_unit()
        self._has_unit = number is not None
        try:
            self._tree = SimpleEval.parse(number or self.text)
        except (SyntaxError, InvalidExpression, ValueError, RecursionError, MemoryError) as error:
            reason = "" if isinstance(error, SyntaxError) else f": {error}"  # a syntax error names a place in no file
            raise CampaignError(f"{self._shown} is not arithmetic{reason}; {EXPECTED}") from error
        nodes = list(ast.walk(self._tree))
        if foreign := [node for node in nodes if not _is_arithmetic(node)]:
            raise CampaignError(
                f"{self._shown} is not arithmetic: {type(foreign[0]).__name__} stands in it; {EXPECTED}"
            )
        self.names = frozenset(node.id for node in nodes if isinstance(node, ast.Name))

    def __str__(self) -> str:
        return self.text if self._has_unit else f"{self.text} bytes"

    def _with_unit(self) -> str | None:
        """The number of bytes of a number with a unit; None for anything else."""
        stated = WITH_UNIT.fullmatch(self.text.strip())
        if stated is None:
            return None
        unit = stated["unit"]
        if unit not in UNITS:
            raise CampaignError(
                f"{self._shown}: there is no unit {unit}; expected one of {listed(UNITS)}{did_you_mean(unit, UNITS)}"
            )
        return str(round(Decimal(stated["number"]) * UNITS[unit]))

    def bytes(self, names: Mapping[str, int | float]) -> int:
        """The size in bytes, rounded to a whole number.

        Raises
        ------
        CampaignError : a name is not in ``names``, the arithmetic fails, or the result is not from 0 to 2**63 - 1.
        """
        try:
            value = SimpleEval(operators=OPERATORS, functions={}, names=dict(names)).eval(self.text, self._tree)
        except (InvalidExpression, ArithmeticError, TypeError, ValueError, RecursionError) as error:
            raise CampaignError(f"{self._shown} cannot be computed: {error}") from error
        if not isinstance(value, int | float) or not 0 <= value < LARGEST:
            found = value if abs(value) < LARGEST else "a number out of all proportion"
            raise CampaignError(f"{self._shown} gives {found}; expected a number of bytes from 0 to 2**63 - 1")
        return round(value)


def _is_arithmetic(node: ast.AST) -> bool:
    return type(node) in ARITHMETIC or (isinstance(node, ast.Constant) and type(node.value) in (int, float))
