"""Writes outputs: computes their datasets from the files of a configuration, and records what they were made of."""

import platform
import shutil
from collections import defaultdict
from collections.abc import Iterator, Sequence, Set
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path
from typing import Any, Self

import h5py
import numpy as np

from latteboard.files import hdf5 as h5
from latteboard.names.encoding import is_unicode
from reducer.arrays.momentum import project_momentum
from reducer.hdf5.attributes import NOT_FINITE
from reducer.making.blueprint import Blueprint
from reducer.making.carried_attributes import carried_attributes
from reducer.making.compute import Numbers, count_not_finite, not_finite_input, slabs
from reducer.making.job import Job
from reducer.making.layout import Layout
from reducer.making.output import Output
from reducer.making.targets import Target, row_dataset
from reducer.making.terms import Term
from reducer.tasks.task import Task

AHEAD = 3  # outputs: so far ahead the system is told what is read
VERSIONS = {
    "python": platform.python_version(),
    "numpy": np.__version__,
    "h5py": h5py.__version__,
    "hdf5": h5py.version.hdf5_version,
}


# -- one configuration ---------------------------------------------------------------------------------------------------


def write_single(job: Job, draft: Path, average: Path | None, *, average_name: str = "") -> None:
    """Write the output of the only row; and to ``average`` its mean before the transform, marked with the name given."""
    with ExitStack() as stack:
        outputs = [(job, stack.enter_context(Output(draft)))]
        if average is not None:
            recipe = replace(job.task.recipe, fft=None)
            untransformed = replace(job, task=replace(job.task, path=average_name, recipe=recipe))
            outputs.append((untransformed, stack.enter_context(Output(average))))
        files, targets = stack.enter_context(job.surveyed(job.task.rows[0]))
        for target, later in zip_longest(targets, targets[AHEAD:]):
            for term in () if later is None else later.terms:
                term.file.will_need(term.dataset, term.rows)
            if target.is_correlator:
                job.check_stop()
                _write(target, [_Destination.single(one, target, output) for one, output in outputs])
            else:
                _copy(target, outputs)
        for one, output in outputs:
            output.carry_labels(files)
            output.write_attributes(carried_attributes(files, targets, one.task.recipe, job.note_lost))
            datasets = (row_dataset(target, one.task.recipe) for target in targets if target.is_correlator)
            output.write_metas({dataset.name: dataset.meta for dataset in datasets})
            _finish(one, output, targets)


def _copy(target: Target, outputs: Sequence[tuple[Job, Output]]) -> None:
    """Copy a dataset whole that is no correlator; numbers that are not finite are counted, or refused, as in all others."""
    dataset = target.first.dataset
    has_numbers = not dataset.null and (dataset.dtype.kind in "fc" or dataset.dtype.names is not None)
    number = sum(count_not_finite(numbers) for _, numbers in slabs(target)) if has_numbers else 0
    for job, output in outputs:
        if number and not job.allow_nan:
            raise not_finite_input(target)
        dataset_copy = output.copy(target)
        if number:
            dataset_copy.attrs[NOT_FINITE] = number


# -- several configurations ----------------------------------------------------------------------------------------------


def write_joined(job: Job, blueprint: Blueprint, draft: Path) -> None:
    """Write a concatenation as its blueprint says."""
    kept = blueprint.kept
    if kept is not None and blueprint.grows:
        # A file that grows starts as a copy, so that the old one stays readable whatever happens.
        shutil.copyfile(kept.path, draft)
    with Output(draft, extend=blueprint.grows) as output:
        if kept is not None and not blueprint.grows:
            output.take_rows(kept.path, blueprint.layouts, blueprint.kept_positions)
        linked = _linked_names(blueprint)
        _link(blueprint, output, draft.parent, linked)
        _write_rows(job, blueprint, output, linked)
        if blueprint.momenta is not None:
            with blueprint.momenta as file:
                output.copy_label(file, "momenta")
        output.write_labels(blueprint.labels, resizable=blueprint.options.append)
        output.write_attribute_table(blueprint.attributes)
        output.write_metas(blueprint.metas)
        output.write_shifted(blueprint.shifted)
        output.name_axes()
        _finish(job, output, blueprint.rows[-1].targets, None if kept is None else kept.mark, blueprint.lacking)


def _linked_names(blueprint: Blueprint) -> Set[str]:
    """The datasets that are made of links: those of which every row can be one."""
    if not blueprint.options.virtual:
        return set()
    targets = [target for row in blueprint.rows for target in row.targets]
    copied = {target.name for target in targets if not _may_be_linked(target.first)}
    return {target.name for target in targets} - copied


