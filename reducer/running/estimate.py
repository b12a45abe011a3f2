"""What a plan would cost: how many outputs of how many inputs, and the bytes to read and to write, by kind."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from reducer.making.make import cost
from reducer.running.worker import FORESEEN, reason_of
from reducer.tasks.report import Failure
from reducer.tasks.task import Task


@dataclass
class Estimate:
    """What the outputs of one kind would cost; bytes of datasets."""

    kind: str
    outputs: int = 0
    inputs: int = 0
    bytes_read: int = 0
    bytes_written: int = 0


def estimate(tasks: Iterable[Task], root: Path) -> tuple[list[Estimate], list[Failure]]:
    """The costs by kind, and the outputs of which an input could not be looked into; inputs that are alike are opened once."""
    by_kind: dict[str, Estimate] = {}
    known: dict[object, tuple[int, int]] = {}
    failed = []
    for task in tasks:
        total = by_kind.setdefault(task.kind, Estimate(task.kind))
        total.outputs += 1
        total.inputs += sum(len(row.inputs) for row in task.rows)
        key = _alike(task)
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


def _alike(task: Task) -> object:
    """The same for tasks whose inputs are of the same sizes and hold the same datasets, as far as the campaign says."""
    first = task.rows[0].inputs
    told = None if all(one.picks is not None for one in first) else task.path
    return task.kind, told, len(task.rows), tuple((one.size, one.group, one.picks) for one in first)
