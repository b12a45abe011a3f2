"""Checks of needs: every artifact finds its inputs, and the files of source sets do not collide."""

from collections.abc import Mapping

import numpy as np

from latteboard.campaign.conditions import (
    are_rows,
    arithmetic_of,
    code_of,
    depends_on,
    holds,
    links_of,
    replaced_rows,
    results_of,
    telling_names,
)
from latteboard.campaign.entries import NeedEntry
from latteboard.campaign.entry_checks import stated_entries
from latteboard.campaign.kinds import Kind
from latteboard.campaign.model import Definition
from latteboard.campaign.needs import Mask
from latteboard.campaign.relations import MAIN, Columns, Relations, length
from latteboard.campaign.vocabulary import name_list
from latteboard.errors import CampaignError, Mistakes
from latteboard.names.templates import Value

OF_SOURCES = {"source", "source_set"}


def check_source_sets(definition: Definition, kind: Kind) -> None:
    """Refuse a file that names neither source nor source set between kinds that do: each set would write it anew."""
    others = [
        other for other in definition.kinds.values() if other.leader != kind.leader
    ]  # a chain stands between none
    consumers = [other.name for other in others if kind.name in other.needs]
    inputs = [need for need in kind.needs if _is_of_any_source(definition, kind, need)]
    if not consumers or not inputs or OF_SOURCES & set(kind.coordinates):
        return
    of_stream = [name for name in kind.coordinates if name in MAIN]
    # With one source set in each stream, or none, there is nothing to collide.
    of_sets = definition.relations.table((*of_stream, "source_set"))
    places = definition.relations.distinct({name: of_sets[name] for name in of_stream})
    if length(of_sets) > length(places):
        raise CampaignError(
            f"it stands between {inputs[0]} and {consumers[0]}, and there are the source sets "
            f"{name_list(definition.values_of('source_set'))}: name {{source}} or {{source_set}}, or their files collide",
            key="path",
        )


def _is_of_any_source(definition: Definition, kind: Kind, need: str) -> bool:
    """Whether it needs artifacts of sources that no entry chooses."""
    of_sources = OF_SOURCES & set(definition.kinds[need].coordinates)
    return bool(of_sources) and not all(OF_SOURCES & entry.replaced.keys() for entry in kind.entries[need])


# -- inputs ---------------------------------------------------------------------------------------------------------------


def check_inputs(definition: Definition, kind: Kind) -> None:
    """Require that every artifact finds an input by each entry of its needs that holds for it.

    Only where arithmetic leads before the first or beyond the last value of a coordinate is nothing needed; but a recipe
    makes nothing from nothing.
    """
    with Mistakes() as mistakes:
        for key, entry in stated_entries(kind):
            need = definition.kinds[entry.kind]
            if not need.table.only and not entry.replaced and not _lacking(definition, kind, need):
                continue  # each row of the join that a product is part of has an input
            with mistakes.keep(key):
                products = _projected(definition, kind, kind, entry)
                inputs = _projected(definition, need, kind, entry)
                lonely = _lonely(definition.relations, entry, products, inputs, always=kind.reduced)
                if lonely.any():
                    one = {name: column[lonely][:1] for name, column in products.items()}
                    raise CampaignError(_loneliness(definition, kind, entry, one))


def _lacking(definition: Definition, kind: Kind, need: Kind) -> set[str]:
    """The coordinates that only the needed kind names, and that some ensembles or configurations do not have."""
    return (set(need.coordinates) - set(kind.coordinates)) & definition.relations.lacking


