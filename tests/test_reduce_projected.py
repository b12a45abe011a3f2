"""Correlators that are projected to a momentum already: averaged, turned forward in time, collected."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from correlators import (
    SOURCES,
    T,
    attributes,
    form_factor,
    form_factors,
    part,
    projected,
    read,
    spectra,
    spectrum,
    write_form_factors,
    write_projected,
    write_spectra,
)

from latteboard.errors import InputRefused
from latteboard.names.templates import Source
from reducer.commands import (
    average_files,
    collect_files,
    concatenate_files,
    project_files,
    slice_file,
    transform_file,
)
from reducer.correlators.conventions import sourceless

MOMENTA = {"px0_py0_pz0": (0, 0, 0), "px1_py0_pz-1": (1, 0, -1)}


def refused(message: str) -> AbstractContextManager[Any]:
    return pytest.raises(InputRefused, match=message)


def spectrum_name(
    source: Source, particle: str = "proton", spin: str = "spin_up", momentum: str = "px0_py0_pz0"
) -> str:
    return f"sh/{particle}/{spin}/{part(source)}/{momentum}"


def form_factor_name(
    source: Source, particle: str = "proton", separation: int = 3, momentum: str = "px0_py0_pz0"
) -> str:
    path = form_factor(source, particle=particle, separation=separation, current="A3")
    return path.replace("4D_correlator", momentum)


def numbers(source: Source, seed: int = 0) -> np.ndarray[Any, Any]:
    rng = np.random.default_rng((seed, source.t))
    return rng.normal(size=T) + 1j * rng.normal(size=T)


def mean(arrays: Sequence[np.ndarray[Any, Any]]) -> np.ndarray[Any, Any]:
    return np.asarray(sum(arrays[1:], arrays[0]) / len(arrays))


def write_means(folder: Path, name: str = spectrum_name(SOURCES[0], "proton_np"), **options: Any) -> Path:
    """The mean over both spins of a projected spectrum of one source."""
    spins = {name.replace("spin_up", spin): numbers(SOURCES[0], n) for n, spin in enumerate(("spin_up", "spin_dn"))}
    given, out = write_projected(folder / "given.h5", spins), folder / "mean.h5"
    average_files([given], out, overwrite=True, **options)
    return out


# -- means -------------------------------------------------------------------------------------------------------------------


def test_projected_correlators_are_averaged_over_sources_and_spins(tmp_path: Path) -> None:
    given, both = [], {name: [] for name in MOMENTA}
    for source in SOURCES:
        stated = {
            spectrum_name(source, spin=spin, momentum=momentum): numbers(source, seed)
            for seed, (momentum, spin) in enumerate((m, s) for m in MOMENTA for s in ("spin_up", "spin_dn"))
        }
        for name, values in stated.items():
            both[name.split("/")[-1]].append(values)
        given.append(write_projected(tmp_path / f"spec_{source}.h5", stated))
    average_files(given, tmp_path / "mean.h5")
    found = read(tmp_path / "mean.h5")
    assert found.keys() == {f"sh/proton/spin_avg/src_avg/{momentum}" for momentum in MOMENTA}
    for momentum, values in both.items():
        np.testing.assert_allclose(found[f"sh/proton/spin_avg/src_avg/{momentum}"], mean(values), rtol=1e-14)
    stated = attributes(tmp_path / "mean.h5", "sh/proton/spin_avg/src_avg/px0_py0_pz0")
    one = SOURCES[0]
    assert sorted(stated["meta"].split("\n"))[-1] == "x==3&y==0&z==1&t==0"
    assert f"x=={one.x}&y=={one.y}&z=={one.z}&t=={one.t}" in stated["meta"]
    assert "is_shifted" not in stated


def test_many_sources_of_one_file_are_averaged_too(tmp_path: Path) -> None:
    """Files that collect a configuration have a dataset a source, say nothing of its origin, and two smearings on an axis."""
    stated = {f"val/spec/ml0p1/piplus/px0_py0_pz0/{source}": numbers(source).reshape(T, 1, 1) for source in SOURCES}
    with h5py.File(tmp_path / "a12_300.h5", "w") as file:
        for name, values in stated.items():
            file[name] = np.concatenate([values, 2 * values], axis=1).astype(np.complex64)
    with refused("px0_py0_pz0/.*does not say that its origin is its source .* say --shifted if it is shifted"):
        average_files([tmp_path / "a12_300.h5"], tmp_path / "mean.h5")
    average_files([tmp_path / "a12_300.h5"], tmp_path / "mean.h5", shifted=True)
    (found,) = read(tmp_path / "mean.h5").items()
    assert found[0] == "val/spec/ml0p1/piplus/px0_py0_pz0/src_avg"
    expected = mean(list(stated.values()))
    np.testing.assert_allclose(found[1], np.concatenate([expected, 2 * expected], axis=1), rtol=1e-6)
    assert found[1].dtype == np.complex64


def test_a_file_that_says_it_is_not_shifted_is_believed(tmp_path: Path) -> None:
    given = write_projected(tmp_path / "a.h5", {f"sh/piplus/{part(SOURCES[0])}/px0_py0_pz0": numbers(SOURCES[0])})
    with h5py.File(given, "r+") as file:
        file["sh/piplus"].visititems(
            lambda _, one: one.attrs.update(is_shifted=0) if isinstance(one, h5py.Dataset) else None
        )
    for how in ({}, {"shifted": True}):
        with refused("is not sliced and shifted to its source yet, so its mean"):
            average_files([given], tmp_path / "mean.h5", **how)


def test_spin_three_halves_needs_all_four_spins(tmp_path: Path) -> None:
    spins = ("spin_upup", "spin_up", "spin_dn", "spin_dndn")
    names = {spin: spectrum_name(SOURCES[0], "delta_pp", spin) for spin in spins}
    given = write_projected(tmp_path / "a.h5", {name: numbers(SOURCES[0], n) for n, name in enumerate(names.values())})
    average_files([given], tmp_path / "mean.h5")
    (found,) = read(tmp_path / "mean.h5").values()
    np.testing.assert_allclose(found, mean([numbers(SOURCES[0], n) for n in range(4)]), rtol=1e-14)
    with h5py.File(given, "r+") as file:
        del file[names["spin_up"]]
    with refused(f"{names['spin_up']}: missing; the average is over all four spins"):
        average_files([given], tmp_path / "other.h5")


def test_slices_and_projected_correlators_of_one_file_are_averaged_together(tmp_path: Path) -> None:
    given = []
    for path, source in zip(write_form_factors(tmp_path), SOURCES, strict=True):
        out = tmp_path / f"slice_{source}.h5"
        slice_file(path, out)
        with h5py.File(out, "r+") as file:
            file[form_factor_name(source)] = numbers(source)
            file[form_factor_name(source)].attrs["is_shifted"] = 1
        given.append(out)
    average_files(given, tmp_path / "mean.h5")
    found = read(tmp_path / "mean.h5")
    (name,) = [name for name in found if "px0_py0_pz0/local" in name]
    assert name == "ff/proton_UU_up_up_tsep_3_sink_mom_px0_py0_pz0/A3/src_avg/px0_py0_pz0/local_current"
    np.testing.assert_allclose(found[name], mean([numbers(source) for source in SOURCES]), rtol=1e-14)
    assert len(found) == 9


def test_steps_that_take_sites_refuse_projected_correlators(tmp_path: Path) -> None:
    given = write_projected(tmp_path / "a.h5", {spectrum_name(SOURCES[0]): numbers(SOURCES[0])})
    for step in (
        lambda: slice_file(given, tmp_path / "out.h5"),
        lambda: transform_file(given, tmp_path / "out.h5", max_momentum=1),
        lambda: project_files([given], tmp_path / "out.h5", max_momentum=1),
    ):
        with refused("is projected to a momentum already, by its path; expected sites"):
            step()


@pytest.mark.parametrize("shape", [(T, 4, 4, 4), (T, 4, 4, 4, 2)])
def test_sites_under_the_path_of_a_projected_correlator_are_refused(tmp_path: Path, shape: tuple[int, ...]) -> None:
    given = write_projected(tmp_path / "a.h5", {spectrum_name(SOURCES[0]): np.ones(shape)})
    with refused("ends in the axes of the lattice, and its path is none of a 4D correlator"):
        average_files([given], tmp_path / "mean.h5")


# -- negative parity ---------------------------------------------------------------------------------------------------------


def test_backward_spectra_become_what_slices_of_the_same_correlators_are(tmp_path: Path) -> None:
    """Projected as the contraction code does it, or sliced, averaged and transformed here: the same numbers, sign and order."""
    whole = write_spectra(tmp_path)
    project_files(whole, tmp_path / "momenta.h5", max_momentum=1)
    momenta = read(tmp_path / "momenta.h5")["spec/proton_np/spin_avg/4D_correlator/src_avg"]
    given = []
    for source in SOURCES:
        stated = {
            spectrum_name(source, "proton_np", spin, momentum): projected(
                spectra(source)[spectrum(source, particle="proton_np", spin=spin)], source, k, sign=True
            )
            for spin in ("spin_up", "spin_dn")
            for momentum, k in MOMENTA.items()
        }
        given.append(write_projected(tmp_path / f"projected_{source}.h5", stated))
    average_files(given, tmp_path / "forward.h5", time_reversal=T)
    found = read(tmp_path / "forward.h5")
    for momentum, (x, y, z) in MOMENTA.items():
        one = found[f"sh/proton_np/spin_avg/src_avg/{momentum}"]
        np.testing.assert_allclose(one[: len(momenta)], momenta[:, z, y, x], rtol=1e-10)
        assert len(one) == T


def test_backward_form_factors_have_their_sign_already(tmp_path: Path) -> None:
    project_files(write_form_factors(tmp_path), tmp_path / "momenta.h5", max_momentum=0)
    path = form_factor_name(SOURCES[0], "proton_np", -3, "4D_correlator").replace("local", "momentum")
    momenta = read(tmp_path / "momenta.h5")[sourceless(path)]
    given = []
    for source in SOURCES:
        name = form_factor(source, particle="proton_np", separation=-3)
        values = projected(form_factors(source)[name], source, (0, 0, 0), sign=False)
        given.append(write_projected(tmp_path / f"p_{source}.h5", {form_factor_name(source, "proton_np", -3): values}))
    average_files(given, tmp_path / "forward.h5", time_reversal=T)
    (found,) = read(tmp_path / "forward.h5").values()
    np.testing.assert_allclose(found[:4], momenta[:, 0, 0, 0], rtol=1e-10)


def test_the_first_time_keeps_its_sign_and_all_others_change_it(tmp_path: Path) -> None:
    forward, name = spectrum_name(SOURCES[0]), spectrum_name(SOURCES[0], "proton_np")
    values = np.arange(1.0, T + 1) + 0j
    given = write_projected(tmp_path / "a.h5", {forward: values, name: values})
    collect_files([given], tmp_path / "out.h5", time_reversal=T)
    found = read(tmp_path / "out.h5")
    assert found[name].tolist() == [1, -8, -7, -6, -5, -4, -3, -2]
    assert found[forward].tolist() == values.tolist()
    assert attributes(tmp_path / "out.h5", name) == {"meta": "time_reversed==1"}
    assert attributes(tmp_path / "out.h5", forward) == {"is_shifted": 1}


def test_mesons_keep_their_sign_and_unknown_particles_are_refused(tmp_path: Path) -> None:
    name = spectrum_name(SOURCES[0], "omega_np")
    given = write_projected(tmp_path / "a.h5", {name: np.arange(1.0, T + 1) + 0j})
    with refused(f"{name}: its path names neither a baryon nor a meson"):
        collect_files([given], tmp_path / "out.h5", time_reversal=T)
    collect_files([given], tmp_path / "out.h5", time_reversal=T, meson=["omega"])
    assert read(tmp_path / "out.h5")[name].tolist() == [1, 8, 7, 6, 5, 4, 3, 2]


def test_time_is_turned_once_only(tmp_path: Path) -> None:
    turned = write_means(tmp_path, time_reversal=T)
    with refused("is reversed in time already; leave out time_reversal"):
        collect_files([turned], tmp_path / "out.h5", time_reversal=T)
    with refused("holds no projected correlator of negative parity"):
        write_means(tmp_path, spectrum_name(SOURCES[0]), time_reversal=T)


def test_slices_of_time_and_other_axes_are_not_turned(tmp_path: Path) -> None:
    name = form_factor_name(SOURCES[0], "proton_np", -3)
    for values, shape in ((numbers(SOURCES[0])[:4], r"\(4,\)"), (np.ones((2, T)), rf"\(2, {T}\)")):
        given = write_projected(tmp_path / "a.h5", {name: values})
        with refused(f"has shape {shape}; expected all times of the lattice, which are {T}, on its first axis"):
            collect_files([given], tmp_path / "out.h5", time_reversal=T)


def test_turned_and_other_correlators_are_not_mixed(tmp_path: Path) -> None:
    turned = write_means(tmp_path, time_reversal=T).rename(tmp_path / "c300.h5")
    other = write_means(tmp_path).rename(tmp_path / "c306.h5")
    with refused(
        "is complex128 of shape .*; expected complex128 of shape .*, reversed in time, as in the configurations before"
    ):
        concatenate_files([turned, other], tmp_path / "joined.h5")
    with refused("is reversed in time, or not, other than in"):
        average_files([turned, other], tmp_path / "mean.h5", same_configuration=True)


def test_a_concatenation_of_turned_correlators_grows_by_such_only(tmp_path: Path) -> None:
    for number in (300, 306):
        write_means(tmp_path, time_reversal=T).rename(tmp_path / f"c{number}.h5")
    write_means(tmp_path).rename(tmp_path / "c312.h5")
    joined = tmp_path / "joined.h5"
    concatenate_files([tmp_path / "c300.h5"], joined, configurations=[300], append=True)
    concatenate_files([tmp_path / "c306.h5"], joined, configurations=[306], append=True)
    assert read(joined)["configurations"].tolist() == [300, 306]
    assert attributes(joined, "sh/proton_np/spin_avg/src_avg/px0_py0_pz0")["meta"] == "time_reversed==1"
    with refused("expected complex128 of shape .*, reversed in time"):
        concatenate_files([tmp_path / "c312.h5"], joined, configurations=[312], append=True)


# -- collected ---------------------------------------------------------------------------------------------------------------


def test_what_several_files_hold_is_put_into_one(tmp_path: Path) -> None:
    spec = write_projected(tmp_path / "spec.h5", {spectrum_name(SOURCES[0]): numbers(SOURCES[0])})
    formfac = write_projected(tmp_path / "formfac_dt3.h5", {form_factor_name(SOURCES[0]): numbers(SOURCES[0], 1)})
    other = write_projected(
        tmp_path / "formfac_dt5.h5", {form_factor_name(SOURCES[0], separation=5): numbers(SOURCES[0], 2)}
    )
    for path in (spec, formfac, other):
        with h5py.File(path, "r+") as file:
            file["notes"] = "the same"
            file.attrs["code"] = "lalibe"
            file.attrs["of"] = path.name
    collect_files([spec, formfac, other], tmp_path / "out.h5")
    found = read(tmp_path / "out.h5")
    expected = {**read(spec), **read(formfac), **read(other)}
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        np.testing.assert_array_equal(found[name], values)
    assert attributes(tmp_path / "out.h5", spectrum_name(SOURCES[0])) == {"is_shifted": 1}
    with h5py.File(tmp_path / "out.h5") as file:
        assert file.attrs["code"] == "lalibe"
        assert file.attrs["of"] == '["spec.h5", "formfac_dt3.h5", "formfac_dt5.h5"]'


def test_a_correlator_in_two_files_is_refused(tmp_path: Path) -> None:
    one, other = (write_projected(tmp_path / f"{n}.h5", {spectrum_name(SOURCES[0]): numbers(SOURCES[0])}) for n in "ab")
    with refused("is in .*a.h5 too; expected it once"):
        collect_files([one, other], tmp_path / "out.h5")
    with h5py.File(other, "r+") as file:
        file.move("sh", "pt")
        file["notes"] = 1
    with h5py.File(one, "r+") as file:
        file["notes"] = 2
    with refused("is not what it is in .*a.h5; expected the same in all inputs"):
        collect_files([one, other], tmp_path / "out.h5")


def test_files_of_two_configurations_are_not_collected(tmp_path: Path) -> None:
    one = write_projected(tmp_path / "spec_300.h5", {spectrum_name(SOURCES[0]): numbers(SOURCES[0])})
    other = write_projected(tmp_path / "spec_306.h5", {form_factor_name(SOURCES[0]): numbers(SOURCES[0])})
    with refused("its name has the number 306, .*300; expected files of one configuration"):
        collect_files([one, other], tmp_path / "out.h5")
    collect_files([one, other], tmp_path / "out.h5", same_configuration=True)


def test_a_mean_that_is_collected_says_how_many_sources_it_is_over(tmp_path: Path) -> None:
    given = [
        write_projected(tmp_path / f"a_{source}.h5", {f"sh/piplus/{part(source)}/px0_py0_pz0": numbers(source)})
        for source in SOURCES
    ]
    average_files(given, tmp_path / "pion.h5")
    collect_files([tmp_path / "pion.h5", write_means(tmp_path)], tmp_path / "out.h5", same_configuration=True)
    found = {name: attributes(tmp_path / "out.h5", name)["n_sources"] for name in read(tmp_path / "out.h5")}
    assert sorted(found.values()) == [1, 3]
    # A mean of it has another number, which it does not state.
    average_files([tmp_path / "out.h5"], tmp_path / "again.h5", without=["*_np*"])
    (name,) = read(tmp_path / "again.h5")
    assert "n_sources" not in attributes(tmp_path / "again.h5", name)


def test_concatenations_are_collected_if_their_rows_are_the_same(tmp_path: Path) -> None:
    rows = {}
    for particle in ("proton", "proton_np"):
        mean_file = write_means(tmp_path, spectrum_name(SOURCES[0], particle))
        rows[particle] = tmp_path / f"{particle}.h5"
        concatenate_files([mean_file], rows[particle], configurations=[300])
    collect_files(list(rows.values()), tmp_path / "out.h5")
    found = read(tmp_path / "out.h5")
    assert found["configurations"].tolist() == [300]
    assert {name.split("/")[1] for name in found if name.startswith("sh/")} == {"proton", "proton_np"}
    concatenate_files([mean_file], rows["proton_np"], configurations=[306], overwrite=True)
    with refused("configurations: is not the same in all inputs"):
        collect_files(list(rows.values()), tmp_path / "other.h5", same_configuration=True)


def test_momenta_and_projected_correlators_are_collected(tmp_path: Path) -> None:
    project_files(write_form_factors(tmp_path), tmp_path / "momenta.h5", max_momentum=1)
    collect_files([write_means(tmp_path), tmp_path / "momenta.h5"], tmp_path / "out.h5")
    found = read(tmp_path / "out.h5")
    assert found["momenta"].tolist() == [0, 1, -1]
    assert found.keys() == read(tmp_path / "momenta.h5").keys() | {"sh/proton_np/spin_avg/src_avg/px0_py0_pz0"}
    concatenate_files([tmp_path / "out.h5"], tmp_path / "joined.h5", configurations=[300])
    with h5py.File(tmp_path / "joined.h5") as file:
        axes = {name: one.attrs.get("DIMENSION_LABELS") for name, one in datasets(file).items()}
    assert [name for name, stated in axes.items() if stated is not None] == [
        name for name in axes if "momentum_current" in name
    ]


def datasets(file: h5py.File) -> dict[str, h5py.Dataset]:
    found: dict[str, h5py.Dataset] = {}
    file.visititems(lambda name, one: found.update({name: one}) if isinstance(one, h5py.Dataset) else None)
    return found
