"""A previous output under the name of a new one: whether it is ours, is current, or can be given further rows."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from latteboard.errors import OutputRefused
from latteboard.files.hdf5 import Mark, Unreadable, read_mark, same_time
from latteboard.files.segments import segments_problem
from reducer.making.blueprint import Kept
from reducer.tasks.task import Key, Row, Task, key_text


@dataclass(frozen=True)
class PreviousOutput:
    """A previous output of ours.

    Attributes
    ----------
    is_current : it was made of the same inputs in the same way
    adds : the rows of the task that it lacks, if all its own rows are still valid; None if it must be made again
    """

    path: Path
    mark: Mark
    is_current: bool = False
    adds: tuple[Row, ...] | None = None

    def kept(self) -> Kept:
        """It, as a file whose rows are kept."""
        return Kept.read(self.path, self.mark)


def find_previous(target: Path, task: Task) -> PreviousOutput | None:
    """Find the previous output; None if there is none.

    Raises
    ------
    OutputRefused : it is not ours, or is of other inputs and may not be replaced.
    """
    if not os.path.lexists(target):
        return None
    try:
        mark = read_mark(target) if target.exists() else None  # it may be a link that leads nowhere
    except Unreadable as error:
        raise OutputRefused(f"{target}: exists and {error.reason}; move it away") from error
    if mark is None:
        raise OutputRefused(f"{target}: exists and is not ours: it has no mark of latteboard; move it away")
    if not _is_same_name(mark.path, task):
        raise OutputRefused(
            f"{target}: exists and says that it is {mark.path}, a copy under another name; move it away"
        )
    mark = _under_present_paths(mark, task)
    lost = segments_problem(target, mark)
    if lost is None and mark.complete and _is_current(mark, task):
        return PreviousOutput(target, mark, is_current=True)
    adds = _rows_to_add(target, mark, task) if mark.complete and lost is None else None
    if adds is not None:
        return PreviousOutput(target, mark, is_current=not adds, adds=adds)
    if not task.replace:
        remake = "remake it with --stale" if task.kind else "say --overwrite"
        raise OutputRefused(f"{target}: exists, {lost or _what_differs(mark, task)}; {remake}, or move it away")
    previous = PreviousOutput(target, mark)
    if task.recipe.concatenate is not None and mark.complete:
        _check_nothing_is_lost(previous, task)
    return previous


def _is_same_name(recorded: str, task: Task) -> bool:
    """Whether a file was made under the name that it has; one outside a campaign may have been moved elsewhere."""
    return recorded in (task.path, *task.also) if task.kind else Path(recorded).name == Path(task.path).name


def _under_present_paths(mark: Mark, task: Task) -> Mark:
    """The mark with inputs that have several paths under those by which the task has them."""
    present = {other: one.path for one in task.inputs for other in one.also}
    if not task.kind:
        present |= _moved(mark, task)
    if not present:
        return mark
    return replace(mark, inputs=tuple(replace(one, path=present.get(one.path, one.path)) for one in mark.inputs))


def _moved(mark: Mark, task: Task) -> dict[str, str]:
    """Files named one by one that were recorded under another path: of a link to them, or of a folder that was moved."""
    named = {one.path for one in task.inputs}
    unknown = [one for one in mark.inputs if one.path not in named]
    real = {os.path.realpath(one.path): one.path for one in task.inputs}
    same: dict[object, list[str]] = {}
    for one in task.inputs:
        same.setdefault((Path(one.path).name, one.size, one.mtime), []).append(one.path)
    found = {}
    for old in unknown:
        alike = same.get((Path(old.path).name, old.size, old.mtime), [])
        if (path := real.get(os.path.realpath(old.path)) or (alike[0] if len(alike) == 1 else None)) is not None:
            found[old.path] = path
    return found


def _is_current(mark: Mark, task: Task) -> bool:
    recorded = [(one.path, one.size, one.mtime) for one in mark.inputs]
    wanted = [(one.path, one.size, one.mtime) for one in task.inputs]
    return mark.recipe.get("steps") == task.recipe.steps() and sorted(recorded) == sorted(wanted)


def _rows_to_add(target: Path, mark: Mark, task: Task) -> tuple[Row, ...] | None:
    """The rows that the recorded inputs lack; None unless those are as they were and make up whole rows."""
    options = task.recipe.concatenate
    if (
        options is None
        or not options.append
        or _apart_from_growth(mark.recipe.get("steps")) != _apart_from_growth(task.recipe.steps())
    ):
        return None
    recorded = {one.path: one for one in mark.inputs}
    keys = keys_of_inputs(mark)
    adds = []
    for row in task.rows:
        _check_key(target, row, keys)
        known = [recorded.get(given.path) for given in row.inputs]
        if not any(known):
            adds.append(row)
            continue
        for given, old in zip(row.inputs, known, strict=True):
            if old is None or old.size != given.size or not same_time(old.mtime, given.mtime):
                return None
    return tuple(adds)


def _apart_from_growth(steps: Any) -> Any:
    """Steps as a mark states them, without how the rows of a concatenation are stored."""
    return [
        {
            "concatenate": {
                name: value for name, value in step["concatenate"].items() if name not in ("append", "virtual")
            }
        }
        if isinstance(step, dict) and "concatenate" in step
        else {"concatenate": {}}
        if step == "concatenate"
        else step
        for step in steps or ()
    ]


def keys_of_inputs(mark: Mark) -> dict[str, Key]:
    """The stream and configuration of each recorded input, by path; empty in files of a version that did not record it."""
    found: dict[str, Key] = {}
    inputs = iter(mark.inputs)
    for stream, configuration, number in mark.recipe.get("rows", ()):
        found |= {one.path: (stream, configuration) for one in islice(inputs, number)}
    return found


def _check_key(target: Path, row: Row, keys: Mapping[str, Key]) -> None:
    """Refuse an input that the output holds as another configuration."""
    for given in row.inputs:
        known = keys.get(given.path, row.key)
        if known != row.key:
            raise OutputRefused(
                f"{target}: holds {given.path} as configuration {key_text(known)}; expected the same now, found "
                f"{key_text(row.key)}. Nothing was changed"
            )


def _what_differs(mark: Mark, task: Task) -> str:
    """Why a file is not current, in a few words."""
    if not mark.complete:
        return "marked incomplete"
    if mark.recipe.get("steps") != task.recipe.steps():
        made, asked = (json.dumps(steps) for steps in (mark.recipe.get("steps"), task.recipe.steps()))
        return f"made by the steps {made}; expected {asked}"
    recorded = {one.path: one for one in mark.inputs}
    for given in task.inputs:
        old = recorded.get(given.path)
        if old is not None and (old.size != given.size or not same_time(old.mtime, given.mtime)):
            return f"made of {given.path} as it was before it changed"
    return "made of other inputs"


def _check_nothing_is_lost(previous: PreviousOutput, task: Task) -> None:
    """Refuse to replace a file by one that holds fewer configurations."""
    rows = {row.key for row in task.rows}
    lost = [key for key in previous.kept().labels.keys if key not in rows]
    if lost:
        raise OutputRefused(
            f"{previous.path}: holds configuration {key_text(lost[0])} (one of {len(lost)}) whose inputs are "
            "not there to be read again; nothing was changed. Bring them back, or move the file away"
        )
