"""What everything that is blocked waits for in the end: inputs that are missing and wait for nothing that is missing.

Each blocked artifact is counted once, under one cause: that of its first missing input, where it is blocked by several the
one that stands first in the production. A cause is a kind, a status, an ensemble, a stream and a configuration, written as
one number, so that one forward pass over what is not done, in the order of the production, finds them all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    FromClause,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Select,
    Table,
    and_,
    func,
    insert,
    literal,
    literal_column,
    select,
)

from latteboard.campaign.relations import MAIN
from latteboard.catalog.database import Database
from latteboard.catalog.meta import texts
from latteboard.catalog.readable import effective_status
from latteboard.catalog.rules.needs import is_equality, linked
from latteboard.catalog.rules.status import CODE, EVERYTHING, Rules
from latteboard.catalog.tables.kinds import KindModel
from latteboard.status.states import Status

NUMBERS = 2**32  # of configurations, which are whole numbers of 32 bits
STATUSES = 16
PLACES = ("ensemble", "stream")

Place = tuple[str, str, str | None, str | None]  # kind, status, ensemble, stream


@dataclass(frozen=True)
class Cause:
    """What others wait for: artifacts of one kind and status in one ensemble and stream.

    Attributes
    ----------
    status : ``blocked`` is what is given, not there, and made by nobody here
    configurations : for each how many wait for it; one None where the kind names no configuration
    held : for each kind how many of it wait
    """

    kind: str
    status: str
    ensemble: str | None
    stream: str | None
    configurations: Mapping[int | None, int]
    held: Mapping[str, int]

    @property
    def number(self) -> int:
        """How many wait."""
        return sum(self.held.values())


def causes(database: Database) -> list[Cause]:
    """What is waited for, that for which most wait first."""
    with database.reading() as connection:
        search = _Search(database, connection)
        found = list(search.counts())
    groups: dict[Place, tuple[dict[int | None, int], dict[str, int]]] = {}
    for kind, cause, number in found:
        place, configuration = search.decode(cause)
        configurations, held = groups.setdefault(place, ({}, {}))
        configurations[configuration] = configurations.get(configuration, 0) + number
        held[kind] = held.get(kind, 0) + number
    made = [Cause(*place, configurations, held) for place, (configurations, held) in groups.items()]
    return sorted(made, key=lambda one: (-one.number, str(one)))


class _Search:
    """The forward pass, on one connection, which forgets the tables of it when it is closed."""

    def __init__(self, database: Database, connection: Connection) -> None:
        self._rules = Rules(database.kinds.values())
        self._connection = connection
        self._kinds = list(database.kinds.values())
        self._texts = {axis: texts(connection, axis) for axis in PLACES}
        self._sizes = {axis: max(names, default=0) + 1 for axis, names in self._texts.items()}
        self._tables: dict[str, Table] = {}

    def counts(self) -> Iterator[tuple[str, int, int]]:
        """Kind, cause, and how many of that kind wait for it."""
        for kind in self._kinds:
            found = self._tables[kind.name] = _table(kind)
            found.create(self._connection)
            self._write(kind, self._roots(kind))
            for need in kind.needs:
                self._write(kind, self._waiting(kind, self._rules.kinds[need]))
            waiting = (found.c.waits == 1, found.c.cause.is_not(None))
            statement = select(found.c.cause, func.count()).where(*waiting).group_by(found.c.cause)
            yield from ((kind.name, cause, number) for cause, number in self._connection.execute(statement))

    def decode(self, cause: int) -> tuple[Place, int | None]:
        """Kind, status, ensemble and stream of a cause; its configuration."""
        rest, configuration = divmod(cause, NUMBERS)
        rest, stream = divmod(rest, self._sizes["stream"])
        rest, ensemble = divmod(rest, self._sizes["ensemble"])
        position, status = divmod(rest, STATUSES)
        kind = self._kinds[position]
        place = (
            kind.name,
            Status(status).name,
            self._texts["ensemble"][ensemble] if "ensemble" in kind.coordinates else None,
            self._texts["stream"][stream] if "stream" in kind.coordinates else None,
        )
        return place, configuration - NUMBERS // 2 if "configuration" in kind.coordinates else None

    def _write(self, kind: KindModel, rows: Select[Any]) -> None:
        table = self._tables[kind.name]
        self._connection.execute(insert(table).from_select(list(table.columns.keys()), rows))

    def _roots(self, kind: KindModel) -> Select[Any]:
        """What is not there for others, and waits for nothing itself."""
        table = self._rules.tables[kind.name]
        settled = [CODE[status] for status in (Status.done, Status.archived, Status.unneeded)]
        waits = and_(table.c.status == CODE[Status.blocked], table.c.blocked_by.is_not(None))
        missing = and_(table.c.status != CODE[Status.done], table.c.status.not_in(settled), ~waits)
        columns = [table.c[name] for name in _key(kind)]
        there = self._rules.is_archived(kind, table)
        return select(*columns, self._code(kind, table), literal(0)).where(missing, ~there)

    def _code(self, kind: KindModel, table: Table) -> ColumnElement[int]:
        position: ColumnElement[int] = literal_column(str(self._kinds.index(kind) * STATUSES))
        code = position + effective_status(self._rules.kinds, kind, table)
        for axis in PLACES:
            code = code * self._sizes[axis] + (table.c[axis] if axis in kind.coordinates else 0)
        number = table.c.configuration + NUMBERS // 2 if "configuration" in kind.coordinates else 0
        return code * NUMBERS + number

    def _waiting(self, kind: KindModel, need: KindModel) -> Select[Any]:
        """What is blocked by inputs of one kind, with the least of their causes.

        Many often wait for the same inputs, as the sequential sources of all separations for the propagators of their set:
        these are looked up once, by the coordinates that tell inputs apart.
        """
        table, inputs = self._rules.tables[kind.name], self._tables[need.name]
        blocked = and_(table.c.status != CODE[Status.done], table.c.status == CODE[Status.blocked])
        asked = select(*(table.c[name] for name in _key(kind))).where(blocked, table.c.blocked_by == need.id).subquery()
        telling = _telling(kind, need)
        if len(telling) == len(_key(kind)):
            return select(*asked.c, _least_cause(kind, need, asked, inputs), literal(1))
        keys = select(*(asked.c[name] for name in telling)).distinct().limit(EVERYTHING).subquery()
        found = select(*keys.c, _least_cause(kind, need, keys, inputs)).limit(EVERYTHING).subquery()
        same = and_(*(asked.c[name] == found.c[name] for name in telling))
        return select(*asked.c, found.c.cause, literal(1)).select_from(asked.join(found, same))


def _least_cause(kind: KindModel, need: KindModel, rows: FromClause, inputs: Table) -> ColumnElement[int]:
    least = select(func.min(inputs.c.cause)).where(linked(kind, need, rows, inputs)).correlate(rows)
    return least.scalar_subquery().label("cause")


def _telling(kind: KindModel, need: KindModel) -> tuple[str, ...]:
    """Those coordinates of a product that its inputs of one kind depend on; all where inputs are looked up at once."""
    if is_equality(kind, need) or not ("ensemble" in kind.coordinates and "ensemble" in need.coordinates):
        return _key(kind)
    return tuple(name for name in kind.coordinates if name in MAIN or name in need.coordinates)


def _key(kind: KindModel) -> tuple[str, ...]:
    return kind.coordinates or ("id",)


def _table(kind: KindModel) -> Table:
    return Table(
        f"__{kind.name}_waits",  # two underscores: the table of a kind X_waits is _X_waits
        MetaData(),
        *(Column(name, Integer, nullable=False) for name in _key(kind)),
        Column("cause", BigInteger),
        Column("waits", Integer, nullable=False),
        PrimaryKeyConstraint(*_key(kind)),
        prefixes=["TEMPORARY"],
        sqlite_with_rowid=False,
    )
