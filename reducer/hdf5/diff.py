"""Compares two HDF5 files by name: type, shape, values and attributes; not how they are stored.

A symbolic link is compared by the target that it states; one into another file also by the contents of that target. A
dataset of several names is compared under each. A group that is reached again, as in a circle of hard links, is compared
where it was visited first.
"""

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, cast

from latteboard.errors import InputRefused
from latteboard.files.hdf5 import MARK_PREFIX
from latteboard.text import shown
from reducer.hdf5.array_comparison import ArrayDifference, Place, Tolerance, combined, compare_arrays, slabs
from reducer.hdf5.attributes import Attribute
from reducer.hdf5.number_types import numpy_type
from reducer.hdf5.tree import DATASET, EXTERNAL, GROUP, SOFT, Node, Visited, opened, paired_nodes
from reducer.hdf5.values import comparable, type_in_words

SLAB_BYTES = 1 << 22
# The length of a text of variable length is not known before it is read.
BYTES_OF_ANY_LENGTH = 1 << 10

Form = tuple[str, Place | None]  # a type in words, and a shape
What = Literal["only in A", "only in B", "kind", "link", "type", "shape", "values"]


@dataclass(frozen=True)
class Difference:
    """One way in which two files A and B differ.

    Attributes
    ----------
    name : of the dataset, group, named type or link, such as ``/proton/A3``
    kind : one of these; where it differs, that in A
    what : ``only in A`` or ``only in B``; or both have it, but of another ``kind``, ``type`` or ``shape``, with other
        ``values``, or as a ``link`` that leads elsewhere
    detail : the findings in A and in B, as people read them
    attribute : the attribute that ``what`` refers to; None if it refers to the node itself
    apart : the difference of the values of a dataset
    """

    name: str
    kind: str
    what: What
    detail: str
    attribute: str | None = None
    apart: ArrayDifference | None = None

    @property
    def subject(self) -> str:
        """The node or attribute that differs: ``/proton/A3`` or ``/proton/A3: attribute meta``."""
        return shown(self.name if self.attribute is None else f"{self.name}: attribute {self.attribute}")

    def __str__(self) -> str:
        return f"{self.subject}: {shown(self.detail)}"

    def as_json(self) -> dict[str, Any]:
        """A JSON object; numbers that are not finite are the texts ``inf`` and ``nan``."""
        return {name: _finite(value) for name, value in asdict(self).items()}


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _finite(inner) for name, inner in value.items()}
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def compare(a: Path, b: Path, *, rtol: float = 0.0, atol: float = 0.0, attributes: bool = True) -> list[Difference]:
    """List all differences of two files, sorted by name; values are read in slabs of some MiB, whatever the size of a dataset.

    Marks of latteboard are not compared: they state time and inputs of the making, and are no data.

    Parameters
    ----------
    rtol, atol : numbers a and b agree if ``|a - b| <= atol + rtol |b|``, in datasets and in attributes; NaN agrees with
        NaN at the same place, -0.0 with 0.0
    attributes : whether attributes are compared

    Raises
    ------
    InputRefused : a file is not there, is no HDF5 file or is damaged, or a file that a virtual dataset is made of is
        not there.
    """
    comparison = _Comparison(Tolerance(rtol, atol), attributes)
    with opened(a) as one, opened(b) as other:
        found = comparison.differences(one, other, set())
        return sorted(found, key=lambda difference: (difference.name, difference.attribute or ""))


