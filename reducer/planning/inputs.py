"""The inputs of planned outputs in bulk: their paths, sizes and times, and the coordinates in which they differ."""

from collections.abc import Iterator, Mapping
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


class Locations:
    """Where some artifacts of one kind are, or will be made.

    Attributes
    ----------
    paths : of each, relative to its root
    """

    def __init__(self, campaign: Campaign, kind: str, rows: Numbers, places: Numbers) -> None:
        """``rows`` are sorted; ``places`` are those of the same artifacts."""
        templates = len(campaign.kinds[kind].templates)
        under = [paths_of(campaign.expected(kind, number), rows) for number in range(templates)]
        self._names = ["", *(str(root.path.absolute()) for root in campaign.roots[1:])]
        # Mostly there is one root and one path, and nothing is kept of either.
        self._roots = places // templates if len(self._names) > 1 else None
        self._under = list(zip(*under, strict=True)) if templates > 1 else None
        self.paths: list[str] = under[0]
        if self._under is not None:
            self.paths = [paths[n] for paths, n in zip(self._under, (places % templates).tolist(), strict=True)]

    def root(self, position: int) -> str:
        """The root of one of them: empty for the first, else an absolute path."""
        return "" if self._roots is None else self._names[self._roots[position]]

    def also(self, position: int) -> tuple[str, ...]:
        """The further paths of one of them."""
        own = self.paths[position]
        return () if self._under is None else tuple(path for path in self._under[position] if path != own)


class InputBuilders:
    """Builds the inputs of the outputs of one kind, which may be of several kinds.

    Inputs are numbered as in :class:`~reducer.planning.input_lists.InputLists`: all of the first needed kind come first.
    """

    def __init__(self, campaign: Campaign, kind: str, facts: Mapping[str, Facts], numbers: Numbers) -> None:
        """``facts`` are those of each needed kind, and ``numbers`` those of the inputs that may be asked for."""
        self._starts = np.cumsum([0, *(len(one.statuses) for one in facts.values())])
        self._builders = [
            InputBuilder(campaign, kind, need, one, numbers[(numbers >= begin) & (numbers < end)] - begin)
            for (need, one), begin, end in zip(facts.items(), self._starts, self._starts[1:], strict=False)
        ]

    def kinds_of(self, numbers: Numbers) -> Numbers:
        """For each of some inputs the place of its kind among those that are needed."""
        places: Numbers = np.searchsorted(self._starts, numbers, side="right") - 1
        return places

    def path(self, number: int) -> str:
        """The path of an input."""
        kind = int(self.kinds_of(np.array(number)))
        return self._builders[kind].path(number - int(self._starts[kind]))

    def inputs(self, numbers: Numbers, coordinates: Mapping[str, Value]) -> Iterator[Input]:
        """Some inputs of an output of these coordinates."""
        kinds = self.kinds_of(numbers)
        for kind in np.unique(kinds).tolist():
            builder = self._builders[kind]
            for position in builder.positions(numbers[kinds == kind] - self._starts[kind]):
                yield builder.input(position, coordinates)


class InputBuilder:
    """Builds the inputs of the outputs of one kind that are of one kind."""

    def __init__(self, campaign: Campaign, kind: str, need: str, facts: Facts, rows: Numbers) -> None:
        """``rows`` are those of the expected artifacts of ``need`` that may be asked for."""
        expected = campaign.expected(need)
        self._rows = np.unique(rows)
        self._locations = Locations(campaign, need, self._rows, facts.places[self._rows])
        self._sizes, self._mtimes = (column[self._rows].tolist() for column in (facts.sizes, facts.mtimes))
        self._columns = {name: column[self._rows] for name, column in expected.rows.items()}
        self._relations = campaign.relations
        made = campaign.kinds[kind].coordinates
        self._sources = self._texts(["source"] if "source" in expected.rows else [], "{1}", None)
        free = [name for name in expected.rows if name not in (*made, "source", "stream", "configuration")]
        # Files of several kinds hold other datasets.
        own = f"kind={need}" if len(campaign.kinds[kind].needs) > 1 else ""
        self._groups = [" ".join(filter(None, (own, text))) for text in self._texts(free, "{0}={1}", "")]
        self._picks = Picks(campaign, kind, need, self._columns)

    def positions(self, rows: Numbers) -> list[int]:
        """The positions here of some of the rows."""
        positions: list[int] = np.searchsorted(self._rows, rows).tolist()
        return positions

    def path(self, row: int) -> str:
        """The path of one of the rows."""
        return self._locations.paths[int(np.searchsorted(self._rows, row))]

    def input(self, position: int, coordinates: Mapping[str, Value]) -> Input:
        """The input at a position, for an output of these coordinates."""
        return Input(
            path=self._locations.paths[position],
            size=self._sizes[position],
            mtime=self._mtimes[position],
            source=self._sources[position],
            group=self._groups[position],
            picks=self._picks.of(position, coordinates),
            root=self._locations.root(position),
            also=self._locations.also(position),
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
