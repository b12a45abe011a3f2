"""The inputs that reduced files recorded, as rows for people and as columns for the rules."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import and_, bindparam, delete

from latteboard.catalog.dialects.sqlite import bulk_insert
from latteboard.catalog.tables.kinds import KindModel
from latteboard.catalog.tables.schema import recorded_input
from latteboard.catalog.updating.finder import NOT_EXPECTED, Finder
from latteboard.catalog.updating.observations import Record
from latteboard.catalog.updating.record_columns import COLUMNS, read_records, write_records
from latteboard.catalog.updating.transaction import IndexTransaction
from latteboard.status import evidence

FIELDS = ("kind", "artifact", "input_kind", "input", "size", "mtime")
Entry = tuple[int, int, int, int, int, int]


def take_up_records(transaction: IndexTransaction) -> None:
    """Replace the records of the products that were looked at closer, now that every artifact has its number.

    Once the campaign has changed, the rows for people are all written again: inputs may be others, or no longer expected.
    """
    by_kind: dict[str, dict[int, Record | None]] = {}
    if transaction.adopted.changed:
        by_kind = {name: {} for name, model in transaction.models.items() if model.reduced}
    for (name, row), record in transaction.records.items():
        by_kind.setdefault(name, {})[row] = record
    for name, records in by_kind.items():
        _replace(transaction, name, records)


def records_of(transaction: IndexTransaction, name: str, numbers: Mapping[int, int]) -> evidence.Records:
    """The records of a kind's products; ``numbers`` gives the place of each kind, by id, in the order of the production."""
    product, kind, row, size, mtime, named = read_records(transaction.connection, transaction.models[name].id)
    places = np.full(max(numbers, default=0) + 2, evidence.NOT_EXPECTED)  # the last is that of no kind
    places[list(numbers)] = list(numbers.values())
    return evidence.Records(product, places[kind], row, size, mtime, named == 1)


def _replace(transaction: IndexTransaction, name: str, records: Mapping[int, Record | None]) -> None:
    model, ids = transaction.models[name], transaction.columns[name]["id"]
    stored = read_records(transaction.connection, model.id)
    kept = ~np.isin(stored[0], list(records))
    gone = np.unique(stored[0][~kept])
    finder = Finder(transaction)
    entries: list[Entry] = []
    rows: list[tuple[object, ...]] = []
    if transaction.adopted.changed:  # the table is empty
        rows += _rows(transaction, model.id, ids, stored[:, kept].T.tolist())
    else:
        _delete(transaction, model, ids[gone].tolist())
    for row, record in records.items():
        entries += _entries(finder, row, record) if record is not None else ()
    rows += _rows(transaction, model.id, ids, entries)
    bulk_insert(transaction.connection, recorded_input, FIELDS, rows)
    added = np.array(entries, dtype=np.int64).reshape(-1, len(COLUMNS)).T
    write_records(transaction.connection, model.id, np.concatenate([stored[:, kept], added], axis=1))


def _entries(finder: Finder, product: int, record: Record) -> Sequence[Entry]:
    """An entry for each recorded input; of a record that names none, one that says that there is a record."""
    if not record.inputs:
        time = evidence.UNTIMED if record.touched else 0
        return [(product, NOT_EXPECTED.kind, NOT_EXPECTED.row, 0, time, 0)]
    found: dict[tuple[int, int], Entry] = {}
    for number, one in enumerate(record.inputs):
        place = finder.find(one.path)
        time = evidence.UNTIMED if record.touched or one.mtime is None else one.mtime
        key = place[:2] if place != NOT_EXPECTED else (NOT_EXPECTED.kind, -1 - number)
        found[key] = (product, place.kind, place.row, one.size, time, 1)
    return list(found.values())


def _rows(
    transaction: IndexTransaction, kind: int, ids: NDArray[np.int64], entries: Iterable[Entry]
) -> list[tuple[object, ...]]:
    """Rows for people: inputs by their numbers; of those that the campaign does not expect, -1, -2, ... for each product."""
    columns = {model.id: transaction.columns[name] for name, model in transaction.models.items()}
    rows: list[tuple[object, ...]] = []
    for product, own in groupby(entries, key=itemgetter(0)):
        artifact = int(ids[product])
        for number, (_, of_kind, row, size, mtime, _) in enumerate(own):
            name = int(columns[of_kind]["id"][row]) if of_kind in columns else -1 - number
            rows.append((kind, artifact, of_kind, name, size, None if mtime == evidence.UNTIMED else mtime))
    return rows


def _delete(transaction: IndexTransaction, model: KindModel, artifacts: list[int]) -> None:
    if artifacts:
        one = and_(recorded_input.c.kind == model.id, recorded_input.c.artifact == bindparam("of"))
        transaction.connection.execute(delete(recorded_input).where(one), [{"of": number} for number in artifacts])
