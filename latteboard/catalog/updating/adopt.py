"""Takes up a campaign, new or changed: its kinds, codes and relations, and what is known of each expected artifact."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, partial

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, delete, insert, inspect, update
from sqlalchemy.schema import DropTable

from latteboard.campaign import Campaign
from latteboard.catalog.meta import read_meta, stored_models, write_meta
from latteboard.catalog.tables.kinds import KindModel, kind_models
from latteboard.catalog.tables.schema import (
    REBUILT,
    STATIC,
    VERSION,
    claim,
    column_part,
    container,
    folder,
    kind,
    kind_table,
    metadata,
    recorded_input,
    replica,
    status_rule,
    stray,
)
from latteboard.catalog.updating.codes import Codes, store_relations, store_values, stored_codes
from latteboard.catalog.updating.columns import ARTIFACT_COLUMNS, StoredColumns, read_column, read_whole, write_whole
from latteboard.catalog.updating.rows import delete_rows
from latteboard.catalog.views import check_names, create_views, drop_views, made_by_people, remake
from latteboard.status.states import RULES

Columns = Mapping[str, NDArray[np.int64]]


@dataclass(frozen=True)
class Adopted:
    """A campaign as the catalog has taken it up.

    Attributes
    ----------
    codes : what the tables store for the campaign's values
    columns : what is known of the artifacts of each kind
    changed : whether the campaign is not as it was at the last index
    fresh : kinds of which nothing was known
    moved : kinds whose files are looked for on other paths than before, so that nothing was ever seen on these
    """

    models: Mapping[str, KindModel]
    codes: Codes
    columns: Mapping[str, StoredColumns]
    changed: bool = False
    fresh: frozenset[str] = frozenset()
    moved: frozenset[str] = frozenset()


@cache
def fingerprint(campaign: Campaign) -> str:
    """Changes whenever what is expected, named, or judged by size changes."""
    digest = hashlib.blake2b(campaign.table.model_dump_json().encode(), digest_size=16)
    digest.update(str(VERSION).encode())
    for column in campaign.relations.main.values():
        digest.update(column.tobytes())
    for values in campaign.relations.values.values():
        digest.update("\0".join(map(str, values)).encode())
    return digest.hexdigest()


def adopt(connection: Connection, campaign: Campaign) -> Adopted:
    """Bring the catalog to the campaign; tables get their new rows when the index is written."""
    if read_meta(connection, "fingerprint") == fingerprint(campaign):
        models = {model.name: model for model in stored_models(connection)}
        columns = {
            name: StoredColumns(connection, model.id, partial(parts_of, campaign, name), stored=True)
            for name, model in models.items()
        }
        return Adopted(models, stored_codes(connection, campaign), columns)
    check_names(connection, campaign.catalog, kind_models(campaign, {}))
    drop_views(connection)
    is_older = _is_older(connection)
    before = {model.name: model for model in stored_models(connection)} if read_meta(connection, "schema") else {}
    if is_older:
        _make_rebuilt_tables_anew(connection)
    metadata.create_all(connection, tables=STATIC)
    models = {model.name: model for model in kind_models(campaign, {name: old.id for name, old in before.items()})}
    fresh = _replace_kinds(connection, before, models, is_older=is_older)
    store_values(connection, campaign, models)
    codes = stored_codes(connection, campaign)
    store_relations(connection, campaign, codes)
    _store_rules(connection)
    columns = {name: _carried_over(connection, campaign, model, codes, fresh) for name, model in models.items()}
    for table in (folder, stray, container, recorded_input):
        connection.execute(delete(table))  # everything is looked into anew
    for durable in (replica, claim):  # kept by path; the index finds the artifacts of these paths again
        connection.execute(update(durable).values(kind=None, artifact=None))
    create_views(connection, models)
    root = str(campaign.root.resolve())
    elsewhere = read_meta(connection, "root") not in (None, root)
    moved = {
        name for name in models if name in before and (elsewhere or before[name].patterns != models[name].patterns)
    }
    facts = {"schema": str(VERSION), "campaign": campaign.name, "root": root, "fingerprint": fingerprint(campaign)}
    for key, value in facts.items():
        write_meta(connection, key, value)
    return Adopted(models, codes, columns, True, frozenset(fresh), frozenset(moved))


def parts_of(campaign: Campaign, name: str) -> list[int]:
    """Where the artifacts of each ensemble begin among the expected ones of a kind, and after the last their number."""
    expected = campaign.expected(name)
    if "ensemble" not in expected.rows:
        return [0, len(expected)]
    ensembles = expected.rows["ensemble"]
    return [0, *(np.flatnonzero(np.diff(ensembles)) + 1).tolist(), len(expected)]


def _is_older(connection: Connection) -> bool:
    """Whether the tables are of an older version than this one writes."""
    version = read_meta(connection, "schema")
    return version is not None and int(version) < VERSION


def _make_rebuilt_tables_anew(connection: Connection) -> None:
    """Make the tables that an index can rebuild as they are now; indexes and triggers that people made on them stay."""
    names = {table.name for table in REBUILT}
    kept = [one for one in made_by_people(connection) if one.table in names and one.type in ("index", "trigger")]
    for table in REBUILT:
        connection.execute(DropTable(table, if_exists=True))
    metadata.create_all(connection, tables=REBUILT)
    for one in kept:
        connection.exec_driver_sql(one.statement)


def _replace_kinds(
    connection: Connection, before: Mapping[str, KindModel], models: Mapping[str, KindModel], *, is_older: bool
) -> set[str]:
    """Write the kinds; a table whose coordinates are no longer those of its kind is made anew. Returns the empty ones."""
    fresh = set()
    for name, old in before.items():
        new = models.get(name)
        if new is None:
            connection.execute(DropTable(kind_table(old), if_exists=True))
        elif is_older or (new.coordinates, new.numeric) != (old.coordinates, old.numeric):
            remake(connection, kind_table(old), new)
            fresh.add(name)
        else:
            continue
        connection.execute(delete(column_part).where(column_part.c.kind == old.id))
    tables = set(inspect(connection).get_table_names())
    for model in models.values():
        table = kind_table(model)
        if table.name not in tables:
            table.create(connection)
            fresh.add(model.name)
    connection.execute(delete(kind))
    rows = [
        {"id": m.id, "name": m.name, "position": m.position, "path": m.path, "model": m.to_json()}
        for m in models.values()
    ]
    connection.execute(insert(kind), rows)
    return fresh


def _carried_over(
    connection: Connection, campaign: Campaign, model: KindModel, codes: Codes, fresh: set[str]
) -> StoredColumns:
    """What is known of the expected artifacts: those that stay keep it, those that go leave their table."""
    expected = campaign.expected(model.name)
    number = len(expected)
    columns = StoredColumns(connection, model.id, partial(parts_of, campaign, model.name), stored=False)
    own = {name: codes[name][column] for name, column in expected.rows.items()}
    last = 0
    if model.name not in fresh:
        old = {name: read_whole(connection, model.id, _key(name)) for name in model.coordinates}
        known = {name: read_column(connection, model.id, name) for name in ARTIFACT_COLUMNS}
        place, gone = _places(own, old, number)
        delete_rows(connection, model, {name: column[gone] for name, column in old.items()})
        stays = place >= 0
        for name, column in known.items():
            now = columns.before(name).copy()
            now[stays] = column[place[stays]]
            columns.carry_over(name, now)
        columns.inserted = ~stays
        last = int(known["id"].max(initial=0))
    ids = columns["id"].copy()
    ids[columns.inserted] = last + 1 + np.arange(int(columns.inserted.sum()))
    columns.carry_over("id", ids)
    connection.execute(delete(column_part).where(column_part.c.kind == model.id))
    for name, column in own.items():
        write_whole(connection, model.id, _key(name), column)
    return columns


def _key(coordinate: str) -> str:
    return f"at {coordinate}"


def _places(own: Columns, old: Columns, number: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
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


def _store_rules(connection: Connection) -> None:
    connection.execute(delete(status_rule))
    rows = [{"code": int(status), "name": status.name, "rule": rule} for status, rule in RULES.items()]
    connection.execute(insert(status_rule), rows)
