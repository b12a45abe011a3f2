"""Which artifact needs which, as SQL: no edge is stored, it follows from the coordinates that both paths name."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, and_, exists, literal_column, select, true

from latteboard.campaign.relations import MAIN
from latteboard.catalog.tables.kinds import KindModel
from latteboard.catalog.tables.schema import axis_value, source_list


def linked(a: KindModel, b: KindModel, rows_a: FromClause, rows_b: FromClause) -> ColumnElement[bool]:
    """Whether a row of kind ``a`` and one of kind ``b`` are projections of one row of the natural join.

    The join is of those relations that have a column among the coordinates of either kind. Coordinates that both name must
    be equal; where that is not all there is to say, a row of the relations must tie the two.
    """
    shared = [rows_a.c[name] == rows_b.c[name] for name in a.coordinates if name in b.coordinates]
    if is_equality(a, b):
        return and_(true(), *shared)
    return and_(*shared, _tie(a, b, rows_a, rows_b))


def _axes(kind: KindModel) -> set[str]:
    return set(kind.coordinates) - set(MAIN)


def _main(kind: KindModel) -> set[str]:
    return set(kind.coordinates) & set(MAIN)


def is_equality(a: KindModel, b: KindModel) -> bool:
    """Whether equal coordinates say it all: one kind names all that the other does of sources, and axes are tied."""
    same_ensemble = "ensemble" in a.coordinates and "ensemble" in b.coordinates
    return any(
        _main(small) <= _main(large) and (same_ensemble or _axes(small) <= _axes(large))
        for large, small in ((a, b), (b, a))
    )


def _tie(a: KindModel, b: KindModel, rows_a: FromClause, rows_b: FromClause) -> ColumnElement[bool]:
    """EXISTS a row of the relations that agrees with both."""

    def column(name: str) -> ColumnElement[int]:
        return (rows_a if name in a.coordinates else rows_b).c[name]

    main = [name for name in MAIN if name in a.coordinates or name in b.coordinates]
    same_ensemble = "ensemble" in a.coordinates and "ensemble" in b.coordinates
    tied = [] if same_ensemble else sorted(_axes(a) | _axes(b))
    sources = [source_list.alias()] if main else []
    values = {axis: axis_value.alias() for axis in tied}
    conditions = [source.c[name] == column(name) for source in sources for name in main]
    conditions += [rows.c.axis == axis for axis, rows in values.items()]
    conditions += [rows.c.value == column(axis) for axis, rows in values.items()]
    ensembles = [rows.c.ensemble for rows in (*sources, *values.values())]
    conditions += [ensembles[0] == other for other in ensembles[1:]]
    return exists_in((*sources, *values.values()), *conditions)


def exists_in(rows: FromClause | Sequence[FromClause], *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether such rows exist; every other table that the conditions name is that of a statement around, however far out."""
    own = [rows] if isinstance(rows, FromClause) else rows
    found: Select[Any] = select(literal_column("1")).select_from(*own).where(*conditions)
    return exists(found.correlate_except(*own))
