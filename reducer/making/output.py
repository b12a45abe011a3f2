"""Writes a reduced file: its datasets, the meaning of their axes, and links to datasets of other files."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import h5py
import numpy as np
from numpy.typing import NDArray

from latteboard.errors import OutputRefused
from latteboard.files import hdf5 as h5
from latteboard.files.draft_stream import DraftStream
from latteboard.names.encoding import as_bytes
from reducer.arrays.joining import Region, Shape
from reducer.arrays.momentum import mode_numbers
from reducer.correlators.conventions import ATTRIBUTES, ROW_LABELS
from reducer.correlators.file import CorrelatorFile
from reducer.hdf5.attributes import NOT_FINITE
from reducer.making.attribute_table import JSON, NAME, OF, AttributeTable, Column
from reducer.making.carried_attributes import AXES, CONFIGURATION, Attributes
from reducer.making.labels import TEXT, Labels
from reducer.making.layout import Layout, Move, items_before, regions
from reducer.making.targets import Target

Numbers = NDArray[Any]
MOMENTUM_AXES = ("time", "pz", "py", "px")


@dataclass(frozen=True)
class Source:
    """Part of a dataset of another file, and the region of an output that is a link to it.

    Attributes
    ----------
    path : relative to the folder of the output
    shape : of the dataset
    here, there : the region in the dataset, None for all of it, and the one in the output
    """

    path: str
    name: str
    shape: Shape
    here: Region | None
    there: Region


class Output:
    """An HDF5 file under construction."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._made: int | None = None
        self._stream = DraftStream(path, new=True)
        self.file = h5py.File(self._stream, "w")
        self._datasets: dict[str, h5py.Dataset] = {}
        self._places: dict[str, int] = {}  # of datasets that are written beside the library, which takes longer

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
        self._write(name, layout, layout.region(row, slab), numbers)

    def _write(self, name: str, layout: Layout, region: Region, numbers: Numbers) -> None:
        dataset = self._dataset(name, layout, numbers.dtype)
        if name in self._places:
            place = self._places[name] + items_before(layout.whole, region) * numbers.itemsize
            self._stream.write_at(place, np.ascontiguousarray(numbers).reshape(-1).view(np.uint8).data)
        else:
            dataset[region] = numbers
        self._stream.check()

    def _dataset(self, name: str, layout: Layout, dtype: np.dtype[Any]) -> h5py.Dataset:
        """The dataset of this name, made if it is not there yet."""
        if name not in self._datasets:
            # Rows along the first axis are one piece of the file each.
            if layout.axis == 0 and dtype.kind in "biufc" and dtype.isnative and 0 not in layout.whole:
                self._datasets[name] = self._plain(name, layout.whole, dtype)
                self._places[name] = self._datasets[name].id.get_offset()
            else:
                stored_as = TEXT if dtype.kind == "O" and dtype.metadata is None else dtype
                self._datasets[name] = self._created(name, layout.whole, stored_as)
        assert not self._datasets[name].is_virtual  # numbers would go through the links, into the inputs
        return self._datasets[name]

    def _plain(self, name: str, shape: Shape, dtype: np.dtype[Any]) -> h5py.Dataset:
        """A new dataset of numbers that has its place in the file at once."""
        stored, space = h5py.h5t.py_create(dtype, logical=True), h5py.h5s.create_simple(shape)
        groups = h5.with_groups()
        return h5py.Dataset(h5py.h5d.create(self.file.id, as_bytes(name), stored, space, _at_once(), groups))

    def _created(self, name: str, *form: Any, **options: Any) -> h5py.Dataset:
        """A new dataset; it is given its name at last, since the comfortable way takes names of UTF-8 only."""
        made = self.file.create_dataset(None, *form, **options)
        h5py.h5o.link(made.id, self.file.id, as_bytes(name), lcpl=h5.with_groups())
        return made

    def take(self, given: h5py.Dataset, name: str, layout: Layout, moves: Iterable[Move]) -> None:
        """Copy ranges of a dataset of a concatenated file, along the axis of its rows."""
        self._dataset(name, layout, given.dtype)
        for source, region in regions(given.shape, given.dtype.itemsize, layout.axis, moves):
            self._write(name, layout, region, np.asarray(given[source], dtype=given.dtype))

    def link(self, name: str, layout: Layout, dtype: np.dtype[Any], sources: Iterable[Source]) -> None:
        """Make a dataset of links into other files; what is lost of them reads as NaN."""
        virtual = h5py.VirtualLayout(layout.whole, dtype)
        for one in sources:
            # The library would take a % in either name for the beginning of a pattern.
            path, dataset = one.path.replace("%", "%%"), one.name.replace("%", "%%")
            source = h5py.VirtualSource(path, dataset, one.shape, dtype)
            virtual[one.there] = source if one.here is None else source[one.here]
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
            if meta:
                # Of variable length: as text of a fixed one an attribute ends at 64 KB.
                self._datasets[name].attrs.create("meta", as_bytes(meta), dtype=TEXT)

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
        """Write the attributes of all rows."""
        for (path, name), attribute in table.shared().items():
            self.write_attributes({path: {name: attribute}})
        for (path, name), column in table.columns().items():
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

    def write_labels(self, labels: Labels) -> None:
        """Write the labels of the rows."""
        for name, column in labels.columns.items():
            self.file.create_dataset(name, data=column, dtype=TEXT if column.dtype.kind == "O" else column.dtype)

    def carry_labels(self, files: Sequence[CorrelatorFile], *, collected: bool = False) -> None:
        """Copy the labels of axes on which all inputs agree; of files that are ``collected`` some may have no momenta."""
        for name in sorted({name for file in files for name in file.labels}):
            some = [file for file in files if name in file.labels or not collected or name in ROW_LABELS]
            first, *others = (file.root_dataset(name) for file in some)
            if first is None or not all(other is not None and np.array_equal(first, other) for other in others):
                if name.startswith("source") and not collected:
                    continue
                raise files[0].refusal("is not the same in all inputs; expected the same", name)
            self.copy_label(some[0], name)

    def copy_label(self, file: CorrelatorFile, name: str) -> None:
        """Copy a dataset that labels rows or momenta, with its attributes."""
        file.copy(name, self.file)
        self.write_attributes({name: file.attributes(name)})

    def label_momenta(self, max_momentum: int, sites: int) -> None:
        """Write the order of momenta on each axis, the dataset ``momenta``, and the names of the axes."""
        if "momenta" not in self.file:  # they may have been copied with kept rows
            momenta = self.file.create_dataset("momenta", data=mode_numbers(max_momentum, sites))
            momenta.attrs["units"] = f"2 pi / {sites}"
        self.name_axes()

    def name_axes(self) -> None:
        """Name the axes of correlators in momentum space, where the order of momenta is known."""
        momenta = (len(self.file["momenta"]),) * 3 if "momenta" in self.file else ()
        for dataset in self._datasets.values() if momenta else ():
            leading = dataset.ndim - len(MOMENTUM_AXES)
            if dataset.dtype.kind == "c" and leading in (0, 1) and dataset.shape[-3:] == momenta:
                axes = [CONFIGURATION] * leading + list(MOMENTUM_AXES)
                dataset.attrs.create(AXES, axes, dtype=TEXT)

    def mark(
        self,
        path: str,
        inputs: Iterable[h5.RecordedInput],
        recipe: Mapping[str, Any],
        segments: Iterable[h5.RecordedInput] = (),
        superseded: Iterable[h5.RecordedInput] = (),
    ) -> None:
        """Mark the file complete, at last; once closed it has the time that the mark states."""
        self._made = h5.write_mark(
            self.file, path=path, inputs=inputs, recipe=recipe, segments=segments, superseded=superseded
        )


@cache
def _at_once() -> h5py.h5p.PropDCID:
    """How a dataset of numbers is created: every number is written once, so that no zeros are written before."""
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    properties.set_layout(h5py.h5d.CONTIGUOUS)
    properties.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    properties.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
    properties.set_obj_track_times(False)
    return properties
