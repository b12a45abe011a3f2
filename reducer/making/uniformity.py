"""That the rows of a joined file are alike: each has the datasets of the first, in its shape and type."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from latteboard.errors import InputRefused
from reducer.arrays.joining import Along
from reducer.correlators.conventions import LABELS
from reducer.correlators.file import CorrelatorFile
from reducer.making.fill import Filling
from reducer.making.layout import Shape
from reducer.making.targets import Target
from reducer.tasks.task import Row

ANY = -1  # the length of the axis along which rows are joined


@dataclass(frozen=True)
class Form:
    """What a dataset of one row is."""

    shape: Shape
    dtype: np.dtype[Any]

    def __str__(self) -> str:
        lengths = ["any" if length == ANY else str(length) for length in self.shape]
        return f"{self.dtype} of shape ({', '.join(lengths)})"


@dataclass
class Alike:
    """Looks at one row after the other.

    Attributes
    ----------
    forms : of each dataset, as the rows before had it; empty before the first
    """

    filling: Filling
    along: Along
    forms: dict[str, Form] = field(default_factory=dict)

    def know(self, joined: Path) -> None:
        """Take the rows of a file that is joined already for the rows before."""
        with CorrelatorFile(joined) as file:
            for name, stored in file.stored([name for name in file.names if name not in LABELS]).items():
                shape = stored.shape[1:] if self.along == "new" else stored.shape
                self.forms[name] = self._form(shape, stored.dtype)

    def check(self, row: Row, targets: Sequence[Target]) -> None:
        """Check a row that the joined file is to have after those that were checked before.

        Raises
        ------
        InputRefused : by file and dataset: one is missing, is of another form, or has no such axis.
        """
        found = {}
        for target in targets:
            place, (name, shape) = target.first.place, self.filling.transformed(target)
            self._check_axis(target, shape)
            found[name] = self._form(shape, self.filling.dtype(target))
            if self.forms and name not in self.forms:
                raise InputRefused(f"{place}: not in the configurations before it")
            expected = self.forms.get(name, found[name])
            if found[name] != expected:
                raise InputRefused(
                    f"{place}: is {found[name]}; expected {expected}, as in the configurations before it"
                )
        for name in sorted(self.forms.keys() - found):
            paths = ", ".join(str(self.filling.root / given.path) for given in row.inputs)
            raise InputRefused(f"{paths}: {name}: missing; the configurations before it have it")
        self.forms = found

    def _check_axis(self, target: Target, shape: Shape) -> None:
        if self.along == "new":
            return
        if self.along >= len(shape):
            raise InputRefused(
                f"{target.first.place}: has shape {shape}, so there is no axis {self.along} to join along"
            )
        of_parts = target.is_correlator and self.filling.dtype(target).kind == "f" and self.along == len(shape) - 1
        if of_parts:
            raise InputRefused(f"{target.first.place}: axis {self.along} is real and imaginary part; name another")

    def _form(self, shape: Shape, dtype: np.dtype[Any]) -> Form:
        if self.along != "new":
            shape = (*shape[: self.along], ANY, *shape[self.along + 1 :])
        return Form(shape, dtype)
