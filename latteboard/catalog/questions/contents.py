"""The campaign as the catalog knows it: streams, values of axes, views, and the names that a redacted site hides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, inspect, select

from latteboard.catalog.database import Database
from latteboard.catalog.meta import texts
from latteboard.catalog.tables.schema import axis_value, claim, source_list
from latteboard.catalog.updating.earlier_places import stored_roots
from latteboard.catalog.views import own_views
from latteboard.status.states import Status


@dataclass(frozen=True)
class StreamFacts:
    """One stream of one ensemble, or an ensemble without streams.

    Attributes
    ----------
    configurations, first, last : number of its configurations, and the least and the greatest
    source_sets : of each set how many sources it has in each configuration; sources without sets are those of None
    """

    ensemble: str
    stream: str | None
    configurations: int
    first: int
    last: int
    source_sets: tuple[tuple[str | None, int], ...]


@dataclass(frozen=True)
class View:
    """A view of the catalog and its columns in order."""

    name: str
    columns: tuple[str, ...]


@dataclass(frozen=True)
class PrivateNames:
    """Names that a redacted site hides: the places of campaign and catalog, and the owners of claims.

    Attributes
    ----------
    roots : of each its names, as it is stated and as it is once links are followed
    public : the words that pages need nevertheless: kinds, coordinates, ensembles, streams, statuses
    """

    roots: Sequence[tuple[str, str]]
    catalog: str
    owners: tuple[str, ...]
    public: frozenset[str]


def private_names(database: Database) -> PrivateNames:
    """Read the names that a redacted site hides, and those that it needs."""
    names = {*database.kinds, *Status.__members__}
    names |= {coordinate for model in database.kinds.values() for coordinate in model.coordinates}
    with database.reading() as connection:
        owners = connection.execute(select(claim.c.owner).distinct().order_by(claim.c.owner)).scalars().all()
        roots = stored_roots(connection)
        places = [text for axis in ("ensemble", "stream") for text in texts(connection, axis).values()]
    return PrivateNames(roots, str(database.path.resolve()), tuple(owners), frozenset({*names, *places}))


def streams(database: Database) -> list[StreamFacts]:
    """Every stream of every ensemble, in the campaign's order."""
    with database.reading() as connection:
        names = {axis: texts(connection, axis) for axis in ("ensemble", "stream", "source_set")}
        place = (source_list.c.ensemble, source_list.c.stream)
        number = source_list.c.configuration
        counted = select(*place, func.count(number.distinct()), func.min(number), func.max(number))
        sets: dict[tuple[int, int | None], list[tuple[str | None, int]]] = {}
        per_set = select(
            *place, source_list.c.source_set, func.count(source_list.c.source), func.count(number.distinct())
        )
        for ensemble, stream, code, rows, numbers in connection.execute(
            per_set.group_by(*place, source_list.c.source_set).order_by(*place, source_list.c.source_set)
        ):
            if rows:
                sets.setdefault((ensemble, stream), []).append((names["source_set"].get(code), rows // numbers))
        return [
            StreamFacts(
                names["ensemble"][e], names["stream"].get(s), configurations, first, last, tuple(sets.get((e, s), ()))
            )
            for e, s, configurations, first, last in connection.execute(counted.group_by(*place).order_by(*place))
        ]


def axes(database: Database) -> dict[str, dict[str, Sequence[int | str]]]:
    """For each axis beside configurations and sources, for each ensemble, its values in the campaign's order."""
    found: dict[str, dict[str, list[int | str]]] = {}
    with database.reading() as connection:
        ensembles = texts(connection, "ensemble")
        axes = connection.execute(select(axis_value.c.axis).distinct().order_by(axis_value.c.axis)).scalars().all()
        names = {axis: texts(connection, axis) for axis in axes}
        rows = select(axis_value.c.axis, axis_value.c.ensemble, axis_value.c.value).distinct()
        for axis, ensemble, value in connection.execute(rows.order_by(*rows.selected_columns)):
            values = found.setdefault(axis, {}).setdefault(ensembles[ensemble], [])
            values.append(names[axis].get(value, value))
    return {axis: dict(by_ensemble) for axis, by_ensemble in found.items()}


def views(database: Database) -> list[View]:
    """The catalog's own views: those over all kinds, then those of each kind in the order of the production."""
    with database.reading() as connection:
        looked = inspect(connection)
        names = own_views(connection) - database.kinds.keys()
        return [
            View(name, tuple(column["name"] for column in looked.get_columns(name)))
            for name in (*sorted(names), *database.kinds)
        ]
