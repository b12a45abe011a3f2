"""The demo production: its physics by sums over sites, its files, what is out of order in it, where it may be put."""

import re
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path

import h5py
import numpy as np
import pytest

from latteboard.campaign import Campaign
from latteboard.demo import TRUTH, DemoReport, write_demo
from latteboard.demo.physics import Complex, Truth, three_point, two_point
from latteboard.errors import LatteboardError
from latteboard.names.templates import Source, Value

NOW = datetime(2024, 3, 1, 12, tzinfo=UTC)
L, T = 8, 16
EXACT = replace(TRUTH, noise=0.0)
SOURCES = [Source(0, 0, 0, 0), Source(1, 6, 3, 5), Source(7, 2, 5, 13)]
MODES = [k for k in product(range(-1, 2), repeat=3) if np.dot(k, k) <= 3]  # (x, y, z), all there are up to 3


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def project(slices: Complex, source: Source, k: tuple[int, ...]) -> Complex:
    """C(t, k) = sum over sites of exp(+2 pi i k.(n - source) / L) C(t, n), shape (T,)."""
    size = slices.shape[-1]
    phases = np.empty((size, size, size), dtype=complex)
    for z, y, x in product(range(size), repeat=3):
        distance = (x - source.x, y - source.y, z - source.z)
        phases[z, y, x] = np.exp(2j * np.pi * np.dot(k, distance) / size)
    return np.asarray((slices * phases).sum(axis=(1, 2, 3)))


def running(projected: Complex, source: Source, separation: int, *, sign: bool) -> Complex:
    """Slices t0, t0 +- 1, ..., t0 + separation; with ``sign`` those before 0 or from T on are multiplied by -1."""
    size, step = len(projected), 1 if separation > 0 else -1
    times = range(source.t, source.t + separation + step, step)
    return np.array([projected[t % size] * (-1 if sign and not 0 <= t < size else 1) for t in times])


def energy(k: tuple[int, ...], size: int = L) -> float:
    return float(np.sqrt(TRUTH.mass**2 + (2 * np.pi / size) ** 2 * np.dot(k, k)))


# Physics


