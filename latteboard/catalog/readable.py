"""Rows in a form for people: texts instead of codes, paths built from templates."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    Table,
    Text,
    and_,
    case,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    true,
)

from latteboard.catalog.dialects.sqlite import iso_time, now_seconds
from latteboard.catalog.statements import CODE, exists_in
from latteboard.catalog.tables.kinds import KindModel, Patterns
from latteboard.catalog.tables.schema import (
    claim,
    coordinate_value,
    kind,
    kind_table,
    problem_text,
    status_rule,
)
from latteboard.names.templates import Field, Piece
from latteboard.status.states import Status

# The columns that every kind's view has beside its coordinates, in order; ``root`` only where there are several.
COMMON = ("path", "root", "status", "size", "mtime", "problem", "blocked_by", "wanted", "purgeable", "id")
WORK_IN_HAND = (Status.recall, Status.ready)


class Readable:
    """The readable rows of one kind: a select, and its columns for further conditions."""

    def __init__(self, kinds: Mapping[str, KindModel], model: KindModel) -> None:
        self.model = model
        self.rows = kind_table(model).alias("a")
        self._joined: FromClause = self.rows
        self._texts: dict[str, ColumnElement[Any]] = {}
        coordinates = {name: self._coordinate(name) for name in model.coordinates}
        self.status = effective_status(kinds, model, self.rows)
        status_name = self._looked_up(status_rule, status_rule.c.code, self.status).c.name
        wording = self._looked_up(problem_text, problem_text.c.id, self.rows.c.problem).c.text
        blocker = self._looked_up(kind, kind.c.id, self.rows.c.blocked_by).c.name
        blocked_by = blocker + " (" + cast(self.rows.c.blocked_count, Text) + ")"
        self.columns: dict[str, ColumnElement[Any]] = {
            **coordinates,
            "path": self._path(),
            **({"root": root_name(model.roots, self.root_number)} if len(model.roots) > 1 else {}),
            "status": status_name,
            "size": self.rows.c.size,
            "mtime": iso_time(self.rows.c.mtime),
            "problem": wording,
            "blocked_by": blocked_by,
            "wanted": self.rows.c.wanted,
            "purgeable": self.rows.c.purgeable,
            "id": self.rows.c.id,
        }

    @property
    def whole_path(self) -> ColumnElement[Any]:
        """The path for people who have no column of roots beside it; see :func:`path_below`."""
        return path_below(self.model.roots, self.root_number, self.columns["path"])

    def select(self, **more: ColumnElement[Any]) -> Select[Any]:
        """All columns, and ``more``."""
        columns = [column.label(name) for name, column in {**self.columns, **more}.items()]
        return select(*columns).select_from(self._joined)

    def count(self) -> Select[Any]:
        """The number of rows; conditions are on ``rows`` and ``status``."""
        return select(func.count()).select_from(self.rows)

    def _coordinate(self, name: str) -> ColumnElement[Any]:
        return self.rows.c[name] if name in self.model.numeric else self._text(name, self.rows.c[name])

    def _text(self, axis: str, code: ColumnElement[int]) -> ColumnElement[Any]:
        """The text behind a code; each axis is joined once, and only if a column needs it."""
        if axis not in self._texts:
            # An outer join that turns out to be unused is left out by SQLite; one that a condition needs becomes an inner one.
            values = coordinate_value.alias(f"v{len(self._texts)}")
            self._joined = self._joined.outerjoin(
                values, and_(values.c.axis == literal(axis, Text), values.c.code == code)
            )
            self._texts[axis] = values.c.text
        return self._texts[axis]

    def _looked_up(self, table: Table, key: ColumnElement[int], value: ColumnElement[int]) -> FromClause:
        other = table.alias(f"j_{table.name}")
        self._joined = self._joined.outerjoin(other, other.c[key.name] == value)
        return other

    @property
    def root_number(self) -> ColumnElement[int]:
        """The number of the root below which an artifact was found, or will be made."""
        return self.rows.c.place // len(self.model.templates)

    def _path(self) -> ColumnElement[Any]:
        """The path below its root: that of the file where it was found, or where it will be made."""
        templates = self.model.templates
        first, *further = map(self._path_under, templates)
        own = self.rows.c.place % len(templates)
        return (
            case(*((own == number, path) for number, path in enumerate(further, start=1)), else_=first)
            if further
            else first
        )

    def _path_under(self, patterns: Patterns) -> ColumnElement[Any]:
        """The path under one template, built from the patterns of the ensembles and streams."""
        built = [(self._holds(fixed), self._pieces(pattern.pieces)) for fixed, pattern in patterns]
        if len(built) == 1:
            return built[0][1]
        return case(*built, else_=null())

    def _holds(self, fixed: Mapping[str, str]) -> ColumnElement[bool]:
        return and_(true(), *(self._coordinate(name) == value for name, value in fixed.items()))

    def _pieces(self, pieces: tuple[Piece, ...]) -> ColumnElement[Any]:
        parts = [self._piece(piece) for piece in pieces]
        whole: ColumnElement[Any] = parts[0] if parts else literal("")
        for part in parts[1:]:
            whole = whole.concat(part)
        return whole

    def _piece(self, piece: Piece) -> ColumnElement[Any]:
        if isinstance(piece, str):
            return literal(piece, Text)
        if isinstance(piece, Field):
            column = self.rows.c[piece.name]
            if piece.part or piece.spec:
                return self._text(format_key(piece), column)
            return cast(column, Text) if piece.name in self.model.numeric else self._text(piece.name, column)
        on = self._coordinate(piece.on)
        return case(*((on == value, self._pieces(pieces)) for value, pieces in piece.options), else_=null())


def common_columns(model: KindModel) -> list[str]:
    """The columns that a kind's view has beside its coordinates, in order."""
    return [name for name in COMMON if name != "root" or len(model.roots) > 1]


