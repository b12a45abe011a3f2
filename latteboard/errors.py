"""Errors that a user can act on: each is one line, with which a command ends and exits with 1."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self


class LatteboardError(Exception):
    """Base of the errors of latteboard; the message names the place, what was expected and what was found."""


class CampaignError(LatteboardError):
    """The campaign file, or a list that it names, cannot be used.

    Attributes
    ----------
    message : the message without the key
    key : the key of the campaign file, such as ``kinds.prop.path``; the text of the error begins with it
    """

    def __init__(self, message: str, *, key: str = "") -> None:
        super().__init__(f"{key}: {message}" if key else message)
        self.message = message
        self.key = key

    def within(self, key: str) -> Self:
        """The same error in a table one level up.

        Examples
        --------
        >>> str(CampaignError("expected a text", key="path").within("kinds.prop"))
        'kinds.prop.path: expected a text'
        """
        return type(self)(self.message, key=f"{key}.{self.key}" if self.key else key)


class TemplateError(CampaignError):
    """A template is not well formed, or its paths cannot be parsed without ambiguity."""


@contextmanager
def within(key: str) -> Iterator[None]:
    """Put ``key`` before the key of every :class:`CampaignError` that is raised inside the block."""
    try:
        yield
    except CampaignError as error:
        raise error.within(key) from error


class CatalogError(LatteboardError):
    """The catalog cannot be opened, has another version, or is not up to date with its campaign."""


class QueryError(LatteboardError):
    """A question names a kind, coordinate, status or value that the catalog does not have."""


class LockedError(LatteboardError):
    """Another process, on this or another host, holds the lock, or the lock file cannot be written."""


class BooksKept(LatteboardError):
    """An index found so few of the known files that it does not change the catalog; a file system may not be mounted."""


class UnreadableFolders(LatteboardError):
    """Some folders could not be read; the rest of the index is complete and in the catalog."""


class ShapeError(LatteboardError):
    """An array does not have the shape that an operation on correlators requires, or the lattice is too small for it."""


class InputRefused(LatteboardError):
    """A file cannot be reduced: a dataset is missing, damaged, of another shape or there twice, or a number is NaN.

    Attributes
    ----------
    reason : the message without path and name
    path : the file at fault, which the text of the error begins with; None if no single file is
    name : the dataset in it, which follows the path
    """

    def __init__(self, reason: str, *, path: str | Path | None = None, name: str = "") -> None:
        place = [] if path is None else [str(path)]
        super().__init__(": ".join([*place, *filter(None, [name]), reason]))
        self.reason, self.path, self.name = reason, path, name


class OutputRefused(LatteboardError):
    """An output cannot be written: it exists already, was not made by latteboard, or the disk is full."""


class Stopped(LatteboardError):
    """The user interrupted the work; every file on disk is complete."""
