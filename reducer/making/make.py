"""Carries out one task: reads its inputs once, and writes its output whole or not at all, with a record of its inputs."""

from collections.abc import Callable, Iterable
from contextlib import ExitStack, nullcontext
from math import prod
from pathlib import Path

from latteboard.errors import InputRefused, OutputRefused
from latteboard.files.locks import only_writer
from latteboard.files.segments import size_of
from reducer.correlators.file import CorrelatorFile
from reducer.making.blueprint import Blueprint, draw_blueprint, look_at
from reducer.making.job import Job
from reducer.making.joined import write_joined
from reducer.making.place import Place, drafted
from reducer.making.previous import PreviousOutput, find_previous
from reducer.making.segments import grows_by_segments, named_segments, remove_segments, written_by_segments
from reducer.making.targets import Target, survey
from reducer.making.writing import write_single
from reducer.tasks.task import Input, Result, Row, Task


def make(
    task: Task,
    root: Path,
    *,
    allow_nan: bool = False,
    overwrite: bool = False,
    keep_average: Path | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> Result | None:
    """Make the output of a task; None if it exists already, made of the same inputs in the same way.

    Parameters
    ----------
    root : of the paths in the task
    allow_nan : record numbers that are NaN or infinite instead of refusing them
    overwrite : replace whatever stands under the output's name
    keep_average : write the average before its transform too, to this file
    stop : asked between datasets

    Raises
    ------
    InputRefused, OutputRefused : by file and dataset; nothing is left of the output.
    Stopped : ``stop`` said so; likewise.
    """
    appends = task.recipe.concatenate is not None and task.recipe.concatenate.append
    alone = only_writer(task.file(root)) if overwrite or task.replace or appends else nullcontext()
    try:
        with alone:
            return _make(task, root, allow_nan=allow_nan, overwrite=overwrite, keep_average=keep_average, stop=stop)
    except OutputRefused:
        if not overwrite and _is_there(task.file(root), task):
            return None  # another run made the same in the meantime
        raise


def _is_there(target: Path, task: Task) -> bool:
    """Whether the output stands there, made of the same inputs in the same way."""
    try:
        found = find_previous(target, task)
    except OutputRefused:
        return False
    return found is not None and found.is_current


def _make(
    task: Task, root: Path, *, allow_nan: bool, overwrite: bool, keep_average: Path | None, stop: Callable[[], bool]
) -> Result | None:
    target = task.file(root)
    if task.recipe.concatenate is not None and task.recipe.concatenate.append:
        target = target.resolve()  # through a link, the file that it leads to grows
    place = Place.at(target)
    previous = None if overwrite else find_previous(target, task)
    if previous is not None and previous.is_current:
        return None
    inputs = list(task.inputs)
    _check_inputs(inputs, root)
    replaces = overwrite or previous is not None
    superseded = named_segments(target) if replaces else []

    job = Job(task, root, allow_nan, stop)
    blueprint = None if task.recipe.concatenate is None else blueprint_of(job, previous)
    segment = 0
    with ExitStack() as segments, ExitStack() as drafts:
        draft = drafts.enter_context(place.drafted(replaces=replaces))
        kept = None if keep_average is None else drafts.enter_context(drafted(keep_average, overwrite=overwrite))
        if blueprint is None:
            write_single(job, draft, kept, average_name=str(keep_average))
        elif grows_by_segments(blueprint):
            segment = segments.enter_context(written_by_segments(job, blueprint, target, draft))
        else:
            write_joined(job, blueprint, draft)
        _check_inputs(inputs, root)
        written = segment + sum(path.stat().st_size for path in (draft, kept) if path is not None)
    if not segment:
        remove_segments(target, superseded)
    return Result(task.path, job.bytes_read, written, tuple(job.lost))


def blueprint_of(job: Job, previous: PreviousOutput | None) -> Blueprint:
    """The blueprint of a concatenation; rows that a previous output holds, and that still hold, are kept."""
    kept, rows = (
        ([], job.task.rows) if previous is None or previous.adds is None else ([previous.kept()], previous.adds)
    )
    return draw_blueprint(job, kept, [look_at(job, row) for row in rows])


def cost(task: Task, root: Path) -> tuple[int, int]:
    """The bytes of datasets that a task reads and writes, from the first file of each group of its first row.

    Raises
    ------
    InputRefused : such a file cannot be used.
    """
    read = written = 0
    first = task.rows[0]
    groups: dict[str, list[Input]] = {}
    for given in first.inputs:
        groups.setdefault(given.group, []).append(given)
    for members in groups.values():
        with CorrelatorFile(members[0].file(root)) as file:
            targets = survey(Row((members[0],)), [file], task.recipe, task.physics)
            read += len(members) * sum(term.bytes for target in targets for term in target.terms)
            copies = 1 if task.recipe.average is not None else len(members)
            written += copies * sum(_bytes_written(target, task) for target in targets)
    return len(task.rows) * read, len(task.rows) * written


def _bytes_written(target: Target, task: Task) -> int:
    if task.recipe.fft is None or not target.is_correlator:
        return target.first.bytes
    sites = prod(target.first.dataset.complex_shape[-3:])
    return target.first.bytes // sites * (2 * task.recipe.fft.max_momentum + 1) ** 3


def _check_inputs(inputs: Iterable[Input], root: Path) -> None:
    """Require that inputs are as they were when the task was planned; asked before and after they are read."""
    for given in inputs:
        path = given.file(root)
        try:
            found = path.stat()
        except OSError as error:
            raise InputRefused(f"cannot be read: {error.strerror}", path=path) from error
        size = found.st_size if found.st_size == given.size else size_of(path)
        if size != given.size:
            raise InputRefused(
                f"changed since this was planned: {size} bytes, expected {given.size}; index again", path=path
            )
        if found.st_mtime_ns != given.mtime:
            raise InputRefused("changed since this was planned: it has another time; index again", path=path)
