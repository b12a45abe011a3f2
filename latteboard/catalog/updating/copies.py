"""The copies in archives: found in the campaign once a listing is new, and judged at every index."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import bindparam, select, update

from latteboard.catalog.meta import read_meta, write_meta
from latteboard.catalog.tables.kinds import KindModel
from latteboard.catalog.tables.schema import replica
from latteboard.catalog.updating.columns import StoredColumns, read_whole, write_whole
from latteboard.catalog.updating.finder import Finder
from latteboard.catalog.updating.transaction import IndexTransaction
from latteboard.status.copies import Flaw, flaws
from latteboard.status.evidence import Copies
from latteboard.status.states import FileState

# Columns of a kind, one entry a copy; the archive is a number, the place of its name among all.
COLUMNS = ("copy archive", "copy row", "copy size", "copy mtime", "copy sound")
UNSETTLED = "unsettled"  # a key of ``meta``: listings came or went without a file on this disk changing
NOT_JUDGED = -1
LAST_SEEN = (("size", "seen_size"), ("mtime", "seen_mtime"))  # of a file that is sound, and of one that was

FLAW_TEXTS = {
    Flaw.too_small: "its copy in {archive} is too small",
    Flaw.other_size: "its copy in {archive} is outdated: of another size than the file last seen",
    Flaw.older: "its copy in {archive} is outdated: older than the file last seen",
}


@dataclass(frozen=True)
class JudgedCopies:
    """The copies of one kind, and for those with a flaw the problem of their artifact: rows, and numbers of texts."""

    copies: Copies
    rows: NDArray[np.int64]
    problems: NDArray[np.int64]


def take_up_listings(transaction: IndexTransaction) -> bool:
    """Find the artifacts of copies that are new; returns whether there were any listings to take up."""
    connection = transaction.connection
    if not (transaction.adopted.changed or read_meta(connection, UNSETTLED)):
        return False
    finder, found = Finder(transaction), []
    unknown = select(replica.c.archive, replica.c.path).where(replica.c.kind.is_(None))
    for archive, path in connection.execute(unknown).all():
        place = finder.find(path)
        found.append({"of_archive": archive, "of_path": path, "kind": place.kind, "artifact": place.artifact})
    if found:
        one = (replica.c.archive == bindparam("of_archive"), replica.c.path == bindparam("of_path"))
        connection.execute(update(replica).where(*one), found)
    archives = _archives(transaction)
    for name, model in transaction.models.items():
        _keep(transaction, model, transaction.columns[name], archives)
    write_meta(connection, UNSETTLED, "")
    return True


def _archives(transaction: IndexTransaction) -> list[str]:
    names = select(replica.c.archive).distinct().order_by(replica.c.archive)
    return list(transaction.connection.execute(names).scalars())


def _keep(transaction: IndexTransaction, model: KindModel, columns: StoredColumns, archives: list[str]) -> None:
    """Keep the copies of a kind as columns."""
    numbers = {archive: number for number, archive in enumerate(archives)}
    fields = (replica.c.archive, replica.c.artifact, replica.c.size, replica.c.mtime, replica.c.sound)
    rows = transaction.connection.execute(select(*fields).where(replica.c.kind == model.id)).all()
    table = [
        (numbers[a], n, size, time, NOT_JUDGED if sound is None else int(sound)) for a, n, size, time, sound in rows
    ]
    stated = np.array(table, dtype=np.int64).reshape(-1, len(COLUMNS)).T.copy()
    by_id = np.argsort(columns["id"])
    stated[1] = by_id[np.searchsorted(columns["id"], stated[1], sorter=by_id)] if len(rows) else stated[1]
    stated = stated[:, np.lexsort(stated[1::-1])]
    for name, column in zip(COLUMNS, stated, strict=True):
        write_whole(transaction.connection, model.id, name, column)


def judged_copies(transaction: IndexTransaction, name: str) -> JudgedCopies:
    """The copies of a kind, each judged against the file last seen; where that changed, the table says so too."""
    model, columns = transaction.models[name], transaction.columns[name]
    archive, row, size, mtime, before = (read_whole(transaction.connection, model.id, column) for column in COLUMNS)
    if not len(row):
        return JudgedCopies(Copies.none(), row, row)
    least = transaction.campaign.expected(name).least_bytes()[row]
    is_sound = columns["state"][row] == FileState.sound
    seen = [np.where(is_sound, columns[now][row], columns[then][row]) for now, then in LAST_SEEN]
    found = flaws(size, mtime, least, *seen)
    sound = found == Flaw.none
    changed = np.flatnonzero(sound != (before == 1))
    changed = np.union1d(changed, np.flatnonzero(before == NOT_JUDGED))
    if len(changed):
        names = _archives(transaction)
        facts = np.stack([archive, columns["id"][row], size, mtime, sound])[:, changed].T.tolist()
        _write_soundness(transaction, model, [(names[number], *rest) for number, *rest in facts])
        write_whole(transaction.connection, model.id, "copy sound", sound.astype(np.int64))
    flawed = np.flatnonzero(~sound)
    texts = list(_texts(transaction, archive[flawed], found[flawed])) if len(flawed) else []
    return JudgedCopies(Copies(row, size, mtime, sound), row[flawed], np.array(texts, dtype=np.int64))


def _texts(transaction: IndexTransaction, archive: NDArray[np.int64], found: NDArray[np.uint8]) -> Iterator[int]:
    names = _archives(transaction)
    for number, flaw in zip(archive.tolist(), found.tolist(), strict=True):
        yield transaction.problem(FLAW_TEXTS[Flaw(flaw)].format(archive=names[number]))


def _write_soundness(
    transaction: IndexTransaction, model: KindModel, copies: list[tuple[str, int, int, int, int]]
) -> None:
    """Write whether copies are sound: archive, artifact, size and time of each, and the verdict."""
    # An archive may have an artifact under several paths: size and time decide, which is all that a verdict goes by.
    names = ("archive", "artifact", "size", "mtime")
    one = [replica.c[name] == bindparam(f"of_{name}") for name in names]
    rows = [{**{f"of_{n}": v for n, v in zip(names, key, strict=True)}, "sound": bool(sound)} for *key, sound in copies]
    transaction.connection.execute(update(replica).where(replica.c.kind == model.id, *one), rows)
