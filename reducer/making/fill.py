"""Fills the draft of an output from the files of a configuration: computes, writes, and notes what it was made of."""

import platform
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from latteboard.errors import Stopped
from latteboard.files import hdf5 as h5
from reducer.arrays.momentum import project_momentum
from reducer.correlators.conventions import momentum_name, transform_meta
from reducer.correlators.file import CorrelatorFile
from reducer.making.compute import Numbers, blocks, count_not_finite, not_finite_input
from reducer.making.layout import Layout, Shape
from reducer.making.output import Output
from reducer.making.targets import Target, survey
from reducer.tasks.task import Row, Task

ONE = Layout(None, 1)
VERSIONS = {
    "python": platform.python_version(),
    "numpy": np.__version__,
    "h5py": h5py.__version__,
    "hdf5": h5py.version.hdf5_version,
}


@dataclass
class Filling:
    """One task under way: what is the same for outputs of one configuration and of several.

    Attributes
    ----------
    bytes_read : of datasets of the inputs, so far
    """

    task: Task
    root: Path
    allow_nan: bool
    stop: Callable[[], bool]
    bytes_read: int = 0

    @contextmanager
    def surveyed(self, row: Row) -> Iterator[tuple[list[CorrelatorFile], list[Target]]]:
        """The open files of a row, and what is made of them."""
        with ExitStack() as stack:
            files = [stack.enter_context(CorrelatorFile(self.root / given.path)) for given in row.inputs]
            yield files, survey(row, files, self.task.recipe)
            self.bytes_read += sum(file.bytes_read for file in files)

    def transformed(self, target: Target) -> tuple[str, Shape]:
        """Name and shape of a row of an output dataset."""
        fft = self.task.recipe.fft
        if fft is None or not target.is_correlator:
            return target.name, target.shape
        lattice = target.first.stored.complex_shape
        return momentum_name(target.name), (*target.shape[:1], *lattice[1:-3], *(2 * fft.max_momentum + 1,) * 3)

    def dtype(self, target: Target) -> np.dtype[Any]:
        """The type of the numbers of an output dataset."""
        stored = target.first.stored
        if self.task.recipe.fft is not None and target.is_correlator:
            return stored.complex_dtype
        return stored.dtype.newbyteorder("=")

    def write(self, target: Target, row: int, output: Output, average: Output | None = None) -> None:
        """Compute and write one dataset of one row; to ``average`` its mean before the transform."""
        if self.stop():
            raise Stopped(f"{self.task.path}: stopped before it was finished; nothing is left of it")
        name, shape = self.transformed(target)
        fft = self.task.recipe.fft if target.is_correlator else None
        # Numbers that are not finite are counted; numpy need not warn of them too.
        with np.errstate(over="ignore", invalid="ignore"):
            for here, block in blocks(target):
                if average is not None:
                    average.write(target.name, row, here, block, target.shape)
                    average.note_not_finite(target.name, self._count(target, block))
                if fft is not None:
                    block = project_momentum(block, max_momentum=fft.max_momentum)
                output.write(name, row, here, block, shape)
                output.note_not_finite(name, self._count(target, block))
        if average is not None:
            average.note_meta(target.name, target.meta)
        meta = target.meta if fft is None else transform_meta(target.meta, fft.max_momentum, _sites(target))
        output.note_meta(name, meta)

    def _count(self, target: Target, block: Numbers) -> int:
        """How many numbers are NaN or infinite; refused unless that is allowed."""
        number = count_not_finite(block)
        if number and not self.allow_nan:
            raise not_finite_input(target)
        return number

    def finish(
        self,
        output: Output,
        targets: Sequence[Target],
        kept: Sequence[h5.RecordedInput] = (),
        lacking: Sequence[str] = (),
    ) -> None:
        """Write what stands beside the numbers, and at last the mark.

        ``kept`` are inputs of rows written before, ``lacking`` configurations that are expected and of which there is no row.
        """
        output.write_metas()
        fft = self.task.recipe.fft
        if fft is not None:
            sites = next(_sites(target) for target in targets if target.is_correlator)
            output.label_momenta(fft.max_momentum, sites)
        known = {one.path for one in kept}
        added = [h5.RecordedInput(one.path, one.size, one.mtime) for one in self.task.inputs if one.path not in known]
        output.mark(self.task.path, [*kept, *added], self._recipe(lacking))

    def _recipe(self, lacking: Sequence[str]) -> dict[str, Any]:
        task = self.task
        recipe: dict[str, Any] = {"steps": task.recipe.steps(), "versions": VERSIONS}
        if task.kind:
            recipe["kind"] = task.kind
        if lacking:
            recipe["lacking"] = list(lacking)
        if task.recipe.concatenate is None and task.rows[0].configuration is not None:
            recipe |= {"configuration": task.rows[0].configuration, "stream": task.rows[0].stream}
        return recipe


def fill_one(filling: Filling, draft: Path, average: Path | None, *, average_name: str = "") -> None:
    """Write the output of the only row; to ``average`` its mean before the transform, marked with the name given."""
    with ExitStack() as stack:
        output = stack.enter_context(Output(draft, ONE))
        kept = None if average is None else stack.enter_context(Output(average, ONE))
        written = [output] if kept is None else [output, kept]
        files, targets = stack.enter_context(filling.surveyed(filling.task.rows[0]))
        for target in targets:
            if target.is_correlator:
                filling.write(target, 0, output, kept)
            else:
                for one in written:
                    target.first.file.copy(target.name, one.file)
        for one in written:
            one.carry_labels(files)
        filling.finish(output, targets)
        if kept is not None:
            untransformed = replace(filling.task, path=average_name, recipe=replace(filling.task.recipe, fft=None))
            replace(filling, task=untransformed).finish(kept, targets)


def _sites(target: Target) -> int:
    """The extent of the lattice in space."""
    return target.first.stored.complex_shape[-1]
