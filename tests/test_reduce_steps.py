"""The steps on files: equal to the reference to the last bit, and to sums over sites; in one pass or one by one."""

import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import permutations, product
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from correlators import (
    SOURCES,
    L,
    T,
    attributes,
    form_factor,
    form_factors,
    pairs,
    read,
    sliced,
    spectra,
    spectrum,
    transformed,
    write_4d,
    write_form_factors,
    write_spectra,
)
from disk import script

from latteboard import __version__
from latteboard.demo.physics import TRUTH, three_point, two_point
from latteboard.files.hdf5 import read_mark
from latteboard.names.templates import Source
from latteboard.recipe import Recipe
from reducer.commands import average_files, concatenate_files, project_files, slice_file, transform_file

Write = Callable[[Path], list[Path]]
FORM_FACTORS = {
    f"ff/{particle}_UU_up_up_tsep_{sign}{separation}_sink_mom_px0_py0_pz0/{current}/src_avg/4D_correlator": (
        form_factor(SOURCES[0], particle=particle, separation=int(f"{sign}{separation}"), current=current),
        int(f"{sign}{separation}"),
    )
    for (particle, sign), current, separation in product((("proton", ""), ("proton_np", "-")), ("A3", "V1"), (3, 5))
}
each_form = pytest.mark.parametrize("write", [write_form_factors, write_spectra], ids=["form factor", "spectrum"])


@pytest.fixture
def slices(tmp_path: Path) -> Callable[[Sequence[Path]], list[Path]]:
    """Slices of 4D files, each beside its file."""

    def take(files: Sequence[Path], **options: Any) -> list[Path]:
        outputs = [path.with_suffix(".tslice.h5") for path in files]
        for path, output in zip(files, outputs, strict=True):
            slice_file(path, output, **options)
        return outputs

    return take


def same(one: Path, other: Path) -> None:
    """The same datasets, to the last bit, with the same attributes."""
    found, expected = read(one), read(other)
    assert found.keys() == expected.keys()
    for name, numbers in expected.items():
        assert (found[name].dtype, found[name].shape) == (numbers.dtype, numbers.shape)
        assert found[name].tobytes() == numbers.tobytes(), name
        assert repr(attributes(one, name)) == repr(attributes(other, name))


# -- the reference -------------------------------------------------------------------------------------------------------


def test_slices_are_those_of_the_production_code_to_the_last_bit(reference: Path, tmp_path: Path) -> None:
    files = sorted((reference / "formfac_4D").glob("*.h5"))
    assert len(files) == 2
    for path in files:
        slice_file(path, tmp_path / path.name)
        same(tmp_path / path.name, reference / "formfac_4D_tslice" / path.name.replace("4D", "4D_tslice"))


def test_the_average_is_that_of_the_production_code_to_the_last_bit(reference: Path, tmp_path: Path) -> None:
    (theirs,) = (reference / "formfac_4D_tslice_src_avg").glob("*.h5")
    average_files(sorted((reference / "formfac_4D_tslice").glob("*.h5")), tmp_path / "a.h5")
    found, expected = read(tmp_path / "a.h5"), read(theirs)
    assert found.keys() == expected.keys()
    assert len(found) == 120
    for name, numbers in expected.items():
        assert (found[name].dtype, found[name].shape) == (numbers.dtype, numbers.shape)
        assert found[name].tobytes() == numbers.tobytes()
        ours, others = attributes(tmp_path / "a.h5", name), attributes(theirs, name)
        assert sorted(ours.pop("meta").split("\n")) == sorted(others.pop("meta").split("\n"))
        assert ours == others == {}


def test_one_pass_over_the_reference_is_its_average_transformed(reference: Path, tmp_path: Path) -> None:
    files = sorted((reference / "formfac_4D").glob("*.h5"))
    (theirs,) = (reference / "formfac_4D_tslice_src_avg").glob("*.h5")
    project_files(files, tmp_path / "a.h5", max_momentum=2)
    transform_file(theirs, tmp_path / "b.h5", max_momentum=2)
    found, expected = read(tmp_path / "a.h5"), read(tmp_path / "b.h5")
    assert found.keys() == expected.keys()
    assert all(found[name].tobytes() == expected[name].tobytes() for name in expected)


