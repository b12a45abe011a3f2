"""Checks of single datasets: correlators that a step cannot take, and others that it would not understand."""

from dataclasses import dataclass
from typing import Self

from latteboard.recipe import Recipe
from reducer.correlators.dataset import DatasetInfo
from reducer.making.terms import Term
from reducer.tasks.task import Physics


@dataclass(frozen=True)
class Lattice:
    """The extents of the lattice in space and time, as far as they are known: several where correlators differ."""

    space: frozenset[tuple[int, ...]]
    time: frozenset[int]

    @classmethod
    def of(cls, correlators: list[Term], recipe: Recipe, physics: Physics) -> Self:
        """The extents by the campaign, else by the correlators of a file."""
        shapes = [term.dataset.complex_shape for term in correlators]
        space = {shape[-3:] for shape in shapes if len(shape) >= 3} if physics.L is None else {(physics.L,) * 3}
        whole = {shape[-4] for shape in shapes if recipe.tslice is not None and len(shape) >= 4}
        return cls(frozenset(space), frozenset(whole if physics.T is None else {physics.T}))


def check_stage(term: Term, recipe: Recipe, physics: Physics) -> None:
    """Refuse a correlator that has been through a step already, or has still to go through an earlier one."""
    dataset = term.dataset
    in_momentum = "max_momentum==" in dataset.meta or "momentum_current" in dataset.name.split("/")
    if in_momentum and (recipe.tslice or recipe.fft):
        raise term.refusal("is in momentum space already; expected sites")
    projected = term.correlator is not None and term.correlator.projected
    if projected:
        _check_projected(term, recipe, physics)
    if recipe.tslice is not None and dataset.meta and dataset.is_shifted is None:
        raise term.refusal(f"is a time slice already ({dataset.meta.splitlines()[0]}); expected a 4D correlator")
    if 0 in dataset.shape:
        raise term.refusal(f"has shape {dataset.shape}, so there is nothing in it")
    if (recipe.tslice or recipe.fft) and (len(dataset.complex_shape) < 4 or dataset.complex_dtype.char not in "FD"):
        raise term.refusal(
            f"has shape {dataset.shape}, {dataset.dtype}; expected (..., T, Z, Y, X, 2) of float64 or "
            "float32, or complex numbers without the last axis"
        )
    if not in_momentum and not projected and (recipe.tslice or recipe.average or recipe.fft):
        _check_axes(term, recipe, physics)
    if recipe.tslice is None and not _is_shifted(term):
        _check_shifted(term, recipe)


def _check_projected(term: Term, recipe: Recipe, physics: Physics) -> None:
    """Refuse sites under the path of a correlator that is projected to a momentum, and steps that take sites only."""
    shape = _without_parts(term.dataset)
    sites = shape[-3:] if physics.L is None else (physics.L,) * 3
    if len(shape) >= 4 and shape[-3:] == sites and len(set(sites)) == 1 and sites[0] > 1:
        raise term.refusal(_alien(term, "ends in the axes of the lattice"))
    if recipe.tslice or recipe.fft:
        raise term.refusal(
            "is projected to a momentum already, by its path; expected sites (average and collect take it, --without leaves it out)"
        )


def _check_shifted(term: Term, recipe: Recipe) -> None:
    """Refuse a step for which the origin of a correlator must be its source, where it is not."""
    what = "mean" if recipe.average else "transform" if recipe.fft else "reversal in time"
    if term.dataset.is_shifted is not None:
        raise term.refusal(f"is not sliced and shifted to its source yet, so its {what} has no meaning; slice it first")
    if not recipe.shifted:
        raise term.refusal(
            f"does not say that its origin is its source (by meta or is_shifted), so its {what} may have no meaning; "
            "slice it first, or say --shifted if it is shifted (in a recipe shifted = true)"
        )


def _check_axes(term: Term, recipe: Recipe, physics: Physics) -> None:
    """Refuse axes in another order than time, z, y, x, where extents tell: of the campaign, else of the dataset alone."""
    shape = term.dataset.complex_shape
    if len(shape) < 4:
        return
    *_, T, Z, Y, X = shape
    if physics.L is not None and (Z, Y, X) != (physics.L,) * 3:
        expected = f"{physics.L} sites on each of its axes z, y, x"
    elif recipe.tslice is not None and physics.T not in (None, T):
        expected = f"{physics.T} times on its axis of time"
    elif physics.L is None and recipe.tslice is not None and _looks_turned(T, Z, Y, X):
        expected = "the axes T, Z, Y, X, of which the last three are mostly of one length"
    else:
        return
    raise term.refusal(f"has shape {term.dataset.shape}; expected {expected}")


def _looks_turned(T: int, Z: int, Y: int, X: int) -> bool:
    """Whether the first axis is as long as two of the others, and the third differs: time stands there.

    Examples
    --------
    >>> _looks_turned(24, 24, 24, 48), _looks_turned(48, 24, 24, 24)
    (True, False)
    """
    return any((T == one == two != third) for one, two, third in ((Z, Y, X), (Z, X, Y), (Y, X, Z)))


def _is_shifted(term: Term) -> bool:
    """Whether its origin is its source: it says so, it is a time slice by its ``meta``, or a mean over sources."""
    return bool(
        term.dataset.is_shifted or term.dataset.meta or (term.source is None and term.dataset.is_shifted is None)
    )


def check_carried(term: Term, lattice: Lattice) -> None:
    """Refuse a dataset that is carried along and looks like a correlator whose path is not understood."""
    shape = _without_parts(term.dataset)
    if not term.dataset.is_numeric:
        return
    if len(shape) >= 3 and shape[-3:] in lattice.space:
        looks = "ends in the axes of the lattice"
    elif lattice.time.intersection(shape):
        looks = "has an axis as long as the lattice in time"
    else:
        return
    raise term.refusal(_alien(term, looks))


def _alien(term: Term, looks: str) -> str:
    return (
        f"has shape {term.dataset.shape}, which {looks}, and its path is none of a 4D correlator that is understood; rename "
        "it, or leave it out with --without"
    )


def _without_parts(dataset: DatasetInfo) -> tuple[int, ...]:
    """The shape without a last axis of real and imaginary part."""
    return dataset.complex_shape if dataset.pairs else dataset.shape
