"""The database of a catalog: connections, its kinds, and the totals of the last index."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, Self

from sqlalchemy import Connection, Table, inspect, select
from sqlalchemy.exc import DatabaseError

from latteboard.catalog.dialects import sqlite, sqlite_opening
from latteboard.catalog.meta import read_meta, stored_models
from latteboard.catalog.readable import Readable
from latteboard.catalog.tables.kinds import KindModel
from latteboard.catalog.tables.schema import VERSION, claim, kind_table, run, summary
from latteboard.errors import CatalogError, QueryError
from latteboard.status.states import Status
from latteboard.text import did_you_mean


class _Kinds(NamedTuple):
    """The kinds of a catalog with their tables, and the state of its file when they were read."""

    state: tuple[int, ...]
    models: dict[str, KindModel]
    tables: dict[str, Table]


class Database:
    """A catalog as questions see it: a file with the tables of :mod:`latteboard.catalog.tables.schema`.

    Attributes
    ----------
    path : the SQLite file
    """

    def __init__(
        self,
        url: str | Path,
        *,
        wait_seconds: float = sqlite_opening.PATIENCE_SECONDS,
        waiting: Callable[[Path], None] = lambda _: None,
    ) -> None:
        """Open a catalog to read it.

        Parameters
        ----------
        wait_seconds : how long a question waits for another program that has locked the file
        waiting : called with the file when such a wait has lasted some seconds

        Raises
        ------
        CatalogError : there is no catalog, or it is none, or of another version, or it is still locked after ``wait_seconds``.
        """
        path = sqlite_path(url)
        if not path.exists():
            raise CatalogError(f"{path}: there is no catalog yet. Make it with: latteboard index")
        self._open(path, wait_seconds, waiting)
        with self.reading() as connection:
            if not self.is_catalog(connection):
                raise CatalogError(
                    f"{path}: the catalog is empty: its first index has not been finished. Run: latteboard index"
                )
            version = int(read_meta(connection, "schema") or 0)
            if version < VERSION:
                raise CatalogError(
                    f"{path}: made by an older latteboard (catalog version {version}, this one reads {VERSION}). "
                    "Run: latteboard index"
                )

    @classmethod
    def for_writing(cls, url: str | Path) -> Self:
        """A catalog for the indexer, which may not exist yet; raises :class:`CatalogError` if the file is something else."""
        database = cls.__new__(cls)
        path = sqlite_path(url)
        if not path.parent.is_dir():
            raise CatalogError(
                f"{path}: the folder {path.parent} does not exist; create it, or state another catalog in the campaign"
            )
        database._open(path)
        if path.exists():
            with database.reading() as connection:
                database.is_catalog(connection)
        return database

    def _open(
        self,
        path: Path,
        wait_seconds: float = sqlite_opening.PATIENCE_SECONDS,
        waiting: Callable[[Path], None] = lambda _: None,
    ) -> None:
        self.path = path
        self._kinds: _Kinds | None = None
        self._engine = sqlite_opening.engine(path, wait_seconds, waiting)

    def is_catalog(self, connection: Connection) -> bool:
        """False for an empty file; raises :class:`CatalogError` for a database that is neither empty nor a catalog."""
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
        with self._translated(""), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A connection with one transaction, which takes effect as a whole or not at all."""
        with (
            self._translated("; nothing was changed"),
            self._engine.connect().execution_options(writes=True) as connection,
            connection.begin(),
        ):
            yield connection

    @contextmanager
    def _translated(self, consequence: str) -> Iterator[None]:
        """Turn the errors of the database that a user can cause into :class:`CatalogError`."""
        try:
            yield
        except (DatabaseError, sqlite_opening.DriverError) as error:
            reason = error.orig if isinstance(error, DatabaseError) else error
            if isinstance(reason, sqlite_opening.OperationalError):
                raise CatalogError(f"{self.path}: {sqlite_opening.cause(self.path, reason)}{consequence}") from error
            if type(reason) is not sqlite_opening.DriverError:
                raise  # an error of this program, whose traceback is wanted
            raise CatalogError(
                f"{self.path}: not a catalog: {reason}; state another catalog in the campaign"
            ) from error

    @property
    def kinds(self) -> dict[str, KindModel]:
        """The kinds in the order of the production."""
        return self._known().models

    @property
    def tables(self) -> dict[str, Table]:
        """The table of each kind."""
        return self._known().tables

    def _known(self) -> _Kinds:
        """The kinds as of the last index: the campaign may change while somebody asks."""
        state = sqlite_opening.state_of(self.path)
        if self._kinds is None or self._kinds.state != state:
            with self.reading() as connection:
                models = {model.name: model for model in stored_models(connection)}
            self._kinds = _Kinds(state, models, {name: kind_table(model) for name, model in models.items()})
        return self._kinds

    def kind(self, name: str) -> KindModel:
        """The kind of this name; raises :class:`QueryError` if there is none."""
        if name not in self.kinds:
            known = ", ".join(self.kinds)
            raise QueryError(f"{name!r} is not a kind; expected one of {known}{did_you_mean(name, self.kinds)}")
        return self.kinds[name]

    def readable(self, kind: str) -> Readable:
        """The readable rows of a kind."""
        return Readable(self.kinds, self.kinds[kind])

    def totals(self) -> list[dict[str, Any]]:
        """The summary of the last index, claims counted as of now."""
        with self.reading() as connection:
            rows = [dict(row) for row in connection.execute(select(summary)).mappings()]
            claimed = list(self._claimed(connection))
        for artifact in claimed:
            _count_as_claimed(rows, artifact)
        return rows

    def _claimed(self, connection: Connection) -> Iterator[dict[str, Any]]:
        """Artifacts whose status a claim changes: ensemble, stream, kind and the status that is stored."""
        valid = select(claim.c.kind).distinct().where(claim.c.until > sqlite.now_seconds())
        held = set(connection.execute(valid).scalars())
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
        """Time at which the last index began to scan: ISO, UTC."""
        last = self.last_run()
        if last is None:
            raise CatalogError(f"{self.path}: no index has been finished. Run: latteboard index")
        return datetime.fromtimestamp(last["started"] // 1_000_000_000, UTC).isoformat()

    def campaign_name(self) -> str:
        """The name of the campaign that the catalog belongs to."""
        with self.reading() as connection:
            return read_meta(connection, "campaign") or ""


def sqlite_path(url: str | Path) -> Path:
    """The file of a catalog: a file's name as it stands, or a URL ``sqlite:///NAME``; other databases are not supported yet."""
    text = str(url)
    if "://" in text and not text.startswith("sqlite:///"):
        raise CatalogError(f"{text}: only SQLite catalogs are supported so far; state a path")
    return Path(text.removeprefix("sqlite:///"))


def _count_as_claimed(rows: list[dict[str, Any]], artifact: dict[str, Any]) -> None:
    """Count one artifact as claimed instead of ready or recall."""

    def row(status: str) -> dict[str, Any]:
        key = {name: artifact[name] for name in ("ensemble", "stream", "kind")} | {"status": status}
        for one in rows:
            if all(one[name] == value for name, value in key.items()):
                return one
        rows.append({**key, "number": 0, "bytes": 0, "problems": 0, "purgeable": 0, "purgeable_bytes": 0})
        return rows[-1]

    row(Status(artifact["stored"]).name)["number"] -= 1
    row(Status.claimed.name)["number"] += 1
