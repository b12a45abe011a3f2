"""What a kind's ``reduce`` may list: known steps with known options, that go together."""

import json
from collections.abc import Sequence
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from latteboard.campaign.validation import first_complaint
from latteboard.errors import CampaignError
from latteboard.recipe import STEPS, Step, named_step


def is_virtual(steps: Sequence[Step]) -> bool:
    """Whether a recipe of known steps links to its inputs instead of copying them."""
    return any(name == "concatenate" and options.get("virtual", False) for name, options in map(named_step, steps))


@cache
def _adapter(name: str) -> TypeAdapter[Any]:
    return TypeAdapter(STEPS[name])


def check_steps(steps: Sequence[Step], given: Sequence[str], made: Sequence[str]) -> None:
    """Refuse unknown steps and options, steps that do not go together, and configurations that no step joins.

    ``given`` and ``made`` are the coordinates of the input and of the output.
    """
    names = []
    for step in steps:
        name, options = named_step(step)
        if name not in STEPS:
            raise CampaignError(f"{name!r} is not a step; expected one of {', '.join(STEPS)}")
        try:
            # As JSON: from a table of Python's, strictly, only an instance would be accepted.
            _adapter(name).validate_json(json.dumps(options, default=str))
        except ValidationError as error:
            raise CampaignError(f"{name}: {first_complaint(error, STEPS[name], options)}") from error
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
    joined = [name for name in given if name in ("stream", "configuration") and name not in made]
    if joined and "concatenate" not in names:
        raise CampaignError(f"the path does not name {' and '.join(joined)}: name it, or add the step concatenate")
