"""Sizes as a campaign states them: a number of bytes, or arithmetic such as ``8 * 2 * T * L**3``."""

import ast
import operator
from collections.abc import Mapping

from simpleeval import InvalidExpression, SimpleEval

from latteboard.errors import CampaignError

# Far above the size of any file and fast to compute; 9**9**9 is refused at its second power.
LARGEST = 2**63
LARGEST_EXPONENT = 64
LONGEST = 500  # characters: longer than any real size, shorter than what exhausts the stack


def _power(base: float, exponent: float) -> float:
    if abs(exponent) > LARGEST_EXPONENT or abs(base) > LARGEST:
        raise InvalidExpression("a power in it is far too large")
    result: float = base**exponent
    return result


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
# No texts, calls, attributes, subscripts or comparisons, whose cost or effects would need thought.
ARITHMETIC = (ast.Expr, ast.Expression, ast.BinOp, ast.UnaryOp, ast.Name, ast.Load, *OPERATORS)


class Size:
    """A number of bytes, stated as a number or as arithmetic of names.

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
    """

    def __init__(self, text: int | str) -> None:
        """Parse a size; raises :class:`CampaignError` if ``text`` is not arithmetic."""
        if isinstance(text, str) and len(text) > LONGEST:
            raise CampaignError(f"a size of {len(text)} characters; expected at most {LONGEST}")
        self.text = str(text)
        self._shown = repr(self.text if len(self.text) <= 60 else f"{self.text[:57]}...")
        try:
            self._tree = SimpleEval.parse(self.text)
        except (SyntaxError, InvalidExpression, ValueError, RecursionError, MemoryError) as error:
            raise CampaignError(f"{self._shown} is not arithmetic: {error}") from error
        nodes = list(ast.walk(self._tree))
        if foreign := [node for node in nodes if not _is_arithmetic(node)]:
            raise CampaignError(
                f"{self._shown} is not arithmetic: {type(foreign[0]).__name__} stands in it; "
                f"expected numbers, names and + - * / // % **"
            )
        self.names = frozenset(node.id for node in nodes if isinstance(node, ast.Name))

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
