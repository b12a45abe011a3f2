"""Attributes of files, groups and datasets: read exactly, compared by value, written as they were."""

import json
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import h5py
import numpy as np
from h5py import h5a, h5s, h5t
from numpy.typing import NDArray

from latteboard.files.hdf5 import MARK_PREFIX
from latteboard.names.encoding import as_bytes, as_text
from reducer.hdf5.number_types import as_stored, carry_problem, numpy_type

# What the reducer itself states, by its own rules.
NOT_FINITE = "not_finite"  # how many numbers of a dataset are NaN or infinite
OWN = frozenset(("is_shifted", "meta", NOT_FINITE))


@dataclass(frozen=True)
class Attribute:
    """The value of an attribute as it is stored.

    Attributes
    ----------
    stored : its HDF5 type
    values : None if it has no value at all
    """

    stored: Any
    values: NDArray[Any] | None

    @property
    def shape(self) -> tuple[int, ...]:
        """Its shape, without the axes of values that are arrays themselves."""
        assert self.values is not None
        within = getattr(numpy_type(self.stored), "shape", ())
        return self.values.shape[: self.values.ndim - len(within)]

    @cached_property
    def key(self) -> object:
        """Equal for equal values, whatever their type: text in any encoding is its bytes, numbers are numbers."""
        if self.values is None:
            return None
        kind = "numbers" if self.values.dtype.kind in "biuf" else str(self.values.dtype)
        texts = self.stored.get_class() == h5t.STRING
        return "text" if texts else kind, self.values.shape, self._json

    @cached_property
    def _json(self) -> str:
        return "null" if self.values is None else json.dumps(self.values.tolist(), default=_plain)

    def item(self) -> Any:
        """The only value."""
        assert self.values is not None
        return self.values.item()

    def as_json(self) -> Any:
        """The value as JSON; a complex number as its parts."""
        return json.loads(self._json)

    def write(self, thing: Any, name: str) -> None:
        """Write it as an attribute of something open at the low level, in the place of one of this name."""
        named = as_bytes(name)
        if h5a.exists(thing, named):
            h5a.delete(thing, named)
        made = h5a.create(thing, named, self.stored, _space(None if self.values is None else self.shape))
        if self.values is not None:
            made.write(self.values, _memory(self.stored))

    @classmethod
    def of_text(cls, text: str) -> Self:
        """A text of variable length."""
        return cls._of(np.array(as_bytes(text), dtype=h5py.string_dtype()))

    @classmethod
    def of_number(cls, number: int) -> Self:
        """A whole number."""
        return cls._of(np.array(number, dtype=np.int64))

    @classmethod
    def of_texts(cls, texts: Sequence[bytes]) -> Self:
        """Several of them, along one axis."""
        return cls._of(np.array(texts, dtype=h5py.string_dtype()))

    @classmethod
    def _of(cls, values: NDArray[Any]) -> Self:
        return cls(h5t.py_create(values.dtype, logical=True), values)


def _space(shape: tuple[int, ...] | None) -> Any:
    if shape is None:
        return h5s.create(h5s.NULL)
    return h5s.create_simple(shape) if shape else h5s.create(h5s.SCALAR)


def _plain(value: Any) -> Any:
    """Values that JSON has not: bytes as text, complex numbers as pairs, arrays as lists."""
    if isinstance(value, bytes):
        return as_text(value)
    if isinstance(value, complex):
        return [value.real, value.imag]
    return value.tolist() if isinstance(value, np.ndarray) else str(value)


def read_attributes(
    thing: Any, lost: Callable[[str, str], object], *, but: Collection[str] = OWN, everything: bool = False
) -> Iterator[tuple[str, Attribute]]:
    """The attributes of something open at the low level, by name, without those of a mark and those in ``but``.

    ``lost`` is called with the name of each that cannot be carried into another file, and why; ``everything`` gives these,
    and those of a mark, too.
    """
    for position in range(h5a.get_num_attrs(thing)):
        attribute = h5a.open(thing, index=position)
        name = as_text(attribute.name)
        if name in but or (name.startswith(MARK_PREFIX) and not everything):
            continue
        stored = attribute.get_type().copy()
        if not everything and (problem := carry_problem(stored)) is not None:
            lost(name, problem)
            continue
        yield name, _read(attribute, stored)


def _read(attribute: Any, stored: Any) -> Attribute:
    if attribute.get_space().get_simple_extent_type() == h5s.NULL:
        return Attribute(stored, None)
    values = np.empty(attribute.shape, dtype=numpy_type(stored) or as_stored(stored))
    attribute.read(values, _memory(stored))
    return Attribute(stored, values)


def _memory(stored: Any) -> Any:
    """The type of values in memory; None where it follows from those of an array of numpy."""
    if numpy_type(stored) is None:
        return stored
    return h5t.py_create(stored.dtype) if stored.get_class() == h5t.ARRAY else None


def in_order_of_terms(stated: list[Attribute | None]) -> Attribute:
    """One attribute of all terms of a mean: itself where all state the same, else a text, the JSON list of their values."""
    first = stated[0]
    if first is not None and all(other is not None and other.key == first.key for other in stated):
        return first
    return Attribute.of_text(json.dumps([None if one is None else one.as_json() for one in stated]))
