"""Checks of needs: every artifact finds its inputs, and the files of source sets do not collide."""

from collections.abc import Mapping

import numpy as np

from latteboard.campaign.kinds import Kind
from latteboard.campaign.model import Definition
from latteboard.campaign.needs import links
from latteboard.campaign.relations import MAIN, length
from latteboard.campaign.vocabulary import name_list
from latteboard.errors import CampaignError, Mistakes
from latteboard.names.templates import Value

OF_SOURCES = {"source", "source_set"}


def check_source_sets(definition: Definition, kind: Kind) -> None:
    """Refuse a file that names neither source nor source set between kinds that do: each set would write it anew."""
    consumers = [other.name for other in definition.kinds.values() if kind.name in other.needs]
    inputs = [need for need in kind.needs if OF_SOURCES & set(definition.kinds[need].coordinates)]
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


def check_inputs(definition: Definition, kind: Kind) -> None:
    """Require that every artifact finds an input of each kind that it needs."""
    with Mistakes() as mistakes:
        for name in kind.table.needed_kinds:  # of a kind that is made with another, the other one tells
            lonely = _lonely(definition, kind, definition.kinds[name])
            if lonely is not None:
                where = ", ".join(f"{coordinate} = {value}" for coordinate, value in lonely.items())
                only = definition.kinds[name].table.only
                why = f" (kinds.{name}.only = {only})" if only else ": it has none there"
                mistakes.add(f"{kind.name} with {where} finds no {name}{why}", key="needs")


def _lonely(definition: Definition, kind: Kind, need: Kind) -> Mapping[str, Value] | None:
    """The coordinates of an artifact that finds none of the inputs it needs; None if there is no such artifact.

    An artifact is a row of the natural join of the relations, and so is each of its inputs; only ``only``, and coordinates
    that not all rows have, can take them away. Axes that depend on the ensemble alone and that no ``only`` restricts are
    left out, which keeps the join small; unless such an axis is all that ties an artifact to its ensemble.
    """
    relations = definition.relations
    lacking = (set(need.coordinates) - set(kind.coordinates)) & relations.lacking
    if not need.table.only and not lacking:
        return None
    dependent = {name for name, axis in relations.axes.items() if len(axis.on) > 1}
    telling = {*MAIN, *kind.table.only, *need.table.only, *lacking, *dependent}
    own = [name for name in kind.coordinates if name in telling or "ensemble" not in kind.coordinates]
    products = relations.restrict(relations.table(own), kind.table.only)
    inputs = relations.table([name for name in need.coordinates if name in telling])
    inputs = relations.restrict(inputs, need.table.only)
    has = links(relations, products, inputs).any(np.ones(length(inputs), dtype=bool))
    return None if has.all() else relations.decode(products, int(has.argmin()))
