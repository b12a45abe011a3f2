"""Writes a reduced file: its datasets, what their axes mean, and links to those of others."""

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import h5py
import numpy as np
from numpy.typing import NDArray

from latteboard.errors import InputRefused
from latteboard.files import hdf5 as h5
from reducer.arrays.momentum import mode_numbers
from reducer.correlators.conventions import LABELS, common_meta
from reducer.correlators.file import CorrelatorFile
from reducer.making.labels import TEXT, Labels
from reducer.making.layout import Layout, Shape
from reducer.making.terms import Term

Numbers = NDArray[Any]
MOMENTUM_AXES = ("time", "pz", "py", "px")
NOT_FINITE = "not_finite"


class Output:
    """An HDF5 file while it is written; a new one, or one that is given further rows."""

    def __init__(self, path: Path, layout: Layout, *, extend: bool = False) -> None:
        self.layout = layout
        self._path, self._extends = path, extend
        self._made: int | None = None
        self.file = h5py.File(path, "r+" if extend else "w-", locking=False)
        self._datasets: dict[str, h5py.Dataset] = {}
        self._metas: dict[str, list[str]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.file.close()
        if error is None and self._made is not None:
            h5.stamp(self._path, self._made)

    # -- numbers -----------------------------------------------------------------------------------------------------

    def write(self, name: str, row: int, here: slice, block: Numbers, shape: Shape) -> None:
        """Write a part of a row; ``shape`` is that of the whole row, ``here`` where the part stands on its first axis."""
        if name not in self._datasets:
            self._datasets[name] = self._dataset(name, self.layout.whole(name, shape), block.dtype)
        self._datasets[name][self.layout.place(name, row, here, shape)] = block

    def _dataset(self, name: str, whole: Shape, dtype: np.dtype[Any]) -> h5py.Dataset:
        if name in self.file:
            self.file[name].resize(whole)
            return self.file[name]
        kind = TEXT if dtype.kind == "O" else dtype
        if self.layout.resizable:
            chunks = self.layout.chunks(whole, dtype.itemsize)
            return self.file.create_dataset(name, whole, kind, maxshape=self.layout.limits(whole), chunks=chunks)
        # Every number is written once; to fill in zeros before would be to write everything twice.
        return self.file.create_dataset(name, whole, kind, fill_time=None if dtype.kind == "O" else "never")

    def take_rows(self, earlier: Path, places: Sequence[int]) -> None:
        """Copy the rows of an earlier file, the first to the first of ``places`` and so on."""
        with h5py.File(earlier, "r", locking=False) as file:
            for name in sorted(_dataset_names(file)):
                dataset = file[name]
                for row, place in enumerate(places):
                    block = np.asarray(dataset[row], dtype=dataset.dtype)
                    self.write(name, place, slice(0, len(block) if block.ndim else 0), block, block.shape)
                self.note_meta(name, str(dataset.attrs.get("meta", "")))
                self.note_not_finite(name, int(dataset.attrs.get(NOT_FINITE, 0)))

    def link(self, name: str, terms: Sequence[Term], folder: Path) -> None:
        """Make a dataset of links to the rows of others, by paths relative to ``folder``; a lost one reads as NaN."""
        dtype = terms[0].stored.dtype
        shapes = [term.stored.shape for term in terms]
        layout = h5py.VirtualLayout(self.layout.whole(name, shapes[0]), dtype)
        for row, (term, shape) in enumerate(zip(terms, shapes, strict=True)):
            # Where a folder is a symbolic link, only the real one is left by "..".
            real = term.file.path.parent.resolve() / term.file.path.name
            path, source = os.path.relpath(real, folder.resolve()), term.stored.name
            place = self.layout.place(name, row, slice(0, shape[0] if shape else 0), shape)
            # The library would take a % in either name for the beginning of a pattern.
            layout[place] = h5py.VirtualSource(path.replace("%", "%%"), source.replace("%", "%%"), shape, dtype)
        nan = complex(np.nan, np.nan) if dtype.kind == "c" else np.nan
        self._datasets[name] = self.file.create_virtual_dataset(name, layout, fillvalue=nan)

    # -- what stands beside them -------------------------------------------------------------------------------------

    def note_meta(self, name: str, meta: str) -> None:
        """What a row of a dataset says of itself."""
        self._metas.setdefault(name, []).append(meta)

    def note_not_finite(self, name: str, number: int) -> None:
        """How many numbers of a dataset are NaN or infinite, beside those noted before; nothing is noted of none."""
        if number:
            attributes = self._datasets[name].attrs
            attributes[NOT_FINITE] = number + int(attributes.get(NOT_FINITE, 0))

    def write_metas(self) -> None:
        """Write the attribute ``meta``; of a joined dataset what all its rows say alike."""
        for name, metas in self._metas.items():
            attributes = self._datasets[name].attrs
            meta = metas[0]
            if self.layout.joins is not None:
                earlier = [str(attributes.pop("meta", ""))] if self._extends else []
                meta = common_meta(earlier + metas)
            if meta:
                # Of variable length: as text of a fixed one an attribute ends at 64 KB.
                attributes.create("meta", meta, dtype=TEXT)

    def write_labels(self, labels: Labels) -> None:
        """Write which configuration each row is of, over what says so for fewer rows."""
        for name, column in labels.columns.items():
            if name in self.file:
                self.file[name].resize(column.shape)
                self.file[name][...] = column
            else:
                dtype = TEXT if column.dtype.kind == "O" else column.dtype
                limits = (None,) if self.layout.resizable else None
                self.file.create_dataset(name, data=column, dtype=dtype, maxshape=limits)

    def carry_labels(self, files: Sequence[CorrelatorFile], *, names: Sequence[str] = LABELS) -> None:
        """Copy what the inputs say of their axes, and say alike."""
        for name in names:
            first, *others = (file.root(name) for file in files)
            if first is None:
                continue
            if name in self.file:
                others.append(self.file[name][()])
            if not all(other is not None and np.array_equal(first, other) for other in others):
                if name.startswith("source"):
                    continue
                raise InputRefused(f"{files[0].path}: {name}: is not the same in all inputs; expected the same")
            if name not in self.file:
                files[0].copy(name, self.file)

    def label_momenta(self, max_momentum: int, sites: int) -> None:
        """Say which momentum is where on each axis: the dataset ``momenta``, and the names of the axes."""
        if "momenta" not in self.file:
            momenta = self.file.create_dataset("momenta", data=mode_numbers(max_momentum, sites))
            momenta.attrs["units"] = f"2 pi / {sites}"
        self.name_axes()

    def name_axes(self) -> None:
        """Name the axes of correlators in momentum space, where it is said which momentum is where."""
        for dataset in self._datasets.values() if "momenta" in self.file else ():
            leading = dataset.ndim - len(MOMENTUM_AXES)
            if dataset.dtype.kind == "c" and leading in (0, 1):
                axes = ["configuration"] * leading + list(MOMENTUM_AXES)
                dataset.attrs.create("DIMENSION_LABELS", axes, dtype=TEXT)

    def mark(self, path: str, inputs: Iterable[h5.RecordedInput], recipe: Mapping[str, Any]) -> None:
        """Mark the file complete; the last that is written. Once closed it has the time that the mark states."""
        self._made = h5.write_mark(self.file, path=path, inputs=inputs, recipe=recipe)


def _dataset_names(file: h5py.File) -> set[str]:
    """The datasets that a file holds, labels apart."""
    names: set[str] = set()
    file.visititems(lambda name, item: names.add(name) if isinstance(item, h5py.Dataset) else None)
    return names - set(LABELS)
