"""The status rules, once, as statements generated from the campaign's kinds.

What the disk says of an artifact alone (growing, bad, on disk) is written by the indexer as its *look*. What depends on other
artifacts is settled here, kind by kind: first what is archived and stale, which needs the looks only; then, from the last
products back to the first inputs, what is wanted and needed, and whether what is not there can be made.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Select,
    Table,
    Update,
    and_,
    case,
    false,
    func,
    literal_column,
    null,
    or_,
    select,
    true,
    tuple_,
    union,
    update,
)

from latteboard.catalog.rules import extent
from latteboard.catalog.rules.needs import exists_in, is_equality, linked
from latteboard.catalog.tables.kinds import KindModel
from latteboard.catalog.tables.schema import kind_table, recorded_input, replica
from latteboard.status.states import FileState, Status

NANOSECONDS = 1_000_000_000
# Keeps a subquery one: SQLite would otherwise copy its columns' expressions, counts of inputs among them, wherever they are used.
EVERYTHING = 2**62

# Codes stand in statements as they are, not as parameters: SQLite uses a partial index only for a condition it can read.
# The stored statuses of what is not there; a claim is not stored.
NOT_THERE = {Status.unneeded, Status.blocked, Status.recall, Status.ready}
CODE: Mapping[Status, ColumnElement[int]] = {status: literal_column(str(int(status))) for status in Status}
LOOK: Mapping[FileState, ColumnElement[int]] = {look: literal_column(str(int(look))) for look in FileState}


class Rules:
    """The statements of one campaign."""

    def __init__(self, kinds: Iterable[KindModel]) -> None:
        self.kinds = {kind.name: kind for kind in kinds}
        self.tables = {name: kind_table(kind) for name, kind in self.kinds.items()}
        self.consumers = {name: [other for other in self.kinds.values() if name in other.needs] for name in self.kinds}

    def settle(self, connection: Connection, changed: set[str]) -> None:
        """Give every artifact its status; ``changed`` names the kinds whose looks or replicas are not as they were."""

        def run(statements: Iterable[Update]) -> None:
            for statement in statements:
                connection.execute(statement)

        for name, kind in self.kinds.items():
            if name in changed:
                run(self.archived(kind, self._present(connection, kind), copied=_has_copies(connection, kind)))
        judged = [kind for kind in self.kinds.values() if changed & {kind.name, *kind.needs}]
        measured = {name for kind in judged if kind.stale for name in (kind.name, *kind.needs)}
        with extent.measured(connection, [(self.kinds[name], self.tables[name]) for name in measured]):
            for kind in judged:
                run(self.stale(kind, self._present(connection, kind), recorded=_has_records(connection, kind)))
        for kind in reversed(self.kinds.values()):
            if kind.temporary:
                run(self.asked_for(kind))
            run(self.work(kind, self._present(connection, kind)))

    def _present(self, connection: Connection, kind: KindModel) -> set[Status]:
        """The statuses beside done that occur now: a statement that starts from others need not be made."""
        table = self.tables[kind.name]
        occurring = select(table.c.status).where(_open(table)).distinct()
        return {Status(code) for code in connection.execute(occurring).scalars()}

    # -- on disk or in the archive -----------------------------------------------------------------------------------

    def archived(self, kind: KindModel, present: set[Status], *, copied: bool) -> Iterator[Update]:
        """``archived``: not on disk, a sound copy is in the archive.

        ``copied`` says whether the archive has copies of any artifact of the kind.
        """
        table = self.tables[kind.name]
        kept = and_(table.c.look.in_([LOOK[FileState.absent], LOOK[FileState.unknown]]), _sound_replica(kind, table))
        if Status.archived in present:
            without = case((table.c.look == LOOK[FileState.unknown], CODE[Status.unknown]), else_=CODE[Status.unneeded])
            was_archived = and_(_open(table), table.c.status == CODE[Status.archived])
            yield update(table).where(was_archived, ~kept).values(status=without)
        if copied:
            yield (
                update(table)
                .where(_open(table), table.c.status != CODE[Status.archived], kept)
                .values(status=CODE[Status.archived], blocked_by=null(), blocked_count=null())
            )

    def stale(self, kind: KindModel, present: set[Status], *, recorded: bool) -> Iterator[Update]:
        """``stale``: on disk and sound, but what it was made from has changed since.

        ``recorded`` says whether any product of the kind carries a record of its inputs.
        """
        table = self.tables[kind.name]
        if Status.stale in present:
            was_stale = and_(_open(table), table.c.status == CODE[Status.stale])
            yield update(table).where(was_stale).values(status=CODE[Status.done])
        if not kind.stale:
            return
        sound = and_(table.c.status == CODE[Status.done], table.c.look == LOOK[FileState.sound])
        needs = [self.kinds[need] for need in kind.needs]
        if recorded:
            record = recorded_input.alias()
            has_record = exists_in(record, record.c.kind == kind.id, record.c.artifact == table.c.id)
            unlike = or_(false(), *(self.unlike_record(kind, need) for need in needs))
            yield update(table).where(sound, has_record, unlike).values(status=CODE[Status.stale])
            sound = and_(sound, ~has_record)
        for need in needs:
            older = and_(extent.may_be_older(kind, need, table), self.newer(kind, need))
            yield update(table).where(sound, older).values(status=CODE[Status.stale])

    def newer(self, kind: KindModel, need: KindModel) -> ColumnElement[bool]:
        """Some sound input on disk is newer than the product, beyond the tolerance."""
        table, inputs = self.tables[kind.name], self.tables[need.name].alias()
        newer = and_(inputs.c.look == LOOK[FileState.sound], inputs.c.mtime > table.c.mtime + extent.TOLERANCE)
        return exists_in(inputs, linked(kind, need, table, inputs), newer)

    def unlike_record(self, kind: KindModel, need: KindModel) -> ColumnElement[bool]:
        """Some sound input on disk is not as the product's record says: left out, of another size, of another time."""
        table, inputs = self.tables[kind.name], self.tables[need.name].alias()
        record, copy = recorded_input.alias(), replica.alias()
        elsewhere = exists_in(
            copy,
            copy.c.kind == need.id,
            copy.c.artifact == inputs.c.id,
            copy.c.size == record.c.size,
            same_time(copy.c.mtime, record.c.mtime),
        )
        vouched = exists_in(
            record,
            record.c.kind == kind.id,
            record.c.artifact == table.c.id,
            record.c.input_kind == need.id,
            record.c.input == inputs.c.id,
            record.c.size == inputs.c.size,
            or_(record.c.mtime.is_(None), same_time(record.c.mtime, inputs.c.mtime), elsewhere),
        )
        unlike = and_(inputs.c.look == LOOK[FileState.sound], ~vouched)
        return exists_in(inputs, linked(kind, need, table, inputs), unlike)

    # -- wanted and needed -------------------------------------------------------------------------------------------

    def asked_for(self, kind: KindModel) -> Iterator[Update]:
        """*Wanted*: a wanted artifact that is not there needs it. *Needed*: it must not be purged."""
        table = self.tables[kind.name]
        for column, asking in (("wanted", _is_wanted_work), ("needed", _still_needs_inputs)):
            asked = union(*(self._inputs_of(consumer, kind, asking) for consumer in self.consumers[kind.name]))
            key = _key(kind, table)
            yield update(table).where(table.c[column].is_(False), key.in_(asked)).values({column: True})
            yield update(table).where(table.c[column].is_(True), key.not_in(asked)).values({column: False})

    def _inputs_of(self, consumer: KindModel, kind: KindModel, asking: "Condition") -> Select[Any]:
        """The keys of the artifacts of ``kind`` that those of ``consumer`` which are ``asking`` need."""
        products = self.tables[consumer.name]
        # Many that ask often need the same inputs: these are looked up once, by the coordinates that both kinds name.
        shared = [n for n in consumer.coordinates if n in kind.coordinates] if is_equality(consumer, kind) else []
        columns = [products.c[name] for name in shared] or _columns(consumer, products)
        # The few that ask come first: with the limit SQLite cannot turn the join around.
        askers = select(*columns).distinct().where(asking(consumer, products)).limit(EVERYTHING).subquery()
        inputs = self.tables[kind.name].alias()
        return (
            select(*_columns(kind, inputs))
            .distinct()
            .select_from(askers.join(inputs, linked(consumer, kind, askers, inputs)))
        )

    # -- what is not there -------------------------------------------------------------------------------------------

    def work(self, kind: KindModel, present: set[Status]) -> Iterator[Update]:
        """``unneeded``, ``blocked``, ``recall`` or ``ready``, with what blocks it."""
        table = self.tables[kind.name]
        if not present & NOT_THERE:
            return
        if kind.temporary:
            unwanted = and_(_not_there(table), table.c.wanted.is_(False), table.c.status != CODE[Status.unneeded])
            yield (
                update(table)
                .where(unwanted)
                .values(status=CODE[Status.unneeded], blocked_by=null(), blocked_count=null())
            )
        found = self.readiness(kind).subquery("found")
        differs = or_(
            table.c.status != found.c.status,
            func.coalesce(table.c.blocked_by, -1) != func.coalesce(found.c.blocked_by, -1),
            func.coalesce(table.c.blocked_count, -1) != func.coalesce(found.c.blocked_count, -1),
        )
        names = kind.coordinates or ("id",)
        yield (
            update(table)
            .where(*(table.c[name] == found.c[name] for name in names), differs)
            .values(status=found.c.status, blocked_by=found.c.blocked_by, blocked_count=found.c.blocked_count)
        )

    def readiness(self, kind: KindModel) -> Select[Any]:
        """The one plain statement of a kind: for each wanted artifact that is not there its status and what blocks it."""
        table = self.tables[kind.name]
        wanted = and_(_not_there(table), table.c.wanted.is_(True))
        asked = select(*_columns(kind, table)).where(wanted).limit(EVERYTHING).cte("asked")
        found: FromClause = asked
        counts: list[tuple[int, ColumnElement[int], ColumnElement[bool]]] = []
        for number, need in enumerate(self.kinds[need] for need in kind.needs):
            counted = self._counted(kind, need, asked).subquery(f"need_{number}")
            tied = [asked.c[c.name] == c for c in counted.c if c.name in kind.coordinates]
            found = found.join(counted, and_(true(), *tied))
            counts.append((need.id, counted.c.missing, counted.c.recall))
        lacks = [missing > 0 for _, missing, _ in counts]
        recalled = or_(false(), *(recall for _, _, recall in counts))
        made = case(
            (or_(false(), *lacks), CODE[Status.blocked]), (recalled, CODE[Status.recall]), else_=CODE[Status.ready]
        )
        status = CODE[Status.blocked] if kind.given else made
        blocked_by: ColumnElement[Any] = null()
        blocked_count: ColumnElement[Any] = null()
        if counts:
            blocked_by = case(*((lack, need) for lack, (need, _, _) in zip(lacks, counts, strict=True)), else_=null())
            blocked_count = case(*((lack, m) for lack, (_, m, _) in zip(lacks, counts, strict=True)), else_=null())
        columns = (status.label("status"), blocked_by.label("blocked_by"), blocked_count.label("blocked_count"))
        return select(*_columns(kind, asked), *columns).select_from(found)

    def _counted(self, kind: KindModel, need: KindModel, asked: FromClause) -> Select[Any]:
        """How many inputs of one kind are missing, and whether some are only in the archive, for the artifacts asked for.

        Many artifacts often need the same inputs, as the files of all currents need the same averages; these are counted
        once, by the coordinates that both kinds name.
        """
        inputs = self.tables[need.name].alias()
        shared = [n for n in kind.coordinates if n in need.coordinates] if is_equality(kind, need) else kind.coordinates
        columns: list[ColumnElement[Any]] = [asked.c[name] for name in shared] or [literal_column("1")]
        keys = select(*columns).select_from(asked).distinct().limit(EVERYTHING).subquery("keys")
        link = linked(kind, need, keys, inputs)
        lacking = and_(inputs.c.status != CODE[Status.done], ~self.is_archived(need, inputs))
        missing = select(func.count()).select_from(inputs).where(link, lacking).correlate(keys).scalar_subquery()
        recall = exists_in(inputs, link, self.is_archived(need, inputs))
        numbers = (missing.label("missing"), recall.label("recall"))
        return select(*(keys.c[name] for name in shared), *numbers).select_from(keys).limit(EVERYTHING)

    @staticmethod
    def is_archived(kind: KindModel, rows: FromClause) -> ColumnElement[bool]:
        """A sound copy is in the archive and none on disk: a bad file does not count."""
        saved = and_(rows.c.status == CODE[Status.bad], _sound_replica(kind, rows))
        return or_(rows.c.status == CODE[Status.archived], saved)


