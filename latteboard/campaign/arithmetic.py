"""Arithmetic in texts of the campaign, such as ``8 * 2 * T * L**3``: parsed and evaluated without any risk."""

import ast
import operator
from collections.abc import Mapping

from simpleeval import InvalidExpression, SimpleEval

from latteboard.errors import CampaignError

# Far above any size of a file and any number of a configuration, and fast to compute; 9**9**9 is refused at its second power.
LARGEST = 2**63
LARGEST_EXPONENT = 64
LONGEST = 500  # characters: longer than any real arithmetic, shorter than what exhausts the stack


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


class Arithmetic:
    """Arithmetic of numbers and names.

    Attributes
    ----------
    text : as stated
    names : the names in it

    Examples
    --------
    >>> sorted(Arithmetic("8 * 2 * T * L**3").names)
    ['L', 'T']
    >>> Arithmetic("configuration - 10").value({"configuration": 300})
    290
    """

    def __init__(self, text: str, *, expected: str = "expected numbers, names and + - * / // % **") -> None:
        """Parse a text; raises :class:`CampaignError`, which says what is ``expected``, if it is not arithmetic."""
        if len(text) > LONGEST:
            raise CampaignError(f"arithmetic of {len(text)} characters; expected at most {LONGEST}")
        self.text = text
        try:
            self._tree = SimpleEval.parse(text)
        except (SyntaxError, InvalidExpression, ValueError, RecursionError, MemoryError) as error:
            reason = "" if isinstance(error, SyntaxError) else f": {error}"  # a syntax error names a place in no file
            raise CampaignError(f"{self} is not arithmetic{reason}; {expected}") from error
        nodes = list(ast.walk(self._tree))
        if foreign := [node for node in nodes if not _is_arithmetic(node)]:
            raise CampaignError(f"{self} is not arithmetic: {type(foreign[0]).__name__} stands in it; {expected}")
        self.names = frozenset(node.id for node in nodes if isinstance(node, ast.Name))

    def __str__(self) -> str:
        """The text in quotes, shortened where it is long."""
        return repr(self.text if len(self.text) <= 60 else f"{self.text[:57]}...")

    def value(self, names: Mapping[str, int | float]) -> int | float:
        """The value for numbers by name.

        Raises
        ------
        CampaignError : a name is not in ``names``, the arithmetic fails, or gives no number.
        """
        try:
            value = SimpleEval(operators=OPERATORS, functions={}, names=dict(names)).eval(self.text, self._tree)
        except (InvalidExpression, ArithmeticError, TypeError, ValueError, RecursionError) as error:
            raise CampaignError(f"{self} cannot be computed: {error}") from error
        if not isinstance(value, int | float):
            raise CampaignError(f"{self} gives no number")
        return value


def number_text(value: float) -> str:
    """A number for messages; one beyond all bounds is not written out."""
    return str(value) if abs(value) < LARGEST else "a number out of all proportion"


def _is_arithmetic(node: ast.AST) -> bool:
    return type(node) in ARITHMETIC or (isinstance(node, ast.Constant) and type(node.value) in (int, float))
