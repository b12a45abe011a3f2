"""Lists with named columns, such as ``configuration t_source``: the values of an axis that differ by configuration."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np

from latteboard.campaign.key_types import file_text
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


def read_table(path: Path, lines: Iterable[tuple[int, list[str]]], columns: Sequence[str]) -> ListTable:
    """Parse the lines of a list.

    Parameters
    ----------
    lines : the number and the words of each
    columns : the names of the columns; ``configuration`` is of whole numbers, ``ensemble`` and ``stream`` are of texts, any other
        is of whole numbers if every one of its values is one without leading zeros, else of texts

    Raises
    ------
    CampaignError : a line has more or fewer words, a value is not one of its column, or a row is there twice.
    """
    numbered = list(lines)
    for line, words in numbered:
        if len(words) != len(columns):
            expected = f"expected {len(columns)} columns, {' '.join(columns)}"
            raise CampaignError(f"{path} line {line}: {expected}; found {' '.join(words)!r}")
    values: dict[str, list[int | str]] = {}
    rows: dict[str, Codes] = {}
    for number, name in enumerate(columns):
        column = [words[number] for _, words in numbered]
        first: dict[str, int] = {}
        for (line, _), word in zip(numbered, column, strict=True):
            first.setdefault(word, line)
        meaning = _meaning(name, path, first)
        values[name] = list(dict.fromkeys(meaning.values()))
        place = {value: position for position, value in enumerate(values[name])}
        positions = {word: place[value] for word, value in meaning.items()}
        rows[name] = np.fromiter(map(positions.__getitem__, column), dtype=np.int32, count=len(column))
    _check_distinct(path, numbered, values, rows)
    return ListTable(values, rows)


def _meaning(name: str, path: Path, first: Mapping[str, int]) -> Words:
    """The value of each word of a column; ``first`` has the first line of each word."""
    if name in ("ensemble", "stream"):
        return {word: word for word in first}
    if name == "configuration":
        return _each(_configuration, path, first)
    is_numeric = all(re.fullmatch("0|-?[1-9][0-9]*", word) for word in first)
    return _each(_whole if is_numeric else file_text, path, first)


def _each(parse: Callable[[str], int | str], path: Path, first: Mapping[str, int]) -> Words:
    found = {}
    for word, line in first.items():
        try:
            found[word] = parse(word)
        except ValueError as error:
            raise CampaignError(f"{path} line {line}: {error}") from None
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
    path: Path,
    numbered: Sequence[tuple[int, list[str]]],
    values: Mapping[str, Sequence[int | str]],
    rows: Mapping[str, Codes],
) -> None:
    fits = prod(map(len, values.values())) < 2**62
    key = np.zeros(len(numbered), dtype=np.int64 if fits else object)
    for name, column in rows.items():
        key = key * len(values[name]) + column
    _, first, counts = np.unique(key, return_index=True, return_counts=True)
    if len(first) < len(numbered):
        twice = int(first[counts > 1].min())
        again = np.flatnonzero(key == key[twice])[:5].tolist()
        where = listed(numbered[row][0] for row in again)
        raise CampaignError(f"{path}: expected each row once, found {' '.join(numbered[twice][1])!r} in lines {where}")
