"""The place of an output: what stands there, and the draft that takes its name if nothing changed there meanwhile."""

import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Self

from latteboard.errors import InputRefused, OutputRefused
from latteboard.files.atomic import remove_abandoned, replacing
from latteboard.files.hdf5 import not_being_written, reason_of


@dataclass(frozen=True)
class Place:
    """The place of an output as it was when it was looked at.

    Attributes
    ----------
    state : device, inode, size and time of the file there, of which one changes with its contents; None if there is none
    """

    path: Path
    state: tuple[int, ...] | None

    @classmethod
    def at(cls, path: Path) -> Self:
        """Look at it; drafts of killed runs beside it are removed.

        Raises
        ------
        OutputRefused : a file there cannot be replaced, or another process has it open for writing.
        """
        _remove_abandoned(path.parent)
        state = _state(path)
        with not_being_written(path):
            return cls(path, state)

    @contextmanager
    def drafted(self, *, replaces: bool) -> Iterator[Path]:
        """A draft that takes its name at last; if it ``replaces`` a file, only if that is as it was.

        Raises
        ------
        OutputRefused : the file changed, or another process writes to it; or the draft cannot be written.
        """
        with ExitStack() as until_it_has_its_name:

            def check_unchanged() -> None:
                until_it_has_its_name.enter_context(not_being_written(self.path))
                if replaces and _state(self.path) != self.state:
                    raise OutputRefused(f"{self.path}: changed meanwhile; nothing was done. Try again")

            with drafted(self.path, overwrite=replaces, last=check_unchanged) as draft:
                yield draft


@contextmanager
def drafted(target: Path, *, overwrite: bool, last: Callable[[], object] = lambda: None) -> Iterator[Path]:
    """A draft of the target; an error of writing it names the target in one line."""
    try:
        with replacing(target, overwrite=overwrite, last=last) as draft:
            yield draft
    except InputRefused:
        raise
    except (OSError, RuntimeError) as error:
        raise OutputRefused(f"{target}: cannot be written: {reason_of(error)}; nothing is left of it") from error


@cache
def _remove_abandoned(folder: Path) -> None:
    """Remove drafts of killed runs, once a run: listing a folder of many thousand files takes longer than an output."""
    if folder.is_dir():
        remove_abandoned(folder)


def _state(path: Path) -> tuple[int, ...] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise OutputRefused(f"{path}: cannot be written: {reason_of(error)}") from error
    if not (stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)):
        raise OutputRefused(f"{path}: no regular file; name another output")
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
