"""The contents of artifacts: the datasets that an HDF5 file must hold, or the files of a folder, with the coordinates of each.

A dataset is expected where the coordinates of its file and those that its own path names are together in one row of the
natural join of the relations. A coordinate in ``datasets`` that the path of the file does not name is thus run over: an axis
over its values in the ensemble, or for the configuration of the file if they differ by configuration; a coordinate of the
source lists over its values for this configuration, stream and source set. The same holds for a file in a folder that is an
artifact, and ``holds``.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import product

from latteboard.campaign.kinds import Kind
from latteboard.campaign.model import Definition
from latteboard.campaign.relations import MAIN
from latteboard.campaign.streams import Stream
from latteboard.errors import QueryError
from latteboard.names.parsing import PathParser
from latteboard.names.templates import Piece, Template, Value, piece_text

Coordinates = Mapping[str, Value]


class Datasets:
    """The datasets in the files of one kind, or the files in its folders.

    Attributes
    ----------
    free : the coordinates that datasets have in addition to those of their file, in canonical order
    """

    def __init__(self, definition: Definition, kind: Kind, templates: Sequence[Template]) -> None:
        """``templates`` are those of ``datasets``, or of ``holds``."""
        self._definition = definition
        self._kind = kind
        self._templates = templates
        named = {name for template in templates for name in definition.coordinates_named(template)}
        self.free = tuple(n for n in definition.relations.order if n in named and n not in self._kind.coordinates)
        self._layouts: dict[tuple[Value | None, Value | None], list[_Layout]] = {}

    def of(self, coordinates: Coordinates, **picked: Value) -> dict[str, Coordinates]:
        """The datasets of one artifact.

        Parameters
        ----------
        picked : only the datasets whose paths name these coordinates, with these values

        Returns
        -------
        the free coordinates of each dataset by its path, in canonical order

        Raises
        ------
        QueryError : the datasets have no coordinate of a name in ``picked``.
        """
        for name in picked:
            if name not in self.free:
                raise QueryError(
                    f"{self._kind.name}: its datasets have no {name}; they have {', '.join(self.free) or 'none'}"
                )
        found: dict[str, Coordinates] = {}
        for layout in self._layouts_for(coordinates):
            for path, free in layout.paths(coordinates):
                if not picked or picked.items() <= free.items():
                    # Paths that do not name all coordinates are the same for several; the first ones count.
                    found.setdefault(path, free)
        return found

    def parse(self, path: str, coordinates: Coordinates | None = None) -> dict[str, Value] | None:
        """The coordinates that the path of a dataset names.

        Parameters
        ----------
        coordinates : known coordinates of the file, with which those of the dataset must agree

        Returns
        -------
        None if no coordinates give this path, or if path and ``coordinates`` together do not determine all of them, as
        where the path names only ``{source.t}``
        """
        for layout in self._layouts_for(coordinates or {}):
            found = layout.parser.parse(path, coordinates)
            if found is not None:
                return layout.here | found
        return None

    def _layouts_for(self, coordinates: Coordinates) -> "list[_Layout]":
        """The layouts of the ensemble and stream in ``coordinates``, of all where these are absent."""
        key = (coordinates.get("ensemble"), coordinates.get("stream"))
        if key not in self._layouts:
            streams = [
                stream
                for stream in self._definition.streams_of(self._kind)
                if key[0] in (None, stream.ensemble) and key[1] in (None, stream.name)
            ]
            self._layouts[key] = [
                _Layout(self._definition, self._kind, template, stream)
                for stream in streams
                for template in self._templates
            ]
        return self._layouts[key]


class _Layout:
    """One template of dataset paths in one stream.

    Attributes
    ----------
    here : the ensemble and the stream, if the dataset's path names them and the file's does not
    """

    def __init__(self, definition: Definition, kind: Kind, template: Template, stream: Stream) -> None:
        self._relations = definition.relations
        self._stream = stream.place
        self._pattern = definition.bind(template, stream)
        free = [name for name in definition.coordinates_named(template) if name not in kind.coordinates]
        self.here: dict[str, Value] = {name: value for name, value in self._stream.items() if name in free}
        self._own = [name for name in kind.coordinates if not self._is_listed(name)]
        self._own_axes = {name: self._values(name) for name in kind.coordinates if self._is_listed(name)}
        self._free = [name for name in free if name not in self._stream and not self._is_listed(name)]
        self._free_axes = {name: self._values(name) for name in free if self._is_listed(name)}

    def _is_listed(self, name: str) -> bool:
        """Whether it is an axis whose values depend on nothing but the ensemble; all others are found by a join."""
        return name not in MAIN and self._relations.axes[name].on == ("ensemble",)

    def _values(self, axis: str) -> list[Value]:
        """The values of an axis in the ensemble."""
        columns = self._relations.axes[axis].columns
        here = columns["ensemble"] == self._relations.codes["ensemble"][self._stream["ensemble"]]
        return [self._relations.values[axis][code] for code in columns[axis][here].tolist()]

    @cached_property
    def parser(self) -> PathParser:
        """The parser of this layout's paths."""
        return PathParser(self._pattern, self._relations.values)

    def paths(self, coordinates: Coordinates) -> Iterator[tuple[str, Coordinates]]:
        """The datasets of one artifact, each with its free coordinates."""
        # An axis value that this ensemble does not have belongs to a file of another ensemble.
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
        """All paths with gaps for the pieces that depend on the file, these pieces, and the axis values of each path.

        The paths are one text, a line each, such as ``pt/proton_t0_%(0)s/A3``: one replacement in a long text is much
        faster than one in each of many short ones. The numbers in the gaps stand for pieces.
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
        """The coordinates found by a join that datasets have and the file has not; none if it is of another stream."""
        # The common case needs no join: the datasets have none of these coordinates of their own.
        if not self._free and self._stream.keys() <= coordinates.keys():
            return [{}]
        return self._rows.get(tuple(coordinates[name] for name in self._own), [])

    @cached_property
    def _rows(self) -> dict[tuple[Value, ...], list[Coordinates]]:
        """The rows of the stream in the join of the relations, by the coordinates of the file."""
        rows = self._relations.table({*self._stream, *self._own, *self._free})
        rows = self._relations.restrict(rows, {name: [value] for name, value in self._stream.items()})
        found: dict[tuple[Value, ...], list[Coordinates]] = defaultdict(list)
        for index in range(len(rows["ensemble"])):
            row = self._relations.decode(rows, index)
            found[tuple(row[name] for name in self._own)].append(
                {**self.here, **{name: row[name] for name in self._free}}
            )
        return dict(found)
