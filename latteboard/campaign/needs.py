"""Which artifact needs which: the one home of the join of needs, on columns of codes.

No edge is stored anywhere. Artifact *a* of one kind needs artifact *b* of another if and only if some row of the natural
join of the campaign's relations projects on both. Two artifacts can disagree only in the coordinates that tie them, so both
sides are put into groups by these; inside a pair of tied groups every product needs every input.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from latteboard.campaign.relations import MAIN, Columns, Relations, length

Numbers = NDArray[np.int64]
# Of 32 bits, since there are many: one for each artifact and each kind that it needs or that needs it.
Groups = NDArray[np.signedinteger[Any]]
Mask = NDArray[np.bool_]

# The group of an artifact that is tied to nothing. As an index it finds the last slot of an array, which stays empty.
ALONE = -1


@dataclass(frozen=True)
class Links:
    """The needs of some products among some inputs.

    Attributes
    ----------
    product_group, input_group : for each product and each input the number of its group, ``ALONE`` where it is tied to nothing
    edges : the pairs of a group of products and a group of inputs that are tied, each once; None where both sides have the
        same groups and each is tied to itself alone
    sizes : how many groups of products and how many of inputs there are
    """

    product_group: Groups
    input_group: Groups
    edges: tuple[Groups, Groups] | None
    sizes: tuple[int, int]

    @classmethod
    def from_pairs(cls, products: Numbers, inputs: Numbers, numbers: tuple[int, int]) -> Self:
        """Links from pairs of rows, each pair once; ``numbers`` says how many products and how many inputs there are."""
        return cls(np.arange(numbers[0]), np.arange(numbers[1]), (products, inputs), numbers)

    def any(self, inputs: Mask) -> Mask:
        """For each product, whether it needs any of the inputs that ``inputs`` marks."""
        marked = np.zeros(self.sizes[1] + 1, dtype=bool)
        marked[self.input_group[inputs]] = True
        return self._of_products(marked, np.logical_or, False)

    def count(self, inputs: Mask) -> Numbers:
        """For each product, how many of the marked inputs it needs."""
        numbers = np.bincount(self.input_group[inputs] + 1, minlength=self.sizes[1] + 1)[1:]
        return self._of_products(np.append(numbers, 0), np.add, 0)

    def least(self, values: Numbers, default: int) -> Numbers:
        """For each product the least of its inputs' values, ``default`` where it needs none."""
        return self._extreme(values, np.minimum, default)

    def greatest(self, values: Numbers, default: int) -> Numbers:
        """For each product the greatest of its inputs' values, ``default`` where it needs none."""
        return self._extreme(values, np.maximum, default)

    def asked(self, products: Mask) -> Mask:
        """For each input, whether any of the marked products needs it."""
        marked = np.zeros(self.sizes[0] + 1, dtype=bool)
        marked[self.product_group[products]] = True
        marked[ALONE] = False
        if self.edges is not None:
            of_products, of_inputs = self.edges
            reached = np.zeros(self.sizes[1] + 1, dtype=bool)
            reached[of_inputs[marked[of_products]]] = True
            marked = reached
        found: Mask = marked[self.input_group]
        return found

    def has(self, products: Numbers, inputs: Numbers) -> Mask:
        """For pairs of a product and an input, given by their rows, whether the first needs the second."""
        one, other = self.product_group[products].astype(np.int64), self.input_group[inputs]
        tied: Mask = (one != ALONE) & (other != ALONE)
        if self.edges is None:
            same: Mask = tied & (one == other)
            return same
        of_products, of_inputs = self.edges
        among: Mask = np.isin(one * self.sizes[1] + other, of_products.astype(np.int64) * self.sizes[1] + of_inputs)
        return tied & among

    def pairs(self) -> tuple[Numbers, Numbers]:
        """Every pair of a product and an input that it needs, as rows, in the order of the products."""
        by_group = np.argsort(self.input_group, kind="stable")
        sorted_groups = self.input_group[by_group]
        products, groups = self._groups_of_products()
        first = np.searchsorted(sorted_groups, groups)
        counts = np.searchsorted(sorted_groups, groups, side="right") - first
        inputs = by_group[np.repeat(first, counts) + places_in_runs(counts)]
        return np.repeat(products, counts), inputs

    def _groups_of_products(self) -> tuple[Numbers, Groups]:
        """Pairs of a product and a group of inputs that it is tied to, in the order of the products."""
        products = np.flatnonzero(self.product_group != ALONE)
        if self.edges is None:
            return products, self.product_group[products]
        order = np.argsort(self.edges[0], kind="stable")
        of_products, of_inputs = self.edges[0][order], self.edges[1][order]
        first = np.searchsorted(of_products, self.product_group[products])
        counts = np.searchsorted(of_products, self.product_group[products], side="right") - first
        return np.repeat(products, counts), of_inputs[np.repeat(first, counts) + places_in_runs(counts)]

    def _extreme(self, values: Numbers, ufunc: np.ufunc, default: int) -> Numbers:
        of_groups = np.full(self.sizes[1] + 1, default, dtype=np.int64)
        ufunc.at(of_groups, self.input_group, values)
        of_groups[ALONE] = default
        return self._of_products(of_groups, ufunc, default)

    def _of_products(self, of_inputs: NDArray[Any], ufunc: np.ufunc, default: int) -> NDArray[Any]:
        """Values of groups of inputs brought to the products; the last slot is that of no group."""
        of_inputs[ALONE] = default
        if self.edges is None:
            own: NDArray[Any] = of_inputs[self.product_group]
            return own
        gathered = np.full(self.sizes[0] + 1, default, dtype=of_inputs.dtype)
        ufunc.at(gathered, self.edges[0], of_inputs[self.edges[1]])
        found: NDArray[Any] = gathered[self.product_group]
        return found