# -- site by site --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("fraction", "sign", "separation"), [(None, None, 4), (0.9, None, 7), (0.5, False, 4)])
def test_a_spectrum_is_sliced_shifted_averaged_and_transformed(
    tmp_path: Path, fraction: float | None, *, sign: bool | None, separation: int
) -> None:
    files = write_spectra(tmp_path)
    output = tmp_path / "out.h5"
    project_files(
        files, output, max_momentum=1, fraction=fraction, boundary_sign=sign, keep_average=tmp_path / "avg.h5"
    )
    found, averages = read(output), read(tmp_path / "avg.h5")
    assert found.keys() == {
        "momenta",
        "spec/proton/spin_avg/4D_correlator/src_avg",
        "spec/proton_np/spin_avg/4D_correlator/src_avg",
    }
    held = {source: spectra(source) for source in SOURCES}
    for particle, backward in (("proton", False), ("proton_np", True)):
        total = np.zeros((separation + 1, L, L, L), dtype=complex)
        for source, spin in product(SOURCES, ("spin_up", "spin_dn")):
            correlator = held[source][spectrum(source, particle=particle, spin=spin)]
            total += sliced(correlator, source, -separation if backward else separation, sign=sign is None)
        mean = total / (2 * len(SOURCES))
        name = f"spec/{particle}/spin_avg/4D_correlator/src_avg"
        np.testing.assert_allclose(averages[name], pairs(mean), rtol=1e-13, atol=1e-18)
        assert found[name].dtype == np.complex128
        np.testing.assert_allclose(found[name], transformed(mean, [0, 1, -1]), rtol=1e-10, atol=1e-15)


def test_a_form_factor_is_sliced_shifted_averaged_and_transformed(tmp_path: Path) -> None:
    files = write_form_factors(tmp_path)
    project_files(files, tmp_path / "out.h5", max_momentum=2, keep_average=tmp_path / "avg.h5")
    found, averages = read(tmp_path / "out.h5"), read(tmp_path / "avg.h5")
    assert found.keys() == {"momenta", *(f"{name}/momentum_current" for name in FORM_FACTORS)}
    assert averages.keys() == {f"{name}/local_current" for name in FORM_FACTORS}
    held = [list(form_factors(source).values()) for source in SOURCES]
    for place, (name, (_, separation)) in enumerate(FORM_FACTORS.items()):
        terms = [sliced(one[place], source, separation, sign=False) for one, source in zip(held, SOURCES, strict=True)]
        mean = sum(terms[1:], terms[0]) / len(SOURCES)
        np.testing.assert_allclose(averages[f"{name}/local_current"], pairs(mean), rtol=1e-13, atol=1e-18)
        if separation == 3:  # the sums over sites take long
            expected = transformed(mean, [0, 1, 2, -2, -1])
            np.testing.assert_allclose(found[f"{name}/momentum_current"], expected, rtol=1e-10, atol=1e-16)


@pytest.mark.parametrize("sign", [None, True, False])
def test_the_boundary_sign_can_be_asked_for_and_refused(tmp_path: Path, *, sign: bool | None) -> None:
    source = SOURCES[0]
    for path, default in ((write_form_factors(tmp_path)[0], False), (write_spectra(tmp_path)[0], True)):
        output = path.with_suffix(".out.h5")
        slice_file(path, output, boundary_sign=sign)
        held = (spectra if default else form_factors)(source)
        for name, numbers in read(output).items():
            separation = len(numbers) - 1
            steps = -separation if "_np" in name else separation
            expected = sliced(held[name], source, steps, sign=default if sign is None else sign)
            np.testing.assert_array_equal(numbers, pairs(expected))


def test_slices_of_a_form_factor_begin_where_its_name_says(tmp_path: Path) -> None:
    name = form_factor(SOURCES[1]).replace("t0_2", "t0_5")
    correlator = spectra(SOURCES[1])[spectrum(SOURCES[1])]
    slice_file(write_4d(tmp_path / "a.h5", {name: correlator}), tmp_path / "b.h5")
    expected = sliced(correlator, replace(SOURCES[1], t=5), 3, sign=False)
    np.testing.assert_array_equal(read(tmp_path / "b.h5")[name], pairs(expected))
    assert attributes(tmp_path / "b.h5", name) == {"meta": "t0==5&tsep==3&nt==8"}


