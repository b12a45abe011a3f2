"""Whose catalog it is: the content of its campaign, and the place where the campaign's file stands.

A file is another campaign only if both differ. So none is an edited file at its place, nor a moved or copied tree, nor the same
tree under another mount point, nor an equal file of a colleague.
"""

import hashlib
import json
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Self

from sqlalchemy import Connection

from latteboard.campaign import Campaign
from latteboard.campaign.digests import byte_digest, content_digest, file_path
from latteboard.catalog.database import sqlite_path
from latteboard.catalog.meta import read_meta, write_meta
from latteboard.catalog.tables.schema import VERSION
from latteboard.catalog.updating.earlier_places import roots_of, store_roots, stored_roots
from latteboard.errors import CatalogError

PLACE = ("campaign file", "campaign target")  # keys of meta

# For each file that a campaign is read from, the digests of its bytes and of its content.
Digests = dict[str, tuple[str | None, str | None]]


@dataclass(frozen=True)
class Place:
    """Where a campaign file stands, relative to the folder of its catalog.

    Attributes
    ----------
    file : its own name, in the folder that it lies in once links of folders are followed
    target : the file itself, if that name is a link
    """

    file: str
    target: str

    @classmethod
    def of(cls, path: Path, catalog: Path) -> Self:
        """The place of a campaign file beside a catalog, links to which are followed too."""
        folder = catalog.resolve().parent
        named, target = path.parent.resolve() / path.name, path.resolve()
        return cls(os.path.relpath(named, folder), os.path.relpath(target, folder))

    def agrees(self, other: "Place") -> bool:
        """Whether both are of one file: two links to a file, a link and its file, or a link that leads elsewhere now."""
        return not {self.file, self.target}.isdisjoint({other.file, other.target})

    def path(self, catalog: Path) -> Path:
        """The campaign file."""
        return Path(os.path.normpath(catalog.resolve().parent / self.file))

    def renewed(self, now: "Place", catalog: Path) -> "Place":
        """The place after an index of the file at ``now``: the known one, as long as a file stands there.

        An equal file of somebody else, which may index too, does not become the owner: once it is edited, it is another one.
        """
        path = self.path(catalog)
        return Place.of(path, catalog) if _stands(path) else now


@cache
def fingerprint(campaign: Campaign) -> str:
    """The content of a campaign: changes whenever what is expected, named, or judged by size changes."""
    stated = campaign.table.model_dump_json(exclude={"campaign": {"catalog"}})
    digest = hashlib.blake2b(stated.encode(), digest_size=16)
    relations = campaign.relations
    for rows in (relations.main, *(axis.columns for axis in relations.axes.values())):
        for name, column in rows.items():
            digest.update(f"\0{name} {len(column)} ".encode() + column.tobytes())
    for values in relations.values.values():
        digest.update("\0".join(map(str, values)).encode())
    return digest.hexdigest()


def is_up_to_date(connection: Connection, campaign: Campaign) -> bool:
    """Whether the last index was of this campaign as it stands, and wrote tables of this version."""
    stored = read_meta(connection, "schema"), read_meta(connection, "fingerprint")
    return stored == (str(VERSION), fingerprint(campaign))


def check_owner(connection: Connection, campaign: Campaign) -> None:
    """Raises :class:`CatalogError` if the catalog is that of another campaign; one that does not know its file is of none."""
    catalog = sqlite_path(campaign.catalog)
    place = read_place(connection)
    if (
        place is None
        or place.agrees(Place.of(campaign.path, catalog))
        or read_meta(connection, "fingerprint") == fingerprint(campaign)
    ):
        return
    owner = place.path(catalog)
    gone = "" if _stands(owner) else ", which is not there any more"
    raise CatalogError(
        f"{catalog}: the catalog of another campaign, {owner}{gone}; {campaign.path} differs from it in place and in content. "
        f"Nothing was looked at or changed. State another catalog in {campaign.path}; or, if it is to become the catalog of this "
        f"one, run: latteboard --campaign {campaign.path} index --take-over"
    )


def _stands(path: Path) -> bool:
    """Whether a file is there; one in a folder that may not be looked into is not gone."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True


def remember(connection: Connection, campaign: Campaign, *, take_over: bool) -> None:
    """Store the place of the campaign file, where the roots are, and digests of all files that the campaign was read from."""
    if stored_roots(connection) != roots_of(campaign):
        store_roots(connection, roots_of(campaign))
    catalog = sqlite_path(campaign.catalog)
    known, place = read_place(connection), Place.of(campaign.path, catalog)
    if known is not None and not take_over:
        place = known.renewed(place, catalog)
    facts = {
        **dict(zip(PLACE, (place.file, place.target), strict=True)),
        "digests": json.dumps(_digests(campaign, stored_digests(connection))),
    }
    for key, value in facts.items():
        if read_meta(connection, key) != value:
            write_meta(connection, key, value)


def _digests(campaign: Campaign, before: Digests) -> Digests:
    return {name: (digest, _content(campaign, name, before)) for name, digest in campaign.digests.items()}


def _content(campaign: Campaign, name: str, before: Digests) -> str | None:
    """The digest of the content of a file of the campaign; None if the file has been edited since it was read."""
    digest, content = before.get(name, (None, None))
    if digest == campaign.digests[name] and content is not None:
        return content
    path = file_path(campaign.path, name)
    content = content_digest(path, name=name)
    return content if byte_digest(path) == campaign.digests[name] else None


def stored_digests(connection: Connection) -> Digests:
    """The digests at the last index; none if the catalog does not know."""
    text = read_meta(connection, "digests")
    return {} if text is None else {name: (digest, content) for name, (digest, content) in json.loads(text).items()}


def read_place(connection: Connection) -> Place | None:
    """Where the file of the campaign stood at the last index; None if the catalog does not know."""
    file, target = (read_meta(connection, key) for key in PLACE)
    return None if file is None or target is None else Place(file, target)