@pytest.mark.parametrize("source", SOURCES, ids=str)
@pytest.mark.parametrize("backward", [False, True])
def test_the_energy_is_sqrt_m2_plus_p2_at_every_momentum_and_across_the_boundary(
    source: Source, *, backward: bool
) -> None:
    correlator = two_point(L, T, source, rng(), backward=backward, truth=replace(EXACT, partner_overlap=0.0))
    for k in MODES:
        forward = running(project(correlator, source, k), source, -T // 2 if backward else T // 2, sign=True)
        np.testing.assert_allclose(np.log(forward[:-1] / forward[1:]), energy(k), rtol=1e-9)


def test_the_state_of_opposite_parity_comes_around_the_lattice() -> None:
    source = SOURCES[1]
    correlator = two_point(L, T, source, rng(), truth=EXACT)
    projected = running(project(correlator, source, (0, 0, 1)), source, T - 1, sign=True)
    partner = np.sqrt(TRUTH.partner_mass**2 + (2 * np.pi / L) ** 2)
    t = np.arange(T)
    expected = np.exp(-energy((0, 0, 1)) * t) + TRUTH.partner_overlap * np.exp(-partner * (T - t))
    np.testing.assert_allclose(projected, expected, rtol=1e-10, atol=1e-15)


def test_a_file_holds_the_opposite_sign_beyond_the_time_boundary() -> None:
    source = SOURCES[2]
    forward = project(two_point(L, T, source, rng(), truth=EXACT), source, (0, 0, 0)).real
    assert (forward[source.t :] > 0).all()
    assert (forward[: source.t] < 0).all()
    backward = project(two_point(L, T, source, rng(), backward=True, truth=EXACT), source, (0, 0, 0)).real
    assert (backward[: source.t + 1] > 0).all()
    assert (backward[source.t + 1 :] < 0).all()


def three(source: Source, current: str, *, separation: int = 4, flavor: str = "UU", backward: bool = False) -> Complex:
    how = {"separation": separation, "flavor": flavor, "backward": backward, "truth": EXACT}
    return three_point(L, T, source, rng(), current=current, **how)  # type: ignore[arg-type]


@pytest.mark.parametrize("source", SOURCES, ids=str)
@pytest.mark.parametrize("backward", [False, True])
def test_the_axial_charge_comes_out_at_every_insertion_time_without_any_sign(source: Source, *, backward: bool) -> None:
    axial, vector = (three(source, current, backward=backward) for current in ("A3", "V4"))
    for k in MODES:
        axial_k, vector_k = (
            running(project(data, source, k), source, -4 if backward else 4, sign=False) for data in (axial, vector)
        )
        np.testing.assert_allclose(axial_k / vector_k, 1.27, rtol=1e-9)


def test_the_vector_charge_counts_quarks_and_nothing_is_beyond_the_sink() -> None:
    source = SOURCES[2]
    for flavor, quarks in (("UU", 2), ("DD", 1)):
        charge = running(project(three(source, "V4", flavor=flavor), source, (0, 0, 0)), source, T - 1, sign=False)
        np.testing.assert_allclose(charge[:5], quarks * np.exp(-TRUTH.mass * 4), rtol=1e-12)
        np.testing.assert_array_equal(charge[5:], 0)


def test_the_magnetic_moment_is_positive_only_with_the_right_sign_of_the_transform() -> None:
    source = SOURCES[1]
    magnetic, vector = (project(three(source, current), source, (0, 1, 0))[source.t] for current in ("V1", "V4"))
    kinematic = 1j * (2 * np.pi / L) / (energy((0, 1, 0)) + TRUTH.mass)
    assert magnetic / vector / kinematic == pytest.approx(TRUTH.magnetic_moment)
    wrong = project(three(source, "V1"), source, (0, -1, 0))[source.t]
    assert wrong / vector / kinematic == pytest.approx(-TRUTH.magnetic_moment)


def test_noise_averages_to_zero_and_grows_as_for_a_nucleon() -> None:
    random, source, draws = rng(), SOURCES[0], 400
    samples = np.array([project(two_point(4, 32, source, random), source, (0, 0, 0)).real[:12] for _ in range(draws)])
    signal = project(two_point(4, 32, source, random, truth=EXACT), source, (0, 0, 0)).real[:12]
    relative = samples.std(axis=0) / signal
    assert (abs(samples.mean(axis=0) / signal - 1) < 5 * relative / np.sqrt(draws)).all()
    growth = np.polyfit(np.arange(12), np.log(relative), 1)[0]
    assert growth == pytest.approx(TRUTH.mass - 1.5 * TRUTH.pion_mass, rel=0.05)
    np.testing.assert_allclose(relative, TRUTH.relative_noise(np.arange(12.0)), rtol=0.2)


# Files


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> DemoReport:
    return write_demo(tmp_path_factory.mktemp("demo") / "demo", now=NOW)


@pytest.fixture(scope="module")
def campaign(demo: DemoReport) -> Campaign:
    return Campaign.read(demo.campaign)


def good(demo: DemoReport, campaign: Campaign, kind: str) -> Iterator[tuple[dict[str, Value], Path]]:
    """Coordinates and file of each artifact of a kind that is there and sound, first ensemble."""
    spoilt = {d.path for d in demo.disorder}
    expected = campaign.expected(kind)
    for coordinates in map(expected.coordinates, range(len(expected))):
        path = campaign.path_of(kind, coordinates)
        if coordinates["ensemble"] == "d12m400" and path not in spoilt and (campaign.root / path).exists():
            yield coordinates, campaign.root / path


def source_of(coordinates: dict[str, Value]) -> Source:
    source = coordinates["source"]
    assert isinstance(source, Source)
    return source


def read(path: Path, ending: str) -> dict[str, Complex]:
    """The 4D datasets of a file whose path matches ``ending``, complex, with the checks of the layout."""
    found: dict[str, Complex] = {}

    def visit(name: str, item: h5py.Dataset | h5py.Group) -> None:
        if isinstance(item, h5py.Dataset) and re.search(ending, name):
            assert (item.shape, item.dtype, item.chunks) == ((T, L, L, L, 2), np.dtype("<f8"), None)
            assert (item.attrs["is_shifted"], item.attrs.get_id("is_shifted").dtype) == (0, np.dtype("<i4"))
            found[name] = item[()].view(complex)[..., 0]

    with h5py.File(path) as file:
        file.visititems(visit)
    return found


def test_the_energies_come_out_of_the_files(demo: DemoReport, campaign: Campaign) -> None:
    for particle, separation in (("proton", T // 2), ("proton_np", -T // 2)):
        terms: dict[int, list[Complex]] = {0: [], 1: [], 2: [], 3: []}
        for coordinates, path in good(demo, campaign, "spec_4D"):
            source = source_of(coordinates)
            name = f"^gf[^/]*/{particle}/spin_(up|dn)/4D_correlator/x{source.x}_y{source.y}_z{source.z}_t{source.t}$"
            data = read(path, name)
            assert len(data) == 2
            for correlator, k in product(data.values(), MODES):
                terms[np.dot(k, k)].append(running(project(correlator, source, k), source, separation, sign=True))
        for squared, measured in terms.items():
            mean, error = np.mean(measured, axis=0).real, np.std(measured, axis=0) / np.sqrt(len(measured))
            slope, error_of_slope = np.log(mean[0] / mean[3]) / 3, (error[3] / mean[3]) / 3
            expected = np.sqrt(TRUTH.mass**2 + (2 * np.pi / L) ** 2 * squared)
            assert slope == pytest.approx(expected, abs=4 * error_of_slope + 1e-3)
            assert error_of_slope < 0.02


def test_the_axial_charge_comes_out_of_the_files(demo: DemoReport, campaign: Campaign) -> None:
    ratios = []
    for coordinates, path in good(demo, campaign, "formfac_4D"):
        source, separation = source_of(coordinates), int(str(coordinates["t_separation"]))
        place = f"x{source.x}_y{source.y}_z{source.z}_t{source.t}"
        for particle, dt in (("proton", separation), ("proton_np", -separation)):
            group = f"^gf[^/]*/{particle}_UU_up_up_t0_{source.t}_tsep_{dt}_sink_mom_px0_py0_pz0"
            axial, vector = (
                running(project(data, source, (0, 0, 0)), source, dt, sign=False)
                for current in ("A3", "V4")
                for data in read(path, f"{group}/{current}/{place}/4D_correlator/local_current$").values()
            )
            ratios.append((axial / vector).real)
    mean = np.mean([ratio.mean() for ratio in ratios])
    assert len(ratios) > 30
    assert mean == pytest.approx(1.27, abs=0.003)


def test_the_projected_files_hold_the_sum_over_sites_of_the_4d_files(demo: DemoReport, campaign: Campaign) -> None:
    for kind in ("spec", "formfac"):
        coordinates, path = next(good(demo, campaign, f"{kind}_4D"))
        with h5py.File(campaign.root / campaign.path_of(kind, coordinates)) as projected:
            for name, data in read(path, "").items():
                flat = projected[name.replace("4D_correlator", "px0_py0_pz0")][()].view(complex)[:, 0]
                np.testing.assert_allclose(flat, data.sum(axis=(1, 2, 3)), rtol=1e-12, atol=1e-15)


def test_every_file_is_an_expected_artifact_or_reported(demo: DemoReport, campaign: Campaign) -> None:
    found = sorted(path for path in campaign.root.rglob("*") if path.is_file())
    assert len(found) == demo.files
    assert sum(path.stat().st_size for path in found) == demo.bytes < 60e6
    names = [path.relative_to(campaign.root).as_posix() for path in found]
    strays = {name for name in names if campaign.parse(name) is None}
    assert strays == {d.path for d in demo.disorder if d.status in ("stray", "ignored")}
    assert len(strays) == 5


def test_each_4d_file_holds_exactly_the_datasets_that_the_campaign_states(demo: DemoReport, campaign: Campaign) -> None:
    for kind, number in (("spec_4D", 4), ("formfac_4D", 12)):
        for coordinates, path in good(demo, campaign, kind):
            pattern = campaign.bind(campaign.kinds[kind].datasets[0], campaign.stream(coordinates))
            axes = [name for name in pattern.coordinates if name not in coordinates]
            values = product(*(campaign.values_of(axis) for axis in axes))
            stated = {pattern.format({**coordinates, **dict(zip(axes, chosen, strict=True))}) for chosen in values}
            assert read(path, "").keys() == stated
            assert len(stated) == number


def test_the_sources_of_a_set_are_apart_and_one_of_them_slices_across_the_boundary(campaign: Campaign) -> None:
    for stream in campaign.streams:
        for sources, (first, end) in product(stream.sources.values(), stream.source_sets.values()):
            one, other = sources[first:end]
            assert abs(one.t - other.t) == stream.T // 2
            assert (one.x, one.y, one.z) != (other.x, other.y, other.z)
            assert any(source.t + stream.T // 2 >= stream.T for source in (one, other))


def contents(folder: Path) -> dict[str, tuple[bytes, int]]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(demo: DemoReport, tmp_path: Path) -> None:
    write_demo(tmp_path / "again", now=NOW)
    write_demo(tmp_path / "other", now=NOW, seed=1)
    assert contents(demo.campaign.parent / "production") == contents(tmp_path / "again" / "production")
    assert demo.campaign.read_bytes() == (tmp_path / "again" / "campaign.toml").read_bytes()
    assert contents(tmp_path / "other").keys() != contents(tmp_path / "again").keys()


# What is out of order


def relation(campaign: Campaign, names: set[str]) -> Iterator[dict[str, Value]]:
    """The rows of the natural join of sources, and of those axes that ``names`` has, in plain loops."""
    for stream in campaign.streams:
        stated = campaign.table.ensembles[stream.ensemble].axes
        axes = {axis: stated.get(axis, campaign.table.axes[axis]) for axis in campaign.axes if axis in names}
        for number, (name, (first, end)) in product(stream.configurations, stream.source_sets.items()):
            main: dict[str, Value] = {
                "ensemble": stream.ensemble,
                "stream": stream.name,
                "configuration": number,
                "source_set": name,
            }
            for source, *values in product(stream.sources[number][first:end], *axes.values()):
                yield {**main, "source": source, **dict(zip(axes, values, strict=True))}


class Books:
    """Every status by the rules of the status table, artifact by artifact; its own judge, not the catalog's."""

    def __init__(self, campaign: Campaign, now: datetime, corrupt: Collection[str] = ()) -> None:
        self.campaign, self.now, self.corrupt = campaign, now, corrupt
        self.inputs: dict[str, dict[str, set[str]]] = {}
        self.least: dict[str, int] = {}
        self.kind: dict[str, str] = {}
        for name, kind in campaign.kinds.items():
            expected = campaign.expected(name)
            for index, least in enumerate(expected.least_bytes().tolist()):
                path = campaign.path_of(name, expected.coordinates(index))
                self.least[path], self.kind[path], self.inputs[path] = least, name, {need: set() for need in kind.needs}
            for need in kind.needs:
                for row in relation(campaign, {*kind.coordinates, *campaign.kinds[need].coordinates}):
                    self.inputs[campaign.path_of(name, row)][need].add(campaign.path_of(need, row))
        self.statuses: dict[str, str] = {}
        for path in self.inputs:
            self.statuses[path] = self._on_disk(path)
        wanted: set[str] = set()
        for path in reversed(list(self.inputs)):
            kept = not campaign.kinds[self.kind[path]].table.temporary
            if self.statuses[path] == "absent" and (kept or path in wanted):
                wanted |= {path}.union(*self.inputs[path].values())
        for path in self.inputs:
            if self.statuses[path] == "absent":
                self.statuses[path] = self._absent(path) if path in wanted else "unneeded"

    def _on_disk(self, path: str) -> str:
        file = self.campaign.root / path
        if not file.exists():
            return "absent"
        if self.now.timestamp() - file.stat().st_mtime < self.campaign.grace.total_seconds():
            return "growing"
        if file.stat().st_size < self.least[path] or path in self.corrupt:
            return "bad"
        inputs = [one for some in self.inputs[path].values() for one in some if self.statuses[one] in ("done", "stale")]
        newer = any((self.campaign.root / one).stat().st_mtime > file.stat().st_mtime + 2 for one in inputs)
        return "stale" if newer else "done"

    def _absent(self, path: str) -> str:
        given = self.campaign.kinds[self.kind[path]].table.given
        lacking = any(self.statuses[one] != "done" for some in self.inputs[path].values() for one in some)
        return "blocked" if given or lacking else "ready"

    def counts(self) -> dict[tuple[str, str], int]:
        return dict(Counter((self.kind[path], status) for path, status in self.statuses.items()))


@pytest.mark.parametrize("configurations", [2, 3, 4, 5, 6, 13])
@pytest.mark.parametrize("empty", [False, True])
def test_every_status_is_as_reported(configurations: int, tmp_path: Path, *, empty: bool) -> None:
    report = write_demo(tmp_path / "demo", configurations=configurations, L=4, T=8, empty=empty, now=NOW)
    books = Books(Campaign.read(report.campaign), NOW)
    assert books.counts() == report.statuses
    assert all(books.statuses[d.path] == d.status for d in report.disorder if d.kind)
    corrupt = [d.path for d in report.disorder if (d.status, d.deep_status) == ("done", "bad")]
    deep = Books(Campaign.read(report.campaign), NOW, corrupt)
    assert deep.counts() == report.deep_statuses
    assert all(deep.statuses[d.path] == d.deep_status for d in report.disorder if d.kind)


def test_progress_is_told_as_files_are_written(tmp_path: Path) -> None:
    told: list[int] = []
    report = write_demo(tmp_path / "demo", configurations=6, L=4, T=8, empty=True, now=NOW, progress=told.append)
    assert told == list(range(100, report.files, 100))


def test_every_status_that_files_can_give_occurs(demo: DemoReport) -> None:
    statuses = {status for _, status in demo.statuses}
    assert statuses == {"done", "ready", "blocked", "unneeded", "bad", "stale", "growing"}
    for kind in ("src", "prop", "seqsrc", "seqprop", "spec_4D", "formfac_4D", "formfac_4D_tslice"):
        assert demo.statuses[kind, "ready"], kind
        assert demo.statuses[kind, "blocked"], kind


def test_times_are_past_and_only_one_product_is_older_than_an_input(demo: DemoReport, campaign: Campaign) -> None:
    books = Books(campaign, NOW)
    times = {path: (campaign.root / path).stat().st_mtime for path in books.inputs if (campaign.root / path).exists()}
    young = [path for path, time in times.items() if time > (NOW - timedelta(hours=23)).timestamp()]
    assert young == [d.path for d in demo.disorder if d.status == "growing"]
    older = set()
    for path in times:
        inputs = times.keys() & set().union(*books.inputs[path].values())
        older |= {path for one in inputs if times[one] > times[path]}
    assert older == {d.path for d in demo.disorder if d.status == "stale"}


def test_what_only_a_deep_look_finds_has_the_right_size_and_is_corrupt(demo: DemoReport, campaign: Campaign) -> None:
    zeros, renamed = [campaign.root / d.path for d in demo.disorder if (d.status, d.deep_status) == ("done", "bad")]
    sound = {path.stat().st_size for _, path in good(demo, campaign, "formfac_4D")}
    assert {zeros.stat().st_size, renamed.stat().st_size} == sound
    with pytest.raises((RuntimeError, OSError, KeyError)):
        read(zeros, "")
    places = Counter(re.findall(r"x\d+_y\d+_z\d+_t\d+", " ".join(read(renamed, ""))))
    assert sorted(places.values()) == [1, 11]


def test_no_file_that_is_done_lacks_its_data(demo: DemoReport, campaign: Campaign) -> None:
    done = [campaign.root / path for path, status in Books(campaign, NOW).statuses.items() if status == "done"]
    assert [path for path in done if path.stat().st_blocks == 0] == []


def test_an_empty_demo_has_the_right_names_and_sizes_and_takes_no_room(tmp_path: Path) -> None:
    report = write_demo(tmp_path / "demo", configurations=20, L=32, T=64, empty=True, now=NOW)
    campaign = Campaign.read(report.campaign)
    books = Books(campaign, NOW)
    for path in (path for path, status in books.statuses.items() if status == "done"):
        found = (campaign.root / path).stat()
        assert (found.st_size, found.st_blocks) == (books.least[path], 0)
    there = Counter(books.statuses.values())
    assert there["done"] > 0.7 * there.total()
    assert {d.status for d in report.disorder} == {"bad", "stale", "ready", "growing", "stray", "ignored"}


# Where it may be written


def test_a_folder_that_holds_anything_else_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("precious")
    with pytest.raises(LatteboardError, match="not an empty folder"):
        write_demo(tmp_path)
    assert contents(tmp_path).keys() == {"thesis.tex"}
    with pytest.raises(LatteboardError, match="not an empty folder"):
        write_demo(tmp_path / "thesis.tex")


def test_what_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LatteboardError, match=r"the demo cannot be written: .*Not a directory"):
        write_demo(tmp_path / "file" / "demo")


def test_a_finished_demo_is_never_written_again(demo: DemoReport) -> None:
    with pytest.raises(LatteboardError, match="a campaign in it already"):
        write_demo(demo.campaign.parent, now=NOW)


def interrupt(folder: Path, configurations: int) -> dict[str, tuple[bytes, int]]:
    """Leave what a killed run leaves; returns what a whole one would have written."""
    write_demo(folder, configurations=configurations, L=4, T=8, now=NOW)
    (folder / "campaign.toml").rename(folder / "unfinished_demo.toml")
    whole = contents(folder / "production")
    for number, path in enumerate(sorted((folder / "production").rglob("*.h5"))):
        if number % 3 == 0:
            path.unlink()
        elif number % 3 == 1:
            path.write_bytes(path.read_bytes()[:100])
    return whole


def test_an_interrupted_demo_is_finished_as_if_nothing_had_happened(tmp_path: Path) -> None:
    whole = interrupt(tmp_path / "demo", 3)
    report = write_demo(tmp_path / "demo", configurations=3, L=4, T=8, now=NOW)
    assert contents(tmp_path / "demo" / "production") == whole
    assert report.campaign.exists()
    assert not (tmp_path / "demo" / "unfinished_demo.toml").exists()


def test_an_interrupted_demo_is_not_finished_as_another(tmp_path: Path) -> None:
    interrupt(tmp_path / "demo", 3)
    with pytest.raises(LatteboardError, match="unfinished demo with other options"):
        write_demo(tmp_path / "demo", configurations=4, L=4, T=8, now=NOW)


@pytest.mark.parametrize("wrong", [{"configurations": 1}, {"L": 2}, {"L": 5}, {"T": 4}, {"T": 18}, {"seed": -1}])
def test_a_demo_that_could_not_show_its_physics_is_refused(wrong: dict[str, int], tmp_path: Path) -> None:
    with pytest.raises(LatteboardError, match="expected"):
        write_demo(tmp_path / "demo", **wrong)  # type: ignore[arg-type]
    assert not (tmp_path / "demo").exists()


def test_the_truth_knows_energies_and_noise() -> None:
    assert Truth(mass=0.3, pion_mass=0.1).energy(1, 8) == pytest.approx(np.hypot(0.3, np.pi / 4))
    assert TRUTH.relative_noise(4.0) / TRUTH.relative_noise(0.0) == pytest.approx(np.exp(4 * (0.7 - 0.375)))
