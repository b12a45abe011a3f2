"""Questions about one kind: ``catalog["prop"].filter(ensemble="a09m310", configuration__ge=300, status="ready")``."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import index
from typing import TYPE_CHECKING, Any, Self
from unicodedata import normalize

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Connection, Select, and_, false, select

from latteboard.catalog.database import Database
from latteboard.catalog.meta import texts
from latteboard.catalog.readable import WORK_IN_HAND, Readable, common_columns
from latteboard.catalog.statements import CODE, number_table
from latteboard.catalog.tables.kinds import KindModel
from latteboard.errors import QueryError
from latteboard.names.templates import Source
from latteboard.status.states import Status
from latteboard.text import did_you_mean, listed

if TYPE_CHECKING:
    import pandas as pd

OPERATORS = ("in", "ge", "le", "ne")
NAMED = 12  # of the values of an axis, where one is asked for that it has not


@dataclass(frozen=True)
class Artifact:
    """One expected file; its coordinates are attributes too (``artifact.configuration``)."""

    kind: str
    coordinates: Mapping[str, int | str | Source]
    path: str
    status: str
    size: int | None
    mtime: datetime | None
    problem: str | None
    blocked_by: str | None
    wanted: bool
    purgeable: bool
    id: int
    root: str | None = None  # as the campaign states it, where there are several

    def __getattr__(self, name: str) -> Any:
        try:
            return object.__getattribute__(self, "coordinates")[name]
        except KeyError:
            raise AttributeError(f"an artifact of {self.kind} has no {name!r}") from None


class Selection:
    """Artifacts of one kind that agree with the conditions given so far; nothing is read before a method that answers."""

    def __init__(self, database: Database, model: KindModel, conditions: Mapping[str, Any] | None = None) -> None:
        self._database = database
        self._model = model
        self._conditions = dict(conditions or {})

    def filter(self, **conditions: Any) -> Self:
        """Narrow down: ``name=value``, ``name=[values]``, ``name=range(...)``; ``name__in``, ``__ge``, ``__le``, ``__ne``.

        Names are the kind's coordinates, ``status``, ``size``, ``wanted``, ``purgeable`` and ``id``, and ``root`` where there
        are several. Unknown names, statuses and roots raise :class:`QueryError`.
        """
        twice = self._conditions.keys() & conditions.keys()
        if twice:
            raise QueryError(f"{self._model.name}: {min(twice)} is given twice")
        for key in conditions:
            self._column_of(key)
        return type(self)(self._database, self._model, {**self._conditions, **conditions})

    def count(self) -> int:
        """The number of artifacts."""
        with self._database.reading() as connection:
            return int(connection.execute(self._narrowed(connection, lambda readable: readable.count())).scalar_one())

    def statuses(self) -> dict[int, Status]:
        """The status of each as of the question, by its id."""
        with self._database.reading() as connection:
            statement = self._narrowed(connection, lambda readable: select(readable.rows.c.id, readable.status))
            return {number: Status(code) for number, code in connection.execute(statement)}

    def stored(self) -> dict[str, NDArray[np.int64]]:
        """The coordinates of each, in canonical order, as the tables store them."""
        names = self._model.coordinates
        if not names:
            return {}
        with self._database.reading() as connection:
            statement = self._narrowed(connection, lambda readable: select(*_key(readable)).order_by(*_key(readable)))
            return dict(zip(names, number_table(connection, statement), strict=True))

    def rows(self) -> list[dict[str, Any]]:
        """Plain rows, in canonical order: the coordinates, path, status, size, mtime (ISO, UTC), problem, blocked_by, ..."""
        with self._database.reading() as connection:
            statement = self._narrowed(connection, lambda readable: readable.select().order_by(*_key(readable)))
            return [dict(row) for row in connection.execute(statement).mappings()]

    def __iter__(self) -> Iterator[Artifact]:
        for row in self.rows():
            coordinates = {name: _value(name, row.pop(name)) for name in self._model.coordinates}
            mtime = datetime.fromisoformat(row.pop("mtime")).astimezone(UTC) if row["mtime"] else row.pop("mtime")
            wanted, purgeable = bool(row.pop("wanted")), bool(row.pop("purgeable"))
            yield Artifact(self._model.name, coordinates, mtime=mtime, wanted=wanted, purgeable=purgeable, **row)

    def __len__(self) -> int:
        return self.count()

    def to_dataframe(self) -> pd.DataFrame:
        """The rows as a table of pandas; times are in UTC."""
        import pandas as pd

        columns = [*self._model.coordinates, *common_columns(self._model)]
        frame = pd.DataFrame(self.rows(), columns=columns)
        frame["mtime"] = pd.to_datetime(frame["mtime"], utc=True)
        return frame.astype({"wanted": bool, "purgeable": bool})

    def _narrowed(self, connection: Connection, start: Callable[[Readable], Select[Any]]) -> Select[Any]:
        readable = self._database.readable(self._model.name)
        conditions = [self._condition(connection, readable, key, value) for key, value in self._conditions.items()]
        return start(readable).where(*conditions)

    def _column_of(self, key: str) -> tuple[str, str]:
        """The name and operator of a condition such as ``configuration__ge``."""
        name, _, operator = key.partition("__")
        roots = ("root",) * (len(self._model.roots) > 1)
        allowed = (*self._model.coordinates, *roots, "status", "size", "wanted", "purgeable", "id")
        if name not in allowed or operator not in ("", *OPERATORS):
            operators = ", ".join(f"__{one}" for one in OPERATORS)
            expected = f"expected one of {', '.join(allowed)}, perhaps with {operators}"
            raise QueryError(f"{self._model.name} has no {key!r}: {expected}{did_you_mean(name, {*allowed} - {name})}")
        return name, operator

    def _condition(self, connection: Connection, readable: Readable, key: str, value: Any) -> ColumnElement[bool]:
        name, operator = self._column_of(key)
        if name == "status":
            return _status_condition(readable, operator, value)
        if name == "root" or (name in self._model.coordinates and name not in self._model.numeric):
            if operator in ("ge", "le"):
                raise QueryError(
                    f"{self._model.name}: {name} is text, so {operator} has no meaning; expected a value or a list of values"
                )
            if name == "root":
                return _compared(readable.root_number, operator, _root_numbers(self._model, _as_list(value)))
            value = _codes(connection, name, _as_list(value))
        else:
            value = _whole_numbers(key, operator, value)
        column = readable.columns[name] if name == "purgeable" else readable.rows.c[name]
        return _compared(column, operator, value)


def _key(readable: Readable) -> list[ColumnElement[Any]]:
    """The coordinates in canonical order, as they are stored."""
    return [readable.rows.c[name] for name in readable.model.coordinates]


def _root_numbers(model: KindModel, stated: list[Any]) -> list[int]:
    """The numbers of roots, as the campaign states these."""
    for root in stated:
        if root not in model.roots:
            known = ", ".join(model.roots)
            raise QueryError(f"{root!r} is not a root; expected one of {known}{did_you_mean(root, model.roots)}")
    return [model.roots.index(root) for root in stated]


def _whole_numbers(key: str, operator: str, value: Any) -> Any:
    """The number or numbers of a condition, those of numpy too; a range stays one."""
    if isinstance(value, range):
        return value
    single = operator in ("ge", "le") or not isinstance(value, Iterable) or isinstance(value, str)
    try:
        return index(value) if single else [index(number) for number in value]
    except TypeError:
        raise QueryError(f"{key}={value!r}: expected {'a whole number' if single else 'whole numbers'}") from None


def _compared(column: ColumnElement[Any], operator: str, value: Any) -> ColumnElement[bool]:
    among: ColumnElement[bool]
    if operator == "ge":
        among = column >= value
        return among
    if operator == "le":
        among = column <= value
        return among
    if isinstance(value, range) and value.step > 0:
        among = and_(column >= value.start, column < value.stop, (column - value.start) % value.step == 0)
    else:
        among = column.in_(_as_list(value))
    return ~among if operator == "ne" else among


def _as_list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, Iterable) and not isinstance(value, str) else [value]


def _status_condition(readable: Readable, operator: str, value: Any) -> ColumnElement[bool]:
    """Conditions on the status as of the question, and on the stored one, for which there is an index."""
    if operator not in ("", "in", "ne"):
        raise QueryError(f"status {operator} has no meaning: expected a status or a list of them")
    names = [one.name if isinstance(one, Status) else str(one) for one in _as_list(value)]
    for name in names:
        if name not in Status.__members__:
            known = ", ".join(Status.__members__)
            raise QueryError(
                f"{name!r} is not a status; expected one of {known}{did_you_mean(name, Status.__members__)}"
            )
    chosen = set(Status) - {Status[n] for n in names} if operator == "ne" else {Status[n] for n in names}
    if not chosen:
        return false()
    stored = chosen | (set(WORK_IN_HAND) if Status.claimed in chosen else set())
    conditions: list[ColumnElement[bool]] = [readable.rows.c.status.in_([CODE[s] for s in sorted(stored)])]
    if Status.done not in stored:
        conditions.append(readable.rows.c.status != CODE[Status.done])
    if stored & set(WORK_IN_HAND):
        conditions.append(readable.status.in_([CODE[s] for s in sorted(chosen)]))
    return and_(*conditions)


def _codes(connection: Connection, axis: str, values: list[Any]) -> list[int]:
    codes = {text: code for code, text in texts(connection, axis).items()}
    names = [_same_text(str(value), codes) for value in values]
    for name in names:
        if name not in codes:
            raise QueryError(f"{axis} has no value {name!r}; it has {listed(codes, NAMED)}{did_you_mean(name, codes)}")
    return [codes[name] for name in names]


def _same_text(text: str, known: Collection[str]) -> str:
    """The one known text that differs from ``text`` at most in Unicode form, which no screen shows; else ``text`` itself."""
    if text.isascii() or text in known:
        return text
    same = [one for one in known if normalize("NFC", one) == normalize("NFC", text)]
    return same[0] if len(same) == 1 else text


def _value(name: str, value: Any) -> Any:
    return Source.parse(value) if name == "source" else value
