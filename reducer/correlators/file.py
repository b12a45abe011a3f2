"""Reads correlators from HDF5 files: the list of datasets, and of each only the slices that are asked for."""

import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cache, cached_property
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import h5py
import numpy as np
from numpy.typing import NDArray

from latteboard.errors import InputRefused
from latteboard.files.hdf5 import DAMAGED, missing_filter, open_file, read_mark, reading, recorded_recipe, with_groups
from latteboard.files.watched import being_read
from latteboard.names.encoding import as_bytes, as_text
from reducer.arrays.momentum import are_mode_numbers
from reducer.correlators.conventions import ATTRIBUTES, LABELS, ROW_LABELS
from reducer.correlators.dataset import DatasetInfo, NotUnderstood, address, dataset_info, is_written
from reducer.hdf5.attributes import NOT_FINITE, OWN, Attribute, read_attributes
from reducer.hdf5.virtual import lack

Numbers = NDArray[Any]
MOST_NAMES = 10**6  # of a file with links


class CorrelatorFile:
    """An HDF5 file open for reading.

    Attributes
    ----------
    bytes_read : of datasets, so far
    descriptor : of the open file, to read plain data beside the library
    """

    def __init__(self, path: Path) -> None:
        """Raises :class:`InputRefused` if it cannot be opened."""
        self.path = path
        self.bytes_read = 0
        self._several = False  # whether something has several names
        self._groups: set[str] = set()
        self._open()

    def _open(self) -> None:
        self._file = open_file(self.path)
        # Plain data are read beside the library, which takes longer.
        with reading(self.path):
            self.descriptor = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)

    def __enter__(self) -> Self:
        if not self._file:
            self._open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        os.close(self.descriptor)

    def refusal(self, reason: str, name: str = "") -> InputRefused:
        """An error that names this file, and a dataset in it."""
        return InputRefused(reason, path=self.path, name=name)

    # -- contents ----------------------------------------------------------------------------------------------------

    @cached_property
    def names(self) -> list[str]:
        """The paths of all datasets, sorted; by links, of whatever sort, a dataset may have several, and is one under each.

        Raises :class:`InputRefused` if a link leads nowhere, or back to where it is.
        """
        return sorted(self._followed() if self._has_links else self._visited)

    @cached_property
    def _visited(self) -> list[str]:
        """The datasets that the library visits: each once, by one of its names, and none by symbolic links."""
        found: list[str] = []

        def note(name: bytes, info: Any) -> None:
            self._several |= info.rc > 1
            if info.type == h5py.h5o.TYPE_DATASET:
                found.append(as_text(name))
            elif info.type == h5py.h5o.TYPE_GROUP and info.num_attrs:
                self._groups.add(as_text(name))

        with reading(self.path):
            h5py.h5o.visit(self._file.id, note, info=True)
        return found

    @cached_property
    def _has_links(self) -> bool:
        """Whether there is a symbolic link, or something under several names; visits are much faster than following."""
        assert self._visited is not None
        symbolic = False

        def note(_: bytes, info: Any) -> None:
            nonlocal symbolic
            symbolic |= info.type != h5py.h5l.TYPE_HARD

        with reading(self.path):
            self._file.id.links.visit(note, info=True)
        return symbolic or self._several

    def _followed(self) -> Iterator[str]:
        """The paths of all datasets, links followed."""
        waiting = [(b"", self._file.id, frozenset([address(h5py.h5o.open(self._file.id, b"/"))]))]
        number = 0
        while waiting:
            prefix, group, above = waiting.pop()
            for name in list(group):
                path = prefix + name
                try:
                    one = h5py.h5o.open(group, name)
                except (KeyError, OSError) as error:
                    raise self.refusal(
                        "a link that leads nowhere; remove it, or bring back what it names", as_text(path)
                    ) from error
                number += 1
                if number > MOST_NAMES:
                    raise self.refusal(f"more than {MOST_NAMES:,} names by links of groups into groups", as_text(path))
                if isinstance(one, h5py.h5d.DatasetID):
                    yield as_text(path)
                elif isinstance(one, h5py.h5g.GroupID):
                    if address(one) in above:
                        raise self.refusal("a link to a group that it is in; expected names with an end", as_text(path))
                    waiting.append((path + b"/", one, above | {address(one)}))
                    if h5py.h5a.get_num_attrs(one):
                        self._groups.add(as_text(path))

    @cached_property
    def groups(self) -> frozenset[str]:
        """The paths of the groups that have attributes; that of the root group is empty."""
        assert self.names is not None
        with reading(self.path):
            root = [""] if h5py.h5a.get_num_attrs(self._file.id) else []
        return frozenset((*self._groups, *root))

    @cached_property
    def recipe(self) -> Mapping[str, Any]:
        """How it was made, if it is marked as reduced; else empty."""
        with reading(self.path):
            return recorded_recipe(self._file) if "" in self.groups else {}

    def attributes(
        self, path: str, *, but: Collection[str] = OWN, lost: Callable[[str], object] = lambda _: None
    ) -> dict[str, Attribute]:
        """The attributes of a dataset or group, by name; not those of a mark, and not those in ``but``.

        ``lost`` is called with a sentence on each that cannot be carried into another file.
        """
        with reading(self.path, path):
            thing = h5py.h5o.open(self._file.id, as_bytes(path) or b"/")
            owner = path or "the file"
            return dict(
                read_attributes(thing, lambda name, why: lost(f"the attribute {name} of {owner}, which {why}"), but=but)
            )

    def datasets(self, names: Collection[str]) -> dict[str, DatasetInfo]:
        """Metadata of some datasets; one that was created and never written is refused."""
        return {name: self._dataset(name) for name in names}

    def _dataset(self, name: str) -> DatasetInfo:
        with reading(self.path, name):
            dataset = h5py.h5d.open(self._file.id, as_bytes(name))
            properties = dataset.get_create_plist()
            if not is_written(dataset, properties):
                raise self.refusal("never written: whoever wrote the file was stopped", name)
            if (reason := missing_filter(properties)) is not None:
                raise self.refusal(reason, name)
            if properties.get_layout() == h5py.h5d.VIRTUAL and (reason := lack(dataset, properties)):
                raise self.refusal(f"a virtual dataset: {reason}", name)
            here = self._begins_at_once and not (self._has_links and address(dataset)[0] != address(self._file.id)[0])
            try:
                return dataset_info(dataset, properties, name, in_this_file=here)
            except NotUnderstood as error:
                raise self.refusal(str(error), name) from error

    @cached_property
    def _begins_at_once(self) -> bool:
        """Whether places in the file are counted from its first byte: no block of the user's stands before."""
        return not self._file.userblock_size

    def root_dataset(self, name: str) -> Numbers | None:
        """Read a dataset of the root group that labels rows or momenta; None if it is not there."""
        with reading(self.path, name):
            return self._file[name][()] if name in self.labels else None

    def counted(self, name: str) -> int | None:
        """How many numbers of a dataset are not finite, as the reducer counted them; None if the file is not as it made it."""
        if self._is_as_made:
            stated = self.attributes(name, but=())
            return int(stated[NOT_FINITE].item()) if NOT_FINITE in stated else 0
        return None

    @cached_property
    def _is_as_made(self) -> bool:
        mark = read_mark(self.path)
        return mark is not None and mark.complete and mark.is_original(os.fstat(self.descriptor).st_mtime_ns)

    def column(self, name: str) -> tuple[dict[str, Attribute], Numbers]:
        """The attributes and the values of a dataset that labels rows."""
        with reading(self.path, name):
            return self.attributes(name), self._file[as_bytes(name)][()]

    @cached_property
    def labels(self) -> frozenset[str]:
        """The datasets that label rows and momenta, as the reducer writes them; others of the same names are data."""
        with reading(self.path):
            found = {name: self._file[name] for name in LABELS if name in self._file}
            found = {name: one for name, one in found.items() if isinstance(one, h5py.Dataset)}
            rows = {name: one for name, one in found.items() if name in ROW_LABELS and one.ndim == 1}
            labels: set[str] = set()
            if (
                rows.keys() >= {"configurations", "sources", "source_names"}
                and len({len(one) for one in rows.values()}) == 1
            ):
                kinds = {name: one.dtype.kind for name, one in rows.items()}
                if kinds["configurations"] == kinds["sources"] == "i" and kinds["source_names"] == "O":
                    labels |= rows.keys()
                    labels |= {name for name in self.names if name.startswith(f"{ATTRIBUTES}/")}
            if "momenta" in found and are_mode_numbers(np.asarray(found["momenta"][()])):
                labels.add("momenta")
        return frozenset(labels)

    @property
    def data(self) -> list[str]:
        """The paths of all datasets but the labels, sorted."""
        return [name for name in self.names if name not in self.labels]

    def is_virtual(self, name: str) -> bool:
        """Whether a dataset is made of links to other datasets."""
        with reading(self.path, name):
            return bool(self._file[as_bytes(name)].is_virtual)

    def copy(self, name: str, into: h5py.File) -> None:
        """Copy a dataset whole, without its attributes.

        Raises :class:`InputRefused` if it cannot be read, and what the library raises if it cannot be written.
        """
        named = as_bytes(name)
        if self._file[named].is_virtual:  # its sources would be looked for beside the copy
            into.create_dataset(named, data=self.read_whole(self._dataset(name)))
            return
        try:
            with being_read(self.path, int(self._file[named].nbytes)):
                h5py.h5o.copy(self._file.id, named, into.id, named, _bare(), with_groups())
        except DAMAGED:
            self.read_whole(self._dataset(name))
            raise
        self.bytes_read += int(self._file[named].nbytes)

    # -- numbers -----------------------------------------------------------------------------------------------------

    def read(self, dataset: DatasetInfo, rows: Sequence[int], out: Numbers) -> None:
        """Fill ``out`` with some rows of a dataset's first axis, in the order asked for; shape (len(rows), ...), contiguous.

        Raises :class:`InputRefused` if the numbers are not there.
        """
        assert out.flags.c_contiguous
        assert out.dtype == dataset.dtype
        if dataset.offset is None:
            self._read_by_library(dataset, rows, out)
        else:
            self._read_in_place(dataset, dataset.offset, rows, out)
        self.bytes_read += out.nbytes

    def will_need(self, dataset: DatasetInfo, rows: Sequence[int]) -> None:
        """Tell the system which rows are read soon, so that a slow disk begins with them."""
        if dataset.offset is None or not rows or not hasattr(os, "posix_fadvise"):
            return
        size = dataset.nbytes // dataset.shape[0]
        for begin, end in _runs(rows):
            first = min(rows[begin], rows[end - 1])
            place, length = dataset.offset + first * size, (end - begin) * size
            os.posix_fadvise(self.descriptor, place, length, os.POSIX_FADV_WILLNEED)

    def _read_in_place(self, dataset: DatasetInfo, offset: int, rows: Sequence[int], out: Numbers) -> None:
        """Read plain data: a run of ascending rows is one piece of the file."""
        size = out.nbytes // max(1, len(rows))
        numbers = out.reshape(-1).view(np.uint8)
        for begin, end in _runs(rows, steps=(1,)):
            place = numbers[begin * size : end * size].data
            found = 0
            while found < len(place):
                try:
                    rest = place[found:] if found else place
                    more = os.preadv(self.descriptor, [rest], offset + rows[begin] * size + found)
                except OSError as error:
                    raise self.refusal(f"cannot be read: {error.strerror}", dataset.name) from error
                if not more:
                    raise self.refusal(
                        f"truncated: {found} of the {len(place)} bytes from index {rows[begin]} on", dataset.name
                    )
                found += more

    def read_whole(self, dataset: DatasetInfo) -> Numbers:
        """Read a whole dataset."""
        if dataset.memory is not None and dataset.shape:
            found = np.empty(dataset.shape, dtype=dataset.dtype)
            self.read(dataset, range(dataset.shape[0]), found)
            return found
        with reading(self.path, dataset.name, dataset.nbytes):
            whole = self._file[as_bytes(dataset.name)][()]
        self.bytes_read += dataset.nbytes
        return np.asarray(whole, dtype=dataset.dtype)

    def _read_by_library(self, dataset: DatasetInfo, rows: Sequence[int], out: Numbers) -> None:
        """Read chunked, filtered or foreign data: each run of neighbouring rows at once, so that a chunk is unpacked once."""
        with reading(self.path, dataset.name):
            source = self._file[as_bytes(dataset.name)]
            for begin, end in _runs(rows):
                first, last = sorted((rows[begin], rows[end - 1]))
                found = self._rows(source, dataset, first, last + 1)
                out[begin:end] = found if rows[begin] == first else found[::-1]

    @staticmethod
    def _rows(source: h5py.Dataset, dataset: DatasetInfo, begin: int, end: int) -> Numbers:
        if dataset.memory is None:
            return np.asarray(source[begin:end])
        found = np.empty((end - begin, *dataset.shape[1:]), dtype=dataset.dtype)
        there, here = source.id.get_space(), h5py.h5s.create_simple(found.shape)
        if found.size:
            there.select_hyperslab((begin, *[0] * (found.ndim - 1)), found.shape)
            source.id.read(here, there, found, dataset.memory)
        return found


@cache
def _bare() -> Any:
    """How a dataset is copied without its attributes, which may hold references."""
    properties = h5py.h5p.create(h5py.h5p.OBJECT_COPY)
    properties.set_copy_object(h5py.h5o.COPY_WITHOUT_ATTR_FLAG)
    return properties


def _runs(rows: Sequence[int], *, steps: tuple[int, ...] = (1, -1)) -> Iterator[tuple[int, int]]:
    """The ranges of neighbouring rows, ascending or descending.

    Examples
    --------
    >>> list(_runs([6, 7, 0, 1]))
    [(0, 2), (2, 4)]
    """
    begin, step = 0, 0
    for place, (one, next_) in enumerate(pairwise(rows), start=1):
        if next_ - one not in ((step,) if step else steps):
            yield begin, place
            begin, step = place, 0
        else:
            step = next_ - one
    if rows:
        yield begin, len(rows)