def test_negative_parity_runs_backward_even_if_its_separation_is_written_without_sign(tmp_path: Path) -> None:
    name = form_factor(SOURCES[0], particle="proton_np", separation=3)
    correlator = spectra(SOURCES[0])[spectrum(SOURCES[0])]
    slice_file(write_4d(tmp_path / "a.h5", {name: correlator}), tmp_path / "b.h5")
    np.testing.assert_array_equal(read(tmp_path / "b.h5")[name], pairs(sliced(correlator, SOURCES[0], -3, sign=False)))
    assert attributes(tmp_path / "b.h5", name) == {"meta": "t0==6&tsep==-3&nt==8"}


# -- physics -------------------------------------------------------------------------------------------------------------


def test_the_energies_that_the_correlators_were_made_of_come_out(tmp_path: Path) -> None:
    truth = replace(TRUTH, noise=0.0, partner_overlap=0.0)
    files = []
    for source in SOURCES:
        rng = np.random.default_rng(0)
        held = {
            spectrum(source, particle=particle, spin=spin): two_point(
                *(L, T, source, rng), backward=particle == "proton_np", truth=truth
            )
            for particle, spin in product(("proton", "proton_np"), ("spin_up", "spin_dn"))
        }
        files.append(write_4d(tmp_path / f"{source}.h5", held))
    project_files(files, tmp_path / "out.h5", max_momentum=1)
    for particle in ("proton", "proton_np"):
        found = read(tmp_path / "out.h5")[f"spec/{particle}/spin_avg/4D_correlator/src_avg"]
        for at in product(range(3), repeat=3):
            squared = sum(place != 0 for place in at)
            energy = np.sqrt(truth.mass**2 + (2 * np.pi / L) ** 2 * squared)
            np.testing.assert_allclose(found[:, *at], np.exp(-energy * np.arange(5)), rtol=1e-10)


def test_the_magnetic_moment_comes_out_with_its_sign_at_its_momentum(tmp_path: Path) -> None:
    truth = replace(TRUTH, noise=0.0)
    files = [
        write_4d(
            tmp_path / f"{source}.h5",
            {
                form_factor(source, current=current): three_point(
                    *(L, T, source, np.random.default_rng(0)),
                    separation=3,
                    current=current,
                    flavor="UU",
                    truth=truth,
                )
                for current in ("V1", "V4")
            },
        )
        for source in SOURCES
    ]
    project_files(files, tmp_path / "out.h5", max_momentum=1)
    v1, v4 = (
        read(tmp_path / "out.h5")[
            f"ff/proton_UU_up_up_tsep_3_sink_mom_px0_py0_pz0/{c}/src_avg/4D_correlator/momentum_current"
        ]
        for c in ("V1", "V4")
    )
    unit = 2 * np.pi / L
    energy = np.sqrt(truth.mass**2 + unit**2)
    expected = 1j * truth.magnetic_moment * unit / (energy + truth.mass)
    np.testing.assert_allclose(v1[:, 0, 1, 0] / v4[:, 0, 1, 0], expected, rtol=1e-10)
    np.testing.assert_allclose(v1[:, 0, 2, 0] / v4[:, 0, 2, 0], -expected, rtol=1e-10)
    np.testing.assert_allclose(v1[:, [1, 2, 0, 0], 0, [0, 0, 1, 2]], 0, atol=1e-15)


# -- one pass or one by one ----------------------------------------------------------------------------------------------


@each_form
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_one_pass_gives_what_the_steps_give_one_by_one(
    tmp_path: Path, write: Callable[..., list[Path]], dtype: str, slices: Callable[[Sequence[Path]], list[Path]]
) -> None:
    files = write(tmp_path, dtype=dtype)
    project_files(files, tmp_path / "out.h5", max_momentum=1, keep_average=tmp_path / "kept.h5")
    average_files(slices(files), tmp_path / "average.h5")
    transform_file(tmp_path / "average.h5", tmp_path / "transformed.h5", max_momentum=1)
    same(tmp_path / "kept.h5", tmp_path / "average.h5")
    same(tmp_path / "out.h5", tmp_path / "transformed.h5")
    expected = {"float64": ("f8", "c16"), "float32": ("f4", "c8")}[dtype]
    for path, found in zip((tmp_path / "kept.h5", tmp_path / "out.h5"), expected, strict=True):
        assert {numbers.dtype for name, numbers in read(path).items() if name != "momenta"} == {np.dtype(found)}


