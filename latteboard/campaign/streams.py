"""The streams of a campaign, each with the settings that hold for it: its own, or else those of its ensemble."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from latteboard.campaign.lists import configuration_numbers, source_lists
from latteboard.campaign.tables import CampaignTable, EnsembleTable, StreamTable, plain_parameters
from latteboard.errors import CampaignError, Mistakes
from latteboard.names.templates import Source
from latteboard.text import did_you_mean, listed

Lists = dict[Path, dict[int, list[Source]]]


@dataclass(frozen=True)
class Stream:
    """One Monte Carlo stream of one ensemble.

    Attributes
    ----------
    L, T : extent of the lattice in space and time, in lattice units
    parameters : by name; those of the stream override those of the ensemble, and these those of the campaign
    configurations : ascending
    file : the name of the source list, as the campaign states it
    sources : the sources of each configuration, in the order of the list
    source_sets : for each set the positions in the list of its first source and one past its last
    own : the settings that are stated for this stream, not for the ensemble
    """

    ensemble: str
    name: str
    L: int
    T: int
    parameters: Mapping[str, str | int | float]
    configurations: Sequence[int]
    file: str
    sources: Mapping[int, Sequence[Source]]
    source_sets: Mapping[str, tuple[int, int]]
    own: frozenset[str]

    def __str__(self) -> str:
        return f"{self.ensemble}_{self.name}"

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


def read_streams(table: CampaignTable, folder: Path, mistakes: Mistakes) -> list[Stream]:
    """Read all streams of all ensembles, in the campaign's order; those with mistakes are left out.

    Parameters
    ----------
    folder : to which the names of lists are relative; a list that several streams name is read once
    mistakes : takes missing settings, streams that are named twice or unknown, and lists that cannot be read
    """
    lists: Lists = {}
    streams = []
    for ensemble, stated in table.ensembles.items():
        with mistakes.keep(f"ensembles.{ensemble}"):
            _check_streams(stated)
        for name in dict.fromkeys(stated.streams or ()):
            with mistakes.keep(once=True):
                streams.append(_read_stream(table, ensemble, name, folder, lists))
    return streams


def _check_streams(stated: EnsembleTable) -> None:
    if stated.streams is None:
        raise CampaignError("this key is missing", key="streams")
    with Mistakes() as mistakes:
        with mistakes.keep("streams"):
            if len(set(stated.streams)) < len(stated.streams):
                raise CampaignError(f"expected each stream once, found {', '.join(stated.streams)}")
        for name in stated.stream:
            with mistakes.keep(f"stream.{name}"):
                if name not in stated.streams:
                    allowed = f"expected one of {listed(stated.streams)}{did_you_mean(name, stated.streams)}"
                    raise CampaignError(f"not one of its streams; {allowed}")


def _read_stream(table: CampaignTable, ensemble: str, name: str, folder: Path, lists: Lists) -> Stream:
    stated = table.ensembles[ensemble]
    override = stated.stream.get(name, StreamTable())
    own = frozenset(setting for setting in StreamTable.model_fields if getattr(override, setting) is not None)
    chosen: dict[str, Any] = {}
    with Mistakes() as mistakes:
        for setting in ("L", "T", "configurations", "sources", "source_sets"):
            chosen[setting] = getattr(override if setting in own else stated, setting)
            where = f"ensembles.{ensemble}"
            with mistakes.keep(f"{where}.{setting}"):
                if chosen[setting] is None:
                    other = f"{where}.stream.{name}.{setting}"
                    raise CampaignError(f"this key is missing: stream {name} needs it, from here or from {other}")
    if isinstance(chosen["sources"], list):
        raise CampaignError("expected a table", key=f"ensembles.{ensemble}.sources")
    file = chosen["sources"].file
    stream = Stream(
        ensemble=ensemble,
        name=name,
        L=chosen["L"],
        T=chosen["T"],
        parameters=plain_parameters({**table.parameters, **stated.parameters, **override.parameters}),
        configurations=[],
        file=file,
        sources={},
        source_sets=chosen["source_sets"],
        own=own,
    )
    # The lists are read last, so that an error in them is reported with the key that names the list.
    with Mistakes() as mistakes:
        with mistakes.keep(stream.key("configurations")):
            configurations = configuration_numbers(chosen["configurations"], folder)
        with mistakes.keep(stream.key("sources")):
            if folder / file not in lists:
                lists[folder / file] = source_lists(folder / file)
    return replace(stream, configurations=configurations, sources=lists[folder / file])