@dataclass(frozen=True)
class _Comparison:
    tolerance: Tolerance
    attributes: bool

    def differences(self, a: Node, b: Node, visited: Visited) -> Iterator[Difference]:
        """The differences of two nodes and all that is below them, except pairs of groups in ``visited``."""
        links = []
        for one, other in paired_nodes(a, b, visited):
            if one is None or other is None:
                yield from _alone(one, other)
            elif one.kind != other.kind:
                yield Difference(one.name, one.kind, "kind", f"{one.kind} in A, {other.kind} in B")
            elif one.target != other.target:
                yield Difference(one.name, one.kind, "link", f"{one.kind} to {one.target} in A, to {other.target} in B")
            elif one.kind == EXTERNAL:
                links.append((one, other))
            elif one.kind != SOFT:
                yield from self._both(one, other)
        # Last, so that a node with a name in these two files is compared under that name.
        for one, other in links:
            yield from self._behind(one, other, visited)

    def _behind(self, a: Node, b: Node, visited: Visited) -> Iterator[Difference]:
        """Compare the targets of two links into other files; a difference there is one of the link."""
        one, other = a.followed(), b.followed()
        if one is None or other is None:
            if one is not other:
                yield Difference(a.name, a.kind, "link", f"{a.kind} leads nowhere in {'A' if one is None else 'B'}")
        elif one.address != other.address:
            found = list(self.differences(one, other, visited))
            if found:
                yield Difference(a.name, a.kind, "link", f"{a.kind} leads to what differs: {found[0]}")

    def _both(self, a: Node, b: Node) -> Iterator[Difference]:
        """Compare two groups, datasets or named types, without the nodes below them."""
        if self.attributes:
            yield from self._attributes(a, b)
        if a.kind == GROUP:
            return
        forms = ((node.type, node.shape) for node in (a, b))
        stated = [Difference(a.name, a.kind, what, detail) for what, detail in _stated(*forms)]
        yield from stated
        if a.kind == DATASET and not stated and a.shape is not None:
            yield from self._values(a, b)

    def _attributes(self, a: Node, b: Node) -> Iterator[Difference]:
        ours, theirs = _unmarked(a), _unmarked(b)
        for name in sorted(ours.keys() | theirs.keys()):
            one, other = ours.get(name), theirs.get(name)
            if one is None or other is None:
                side: What = "only in A" if other is None else "only in B"
                yield Difference(a.name, a.kind, side, side, name)
                continue
            found = _stated(*(_form(attribute) for attribute in (one, other)))
            stated = list(found) or list(self._attribute_values(a, one, b, other))
            yield from (Difference(a.name, a.kind, what, detail, name) for what, detail in stated)

    def _attribute_values(self, a: Node, one: Attribute, b: Node, other: Attribute) -> Iterator[tuple[What, str]]:
        if one.values is not None and other.values is not None:
            ours = comparable(one.values, one.stored, a.thing.file)
            theirs = comparable(other.values, other.stored, b.thing.file)
            far = compare_arrays(ours, theirs, self.tolerance, begins=[0] * ours.ndim, total=ours.size)
            if far is not None:
                yield "values", str(far)

    def _values(self, a: Node, b: Node) -> Iterator[Difference]:
        """Compare the values of two datasets of one type and one shape."""
        for node in (a, b):
            if (obstacle := node.obstacle()) is not None:
                raise InputRefused(f"{obstacle}, so it cannot be compared", path=node.path, name=node.name)
        # The values of an array type are further axes of what is read.
        within = getattr(numpy_type(a.stored), "shape", ())
        total = math.prod((*a.thing.shape, *within))
        far = None
        for slab in _slabs(a.thing, b.thing):
            begins = [*(side.start for side in slab), *([0] * len(within))]
            far = combined(far, compare_arrays(a.read(slab), b.read(slab), self.tolerance, begins=begins, total=total))
        if far is not None:
            yield Difference(a.name, a.kind, "values", str(far), apart=far)


def _alone(one: Node | None, other: Node | None) -> Iterator[Difference]:
    if one is not None:
        yield Difference(one.name, one.kind, "only in A", f"only in A ({one.kind})")
    if other is not None:
        yield Difference(other.name, other.kind, "only in B", f"only in B ({other.kind})")


def _form(attribute: Attribute) -> Form:
    return type_in_words(attribute.stored), None if attribute.values is None else attribute.values.shape


def _stated(a: Form, b: Form) -> Iterator[tuple[What, str]]:
    """Compare type and shape, before any value is read."""
    for what, one, other in (("type", a[0], b[0]), ("shape", _shape(a[1]), _shape(b[1]))):
        if one != other:
            yield cast("What", what), f"{what} {one} in A, {other} in B"


def _shape(shape: Place | None) -> str:
    return "of nothing" if shape is None else str(shape)


def _unmarked(node: Node) -> dict[str, Attribute]:
    """Attributes that are data: all but the mark that a root group carries."""
    return {
        name: value for name, value in node.attributes().items() if not (node.is_root and name.startswith(MARK_PREFIX))
    }


def _slabs(a: Any, b: Any) -> Iterator[tuple[slice, ...]]:
    """The slabs in which two datasets of one shape are read: along the chunks of the one that has any."""
    stored = [dataset.id.get_type() for dataset in (a, b)]
    any_length = any(getattr(numpy_type(one), "hasobject", False) for one in stored)
    size = BYTES_OF_ANY_LENGTH if any_length else max(one.get_size() for one in stored)
    return slabs(a.shape, a.chunks or b.chunks, size, SLAB_BYTES)
