"""HDF5 files as trees of nodes: groups, datasets, named types and links, by name.

Each error names the file and the node in it.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import h5py

from latteboard.files.hdf5 import missing_filter, open_file, reading
from latteboard.names.encoding import as_bytes, as_text
from reducer.hdf5.array_comparison import Place
from reducer.hdf5.attributes import Attribute, read_attributes
from reducer.hdf5.values import Array, comparable, read_slab, type_in_words
from reducer.hdf5.virtual import lost_source

GROUP, DATASET, TYPE, SOFT, EXTERNAL = "group", "dataset", "named type", "soft link", "external link"
KINDS: Mapping[type, str] = {
    h5py.File: GROUP,
    h5py.Group: GROUP,
    h5py.Dataset: DATASET,
    h5py.Datatype: TYPE,
    h5py.SoftLink: SOFT,
    h5py.ExternalLink: EXTERNAL,
}

# Device and inode of a file, address in it: the same under all names that a thing has.
Address = tuple[int, int, int]
Pair = tuple["Node | None", "Node | None"]
Visited = set[tuple[Address | None, Address | None]]


@contextmanager
def opened(path: Path) -> Iterator["Node"]:
    """The root group of a file, to read while others may write; raises :class:`InputRefused` if it cannot be opened."""
    with open_file(path) as file:
        yield Node(path, "/", file)


@dataclass(frozen=True)
class Node:
    """A group, dataset, named type or symbolic link in a file.

    Attributes
    ----------
    path : of the file in which it was looked for
    name : by which it was reached, from the root: ``/proton/A3``
    thing : the object of h5py; a symbolic link is not followed
    group : the group of a symbolic link
    """

    path: Path
    name: str
    thing: Any
    group: Any = None

    @property
    def kind(self) -> str:
        """One of group, dataset, named type, soft link and external link."""
        return KINDS[type(self.thing)]

    @property
    def target(self) -> str:
        """The target that a symbolic link states; empty for all others."""
        if self.kind == EXTERNAL:
            return f"{self.thing.path} in {self.thing.filename}"
        return str(self.thing.path) if self.kind == SOFT else ""

    @property
    def address(self) -> Address:
        """Device, inode and address of a group, dataset or named type."""
        with reading(self.path, self.name):
            status = Path(os.fsdecode(h5py.h5f.get_name(self.thing.id))).stat()
            return status.st_dev, status.st_ino, h5py.h5o.get_info(self.thing.id).addr

    @property
    def is_root(self) -> bool:
        """Whether it is the root group of its file."""
        return self.kind == GROUP and bool(self.thing == self.thing["/"])

    def names(self) -> list[str]:
        """The names in a group."""
        with reading(self.path, self.name):
            return [as_text(name) for name in self.thing.id]

    def child(self, name: str) -> Self:
        """The node under a name of a group."""
        whole = f"{self.name.rstrip('/')}/{name}"
        with reading(self.path, whole):
            return type(self)(self.path, whole, _thing(self.thing.id, as_bytes(name)), self.thing)

    def followed(self) -> Self | None:
        """The node that a symbolic link leads to, under the link's name; None if it is not there."""
        with reading(self.path, self.name):
            try:
                opened_ = h5py.h5o.open(self.group.id, as_bytes(self.name.rpartition("/")[2]))
            except (KeyError, UnicodeDecodeError):  # the message about a missing name that is not UTF-8 cannot be made
                return None
            return type(self)(self.path, self.name, _wrapped(opened_))

    # -- contents ----------------------------------------------------------------------------------------------------

    @property
    def type(self) -> str:
        """The type of a dataset's values, or a named type, in words that are equal for types of equal values."""
        with reading(self.path, self.name):
            return type_in_words(self.stored)

    @property
    def stored(self) -> Any:
        """The HDF5 type of a dataset's values, or a named type."""
        return self.thing.id.get_type() if self.kind == DATASET else self.thing.id

    @property
    def shape(self) -> Place | None:
        """The shape of a dataset; None if it is empty, as a named type always is."""
        return self.thing.shape if self.kind == DATASET else None

    def attributes(self) -> dict[str, Attribute]:
        """The attributes of a group, dataset or named type, by name; those of a mark too."""
        with reading(self.path, self.name):
            return dict(read_attributes(self.thing.id, lambda *_: None, but=(), everything=True))

    def read(self, slab: tuple[slice, ...]) -> Array:
        """Read a slab of a dataset; values that are no numbers in the form of :func:`comparable`."""
        with reading(self.path, self.name):
            return comparable(read_slab(self.thing, slab), self.stored, self.thing.file)

    def obstacle(self) -> str | None:
        """Why the values of a dataset cannot be read for what they are, in words; None if they can."""
        with reading(self.path, self.name):
            properties = self.thing.id.get_create_plist()
            if (lacking := missing_filter(properties)) is not None or not self.thing.is_virtual:
                return lacking
            reason = lost_source(self.thing.id, properties)
            return None if reason is None else f"virtual, and {reason}"


def _thing(group: Any, name: bytes) -> Any:
    """What has a name in a group; a symbolic link is not followed."""
    kind = group.links.get_info(name).type
    if kind == h5py.h5l.TYPE_SOFT:
        return h5py.SoftLink(as_text(group.links.get_val(name)))
    if kind == h5py.h5l.TYPE_EXTERNAL:
        file, path = group.links.get_val(name)
        return h5py.ExternalLink(os.fsdecode(file), as_text(path))
    return _wrapped(h5py.h5o.open(group, name))


def _wrapped(identifier: Any) -> Any:
    """The comfortable form of something open at the low level."""
    for low, comfortable in (
        (h5py.h5g.GroupID, h5py.Group),
        (h5py.h5d.DatasetID, h5py.Dataset),
        (h5py.h5t.TypeID, h5py.Datatype),
    ):
        if isinstance(identifier, low):
            return comfortable(identifier)
    raise TypeError(f"an object of type {type(identifier).__name__}")


# -- walking -----------------------------------------------------------------------------------------------------------


def paired_nodes(a: Node | None, b: Node | None, visited: Visited) -> Iterator[Pair]:
    """Walk two groups at once, each with all that is below it, and pair nodes by name; None where only one has the name.

    Groups are descended into where both are groups, or only one has the name; each pair once, by the addresses in ``visited``.
    """
    waiting = [iter([(a, b)])]
    while waiting:
        pair = next(waiting[-1], None)
        if pair is None:
            waiting.pop()
            continue
        yield pair
        if all(node is None or node.kind == GROUP for node in pair):
            one, other = pair
            addresses = one.address if one else None, other.address if other else None
            if addresses not in visited:
                visited.add(addresses)
                waiting.append(_children(one, other))


def _children(one: Node | None, other: Node | None) -> Iterator[Pair]:
    ours, theirs = (set() if node is None else set(node.names()) for node in (one, other))
    for name in sorted(ours | theirs):
        yield (
            one.child(name) if one is not None and name in ours else None,
            other.child(name) if other is not None and name in theirs else None,
        )


def all_nodes(top: Node) -> Iterator[Node]:
    """A node and all that is below it; a group that is reached again is named, not descended into."""
    for node, _ in paired_nodes(top, None, set()):
        if node is not None:
            yield node
