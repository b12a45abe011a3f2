"""Carries columns of artifacts and records of products over to the rows that a changed campaign expects."""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, delete

from latteboard.campaign import Campaign
from latteboard.catalog.tables.kinds import KindModel
from latteboard.catalog.tables.schema import column_part
from latteboard.catalog.updating.codes import Codes
from latteboard.catalog.updating.columns import (
    ARTIFACT_COLUMNS,
    OF_FILES,
    StoredColumns,
    read_column,
    read_whole,
    write_whole,
)
from latteboard.catalog.updating.earlier_places import EarlierPlaces
from latteboard.catalog.updating.places import PlacedFiles
from latteboard.catalog.updating.record_columns import read_records, write_records
from latteboard.catalog.updating.rows import delete_rows

Rows = NDArray[np.int64]
Columns = Mapping[str, Rows]
NEW = -1  # the earlier row of an artifact that there was not


def parts_of(campaign: Campaign, name: str) -> list[int]:
    """Where the artifacts of each ensemble begin among the expected ones of a kind, and after the last their number."""
    expected = campaign.expected(name)
    if "ensemble" not in expected.rows:
        return [0, len(expected)]
    ensembles = expected.rows["ensemble"]
    return [0, *(np.flatnonzero(np.diff(ensembles)) + 1).tolist(), len(expected)]


class CarriedOver(NamedTuple):
    """By kind what is known of the artifacts that a changed campaign expects, and of their files in each place.

    The latter is there for kinds that are looked for in several places, or were.
    """

    columns: dict[str, StoredColumns]
    placed: dict[str, PlacedFiles]


def carry_over(
    connection: Connection,
    campaign: Campaign,
    models: Mapping[str, KindModel],
    codes: Codes,
    earlier: Mapping[str, EarlierPlaces],
) -> CarriedOver:
    """Bring columns and records of all kinds to the rows that the campaign expects now.

    ``earlier`` are the places before, of the kinds that had a table.
    """
    records = {
        name: was.carried_over(read_records(connection, models[name].id))
        for name, was in earlier.items()
        if models[name].reduced
    }
    carried, rows = CarriedOver({}, {}), {}
    for name, model in models.items():
        was = earlier.get(name)
        columns, files, rows[name] = _carried_over(connection, campaign, model, codes, was)
        carried.columns[name] = columns
        if files:
            carried.placed[name] = PlacedFiles(model, files, columns)
    # Records name inputs by path: a kind whose paths have changed is left out.
    inputs = {models[name].id: rows[name] for name, was in earlier.items() if was.keeps_paths}
    for name, recorded in records.items():
        write_records(connection, models[name].id, recorded.carried_over(rows[name], inputs))
    return carried


def _carried_over(
    connection: Connection, campaign: Campaign, model: KindModel, codes: Codes, was: EarlierPlaces | None
) -> tuple[StoredColumns, list[StoredColumns], Rows]:
    """The columns of a kind: artifacts that stay keep what is known of them, those that go leave their table.

    With them the columns of the files in each place, none where there is only one; and for each earlier artifact its row now.
    """
    expected = campaign.expected(model.name)
    columns = partial(StoredColumns, connection, model.id, partial(parts_of, campaign, model.name), stored=False)
    whole, files = columns(), []
    own = {name: codes[name][column] for name, column in expected.rows.items()}
    before, last, number = np.full(len(expected), NEW, dtype=np.int64), 0, 0
    if model.places > 1 or (was is not None and was.count > 1):
        files = [columns(place=place) for place in range(model.places)]
    if was is not None:
        old = {name: read_whole(connection, model.id, _key(name)) for name in model.coordinates}
        before, gone = _earlier_rows(own, old, len(expected))
        delete_rows(connection, model, {name: column[gone] for name, column in old.items()})
        ids = read_column(connection, model.id, "id")
        last, number = int(ids.max(initial=0)), len(ids)
        _carry(connection, whole, ARTIFACT_COLUMNS, None, before)
        for one, place in zip(files, was.places, strict=bool(files)):
            if place.number is not None:
                _carry(connection, one, OF_FILES, place.number if was.count > 1 else None, before)
    ids = whole["id"].copy()
    ids[whole.inserted] = last + 1 + np.arange(int(whole.inserted.sum()))
    whole.carry_over("id", ids)
    connection.execute(delete(column_part).where(column_part.c.kind == model.id))
    for name, column in own.items():
        write_whole(connection, model.id, _key(name), column)
    return whole, files, _inverse(before, number)


def _carry(
    connection: Connection, columns: StoredColumns, names: Iterable[str], place: int | None, before: Rows
) -> None:
    """Take over stored columns, of the artifacts or of their files in an earlier place, in the rows of now."""
    stays = before != NEW
    for name in names:
        now = columns.before(name).copy()
        now[stays] = read_column(connection, columns.kind, name, place)[before[stays]]
        columns.carry_over(name, now)
    columns.inserted = ~stays


def _inverse(before: Rows, number: int) -> Rows:
    """For each of so many earlier artifacts its row now, -1 where it is gone."""
    rows = np.full(number, -1, dtype=np.int64)
    stays = np.flatnonzero(before != NEW)
    rows[before[stays]] = stays
    return rows


def _key(coordinate: str) -> str:
    return f"at {coordinate}"


def _earlier_rows(own: Columns, old: Columns, number: int) -> tuple[Rows, Rows]:
    """For each artifact its row among the old ones, ``NEW`` if there is none; and the rows of those that are gone."""
    if not own:
        return np.zeros(number, dtype=np.int64), np.empty(0, dtype=np.int64)
    numbered = np.zeros(number + len(next(iter(old.values()))), dtype=np.int64)
    for name, column in own.items():
        # Numbered anew after each coordinate, the keys never leave 64 bits.
        values, code = np.unique(np.concatenate([column, old[name]]), return_inverse=True)
        numbered = np.unique(numbered * len(values) + code, return_inverse=True)[1]
    _, here, there = np.intersect1d(numbered[:number], numbered[number:], assume_unique=True, return_indices=True)
    before = np.full(number, NEW, dtype=np.int64)
    before[here] = there
    gone = np.setdiff1d(np.arange(len(numbered) - number), there)
    return before, gone
