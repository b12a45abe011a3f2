"""The catalog: where questions are asked, and where those who own claims and archive listings write them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from sqlalchemy import Connection, delete, func, insert, inspect, or_, select
from sqlalchemy.exc import DatabaseError

from latteboard.campaign import Campaign
from latteboard.catalog.dialects import sqlite
from latteboard.catalog.questions.facts import Facts, read_facts
from latteboard.catalog.questions.selection import Artifact, Selection
from latteboard.catalog.readable import Readable
from latteboard.catalog.rules.status import Rules
from latteboard.catalog.tables.kinds import KindModel
from latteboard.catalog.tables.schema import VERSION, claim, container, folder, replica, run, summary, unreadable
from latteboard.catalog.updating.adopt import fingerprint, read_meta, stored_models, write_meta
from latteboard.catalog.updating.books import Books, FolderState, Inspect
from latteboard.errors import CatalogError, QueryError

if TYPE_CHECKING:
    import pandas as pd


class Catalog:
    """A catalog that exists. ``Catalog("catalog.db")["prop"].filter(status="ready")`` asks; nothing here waits for an index."""

    def __init__(self, url: str | Path) -> None:
        """Raises :class:`CatalogError` if there is no catalog, or it is none, or of a newer version."""
        path = sqlite_path(url)
        if not path.exists():
            raise CatalogError(f"{path}: there is no catalog yet. Make it with: latteboard index")
        self._open(path)
        with self.reading() as connection:
            if not self._is_catalog(connection):
                raise CatalogError(
                    f"{path}: the catalog is empty: its first index has not been finished. Run: latteboard index"
                )

    @classmethod
    def for_writing(cls, url: str | Path) -> Self:
        """A catalog for the indexer, which may not exist yet; raises :class:`CatalogError` if the file is something else."""
        catalog = cls.__new__(cls)
        path = sqlite_path(url)
        if not path.parent.is_dir():
            raise CatalogError(
                f"{path}: the folder {path.parent} does not exist; create it, or state another catalog in the campaign"
            )
        catalog._open(path)
        if path.exists():
            with catalog.reading() as connection:
                catalog._is_catalog(connection)
        return catalog

    def _open(self, path: Path) -> None:
        self.path = path
        self._engine = sqlite.engine(path)

    def _is_catalog(self, connection: Connection) -> bool:
        """False for an empty file; anything that is neither empty nor ours is refused."""
        tables = set(inspect(connection).get_table_names())
        if not tables:
            return False
        version = read_meta(connection, "schema") if {"meta", "kind", "summary"} <= tables else None
        if version is None:
            raise CatalogError(
                f"{self.path}: a database, but not a latteboard catalog; state another catalog in the campaign"
            )
        if not version.isdecimal() or int(version) > VERSION:
            raise CatalogError(
                f"{self.path}: made by a newer latteboard (catalog version {version}, this one reads {VERSION}): update latteboard"
            )
        return True

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection on which every question sees the same complete state."""
        with self._translated(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction of its own, all or nothing."""
        with (
            self._translated(),
            self._engine.connect().execution_options(writes=True) as connection,
            connection.begin(),
        ):
            yield connection

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (DatabaseError, sqlite.DriverError) as error:
            reason = error.orig if isinstance(error, DatabaseError) else error
            if isinstance(reason, sqlite.OperationalError):
                raise CatalogError(f"{self.path}: {reason}; nothing was changed") from error
            if type(reason) is not sqlite.DriverError:
                raise  # a mistake of ours
            raise CatalogError(
                f"{self.path}: not a catalog: {reason}; state another catalog in the campaign"
            ) from error

    # -- questions ---------------------------------------------------------------------------------------------------

    @cached_property
    def kinds(self) -> dict[str, KindModel]:
        """The kinds in the order of the production."""
        with self.reading() as connection:
            return {model.name: model for model in stored_models(connection)}

    @cached_property
    def rules(self) -> Rules:
        """The statements of this catalog's kinds."""
        return Rules(self.kinds.values())

    def readable(self, kind: str) -> Readable:
        """The readable rows of a kind."""
        return Readable(self.rules, self.kinds[kind])

    def __getitem__(self, kind: str) -> Selection:
        if kind not in self.kinds:
            raise QueryError(f"{kind!r} is not a kind; expected one of {', '.join(self.kinds)}")
        return Selection(self, self.kinds[kind])

    def progress(self) -> pd.DataFrame:
        """How many artifacts, and their bytes on disk, by ensemble, stream, kind and status."""
        import pandas as pd

        frame = pd.DataFrame(
            self.totals(), columns=["ensemble", "stream", "kind", "status", "number", "bytes", "purgeable"]
        )
        return frame.groupby(["ensemble", "stream", "kind", "status"], sort=False, dropna=False, as_index=False).sum()

    def totals(self) -> list[dict[str, Any]]:
        """The summary of the last index, claims counted as of now."""
        with self.reading() as connection:
            rows = [dict(row) for row in connection.execute(select(summary)).mappings()]
            claimed = list(self._claimed(connection))
        for artifact in claimed:
            _move(rows, artifact)
        return rows

    def _claimed(self, connection: Connection) -> Iterator[dict[str, Any]]:
        """Every artifact whose status a claim changes: ensemble, stream, kind and the status that is stored."""
        held = (
            connection.execute(select(claim.c.kind).distinct().where(claim.c.until > sqlite.now_seconds()))
            .scalars()
            .all()
        )
        for model in self.kinds.values():
            leader = model.made_with or model.name
            if not any(other.id in held for other in self.kinds.values() if leader in (other.name, other.made_with)):
                continue
            readable = self.readable(model.name)
            rows = readable.select(stored=readable.rows.c.status).where(readable.rows.c.status != readable.status)
            for row in connection.execute(rows).mappings():
                yield {
                    "ensemble": row.get("ensemble"),
                    "stream": row.get("stream"),
                    "kind": model.name,
                    "stored": row["stored"],
                }

    def last_run(self) -> Mapping[str, Any] | None:
        """The last index: started (ns since 1970), seconds, look, expected, found, strays, changed, unreadable."""
        with self.reading() as connection:
            last = connection.execute(select(run).order_by(run.c.id.desc()).limit(1)).mappings().first()
        return None if last is None else dict(last)

    def indexed_at(self) -> str:
        """When the last index began to look: ISO, UTC."""
        last = self.last_run()
        if last is None:
            raise CatalogError(f"{self.path}: no index has been finished. Run: latteboard index")
        return datetime.fromtimestamp(last["started"] // 1_000_000_000, UTC).isoformat()

    def campaign_name(self) -> str:
        """The name of the campaign that the catalog is of."""
        with self.reading() as connection:
            return read_meta(connection, "campaign") or ""

    # -- what the reducer needs --------------------------------------------------------------------------------------

    def require(self, campaign: Campaign) -> None:
        """Raises :class:`CatalogError` unless the last index was of this campaign as it stands."""
        with self.reading() as connection:
            if read_meta(connection, "fingerprint") != fingerprint(campaign):
                raise CatalogError(f"{campaign.path}: the campaign changed since the last index; run: latteboard index")

    def facts(self, campaign: Campaign, kind: str) -> Facts:
        """What the last index says of every artifact of a kind, in the campaign's order."""
        with self.reading() as connection:
            return read_facts(connection, campaign, kind, self.rules.tables[kind])

    # -- what the indexer needs --------------------------------------------------------------------------------------

    def known_folders(self, campaign: Campaign) -> tuple[dict[str, FolderState], dict[str, str], int]:
        """What is known of folders, which were unreadable, and the number of the last run; nothing if the campaign changed."""
        if not self.path.exists():
            return {}, {}, 0
        with self.reading() as connection:
            if not self._is_catalog(connection):
                return {}, {}, 0
            number = connection.execute(select(func.max(run.c.id))).scalar() or 0
            if read_meta(connection, "fingerprint") != fingerprint(campaign):
                return {}, {}, number
            states = {row.path: FolderState(*row) for row in connection.execute(select(folder))}
            return states, dict(connection.execute(select(unreadable)).all()), number

    def known_containers(self) -> dict[str, tuple[int, int]]:
        """Size and time of the containers whose datasets are in the books."""
        if not self.path.exists():
            return {}
        with self.reading() as connection:
            if not self._is_catalog(connection):
                return {}
            return {path: (size, mtime) for path, size, mtime in connection.execute(select(container))}

    @contextmanager
    def books(self, campaign: Campaign, inspect_closer: Inspect) -> Iterator[Books]:
        """One transaction of an index; it is all or nothing."""
        with self.writing() as connection:
            yield Books(connection, campaign, inspect_closer)

    # -- what cannot be rebuilt --------------------------------------------------------------------------------------

    def claim(self, artifacts: Iterable[Artifact], until: datetime, owner: str) -> None:
        """Note that work has been handed out to ``owner`` until a time; an earlier claim on it is replaced."""
        rows = [
            {
                "path": a.path,
                "kind": self.kinds[a.kind].id,
                "artifact": a.id,
                "until": int(until.timestamp()),
                "owner": owner,
            }
            for a in artifacts
        ]
        with self.writing() as connection:
            self._drop(connection, [str(row["path"]) for row in rows])
            if rows:
                connection.execute(insert(claim), rows)

    def release(self, artifacts: Iterable[Artifact]) -> None:
        """Drop the claims on these artifacts."""
        with self.writing() as connection:
            self._drop(connection, [artifact.path for artifact in artifacts])

    @staticmethod
    def _drop(connection: Connection, paths: list[str]) -> None:
        for start in range(0, len(paths), 500):  # databases limit the number of parameters
            connection.execute(delete(claim).where(or_(claim.c.path.in_(paths[start : start + 500]))))

    def record_archive(self, archive: str, copies: Iterable[tuple[str, int, int]]) -> None:
        """Replace the listing of an archive: path as the campaign names it, bytes, ns since 1970. The next index uses it."""
        rows = [{"archive": archive, "path": path, "size": size, "mtime": mtime} for path, size, mtime in copies]
        with self.writing() as connection:
            if not self._is_catalog(connection):
                raise CatalogError(f"{self.path}: there is no catalog yet. Make it with: latteboard index")
            connection.execute(delete(replica).where(replica.c.archive == archive))
            write_meta(connection, "unsettled", "replicas")
            if rows:
                connection.execute(insert(replica), rows)

    def snapshot(self, target: Path) -> None:
        """Write a compact copy that can be published; it appears whole or not at all."""
        sqlite.snapshot(self.path, target)


def sqlite_path(url: str | Path) -> Path:
    """The file of a catalog; other databases are not supported yet."""
    text = str(url)
    if "://" in text and not text.startswith("sqlite:///"):
        raise CatalogError(f"{text}: only SQLite catalogs are supported so far; state a path")
    return Path(text.removeprefix("sqlite:///"))


def _move(rows: list[dict[str, Any]], artifact: dict[str, Any]) -> None:
    """Count one artifact as claimed instead of ready or recall."""
    from latteboard.status.states import Status

    def row(status: str) -> dict[str, Any]:
        key = {name: artifact[name] for name in ("ensemble", "stream", "kind")} | {"status": status}
        for one in rows:
            if all(one[name] == value for name, value in key.items()):
                return one
        rows.append({**key, "number": 0, "bytes": 0, "purgeable": 0, "purgeable_bytes": 0})
        return rows[-1]

    row(Status(artifact["stored"]).name)["number"] -= 1
    row(Status.claimed.name)["number"] += 1
