"""Values of HDF5 files in forms that compare equal where they mean the same."""

from typing import Any

import h5py
import numpy as np
from h5py import h5r, h5s, h5t
from numpy.typing import NDArray

from latteboard.errors import InputRefused
from latteboard.names.encoding import as_bytes, as_text
from reducer.hdf5.number_types import as_stored, numpy_type

Array = NDArray[Any]


def type_in_words(stored: Any) -> str:
    """An HDF5 type in words that are equal for types of equal values.

    Text is text, of fixed length or not and in any encoding; the order of bytes, and where members of a record stand, is
    storage and no difference.
    """
    kind = stored.get_class()
    if kind == h5t.STRING:
        return "text"
    if kind == h5t.REFERENCE:
        return "region reference" if stored.equal(h5t.STD_REF_DSETREG) else "reference"
    if kind == h5t.VLEN:
        return f"lists of {type_in_words(stored.get_super())}"
    if kind == h5t.ARRAY:
        return f"arrays {stored.get_array_dims()} of {type_in_words(stored.get_super())}"
    if kind == h5t.COMPOUND:
        names = [as_text(stored.get_member_name(number)) for number in range(stored.get_nmembers())]
        members = (type_in_words(stored.get_member_type(number)) for number in range(len(names)))
        return f"records of {', '.join(sorted(f'{name}: {words}' for name, words in zip(names, members, strict=True)))}"
    if kind == h5t.ENUM and (named := h5py.check_enum_dtype(stored.dtype)) is not None:
        return f"enumeration {sorted(named.items())} of {type_in_words(stored.get_super())}"
    dtype = numpy_type(stored)
    return (
        f"{_CLASSES.get(kind, 'values')} of {stored.get_size()} bytes"
        if dtype is None
        else str(dtype.newbyteorder("="))
    )


_CLASSES = {h5t.TIME: "times", h5t.BITFIELD: "bits", h5t.OPAQUE: "opaque values"}


def read_slab(dataset: h5py.Dataset, slab: tuple[slice, ...]) -> Array:
    """Read a slab of a dataset; values of a type that numpy has not as they are stored."""
    stored = dataset.id.get_type()
    if numpy_type(stored) is not None:
        return np.asarray(dataset[(*slab, ...)])
    found = np.empty([side.stop - side.start for side in slab], dtype=as_stored(stored))
    there = dataset.id.get_space()
    if slab:
        there.select_hyperslab(tuple(side.start for side in slab), found.shape)
    dataset.id.read(h5s.create_simple(found.shape) if slab else h5s.create(h5s.SCALAR), there, found, stored)
    return found


def comparable(values: Array, stored: Any, file: h5py.File) -> Array:
    """An array in which equal things of two files are equal.

    Text becomes bytes; a reference the name, and the selection, of what it refers to; a list of variable length stays one.
    """
    if values.dtype.names is not None:
        for number, name in enumerate(values.dtype.names):
            values[name] = comparable(values[name], stored.get_member_type(number), file)
        return values
    if values.dtype == object:
        for place in np.ndindex(values.shape):
            values[place] = _comparable(values[place], file)
    return values


def _comparable(value: Any, file: h5py.File) -> Any:
    if isinstance(value, str):
        return as_bytes(value)
    if isinstance(value, h5py.RegionReference):
        return _named(value, file) + repr(_selection(h5r.get_region(value, file.id))).encode() if value else b""
    if isinstance(value, h5py.Reference):
        return _named(value, file) if value else b""
    if isinstance(value, np.ndarray):
        return [_comparable(one, file) for one in value] if value.dtype.hasobject else value
    return value


def _named(reference: Any, file: h5py.File) -> bytes:
    """The name of what a reference refers to."""
    name: bytes | None = h5r.get_name(reference, file.id)
    if not name:
        raise InputRefused(
            "a reference leads to something without a name, which cannot be compared", path=file.filename
        )
    return name


def _selection(space: Any) -> Any:
    """What is selected in a space, in a form that is equal for equal selections of one kind."""
    kind = space.get_select_type()
    if kind == h5s.SEL_HYPERSLABS:
        return space.shape, space.get_select_hyper_blocklist().tolist()
    return space.shape, space.get_select_elem_pointlist().tolist() if kind == h5s.SEL_POINTS else kind
