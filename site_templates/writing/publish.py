"""Copies a site to where everybody reads it: at every moment each page that is there has all that it asks for."""

from collections.abc import Callable, Mapping
from pathlib import Path

from latteboard.errors import LatteboardError
from latteboard.files.locks import Holder, lock
from site_templates.writing.folder import (
    LOCK,
    STATE,
    asked_for,
    forget,
    open_to_all,
    pages_in,
    put,
    refuse_foreign,
    superseded,
)
from site_templates.writing.links import OVERVIEW

# A second publish waits for the first, which is as long as it takes to copy a site.
PATIENCE_SECONDS = 600.0


def publish(site: Path, target: Path, *, waiting: Callable[[Holder], None] = lambda _: None) -> Path:
    """Copy the pages of a folder that was built, and what they ask for, and nothing else; returns the first page there.

    Data come before pages, each file whole, and what is there already is not touched, so that a publish which did not come
    to its end did no harm and the next one completes it. Files and folders are made readable by everybody; what is above
    ``target`` is not. Pages and data of earlier times are removed a while after they have been superseded.

    Parameters
    ----------
    waiting : told once who else is publishing to this folder

    Raises
    ------
    OutputRefused : a file that is not ours has the name of a page.
    LatteboardError : there is no site, the target cannot be written, or another publish does not come to an end.
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
    """The pages that are up to date, the first one at the end, so that it leads to none that is not there."""
    names = pages_in(site) - superseded(site).keys()
    return {name: (site / name).read_bytes() for name in sorted(names, key=lambda name: (name == OVERVIEW, name))}


def _copy(site: Path, pages: Mapping[str, bytes], target: Path) -> None:
    for name in pages:
        refuse_foreign(target / name)
    for folder in (target, target / "data", target / "static"):
        folder.mkdir(exist_ok=True)
        open_to_all(folder)
    for name in sorted({name for page in pages.values() for name in asked_for(page)}):
        put(target / name, (site / name).read_bytes(), readable=True)
    # Once all is new, unless there is none yet: pages are never said to be younger than they are.
    if not (target / STATE).exists():
        put(target / STATE, (site / STATE).read_bytes(), readable=True)
    for name, content in pages.items():
        put(target / name, content, readable=True)
    put(target / STATE, (site / STATE).read_bytes(), readable=True)
    forget(target, pages, readable=True)
