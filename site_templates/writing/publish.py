"""Copies a site to a public folder: at every moment each page there has all the files that it loads."""

from collections.abc import Callable, Mapping
from pathlib import Path

from latteboard.errors import LatteboardError
from latteboard.files.locks import Holder, lock
from site_templates.writing.folder import (
    LOCK,
    STATE,
    loaded_files,
    make_readable,
    pages_in,
    refuse_foreign,
    remove_superseded,
    superseded,
    update_file,
)
from site_templates.writing.links import OVERVIEW

# A second publish waits for the first, which takes as long as the copy of a site.
PATIENCE_SECONDS = 600.0


def publish(site: Path, target: Path, *, waiting: Callable[[Holder], None] = lambda _: None) -> Path:
    """Copy the pages of a built site, and the files that they load, and nothing else; return the first page there.

    Data come before pages, each file whole, and unchanged files are not touched. An interrupted publish does no harm, and
    the next one completes it. Files and folders are made readable by everybody, but not the folders above ``target``. Pages
    and data of earlier runs are removed a while after they have been superseded.

    Parameters
    ----------
    waiting : called once with the holder of the lock, if another process publishes to this folder

    Raises
    ------
    OutputRefused : a foreign file has the name of a page.
    LatteboardError : there is no site, the target cannot be written, or another publish keeps the lock.
    """
    pages = _pages(site)
    if OVERVIEW not in pages:
        raise LatteboardError(f"{site}: no pages to publish; build them first: latteboard site --out {site}")
    try:
        target.mkdir(parents=True, exist_ok=True)
        with lock(target / LOCK, wait_seconds=PATIENCE_SECONDS, waiting=waiting):
            _copy(site, pages, target)
    except OSError as error:
        raise LatteboardError(f"{error.filename or target}: cannot be published: {error.strerror}") from error
    return target / OVERVIEW


def _pages(site: Path) -> dict[str, bytes]:
    """Return the current pages, the overview last: it never links to a page that has not been copied."""
    names = pages_in(site) - superseded(site).keys()
    return {name: (site / name).read_bytes() for name in sorted(names, key=lambda name: (name == OVERVIEW, name))}


def _copy(site: Path, pages: Mapping[str, bytes], target: Path) -> None:
    for name in pages:
        refuse_foreign(target / name)
    for folder in (target, target / "data", target / "static"):
        folder.mkdir(exist_ok=True)
        make_readable(folder)
    for name in sorted({name for page in pages.values() for name in loaded_files(page)}):
        update_file(target / name, (site / name).read_bytes(), readable=True)
    # A first publish writes the state before the pages, which load it; a later one after them, so that pages are never
    # said to be younger than they are.
    if not (target / STATE).exists():
        update_file(target / STATE, (site / STATE).read_bytes(), readable=True)
    for name, content in pages.items():
        update_file(target / name, content, readable=True)
    update_file(target / STATE, (site / STATE).read_bytes(), readable=True)
    remove_superseded(target, pages, readable=True)