@each_form
def test_single_precision_differs_from_double_by_its_rounding_only(
    tmp_path: Path, write: Callable[..., list[Path]]
) -> None:
    project_files(write(tmp_path), tmp_path / "double.h5", max_momentum=1)
    project_files(write(tmp_path, dtype="float32"), tmp_path / "single.h5", max_momentum=1)
    single = read(tmp_path / "single.h5")
    for name, numbers in read(tmp_path / "double.h5").items():
        np.testing.assert_allclose(single[name], numbers, atol=2e-6 * abs(numbers).max())


@each_form
def test_in_which_order_inputs_are_named_changes_no_bit(
    tmp_path: Path, write: Write, slices: Callable[[Sequence[Path]], list[Path]]
) -> None:
    files = write(tmp_path)
    cut = slices(files)
    for number, order in enumerate(permutations(range(3))):
        folder = tmp_path / str(number)
        project_files([files[i] for i in order], folder / "out.h5", max_momentum=1, keep_average=folder / "kept.h5")
        average_files([cut[i] for i in order], folder / "average.h5")
        for name in ("out.h5", "kept.h5", "average.h5"):
            same(folder / name, tmp_path / "0" / name)


def test_several_threads_at_once_do_not_disturb_each_other(tmp_path: Path) -> None:
    jobs = []
    for number in range(4):
        (tmp_path / str(number)).mkdir()
        files = [write_4d(tmp_path / str(number) / f"{s}.h5", form_factors(s, seed=number)) for s in SOURCES]
        jobs.append((files, tmp_path / str(number) / "alone.h5"))
        project_files(*jobs[-1], max_momentum=1)
    together = [(files, output.with_name(f"{turn}.h5")) for turn in range(3) for files, output in jobs]
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda job: project_files(job[0], job[1], max_momentum=1), together))
    finally:
        sys.setswitchinterval(before)
    for _, output in together:
        same(output, output.with_name("alone.h5"))


def test_names_of_files_change_nothing(tmp_path: Path) -> None:
    files = write_spectra(tmp_path)
    project_files(files, tmp_path / "a.h5", max_momentum=1)
    for number, path in enumerate(files):
        path.rename(tmp_path / f"{9 - number}.h5")
    project_files(sorted(tmp_path.glob("[789].h5")), tmp_path / "b.h5", max_momentum=1, same_configuration=True)
    same(tmp_path / "a.h5", tmp_path / "b.h5")


def test_all_sources_may_stand_in_one_file(tmp_path: Path) -> None:
    held = {name: numbers for source in SOURCES for name, numbers in spectra(source).items()}
    project_files([write_4d(tmp_path / "all.h5", held)], tmp_path / "a.h5", max_momentum=1)
    project_files(write_spectra(tmp_path), tmp_path / "b.h5", max_momentum=1)
    same(tmp_path / "a.h5", tmp_path / "b.h5")


def test_the_average_of_one_source_is_its_slice(tmp_path: Path, slices: Callable[..., list[Path]]) -> None:
    (path,) = slices(write_form_factors(tmp_path, sources=SOURCES[:1]))
    average_files([path], tmp_path / "mean.h5")
    found = read(tmp_path / "mean.h5")
    for name, numbers in read(path).items():
        other = name.replace("_t0_6", "").replace("x1_y2_z3_t6", "src_avg")
        np.testing.assert_array_equal(found[other], numbers)


def test_how_inputs_are_stored_changes_no_bit(tmp_path: Path) -> None:
    plain = write_spectra(tmp_path)
    packed = []
    for path in plain:
        packed.append(path.with_suffix(".packed.h5"))
        with h5py.File(packed[-1], "w", userblock_size=512) as file:
            for name, numbers in read(path).items():
                chunks = (3, 4, 2, 4, 2)
                dataset = file.create_dataset(name, data=numbers.astype(">f8"), chunks=chunks, compression="gzip")
                dataset.attrs["is_shifted"] = np.int32(0)
    project_files(plain, tmp_path / "a.h5", max_momentum=1)
    project_files(packed, tmp_path / "b.h5", max_momentum=1)
    same(tmp_path / "a.h5", tmp_path / "b.h5")


# -- what stands beside the numbers --------------------------------------------------------------------------------------


