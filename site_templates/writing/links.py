"""File names of pages, and links to filtered rows of a table."""

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
    """Return the file name of the page of a kind."""
    return f"kind_{kind}.html"


def map_page(ensemble: str | None, stream: str | None) -> str:
    """Return the file name of the map of one ensemble and stream, either of which files may not name.

    Examples
    --------
    >>> map_page("a09", "e"), map_page("a09", None), map_page(None, "e"), map_page(None, None)
    ('map_a09_e.html', 'map_a09.html', 'map__e.html', 'map.html')
    """
    # No slug has an underscore, so that these names stay different.
    parts = [
        "map",
        *([] if ensemble is stream is None else [slug(ensemble or "")]),
        *([] if stream is None else [slug(stream)]),
    ]
    return f"{'_'.join(parts)}.html"


def slug(text: str) -> str:
    """Return a text as a part of a file name that every web server and file system accepts; different texts stay different."""
    plain = re.sub(r"[^a-z0-9.-]", "-", text)[:60]
    return plain if plain == text else f"{plain}-{crc32(text.encode('utf-8', 'surrogatepass')):08x}"


def rows_link(kind: str, **filters: object) -> str:
    """Return a link to the rows of a kind in which each column equals the value given for it; a list means any of its values,
    None any value.

    The fragment holds the state of the table: ``column=filter`` parts joined by ``&``, percent-encoded. A filter is the
    text that a person types above the column.

    Examples
    --------
    >>> rows_link("prop", configuration=[300, 306], status="bad")
    'kind_prop.html#configuration=%3D300%2C%3D306&status=%3Dbad'
    """
    parts = [
        f"{quote(name, safe='')}={quote(equals(value), safe='')}"
        for name, value in filters.items()
        if value is not None
    ]
    return f"{kind_page(kind)}#{'&'.join(parts)}" if parts else kind_page(kind)


def equals(value: object) -> str:
    """Return the filter that lets exactly this value pass, or any of a list."""
    values = value if isinstance(value, list | tuple) else [value]
    return ",".join(f"={_quoted(str(one))}" for one in values)


def _quoted(text: str) -> str:
    """Put a text that holds signs of the filter language in double quotes, which are doubled inside."""
    return '"' + text.replace('"', '""') + '"' if re.search(r'[,"]|^\s|\s$', text) else text
