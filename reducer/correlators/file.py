"""Reads correlators from HDF5 files: the list of datasets, and of each only the slices that are asked for."""

import os
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from math import prod
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import h5py
import numpy as np
from numpy.typing import NDArray

from latteboard.errors import InputRefused
from latteboard.files.hdf5 import DAMAGED, open_file, reading
from reducer.correlators.virtual import lack

Numbers = NDArray[Any]
MOST_NAMES = 10**6  # of a file with links


@dataclass(frozen=True, slots=True)
class DatasetInfo:
    """Metadata of a dataset.

    Attributes
    ----------
    offset : position of its numbers in the file, in bytes, if they are contiguous and in native byte order; else None
    is_shifted : the attribute of this name; None where there is none, as in files that have been sliced
    """

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    offset: int | None
    is_shifted: bool | None
    meta: str

    @property
    def pairs(self) -> bool:
        """Whether real and imaginary part are the last axis."""
        return self.dtype.char in "fd" and len(self.shape) > 0 and self.shape[-1] == 2

    @property
    def nbytes(self) -> int:
        """Its size in memory, in bytes."""
        return int(np.prod(self.shape, dtype=np.int64)) * self.dtype.itemsize

    @property
    def complex_shape(self) -> tuple[int, ...]:
        """Its shape, real and imaginary part taken as one number."""
        return self.shape[:-1] if self.pairs else self.shape

    @property
    def complex_dtype(self) -> np.dtype[Any]:
        """The type of its numbers, real and imaginary part taken as one; other types as they are."""
        return np.result_type(self.dtype, np.complex64) if self.pairs else self.dtype.newbyteorder("=")


class CorrelatorFile:
    """An HDF5 file open for reading.

    Attributes
    ----------
    bytes_read : of datasets, so far
    """

    def __init__(self, path: Path) -> None:
        """Raises :class:`InputRefused` if it cannot be opened."""
        self.path = path
        self.bytes_read = 0
        self._several = False  # whether something has several names
        self._open()

    def _open(self) -> None:
        self._file = open_file(self.path)
        # Plain data are read beside the library, which takes longer.
        with reading(self.path):
            self._descriptor = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)

    def __enter__(self) -> Self:
        if not self._file:
            self._open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        os.close(self._descriptor)

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
                found.append(_text(name))

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
        waiting = [(b"", self._file.id, frozenset([_address(h5py.h5o.open(self._file.id, b"/"))]))]
        number = 0
        while waiting:
            prefix, group, above = waiting.pop()
            for name in list(group):
                path = prefix + name
                try:
                    one = h5py.h5o.open(group, name)
                except (KeyError, OSError) as error:
                    raise self.refusal(
                        "a link that leads nowhere; remove it, or bring back what it names", _text(path)
                    ) from error
                number += 1
                if number > MOST_NAMES:
                    raise self.refusal(f"more than {MOST_NAMES:,} names by links of groups into groups", _text(path))
                if isinstance(one, h5py.h5d.DatasetID):
                    yield _text(path)
                elif isinstance(one, h5py.h5g.GroupID):
                    if _address(one) in above:
                        raise self.refusal("a link to a group that it is in; expected names with an end", _text(path))
                    waiting.append((path + b"/", one, above | {_address(one)}))

    def datasets(self, names: Collection[str]) -> dict[str, DatasetInfo]:
        """Metadata of some datasets; one that was created and never written is refused."""
        return {name: self._dataset(name) for name in names}

    def _dataset(self, name: str) -> DatasetInfo:
        with reading(self.path, name):
            dataset = h5py.h5d.open(self._file.id, name.encode("utf-8", "surrogateescape"))
            shape, dtype = dataset.shape, dataset.dtype
            plist = dataset.get_create_plist()
            if not _is_written(dataset, plist):
                raise self.refusal("never written: whoever wrote the file was stopped", name)
            if plist.get_layout() == h5py.h5d.VIRTUAL and (reason := lack(self.path, self._file, plist, shape)):
                raise self.refusal(f"a virtual dataset: {reason}", name)
            plain = plist.get_layout() == h5py.h5d.CONTIGUOUS and plist.get_external_count() == 0 and dtype.isnative
            plain = plain and not (self._has_links and _address(dataset)[0] != _address(self._file.id)[0])
            offset = dataset.get_offset() if plain and not self._file.userblock_size else None
            is_shifted, stated = _flag(dataset, b"is_shifted")
            meta = h5py.Dataset(dataset).attrs["meta"] if h5py.h5a.exists(dataset, b"meta") else ""
        if stated is not None and is_shifted is None:
            raise self.refusal(f"its attribute is_shifted is {stated}; expected 0 or 1", name)
        meta = meta.decode() if isinstance(meta, bytes) else str(meta)
        return DatasetInfo(name, shape, dtype, offset, is_shifted, meta)

    def root_dataset(self, name: str) -> Numbers | None:
        """Read a dataset of the root group, such as ``configurations``; None if it is not there."""
        with reading(self.path, name):
            return self._file[name][()] if name in self.names else None

    def copy(self, name: str, into: h5py.File) -> None:
        """Copy a dataset whole, with its attributes.

        Raises :class:`InputRefused` if it cannot be read, and what the library raises if it cannot be written.
        """
        if self._file[name].is_virtual:  # its sources would be looked for beside the copy
            copied = into.create_dataset(name, data=self.read_whole(self._dataset(name)))
            for attribute, value in self._file[name].attrs.items():
                copied.attrs[attribute] = value
            return
        try:
            self._file.copy(name, into, name)
        except DAMAGED:
            self.read_whole(self._dataset(name))
            raise
        self.bytes_read += int(self._file[name].nbytes)

    # -- numbers -----------------------------------------------------------------------------------------------------

    def read(self, dataset: DatasetInfo, rows: Sequence[int], out: Numbers) -> None:
        """Fill ``out`` with some rows of a dataset's first axis, in the order asked for; shape (len(rows), ...), contiguous.

        Raises :class:`InputRefused` if the numbers are not there.
        """
        assert out.flags.c_contiguous
        assert out.dtype == dataset.dtype.newbyteorder("=")
        if dataset.offset is None:
            self._read_by_library(dataset, rows, out)
        else:
            self._read_in_place(dataset, dataset.offset, rows, out)
        self.bytes_read += out.nbytes

    def _read_in_place(self, dataset: DatasetInfo, offset: int, rows: Sequence[int], out: Numbers) -> None:
        """Read plain data: a run of ascending rows is one piece of the file."""
        size = out.nbytes // max(1, len(rows))
        numbers = out.reshape(-1).view(np.uint8)
        for begin, end in _runs(rows, steps=(1,)):
            place = numbers[begin * size : end * size].data
            found = 0
            while found < len(place):
                try:
                    more = os.preadv(self._descriptor, [place[found:]], offset + rows[begin] * size + found)
                except OSError as error:
                    raise self.refusal(f"cannot be read: {error.strerror}", dataset.name) from error
                if not more:
                    raise self.refusal(
                        f"truncated: {found} of the {len(place)} bytes from index {rows[begin]} on", dataset.name
                    )
                found += more

    def read_whole(self, dataset: DatasetInfo) -> Numbers:
        """Read a whole dataset."""
        with reading(self.path, dataset.name):
            found = self._file[dataset.name][()]
        self.bytes_read += dataset.nbytes
        return np.asarray(found, dtype=dataset.dtype)

    def _read_by_library(self, dataset: DatasetInfo, rows: Sequence[int], out: Numbers) -> None:
        """Read chunked, filtered or foreign data: each run of neighbouring rows at once, so that a chunk is unpacked once."""
        with reading(self.path, dataset.name):
            source = self._file[dataset.name]
            for begin, end in _runs(rows):
                first, last = sorted((rows[begin], rows[end - 1]))
                found = source[first : last + 1]
                out[begin:end] = found if rows[begin] == first else found[::-1]


