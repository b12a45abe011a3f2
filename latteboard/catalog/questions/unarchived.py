"""Files that exist only on this disk, by age."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, null, select

from latteboard.catalog.database import Database
from latteboard.catalog.dialects.sqlite import sum_bytes
from latteboard.catalog.meta import texts
from latteboard.catalog.statements import exists_in
from latteboard.catalog.tables.kinds import KindModel
from latteboard.catalog.tables.schema import replica, run
from latteboard.times import DAY_NS

# From the time of a file to the beginning of the last index, in days; what is older is in a class of its own.
AGES = (("up to a week", 7), ("up to a month", 30), ("up to 3 months", 90))
OLDER = "older"


@dataclass(frozen=True)
class UnarchivedFiles:
    """Files of one kind, ensemble and age without a sound copy in any archive; ensemble is None where the kind names none."""

    kind: str
    ensemble: str | None
    age: str
    number: int
    bytes: int


def unarchived_files(database: Database) -> list[UnarchivedFiles]:
    """Count the files that are on this disk and in no archive, by kind, ensemble and age; datasets inside files do not count."""
    with database.reading() as connection:
        ensembles = texts(connection, "ensemble")
        started = connection.execute(select(func.max(run.c.started))).scalar_one_or_none() or 0
        copied = set(connection.execute(select(replica.c.kind).distinct().where(replica.c.sound.is_(True))).scalars())
        files = [model for model in database.kinds.values() if not model.inside]
        held: list[UnarchivedFiles] = []
        for model in files:
            statement = _statement(database, model, started, copied=model.id in copied)
            held += [UnarchivedFiles(model.name, ensembles.get(e), *rest) for e, *rest in connection.execute(statement)]
        return held


def _statement(database: Database, model: KindModel, started: int, *, copied: bool) -> Select[Any]:
    rows = database.tables[model.name]
    named: list[ColumnElement[Any]] = [rows.c.ensemble] if "ensemble" in model.coordinates else []
    age = case(*((rows.c.mtime >= started - days * DAY_NS, name) for name, days in AGES), else_=OLDER)
    statement = select(*named or (null(),), age, func.count(), sum_bytes(rows.c.size)).where(rows.c.size.is_not(None))
    if copied:
        copy = replica.alias()
        same = (copy.c.kind == model.id, copy.c.artifact == rows.c.id, copy.c.sound.is_(True))
        statement = statement.where(~exists_in(copy, *same))
    return statement.group_by(*named, age)
