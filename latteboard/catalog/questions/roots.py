"""What may be deleted below each root, where there are several."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select

from latteboard.catalog.database import Database
from latteboard.catalog.dialects.sqlite import sum_bytes


@dataclass(frozen=True)
class PurgeableBelow:
    """The files below one root, as the campaign states it, that may be deleted."""

    root: str
    number: int
    bytes: int


def purgeable_below(database: Database) -> list[PurgeableBelow]:
    """Count the purgeable files by root, in the campaign's order; empty where there is only one root."""
    kinds = database.kinds.values()
    roots = next(iter(kinds)).roots
    if len(roots) < 2:
        return []
    sums = dict.fromkeys(range(len(roots)), (0, 0))
    with database.reading() as connection:
        for model in (kind for kind in kinds if kind.temporary):
            rows = database.tables[model.name]
            root = rows.c.place // len(model.templates)
            counted = select(root, func.count(), func.coalesce(sum_bytes(rows.c.size), 0)).where(rows.c.purgeable)
            for below, number, size in connection.execute(counted.group_by(root)):
                sums[below] = (sums[below][0] + number, sums[below][1] + size)
    return [PurgeableBelow(root, *sums[number]) for number, root in enumerate(roots)]
