"""Carries columns of artifacts and records of products over to the rows that a changed campaign expects."""

from collections.abc import Mapping
from functools import partial

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, delete

from latteboard.campaign import Campaign
from latteboard.catalog.tables.kinds import KindModel
from latteboard.catalog.tables.schema import column_part
from latteboard.catalog.updating.codes import Codes
from latteboard.catalog.updating.columns import ARTIFACT_COLUMNS, StoredColumns, read_column, read_whole, write_whole
from latteboard.catalog.updating.record_columns import carry_over_records, read_records, write_records
from latteboard.catalog.updating.rows import delete_rows

Places = NDArray[np.int64]
Columns = Mapping[str, Places]


def parts_of(campaign: Campaign, name: str) -> list[int]:
    """Where the artifacts of each ensemble begin among the expected ones of a kind, and after the last their number."""
    expected = campaign.expected(name)
    if "ensemble" not in expected.rows:
        return [0, len(expected)]
    ensembles = expected.rows["ensemble"]
    return [0, *(np.flatnonzero(np.diff(ensembles)) + 1).tolist(), len(expected)]


def carry_over(
    connection: Connection,
    campaign: Campaign,
    models: Mapping[str, KindModel],
    codes: Codes,
    *,
    fresh: set[str],
    moved: set[str],
) -> dict[str, StoredColumns]:
    """Bring columns and records of all kinds to the rows that the campaign expects now."""
    known = models.keys() - fresh - moved
    records = {name: read_records(connection, models[name].id) for name in known if models[name].reduced}
    columns, rows = {}, {}
    for name, model in models.items():
        columns[name], place, number = _carried_over(connection, campaign, model, codes, is_fresh=name in fresh)
        rows[name] = _inverse(place, number)
    inputs = {models[name].id: rows[name] for name in known}
    for name, recorded in records.items():
        if recorded.size:
            write_records(connection, models[name].id, carry_over_records(recorded, rows[name], inputs))
    return columns


def _carried_over(
    connection: Connection, campaign: Campaign, model: KindModel, codes: Codes, *, is_fresh: bool
) -> tuple[StoredColumns, Places, int]:
    """The columns of a kind: artifacts that stay keep what is known of them, those that go leave their table.

    With them, for each expected artifact its place among the earlier ones, -1 if it is new, and how many these were.
    """
    expected = campaign.expected(model.name)
    columns = StoredColumns(connection, model.id, partial(parts_of, campaign, model.name), stored=False)
    own = {name: codes[name][column] for name, column in expected.rows.items()}
    place, last, number = np.full(len(expected), -1, dtype=np.int64), 0, 0
    if not is_fresh:
        old = {name: read_whole(connection, model.id, _key(name)) for name in model.coordinates}
        known = {name: read_column(connection, model.id, name) for name in ARTIFACT_COLUMNS}
        place, gone = _places(own, old, len(expected))
        delete_rows(connection, model, {name: column[gone] for name, column in old.items()})
        stays = place >= 0
        for name, column in known.items():
            now = columns.before(name).copy()
            now[stays] = column[place[stays]]
            columns.carry_over(name, now)
        columns.inserted = ~stays
        last, number = int(known["id"].max(initial=0)), len(known["id"])
    ids = columns["id"].copy()
    ids[columns.inserted] = last + 1 + np.arange(int(columns.inserted.sum()))
    columns.carry_over("id", ids)
    connection.execute(delete(column_part).where(column_part.c.kind == model.id))
    for name, column in own.items():
        write_whole(connection, model.id, _key(name), column)
    return columns, place, number


def _inverse(place: Places, number: int) -> Places:
    """For each of so many earlier artifacts its row now, -1 where it is gone."""
    rows = np.full(number, -1, dtype=np.int64)
    stays = np.flatnonzero(place >= 0)
    rows[place[stays]] = stays
    return rows


def _key(coordinate: str) -> str:
    return f"at {coordinate}"


def _places(own: Columns, old: Columns, number: int) -> tuple[Places, Places]:
    """For each artifact its place among the old ones, -1 if it is new; and the places of those that are gone."""
    if not own:
        return np.zeros(number, dtype=np.int64), np.empty(0, dtype=np.int64)
    numbered = np.zeros(number + len(next(iter(old.values()))), dtype=np.int64)
    for name, column in own.items():
        # Numbered anew after each coordinate, the keys never leave 64 bits.
        values, code = np.unique(np.concatenate([column, old[name]]), return_inverse=True)
        numbered = np.unique(numbered * len(values) + code, return_inverse=True)[1]
    _, here, there = np.intersect1d(numbered[:number], numbered[number:], assume_unique=True, return_indices=True)
    place = np.full(number, -1, dtype=np.int64)
    place[here] = there
    gone = np.setdiff1d(np.arange(len(numbered) - number), there)
    return place, gone
