"""Lists of configuration numbers, quark sources and values of axes that a campaign names; errors name the line."""

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar, cast

from latteboard.campaign.list_files import numbered_lines, read_list
from latteboard.campaign.list_tables import ListTable, read_table
from latteboard.campaign.locations import located
from latteboard.campaign.tables import ListFile, SourceRow
from latteboard.errors import CampaignError
from latteboard.names.templates import Source

MOST_CONFIGURATIONS = 1_000_000  # a stream has thousands; more is a typing error that would fill the memory

SourceLists = dict[int, list[Source]]
Parsed = TypeVar("Parsed")


class Lists:
    """The lists that one campaign names; a list that several ensembles name is read and parsed once."""

    def __init__(self, folder: Path) -> None:
        """``folder`` : of the campaign file, to which the names of the lists are relative."""
        self._folder = folder
        self._parsed: dict[object, Any] = {}

    def configurations(self, stated: str | list[int] | ListFile) -> list[int]:
        """The configuration numbers of a stream, ascending, each once.

        Parameters
        ----------
        stated : ``"start:end:step"`` as for :func:`number_range`, a list, or a file with a number first on each line

        Examples
        --------
        >>> Lists(Path()).configurations("300:312:6")
        [300, 306, 312]
        """
        if isinstance(stated, str):
            numbers: Sequence[int] = number_range(stated)
        elif isinstance(stated, ListFile):
            numbers = self._once(stated.file, _first_numbers)
        else:
            numbers = sorted(stated)
            if twice := [number for number, other in pairwise(numbers) if number == other]:
                raise CampaignError(f"expected each configuration once, found {twice[0]} twice")
        if not numbers:
            raise CampaignError("expected at least one configuration, found none")
        return list(numbers)

    def sources(self, stated: ListFile | Sequence[SourceRow]) -> SourceLists:
        """The sources of each configuration, in the order of their lines or rows."""
        return self._once(stated.file, _source_lists) if isinstance(stated, ListFile) else _by_configuration(stated)

    def table(self, file: str, columns: tuple[str, ...]) -> ListTable:
        """The list of an axis, with these columns."""
        return self._once(file, lambda path, text: read_table(path, text, columns), columns)

    def _once(self, file: str, parse: Callable[[Path, str], Parsed], how: object = None) -> Parsed:
        path = located(self._folder, file)
        key = path, how or parse
        if key not in self._parsed:
            self._parsed[key] = parse(path, read_list(path))
        return cast(Parsed, self._parsed[key])


def number_range(text: str) -> range:
    """Parse ``start:end:step``; the end is included if it is on the grid, and the step is 1 if there is none.

    Examples
    --------
    >>> list(number_range("300:312:6"))
    [300, 306, 312]
    >>> list(number_range("300:310:6"))
    [300, 306]
    """
    parts = text.split(":")
    try:
        start, end, step = (*whole_numbers(parts), 1)[:3]
    except ValueError:
        raise CampaignError(f"expected start:end:step in whole numbers, such as 300:5000:6, found {text!r}") from None
    if len(parts) not in (2, 3) or step <= 0 or end < start:
        raise CampaignError(f"expected start:end:step with end >= start and step > 0, found {text!r}")
    if (end - start) // step >= MOST_CONFIGURATIONS:
        raise CampaignError(f"expected at most {MOST_CONFIGURATIONS} configurations, found {text!r}")
    return range(start, end + 1, step)


def whole_numbers(words: Sequence[str]) -> list[int]:
    """The numbers that words state, in the digits of any script; raises :class:`ValueError` if one is no whole number."""
    numbers = list(map(int, words))
    # Python reads 1_1 as 11; in a list it is a slip.
    if "_" in "".join(words):
        raise ValueError(f"expected whole numbers, found {' '.join(words)!r}")
    return numbers


def _first_numbers(path: Path, text: str) -> list[int]:
    return sorted({_first_number(path, line, words) for line, words in numbered_lines(text)})


def _first_number(path: Path, line: int, words: list[str]) -> int:
    try:
        return whole_numbers(words[:1])[0]
    except ValueError:
        raise CampaignError(f"{path} line {line}: expected a configuration number first, found {words[0]!r}") from None


def _source_lists(path: Path, text: str) -> SourceLists:
    """The sources of each configuration, in file order, from lines ``configuration x y z t`` in lattice units."""
    found: SourceLists = {}
    for line, words in numbered_lines(text):
        try:
            configuration, *place = whole_numbers(words)
            found.setdefault(configuration, []).append(Source(*place))
        except (ValueError, TypeError):
            raise CampaignError(
                f"{path} line {line}: expected five whole numbers, configuration x y z t, found {' '.join(words)!r}"
            ) from None
    return found


def _by_configuration(rows: Iterable[SourceRow]) -> SourceLists:
    found: SourceLists = {}
    for configuration, *place in rows:
        found.setdefault(configuration, []).append(Source(*place))
    return found
