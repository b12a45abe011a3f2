"""Texts and numbers in the form in which people read them."""

from collections.abc import Iterable
from datetime import timedelta
from difflib import get_close_matches
from unicodedata import normalize

UNITS = ("B", "kB", "MB", "GB", "TB", "PB")
NAMED = 20  # values in a message; whoever needs the rest of a longer list asks for it
COMPARED = 2_000  # names: more take too long to look for a similar one
TIMES = (("d", 86_400), ("h", 3_600), ("min", 60))


def shown(value: object) -> str:
    r"""Return a value as one printable line, the empty text for None.

    File names, and names inside files, may hold control characters: each is replaced by its code, so that a terminal
    does not obey it.

    Examples
    --------
    >>> print(shown("prop_\x1b[31m\n"))
    prop_\x1b[31m\n
    """
    text = "" if value is None else str(value)
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def folded(text: str) -> str:
    r"""Return the same text for all that differ only in case or in Unicode form, as some disks and copies change names.

    Examples
    --------
    >>> folded("Xi_cafe\u0301.LIME") == folded("xi_caf\u00e9.lime")
    True
    """
    return text.lower() if text.isascii() else normalize("NFC", normalize("NFD", text).casefold())


def human_bytes(number: float) -> str:
    """Return a number of bytes with a decimal unit (1 kB = 1000 B), as disks and quotas are counted.

    Examples
    --------
    >>> human_bytes(3_623_882_000)
    '3.6 GB'
    >>> human_bytes(999)
    '999 B'
    """
    unit = 0
    while number >= 1000 and unit < len(UNITS) - 1:
        number, unit = number / 1000, unit + 1
    return f"{number:.0f} {UNITS[unit]}" if unit == 0 else f"{number:.1f} {UNITS[unit]}"


def human_duration(duration: timedelta) -> str:
    """Return a duration in the largest unit of which it is a whole number.

    Examples
    --------
    >>> human_duration(timedelta(minutes=90)), human_duration(timedelta(hours=48))
    ('90 min', '2 d')
    >>> human_duration(timedelta(seconds=0.5))
    '0.5 s'
    """
    seconds = duration.total_seconds()
    for unit, size in TIMES:
        if seconds and not seconds % size:
            return f"{seconds / size:,.0f} {unit}"
    return f"{seconds:g} s"


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, in the plural unless it is one.

    Examples
    --------
    >>> counted(1, "file"), counted(1200, "file")
    ('1 file', '1,200 files')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def listed(values: Iterable[object], most: int = NAMED) -> str:
    """Return the values as a text for messages; three dots stand for what is beyond the first ``most``.

    Examples
    --------
    >>> listed(["pion", "kaon"]), listed(range(300, 400), most=3)
    ('pion, kaon', '300, 301, 302, ...')
    """
    texts = list(map(str, values))
    return ", ".join(texts if len(texts) <= most else [*texts[:most], "..."])


def most_similar(name: object, known: Iterable[object]) -> str | None:
    """Return the known name that is most like an unknown one, upper and lower case apart; None if none is like it.

    Examples
    --------
    >>> most_similar("t_seperation", ["particle", "t_separation"]), most_similar("PROP", ["prop", "cfg"])
    ('t_separation', 'prop')
    >>> most_similar("spectrum", ["prop", "cfg"]) is None
    True
    """
    asked = folded(str(name))
    # A single letter is like too much.
    by_folded = {folded(text): text for text in map(str, known) if min(len(text), len(asked)) > 1}
    near = get_close_matches(asked, by_folded, 1) if len(by_folded) <= COMPARED else []
    return by_folded[near[0]] if near else None


def did_you_mean(name: object, known: Iterable[object]) -> str:
    """Return the end of a message that names what was probably meant; empty if nothing is similar.

    Examples
    --------
    >>> did_you_mean("t_seperation", ["particle", "t_separation"])
    "; did you mean 't_separation'?"
    >>> did_you_mean("spectrum", ["prop", "cfg"])
    ''
    """
    similar = most_similar(name, known)
    return "" if similar is None else f"; did you mean {similar!r}?"
