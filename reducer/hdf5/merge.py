"""Adds to an HDF5 file the nodes and attributes that another has and it lacks; those that both have must be equal, and stay.

The file is replaced whole or not at all: a copy beside it receives the additions, is compared with their source, and then
takes the file's name.
"""

import os
import shutil
from collections.abc import Callable, Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py

from latteboard.errors import InputRefused, OutputRefused
from latteboard.files import hdf5 as h5
from latteboard.files.atomic import remove_abandoned, replacing
from latteboard.files.draft_stream import drafted_file
from latteboard.files.locks import Holder, only_writer
from latteboard.files.watched import being_read
from latteboard.names.encoding import as_bytes
from reducer.hdf5.diff import Difference, compare
from reducer.hdf5.tree import DATASET, EXTERNAL, GROUP, SOFT, Address, Node, all_nodes, opened


@dataclass(frozen=True)
class MergeResult:
    """The additions of a merge, made or planned.

    Attributes
    ----------
    lacking : the groups, datasets, named types, links and attributes that only the first file had, sorted by name
    equal : the names of the datasets that both had
    """

    lacking: tuple[Difference, ...]
    equal: tuple[str, ...]

    @property
    def copied(self) -> tuple[str, ...]:
        """The names of the datasets among ``lacking``."""
        return _datasets(self.lacking)

    def as_json(self) -> dict[str, Any]:
        """A JSON object: names of datasets, and of other nodes and attributes that were copied."""
        others = [one.subject for one in self.lacking if one.name not in self.copied or one.attribute is not None]
        return {"copied": list(self.copied), "others": others, "equal": list(self.equal)}


def _datasets(lacking: Sequence[Difference]) -> tuple[str, ...]:
    return tuple(one.name for one in lacking if one.kind == DATASET and one.attribute is None)


def merge(
    source: Path, into: Path, *, dry_run: bool = False, waiting: Callable[[Holder], None] = lambda _: None
) -> MergeResult:
    """Copy to ``into`` all that it lacks of ``source``: groups, datasets as they are stored, named types, links, attributes.

    Links are copied as links; a node of several names has them in the copy. The mark of ``source`` is not copied. A dry run
    refuses the same cases as a merge, and changes nothing. Two that merge into one file wait for each other; ``waiting`` is
    called once a wait begins.

    Raises
    ------
    InputRefused : a file cannot be read or is marked incomplete; a dataset that is lacking was never written.
    OutputRefused : ``into`` is not there, is ``source``, differs in what both have, or carries a mark that would not be
        true any more; a copy does not read as the original; one of the files changed meanwhile. ``into`` is as it was.
    """
    with nullcontext() if dry_run else only_writer(into, waiting=waiting):
        return _merged(source, into, dry_run=dry_run)


def _merged(source: Path, into: Path, *, dry_run: bool) -> MergeResult:
    _check_files(source, into)
    with h5.not_being_written(into):
        before = _states(source, into)
    lacking = _lacking(source, into)
    with opened(source) as top:
        _check_written(top, _datasets(lacking))
        held = {node.name for node in all_nodes(top) if node.kind == DATASET}
    if lacking:
        _check_unmarked(into, lacking)
    if lacking and not dry_run:
        _replace(into, source, lacking, before)
    return MergeResult(lacking, tuple(sorted(held.difference(_datasets(lacking)))))


# -- refusals ------------------------------------------------------------------------------------------------------------


def _check_files(source: Path, into: Path) -> None:
    if not into.exists():
        raise OutputRefused(f"{into}: not there; a copy is a better start: cp {source} {into}")
    for path in (source, into):
        if (problem := h5.problem_of(path)) is not None:
            raise InputRefused(f"{path}: {problem}")
    if source.samefile(into):
        raise OutputRefused(f"{into}: the same file as {source}; there is nothing to merge")


def _states(*paths: Path) -> list[tuple[int, ...]]:
    """Device, inode, size and time of files, of which one changes with the contents."""
    found = [path.stat() for path in paths]
    return [(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns) for status in found]


def _lacking(source: Path, into: Path) -> tuple[Difference, ...]:
    found = compare(source, into)
    conflicts = [one for one in found if one.what not in ("only in A", "only in B")]
    if conflicts:
        raise OutputRefused(
            f"{into}: what both have differs from A = {source} in {len(conflicts)} places, first {conflicts[0]}; "
            f"nothing was changed. See all: latteboard h5diff {source} {into}"
        )
    return tuple(one for one in found if one.what == "only in A")


