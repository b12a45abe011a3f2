"""Datasets of correlator files: their metadata, and what cannot be read of them, refused."""

from dataclasses import dataclass, replace
from math import prod
from typing import Any, Self

import numpy as np
from h5py import h5a, h5d, h5o, h5s, h5t

from latteboard.names.encoding import as_text
from reducer.hdf5.number_types import NotExact, NumberType, carry_problem, is_linkable, number_type

IS_SHIFTED, META = b"is_shifted", b"meta"


class NotUnderstood(ValueError):
    """A dataset cannot be read for what it is; the message says why."""


@dataclass(frozen=True, slots=True)
class DatasetInfo:
    """Metadata of a dataset.

    Attributes
    ----------
    shape : with the axes of an array type, if its values are arrays
    dtype : of its values in memory, in native byte order
    memory : the HDF5 type to read into; None where it is the one that h5py would choose
    offset : position of its numbers in the file, in bytes, if they are contiguous and as in memory; else None
    is_shifted : the attribute of this name; None where there is none, as in files that have been sliced
    linked : whether a virtual dataset can be made of it
    null : whether it has no values at all, not even none along an axis
    attributes : the number of its attributes beside ``is_shifted`` and ``meta``
    """

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    memory: Any
    offset: int | None
    is_shifted: bool | None
    meta: str
    linked: bool = True
    null: bool = False
    attributes: int = 0

    @property
    def pairs(self) -> bool:
        """Whether real and imaginary part are the last axis."""
        return self.dtype.char in "fd" and len(self.shape) > 0 and self.shape[-1] == 2

    @property
    def nbytes(self) -> int:
        """Its size in memory, in bytes."""
        return prod(self.shape) * self.dtype.itemsize

    @property
    def complex_shape(self) -> tuple[int, ...]:
        """Its shape, real and imaginary part taken as one number."""
        return self.shape[:-1] if self.pairs else self.shape

    @property
    def complex_dtype(self) -> np.dtype[Any]:
        """The type of its numbers, real and imaginary part taken as one; other types as they are."""
        return np.result_type(self.dtype, np.complex64) if self.pairs else self.dtype

    @property
    def in_single_precision(self) -> Self:
        """The same dataset, with numbers of half precision read as those of single precision, in which steps compute."""
        if self.dtype != np.float16:
            return self
        return replace(self, dtype=np.dtype(np.float32), memory=h5t.NATIVE_FLOAT, offset=None)

    @property
    def is_numeric(self) -> bool:
        """Whether its values are numbers, or records, which may hold some."""
        return self.dtype.kind in "biufc" or self.dtype.names is not None


def dataset_info(dataset: Any, properties: Any, name: str, *, in_this_file: bool) -> DatasetInfo:
    """Metadata of an open dataset.

    Parameters
    ----------
    dataset, properties : at the low level of h5py, and how it was created
    in_this_file : whether its numbers may be read from the file that is open

    Raises
    ------
    NotUnderstood : its values cannot be read exactly, or would not mean the same elsewhere; or ``is_shifted`` says neither
        yes nor no.
    """
    stored = dataset.get_type()
    if (problem := carry_problem(stored)) is not None:
        raise NotUnderstood(f"{problem}; --without leaves it out")
    try:
        numbers = number_type(stored)
    except NotExact as error:
        raise NotUnderstood(f"holds {error}; --without leaves it out") from error
    numbers, within = _arrays_as_axes(numbers)
    space = dataset.get_space()
    null = space.get_simple_extent_type() == h5s.NULL
    is_shifted, stated = _flag(dataset, IS_SHIFTED)
    if stated is not None and is_shifted is None:
        raise NotUnderstood(f"its attribute is_shifted is {stated}; expected 0 or 1")
    has_meta = h5a.exists(dataset, META)
    return DatasetInfo(
        name,
        () if null else (*space.get_simple_extent_dims(), *within),
        numbers.dtype,
        numbers.memory,
        dataset.get_offset() if in_this_file and numbers.in_place and _is_plain(properties) else None,
        is_shifted,
        _text_of(dataset, META) if has_meta else "",
        linked=is_linkable(stored),
        null=null,
        attributes=h5a.get_num_attrs(dataset) - has_meta - h5a.exists(dataset, IS_SHIFTED),
    )


def _arrays_as_axes(numbers: NumberType) -> tuple[NumberType, tuple[int, ...]]:
    """Values that are arrays themselves, as further axes."""
    base, within = numbers.dtype.base, numbers.dtype.shape
    return (NumberType(base.newbyteorder("=")) if within else numbers), within


def _is_plain(properties: Any) -> bool:
    return bool(properties.get_layout() == h5d.CONTIGUOUS and properties.get_external_count() == 0)


def is_written(dataset: Any, properties: Any) -> bool:
    """Whether all of its numbers were written; the library reads zeros where they were not."""
    layout = properties.get_layout()
    if layout == h5d.VIRTUAL or (layout != h5d.CHUNKED and dataset.get_storage_size()):
        return True
    if dataset.shape is None or 0 in dataset.shape:
        return True
    if layout != h5d.CHUNKED:
        return False
    chunks = [-(-length // chunk) for length, chunk in zip(dataset.shape, properties.get_chunk(), strict=True)]
    return bool(dataset.get_num_chunks() == prod(chunks))


# How codes write whether something holds; as numbers of any type, too.
_FLAGS = {"0": False, "1": True, "false": False, "true": True}


def _flag(dataset: Any, name: bytes) -> tuple[bool | None, str | None]:
    """An attribute that holds or not, and how it is stated; None and None where there is none, or an empty one.

    Of another value only how it is stated is known. A whole number is read at a low level, since the comfortable way takes as
    long as all else together.
    """
    if not h5a.exists(dataset, name):
        return None, None
    attribute = h5a.open(dataset, name)
    numbers = attribute.get_space().get_simple_extent_npoints()
    if attribute.get_type().get_class() == h5t.INTEGER and numbers == 1:
        read = np.zeros((), dtype=np.int64)
        attribute.read(read, mtype=h5t.NATIVE_INT64)
        found = int(read)
        return (bool(found), str(found)) if found in (0, 1) else (None, str(found))
    if attribute.get_space().get_simple_extent_type() == h5s.NULL:
        return None, None
    if numbers != 1:
        return None, f"{numbers} values"
    text = _text_of(dataset, name)
    return _FLAGS.get(text.removesuffix(".0").strip().lower()), repr(text)


def _text_of(dataset: Any, name: bytes) -> str:
    """An attribute of one value as text, in whatever encoding; of another the value in words."""
    attribute = h5a.open(dataset, name)
    if attribute.get_space().get_simple_extent_type() == h5s.NULL:
        return ""
    values = np.empty(attribute.shape, dtype=attribute.dtype)
    attribute.read(values)
    one = values.reshape(-1)[0] if values.size == 1 else values
    return as_text(one) if isinstance(one, bytes) else str(one)


def address(one: Any) -> tuple[int, int]:
    """Which file something is in, and where: the same under all its names."""
    info = h5o.get_info(one)
    return info.fileno, info.addr
