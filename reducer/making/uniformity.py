"""Checks that all rows of a concatenated file agree in datasets, shape and type."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from latteboard.errors import InputRefused
from reducer.arrays.joining import Along, Shape
from reducer.correlators.dataset import DatasetInfo
from reducer.correlators.file import CorrelatorFile
from reducer.correlators.meta import is_reversed
from reducer.making.targets import RowDataset, Target
from reducer.tasks.task import Row

ANY = -1  # the length of the axis along which rows are joined


@dataclass(frozen=True)
class Form:
    """Shape and type of a dataset of one row, whether it says that it is shifted to its source, and whether time runs backward.

    ``is_shifted`` is None where it says nothing.
    """

    shape: Shape
    dtype: np.dtype[Any]
    is_shifted: bool | None = None
    is_reversed: bool = False

    def __str__(self) -> str:
        lengths = ["any" if length == ANY else str(length) for length in self.shape]
        shifted = "" if self.is_shifted is None else f", is_shifted {int(self.is_shifted)}"
        turned = ", reversed in time" if self.is_reversed else ""
        return f"{self.dtype} of shape ({', '.join(lengths)}){shifted}{turned}"


@dataclass
class Uniformity:
    """Compares one row after the other with those before it.

    Attributes
    ----------
    forms : of each dataset, as the rows before had it; empty before the first
    """

    root: Path
    along: Along
    forms: dict[str, Form] = field(default_factory=dict)

    def add_joined(self, file: CorrelatorFile, datasets: Mapping[str, DatasetInfo]) -> None:
        """Check the rows of a file of ours that is concatenated already.

        Raises
        ------
        InputRefused : by file and dataset: it differs from those before it.
        """
        found = {}
        for name, dataset in datasets.items():
            shape = dataset.shape[1:] if self.along == "new" else dataset.shape
            form = self._form(shape, dataset.dtype, dataset.meta)
            found[name] = replace(form, is_shifted=dataset.is_shifted)
            if self.forms and found[name] != self.forms.get(name):
                raise file.refusal(f"is {found[name]}; expected {self.forms.get(name, 'no such dataset')}", name)
        self.forms = found

    def add(self, row: Row, targets: Sequence[Target], datasets: Sequence[RowDataset]) -> None:
        """Check the next row.

        Raises
        ------
        InputRefused : by file and dataset: one is missing, has another form, or has no such axis.
        """
        found = {}
        for target, dataset in zip(targets, datasets, strict=True):
            term, name = target.first, dataset.name
            self._check_axis(target, dataset)
            is_shifted = None if target.acts else term.dataset.is_shifted
            found[name] = replace(self._form(dataset.shape, dataset.dtype, dataset.meta), is_shifted=is_shifted)
            if self.forms and name not in self.forms:
                raise term.refusal("not in the configurations before it")
            expected = self.forms.get(name, found[name])
            if found[name] != expected:
                raise term.refusal(f"is {found[name]}; expected {expected}, as in the configurations before it")
        for name in sorted(self.forms.keys() - found):
            paths = ", ".join(str(given.file(self.root)) for given in row.inputs)
            raise InputRefused("missing; the configurations before it have it", path=paths, name=name)
        self.forms = found

    def _check_axis(self, target: Target, dataset: RowDataset) -> None:
        if self.along == "new":
            return
        axes = len(dataset.shape)
        if self.along >= axes:
            raise target.first.refusal(f"has shape {dataset.shape}, so there is no axis {self.along} to join along")
        if target.is_correlator and dataset.dtype.kind == "f" and self.along == axes - 1:
            raise target.first.refusal(f"axis {self.along} is real and imaginary part; name another")

    def _form(self, shape: Shape, dtype: np.dtype[Any], meta: str) -> Form:
        if self.along != "new":
            shape = (*shape[: self.along], ANY, *shape[self.along + 1 :])
        return Form(shape, dtype, is_reversed=is_reversed(meta))