@each_form
@pytest.mark.parametrize(("m", "modes"), [(0, [0]), (1, [0, 1, -1]), (2, [0, 1, 2, -2, -1])])
def test_a_transform_says_which_momentum_is_where(tmp_path: Path, write: Write, m: int, modes: list[int]) -> None:
    project_files(write(tmp_path), tmp_path / "out.h5", max_momentum=m)
    with h5py.File(tmp_path / "out.h5") as file:
        assert file["momenta"][()].tolist() == modes
        assert file["momenta"].attrs["units"] == "2 pi / 4"
    for name, numbers in read(tmp_path / "out.h5").items():
        if name != "momenta":
            assert numbers.shape[1:] == (len(modes),) * 3
            assert attributes(tmp_path / "out.h5", name)["DIMENSION_LABELS"].tolist() == ["time", "pz", "py", "px"]


def test_meta_tells_slices_terms_and_modes(tmp_path: Path, slices: Callable[..., list[Path]]) -> None:
    cut = slices(write_spectra(tmp_path))
    name = spectrum(SOURCES[0], particle="proton_np", spin="spin_dn")
    assert attributes(cut[0], name) == {"meta": "t0==6&nt==8&tsep==-4"}
    average_files(cut, tmp_path / "mean.h5")
    mean = "spec/proton_np/spin_avg/4D_correlator/src_avg"
    lines = [f"t0=={s.t}&nt==8&tsep==-4&x=={s.x}&y=={s.y}&z=={s.z}&t=={s.t}" for s in sorted(SOURCES) for _ in range(2)]
    assert attributes(tmp_path / "mean.h5", mean) == {"meta": "\n".join(lines)}
    transform_file(tmp_path / "mean.h5", tmp_path / "out.h5", max_momentum=1)
    meta = attributes(tmp_path / "out.h5", mean)["meta"]
    assert meta == "\n".join(lines) + "&max_momentum==1&n1d_prev==4"


def test_meta_may_be_longer_than_an_attribute_of_fixed_size(tmp_path: Path, slices: Callable[..., list[Path]]) -> None:
    cut, note = slices(write_spectra(tmp_path)), "&note==" + 12_000 * "x"
    for path in cut:
        with h5py.File(path, "r+") as file:
            for name in read(path):
                file[name].attrs["meta"] += note
    average_files(cut, tmp_path / "mean.h5")
    meta = attributes(tmp_path / "mean.h5", "spec/proton/spin_avg/4D_correlator/src_avg")["meta"]
    assert len(meta) > 1 << 16
    assert [note in line for line in meta.split("\n")] == [True] * 6


def test_datasets_that_are_no_correlators_are_copied_whole_with_their_attributes(tmp_path: Path) -> None:
    files = write_form_factors(tmp_path)
    others: dict[str, Any] = {
        "ff/plaquette": np.float32(0.55),
        "ff/times": np.arange(T + 1),
        "ff/unknown": np.array([2.0, 1.0]),
        "ff/proton/A3/px0_py0_pz0/local_current": np.ones((T + 1, 2)),
        "notes": "made by hand",
    }
    for path in files:
        with h5py.File(path, "r+") as file:
            for name, value in others.items():
                file[name] = value
                file[name].attrs["units"] = name
    project_files(files, tmp_path / "out.h5", max_momentum=1, keep_average=tmp_path / "kept.h5")
    slice_file(files[0], tmp_path / "slice.h5")
    transform_file(tmp_path / "slice.h5", tmp_path / "transformed.h5", max_momentum=1)
    for output in ("out.h5", "kept.h5", "slice.h5", "transformed.h5"):
        found = read(tmp_path / output)
        for name in others:
            np.testing.assert_array_equal(found[name], read(files[0])[name])
            assert np.asarray(found[name]).dtype == np.asarray(read(files[0])[name]).dtype
            assert attributes(tmp_path / output, name) == {"units": name}


