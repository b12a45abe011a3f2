"""Virtual datasets: whether all that they are made of is there. HDF5 reads fill values, without a word, in place of what is not."""

import os
import resource
from collections.abc import Iterator
from math import prod
from pathlib import Path
from typing import Any

import h5py

from latteboard.errors import InputRefused
from latteboard.files.hdf5 import open_file, recorded_segments
from latteboard.files.segments import segments_folder, segments_problem

SAME_FILE = "."
SPARE_FILES = 128  # that a process may have open beside the sources of one dataset


def lack(dataset: Any, properties: Any) -> str | None:
    """What a virtual dataset lacks, in words; None if every number of it is in a source that is there.

    Parameters
    ----------
    dataset, properties : at the low level of h5py, and how it was created; the file that it is in is looked at, which is not
        the one that was opened if a link into another one led there
    """
    number = properties.get_virtual_count()
    if any(map(_is_pattern, (properties.get_virtual_filename(n) for n in range(number)))):
        return "its sources are files by a pattern, so that nobody knows how many there should be"
    if sum(properties.get_virtual_vspace(n).get_select_npoints() for n in range(number)) < prod(dataset.shape):
        return "some of its numbers are in no source, and would be read as fill values"
    return lost_source(dataset, properties)


def lost_source(dataset: Any, properties: Any) -> str | None:
    """A source of a virtual dataset that is not there, in words, or that there are too many; None if all can be read.

    Of a series of files by a pattern any number may be there.
    """
    file, path = h5py.File(h5py.h5i.get_file_id(dataset)), Path(os.fsdecode(h5py.h5f.get_name(dataset)))
    sources: dict[str, set[str]] = {}
    for n in range(properties.get_virtual_count()):
        name = properties.get_virtual_filename(n)
        if not _is_pattern(name):
            sources.setdefault(name, set()).add(properties.get_virtual_dsetname(n).replace("%%", "%"))
    if (reason := _too_many(len(sources))) is not None:
        return reason
    if (mark := recorded_segments(file)) is not None:
        if (reason := segments_problem(path, mark)) is not None:
            return reason
        own = {f"{segments_folder(path).name}/{one.path}".replace("%", "%%") for one in mark.segments}
        sources = {name: datasets for name, datasets in sources.items() if name not in own}
    return next(_lost(path, file, sources), None)


def _is_pattern(name: str) -> bool:
    return "%" in name.replace("%%", "")


def _too_many(number: int) -> str | None:
    """Beyond the limit of open files sources would be read as fill values: it is raised as far as it can be."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = number + SPARE_FILES
    if needed > soft != resource.RLIM_INFINITY:
        if needed > hard != resource.RLIM_INFINITY:
            return f"it is made of {number:,} files, and a process may open {hard:,} (see: ulimit -n)"
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
    return None


def _lost(path: Path, file: h5py.File, sources: dict[str, set[str]]) -> Iterator[str]:
    """The sources that are not there, in words."""
    for stated, datasets in sources.items():
        name = stated.replace("%%", "%")
        if stated == SAME_FILE:
            yield from (f"its source {one} in the same file is not there" for one in datasets if one not in file)
            continue
        # Where the library looks for a relative name.
        places = [folder / name for folder in (path.parent, path.resolve().parent, Path.cwd())]
        source = next((place for place in places if place.exists()), None)
        if source is None:
            yield f"its source {name} is not there"
            continue
        try:
            with open_file(source) as opened:
                yield from (f"its source {one} in {name} is not there" for one in sorted(datasets) if one not in opened)
        except InputRefused as error:
            yield f"its source {name}: {error.reason}"
