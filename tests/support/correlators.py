"""Small 4D files as productions write them, and each step of the reducer as plain loops over sites.

The loops follow the conventions of the CalLat production codes as they are told in words, and share nothing with the reducer.
"""

import cmath
from collections.abc import Mapping
from itertools import product
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from latteboard.demo.physics import three_point, two_point
from latteboard.names.templates import Source

Numbers = NDArray[Any]
L, T = 4, 8
SOURCES = (Source(1, 2, 3, 6), Source(0, 1, 2, 2), Source(3, 0, 1, 0))  # one near each end of the lattice in time
LOCAL = "4D_correlator/local_current"


def part(source: Source) -> str:
    """The part of a dataset's name that states its source."""
    return f"x{source.x}_y{source.y}_z{source.z}_t{source.t}"


def form_factor(source: Source, *, particle: str = "proton", separation: int = 3, current: str = "A3") -> str:
    """The path of a form factor; ``separation`` as it is written."""
    return (
        f"ff/{particle}_UU_up_up_t0_{source.t}_tsep_{separation}_sink_mom_px0_py0_pz0/{current}/{part(source)}/{LOCAL}"
    )


def spectrum(source: Source, *, particle: str = "proton", spin: str = "spin_up") -> str:
    """The path of a spectrum."""
    return f"spec/{particle}/{spin}/4D_correlator/{part(source)}"


def pairs(correlator: Numbers) -> Numbers:
    """Real and imaginary part along a new last axis."""
    return np.stack([correlator.real, correlator.imag], axis=-1)


def form_factors(source: Source, seed: int = 0) -> dict[str, Numbers]:
    """Correlators of a 4D form-factor file of a source: two particles, two currents, two separations; complex, (T, L, L, L)."""
    rng = np.random.default_rng((seed, source.t))
    found = {}
    for particle, current, separation in product(("proton", "proton_np"), ("A3", "V1"), (3, 5)):
        backward = particle == "proton_np"
        corr = three_point(*(L, T, source, rng), separation=separation, current=current, flavor="UU", backward=backward)
        signed = -separation if backward else separation
        found[form_factor(source, particle=particle, separation=signed, current=current)] = corr
    return found


def spectra(source: Source, seed: int = 0) -> dict[str, Numbers]:
    """Correlators of a 4D spectrum file of a source: two particles, two spins; complex, (T, L, L, L)."""
    rng = np.random.default_rng((seed, source.t))
    return {
        spectrum(source, particle=particle, spin=spin): two_point(L, T, source, rng, backward=particle == "proton_np")
        for particle, spin in product(("proton", "proton_np"), ("spin_up", "spin_dn"))
    }


def write_4d(path: Path, correlators: Mapping[str, Numbers], *, dtype: str = "float64") -> Path:
    """Write complex correlators as productions do: pairs, contiguous, not shifted."""
    with h5py.File(path, "w") as file:
        for name, correlator in correlators.items():
            dataset = file.create_dataset(name, data=pairs(correlator).astype(dtype))
            dataset.attrs["is_shifted"] = np.int32(0)
    return path


def write_form_factors(folder: Path, *, sources: tuple[Source, ...] = SOURCES, dtype: str = "float64") -> list[Path]:
    """A 4D form-factor file for each source."""
    return [write_4d(folder / f"formfac_4D_{source}.h5", form_factors(source), dtype=dtype) for source in sources]


def write_spectra(folder: Path, *, sources: tuple[Source, ...] = SOURCES, dtype: str = "float64") -> list[Path]:
    """A 4D spectrum file for each source."""
    return [write_4d(folder / f"spec_4D_{source}.h5", spectra(source), dtype=dtype) for source in sources]


def projected(correlator: Numbers, source: Source, momentum: tuple[int, int, int], *, sign: bool) -> Numbers:
    """The sum over sites with exp(+2 pi i p.(n - s) / L), at each time from the source on, as the contraction code writes it.

    The code changes the sign of times at and beyond T - t0, counted from the source, where quarks are antiperiodic.
    """
    found = np.zeros(T, dtype=complex)
    for t, z, y, x in product(range(T), range(L), range(L), range(L)):
        phase = sum(p * (n - s) for p, n, s in zip(momentum, (x, y, z), (source.x, source.y, source.z), strict=True))
        after = (t - source.t) % T
        factor = -1 if sign and after >= T - source.t else 1
        found[after] += factor * correlator[t, z, y, x] * cmath.exp(2j * cmath.pi * phase / L)
    return found


def write_projected(path: Path, correlators: Mapping[str, Numbers]) -> Path:
    """Write projected correlators as the contraction code does, which says that they are shifted."""
    with h5py.File(path, "w") as file:
        for name, correlator in correlators.items():
            file.create_dataset(name, data=correlator).attrs["is_shifted"] = np.int32(1)
    return path


def read(path: Path) -> dict[str, Numbers]:
    """All datasets of a file by name; those of real and imaginary part as they are stored."""
    found: dict[str, Numbers] = {}
    with h5py.File(path) as file:
        file.visititems(lambda name, item: found.update({name: item[()]}) if isinstance(item, h5py.Dataset) else None)
    return found


def attributes(path: Path, name: str) -> dict[str, Any]:
    """The attributes of a dataset."""
    with h5py.File(path) as file:
        return dict(file[name].attrs)


# -- the steps, site by site -----------------------------------------------------------------------------------------------


def sliced(correlator: Numbers, source: Source, separation: int, *, sign: bool) -> Numbers:
    """Slices from the source time on, one step after the other, seen from the source."""
    time, slices = source.t, []
    for _ in range(abs(separation) + 1):
        slices.append(np.empty((L, L, L), dtype=complex))
        beyond = time < 0 or time >= T
        for z, y, x in product(range(L), repeat=3):
            there = correlator[time % T, (z + source.z) % L, (y + source.y) % L, (x + source.x) % L]
            slices[-1][z, y, x] = -there if sign and beyond else there
        time += 1 if separation > 0 else -1
    return np.array(slices)


def transformed(slices: Numbers, modes: list[int]) -> Numbers:
    """F(k) = sum over sites n of exp(+2 pi i k.n / L) f(n)."""
    found = np.empty((len(slices), len(modes), len(modes), len(modes)), dtype=complex)
    for (t, f), (a, kz), (b, ky), (c, kx) in product(enumerate(slices), *[list(enumerate(modes))] * 3):
        total = 0j
        for z, y, x in product(range(L), repeat=3):
            total += cmath.exp(2j * cmath.pi * (kz * z + ky * y + kx * x) / L) * complex(f[z, y, x])
        found[t, a, b, c] = total
    return found
