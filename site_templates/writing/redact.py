"""Redaction of public pages: hides the place of the campaign, and the names of machines and people.

All content of a page passes through one :class:`Redaction` as plain text, before it becomes markup, a link or data. The
finished text is inspected once more. Paths below the root stay, except for hidden names in them.
"""

from __future__ import annotations

import getpass
import re
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import quote

from latteboard.catalog.questions.contents import PrivateNames
from latteboard.errors import OutputRefused
from site_templates.writing.page import Page

SHORTEST = 2  # letters of a name
PACKED = re.compile("[A-Za-z0-9+/=]{256,}")


@dataclass(frozen=True)
class Redaction:
    """Hides places wherever they occur, and names where they occur as words.

    Attributes
    ----------
    places : absolute paths, each with its replacement
    names : names of machines and people, each with its replacement
    """

    places: Mapping[str, str]
    names: Mapping[str, str]

    def __call__(self, text: str) -> str:
        """Return the text with all places and names replaced."""
        return self._pattern.sub(lambda match: self._replacements[match.group()], text) if self._replacements else text

    def page(self, page: Page) -> Page:
        """Return the page with its texts redacted; its encoded data must have been made of redacted texts."""
        return replace(page, title=self(page.title), content=self.within(page.content))

    def within(self, value: Any) -> Any:
        """Return a value with all texts in it redacted, at any depth."""
        if not self._replacements:
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
        """Raise :class:`OutputRefused` if a finished text still holds one of them; packed columns cannot be read here."""
        text = PACKED.sub("", text)
        if self._replacements and (found := self._pattern.search(text)):
            line = text.count("\n", 0, found.start()) + 1
            raise OutputRefused(f"{name}, line {line}: still says what is to be hidden; it is not written")

    @cached_property
    def _replacements(self) -> Mapping[str, str]:
        """The replacement of each place and name, and of each place as it is quoted in a link."""
        quoted = {quote(place, safe=""): replacement for place, replacement in self.places.items()}
        return {**self.names, **quoted, **self.places}

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        """The pattern that finds any of them, the longest first, since one place may lie in another."""
        ordered = sorted(self._replacements, key=len, reverse=True)
        places = "|".join(re.escape(one) for one in ordered if one not in self.names)
        names = "|".join(re.escape(one) for one in ordered if one in self.names)
        # In a link a quoted sign may stand before a name: %3D ends with a letter, but is no part of the word.
        before, after = "(?:(?<![A-Za-z0-9])|(?<=%[0-9A-F]{2}))", "(?![A-Za-z0-9])"
        parts = [f"(?:{places})(?![\\w-])"] * bool(places) + [f"{before}(?:{names}){after}"] * bool(names)
        return re.compile("|".join(parts))


NOTHING_HIDDEN = Redaction({}, {})


def redaction(private: PrivateNames, campaign: Path) -> Redaction:
    """Return the redaction of a campaign, as of this machine and the person who runs it."""
    home = Path.home()
    places = {
        "home": [home],
        "campaign": [campaign.absolute().parent, campaign.resolve().parent],
        "catalog": [Path(private.catalog).parent],
        **_root_words(private.roots),
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


def _root_words(roots: Sequence[Sequence[str]]) -> dict[str, list[Path]]:
    """Return the word for each root and its names that are absolute; several roots are told apart by their number."""
    words = ["root"] if len(roots) == 1 else [f"root {number}" for number in range(1, len(roots) + 1)]
    return {
        word: [Path(name) for name in names if Path(name).is_absolute()]
        for word, names in zip(words, roots, strict=True)
    }


def _own_words() -> set[str]:
    """Return the words of the templates themselves: a name that is one of them gives nothing away and cannot be hidden."""
    own = files("site_templates")
    texts = [one for folder in ("templates", "static") for one in (own / folder).iterdir() if one.is_file()]
    return {"root", "localhost"}.union(*(re.findall(r"\w+", text.read_text(encoding="utf-8")) for text in texts))
