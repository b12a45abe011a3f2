"""How the catalog stands to a campaign file: what an answer from it does not know of, at the cost of a look at a few files."""

from pathlib import Path
from typing import Any

from latteboard.campaign.digests import OWN, byte_digest, content_digest, file_path
from latteboard.catalog.database import Database
from latteboard.catalog.identity import Place, read_place, stored_digests
from latteboard.catalog.updating.earlier_places import Roots, stored_roots


def difference(database: Database, campaign_file: Path) -> str | None:
    """A line on what a campaign file says now and did not at the last index; None if it is as it was."""
    changed = _changed_files(database, campaign_file)
    if not changed:
        return None
    with database.reading() as connection:
        place = read_place(connection)
    if place is not None and not place.agrees(Place.of(campaign_file, database.path)):
        return (
            f"{database.path}: the catalog of another campaign, {place.path(database.path)}; "
            f"this is the answer for that one, and not for {campaign_file}"
        )
    what = "the campaign" if OWN in changed else f"its list {' and its list '.join(changed)}"
    return f"{campaign_file}: {what} changed since the last index; this is the answer as of then. Run: latteboard index"


def belongs_to(database: Database, campaign_file: Path) -> bool:
    """Whether the campaign file of the catalog stands, or stood, in the place of this one."""
    with database.reading() as connection:
        place = read_place(connection)
    return place is not None and place.agrees(Place.of(campaign_file, database.path))


def known_roots(database: Database) -> Roots:
    """The roots of the last index, as they are stated and where they were."""
    with database.reading() as connection:
        return stored_roots(connection)


def artifact_at(database: Database, path: str) -> tuple[str, dict[str, Any]] | None:
    """The kind and the coordinates of the artifact of a path, relative to its root; None if there is none.

    Every path is built and compared, which takes seconds where there are millions: a campaign parses a path at once.
    """
    for kind, model in database.kinds.items():
        readable = database.readable(kind)
        with database.reading() as connection:
            statement = readable.select().where(readable.columns["path"] == path).limit(1)
            row = connection.execute(statement).mappings().first()
        if row is not None:
            return kind, {name: row[name] for name in model.coordinates}
    return None


def _changed_files(database: Database, campaign_file: Path) -> list[str]:
    """The names of the files of a campaign that state something else than at the last index."""
    with database.reading() as connection:
        digests = stored_digests(connection)
    changed = []
    for name, (digest, content) in digests.items():
        path = file_path(campaign_file, name)
        # Mostly the bytes are the same. If not, comments and spacing may be all that differs.
        if byte_digest(path) != digest and (content is None or content_digest(path, name=name) != content):
            changed.append(name)
    return changed
