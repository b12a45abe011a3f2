"""The part of a catalog that no index can rebuild: claims on work that has been handed out, and listings of archives."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, insert

from latteboard.catalog.database import Database
from latteboard.catalog.meta import write_meta
from latteboard.catalog.questions.selection import Artifact
from latteboard.catalog.statements import PARAMETERS
from latteboard.catalog.tables.schema import claim, replica
from latteboard.errors import CatalogError


def claim_work(database: Database, artifacts: Iterable[Artifact], until: datetime, owner: str) -> None:
    """Note that work has been handed out to ``owner`` until a time; an earlier claim on it is replaced."""
    artifacts = list(artifacts)
    rows = [
        {
            "path": artifact.path,
            "kind": database.kinds[artifact.kind].id,
            "artifact": artifact.id,
            "until": int(until.timestamp()),
            "owner": owner,
        }
        for artifact in artifacts
    ]
    with database.writing() as connection:
        _drop_claims(database, connection, artifacts)
        if rows:
            connection.execute(insert(claim), rows)


def release_work(database: Database, artifacts: Iterable[Artifact]) -> None:
    """Drop the claims on these artifacts."""
    with database.writing() as connection:
        _drop_claims(database, connection, list(artifacts))


def _drop_claims(database: Database, connection: Connection, artifacts: Sequence[Artifact]) -> None:
    """Drop the claims on artifacts, by path, and under whichever of their paths they were claimed."""
    for start in range(0, len(artifacts), PARAMETERS):
        some = artifacts[start : start + PARAMETERS]
        connection.execute(delete(claim).where(claim.c.path.in_([one.path for one in some])))
        for kind in {one.kind for one in some}:
            numbers = [one.id for one in some if one.kind == kind]
            connection.execute(
                delete(claim).where(claim.c.kind == database.kinds[kind].id, claim.c.artifact.in_(numbers))
            )


def replace_listing(database: Database, archive: str, copies: Iterable[tuple[str, int, int]]) -> None:
    """Replace the listing of an archive: path as the campaign names it, bytes, ns since 1970. The next index uses it."""
    rows = [{"archive": archive, "path": path, "size": size, "mtime": mtime} for path, size, mtime in copies]
    with database.writing() as connection:
        if not database.is_catalog(connection):
            raise CatalogError(f"{database.path}: there is no catalog yet. Make it with: latteboard index")
        connection.execute(delete(replica).where(replica.c.archive == archive))
        write_meta(connection, "unsettled", "replicas")
        if rows:
            connection.execute(insert(replica), rows)
