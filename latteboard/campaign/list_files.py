"""Files of lists: their text, their lines, their words."""

import stat
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from latteboard.errors import CampaignError
from latteboard.text import human_bytes

# The source list of an ensemble has a few MB; what is so much larger is no list, and would fill the memory.
MOST_BYTES = 256_000_000
NEWLINE, LAST_BLANK = 10, 32
# Signs that ask for a look at each line: a comment, and what ends a line or a word in an unusual way.
UNUSUAL = [ord("#"), *(sign for sign in range(LAST_BLANK) if chr(sign) not in "\t\n")]


def read_list(path: Path) -> str:
    """The text of a list.

    Raises
    ------
    CampaignError : it is no regular file, is too large or cannot be read.
    """
    try:
        _check_file(path)
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise CampaignError(f"the list {str(path)!r} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError:
        raise CampaignError(f"the list {str(path)!r} is not text") from None
    except ValueError as error:
        raise CampaignError(f"the list {str(path)!r} cannot be read: {error}") from error


def _check_file(path: Path) -> None:
    """Refuse what would block, never end or fill the memory before it is opened."""
    found = path.stat()
    if stat.S_ISDIR(found.st_mode):
        raise CampaignError(f"the list {str(path)!r} is a folder; expected a file")
    if not stat.S_ISREG(found.st_mode):
        raise CampaignError(f"the list {str(path)!r} is no regular file, and is not opened; expected a file of lines")
    if found.st_size > MOST_BYTES:
        size, most = human_bytes(found.st_size), human_bytes(MOST_BYTES)
        raise CampaignError(f"the list {str(path)!r} has {size}; expected a list, which has at most {most}")


def numbered_lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """The number and the words of each line that is not empty; ``#`` begins a comment.

    Examples
    --------
    >>> list(numbered_lines("# t\\n300 16  # early\\n"))
    [(2, ['300', '16'])]
    """
    for number, line in enumerate(text.splitlines(), 1):
        if words := line.partition("#")[0].split():
            yield number, words


def words_of_even_lines(text: str, columns: int) -> list[str] | None:
    """The words of a plain text of which each line, if it is not empty, has as many; found without a look at each line.

    Returns
    -------
    None if a line has more or fewer words, or a sign that asks for a look at each line

    Examples
    --------
    >>> words_of_even_lines("300 16\\n\\n306 0", 2)
    ['300', '16', '306', '0']
    >>> words_of_even_lines("300\\n16 306 0", 2) is words_of_even_lines("300 16 # early", 2) is None
    True
    """
    if not text.isascii() or not text:
        return None
    signs = np.frombuffer(text.encode("ascii"), dtype=np.uint8)
    if np.bincount(signs, minlength=LAST_BLANK + 4)[UNUSUAL].any():
        return None
    begins = signs > LAST_BLANK
    begins[1:] &= signs[:-1] <= LAST_BLANK
    lines = np.concatenate(([0], np.flatnonzero(signs[:-1] == NEWLINE) + 1))
    numbers = np.add.reduceat(begins, lines, dtype=np.int32)
    return text.split() if np.isin(numbers, (0, columns)).all() else None
