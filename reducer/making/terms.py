"""The datasets that are taken from a file, and which slices of each; what is not fit for the steps is refused."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from latteboard.errors import InputRefused, ShapeError
from latteboard.names.templates import Source
from latteboard.recipe import Recipe
from reducer.arrays.slicing import boundary_signs, running_times, separation_of_fraction
from reducer.correlators.conventions import LABELS, Correlator, read_name, slice_meta, sourceless, sources_in
from reducer.correlators.file import CorrelatorFile, Stored
from reducer.tasks.task import Input

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


def terms_of(given: Input, file: CorrelatorFile, recipe: Recipe) -> Iterator[Term]:
    """What is taken from one file, sorted by name.

    Raises
    ------
    InputRefused : a dataset is missing, of another source than the file, of another form, or has been through a step
        already.
    """
    for stored in file.stored(_taken(given, file)).values():
        told = read_name(stored.name) if stored.dtype.kind in "fc" and stored.shape else None
        if told is not None and told.source and given.source not in (None, str(told.source)):
            raise InputRefused(f"{file.path}: {stored.name}: is of source {told.source}; expected {given.source} only")
        whole = tuple(range(stored.shape[0])) if stored.shape else ()
        term = Term(file, stored, told, whole, meta=stored.meta)
        if told is not None:
            _check_stage(term, recipe)
            term = _sliced(term, recipe) if recipe.tslice is not None else term
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


def _check_stage(term: Term, recipe: Recipe) -> None:
    """Refuse what has been through a step already, or has still to go through an earlier one."""
    stored = term.stored
    in_momentum = "max_momentum==" in stored.meta or "momentum_current" in stored.name.split("/")
    if in_momentum and (recipe.tslice or recipe.fft):
        raise InputRefused(f"{term.place}: is in momentum space already; expected sites")
    if recipe.tslice is not None and stored.meta and stored.is_shifted is None:
        raise InputRefused(
            f"{term.place}: is a time slice already ({stored.meta.splitlines()[0]}); expected a 4D correlator"
        )
    if recipe.tslice is None and recipe.average is not None and stored.is_shifted is not None and not stored.meta:
        raise InputRefused(
            f"{term.place}: is not sliced and shifted to its source yet, so its mean has no meaning; slice it first"
        )
    if 0 in stored.shape:
        raise InputRefused(f"{term.place}: has shape {stored.shape}, so there is nothing in it")
    if (recipe.tslice or recipe.fft) and (len(stored.complex_shape) < 4 or stored.complex_dtype.char not in "FD"):
        raise InputRefused(
            f"{term.place}: has shape {stored.shape}, {stored.dtype}; expected (..., T, Z, Y, X, 2) of float64 or "
            "float32, or complex numbers without the last axis"
        )


def _sliced(term: Term, recipe: Recipe) -> Term:
    """The same, only the slices between source and sink, in running order and relative to the source."""
    assert recipe.tslice is not None
    assert term.told is not None
    stored, told, asked = term.stored, term.told, recipe.tslice
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
