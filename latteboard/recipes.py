"""The grammar of recipes: the steps that a kind's ``reduce`` may list, and the options of each."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StrictBool, StrictInt, ValidationError, model_validator

from latteboard.complaints import first_complaint
from latteboard.errors import CampaignError
from latteboard.grammar import Step, Table


class Slice(Table):
    """``tslice``: the time slices between source and sink, shifted to the source."""

    fraction: Annotated[float, Field(gt=0, le=1)] | None = None
    boundary_sign: StrictBool | None = None


class Average(Table):
    """``average``: the mean over every coordinate that the input has and the output has not."""


class Fourier(Table):
    """``fft``: from sites to momenta."""

    max_momentum: Annotated[StrictInt, Field(ge=0)]


class Concatenation(Table):
    """``concatenate``: configurations and streams joined along an array axis."""

    along: Literal["new"] | Annotated[StrictInt, Field(ge=0)] = "new"
    append: StrictBool = False
    virtual: StrictBool = False

    @model_validator(mode="after")
    def _is_one_of_two(self) -> Self:
        if self.append and self.virtual:
            raise ValueError("append and virtual exclude each other")
        return self


STEPS: dict[str, type[Table]] = {"tslice": Slice, "average": Average, "fft": Fourier, "concatenate": Concatenation}


def named_step(step: Step) -> tuple[str, dict[str, Any]]:
    """The name of a step and its options, from ``"average"`` or ``{ fft = { max_momentum = 5 } }``."""
    if isinstance(step, str):
        return step, {}
    if len(step) != 1:
        raise CampaignError(f"a step is one name with its options; found {', '.join(step) or 'none'} in one step")
    return next(iter(step.items()))


def check_steps(steps: Sequence[Step], given: Sequence[str], made: Sequence[str]) -> None:
    """Refuse unknown steps and options, and configurations that no step joins.

    ``given`` and ``made`` are the coordinates of the input and of the output.
    """
    names = []
    for step in steps:
        name, options = named_step(step)
        if name not in STEPS:
            raise CampaignError(f"{name!r} is not a step; expected one of {', '.join(STEPS)}")
        try:
            STEPS[name].model_validate(options)
        except ValidationError as error:
            raise CampaignError(f"{name}: {first_complaint(error, STEPS[name], options)}") from error
        names.append(name)
    if len(set(names)) < len(names):
        raise CampaignError(f"expected each step once, found {', '.join(names)}")
    joined = [name for name in given if name in ("stream", "configuration") and name not in made]
    if joined and "concatenate" not in names:
        raise CampaignError(f"the path does not name {' and '.join(joined)}: name it, or add the step concatenate")
