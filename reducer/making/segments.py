"""Concatenations that grow by segments: what is new is written beside what is there, and a small index file joins them.

Nothing old is changed, and the index takes its name at last: whoever is killed leaves the old length. A segment is itself a
concatenation of its rows, with their labels and record.
"""

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from shutil import copyfile
from time import time_ns
from typing import Any

import h5py

from latteboard.errors import InputRefused
from latteboard.files import hdf5 as h5
from latteboard.files.atomic import remove_abandoned, replacing
from latteboard.files.segments import SEGMENT, new_segment, segments_folder
from latteboard.names.encoding import as_bytes, is_unicode
from latteboard.times import DAY_NS
from reducer.arrays.joining import Shape
from reducer.correlators.file import CorrelatorFile
from reducer.hdf5.attributes import NOT_FINITE
from reducer.making.blueprint import Blueprint, Kept, draw_blueprint
from reducer.making.job import Job
from reducer.making.joined import describe, moves_of, write_joined
from reducer.making.layout import Move
from reducer.making.output import Output, Source
from reducer.making.record import recorded_concatenation

LARGEST_PLAIN = 256 * 10**6  # bytes: a smaller output is written anew as one plain file
MOST = 16  # segments of one output


def grows_by_segments(blueprint: Blueprint) -> bool:
    """Whether rows are added to an output by a segment: it has some, or is plain and too large to be copied each time."""
    if not blueprint.kept:
        return False
    mark = blueprint.kept[0].mark
    linked = (recorded_concatenation(mark) or {}).get("virtual", False)
    return bool(mark.segments) or (blueprint.nbytes >= LARGEST_PLAIN and not linked)


@contextmanager
def written_by_segments(job: Job, blueprint: Blueprint, target: Path, draft: Path) -> Iterator[int]:
    """Write the new rows as a segment, and the index of all as a draft; yields the bytes of the segment.

    If the block raises, the index did not get its name, and the segment is removed.
    """
    (kept,) = blueprint.kept
    folder = segments_folder(target)
    superseded = list(kept.mark.superseded)
    if time_ns() - kept.mark.made > DAY_NS:  # until then somebody may read what they were part of, and would read NaN
        remove_segments(target, [one.path for one in superseded])
        superseded.clear()
    folder.mkdir(exist_ok=True)
    remove_abandoned(folder)
    made: list[Path] = []
    try:
        # As they are now: in a tree that was copied without times, their marks were what proved them.
        old = [_recorded(folder / one.path) for one in kept.mark.segments] or [_adopted(target, made)]
        merged = smallest({one.path: one.size for one in old}, _new_bytes(blueprint))
        sources = [Kept.read(folder / name, _mark(folder / name)) for name in merged]
        part = replace(draw_blueprint(job, sources, blueprint.rows, as_they_come=True), lacking=())
        made.append(new_segment(target, [one.name for one in folder.iterdir()]))
        with replacing(made[-1], overwrite=False) as segment_draft:
            write_joined(job, part, segment_draft)
        segments = [one for one in old if one.path not in merged] + [_recorded(made[-1])]
        superseded += [one for one in old if one.path in merged]
        _Index(job, blueprint, part, old, made[-1]).write(draft, segments=segments, superseded=superseded)
        yield segments[-1].size
    except BaseException:
        remove_segments(target, [path.name for path in made])
        raise


def smallest(sizes: Mapping[str, int], new: int) -> list[str]:
    """The segments that are written anew together with new rows of so many bytes, so that there are not too many.

    All that are not larger than what is written already go along: thus each row is written again a few times only, however
    often rows are added.

    Examples
    --------
    >>> smallest({"a": 9, "b": 3}, 3)
    []
    >>> smallest({str(n): 1 + 99 * (n == 3) for n in range(16)}, 1) == [str(n) for n in range(16) if n != 3]
    True
    """
    if len(sizes) < MOST:
        return []
    ordered = sorted(sizes, key=sizes.__getitem__)
    chosen, total = [ordered[0]], new + sizes[ordered[0]]
    for name in ordered[1:]:
        if sizes[name] > total:
            break
        chosen.append(name)
        total += sizes[name]
    return chosen


