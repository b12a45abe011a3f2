"""What the reducer is asked to make: one task for each output, complete in itself, so that it can be carried out anywhere."""

from collections.abc import Iterator
from dataclasses import dataclass

from latteboard.recipe import Recipe

Key = tuple[str, int]  # stream and configuration, by which rows are sorted


@dataclass(frozen=True)
class Input:
    """One file that an output is made from.

    Attributes
    ----------
    path : relative to the root
    size, mtime : bytes and ns since 1970, as they were when the task was planned
    source : ``x0y1z2t3``, the source that it is of; None where it is of several, or nobody says
    group : the other coordinates in which inputs differ, such as ``t_separation=3``; empty where there are none.
        Files of one group differ by source only, so they must hold the same datasets
    picks : which of its datasets are taken, without what tells sources apart (:func:`reducer.correlators.conventions.sourceless`);
        each must be there. None: all there are
    """

    path: str
    size: int
    mtime: int
    source: str | None = None
    group: str = ""
    picks: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Row:
    """One configuration of an output, the only one unless the output joins several; None where nobody says which."""

    inputs: tuple[Input, ...]
    configuration: int | None = None
    stream: str | None = None

    @property
    def key(self) -> Key:
        """Stream and configuration, by which rows are sorted."""
        return self.stream or "", -1 if self.configuration is None else self.configuration


@dataclass(frozen=True)
class Task:
    """One output and how it is made.

    Attributes
    ----------
    kind : of the output; empty for files named on the command line
    path : relative to the root
    rows : sorted by stream, then configuration; a single one unless the steps concatenate
    lacking : configurations that are expected and not there, such as ``a/1188`` (stream and number)
    replace : an earlier output of ours may be replaced
    """

    kind: str
    path: str
    recipe: Recipe
    rows: tuple[Row, ...]
    lacking: tuple[str, ...] = ()
    replace: bool = False

    @property
    def inputs(self) -> Iterator[Input]:
        """Every input, in order."""
        for row in self.rows:
            yield from row.inputs


@dataclass(frozen=True)
class Result:
    """What carrying out a task came to: bytes that were read from inputs, and bytes of the outputs."""

    path: str
    bytes_read: int
    bytes_written: int
