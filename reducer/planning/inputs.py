"""The inputs of planned outputs in bulk: their paths, what tells them apart, which of their datasets are taken."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latteboard.campaign import Campaign
from latteboard.campaign.expected import Expected
from latteboard.campaign.relations import MAIN, Columns
from latteboard.catalog.questions.facts import Facts
from latteboard.names.templates import Source, Value
from reducer.correlators.conventions import sourceless
from reducer.tasks.task import Input

Numbers = NDArray[np.int64]
Names = tuple[str, ...]


def paths_of(expected: Expected, rows: Numbers) -> list[str]:
    """The paths of some rows, which are sorted."""
    paths: list[str] = []
    for block, here in expected.block_slices:
        paths += expected.paths(block, rows[(rows >= here.start) & (rows < here.stop)])
    return paths


class Inputs:
    """Makes the inputs that some outputs of one kind have."""

    def __init__(self, campaign: Campaign, kind: str, need: str, facts: Facts, rows: Numbers) -> None:
        """``rows`` are those of the expected artifacts of ``need`` that may be asked for."""
        expected = campaign.expected(need)
        self._rows = np.unique(rows)
        self._paths = paths_of(expected, self._rows)
        self._sizes, self._mtimes = (column[self._rows].tolist() for column in (facts.sizes, facts.mtimes))
        self._columns = {name: column[self._rows] for name, column in expected.rows.items()}
        self._relations = campaign.relations
        made = campaign.kinds[kind].coordinates
        self._sources = self._told(["source"] if "source" in expected.rows else [], "{1}", None)
        free = [name for name in expected.rows if name not in (*made, "source", "stream", "configuration")]
        self._groups = self._told(free, "{0}={1}", "")
        self._picks = Picks(campaign, kind, need, self._columns)

    def places(self, rows: Numbers) -> list[int]:
        """Where some of the rows stand here."""
        places: list[int] = np.searchsorted(self._rows, rows).tolist()
        return places

    def path(self, row: int) -> str:
        """The path of one of the rows."""
        return self._paths[int(np.searchsorted(self._rows, row))]

    def input(self, place: int, made: Mapping[str, Value]) -> Input:
        """The input at a place, for an output with the coordinates ``made``."""
        return Input(
            path=self._paths[place],
            size=self._sizes[place],
            mtime=self._mtimes[place],
            source=self._sources[place],
            group=self._groups[place],
            picks=self._picks.of(place, made),
        )

    def _told(self, names: list[str], form: str, nothing: Any) -> list[Any]:
        """What some coordinates say of each input, such as ``t_separation=3``; ``nothing`` where there are none."""
        if not names:
            return [nothing] * len(self._rows)
        told = {name: self._columns[name] for name in names}
        _, first, inverse = np.unique(self._relations.keys(told), return_index=True, return_inverse=True)
        texts = []
        for index in first.tolist():
            texts.append(" ".join(form.format(*pair) for pair in self._relations.decode(told, index).items()))
        return [texts[number] for number in inverse.tolist()]


class Picks:
    """Which datasets of its inputs an output takes; equal choices are one tuple, however many inputs have it."""

    def __init__(self, campaign: Campaign, kind: str, need: str, columns: Columns) -> None:
        """``columns`` are the coordinates of the inputs, of which there is at least one."""
        self._datasets = campaign.datasets(need)
        self._relations, self._columns = campaign.relations, columns
        self._picked = [name for name in campaign.kinds[kind].coordinates if name in self._datasets.free]
        self._states = bool(campaign.kinds[need].datasets)
        self._found: dict[tuple[object, ...], Names] = {}
        self._same: dict[Names, Names] = {}
        if self._states:
            named = {name for one in campaign.kinds[need].datasets for name in campaign.coordinates_named(one)}
            self._alike = self._alike_by(named & columns.keys())

    def of(self, place: int, made: Mapping[str, Value]) -> Names | None:
        """The names without what tells sources apart; None where the campaign does not say what is in the files."""
        if not self._states:
            return None
        picked = {name: made[name] for name in self._picked}
        key = (self._alike[place], *picked.values())
        if key not in self._found:
            names = self._names(self._relations.decode(self._columns, place), picked)
            self._found[key] = self._same.setdefault(names, names)
        return self._found[key]

    def _names(self, coordinates: Mapping[str, Value], picked: Mapping[str, Value]) -> Names:
        return tuple(dict.fromkeys(map(sourceless, self._datasets.of(coordinates, **picked))))

    def _alike_by(self, named: set[str]) -> list[int]:
        """A number for each input; inputs with the same hold the same datasets."""
        telling = named | ({"ensemble", "stream"} & self._columns.keys())
        if set(MAIN) & set(self._datasets.free):  # what is in a file is then found in the lists of sources
            telling |= set(MAIN) & self._columns.keys()
        elif "source" in named and not self._tells_sources_apart():
            telling.discard("source")
        columns = {name: column for name, column in self._columns.items() if name in telling}
        if not columns:
            return [0] * len(next(iter(self._columns.values()), [0]))
        numbers: list[int] = np.unique(self._relations.keys(columns), return_inverse=True)[1].tolist()
        return numbers

    def _tells_sources_apart(self) -> bool:
        """Whether names differ by source in another way than the conventions know."""
        here = self._relations.decode(self._columns, 0)
        source = here["source"]
        assert isinstance(source, Source)
        other = Source(source.x + 1, source.y + 1, source.z + 1, source.t + 1)
        return self._names(here, {}) != self._names({**here, "source": other}, {})
