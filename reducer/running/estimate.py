"""Estimates the cost of a plan by kind: numbers of outputs and inputs, and bytes to read and to write."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from reducer.making.make import cost
from reducer.running.worker import FORESEEN, reason_of
from reducer.tasks.report import Failure
from reducer.tasks.task import Task


@dataclass
class Estimate:
    """The cost of the outputs of one kind; bytes are those of datasets."""

    kind: str
    outputs: int = 0
    inputs: int = 0
    bytes_read: int = 0
    bytes_written: int = 0


def estimate(tasks: Iterable[Task], root: Path) -> tuple[list[Estimate], list[Failure]]:
    """Estimate the costs by kind, and list the outputs of which an input could not be opened; equal inputs are opened once."""
    by_kind: dict[str, Estimate] = {}
    known: dict[object, tuple[int, int]] = {}
    failed = []
    for task in tasks:
        total = by_kind.setdefault(task.kind, Estimate(task.kind))
        total.outputs += 1
        total.inputs += sum(len(row.inputs) for row in task.rows)
        key = _key(task)
        if key not in known:
            try:
                known[key] = cost(task, root)
            except FORESEEN as error:
                failed.append(Failure(task.path, reason_of(error, task, root)))
                continue
        read, written = known[key]
        total.bytes_read += read
        total.bytes_written += written
    return list(by_kind.values()), sorted(failed)


def _key(task: Task) -> object:
    """Equal for tasks whose inputs have the same sizes and the same datasets, as far as the campaign states them."""
    first = task.rows[0].inputs
    unknown = None if all(one.picks is not None for one in first) else task.path
    return task.kind, unknown, len(task.rows), tuple((one.size, one.group, one.picks) for one in first)
