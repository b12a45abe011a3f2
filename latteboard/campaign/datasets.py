"""Names inside HDF5 files: which datasets a file of a kind must hold, and which coordinates each of them has.

A dataset is expected where the coordinates of its file and those that its own path names stand in one row of the
natural join. So a name in ``datasets`` that the file's path does not name is run over: an axis over its values in the
ensemble, a coordinate of sources over what the lists say of this configuration, stream, source set.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING

from latteboard.campaign.relations import MAIN
from latteboard.errors import QueryError
from latteboard.names.parsing import Reader
from latteboard.names.templates import Piece, Template, Value, piece_text

if TYPE_CHECKING:
    from latteboard.campaign import Campaign
    from latteboard.campaign.kinds import Kind
    from latteboard.campaign.streams import Stream

Coordinates = Mapping[str, Value]


def datasets_of(campaign: Campaign, kind: str, coordinates: Coordinates, **picked: Value) -> list[str]:
    """The paths of the datasets that an artifact must hold, or of those with the coordinates in ``picked``."""
    return list(campaign.datasets(kind).of(coordinates, **picked))


class Datasets:
    """The datasets in the files of one kind.

    Attributes
    ----------
    free : the coordinates that datasets have beyond those of their file, in canonical order
    """

    def __init__(self, campaign: Campaign, kind: str) -> None:
        self._campaign = campaign
        self._kind = campaign.kinds[kind]
        named = {name for template in self._kind.datasets for name in campaign.coordinates_named(template)}
        self.free = tuple(n for n in campaign.relations.order if n in named and n not in self._kind.coordinates)
        self._layouts: dict[tuple[Value | None, Value | None], list[_Layout]] = {}

    def of(self, coordinates: Coordinates, **picked: Value) -> dict[str, Coordinates]:
        """The datasets of one artifact, in canonical order: for each path the coordinates that its file has not.

        With ``picked`` only those of which the path names each picked coordinate, with this value.
        """
        for name in picked:
            if name not in self.free:
                raise QueryError(
                    f"{self._kind.name}: its datasets have no {name}; they have {', '.join(self.free) or 'none'}"
                )
        found: dict[str, Coordinates] = {}
        for layout in self._agreeing(coordinates):
            for path, free in layout.paths(coordinates):
                if not picked or picked.items() <= free.items():
                    found.setdefault(path, free)
        return found

    def read(self, path: str, coordinates: Coordinates | None = None) -> dict[str, Value] | None:
        """The coordinates that the path of a dataset names, of any artifact that agrees with ``coordinates``.

        None if no coordinates give this path, or if it does not tell them all (a ``{source.t}`` alone) and
        ``coordinates`` do not either.
        """
        for layout in self._agreeing(coordinates or {}):
            found = layout.reader.parse(path, coordinates)
            if found is not None:
                return layout.here | found
        return None

    def _agreeing(self, coordinates: Coordinates) -> list[_Layout]:
        key = (coordinates.get("ensemble"), coordinates.get("stream"))
        if key not in self._layouts:
            streams = [
                stream
                for stream in self._campaign.streams_of(self._kind)
                if key[0] in (None, stream.ensemble) and key[1] in (None, stream.name)
            ]
            self._layouts[key] = [
                _Layout(self._campaign, self._kind, template, stream)
                for stream in streams
                for template in self._kind.datasets
            ]
        return self._layouts[key]


class _Layout:
    """One template of dataset paths in one ensemble and stream."""

    def __init__(self, campaign: Campaign, kind: Kind, template: Template, stream: Stream) -> None:
        self._relations = campaign.relations
        self._stream = {"ensemble": stream.ensemble, "stream": stream.name}
        self._pattern = campaign.bind(template, stream)
        free = [name for name in campaign.coordinates_named(template) if name not in kind.coordinates]
        self.here: dict[str, Value] = {name: value for name, value in self._stream.items() if name in free}
        self._own = [name for name in kind.coordinates if name in MAIN]
        self._own_axes = {name: self._values(name) for name in kind.coordinates if name not in MAIN}
        self._free = [name for name in free if name in MAIN and name not in self._stream]
        self._free_axes = {name: self._values(name) for name in free if name not in MAIN}

    def _values(self, axis: str) -> list[Value]:
        """The values of an axis in the ensemble."""
        ensemble = self._relations.codes["ensemble"][self._stream["ensemble"]]
        return [self._relations.values[axis][code] for code in self._relations.axes[axis][ensemble].tolist()]

    @cached_property
    def reader(self) -> Reader:
        """Reads paths of this layout."""
        return Reader(self._pattern, self._relations.values)

    def paths(self, coordinates: Coordinates) -> Iterator[tuple[str, Coordinates]]:
        """The datasets of one artifact, each with the coordinates that its file has not."""
        if not all(coordinates[name] in values for name, values in self._own_axes.items()):
            return
        form, pieces, axes = self._form
        for of_source in self._of_sources(coordinates):
            known = {**coordinates, **of_source}
            texts = {number: piece_text(piece, known) for piece, number in pieces.items()}
            free = [{**of_source, **one} for one in axes] if of_source else axes
            yield from zip((form % texts).split("\n"), free, strict=True)

    @cached_property
    def _form(self) -> tuple[str, dict[Piece, str], list[Coordinates]]:
        """The paths but for what depends on the file, the pieces that do, and what the axes are in each path.

        The paths stand in one text, a line each, such as ``pt/proton_t0_%(0)s/A3``: to fill in all at once is much faster.
        The numbers stand for pieces.
        """
        lines: list[str] = []
        numbers: dict[Piece, str] = {}
        axes: list[Coordinates] = []
        for combination in product(*self._free_axes.values()):
            axes.append(dict(zip(self._free_axes, combination, strict=True)))
            line = ""
            for piece in self._pattern.fill(axes[-1]).pieces:
                if isinstance(piece, str):
                    line += piece.replace("%", "%%")
                else:
                    line += f"%({numbers.setdefault(piece, str(len(numbers)))})s"
            lines.append(line)
        return "\n".join(lines), numbers, axes

    def _of_sources(self, coordinates: Coordinates) -> Sequence[Coordinates]:
        """What its datasets name of sources and the file does not; empty where the file is of another stream."""
        if not self._free and self._stream.keys() <= coordinates.keys():
            return [{}]
        return self._rows.get(tuple(coordinates[name] for name in self._own), [])

    @cached_property
    def _rows(self) -> dict[tuple[Value, ...], list[Coordinates]]:
        """What the lists of the stream say, by the file's coordinates."""
        rows = self._relations.table({*self._stream, *self._own, *self._free})
        rows = self._relations.restrict(rows, {name: [value] for name, value in self._stream.items()})
        found: dict[tuple[Value, ...], list[Coordinates]] = defaultdict(list)
        for index in range(len(rows["ensemble"])):
            row = self._relations.decode(rows, index)
            found[tuple(row[name] for name in self._own)].append(
                {**self.here, **{name: row[name] for name in self._free}}
            )
        return dict(found)
