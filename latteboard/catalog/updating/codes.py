"""Texts and the codes that stand for them in the tables of kinds, and the campaign's relations in these codes."""

from itertools import repeat

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, delete

from latteboard.campaign import Campaign
from latteboard.campaign.relations import ABSENT, Columns
from latteboard.catalog.dialects.sqlite import bulk_insert
from latteboard.catalog.meta import texts
from latteboard.catalog.readable import format_key
from latteboard.catalog.tables.kinds import KindModel, is_numeric
from latteboard.catalog.tables.schema import axis_value, coordinate_value, source_list
from latteboard.names.templates import Choice, Field, Piece, Value

# For each coordinate, what the tables store for each code of the campaign's relations.
Codes = dict[str, NDArray[np.int64]]


def store_values(connection: Connection, campaign: Campaign, models: dict[str, KindModel]) -> None:
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
    formats = {f for m in models.values() for piece in m.pieces for f in _formats(piece)}
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


def store_relations(connection: Connection, campaign: Campaign, codes: Codes) -> None:
    """Replace the campaign's relations, with which the catalog finds inputs without the campaign file."""
    relations = campaign.relations
    connection.execute(delete(source_list))
    main = _stored(relations.distinct(relations.main), codes)
    bulk_insert(connection, source_list, tuple(main), zip(*main.values(), strict=True))
    connection.execute(delete(axis_value))
    for axis, relation in relations.axes.items():
        *places, values = _stored(relation.columns, codes).values()
        rows = zip(repeat(axis), *places, values, strict=False)
        bulk_insert(connection, axis_value, ("axis", *relation.on, "value"), rows)


def _stored(rows: Columns, codes: Codes) -> dict[str, list[int | None]]:
    """The stored numbers of some rows; None where the row does not have the coordinate."""
    stored: dict[str, list[int | None]] = {}
    for name, column in rows.items():
        numbers = np.append(codes[name], 0)[column].tolist()
        absent = np.flatnonzero(column == ABSENT).tolist()
        stored[name] = numbers
        for row in absent:
            stored[name][row] = None
    return stored
