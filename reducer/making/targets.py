"""The output datasets of one configuration and the terms of each, found from metadata before any number is read.

A dataset that is missing, occurs twice or has another form than the rest is refused here, by file and dataset.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latteboard.names.templates import Source
from latteboard.recipe import Recipe, modes_problem
from reducer.arrays.joining import Shape
from reducer.correlators.conventions import ATTRIBUTES, ROW_LABELS, SPINS, averaged_name, momentum_name
from reducer.correlators.file import CorrelatorFile
from reducer.correlators.meta import term_meta, transform_meta
from reducer.making.mean_checks import check_configuration, check_groups, check_sources, check_terms
from reducer.making.stages import Lattice, check_carried, check_stage
from reducer.making.terms import Term, reversed_in_time, sliced, terms_of
from reducer.tasks.task import UNKNOWN, Input, Physics, Row


@dataclass(frozen=True, slots=True)
class Target:
    """An output dataset of one row before the transform: the mean of its terms, or a copy of its only one.

    Attributes
    ----------
    copies : of a dataset that is carried along, those of all inputs, which are equal
    acts : whether a step changes its numbers before they are joined
    """

    name: str
    terms: tuple[Term, ...]
    meta: str
    copies: tuple[Term, ...] = ()
    acts: bool = False

    @property
    def is_correlator(self) -> bool:
        """Whether the steps act on it; other datasets are copied whole."""
        return self.terms[0].correlator is not None

    @property
    def first(self) -> Term:
        """The first term; the others have its form."""
        return self.terms[0]

    @property
    def numbers(self) -> list[int]:
        """The number of correlators that each term is the mean of."""
        return [term.number for term in self.terms]

    @property
    def shape(self) -> Shape:
        """The shape before the transform, real and imaginary part last where they are so in the inputs."""
        shape = self.first.dataset.shape
        return (len(self.first.rows), *shape[1:]) if shape else shape

    @property
    def sites(self) -> int:
        """The extent of the lattice in space."""
        return self.first.dataset.complex_shape[-1]


@dataclass(frozen=True, slots=True)
class RowDataset:
    """An output dataset of one row as it is written, after all steps."""

    name: str
    shape: Shape
    dtype: np.dtype[Any]
    meta: str

    @property
    def nbytes(self) -> int:
        """Its bytes."""
        return prod(self.shape) * self.dtype.itemsize


def row_dataset(target: Target, recipe: Recipe) -> RowDataset:
    """The output dataset that a target becomes."""
    dataset = target.first.dataset
    if recipe.fft is None or not target.is_correlator:
        return RowDataset(target.name, target.shape, dataset.dtype, target.meta)
    momenta = (2 * recipe.fft.max_momentum + 1,) * 3
    shape = (*target.shape[:1], *dataset.complex_shape[1:-3], *momenta)
    meta = transform_meta(target.meta, recipe.fft.max_momentum, target.sites)
    return RowDataset(momentum_name(target.name), shape, dataset.complex_dtype, meta)


def survey(row: Row, files: Sequence[CorrelatorFile], recipe: Recipe, physics: Physics = UNKNOWN) -> list[Target]:
    """Find the output datasets of one configuration, sorted by name."""
    terms: dict[str, list[Term]] = defaultdict(list)
    names_of: list[dict[str, bool]] = []
    for given, file in zip(row.inputs, files, strict=True):
        names = {}
        for term in _terms(given, file, recipe, physics):
            name = averaged_name(term.dataset.name) if recipe.average and term.correlator else term.dataset.name
            terms[name].append(term)
            names[name] = term.correlator is not None
        names_of.append(names)
    if recipe.of_one_configuration:
        check_configuration(row, files)
    if recipe.average is not None:
        check_groups(row.inputs, files, names_of)
    targets = [_target(name, found, recipe) for name, found in sorted(terms.items())]
    if recipe.average is not None:
        _check_sources(row, targets, names_of, recipe)
    acts = recipe.tslice or recipe.average or recipe.fft
    if acts and not any(target.is_correlator for target in targets):
        raise files[0].refusal("holds no correlator, of form factor or spectrum; expected .../4D_correlator/...")
    if recipe.time_reversal and not any(term.is_reversed for target in targets for term in target.terms):
        raise files[0].refusal("holds no projected correlator of negative parity (_np) to turn forward in time")
    _check_names(targets, recipe)
    return targets


def _check_sources(row: Row, targets: Sequence[Target], names_of: Sequence[Mapping[str, bool]], recipe: Recipe) -> None:
    """Require the same sources of all means; of what is collected, of those of each group of files."""
    groups: dict[str, set[str]] = defaultdict(set)
    for given, names in zip(row.inputs, names_of, strict=True):
        groups[given.group if recipe.collect else ""].update(names)
    for group in groups.values():
        check_sources({one.name: one.terms for one in targets if one.is_correlator and one.name in group})


def _terms(given: Input, file: CorrelatorFile, recipe: Recipe, physics: Physics) -> Iterator[Term]:
    """The terms of one file, sliced or reversed where the recipe says so; what does not fit the recipe is refused."""
    terms = list(terms_of(given, file, recipe))
    for term in terms:
        if term.dataset.null and recipe.concatenate:
            raise term.refusal("holds no values at all, so there are no rows to join; --without leaves it out")
    acts = recipe.tslice or recipe.average or recipe.fft
    lattice = Lattice.of([term for term in terms if term.correlator is not None], recipe, physics)
    for term in terms:
        turns = recipe.time_reversal and term.correlator and term.correlator.projected and term.correlator.backward
        if acts and term.correlator is None:
            check_carried(term, lattice)
        if term.correlator is not None and (acts or turns):
            check_stage(term, recipe, physics)
        if recipe.tslice is not None and term.correlator is not None:
            yield sliced(term, recipe.tslice, physics)
        else:
            yield reversed_in_time(term, physics) if turns else term


def _check_names(targets: Sequence[Target], recipe: Recipe) -> None:
    """Refuse datasets of the inputs under names that the output needs for its labels."""
    joins, transforms = recipe.concatenate is not None, recipe.fft is not None
    taken = {*(ROW_LABELS if joins else ()), *(["momenta"] if transforms else ())}
    for target in targets:
        if target.name in taken or (joins and target.name.startswith(f"{ATTRIBUTES}/")):
            raise target.first.refusal(
                "the output needs this name for labels of its own; rename the dataset, or leave it out with --without"
            )


def sources_of(targets: Sequence[Target]) -> list[Source]:
    """The sources of all terms, sorted."""
    return sorted({source for target in targets for term in target.terms for source in term.sources})


def _target(name: str, terms: list[Term], recipe: Recipe) -> Target:
    first = terms[0]
    if first.correlator is None:
        _check_equal(terms)
        return Target(name, (first,), first.meta, tuple(terms))
    if recipe.average is None:
        if len(terms) > 1:
            raise terms[1].refusal(f"is in {first.file.path} too; expected it once")
        meta = first.meta
    else:
        terms = sorted(terms, key=_order)
        check_terms(terms)
        meta = "\n".join(_averaged_meta(term) for term in terms)
    if recipe.fft is not None:
        _check_modes(first, recipe.fft.max_momentum)
    acts = recipe.tslice or recipe.average or recipe.fft or first.meta != first.dataset.meta
    return Target(name, tuple(terms), meta, acts=bool(acts))


def _check_equal(terms: list[Term]) -> None:
    """Require that datasets of one name that are no correlators are equal: which of them counts, nobody could say."""
    first, *others = terms
    for other in others:
        one, two = first.dataset, other.dataset
        same = (one.shape, one.dtype, one.null) == (two.shape, two.dtype, two.null)
        if not same or not (one.null or _are_equal(first.file.read_whole(one), other.file.read_whole(two))):
            raise other.refusal(
                f"is not what it is in {first.file.path}; expected the same in all inputs (--without leaves it out)"
            )


def _are_equal(one: NDArray[Any], other: NDArray[Any]) -> bool:
    if one.dtype.kind == "O":  # texts, or lists of numbers
        return all(map(np.array_equal, one.reshape(-1), other.reshape(-1)))
    return np.array_equal(one, other, equal_nan=one.dtype.kind in "fc")


def _order(term: Term) -> tuple[tuple[int, ...], int, Path]:
    """Terms are added by source, then spin: the sum is the same in whatever order files are named."""
    spin = None if term.correlator is None else term.correlator.spin
    source = (term.source.x, term.source.y, term.source.z, term.source.t) if term.source else ()
    return source, 0 if spin is None else SPINS.index(spin), term.file.path


def _averaged_meta(term: Term) -> str:
    return term.meta if term.correlator is None or term.source is None else term_meta(term.meta, term.correlator)


def _check_modes(term: Term, max_momentum: int) -> None:
    for L in term.dataset.complex_shape[-3:]:
        problem = modes_problem(max_momentum, L)
        if problem is not None:
            raise term.refusal(problem)
