"""Digests of the files that a campaign is read from, by which an edit is told without reading the campaign anew."""

import hashlib
import json
import tomllib
from collections.abc import Iterable
from pathlib import Path

from latteboard.campaign.list_files import MOST_BYTES
from latteboard.campaign.locations import located
from latteboard.campaign.tables import AxisTable, CampaignTable, ListFile
from latteboard.errors import CampaignError

OWN = ""  # the name of the campaign file itself, beside the names of its lists


def list_names(table: CampaignTable) -> list[str]:
    """The lists that a campaign names, each once, as it states them."""
    stated: list[object] = list(table.axes.values())
    for ensemble in table.ensembles.values():
        stated += ensemble.axes.values()
        for one in (ensemble, *ensemble.stream.values()):
            stated += [one.configurations, one.sources]
    return sorted({one.file for one in stated if isinstance(one, ListFile | AxisTable) and one.file is not None})


def file_path(campaign_file: Path, name: str) -> Path | None:
    """The path of a list of a campaign, or of the campaign file itself; None if nothing is known of a part of its name."""
    try:
        return campaign_file if name == OWN else located(campaign_file.parent, name)
    except CampaignError:  # a variable that is not set: those who read the list refuse it
        return None


def byte_digests(campaign_file: Path, names: Iterable[str]) -> dict[str, str | None]:
    """The digest of each of some files of a campaign; None if a file cannot be read."""
    return {name: byte_digest(file_path(campaign_file, name)) for name in names}


def byte_digest(path: Path | None) -> str | None:
    """The digest of the bytes of a file; None if it cannot be read."""
    data = _read(path)
    return None if data is None else _digest(data)


def content_digest(path: Path | None, *, name: str) -> str | None:
    """The digest of what a file states: comments, blank lines and spacing aside, and not where the catalog is.

    None if the file cannot be read, or is no TOML where it should be.
    """
    data = _read(path)
    if data is None:
        return None
    if name != OWN:
        lines = (b" ".join(line.partition(b"#")[0].split()) for line in data.splitlines())
        return _digest(b"\n".join(filter(None, lines)))
    try:
        stated = tomllib.loads(data.decode())
    except (ValueError, RecursionError):
        return None
    header = stated.get("campaign")
    if isinstance(header, dict):
        header.pop("catalog", None)
    return _digest(json.dumps(stated, default=str).encode())


def _read(path: Path | None) -> bytes | None:
    if path is None:
        return None
    try:
        # A pipe would be waited for, and what is larger than any list is refused by those who read it.
        return path.read_bytes() if path.is_file() and path.stat().st_size <= MOST_BYTES else None
    except (OSError, ValueError):
        return None


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=16).hexdigest()
