"""Summary of a reduction run."""

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from latteboard.text import human_bytes


@dataclass(frozen=True, order=True)
class Failure:
    """An output that could not be made: its path relative to the root, and why.

    Attributes
    ----------
    suspect : the input that could not be used, relative to the root; empty where none is to blame
    """

    path: str
    reason: str
    suspect: str = ""


@dataclass
class Report:
    """Counts of the outputs that were made and of the others.

    Attributes
    ----------
    skipped : how many were there already, complete and made of the same inputs
    failed : sorted by path
    bytes_read, bytes_written : of inputs and of outputs
    stopped : whether the run was asked to stop
    left : how many outputs were not begun, or dropped, because of that
    lost : sentences on things that could not be carried along, and how many outputs are without
    """

    made: int = 0
    skipped: int = 0
    failed: list[Failure] = field(default_factory=list)
    bytes_read: int = 0
    bytes_written: int = 0
    seconds: float = 0.0
    stopped: bool = False
    left: int = 0
    lost: dict[str, int] = field(default_factory=dict)

    @property
    def suspects(self) -> frozenset[str]:
        """The inputs that could not be used."""
        return frozenset(failure.suspect for failure in self.failed if failure.suspect)

    @property
    def done(self) -> int:
        """The number of outputs that are finished, made or not."""
        return self.made + self.skipped + len(self.failed)

    def __add__(self, other: Self) -> Self:
        """The summary of two runs together."""
        return type(self)(
            made=self.made + other.made,
            skipped=self.skipped + other.skipped,
            failed=sorted((*self.failed, *other.failed)),
            bytes_read=self.bytes_read + other.bytes_read,
            bytes_written=self.bytes_written + other.bytes_written,
            seconds=self.seconds + other.seconds,
            stopped=self.stopped or other.stopped,
            left=self.left + other.left,
            lost=dict(Counter(self.lost) + Counter(other.lost)),
        )

    def __str__(self) -> str:
        parts = (f"{self.made:,} made", f"{self.skipped:,} there already", f"{len(self.failed):,} failed")
        sizes = f"{human_bytes(self.bytes_read)} read, {human_bytes(self.bytes_written)} written"
        return f"{', '.join(parts)}; {sizes}; {self.seconds:.1f} s"

    def as_json(self) -> dict[str, Any]:
        """The machine-readable form."""
        return {**asdict(self), "seconds": round(self.seconds, 3)}
