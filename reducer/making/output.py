"""Writes a reduced file: its datasets, the meaning of their axes, and links to datasets of other files."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import h5py
import numpy as np
from numpy.typing import NDArray

from latteboard.errors import OutputRefused
from latteboard.files import hdf5 as h5
from latteboard.files.draft_stream import DraftStream
from latteboard.names.encoding import as_bytes, as_text
from reducer.arrays.momentum import mode_numbers
from reducer.correlators.conventions import ATTRIBUTES, LABELS
from reducer.correlators.file import CorrelatorFile
from reducer.hdf5.attributes import NOT_FINITE
from reducer.making.attribute_table import JSON, NAME, OF, AttributeTable, Column
from reducer.making.carried_attributes import AXES, CONFIGURATION, Attributes
from reducer.making.compute import SLAB_BYTES
from reducer.making.labels import TEXT, Labels
from reducer.making.layout import CHUNK, Layout, chunk_shape, growth_limits
from reducer.making.targets import Target
from reducer.making.terms import Term

Numbers = NDArray[Any]
MOMENTUM_AXES = ("time", "pz", "py", "px")


class Output:
    """An HDF5 file under construction; a new one, or one that is given further rows."""

    def __init__(self, path: Path, *, extend: bool = False) -> None:
        self._path = path
        self._made: int | None = None
        self._stream = DraftStream(path, new=not extend)
        self.file = h5py.File(self._stream, "r+" if extend else "w", rdcc_nbytes=CHUNK)
        self._datasets: dict[str, h5py.Dataset] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.file.close()
        self._stream.close()
        if error is None:
            self._stream.check()
            if self._made is not None:
                h5.stamp(self._path, self._made)

    # -- numbers -----------------------------------------------------------------------------------------------------

    def write(self, name: str, layout: Layout, row: int, slab: slice, numbers: Numbers) -> None:
        """Write a slab of a row; ``slab`` is its range on the row's first axis."""
        if name not in self._datasets:
            self._datasets[name] = self._dataset(name, layout, numbers.dtype)
        assert not self._datasets[name].is_virtual  # numbers would go through the links, into the inputs
        self._datasets[name][layout.region(row, slab)] = numbers
        self._stream.check()

    def _dataset(self, name: str, layout: Layout, dtype: np.dtype[Any]) -> h5py.Dataset:
        whole = layout.whole
        if (there := self._found(name)) is not None:
            dataset = h5py.Dataset(there)
            dataset.resize(whole)
            return dataset
        stored_as = TEXT if dtype.kind == "O" and dtype.metadata is None else dtype
        if layout.resizable:
            chunks = chunk_shape(whole, axis=layout.axis, itemsize=dtype.itemsize)
            limits = growth_limits(whole, axis=layout.axis)
            return self._created(name, whole, stored_as, maxshape=limits, chunks=chunks)
        # Every number is written once; filling in zeros before would write everything twice.
        return self._created(name, whole, stored_as, fill_time=None if dtype.kind == "O" else "never")

    def _created(self, name: str, *form: Any, **options: Any) -> h5py.Dataset:
        """A new dataset; it is given its name at last, since the comfortable way takes names of UTF-8 only."""
        made = self.file.create_dataset(None, *form, **options)
        h5py.h5o.link(made.id, self.file.id, as_bytes(name), lcpl=h5.with_groups())
        return made

    def take_rows(self, previous: Path, layouts: Mapping[str, Layout], positions: Sequence[int]) -> None:
        """Copy the rows of a previous file, the first to the first of ``positions`` and so on.

        Along an axis that rows have they are one row together.
        """
        with h5.open_file(previous) as file:
            for name in sorted(_dataset_names(file)):
                dataset, layout = file[as_bytes(name)], layouts[name]
                for row, position in enumerate(positions):
                    for slab, numbers in _pieces(dataset, None if layout.joins_an_axis else row):
                        self.write(name, layout, position, slab, numbers)
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
        self._datasets[name] = self.file.create_virtual_dataset(as_bytes(name), virtual, fillvalue=nan)

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
                attributes.create("meta", as_bytes(meta), dtype=TEXT)

    def copy(self, target: Target) -> h5py.Dataset:
        """Copy a dataset that is carried along; its attributes are written with all others."""
        target.first.file.copy(target.name, self.file)
        self._datasets[target.name] = self.file[as_bytes(target.name)]
        return self._datasets[target.name]

    def _found(self, path: str) -> Any:
        """A group or dataset of the file under construction; None if it is not there."""
        try:
            return h5py.h5o.open(self.file.id, as_bytes(path) or b"/")
        except (KeyError, UnicodeDecodeError):  # the message about a missing name that is not UTF-8 cannot be made
            return None

    def write_attributes(self, attributes: Attributes) -> None:
        """Write the attributes of groups and datasets, by path; groups that are not there are made."""
        for path, named in attributes.items():
            thing = self._found(path) or h5py.h5g.create(self.file.id, as_bytes(path), lcpl=h5.with_groups())
            for name, attribute in named.items():
                attribute.write(thing, name)

    def write_attribute_table(self, table: AttributeTable) -> None:
        """Write the attributes of all rows, over those of fewer rows."""
        shared, columns = table.shared(), table.columns()
        if ATTRIBUTES in self.file:
            del self.file[ATTRIBUTES]
        for (path, name), attribute in shared.items():
            self.write_attributes({path: {name: attribute}})
        for (path, name), column in columns.items():
            thing = self._found(path)
            if thing is not None and h5py.h5a.exists(thing, as_bytes(name)):
                h5py.h5a.delete(thing, as_bytes(name))
            self._write_column(path, name, column)

    def _write_column(self, path: str, name: str, column: Column) -> None:
        dtype = TEXT if column.values.dtype.kind == "O" else column.values.dtype
        place = "/".join(filter(None, (ATTRIBUTES, path, name)))
        try:
            written = self._created(place, data=column.values, dtype=dtype)
        except (ValueError, RuntimeError, KeyError) as error:
            raise OutputRefused(
                f"{place}: rows differ in the attribute {name} of {path or 'the file'}, and there is no place for it "
                "beside the attributes of other names; rename it in the inputs, or remove it there"
            ) from error
        written.attrs.create(OF, as_bytes(path), dtype=TEXT)
        written.attrs.create(NAME, as_bytes(name), dtype=TEXT)
        if column.json:
            written.attrs[JSON] = True

    def write_shifted(self, shifted: Mapping[str, bool]) -> None:
        """Write the attribute ``is_shifted`` of datasets, by name, as the production codes do."""
        for name, value in shifted.items():
            self._datasets[name].attrs["is_shifted"] = np.int32(value)

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
        for name in sorted({name for file in files for name in file.labels}):
            first, *others = (file.root_dataset(name) for file in files)
            if first is None or not all(other is not None and np.array_equal(first, other) for other in others):
                if name.startswith("source"):
                    continue
                raise files[0].refusal("is not the same in all inputs; expected the same", name)
            self.copy_label(files[0], name)

    def copy_label(self, file: CorrelatorFile, name: str) -> None:
        """Copy a dataset that labels rows or momenta, with its attributes."""
        file.copy(name, self.file)
        self.write_attributes({name: file.attributes(name)})

    def label_momenta(self, max_momentum: int, sites: int) -> None:
        """Write the order of momenta on each axis, the dataset ``momenta``, and the names of the axes."""
        if "momenta" not in self.file:  # a file that grows has them
            momenta = self.file.create_dataset("momenta", data=mode_numbers(max_momentum, sites))
            momenta.attrs["units"] = f"2 pi / {sites}"
        self.name_axes()

    def name_axes(self) -> None:
        """Name the axes of correlators in momentum space, where the order of momenta is known."""
        for dataset in self._datasets.values() if "momenta" in self.file else ():
            leading = dataset.ndim - len(MOMENTUM_AXES)
            if dataset.dtype.kind == "c" and leading in (0, 1):
                axes = [CONFIGURATION] * leading + list(MOMENTUM_AXES)
                dataset.attrs.create(AXES, axes, dtype=TEXT)

    def mark(self, path: str, inputs: Iterable[h5.RecordedInput], recipe: Mapping[str, Any]) -> None:
        """Mark the file complete, at last; once closed it has the time that the mark states."""
        self._made = h5.write_mark(self.file, path=path, inputs=inputs, recipe=recipe)


def _pieces(dataset: h5py.Dataset, row: int | None) -> Iterator[tuple[slice, Numbers]]:
    """A row of a dataset at once; or all of it, some rows at a time, each piece with its range on the first axis."""
    if row is not None:
        numbers = np.asarray(dataset[row], dtype=dataset.dtype)
        yield slice(0, len(numbers) if numbers.ndim else 0), numbers
        return
    step = max(1, SLAB_BYTES * len(dataset) // max(1, dataset.nbytes))
    for begin in range(0, len(dataset), step):
        slab = slice(begin, min(begin + step, len(dataset)))
        yield slab, np.asarray(dataset[slab], dtype=dataset.dtype)


def _dataset_names(file: h5py.File) -> set[str]:
    """The datasets of a file except its labels."""
    names: set[str] = set()

    def note(name: bytes, info: Any) -> None:
        if info.type == h5py.h5o.TYPE_DATASET:
            names.add(as_text(name))

    h5py.h5o.visit(file.id, note, info=True)
    return {name for name in names - set(LABELS) if not name.startswith(f"{ATTRIBUTES}/")}
