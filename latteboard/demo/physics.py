"""Correlators with known physics: arrays as a production would write them, built from energies and couplings.

All is in lattice units. A correlator is built in momentum space, where it is one or two exponentials, and brought
to sites by C(n) = 1/L^3 sum_k exp(-2 pi i k.n / L) C(k), so that C(k) = sum_n exp(+2 pi i k.n / L) C(n) gives it back.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latteboard.names.templates import Source

Real = NDArray[np.float64]
Complex = NDArray[np.complex128]

QUARKS = {"UU": 2, "DD": 1}  # of each flavor in a proton: what the vector charge counts


@dataclass(frozen=True)
class Truth:
    """What the correlators are made of.

    Attributes
    ----------
    mass : of the nucleon
    partner_mass, partner_overlap : of the state of opposite parity, which runs the other way around the lattice
    pion_mass : decides how fast the noise grows
    axial_charge : A3 / V4 of each flavor, at every momentum and insertion time
    magnetic_moment : V1 / V4 = i magnetic_moment q_y / (E(q) + mass) of each flavor
    dipole_mass : each current's coupling falls with momentum as (1 + q^2 / dipole_mass^2)^-2
    noise : relative error of one two-point measurement at its source and zero momentum
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
        """Relative error of one measurement at zero momentum: it grows as exp((m_N - 3/2 m_pi) t)."""
        return self.noise * np.exp((self.mass - 1.5 * self.pion_mass) * np.asarray(separation, dtype=np.float64))


TRUTH = Truth()


def modes(L: int) -> tuple[Real, Real, Real]:
    """The momenta k_z, k_y, k_x in units of 2 pi / L, to broadcast to (L, L, L); order 0, 1, ..., -2, -1 on each."""
    k = np.fft.fftfreq(L, 1 / L).astype(np.float64)
    return k[:, None, None], k[None, :, None], k[None, None, :]


def to_sites(momenta: Complex) -> Complex:
    """From momenta to sites: 1/L^3 sum_k exp(-2 pi i k.n / L) C(k), on the last three axes of (T, L, L, L): z, y, x."""
    return np.asarray(np.fft.fftn(momenta, axes=(-3, -2, -1), norm="forward"))


def two_point(
    L: int, T: int, source: Source, rng: np.random.Generator, *, backward: bool = False, truth: Truth = TRUTH
) -> Complex:
    """A nucleon two-point function as a spectrum file holds it.

    At running time t = 0, ..., T - 1 from the source and momentum k it is exp(-E t) + partner_overlap exp(-E' (T - t)):
    the state asked for, and the one of opposite parity that comes around the other end.

    Parameters
    ----------
    source : the correlator's origin; the file is not shifted to it
    backward : for negative parity (``_np``) the nucleon runs backward, from t0 to t0 - 1, t0 - 2, ...

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
    # Three pions are what the noise of a nucleon is made of, whichever way around the lattice.
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
    """A nucleon three-point function with the sink at zero momentum, as a form-factor file holds it.

    At insertion time t = 0, ..., separation and momentum k it is g(k) exp(-E(k) t) exp(-mass (separation - t)), and
    nothing but noise elsewhere; g(0) is the charge, as the ratio to the two-point function at the sink shows it.

    Parameters
    ----------
    separation : of source and sink in time, positive also where ``backward``
    current : ``V4``, ``A3`` or ``V1``
    flavor : ``UU`` or ``DD``

    Returns
    -------
    complex, shape (T, L, L, L), axes t, z, y, x of the lattice, not shifted to the source, the sign at the time
    boundary already taken out.
    """
    squared = sum((k**2 for k in modes(L)), np.zeros((L, L, L)))
    time = np.arange(T, dtype=np.float64)[:, None, None, None]
    decay = np.exp(-truth.energy(squared, L) * time - truth.mass * (separation - time)) * (time <= separation)
    signal = QUARKS[flavor] * coupling(current, L, truth) * decay
    deviation = np.full(T, truth.relative_noise(separation) * np.exp(-truth.mass * separation))
    return place(to_sites(signal) + noise(rng, deviation, L), source, backward=backward, antiperiodic=False)


def coupling(current: str, L: int, truth: Truth = TRUTH) -> Complex:
    """How strongly a current couples to one quark of a proton polarised along z, at every momentum; shape (L, L, L).

    V1 is odd in k_y: with the wrong sign of the Fourier transform the magnetic moment comes out negative.
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
    """Noise of mean zero, independent from site to site; shape (T, L, L, L).

    ``deviation``, shape (T,), is the standard deviation of real and of imaginary part of the sum over a time slice.
    """
    pairs = rng.standard_normal((len(deviation), L, L, L, 2))
    pairs *= (deviation / L**1.5)[:, None, None, None, None]
    return pairs.view(np.complex128)[..., 0]


def place(correlator: Complex, source: Source, *, backward: bool, antiperiodic: bool) -> Complex:
    """Move a correlator from the origin to its source.

    Parameters
    ----------
    correlator : shape (T, L, L, L), axes running time, z, y, x relative to the source
    backward : running time t is the slice t0 - t instead of t0 + t
    antiperiodic : multiply by -1 where that is outside 0, ..., T - 1
    """
    T = len(correlator)
    times = source.t + np.arange(T) * (-1 if backward else 1)
    signs = np.where(antiperiodic & ((times < 0) | (times >= T)), -1.0, 1.0)
    placed = np.empty_like(correlator)
    placed[times % T] = correlator * signs[:, None, None, None]
    return np.roll(placed, (source.z, source.y, source.x), axis=(1, 2, 3))
