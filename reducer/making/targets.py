"""The output datasets of one configuration and the terms of each, found from metadata before any number is read.

A dataset that is missing, occurs twice or has another form than the rest is refused here, by file and dataset.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from latteboard.names.templates import Source
from latteboard.recipe import Recipe, modes_problem
from reducer.arrays.joining import Shape
from reducer.correlators.conventions import (
    SPINS,
    averaged_name,
    momentum_name,
    other_spin,
    parse_name,
    term_meta,
    transform_meta,
)
from reducer.correlators.file import CorrelatorFile
from reducer.making.terms import Term, terms_of
from reducer.tasks.task import Input, Row


@dataclass(frozen=True, slots=True)
class Target:
    """An output dataset of one row before the transform: the mean of its terms, or a copy of its only one."""

    name: str
    terms: tuple[Term, ...]
    meta: str

    @property
    def is_correlator(self) -> bool:
        """Whether the steps act on it; other datasets are copied whole."""
        return self.terms[0].correlator is not None

    @property
    def first(self) -> Term:
        """The first term; the others have its form."""
        return self.terms[0]

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


def row_dataset(target: Target, recipe: Recipe) -> RowDataset:
    """The output dataset that a target becomes."""
    dataset = target.first.dataset
    if recipe.fft is None or not target.is_correlator:
        return RowDataset(target.name, target.shape, dataset.dtype.newbyteorder("="), target.meta)
    momenta = (2 * recipe.fft.max_momentum + 1,) * 3
    shape = (*target.shape[:1], *dataset.complex_shape[1:-3], *momenta)
    meta = transform_meta(target.meta, recipe.fft.max_momentum, target.sites)
    return RowDataset(momentum_name(target.name), shape, dataset.complex_dtype, meta)


def survey(row: Row, files: Sequence[CorrelatorFile], recipe: Recipe) -> list[Target]:
    """Find the output datasets of one configuration, sorted by name."""
    terms: dict[str, list[Term]] = defaultdict(list)
    names_of: list[set[str]] = []
    for given, file in zip(row.inputs, files, strict=True):
        names = set()
        for term in terms_of(given, file, recipe):
            name = averaged_name(term.dataset.name) if recipe.average and term.correlator else term.dataset.name
            terms[name].append(term)
            names.add(name)
        names_of.append(names)
    if recipe.average is not None:
        _check_groups(row.inputs, files, names_of)
    targets = [_target(name, found, recipe) for name, found in sorted(terms.items())]
    if recipe.average is not None:
        _check_sources(targets)
    acts = recipe.tslice or recipe.average or recipe.fft
    if acts and not any(target.is_correlator for target in targets):
        raise files[0].refusal("holds no 4D correlator, of form factor or spectrum; expected .../4D_correlator/...")
    return targets


def sources_of(targets: Sequence[Target]) -> list[Source]:
    """The sources of all terms, sorted."""
    return sorted({source for target in targets for term in target.terms for source in term.sources})


def _target(name: str, terms: list[Term], recipe: Recipe) -> Target:
    first = terms[0]
    if first.correlator is None:
        return Target(name, (_only(terms),), first.meta)
    if recipe.average is None:
        if len(terms) > 1:
            raise terms[1].refusal(f"is in {first.file.path} too; expected it once")
        meta = first.meta
    else:
        terms = sorted(terms, key=_order)
        _check_terms(terms)
        meta = "\n".join(_averaged_meta(term) for term in terms)
    if recipe.fft is not None:
        _check_modes(first, recipe.fft.max_momentum)
    return Target(name, tuple(terms), meta)


def _only(terms: list[Term]) -> Term:
    """The first of several datasets of one name that are no correlators; refused unless all are equal."""
    first = terms[0]
    for other in terms[1:]:
        same = first.dataset.shape == other.dataset.shape and first.dataset.dtype == other.dataset.dtype
        one, two = first.file.read_whole(first.dataset), other.file.read_whole(other.dataset)
        if not same or not np.array_equal(one, two, equal_nan=one.dtype.kind in "fc"):
            raise other.refusal(f"is not what it is in {first.file.path}; expected the same in all inputs")
    return first


def _order(term: Term) -> tuple[tuple[int, ...], int, Path]:
    """Terms are added by source, then spin: the sum is the same in whatever order files are named."""
    spin = None if term.correlator is None else term.correlator.spin
    source = (term.source.x, term.source.y, term.source.z, term.source.t) if term.source else ()
    return source, 0 if spin is None else SPINS.index(spin), term.file.path


def _averaged_meta(term: Term) -> str:
    return term.meta if term.correlator is None or term.source is None else term_meta(term.meta, term.correlator)


def _check_terms(terms: list[Term]) -> None:
    """Require one form of all terms, each source once, and of a spectrum both spins."""
    first = terms[0]
    seen: dict[object, Term] = {}
    for term in terms:
        found, expected = ((one.dataset.shape, one.dataset.dtype) for one in (term, first))
        if found != expected:
            raise term.refusal(
                f"has shape {found[0]}, {found[1]}; expected {expected[0]}, {expected[1]} as in {first.file.path}"
            )
        spin = None if term.correlator is None else term.correlator.spin
        key = (term.source, spin) if term.source else (term.file.path, term.dataset.name)
        if key in seen:
            raise term.refusal(f"source {term.source} is in {seen[key].file.path} too; expected it once")
        seen[key] = term
    names = {term.dataset.name for term in terms}
    for term in terms:
        missing = None if term.correlator is None else other_spin(term.correlator)
        if missing is not None and missing not in names:
            raise term.file.refusal("missing; the average is over both spins", missing)


def _check_sources(targets: Sequence[Target]) -> None:
    """Require that every mean is over the same sources."""
    means = [target for target in targets if target.is_correlator]
    one = _by_source(means[0]) if means else {}
    for target in means[1:]:
        other = _by_source(target)
        for has, lacks, name in ((one, other, target.name), (other, one, means[0].name)):
            for source in sorted(has.keys() - lacks.keys()):
                raise has[source].refusal(
                    f"is of source {source}, of which there is no {name}; expected all datasets of the same sources"
                )


def _by_source(target: Target) -> dict[Source, Term]:
    return {term.source: term for term in target.terms if term.source is not None}


def _check_modes(term: Term, max_momentum: int) -> None:
    for L in term.dataset.complex_shape[-3:]:
        problem = modes_problem(max_momentum, L)
        if problem is not None:
            raise term.refusal(problem)


def _check_groups(inputs: Sequence[Input], files: Sequence[CorrelatorFile], names: Sequence[set[str]]) -> None:
    """Require the same datasets in files of one group; in two groups the same, or none in common."""
    groups: dict[str, int] = {}
    for position, given in enumerate(inputs):
        first = groups.setdefault(given.group, position)
        _check_same_names(files, names, first, position)
    firsts = list(groups.values())
    for number, first in enumerate(firsts):
        for other in firsts[number + 1 :]:
            if names[first] & names[other]:
                _check_same_names(files, names, first, other)


def _check_same_names(files: Sequence[CorrelatorFile], names: Sequence[set[str]], first: int, other: int) -> None:
    for one, two in ((first, other), (other, first)):
        missing = sorted(name for name in names[one] - names[two] if parse_name(name) is not None)
        if missing:
            raise files[two].refusal(f"missing (one of {len(missing)}); {files[one].path} has it", missing[0])
