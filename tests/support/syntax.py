"""Reading of Python sources by syntax tree: the imports of a file, the names of calls, docstrings."""

import ast
from collections.abc import Iterator


def module_of(path: str) -> str:
    """The dotted name of a file, given relative to the top: indexer/walk.py, indexer/__init__.py."""
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def package_of(path: str) -> str:
    """The dotted name of the package in which the relative imports of a file begin."""
    return path.rpartition("/")[0].replace("/", ".")


def absolute(name: str, package: str) -> str:
    """Return what a relative name such as `..names` means inside a package."""
    level = len(name) - len(name.lstrip("."))
    return ".".join([*package.split(".")[: 1 - level or None], name[level:]]) if level else name


def called(call: ast.Call, aliases: dict[str, str]) -> str:
    """Return the last part of what is called, by the name under which it was imported."""
    function = call.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    return aliases.get(name, name)


def text_of(node: ast.expr | None) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def imported_by_call(call: ast.Call, aliases: dict[str, str], package: str) -> Iterator[str]:
    """Modules that a call imports by a name in a string; a name that cannot be read here is given as `?`."""
    function = called(call, aliases)
    if function not in {"import_module", "__import__", "run_module", "PackageLoader", "files"}:
        return
    keywords = {keyword.arg: keyword.value for keyword in call.keywords}
    name = text_of(call.args[0] if call.args else keywords.get("name"))
    anchor = text_of(call.args[1] if len(call.args) > 1 else keywords.get("package"))
    if name:
        yield absolute(name, anchor or package)
    elif function in {"import_module", "__import__", "run_module"}:
        yield "?"


def imports(tree: ast.AST, package: str) -> Iterator[tuple[int, str]]:
    """Line and full name of everything that a module imports, at its top or inside functions, by statement or call."""
    statements = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    aliases = {name.asname: name.name for node in statements for name in node.names if name.asname}
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [name.name for name in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = absolute("." * node.level + (node.module or ""), package).rstrip(".")
            names = [f"{base}.{name.name}" for name in node.names]
        elif isinstance(node, ast.Call):
            names = list(imported_by_call(node, aliases, package))
        yield from ((node.lineno, name) for name in names)


def docstrings(tree: ast.AST) -> set[int]:
    """The identities of strings that stand alone as statements; prose, whatever they begin with."""
    return {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
