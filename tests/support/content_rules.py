"""Contents that code may not have: errors that are swallowed, SQL and HTML in the wrong place, long functions.

Each rule is a function from the text of a file to the list of its breaches.
"""

import ast
import re

from syntax import called, docstrings

LONGEST = 45  # lines of a function


def says_nothing(body: list[ast.stmt]) -> bool:
    """Return whether statements leave no trace of what happened: pass, ..., continue, return None."""
    return all(
        isinstance(node, ast.Pass | ast.Continue | ast.Break)
        or (isinstance(node, ast.Expr | ast.Return) and isinstance(node.value, ast.Constant | None))
        for node in body
    )


def is_blind(node: ast.expr | None) -> bool:
    """Return whether an exception class, or one of a tuple of them, is Exception or BaseException."""
    parts = node.elts if isinstance(node, ast.Tuple) else [node]
    return any(getattr(part, "id", getattr(part, "attr", "")) in {"Exception", "BaseException"} for part in parts)


def swallowed_errors(path: str, source: str) -> list[str]:
    """Handlers that catch everything without a word: bare ones always, `except Exception` if nothing follows."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ExceptHandler):
            bad = node.type is None or (is_blind(node.type) and says_nothing(node.body))
        else:
            bad = isinstance(node, ast.Call) and called(node, {}) == "suppress" and any(map(is_blind, node.args))
        if bad:
            found.append(f"{path}:{node.lineno} swallows every error")
    return found


def lines_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function, without decorators and docstring: conventions and examples may take the room that they need."""
    first = function.body[0]
    prose = (first.end_lineno or 0) - first.lineno + 1 if ast.get_docstring(function) else 0
    return (function.end_lineno or 0) - function.lineno + 1 - prose


def long_functions(path: str, source: str) -> list[str]:
    """Functions of more than LONGEST lines."""
    functions = [
        node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    lengths = [(node, lines_of(node)) for node in functions]
    return [f"{path}:{node.lineno} {node.name} has {length} lines" for node, length in lengths if length > LONGEST]


# In capitals the first word is enough; else the grammar tells SQL from prose ("select a kind", "update the pages").
SQL = re.compile(
    r"\s*(?:(?:SELECT|INSERT|UPDATE|DELETE|CREATE|DROP|ALTER|PRAGMA|VACUUM|ATTACH|WITH)\s"
    r"|(?i:select\s.*?\sfrom\s|(?:insert|replace)\s+(?:or\s+\w+\s+)?into\s|update\s+\S+\s+set\s|delete\s+from\s"
    r"|(?:create|drop|alter)\s+(?:\w+\s+)?(?:table|index|view|trigger)\s|pragma\s+\w+\s*[=(]|with\s+\w+\s+as\s*\())",
    re.DOTALL,
)
TAGS = (
    "html head body title meta link script style nav header main section footer div span p a b i ul ol li dl dt dd "
    "h[1-6] table thead tbody tfoot tr th td form input select option button label pre code em strong small br hr img "
    "figure details summary progress svg g rect circle"
).replace(" ", "|")
HTML = re.compile(rf"\s*<(?:!doctype|(?:{TAGS})\b[^<]*(?:>|=|$))|.*</(?:{TAGS})>", re.IGNORECASE | re.DOTALL)


def strings(path: str, source: str, pattern: re.Pattern[str], what: str) -> list[str]:
    """Strings, and the fixed parts of f-strings, that begin as a pattern says; docstrings are prose."""
    tree = ast.parse(source)
    prose = docstrings(tree)
    return [
        f"{path}:{node.lineno} holds {what}: {node.value.strip()[:40]!r}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose
        if pattern.match(node.value)
    ]
