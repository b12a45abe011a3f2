"""The record of an output: what it was made of, how, and by which versions."""

import platform
from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any

import h5py
import numpy as np

from latteboard.files.hdf5 import Mark, RecordedInput
from reducer.tasks.task import Row, Task

VERSIONS = {
    "python": platform.python_version(),
    "numpy": np.__version__,
    "h5py": h5py.__version__,
    "hdf5": h5py.version.hdf5_version,
}


def recorded_inputs(rows: Sequence[Row], kept: Sequence[Mark] = ()) -> list[RecordedInput]:
    """The inputs of an output: those of the files whose rows are kept, then those of rows that are written now."""
    before = [one for mark in kept for one in mark.inputs]
    known = {one.path for one in before}
    inputs = (given for row in rows for given in row.inputs if given.path not in known)
    return [*before, *(RecordedInput(one.path, one.size, one.mtime) for one in inputs)]


def recorded_recipe(task: Task, lacking: Sequence[str] = ()) -> dict[str, Any]:
    """How an output was made."""
    recipe: dict[str, Any] = {"steps": task.recipe.steps(), "versions": VERSIONS}
    if task.kind:
        recipe["kind"] = task.kind
    if lacking:
        recipe["lacking"] = list(lacking)
    if task.left_out:
        recipe["left_out"] = list(task.left_out)
    if task.recipe.concatenate is None and task.rows[0].configuration is not None:
        recipe |= {"configuration": task.rows[0].configuration, "stream": task.rows[0].stream}
    return recipe


def recorded_rows(rows: Sequence[Row], kept: Sequence[Mark] = ()) -> list[list[Any]] | None:
    """Of each row its stream, its configuration and the number of its inputs, in their order.

    None if a file whose rows are kept does not state them, as those of early versions.
    """
    if not all("rows" in mark.recipe for mark in kept):
        return None
    known = {one.path for mark in kept for one in mark.inputs}
    return [*(row for mark in kept for row in mark.recipe["rows"]), *_new_rows(rows, known)]


def _new_rows(rows: Sequence[Row], known: Set[str]) -> Iterator[list[Any]]:
    for row in rows:
        number = sum(given.path not in known for given in row.inputs)
        if number:
            yield [*row.key, number]


def recorded_concatenation(mark: Mark) -> Mapping[str, Any] | None:
    """The options by which an output was concatenated, as its mark states them; None if it was not."""
    for step in mark.recipe.get("steps", ()):
        stated = {step: {}} if isinstance(step, str) else step
        if isinstance(stated, dict) and isinstance(stated.get("concatenate"), dict):
            options: Mapping[str, Any] = stated["concatenate"]
            return options
    return None