def _may_be_linked(term: Term) -> bool:
    """Whether a row can be a link: text and whole numbers have no NaN that could stand for a lost file.

    Nor can records that the library would not read as complex numbers, and names that it could not state.
    """
    return (
        term.dataset.dtype.kind in "fc" and term.dataset.linked and is_unicode(f"{term.file.path}{term.dataset.name}")
    )


def _link(blueprint: Blueprint, output: Output, folder: Path, names: Set[str]) -> None:
    terms: dict[str, list[Term]] = defaultdict(list)
    for row in blueprint.rows:
        for target in row.targets:
            if target.name in names:
                terms[target.name].append(target.first)
    for name, linked in terms.items():
        output.link(name, blueprint.layouts[name], linked, folder)


def _write_rows(job: Job, blueprint: Blueprint, output: Output, linked: Set[str]) -> None:
    for row in blueprint.rows:
        with job.opened(row.files):
            for target in row.targets:
                job.check_stop()
                name = row_dataset(target, job.task.recipe).name
                if name in linked:
                    _check_linked(job, target, output)
                else:
                    _write(target, [_Destination(job, output, name, blueprint.layouts[name], row.position)])


def _check_linked(job: Job, target: Target, output: Output) -> None:
    """Count numbers that are not finite in a row that is a link, or refuse them; those that the reducer made are counted."""
    number = target.first.file.counted(target.name)
    if number is None:
        number = sum(count_not_finite(numbers) for _, numbers in slabs(target))
    if number and not job.allow_nan:
        raise not_finite_input(target)
    output.note_not_finite(target.name, number)


# -- one dataset ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Destination:
    """Where a target is written to, and by which recipe."""

    job: Job
    output: Output
    name: str
    layout: Layout
    row: int

    @classmethod
    def single(cls, job: Job, target: Target, output: Output) -> Self:
        """The only row of a dataset."""
        dataset = row_dataset(target, job.task.recipe)
        return cls(job, output, dataset.name, Layout([dataset.shape]), 0)

    def write(self, target: Target, slab: slice, numbers: Numbers) -> None:
        """Transform and write a slab; numbers that are not finite are counted, or refused."""
        fft = self.job.task.recipe.fft if target.is_correlator else None
        if fft is not None:
            numbers = project_momentum(numbers, max_momentum=fft.max_momentum)
        self.output.write(self.name, self.layout, self.row, slab, numbers)
        number = count_not_finite(numbers)
        if number and not self.job.allow_nan:
            raise not_finite_input(target)
        self.output.note_not_finite(self.name, number)


def _write(target: Target, destinations: Sequence[_Destination]) -> None:
    """Compute one dataset of one row and write it to all destinations."""
    # Numbers that are not finite are counted; numpy need not warn of them too.
    with np.errstate(over="ignore", invalid="ignore"):
        for slab, numbers in slabs(target):
            for destination in destinations:
                destination.write(target, slab, numbers)


# -- the record ----------------------------------------------------------------------------------------------------------


def _finish(
    job: Job,
    output: Output,
    targets: Sequence[Target],
    kept: h5.Mark | None = None,
    lacking: Sequence[str] = (),
) -> None:
    """Write the momenta of the axes, and at last the mark; ``kept`` is that of rows written before."""
    fft = job.task.recipe.fft
    if fft is not None:
        sites = next(target.sites for target in targets if target.is_correlator)
        output.label_momenta(fft.max_momentum, sites)
    before = () if kept is None else kept.inputs
    known = {one.path for one in before}
    added = [h5.RecordedInput(one.path, one.size, one.mtime) for one in job.task.inputs if one.path not in known]
    recipe = _recorded_recipe(job, lacking)
    if job.task.recipe.concatenate is not None and (kept is None or "rows" in kept.recipe):
        recipe["rows"] = [*(() if kept is None else kept.recipe["rows"]), *_rows(job.task, known)]
    output.mark(job.task.path, [*before, *added], recipe)


def _rows(task: Task, known: Set[str]) -> Iterator[list[Any]]:
    """For each new row of a concatenation its stream, its configuration and the number of its inputs, in their order."""
    for row in task.rows:
        number = sum(given.path not in known for given in row.inputs)
        if number:
            yield [*row.key, number]


def _recorded_recipe(job: Job, lacking: Sequence[str]) -> dict[str, Any]:
    task = job.task
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