def links(relations: Relations, products: Columns, inputs: Columns) -> Links:
    """The needs of ``products`` among ``inputs``; both are distinct rows of artifacts that the campaign expects.

    Parameters
    ----------
    products, inputs : columns of codes by coordinate, as :meth:`Relations.table` gives them

    Examples
    --------
    Averages of a set need the slices of its sources, although a slice does not name its set:

    >>> main = {name: np.zeros(3, dtype=np.int32) for name in ("ensemble", "stream", "configuration")}
    >>> main |= {"source_set": np.array([0, 0, 1], np.int32), "source": np.array([0, 1, 2], np.int32)}
    >>> one = ["a"]
    >>> values = {"ensemble": one, "stream": one, "configuration": [10], "source_set": ["0-1", "2"], "source": [0, 1, 2]}
    >>> relations = Relations(values, main, {})
    >>> averages, slices = (relations.table(("configuration", name)) for name in ("source_set", "source"))
    >>> links(relations, averages, slices).count(np.array([True, False, True])).tolist()
    [1, 1]
    """
    shared = [name for name in relations.order if name in products and name in inputs]
    if equal_coordinates_suffice(relations, products, inputs):  # no join is needed, and no edges
        groups = _Groups(relations, inputs, shared)
        return Links(groups.find(relations, products), groups.number_of, None, (groups.number, groups.number))
    tied = relations.table(_tying(relations, products, inputs))
    own = [name for name in tied if name in products]
    other = [name for name in tied if name in inputs]
    # Each row of the join ties the group of products that it projects on to the group of inputs that it projects on.
    of_products, of_inputs = _Groups(relations, products, own), _Groups(relations, inputs, other)
    edges = of_products.find(relations, tied), of_inputs.find(relations, tied)
    kept = (edges[0] != ALONE) & (edges[1] != ALONE)
    return Links(
        of_products.number_of,
        of_inputs.number_of,
        (edges[0][kept], edges[1][kept]),
        (of_products.number, of_inputs.number),
    )


def equal_coordinates_suffice(relations: Relations, a: Iterable[str], b: Iterable[str]) -> bool:
    """Whether artifacts that agree in all coordinates that both kinds name belong together.

    This holds if one kind names all coordinates of the main relation that the other names, and each axis that the other alone
    names is tied: the other names all that the values of the axis depend on. For then the row of the join on which the first
    artifact projects, and the value of the axis in the second, are in one row of the whole join.
    """
    names = set(a), set(b)
    return any(
        names[s] & set(MAIN) <= names[1 - s]
        and _free_axes(relations, names[s], names[1 - s]) >= names[s] - names[1 - s]
        for s in (0, 1)
    )


def _free_axes(relations: Relations, one: Iterable[str], other: Iterable[str]) -> set[str]:
    """The axes that only one of two kinds names, and that tie nothing: the kind names all that their values depend on too."""
    own = set(one)
    return {name for name in own - {*other, *MAIN} if own.issuperset(relations.axes[name].on)}


class _Groups:
    """Rows that agree in some coordinates, numbered in the order of these coordinates.

    Attributes
    ----------
    number_of : for each row the number of its group
    number : how many groups there are
    """

    def __init__(self, relations: Relations, rows: Columns, names: Iterable[str]) -> None:
        self._names = list(names)
        keys = _keys(relations, rows, self._names)
        if np.all(keys[1:] >= keys[:-1]):  # mostly the names stand first in the order of the rows: nothing to sort
            new = np.ones(len(keys), dtype=bool)
            new[1:] = keys[1:] != keys[:-1]
            self._keys, self.number_of = keys[new], np.cumsum(new) - 1
        else:
            self._keys, self.number_of = np.unique(keys, return_inverse=True)
        self.number_of = self.number_of.astype(np.int32)
        self.number = len(self._keys)

    def find(self, relations: Relations, rows: Columns) -> Numbers:
        """The groups that other rows belong to, ``ALONE`` where there is none."""
        keys = _keys(relations, rows, self._names)
        if not self.number:
            return np.full(len(keys), ALONE)
        places = np.minimum(np.searchsorted(self._keys, keys), self.number - 1)
        return np.where(self._keys[places] == keys, places, ALONE).astype(np.int32)


def _keys(relations: Relations, rows: Columns, names: Iterable[str]) -> Numbers:
    """One number for each row, equal where all of ``names`` are."""
    columns = {name: rows[name] for name in names}
    return relations.keys(columns) if columns else np.zeros(length(rows), dtype=np.int64)


def _tying(relations: Relations, products: Columns, inputs: Columns) -> set[str]:
    """The coordinates in which a product and an input can fail to belong together."""
    free = _free_axes(relations, products, inputs) | _free_axes(relations, inputs, products)
    return (products.keys() | inputs.keys()) - free


def places_in_runs(counts: Numbers) -> Numbers:
    """0, 1, ... count - 1 for each count, one run after the other.

    Examples
    --------
    >>> places_in_runs(np.array([2, 0, 3])).tolist()
    [0, 1, 0, 1, 2]
    """
    return np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
