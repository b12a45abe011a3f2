"""Renders the pages into a folder; each file appears whole, and one that would not change is not touched."""

import os
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from latteboard.errors import LatteboardError
from site_templates.pages import Overview

STATIC = ("latteboard.css",)


def build(page: Overview, out: Path) -> Path:
    """Write the pages into ``out``; returns the first one. Raises :class:`LatteboardError` if that cannot be done."""
    environment = Environment(
        loader=PackageLoader("site_templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    first = out / "index.html"
    try:
        out.mkdir(parents=True, exist_ok=True)
        # What a page shows is there before the page.
        for name in STATIC:
            _write(out / name, (files("site_templates") / "static" / name).read_text(encoding="utf-8"))
        _write(first, environment.get_template("overview.html").render(page=page))
    except OSError as error:
        raise LatteboardError(f"{error.filename or out}: the pages cannot be written: {error.strerror}") from error
    return first


def _write(path: Path, text: str) -> None:
    content = text.encode("utf-8", "backslashreplace")
    if path.exists() and path.read_bytes() == content:
        return
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_bytes(content)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