def named_segments(target: Path) -> list[str]:
    """The segments that an output names, those of before that were written anew included; none if it has no folder of them."""
    with suppress(OSError):
        mark = h5.read_mark(target) if segments_folder(target).is_dir() else None
        return [] if mark is None else [one.path for one in (*mark.segments, *mark.superseded)]
    return []


def remove_segments(target: Path, names: Collection[str]) -> None:
    """Remove segments of an output by name, those excepted of which it is made.

    The caller is the only writer of the output, and knows that they are its own: others in their folder may be of an output
    that was moved away. If nobody knows what the output is made of, all stay.
    """
    folder = segments_folder(target)
    with suppress(OSError):  # what cannot be read or removed, such as another user's, does no harm
        mark = h5.read_mark(target) if folder.is_dir() else None
        needed = set() if mark is None else {one.path for one in mark.segments}
        for name in names if mark is not None else ():
            if SEGMENT.fullmatch(name) and name not in needed and _is_of(folder / name, target):
                (folder / name).unlink(missing_ok=True)
        if not any(folder.iterdir()):
            folder.rmdir()


def _is_of(path: Path, target: Path) -> bool:
    """Whether a file says that it is of an output."""
    try:
        mark = h5.read_mark(path)
    except InputRefused:
        return False
    return mark is not None and Path(mark.path).name == target.name


def _adopted(target: Path, made: list[Path]) -> h5.RecordedInput:
    """Give a plain output a second name, as the first segment; where no file can have two, it is copied."""
    path = new_segment(target, ())
    made.append(path)
    try:
        path.hardlink_to(target)
    except OSError:
        with replacing(path, overwrite=False) as draft:
            copyfile(target, draft)
            found = target.stat()
            os.utime(draft, ns=(found.st_atime_ns, found.st_mtime_ns))
    return _recorded(path)


def _recorded(path: Path) -> h5.RecordedInput:
    found = path.stat()
    return h5.RecordedInput(path.name, found.st_size, found.st_mtime_ns)


def _mark(path: Path) -> h5.Mark:
    mark = h5.read_mark(path)
    if mark is None:
        raise InputRefused("no mark of latteboard; expected a segment of ours", path=path)
    return mark


def _new_bytes(blueprint: Blueprint) -> int:
    datasets = (dataset for row in blueprint.rows for dataset in row.datasets)
    return sum(dataset.nbytes for dataset in datasets)


@dataclass(frozen=True)
class Piece:
    """A range of an output along the axis of rows, and where it begins in which segment."""

    begin: int
    end: int
    segment: str
    there: int

    def moved(self, to: int) -> "Piece":
        """The same numbers at another place of the output."""
        return replace(self, begin=to, end=to + self.end - self.begin)


