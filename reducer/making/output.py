"""Writes a reduced file: its datasets, the meaning of their axes, and links to datasets of other files."""

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import h5py
import numpy as np
from numpy.typing import NDArray

from latteboard.files import hdf5 as h5
from reducer.arrays.momentum import mode_numbers
from reducer.correlators.conventions import LABELS
from reducer.correlators.file import CorrelatorFile
from reducer.making.labels import TEXT, Labels
from reducer.making.layout import Layout, chunk_shape, growth_limits
from reducer.making.terms import Term

Numbers = NDArray[Any]
MOMENTUM_AXES = ("time", "pz", "py", "px")
NOT_FINITE = "not_finite"


class Output:
    """An HDF5 file under construction; a new one, or one that is given further rows."""

    def __init__(self, path: Path, *, extend: bool = False) -> None:
        self._path = path
        self._made: int | None = None
        self.file = h5py.File(path, "r+" if extend else "w-", locking=False)
        self._datasets: dict[str, h5py.Dataset] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.file.close()
        if error is None and self._made is not None:
            h5.stamp(self._path, self._made)

    # -- numbers -----------------------------------------------------------------------------------------------------

    def write(self, name: str, layout: Layout, row: int, slab: slice, numbers: Numbers) -> None:
        """Write a slab of a row; ``slab`` is its range on the row's first axis."""
        if name not in self._datasets:
            self._datasets[name] = self._dataset(name, layout, numbers.dtype)
        self._datasets[name][layout.region(row, slab)] = numbers

    def _dataset(self, name: str, layout: Layout, dtype: np.dtype[Any]) -> h5py.Dataset:
        whole = layout.whole
        if name in self.file:
            self.file[name].resize(whole)
            return self.file[name]
        stored_as = TEXT if dtype.kind == "O" else dtype
        if layout.resizable:
            chunks = chunk_shape(whole, axis=layout.axis, itemsize=dtype.itemsize)
            limits = growth_limits(whole, axis=layout.axis)
            return self.file.create_dataset(name, whole, stored_as, maxshape=limits, chunks=chunks)
        # Every number is written once; filling in zeros before would write everything twice.
        return self.file.create_dataset(name, whole, stored_as, fill_time=None if dtype.kind == "O" else "never")

    def take_rows(self, previous: Path, layouts: Mapping[str, Layout], positions: Sequence[int]) -> None:
        """Copy the rows of a previous file, the first to the first of ``positions`` and so on."""
        with h5.open_file(previous) as file:
            for name in sorted(_dataset_names(file)):
                dataset = file[name]
                for row, position in enumerate(positions):
                    numbers = np.asarray(dataset[row], dtype=dataset.dtype)
                    slab = slice(0, len(numbers) if numbers.ndim else 0)
                    self.write(name, layouts[name], position, slab, numbers)
                self.note_not_finite(name, int(dataset.attrs.get(NOT_FINITE, 0)))

    def link(self, name: str, layout: Layout, terms: Sequence[Term], folder: Path) -> None:
        """Make a dataset of links to the rows of others, by paths relative to ``folder``; a lost one reads as NaN."""
        dtype = terms[0].dataset.dtype
        virtual = h5py.VirtualLayout(layout.whole, dtype)
        for row, term in enumerate(terms):
            shape = term.dataset.shape
            # Where a folder is a symbolic link, ".." leads out of the real one only.
            real = term.file.path.parent.resolve() / term.file.path.name
            path, source = os.path.relpath(real, folder.resolve()), term.dataset.name
            region = layout.region(row, slice(0, shape[0] if shape else 0))
            # The library would take a % in either name for the beginning of a pattern.
            virtual[region] = h5py.VirtualSource(path.replace("%", "%%"), source.replace("%", "%%"), shape, dtype)
        nan = complex(np.nan, np.nan) if dtype.kind == "c" else np.nan
        self._datasets[name] = self.file.create_virtual_dataset(name, virtual, fillvalue=nan)

    # -- labels and attributes ---------------------------------------------------------------------------------------

    def note_not_finite(self, name: str, number: int) -> None:
        """Record how many numbers of a dataset are NaN or infinite, beside those recorded before; nothing for none."""
        if number:
            attributes = self._datasets[name].attrs
            attributes[NOT_FINITE] = number + int(attributes.get(NOT_FINITE, 0))

    def write_metas(self, metas: Mapping[str, str]) -> None:
        """Write the attribute ``meta`` of datasets, by name; an empty one is left out."""
        for name, meta in metas.items():
            attributes = self._datasets[name].attrs
            attributes.pop("meta", None)
            if meta:
                # Of variable length: as text of a fixed one an attribute ends at 64 KB.
                attributes.create("meta", meta, dtype=TEXT)

    def write_labels(self, labels: Labels, *, resizable: bool) -> None:
        """Write the labels of the rows, over those of fewer rows."""
        for name, column in labels.columns.items():
            if name in self.file:
                self.file[name].resize(column.shape)
                self.file[name][...] = column
            else:
                dtype = TEXT if column.dtype.kind == "O" else column.dtype
                limits = (None,) if resizable else None
                self.file.create_dataset(name, data=column, dtype=dtype, maxshape=limits)

    def carry_labels(self, files: Sequence[CorrelatorFile]) -> None:
        """Copy the labels of axes on which all inputs agree."""
        for name in LABELS:
            first, *others = (file.root_dataset(name) for file in files)
            if first is None:
                continue
            if not all(other is not None and np.array_equal(first, other) for other in others):
                if name.startswith("source"):
                    continue
                raise files[0].refusal("is not the same in all inputs; expected the same", name)
            files[0].copy(name, self.file)

    def label_momenta(self, max_momentum: int, sites: int) -> None:
        """Write the order of momenta on each axis, the dataset ``momenta``, and the names of the axes."""
        if "momenta" not in self.file:
            momenta = self.file.create_dataset("momenta", data=mode_numbers(max_momentum, sites))
            momenta.attrs["units"] = f"2 pi / {sites}"
        self.name_axes()

    def name_axes(self) -> None:
        """Name the axes of correlators in momentum space, where the order of momenta is known."""
        for dataset in self._datasets.values() if "momenta" in self.file else ():
            leading = dataset.ndim - len(MOMENTUM_AXES)
            if dataset.dtype.kind == "c" and leading in (0, 1):
                axes = ["configuration"] * leading + list(MOMENTUM_AXES)
                dataset.attrs.create("DIMENSION_LABELS", axes, dtype=TEXT)

    def mark(self, path: str, inputs: Iterable[h5.RecordedInput], recipe: Mapping[str, Any]) -> None:
        """Mark the file complete, at last; once closed it has the time that the mark states."""
        self._made = h5.write_mark(self.file, path=path, inputs=inputs, recipe=recipe)


def _dataset_names(file: h5py.File) -> set[str]:
    """The datasets of a file except its labels."""
    names: set[str] = set()
    file.visititems(lambda name, item: names.add(name) if isinstance(item, h5py.Dataset) else None)
    return names - set(LABELS)
