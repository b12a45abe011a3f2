"""Conventions of the CalLat production codes: dataset paths in correlator files, the attribute ``meta``, and their changes.

Form factor: ``<group>/<particle>_<flavor>_<spins>_t0_<t>_tsep_<T>_sink_mom_.../<current>/x0_y1_z2_t3/4D_correlator/local_current``
Spectrum:    ``<group>/<particle>/<spin>/4D_correlator/x0_y1_z2_t3``

A particle that ends in ``_np`` has negative parity and runs backward in time.

Quarks are antiperiodic in time, so that a correlator of baryons changes its sign where it crosses the boundary, and one of mesons
does not. Which of both a spectrum is of is told by the name of its particle, see :data:`BARYONS` and :data:`MESONS`.

The codes are https://github.com/callat-qcd/nucleon_elastic_FF.
"""

import re
from collections.abc import Iterable, Mapping
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
SPINS = ("spin_up", "spin_dn")
AVERAGED_SPIN = "spin_avg"

# Whole parts of a path, in lower case and without ``_np``. Sigma and omega are in neither: there are a meson and a baryon of each.
BARYONS = frozenset(("baryon", "baryons", "proton", "neutron", "nucleon", "nucleons", "delta", "lambda", "xi"))
MESONS = frozenset(
    ("meson", "mesons", "pion", "pi", "piplus", "piminus", "kaon", "kplus", "kminus", "eta", "rho", "phi", "jpsi")
)

_SOURCE = re.compile(r"x(\d+)_y(\d+)_z(\d+)_t(\d+)")
_TIMES = re.compile(r"_t0_(\d+)_")
_START = re.compile(r"(?<=_)t0_\d+_")
_SEPARATION = re.compile(r"_tsep_(-?\d+)(?=_|$)")
_BACKWARD = re.compile(r"_np(?=_|$)")


@dataclass(frozen=True)
class Correlator:
    """The facts in the path of a 4D correlator.

    Attributes
    ----------
    source : its origin; None once sources are averaged
    t0, separation : the source time and the source-sink separation, negative where it runs backward; None where the
        path has none (a spectrum, or an average for ``t0``)
    backward : its particle has negative parity
    spin : ``spin_up`` or ``spin_dn``; None where the path has neither (a form factor, or an average)
    """

    name: str
    form: Literal["form factor", "spectrum"]
    source: Source | None
    t0: int | None
    separation: int | None
    backward: bool
    spin: str | None = None


