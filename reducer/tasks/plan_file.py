"""Plan files: written once, carried out elsewhere and in parts, without campaign and catalog.

A plan is a text of JSON lines, compressed where its name ends in ``.gz``. The first line names campaign and root, the last
one states the number of tasks. Between them stand tasks, and lists of picked datasets, numbered from 0, and further roots,
numbered from 1, each before the first task that refers to it.
"""

import gzip
import io
import json
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import Any, Protocol, TextIO
from zlib import crc32
from zlib import error as damaged_archive

from latteboard.errors import InputRefused, OutputRefused
from latteboard.files.atomic import replacing
from latteboard.recipe import Recipe
from reducer.tasks.report import Failure
from reducer.tasks.task import Input, Row, Task

VERSION = 1
Picks = tuple[str, ...]
# Errors of reading a text that is no plan, or a damaged one.
NOT_A_PLAN = (ValueError, KeyError, TypeError, IndexError, EOFError, damaged_archive)


class Tasks(Protocol):
    """Tasks of a known number, one after the other."""

    def __len__(self) -> int:
        """Their number."""

    def __iter__(self) -> Iterator[Task]:
        """Each once."""


@dataclass
class Plan:
    """Tasks that can be carried out now.

    Attributes
    ----------
    campaign : the name of the campaign
    root : of the paths in tasks
    parts : the tasks, kind by kind; each may be built when it is asked for, so that few are held at a time
    failed : outputs that were asked for and cannot be made
    """

    campaign: str
    root: Path
    parts: list[Tasks] = field(default_factory=list)
    failed: list[Failure] = field(default_factory=list)

    def __len__(self) -> int:
        return sum(map(len, self.parts))

    def __iter__(self) -> Iterator[Task]:
        return chain.from_iterable(self.parts)


def in_shard(path: str, number: int, shards: int) -> bool:
    """Whether the output ``path`` belongs to shard ``number`` of ``shards``, counted from 0; a matter of its name alone."""
    return crc32(path.encode("utf-8", "surrogateescape")) % shards == number


def shard(tasks: Iterable[Task], number: int, shards: int) -> list[Task]:
    """The tasks of one shard; every task is in exactly one."""
    return [task for task in tasks if in_shard(task.path, number, shards)]


def write_plan(path: Path, plan: Plan) -> None:
    """Write a plan, whole, in the place of an earlier one.

    Raises :class:`OutputRefused` if ``path`` is there and no plan.
    """
    if path.exists() and not _is_plan(path):
        raise OutputRefused(f"{path}: exists and is not a plan; name another file, or move it away")
    with replacing(path) as draft, _writing(draft, compressed=path.suffix == ".gz") as stream:

        def say(line: dict[str, Any]) -> None:
            stream.write(json.dumps(line, separators=(",", ":")) + "\n")

        say({"latteboard_plan": VERSION, "campaign": plan.campaign, "root": str(plan.root.resolve())})
        numbers: dict[Picks, int] = {}
        roots = {"": 0}
        for task in plan:
            for picks in dict.fromkeys(one.picks for one in task.inputs if one.picks is not None):
                if picks not in numbers:
                    numbers[picks] = len(numbers)
                    say({"picks": picks})
            for root in dict.fromkeys((task.root, *(one.root for one in task.inputs))):
                if root not in roots:
                    roots[root] = len(roots)
                    say({"further_root": str(Path(root).resolve())})
            say(_stated(task, numbers, roots))
        say({"tasks": len(plan)})


def read_plan(path: Path, part: tuple[int, int] | None = None) -> Plan:
    """Read a plan, of its tasks only those of shard ``part`` (I, N); raises :class:`InputRefused` if it is none."""
    try:
        with _reading(path) as stream:
            header = json.loads(next(stream, ""))
            if header["latteboard_plan"] != VERSION:
                raise InputRefused(
                    f"{path}: a plan of version {header['latteboard_plan']}, this latteboard reads {VERSION}; plan again"
                )
            return Plan(header["campaign"], Path(header["root"]), [list(_tasks(stream, part or (0, 1)))])
    except OSError as error:
        raise InputRefused(f"{path}: the plan cannot be read: {error.strerror or error}") from error
    except NOT_A_PLAN as error:
        raise InputRefused(f"{path}: not a plan, or a damaged one; write it with: latteboard reduce --plan") from error


def _tasks(stream: Iterable[str], part: tuple[int, int]) -> Iterator[Task]:
    lists: list[Picks] = []
    roots = [""]
    count, stated = 0, None
    for line in map(json.loads, stream):
        if "picks" in line:
            lists.append(tuple(line["picks"]))
        elif "further_root" in line:
            roots.append(line["further_root"])
        elif "tasks" in line:
            stated = line["tasks"]
        else:
            count += 1
            if in_shard(line["path"], *part):
                yield _task(line, lists, roots)
    if stated != count:
        raise ValueError(f"{count} tasks, expected {stated}")


def _stated(task: Task, numbers: dict[Picks, int], roots: dict[str, int]) -> dict[str, Any]:
    def stated(one: Input) -> list[Any]:
        picks = None if one.picks is None else numbers[one.picks]
        # What says where it is comes last, and only where it is needed: plans have millions of inputs.
        where = [roots[one.root], *one.also] if one.root or one.also else []
        return [one.path, one.size, one.mtime, one.source, one.group, picks, *where]

    rows = [[row.stream, row.configuration, [stated(one) for one in row.inputs]] for row in task.rows]
    steps = task.recipe.steps()
    what: dict[str, Any] = {"kind": task.kind, "path": task.path, "steps": steps, "rows": rows}
    if task.root or task.also:
        what |= {"root": roots[task.root], "also": task.also}
    if task.left_out:
        what["left_out"] = task.left_out
    return {**what, "lacking": task.lacking, "replace": task.replace}


def _task(line: dict[str, Any], lists: list[Picks], roots: list[str]) -> Task:
    def read(stated: list[Any]) -> Input:
        path, size, mtime, source, group, picks, *where = stated
        root, *also = where or (0,)
        taken = None if picks is None else lists[picks]
        return Input(path, size, mtime, source, group, taken, roots[root], tuple(also))

    rows = tuple(
        Row(tuple(read(one) for one in inputs), configuration, stream) for stream, configuration, inputs in line["rows"]
    )
    steps, lacking = Recipe.read(line["steps"]), tuple(line["lacking"])
    where, also, left_out = roots[line.get("root", 0)], tuple(line.get("also", ())), tuple(line.get("left_out", ()))
    task = Task(line["kind"], line["path"], steps, rows, lacking, replace=line["replace"], root=where, also=also)
    return replace(task, left_out=left_out)


def _is_plan(path: Path) -> bool:
    try:
        with _reading(path) as stream:
            return "latteboard_plan" in json.loads(next(stream, ""))
    except (OSError, *NOT_A_PLAN):
        return False


@contextmanager
def _reading(path: Path) -> Iterator[TextIO]:
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as stream:
        yield stream


@contextmanager
def _writing(path: Path, *, compressed: bool) -> Iterator[TextIO]:
    """A text stream into a new file; the same text gives the same bytes, so no time and no name go into the archive."""
    with ExitStack() as stack:
        raw = stack.enter_context(path.open("xb"))
        inner = stack.enter_context(gzip.GzipFile("", "wb", 6, raw, mtime=0)) if compressed else raw
        yield stack.enter_context(io.TextIOWrapper(inner, encoding="utf-8"))
