"""Pages for everybody: without where a campaign lies, and without the names of machines and people.

Whatever stands on a page passes through one :class:`Redaction` as plain text, before it becomes markup, a link or data; what
is written is looked at once more. Paths below the root stay, but for the names in them.
"""

from __future__ import annotations

import getpass
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import quote

from latteboard.catalog.questions.contents import Private
from latteboard.errors import OutputRefused
from site_templates.writing.page import Page

SHORTEST = 2  # letters of a name
PACKED = re.compile("[A-Za-z0-9+/=]{256,}")


@dataclass(frozen=True)
class Redaction:
    """Hides places, wherever they stand, and names, where they stand as words.

    Attributes
    ----------
    places : absolute paths, and what stands for each
    names : of machines and people, and what stands for each
    """

    places: Mapping[str, str]
    names: Mapping[str, str]

    def __call__(self, text: str) -> str:
        """The text without them."""
        return self._pattern.sub(lambda match: self._instead[match.group()], text) if self._instead else text

    def page(self, page: Page) -> Page:
        """The page with all of its texts so; data that are encoded already must have been made of such texts."""
        return replace(page, title=self(page.title), content=self.within(page.content))

    def within(self, value: Any) -> Any:
        """A value with all texts in it so, however deep they stand."""
        if not self._instead:
            return value
        if isinstance(value, str):
            return self(value)
        if is_dataclass(value) and not isinstance(value, type):
            return type(value)(**{one.name: self.within(getattr(value, one.name)) for one in fields(value) if one.init})
        if isinstance(value, Mapping):
            return {self.within(key): self.within(inner) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return type(value)(map(self.within, value))
        return value

    def inspect(self, name: str, text: str) -> None:
        """Refuse a text that is about to be written and still tells one of them; packed columns cannot be read here."""
        text = PACKED.sub("", text)
        if self._instead and (found := self._pattern.search(text)):
            line = text.count("\n", 0, found.start()) + 1
            raise OutputRefused(f"{name}, line {line}: still says what is to be hidden; it is not written")

    @cached_property
    def _instead(self) -> Mapping[str, str]:
        """What stands for each of them, as it is and as it stands in a link."""
        quoted = {quote(place, safe=""): instead for place, instead in self.places.items()}
        return {**self.names, **quoted, **self.places}

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        """Finds any of them, the longest first, since one place may lie in another."""
        ordered = sorted(self._instead, key=len, reverse=True)
        places = "|".join(re.escape(one) for one in ordered if one not in self.names)
        names = "|".join(re.escape(one) for one in ordered if one in self.names)
        # In a link a sign may stand before a name, as in %3D, of which the last is a letter.
        before, after = "(?:(?<![A-Za-z0-9])|(?<=%[0-9A-F]{2}))", "(?![A-Za-z0-9])"
        parts = [f"(?:{places})(?![\\w-])"] * bool(places) + [f"{before}(?:{names}){after}"] * bool(names)
        return re.compile("|".join(parts))


NOTHING_HIDDEN = Redaction({}, {})


def redaction(private: Private, campaign: Path) -> Redaction:
    """What is to be hidden of a campaign, on this machine and for this person."""
    home = Path.home()
    places = {
        "home": [home],
        "campaign": [campaign.absolute().parent, campaign.resolve().parent],
        "catalog": [Path(private.catalog).parent],
        "root": [Path(private.root)] if private.root else [],
    }
    hidden = {str(path): f"[{word}]" for word, paths in places.items() for path in paths if path != Path(path.anchor)}
    people = [getpass.getuser(), home.name, *private.owners]
    machines = [socket.gethostname(), socket.gethostname().partition(".")[0]]
    names = {part: "[somebody]" for name in people for part in (name, *re.split(r"[@:\s]", name))}
    names |= dict.fromkeys(machines, "[machine]")
    public = private.public | _own_words()
    return Redaction(
        hidden, {name: word for name, word in names.items() if len(name) >= SHORTEST and name not in public}
    )


def _own_words() -> set[str]:
    """The words that pages have of themselves: of whoever is called so, they tell nothing, and they cannot be hidden."""
    own = files("site_templates")
    texts = [one for folder in ("templates", "static") for one in (own / folder).iterdir() if one.is_file()]
    return {"root", "localhost"}.union(*(re.findall(r"\w+", text.read_text(encoding="utf-8")) for text in texts))
