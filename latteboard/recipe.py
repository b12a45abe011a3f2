"""The steps of recipes and their options, as plain data: what a campaign may state and what the reducer carries out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from annotated_types import Ge, Gt, Le

from latteboard.errors import CampaignError

Options = Mapping[str, Any]
Step = str | Mapping[str, Options]


@dataclass(frozen=True)
class _Checked:
    """What a campaign states is checked strictly; pydantic reads how from here, and is imported only where that is done."""

    __pydantic_config__: ClassVar[Any] = {"strict": True, "extra": "forbid"}


@dataclass(frozen=True)
class Slice(_Checked):
    """``tslice``: the time slices between source and sink, shifted to the source."""

    fraction: Annotated[float, Gt(0), Le(1)] | None = None
    boundary_sign: bool | None = None


@dataclass(frozen=True)
class Average(_Checked):
    """``average``: the mean over every coordinate that the input has and the output has not."""


@dataclass(frozen=True)
class Fourier(_Checked):
    """``fft``: from sites to momenta."""

    max_momentum: Annotated[int, Ge(0)]


@dataclass(frozen=True)
class Concatenation(_Checked):
    """``concatenate``: configurations and streams joined along an array axis."""

    along: Literal["new"] | Annotated[int, Ge(0)] = "new"
    append: bool = False
    virtual: bool = False

    def __post_init__(self) -> None:
        if self.append and self.virtual:
            raise ValueError("append and virtual exclude each other")


STEPS: dict[str, type[Slice] | type[Average] | type[Fourier] | type[Concatenation]] = {
    "tslice": Slice,
    "average": Average,
    "fft": Fourier,
    "concatenate": Concatenation,
}


def named_step(step: Step) -> tuple[str, Options]:
    """The name of a step and its options, from ``"average"`` or ``{ fft = { max_momentum = 5 } }``."""
    if isinstance(step, str):
        return step, {}
    if len(step) != 1:
        raise CampaignError(f"a step is one name with its options; found {', '.join(step) or 'none'} in one step")
    return next(iter(step.items()))
