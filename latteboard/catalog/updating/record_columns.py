"""Columns of the inputs that the products of a kind recorded, one entry an input."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from latteboard.catalog.updating.columns import read_whole, write_whole
from latteboard.status.evidence import NOT_EXPECTED

Numbers = NDArray[np.int64]

# Row of the product; id of the kind, row, size and time of the input; whether the entry is of an input at all.
COLUMNS = ("record product", "record kind", "record input", "record size", "record mtime", "record named")


def read_records(connection: Connection, kind: int) -> Numbers:
    """The records of a kind's products, shape (6, entries), in the order of ``COLUMNS``."""
    return np.stack([read_whole(connection, kind, name) for name in COLUMNS])


def write_records(connection: Connection, kind: int, records: Numbers) -> None:
    """Replace the records of a kind's products."""
    for name, column in zip(COLUMNS, records, strict=True):
        write_whole(connection, kind, name, column)


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
