"""Errors that a user can act on: each is one line, with which a command ends and exits with 1."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from latteboard.text import shown


class LatteboardError(Exception):
    """Base of the errors of latteboard; the message names the place, what was expected and what was found."""

    @property
    def lines(self) -> tuple[str, ...]:
        """The message as printable lines, one for each thing that is wrong."""
        return (shown(self),)


@dataclass(frozen=True)
class Mistake:
    """One thing that is wrong in a campaign.

    Attributes
    ----------
    message : what was expected and what was found
    key : the key of the campaign file, such as ``kinds.prop.path``
    file : the campaign file
    """

    message: str
    key: str = ""
    file: str = ""

    def __str__(self) -> str:
        return shown(": ".join(filter(None, (self.file, self.key, self.message))))

    def within(self, key: str) -> Self:
        """The same mistake in a table one level up."""
        return replace(self, key=f"{key}.{self.key}" if self.key else key)

    def is_at(self, key: str) -> bool:
        """Whether it is at ``key`` or below it.

        Examples
        --------
        >>> [Mistake("expected a text", key).is_at("kinds.prop") for key in ("kinds.prop.needs[0]", "kinds.props")]
        [True, False]
        """
        return self.key == key or self.key.startswith((f"{key}.", f"{key}["))


class CampaignError(LatteboardError):
    """The campaign file, or a list that it names, cannot be used; the text has one line for each mistake.

    One without mistakes says that something was not tried, because what it needs has failed already.

    Attributes
    ----------
    mistakes : each once
    """

    def __init__(self, message: str | Iterable[Mistake], *, key: str = "") -> None:
        found = [Mistake(message, key)] if isinstance(message, str) else message
        self.mistakes = tuple(dict.fromkeys(found))
        super().__init__("\n".join(self.lines))

    @property
    def lines(self) -> tuple[str, ...]:
        """The text of each mistake, ``FILE: KEY: MESSAGE``."""
        return tuple(map(str, self.mistakes))

    def within(self, key: str) -> Self:
        """The same error in a table one level up.

        Examples
        --------
        >>> str(CampaignError("expected a text", key="path").within("kinds.prop"))
        'kinds.prop.path: expected a text'
        """
        return type(self)(mistake.within(key) for mistake in self.mistakes)


class TemplateError(CampaignError):
    """A template is not well formed, or its paths cannot be parsed without ambiguity."""


@contextmanager
def within(key: str) -> Iterator[None]:
    """Put ``key`` before the key of every :class:`CampaignError` that is raised inside the block."""
    try:
        yield
    except CampaignError as error:
        raise error.within(key) from error


class Mistakes:
    """The mistakes of a campaign, collected so that all of them are told at once.

    A check raises a :class:`CampaignError` for the first thing that it finds. What runs several checks tries each in a
    block of :meth:`keep`, and all that was kept is raised together at the end of the ``with`` statement.

    Examples
    --------
    >>> try:
    ...     with Mistakes() as mistakes:
    ...         for key in ("L", "T"):
    ...             with mistakes.keep("ensembles.A"):
    ...                 raise CampaignError("this key is missing", key=key)
    ... except CampaignError as error:
    ...     print(error)
    ensembles.A.L: this key is missing
    ensembles.A.T: this key is missing
    """

    def __init__(self) -> None:
        self._found: list[Mistake] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if isinstance(error, CampaignError):
            self._found += error.mistakes
            raise CampaignError(self._found) from error
        if error is None:
            self.tell()

    @contextmanager
    def keep(self, key: str = "", *, once: bool = False) -> Iterator[None]:
        """Keep the mistakes of an error that is raised inside the block, and go on after it.

        Parameters
        ----------
        key : of the table that the keys of these mistakes are in
        once : keep none at a key that has one already, as where streams share what is wrong
        """
        try:
            yield
        except CampaignError as error:
            mistakes = (error.within(key) if key else error).mistakes
            told = {mistake.key for mistake in self._found} if once else set()
            self._found += [mistake for mistake in mistakes if mistake.key not in told]

    def add(self, message: str, *, key: str) -> None:
        """Add one mistake."""
        self._found.append(Mistake(message, key))

    def at(self, *keys: str) -> bool:
        """Whether a mistake was found at one of these keys, or below it."""
        return any(mistake.is_at(key) for mistake in self._found for key in keys)

    def tell(self) -> None:
        """Raise all that was found, if anything was."""
        if self._found:
            raise CampaignError(self._found)


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
