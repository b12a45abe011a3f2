"""The types of single values in a campaign file: names, texts, durations, numbers; each refuses anything else in one line."""

import re
from datetime import timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytimeparse2
from pydantic import AfterValidator, BeforeValidator, Field, StrictInt, StrictStr


def identifier(text: str) -> str:
    """Check a name that is used in braces, in sizes and as a column of the catalog.

    Examples
    --------
    >>> identifier("t_separation")
    't_separation'
    """
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", text) or "__" in text:
        raise ValueError(f"{text!r} is not a name: expected letters, digits and single _, a letter first")
    return text


def file_text(text: str) -> str:
    """Check a text that is used in file names."""
    if not text or text in (".", "..") or "/" in text or "::" in text or not text.isprintable():
        raise ValueError(
            f"{text!r} cannot stand in a file name: expected a text that is not empty, nor . nor .., "
            f"without /, :: and control characters"
        )
    return text


def one_line(text: str) -> str:
    """Check a text that is neither empty nor has control characters."""
    if not text or not text.isprintable():
        raise ValueError(f"{text!r}: expected a text that is not empty and has no control characters")
    return text


def duration(text: object) -> timedelta:
    """Parse a duration such as ``10 min``, ``6h`` or ``2 d``; a number without a unit is refused.

    Examples
    --------
    >>> duration("10 min").total_seconds()
    600.0
    """
    if isinstance(text, timedelta):
        return text
    if isinstance(text, str) and re.search(r"[A-Za-z]", text):
        seconds = pytimeparse2.parse(text)
        if isinstance(seconds, int | float) and 0 <= seconds <= timedelta.max.total_seconds() - 1:
            return timedelta(seconds=seconds)
    raise ValueError(f"{text!r} is not a duration: expected a number with a unit, such as 6h, 2 d or 10 min")


def variable(name: str) -> str:
    """Check the name of a variable of the environment."""
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise ValueError(f"{name!r} is not the name of a variable: expected letters, digits and _, no digit first")
    return name


def job_settings(task: dict[str, Any]) -> dict[str, Any]:
    """Check the settings of a job that have a meaning of their own; others are for task templates to use."""
    for name, least in (("nodes", 1), ("gpus", 0), ("minutes", 1)):
        value = task.get(name, least)
        if type(value) is not int or value < least:
            raise ValueError(f"{name}: expected a whole number from {least}, found {value!r}")
    for name in ("template", "command"):
        if not isinstance(task.get(name, ""), str):
            raise ValueError(f"{name}: expected a text, found {task[name]!r}")
    return task


def ignored(pattern: str) -> str:
    """Check a pattern as in ``.gitignore``."""
    from pathspec import GitIgnoreSpec  # slow to import, and rarely needed

    try:
        GitIgnoreSpec.from_lines([one_line(pattern)])
    except ValueError as error:
        raise ValueError(f"{pattern!r} is not a pattern as in .gitignore: {error}") from None
    return pattern


def time_zone(name: str) -> str:
    """Check the name of a time zone; ``UTC`` is known even without a time zone database."""
    try:
        return ZoneInfo(name).key if name != "UTC" else name
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{name!r} is not a time zone: expected a name such as America/Los_Angeles") from None


Name = Annotated[StrictStr, AfterValidator(identifier)]
FileText = Annotated[StrictStr, AfterValidator(file_text)]
Line = Annotated[StrictStr, AfterValidator(one_line)]
Duration = Annotated[timedelta, BeforeValidator(duration)]
# Whole numbers are stored in integer columns, which have 32 bits on some database servers.
Whole = Annotated[StrictInt, Field(ge=-(2**31), lt=2**31)]
AxisValue = Whole | FileText
Number = StrictInt | Annotated[float, Field(strict=True)]
Step = StrictStr | dict[str, dict[str, Any]]
Task = Annotated[dict[str, Any], AfterValidator(job_settings)]
Variable = Annotated[StrictStr, AfterValidator(variable)]
Pattern = Annotated[StrictStr, AfterValidator(ignored)]
TimeZone = Annotated[StrictStr, AfterValidator(time_zone)]
