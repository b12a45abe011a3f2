"""The kinds to reduce and the conditions on their outputs, from the words of a command; and the order of these kinds."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from latteboard.campaign import Campaign
from latteboard.catalog import Catalog
from latteboard.catalog.questions.conditions import parse_conditions
from latteboard.errors import QueryError
from latteboard.recipe import Recipe
from latteboard.text import did_you_mean

# The conditions on the outputs of each kind, as :meth:`latteboard.catalog.Selection.filter` takes them.
Choice = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class ReduceOptions:
    """Outputs to make beside those that are ready.

    Attributes
    ----------
    stale : also outputs that are out of date, from inputs that may be so themselves
    allow_missing : also concatenations of which some configurations are not there
    """

    stale: bool = False
    allow_missing: bool = False

    def allows_gaps(self, recipe: Recipe) -> bool:
        """Whether an output of this recipe may be made though configurations are missing."""
        return self.allow_missing and recipe.concatenate is not None


READY_ONLY = ReduceOptions()


def choose(campaign: Campaign, catalog: Catalog, words: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Find the kinds, in the order of the production, and the conditions that ``KIND`` and ``NAME=VALUE`` stand for.

    Without a kind these are all that have a recipe and name the coordinates of the conditions.

    Raises
    ------
    QueryError : a kind or coordinate does not exist, or a kind has no recipe.
    """
    catalog.require(campaign)
    names = [word for word in words if "=" not in word]
    conditions = [word for word in words if "=" in word]
    reduced = [name for name, kind in campaign.kinds.items() if kind.reduced]
    if not reduced:
        raise QueryError(f"{campaign.path}: no kind has a recipe; state one with reduce = [...]")
    for name in names:
        if name not in reduced:
            reason = "has no recipe" if name in campaign.kinds else "is not a kind"
            raise QueryError(
                f"{name!r} {reason}; those that have one: {', '.join(reduced)}{did_you_mean(name, reduced)}"
            )
    coordinates = {word.partition("=")[0] for word in conditions}
    chosen = [
        name for name in reduced if (name in names if names else coordinates <= set(campaign.kinds[name].coordinates))
    ]
    # Where no kind names all coordinates, the first that has a recipe lists those that exist in its error.
    return {name: parse_conditions(catalog, name, conditions) for name in chosen or reduced[:1]}


def levels(campaign: Campaign, choice: Choice) -> list[dict[str, Mapping[str, Any]]]:
    """Sort the chosen kinds into levels: no kind needs one of its own or a later level."""
    depths: dict[str, int] = {}
    for name, kind in campaign.kinds.items():
        # Kinds of one job may need each other, at other coordinates; no recipe makes them.
        depths[name] = max((depths[need] + (need in choice) for need in kind.needs if need in depths), default=0)
    numbers = sorted({depths[name] for name in choice})
    return [{name: choice[name] for name in choice if depths[name] == number} for number in numbers]


def following(campaign: Campaign, choice: Choice, kinds: Collection[str]) -> list[str]:
    """The chosen kinds that may become ready once all outputs of ``kinds`` are made."""
    further: set[str] = set()
    for name, kind in campaign.kinds.items():
        if any(need in kinds or need in further for need in kind.needs):
            further.add(name)
    return [name for name in choice if name in further]
