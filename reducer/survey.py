"""What is made from which datasets of the files of one configuration, found from their metadata before any number is read.

Whatever is missing, twice, or of another form than the rest is refused here, by file and dataset.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from latteboard.errors import InputRefused, ShapeError
from latteboard.names import Source
from reducer.conventions import (
    SPINS,
    Correlator,
    averaged_name,
    other_spin,
    read_name,
    slice_meta,
    sourceless,
    sources_in,
    term_meta,
)
from reducer.reading import CorrelatorFile, Stored
from reducer.recipes import Steps
from reducer.slicing import boundary_signs, running_times, separation_of_fraction
from reducer.tasks import Input, Row

# Datasets of the root group that say what axes mean; they are carried along, not reduced.
LABELS = ("momenta", "configurations", "streams", "sources", "source_names")
HALF = 0.5  # of the lattice in time, what is kept of a spectrum


@dataclass(frozen=True)
class Term:
    """A dataset that goes into an output dataset.

    Attributes
    ----------
    rows : which of its first axis, in the order of the output; for a slice the times modulo T
    signs : by which each is multiplied
    shift : the source to which sites are shifted; None where they are left
    meta : what its slice says of itself
    """

    file: CorrelatorFile
    stored: Stored
    told: Correlator | None
    rows: tuple[int, ...]
    signs: tuple[int, ...] | None = None
    shift: Source | None = None
    meta: str = ""

    @property
    def place(self) -> str:
        """File and dataset, as messages name them."""
        return f"{self.file.path}: {self.stored.name}"

    @property
    def bytes(self) -> int:
        """How many are read."""
        whole = max(1, self.stored.shape[0]) if self.stored.shape else 1
        return self.stored.nbytes * len(self.rows) // whole if self.stored.shape else self.stored.nbytes

    @property
    def sources(self) -> set[Source]:
        """The sources that it is of, by its path or by what an average says of its terms."""
        if self.told is not None and self.told.source is not None:
            return {self.told.source}
        return sources_in(self.stored.meta)


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


def survey(row: Row, files: Sequence[CorrelatorFile], steps: Steps) -> list[Target]:
    """The output datasets of one configuration, sorted by name."""
    terms: dict[str, list[Term]] = defaultdict(list)
    of_file: list[set[str]] = []
    for given, file in zip(row.inputs, files, strict=True):
        names = set()
        for term in _terms(given, file, steps):
            name = averaged_name(term.stored.name) if steps.average and term.told else term.stored.name
            terms[name].append(term)
            names.add(name)
        of_file.append(names)
    if steps.average is not None:
        _check_groups(row.inputs, files, of_file)
    targets = [_target(name, found, steps) for name, found in sorted(terms.items())]
    if steps.average is not None:
        _check_sources(targets)
    acts = steps.tslice or steps.average or steps.fft
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


# -- terms ---------------------------------------------------------------------------------------------------------------


def _terms(given: Input, file: CorrelatorFile, steps: Steps) -> Iterator[Term]:
    for stored in file.stored(_taken(given, file)).values():
        told = read_name(stored.name) if stored.dtype.kind in "fc" and stored.shape else None
        if told is not None and told.source and given.source not in (None, str(told.source)):
            raise InputRefused(f"{file.path}: {stored.name}: is of source {told.source}; expected {given.source} only")
        whole = tuple(range(stored.shape[0])) if stored.shape else ()
        term = Term(file, stored, told, whole, meta=stored.meta)
        if told is not None:
            _check_stage(term, steps)
            term = _sliced(term, steps) if steps.tslice is not None else term
        yield term


def _taken(given: Input, file: CorrelatorFile) -> list[str]:
    """The datasets that are taken from a file: the picked ones, each of which must be there."""
    names = [name for name in file.names if name not in LABELS]
    if given.picks is None:
        return names
    wanted = set(given.picks)
    taken = [name for name in names if sourceless(name) in wanted]
    missing = wanted - set(map(sourceless, taken))
    if missing:
        raise InputRefused(
            f"{file.path}: {min(missing)}: missing, one of {len(missing)} of the {len(wanted)} datasets expected there"
        )
    return taken


def _check_stage(term: Term, steps: Steps) -> None:
    """Refuse what has been through a step already, or has still to go through an earlier one."""
    stored = term.stored
    in_momentum = "max_momentum==" in stored.meta or "momentum_current" in stored.name.split("/")
    if in_momentum and (steps.tslice or steps.fft):
        raise InputRefused(f"{term.place}: is in momentum space already; expected sites")
    if steps.tslice is not None and stored.meta and stored.is_shifted is None:
        raise InputRefused(
            f"{term.place}: is a time slice already ({stored.meta.splitlines()[0]}); expected a 4D correlator"
        )
    if steps.tslice is None and steps.average is not None and stored.is_shifted is not None and not stored.meta:
        raise InputRefused(
            f"{term.place}: is not sliced and shifted to its source yet, so its mean has no meaning; slice it first"
        )
    if 0 in stored.shape:
        raise InputRefused(f"{term.place}: has shape {stored.shape}, so there is nothing in it")
    if (steps.tslice or steps.fft) and (len(stored.complex_shape) < 4 or stored.complex_dtype.char not in "FD"):
        raise InputRefused(
            f"{term.place}: has shape {stored.shape}, {stored.dtype}; expected (..., T, Z, Y, X, 2) of float64 or "
            "float32, or complex numbers without the last axis"
        )


def _sliced(term: Term, steps: Steps) -> Term:
    """The same, only the slices between source and sink, in running order and relative to the source."""
    assert steps.tslice is not None
    assert term.told is not None
    stored, told, asked = term.stored, term.told, steps.tslice
    if stored.is_shifted:
        raise InputRefused(f"{term.place}: is_shifted is set: its origin is the source already; expected 0")
    if len(stored.complex_shape) != 4:
        raise InputRefused(f"{term.place}: has shape {stored.shape}; expected (T, Z, Y, X, 2)")
    if told.source is None:
        raise InputRefused(f"{term.place}: names no source; expected a part such as x0_y1_z2_t3")
    if told.form == "form factor" and told.separation is None:
        raise InputRefused(f"{term.place}: names no separation of source and sink; expected a part such as ..._tsep_5")
    T = stored.shape[0]
    if told.separation is not None and asked.fraction is not None:
        raise InputRefused(f"{term.place}: a form factor has the separation of its name; a fraction is for spectra")
    t0 = told.source.t if told.t0 is None else told.t0
    separation = told.separation
    if separation is None:
        separation = separation_of_fraction(
            T, HALF if asked.fraction is None else asked.fraction, backward=told.backward
        )
    _check_source(term, told.source)
    try:
        times = running_times(t0, separation, T)
    except ShapeError as error:
        raise InputRefused(f"{term.place}: {error}") from error
    flips = told.form == "spectrum" if asked.boundary_sign is None else asked.boundary_sign
    return replace(
        term,
        rows=tuple((times % T).tolist()),
        signs=tuple(boundary_signs(times, T).tolist()) if flips else None,
        shift=told.source,
        meta=slice_meta(told.form, t0, separation, T),
    )


def _check_source(term: Term, source: Source) -> None:
    Z, Y, X = term.stored.shape[1:4]
    if not (source.x < X and source.y < Y and source.z < Z):
        raise InputRefused(f"{term.place}: the source is outside the lattice, which is {X} x {Y} x {Z}")


# -- targets -------------------------------------------------------------------------------------------------------------


def _target(name: str, terms: list[Term], steps: Steps) -> Target:
    first = terms[0]
    if first.told is None:
        return Target(name, (_only(terms),), first.meta)
    if steps.average is None:
        if len(terms) > 1:
            raise InputRefused(f"{terms[1].place}: is in {first.file.path} too; expected it once")
        meta = first.meta
    else:
        terms = sorted(terms, key=_order)
        _check_terms(terms)
        meta = "\n".join(_averaged_meta(term) for term in terms)
    if steps.fft is not None:
        _check_modes(first, steps.fft.max_momentum)
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
