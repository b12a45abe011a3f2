"""Our files in a folder of pages: writing them, and removing superseded ones. Foreign files are left alone.

Ours are pages that carry a mark, and files in data/ and static/ whose names carry the digest of their content.
"""

import json
import re
import time
from collections.abc import Collection
from hashlib import blake2b
from pathlib import Path, PurePosixPath

from latteboard.errors import OutputRefused
from latteboard.files.atomic import remove_abandoned, replacing
from latteboard.times import DAY_SECONDS

STATE = "data/state.js"  # the only data file with a fixed name: it changes with every index, so that pages need not
LOCK = ".latteboard.lock"
# Files that no page loads any more, and since when: pages that are open or in a cache still find them for a while.
SUPERSEDED = "data/superseded.json"
# Without a stated lifetime a browser may keep a page for a tenth of its age. A day of frequent indexes fills no disk.
GRACE_SECONDS = DAY_SECONDS
# Stands in the first bytes of each page, ahead of all names of the campaign.
MARK = b'name="generator" content="latteboard"'
MARK_WITHIN = 1024
DIGEST_NAME = re.compile(rb"(?:data|static)/[\w.+-]+-[0-9a-f]{12}\.[a-z]+")
# Only in markup: a path of a campaign may look like such a name too, but never stands in a `src` or `href`.
LOADED = re.compile(rb'\b(?:src|href)="(%s)"' % DIGEST_NAME.pattern)


def digest_name(folder: str, name: str, content: bytes) -> str:
    """Return the name of a file with the digest of its content, such as ``static/style-0123456789ab.css``."""
    path = PurePosixPath(name)
    return f"{folder}/{path.stem}-{_digest(content)}{path.suffix}"


def loaded_files(page: bytes) -> set[str]:
    """Return the files with digests in their names that a page loads."""
    return {name.decode() for name in LOADED.findall(page)}


def is_page(path: Path) -> bool:
    """Return whether a file is a page of ours."""
    if path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as stream:
        return MARK in stream.read(MARK_WITHIN)


def pages_in(folder: Path) -> set[str]:
    """Return the names of our pages in a folder."""
    return {path.name for path in folder.glob("*.html") if is_page(path)}


def refuse_foreign(path: Path) -> None:
    """Raise :class:`OutputRefused` if a foreign file has the name of a page."""
    if (path.exists() or path.is_symlink()) and not is_page(path):
        raise OutputRefused(f"{path}: not a page of latteboard, so it stays; move it away, or name another folder")


def refuse_foreign_folder(folder: Path) -> None:
    """Raise :class:`OutputRefused` if a folder holds something, and nothing of ours; hidden files do not count."""
    if not folder.is_dir() or pages_in(folder):
        return
    names = {path.name for path in folder.iterdir() if not path.name.startswith(".")}
    if (folder / STATE).exists():  # of a build that was interrupted
        names -= {"data", "static"}
    if names:
        raise OutputRefused(
            f"{folder}: holds {min(names)!r} and no page of latteboard; name an empty folder, or one that is not there yet"
        )


def update_file(path: Path, content: bytes, *, readable: bool = False) -> None:
    """Write a file whole unless it has this content already; ``readable`` by everybody as soon as it has its name.

    A file with a digest in its name has this content if it has its size, so that large files are not read again.
    """
    has_digest = DIGEST_NAME.fullmatch(f"{path.parent.name}/{path.name}".encode())
    same_size = path.is_file() and path.stat().st_size == len(content)
    if not same_size or not (has_digest or path.read_bytes() == content):
        with replacing(path) as draft:
            draft.write_bytes(content)
            if readable:
                make_readable(draft)
    elif readable:
        make_readable(path)


def make_readable(path: Path) -> None:
    """Let everybody read a file, or list a folder."""
    mode = path.stat().st_mode
    wanted = mode | (0o555 if path.is_dir() else 0o444)
    if wanted != mode:
        path.chmod(wanted & 0o7777)


def superseded(folder: Path) -> dict[str, int]:
    """Return the superseded files, and since when, s since 1970; a record that cannot be read is begun anew."""
    try:
        record = json.loads((folder / SUPERSEDED).read_bytes())
    except (FileNotFoundError, ValueError):
        return {}
    return record if isinstance(record, dict) and all(isinstance(since, int) for since in record.values()) else {}


def remove_superseded(folder: Path, pages: Collection[str], *, readable: bool = False) -> None:
    """Remove files that have been superseded for longer than the grace time, and drafts of dead processes.

    Parameters
    ----------
    pages : names of the current pages; our other pages are superseded, and so are the files that only they load
    readable : whether everybody may read the record of superseded files
    """
    now = int(time.time())
    loaded = {name for page in pages for name in loaded_files((folder / page).read_bytes())}
    # Pages go first, so that none is left without a file that it loads.
    unused = [*sorted(pages_in(folder) - {*pages}), *sorted(_digest_files(folder) - loaded)]
    before = superseded(folder)
    since = {name: before.get(name, now) for name in unused}
    for name in unused:
        if now - since[name] > GRACE_SECONDS and _is_ours(folder / name):
            (folder / name).unlink()
            del since[name]
    if since != before:
        update_file(folder / SUPERSEDED, json.dumps(since, indent=1).encode(), readable=readable)
    for part in (folder, folder / "data", folder / "static"):
        remove_abandoned(part)


def _digest_files(folder: Path) -> set[str]:
    """Return the files whose names look as if they carried a digest."""
    names = {f"{part}/{path.name}" for part in ("data", "static") for path in (folder / part).glob("*")}
    return {name for name in names if DIGEST_NAME.fullmatch(name.encode("utf-8", "surrogateescape"))}


def _is_ours(path: Path) -> bool:
    """Return whether a file is a page of ours, or has the content that the digest in its name states."""
    if path.suffix == ".html":
        return is_page(path)
    if path.is_symlink() or not path.is_file():
        return False
    return path.stem.endswith(f"-{_digest(path.read_bytes())}")


def _digest(content: bytes) -> str:
    return blake2b(content, digest_size=6).hexdigest()
