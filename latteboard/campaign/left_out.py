"""Artifacts left out: the entries of ``[[leave_out]]``, which artifacts each of them takes away, and their checks.

What is left out is not expected, and nothing waits for it: it is no row of :meth:`Definition.expected`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latteboard.campaign.expected import Expected
from latteboard.campaign.kinds import Kind
from latteboard.campaign.lists import number_range
from latteboard.campaign.relations import Columns, Relations, length
from latteboard.campaign.tables import LeaveOutTable
from latteboard.names.templates import Value

EXPECTED = -1  # the entry of an artifact that none takes away


@dataclass(frozen=True)
class LeftOut:
    """The artifacts of one kind that are left out.

    Attributes
    ----------
    artifacts : their rows and paths, in canonical order
    entries : for each the number of the first entry that takes it away
    """

    artifacts: Expected
    entries: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.entries)


def concerns(entry: LeaveOutTable, kind: Kind) -> bool:
    """Whether an entry may take artifacts of a kind away: one that has all its coordinates, and is among the kinds it names."""
    among = entry.kinds is None or kind.name in entry.kinds
    return among and entry.coordinates.keys() <= set(kind.coordinates)


def entry_of_rows(
    stated: Mapping[int, LeaveOutTable], relations: Relations, kind: Kind, rows: Columns
) -> NDArray[np.int64]:
    """For each row of a kind the number of the first entry that takes it away, ``EXPECTED`` where none does."""
    found = np.full(length(rows), EXPECTED, dtype=np.int64)
    for number in sorted(stated, reverse=True):
        entry = stated[number]
        if concerns(entry, kind):
            taken = np.ones(length(rows), dtype=bool)
            for name, values in entry.coordinates.items():
                taken &= np.isin(rows[name], _codes(relations.values[name], values))
            found[taken] = number
    return found


def _codes(values: Sequence[Value], stated: Sequence[int | str]) -> list[int]:
    chosen = [number_range(str(one)) for one in stated if is_range(values, one)]
    texts = {str(one) for one in stated}
    return [
        code for code, value in enumerate(values) if str(value) in texts or any(value in numbers for numbers in chosen)
    ]


def is_range(values: Sequence[Value], stated: int | str) -> bool:
    """Whether a text states a range of a coordinate of whole numbers, as ``300:360:6``."""
    return isinstance(stated, str) and bool(values) and isinstance(values[0], int)


def entry_text(coordinates: Mapping[str, Sequence[int | str]]) -> str:
    """The coordinates of an entry in words.

    Examples
    --------
    >>> entry_text({"configuration": ["300:360:6", 400], "stream": ["e"]})
    'configuration = 300:360:6 or 400, stream = e'
    """
    return ", ".join(f"{name} = {' or '.join(map(str, values))}" for name, values in coordinates.items())
