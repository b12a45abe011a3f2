"""Needs with conditions: which artifact needs which by the entries of ``needs``, on columns of codes.

A product of coordinates *c* for which an entry holds needs what the plain rule (:mod:`latteboard.campaign.needs`) gives for
*c'*: the coordinates *c* with those of ``with`` replaced or added. Where *c'* is no row of the natural join of the
relations, as before the first trajectory, there is no input.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latteboard.campaign.arithmetic import Arithmetic, number_text
from latteboard.campaign.entries import NeedEntry
from latteboard.campaign.needs import ALONE, Links, Mask, Numbers, links
from latteboard.campaign.relations import MAIN, Columns, Relations, length
from latteboard.errors import CampaignError
from latteboard.names.templates import Value

UNKNOWN = -1  # the code of a value that a coordinate has not
FARTHEST = 2**62  # no coordinate has a value beyond; results of arithmetic are cut to it


def links_of(relations: Relations, entries: Sequence[NeedEntry], products: Columns, inputs: Columns) -> Links:
    """The needs of ``products`` among ``inputs`` by the entries of one needed kind: their union, each input once.

    Parameters
    ----------
    products, inputs : distinct rows of artifacts that the campaign expects, columns of codes by coordinate

    Examples
    --------
    Each trajectory goes on from the one before, which has no predecessor itself:

    >>> main = {name: np.zeros(3, dtype=np.int32) for name in MAIN} | {"configuration": np.arange(3, dtype=np.int32)}
    >>> one = ["a"]
    >>> values = {"ensemble": one, "stream": one, "configuration": [10, 20, 30], "source_set": one, "source": one}
    >>> relations = Relations(values, main, {})
    >>> rows = relations.table(["configuration"])
    >>> before = NeedEntry("gauge", {"configuration": "configuration - 10"})
    >>> [column.tolist() for column in links_of(relations, [before], rows, rows).pairs()]
    [[1, 2], [0, 1]]
    """
    parts = [_links_of_entry(relations, entry, products, inputs) for entry in entries]
    return parts[0] if len(parts) == 1 else _union(parts, (length(products), length(inputs)))


def inputs_of(relations: Relations, entries: Sequence[NeedEntry], own: Mapping[str, Value], inputs: Columns) -> Numbers:
    """The rows of ``inputs`` that one artifact of the coordinates ``own`` needs, ascending."""
    product = {name: np.array([relations.codes[name][value]], dtype=np.int32) for name, value in own.items()}
    return np.unique(np.concatenate([_inputs_of_one(relations, entry, product, inputs) for entry in entries]))


def _inputs_of_one(relations: Relations, entry: NeedEntry, product: Columns, inputs: Columns) -> Numbers:
    """The inputs of a single row; found in the small part of the relations that agrees with it."""
    rows, looked_for = replaced_rows(relations, entry, product)
    near = np.full(length(inputs), len(rows) > 0)
    for name in looked_for.keys() & inputs.keys() if len(rows) else ():
        near &= inputs[name] == looked_for[name][0]
    found = np.flatnonzero(near)
    if not len(found):
        return found
    nearby = {name: column[found] for name, column in inputs.items()}
    return found[_links_of_entry(relations.where(looked_for), entry, product, nearby).pairs()[1]]


def _links_of_entry(relations: Relations, entry: NeedEntry, products: Columns, inputs: Columns) -> Links:
    if entry.is_plain:
        return links(relations, products, inputs)
    rows, looked_for = replaced_rows(relations, entry, products)
    exist = are_rows(relations, looked_for, telling_names(relations, products, entry.replaced))
    rows, looked_for = rows[exist], {name: column[exist] for name, column in looked_for.items()}
    found = links(relations, looked_for, inputs)
    groups = np.full(length(products), ALONE, dtype=found.product_group.dtype)
    groups[rows] = found.product_group
    return replace(found, product_group=groups)


def _union(parts: Iterable[Links], numbers: tuple[int, int]) -> Links:
    """The links in any of ``parts``; pair by pair, since the groups of one part are not those of another."""
    pairs = [products.astype(np.int64) * numbers[1] + inputs for products, inputs in (one.pairs() for one in parts)]
    products, inputs = np.divmod(np.unique(np.concatenate(pairs)), max(numbers[1], 1))
    return Links.from_pairs(products, inputs, numbers)


# -- coordinates after replacing ------------------------------------------------------------------------------------------


def replaced_rows(relations: Relations, entry: NeedEntry, products: Columns) -> tuple[Numbers, Columns]:
    """The products for which an entry holds, as rows, and for each the coordinates that its inputs are looked for with.

    Products for which arithmetic gives a value that the coordinate has nowhere are left out.
    """
    rows = np.flatnonzero(holds(relations, entry, products))
    own = {name: column[rows] for name, column in products.items()}
    codes = {name: _codes(relations, name, stated, own) for name, stated in entry.replaced.items()}
    known = np.ones(len(rows), dtype=bool)
    for column in codes.values():
        known &= column != UNKNOWN
    columns: dict[str, NDArray[Any]] = {**own, **codes}
    return rows[known], {name: columns[name][known] for name in relations.order if name in columns}


def holds(relations: Relations, entry: NeedEntry, products: Columns) -> Mask:
    """Whether an entry holds for each product, as its ``only`` says."""
    found = np.ones(length(products), dtype=bool)
    for name, values in entry.only.items():
        found &= np.isin(products[name], [code_of(relations.values[name], value) for value in values])
    return found


def code_of(values: Sequence[Value], stated: int | str) -> int:
    """The code of a value, ``UNKNOWN`` if the coordinate has none of this text."""
    if isinstance(values, range):
        return values.index(stated) if isinstance(stated, int) and stated in values else UNKNOWN
    return next((code for code, value in enumerate(values) if str(value) == str(stated)), UNKNOWN)


def arithmetic_of(values: Sequence[Value], stated: int | str) -> Arithmetic | None:
    """The arithmetic that ``with`` states for a coordinate of these values, which are whole numbers; None if it is a value."""
    is_arithmetic = isinstance(stated, str) and bool(values) and isinstance(values[0], int)
    return Arithmetic(str(stated)) if is_arithmetic else None


def _codes(relations: Relations, name: str, stated: int | str, own: Columns) -> Numbers:
    """The code that a coordinate gets in each row, ``UNKNOWN`` where it has no such value."""
    values = relations.values[name]
    arithmetic = arithmetic_of(values, stated)
    if arithmetic is None:
        return np.full(length(own), code_of(values, stated))
    results = results_of(relations, arithmetic, own)
    if isinstance(values, range):  # of a catalog: positions are distances from the least number
        return np.where((results >= values.start) & (results < values.stop), results - values.start, UNKNOWN)
    known = np.array(values, dtype=np.int64)  # ascending, as the values of every coordinate of whole numbers
    places = np.minimum(np.searchsorted(known, results), len(known) - 1)
    return np.where(known[places] == results, places, UNKNOWN)


def results_of(relations: Relations, arithmetic: Arithmetic, rows: Columns) -> Numbers:
    """The whole number that arithmetic of coordinates gives in each row; it is computed once for each distinct value.

    Raises
    ------
    CampaignError : it cannot be computed, or is no whole number.
    """
    named = {name: column for name, column in rows.items() if name in arithmetic.names}
    if not named:
        return np.full(length(rows), _whole(arithmetic, {}))
    _, first, inverse = np.unique(relations.keys(named), return_index=True, return_inverse=True)
    results = [_whole(arithmetic, relations.decode(named, index)) for index in first.tolist()]
    return np.array(results, dtype=np.int64)[inverse]


def _whole(arithmetic: Arithmetic, coordinates: Mapping[str, Value]) -> int:
    numbers = {name: value for name, value in coordinates.items() if isinstance(value, int)}
    value = arithmetic.value(numbers)
    if value != value // 1:
        where = ", ".join(f"{name} = {number}" for name, number in coordinates.items())
        raise CampaignError(
            f"{arithmetic} gives {number_text(value)} for {where}; expected a whole number (// divides without remainder)"
        )
    return int(min(max(value, -FARTHEST), FARTHEST))


# -- whether they exist ---------------------------------------------------------------------------------------------------


def telling_names(relations: Relations, products: Collection[str], replaced: Collection[str]) -> list[str]:
    """The coordinates that decide whether rows of ``products`` are still rows of the join after ``replaced`` are replaced.

    An axis that was not replaced, and depends on nothing that was, has its value as before. The lists of sources tell
    nothing if none of their coordinates was replaced, and all that an axis depends on is named.
    """
    if not replaced:
        return []
    kept = set(products) - set(replaced)
    names = {*products, *replaced}
    axes = [a for a in names - set(MAIN) if a in replaced or not set(depends_on(relations, a)) <= kept]
    on = {name for axis in axes for name in depends_on(relations, axis)}
    main = on if not set(replaced) & set(MAIN) and on <= names else names & set(MAIN)
    return [name for name in relations.order if name in main or name in axes]


def depends_on(relations: Relations, axis: str) -> tuple[str, ...]:
    """The coordinates of the lists of sources that the values of an axis depend on."""
    return relations.axes[axis].on if axis in relations.axes else ()


def are_rows(relations: Relations, rows: Columns, names: Sequence[str]) -> NDArray[np.bool_]:
    """Whether each row agrees in ``names`` with some row of the natural join of the relations."""
    if not names or not length(rows):
        return np.ones(length(rows), dtype=bool)
    known = relations.keys(relations.table(names))  # ascending, as the rows of every table
    keys = relations.keys({name: rows[name] for name in names})
    if not len(known):
        return np.zeros(len(keys), dtype=bool)
    places = np.minimum(np.searchsorted(known, keys), len(known) - 1)
    found: NDArray[np.bool_] = known[places] == keys
    return found
