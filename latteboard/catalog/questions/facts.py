"""Size, time and status of every expected artifact of a kind as of the last index, as columns, for planning."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from latteboard.campaign import Campaign
from latteboard.catalog.tables.kinds import KindModel
from latteboard.catalog.updating.columns import read_column
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
    places : number of the root x number of templates + number of the template, where each was found or will be made
    """

    ids: Numbers
    sizes: Numbers
    mtimes: Numbers
    statuses: Numbers
    places: Numbers

    def rows_of(self, ids: Numbers) -> Numbers:
        """The rows of the artifacts with these numbers."""
        order = np.argsort(self.ids)
        rows: Numbers = order[np.searchsorted(self.ids, ids, sorter=order)]
        return rows


def read_facts(connection: Connection, campaign: Campaign, kind: str, model: KindModel) -> Facts:
    """Read the columns of a kind; raises :class:`CatalogError` if they are not of the campaign's artifacts."""
    expected = len(campaign.expected(kind))
    ids, sizes, mtimes, statuses, places = (
        read_column(connection, model.id, name) for name in ("id", "size", "mtime", "status", "place")
    )
    if len(ids) != expected:
        raise CatalogError(
            f"{campaign.path}: {expected} {kind} are expected, the catalog has {len(ids)}; run: latteboard index"
        )
    return Facts(ids, sizes, mtimes, statuses.astype(np.int64), places)
