"""Pages to be written, and the frame around each of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from site_templates.writing.links import DICTIONARY, HISTORY, OVERVIEW, PROBLEMS, PURGE, map_page


@dataclass(frozen=True)
class Page:
    """One page of the site.

    Attributes
    ----------
    name : name of its file; all pages lie side by side in one folder
    template : file of the template that renders it
    content : object that the template calls ``page``
    data : scripts with data, by their role; each is written under a name with a digest of its content
    scripts, styles : static files that the page loads, in this order
    plots : whether the page draws with plotly, which needs inline styles
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
    """The frame around every page: its heading and the links to the other pages.

    Attributes
    ----------
    campaign : name of the campaign
    indexed : start of the last index, ISO, UTC
    kinds : names of the kinds, in the order of the production
    streams : (ensemble, stream) of every map; None where the files of the map name none
    """

    campaign: str
    indexed: str
    kinds: Sequence[str]
    streams: Sequence[tuple[str | None, str | None]]

    @property
    def places(self) -> list[tuple[str, str]]:
        """Title and file of the pages that every page links to."""
        first = [(OVERVIEW, "Overview")]
        maps = [(map_page(*self.streams[0]), "Map")] if self.streams else []
        rest = [(HISTORY, "History"), (PROBLEMS, "Problems"), (PURGE, "Purge"), (DICTIONARY, "Dictionary")]
        return [(title, name) for name, title in (*first, *maps, *rest)]
