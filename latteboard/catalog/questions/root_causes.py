"""The root causes of blocked artifacts: inputs that are missing and wait for nothing that is missing.

Each blocked artifact is counted once, under one cause: that of its first missing input, where it is blocked by several the
one that stands first in the production. Causes are numbered in the order of the production, so that one forward pass over
the artifacts that are not done hands the least number on from inputs to products.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, case, null, select

from latteboard.campaign.chains import steps
from latteboard.catalog.database import Database
from latteboard.catalog.dialects.sqlite import number_columns
from latteboard.catalog.meta import texts
from latteboard.catalog.questions.relations import StoredRelations
from latteboard.catalog.readable import effective_status
from latteboard.catalog.statements import CODE, not_done
from latteboard.catalog.tables.kinds import KindModel
from latteboard.catalog.tables.schema import replica
from latteboard.status.rules import is_archived
from latteboard.status.states import Status

Numbers = NDArray[np.int64]
Place = tuple[str, str, str | None, str | None]  # kind, status, ensemble, stream
WHERE = ("ensemble", "stream", "configuration")
NO_CAUSE = 2**62


@dataclass(frozen=True)
class Cause:
    """A root cause: missing artifacts of one kind and status in one ensemble and stream.

    Attributes
    ----------
    status : ``blocked`` for a missing file that is given, which no step here makes
    configurations : the number of artifacts that wait for each; the key None where the kind names no configuration
    held : the number of artifacts that wait, by kind
    """

    kind: str
    status: str
    ensemble: str | None
    stream: str | None
    configurations: Mapping[int | None, int]
    held: Mapping[str, int]

    @property
    def number(self) -> int:
        """The number of artifacts that wait."""
        return sum(self.held.values())


def causes(database: Database) -> list[Cause]:
    """The root causes, that for which most artifacts wait first."""
    with database.reading() as connection:
        search = _Search(database, connection)
        found = list(search.counts())
    groups: dict[Place, tuple[dict[int | None, int], dict[str, int]]] = {}
    for kind, place, configuration, number in found:
        configurations, held = groups.setdefault(place, ({}, {}))
        configurations[configuration] = configurations.get(configuration, 0) + number
        held[kind] = held.get(kind, 0) + number
    made = [Cause(*place, configurations, held) for place, (configurations, held) in groups.items()]
    return sorted(made, key=lambda one: (-one.number, str(one)))


def _groups(kinds: Iterable[KindModel]) -> Iterator[list[KindModel]]:
    """The kinds in the order of the production; those of one job together if they need each other, as in a chain."""
    kinds, told = list(kinds), set()
    for kind in kinds:
        job = [other for other in kinds if other.leader == kind.leader]
        names = {other.name for other in job}
        group = job if names & {*kind.needs} else [kind]
        if kind.name not in told:
            told |= {other.name for other in group}
            yield group


@dataclass(frozen=True)
class _Missing:
    """Artifacts of one kind that their products lack.

    Attributes
    ----------
    coordinates : as the tables store them
    statuses : as of the question
    blocked_by : number of the first kind that is missing, -1 where the artifact waits for nothing
    causes : numbers of the causes, ``NO_CAUSE`` where none has been found
    """

    coordinates: dict[str, Numbers]
    statuses: Numbers
    blocked_by: Numbers
    causes: Numbers

    def of(self, chosen: NDArray[np.bool_]) -> dict[str, Numbers]:
        """The coordinates of some of them."""
        return {name: column[chosen] for name, column in self.coordinates.items()}


class _Search:
    """The forward pass over the kinds, in one state of the catalog."""

    def __init__(self, database: Database, connection: Connection) -> None:
        self._database = database
        self._connection = connection
        self._relations = StoredRelations(connection)
        self._texts = {axis: texts(connection, axis) for axis in WHERE[:2]}
        self._missing: dict[str, _Missing] = {}
        self._causes: list[tuple[Place, int | None]] = []

    def counts(self) -> Iterator[tuple[str, Place, int | None, int]]:
        """A kind, the place and configuration of a cause, and the number of artifacts of that kind that wait for it."""
        for group in _groups(self._database.kinds.values()):
            names = [kind.name for kind in group]
            for kind in group:
                missing = self._missing[kind.name] = self._read(kind)
                self._number_roots(kind, missing, missing.blocked_by < 0)
            for kind in group:
                for need in kind.needs:
                    if need not in names:
                        self._hand_on(kind, need)
            if any(need in names for need in group[0].needs):
                self._hand_on_within(group)
            for kind in group:
                missing = self._missing[kind.name]
                caused = missing.causes[(missing.blocked_by >= 0) & (missing.causes < NO_CAUSE)]
                for cause, number in zip(*np.unique(caused, return_counts=True), strict=True):
                    yield kind.name, *self._causes[cause], int(number)

    def _read(self, kind: KindModel) -> _Missing:
        """The artifacts that are neither done, nor in the archive, nor unneeded."""
        table = self._database.tables[kind.name]
        settled = [CODE[status] for status in (Status.archived, Status.unneeded)]
        waits_for = case((table.c.status == CODE[Status.blocked], table.c.blocked_by), else_=null())
        status = effective_status(self._database.kinds, kind, table)
        names = kind.coordinates
        columns = [table.c.id, status, waits_for, *(table.c[name] for name in names)]
        missing = (not_done(table), table.c.status.not_in(settled))
        ids, statuses, blocked_by, *coordinates = number_columns(
            self._connection, columns, table, table.c.status, *missing
        )
        kept = ~is_archived(statuses.astype(np.uint8), np.isin(ids, self._copied(kind)))
        found = {name: column[kept] for name, column in zip(names, coordinates, strict=True)}
        return _Missing(found, statuses[kept], blocked_by[kept], np.full(np.count_nonzero(kept), NO_CAUSE))

    def _copied(self, kind: KindModel) -> Numbers:
        """The ids of the artifacts with a sound copy in an archive."""
        copies = select(replica.c.artifact).where(replica.c.kind == kind.id, replica.c.sound.is_(True))
        return np.array(self._connection.execute(copies).scalars().all(), dtype=np.int64)

    def _number_roots(self, kind: KindModel, missing: _Missing, roots: NDArray[np.bool_]) -> None:
        """Number the causes among the artifacts of a kind: each status, ensemble, stream and configuration is one."""
        if not roots.any():
            return
        named = [name for name in WHERE if name in kind.coordinates]
        columns = np.stack([missing.statuses[roots], *(missing.coordinates[name][roots] for name in named)])
        order = np.lexsort(columns[::-1])
        in_order = columns[:, order]
        new = np.append(True, np.any(in_order[:, 1:] != in_order[:, :-1], axis=0))
        numbers = np.empty(len(order), dtype=np.int64)
        numbers[order] = len(self._causes) + np.cumsum(new) - 1
        missing.causes[roots] = numbers
        for status, *where in in_order[:, new].T.tolist():
            self._causes.append(self._cause(kind, Status(status), dict(zip(named, where, strict=True))))

    def _cause(self, kind: KindModel, status: Status, where: dict[str, int]) -> tuple[Place, int | None]:
        ensemble, stream = (self._texts[axis][where[axis]] if axis in where else None for axis in WHERE[:2])
        return (kind.name, status.name, ensemble, stream), where.get("configuration")

    def _waits(self, kind: KindModel, need: str) -> NDArray[np.bool_]:
        """Which of the missing artifacts of a kind wait for inputs of another, the first that they lack."""
        waits: NDArray[np.bool_] = self._missing[kind.name].blocked_by == self._database.kinds[need].id
        return waits

    def _hand_on(self, kind: KindModel, need: str) -> None:
        """Give artifacts that wait for inputs of one kind the least of the inputs' causes."""
        missing, inputs, waits = self._missing[kind.name], self._missing[need], self._waits(kind, need)
        caused = inputs.causes < NO_CAUSE
        if waits.any() and caused.any():
            links = self._relations.links(kind.entries[need], missing.of(waits), inputs.of(caused))
            missing.causes[waits] = links.least(inputs.causes[caused], NO_CAUSE)

    def _hand_on_within(self, group: Sequence[KindModel]) -> None:
        """Hand causes on along chains, whose artifacts wait for others of the same kinds."""
        parts = [self._missing[kind.name] for kind in group]
        starts = dict(
            zip((kind.name for kind in group), np.cumsum([0, *(len(one.causes) for one in parts)]), strict=False)
        )
        causes = np.concatenate([one.causes for one in parts])
        pairs = [np.empty((2, 0), dtype=np.int64)]
        for kind in group:
            for need in kind.needs:
                if need in starts and (rows := np.flatnonzero(self._waits(kind, need))).size:
                    inputs = self._missing[need]
                    products = {name: column[rows] for name, column in self._missing[kind.name].coordinates.items()}
                    found = self._relations.links(kind.entries[need], products, inputs.coordinates).pairs()
                    pairs.append(np.stack([starts[kind.name] + rows[found[0]], starts[need] + found[1]]))
        of_products, of_inputs = np.concatenate(pairs, axis=1)
        for waiting, awaited in steps(of_products, of_inputs, len(causes)):
            np.minimum.at(causes, waiting, causes[awaited])
        for one, part in zip(parts, np.split(causes, list(starts.values())[1:]), strict=True):
            one.causes[:] = part
