"""Pages to be written, and the frame that is around each of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from site_templates.writing.links import DICTIONARY, HISTORY, OVERVIEW, PROBLEMS, PURGE, map_page


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
