"""The parts of README that are generated stand between ``<!-- name -->`` and ``<!-- /name -->``."""

from __future__ import annotations

import re


def marked(text: str, name: str) -> str:
    """Text between the markers of a part."""
    return _match(text, name).group(1).strip("\n")


def with_marked(text: str, name: str, content: str) -> str:
    """The text with something else between the markers of a part."""
    start, end = _match(text, name).span()
    return f"{text[:start]}<!-- {name} -->\n{content}\n<!-- /{name} -->{text[end:]}"


def _match(text: str, name: str) -> re.Match[str]:
    found = list(re.finditer(rf"<!-- {name} -->\n(.*?)<!-- /{name} -->", text, re.DOTALL))
    if len(found) != 1:
        raise ValueError(f"README: expected the markers <!-- {name} --> and <!-- /{name} --> once, found {len(found)}")
    return found[0]
