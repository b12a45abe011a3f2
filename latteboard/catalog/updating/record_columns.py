"""Columns of the inputs that the products of a kind recorded, one entry an input."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from latteboard.catalog.updating.columns import read_whole, write_whole
from latteboard.status.evidence import NOT_EXPECTED

Numbers = NDArray[np.int64]

# Row of the product; id of the kind, row, size and time of the input; whether the entry is of an input at all.
COLUMNS = ("record product", "record kind", "record input", "record size", "record mtime", "record named")
# The place of the file that states an entry; not written where products are in their first place only.
PLACE = "record place"


@dataclass(frozen=True)
class RecordColumns:
    """The records of a kind's products, in whichever places these are, one entry an input.

    Attributes
    ----------
    entries : shape (6, entries), in the order of ``COLUMNS``
    places : shape (entries,), the place of the file that states each
    """

    entries: Numbers
    places: Numbers

    def take(self, chosen: NDArray[np.bool_]) -> Self:
        """Some of the entries."""
        return type(self)(self.entries[:, chosen], self.places[chosen])

    def together(self, other: Self) -> Self:
        """These entries, then others."""
        return type(self)(
            np.concatenate([self.entries, other.entries], axis=1), np.concatenate([self.places, other.places])
        )

    def of_files_that_count(self, places: NDArray[np.generic]) -> NDArray[np.bool_]:
        """Which entries are stated by the file that counts; ``places`` has that of each product."""
        counts: NDArray[np.bool_] = self.places == places[self.entries[0]]
        return counts

    def carried_over(self, products: Numbers, inputs: Mapping[int, Numbers]) -> Self:
        """The entries of the products that stay; see :func:`carry_over_records`."""
        stays = products[self.entries[0]] != NOT_EXPECTED
        return type(self)(carry_over_records(self.entries, products, inputs), self.places[stays])


def read_records(connection: Connection, kind: int) -> RecordColumns:
    """The records of a kind's products."""
    entries = np.stack([read_whole(connection, kind, name) for name in COLUMNS])
    places = read_whole(connection, kind, PLACE)
    return RecordColumns(entries, places if len(places) else np.broadcast_to(np.int64(0), entries.shape[1]))


def write_records(connection: Connection, kind: int, records: RecordColumns) -> None:
    """Replace the records of a kind's products."""
    for name, column in zip(COLUMNS, records.entries, strict=True):
        write_whole(connection, kind, name, column)
    write_whole(connection, kind, PLACE, records.places if records.places.any() else records.places[:0])


def carry_over_records(records: Numbers, products: Numbers, inputs: Mapping[int, Numbers]) -> Numbers:
    """Records in the rows of a campaign that has changed.

    An entry whose input is no longer expected stays as one of no expected input: its size and time still tell whether the
    inputs have only been renamed.

    Parameters
    ----------
    products : for each earlier row of the products' kind its row now, ``NOT_EXPECTED`` where it is gone
    inputs : the same for each kind of inputs, by id. Records name inputs by path: a kind whose paths have changed is left out

    Examples
    --------
    The only product has moved to row 1. Of its inputs, both of kind 7, the first has gone and the second is now the first:

    >>> records = np.array([[0, 0], [7, 7], [0, 1], [100, 100], [5, 6], [1, 1]])
    >>> carry_over_records(records, np.array([1]), {7: np.array([-1, 0])})[:3].tolist()
    [[1, 1], [-1, 7], [-1, 0]]
    """
    carried = records.copy()
    product, kind, row = carried[:3]
    product[:] = products[product]
    earlier = row.copy()
    row[:] = NOT_EXPECTED
    for number, rows in inputs.items():
        own = kind == number
        row[own] = rows[earlier[own]]
    kind[row == NOT_EXPECTED] = NOT_EXPECTED
    return carried[:, product != NOT_EXPECTED]
