"""The campaign file that ``latteboard init`` writes: a working example with every key explained."""

import os
from importlib.resources import files
from pathlib import Path

from latteboard.errors import LatteboardError

# The root that the campaign states. It is made too, since an index takes a missing root for an unmounted file system.
ROOT = "production"
# Files to write, and the files of this package that hold their text.
TEXTS = {"campaign.toml": "starter.toml", "a09m310_e_src.lst": "starter_sources.txt"}


def write_starter(folder: Path) -> list[Path]:
    """Write a commented campaign file and the source list that it names, and make its root.

    Parameters
    ----------
    folder : made if it does not exist

    Returns
    -------
    the paths of the files written

    Raises
    ------
    LatteboardError : one of the files exists already, or the folder cannot be written to; then no file is written.
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
