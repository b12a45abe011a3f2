"""The blueprint of a concatenation: its contents and their places, decided from metadata before any number is written."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice, pairwise
from math import prod
from pathlib import Path
from typing import Any, Self

import numpy as np

from latteboard.errors import InputRefused, OutputRefused
from latteboard.files.hdf5 import Mark
from latteboard.recipe import Concatenation
from reducer.arrays.joining import Shape
from reducer.correlators.file import CorrelatorFile
from reducer.correlators.meta import common_meta
from reducer.making.attribute_table import AttributeTable
from reducer.making.carried_attributes import AXES, carried_attributes
from reducer.making.job import Job
from reducer.making.labels import Labels, check_keys, labels_of_row
from reducer.making.layout import Layout
from reducer.making.targets import RowDataset, Target, row_dataset
from reducer.making.uniformity import Form, Uniformity
from reducer.tasks.task import Row, Task, key_text


@dataclass(frozen=True)
class SurveyedRow:
    """One row that is written now.

    Attributes
    ----------
    files : closed; they are opened again when the row is written
    datasets : what the targets become, in their order
    attributes : as rows, since a file may hold several configurations already
    momenta : the mode numbers that its files state; None if they state none
    """

    row: Row
    files: Sequence[CorrelatorFile]
    targets: Sequence[Target]
    datasets: Sequence[RowDataset]
    labels: Labels
    attributes: AttributeTable
    momenta: np.ndarray | None


@dataclass(frozen=True)
class Kept:
    """A file of ours whose rows are kept: an output that is given further ones, or a segment.

    Attributes
    ----------
    positions : the places of its rows among all rows; of one only where they have an axis along which they are joined
    """

    path: Path
    mark: Mark
    labels: Labels
    positions: Sequence[int] = ()

    @classmethod
    def read(cls, path: Path, mark: Mark) -> Self:
        """A file with this mark."""
        with CorrelatorFile(path) as file:
            return cls(path, mark, Labels.read(file) or Labels())


@dataclass(frozen=True)
class Blueprint:
    """The contents of a concatenated file before they are written.

    Attributes
    ----------
    rows, positions : those that are written now, and their places among all rows
    kept : the files whose rows are kept
    layouts, dtypes, metas : of each dataset, by name
    momenta : the file to copy the dataset ``momenta`` from; None if there is none
    lacking : configurations that are expected and of which there is no row
    attributes : of each row, in the order of the labels
    shifted : of each dataset that says so, whether its origin is its source
    """

    options: Concatenation
    rows: Sequence[SurveyedRow]
    positions: Sequence[int]
    kept: Sequence[Kept]
    layouts: Mapping[str, Layout]
    dtypes: Mapping[str, np.dtype[Any]]
    metas: Mapping[str, str]
    labels: Labels
    momenta: CorrelatorFile | None
    lacking: Sequence[str]
    attributes: AttributeTable
    shifted: Mapping[str, bool]

    @property
    def nbytes(self) -> int:
        """The bytes of all datasets."""
        return sum(prod(layout.whole) * self.dtypes[name].itemsize for name, layout in self.layouts.items())


def look_at(job: Job, row: Row) -> SurveyedRow:
    """Find the contents of a row from its metadata.

    Raises
    ------
    InputRefused : by file and dataset: it cannot be used.
    """
    job.check_stop()
    recipe, options = job.task.recipe, job.task.recipe.concatenate
    assert options is not None
    with job.surveyed(row) as (files, targets):
        datasets = [row_dataset(target, recipe) for target in targets]
        labels, attributes = labels_of_row(row, files, targets, options.along), AttributeTable()
        if files[0].labels >= {"configurations"}:
            attributes.add_joined(files[0], len(labels), job.note_lost)
        else:
            attributes.add(carried_attributes(files, targets, recipe, job.note_lost))
        stating = [file for file in files if "momenta" in file.labels] if recipe.collect else files
        return SurveyedRow(row, files, targets, datasets, labels, attributes, _momenta(stating))


def _momenta(files: Sequence[CorrelatorFile]) -> np.ndarray | None:
    first, *others = [file.root_dataset("momenta") for file in files] or [None]
    if first is not None and not all(other is not None and np.array_equal(first, other) for other in others):
        raise files[0].refusal("is not the same in all inputs; expected the same", "momenta")
    return first


def draw_blueprint(
    job: Job, kept: Sequence[Kept], rows: Sequence[SurveyedRow], *, as_they_come: bool = False
) -> Blueprint:
    """Decide on a file of the rows of ``kept`` and of ``rows``, sorted by configuration unless they stay ``as_they_come``.

    Raises
    ------
    InputRefused : by file and dataset: a row is there twice or differs from the others.
    OutputRefused : rows would have to stand before kept ones along an axis that rows have.
    """
    task, options = job.task, job.task.recipe.concatenate
    assert options is not None
    new = options.along == "new"
    survey = _Survey(job, options)
    for one in kept:
        survey.add_kept(one)
    for row in rows:
        survey.add(row)
    order = list(range(len(survey.labels)))
    if not as_they_come:
        order = _order(survey.labels, task)
        if not new:
            _check_follow(survey.labels, task, options, kept)
    # Along an axis that rows have, all that a file holds stands in one row.
    positions = np.argsort(order).tolist() if new else list(range(len(kept) + len(rows)))
    placed = iter(positions)
    return Blueprint(
        options=options,
        kept=[replace(one, positions=list(islice(placed, len(one.labels) if new else 1))) for one in kept],
        rows=rows,
        positions=list(placed),
        layouts=survey.layouts(len(positions)),
        dtypes={name: form.dtype for name, form in survey.forms.items()},
        metas={name: common_meta(metas) for name, metas in survey.metas.items()},
        labels=survey.labels.ordered(order) if new else survey.labels,
        momenta=survey.momenta,
        lacking=_lacking(task, survey.labels),
        attributes=survey.table.ordered(order) if new else survey.table,
        shifted=survey.shifted,
    )


def _order(labels: Labels, task: Task) -> list[int]:
    """The rows sorted by stream and configuration; none may be there twice."""
    check_keys(labels.keys, Path(task.path))
    return sorted(range(len(labels)), key=labels.keys.__getitem__)


def _lacking(task: Task, labels: Labels) -> list[str]:
    """The configurations that a task lacks and that are not there from before either."""
    names = {"/".join(filter(None, (stream, str(number)))) for stream, number in labels.keys}
    return [one for one in task.lacking if one not in names]


def _check_follow(labels: Labels, task: Task, options: Concatenation, kept: Sequence[Kept]) -> None:
    """Require that configurations follow each other, along an axis where none can be inserted."""
    for before, after in pairwise(labels.keys):
        if after >= before:
            continue
        if kept:
            raise OutputRefused(
                f"{kept[0].path}: holds later configurations; along axis {options.along} none can come before them"
            )
        raise InputRefused(
            f"{task.path}: configuration {key_text(after)} would stand after {key_text(before)}; along axis "
            f"{options.along} only files whose configurations follow each other can be joined"
        )


@dataclass
class _Survey:
    """Gathers the metadata of the rows, one after the other."""

    job: Job
    options: Concatenation
    labels: Labels = field(default_factory=Labels)
    metas: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    momenta: CorrelatorFile | None = None
    attributes: AttributeTable = field(default_factory=AttributeTable)

    def __post_init__(self) -> None:
        self._uniformity = Uniformity(self.job.root, self.options.along)
        self._shapes: dict[str, list[Shape]] = defaultdict(list)
        self._modes: np.ndarray | None = None

    def add_kept(self, kept: Kept) -> None:
        """Take the rows of a file of ours."""
        self.labels.add(kept.labels)
        with CorrelatorFile(kept.path) as file:
            datasets = file.datasets(file.data)
            self._uniformity.add_joined(file, datasets)
            for name, dataset in datasets.items():
                self._shapes[name].append(dataset.shape)
                self.metas[name].append(dataset.meta)
            self.attributes.add_joined(file, len(kept.labels), self.job.note_lost)
            self._compare_momenta(file, file.root_dataset("momenta"))

    def add(self, row: SurveyedRow) -> None:
        """Take the next row."""
        self._uniformity.add(row.row, row.targets, row.datasets)
        for dataset in row.datasets:
            self._shapes[dataset.name].append(dataset.shape)
            self.metas[dataset.name].append(dataset.meta)
        self.labels.add(row.labels)
        self.attributes.rows += row.attributes.rows
        self._compare_momenta(next((file for file in row.files if "momenta" in file.labels), row.files[0]), row.momenta)

    @property
    def forms(self) -> Mapping[str, Form]:
        """Of each dataset."""
        return self._uniformity.forms

    @property
    def shifted(self) -> Mapping[str, bool]:
        """Whether datasets are shifted to their source, of those that say so."""
        return {name: form.is_shifted for name, form in self.forms.items() if form.is_shifted is not None}

    @property
    def table(self) -> AttributeTable:
        """The attributes of all rows, without the names of axes of momenta, which the reducer states itself."""
        in_momentum = self.job.task.recipe.fft is not None or self._modes is not None
        if not in_momentum:
            return self.attributes
        return self.attributes.without({(name, AXES) for name, form in self.forms.items() if form.dtype.kind == "c"})

    def _compare_momenta(self, file: CorrelatorFile, momenta: np.ndarray | None) -> None:
        """Require the same order of momenta in all rows."""
        if momenta is None:
            return
        if self._modes is None:
            self.momenta, self._modes = file, momenta
        elif not np.array_equal(momenta, self._modes):
            raise file.refusal("is not the same in all inputs; expected the same", "momenta")

    def layouts(self, number: int) -> dict[str, Layout]:
        """The layout of each dataset of so many rows."""
        if self.options.along == "new":  # kept rows stand in one dataset, but each is a row
            return {name: Layout([shapes[-1]] * number, self.options) for name, shapes in self._shapes.items()}
        return {name: Layout(shapes, self.options) for name, shapes in self._shapes.items()}