def _check_written(top: Node, names: Sequence[str]) -> None:
    for name in names:
        dataset = top.thing[as_bytes(name)]
        if dataset.size and not dataset.is_virtual and not dataset.id.get_storage_size():
            raise InputRefused(f"{top.path}: {name}: never written: whoever wrote the file was stopped")


def _check_unmarked(into: Path, lacking: Sequence[Difference]) -> None:
    with opened(into) as top:
        marked = any(name.startswith(h5.MARK_PREFIX) for name in top.thing.attrs)
    if marked:
        raise OutputRefused(
            f"{into}: its mark says what it was made from, and would not be true with {lacking[0].name} in it; "
            "nothing was changed. Merge into a file without a mark"
        )


# -- copying -------------------------------------------------------------------------------------------------------------


def _replace(into: Path, source: Path, lacking: Sequence[Difference], before: list[tuple[int, ...]]) -> None:
    """Replace ``into`` by a copy with the additions, if it reads right and neither file has changed."""
    target = into.resolve()  # the file itself, where the name is a symbolic link to it
    remove_abandoned(target.parent)
    with ExitStack() as stack:

        def check_unchanged() -> None:
            if _states(source, into) != before:
                raise OutputRefused(f"{into}: it or {source} changed meanwhile; nothing was done. Try again")

        def check_at_last() -> None:
            stack.enter_context(h5.not_being_written(into))  # until the copy has taken its name
            check_unchanged()

        draft = stack.enter_context(replacing(target, last=check_at_last))
        shutil.copy(target, draft)
        _fill(draft, source, into, lacking)
        wrong = _wrong(draft, source)
        check_unchanged()
        if wrong is not None:
            raise OutputRefused(f"{into}: cannot hold what {source} holds: {wrong}; nothing was changed")


def _fill(draft: Path, source: Path, into: Path, lacking: Sequence[Difference]) -> None:
    """Write the additions to the draft; parents stand before their children."""
    new = {one.name for one in lacking if one.attribute is None}
    try:
        with opened(source) as top, drafted_file(draft, new=False) as file:
            placed = {
                node.address: node.name
                for node in all_nodes(top)
                if node.name not in new and node.kind not in (SOFT, EXTERNAL)
            }
            for one in lacking:
                node = _found(top, one.name)
                if one.attribute is None:
                    _place(node, file, placed)
                else:
                    there = h5py.h5o.open(file.id, as_bytes(one.name))
                    node.attributes()[one.attribute].write(there, one.attribute)
    except InputRefused:
        raise
    except h5.DAMAGED as error:
        reason = h5.reason_of(error)
        raise OutputRefused(f"{into}: cannot take what it lacks of {source}: {reason}; nothing was changed") from error


def _found(top: Node, name: str) -> Node:
    above, _, last = name.rpartition("/")
    return Node(top.path, above, top.thing[as_bytes(above or "/")]).child(last) if last else top


def _place(node: Node, file: h5py.File, placed: dict[Address, str]) -> None:
    """Give a node its name in ``file``; ``placed`` names the nodes that are in it already, by address in the source."""
    name = as_bytes(node.name)
    if file.id.links.exists(name):  # it came with another name of a group above it
        return
    if node.kind in (SOFT, EXTERNAL):
        _place_link(node, file, name)
        return
    first = placed.setdefault(node.address, node.name)
    if first != node.name:
        h5py.h5o.link(h5py.h5o.open(file.id, as_bytes(first)), file.id, name)
    elif node.kind == GROUP:
        made = h5py.Group(h5py.h5g.create(file.id, name, gcpl=node.thing.id.get_create_plist()))
        for attribute, value in node.attributes().items():
            value.write(made.id, attribute)
    else:
        with being_read(node.path, getattr(node.thing, "nbytes", 0)):
            h5py.h5o.copy(node.thing.id, b".", file.id, name)


def _place_link(node: Node, file: h5py.File, name: bytes) -> None:
    if node.kind == SOFT:
        file.id.links.create_soft(name, as_bytes(node.thing.path))
    else:
        file.id.links.create_external(name, os.fsencode(node.thing.filename), as_bytes(node.thing.path))


def _wrong(draft: Path, source: Path) -> str | None:
    """The first addition that does not read as its source: a link, or a virtual dataset, may lead elsewhere from here."""
    try:
        return next((str(one) for one in compare(source, draft) if one.what != "only in B"), None)
    except InputRefused as error:
        return str(error).replace(str(draft), "the copy")
