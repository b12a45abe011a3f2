"""The inputs of one artifact: what it is made from, by name, for those who plan and explain."""

from collections.abc import Mapping

import numpy as np

from latteboard.campaign import Campaign
from latteboard.campaign.relations import Columns, Relations
from latteboard.names.templates import Value


def inputs_of(campaign: Campaign, kind: str, coordinates: Mapping[str, Value], need: str) -> Columns:
    """The rows of the kind ``need`` that the artifact needs, as columns of codes in canonical order."""
    relations = _restricted(campaign.relations, coordinates)
    rows = relations.table({*campaign.kinds[kind].coordinates, *campaign.kinds[need].coordinates})
    rows = relations.distinct({name: rows[name] for name in campaign.kinds[need].coordinates})
    return relations.restrict(rows, campaign.kinds[need].table.only)


def _restricted(relations: Relations, coordinates: Mapping[str, Value]) -> Relations:
    """Only the rows of each relation that agree with the coordinates."""
    codes = {name: relations.values[name].index(value) for name, value in coordinates.items()}
    mask = np.ones(len(relations.main["ensemble"]), dtype=bool)
    for name in relations.main.keys() & codes.keys():
        mask &= relations.main[name] == codes[name]
    main = {name: column[mask] for name, column in relations.main.items()}
    axes = {
        name: [values[values == codes[name]] if name in codes else values for values in by_ensemble]
        for name, by_ensemble in relations.axes.items()
    }
    return Relations(relations.values, main, axes)
