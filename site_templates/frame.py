"""What all pages share: their names, the way from one to the other, links to rows."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote
from zlib import crc32

OVERVIEW, HISTORY, PROBLEMS, PURGE, DICTIONARY = (
    "index.html",
    "history.html",
    "problems.html",
    "purge.html",
    "dictionary.html",
)


@dataclass(frozen=True)
class Page:
    """One page of the site.

    Attributes
    ----------
    name : of its file; all pages lie side by side in one folder
    template : that shows it
    content : what the template calls ``page``
    data : scripts with data that it loads, by the part they play; each is written under a name with a digest of its content
    scripts, styles : of the static files that it loads, in this order
    plots : whether it draws with plotly, which needs inline styles
    """

    name: str
    title: str
    template: str
    content: object
    data: Mapping[str, bytes] = field(default_factory=dict)
    scripts: Sequence[str] = ()
    styles: Sequence[str] = ()
    plots: bool = False


@dataclass(frozen=True)
class Frame:
    """What stands around every page.

    Attributes
    ----------
    campaign : its name
    indexed : when the last index began to look, ISO, UTC
    kinds : in the order of the production
    streams : every (ensemble, stream) that has a map
    """

    campaign: str
    indexed: str
    kinds: Sequence[str]
    streams: Sequence[tuple[str, str]]

    @property
    def places(self) -> list[tuple[str, str]]:
        """The pages that every page leads to: what they are called, and their files."""
        first = [(OVERVIEW, "Overview")]
        maps = [(map_page(*self.streams[0]), "Map")] if self.streams else []
        rest = [(HISTORY, "History"), (PROBLEMS, "Problems"), (PURGE, "Purge"), (DICTIONARY, "Dictionary")]
        return [(title, name) for name, title in (*first, *maps, *rest)]


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
