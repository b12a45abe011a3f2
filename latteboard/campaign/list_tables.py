"""Lists with named columns, such as ``configuration t_source``: the values of an axis that differ by configuration."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from math import prod
from pathlib import Path

import numpy as np

from latteboard.campaign.key_types import file_text
from latteboard.campaign.list_files import numbered_lines, words_of_even_lines
from latteboard.campaign.relations import Codes
from latteboard.errors import CampaignError
from latteboard.text import listed

Words = Mapping[str, int | str]  # the value of each distinct word of a column

LARGEST = 2**31  # whole numbers are stored in integer columns, which have 32 bits on some database servers


@dataclass(frozen=True)
class ListTable:
    """The rows of a list, each once.

    Attributes
    ----------
    values : the values of each column, each once, in order of appearance
    rows : for each column the positions in ``values``, shape (number of rows,)
    """

    values: Mapping[str, Sequence[int | str]]
    rows: Mapping[str, Codes]


def read_table(path: Path, text: str, columns: Sequence[str]) -> ListTable:
    """Parse the text of a list.

    Parameters
    ----------
    columns : the names of the columns; ``configuration`` is of whole numbers, ``ensemble`` and ``stream`` are of texts, any other
        is of whole numbers if every one of its values is one without leading zeros, else of texts

    Raises
    ------
    CampaignError : a line has more or fewer words, a value is not one of its column, or a row is there twice.
    """
    all_words = words_of_even_lines(text, len(columns))
    if all_words is None:
        all_words = [word for line in _even_lines(path, text, columns) for word in line]
    values: dict[str, list[int | str]] = {}
    rows: dict[str, Codes] = {}
    for number, name in enumerate(columns):
        words = all_words[number :: len(columns)]
        try:
            meaning = _meaning(name, list(dict.fromkeys(words)))
        except _NotOfColumn as error:
            line = _line(text, words.index(error.word))
            raise CampaignError(f"{path} line {line}: {error}") from None
        values[name] = list(dict.fromkeys(meaning.values()))
        place = {value: position for position, value in enumerate(values[name])}
        positions = {word: place[value] for word, value in meaning.items()}
        rows[name] = np.fromiter(map(positions.__getitem__, words), dtype=np.int32, count=len(words))
    _check_distinct(path, text, values, rows)
    return ListTable(values, rows)


class _NotOfColumn(ValueError):
    """A word that is no value of its column."""

    def __init__(self, word: str, reason: object) -> None:
        super().__init__(str(reason))
        self.word = word


def _even_lines(path: Path, text: str, columns: Sequence[str]) -> Iterator[list[str]]:
    for line, words in numbered_lines(text):
        if len(words) != len(columns):
            expected = f"expected {len(columns)} columns, {' '.join(columns)}"
            raise CampaignError(f"{path} line {line}: {expected}; found {' '.join(words)!r}")
        yield words


def _line(text: str, row: int) -> int:
    """The number of the line of a row."""
    return next(islice(numbered_lines(text), row, None))[0]


def _meaning(name: str, words: Sequence[str]) -> Words:
    """The value of each of the distinct words of a column."""
    if name in ("ensemble", "stream"):
        return {word: word for word in words}
    if name == "configuration":
        return _each(_configuration, words)
    is_numeric = all(re.fullmatch("0|-?[1-9][0-9]*", word) for word in words)
    return _each(_whole if is_numeric else file_text, words)


def _each(parse: Callable[[str], int | str], words: Sequence[str]) -> Words:
    found = {}
    for word in words:
        try:
            found[word] = parse(word)
        except ValueError as error:
            raise _NotOfColumn(word, error) from None
    return found


def _configuration(word: str) -> int:
    if not re.fullmatch(r"-?\d+", word):
        raise ValueError(f"expected a configuration number, found {word!r}")
    return int(word)


def _whole(word: str) -> int:
    number = int(word) if len(word) < 12 else LARGEST
    if not -LARGEST <= number < LARGEST:
        raise ValueError(f"expected whole numbers from -2**31 to 2**31 - 1, found {word}")
    return number


def _check_distinct(
    path: Path, text: str, values: Mapping[str, Sequence[int | str]], rows: Mapping[str, Codes]
) -> None:
    number = len(next(iter(rows.values())))
    fits = prod(map(len, values.values())) < 2**62
    key = np.zeros(number, dtype=np.int64 if fits else object)
    for name, column in rows.items():
        key = key * len(values[name]) + column
    _, first, counts = np.unique(key, return_index=True, return_counts=True)
    if len(first) < number:
        twice = int(first[counts > 1].min())
        again = np.flatnonzero(key == key[twice]).tolist()
        where = listed((_line(text, row) for row in again[:6]), 5)
        row = " ".join(str(values[name][column[twice]]) for name, column in rows.items())
        raise CampaignError(f"{path}: expected each row once, found {row!r} in lines {where}")
