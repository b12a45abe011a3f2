"""Writes outputs: computes their datasets from the files of a configuration, and records what they were made of."""

import platform
import shutil
from collections import defaultdict
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import h5py
import numpy as np

from latteboard.files import hdf5 as h5
from reducer.arrays.momentum import project_momentum
from reducer.making.blueprint import Blueprint
from reducer.making.compute import Numbers, count_not_finite, not_finite_input, slabs
from reducer.making.job import Job
from reducer.making.layout import Layout
from reducer.making.output import NOT_FINITE, Output
from reducer.making.targets import Target, row_dataset
from reducer.making.terms import Term

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
        for target in targets:
            if target.is_correlator:
                job.check_stop()
                _write(target, [_Destination.single(one, target, output) for one, output in outputs])
            else:
                _copy(target, outputs)
        for one, output in outputs:
            output.carry_labels(files)
            datasets = (row_dataset(target, one.task.recipe) for target in targets if target.is_correlator)
            output.write_metas({dataset.name: dataset.meta for dataset in datasets})
            _finish(one, output, targets)


def _copy(target: Target, outputs: Sequence[tuple[Job, Output]]) -> None:
    """Copy a dataset whole that is no correlator; numbers that are not finite are counted, or refused, as in all others."""
    dataset = target.first.dataset
    has_numbers = dataset.dtype.kind in "fc" or dataset.dtype.names is not None
    number = sum(count_not_finite(numbers) for _, numbers in slabs(target)) if has_numbers else 0
    for job, output in outputs:
        if number and not job.allow_nan:
            raise not_finite_input(target)
        target.first.file.copy(target.name, output.file)
        if number:
            output.file[target.name].attrs[NOT_FINITE] = number


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
        if blueprint.options.virtual:
            _link(blueprint, output, draft.parent)
        _write_rows(job, blueprint, output)
        if blueprint.momenta is not None:
            with blueprint.momenta as file:
                file.copy("momenta", output.file)
        output.write_labels(blueprint.labels, resizable=blueprint.options.append)
        output.write_metas(blueprint.metas)
        output.name_axes()
        inputs = () if kept is None else kept.mark.inputs
        _finish(job, output, blueprint.rows[-1].targets, inputs, blueprint.lacking)


def _is_linked(target: Target, blueprint: Blueprint) -> bool:
    """Whether a row of a dataset is a link: text and whole numbers have no NaN that could stand for a lost file."""
    return blueprint.options.virtual and target.first.dataset.dtype.kind in "fc"


def _link(blueprint: Blueprint, output: Output, folder: Path) -> None:
    terms: dict[str, list[Term]] = defaultdict(list)
    for row in blueprint.rows:
        for target in row.targets:
            if _is_linked(target, blueprint):
                terms[target.name].append(target.first)
    for name, linked in terms.items():
        output.link(name, blueprint.layouts[name], linked, folder)


def _write_rows(job: Job, blueprint: Blueprint, output: Output) -> None:
    for row in blueprint.rows:
        targets = [target for target in row.targets if not _is_linked(target, blueprint)]
        with job.opened(row.files if targets else ()):
            for target in targets:
                job.check_stop()
                name = row_dataset(target, job.task.recipe).name
                _write(target, [_Destination(job, output, name, blueprint.layouts[name], row.position)])


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
    kept: Sequence[h5.RecordedInput] = (),
    lacking: Sequence[str] = (),
) -> None:
    """Write the momenta of the axes, and at last the mark; ``kept`` are inputs of rows written before."""
    fft = job.task.recipe.fft
    if fft is not None:
        sites = next(target.sites for target in targets if target.is_correlator)
        output.label_momenta(fft.max_momentum, sites)
    known = {one.path for one in kept}
    added = [h5.RecordedInput(one.path, one.size, one.mtime) for one in job.task.inputs if one.path not in known]
    output.mark(job.task.path, [*kept, *added], _recorded_recipe(job, lacking))


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
