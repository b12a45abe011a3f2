"""Attributes of a concatenation: one where all rows state the same, else a dataset with a value a row."""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import h5py
import numpy as np
from h5py import h5t
from numpy.typing import NDArray

from latteboard.names.encoding import as_bytes, as_text
from reducer.correlators.conventions import ATTRIBUTES
from reducer.correlators.file import CorrelatorFile
from reducer.hdf5.attributes import Attribute
from reducer.making.carried_attributes import Attributes

TEXT = h5py.string_dtype()
# Attributes of a column: the group or dataset, and the attribute, that its values are of; whether they are texts of JSON.
OF, NAME, JSON = "of", "name", "json"
Key = tuple[str, str]  # the path of a group or dataset, and the name of an attribute


@dataclass(frozen=True)
class Stated:
    """A value that is known as a text of JSON only."""

    text: str

    @property
    def key(self) -> object:
        """Equal for equal values."""
        return self.text

    def as_json(self) -> Any:
        """The value as JSON."""
        return json.loads(self.text)


Cell = Attribute | Stated | None


@dataclass
class AttributeTable:
    """The attributes of each row, in the order in which rows are added."""

    rows: list[Mapping[Key, Cell]] = field(default_factory=list)

    def add(self, attributes: Attributes) -> None:
        """Add a row."""
        self.rows.append({(path, name): one for path, named in attributes.items() for name, one in named.items()})

    def add_joined(self, file: CorrelatorFile, number: int, lost: Callable[[str], object]) -> None:
        """Add the rows of a file that is concatenated already."""
        paths = [path for path, dataset in file.datasets(file.data).items() if dataset.attributes]
        shared: dict[Key, Cell] = {}
        for path in (*file.groups, *paths):
            shared |= {(path, name): one for name, one in file.attributes(path, lost=lost).items()}
        columns = [
            file.column(name) for name in file.names if name in file.labels and name.startswith(f"{ATTRIBUTES}/")
        ]
        cells_of = dict(map(_cells, columns))
        for row in range(number):
            self.rows.append({**shared, **{key: cells[row] for key, cells in cells_of.items()}})

    def without(self, keys: Collection[Key]) -> "AttributeTable":
        """The same rows without some attributes."""
        return AttributeTable([{key: cell for key, cell in row.items() if key not in keys} for row in self.rows])

    def ordered(self, order: Sequence[int]) -> "AttributeTable":
        """The same rows in another order."""
        return AttributeTable([self.rows[row] for row in order])

    def shared(self) -> Mapping[Key, Attribute]:
        """The attributes that all rows state, and state alike."""
        first = self.rows[0] if self.rows else {}
        return {
            key: one
            for key, one in first.items()
            if isinstance(one, Attribute) and all(_is_same(row.get(key), one) for row in self.rows)
        }

    def columns(self) -> Mapping[Key, "Column"]:
        """The values of all others, a row each."""
        shared = self.shared()
        keys = dict.fromkeys(key for row in self.rows for key in row if key not in shared)
        return {key: Column.of([row.get(key) for row in self.rows]) for key in keys}


@dataclass(frozen=True)
class Column:
    """The values of an attribute, one a row: numbers or texts as they are, all else as texts of JSON."""

    values: NDArray[Any]
    json: bool

    @classmethod
    def of(cls, cells: Sequence[Cell]) -> "Column":
        """The column of the cells of all rows."""
        alone = [cell for cell in cells if isinstance(cell, Attribute) and cell.values is not None]
        arrays = [cell.values for cell in alone if cell.values is not None]
        if len(alone) == len(cells) and len({array.shape for array in arrays}) == 1:
            if all(array.dtype.kind in "biufc" for array in arrays):
                return cls(np.array(arrays), json=False)
            if not arrays[0].shape and all(cell.stored.get_class() == h5t.STRING for cell in alone):
                return cls(np.array([array.item() for array in arrays], dtype=object), json=False)
        texts = [b"null" if cell is None else as_bytes(json.dumps(cell.as_json())) for cell in cells]
        return cls(np.array(texts, dtype=object), json=True)


def _is_same(cell: Cell, other: Attribute) -> bool:
    return cell is not None and cell.key == other.key


def _cells(column: tuple[Mapping[str, Attribute], NDArray[Any]]) -> tuple[Key, list[Cell]]:
    """The cells of a column as a file holds it."""
    stated, values = column
    of, name = (as_text(stated[part].item()) for part in (OF, NAME))
    if JSON in stated:
        texts = [as_text(text) for text in values.tolist()]
        return (of, name), [None if text == "null" else Stated(text) for text in texts]
    return (of, name), [_attribute(value) for value in values]


def _attribute(value: Any) -> Attribute:
    if isinstance(value, bytes):
        return Attribute.of_text(as_text(value))
    values = np.asarray(value)
    return Attribute(h5t.py_create(values.dtype, logical=True), values)
