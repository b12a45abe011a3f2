"""Writes the output of one configuration: computes its datasets, slab by slab, and records what they were made of."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path
from typing import Self

import numpy as np

from reducer.arrays.momentum import project_momentum
from reducer.hdf5.attributes import NOT_FINITE
from reducer.making.carried_attributes import carried_attributes
from reducer.making.compute import Numbers, count_not_finite, not_finite_input, slabs
from reducer.making.job import Job
from reducer.making.layout import Layout
from reducer.making.output import Output
from reducer.making.record import recorded_inputs, recorded_recipe
from reducer.making.targets import Target, row_dataset

AHEAD = 3  # outputs: so far ahead the system is told what is read


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
            if target.acts:
                job.check_stop()
                write_target(target, [Destination.single(one, target, output) for one, output in outputs])
            else:
                _copy(target, outputs)
        for one, output in outputs:
            output.carry_labels(files, collected=one.task.recipe.collect is not None)
            output.write_attributes(carried_attributes(files, targets, one.task.recipe, job.note_lost))
            datasets = (row_dataset(target, one.task.recipe) for target in targets if target.acts)
            output.write_metas({dataset.name: dataset.meta for dataset in datasets})
            label_momenta(one, output, targets)
            output.mark(one.task.path, recorded_inputs(one.task.rows), recorded_recipe(one.task))


def _copy(target: Target, outputs: Sequence[tuple[Job, Output]]) -> None:
    """Copy a dataset whole on which no step acts; numbers that are not finite are counted, or refused, as in all others."""
    dataset = target.first.dataset
    has_numbers = not dataset.null and (dataset.dtype.kind in "fc" or dataset.dtype.names is not None)
    number = sum(count_not_finite(numbers) for _, numbers in slabs(target)) if has_numbers else 0
    for job, output in outputs:
        if number and not job.allow_nan:
            raise not_finite_input(target)
        dataset_copy = output.copy(target)
        if number:
            dataset_copy.attrs[NOT_FINITE] = number


@dataclass(frozen=True)
class Destination:
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


def write_target(target: Target, destinations: Sequence[Destination]) -> None:
    """Compute one dataset of one row and write it to all destinations."""
    # Numbers that are not finite are counted; numpy need not warn of them too.
    with np.errstate(over="ignore", invalid="ignore"):
        for slab, numbers in slabs(target):
            for destination in destinations:
                destination.write(target, slab, numbers)


def label_momenta(job: Job, output: Output, targets: Sequence[Target]) -> None:
    """Write the order of momenta of a transform."""
    fft = job.task.recipe.fft
    if fft is not None:
        sites = next(target.sites for target in targets if target.is_correlator)
        output.label_momenta(fft.max_momentum, sites)
