"""The inputs of planned outputs in bulk: their paths, sizes and times, and the coordinates in which they differ."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latteboard.campaign import Campaign
from latteboard.campaign.expected import Expected
from latteboard.catalog.questions.facts import Facts
from latteboard.names.templates import Value
from reducer.planning.picks import Picks
from reducer.tasks.task import Input

Numbers = NDArray[np.int64]


def paths_of(expected: Expected, rows: Numbers) -> list[str]:
    """The paths of some rows, which are sorted."""
    paths: list[str] = []
    for block, here in expected.block_slices:
        paths += expected.paths(block, rows[(rows >= here.start) & (rows < here.stop)])
    return paths


class InputBuilder:
    """Builds the inputs of the outputs of one kind."""

    def __init__(self, campaign: Campaign, kind: str, need: str, facts: Facts, rows: Numbers) -> None:
        """``rows`` are those of the expected artifacts of ``need`` that may be asked for."""
        expected = campaign.expected(need)
        self._rows = np.unique(rows)
        self._paths = paths_of(expected, self._rows)
        self._sizes, self._mtimes = (column[self._rows].tolist() for column in (facts.sizes, facts.mtimes))
        self._columns = {name: column[self._rows] for name, column in expected.rows.items()}
        self._relations = campaign.relations
        made = campaign.kinds[kind].coordinates
        self._sources = self._texts(["source"] if "source" in expected.rows else [], "{1}", None)
        free = [name for name in expected.rows if name not in (*made, "source", "stream", "configuration")]
        self._groups = self._texts(free, "{0}={1}", "")
        self._picks = Picks(campaign, kind, need, self._columns)

    def positions(self, rows: Numbers) -> list[int]:
        """The positions here of some of the rows."""
        positions: list[int] = np.searchsorted(self._rows, rows).tolist()
        return positions

    def path(self, row: int) -> str:
        """The path of one of the rows."""
        return self._paths[int(np.searchsorted(self._rows, row))]

    def input(self, position: int, coordinates: Mapping[str, Value]) -> Input:
        """The input at a position, for an output of these coordinates."""
        return Input(
            path=self._paths[position],
            size=self._sizes[position],
            mtime=self._mtimes[position],
            source=self._sources[position],
            group=self._groups[position],
            picks=self._picks.of(position, coordinates),
        )

    def _texts(self, names: list[str], form: str, nothing: Any) -> list[Any]:
        """Some coordinates of each input as text, such as ``t_separation=3``; ``nothing`` where ``names`` is empty."""
        if not names:
            return [nothing] * len(self._rows)
        columns = {name: self._columns[name] for name in names}
        _, first, inverse = np.unique(self._relations.keys(columns), return_index=True, return_inverse=True)
        texts = []
        for index in first.tolist():
            texts.append(" ".join(form.format(*pair) for pair in self._relations.decode(columns, index).items()))
        return [texts[number] for number in inverse.tolist()]
