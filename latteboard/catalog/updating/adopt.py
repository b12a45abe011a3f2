"""Takes up a campaign, new or changed: its kinds, codes and relations, and the columns of each expected artifact."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from sqlalchemy import Connection, delete, insert, inspect, update
from sqlalchemy.schema import DropTable

from latteboard.campaign import Campaign
from latteboard.catalog.identity import fingerprint, is_up_to_date
from latteboard.catalog.meta import read_meta, stored_models, write_meta
from latteboard.catalog.tables.kinds import KindModel, kind_models
from latteboard.catalog.tables.schema import (
    REBUILT,
    STATIC,
    VERSION,
    claim,
    column_part,
    container,
    folder,
    kind,
    kind_table,
    metadata,
    recorded_input,
    replica,
    status_rule,
    stray,
)
from latteboard.catalog.updating.carry_over import carry_over, parts_of
from latteboard.catalog.updating.codes import Codes, store_relations, store_values, stored_codes
from latteboard.catalog.updating.columns import StoredColumns
from latteboard.catalog.updating.earlier_places import (
    earlier_places,
    earlier_roots,
    moved_places,
    roots_of,
    store_roots,
    stored_roots,
)
from latteboard.catalog.updating.left_out import store_left_out
from latteboard.catalog.updating.places import PlacedFiles
from latteboard.catalog.views import check_names, create_views, drop_views, made_by_people, remake
from latteboard.status.states import RULES


@dataclass(frozen=True)
class Adopted:
    """A campaign as the catalog has taken it up.

    Attributes
    ----------
    codes : what the tables store for the campaign's values
    columns : what is known of the artifacts of each kind
    placed : what is known of their files in each place, of kinds that are or were looked for in several
    changed : whether the campaign is not as it was at the last index
    fresh : kinds of which nothing was known
    moved : kinds and places whose files are looked for on other paths than before, so that nothing was ever seen on these
    """

    models: Mapping[str, KindModel]
    codes: Codes
    columns: Mapping[str, StoredColumns]
    placed: Mapping[str, PlacedFiles]
    changed: bool = False
    fresh: frozenset[str] = frozenset()
    moved: frozenset[tuple[str, int]] = frozenset()


def adopt(connection: Connection, campaign: Campaign) -> Adopted:
    """Bring the catalog to the campaign; tables get their new rows when the index is written."""
    if is_up_to_date(connection, campaign):
        models = {model.name: model for model in stored_models(connection)}
        columns = {name: _stored(connection, campaign, model) for name, model in models.items()}
        placed = {
            name: PlacedFiles(
                model, [_stored(connection, campaign, model, place) for place in range(model.places)], columns[name]
            )
            for name, model in models.items()
            if model.places > 1
        }
        return Adopted(models, stored_codes(connection, campaign), columns, placed)
    check_names(connection, campaign.catalog, kind_models(campaign, {}))
    drop_views(connection)
    is_older = _is_older(connection)
    known = stored_roots(connection)
    before = {model.name: model for model in stored_models(connection)} if read_meta(connection, "schema") else {}
    if is_older:
        _make_rebuilt_tables_anew(connection)
    metadata.create_all(connection, tables=STATIC)
    models = {model.name: model for model in kind_models(campaign, {name: old.id for name, old in before.items()})}
    fresh = _replace_kinds(connection, before, models, is_older=is_older)
    store_values(connection, campaign, models)
    codes = stored_codes(connection, campaign)
    store_relations(connection, campaign, codes)
    store_left_out(connection, campaign)
    _store_rules(connection)
    roots = roots_of(campaign)
    below = earlier_roots(known, roots)
    earlier = {name: earlier_places(before[name], models[name], below) for name in models.keys() - fresh}
    carried = carry_over(connection, campaign, models, codes, earlier)
    for table in (folder, stray, container):
        connection.execute(delete(table))  # everything is looked into anew
    connection.execute(delete(recorded_input))  # written again with the rows of inputs as they are now
    for durable in (replica, claim):  # kept by path; the index finds the artifacts of these paths again
        connection.execute(update(durable).values(kind=None, artifact=None))
    create_views(connection, models)
    store_roots(connection, roots)
    for key, value in (
        ("schema", str(VERSION)),
        ("campaign", campaign.name),
        ("fingerprint", fingerprint(campaign)),
    ):
        write_meta(connection, key, value)
    return Adopted(models, codes, *carried, changed=True, fresh=frozenset(fresh), moved=moved_places(earlier))


def _stored(connection: Connection, campaign: Campaign, model: KindModel, place: int | None = None) -> StoredColumns:
    """Columns of a kind as the last index left them; of the files in one place, or of the artifacts."""
    return StoredColumns(connection, model.id, partial(parts_of, campaign, model.name), stored=True, place=place)


def _is_older(connection: Connection) -> bool:
    """Whether the tables are of an older version than this one writes."""
    version = read_meta(connection, "schema")
    return version is not None and int(version) < VERSION


def _make_rebuilt_tables_anew(connection: Connection) -> None:
    """Make the tables that an index can rebuild as they are now; indexes and triggers that people made on them stay."""
    names = {table.name for table in REBUILT}
    kept = [one for one in made_by_people(connection) if one.table in names and one.type in ("index", "trigger")]
    for table in REBUILT:
        connection.execute(DropTable(table, if_exists=True))
    metadata.create_all(connection, tables=REBUILT)
    for one in kept:
        connection.exec_driver_sql(one.statement)


def _replace_kinds(
    connection: Connection, before: Mapping[str, KindModel], models: Mapping[str, KindModel], *, is_older: bool
) -> set[str]:
    """Write the kinds; a table whose coordinates are no longer those of its kind is made anew. Returns the empty ones."""
    fresh = set()
    for name, old in before.items():
        new = models.get(name)
        if new is None:
            connection.execute(DropTable(kind_table(old), if_exists=True))
        elif is_older or (new.coordinates, new.numeric) != (old.coordinates, old.numeric):
            remake(connection, kind_table(old), new)
            fresh.add(name)
        else:
            continue
        connection.execute(delete(column_part).where(column_part.c.kind == old.id))
    tables = set(inspect(connection).get_table_names())
    for model in models.values():
        table = kind_table(model)
        if table.name not in tables:
            table.create(connection)
            fresh.add(model.name)
    connection.execute(delete(kind))
    rows = [
        {
            "id": m.id,
            "name": m.name,
            "position": m.position,
            "path": m.path,
            "description": m.description,
            "model": m.to_json(),
        }
        for m in models.values()
    ]
    connection.execute(insert(kind), rows)
    return fresh


def _store_rules(connection: Connection) -> None:
    connection.execute(delete(status_rule))
    rows = [{"code": int(status), "name": status.name, "rule": rule} for status, rule in RULES.items()]
    connection.execute(insert(status_rule), rows)
