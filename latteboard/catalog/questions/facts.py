"""Size, time and status of every expected artifact of a kind as of the last index, as columns, for planning."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Table, func, select

from latteboard.campaign import Campaign
from latteboard.catalog.updating.adopt import stored_codes
from latteboard.errors import CatalogError

Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Facts:
    """The facts of a kind, a row for each expected artifact, in the order of :class:`latteboard.campaign.expected.Expected`.

    Attributes
    ----------
    ids : numbers of the artifacts in the catalog; after a change of the campaign they differ from the places here
    sizes : bytes, -1 where there is no file
    mtimes : ns since 1970, 0 where there is no file
    statuses : codes of :class:`latteboard.catalog.Status`; claims, which depend on the time, are not in them
    """

    ids: Numbers
    sizes: Numbers
    mtimes: Numbers
    statuses: Numbers

    def rows_of(self, ids: Numbers) -> Numbers:
        """The rows of the artifacts with these numbers."""
        order = np.argsort(self.ids)
        rows: Numbers = order[np.searchsorted(self.ids, ids, sorter=order)]
        return rows


def read_facts(connection: Connection, campaign: Campaign, kind: str, table: Table) -> Facts:
    """Read the table of a kind; raises :class:`CatalogError` if it has not the campaign's artifacts."""
    expected = campaign.expected(kind)
    columns = (table.c.id, func.coalesce(table.c.size, -1), func.coalesce(table.c.mtime, 0), table.c.status)
    statement = select(*columns).order_by(*(table.c[name] for name in expected.rows))
    stored = np.array(connection.execute(statement).fetchall(), dtype=np.int64).reshape(-1, len(columns))
    if len(stored) != len(expected):
        raise CatalogError(
            f"{campaign.path}: {len(expected)} {kind} are expected, the catalog has {len(stored)}; run: latteboard index"
        )
    # Both are sorted by coordinates; but the catalog's codes are older than the campaign, and may order texts otherwise.
    codes = stored_codes(connection, campaign)
    keys = [codes[name][column] for name, column in expected.rows.items()]
    facts = np.empty_like(stored)
    facts[np.lexsort(keys[::-1]) if keys else slice(None)] = stored
    return Facts(*(np.ascontiguousarray(column) for column in facts.T))
