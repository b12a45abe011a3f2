"""The datasets that an output takes from its inputs."""

from collections.abc import Mapping

import numpy as np

from latteboard.campaign import Campaign
from latteboard.campaign.relations import MAIN, Columns
from latteboard.names.templates import Source, Value
from reducer.correlators.conventions import sourceless

Names = tuple[str, ...]


class Picks:
    """Finds the names of these datasets; equal choices are one tuple, however many inputs have it."""

    def __init__(self, campaign: Campaign, kind: str, need: str, columns: Columns) -> None:
        """``columns`` are the coordinates of the inputs, of which there is at least one."""
        self._datasets = campaign.datasets(need)
        self._relations, self._columns = campaign.relations, columns
        self._picked = [name for name in campaign.kinds[kind].coordinates if name in self._datasets.free]
        self._states = bool(campaign.kinds[need].datasets)
        self._by_key: dict[tuple[object, ...], Names] = {}
        self._shared: dict[Names, Names] = {}
        if self._states:
            named = {name for one in campaign.kinds[need].datasets for name in campaign.coordinates_named(one)}
            self._contents = self._contents_by(named & columns.keys())

    def of(self, position: int, coordinates: Mapping[str, Value]) -> Names | None:
        """The names, without the parts that tell sources apart, for an output of these coordinates.

        None where the campaign does not state the datasets of its files.
        """
        if not self._states:
            return None
        picked = {name: coordinates[name] for name in self._picked}
        key = (self._contents[position], *picked.values())
        if key not in self._by_key:
            names = self._names(self._relations.decode(self._columns, position), picked)
            self._by_key[key] = self._shared.setdefault(names, names)
        return self._by_key[key]

    def _names(self, coordinates: Mapping[str, Value], picked: Mapping[str, Value]) -> Names:
        return tuple(dict.fromkeys(map(sourceless, self._datasets.of(coordinates, **picked))))

    def _contents_by(self, named: set[str]) -> list[int]:
        """A number for each input; inputs with the same number hold the same datasets."""
        telling = named | ({"ensemble", "stream"} & self._columns.keys())
        # The contents of a file are then found by a join: in the lists of sources, or of axes that differ by configuration.
        if any(map(self._is_joined, self._datasets.free)):
            telling |= set(filter(self._is_joined, self._columns))
        elif "source" in named and not self._tells_sources_apart():
            telling.discard("source")
        columns = {name: column for name, column in self._columns.items() if name in telling}
        if not columns:
            return [0] * len(next(iter(self._columns.values()), [0]))
        numbers: list[int] = np.unique(self._relations.keys(columns), return_inverse=True)[1].tolist()
        return numbers

    def _is_joined(self, name: str) -> bool:
        return name in MAIN or len(self._relations.axes[name].on) > 1

    def _tells_sources_apart(self) -> bool:
        """Whether names differ by source in another way than the conventions know."""
        here = self._relations.decode(self._columns, 0)
        source = here["source"]
        assert isinstance(source, Source)
        other = Source(source.x + 1, source.y + 1, source.z + 1, source.t + 1)
        return self._names(here, {}) != self._names({**here, "source": other}, {})
