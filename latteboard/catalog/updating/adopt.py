"""Takes up a campaign, new or changed: kinds, codes and relations, and a row for each expected artifact."""

import hashlib
from functools import cache

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Table, bindparam, delete, func, insert, inspect, select, update
from sqlalchemy.schema import DropTable

from latteboard.campaign import Campaign
from latteboard.catalog.dialects.sqlite import bulk_insert
from latteboard.catalog.meta import read_meta, stored_models, texts, write_meta
from latteboard.catalog.readable import format_key
from latteboard.catalog.rules.status import Rules
from latteboard.catalog.tables.kinds import KindModel, is_numeric, kind_models
from latteboard.catalog.tables.schema import (
    STATIC,
    VERSION,
    axis_value,
    claim,
    container,
    coordinate_value,
    folder,
    kind,
    kind_table,
    metadata,
    recorded_input,
    replica,
    source_list,
    status_rule,
    stray,
)
from latteboard.catalog.views import check_names, create_views, drop_views, remake
from latteboard.names.templates import Choice, Field, Piece, Value
from latteboard.status.states import RULES, FileState, Status

# For each coordinate, what the tables store for each code of the campaign's relations.
Codes = dict[str, NDArray[np.int64]]


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


def adopt(connection: Connection, campaign: Campaign) -> tuple[dict[str, KindModel], Codes, set[str], bool]:
    """Bring the catalog to the campaign.

    Returns its kinds, the codes, the kinds whose tables are still empty, and whether the campaign is not as it was.
    """
    known = fingerprint(campaign)
    if read_meta(connection, "fingerprint") == known:
        models = {model.name: model for model in stored_models(connection)}
        return models, stored_codes(connection, campaign), set(), False
    check_names(connection, campaign.catalog, kind_models(campaign, {}))
    drop_views(connection)
    metadata.create_all(connection, tables=STATIC)
    numbers = {name: number for number, name in connection.execute(select(kind.c.id, kind.c.name)).all()}
    models = {model.name: model for model in kind_models(campaign, numbers)}
    fresh = _replace_kinds(connection, models)
    _store_values(connection, campaign, models)
    codes = stored_codes(connection, campaign)
    _store_relations(connection, campaign, codes)
    _store_rules(connection)
    rules = Rules(models.values())
    for model in models.values():
        if model.name not in fresh:
            _match_rows(connection, campaign, model, rules.tables[model.name], codes)
    for table in (folder, stray, container, recorded_input):
        connection.execute(delete(table))  # everything is looked into anew
    for durable in (replica, claim):  # kept by path; the index finds the artifacts of these paths again
        connection.execute(update(durable).values(kind=None, artifact=None))
    create_views(connection, models)
    write_meta(connection, "unsettled", "campaign")
    facts = {
        "schema": str(VERSION),
        "campaign": campaign.name,
        "root": str(campaign.root.resolve()),
        "fingerprint": known,
    }
    for key, value in facts.items():
        write_meta(connection, key, value)
    return models, codes, fresh, True


def _replace_kinds(connection: Connection, models: dict[str, KindModel]) -> set[str]:
    """Write the kinds; a table whose coordinates are no longer those of its kind is made anew. Returns the empty ones."""
    stored = {model.name: model for model in stored_models(connection)}
    fresh = set()
    for name, old in stored.items():
        new = models.get(name)
        if new is None:
            connection.execute(DropTable(kind_table(old), if_exists=True))
        elif (new.coordinates, new.numeric) != (old.coordinates, old.numeric):
            remake(connection, kind_table(old), new)
            fresh.add(name)
        elif new.temporary != old.temporary:  # what else is wanted and needed, the rules find out
            connection.execute(update(kind_table(new)).values(wanted=not new.temporary, needed=False))
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


