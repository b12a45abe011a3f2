"""What is ours in a folder of pages, and what of it nobody asks for any more; whatever else lies there is left alone.

Ours are pages that say so themselves, and files in data/ and static/ whose names carry the digest of what is in them.
"""

import json
import re
import time
from collections.abc import Collection
from hashlib import blake2b
from pathlib import Path, PurePosixPath

from latteboard.errors import OutputRefused
from latteboard.files.atomic import remove_abandoned, replacing

STATE = "data/state.js"  # the only data file whose name stays: what changes with every index, so that pages need not
LOCK = ".latteboard.lock"
# Which files nobody asks for any more, and since when, so that pages that are open or in a cache still find them for a while.
SUPERSEDED = "data/superseded.json"
# A browser that was not told for how long may keep a page for a tenth of its age; who indexes all day fills no disk in one.
GRACE_SECONDS = 86_400
# In the first bytes of each page, ahead of anything that a campaign names.
MARK = b'name="generator" content="latteboard"'
MARK_WITHIN = 1024
NAMED = re.compile(rb"(?:data|static)/[\w.+-]+-[0-9a-f]{12}\.[a-z]+")
# Only what is markup: a path of a campaign may look like such a name too, but stands in no such place.
ASKED = re.compile(rb'\b(?:src|href)="(%s)"' % NAMED.pattern)


def digested(folder: str, name: str, content: bytes) -> str:
    """The name of a file with the digest of its content: ``style.css`` is ``static/style-0123456789ab.css``."""
    path = PurePosixPath(name)
    return f"{folder}/{path.stem}-{_digest(content)}{path.suffix}"


def asked_for(page: bytes) -> set[str]:
    """The files with digests that a page loads."""
    return {name.decode() for name in ASKED.findall(page)}


def is_page(path: Path) -> bool:
    """Whether a file is a page of ours."""
    if path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as stream:
        return MARK in stream.read(MARK_WITHIN)


def pages_in(folder: Path) -> set[str]:
    """The names of our pages in a folder."""
    return {path.name for path in folder.glob("*.html") if is_page(path)}


def refuse_foreign(path: Path) -> None:
    """Raise :class:`OutputRefused` if somebody else's file has the name of a page."""
    if (path.exists() or path.is_symlink()) and not is_page(path):
        raise OutputRefused(f"{path}: not a page of latteboard, so it stays; move it away, or name another folder")


def put(path: Path, content: bytes, *, readable: bool = False) -> None:
    """Write a file whole unless it is there with this content; ``readable`` by everybody as soon as it has its name.

    A file with a digest in its name has this content if it has its size: what is large is not read again.
    """
    named = NAMED.fullmatch(f"{path.parent.name}/{path.name}".encode())
    there = path.is_file() and path.stat().st_size == len(content) and (named or path.read_bytes() == content)
    if not there:
        with replacing(path) as draft:
            draft.write_bytes(content)
            if readable:
                open_to_all(draft)
    elif readable:
        open_to_all(path)


def open_to_all(path: Path) -> None:
    """Let everybody read a file, or look into a folder."""
    mode = path.stat().st_mode
    wanted = mode | (0o555 if path.is_dir() else 0o444)
    if wanted != mode:
        path.chmod(wanted & 0o7777)


def superseded(folder: Path) -> dict[str, int]:
    """What nobody asks for any more, and since when, s since 1970; a record that cannot be read is begun anew."""
    try:
        told = json.loads((folder / SUPERSEDED).read_bytes())
    except (FileNotFoundError, ValueError):
        return {}
    return told if isinstance(told, dict) and all(isinstance(since, int) for since in told.values()) else {}


def forget(folder: Path, pages: Collection[str], *, readable: bool = False) -> None:
    """Remove what has been superseded for longer than the grace time, and drafts of processes that are dead.

    Parameters
    ----------
    pages : the names of those that are up to date; our other pages are superseded, and so is what only they ask for
    readable : whether everybody may read what is written
    """
    now = int(time.time())
    asked = {name for page in pages for name in asked_for((folder / page).read_bytes())}
    # Pages stand first, so that none is left without what it asks for.
    unasked = [*sorted(pages_in(folder) - {*pages}), *sorted(_with_digests(folder) - asked)]
    before = superseded(folder)
    since = {name: before.get(name, now) for name in unasked}
    for name in unasked:
        if now - since[name] > GRACE_SECONDS and _is_ours(folder / name):
            (folder / name).unlink()
            del since[name]
    if since != before:
        put(folder / SUPERSEDED, json.dumps(since, indent=1).encode(), readable=readable)
    for part in (folder, folder / "data", folder / "static"):
        remove_abandoned(part)


def _with_digests(folder: Path) -> set[str]:
    """The files whose names say that their digest stands in them."""
    names = {f"{part}/{path.name}" for part in ("data", "static") for path in (folder / part).glob("*")}
    return {name for name in names if NAMED.fullmatch(name.encode("utf-8", "surrogateescape"))}


def _is_ours(path: Path) -> bool:
    """Whether a file is a page of ours, or holds what the digest in its name says."""
    if path.suffix == ".html":
        return is_page(path)
    if path.is_symlink() or not path.is_file():
        return False
    return path.stem.endswith(f"-{_digest(path.read_bytes())}")


def _digest(content: bytes) -> str:
    return blake2b(content, digest_size=6).hexdigest()
