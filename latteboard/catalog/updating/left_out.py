"""Writes the artifacts that the campaign leaves out."""

import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, delete

from latteboard.campaign import Campaign
from latteboard.catalog.dialects.sqlite import bulk_insert
from latteboard.catalog.tables.schema import left_out

PLACE = ("ensemble", "stream", "configuration")
COLUMNS = ("kind", "path", *PLACE, "coordinates", "reason")


def store_left_out(connection: Connection, campaign: Campaign) -> None:
    """Replace the list of artifacts that are left out."""
    connection.execute(delete(left_out))
    if campaign.leave_out:
        bulk_insert(connection, left_out, COLUMNS, _rows(campaign))


def _rows(campaign: Campaign) -> Iterator[tuple[Any, ...]]:
    for kind in campaign.kinds:
        taken = campaign.left_out(kind)
        if not taken:  # a kind without coordinates has one row, whatever is taken away
            continue
        reasons = [campaign.leave_out[entry].reason for entry in taken.entries.tolist()]
        for block, rows in taken.artifacts.block_slices:
            paths = taken.artifacts.paths(block, rows)
            for row, path in zip(range(rows.start, rows.stop), paths, strict=True):
                coordinates = taken.artifacts.coordinates(row)
                plain = {name: value if isinstance(value, int) else str(value) for name, value in coordinates.items()}
                place = (plain.get(name) for name in PLACE)
                yield kind, path, *place, json.dumps(plain), reasons[row]