def _projected(definition: Definition, which: Kind, kind: Kind, entry: NeedEntry) -> Columns:
    """The artifacts of ``which``, a product or its input by this entry, without coordinates in which none can lack the other.

    An artifact is a row of the natural join of the relations, and so is each of its inputs; only ``only``, coordinates that
    are replaced, and coordinates that not all rows have can take them away. Leaving out the others keeps the join small;
    unless such an axis is all that ties an artifact to its ensemble.
    """
    relations, own = definition.relations, set(kind.coordinates)
    either = own | set(definition.kinds[entry.kind].coordinates)
    dependent = {name for name in either & relations.axes.keys() if len(relations.axes[name].on) > 1}
    stated = {*kind.table.only, *definition.kinds[entry.kind].table.only, *entry.only, *entry.replaced}
    reckoned = [arithmetic_of(relations.values[name], value) for name, value in entry.replaced.items()]
    used = {name for arithmetic in reckoned if arithmetic is not None for name in arithmetic.names}
    telling = {*stated, *used, *telling_names(relations, kind.coordinates, entry.replaced)}
    telling |= dependent | (either & relations.lacking)
    telling |= {on for axis in telling - set(MAIN) for on in depends_on(relations, axis)}
    # What a product names itself of the lists of sources decides alone, if nothing of it is replaced.
    if set(MAIN) & entry.replaced.keys() or not set(MAIN) & telling <= own:
        telling |= set(MAIN)
    names = [name for name in which.coordinates if name in telling or (which is kind and "ensemble" not in own)]
    return relations.restrict(relations.table(names), which.table.only)


def _lonely(relations: Relations, entry: NeedEntry, products: Columns, inputs: Columns, *, always: bool) -> Mask:
    """Whether each product finds no input by an entry that holds for it; ``always``: also where arithmetic leads outside."""
    has = links_of(relations, [entry], products, inputs).any(np.ones(length(inputs), dtype=bool))
    lonely: Mask = holds(relations, entry, products) & ~has
    rows = np.flatnonzero(lonely)
    if not always and len(rows):
        lonely[rows] = ~_leads_outside(relations, entry, {name: column[rows] for name, column in products.items()})
    return lonely


def _leads_outside(relations: Relations, entry: NeedEntry, products: Columns) -> Mask:
    """Whether arithmetic leads before the first or beyond the last value in the ensemble and stream, as far as these are named."""
    outside = np.zeros(length(products), dtype=bool)
    here: Columns = {name: products[name] for name in ("ensemble", "stream") if name in products}
    for name in entry.replaced.keys() & {"ensemble", "stream"}:
        code = code_of(relations.values[name], entry.replaced[name])
        here[name] = np.full(length(products), code, dtype=np.int32)
    for name, stated in entry.replaced.items():
        arithmetic = arithmetic_of(relations.values[name], stated)
        if arithmetic is None:
            continue
        results = results_of(relations, arithmetic, products)
        numbers = np.array(relations.values[name], dtype=np.int64)
        table = relations.table((*here, name))
        known = _keys(relations, {name: table[name] for name in here}, length(table))
        keys = _keys(relations, here, length(products))
        # Rows are sorted: the first of each ensemble and stream has its least value, the last one its greatest.
        first, end = np.searchsorted(known, keys), np.searchsorted(known, keys, side="right")
        there = first < end
        of_values = numbers[table[name]]
        outside[there] |= results[there] < of_values[first[there]]
        outside[there] |= results[there] > of_values[end[there] - 1]
    return outside


def _keys(relations: Relations, rows: Columns, number: int) -> np.ndarray:
    return relations.keys(rows) if rows else np.zeros(number, dtype=np.int64)


def _loneliness(definition: Definition, kind: Kind, entry: NeedEntry, one: Columns) -> str:
    """What a product, the only row of ``one``, looks for and does not find."""
    relations = definition.relations
    text = f"{kind.name} with {_where(relations.decode(one, 0))} finds no {entry.kind}"
    if entry.replaced:
        rows, looked_for = replaced_rows(relations, entry, one)
        after = relations.decode(looked_for, 0) if len(rows) else _after(relations, entry, one)
        text += f" with {_where(after)}"
        if not len(rows) or not are_rows(relations, looked_for, list(looked_for)).any():
            return f"{text}, which the campaign's lists and axes do not have together"
    only = definition.kinds[entry.kind].table.only
    return f"{text} (kinds.{entry.kind}.only = {only})" if only else f"{text}: it has none there"


def _after(relations: Relations, entry: NeedEntry, one: Columns) -> dict[str, Value]:
    """The coordinates after replacing, where one of them has no such value."""
    after = relations.decode(one, 0)
    for name, stated in entry.replaced.items():
        arithmetic = arithmetic_of(relations.values[name], stated)
        after[name] = stated if arithmetic is None else int(results_of(relations, arithmetic, one)[0])
    return after


def _where(coordinates: Mapping[str, Value]) -> str:
    return ", ".join(f"{name} = {value}" for name, value in coordinates.items())
