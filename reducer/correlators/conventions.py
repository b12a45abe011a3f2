"""Conventions of the CalLat production codes: dataset paths in correlator files, and their changes.

Form factor: ``<group>/<particle>_<flavor>_<spins>_t0_<t>_tsep_<T>_sink_mom_.../<current>/x0_y1_z2_t3/4D_correlator/local_current``
Spectrum:    ``<group>/<particle>/<spin>/4D_correlator/x0_y1_z2_t3``

Correlators that are projected to a momentum already have no ``4D_correlator`` in their paths. The source stands before the
momentum, as in the files of the production, ``.../x0_y1_z2_t3/px0_py0_pz1`` with or without ``local_current`` behind it; or it is
the last part, as in files that collect many sources, ``.../px0_py0_pz1/x0y1z2t3``. Their first axis is time, counted from the
source; boundary signs of baryons are in their numbers.

A particle that ends in ``_np`` has negative parity and runs backward in time.

Quarks are antiperiodic in time, so that a correlator of baryons changes its sign where it crosses the boundary, and one of mesons
does not. Which of both a spectrum is of is told by the name of its particle, see :data:`BARYONS` and :data:`MESONS`.

The codes are https://github.com/callat-qcd/nucleon_elastic_FF and, for what they read, https://github.com/callat-qcd/lalibe.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from latteboard.names.templates import Source

# Datasets of the root group that label axes; they are carried along, not reduced.
ROW_LABELS = ("configurations", "streams", "sources", "source_names")
LABELS = ("momenta", *ROW_LABELS)
# The group of attributes that differ from row to row: ``attributes/<dataset>/<name>``, a value a row.
ATTRIBUTES = "attributes"
AVERAGED = "src_avg"
CORRELATOR_4D = "4D_correlator"
# Of spin 1/2 those in the middle, of spin 3/2 all.
SPINS = ("spin_upup", "spin_up", "spin_dn", "spin_dndn")
HALF_SPINS = SPINS[1:3]
AVERAGED_SPIN = "spin_avg"

# Whole parts of a path, in lower case and without ``_np``. Sigma and omega are in neither: there are a meson and a baryon of each.
BARYONS = frozenset(("baryon", "baryons", "proton", "neutron", "nucleon", "nucleons", "delta", "lambda", "xi"))
MESONS = frozenset(
    ("meson", "mesons", "pion", "pi", "piplus", "piminus", "kaon", "kplus", "kminus", "eta", "rho", "phi", "jpsi")
)

_SOURCE = re.compile(r"x(\d+)(_?)y(\d+)\2z(\d+)\2t(\d+)")
_MOMENTUM = re.compile(r"px-?\d+_py-?\d+_pz-?\d+")
_TIMES = re.compile(r"_t0_(\d+)_")
_START = re.compile(r"(?<=_)t0_\d+_")
_SEPARATION = re.compile(r"_tsep_(-?\d+)(?=_|$)")
_BACKWARD = re.compile(r"_np(?=_|$)")


@dataclass(frozen=True)
class Correlator:
    """The facts in the path of a correlator.

    Attributes
    ----------
    source : its origin; None once sources are averaged
    t0, separation : the source time and the source-sink separation, negative where it runs backward; None where the
        path has none (a spectrum, or an average for ``t0``)
    backward : its particle has negative parity
    spin : such as ``spin_up``; None where the path has none (a form factor, a meson, or an average)
    projected : to a momentum, so that time is its first axis, and there are no sites
    """

    name: str
    form: Literal["form factor", "spectrum"]
    source: Source | None
    t0: int | None
    separation: int | None
    backward: bool
    spin: str | None = None
    projected: bool = False


@lru_cache(maxsize=1 << 14)
def parse_name(name: str) -> Correlator | None:
    """Parse the path of a dataset; None unless it is a correlator, of a source or averaged.

    Groups above the correlator's own are ignored.

    Examples
    --------
    >>> parse_name("spec/proton_np/spin_up/4D_correlator/x0_y1_z2_t3").backward
    True
    >>> parse_name("sh/proton/spin_up/x0_y1_z2_t3/px0_py0_pz1").projected
    True
    >>> parse_name("momenta") is None
    True
    """
    parts = name.split("/")
    if CORRELATOR_4D not in parts:
        return _parse_projected(name, parts)
    middle = len(parts) - 1 - parts[::-1].index(CORRELATOR_4D)
    before, after = parts[:middle], parts[middle + 1 :]
    if after and _names_sources(after[0]):
        return _spectrum(name, before, after[0])
    if not before or not _names_sources(before[-1]):
        return None
    return _form_factor(name, before, before[-1])


def _parse_projected(name: str, parts: list[str]) -> Correlator | None:
    """Parse the path of a correlator that is projected to a momentum, which a source alone at the end of a path may be too."""
    place = _place_of_source(parts)
    momenta = [number for number, part in enumerate(parts) if _MOMENTUM.fullmatch(part)]
    if place is None or not (momenta or place == len(parts) - 1):
        return None
    before = parts[: min(place, *momenta)] if momenta else parts[:place]
    if any(_SEPARATION.search(part) for part in before):
        return _form_factor(name, before, parts[place], projected=True)
    return _spectrum(name, before, parts[place], projected=True)


def _spectrum(name: str, before: list[str], source: str, *, projected: bool = False) -> Correlator:
    spin = before[-1] if before and before[-1] in (*SPINS, AVERAGED_SPIN) else None
    particle = "".join(before[-1:] if spin is None else before[-2:-1])
    known_spin = spin if spin in SPINS else None
    return Correlator(name, "spectrum", _source(source), None, None, _is_backward(particle), known_spin, projected)


def _form_factor(name: str, before: list[str], source: str, *, projected: bool = False) -> Correlator:
    particle = next((part for part in reversed(before) if _SEPARATION.search(part)), "")
    start, separation = _TIMES.search(particle), _SEPARATION.search(particle)
    backward = _is_backward(particle)
    return Correlator(
        name,
        "form factor",
        _source(source),
        None if start is None else int(start[1]),
        None if separation is None else -abs(int(separation[1])) if backward else int(separation[1]),
        backward,
        projected=projected,
    )


@lru_cache(maxsize=1 << 14)
def is_baryon(name: str, baryons: tuple[str, ...] = (), mesons: tuple[str, ...] = ()) -> bool | None:
    """Whether the path of a spectrum names a baryon or a meson; None if neither, or both.

    ``baryons`` and ``mesons`` are further names; what they say of a path counts before the names that everybody knows.

    Examples
    --------
    >>> is_baryon("spec/Proton_np/spin_up"), is_baryon("spec/pion/spin_up"), is_baryon("spec/omega/spin_up")
    (True, False, None)
    >>> is_baryon("spec/omega/spin_up", baryons=("Omega",))
    True
    """
    parts = {_BACKWARD.sub("", part.lower()) for part in name.split("/")}
    stated = (frozenset(map(str.lower, baryons)), frozenset(map(str.lower, mesons)))
    for these, those in (stated, (BARYONS, MESONS)):
        baryon, meson = bool(parts & these), bool(parts & those)
        if baryon or meson:
            return None if baryon == meson else baryon
    return None


def _names_sources(part: str) -> bool:
    return part == AVERAGED or _SOURCE.fullmatch(part) is not None


def _source(part: str) -> Source | None:
    found = _SOURCE.fullmatch(part)
    return None if found is None else Source(*(int(found[number]) for number in (1, 3, 4, 5)))


def _place_of_source(parts: list[str]) -> int | None:
    """The last part that names a source, or that sources are averaged; None if there is none."""
    return next((place for place in reversed(range(len(parts))) if _names_sources(parts[place])), None)


def _is_backward(particle: str) -> bool:
    return _BACKWARD.search(particle) is not None


@lru_cache(maxsize=1 << 14)
def sourceless(name: str) -> str:
    """The path of a dataset without its source: ``src_avg`` instead of the source, and no ``t0_N_``.

    Where several parts match, the last one counts; groups above keep their names.

    Examples
    --------
    >>> sourceless("ff/proton_t0_2_tsep_5/A3/x0_y1_z2_t2/4D_correlator/local_current")
    'ff/proton_tsep_5/A3/src_avg/4D_correlator/local_current'
    """
    parts = name.split("/")
    place = _place_of_source(parts)
    if place is None or parts[place] == AVERAGED:
        return name
    parts[place] = AVERAGED
    if parts[place - 1] != CORRELATOR_4D:
        start = next((before for before in reversed(range(place)) if _START.search(parts[before])), None)
        if start is not None:
            parts[start] = _START.sub("", parts[start])
    return "/".join(parts)


def averaged_name(name: str) -> str:
    """The path of the average over sources; for a spectrum over spins too."""
    correlator = parse_name(name)
    bare = sourceless(name)
    return bare if correlator is None or correlator.spin is None else _with_spin(bare, correlator.spin, AVERAGED_SPIN)


def with_other_spin(correlator: Correlator, spin: str) -> str:
    """The path of the same correlator with another spin; it must have one."""
    assert correlator.spin is not None
    return _with_spin(correlator.name, correlator.spin, spin)


def _with_spin(name: str, spin: str, other: str) -> str:
    """The path with another spin; where several parts are the spin, the last one counts."""
    before, _, after = f"/{name}".rpartition(f"/{spin}/")
    return f"{before}/{other}/{after}"[1:]


def momentum_name(name: str) -> str:
    """The path of the transform of a correlator; a spectrum keeps its path."""
    group, slash, last = name.rpartition("/")
    return f"{group}{slash}momentum_current" if last == "local_current" else name