@lru_cache(maxsize=1 << 14)
def parse_name(name: str) -> Correlator | None:
    """Parse the path of a dataset; None unless it is a 4D correlator, of a source or averaged.

    Groups above the correlator's own are ignored.

    Examples
    --------
    >>> parse_name("spec/proton_np/spin_up/4D_correlator/x0_y1_z2_t3").backward
    True
    >>> parse_name("momenta") is None
    True
    """
    parts = name.split("/")
    if CORRELATOR_4D not in parts:
        return None
    middle = len(parts) - 1 - parts[::-1].index(CORRELATOR_4D)
    before, after = parts[:middle], parts[middle + 1 :]
    if after and _names_sources(after[0]):
        spin = before.pop() if before and before[-1] in (*SPINS, AVERAGED_SPIN) else AVERAGED_SPIN
        backward = bool(before) and _is_backward(before[-1])
        known_spin = spin if spin in SPINS else None
        return Correlator(name, "spectrum", _source(after[0]), None, None, backward, known_spin)
    if not before or not _names_sources(before[-1]):
        return None
    particle = next((part for part in reversed(before) if _SEPARATION.search(part)), "")
    start, separation = _TIMES.search(particle), _SEPARATION.search(particle)
    backward = _is_backward(particle)
    return Correlator(
        name,
        "form factor",
        _source(before[-1]),
        None if start is None else int(start[1]),
        None if separation is None else -abs(int(separation[1])) if backward else int(separation[1]),
        backward,
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
    return None if found is None else Source(*map(int, found.groups()))


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
    place = next((place for place in reversed(range(len(parts))) if _names_sources(parts[place])), None)
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


def other_spin(correlator: Correlator) -> str | None:
    """The path of the same correlator with the other spin; None if it has no spin."""
    if correlator.spin is None:
        return None
    return _with_spin(correlator.name, correlator.spin, SPINS[1 - SPINS.index(correlator.spin)])


def _with_spin(name: str, spin: str, other: str) -> str:
    group, _, correlator = name.rpartition(f"{spin}/{CORRELATOR_4D}/")
    return f"{group}{other}/{CORRELATOR_4D}/{correlator}"


def momentum_name(name: str) -> str:
    """The path of the transform of a correlator; a spectrum keeps its path."""
    group, slash, last = name.rpartition("/")
    return f"{group}{slash}momentum_current" if last == "local_current" else name


# -- the attribute `meta` --------------------------------------------------------------------------------------------------

Meta = Mapping[str, int | str]


def meta_line(entries: Meta) -> str:
    """Write entries as ``t0==2&tsep==3&nt==8``."""
    return "&".join(f"{name}=={value}" for name, value in entries.items())


def parse_meta(line: str) -> dict[str, str]:
    """Parse the entries of one line; other parts are left out."""
    return dict(part.split("==", 1) for part in line.split("&") if "==" in part)


def slice_meta(form: str, t0: int, separation: int, T: int) -> str:
    """The ``meta`` of a time slice; the order of the entries differs between the two forms."""
    if form == "form factor":
        return meta_line({"t0": t0, "tsep": separation, "nt": T})
    return meta_line({"t0": t0, "nt": T, "tsep": separation})


def term_meta(line: str, correlator: Correlator) -> str:
    """The line of one term in the ``meta`` of an average: the ``meta`` of its slice, and its source."""
    assert correlator.source is not None
    source = correlator.source
    entries: dict[str, int | str] = {"x": source.x, "y": source.y, "z": source.z, "t": source.t}
    if correlator.form == "form factor" and correlator.t0 is not None:
        entries["t0"] = correlator.t0
    return "&".join(filter(None, (line, meta_line(entries))))


def transform_meta(lines: str, max_momentum: int, L: int) -> str:
    """The ``meta`` of a transform: its options stand at the end."""
    return "&".join(filter(None, (lines, meta_line({"max_momentum": max_momentum, "n1d_prev": L}))))


def common_meta(metas: Iterable[str]) -> str:
    """The entries that all rows of a concatenation share.

    Examples
    --------
    >>> common_meta(["t0==2&tsep==3&nt==8", "t0==5&tsep==3&nt==8"])
    'tsep==3&nt==8'
    """
    first, *others = map(_shared_entries, metas)
    return meta_line(
        {name: value for name, value in first.items() if all(other.get(name) == value for other in others)}
    )


# The datasets of a file share few texts, which take long to parse.
@lru_cache(maxsize=1 << 8)
def _shared_entries(meta: str) -> Meta:
    """The entries that all lines share, sources apart; a transform states its options in the last line for all of them."""
    lines = [parse_meta(line) for line in meta.split("\n")]
    transform = {name: value for name, value in lines[-1].items() if name in ("max_momentum", "n1d_prev")}
    shared = {name: value for name, value in lines[0].items() if all(line.get(name) == value for line in lines)}
    return {name: value for name, value in (shared | transform).items() if name not in ("x", "y", "z", "t")}


@lru_cache(maxsize=1 << 8)
def sources_in(meta: str) -> frozenset[Source]:
    """The sources in the ``meta`` of an average."""
    found = set()
    for line in map(parse_meta, meta.split("\n")):
        if {"x", "y", "z", "t"} <= line.keys():
            found.add(Source(*(int(line[name]) for name in ("x", "y", "z", "t"))))
    return frozenset(found)
