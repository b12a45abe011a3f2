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
from latteboard.catalog.updating.record_columns import COLUMNS, RecordColumns, read_records, write_records
from latteboard.catalog.updating.transaction import IndexTransaction
from latteboard.status import evidence

FIELDS = ("kind", "artifact", "input_kind", "input", "size", "mtime")
Entry = tuple[int, int, int, int, int, int]
Noted = dict[tuple[int, int], Record | None]  # by row of the product and place of its file


def take_up_records(transaction: IndexTransaction) -> None:
    """Replace the records of the files that were looked at closer, now that every artifact has its number.

    Once the campaign has changed, the rows for people are all written again: inputs may be others, or no longer expected.
    """
    by_kind: dict[str, Noted] = {}
    for name, model in transaction.models.items():
        if model.reduced and (transaction.adopted.changed or len(_chosen_anew(transaction, name))):
            by_kind[name] = {}
    for (name, row, place), record in transaction.records.items():
        by_kind.setdefault(name, {})[row, place] = record
    for name, records in by_kind.items():
        _replace(transaction, name, records)


def records_of(transaction: IndexTransaction, name: str, numbers: Mapping[int, int]) -> evidence.Records:
    """The records of a kind's products; ``numbers`` gives the place of each kind, by id, in the order of the production."""
    records = read_records(transaction.connection, transaction.models[name].id)
    if name in transaction.placed:
        records = records.take(records.of_files_that_count(transaction.columns[name]["place"]))
    product, kind, row, size, mtime, named = records.entries
    places = np.full(max(numbers, default=0) + 2, evidence.NOT_EXPECTED)  # the last is that of no kind
    places[list(numbers)] = list(numbers.values())
    return evidence.Records(product, places[kind], row, size, mtime, named == 1)


def _replace(transaction: IndexTransaction, name: str, records: Noted) -> None:
    connection, model, columns = transaction.connection, transaction.models[name], transaction.columns[name]
    stored = read_records(connection, model.id)
    kept = stored.take(~_are_noted(stored, records, model))
    together = kept.together(_added(Finder(transaction), records))
    shown = together.of_files_that_count(columns["place"])
    if not transaction.adopted.changed:  # else the table is empty
        rows = [row for row, _ in records]
        concerned = np.union1d(np.array(rows, dtype=np.int64), _chosen_anew(transaction, name))
        _delete(transaction, model, columns["id"][np.intersect1d(stored.entries[0], concerned)].tolist())
        shown &= np.isin(together.entries[0], concerned)
    entries = together.entries[:, shown].T.tolist()
    bulk_insert(connection, recorded_input, FIELDS, _rows(transaction, model.id, columns["id"], entries))
    write_records(connection, model.id, together)


def _chosen_anew(transaction: IndexTransaction, name: str) -> NDArray[np.int64]:
    """The rows of products of which a file in another place than before counts now."""
    if name not in transaction.placed:
        return np.empty(0, dtype=np.int64)
    return np.flatnonzero(transaction.columns[name].differ(["place"]))


def _are_noted(stored: RecordColumns, records: Noted, model: KindModel) -> NDArray[np.bool_]:
    """The entries of files that were looked at closer."""
    noted = [row * model.places + place for row, place in records]
    found: NDArray[np.bool_] = np.isin(stored.entries[0] * model.places + stored.places, noted)
    return found


def _added(finder: Finder, records: Noted) -> RecordColumns:
    entries: list[Entry] = []
    places: list[int] = []
    for (row, place), record in records.items():
        entries += _entries(finder, row, record) if record is not None else ()
        places += [place] * (len(entries) - len(places))
    table = np.array(entries, dtype=np.int64).reshape(-1, len(COLUMNS)).T
    return RecordColumns(table, np.array(places, dtype=np.int64))


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
