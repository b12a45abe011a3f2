"""Recipes: the steps by which a kind is reduced from another, with their options, as plain data.

The campaign states recipes and checks them strictly; the reducer carries them out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Annotated, Any, ClassVar, Literal, Self

from annotated_types import Ge, Gt, Le

from latteboard.errors import CampaignError

Options = Mapping[str, Any]
Step = str | Mapping[str, Options]


@dataclass(frozen=True)
class _Strict:
    """Options of a step that are checked strictly: pydantic reads the rule here, and is imported only where it is applied.

    All steps have ``without``: datasets of the inputs whose paths match one of these patterns of shell type are left out.
    """

    __pydantic_config__: ClassVar[Any] = {"strict": True, "extra": "forbid"}
    without: tuple[str, ...] = field(default=(), kw_only=True, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "without", tuple(self.without))  # a list, as campaigns and plans state it


@dataclass(frozen=True)
class Slice(_Strict):
    """``tslice``: the time slices between source and sink, shifted to the source."""

    fraction: Annotated[float, Gt(0), Le(1)] | None = None
    boundary_sign: bool | None = None


@dataclass(frozen=True)
class _OfOneConfiguration(_Strict):
    """Options of steps that take correlators of one configuration, of several sources, at sites or projected to momenta.

    Attributes
    ----------
    same_configuration : inputs that seem to be of several configurations are of one
    shifted : correlators that do not say whether their origin is their source are so
    time_reversal : correlators of negative parity that are projected to momenta are turned forward in time
    """

    same_configuration: bool = False
    shifted: bool = False
    time_reversal: bool = False


@dataclass(frozen=True)
class Average(_OfOneConfiguration):
    """``average``: the mean over every coordinate that the input has and the output has not."""


@dataclass(frozen=True)
class Fourier(_Strict):
    """``fft``: from sites to momenta."""

    max_momentum: Annotated[int, Ge(0)]


@dataclass(frozen=True)
class Collection(_OfOneConfiguration):
    """``collect``: the datasets of several files, of one kind or several, in one file."""


@dataclass(frozen=True)
class Concatenation(_Strict):
    """``concatenate``: configurations and streams joined along an array axis."""

    along: Literal["new"] | Annotated[int, Ge(0)] = "new"
    append: bool = False
    virtual: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.append and self.virtual:
            raise ValueError("append and virtual exclude each other")


STEPS: dict[str, type[Slice] | type[Average] | type[Fourier] | type[Collection] | type[Concatenation]] = {
    "tslice": Slice,
    "average": Average,
    "fft": Fourier,
    "collect": Collection,
    "concatenate": Concatenation,
}


@dataclass(frozen=True)
class Recipe:
    """The steps from the inputs of an output to the output; a step that is None is left out.

    They are carried out in this order, whatever the order in the campaign: slicing comes first by its nature, and the
    others commute.
    """

    tslice: Slice | None = None
    average: Average | None = None
    fft: Fourier | None = None
    collect: Collection | None = None
    concatenate: Concatenation | None = None

    @classmethod
    def read(cls, steps: Sequence[Step]) -> Self:
        """Read a ``reduce`` list that the campaign has checked.

        Examples
        --------
        >>> Recipe.read(["tslice", {"fft": {"max_momentum": 5}}]).fft
        Fourier(max_momentum=5)
        """
        return cls(**{name: STEPS[name](**options) for name, options in map(named_step, steps)})  # type: ignore[arg-type]

    @property
    def without(self) -> tuple[str, ...]:
        """The patterns of datasets that a step leaves out."""
        return tuple(pattern for step in self._stated.values() for pattern in step.without)

    @property
    def of_one_configuration(self) -> bool:
        """Whether the inputs of a row must be seen to be of one configuration."""
        steps = self._over_sources
        return bool(steps) and not any(step.same_configuration for step in steps)

    @property
    def shifted(self) -> bool:
        """Whether correlators that do not say so have their source as their origin."""
        return any(step.shifted for step in self._over_sources)

    @property
    def time_reversal(self) -> bool:
        """Whether projected correlators of negative parity are turned forward in time."""
        return any(step.time_reversal for step in self._over_sources)

    @property
    def _over_sources(self) -> list[Average | Collection]:
        return [step for step in (self.average, self.collect) if step is not None]

    @property
    def _stated(self) -> dict[str, _Strict]:
        """The steps that are not left out, in order."""
        steps = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: step for name, step in steps.items() if step is not None}

    def steps(self) -> list[Step]:
        """The list that :meth:`read` reads back; equal recipes always give equal lists.

        Examples
        --------
        >>> Recipe(average=Average(), fft=Fourier(max_momentum=5)).steps()
        ['average', {'fft': {'max_momentum': 5}}]
        """
        options = {name: _options(step) for name, step in self._stated.items()}
        return [{name: some} if some else name for name, some in options.items()]


def _options(step: Any) -> dict[str, Any]:
    """The options of a step that are not left at their defaults."""
    values = {field.name: (getattr(step, field.name), field.default) for field in fields(step)}
    stated = {name: value for name, (value, default) in values.items() if value != default}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in stated.items()}


def modes_problem(max_momentum: int, L: int) -> str | None:
    """Why the modes up to ``max_momentum`` on an axis of L sites cannot be given; None if they can.

    2 m = L is allowed: the modes m and -m at the edge of the Brillouin zone are then one.

    Examples
    --------
    >>> modes_problem(4, L=8) is None
    True
    >>> modes_problem(5, L=8)
    'the lattice has 8 sites, so momenta beyond 4 repeat others; expected max_momentum <= 4, found 5'
    """
    if max_momentum < 0:
        return f"expected max_momentum >= 0, found {max_momentum}"
    if 2 * max_momentum > L:
        most = L // 2
        return (
            f"the lattice has {L} sites, so momenta beyond {most} repeat others; "
            f"expected max_momentum <= {most}, found {max_momentum}"
        )
    return None


def named_step(step: Step) -> tuple[str, Options]:
    """The name of a step and its options, from ``"average"`` or ``{ fft = { max_momentum = 5 } }``."""
    if isinstance(step, str):
        return step, {}
    if len(step) != 1:
        raise CampaignError(f"a step is one name with its options; found {', '.join(step) or 'none'} in one step")
    return next(iter(step.items()))
