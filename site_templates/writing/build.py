"""Writes pages into a folder: the files that a page loads before the page, each file whole, unchanged ones not at all."""

import json
from collections.abc import Callable, Iterable
from importlib.resources import files
from pathlib import Path, PurePosixPath

from jinja2 import Environment, PackageLoader, StrictUndefined

from latteboard.errors import LatteboardError
from latteboard.files.locks import Holder, lock
from site_templates.writing.folder import (
    LOCK,
    STATE,
    digest_name,
    refuse_foreign,
    refuse_foreign_folder,
    remove_superseded,
    update_file,
)
from site_templates.writing.links import OVERVIEW, kind_page, map_page, rows_link
from site_templates.writing.page import Frame, Page

STYLES = ("latteboard.css",)
SCRIPTS = ("age.js",)
# Another process that writes the same pages takes seconds to a minute.
PATIENCE_SECONDS = 600.0


def build(
    frame: Frame,
    pages: Iterable[Page],
    out: Path,
    *,
    inspect: Callable[[str, str], None] = lambda *_: None,
    waiting: Callable[[Holder], None] = lambda _: None,
) -> Path:
    """Write pages into ``out``; return the path of the first one.

    Pages are rendered and written one at a time, so that memory holds the data of one page, not of all. Pages and data of
    earlier runs are removed a while after they have been superseded. Foreign files stay.

    Parameters
    ----------
    inspect : called with the name and text of each file before it is written; an error that it raises forbids the file
    waiting : called once with the holder of the lock, if another process writes pages into this folder

    Raises
    ------
    OutputRefused : a foreign file has the name of a page, or the folder is not empty and holds no page of ours.
    LatteboardError : the folder cannot be written, or another process keeps its lock.
    """
    try:
        refuse_foreign(out / OVERVIEW)
        refuse_foreign_folder(out)
        out.mkdir(parents=True, exist_ok=True)
        with lock(out / LOCK, wait_seconds=PATIENCE_SECONDS, waiting=waiting):
            _build(_Writer(frame, out, inspect), pages, out)
    except OSError as error:
        raise LatteboardError(f"{error.filename or out}: the pages cannot be written: {error.strerror}") from error
    return out / OVERVIEW


def _build(writer: "_Writer", pages: Iterable[Page], out: Path) -> None:
    # A first build writes the state before the pages, which load it; a later one after them, so that pages are never
    # said to be younger than they are.
    if not (out / STATE).exists():
        writer.write_state()
    names = [writer.write(page) for page in pages]
    writer.write_state()
    remove_superseded(out, names)


class _Writer:
    """Writes pages and the files that they load into one folder."""

    def __init__(self, frame: Frame, out: Path, inspect: Callable[[str, str], None]) -> None:
        self._frame = frame
        self._out = out
        self._inspect = inspect
        self._assets: dict[str, str] = {}
        self._environment = Environment(
            loader=PackageLoader("site_templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals |= {
            "asset": self._asset,
            "kind_page": kind_page,
            "map_page": map_page,
            "rows_link": rows_link,
        }

    def write(self, page: Page) -> str:
        """Write the data of a page, then the page; return its name."""
        stem = page.name.removesuffix(".html")
        for part, content in page.data.items():
            self._inspect(f"{page.name}, its data {part}", content.decode("utf-8", "replace"))
        data = {part: self._put("data", f"{stem}-{part}.js", content) for part, content in page.data.items()}
        styles = [self._asset(name) for name in (*STYLES, *page.styles)]
        scripts = [self._asset(name) for name in (*SCRIPTS, *page.scripts)]
        text = self._environment.get_template(page.template).render(
            frame=self._frame, here=page, page=page.content, data=data, styles=styles, scripts=scripts, state=STATE
        )
        self._inspect(page.name, text)
        refuse_foreign(self._out / page.name)
        update_file(self._out / page.name, text.encode("utf-8", "backslashreplace"))
        return page.name

    def write_state(self) -> None:
        """Write the time of the index, which changes more often than the pages."""
        update_file(
            self._out / STATE, f"window.latteboard = {json.dumps({'indexed': self._frame.indexed})};\n".encode()
        )

    def _asset(self, name: str) -> str:
        """Write a static file; return its name with a digest, so that a browser never shows an old one."""
        if name not in self._assets:
            content = (files("site_templates") / "static" / name).read_bytes()
            self._assets[name] = self._put("static", PurePosixPath(name).name, content)
        return self._assets[name]

    def _put(self, folder: str, name: str, content: bytes) -> str:
        written = digest_name(folder, name, content)
        update_file(self._out / written, content)
        return written
