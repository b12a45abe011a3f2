"""Finds the artifact that a path belongs to."""

from typing import NamedTuple

from sqlalchemy import bindparam, select, update

from latteboard.catalog.tables.schema import claim
from latteboard.catalog.updating.transaction import IndexTransaction


class Place(NamedTuple):
    """An expected artifact: number of its kind, its row among the expected artifacts, its number in the catalog."""

    kind: int
    row: int
    artifact: int


NOT_EXPECTED = Place(-1, -1, -1)


class Finder:
    """Finds expected artifacts by path."""

    def __init__(self, transaction: IndexTransaction) -> None:
        self._transaction = transaction

    def find(self, path: str) -> Place:
        """The artifact of a path relative to the root; ``NOT_EXPECTED`` if the campaign expects none there."""
        campaign = self._transaction.campaign
        parsed = campaign.parse(path)
        if parsed is None:
            return NOT_EXPECTED
        name, coordinates = parsed
        row = campaign.expected(name).index(coordinates)
        assert row is not None  # parse gives expected artifacts only
        return Place(self._transaction.models[name].id, row, int(self._transaction.columns[name]["id"][row]))


def find_claimed(transaction: IndexTransaction) -> None:
    """Note the artifacts of the claims that have none yet."""
    finder, held = Finder(transaction), []
    for (path,) in transaction.connection.execute(select(claim.c.path).where(claim.c.kind.is_(None))).all():
        place = finder.find(path)
        held.append({"of_path": path, "kind": place.kind, "artifact": place.artifact})
    if held:
        transaction.connection.execute(update(claim).where(claim.c.path == bindparam("of_path")), held)