def _text(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")


def _address(one: Any) -> tuple[int, int]:
    """Which file something is in, and where: the same under all its names."""
    info = h5py.h5o.get_info(one)
    return info.fileno, info.addr


def _is_written(dataset: Any, plist: Any) -> bool:
    """Whether all of its numbers were written; the library reads zeros where they were not."""
    layout = plist.get_layout()
    if 0 in dataset.shape or layout == h5py.h5d.VIRTUAL:
        return True
    if layout != h5py.h5d.CHUNKED:
        return bool(dataset.get_storage_size())
    chunks = [-(-length // chunk) for length, chunk in zip(dataset.shape, plist.get_chunk(), strict=True)]
    return bool(dataset.get_num_chunks() == prod(chunks))


# How codes write whether something holds; as numbers of any type, too.
_FLAGS = {"0": False, "1": True, "false": False, "true": True}


def _flag(dataset: Any, name: bytes) -> tuple[bool | None, str | None]:
    """An attribute that holds or not, and how it is stated; None and None where there is none, or an empty one.

    Of another value only how it is stated is known. A whole number is read at a low level, since the comfortable way takes as
    long as all else together.
    """
    if not h5py.h5a.exists(dataset, name):
        return None, None
    attribute = h5py.h5a.open(dataset, name)
    numbers = attribute.get_space().get_simple_extent_npoints()
    if attribute.get_type().get_class() == h5py.h5t.INTEGER and numbers == 1:
        found = np.zeros((), dtype=np.int64)
        attribute.read(found, mtype=h5py.h5t.NATIVE_INT64)
        return (bool(found), str(found)) if found in (0, 1) else (None, str(found))
    stated = h5py.Dataset(dataset).attrs[name.decode()]
    if isinstance(stated, h5py.Empty):
        return None, None
    if numbers != 1:
        return None, f"{numbers} values"
    one = np.asarray(stated).reshape(-1)[0]
    text = one.decode("utf-8", "replace") if isinstance(one, bytes) else str(one)
    return _FLAGS.get(text.removesuffix(".0").strip().lower()), repr(text)


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
