"""The tables of a campaign file: their keys and the types of these."""

import tomllib
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, StrictStr, ValidationError

from latteboard.campaign.key_types import (
    AxisValue,
    Duration,
    FileText,
    Line,
    Name,
    Number,
    Pattern,
    Step,
    Task,
    TimeZone,
    Variable,
    Whole,
)
from latteboard.campaign.validation import mistakes_of
from latteboard.errors import CampaignError, Mistake

DEFAULT_CATALOG = "catalog.db"


class Table(BaseModel):
    """A table of the campaign file; it has no unknown keys and does not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class Header(Table):
    """``[campaign]``; ``root`` is one disk, or the disks that artifacts are looked for on, in this order."""

    name: Line
    description: Line | None = None
    root: Line | Annotated[list[Line], Field(min_length=1)]
    catalog: Line = DEFAULT_CATALOG
    grace: Duration = timedelta(minutes=10)
    ignore: list[Pattern] = []


class Derived(Table):
    """``[derive.NAME]``: the text of the name for each value of the coordinate ``from``."""

    on: StrictStr = Field(alias="from")
    values: dict[str, StrictStr]


class ListFile(Table):
    """``{ file = "..." }``: a list, relative to the campaign file."""

    file: Line


class ParameterTable(Table):
    """``{ value = ..., unit = "...", description = "..." }``: a parameter with what people should know of it."""

    value: StrictStr | Number
    unit: Line | None = None
    description: Line | None = None


Parameter = StrictStr | Number | ParameterTable


class AxisTable(Table):
    """An axis with a description, or one whose values differ by configuration.

    Either ``values``, or ``file`` and ``columns``: a list whose columns are some of ensemble, stream and configuration, in this
    order, and last the axis. ``partial`` allows configurations without a value.
    """

    values: list[AxisValue] | None = None
    file: Line | None = None
    columns: list[StrictStr] | None = None
    partial: StrictBool = False
    description: Line | None = None


Axis = list[AxisValue] | AxisTable
SourceRow = tuple[Whole, Whole, Whole, Whole, Whole]  # configuration x y z t


class StreamTable(Table):
    """``[ensembles.NAME.stream.NAME]``: the settings that may differ between the streams of an ensemble."""

    L: Annotated[int, Field(strict=True, gt=0)] | None = None
    T: Annotated[int, Field(strict=True, gt=0)] | None = None
    configurations: StrictStr | list[Whole] | ListFile | None = None
    sources: ListFile | list[SourceRow] | None = None
    source_sets: Annotated[dict[FileText, tuple[Whole, Whole]], Field(min_length=1)] | None = None
    parameters: dict[Name, Parameter] = {}


class EnsembleTable(StreamTable):
    """``[ensembles.NAME]``: the settings of an ensemble, which hold for the streams that do not state their own."""

    streams: Annotated[list[FileText], Field(min_length=1)] | None = None
    description: Line | None = None
    axes: dict[Name, Axis] = {}
    stream: dict[FileText, StreamTable] = {}


class ArchiveTable(Table):
    """``[archives.NAME]``: a place for copies that are not on this disk."""

    path: Line
    protocol: Literal["directory", "hsi", "htar", "rclone", "listing"] = "directory"
    timezone: TimeZone = "UTC"


class NeedTable(Table):
    """``{ kind = "...", with = {...}, only = {...} }``: a need of the artifacts that ``only`` names.

    ``with`` replaces, or adds, coordinates of the product before its inputs are looked for.
    """

    kind: StrictStr
    replaced: dict[StrictStr, Whole | StrictStr] = Field(default={}, alias="with")
    only: dict[StrictStr, list[AxisValue]] = {}


class KindTable(Table):
    """``[kinds.NAME]``: one class of files, of folders, or of datasets inside files.

    A path that ends in ``/`` is a folder that is one artifact. ``holds`` names the files that must be in it, ``files`` is how many
    regular files there must be below it at least. One of the two must stand, and both may: then both must be fulfilled.
    ``also`` are further paths under which an artifact counts as there.
    """

    path: Line
    description: Line | None = None
    also: list[Line] = []
    holds: Annotated[list[Line], Field(min_length=1)] | None = None
    files: Annotated[int, Field(strict=True, gt=0)] | None = None
    needs: list[StrictStr | NeedTable] = []
    given: StrictBool = False
    temporary: StrictBool = False
    min_bytes: StrictInt | StrictStr = 0
    archive: StrictStr | None = None
    made_with: StrictStr | None = None
    datasets: StrictStr | list[StrictStr] | None = None
    reduce: list[Step] = []
    only: dict[str, list[AxisValue]] = {}
    stale: Literal["never"] | None = None
    task: Task = {}
    logs: Line | None = None
    check: Line | None = None

    @property
    def path_keys(self) -> tuple[str, ...]:
        """The key of each template of its paths: ``path``, ``also[0]``, ``also[1]``, ..."""
        return "path", *(f"also[{number}]" for number in range(len(self.also)))

    @property
    def holds_keys(self) -> dict[str, str]:
        """The templates in ``holds`` by key: ``holds[0]``, ``holds[1]``, ..."""
        return {f"holds[{number}]": text for number, text in enumerate(self.holds or ())}

    @property
    def needed_kinds(self) -> tuple[str, ...]:
        """The kinds that it needs, each once, in the order in which they are stated."""
        return tuple(dict.fromkeys(need if isinstance(need, str) else need.kind for need in self.needs))

    @property
    def dataset_templates(self) -> list[str]:
        """The templates in ``datasets``, which may be one text or a list."""
        return [self.datasets] if isinstance(self.datasets, str) else self.datasets or []


class LeaveOutTable(BaseModel):
    """``[[leave_out]]``: artifacts of these coordinates, of all kinds that name them or of ``kinds``, are not expected."""

    model_config = ConfigDict(extra="allow", frozen=True)
    __pydantic_extra__: dict[Name, AxisValue | list[AxisValue]]

    reason: Line
    kinds: Annotated[list[StrictStr], Field(min_length=1)] | None = None

    @property
    def coordinates(self) -> dict[str, list[int | str]]:
        """The values of each coordinate that it names."""
        stated = self.__pydantic_extra__ or {}
        return {name: value if isinstance(value, list) else [value] for name, value in stated.items()}


class LimitsTable(Table):
    """``[machines.NAME.limits]``: jobs at once, nodes of a job, and its hours."""

    max_jobs: Annotated[int, Field(strict=True, gt=0)] | None = None
    nodes: Annotated[int, Field(strict=True, gt=0)] | None = None
    hours: Annotated[Number, Field(gt=0)] | None = None


class MachineTable(Table):
    """``[machines.NAME]``: a place where jobs run."""

    host: Line | None = None
    scratch_days: Annotated[int, Field(strict=True, gt=0)] | None = None
    account: Line | None = None
    qos: Line | None = None
    constraint: Line | None = None
    launcher: Line | None = None
    limits: LimitsTable = LimitsTable()
    environment: dict[Variable, Line] = {}
    task: Task = {}


class NotifyTable(Table):
    """``[notify]``: a command for each event, and how often one may be run."""

    complete: Line | None = None
    bad: Line | None = None
    stale: Line | None = None
    stalled: Line | None = None
    at_most: Duration | None = None


class WatchTable(Table):
    """``[watch]``: commands that are run after each index."""

    after: list[Line] = []


class SiteTable(Table):
    """``[sites.NAME]``: a place with a disk of its own, and its share of the artifacts."""

    root: Line
    machine: StrictStr | None = None
    makes: dict[StrictStr, list[AxisValue]] = {}


class ObservableTable(BaseModel):
    """``[observables.NAME]``: a quantity computed from a reduced kind; further keys belong to its kind of observable."""

    model_config = ConfigDict(extra="allow", frozen=True)

    source: StrictStr = Field(alias="from")
    kind: StrictStr
    description: Line | None = None


class CampaignTable(Table):
    """A whole campaign file."""

    campaign: Header
    parameters: dict[Name, Parameter] = {}
    axes: dict[Name, Axis] = {}
    derive: dict[Name, Derived] = {}
    ensembles: dict[FileText, EnsembleTable] = Field(min_length=1)
    archives: dict[Name, ArchiveTable] = {}
    kinds: dict[Name, KindTable] = Field(min_length=1)
    leave_out: list[LeaveOutTable] = []
    machines: dict[Name, MachineTable] = {}
    notify: NotifyTable | None = None
    watch: WatchTable | None = None
    particles: dict[FileText, Literal["baryon", "meson"]] = {}
    sites: dict[Name, SiteTable] = {}
    observables: dict[Name, ObservableTable] = {}


def stated_values(axis: Axis) -> list[AxisValue] | None:
    """The values of an axis that the campaign file states itself; None if they stand in a list."""
    return axis if isinstance(axis, list) else axis.values


def plain_parameters(stated: Mapping[str, Parameter]) -> dict[str, str | int | float]:
    """The values of parameters by name."""
    return {name: one.value if isinstance(one, ParameterTable) else one for name, one in stated.items()}


def read_toml(path: Path) -> dict[str, Any]:
    """Read a campaign file as it stands.

    Raises
    ------
    CampaignError : the file cannot be read, or is not TOML.
    """
    try:
        with path.open("rb") as stream:
            return tomllib.load(stream)
    except FileNotFoundError:
        reason = "no such campaign file. Name one with --campaign, or write one with: latteboard init"
    except OSError as error:
        reason = f"cannot be read: {error.strerror}"
    except (ValueError, RecursionError) as error:
        reason = f"not a TOML file: {error}"
    raise CampaignError([Mistake(reason, file=str(path))])


def read_tables(stated: Mapping[str, Any]) -> CampaignTable:
    """Check the keys of a campaign file, and the types of their values.

    Raises
    ------
    CampaignError : every unknown, missing and wrong key.
    """
    try:
        return CampaignTable.model_validate(stated)
    except ValidationError as error:
        raise CampaignError(mistakes_of(error, CampaignTable, stated)) from error