def test_the_transform_of_a_joined_file_is_that_of_its_members_and_keeps_its_labels(
    tmp_path: Path, slices: Callable[..., list[Path]]
) -> None:
    means = []
    for configuration in (300, 306):
        folder = tmp_path / str(configuration)
        folder.mkdir()
        files = [write_4d(folder / f"{s}.h5", form_factors(s, seed=configuration)) for s in SOURCES]
        average_files(slices(files), folder / "mean.h5")
        means.append(folder / "mean.h5")
        transform_file(means[-1], folder / "out.h5", max_momentum=1)
    concatenate_files(means, tmp_path / "joined.h5", configurations=[300, 306])
    transform_file(tmp_path / "joined.h5", tmp_path / "out.h5", max_momentum=1)
    joined, found = read(tmp_path / "joined.h5"), read(tmp_path / "out.h5")
    for label in ("configurations", "sources", "source_names"):
        assert found[label].tolist() == joined[label].tolist()
    assert (found["configurations"].tolist(), found["sources"].tolist()) == ([300, 306], [3, 3])
    assert found["momenta"].tolist() == [0, 1, -1]
    for name in FORM_FACTORS:
        momenta = f"{name}/momentum_current"
        for row, configuration in enumerate((300, 306)):
            alone = read(tmp_path / str(configuration) / "out.h5")[momenta]
            np.testing.assert_allclose(found[momenta][row], alone, rtol=1e-13, atol=1e-18)
        told = attributes(tmp_path / "out.h5", momenta)["DIMENSION_LABELS"].tolist()
        assert told == ["configuration", "time", "pz", "py", "px"]


def test_an_output_says_what_it_is_made_of_and_how(tmp_path: Path) -> None:
    files = write_spectra(tmp_path)
    made = project_files(files, tmp_path / "out.h5", max_momentum=1, fraction=0.9, keep_average=tmp_path / "kept.h5")
    slicing = {"tslice": {"fraction": 0.9}}
    for name, steps in (
        ("out.h5", [slicing, "average", {"fft": {"max_momentum": 1}}]),
        ("kept.h5", [slicing, "average"]),
    ):
        path = tmp_path / name
        mark = read_mark(path)
        assert mark is not None
        assert mark.complete
        assert mark.path == str(path)
        assert mark.is_original(path.stat().st_mtime_ns)
        assert [(one.path, one.size, one.mtime) for one in mark.inputs] == [
            (str(file), file.stat().st_size, file.stat().st_mtime_ns) for file in files
        ]
        assert mark.recipe["steps"] == steps
        assert Recipe.read(mark.recipe["steps"]).steps() == steps
        assert mark.recipe["versions"].keys() == {"python", "numpy", "h5py", "hdf5"}
        assert mark.recipe["versions"]["numpy"] == np.__version__
        with h5py.File(path) as file:
            assert file.attrs["latteboard_version"] == __version__
    assert made.bytes_written == sum((tmp_path / name).stat().st_size for name in ("out.h5", "kept.h5"))
    assert made.bytes_read == 3 * 4 * 8 * L**3 * 16


def test_outputs_may_be_written_into_a_folder_that_is_not_there_yet(tmp_path: Path) -> None:
    project_files(write_spectra(tmp_path), tmp_path / "new" / "deep" / "out.h5", max_momentum=1)
    assert [path.name for path in (tmp_path / "new" / "deep").iterdir()] == ["out.h5"]


# -- memory --------------------------------------------------------------------------------------------------------------

PEAK = """
import contextlib, io
from pathlib import Path
import reducer.commands
from latteboard.cli import main
sys.argv = ["latteboard", *sys.argv[1:]]
with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
    main()
(peak,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
print(peak.split()[1])
"""


def peak(*words: object) -> int:
    """The most memory that the command line had at once, in bytes."""
    return 1024 * int(subprocess.check_output(script(PEAK, *words), text=True))


@pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="the system does not say how much memory a process had"
)
def test_memory_does_not_grow_with_the_files(tmp_path: Path) -> None:
    size, times = 32, 96
    numbers = np.random.default_rng(0).standard_normal((times, size, size, size, 2), dtype=np.float32).astype("f8")
    for t in (2, 50):
        with h5py.File(tmp_path / f"{t}.h5", "w") as file:
            name = form_factor(Source(1, 2, 3, t), separation=80)
            file.create_dataset(name, data=numbers).attrs["is_shifted"] = np.int32(0)
    output = tmp_path / "out.h5"
    inputs = (tmp_path / "2.h5", tmp_path / "50.h5")
    needed = peak("project", *inputs, "-o", output, "--max-momentum", 5, "--same-configuration")
    assert output.exists()
    assert needed < peak("project", "--help") + 3 * size**3 * 16 + 30 * 2**20
