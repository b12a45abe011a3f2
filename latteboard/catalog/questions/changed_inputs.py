"""The inputs that made products stale, counted by kind: the rules are asked again for these products and their inputs."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Connection, func, select

from latteboard.catalog.database import Database
from latteboard.catalog.dialects.sqlite import number_columns
from latteboard.catalog.questions.relations import StoredRelations, few_values, kept
from latteboard.catalog.statements import CODE, not_done, number_table
from latteboard.catalog.tables.kinds import KindModel
from latteboard.catalog.tables.schema import recorded_input, replica
from latteboard.catalog.updating.places import stored_other_copies
from latteboard.status.evidence import NOT_EXPECTED, UNTIMED, Copies, Evidence, Records
from latteboard.status.staleness import Need, stale
from latteboard.status.states import Status

Numbers = NDArray[np.int64]


def changed_inputs(database: Database, connection: Connection, kind: KindModel) -> Iterator[tuple[str, int]]:
    """For each kind of input, the number of stale artifacts with an input that changed since they were made."""
    table = database.tables[kind.name].c
    products = _read(
        database, connection, kind, not_done(database.tables[kind.name]), table.status == CODE[Status.stale]
    )
    if not len(products.ids):
        return
    relations = StoredRelations(connection, products.coordinates)
    recorded = _recorded(connection, kind, products.ids)
    for need, entries in ((database.kinds[name], entries) for name, entries in kind.entries.items()):
        columns = database.tables[need.name].c
        few = few_values(kept(entries, products.coordinates))
        near = [columns[name].in_(found) for name, found in few.items() if name in columns]
        inputs = _read(database, connection, need, *near)
        links = relations.links(entries, products.coordinates, inputs.coordinates)
        records = _records(recorded, products, need, inputs)
        evidence = products.evidence(Copies.none(), records)
        copies = _copies(connection, need, inputs)
        if need.places > 1:
            copies = copies.together(_other_copies(connection, need, inputs))
        changed = stale(evidence, [Need(need.id, links, inputs.evidence(copies))])
        if number := np.count_nonzero(changed):
            yield need.name, int(number)


@dataclass(frozen=True)
class _Artifacts:
    """Artifacts of one kind, a row each: numbers, coordinates as stored, and the state of their files."""

    ids: Numbers
    coordinates: dict[str, Numbers]
    states: Numbers
    sizes: Numbers
    mtimes: Numbers

    def evidence(self, copies: Copies, records: Records | None = None) -> Evidence:
        """The evidence that the rules ask for."""
        return Evidence(self.states.astype(np.uint8), self.sizes, self.mtimes, copies, records or Records.none())

    def rows_of(self, ids: Numbers) -> Numbers:
        """The rows of artifacts, ``NOT_EXPECTED`` of those that are not among these."""
        order = np.argsort(self.ids)
        places = np.searchsorted(self.ids, ids, sorter=order)
        rows = np.append(order, NOT_EXPECTED)[places]
        found: Numbers = np.where(np.append(self.ids, NOT_EXPECTED)[rows] == ids, rows, NOT_EXPECTED)
        return found


def _read(database: Database, connection: Connection, kind: KindModel, *conditions: ColumnElement[bool]) -> _Artifacts:
    table, names = database.tables[kind.name], kind.coordinates
    facts = (table.c.id, table.c.look, table.c.size, table.c.mtime)
    columns = [*facts, *(table.c[name] for name in names)]
    first = table.c[names[0] if names else "id"]
    ids, states, sizes, mtimes, *coordinates = number_columns(connection, columns, table, first, *conditions)
    return _Artifacts(ids, dict(zip(names, coordinates, strict=True)), states, sizes, mtimes)


def _recorded(connection: Connection, kind: KindModel, ids: Numbers) -> Numbers:
    """The recorded inputs of products: number of the product; kind, number, size and time of the input."""
    columns = recorded_input.c
    time = func.coalesce(columns.mtime, UNTIMED)
    statement = select(columns.artifact, columns.input_kind, columns.input, columns.size, time)
    near = [columns[name].in_(found) for name, found in few_values({"artifact": ids}).items()]
    return number_table(connection, statement.where(columns.kind == kind.id, *near))


def _records(recorded: Numbers, products: _Artifacts, need: KindModel, inputs: _Artifacts) -> Records:
    """The records in terms of rows; only reduced kinds have any, and they need ``need`` alone."""
    rows = products.rows_of(recorded[0])
    _, kinds, numbers, sizes, mtimes = recorded[:, rows != NOT_EXPECTED]
    own = kinds == need.id
    found = np.full(len(own), NOT_EXPECTED)
    found[own] = inputs.rows_of(numbers[own])
    return Records(rows[rows != NOT_EXPECTED], kinds, found, sizes, mtimes, (kinds != NOT_EXPECTED) | (sizes > 0))


def _other_copies(connection: Connection, kind: KindModel, artifacts: _Artifacts) -> Copies:
    """The copies on disk that do not count."""
    ids, copies = stored_other_copies(connection, kind)
    rows = artifacts.rows_of(ids[copies.rows])
    known = rows != NOT_EXPECTED
    return Copies(rows[known], copies.sizes[known], copies.mtimes[known], copies.sound[known])


def _copies(connection: Connection, kind: KindModel, artifacts: _Artifacts) -> Copies:
    columns = replica.c
    statement = select(columns.artifact, columns.size, columns.mtime, func.coalesce(columns.sound, 0))
    numbers, sizes, mtimes, sound = number_table(connection, statement.where(columns.kind == kind.id))
    rows = artifacts.rows_of(numbers)
    known = rows != NOT_EXPECTED
    return Copies(rows[known], sizes[known], mtimes[known], sound[known] == 1)
