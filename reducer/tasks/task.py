"""Tasks of the reducer: one for each output, complete in itself, so that it can be carried out anywhere."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from latteboard.recipe import Recipe

Key = tuple[str, int]  # stream and configuration, by which rows are sorted


def key_text(key: Key) -> str:
    """A stream and configuration as messages name them."""
    stream, configuration = key
    return f"{stream} {configuration}".strip()


@dataclass(frozen=True)
class Physics:
    """What is known of the inputs of an output beside the recipe.

    Attributes
    ----------
    L, T : extents of the lattice in space and time, in lattice units; None if they are unknown
    baryons, mesons : parts of dataset paths that name particles of this sort, beside those that everybody knows
    """

    L: int | None = None
    T: int | None = None
    baryons: tuple[str, ...] = ()
    mesons: tuple[str, ...] = ()


UNKNOWN = Physics()


@dataclass(frozen=True)
class Input:
    """One input file of an output.

    Attributes
    ----------
    path : relative to the root
    size, mtime : bytes and ns since 1970, as they were when the task was planned
    source : such as ``x0y1z2t3``; None if it has several sources or the source is unknown
    group : the other coordinates in which inputs differ, such as ``t_separation=3``; empty where there are none.
        Files of one group differ by source only, so they must hold the same datasets
    picks : the names of the datasets to take, without their source (:func:`reducer.correlators.conventions.sourceless`);
        each must be there. None: all
    root : the root that it is below, if that is not the one of the plan; an absolute path
    also : further paths that it may have had when it was recorded
    """

    path: str
    size: int
    mtime: int
    source: str | None = None
    group: str = ""
    picks: tuple[str, ...] | None = None
    root: str = ""
    also: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    def file(self, root: Path) -> Path:
        """Where it is; ``root`` is that of the plan."""
        return root / self.root / self.path


@dataclass(frozen=True)
class Row:
    """One configuration of an output, the only one unless the output concatenates several; None if it is unknown."""

    inputs: tuple[Input, ...]
    configuration: int | None = None
    stream: str | None = None

    @property
    def key(self) -> Key:
        """Stream and configuration, by which rows are sorted."""
        return self.stream or "", -1 if self.configuration is None else self.configuration


@dataclass(frozen=True)
class Task:
    """One output and the recipe for it.

    Attributes
    ----------
    kind : of the output; empty for files named on the command line
    path : relative to the root
    rows : sorted by stream, then configuration; a single one unless the recipe concatenates
    lacking : configurations that are expected and not there, such as ``a/1188`` (stream and number)
    left_out : inputs that the campaign leaves out: the coordinates that the output does not name, and why
    replace : an earlier output of ours may be replaced
    root : the root that it is below, if that is not the one of the plan; an absolute path
    also : further paths under which an earlier output may have been made
    physics : of the inputs
    """

    kind: str
    path: str
    recipe: Recipe
    rows: tuple[Row, ...]
    lacking: tuple[str, ...] = ()
    replace: bool = False
    root: str = ""
    also: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    physics: Physics = UNKNOWN

    def file(self, root: Path) -> Path:
        """Where it is, or will be; ``root`` is that of the plan."""
        return root / self.root / self.path

    @property
    def inputs(self) -> Iterator[Input]:
        """Every input, in order."""
        for row in self.rows:
            yield from row.inputs


@dataclass(frozen=True)
class Result:
    """The result of a task.

    Attributes
    ----------
    bytes_read, bytes_written : of inputs and of outputs
    lost : a sentence on each thing that could not be carried along
    """

    path: str
    bytes_read: int
    bytes_written: int
    lost: tuple[str, ...] = ()
