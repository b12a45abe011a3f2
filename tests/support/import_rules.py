"""Who may import whom: each rule is a function from the text of files to the list of its breaches."""

import ast
from collections.abc import Mapping, Set

from syntax import imports, module_of, package_of

ROOMS = {"indexer", "reducer", "site_templates"}
PACKAGES = ROOMS | {"latteboard"}
FRONT_DOOR = {"latteboard.__main__", "latteboard.cli", "latteboard.flows"}

# Who may import whom: the front door asks the rooms, and flows where two rooms have to be joined.
MAY_IMPORT = {
    "floor": {"floor"},
    **{room: {"floor", room} for room in ROOMS},
    "latteboard.flows": {"floor", "latteboard.flows"} | ROOMS,
    "latteboard.cli": {"floor", "latteboard.cli", "latteboard.flows"} | ROOMS,
    "latteboard.__main__": {"floor", "latteboard.__main__", "latteboard.cli"},
}


def place(module: str) -> str | None:
    """Where a module lives: a room, a part of the front door, the floor; None for other people's packages."""
    top = module.partition(".")[0]
    door = ".".join(module.split(".")[:2])
    if top != "latteboard":
        return top if top in ROOMS else None
    return door if door in FRONT_DOOR else "floor"


def wrong_imports(path: str, source: str) -> list[str]:
    """Imports that do not run front door -> rooms -> floor; `path` is relative to the top, as in indexer/walk.py."""
    home = place(module_of(path))
    assert home, f"{path} is in no room"
    return [
        f"{path}:{line} ({home}) imports {name}"
        for line, name in imports(ast.parse(source), package_of(path))
        if name == "?" or place(name) not in MAY_IMPORT[home] | {None}
    ]


# Inside the floor

GROUND = {"errors", "recipe", "text", "times", "version"}
# Each part of the floor imports only parts that stand above it in this table.
FLOOR = {
    **dict.fromkeys(GROUND, GROUND),
    "names": GROUND,
    "campaign": GROUND | {"names"},
    "status": GROUND | {"names", "campaign"},  # knows no file and no database
    "files": GROUND | {"names", "campaign", "status"},
    "catalog": GROUND | {"names", "campaign", "status", "files"},
    "demo": GROUND | {"names", "campaign", "files"},
}


def part_of(module: str) -> str:
    """The part of the floor that a module belongs to; empty for the package itself, which opens the floor for users."""
    return [*module.split("."), ""][1]


def wrong_floor_imports(path: str, source: str) -> list[str]:
    """Imports inside the floor that the table does not allow."""
    part = part_of(module_of(path))
    allowed = FLOOR[part] | {part} if part else FLOOR
    return [
        f"{path}:{line} ({part}) imports {name}"
        for line, name in imports(ast.parse(source), package_of(path))
        if place(name) == "floor" and part_of(name) not in allowed
    ]


# Circles


def imported_files(path: str, source: str, modules: Set[str]) -> set[str]:
    """Modules of the house that a file imports by name; of `from a import b` that is a.b if it is a module, else a."""
    names = {name for _, name in imports(ast.parse(source), package_of(path))}
    prefixes = ([".".join(name.split(".")[:size]) for size in range(name.count(".") + 1, 0, -1)] for name in names)
    return {next((one for one in longest_first if one in modules), "") for longest_first in prefixes} - {""}


def way(graph: Mapping[str, Set[str]], start: str, end: str) -> list[str]:
    """A shortest way of at least one step from one node of a graph to another, both included; empty if there is none."""
    ways, seen = [[start]], set[str]()
    for path in ways:
        for further in sorted(graph[path[-1]]):
            if further == end:
                return [*path, end]
            if further not in seen:
                seen.add(further)
                ways.append([*path, further])
    return []


def circles(sources: Mapping[str, str]) -> list[str]:
    """A shortest circle of imports through each file that is in one; `sources` has the texts of files by path."""
    modules = {module_of(path) for path in sources}
    graph = {module_of(path): imported_files(path, source, modules) for path, source in sources.items()}
    found = set()
    for module in graph:
        circle = way(graph, module, module)[1:]
        first = circle.index(min(circle)) if circle else 0
        found.add(" -> ".join([*circle[first:], *circle[:first], *circle[first : first + 1]]))
    return sorted(found - {""})
