"""The streams of a campaign, each with the settings that hold for it: its own, or else those of its ensemble."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from latteboard.campaign.lists import Lists, number_range
from latteboard.campaign.tables import CampaignTable, EnsembleTable, ListFile, StreamTable, plain_parameters
from latteboard.errors import CampaignError, Mistakes
from latteboard.names.templates import Source
from latteboard.text import counted, did_you_mean, listed

REQUIRED = ("L", "T", "configurations")
# What states a coordinate that a stream need not have.
STATED_BY = {"stream": "streams", "source": "sources", "source_set": "source_sets"}


@dataclass(frozen=True)
class Stream:
    """One Monte Carlo stream of one ensemble, or an ensemble that has no streams.

    Attributes
    ----------
    name : None if the ensemble has no streams
    L, T : extent of the lattice in space and time, in lattice units
    parameters : by name; those of the stream override those of the ensemble, and these those of the campaign
    configurations : ascending
    absent : those of the coordinates stream, source_set and source that it does not have
    file : the name of the source list, as the campaign states it; empty if the sources stand in the campaign itself
    sources : the sources of each configuration, in the order of the list
    source_sets : for each set the positions in the list of its first source and one past its last
    own : the settings that are stated for this stream, not for the ensemble
    """

    ensemble: str
    name: str | None
    L: int
    T: int
    parameters: Mapping[str, str | int | float]
    configurations: Sequence[int]
    absent: frozenset[str]
    file: str
    sources: Mapping[int, Sequence[Source]]
    source_sets: Mapping[str, tuple[int, int]]
    own: frozenset[str]

    def __str__(self) -> str:
        return self.ensemble if self.name is None else f"{self.ensemble}_{self.name}"

    @property
    def place(self) -> dict[str, str]:
        """The coordinates of the stream: the ensemble, and the stream if there are any."""
        return {"ensemble": self.ensemble} | ({} if self.name is None else {"stream": self.name})

    @property
    def constants(self) -> dict[str, str | int | float]:
        """The names that templates may contain in addition to coordinates: the parameters, L and T."""
        return {**self.parameters, "L": self.L, "T": self.T}

    @property
    def numbers(self) -> dict[str, int | float]:
        """The constants that are numbers; sizes may name these."""
        return {name: value for name, value in self.constants.items() if not isinstance(value, str)}

    def key(self, setting: str) -> str:
        """The key of the campaign file that states a setting of this stream."""
        return f"ensembles.{self.ensemble}.{f'stream.{self.name}.' if setting in self.own else ''}{setting}"


def read_streams(table: CampaignTable, lists: Lists, mistakes: Mistakes) -> list[Stream]:
    """Read all streams of all ensembles, in the campaign's order; those with mistakes are left out.

    Parameters
    ----------
    mistakes : takes missing settings, streams that are named twice or unknown, and lists that cannot be read
    """
    streams = []
    for ensemble, stated in table.ensembles.items():
        with mistakes.keep(f"ensembles.{ensemble}"):
            _check_streams(stated)
        here = []
        for name in dict.fromkeys(stated.streams or (None,)):
            with mistakes.keep(once=True):
                here.append(_read_stream(table, ensemble, name, lists))
        with mistakes.keep(f"ensembles.{ensemble}"):
            _check_alike(here)
        streams += here
    return streams


def _check_streams(stated: EnsembleTable) -> None:
    with Mistakes() as mistakes:
        streams = stated.streams or ()
        with mistakes.keep("streams"):
            if len(set(streams)) < len(streams):
                raise CampaignError(f"expected each stream once, found {', '.join(streams)}")
        for name in stated.stream:
            with mistakes.keep(f"stream.{name}"):
                if not streams:
                    raise CampaignError("the ensemble has no streams; name them in its key streams")
                if name not in streams:
                    allowed = f"expected one of {listed(streams)}{did_you_mean(name, streams)}"
                    raise CampaignError(f"not one of its streams; {allowed}")


def _check_alike(streams: Sequence[Stream]) -> None:
    """Require that all streams of an ensemble have sources, or none, and the same of source sets."""
    for coordinate in ("source", "source_set"):
        key = STATED_BY[coordinate]
        without = [stream.name for stream in streams if coordinate in stream.absent]
        if 0 < len(without) < len(streams):
            first = next(stream.name for stream in streams if stream.name not in without)
            found = f"found them in stream {first}, and none in stream {without[0]}"
            raise CampaignError(f"expected {key} in all streams of an ensemble or in none; {found}", key=key)


def _read_stream(table: CampaignTable, ensemble: str, name: str | None, lists: Lists) -> Stream:
    stated = table.ensembles[ensemble]
    override = StreamTable() if name is None else stated.stream.get(name, StreamTable())
    own = frozenset(setting for setting in StreamTable.model_fields if getattr(override, setting) is not None)
    settings = {key: getattr(override if key in own else stated, key) for key in (*REQUIRED, "sources", "source_sets")}
    _check_settings(ensemble, name, settings)
    absent = {coordinate for coordinate in ("source", "source_set") if settings[STATED_BY[coordinate]] is None}
    stream = Stream(
        ensemble=ensemble,
        name=name,
        L=settings["L"],
        T=settings["T"],
        parameters=plain_parameters({**table.parameters, **stated.parameters, **override.parameters}),
        configurations=[],
        absent=frozenset(absent if name is not None else {*absent, "stream"}),
        file=settings["sources"].file if isinstance(settings["sources"], ListFile) else "",
        sources={},
        source_sets=settings["source_sets"] or {},
        own=own,
    )
    # The lists are read last, so that an error in them is reported with the key that names the list.
    with Mistakes() as mistakes:
        with mistakes.keep(stream.key("source_sets")):
            if absent == {"source"}:
                raise CampaignError("there are no sources to form sets of; state sources, or remove source_sets")
        with mistakes.keep(stream.key("configurations")):
            configurations = lists.configurations(settings["configurations"])
        with mistakes.keep(stream.key("sources")):
            sources = {} if "source" in absent else lists.sources(settings["sources"])
    return replace(stream, configurations=configurations, sources=sources)


def _check_settings(ensemble: str, name: str | None, settings: Mapping[str, Any]) -> None:
    """Require the settings that every stream has."""
    with Mistakes() as mistakes:
        for setting in REQUIRED:
            where = f"ensembles.{ensemble}"
            if settings[setting] is None:
                other = f": stream {name} needs it, from here or from {where}.stream.{name}.{setting}"
                mistakes.add(f"this key is missing{'' if name is None else other}", key=f"{where}.{setting}")


def ranges_without_step(table: CampaignTable) -> Iterator[str]:
    """What each range of configurations means that states no step, since people may have meant another."""
    for ensemble, stated in table.ensembles.items():
        of_streams = ((f"ensembles.{ensemble}.stream.{name}", own) for name, own in stated.stream.items())
        for key, settings in ((f"ensembles.{ensemble}", stated), *of_streams):
            text = settings.configurations
            if isinstance(text, str) and text.count(":") == 1:
                number = counted(len(number_range(text)), "configuration")
                yield f'{key}.configurations: "{text}" means {text}:1, {number}'