@dataclass(frozen=True)
class _Index:
    """The index of segments.

    Attributes
    ----------
    whole, part : the blueprints of the output and of its new segment
    old : the segments before
    """

    job: Job
    whole: Blueprint
    part: Blueprint
    old: Sequence[h5.RecordedInput]
    segment: Path
    _merged: Mapping[str, Kept] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_merged", {kept.path.name: kept for kept in self.part.kept})

    def write(self, draft: Path, **files: Sequence[h5.RecordedInput]) -> None:
        """Write it: links where a lost segment reads as NaN, all else copied; ``files`` are the segments that it names."""
        (kept,) = self.whole.kept
        linked = self._linked(kept)
        with h5.open_file(kept.path) as before, h5.open_file(self.segment) as new, Output(draft) as output:
            for name in sorted(self.whole.layouts):
                self._write_dataset(name, before[as_bytes(name)], new[as_bytes(name)], output, link=name in linked)
                output.note_not_finite(name, self._not_finite(name, before, new))
            describe(self.job, self.whole, output, **files)

    def _linked(self, kept: Kept) -> set[str]:
        """The datasets that are links: those that were, or of a plain file those of which every row can be one."""
        with CorrelatorFile(kept.path) as file:
            datasets = file.datasets(self.whole.layouts)
            if kept.mark.segments:
                return {name for name in datasets if file.is_virtual(name)}
        return {
            name
            for name, dataset in datasets.items()
            if dataset.dtype.kind in "fc"
            and dataset.linked
            and 0 not in dataset.shape
            and is_unicode(f"{kept.path}{name}")
        }

    def _write_dataset(self, name: str, before: h5py.Dataset, new: h5py.Dataset, output: Output, *, link: bool) -> None:
        layout = self.whole.layouts[name]
        if not link:
            output.take(before, name, layout, moves_of(self.whole, name, self.whole.kept[0].positions, before.shape))
            output.take(new, name, layout, self._new(name))
            return
        added = [Piece(to, to + end - begin, self.segment.name, begin) for begin, end, to in self._new(name)]
        folder = segments_folder(self.whole.kept[0].path).name
        pieces = joined([*self._kept(name, before), *added])
        sources = (_source(f"{folder}/{one.segment}", name, layout.whole, layout.axis, one) for one in pieces)
        output.link(name, layout, self.whole.dtypes[name], sources)

    def _new(self, name: str) -> list[Move]:
        """The rows written now: from where in the segment to where in the output."""
        whole, part = self.whole.layouts[name], self.part.layouts[name]
        places = zip(self.part.positions, self.whole.positions, strict=True)
        return [(part.offset(one), part.offset(one) + part.length(one), whole.offset(other)) for one, other in places]

    def _kept(self, name: str, before: h5py.Dataset) -> Iterator[Piece]:
        """The rows of before, at their places now, in the segments that hold them now."""
        axis = self.whole.layouts[name].axis
        pieces = pieces_of(before, axis) if before.is_virtual else [Piece(0, before.shape[axis], self.old[0].path, 0)]
        if self.whole.options.along == "new":
            positions = self.whole.kept[0].positions
            rows = (
                replace(one, begin=row, end=row + 1, there=one.there + row - one.begin)
                for one in pieces
                for row in range(one.begin, one.end)
            )
            pieces = [one.moved(positions[one.begin]) for one in rows]
        for one in pieces:
            merged = self._merged.get(one.segment)
            if merged is None:
                yield one
                continue
            offset = self.part.layouts[name].offset(merged.positions[0])
            yield replace(one, segment=self.segment.name, there=offset + one.there)

    def _not_finite(self, name: str, before: h5py.File, new: h5py.File) -> int:
        """How many numbers of a dataset are NaN or infinite: those of before, and those of the new rows."""
        total = _counted(before, name) + _counted(new, name)
        for kept in self._merged.values():
            with h5.open_file(kept.path) as file:
                total -= _counted(file, name)
        return total


def _counted(file: h5py.File, name: str) -> int:
    return int(file[as_bytes(name)].attrs.get(NOT_FINITE, 0))


def pieces_of(dataset: h5py.Dataset, axis: int) -> list[Piece]:
    """The pieces of a dataset of an index, as its links state them."""
    properties = dataset.id.get_create_plist()
    found = []
    for n in range(properties.get_virtual_count()):
        first, last = properties.get_virtual_vspace(n).get_select_bounds()
        there, _ = properties.get_virtual_srcspace(n).get_select_bounds()
        segment = properties.get_virtual_filename(n).replace("%%", "%").rpartition("/")[2]
        found.append(Piece(int(first[axis]), int(last[axis]) + 1, segment, int(there[axis])))
    return found


def joined(pieces: Sequence[Piece]) -> list[Piece]:
    """The pieces in order, those that follow each other in one segment as one.

    Examples
    --------
    >>> joined([Piece(2, 3, "b", 0), Piece(1, 2, "a", 1), Piece(0, 1, "a", 0)])
    [Piece(begin=0, end=2, segment='a', there=0), Piece(begin=2, end=3, segment='b', there=0)]
    """
    found: list[Piece] = []
    for one in sorted(pieces, key=lambda piece: piece.begin):
        last = found[-1] if found else None
        if last is not None and last.segment == one.segment and last.there + last.end - last.begin == one.there:
            found[-1] = replace(last, end=one.end)
        else:
            found.append(one)
    return found


def _source(path: str, name: str, whole: Shape, axis: int, piece: Piece) -> Source:
    """The link to a piece; how long its dataset is, the file itself says."""
    end = piece.there + piece.end - piece.begin
    before, after = whole[:axis], whole[axis + 1 :]
    full: tuple[Any, ...] = tuple(slice(0, length) for length in before)
    here, there = ((*full, slice(*ends)) for ends in ((piece.there, end), (piece.begin, piece.end)))
    return Source(path, name, (*before, end, *after), here, there)
