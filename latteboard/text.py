"""Texts and numbers in the form in which people read them."""

from datetime import timedelta
from unicodedata import normalize

UNITS = ("B", "kB", "MB", "GB", "TB", "PB")
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