def _store_values(connection: Connection, campaign: Campaign, models: dict[str, KindModel]) -> None:
    """Texts for codes. A text keeps its code for ever; new ones get new codes."""
    for name, values in campaign.relations.values.items():
        if is_numeric(values):
            continue
        known = _codes_of(connection, name)
        new = [str(value) for value in values if str(value) not in known]
        first = max(known.values(), default=-1) + 1
        bulk_insert(
            connection, coordinate_value, ("axis", "code", "text"), ((name, first + n, t) for n, t in enumerate(new))
        )
    codes = stored_codes(connection, campaign)
    formats = {f for m in models.values() for _, p in m.patterns for piece in p.pieces for f in _formats(piece)}
    for field in sorted(formats, key=str):
        key, values = format_key(field), campaign.values_of(field.name)
        connection.execute(delete(coordinate_value).where(coordinate_value.c.axis == key))
        rows = ((key, int(code), field.text(value)) for code, value in zip(codes[field.name], values, strict=True))
        bulk_insert(connection, coordinate_value, ("axis", "code", "text"), rows)


def _formats(piece: Piece) -> list[Field]:
    """The fields that write a coordinate in another way than by its plain text."""
    if isinstance(piece, Choice):
        return [field for _, pieces in piece.options for inner in pieces for field in _formats(inner)]
    return [piece] if isinstance(piece, Field) and (piece.part or piece.spec) else []


def _codes_of(connection: Connection, axis: str) -> dict[str, int]:
    return {text: code for code, text in texts(connection, axis).items()}


def stored_codes(connection: Connection, campaign: Campaign) -> Codes:
    """For each coordinate what the catalog stores for each of the campaign's values, in their order."""
    codes: Codes = {}
    for name, values in campaign.relations.values.items():
        stored: list[Value] = list(values)
        if not is_numeric(values):
            known = _codes_of(connection, name)
            stored = [known[str(value)] for value in values]
        codes[name] = np.array(stored, dtype=np.int64)
    return codes


def _store_relations(connection: Connection, campaign: Campaign, codes: Codes) -> None:
    relations = campaign.relations
    connection.execute(delete(source_list))
    main = relations.distinct(relations.main)
    rows = zip(*(codes[name][column].tolist() for name, column in main.items()), strict=True)
    bulk_insert(connection, source_list, tuple(main), rows)
    connection.execute(delete(axis_value))
    for axis, by_ensemble in relations.axes.items():
        pairs = (
            (axis, int(codes["ensemble"][e]), int(codes[axis][v]))
            for e, values in enumerate(by_ensemble)
            for v in values
        )
        bulk_insert(connection, axis_value, ("axis", "ensemble", "value"), pairs)


def _store_rules(connection: Connection) -> None:
    connection.execute(delete(status_rule))
    rows = [{"code": int(status), "name": status.name, "rule": rule} for status, rule in RULES.items()]
    connection.execute(insert(status_rule), rows)


def _match_rows(connection: Connection, campaign: Campaign, model: KindModel, table: Table, codes: Codes) -> None:
    """A row for each expected artifact and no other; those that stay keep what is known of them."""
    expected = campaign.expected(model.name).rows
    wanted = (
        set(zip(*(codes[name][column].tolist() for name, column in expected.items()), strict=True))
        if expected
        else {()}
    )
    names = [table.c[name] for name in model.coordinates]
    known = {tuple(row) for row in connection.execute(select(*names))} if names else {()}
    if known - wanted:
        gone = delete(table).where(*(column == bindparam(f"key_{column.name}") for column in names))
        keys = [{f"key_{c.name}": code for c, code in zip(names, key, strict=True)} for key in known - wanted]
        connection.execute(gone, keys)
    first = (connection.execute(select(func.max(table.c.id))).scalar() or 0) + 1
    columns = (*model.coordinates, "id", "look", "status", "wanted", "needed")
    rest = (int(FileState.unknown), int(Status.unknown), int(not model.temporary), 0)
    rows = ((*key, first + number, *rest) for number, key in enumerate(sorted(wanted - known)))
    bulk_insert(connection, table, columns, rows)
