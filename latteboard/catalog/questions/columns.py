"""All rows of a kind as columns of numbers, for pages that show a million of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Integer, cast, select

from latteboard.catalog.database import Database
from latteboard.catalog.dialects.sqlite import number_columns
from latteboard.catalog.meta import texts
from latteboard.catalog.readable import effective_status, format_key
from latteboard.catalog.tables.kinds import KindModel
from latteboard.catalog.tables.schema import problem_text
from latteboard.names.templates import Choice, Field, Piece

Numbers = NDArray[np.int64]
Texts = Mapping[int, str]
MINUTE = 60_000_000_000  # ns


@dataclass(frozen=True)
class KindColumns:
    """The artifacts of a kind, a row each, in canonical order; -1 where a column has no value.

    Attributes
    ----------
    coordinates : by name, in the order of the path; a number, or a code that ``texts`` has under the same name
    places : number of the root x number of templates + number of the template, where each was found or will be made
    texts : for each coordinate that is no number, and for each format that paths are written with, the text of each code;
        a format is named as in the template, ``configuration:04d``
    statuses : codes of :class:`latteboard.catalog.Status` as of now, claims counted
    sizes : bytes
    minutes : since 1970, of the last change
    problems : codes that ``wordings`` has
    blocked_by, blocked_counts : number of the first kind that is missing, and how many of it are
    purgeable : 1 or 0
    """

    model: KindModel
    coordinates: Mapping[str, Numbers]
    places: Numbers
    texts: Mapping[str, Texts]
    statuses: Numbers
    sizes: Numbers
    minutes: Numbers
    problems: Numbers
    wordings: Texts
    blocked_by: Numbers
    blocked_counts: Numbers
    purgeable: Numbers

    def __len__(self) -> int:
        return len(self.statuses)


def kind_columns(database: Database, kind: str) -> KindColumns:
    """Read all rows of a kind."""
    model = database.kinds[kind]
    rows = database.tables[kind].alias("a")
    status = effective_status(database.kinds, model, rows)
    facts = (rows.c.place, rows.c.size, rows.c.mtime // MINUTE, rows.c.problem, rows.c.blocked_by, rows.c.blocked_count)
    wanted = [*(rows.c[name] for name in model.coordinates), status, *facts, cast(rows.c.purgeable, Integer)]
    first = rows.c[model.coordinates[0] if model.coordinates else "id"]
    with database.reading() as connection:
        columns = number_columns(connection, wanted, rows, first)
        written = {axis: texts(connection, axis) for axis in _axes(model)}
        wordings = dict(connection.execute(select(problem_text.c.id, problem_text.c.text)).all())
    count = len(model.coordinates)
    statuses, places, sizes, minutes, problems, blocked_by, blocked_counts, purgeable = columns[count:]
    return KindColumns(
        model=model,
        coordinates=dict(zip(model.coordinates, columns[:count], strict=True)),
        places=places,
        texts=written,
        statuses=statuses,
        sizes=sizes,
        minutes=minutes,
        problems=problems,
        wordings=wordings,
        blocked_by=blocked_by,
        blocked_counts=blocked_counts,
        purgeable=purgeable,
    )


def _axes(model: KindModel) -> list[str]:
    """The coordinates and formats whose texts the paths need; coordinates that are numbers have none."""
    names = [name for name in model.coordinates if name not in model.numeric]
    formats = (key for piece in model.pieces for key in _formats(piece))
    return list(dict.fromkeys((*names, *formats)))


def _formats(piece: Piece) -> Iterator[str]:
    if isinstance(piece, Choice):
        for _, pieces in piece.options:
            for inner in pieces:
                yield from _formats(inner)
    elif isinstance(piece, Field) and (piece.part or piece.spec):
        yield format_key(piece)
