"""What may stand in a campaign file: its keys and their types, and one clear line for whatever else is found there."""

import re
import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytimeparse2
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    StrictStr,
    ValidationError,
)

from latteboard.campaign.validation import first_complaint
from latteboard.errors import CampaignError


def identifier(text: str) -> str:
    """A name that may stand in braces, in sizes and in SQL."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", text) or "__" in text:
        raise ValueError(f"{text!r} is not a name: expected letters, digits and single _, a letter first")
    return text


def file_text(text: str) -> str:
    """A text that may stand in a file name."""
    if not text or text in (".", "..") or "/" in text or "::" in text or not text.isprintable():
        raise ValueError(
            f"{text!r} cannot stand in a file name: expected a text that is not empty, nor . nor .., "
            f"without /, :: and control characters"
        )
    return text


def one_line(text: str) -> str:
    """A text without control characters."""
    if not text or not text.isprintable():
        raise ValueError(f"{text!r}: expected a text that is not empty and has no control characters")
    return text


def duration(text: object) -> timedelta:
    """Read ``10 min``, ``6h`` or ``2 d``; a number without a unit is refused."""
    if isinstance(text, timedelta):
        return text
    if isinstance(text, str) and re.search(r"[A-Za-z]", text):
        seconds = pytimeparse2.parse(text)
        if isinstance(seconds, int | float) and 0 <= seconds <= timedelta.max.total_seconds() - 1:
            return timedelta(seconds=seconds)
    raise ValueError(f"{text!r} is not a duration: expected a number with a unit, such as 6h, 2 d or 10 min")


def ignored(pattern: str) -> str:
    """A pattern as in ``.gitignore``."""
    from pathspec import GitIgnoreSpec  # not needed by commands that do not walk, unless patterns are stated

    try:
        GitIgnoreSpec.from_lines([one_line(pattern)])
    except ValueError as error:
        raise ValueError(f"{pattern!r} is not a pattern as in .gitignore: {error}") from None
    return pattern


def time_zone(name: str) -> str:
    """A time zone of the zone database; ``UTC`` even where there is none."""
    try:
        return ZoneInfo(name).key if name != "UTC" else name
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{name!r} is not a time zone: expected a name such as America/Los_Angeles") from None


Name = Annotated[StrictStr, AfterValidator(identifier)]
FileText = Annotated[StrictStr, AfterValidator(file_text)]
Line = Annotated[StrictStr, AfterValidator(one_line)]
Duration = Annotated[timedelta, BeforeValidator(duration)]
# Whole numbers become columns, which hold 32 bits on some database servers.
Whole = Annotated[StrictInt, Field(ge=-(2**31), lt=2**31)]
AxisValue = Whole | FileText
Number = StrictInt | Annotated[float, Field(strict=True)]
Step = StrictStr | dict[str, dict[str, Any]]


class Table(BaseModel):
    """A table of the campaign file: no unknown key, nothing changed after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class Header(Table):
    """``[campaign]``."""

    name: Line
    root: Line
    catalog: Line = "catalog.db"
    grace: Duration = timedelta(minutes=10)
    ignore: list[Annotated[StrictStr, AfterValidator(ignored)]] = []


class Derived(Table):
    """``[derive.NAME]``: a text for each value of the coordinate ``from``."""

    on: StrictStr = Field(alias="from")
    values: dict[str, StrictStr]


class ListFile(Table):
    """``{ file = "..." }``: a list beside the campaign file."""

    file: Line


class StreamTable(Table):
    """What may differ by stream: whatever stands under an ensemble, except its streams and axes."""

    L: Annotated[int, Field(strict=True, gt=0)] | None = None
    T: Annotated[int, Field(strict=True, gt=0)] | None = None
    configurations: StrictStr | list[Whole] | ListFile | None = None
    sources: ListFile | None = None
    source_sets: Annotated[dict[FileText, tuple[Whole, Whole]], Field(min_length=1)] | None = None
    parameters: dict[Name, StrictStr | Number] = {}


class EnsembleTable(StreamTable):
    """``[ensembles.NAME]``."""

    streams: list[FileText] = Field(min_length=1)
    axes: dict[Name, list[AxisValue]] = {}
    stream: dict[FileText, StreamTable] = {}


class ArchiveTable(Table):
    """``[archives.NAME]``: where copies are kept that are not on this disk."""

    path: Line
    protocol: Literal["directory", "hsi", "htar", "rclone", "listing"] = "directory"
    timezone: Annotated[StrictStr, AfterValidator(time_zone)] = "UTC"


class KindTable(Table):
    """``[kinds.NAME]``: one class of file."""

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
        """What ``datasets`` says, one template or several, as a list."""
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
    """Read and check the form of a campaign file; whatever is wrong is one :class:`CampaignError`."""
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
        raise CampaignError(f"{path}: {first_complaint(error, CampaignTable, stated)}") from error
