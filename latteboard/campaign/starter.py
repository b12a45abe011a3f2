"""The campaign that ``latteboard init`` writes: every key explained, and it works as it stands."""

import os
from importlib.resources import files
from pathlib import Path

from latteboard.errors import LatteboardError

ROOT = "production"  # as the campaign names it; a root that is missing looks like a file system that is not mounted
# What is written, and the package's text that is in it.
TEXTS = {"campaign.toml": "starter.toml", "a09m310_e_src.lst": "starter_sources.txt"}


def write_starter(folder: Path) -> list[Path]:
    """Write a commented campaign file and the source list that it names, and make the folder of its files.

    All is done in ``folder``, made where there is none; returns what was written.

    Raises
    ------
    LatteboardError : one of the files is there already, or the folder cannot be written to; nothing is written then.
    """
    written: list[Path] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in TEXTS:
            if os.path.lexists(folder / name):
                raise LatteboardError(
                    f"{folder / name} is there already, and is left as it is; move it, or name a folder"
                )
        for name, text in TEXTS.items():
            with (folder / name).open("x", encoding="utf-8") as stream:
                written.append(folder / name)
                stream.write(files("latteboard.campaign").joinpath(text).read_text(encoding="utf-8"))
        (folder / ROOT).mkdir(exist_ok=True)
    except OSError as error:
        for path in written:
            path.unlink(missing_ok=True)
        raise LatteboardError(f"{error.filename or folder}: cannot be written: {error.strerror}") from error
    return written
