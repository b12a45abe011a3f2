"""The blueprint of a concatenation: its contents and their places, decided from metadata before any number is written."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np

from latteboard.errors import InputRefused, OutputRefused
from latteboard.recipe import Concatenation
from reducer.arrays.joining import Shape
from reducer.correlators.conventions import common_meta
from reducer.correlators.file import CorrelatorFile
from reducer.making.attribute_table import AttributeTable
from reducer.making.carried_attributes import AXES, carried_attributes
from reducer.making.job import Job
from reducer.making.labels import Labels, check_keys, labels_of_row
from reducer.making.layout import Layout
from reducer.making.previous import PreviousOutput
from reducer.making.targets import Target, row_dataset
from reducer.making.uniformity import Uniformity
from reducer.tasks.task import Row, Task, key_text


@dataclass(frozen=True)
class RowBlueprint:
    """One row that is written now.

    Attributes
    ----------
    position : its place among all rows
    files : closed; they are opened again when the row is written
    """

    position: int
    files: Sequence[CorrelatorFile]
    targets: Sequence[Target]


@dataclass(frozen=True)
class Blueprint:
    """The contents of a concatenated file before they are written.

    Attributes
    ----------
    rows : the rows that are written now
    kept : the previous output whose rows are kept; None if there is none
    kept_positions : the places of its rows among all rows
    grows : whether there are kept rows, and all others come after them
    layouts, metas : of each dataset, by name
    momenta : the file to copy the dataset ``momenta`` from; None if there is none, or it is there already
    lacking : configurations that are expected and of which there is no row
    attributes : of each row, in the order of the labels
    shifted : of each dataset that says so, whether its origin is its source
    """

    options: Concatenation
    rows: Sequence[RowBlueprint]
    kept: PreviousOutput | None
    kept_positions: Sequence[int]
    grows: bool
    layouts: Mapping[str, Layout]
    metas: Mapping[str, str]
    labels: Labels
    momenta: CorrelatorFile | None
    lacking: Sequence[str]
    attributes: AttributeTable
    shifted: Mapping[str, bool]


def draw_blueprint(job: Job, previous: PreviousOutput | None) -> Blueprint:
    """Decide on the output of all rows; rows that ``previous`` holds, and that still hold, are kept.

    Raises
    ------
    InputRefused : by file and dataset: a row cannot be used, is there twice or differs from the others.
    OutputRefused : rows would have to stand before kept ones along an axis that rows have.
    """
    task, options = job.task, job.task.recipe.concatenate
    assert options is not None
    kept, rows = _kept_and_new(task, previous)
    labels = Labels() if kept is None else kept.labels
    lacking = _lacking(task, labels)
    order = _order(labels, rows, task)
    follows = order == sorted(order)
    grows = kept is not None and kept.grows and follows
    if kept is not None and not follows and options.along != "new":
        raise OutputRefused(
            f"{kept.path}: holds later configurations; along axis {options.along} none can come before them"
        )
    # Along an axis that rows have, all that is kept stands in one row, the first.
    new = options.along == "new"
    positions = np.argsort(order).tolist() if new else list(range(len(rows) + (kept is not None)))
    first = len(positions) - len(rows)
    survey = _Survey(job, options, labels)
    if kept is not None:
        survey.add_kept(kept, grows=grows)
    return Blueprint(
        options=options,
        rows=[survey.add(row, position) for row, position in zip(rows, positions[first:], strict=True)],
        kept=kept,
        kept_positions=positions[:first],
        grows=grows,
        layouts=survey.layouts(len(positions)),
        metas={name: common_meta(metas) for name, metas in survey.metas.items()},
        labels=survey.labels.ordered(order) if new else _checked(survey.labels, task, options),
        momenta=survey.momenta,
        lacking=lacking,
        attributes=survey.table.ordered(order) if new else survey.table,
        shifted=survey.shifted,
    )


def _kept_and_new(task: Task, previous: PreviousOutput | None) -> tuple[PreviousOutput | None, Sequence[Row]]:
    """The previous output if its rows are kept, and the rows that are written now."""
    if previous is None or previous.adds is None:
        return None, task.rows
    return previous, previous.adds


def _order(kept: Labels, rows: Sequence[Row], task: Task) -> list[int]:
    """The rows sorted by stream and configuration, as numbers that count kept rows first; none may be there twice."""
    keys = [*kept.keys, *(row.key for row in rows)]
    check_keys(keys, Path(task.path))
    return sorted(range(len(keys)), key=keys.__getitem__)


def _lacking(task: Task, kept: Labels) -> list[str]:
    """The configurations that a task lacks and that are not kept either."""
    names = {"/".join(filter(None, (stream, str(number)))) for stream, number in kept.keys}
    return [one for one in task.lacking if one not in names]


def _checked(labels: Labels, task: Task, options: Concatenation) -> Labels:
    """The labels as they are: rows of files that are concatenated already can only follow each other."""
    check_keys(labels.keys, Path(task.path))
    for before, after in pairwise(labels.keys):
        if after < before:
            raise InputRefused(
                f"{task.path}: configuration {key_text(after)} would stand after {key_text(before)}; along axis "
                f"{options.along} only files whose configurations follow each other can be joined"
            )
    return labels


@dataclass
class _Survey:
    """Gathers the metadata of the rows, one after the other."""

    job: Job
    options: Concatenation
    labels: Labels
    metas: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    momenta: CorrelatorFile | None = None
    attributes: AttributeTable = field(default_factory=AttributeTable)

    def __post_init__(self) -> None:
        self._uniformity = Uniformity(self.job.root, self.options.along)
        self._shapes: dict[str, list[Shape]] = defaultdict(list)
        self._modes: np.ndarray | None = None

    def add_kept(self, kept: PreviousOutput, *, grows: bool) -> None:
        """Take the rows of a previous output for the first."""
        self._uniformity.add_joined(kept.path)
        with CorrelatorFile(kept.path) as file:
            for name, dataset in file.datasets(file.data).items():
                self._shapes[name].append(dataset.shape)
                self.metas[name].append(dataset.meta)
            self._modes = file.root_dataset("momenta") if grows else None
            self.attributes.add_joined(file, len(self.labels), self.job.note_lost)

    def add(self, row: Row, position: int) -> RowBlueprint:
        """Survey the next row."""
        self.job.check_stop()
        with self.job.surveyed(row) as (files, targets):
            datasets = [row_dataset(target, self.job.task.recipe) for target in targets]
            self._uniformity.add(row, targets, datasets)
            for dataset in datasets:
                self._shapes[dataset.name].append(dataset.shape)
                self.metas[dataset.name].append(dataset.meta)
            labels = labels_of_row(row, files, targets, self.options.along)
            self.labels.add(labels)
            if files[0].labels >= {"configurations"}:
                self.attributes.add_joined(files[0], len(labels), self.job.note_lost)
            else:
                self.attributes.add(carried_attributes(files, targets, self.job.task.recipe, self.job.note_lost))
            self._compare_momenta(files)
        return RowBlueprint(position, files, targets)

    @property
    def shifted(self) -> Mapping[str, bool]:
        """Whether datasets are shifted to their source, of those that say so."""
        forms = self._uniformity.forms.items()
        return {name: form.is_shifted for name, form in forms if form.is_shifted is not None}

    @property
    def table(self) -> AttributeTable:
        """The attributes of all rows, without the names of axes of momenta, which the reducer states itself."""
        in_momentum = self.job.task.recipe.fft is not None or self._modes is not None
        if not in_momentum:
            return self.attributes
        forms = self._uniformity.forms.items()
        return self.attributes.without({(name, AXES) for name, form in forms if form.dtype.kind == "c"})

    def _compare_momenta(self, files: Sequence[CorrelatorFile]) -> None:
        """Require the same order of momenta in all rows."""
        first, *others = (file.root_dataset("momenta") for file in files)
        if first is None:
            return
        others += [] if self._modes is None else [self._modes]
        if not all(other is not None and np.array_equal(first, other) for other in others):
            raise files[0].refusal("is not the same in all inputs; expected the same", "momenta")
        if self._modes is None:
            self.momenta, self._modes = files[0], first

    def layouts(self, number: int) -> dict[str, Layout]:
        """The layout of each dataset of so many rows."""
        if self.options.along == "new":  # kept rows stand in one dataset, but each is a row
            return {name: Layout([shapes[-1]] * number, self.options) for name, shapes in self._shapes.items()}
        return {name: Layout(shapes, self.options) for name, shapes in self._shapes.items()}
