"""File names of pages, and links to the rows of a table."""

import re
from urllib.parse import quote
from zlib import crc32

OVERVIEW, HISTORY, PROBLEMS, PURGE, DICTIONARY = (
    "index.html",
    "history.html",
    "problems.html",
    "purge.html",
    "dictionary.html",
)


def kind_page(kind: str) -> str:
    """The page with the rows of a kind."""
    return f"kind_{kind}.html"


def map_page(ensemble: str, stream: str) -> str:
    """The map of one ensemble and stream."""
    return f"map_{slug(ensemble)}_{slug(stream)}.html"


def slug(text: str) -> str:
    """A text as a part of a file name that every web server and file system takes; different texts stay different."""
    plain = re.sub(r"[^a-z0-9.-]", "-", text)[:60]
    return plain if plain == text else f"{plain}-{crc32(text.encode('utf-8', 'surrogatepass')):08x}"


def rows_link(kind: str, **filters: object) -> str:
    """A link to the rows of a kind on which each column equals the value given for it; lists mean one of them.

    The state of a table stands in the fragment as ``column=filter`` parts joined by ``&``, percent-encoded; a filter is
    what a person types above the column.
    """
    parts = [f"{quote(name, safe='')}={quote(equals(value), safe='')}" for name, value in filters.items()]
    return f"{kind_page(kind)}#{'&'.join(parts)}" if parts else kind_page(kind)


def equals(value: object) -> str:
    """The filter that lets exactly this value pass, or any of a list."""
    values = value if isinstance(value, list | tuple) else [value]
    return ",".join(f"={_quoted(str(one))}" for one in values)


def _quoted(text: str) -> str:
    """A text that holds what filters are made of stands in double quotes, which are doubled inside."""
    return '"' + text.replace('"', '""') + '"' if re.search(r'[,"]|^\s|\s$', text) else text
