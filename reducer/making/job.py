"""One task under way: its options, and the files of its rows."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from latteboard.errors import Stopped
from reducer.correlators.file import CorrelatorFile
from reducer.making.targets import Target, survey
from reducer.tasks.task import Row, Task


@dataclass
class Job:
    """The same for outputs of one configuration and of several.

    Attributes
    ----------
    root : of the paths in the task
    stop : asked between datasets; once it is true, the task is given up
    bytes_read : of datasets of the inputs, so far
    lost : a sentence on each thing that cannot be carried along into the output
    """

    task: Task
    root: Path
    allow_nan: bool
    stop: Callable[[], bool]
    bytes_read: int = 0
    lost: dict[str, None] = field(default_factory=dict)

    @contextmanager
    def surveyed(self, row: Row) -> Iterator[tuple[list[CorrelatorFile], list[Target]]]:
        """Open the files of a row and find its output datasets."""
        with ExitStack() as stack:
            files = [stack.enter_context(CorrelatorFile(given.file(self.root))) for given in row.inputs]
            yield files, survey(row, files, self.task.recipe, self.task.physics)
            self._count(files)

    @contextmanager
    def opened(self, files: Sequence[CorrelatorFile]) -> Iterator[None]:
        """Open the files of a surveyed row again."""
        with ExitStack() as stack:
            for file in files:
                stack.enter_context(file)
            yield
            self._count(files)

    def _count(self, files: Sequence[CorrelatorFile]) -> None:
        for file in files:
            self.bytes_read += file.bytes_read
            file.bytes_read = 0

    def note_lost(self, what: str) -> None:
        """Note a thing that cannot be carried along into the output."""
        self.lost[what] = None

    def check_stop(self) -> None:
        """Give up if it is time to stop."""
        if self.stop():
            raise Stopped(f"{self.task.path}: stopped before it was finished; nothing is left of it")
