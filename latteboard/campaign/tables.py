"""The tables of a campaign file: their keys and the types of these."""

import tomllib
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
    TimeZone,
    Whole,
)
from latteboard.campaign.validation import first_error_text
from latteboard.errors import CampaignError


class Table(BaseModel):
    """A table of the campaign file; it has no unknown keys and does not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class Header(Table):
    """``[campaign]``."""

    name: Line
    root: Line
    catalog: Line = "catalog.db"
    grace: Duration = timedelta(minutes=10)
    ignore: list[Pattern] = []


class Derived(Table):
    """``[derive.NAME]``: the text of the name for each value of the coordinate ``from``."""

    on: StrictStr = Field(alias="from")
    values: dict[str, StrictStr]


class ListFile(Table):
    """``{ file = "..." }``: a list, relative to the campaign file."""

    file: Line


class StreamTable(Table):
    """``[ensembles.NAME.stream.NAME]``: the settings that may differ between the streams of an ensemble."""

    L: Annotated[int, Field(strict=True, gt=0)] | None = None
    T: Annotated[int, Field(strict=True, gt=0)] | None = None
    configurations: StrictStr | list[Whole] | ListFile | None = None
    sources: ListFile | None = None
    source_sets: Annotated[dict[FileText, tuple[Whole, Whole]], Field(min_length=1)] | None = None
    parameters: dict[Name, StrictStr | Number] = {}


class EnsembleTable(StreamTable):
    """``[ensembles.NAME]``: the settings of an ensemble, which hold for the streams that do not state their own."""

    streams: list[FileText] = Field(min_length=1)
    axes: dict[Name, list[AxisValue]] = {}
    stream: dict[FileText, StreamTable] = {}


class ArchiveTable(Table):
    """``[archives.NAME]``: a place for copies that are not on this disk."""

    path: Line
    protocol: Literal["directory", "hsi", "htar", "rclone", "listing"] = "directory"
    timezone: TimeZone = "UTC"


class KindTable(Table):
    """``[kinds.NAME]``: one class of files, or of datasets inside files."""

    path: Line
    needs: list[StrictStr] = []
    given: StrictBool = False
    temporary: StrictBool = False
    min_bytes: StrictInt | StrictStr = 0
    archive: StrictStr | None = None
    made_with: StrictStr | None = None
    datasets: StrictStr | list[StrictStr] | None = None
    reduce: list[Step] = []
    only: dict[str, list[AxisValue]] = {}
    stale: Literal["never"] | None = None
    task: dict[str, Any] = {}

    @property
    def dataset_templates(self) -> list[str]:
        """The templates in ``datasets``, which may be one text or a list."""
        return [self.datasets] if isinstance(self.datasets, str) else self.datasets or []


class CampaignTable(Table):
    """A whole campaign file."""

    campaign: Header
    parameters: dict[Name, StrictStr | Number] = {}
    axes: dict[Name, list[AxisValue]] = {}
    derive: dict[Name, Derived] = {}
    ensembles: dict[FileText, EnsembleTable] = Field(min_length=1)
    archives: dict[Name, ArchiveTable] = {}
    kinds: dict[Name, KindTable] = Field(min_length=1)


def read_toml(path: Path) -> CampaignTable:
    """Read a campaign file and check its keys and their types.

    Raises
    ------
    CampaignError : the file cannot be read, is not TOML, or has an unknown, missing or wrong key.
    """
    try:
        with path.open("rb") as stream:
            stated = tomllib.load(stream)
    except FileNotFoundError:
        raise CampaignError(
            f"{path}: no such campaign file. Name one with --campaign, or write one with: latteboard init"
        ) from None
    except OSError as error:
        raise CampaignError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise CampaignError(f"{path}: not a TOML file: {error}") from error
    try:
        return CampaignTable.model_validate(stated)
    except ValidationError as error:
        raise CampaignError(f"{path}: {first_error_text(error, CampaignTable, stated)}") from error
