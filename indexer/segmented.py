"""Concatenations that grow by segments: the small file of an expected name and its segments are one artifact."""

from collections.abc import Collection

from indexer.match import MatchedFiles
from indexer.readers import Hopeless, Readers
from indexer.walk import Listing
from latteboard.files import hdf5 as h5
from latteboard.files.segments import SUFFIX, segments_problem, whole_size


def segmented_files(listing: Listing) -> set[str]:
    """The files of a folder beside which there is a folder of their segments, relative to the root."""
    prefix = f"{listing.path}/" if listing.path else ""
    names = {name.removesuffix(SUFFIX) for name in listing.folders if name.endswith(SUFFIX)}
    return {prefix + name for name in names.intersection(listing.names)}


def take_as_whole(root: str, matched: MatchedFiles, segmented: Collection[str], readers: Readers) -> dict[int, str]:
    """Give each artifact of segments the size of all its files; returns what is wrong with its segments, by position."""
    problems: dict[int, str] = {}
    for position, path in enumerate(matched.paths) if segmented else ():
        if path not in segmented or matched.files.sizes[position] < 0:
            continue
        file = f"{root}/{path}"
        try:
            mark = readers.ask(h5.read_mark, file)
        except (h5.Unreadable, Hopeless):  # what can be said of it, the closer look at its mark says
            continue
        if mark is None:
            continue
        matched.files.sizes[position] = whole_size(int(matched.files.sizes[position]), mark)
        if (problem := segments_problem(file, mark)) is not None:
            problems[position] = problem
    return problems
