"""The datasets taken from one file and the slices of each; datasets that do not fit the recipe are refused."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from latteboard.errors import InputRefused, ShapeError
from latteboard.names.templates import Source
from latteboard.recipe import Recipe, Slice
from reducer.arrays.slicing import TimeSlices, separation_of_fraction
from reducer.correlators.conventions import LABELS, Correlator, parse_name, slice_meta, sourceless, sources_in
from reducer.correlators.file import CorrelatorFile, DatasetInfo
from reducer.tasks.task import Input

HALF = 0.5  # of the lattice in time is kept of a spectrum


@dataclass(frozen=True, slots=True)
class Term:
    """An input dataset that goes into an output dataset.

    Attributes
    ----------
    correlator : what its path states; None if it is no 4D correlator
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


def terms_of(given: Input, file: CorrelatorFile, recipe: Recipe) -> Iterator[Term]:
    """The terms taken from one file, sorted by name.

    Raises
    ------
    InputRefused : a dataset is missing, of another source than the file, of another form, or has been through a step
        already.
    """
    for dataset in file.datasets(_picked(given, file)).values():
        named = parse_name(dataset.name)
        correlator = named if dataset.dtype.kind in "fc" and dataset.shape else None
        rows = range(dataset.shape[0] if dataset.shape else 0)
        term = Term(file, dataset, correlator, rows, meta=dataset.meta)
        if named is not None and correlator is None and (recipe.tslice or recipe.average or recipe.fft):
            found = f"{dataset.dtype} of shape {dataset.shape}"
            raise term.refusal(
                f"is a 4D correlator by its name, and holds {found}; expected an array of floats or complex numbers"
            )
        if term.source is not None and given.source not in (None, str(term.source)):
            raise term.refusal(f"is of source {term.source}; expected {given.source} only")
        if correlator is not None:
            _check_stage(term, recipe)
            term = term if recipe.tslice is None else _sliced(term, correlator, recipe.tslice)
        yield term


def _picked(given: Input, file: CorrelatorFile) -> list[str]:
    """The names of the datasets that are taken from a file; each of the picks must be there."""
    names = [name for name in file.names if name not in LABELS]
    if given.picks is None:
        return names
    wanted = set(given.picks)
    taken = [name for name in names if sourceless(name) in wanted]
    missing = wanted - set(map(sourceless, taken))
    if missing:
        raise file.refusal(f"missing, one of {len(missing)} of the {len(wanted)} datasets expected there", min(missing))
    return taken


def _check_stage(term: Term, recipe: Recipe) -> None:
    """Refuse a dataset that has been through a step already, or has still to go through an earlier one."""
    dataset = term.dataset
    in_momentum = "max_momentum==" in dataset.meta or "momentum_current" in dataset.name.split("/")
    if in_momentum and (recipe.tslice or recipe.fft):
        raise term.refusal("is in momentum space already; expected sites")
    if recipe.tslice is not None and dataset.meta and dataset.is_shifted is None:
        raise term.refusal(f"is a time slice already ({dataset.meta.splitlines()[0]}); expected a 4D correlator")
    if 0 in dataset.shape:
        raise term.refusal(f"has shape {dataset.shape}, so there is nothing in it")
    if (recipe.tslice or recipe.fft) and (len(dataset.complex_shape) < 4 or dataset.complex_dtype.char not in "FD"):
        raise term.refusal(
            f"has shape {dataset.shape}, {dataset.dtype}; expected (..., T, Z, Y, X, 2) of float64 or "
            "float32, or complex numbers without the last axis"
        )
    if recipe.tslice is None and (recipe.average or recipe.fft) and not _is_shifted(term):
        what = "mean" if recipe.average else "transform"
        if dataset.is_shifted is None:
            raise term.refusal(
                f"does not say that its origin is its source (by meta or is_shifted), so its {what} may have no meaning; "
                "slice it first, or set is_shifted to 1 if it is shifted"
            )
        raise term.refusal(f"is not sliced and shifted to its source yet, so its {what} has no meaning; slice it first")


def _is_shifted(term: Term) -> bool:
    """Whether its origin is its source: it says so, it is a time slice by its ``meta``, or a mean over sources."""
    return bool(
        term.dataset.is_shifted or term.dataset.meta or (term.source is None and term.dataset.is_shifted is None)
    )


def _changes_sign(term: Term, correlator: Correlator) -> bool:
    """Whether slices beyond the time boundary need the sign of antiperiodic quarks; form factors have it already."""
    if correlator.form == "form factor":
        return False
    if correlator.is_baryon is None:
        raise term.refusal(
            "its path names neither a baryon nor a meson, or both, so its sign beyond the time boundary is not known; state "
            "--boundary-sign or --no-boundary-sign, in a recipe tslice = { boundary_sign = true } or false"
        )
    return correlator.is_baryon


def _sliced(term: Term, correlator: Correlator, options: Slice) -> Term:
    """The same term with only the slices between source and sink, in running order and relative to the source."""
    dataset, source = term.dataset, correlator.source
    if dataset.is_shifted:
        raise term.refusal("is_shifted is set: its origin is the source already; expected 0")
    if len(dataset.complex_shape) != 4:
        raise term.refusal(f"has shape {dataset.shape}; expected (T, Z, Y, X, 2)")
    if source is None:
        raise term.refusal("names no source; expected a part such as x0_y1_z2_t3")
    if correlator.form == "form factor" and correlator.separation is None:
        raise term.refusal("names no separation of source and sink; expected a part such as ..._tsep_5")
    T, Z, Y, X = dataset.complex_shape
    separation = correlator.separation
    if separation is not None and options.fraction is not None:
        raise term.refusal("a form factor has the separation of its name; a fraction is for spectra")
    if separation is None:
        fraction = HALF if options.fraction is None else options.fraction
        separation = separation_of_fraction(T, fraction, backward=correlator.backward)
    if not (source.x < X and source.y < Y and source.z < Z):
        raise term.refusal(f"the source is outside the lattice, which is {X} x {Y} x {Z}")
    t0 = source.t if correlator.t0 is None else correlator.t0
    flips = _changes_sign(term, correlator) if options.boundary_sign is None else options.boundary_sign
    try:
        slices = TimeSlices.between(t0, separation, T, boundary_sign=flips)
    except ShapeError as error:
        raise term.refusal(str(error)) from error
    meta = slice_meta(correlator.form, t0, separation, T)
    return replace(term, rows=slices.times, signs=slices.signs, shift=source, meta=meta)
