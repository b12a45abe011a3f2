"""Recipes as the reducer carries them out: the steps of a campaign's ``reduce`` list, each with its options."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Self

from latteboard.recipe import STEPS, Average, Concatenation, Fourier, Slice, Step, named_step


@dataclass(frozen=True)
class Steps:
    """What is done to the inputs of one output; a step that is None is left out.

    They are carried out in this order, whatever the order in the campaign: slicing comes first by its nature, and
    the others commute.
    """

    tslice: Slice | None = None
    average: Average | None = None
    fft: Fourier | None = None
    concatenate: Concatenation | None = None

    @classmethod
    def read(cls, steps: Sequence[Step]) -> Self:
        """From a ``reduce`` list that the campaign has checked: ``["tslice", {"fft": {"max_momentum": 5}}]``."""
        return cls(**{name: STEPS[name](**options) for name, options in map(named_step, steps)})  # type: ignore[arg-type]

    def stated(self) -> list[Step]:
        """The list that :meth:`read` reads back; the same steps always give the same list."""
        named = {name: getattr(self, name) for name in STEPS if getattr(self, name) is not None}
        options = {name: _options(step) for name, step in named.items()}
        return [{name: stated} if stated else name for name, stated in options.items()]


def _options(step: Any) -> dict[str, Any]:
    """The options of a step that are not left at their defaults."""
    stated = {field.name: getattr(step, field.name) for field in fields(step)}
    return {field.name: stated[field.name] for field in fields(step) if stated[field.name] != field.default}
