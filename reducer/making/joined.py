"""Writes the output of several configurations: a plain file of all rows, or links to the files that hold them."""

import os
from collections import defaultdict
from collections.abc import Sequence, Set
from pathlib import Path

from latteboard.errors import OutputRefused
from latteboard.files import hdf5 as h5
from latteboard.names.encoding import as_bytes, is_unicode
from reducer.hdf5.attributes import NOT_FINITE
from reducer.making.blueprint import Blueprint, Kept
from reducer.making.compute import count_not_finite, not_finite_input, slabs
from reducer.making.job import Job
from reducer.making.layout import Move
from reducer.making.output import Output, Source
from reducer.making.record import recorded_inputs, recorded_recipe, recorded_rows
from reducer.making.targets import Target, row_dataset
from reducer.making.terms import Term
from reducer.making.writing import Destination, label_momenta, write_target

# Most systems let a process have 1024 files open; of what it cannot open, HDF5 reads NaN without a word.
MOST_LINKED = 900


def write_joined(job: Job, blueprint: Blueprint, draft: Path) -> None:
    """Write a concatenation as its blueprint says, with the rows that are kept."""
    with Output(draft) as output:
        for kept in blueprint.kept:
            _take_rows(kept, blueprint, output)
        linked = _linked_names(blueprint)
        _link(job, blueprint, output, draft.parent, linked)
        _write_rows(job, blueprint, output, linked)
        describe(job, blueprint, output)


def describe(job: Job, blueprint: Blueprint, output: Output, **files: Sequence[h5.RecordedInput]) -> None:
    """Write all but the numbers: labels, attributes, and at last the mark; ``files`` are those that it names beside inputs."""
    rows = [one.row for one in blueprint.rows]
    marks = [kept.mark for kept in blueprint.kept]
    if blueprint.momenta is not None:
        with blueprint.momenta as file:
            output.copy_label(file, "momenta")
    output.write_labels(blueprint.labels)
    output.write_attribute_table(blueprint.attributes)
    output.write_metas(blueprint.metas)
    output.write_shifted(blueprint.shifted)
    output.name_axes()
    label_momenta(job, output, blueprint.rows[-1].targets)
    recipe = recorded_recipe(job.task, blueprint.lacking)
    stated = recorded_rows(rows, marks)
    if stated is not None:
        recipe["rows"] = stated
    output.mark(job.task.path, recorded_inputs(rows, marks), recipe, **files)


def _take_rows(kept: Kept, blueprint: Blueprint, output: Output) -> None:
    """Copy the rows of a file of ours to their places."""
    with h5.open_file(kept.path) as file:
        for name, layout in sorted(blueprint.layouts.items()):
            dataset = file[as_bytes(name)]
            output.take(dataset, name, layout, moves_of(blueprint, name, kept.positions, dataset.shape))
            output.note_not_finite(name, int(dataset.attrs.get(NOT_FINITE, 0)))


def moves_of(blueprint: Blueprint, name: str, positions: Sequence[int], shape: Sequence[int]) -> list[Move]:
    """How the rows of a file of ours come to their places among all rows."""
    layout = blueprint.layouts[name]
    if blueprint.options.along == "new":
        return [(row, row + 1, position) for row, position in enumerate(positions)]
    return [(0, shape[layout.axis], layout.offset(position)) for position in positions]


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


def _link(job: Job, blueprint: Blueprint, output: Output, folder: Path, names: Set[str]) -> None:
    """Link to the rows of others, by paths relative to ``folder``."""
    sources: dict[str, list[Source]] = defaultdict(list)
    for row, surveyed in zip(blueprint.positions, blueprint.rows, strict=True):
        for target in surveyed.targets:
            if target.name in names:
                term = target.first
                shape = term.dataset.shape
                # Where a folder is a symbolic link, ".." leads out of the real one only.
                real = term.file.path.parent.resolve() / term.file.path.name
                path = os.path.relpath(real, folder.resolve())
                there = blueprint.layouts[target.name].region(row, slice(0, shape[0] if shape else 0))
                sources[target.name].append(Source(path, term.dataset.name, shape, None, there))
    paths = {one.path for linked in sources.values() for one in linked}
    if len(paths) > MOST_LINKED:
        raise OutputRefused(
            f"{job.task.path}: links to {len(paths):,} files: more than a process may have open on most systems, where HDF5 "
            f"reads NaN instead; expected at most {MOST_LINKED}. Copy them: leave out virtual"
        )
    for name, linked in sources.items():
        output.link(name, blueprint.layouts[name], blueprint.dtypes[name], linked)


def _write_rows(job: Job, blueprint: Blueprint, output: Output, linked: Set[str]) -> None:
    for row, position in zip(blueprint.rows, blueprint.positions, strict=True):
        with job.opened(row.files):
            for target in row.targets:
                job.check_stop()
                name = row_dataset(target, job.task.recipe).name
                if name in linked:
                    _check_linked(job, target, output)
                else:
                    write_target(target, [Destination(job, output, name, blueprint.layouts[name], position)])


def _check_linked(job: Job, target: Target, output: Output) -> None:
    """Count numbers that are not finite in a row that is a link, or refuse them; those that the reducer made are counted."""
    number = target.first.file.counted(target.name)
    if number is None:
        number = sum(count_not_finite(numbers) for _, numbers in slabs(target))
    if number and not job.allow_nan:
        raise not_finite_input(target)
    output.note_not_finite(target.name, number)
