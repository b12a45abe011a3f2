"""Types of numbers in files: how each is read exactly into a type of numpy's own."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from h5py import h5t

# Real and imaginary part of a complex number as codes name the members of a record, in lower case.
COMPLEX_PARTS = (("r", "i"), ("re", "im"), ("real", "imag"))
# The floating types of numpy that are the same on all machines: bits of mantissa and exponent, and the exponent's bias.
_FLOATS = (("f2", 10, 5, 15), ("f4", 23, 8, 127), ("f8", 52, 11, 1023))


class NotExact(ValueError):
    """Numbers of a type cannot be read exactly; the message says which type."""


@dataclass(frozen=True, slots=True)
class NumberType:
    """How the values of a dataset are read.

    Attributes
    ----------
    dtype : of the values in memory, in native byte order
    memory : the HDF5 type that the library is asked for; None where it is the one that h5py would choose
    in_place : whether the bytes in the file are those in memory
    """

    dtype: np.dtype[Any]
    memory: Any = None
    in_place: bool = False


_PLAIN = tuple(
    (h5t.py_create(dtype), NumberType(dtype, in_place=True)) for dtype in map(np.dtype, ("f8", "f4", "c16", "c8"))
)


def number_type(stored: Any) -> NumberType:
    """How values of an HDF5 type are read: a record of real and imaginary part is a complex number.

    Raises
    ------
    NotExact : they are floating numbers that no type of numpy holds exactly, or of a type that numpy has not.

    Examples
    --------
    >>> number_type(h5t.IEEE_F64BE).dtype, number_type(h5t.py_create(np.dtype([("re", "f4"), ("im", "f4")]))).dtype
    (dtype('float64'), dtype('complex64'))
    """
    for plain, known in _PLAIN:
        if stored.equal(plain):
            return known
    kind = stored.get_class()
    if kind == h5t.FLOAT:
        return _float(stored)
    if kind == h5t.COMPOUND and (parts := _complex_parts(stored)):
        return _complex(stored, parts)
    dtype = numpy_type(stored)
    if dtype is None:
        raise NotExact("values of a type that numpy does not have")
    if kind == h5t.INTEGER:
        return NumberType(dtype.newbyteorder("="), in_place=bool(stored.equal(h5t.py_create(dtype.newbyteorder("=")))))
    return NumberType(dtype if dtype.isnative else dtype.newbyteorder("="))


def numpy_type(stored: Any) -> np.dtype[Any] | None:
    """The type of numpy that h5py reads an HDF5 type as; None if there is none, as for times."""
    try:
        found: np.dtype[Any] = stored.dtype
    except TypeError:
        return None
    return found


def as_stored(stored: Any) -> np.dtype[Any]:
    """A type of numpy for the bytes of a value as they are stored."""
    return np.dtype((np.void, stored.get_size()))


def _float(stored: Any) -> NumberType:
    dtype = _exact(stored)
    if dtype is None:
        if stored.equal(h5t.NATIVE_LDOUBLE):
            return NumberType(np.dtype(np.longdouble))
        raise NotExact(f"floating numbers of {stored.get_precision()} bits that no type of numpy holds exactly")
    memory = h5t.py_create(dtype)
    return NumberType(dtype, memory, in_place=bool(stored.equal(memory)))


def _exact(stored: Any) -> np.dtype[Any] | None:
    """The smallest type of numpy that holds all numbers of a floating type."""
    if stored.get_norm() != h5t.NORM_IMPLIED:
        return None
    _, _, exponent, _, mantissa = stored.get_fields()
    bias = stored.get_ebias()
    for name, most, widest, largest_bias in _FLOATS:
        largest, allowed = 2**exponent - 1 - bias, 2**widest - 1 - largest_bias
        if mantissa <= most and bias <= largest_bias and largest <= allowed:
            return np.dtype(name)
    return None


def _complex_parts(stored: Any) -> Sequence[bytes] | None:
    """The names of real and imaginary part, in this order; None if the record is no complex number."""
    names = [stored.get_member_name(number) for number in range(stored.get_nmembers())]
    known = {name.decode("utf-8", "replace").lower(): name for name in names}
    floats = all(stored.get_member_class(number) == h5t.FLOAT for number in range(len(names)))
    pair = next((pair for pair in COMPLEX_PARTS if known.keys() == set(pair)), None)
    return None if pair is None or len(names) != len(pair) or not floats else [known[name] for name in pair]


def _complex(stored: Any, parts: Sequence[bytes]) -> NumberType:
    members = [_exact(stored.get_member_type(stored.get_member_index(name))) for name in parts]
    exact = [member for member in members if member is not None]
    if len(exact) < len(members):
        raise NotExact("complex numbers whose parts no type of numpy holds exactly")
    part = np.result_type(np.float32, *exact)
    dtype = np.result_type(part, np.complex64)
    memory = h5t.create(h5t.COMPOUND, dtype.itemsize)
    for position, name in enumerate(parts):
        memory.insert(name, position * part.itemsize, h5t.py_create(part))
    return NumberType(dtype, memory, in_place=bool(stored.equal(memory)))


def is_linkable(stored: Any) -> bool:
    """Whether the library itself reads a type through a virtual dataset as what :func:`number_type` reads.

    It maps the members of records by name, and finds no ``r`` and ``i`` in ``{re, im}``.
    """
    parts = _complex_parts(stored) if stored.get_class() == h5t.COMPOUND else None
    return parts is None or list(parts) == [b"r", b"i"]


def carry_problem(stored: Any) -> str | None:
    """Why values of an HDF5 type cannot be taken into another file, in words; None if they can."""
    kind = stored.get_class()
    if kind == h5t.REFERENCE:
        return "holds references, which lead nowhere in another file"
    if kind == h5t.COMPOUND:
        members = (stored.get_member_type(number) for number in range(stored.get_nmembers()))
        return next(filter(None, map(carry_problem, members)), None)
    if kind in (h5t.VLEN, h5t.ARRAY):
        inner = stored.get_super()
        if kind == h5t.VLEN and inner.get_class() in (h5t.COMPOUND, h5t.VLEN) and carry_problem(inner) is None:
            return "holds lists of records or of lists, which are not understood"
        return carry_problem(inner)
    return None
