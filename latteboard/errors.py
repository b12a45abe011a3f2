"""What goes wrong, in one line that a person can act on; the front door turns it into exit 1."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self


class LatteboardError(Exception):
    """Base of every error latteboard raises on purpose: the message names who, what was expected, what was found."""


class CampaignError(LatteboardError):
    """The campaign file, or a list that it names, cannot be used as it stands.

    Attributes
    ----------
    key : where in the file, such as ``kinds.prop.path``; stands before the message
    """

    def __init__(self, message: str, *, key: str = "") -> None:
        super().__init__(f"{key}: {message}" if key else message)
        self.message = message
        self.key = key

    def within(self, key: str) -> Self:
        """The same one level up: ``path`` within ``kinds.prop`` is ``kinds.prop.path``."""
        return type(self)(self.message, key=f"{key}.{self.key}" if self.key else key)


class TemplateError(CampaignError):
    """A path or dataset template is not well formed, or cannot be read back."""


@contextmanager
def within(key: str) -> Iterator[None]:
    """Whatever is wrong with the campaign in here is wrong under ``key``."""
    try:
        yield
    except CampaignError as error:
        raise error.within(key) from error


class CatalogError(LatteboardError):
    """The catalog cannot be opened, is of another version, or does not know what was asked for."""


class QueryError(LatteboardError):
    """A question names a kind, coordinate, status or value that the catalog does not have."""


class LockedError(LatteboardError):
    """Another process on this or another host holds the lock, or it cannot be written."""


class BooksKept(LatteboardError):
    """An index saw so little of what was there before that it refuses to change the books."""


class UnreadableFolders(LatteboardError):
    """Some folders could not be read; the rest of the index is complete and written."""


class ShapeError(LatteboardError):
    """An array has not the shape that an operation on correlators asks for, or the lattice is too small for what is asked."""


class InputRefused(LatteboardError):
    """A file cannot be reduced as it stands: something in it is missing, twice, of another shape, damaged, or not a number.

    Attributes
    ----------
    path : the file to blame, which stands before the message; None if it is none in particular
    name : the dataset in it, which stands between them
    reason : the message without both
    """

    def __init__(self, reason: str, *, path: str | Path | None = None, name: str = "") -> None:
        place = [] if path is None else [str(path)]
        super().__init__(": ".join([*place, *filter(None, [name]), reason]))
        self.reason, self.path, self.name = reason, path, name


class OutputRefused(LatteboardError):
    """An output cannot be written: it is there already, is not ours, or there is no room."""


class Stopped(LatteboardError):
    """Somebody asked to stop before the work was finished; what is on disk is whole."""
