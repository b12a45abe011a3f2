"""Correlators with known physics, as a production would write them: built from energies and couplings, in lattice units.

A correlator is built in momentum space, where it is one exponential or two, and transformed to sites by
C(n) = 1/L^3 sum_k exp(-2 pi i k.n / L) C(k). The reducer's C(k) = sum_n exp(+2 pi i k.n / L) C(n) is the inverse.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latteboard.names.templates import Source

Real = NDArray[np.float64]
Complex = NDArray[np.complex128]

QUARKS = {"UU": 2, "DD": 1}  # number of quarks of each flavor in a proton, which is the vector charge


@dataclass(frozen=True)
class Truth:
    """The physical parameters of the correlators, in lattice units.

    Attributes
    ----------
    mass : of the nucleon
    partner_mass, partner_overlap : of the state of opposite parity, which propagates backward in time
    pion_mass : determines how fast the noise grows
    axial_charge : A3 / V4 of each flavor, at every momentum and insertion time
    magnetic_moment : V1 / V4 = i magnetic_moment q_y / (E(q) + mass) of each flavor
    dipole_mass : the coupling of each current decreases with momentum as (1 + q^2 / dipole_mass^2)^-2
    noise : relative error of one two-point measurement at time 0 and zero momentum
    """

    mass: float = 0.7
    partner_mass: float = 1.1
    partner_overlap: float = 0.3
    pion_mass: float = 0.25
    axial_charge: float = 1.27
    magnetic_moment: float = 4.7
    dipole_mass: float = 1.5
    noise: float = 0.002

    def energy(self, squared: float | Real, L: int) -> Real:
        """E(p) = sqrt(mass^2 + p^2) with p = 2 pi k / L, for ``squared`` = |k|^2."""
        return np.sqrt(self.mass**2 + (2 * np.pi / L) ** 2 * np.asarray(squared, dtype=np.float64))

    def relative_noise(self, separation: float | Real) -> Real:
        """Relative error of one measurement at zero momentum after ``separation``: it grows as exp((m_N - 3/2 m_pi) t).

        This is the argument of Parisi (1984) and Lepage (1989) on the noise of nucleon correlators.
        """
        return self.noise * np.exp((self.mass - 1.5 * self.pion_mass) * np.asarray(separation, dtype=np.float64))


TRUTH = Truth()


def modes(L: int) -> tuple[Real, Real, Real]:
    """The momenta k_z, k_y, k_x in units of 2 pi / L, which broadcast to (L, L, L); in the order 0, 1, ..., -2, -1."""
    k = np.fft.fftfreq(L, 1 / L).astype(np.float64)
    return k[:, None, None], k[None, :, None], k[None, None, :]


def to_sites(momenta: Complex) -> Complex:
    """Transform from momenta to sites: C(n) = 1/L^3 sum_k exp(-2 pi i k.n / L) C(k).

    Input and output have the shape (..., L, L, L) with the axes z, y, x last.
    """
    return np.asarray(np.fft.fftn(momenta, axes=(-3, -2, -1), norm="forward"))


def two_point(
    L: int, T: int, source: Source, rng: np.random.Generator, *, backward: bool = False, truth: Truth = TRUTH
) -> Complex:
    """A nucleon two-point function as it is in a spectrum file.

    At time t = 0, ..., T - 1 after the source and momentum k it is exp(-E t) + partner_overlap exp(-E' (T - t)): the nucleon,
    and the state of opposite parity that propagates backward around the lattice.

    Parameters
    ----------
    source : origin of the correlator; the array is not shifted to it
    rng : of the noise
    backward : for negative parity (``_np``) the nucleon propagates backward, from t0 to t0 - 1, t0 - 2, ...

    Returns
    -------
    complex, shape (T, L, L, L), axes t, z, y, x of the lattice; slices for which t0 + t (or t0 - t) is not one of
    0, ..., T - 1 have the opposite sign, since quarks are antiperiodic in time.
    """
    squared = sum((k**2 for k in modes(L)), np.zeros((L, L, L)))
    energy, partner = truth.energy(squared, L), np.sqrt(truth.partner_mass**2 + (2 * np.pi / L) ** 2 * squared)
    running = np.arange(T, dtype=np.float64)
    time = running[:, None, None, None]
    signal = np.exp(-energy * time) + truth.partner_overlap * np.exp(-partner * (T - time))
    # The variance of a nucleon correlator is dominated by three pions, in either direction around the lattice.
    deviation = truth.noise * np.exp(-1.5 * truth.pion_mass * np.minimum(running, T - running))
    sites = to_sites(signal.astype(np.complex128)) + noise(rng, deviation, L)
    return place(sites, source, backward=backward, antiperiodic=True)


def three_point(
    L: int,
    T: int,
    source: Source,
    rng: np.random.Generator,
    *,
    separation: int,
    current: str,
    flavor: str,
    backward: bool = False,
    truth: Truth = TRUTH,
) -> Complex:
    """A nucleon three-point function with the sink at zero momentum, as it is in a form-factor file.

    At insertion time t = 0, ..., separation and momentum k it is g(k) exp(-E(k) t) exp(-mass (separation - t)), and only
    noise elsewhere; g(0) is the charge, the ratio to the two-point function at the sink.

    Parameters
    ----------
    source, rng, backward : as in :func:`two_point`
    separation : time from source to sink, positive also if ``backward``
    current : ``V4``, ``A3`` or ``V1``
    flavor : ``UU`` or ``DD``

    Returns
    -------
    complex, shape (T, L, L, L), axes t, z, y, x of the lattice, not shifted to the source; the sign at the time
    boundary has already been removed.
    """
    squared = sum((k**2 for k in modes(L)), np.zeros((L, L, L)))
    time = np.arange(T, dtype=np.float64)[:, None, None, None]
    decay = np.exp(-truth.energy(squared, L) * time - truth.mass * (separation - time)) * (time <= separation)
    signal = QUARKS[flavor] * coupling(current, L, truth) * decay
    deviation = np.full(T, truth.relative_noise(separation) * np.exp(-truth.mass * separation))
    return place(to_sites(signal) + noise(rng, deviation, L), source, backward=backward, antiperiodic=False)


def coupling(current: str, L: int, truth: Truth = TRUTH) -> Complex:
    """The coupling of a current to one quark of a proton polarised along z, at every momentum; shape (L, L, L).

    V1 is odd in k_y, so that a wrong sign of the Fourier transform would give a negative magnetic moment.
    """
    squared = sum((k**2 for k in modes(L)), np.zeros((L, L, L)))
    dipole = (1 + (2 * np.pi / L) ** 2 * squared / truth.dipole_mass**2) ** -2
    q_y = 2 * np.pi / L * modes(L)[1]
    relative: dict[str, float | Complex] = {
        "V4": 1.0,
        "A3": truth.axial_charge,
        "V1": np.asarray(1j * truth.magnetic_moment * q_y / (truth.energy(squared, L) + truth.mass), np.complex128),
    }
    return np.asarray(dipole * relative[current], dtype=np.complex128)


def noise(rng: np.random.Generator, deviation: Real, L: int) -> Complex:
    """Gaussian noise of mean zero, independent on each site; shape (T, L, L, L).

    Parameters
    ----------
    deviation : shape (T,), the standard deviation of the real and of the imaginary part of the sum over each time slice
    """
    pairs = rng.standard_normal((len(deviation), L, L, L, 2))
    pairs *= (deviation / L**1.5)[:, None, None, None, None]
    return pairs.view(np.complex128)[..., 0]


def place(correlator: Complex, source: Source, *, backward: bool, antiperiodic: bool) -> Complex:
    """Shift a correlator from the origin to its source, periodically.

    Parameters
    ----------
    correlator : shape (T, L, L, L), axes t, z, y, x relative to the source
    backward : time t of the correlator is the slice t0 - t of the lattice instead of t0 + t
    antiperiodic : multiply by -1 where t0 + t (or t0 - t) is not one of 0, ..., T - 1

    Returns
    -------
    complex, shape (T, L, L, L), axes t, z, y, x of the lattice
    """
    T = len(correlator)
    times = source.t + np.arange(T) * (-1 if backward else 1)
    signs = np.where(antiperiodic & ((times < 0) | (times >= T)), -1.0, 1.0)
    placed = np.empty_like(correlator)
    placed[times % T] = correlator * signs[:, None, None, None]
    return np.roll(placed, (source.z, source.y, source.x), axis=(1, 2, 3))
