"""Known physics comes out of slicing, averaging and projecting; and would not if one of them were wrong.

Correlators are made without noise, so that energies and couplings must come out to many digits; one test adds the noise.
A check that no mutation could make fail would check nothing: the last tests break the steps one at a time.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from latteboard.demo.physics import TRUTH, Complex, Truth, three_point, two_point
from latteboard.names.templates import Source
from reducer.arrays.averaging import average
from reducer.arrays.momentum import project_momentum
from reducer.arrays.slicing import separation_of_fraction, slice_correlator

L, T, SEPARATION, MAX_MOMENTUM = 8, 16, 4, 2
UNIT = 2 * np.pi / L  # of momentum
EXACT = replace(TRUTH, noise=0.0)
EARLY = Source(1, 6, 3, 1)  # crosses the time boundary backward
LATE = Source(7, 2, 5, 13)  # crosses it forward
CASES = list(product([(EARLY,), (LATE,), (EARLY, LATE)], [False, True]))
MODES = [k for k in product(range(-1, 2), repeat=3) if np.dot(k, k) <= 3]  # (z, y, x), all there are up to 3

Check = Callable[..., None]


@dataclass(frozen=True)
class Chain:
    """The steps from correlators as files hold them to momenta; a mutation replaces one of them."""

    cut: Callable[..., NDArray[Any]] = slice_correlator
    transform: Callable[[NDArray[Any]], NDArray[Any]] = lambda corr: project_momentum(corr, max_momentum=MAX_MOMENTUM)

    def __call__(
        self, correlators: Sequence[Complex], sources: Sequence[Source], separation: int, *, boundary_sign: bool
    ) -> dict[tuple[int, ...], Complex]:
        """The average over sources, by mode (z, y, x), shape (slices,)."""
        slices = (
            self.cut(
                corr.view(float).reshape(*corr.shape, 2), source=s, separation=separation, boundary_sign=boundary_sign
            )
            for corr, s in zip(correlators, sources, strict=True)
        )
        momenta = self.transform(average(slices))
        where = {0: 0, 1: 1, -1: 4}  # among 0, 1, 2, -2, -1
        return {k: momenta[:, where[k[0]], where[k[1]], where[k[2]]] for k in MODES}


def energy(k: tuple[int, ...]) -> float:
    return float(np.sqrt(TRUTH.mass**2 + UNIT**2 * np.dot(k, k)))


def close(found: NDArray[Any] | complex, expected: NDArray[Any] | complex) -> None:
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


def two_points(
    chain: Chain, sources: Sequence[Source], truth: Truth, *, backward: bool, seed: int = 0
) -> dict[tuple[int, ...], Complex]:
    """The spectrum, half around the lattice."""
    rng = np.random.default_rng(seed)
    correlators = [two_point(L, T, source, rng, backward=backward, truth=truth) for source in sources]
    return chain(correlators, sources, separation_of_fraction(T, 0.5, backward=backward), boundary_sign=True)


def three_points(
    chain: Chain, sources: Sequence[Source], current: str, *, backward: bool
) -> dict[tuple[int, ...], Complex]:
    """The form factor of a current, from source to sink."""
    rng = np.random.default_rng(0)
    how = {"separation": SEPARATION, "current": current, "flavor": "UU", "backward": backward, "truth": EXACT}
    correlators = [three_point(L, T, source, rng, **how) for source in sources]  # type: ignore[arg-type]
    return chain(correlators, sources, -SEPARATION if backward else SEPARATION, boundary_sign=False)


# -- what must come out ----------------------------------------------------------------------------------------------------


def check_energies(chain: Chain, sources: Sequence[Source], *, backward: bool) -> None:
    """A correlator of one state begins at 1 at its source and falls with the energy sqrt(m^2 + p^2)."""
    alone = replace(EXACT, partner_overlap=0.0)
    for k, corr in two_points(chain, sources, alone, backward=backward).items():
        assert len(corr) == T // 2 + 1
        close(np.log(corr[:-1] / corr[1:]), energy(k))
        close(corr[0], 1)


def check_charges(chain: Chain, sources: Sequence[Source], *, backward: bool) -> None:
    """V4 counts quarks, with a dipole at momenta; A3 is 1.27 times as large at every momentum and insertion time."""
    vector, axial = (three_points(chain, sources, current, backward=backward) for current in ("V4", "A3"))
    t = np.arange(SEPARATION + 1)
    for k in MODES:
        dipole = (1 + UNIT**2 * np.dot(k, k) / TRUTH.dipole_mass**2) ** -2
        close(vector[k], 2 * dipole * np.exp(-energy(k) * t - TRUTH.mass * (SEPARATION - t)))
        close(axial[k] / vector[k], 1.27)


def check_magnetic_moment(chain: Chain, sources: Sequence[Source], *, backward: bool) -> None:
    """V1 / V4 = i mu q_y / (E + m): odd in q_y, and nothing where q_y = 0."""
    vector, magnetic = (three_points(chain, sources, current, backward=backward) for current in ("V4", "V1"))
    for k in MODES:
        ratio = magnetic[k] / vector[k]
        close(ratio, 1j * TRUTH.magnetic_moment * UNIT * k[1] / (energy(k) + TRUTH.mass))


cases = pytest.mark.parametrize(("sources", "backward"), CASES)


@cases
def test_the_energy_is_sqrt_m2_plus_p2_at_every_momentum_and_across_the_boundary(
    sources: Sequence[Source], *, backward: bool
) -> None:
    check_energies(Chain(), sources, backward=backward)


@cases
def test_charges_come_out_at_every_momentum_and_insertion_time(sources: Sequence[Source], *, backward: bool) -> None:
    check_charges(Chain(), sources, backward=backward)


@cases
def test_the_magnetic_moment_comes_out_with_its_sign(sources: Sequence[Source], *, backward: bool) -> None:
    check_magnetic_moment(Chain(), sources, backward=backward)


@pytest.mark.parametrize("backward", [False, True])
def test_what_is_the_same_at_each_source_is_the_same_in_their_average(*, backward: bool) -> None:
    alone = [two_points(Chain(), [source], EXACT, backward=backward) for source in (EARLY, LATE)]
    both = two_points(Chain(), [EARLY, LATE], EXACT, backward=backward)
    for k in MODES:
        for one in alone:
            close(one[k], both[k])


@pytest.mark.parametrize("backward", [False, True])
@pytest.mark.parametrize("number", [1, 16])
def test_noise_is_what_was_put_in_and_falls_with_the_root_of_the_number_of_sources(
    number: int, *, backward: bool
) -> None:
    # Noise is independent from site to site and white, so at every momentum it is what it is for the sum over sites.
    sources = [Source(n % L, 3 * n % L, 5 * n % L, n % T) for n in range(number)]
    noisy = two_points(Chain(), sources, TRUTH, backward=backward, seed=1)
    exact = two_points(Chain(), sources, EXACT, backward=backward)
    t = np.arange(T // 2 + 1)
    deviation = TRUTH.noise * np.exp(-1.5 * TRUTH.pion_mass * t) / np.sqrt(number)
    pulls = np.array([(noisy[k] - exact[k]) / deviation for k in MODES]).view(float)
    assert abs(pulls).max() < 5
    assert np.sqrt((pulls**2).mean()) == pytest.approx(1, abs=4 / np.sqrt(2 * pulls.size))
    assert abs(pulls.mean()) < 4 / np.sqrt(pulls.size)


# -- and what must not -----------------------------------------------------------------------------------------------------


def cut_at(place: Callable[[Source], Source]) -> Callable[..., NDArray[Any]]:
    """Slicing that takes the source to be elsewhere."""
    return lambda corr, *, source, **how: slice_correlator(corr, source=place(source), **how)


def cut_with(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[..., NDArray[Any]]:
    """Slicing with other options."""
    return lambda corr, **how: slice_correlator(corr, **{**how, **change(how)})


def cut_rising(corr: NDArray[Any], *, separation: int, **how: Any) -> NDArray[Any]:
    """Slicing that forgets that time may run backward."""
    slices = slice_correlator(corr, separation=separation, **how)
    return slices if separation > 0 else slices[::-1]


def then(change: Callable[[NDArray[Any]], NDArray[Any]]) -> Callable[[NDArray[Any]], NDArray[Any]]:
    """The transform with a change afterwards."""
    return lambda corr: change(project_momentum(corr, max_momentum=MAX_MOMENTUM))


def in_order(*places: int) -> Callable[[NDArray[Any]], NDArray[Any]]:
    """Momenta as if the modes 0, 1, 2, -2, -1 stood in another order."""
    return lambda momenta: momenta[np.ix_(range(len(momenta)), places, places, places)]


ENERGIES, CHARGES, MAGNETIC = check_energies, check_charges, check_magnetic_moment
MUTATIONS: dict[str, tuple[Chain, set[Check]]] = {
    "the sign of the transform": (Chain(transform=then(in_order(0, 4, 3, 2, 1))), {MAGNETIC}),
    "modes from -1 down": (Chain(transform=then(in_order(0, 1, 2, 4, 3))), {ENERGIES, CHARGES, MAGNETIC}),
    "modes from -2 up": (Chain(transform=then(in_order(3, 4, 0, 1, 2))), {ENERGIES, CHARGES, MAGNETIC}),
    "modes with their axes turned": (Chain(transform=then(lambda f: f.transpose(0, 2, 3, 1))), {MAGNETIC}),
    "a volume factor": (Chain(transform=then(lambda f: f / L**3)), {ENERGIES, CHARGES}),
    "no shift": (Chain(cut=cut_at(lambda s: Source(0, 0, 0, s.t))), {ENERGIES, CHARGES}),
    "a shift the wrong way": (Chain(cut=cut_at(lambda s: Source(-s.x, -s.y, -s.z, s.t))), {ENERGIES, CHARGES}),
    "a shift with x and z exchanged": (Chain(cut=cut_at(lambda s: Source(s.z, s.y, s.x, s.t))), {ENERGIES, CHARGES}),
    "one time too late": (Chain(cut=cut_at(lambda s: Source(s.x, s.y, s.z, s.t + 1))), {ENERGIES, CHARGES, MAGNETIC}),
    "time running the wrong way": (
        Chain(cut=cut_with(lambda how: {"separation": -how["separation"]})),
        {ENERGIES, CHARGES, MAGNETIC},
    ),
    "slices in rising order of time": (Chain(cut=cut_rising), {ENERGIES, CHARGES}),
    "a forgotten sign beyond the boundary": (Chain(cut=cut_with(lambda how: {"boundary_sign": False})), {ENERGIES}),
    "a sign where the files have it already": (Chain(cut=cut_with(lambda how: {"boundary_sign": True})), {CHARGES}),
}


def notices(check: Check, chain: Chain) -> bool:
    """Whether a check fails in any of the cases that the tests go through."""
    for sources, backward in CASES:
        try:
            with np.errstate(all="ignore"):
                check(chain, sources, backward=backward)
        except AssertionError:
            return True
    return False


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_mutation_is_noticed_by_every_check_that_can_see_it(name: str) -> None:
    mutant, expected = MUTATIONS[name]
    assert [check for check in expected if not notices(check, mutant)] == []


def test_without_a_mutation_nothing_is_noticed() -> None:
    assert not any(notices(check, Chain()) for check in (ENERGIES, CHARGES, MAGNETIC))


def test_the_sign_of_the_transform_is_the_order_of_modes_reversed() -> None:
    corr = two_point(L, T, LATE, np.random.default_rng(0))
    conjugated = project_momentum(corr.conj(), max_momentum=MAX_MOMENTUM).conj()
    reversed_modes = MUTATIONS["the sign of the transform"][0].transform(corr)
    np.testing.assert_allclose(conjugated, reversed_modes, rtol=1e-9, atol=1e-12)
