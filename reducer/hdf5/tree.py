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
import numpy as np

from latteboard.errors import InputRefused
from latteboard.files.hdf5 import open_file, reading
from reducer.hdf5.array_comparison import Array, Place

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
class Attribute:
    """An attribute: the type of its values in words, and the values; None if it is empty."""

    type: str
    values: Array | None

    @property
    def shape(self) -> Place | None:
        """The shape of the values."""
        return None if self.values is None else self.values.shape


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
        return self._names(self.thing)

    def _names(self, holder: Any) -> list[str]:
        with reading(self.path, self.name):
            found = list(holder)
        foreign = [name for name in found if isinstance(name, bytes)]
        if foreign:
            raise InputRefused(
                f"{self.path}: {self.name}: has a name that is not UTF-8: {foreign[0]!r}; rename it first"
            )
        return found

    def child(self, name: str) -> Self:
        """The node under a name of a group."""
        whole = f"{self.name.rstrip('/')}/{name}"
        with reading(self.path, whole):
            link = self.thing.get(name, getlink=True)
            thing = self.thing[name] if isinstance(link, h5py.HardLink) else link
        return type(self)(self.path, whole, thing, self.thing)

    def followed(self) -> Self | None:
        """The node that a symbolic link leads to, under the link's name; None if it is not there."""
        with reading(self.path, self.name):
            thing = self.group.get(self.name.rpartition("/")[2])
        return None if thing is None else type(self)(self.path, self.name, thing)

    # -- contents ----------------------------------------------------------------------------------------------------

    @property
    def type(self) -> str:
        """The type of a dataset's values, or a named type, in words."""
        with reading(self.path, self.name):
            return type_in_words(self.thing.dtype)

    @property
    def shape(self) -> Place | None:
        """The shape of a dataset; None if it is empty, as a named type always is."""
        return self.thing.shape if self.kind == DATASET else None

    @property
    def attributes(self) -> dict[str, Attribute]:
        """The attributes of a group, dataset or named type."""
        names = self._names(self.thing.attrs)
        with reading(self.path, self.name):
            return {name: _attribute(self.thing, name) for name in names}

    def read(self, slab: tuple[slice, ...]) -> Array:
        """Read a slab of a dataset; values that are no numbers in the form of :func:`comparable`."""
        with reading(self.path, self.name):
            return comparable(self.thing[(*slab, ...)], self.thing.file)

    def missing_source(self) -> str | None:
        """A missing source file of a virtual dataset, for which HDF5 would give fill values without an error; None if all exist."""
        with reading(self.path, self.name):
            if not self.thing.is_virtual:
                return None
            file = Path(os.fsdecode(h5py.h5f.get_name(self.thing.id)))
            named = {source.file_name for source in self.thing.virtual_sources()}
        folders = (file.parent, file.resolve().parent, Path())
        # A name with % stands for a series of files, of which any number may be there.
        needed = sorted(name for name in named if name != "." and "%" not in name)
        return next((name for name in needed if not any((at / name).exists() for at in folders)), None)


def _attribute(thing: Any, name: str) -> Attribute:
    words, value = type_in_words(thing.attrs.get_id(name).dtype), thing.attrs[name]
    if isinstance(value, h5py.Empty):
        return Attribute(words, None)
    if isinstance(value, str | bytes | h5py.Reference):
        values = np.empty((), dtype=object)
        values[()] = value
    else:
        values = np.array(value)
    return Attribute(words, comparable(values, thing.file))


def type_in_words(dtype: np.dtype[Any]) -> str:
    """A type in words that are equal for equal types: text is text, of fixed length or not and in any encoding."""
    if h5py.check_string_dtype(dtype) is not None:
        return "text"
    if (names := h5py.check_enum_dtype(dtype)) is not None:
        return f"enumeration {sorted(names.items())} of {dtype}"
    if (base := h5py.check_vlen_dtype(dtype)) is not None:
        return f"lists of {type_in_words(base)}"
    return "reference" if h5py.check_ref_dtype(dtype) is not None else str(dtype)


def comparable(values: Array, file: h5py.File) -> Array:
    """Change an array in place so that equal things in two files compare equal.

    Text becomes bytes; a reference the name of what it refers to; a list of variable length its bytes.
    """
    if values.dtype.names is not None:
        for name in values.dtype.names:
            comparable(values[name], file)
    elif values.dtype == object:
        for place in np.ndindex(values.shape):
            values[place] = _comparable(values[place], file)
    return values


def _comparable(value: Any, file: h5py.File) -> bytes:
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape")
    if isinstance(value, bytes):
        return value
    if isinstance(value, h5py.Reference):
        return h5py.h5r.get_name(value, file.id) or b""
    if isinstance(value, np.ndarray):
        return value.tobytes() if not value.dtype.hasobject else _comparable(value.tolist(), file)
    if isinstance(value, list | tuple):
        return repr([_comparable(inner, file) for inner in value]).encode()
    return repr(value).encode()


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
