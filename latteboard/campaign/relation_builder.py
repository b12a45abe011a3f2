"""The relations of a campaign, built from its streams, source lists and axes."""

from collections.abc import Sequence

import numpy as np

from latteboard.campaign.axis_builder import build_axis
from latteboard.campaign.lists import Lists
from latteboard.campaign.relations import ABSENT, MAIN, AxisRelation, Relations
from latteboard.campaign.streams import Stream
from latteboard.campaign.tables import CampaignTable
from latteboard.errors import CampaignError, Mistakes
from latteboard.names.templates import Source, Value


class Coder:
    """The codes of a coordinate's values: the code of a value is its position in the list of values."""

    def __init__(self, values: Sequence[Value]) -> None:
        self._codes = {value: code for code, value in enumerate(values)}

    @property
    def values(self) -> list[Value]:
        """The values in the order of their codes."""
        return list(self._codes)

    def code(self, value: Value) -> int:
        """The code of ``value``, which is added to the list if it is new."""
        return self._codes.setdefault(value, len(self._codes))


def build_relations(streams: Sequence[Stream], axes: Sequence[str], table: CampaignTable, lists: Lists) -> Relations:
    """Build the main relation of configurations and sources, and the relation of each axis.

    Raises
    ------
    CampaignError : in a stream a configuration has no sources or too few, or a source is there twice or off the lattice; an
        axis has no values, or different types of values, or its list cannot be read.
    """
    numbers = sorted({number for stream in streams for number in stream.configurations})
    # Codes of configurations ascend with their numbers, so that rows are sorted by number; all other coordinates of the
    # source lists are coded in the order of the campaign.
    coders = {name: Coder(()) for name in MAIN} | {"configuration": Coder(numbers)}
    columns: dict[str, list[int]] = {name: [] for name in MAIN}
    with Mistakes() as mistakes:
        for stream in streams:
            with mistakes.keep(once=True):
                _add_stream(stream, coders, columns)
        values: dict[str, Sequence[Value]] = {name: coder.values for name, coder in coders.items()}
        main = {name: np.array(column, dtype=np.int32) for name, column in columns.items()}
        of_sources = Relations(dict(values), main, {})
        relations: dict[str, AxisRelation] = {}
        for axis in axes:
            with mistakes.keep():
                values[axis], relations[axis] = build_axis(axis, of_sources, table, lists)
    return Relations(values, main, relations)


def _add_stream(stream: Stream, coders: dict[str, Coder], columns: dict[str, list[int]]) -> None:
    """Append the rows of a stream: for each configuration and source set its sources, as far as it has any."""
    constant = {"ensemble": coders["ensemble"].code(stream.ensemble)}
    constant["stream"] = ABSENT if stream.name is None else coders["stream"].code(stream.name)
    sets = [(coders["source_set"].code(name), first, end) for name, (first, end) in stream.source_sets.items()]
    for number in stream.configurations:
        constant["configuration"] = coders["configuration"].code(number)
        # The sets may overlap: a source of two sets then has two rows.
        codes = [ABSENT]
        if "source" not in stream.absent:
            codes = [coders["source"].code(source) for source in _sources(stream, number)]
        for source_set, first, end in sets or [(ABSENT, 0, len(codes))]:
            for name, code in (*constant.items(), ("source_set", source_set)):
                columns[name] += [code] * (end - first)
            columns["source"] += codes[first:end]


def _sources(stream: Stream, number: int) -> Sequence[Source]:
    """The sources of one configuration; refuses repeated ones, ones off the lattice and too few for the source sets."""
    sources = stream.sources.get(number)
    who = (
        f"configuration {number} of {f'ensemble {stream.ensemble}' if stream.name is None else f'stream {stream.name}'}"
    )
    where, rows = (f"in {stream.file!r}", "lines") if stream.file else ("here", "rows")
    if sources is None:
        raise CampaignError(
            f"{who} has no sources {where}; expected {rows} {number} x y z t", key=stream.key("sources")
        )
    if len(set(sources)) < len(sources):
        twice = next(source for source in sources if sources.count(source) > 1)
        raise CampaignError(f"{who} has the source {twice} twice {where}", key=stream.key("sources"))
    for source in sources:
        if not _is_on_lattice(source, stream.L, stream.T):
            lattice = f"expected x, y, z from 0 to {stream.L - 1} and t from 0 to {stream.T - 1}"
            place = f"x = {source.x}, y = {source.y}, z = {source.z}, t = {source.t}"
            raise CampaignError(f"{who} has a source at {place} {where}; {lattice}", key=stream.key("sources"))
    for name, (first, end) in stream.source_sets.items():
        if not 0 <= first < end <= len(sources):
            raise CampaignError(
                f"{name!r} = [{first}, {end}] goes beyond the list: {who} has {len(sources)} sources "
                f"{where}; expected 0 <= first < end <= {len(sources)}",
                key=stream.key("source_sets"),
            )
    return sources


def _is_on_lattice(source: Source, L: int, T: int) -> bool:
    return 0 <= source.x < L and 0 <= source.y < L and 0 <= source.z < L and 0 <= source.t < T
