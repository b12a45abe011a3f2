"""The catalog as people and programs use it: selections of artifacts, progress, and the transactions of their owners."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from latteboard.campaign import Campaign
from latteboard.catalog import durable
from latteboard.catalog.database import Database
from latteboard.catalog.dialects import sqlite
from latteboard.catalog.identity import check_owner, is_up_to_date, remember
from latteboard.catalog.meta import read_meta
from latteboard.catalog.questions.facts import Facts, read_facts
from latteboard.catalog.questions.selection import Artifact, Selection
from latteboard.catalog.tables.schema import VERSION, run
from latteboard.catalog.updating.earlier_places import earlier_roots, roots_of, stored_roots
from latteboard.catalog.updating.folders import read_root
from latteboard.catalog.updating.observations import LastLook, RootState
from latteboard.catalog.updating.places import count_files_below
from latteboard.catalog.updating.transaction import IndexTransaction, Inspect
from latteboard.errors import CatalogError

if TYPE_CHECKING:
    import pandas as pd


class Catalog(Database):
    """An existing catalog: ``Catalog("catalog.db")["prop"].filter(status="ready")``. No question waits for an index."""

    def __getitem__(self, kind: str) -> Selection:
        """All artifacts of a kind; raises :class:`QueryError` if there is no such kind."""
        return Selection(self, self.kind(kind))

    def progress(self) -> pd.DataFrame:
        """The number of artifacts, and their bytes on disk, by ensemble, stream, kind and status."""
        import pandas as pd

        return pd.DataFrame(
            self.totals(), columns=["ensemble", "stream", "kind", "status", "number", "bytes", "purgeable"]
        )

    def snapshot(self, target: Path) -> None:
        """Write a compact copy that can be published; it appears whole or not at all."""
        sqlite.snapshot(self.path, target)

    def require(self, campaign: Campaign) -> None:
        """Raises :class:`CatalogError` unless the last index was of this campaign as it stands."""
        with self.reading() as connection:
            check_owner(connection, campaign)
            if not is_up_to_date(connection, campaign):
                raise CatalogError(f"{campaign.path}: the campaign changed since the last index; run: latteboard index")

    def check_owner(self, campaign: Campaign) -> None:
        """Raises :class:`CatalogError` if this is the catalog of another campaign, by place and by content."""
        if not self.path.exists():
            return
        with self.reading() as connection:
            if self.is_catalog(connection):
                check_owner(connection, campaign)

    def facts(self, campaign: Campaign, kind: str) -> Facts:
        """Size, time and status of every artifact of a kind as of the last index, in the campaign's order."""
        with self.reading() as connection:
            return read_facts(connection, campaign, kind, self.kind(kind))

    def last_look(self, campaign: Campaign) -> LastLook:
        """What the last index knew of the roots of a campaign."""
        nothing = [RootState({}, {}, {}) for _ in campaign.roots]
        if not self.path.exists():
            return LastLook(0, is_current=False, roots=nothing)
        with self.reading() as connection:
            if not self.is_catalog(connection):
                return LastLook(0, is_current=False, roots=nothing)
            number = connection.execute(select(func.max(run.c.id))).scalar() or 0
            if is_up_to_date(connection, campaign):
                roots = [read_root(connection, root) for root in range(len(campaign.roots))]
                return LastLook(number, is_current=True, roots=roots)
            if read_meta(connection, "schema") != str(VERSION):
                return LastLook(number, is_current=False, roots=nothing)
            before = earlier_roots(stored_roots(connection), roots_of(campaign))
            roots = [
                empty if one.number is None or one.moved else read_root(connection, one.number).identities
                for one, empty in zip(before, nothing, strict=True)
            ]
            return LastLook(number, is_current=False, roots=roots)

    def files_below(self, campaign: Campaign, root: int) -> int:
        """The number of artifacts with a file below a root of a campaign at the last index; 0 if that did not look there."""
        if not self.path.exists():
            return 0
        with self.reading() as connection:
            if not self.is_catalog(connection):
                return 0
            before = earlier_roots(stored_roots(connection), roots_of(campaign))[root].number
            return 0 if before is None else count_files_below(connection, before)

    @contextmanager
    def transaction(
        self, campaign: Campaign, inspect: Inspect, *, take_over: bool = False
    ) -> Iterator[IndexTransaction]:
        """One index; it takes effect as a whole or not at all. With ``take_over`` the catalog is this campaign's from then on."""
        with self.writing() as connection:
            transaction = IndexTransaction(connection, campaign, inspect)
            remember(connection, campaign, take_over=take_over)
            yield transaction

    def claim(self, artifacts: Iterable[Artifact], until: datetime, owner: str) -> None:
        """Note that work has been handed out to ``owner`` until a time; an earlier claim on it is replaced."""
        durable.claim_work(self, artifacts, until, owner)

    def release(self, artifacts: Iterable[Artifact]) -> None:
        """Drop the claims on these artifacts."""
        durable.release_work(self, artifacts)

    def record_archive(self, archive: str, copies: Iterable[tuple[str, int, int]]) -> None:
        """Replace the listing of an archive: path as the campaign names it, bytes, ns since 1970. The next index uses it."""
        durable.replace_listing(self, archive, copies)
