"""Checks of recipes: known steps with known options that go together, and that the input of the kind fits."""

import json
from collections.abc import Sequence
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from latteboard.campaign.kinds import Kind
from latteboard.campaign.model import Definition
from latteboard.campaign.relations import MAIN
from latteboard.campaign.validation import first_error_text
from latteboard.errors import CampaignError, within
from latteboard.recipe import STEPS, Step, modes_problem, named_step


def check_recipe(definition: Definition, kind: Kind) -> None:
    """Require one input and a recipe that leads from its coordinates to those of the kind."""
    if not kind.reduced:
        return
    with within("reduce"):
        if len(kind.needs) != 1:
            raise CampaignError(f"expected exactly one kind in needs, found {', '.join(kind.needs) or 'none'}")
        given = definition.kinds[kind.needs[0]]
        check_steps(kind.table.reduce, given.coordinates, kind.coordinates)
        if given.inside:
            raise CampaignError(f"{given.name} lives inside HDF5 files; expected a kind of whole files in needs")
        if is_virtual(kind.table.reduce) and given.table.temporary:
            raise CampaignError(
                f"concatenate: virtual links to {given.name}, which is temporary: once it is purged, its data are gone; "
                "remove virtual here, or temporary there"
            )
        # An axis of the output that is not one of the input selects among the datasets of each input file.
        inside = {name for template in given.datasets for name in definition.coordinates_named(template)}
        for name in kind.coordinates:
            if name not in (*MAIN, *given.coordinates, *inside):
                raise CampaignError(f"the path names {name}, which neither path nor datasets of {given.name} do")
        _check_modes(definition, kind)


def _check_modes(definition: Definition, kind: Kind) -> None:
    """Require 2 max_momentum <= L: more modes than sites would give the same mode twice."""
    for name, options in map(named_step, kind.table.reduce):
        for stream in definition.streams_of(kind) if name == "fft" else ():
            problem = modes_problem(options["max_momentum"], stream.L)
            if problem is not None:
                raise CampaignError(f"fft: in {stream} {problem}")


def is_virtual(steps: Sequence[Step]) -> bool:
    """Whether the output of a recipe links to its inputs instead of holding copies; the steps must be known ones."""
    return any(name == "concatenate" and options.get("virtual", False) for name, options in map(named_step, steps))


@cache
def _adapter(name: str) -> TypeAdapter[Any]:
    return TypeAdapter(STEPS[name])


def check_steps(steps: Sequence[Step], given: Sequence[str], made: Sequence[str]) -> None:
    """Require known steps with known options, that go together and lead from some coordinates to others.

    Parameters
    ----------
    given, made : the coordinates of the input and of the output
    """
    names = []
    for step in steps:
        name, options = named_step(step)
        if name not in STEPS:
            raise CampaignError(f"{name!r} is not a step; expected one of {', '.join(STEPS)}")
        try:
            # As JSON, since strict validation of Python objects accepts only instances of the dataclass itself.
            _adapter(name).validate_json(json.dumps(options, default=str))
        except ValidationError as error:
            raise CampaignError(f"{name}: {first_error_text(error, STEPS[name], options)}") from error
        names.append(name)
    if len(set(names)) < len(names):
        raise CampaignError(f"expected each step once, found {', '.join(names)}")
    if "tslice" in names[1:]:
        raise CampaignError(
            f"tslice: slices are taken of whole correlators, so it comes first; found {', '.join(names)}"
        )
    if is_virtual(steps) and len(names) > 1:
        others = ", ".join(name for name in names if name != "concatenate")
        raise CampaignError(
            f"concatenate: virtual links to what is there, so nothing can be computed; remove {others}, or virtual"
        )
    # Streams and configurations are joined by concatenation only; sources and source sets are averaged.
    joined = [name for name in given if name in ("stream", "configuration") and name not in made]
    if joined and "concatenate" not in names:
        raise CampaignError(f"the path does not name {' and '.join(joined)}: name it, or add the step concatenate")
