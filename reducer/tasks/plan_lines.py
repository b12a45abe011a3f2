"""The lines of a plan: what each may hold, and what it stands for. A plan may come from elsewhere, so nothing is taken on trust."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from functools import cache
from typing import Any, TypeVar

from latteboard.errors import CampaignError
from latteboard.files.hdf5 import LARGEST
from latteboard.recipe import Recipe
from latteboard.text import listed, shown
from reducer.tasks.task import UNKNOWN, Input, Physics, Row, Task

Picks = tuple[str, ...]


CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class NotAPlan(ValueError):
    """A line is none of a plan; the message says why."""


# -- writing ---------------------------------------------------------------------------------------------------------------


def task_line(task: Task, picks: Mapping[Picks, int], roots: Mapping[str, int]) -> dict[str, Any]:
    """The line of a task; ``picks`` and ``roots`` are the numbers of those that stand before it."""

    def stated(one: Input) -> list[Any]:
        taken = None if one.picks is None else picks[one.picks]
        # What says where it is comes last, and only where it is needed: plans have millions of inputs.
        where = [roots[one.root], *one.also] if one.root or one.also else []
        return [one.path, one.size, one.mtime, one.source, one.group, taken, *where]

    rows = [[row.stream, row.configuration, [stated(one) for one in row.inputs]] for row in task.rows]
    line: dict[str, Any] = {"kind": task.kind, "path": task.path, "steps": task.recipe.steps(), "rows": rows}
    if task.root or task.also:
        line |= {"root": roots[task.root], "also": task.also}
    if task.left_out:
        line["left_out"] = task.left_out
    if task.physics != UNKNOWN:
        line["physics"] = {name: value for name, value in asdict(task.physics).items() if value}
    return {**line, "lacking": task.lacking, "replace": task.replace}


# -- reading ---------------------------------------------------------------------------------------------------------------


def parsed(text: str) -> dict[str, Any]:
    """One line as an object of JSON.

    Raises
    ------
    NotAPlan : it is none.
    """
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise NotAPlan("a line is no JSON") from error
    if not isinstance(found, dict):
        raise NotAPlan("a line is no object of JSON")
    return found


class Reader:
    """Reads one line after the other; lists of datasets and roots are kept for the tasks that refer to them."""

    def __init__(self) -> None:
        self._picks: list[Picks] = []
        self._roots = [""]

    def task(self, line: dict[str, Any]) -> Task | None:
        """The task of a line; None if it is another one.

        Raises
        ------
        NotAPlan : it is none of a plan, or names a path that is not below its root.
        """
        if "picks" in line:
            self._picks.append(texts(line["picks"], "picks"))
        elif "further_root" in line:
            self._roots.append(absolute(line["further_root"]))
        else:
            return self._task(line)
        return None

    def _task(self, line: dict[str, Any]) -> Task:
        rows = tuple(self._row(one) for one in of_type(line.get("rows"), list, "rows"))
        if not rows:
            raise NotAPlan("a task has no rows")
        task = Task(
            of_type(line.get("kind"), str, "kind"),
            relative(line.get("path")),
            _recipe(json.dumps(of_type(line.get("steps"), list, "steps"))),
            rows,
            texts(line.get("lacking"), "lacking"),
            replace=of_type(line.get("replace"), bool, "replace"),
            root=self._root(line.get("root", 0)),
            also=tuple(map(relative, of_type(line.get("also", []), list, "also"))),
        )
        left_out = texts(line.get("left_out", []), "left_out")
        return replace(task, left_out=left_out, physics=_physics(line.get("physics", {})))

    def _row(self, stated: Any) -> Row:
        if not isinstance(stated, list) or len(stated) != 3:
            raise NotAPlan("a row is not a stream, a configuration and inputs")
        stream, configuration, inputs = stated
        return Row(
            tuple(self._input(one) for one in of_type(inputs, list, "inputs")),
            None if configuration is None else number(configuration, "configuration"),
            None if stream is None else of_type(stream, str, "stream"),
        )

    def _input(self, stated: Any) -> Input:
        if not isinstance(stated, list) or len(stated) < 6:
            raise NotAPlan("an input is not a path, a size, a time, a source, a group and a list of datasets")
        path, size, mtime, source, group, picks, *where = stated
        root, *also = where or (0,)
        return Input(
            relative(path),
            number(size, "size"),
            number(mtime, "time"),
            None if source is None else of_type(source, str, "source"),
            of_type(group, str, "group"),
            None if picks is None else _at(self._picks, picks, "picks"),
            self._root(root),
            tuple(map(relative, also)),
        )

    def _root(self, position: Any) -> str:
        return _at(self._roots, position, "root")


T = TypeVar("T")


def of_type(value: Any, expected: type[T], name: str) -> T:
    """A value of this type, and no other that could stand for it."""
    if type(value) is not expected:
        raise NotAPlan(f"{name}: expected {expected.__name__}, found {type(value).__name__}")
    return value


def number(value: Any, name: str) -> int:
    """A whole number that a file system or a lattice may have."""
    found = of_type(value, int, name)
    if not 0 <= found <= LARGEST:
        raise NotAPlan(f"{name}: {found} is out of range")
    return found


def texts(value: Any, name: str) -> tuple[str, ...]:
    """A list of texts."""
    return tuple(of_type(one, str, name) for one in of_type(value, list, name))


def relative(value: Any) -> str:
    """A path that stays below its root."""
    path = _clean(value)
    if path.startswith("/") or (".." in path and ".." in path.split("/")):
        raise NotAPlan(f"the path {shown(path)} leaves the root; expected one below it")
    return path


def absolute(value: Any) -> str:
    """The path of a root."""
    path = _clean(value)
    if not path.startswith("/"):
        raise NotAPlan(f"the root {shown(path)}: expected an absolute path")
    return path


def _clean(value: Any) -> str:
    path = of_type(value, str, "path")
    if not path or CONTROL.search(path):
        raise NotAPlan(f"the path {shown(path)!r}: expected one without control characters")
    return path


def _at(known: Sequence[T], position: Any, name: str) -> T:
    place = number(position, name)
    if place >= len(known):
        raise NotAPlan(f"{name}: number {place} is not there before it")
    return known[place]


@cache
def _recipe(steps: str) -> Recipe:
    """The recipe of a list of steps, checked as one of a campaign; the tasks of a plan share few."""
    from latteboard.campaign.recipe_checks import check_list  # slow to import, and only plans from elsewhere need it

    stated = json.loads(steps)
    try:
        check_list(stated)
    except (CampaignError, TypeError, AttributeError, ValueError) as error:
        raise NotAPlan(f"steps: {' '.join(str(error).split())}") from error
    return Recipe.read(stated)


def _physics(value: Any) -> Physics:
    stated = of_type(value, dict, "physics")
    if not stated.keys() <= {"L", "T", "baryons", "mesons"}:
        raise NotAPlan(f"physics: expected L, T, baryons and mesons, found {listed(stated)}")
    extents = {name: number(stated[name], name) for name in ("L", "T") if name in stated}
    particles = {name: texts(stated[name], name) for name in ("baryons", "mesons") if name in stated}
    return Physics(**extents, **particles)  # type: ignore[arg-type]
