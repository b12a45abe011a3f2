"""The datasets taken from one file and the slices of each; datasets that do not fit the recipe are refused."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from latteboard.errors import InputRefused, ShapeError
from latteboard.names.templates import Source
from latteboard.recipe import Recipe, Slice
from reducer.arrays.slicing import TimeSlices, separation_of_fraction
from reducer.correlators.conventions import Correlator, is_baryon, parse_name, sourceless
from reducer.correlators.dataset import DatasetInfo
from reducer.correlators.file import CorrelatorFile
from reducer.correlators.meta import is_reversed, reversed_meta, slice_meta, sources_in
from reducer.tasks.task import Input, Physics

HALF = 0.5  # of the lattice in time is kept of a spectrum


@dataclass(frozen=True, slots=True)
class Term:
    """An input dataset that goes into an output dataset.

    Attributes
    ----------
    correlator : what its path states; None if it is no correlator
    rows : indices along its first axis, in output order; of a slice the times modulo T
    signs : the factor of each row, +1 or -1; None where all are +1
    shift : the source to which sites are shifted; None where they stay
    meta : the attribute ``meta`` of its slice
    """

    file: CorrelatorFile
    dataset: DatasetInfo
    correlator: Correlator | None
    rows: Sequence[int]
    signs: tuple[int, ...] | None = None
    shift: Source | None = None
    meta: str = ""

    def refusal(self, reason: str) -> InputRefused:
        """An error that names file and dataset."""
        return self.file.refusal(reason, self.dataset.name)

    @property
    def bytes(self) -> int:
        """The number of bytes that are read."""
        shape = self.dataset.shape
        return self.dataset.nbytes * len(self.rows) // max(1, shape[0]) if shape else self.dataset.nbytes

    @property
    def source(self) -> Source | None:
        """The source that its path states; None if there is none."""
        return None if self.correlator is None else self.correlator.source

    @property
    def sources(self) -> frozenset[Source]:
        """The sources of its numbers, by its path or by the lines of an average."""
        return sources_in(self.dataset.meta) if self.source is None else frozenset([self.source])

    @property
    def is_reversed(self) -> bool:
        """Whether its first axis counts time backward from its source."""
        return is_reversed(self.meta)

    @property
    def number(self) -> int:
        """The number of correlators that it is the mean of; 1 if it is none."""
        return 1 if self.source is not None or not self.sources else len(self.dataset.meta.splitlines())


def terms_of(given: Input, file: CorrelatorFile, recipe: Recipe) -> Iterator[Term]:
    """The terms taken from one file, sorted by name; not sliced yet.

    Raises
    ------
    InputRefused : a dataset is missing, of another source than the file, or no correlator though its path says so.
    """
    acts = recipe.tslice or recipe.average or recipe.fft or recipe.time_reversal
    for dataset in file.datasets(_picked(given, file, recipe.without)).values():
        named = parse_name(dataset.name)
        correlator = named if dataset.dtype.kind in "fc" and dataset.shape else None
        if correlator is not None and acts:
            dataset = dataset.in_single_precision
        term = Term(file, dataset, correlator, range(dataset.shape[0] if dataset.shape else 0), meta=dataset.meta)
        if named is not None and correlator is None and acts:
            found = f"{dataset.dtype} of shape {dataset.shape}"
            raise term.refusal(
                f"is a correlator by its name, and holds {found}; expected an array of floats or complex numbers"
            )
        if term.source is not None and given.source not in (None, str(term.source)):
            raise term.refusal(f"is of source {term.source}; expected {given.source} only")
        yield term


def _picked(given: Input, file: CorrelatorFile, without: Sequence[str]) -> list[str]:
    """The names of the datasets that are taken from a file; each of the picks must be there."""
    names = [name for name in file.data if not any(fnmatchcase(name, pattern) for pattern in without)]
    if given.picks is None:
        return names
    wanted = set(given.picks)
    taken = [name for name in names if sourceless(name) in wanted]
    missing = wanted - set(map(sourceless, taken))
    if missing:
        raise file.refusal(f"missing, one of {len(missing)} of the {len(wanted)} datasets expected there", min(missing))
    return taken


def _changes_sign(term: Term, correlator: Correlator, physics: Physics) -> bool:
    """Whether slices beyond the time boundary need the sign of antiperiodic quarks; form factors have it already."""
    if correlator.form == "form factor":
        return False
    found = is_baryon(correlator.name, physics.baryons, physics.mesons)
    if found is None:
        raise term.refusal(
            "its path names neither a baryon nor a meson, or both, so its sign beyond the time boundary is not known; state "
            '--baryon NAME or --meson NAME, in a campaign [particles] NAME = "meson"; or for all of a file '
            "--boundary-sign or --no-boundary-sign, in a recipe tslice = { boundary_sign = true } or false"
        )
    return found


def sliced(term: Term, options: Slice, physics: Physics) -> Term:
    """The same term with only the slices between source and sink, in running order and relative to the source.

    Raises
    ------
    InputRefused : it is shifted already, or its path or shape do not tell its slices.
    """
    dataset, correlator = term.dataset, term.correlator
    assert correlator is not None
    source = correlator.source
    if dataset.is_shifted:
        raise term.refusal("is_shifted is set: its origin is the source already; expected 0")
    if len(dataset.complex_shape) != 4:
        raise term.refusal(f"has shape {dataset.shape}; expected (T, Z, Y, X, 2)")
    if source is None:
        raise term.refusal("names no source; expected a part such as x0_y1_z2_t3")
    T, Z, Y, X = dataset.complex_shape
    if not (source.x < X and source.y < Y and source.z < Z):
        raise term.refusal(f"the source is outside the lattice, which is {X} x {Y} x {Z}")
    separation = _separation(term, correlator, options, T)
    t0 = source.t if correlator.t0 is None else correlator.t0
    flips = _changes_sign(term, correlator, physics) if options.boundary_sign is None else options.boundary_sign
    try:
        slices = TimeSlices.between(t0, separation, T, boundary_sign=flips)
    except ShapeError as error:
        raise term.refusal(str(error)) from error
    meta = slice_meta(correlator.form, t0, separation, T)
    return replace(term, rows=slices.times, signs=slices.signs, shift=source, meta=meta)


def reversed_in_time(term: Term, physics: Physics) -> Term:
    """The same term of a projected correlator with its times counted backward from the source: 0, T - 1, ..., 1.

    All but time 0 change their sign in spectra of baryons, whose numbers have the sign of the boundary forward in time; form
    factors have it backward already. Source: ``time_reverse`` in scripts/utils.py of nucleon_elastic_FF, and its callers.

    Raises
    ------
    InputRefused : it is reversed already, or does not hold all times.
    """
    correlator, T = term.correlator, term.dataset.shape[0]
    assert correlator is not None
    if term.is_reversed:
        raise term.refusal("is reversed in time already; leave out time_reversal")
    if physics.T != T:
        known = "" if physics.T is None else f", which are {physics.T},"
        raise term.refusal(
            f"has shape {term.dataset.shape}; expected all times of the lattice{known} on its first axis to count them "
            "backward"
        )
    flips = _changes_sign(term, correlator, physics)
    return replace(
        term,
        rows=[0, *range(T - 1, 0, -1)],
        signs=(1, *[-1] * (T - 1)) if flips else None,
        meta=reversed_meta(term.meta),
    )


def _separation(term: Term, correlator: Correlator, options: Slice, T: int) -> int:
    """The separation of source and sink: of a form factor that of its path, of a spectrum a fraction of the lattice."""
    if correlator.form == "form factor" and correlator.separation is None:
        raise term.refusal("names no separation of source and sink; expected a part such as ..._tsep_5")
    if correlator.separation is None:
        fraction = HALF if options.fraction is None else options.fraction
        return separation_of_fraction(T, fraction, backward=correlator.backward)
    if options.fraction is not None:
        raise term.refusal("a form factor has the separation of its name; a fraction is for spectra")
    return correlator.separation
