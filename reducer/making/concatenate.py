"""Joins the rows of several configurations, and keeps those that an earlier output holds already."""

import shutil
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Self

from latteboard.errors import InputRefused, OutputRefused
from latteboard.recipe import Concatenation
from reducer.correlators.file import CorrelatorFile
from reducer.making.existing import Earlier
from reducer.making.fill import Filling
from reducer.making.labels import Labels, check_keys, labels_of_row
from reducer.making.layout import Layout, Shape
from reducer.making.output import Output
from reducer.making.targets import Target
from reducer.making.terms import Term
from reducer.making.uniformity import Alike
from reducer.tasks.task import Row, Task


@dataclass(frozen=True)
class Arrangement:
    """Which rows are written where.

    Attributes
    ----------
    rows : that are written now
    earlier : the file whose rows are kept; None if there is none
    kept : what stands for those
    order : the rows in the order in which they stand, kept ones counted first
    """

    joins: Concatenation
    rows: Sequence[Row]
    earlier: Earlier | None
    kept: Labels
    order: Sequence[int]

    @classmethod
    def of(cls, task: Task, earlier: Earlier | None) -> Self:
        """Rows sorted by stream and configuration; one that is there twice is refused."""
        assert task.recipe.concatenate is not None
        rows, kept = task.rows, Labels()
        if earlier is None or earlier.adds is None:
            earlier = None
        else:
            rows, kept = earlier.adds, earlier.labels
        keys = [*kept.keys, *(row.key for row in rows)]
        check_keys(keys, Path(task.path))
        return cls(task.recipe.concatenate, rows, earlier, kept, sorted(range(len(keys)), key=keys.__getitem__))

    @property
    def grows(self) -> bool:
        """Whether there are kept rows, and all others come after them."""
        return self.earlier is not None and list(self.order) == sorted(self.order)

    def lacking(self, task: Task) -> list[str]:
        """Of the configurations that a task lacks those that are not kept either."""
        kept = {"/".join(filter(None, (stream, str(number)))) for stream, number in self.kept.keys}
        return [one for one in task.lacking if one not in kept]

    @cached_property
    def places(self) -> dict[int, int]:
        """Where each row stands."""
        return {number: place for place, number in enumerate(self.order)}

    def place(self, number: int) -> int:
        """Where a row that is written now stands; along an axis that rows have, all that is kept counts as one."""
        if self.joins.along == "new":
            return self.places[len(self.kept) + number]
        return number + (self.earlier is not None)


def fill_joined(filling: Filling, draft: Path, earlier: Earlier | None) -> None:
    """Write the output of all rows; those that ``earlier`` holds, and that still hold, are taken from there."""
    arranged = Arrangement.of(filling.task, earlier)
    joins, labels = arranged.joins, Labels()
    labels.add(arranged.kept)
    _start(arranged, draft)
    with Output(draft, _layout(filling, arranged), extend=arranged.grows) as output:
        if arranged.earlier is not None and not arranged.grows:
            output.take_rows(arranged.earlier.path, [arranged.places[number] for number in range(len(arranged.kept))])
        alike = Alike(filling, joins.along)
        if arranged.earlier is not None:
            alike.know(arranged.earlier.path)
        links: dict[str, list[Term]] = defaultdict(list)
        last: list[Target] = []
        for number, row in enumerate(arranged.rows):
            with filling.surveyed(row) as (files, targets):
                last = targets
                alike.check(row, targets)
                for target in targets:
                    # Text and whole numbers have no NaN that could stand for a lost file, so they are copied.
                    if joins.virtual and target.first.stored.dtype.kind in "fc":
                        links[target.name].append(target.first)
                        output.note_meta(target.name, target.meta)
                    else:
                        filling.write(target, arranged.place(number), output)
                labels.add(labels_of_row(row, files, targets, joins.along))
                output.carry_labels(files, names=("momenta",))
        for name, terms in links.items():
            output.link(name, terms, draft.parent)
        output.write_labels(_sorted(labels, arranged, filling.task))
        output.name_axes()
        kept = () if arranged.earlier is None else arranged.earlier.mark.inputs
        filling.finish(output, last, kept, arranged.lacking(filling.task))


def _start(arranged: Arrangement, draft: Path) -> None:
    """A file that grows starts as a copy, so that the old one stays readable whatever happens."""
    earlier = arranged.earlier
    if earlier is not None and arranged.grows:
        shutil.copyfile(earlier.path, draft)
    elif earlier is not None and arranged.joins.along != "new":
        axis = arranged.joins.along
        raise OutputRefused(f"{earlier.path}: holds later configurations; along axis {axis} none can come before them")


def _layout(filling: Filling, arranged: Arrangement) -> Layout:
    """Where rows stand; to join along an axis that they have, the shapes of all must be known before."""
    if arranged.joins.along == "new":
        return Layout(arranged.joins, len(arranged.order))
    shapes: dict[str, list[Shape]] = defaultdict(list)
    alike = Alike(filling, arranged.joins.along)
    if arranged.earlier is not None:
        alike.know(arranged.earlier.path)
        with CorrelatorFile(arranged.earlier.path) as file:
            for name, stored in file.stored(file.names).items():
                shapes[name].append(stored.shape)
    for row in arranged.rows:
        with filling.surveyed(row) as (_, targets):
            alike.check(row, targets)
            for name, shape in map(filling.transformed, targets):
                shapes[name].append(shape)
    return Layout(arranged.joins, len(arranged.order), shapes)


def _sorted(labels: Labels, arranged: Arrangement, task: Task) -> Labels:
    """The labels in the order in which rows stand; rows of files that were joined already can only follow each other."""
    if arranged.joins.along == "new":
        return labels.ordered(arranged.order)
    check_keys(labels.keys, Path(task.path))
    for before, after in pairwise(labels.keys):
        if after < before:
            told = [f"{stream} {configuration}".strip() for stream, configuration in (after, before)]
            raise InputRefused(
                f"{task.path}: configuration {told[0]} would stand after {told[1]}; along axis {arranged.joins.along} "
                "only files whose configurations follow each other can be joined"
            )
    return labels
