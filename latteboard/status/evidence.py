"""The evidence that the rules judge: the files on disk, the copies in archives, and the inputs that products recorded."""

from dataclasses import dataclass, field, fields
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from latteboard.status.states import FileState
from latteboard.status.times import Times

Mask = NDArray[np.bool_]
Numbers = NDArray[np.int64]

NOT_EXPECTED = -1  # the row of an input that the campaign does not expect
UNTIMED = -1  # the time of an input whose product was touched since it was made: recorded times do not count


class Kind(Protocol):
    """The properties of a kind that the rules use."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def needs(self) -> tuple[str, ...]:
        """The kinds that it needs, in the campaign's order."""

    @property
    def temporary(self) -> bool:
        """Whether its files may be deleted once nothing needs them."""

    @property
    def given(self) -> bool:
        """Whether it is made elsewhere."""

    @property
    def stale(self) -> bool:
        """Whether its files can be out of date."""


@dataclass(frozen=True)
class Copies:
    """Copies of the artifacts of one kind, in archives, or on disk beside the file that counts; one entry a copy.

    Attributes
    ----------
    rows : the artifact of each
    sizes, mtimes : bytes, ns since 1970
    sound : whether it can take the place of the file
    """

    rows: Numbers
    sizes: Numbers
    mtimes: Times
    sound: Mask

    @classmethod
    def none(cls) -> "Copies":
        """No copies."""
        nothing = np.empty(0, dtype=np.int64)
        return cls(nothing, nothing, nothing, np.empty(0, dtype=bool))

    def together(self, others: "Copies") -> "Copies":
        """These copies, then others."""
        return Copies(*(np.concatenate([getattr(self, one.name), getattr(others, one.name)]) for one in fields(Copies)))


@dataclass(frozen=True)
class Records:
    """The inputs that the products of one kind recorded, one entry an input.

    A record that names no input at all has one entry of no expected input, so that its product is known to have a record.

    Attributes
    ----------
    products : the row of the product
    kinds : the number of the input's kind in the order of the production; ``NOT_EXPECTED`` if the campaign expects no such path
    inputs : the row of the input in its kind, ``NOT_EXPECTED`` likewise
    sizes, mtimes : bytes, and ns since 1970 or ``UNTIMED``, of the input when the product was made
    named : whether the entry is of an input at all
    """

    products: Numbers
    kinds: Numbers
    inputs: Numbers
    sizes: Numbers
    mtimes: Times
    named: Mask

    @classmethod
    def none(cls) -> "Records":
        """No records."""
        nothing = np.empty(0, dtype=np.int64)
        return cls(nothing, nothing, nothing, nothing, nothing, np.empty(0, dtype=bool))


@dataclass(frozen=True)
class Evidence:
    """All that is known of the artifacts of one kind before any rule is applied, one entry an artifact.

    Attributes
    ----------
    states : codes of :class:`FileState`
    sizes, mtimes : of the file on this disk, in bytes (-1: none) and ns since 1970
    """

    states: NDArray[np.uint8]
    sizes: Numbers
    mtimes: Times
    copies: Copies = field(default_factory=Copies.none)
    records: Records = field(default_factory=Records.none)

    @property
    def sound(self) -> Mask:
        """Whether a file is on disk, old enough to be judged, and without fault."""
        found: Mask = self.states == FileState.sound
        return found

    @property
    def copied(self) -> Mask:
        """Whether a sound copy is in an archive."""
        found = np.zeros(len(self.states), dtype=bool)
        found[self.copies.rows[self.copies.sound]] = True
        return found

    def times_of_change(self) -> Times:
        """When each file became what it is, ns since 1970: its time, or an earlier one that a copy of its size has.

        A file that was recalled from an archive may carry the time of its return; the copy shows that it did not change.
        """
        times = self.mtimes.copy()
        rows = self.copies.rows
        same = self.copies.sizes == self.sizes[rows]
        np.minimum.at(times, rows[same], self.copies.mtimes[same])
        return times
