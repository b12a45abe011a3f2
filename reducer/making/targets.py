"""What is made from which datasets of the files of one configuration, found from their metadata before any number is read.

Whatever is missing, twice, or of another form than the rest is refused here, by file and dataset.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from latteboard.errors import InputRefused
from latteboard.names.templates import Source
from latteboard.recipe import Recipe
from reducer.correlators.conventions import SPINS, averaged_name, other_spin, read_name, term_meta
from reducer.correlators.file import CorrelatorFile
from reducer.making.terms import Term, terms_of
from reducer.tasks.task import Input, Row


@dataclass(frozen=True)
class Target:
    """An output dataset before the transform: the mean of its terms, or a copy of its only one."""

    name: str
    terms: tuple[Term, ...]
    meta: str

    @property
    def is_correlator(self) -> bool:
        """Whether the steps act on it; other datasets are copied whole."""
        return self.terms[0].told is not None

    @property
    def first(self) -> Term:
        """The first term; the others have its form."""
        return self.terms[0]

    @property
    def shape(self) -> tuple[int, ...]:
        """As it is stored, real and imaginary part last where they are so in the inputs."""
        stored = self.first.stored.shape
        return (len(self.first.rows), *stored[1:]) if stored else stored


def survey(row: Row, files: Sequence[CorrelatorFile], recipe: Recipe) -> list[Target]:
    """The output datasets of one configuration, sorted by name."""
    terms: dict[str, list[Term]] = defaultdict(list)
    of_file: list[set[str]] = []
    for given, file in zip(row.inputs, files, strict=True):
        names = set()
        for term in terms_of(given, file, recipe):
            name = averaged_name(term.stored.name) if recipe.average and term.told else term.stored.name
            terms[name].append(term)
            names.add(name)
        of_file.append(names)
    if recipe.average is not None:
        _check_groups(row.inputs, files, of_file)
    targets = [_target(name, found, recipe) for name, found in sorted(terms.items())]
    if recipe.average is not None:
        _check_sources(targets)
    acts = recipe.tslice or recipe.average or recipe.fft
    if acts and not any(target.is_correlator for target in targets):
        raise InputRefused(
            f"{files[0].path}: holds no 4D correlator, of form factor or spectrum; expected .../4D_correlator/..."
        )
    return targets


def sources_of(targets: Sequence[Target]) -> list[Source]:
    """The sources that all this is of, sorted."""
    found: set[Source] = set()
    for target in targets:
        for term in target.terms:
            found |= term.sources
    return sorted(found)


def _target(name: str, terms: list[Term], recipe: Recipe) -> Target:
    first = terms[0]
    if first.told is None:
        return Target(name, (_only(terms),), first.meta)
    if recipe.average is None:
        if len(terms) > 1:
            raise InputRefused(f"{terms[1].place}: is in {first.file.path} too; expected it once")
        meta = first.meta
    else:
        terms = sorted(terms, key=_order)
        _check_terms(terms)
        meta = "\n".join(_averaged_meta(term) for term in terms)
    if recipe.fft is not None:
        _check_modes(first, recipe.fft.max_momentum)
    return Target(name, tuple(terms), meta)


def _only(terms: list[Term]) -> Term:
    """Of a dataset that is in several files and is no correlator: the first, if all are alike."""
    first = terms[0]
    for other in terms[1:]:
        same = first.stored.shape == other.stored.shape and first.stored.dtype == other.stored.dtype
        one, two = first.file.read_whole(first.stored), other.file.read_whole(other.stored)
        if not same or not np.array_equal(one, two, equal_nan=one.dtype.kind in "fc"):
            raise InputRefused(
                f"{other.place}: is not what it is in {first.file.path}; expected the same in all inputs"
            )
    return first


def _order(term: Term) -> tuple[tuple[int, ...], int, Path]:
    """Terms are added by source, then spin: the same sum whatever order files are named in."""
    assert term.told is not None
    source, spin = term.told.source, 0 if term.told.spin is None else SPINS.index(term.told.spin)
    return (source.x, source.y, source.z, source.t) if source else (), spin, term.file.path


def _averaged_meta(term: Term) -> str:
    assert term.told is not None
    return term.meta if term.told.source is None else term_meta(term.meta, term.told)


def _check_terms(terms: list[Term]) -> None:
    """Every term has the same form, and no source stands in a mean twice; of a spectrum's spins both do."""
    first = terms[0]
    seen: dict[object, Term] = {}
    for term in terms:
        assert term.told is not None
        found, expected = ((one.stored.shape, one.stored.dtype) for one in (term, first))
        if found != expected:
            raise InputRefused(
                f"{term.place}: has shape {found[0]}, {found[1]}; expected {expected[0]}, {expected[1]} "
                f"as in {first.file.path}"
            )
        key = (term.told.source, term.told.spin) if term.told.source else (term.file.path, term.stored.name)
        if key in seen:
            raise InputRefused(
                f"{term.place}: source {term.told.source} is in {seen[key].file.path} too; expected it once"
            )
        seen[key] = term
    names = {term.stored.name for term in terms}
    for term in terms:
        assert term.told is not None
        missing = other_spin(term.told)
        if missing is not None and missing not in names:
            raise InputRefused(f"{term.file.path}: {missing}: missing; the average is over both spins")


def _check_sources(targets: Sequence[Target]) -> None:
    """Every mean is over the same sources."""
    means = [target for target in targets if target.is_correlator]
    one = _by_source(means[0]) if means else {}
    for target in means[1:]:
        other = _by_source(target)
        for has, lacks, name in ((one, other, target.name), (other, one, means[0].name)):
            for source in sorted(has.keys() - lacks.keys()):
                raise InputRefused(
                    f"{has[source].place}: is of source {source}, of which there is no {name}; "
                    "expected all datasets of the same sources"
                )


def _by_source(target: Target) -> dict[Source, Term]:
    return {term.told.source: term for term in target.terms if term.told is not None and term.told.source is not None}


def _check_modes(term: Term, max_momentum: int) -> None:
    for L in term.stored.complex_shape[-3:]:
        if 2 * max_momentum > L:
            raise InputRefused(
                f"{term.place}: the lattice has {L} sites, so momenta beyond {L // 2} repeat others; "
                f"expected max_momentum <= {L // 2}, found {max_momentum}"
            )


def _check_groups(inputs: Sequence[Input], files: Sequence[CorrelatorFile], of_file: Sequence[set[str]]) -> None:
    """Files of one group hold the same; two groups hold the same, or nothing in common."""
    groups: dict[str, int] = {}
    for place, given in enumerate(inputs):
        first = groups.setdefault(given.group, place)
        _check_alike(files, of_file, first, place)
    firsts = list(groups.values())
    for number, first in enumerate(firsts):
        for other in firsts[number + 1 :]:
            if of_file[first] & of_file[other]:
                _check_alike(files, of_file, first, other)


def _check_alike(files: Sequence[CorrelatorFile], of_file: Sequence[set[str]], first: int, other: int) -> None:
    for one, two in ((first, other), (other, first)):
        lacking = of_file[one] - of_file[two]
        told = sorted(name for name in lacking if read_name(name) is not None)
        if told:
            raise InputRefused(f"{files[two].path}: {told[0]}: missing (one of {len(told)}); {files[one].path} has it")
