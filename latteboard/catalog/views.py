"""The views of a catalog: the rows of each kind, and those of all kinds together, as people query them in SQL.

Views that people made themselves are left alone. The catalog's own carry a mark in their text, by which they are known.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    Select,
    Table,
    Text,
    and_,
    func,
    inspect,
    literal,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.exc import OperationalError
from sqlalchemy.schema import DropTable

from latteboard.catalog.dialects.sqlite import SchemaObject, quoted_name, schema_objects, sum_bytes
from latteboard.catalog.meta import stored_models
from latteboard.catalog.readable import Readable, common_columns, root_name
from latteboard.catalog.statements import CODE, not_done
from latteboard.catalog.tables.kinds import KindModel
from latteboard.catalog.tables.schema import STATIC, kind, kind_table, meta, status_rule, stray, summary, unreadable
from latteboard.errors import CatalogError
from latteboard.status.states import Status

MARK = "/* made by latteboard, and replaced by it */"
OVERALL = ("artifact", "missing", "work", "progress", "problems")
COORDINATES = ("ensemble", "stream", "configuration", "source_set", "source")
WANTED = (Status.blocked, Status.recall, Status.ready)


def own_views(connection: Connection) -> set[str]:
    """The names of the views that the catalog made."""
    views = {one.name: one.statement for one in schema_objects(connection) if one.type == "view"}
    marked = {name for name, text in views.items() if MARK in text}
    if marked or not _is_catalog(connection):
        return marked
    # A catalog from before views were marked.
    return views.keys() & {*OVERALL, *(model.name for model in stored_models(connection))}


def check_names(connection: Connection, catalog: str, kinds: Iterable[KindModel]) -> None:
    """Raises :class:`CatalogError` if something that people made has a name that the catalog needs for these kinds."""
    tables = [*STATIC, *map(kind_table, kinds)]
    needed = {name.lower() for name in (*OVERALL, *(model.name for model in kinds))}
    needed |= {name.lower() for table in tables for name in (table.name, *_index_names(table))}
    for one in made_by_people(connection):
        if one.type != "trigger" and one.name.lower() in needed:
            raise CatalogError(
                f"{catalog}: the {one.type} {one.name} was not made by latteboard, which needs its name; rename it or drop it"
            )


def made_by_people(connection: Connection) -> list[SchemaObject]:
    """The tables, views, indexes and triggers of the database that are not the catalog's own."""
    known = [*STATIC, *map(kind_table, stored_models(connection))] if _is_catalog(connection) else []
    own = {("view", name, name) for name in own_views(connection)}
    own |= {("table", table.name, table.name) for table in known}
    own |= {("index", name, table.name) for table in known for name in _index_names(table)}
    return [one for one in schema_objects(connection) if one[:3] not in own]


def remake(connection: Connection, table: Table, model: KindModel) -> None:
    """Replace the table of a kind by an empty one; indexes and triggers that people made on it stay."""
    own = {table.name, f"{table.name}_open", *_index_names(table)}  # version 1 had other names of indexes
    kept = [one for one in schema_objects(connection) if one.table == table.name and one.name not in own]
    connection.execute(DropTable(table))
    kind_table(model).create(connection)
    for one in kept:
        try:
            connection.exec_driver_sql(one.statement)
        except OperationalError as error:
            raise CatalogError(
                f"the {one.type} {one.name} was not made by latteboard, and does not fit {model.name} any more "
                f"({error.orig}); drop it"
            ) from error


def _is_catalog(connection: Connection) -> bool:
    return inspect(connection).has_table(meta.name)


def _index_names(table: Table) -> list[str]:
    return [str(index.name) for index in table.indexes]


def drop_views(connection: Connection) -> None:
    """Drop the catalog's own views, while the catalog still has the kinds to which they belong."""
    for name in sorted(own_views(connection)):
        connection.exec_driver_sql(f"DROP VIEW {quoted_name(name)}")


def create_views(connection: Connection, kinds: Mapping[str, KindModel]) -> None:
    """Create the catalog's own views: one for each kind, and those over all kinds."""
    readable = [Readable(kinds, model) for model in kinds.values()]
    for one in readable:
        _create(connection, one.model.name, one.select())
    _create(connection, "artifact", union_all(*(_common_columns(one) for one in readable)))
    _create(
        connection, "missing", union_all(*(_common_columns(one).where(_has_status(one, WANTED)) for one in readable))
    )
    _create(
        connection,
        "work",
        union_all(
            *(
                _common_columns(one).where(_has_status(one, (Status.ready,)), one.status == CODE[Status.ready])
                for one in readable
            )
        ),
    )
    _create(connection, "progress", _progress())
    _create(connection, "problems", union_all(*_problems(readable)))


def _create(connection: Connection, name: str, statement: Select[Any] | CompoundSelect[Any]) -> None:
    # A view holds no parameters, and is not a format: a % in a path stays one.
    written = statement.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True})
    connection.exec_driver_sql(f"CREATE VIEW {quoted_name(name)} AS {MARK} {written}")


def _common_columns(one: Readable) -> Select[Any]:
    """A kind's rows with the columns that all kinds share; coordinates that it does not name are empty."""
    coordinates = [one.columns.get(name, null()).label(name) for name in COORDINATES]
    rest = [one.columns[name].label(name) for name in common_columns(one.model) if name != "id"]
    return one.select().with_only_columns(literal(one.model.name, Text).label("kind"), *coordinates, *rest)


def _has_status(one: Readable, statuses: tuple[Status, ...]) -> ColumnElement[bool]:
    """Whether the stored status is one of these, none of them ``done``; in the words of the partial index, so that it is used."""
    return and_(not_done(one.rows), one.rows.c.status.in_([CODE[status] for status in statuses]))


def _progress() -> Select[Any]:
    number, size = func.sum(summary.c.number).label("number"), sum_bytes(summary.c.bytes).label("bytes")
    columns = (summary.c.ensemble, summary.c.stream, summary.c.kind, summary.c.status)
    by_position = (
        select(*columns, number, size)
        .join(kind, kind.c.name == summary.c.kind)
        .join(status_rule, status_rule.c.name == summary.c.status)
    )
    return by_position.group_by(*columns).order_by(
        summary.c.ensemble, summary.c.stream, kind.c.position, status_rule.c.code
    )


def _problems(readable: list[Readable]) -> Iterator[Select[Any]]:
    """Artifacts and files that need attention: bad, stale, unknown, done with a remark; strays; unreadable folders."""
    roots = readable[0].model.roots
    where = ["root"] if len(roots) > 1 else []
    for one in readable:
        wrong = or_(_has_status(one, (Status.bad, Status.stale, Status.unknown)), one.rows.c.problem.is_not(None))
        kind_name = literal(one.model.name, Text).label("kind")
        what = [one.columns[name].label(name) for name in ("status", "path", *where, "problem")]
        yield one.select().with_only_columns(kind_name, *what).where(wrong)
    for table in (stray, unreadable):
        status = literal(table.name, Text).label("status")
        below = [root_name(roots, table.c.root).label(name) for name in where]
        yield select(null().label("kind"), status, table.c.path, *below, table.c.reason.label("problem"))
