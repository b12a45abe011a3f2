"""Lists of configuration numbers and quark sources that a campaign names; errors name the line."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from latteboard.campaign.tables import ListFile
from latteboard.errors import CampaignError
from latteboard.names.templates import Source

MOST_CONFIGURATIONS = 1_000_000  # a stream has thousands; more is a typing error that would fill the memory


def configuration_numbers(stated: str | list[int] | ListFile, folder: Path) -> list[int]:
    """The configuration numbers of a stream, ascending, each once.

    Parameters
    ----------
    stated : ``"start:end:step"`` as for :func:`number_range`, a list, or a file with a number first on each line
    folder : of the campaign file, to which the name of the list is relative

    Examples
    --------
    >>> configuration_numbers("300:312:6", Path())
    [300, 306, 312]
    """
    if isinstance(stated, str):
        numbers: Sequence[int] = number_range(stated)
    elif isinstance(stated, ListFile):
        numbers = [_first_number(folder / stated.file, line, words) for line, words in _lines(folder / stated.file)]
    else:
        numbers = stated
    if not numbers:
        raise CampaignError("expected at least one configuration, found none")
    return sorted(set(numbers))


def number_range(text: str) -> range:
    """Parse ``start:end`` or ``start:end:step``; the end is included if it is on the grid.

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
    # Python reads 1_1 as 11; in a list it is a slip.
    if "_" in " ".join(words):
        raise ValueError(f"expected whole numbers, found {' '.join(words)!r}")
    return list(map(int, words))


def source_lists(path: Path) -> dict[int, list[Source]]:
    """Read the sources of each configuration, in file order, from lines ``configuration x y z t`` in lattice units."""
    lists: dict[int, list[Source]] = {}
    for line, words in _lines(path):
        try:
            configuration, *place = whole_numbers(words)
            lists.setdefault(configuration, []).append(Source(*place))
        except (ValueError, TypeError):
            raise CampaignError(
                f"{path} line {line}: expected five whole numbers, configuration x y z t, found {' '.join(words)!r}"
            ) from None
    return lists


def _first_number(path: Path, line: int, words: list[str]) -> int:
    try:
        return whole_numbers(words[:1])[0]
    except ValueError:
        raise CampaignError(f"{path} line {line}: expected a configuration number first, found {words[0]!r}") from None


def _lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The number and the words of each line that is not empty; ``#`` begins a comment."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise CampaignError(f"the list {str(path)!r} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError:
        raise CampaignError(f"the list {str(path)!r} is not text") from None
    except ValueError as error:
        raise CampaignError(f"the list {str(path)!r} cannot be read: {error}") from error
    for number, line in enumerate(text.splitlines(), 1):
        if words := line.partition("#")[0].split():
            yield number, words
