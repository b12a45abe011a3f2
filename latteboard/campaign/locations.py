"""Where the files are that a campaign names: home folders and variables of the environment stand in their paths."""

import os
import re
from pathlib import Path

from latteboard.errors import CampaignError
from latteboard.text import did_you_mean

VARIABLE = re.compile(
    r"\$(?:(?P<escaped>\$)|(?P<plain>[A-Za-z_][A-Za-z0-9_]*)|\{(?P<braced>[A-Za-z_][A-Za-z0-9_]*)\})?"
)
HOME = re.compile(r"~[^/]*")


def located(folder: Path, stated: str) -> Path:
    """The path of a file or folder that a campaign in ``folder`` states.

    Raises
    ------
    CampaignError : as :func:`expanded`.
    """
    return folder / expanded(stated)


def expanded(stated: str) -> str:
    """A path with home folders and variables of the environment in their places.

    ``~`` and ``~NAME`` at its beginning are home folders; ``$NAME`` and ``${NAME}`` are variables, ``$$`` is one ``$``. What
    comes from there is taken as it is.

    Examples
    --------
    >>> expanded("${PATH}/lists/$$5~.lst") == os.environ["PATH"] + "/lists/$5~.lst"
    True

    Raises
    ------
    CampaignError : a variable is not set or empty, a ``$`` stands before no name, or an account is unknown.
    """
    home = HOME.match(stated)
    rest = stated[home.end() :] if home else stated
    return (_home(home[0]) if home else "") + VARIABLE.sub(_value, rest)


def _home(stated: str) -> str:
    folder = os.path.expanduser(stated)  # noqa: PTH111 -- pathlib raises another error where there is none
    if folder == stated:
        whose = f"of {stated[1:]!r} " if stated[1:] else ""
        raise CampaignError(f"{stated}: no home folder {whose}is known here; write ./{stated} if it is a name")
    return _printable(stated, folder)


def _value(found: re.Match[str]) -> str:
    if found["escaped"]:
        return "$"
    name = found["plain"] or found["braced"]
    if name is None:
        rest = found.string[found.start() :]
        raise CampaignError(f"{rest!r}: expected $NAME or ${{NAME}} with a variable's name, or $$ for a $")
    value = os.environ.get(name)
    if not value:
        state = "not set" if value is None else "empty"
        hint = did_you_mean(name, os.environ) if value is None else ""
        raise CampaignError(f"${name} is {state} in the environment; set it, or write $$ for a ${hint}")
    return _printable(f"${name}", value)


def _printable(stated: str, text: str) -> str:
    """The text that stands for a part of a path; control characters in it are refused as in the campaign itself."""
    if not text.isprintable():
        raise CampaignError(f"{stated} gives {text!r}: expected a text without control characters")
    return text
