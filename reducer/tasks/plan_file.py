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
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any, Protocol, TextIO
from zlib import crc32
from zlib import error as damaged_archive

from latteboard.errors import InputRefused, OutputRefused
from latteboard.files.atomic import replacing
from reducer.tasks.plan_lines import NotAPlan, Picks, Reader, absolute, number, of_type, parsed, task_line
from reducer.tasks.report import Failure
from reducer.tasks.task import Task

VERSION = 1
# Characters: more are read of no line, whatever file is given for a plan.
LONGEST_HEADER = 1 << 16
LONGEST_LINE = 1 << 28
# Errors of reading an archive that is damaged, or a text that is no UTF-8.
DAMAGED_ARCHIVE = (EOFError, UnicodeDecodeError, damaged_archive)


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
            say(task_line(task, numbers, roots))
        say({"tasks": len(plan)})


def read_plan(path: Path, part: tuple[int, int] | None = None) -> Plan:
    """Read a plan, of its tasks only those of shard ``part`` (I, N); raises :class:`InputRefused` if it is none."""
    if path.exists() and not path.is_file():
        raise InputRefused(f"{path}: not a plan: it is no file; write one with: latteboard reduce --plan")
    try:
        with _reading(path) as stream:
            header = parsed(stream.readline(LONGEST_HEADER))
            if header.get("latteboard_plan") != VERSION:
                raise _of_another_version(path, header)
            campaign, root = of_type(header.get("campaign"), str, "campaign"), absolute(header.get("root"))
            return Plan(campaign, Path(root), [list(_tasks(stream, part or (0, 1)))])
    except NotAPlan as error:
        raise InputRefused(
            f"{path}: not a plan, or a damaged one: {error}; write it with: latteboard reduce --plan"
        ) from error
    except OSError as error:
        raise InputRefused(f"{path}: the plan cannot be read: {error.strerror or error}") from error
    except DAMAGED_ARCHIVE as error:
        raise InputRefused(f"{path}: not a plan, or a damaged one; write it with: latteboard reduce --plan") from error


def _of_another_version(path: Path, header: dict[str, Any]) -> Exception:
    version = header.get("latteboard_plan")
    if not isinstance(version, int):
        return NotAPlan("its first line names no version")
    return InputRefused(f"{path}: a plan of version {version}, this latteboard reads {VERSION}; plan again")


def _tasks(stream: TextIO, part: tuple[int, int]) -> Iterator[Task]:
    reader = Reader()
    count, stated = 0, None
    while text := stream.readline(LONGEST_LINE):
        if stated is not None:
            raise NotAPlan("something stands after its last line")
        line = parsed(text)
        if "tasks" in line:
            stated = number(line["tasks"], "tasks")
            continue
        task = reader.task(line)
        if task is not None:
            count += 1
            if in_shard(task.path, *part):
                yield task
    if stated != count:
        raise NotAPlan(f"{count} tasks, expected {'a last line with their number' if stated is None else stated}")


def _is_plan(path: Path) -> bool:
    try:
        with _reading(path) as stream:
            return "latteboard_plan" in parsed(stream.readline(LONGEST_HEADER))
    except (OSError, NotAPlan, *DAMAGED_ARCHIVE):
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
