"""Calls that change files, found in syntax trees: they open a file for more than reading, make, move or remove one."""

import ast
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass

from syntax import imports, module_of, package_of, text_of

READING = {"r", "rb", "rt", "br", "tr"}
# What low-level openers may be asked for.
READING_FLAGS = {
    f"os.O_{flag}" for flag in ("RDONLY", "CLOEXEC", "DIRECTORY", "NOATIME", "NOFOLLOW", "NONBLOCK", "PATH")
}
FLAGS = {"os.open": READING_FLAGS, "h5py.h5f.open": {"h5py.h5f.ACC_RDONLY"}}
# Other openers by their full name, with the place of the mode among their arguments.
MODE_AT = {
    **dict.fromkeys(("open", "io.open", "gzip.open", "bz2.open", "lzma.open", "h5py.File"), 1),
    "numpy.memmap": 2,
}
# These open parts of a file that is open, and can do no more with it than it was opened for.
PARTS = {f"h5py.{module}.open" for module in ("h5a", "h5d", "h5g", "h5o", "h5t")}
# A method of a path, or a function of os, of any of these names changes something.
METHODS = """
chmod chown fchmod fchown ftruncate hardlink_to lchmod lchown makedirs mkdir mkfifo mknod removedirs rename renames rmdir
rmtree symlink symlink_to tofile touch truncate unlink utime write_bytes write_text
"""
# These names mean something else on lists, texts and dictionaries, so the module must stand before them.
FUNCTIONS = """
os.remove os.replace os.link os.fdopen os.write os.pwrite os.sendfile os.setxattr os.removexattr os.system os.popen
numpy.save numpy.savez numpy.savez_compressed numpy.savetxt h5py.h5f.create
"""
CHANGING_METHODS, CHANGING_FUNCTIONS = frozenset(METHODS.split()), frozenset(FUNCTIONS.split())
CHANGING_MODULES = ("shutil.", "subprocess.", "tempfile.")


def full_names(tree: ast.AST, package: str) -> dict[str, str]:
    """Full names of all that a file imports, by the name it has there: os.replace for `replace`, h5py.File for `H`."""
    names = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {one.asname or one.name.partition(".")[0]: one.name if one.asname else "" for one in node.names}
        elif isinstance(node, ast.ImportFrom):
            whole = [name for _, name in imports(node, package)]
            names |= {one.asname or one.name: full for one, full in zip(node.names, whole, strict=True)}
    return {short: full or short for short, full in names.items()} | {"np": "numpy"}


def dotted(node: ast.AST, names: Mapping[str, str]) -> str:
    """The full name of what an expression names; `?` stands for what is not a name, as in ?.open for a method of a call."""
    if isinstance(node, ast.Name):
        return names.get(node.id, node.id)
    return f"{dotted(node.value, names)}.{node.attr}" if isinstance(node, ast.Attribute) else "?"


def last(name: str) -> str:
    """The last part of a dotted name."""
    return name.rpartition(".")[2]


def argument(call: ast.Call, place: int, keyword: str) -> ast.expr | None:
    """The argument of a call at a place or by a keyword; None if it has none."""
    by_name = next((one.value for one in call.keywords if one.arg == keyword), None)
    return call.args[place] if len(call.args) > place else by_name


def opens_to_write(call: ast.Call, names: Mapping[str, str]) -> bool:
    """Return whether a call opens a file for more than reading, or in a way that cannot be read here."""
    name = dotted(call.func, names)
    if name in PARTS or (name not in MODE_AT and last(name) != "open"):
        return False
    if any(isinstance(one, ast.Starred) for one in call.args) or any(one.arg is None for one in call.keywords):
        return True
    if name in FLAGS:
        return not asks_only(argument(call, 1, "flags"), FLAGS[name], names)
    mode = argument(call, MODE_AT.get(name, 0), "mode")
    return mode is not None and text_of(mode) not in READING


def asks_only(flags: ast.expr | None, allowed: Set[str], names: Mapping[str, str]) -> bool:
    """Return whether flags are some of those allowed, joined by `|`."""
    if isinstance(flags, ast.BinOp) and isinstance(flags.op, ast.BitOr):
        return asks_only(flags.left, allowed, names) and asks_only(flags.right, allowed, names)
    return flags is not None and dotted(flags, names) in allowed


def changes_something(node: ast.AST, names: Mapping[str, str]) -> bool:
    """Return whether an expression calls, or merely names, a function that changes files."""
    if isinstance(node, ast.Call):
        # A path takes one argument, a text two, a dataclass its changes by name.
        method = isinstance(node.func, ast.Attribute) and node.func.attr
        moves = method == "replace" and len(node.args) == 1 and not node.keywords
        return moves or opens_to_write(node, names)
    name = dotted(node, names)
    if isinstance(node, ast.Name) and name == node.id:
        return False  # neither a method nor imported
    return name in CHANGING_FUNCTIONS or last(name) in CHANGING_METHODS or name.startswith(CHANGING_MODULES)


def passed_on(tree: ast.AST, names: Mapping[str, str]) -> Iterator[ast.expr]:
    """Openers that are not called but given away, so that their mode cannot be read: `partial(open, mode="w")`."""
    given = [one for call in ast.walk(tree) if isinstance(call, ast.Call) for one in call.args]
    yield from (one for one in given if dotted(one, names) in MODE_AT.keys() - {"h5py.File"} | {"os.open"})


def writes(path: str, tree: ast.AST, names: Mapping[str, str]) -> list[str]:
    """Places in a file, or in a part of it, where files are changed."""
    bad = [node for node in ast.walk(tree) if changes_something(node, names)]
    lines = sorted({node.lineno for node in (*bad, *passed_on(tree, names)) if isinstance(node, ast.expr)})
    return [f"{path}:{line} changes files" for line in lines]


# What a room uses of other files


@dataclass(frozen=True)
class Part:
    """A function, a class or a constant at the top of a file, and the full names of all that it uses."""

    path: str
    tree: ast.stmt
    names: Mapping[str, str]

    @property
    def used(self) -> set[str]:
        """Full names of what it uses, those of its own file included."""
        own = module_of(self.path)
        nodes = [node for node in ast.walk(self.tree) if isinstance(node, ast.Name | ast.Attribute)]
        return {one for node in nodes for name in [dotted(node, self.names)] for one in (name, f"{own}.{name}")}


def parts_of(sources: Mapping[str, str]) -> dict[str, Part]:
    """The parts of some files by full name; statements that define nothing are left out, since every import runs them."""
    found = {}
    for path, source in sources.items():
        tree = ast.parse(source)
        names = full_names(tree, package_of(path))
        for statement in tree.body:
            found |= {f"{module_of(path)}.{name}": Part(path, statement, names) for name in defined(statement)}
    return found


def defined(statement: ast.stmt) -> list[str]:
    """The names that a statement at the top of a file defines."""
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return [statement.name]
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    return [target.id for target in targets if isinstance(target, ast.Name)]


def reached(sources: Mapping[str, str], floor: Mapping[str, str], apart: Set[str]) -> dict[str, Part]:
    """The parts of the files ``floor`` that ``sources`` use, directly or through others; modules ``apart`` are left out."""
    parts = {name: part for name, part in parts_of(floor).items() if name.rpartition(".")[0] not in apart}
    found: dict[str, Part] = {}
    fresh = {name for part in parts_of(sources).values() for name in part.used & parts.keys()}
    while fresh:
        found |= {name: parts[name] for name in fresh}
        fresh = {name for one in fresh for name in parts[one].used & parts.keys()} - found.keys()
    return found