def root_name(roots: Sequence[str], number: ColumnElement[int]) -> ColumnElement[Any]:
    """A root as the campaign states it."""
    return case(*((number == at, literal(stated, Text)) for at, stated in enumerate(roots)), else_=null())


def path_below(roots: Sequence[str], number: ColumnElement[int], path: ColumnElement[Any]) -> ColumnElement[Any]:
    """A path, with the root before it where there are several."""
    if len(roots) < 2:
        return path
    return root_name([f"{root.rstrip('/')}/" for root in roots], number) + path


def format_key(field: Field) -> str:
    """The axis of ``coordinate_value`` that keeps the texts of a formatted coordinate."""
    return str(field)[1:-1]


def effective_status(kinds: Mapping[str, KindModel], model: KindModel, rows: FromClause) -> ColumnElement[int]:
    """The status as of the question: ready or recall, under a claim that has not expired, is ``claimed``."""
    claimed = or_(*_claims(kinds, model, rows))
    in_hand = rows.c.status.in_([CODE[status] for status in WORK_IN_HAND])
    return case((and_(in_hand, claimed), CODE[Status.claimed]), else_=rows.c.status)


def _claims(kinds: Mapping[str, KindModel], model: KindModel, rows: FromClause) -> Iterator[ColumnElement[bool]]:
    """Whether there is a claim on the artifact, or on another output of the same job: one task has one claim."""
    leader = model.made_with or model.name
    for other in kinds.values():
        if leader not in (other.name, other.made_with):
            continue
        held = and_(claim.c.kind == other.id, claim.c.until > now_seconds())
        if other is model:
            yield exists_in(claim, held, claim.c.artifact == rows.c.id)
        else:
            twin = kind_table(other).alias("twin")
            same = [twin.c[name] == rows.c[name] for name in model.coordinates]
            yield exists_in((claim, twin), held, claim.c.artifact == twin.c.id, *same)
