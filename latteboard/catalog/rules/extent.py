"""When the files of each configuration changed: rules out at a glance most products that might be older than their inputs.

A product cannot be stale by its time if the newest input in its ensemble, stream and configuration is not newer than the
oldest product there. Most productions are done stage by stage, so that one short sum over each table replaces the
comparison of every product with every input.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    FromClause,
    Index,
    Integer,
    MetaData,
    Table,
    and_,
    func,
    insert,
    literal,
    null,
    select,
    true,
    tuple_,
)

from latteboard.catalog.tables.kinds import KindModel
from latteboard.status.states import FileState

# An input may be this much newer than its product (ns): file systems and nodes do not agree on the time to the second.
TOLERANCE = 2_000_000_000
COORDINATES = ("ensemble", "stream", "configuration")

extent = Table(
    "extent",
    MetaData(),
    Column("kind", Integer),
    *(Column(name, Integer) for name in COORDINATES),
    Column("oldest", BigInteger),
    Column("newest", BigInteger),
    Index("extent_kind", "kind", *COORDINATES),
    prefixes=["TEMPORARY"],
)


@contextmanager
def measured(connection: Connection, kinds: Iterable[tuple[KindModel, Table]]) -> Iterator[None]:
    """Inside the block :func:`may_be_older` can be asked of these kinds."""
    extent.create(connection)
    for kind, table in kinds:
        named = [table.c[name] for name in COORDINATES if name in kind.coordinates]
        columns = [table.c[name] if name in kind.coordinates else null() for name in COORDINATES]
        times = (func.min(table.c.mtime), func.max(table.c.mtime))
        sound = table.c.look == int(FileState.sound)
        found = select(literal(kind.id), *columns, *times).where(sound).group_by(*named)
        connection.execute(insert(extent).from_select(list(extent.columns.keys()), found))
    yield
    extent.drop(connection)


def may_be_older(kind: KindModel, need: KindModel, products: Table) -> ColumnElement[bool]:
    """Whether a product of ``kind`` may be older than an input of the kind ``need``, as far as extents tell."""
    shared = [name for name in COORDINATES if name in kind.coordinates and name in need.coordinates]
    if not shared:
        return true()
    oldest, newest = (_extremes(one, shared) for one in (kind, need))
    tied = and_(*(oldest.c[name] == newest.c[name] for name in shared))
    suspects = (
        select(*(oldest.c[name] for name in shared))
        .select_from(oldest.join(newest, tied))
        .where(newest.c.newest > oldest.c.oldest + TOLERANCE)
    )
    columns = [products.c[name] for name in shared]
    return (tuple_(*columns) if len(columns) > 1 else columns[0]).in_(suspects)


def _extremes(kind: KindModel, names: list[str]) -> FromClause:
    columns = [extent.c[name] for name in names]
    times = (func.min(extent.c.oldest).label("oldest"), func.max(extent.c.newest).label("newest"))
    return select(*columns, *times).where(extent.c.kind == kind.id).group_by(*columns).subquery()
