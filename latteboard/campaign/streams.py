"""The streams of a campaign, each with the settings that hold for it: its own, or else those of its ensemble."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from latteboard.campaign.lists import configuration_numbers, source_lists
from latteboard.campaign.tables import CampaignTable, EnsembleTable, StreamTable, plain_parameters
from latteboard.errors import CampaignError, within
from latteboard.names.templates import Source

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


def read_streams(table: CampaignTable, folder: Path) -> Iterator[Stream]:
    """Read all streams of all ensembles, in the campaign's order.

    Parameters
    ----------
    folder : to which the names of lists are relative; a list that several streams name is read once

    Raises
    ------
    CampaignError : a setting is missing, a stream is named twice or unknown, or a list cannot be read.
    """
    lists: Lists = {}
    for ensemble, stated in table.ensembles.items():
        with within(f"ensembles.{ensemble}"):
            _check_streams(stated)
        for name in stated.streams or ():
            yield _read_stream(table, ensemble, name, folder, lists)


def _check_streams(stated: EnsembleTable) -> None:
    if stated.streams is None:
        raise CampaignError("this key is missing", key="streams")
    if len(set(stated.streams)) < len(stated.streams):
        raise CampaignError(f"expected each stream once, found {', '.join(stated.streams)}", key="streams")
    for name in stated.stream:
        if name not in stated.streams:
            allowed = ", ".join(stated.streams)
            raise CampaignError(f"not one of its streams; expected one of {allowed}", key=f"stream.{name}")


def _read_stream(table: CampaignTable, ensemble: str, name: str, folder: Path, lists: Lists) -> Stream:
    stated = table.ensembles[ensemble]
    override = stated.stream.get(name, StreamTable())
    own = frozenset(setting for setting in StreamTable.model_fields if getattr(override, setting) is not None)
    chosen: dict[str, Any] = {}
    for setting in ("L", "T", "configurations", "sources", "source_sets"):
        chosen[setting] = getattr(override if setting in own else stated, setting)
        if chosen[setting] is None:
            where = f"ensembles.{ensemble}"
            message = f"this key is missing: stream {name} needs it, from here or from {where}.stream.{name}.{setting}"
            raise CampaignError(message, key=f"{where}.{setting}")
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
    with within(stream.key("configurations")):
        configurations = configuration_numbers(chosen["configurations"], folder)
    with within(stream.key("sources")):
        if folder / file not in lists:
            lists[folder / file] = source_lists(folder / file)
    return replace(stream, configurations=configurations, sources=lists[folder / file])