def same_time(a: ColumnElement[int], b: ColumnElement[int]) -> ColumnElement[bool]:
    """Two times agree as far as both tell: to the ns, or to the second where one is of whole seconds."""
    whole = or_(a % NANOSECONDS == 0, b % NANOSECONDS == 0)
    return or_(a == b, and_(whole, a // NANOSECONDS == b // NANOSECONDS))


def is_purgeable(kind: KindModel, rows: FromClause) -> ColumnElement[bool]:
    """Temporary, on disk, and nothing that is wanted still needs it."""
    if not kind.temporary:
        return false()
    return and_(rows.c.size.is_not(None), rows.c.look != LOOK[FileState.unknown], rows.c.needed.is_(False))


def _is_wanted_work(_: KindModel, rows: Table) -> ColumnElement[bool]:
    return _is(rows, NOT_THERE - {Status.unneeded})


def _still_needs_inputs(kind: KindModel, rows: Table) -> ColumnElement[bool]:
    """Wanted and neither done nor archived; or not there, and itself needed."""
    unfinished = _is(rows, set(Status) - {Status.done, Status.archived, Status.claimed})
    if not kind.temporary:
        return unfinished
    through = and_(_not_there(rows), rows.c.needed.is_(True))
    return and_(unfinished, or_(rows.c.wanted.is_(True), through))


Condition = Callable[[KindModel, Table], ColumnElement[bool]]


def _open(rows: Table) -> ColumnElement[bool]:
    """Said as the partial index on what is not done says it, so that it is used."""
    return rows.c.status != CODE[Status.done]


def _is(rows: Table, statuses: set[Status]) -> ColumnElement[bool]:
    """One of these stored statuses, done not among them; said so that the partial index finds them."""
    return and_(_open(rows), rows.c.status.in_([CODE[status] for status in sorted(statuses)]))


def _not_there(rows: Table) -> ColumnElement[bool]:
    """Neither on disk nor archived, and looked for.

    Said by the look, not by the statuses that follow: SQLite would take these for a handful of rows, and join the counts of
    inputs row by row.
    """
    return and_(_open(rows), rows.c.look == LOOK[FileState.absent], rows.c.status != CODE[Status.archived])


def _columns(kind: KindModel, rows: FromClause) -> list[ColumnElement[Any]]:
    """What tells the artifacts of a kind apart."""
    return [rows.c[name] for name in kind.coordinates or ("id",)]


def _key(kind: KindModel, rows: FromClause) -> ColumnElement[Any]:
    columns = _columns(kind, rows)
    return tuple_(*columns) if len(columns) > 1 else columns[0]


def _sound_replica(kind: KindModel, rows: FromClause) -> ColumnElement[bool]:
    copy = replica.alias()
    return exists_in(copy, copy.c.kind == kind.id, copy.c.artifact == rows.c.id, copy.c.sound.is_(True))


def _has_copies(connection: Connection, kind: KindModel) -> bool:
    return connection.execute(select(replica.c.path).where(replica.c.kind == kind.id).limit(1)).first() is not None


def _has_records(connection: Connection, kind: KindModel) -> bool:
    statement = select(recorded_input.c.artifact).where(recorded_input.c.kind == kind.id).limit(1)
    return connection.execute(statement).first() is not None
