"""What the reducer refuses: in one line that says which file and dataset, and nothing is left behind or changed."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from errno import EFBIG, ENOSPC
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
    read,
    spectra,
    spectrum,
    write_4d,
    write_form_factors,
    write_spectra,
)
from disk import HOUSE, closed, full_disk, run

from latteboard.errors import InputRefused, LatteboardError, OutputRefused, Stopped
from latteboard.files.hdf5 import read_mark
from latteboard.names.templates import Source
from latteboard.recipe import Average, Fourier, Recipe, Slice
from reducer.commands import average_files, concatenate_files, project_files, slice_file, transform_file
from reducer.correlators.file import CorrelatorFile
from reducer.making.make import make
from reducer.tasks.task import Input, Row, Task

Files = list[Path]
A3 = form_factor(SOURCES[1])
MEAN = "ff/proton_UU_up_up_tsep_3_sink_mom_px0_py0_pz0/A3/src_avg/4D_correlator/local_current"


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """4D form factors of three sources."""
    return write_form_factors(tmp_path)


def state(folder: Path) -> dict[Path, tuple[int, bytes]]:
    """All that is in a folder."""
    return {path: (path.lstat().st_mtime_ns, path.read_bytes()) for path in sorted(folder.rglob("*")) if path.is_file()}


@contextmanager
def refused(folder: Path, message: str, error: type[LatteboardError] = InputRefused) -> Iterator[None]:
    """What is in the block is refused with this message, and the folder is as it was."""
    before = state(folder)
    with pytest.raises(error) as found:
        yield
    assert str(found.value) == message
    assert state(folder) == before


def project(files: Files, **options: Any) -> None:
    project_files(files, files[0].parent / "out.h5", **{"max_momentum": 1} | options)


def drop(path: Path, name: str) -> None:
    """Take a dataset out of a file."""
    with h5py.File(path, "r+") as file:
        del file[name]


def overwrite(path: Path, name: str, value: float) -> None:
    """All numbers of a dataset become this one."""
    with h5py.File(path, "r+") as file:
        file[name][...] = value


def slices_of(files: Files) -> Files:
    outputs = [path.with_suffix(".tslice.h5") for path in files]
    for path, output in zip(files, outputs, strict=True):
        slice_file(path, output)
    return outputs


# -- sources -------------------------------------------------------------------------------------------------------------


def test_a_source_that_is_there_twice(tmp_path: Path, files: Files) -> None:
    again = Path(shutil.copy(files[1], tmp_path / "again.h5"))
    with refused(tmp_path, f"{files[1]}: {A3}: source x0y1z2t2 is in {again} too; expected it once"):
        project([*files, again])
    with refused(tmp_path, f"{files[1]}: {A3}: source x0y1z2t2 is in {files[1]} too; expected it once"):
        project([files[0], files[1], files[1]])


def test_a_source_that_is_there_twice_with_another_t0(tmp_path: Path, files: Files) -> None:
    held = {name.replace("t0_2", "t0_3"): numbers for name, numbers in form_factors(SOURCES[1]).items()}
    again = write_4d(tmp_path / "again.h5", held)
    with refused(tmp_path, f"{files[1]}: {A3}: source x0y1z2t2 is in {again} too; expected it once"):
        project([*files, again])


def test_a_source_that_is_missing_in_some_datasets_of_a_file_of_two(tmp_path: Path, files: Files) -> None:
    held = {**form_factors(SOURCES[0]), **form_factors(SOURCES[1])}
    del held[A3]
    both = write_4d(tmp_path / "both.h5", held)
    message = (
        f"{both}: {A3.replace('A3', 'V1')}: is of source x0y1z2t2, of which there is no {MEAN}; "
        "expected all datasets of the same sources"
    )
    with refused(tmp_path, message):
        project([both, files[2]])


def test_a_file_of_another_source_than_the_rest_in_some_datasets(tmp_path: Path, files: Files) -> None:
    held, other = form_factors(SOURCES[1]), Source(2, 2, 2, 2)
    for name in list(held):
        if "/V1/" in name:
            held[name.replace("x0_y1_z2_t2", "x2_y2_z2_t2")] = held.pop(name)
    mixed = write_4d(tmp_path / "mixed.h5", held)
    message = (
        f"{mixed}: {A3}: is of source x0y1z2t2, of which there is no {MEAN.replace('A3', 'V1')}; "
        "expected all datasets of the same sources"
    )
    with refused(tmp_path, message):
        project([files[0], mixed])
    message = f"{mixed}: {A3}: is of source x0y1z2t2; expected {other} only"
    task = planned([files[0], mixed])
    given = [replace(one, source=str(source)) for one, source in zip(task.inputs, (SOURCES[0], other), strict=True)]
    with refused(tmp_path, message):
        make(replace(task, rows=(Row(tuple(given)),)), Path())


def test_a_file_of_another_source_than_its_task_says(tmp_path: Path, files: Files) -> None:
    """And x0y1z2t2 is not x0y1z2t27."""
    for source in ("x1y2z3t6", "x0y1z2t27"):
        found = files[1].stat()
        given = Input(str(files[1]), found.st_size, found.st_mtime_ns, source=source)
        task = Task("", str(tmp_path / "out.h5"), Recipe(tslice=Slice()), (Row((given,)),))
        with refused(tmp_path, f"{files[1]}: {A3}: is of source x0y1z2t2; expected {source} only"):
            make(task, Path())


def test_a_source_outside_the_lattice(tmp_path: Path) -> None:
    for source in (Source(4, 0, 0, 0), Source(0, 4, 0, 0), Source(0, 0, 4, 0)):
        path = write_4d(tmp_path / "a.h5", {spectrum(source): np.ones((T, L, L, L), complex)})
        with refused(tmp_path, f"{path}: {spectrum(source)}: the source is outside the lattice, which is 4 x 4 x 4"):
            slice_file(path, tmp_path / "out.h5")
    late = spectrum(Source(0, 0, 0, 8))
    path = write_4d(tmp_path / "a.h5", {late: np.ones((T, L, L, L), complex)})
    with refused(tmp_path, f"{path}: {late}: t0 = 8 is not on the lattice: expected 0 to 7, since T = 8"):
        slice_file(path, tmp_path / "out.h5")


# -- datasets ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_dataset_that_one_source_lacks(tmp_path: Path, files: Files, place: int) -> None:
    drop(files[place], form_factor(SOURCES[place]))
    having = files[1 if place == 0 else 0]
    with refused(tmp_path, f"{files[place]}: {MEAN}: missing (one of 1); {having} has it"):
        project(files)


def test_a_dataset_that_a_task_picks_and_a_file_lacks(tmp_path: Path, files: Files) -> None:
    given = []
    for path in files:
        found = path.stat()
        given.append(Input(str(path), found.st_size, found.st_mtime_ns, picks=(MEAN, MEAN.replace("A3", "P"))))
    task = Task("", str(tmp_path / "out.h5"), Recipe(tslice=Slice(), average=Average()), (Row(tuple(given)),))
    message = f"{files[0]}: {MEAN.replace('A3', 'P')}: missing, one of 1 of the 2 datasets expected there"
    with refused(tmp_path, message):
        make(task, Path())


@pytest.mark.parametrize(
    ("numbers", "found"),
    [
        (np.ones((T, L, L, L - 1, 2)), "(8, 4, 4, 3, 2), float64"),
        (np.ones((2 * T, L, L, L, 2)), "(16, 4, 4, 4, 2), float64"),
        (np.ones((T, L, L, L, 2), "float32"), "(8, 4, 4, 4, 2), float32"),
        (np.ones((T, L, L, L), "complex128"), "(8, 4, 4, 4), complex128"),
    ],
)
def test_a_dataset_of_another_shape_or_type(tmp_path: Path, files: Files, numbers: Any, found: str) -> None:
    with h5py.File(files[1], "r+") as file:
        del file[A3]
        file.create_dataset(A3, data=numbers).attrs["is_shifted"] = np.int32(0)
    # Terms stand in the order of their sources, so that x0y1z2t2 is the first.
    place = f"{files[0]}: {form_factor(SOURCES[0])}"
    with refused(tmp_path, f"{place}: has shape (8, 4, 4, 4, 2), float64; expected {found} as in {files[1]}"):
        project(files)


def test_a_spin_that_is_missing(tmp_path: Path) -> None:
    paths = write_spectra(tmp_path)
    for path, source in zip(paths, SOURCES, strict=True):
        drop(path, spectrum(source, spin="spin_dn"))
    lost = spectrum(SOURCES[1], spin="spin_dn")
    with refused(tmp_path, f"{paths[1]}: {lost}: missing; the average is over both spins"):
        project(paths)


def test_a_spin_that_is_missing_for_one_source(tmp_path: Path) -> None:
    paths = write_spectra(tmp_path)
    drop(paths[2], spectrum(SOURCES[2], spin="spin_up"))
    lost = spectrum(SOURCES[2], spin="spin_up")
    with refused(tmp_path, f"{paths[2]}: {lost}: missing; the average is over both spins"):
        project(paths)


def test_a_file_without_correlators(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file["plaquette"] = 0.5
    message = f"{path}: holds no correlator, of form factor or spectrum; expected .../4D_correlator/..."
    for step in (
        lambda: slice_file(path, tmp_path / "out.h5"),
        lambda: average_files([path], tmp_path / "out.h5"),
        lambda: transform_file(path, tmp_path / "out.h5", max_momentum=0),
        lambda: project([path]),
    ):
        with refused(tmp_path, message):
            step()


def test_other_datasets_that_are_not_the_same_in_all_inputs(tmp_path: Path, files: Files) -> None:
    for number, path in enumerate(files):
        with h5py.File(path, "r+") as file:
            file["time"] = float(number)
    with refused(
        tmp_path,
        f"{files[1]}: time: is not what it is in {files[0]}; expected the same in all inputs (--without leaves it out)",
    ):
        project(files)


@pytest.mark.parametrize(
    ("numbers", "told"),
    [
        (np.ones((T, L, L, L)), "(8, 4, 4, 4), float64"),
        (np.ones((T, L, L, 2)), "(8, 4, 4, 2), float64"),
        (np.ones((T, L, L, L, 2), "longdouble"), f"(8, 4, 4, 4, 2), {np.dtype('longdouble')}"),
    ],
)
@pytest.mark.parametrize("step", ["tslice", "fft"])
def test_a_correlator_of_another_form(tmp_path: Path, numbers: Any, told: str, step: str) -> None:
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file[A3] = numbers
    message = (
        f"{path}: {A3}: has shape {told}; expected (..., T, Z, Y, X, 2) of float64 or float32, "
        "or complex numbers without the last axis"
    )
    with refused(tmp_path, message):
        if step == "tslice":
            slice_file(path, tmp_path / "out.h5")
        else:
            transform_file(path, tmp_path / "out.h5", max_momentum=0)


@pytest.mark.parametrize("shape", [(0, L, L, L, 2), (T, L, 0, L, 2)])
def test_a_correlator_without_numbers(tmp_path: Path, shape: tuple[int, ...]) -> None:
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file[A3] = np.ones(shape)
    with refused(tmp_path, f"{path}: {A3}: has shape {shape}, so there is nothing in it"):
        slice_file(path, tmp_path / "out.h5")
    with refused(tmp_path, f"{path}: {A3}: has shape {shape}, so there is nothing in it"):
        transform_file(path, tmp_path / "out.h5", max_momentum=0)


# -- steps in the wrong order --------------------------------------------------------------------------------------------


def test_a_correlator_that_is_shifted_already(tmp_path: Path, files: Files) -> None:
    with h5py.File(files[1], "r+") as file:
        file[A3].attrs["is_shifted"] = np.int32(1)
    message = f"{files[1]}: {A3}: is_shifted is set: its origin is the source already; expected 0"
    with refused(tmp_path, message):
        slice_file(files[1], tmp_path / "out.h5")
    with refused(tmp_path, message):
        project(files)


def say_shifted(path: Path, value: bool | None) -> None:  # noqa: FBT001
    """State of all datasets whether they are shifted, or nothing."""
    with CorrelatorFile(path) as given:
        names = given.names
    with h5py.File(path, "r+") as file:
        for name in names:
            file[name].attrs.pop("is_shifted", None)
            if value is not None:
                file[name].attrs["is_shifted"] = value


@pytest.mark.parametrize("stated", [None, 0])
def test_raw_correlators_are_neither_averaged_nor_transformed(tmp_path: Path, files: Files, stated: int | None) -> None:
    if stated is None:
        for path in files:
            say_shifted(path, None)
    reason = (
        "does not say that its origin is its source (by meta or is_shifted), so its {} may have no meaning; "
        "slice it first, or say --shifted if it is shifted (in a recipe shifted = true)"
        if stated is None
        else "is not sliced and shifted to its source yet, so its {} has no meaning; slice it first"
    )
    with refused(tmp_path, f"{files[0]}: {form_factor(SOURCES[0])}: {reason.format('mean')}"):
        average_files(files, tmp_path / "out.h5")
    with refused(tmp_path, f"{files[0]}: {form_factor(SOURCES[0])}: {reason.format('transform')}"):
        transform_file(files[0], tmp_path / "out.h5", max_momentum=0)


def test_what_says_that_it_is_shifted_is_transformed(tmp_path: Path, files: Files) -> None:
    say_shifted(files[0], True)
    transform_file(files[0], tmp_path / "out.h5", max_momentum=0)
    assert (tmp_path / "out.h5").exists()


@pytest.mark.parametrize(
    ("numbers", "told"),
    [
        (
            np.ones((8, 4, 4, 4), dtype=[("up", "f8"), ("dn", "f8")]),
            "[('up', '<f8'), ('dn', '<f8')] of shape (8, 4, 4, 4)",
        ),
        (np.ones((8, 4, 4, 4, 2), dtype="i4"), "int32 of shape (8, 4, 4, 4, 2)"),
        (1.0, "float64 of shape ()"),
    ],
    ids=["records", "whole numbers", "one number"],
)
@pytest.mark.parametrize("step", ["slice", "mean", "transform"])
def test_what_is_a_correlator_by_its_name_only_is_not_carried_along(
    tmp_path: Path, numbers: Any, told: str, step: str
) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file[A3] = numbers
    steps = {
        "slice": lambda: slice_file(tmp_path / "a.h5", tmp_path / "out.h5"),
        "mean": lambda: average_files([tmp_path / "a.h5"], tmp_path / "out.h5"),
        "transform": lambda: transform_file(tmp_path / "a.h5", tmp_path / "out.h5", max_momentum=0),
    }
    message = f"is a correlator by its name, and holds {told}; expected an array of floats or complex numbers"
    with refused(tmp_path, f"{tmp_path / 'a.h5'}: {A3}: {message}"):
        steps[step]()


def test_nan_in_what_is_carried_along_is_found_too(tmp_path: Path, files: Files) -> None:
    records = np.zeros(3, dtype=[("re", "f8"), ("im", "f8")])
    records["im"][1] = np.inf
    for name, values in (("two_pt", np.array([1.0, np.nan, np.nan])), ("records", records)):
        with h5py.File(files[0], "r+") as file:
            file[name] = values
        with refused(
            tmp_path,
            f"{files[0]}: {name}: 1 numbers are NaN or infinite at index 1 of its first axis; "
            "expected finite ones (--allow-nan records them instead)",
        ):
            slice_file(files[0], tmp_path / "out.h5")
        slice_file(files[0], tmp_path / "allowed.h5", allow_nan=True)
        with h5py.File(tmp_path / "allowed.h5") as file:
            assert file[name].attrs["not_finite"] == (2 if name == "two_pt" else 1)
        (tmp_path / "allowed.h5").unlink()
        drop(files[0], name)


def write_ones(path: Path, particle: str) -> str:
    """A spectrum of ones, whose source is two slices before the time boundary."""
    name = f"spec/{particle}/4D_correlator/x1_y2_z3_t6"
    with h5py.File(path, "w") as file:
        file[name] = np.ones((8, 4, 4, 4, 2))
    return name


@pytest.mark.parametrize(
    ("particle", "stated", "beyond"),
    [("proton", None, -1), ("pion", None, 1), ("proton", False, 1), ("pion", True, -1), ("sigma", True, -1)],
)
def test_the_sign_beyond_the_time_boundary_is_that_of_the_particle(
    tmp_path: Path, particle: str, *, stated: bool | None, beyond: int
) -> None:
    name = write_ones(tmp_path / "a.h5", particle)
    slice_file(tmp_path / "a.h5", tmp_path / "out.h5", boundary_sign=stated)
    with h5py.File(tmp_path / "out.h5") as file:
        assert file[name][:, 0, 0, 0, 0].tolist() == [1, 1, beyond, beyond, beyond]


@pytest.mark.parametrize("particle", ["sigma", "phi_ju", "baryons/pion"])
def test_a_particle_whose_sign_is_not_known(tmp_path: Path, particle: str) -> None:
    name = write_ones(tmp_path / "a.h5", particle)
    message = (
        f"{tmp_path / 'a.h5'}: {name}: its path names neither a baryon nor a meson, or both, so its sign beyond the time "
        'boundary is not known; state --baryon NAME or --meson NAME, in a campaign [particles] NAME = "meson"; or for all of a '
        "file --boundary-sign or --no-boundary-sign, in a recipe tslice = { boundary_sign = true } or false"
    )
    with refused(tmp_path, message):
        slice_file(tmp_path / "a.h5", tmp_path / "out.h5")


def test_a_slice_that_is_sliced_again(tmp_path: Path, files: Files) -> None:
    cut = slices_of(files)
    message = (
        f"{cut[0]}: {form_factor(SOURCES[0])}: is a time slice already (t0==6&tsep==3&nt==8); expected a 4D correlator"
    )
    with refused(tmp_path, message):
        slice_file(cut[0], tmp_path / "out.h5")
    with refused(tmp_path, message):
        project(cut)


def test_an_average_that_is_sliced(tmp_path: Path, files: Files) -> None:
    average_files(slices_of(files), tmp_path / "mean.h5")
    with pytest.raises(InputRefused, match=f"^{tmp_path / 'mean.h5'}: {MEAN}: is a time slice already "):
        slice_file(tmp_path / "mean.h5", tmp_path / "out.h5")


def test_momenta_that_are_transformed_or_sliced_again(tmp_path: Path, files: Files) -> None:
    spectrum_files = write_spectra(tmp_path)
    for paths, name in (
        (files, MEAN.replace("local_current", "momentum_current")),
        (spectrum_files, "spec/proton/spin_avg/4D_correlator/src_avg"),
    ):
        momenta = tmp_path / f"momenta_{paths[0].name}"
        project_files(paths, momenta, max_momentum=1)
        message = f"{momenta}: {name}: is in momentum space already; expected sites"
        with refused(tmp_path, message):
            transform_file(momenta, tmp_path / "out.h5", max_momentum=1)
        with refused(tmp_path, message):
            slice_file(momenta, tmp_path / "out.h5")


# -- what does not fit the lattice ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("separation", [0, 8, 9, -8])
def test_a_separation_that_does_not_fit(tmp_path: Path, separation: int) -> None:
    name = form_factor(SOURCES[1], separation=separation)
    path = write_4d(tmp_path / "a.h5", {name: np.ones((T, L, L, L), complex)})
    message = f"{path}: {name}: a separation of {separation} does not fit T = 8: expected 1 to 7, or -1 to -7 backward in time"
    with refused(tmp_path, message):
        slice_file(path, tmp_path / "out.h5")
    with refused(tmp_path, message):
        project([path])


def test_a_form_factor_that_says_no_separation(tmp_path: Path) -> None:
    name = "ff/proton/A3/x0_y1_z2_t2/4D_correlator/local_current"
    path = write_4d(tmp_path / "a.h5", {name: np.ones((T, L, L, L), complex)})
    with refused(
        tmp_path, f"{path}: {name}: names no separation of source and sink; expected a part such as ..._tsep_5"
    ):
        slice_file(path, tmp_path / "out.h5")


@pytest.mark.parametrize(("fraction", "separation"), [(0.01, 0), (0.12, 0), (1.0, 8)])
def test_a_fraction_that_does_not_fit(tmp_path: Path, fraction: float, separation: int) -> None:
    path = write_spectra(tmp_path)[0]
    name = spectrum(SOURCES[0], spin="spin_dn")
    message = f"{path}: {name}: a separation of {separation} does not fit T = 8: expected 1 to 7, or -1 to -7 backward in time"
    with refused(tmp_path, message):
        slice_file(path, tmp_path / "out.h5", fraction=fraction)


def test_a_fraction_for_a_form_factor(tmp_path: Path, files: Files) -> None:
    message = f"{files[0]}: {form_factor(SOURCES[0])}: a form factor has the separation of its name; a fraction is for spectra"
    with refused(tmp_path, message):
        slice_file(files[0], tmp_path / "out.h5", fraction=0.5)


@pytest.mark.parametrize("m", [3, 10])
def test_momenta_beyond_the_lattice(tmp_path: Path, files: Files, m: int) -> None:
    sites = "the lattice has 4 sites, so momenta beyond 2 repeat others"
    message = f"{files[1]}: {A3}: {sites}; expected max_momentum <= 2, found {m}"
    with refused(tmp_path, message):
        project(files[1:], max_momentum=m)
    cut = slices_of(files)[1]
    with refused(tmp_path, message.replace(str(files[1]), str(cut))):
        transform_file(cut, tmp_path / "out.h5", max_momentum=m)


def test_the_largest_momentum_of_the_lattice_is_allowed(tmp_path: Path, files: Files) -> None:
    project(files, max_momentum=2)
    found = read(tmp_path / "out.h5")
    assert found["momenta"].tolist() == [0, 1, 2, -2, -1]
    numbers = found[MEAN.replace("local", "momentum")]
    np.testing.assert_allclose(numbers[..., 2], numbers[..., 3], rtol=1e-9, atol=1e-15)


# -- what is no number ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_number_that_is_not_finite(tmp_path: Path, files: Files, value: float) -> None:
    cut = slices_of(files)
    with h5py.File(files[1], "r+") as file:
        file[A3][4, 3, 2, 1, 0] = value
        file[A3][4, 1, 1, 1] = value
    told = "numbers are NaN or infinite at index {} of its first axis; expected finite ones (--allow-nan records them instead)"
    with refused(tmp_path, f"{files[1]}: {A3}: 3 {told.format(4)}"):
        project(files)
    with refused(tmp_path, f"{files[1]}: {A3}: 3 {told.format(4)}"):
        project(files, keep_average=tmp_path / "kept.h5")
    with refused(tmp_path, f"{files[1]}: {A3}: 3 {told.format(4)}"):
        slice_file(files[1], tmp_path / "out.h5")
    slice_file(files[1], cut[1], overwrite=True, allow_nan=True)
    assert attributes(cut[1], A3)["not_finite"] == 3
    with refused(tmp_path, f"{cut[1]}: {A3}: 3 {told.format(2)}"):
        average_files(cut, tmp_path / "out.h5")
    with refused(tmp_path, f"{cut[1]}: {A3}: 3 {told.format(2)}"):
        transform_file(cut[1], tmp_path / "out.h5", max_momentum=1)


@pytest.mark.parametrize("values", [(np.nan,), (np.inf,), (np.inf, -np.inf)], ids=str)
def test_numbers_that_are_not_finite_are_recorded_where_that_is_allowed(
    tmp_path: Path, files: Files, values: tuple[float, ...]
) -> None:
    for path, source, value in zip(files, SOURCES, values, strict=False):
        overwrite(path, form_factor(source), value)
    project(files, allow_nan=True, keep_average=tmp_path / "kept.h5")
    momentum = MEAN.replace("local", "momentum")
    for path, name in ((tmp_path / "kept.h5", MEAN), (tmp_path / "out.h5", momentum)):
        found = read(path)
        for other, numbers in found.items():
            number = int(numbers.size - np.isfinite(numbers).sum())
            assert (number > 0) == (other == name)
            assert attributes(path, other).get("not_finite", 0) == number


def test_slices_that_are_not_needed_may_hold_anything(tmp_path: Path, files: Files) -> None:
    with h5py.File(files[1], "r+") as file:
        file[A3][6:] = np.nan  # t0 = 2, t separation 3
    slice_file(files[1], tmp_path / "out.h5")
    assert np.isfinite(read(tmp_path / "out.h5")[A3]).all()


def test_a_result_that_overflows(tmp_path: Path, files: Files) -> None:
    for path, source in zip(files, SOURCES, strict=True):
        overwrite(path, form_factor(source), 1e308)
    with refused(tmp_path, f"{files[1]}: {A3}: the result overflows (--allow-nan records it)"):
        project(files)


# -- damaged inputs ------------------------------------------------------------------------------------------------------


def test_a_truncated_input(tmp_path: Path, files: Files) -> None:
    os.truncate(files[1], files[1].stat().st_size - 1)
    with pytest.raises(InputRefused, match=f"^{files[1]}: truncated or damaged: .*truncated"):
        project(files)
    assert not (tmp_path / "out.h5").exists()


def test_an_input_that_is_no_hdf5_file_or_not_there(tmp_path: Path, files: Files) -> None:
    other = tmp_path / "notes.txt"
    other.write_text("hello")
    with refused(tmp_path, f"{other}: not an HDF5 file"):
        project([*files, other])
    missing = tmp_path / "missing.h5"
    with refused(tmp_path, f"{missing}: cannot be read: No such file or directory"):
        project([*files, missing])
    with refused(tmp_path, f"{tmp_path}: a folder"):
        project([*files, tmp_path])


def test_an_input_in_which_a_dataset_was_made_and_never_written(tmp_path: Path, files: Files) -> None:
    with h5py.File(files[1], "r+") as file:
        del file[A3]
        file.create_dataset(A3, (T, L, L, L, 2), "f8")
    with refused(tmp_path, f"{files[1]}: {A3}: never written: whoever wrote the file was stopped"):
        project(files)


# -- inputs that change --------------------------------------------------------------------------------------------------


def planned(files: Files, **changes: int) -> Task:
    inputs = []
    for path in files:
        found = {"size": path.stat().st_size, "mtime": path.stat().st_mtime_ns}
        inputs.append(Input(str(path), **found))
    inputs[1] = Input(inputs[1].path, **{"size": inputs[1].size, "mtime": inputs[1].mtime} | changes)
    steps = Recipe(tslice=Slice(), average=Average(), fft=Fourier(max_momentum=1))
    return Task("", str(files[0].parent / "out.h5"), steps, (Row(tuple(inputs)),))


def test_an_input_that_is_not_as_it_was_when_the_work_was_planned(tmp_path: Path, files: Files) -> None:
    size = files[1].stat().st_size
    message = f"{files[1]}: changed since this was planned: {size} bytes, expected 5; index again"
    with refused(tmp_path, message):
        make(planned(files, size=5), Path(), stop=lambda: pytest.fail("nothing is read of what has changed"))
    with refused(tmp_path, f"{files[1]}: changed since this was planned: it has another time; index again"):
        make(planned(files, mtime=1), Path())
    task = planned(files)
    files[1].unlink()
    with refused(tmp_path, f"{files[1]}: cannot be read: No such file or directory"):
        make(task, Path())


def test_an_input_that_changes_while_it_is_read(tmp_path: Path, files: Files) -> None:
    asked = []

    def change() -> bool:
        asked.append(True)
        if len(asked) == 4:
            with files[1].open("r+b") as stream:
                stream.seek(-8, os.SEEK_END)
                stream.write(b"another!")
        return False

    with pytest.raises(InputRefused) as found:
        make(planned(files), Path(), stop=change)
    assert str(found.value) == f"{files[1]}: changed since this was planned: it has another time; index again"
    assert len(asked) == 8
    assert sorted(tmp_path.iterdir()) == sorted(files)


def test_an_input_that_is_replaced_while_it_is_read(tmp_path: Path, files: Files) -> None:
    def put_another() -> bool:
        (tmp_path / "new").write_bytes(b"shorter")
        (tmp_path / "new").replace(files[1])
        return False

    with pytest.raises(InputRefused, match=f"^{files[1]}: changed since this was planned: 7 bytes, expected "):
        make(planned(files), Path(), stop=put_another)
    assert sorted(tmp_path.iterdir()) == sorted(files)


def test_work_that_is_stopped(tmp_path: Path, files: Files) -> None:
    answers = iter([False, False, True])
    message = f"{tmp_path / 'out.h5'}: stopped before it was finished; nothing is left of it"
    with refused(tmp_path, message, Stopped):
        make(planned(files), Path(), keep_average=tmp_path / "kept.h5", stop=lambda: next(answers))


# -- outputs -------------------------------------------------------------------------------------------------------------


def test_an_output_that_is_there(tmp_path: Path, files: Files) -> None:
    output = tmp_path / "out.h5"
    for there in (b"", b"somebody's"):
        output.write_bytes(there)
        with refused(tmp_path, f"{output}: exists; name another output, or say --overwrite", OutputRefused):
            project(files)
    project(files, overwrite=True)
    with refused(tmp_path, f"{output}: exists; name another output, or say --overwrite", OutputRefused):
        project(files)
    kept = tmp_path / "kept.h5"
    kept.touch()
    with refused(tmp_path, f"{kept}: exists; name another output, or say --overwrite", OutputRefused):
        project_files(files, tmp_path / "new.h5", max_momentum=1, keep_average=kept)


def test_an_output_is_replaced_if_that_is_said_and_only_by_a_whole_one(tmp_path: Path, files: Files) -> None:
    project(files, max_momentum=0)
    project(files, max_momentum=2, overwrite=True)
    assert read(tmp_path / "out.h5")["momenta"].tolist() == [0, 1, 2, -2, -1]
    with refused(tmp_path, f"{tmp_path / 'no.h5'}: cannot be read: No such file or directory"):
        project([*files, tmp_path / "no.h5"], overwrite=True)
    drop(files[2], form_factor(SOURCES[2]))
    with refused(tmp_path, f"{files[2]}: {MEAN}: missing (one of 1); {files[0]} has it"):
        project(files, overwrite=True)


def test_a_file_of_a_campaign_s_name_that_is_not_ours(tmp_path: Path, files: Files) -> None:
    task = planned(files)
    output = tmp_path / "out.h5"
    shutil.copy(files[0], output)
    message = f"{output}: exists and is not ours: it has no mark of latteboard; move it away"
    with refused(tmp_path, message, OutputRefused):
        make(task, Path())
    output.unlink()
    output.symlink_to("nowhere")
    with refused(tmp_path, message, OutputRefused):
        make(task, Path())


def test_an_output_of_ours_is_made_once(tmp_path: Path, files: Files) -> None:
    task = planned(files)
    assert make(task, Path()) is not None
    before = state(tmp_path)
    assert make(task, Path()) is None
    assert state(tmp_path) == before
    os.utime(files[0], ns=(5, 5))
    message = f"{tmp_path / 'out.h5'}: exists, made of {files[0]} as it was before it changed; say --overwrite, or move it away"
    with refused(tmp_path, message, OutputRefused):
        make(planned(files), Path())
    assert make(planned(files), Path(), overwrite=True) is not None
    mark = read_mark(tmp_path / "out.h5")
    assert mark is not None
    assert mark.inputs[0].mtime == 5


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("how", [lambda path, _: path, os.link, os.symlink], ids=["itself", "link", "symbolic link"])
def test_an_output_that_is_an_input(tmp_path: Path, files: Files, how: Any, *, overwrite: bool) -> None:
    output = tmp_path / "other name.h5"
    output = how(files[1], output) or output
    message = f"{output}: is an input too; name another output"
    for step in (
        lambda: slice_file(files[1], output, overwrite=overwrite),
        lambda: average_files(files, output, overwrite=overwrite),
        lambda: transform_file(files[1], output, max_momentum=0, overwrite=overwrite),
        lambda: project_files(files, output, max_momentum=0, overwrite=overwrite),
        lambda: project(files, keep_average=output, overwrite=overwrite),
        lambda: concatenate_files(files, output, configurations=[1, 2, 3], overwrite=overwrite),
        lambda: concatenate_files(files, output, configurations=[1, 2, 3], append=True),
    ):
        with refused(tmp_path, message, OutputRefused):
            step()


def test_an_average_of_the_same_name_as_the_output(tmp_path: Path, files: Files) -> None:
    (tmp_path / "sub").mkdir()
    for kept in (tmp_path / "out.h5", tmp_path / "sub" / ".." / "out.h5"):
        message = f"{tmp_path / 'out.h5'}: is named twice; expected another file for the average"
        with refused(tmp_path, message, OutputRefused):
            project(files, keep_average=kept)


def test_an_output_that_is_a_folder(tmp_path: Path, files: Files) -> None:
    (tmp_path / "out.h5").mkdir()
    with refused(tmp_path, f"{tmp_path / 'out.h5'}: exists; name another output, or say --overwrite", OutputRefused):
        project(files)
    message = f"{tmp_path / 'out.h5'}: cannot be written: Is a directory; nothing is left of it"
    with refused(tmp_path, message, OutputRefused):
        project(files, overwrite=True)


def test_an_output_in_a_folder_that_cannot_be_written(tmp_path: Path, files: Files) -> None:
    folder = tmp_path / "closed"
    folder.mkdir()
    message = f"{folder / 'out.h5'}: cannot be written: Permission denied; nothing is left of it"
    with closed(folder, 0o555), refused(tmp_path, message, OutputRefused):
        project_files(files, folder / "out.h5", max_momentum=1)
    below = files[0] / "out.h5"
    with refused(tmp_path, f"{below}: cannot be written: Not a directory", OutputRefused):
        project_files(files, below, max_momentum=1)


# -- no room -------------------------------------------------------------------------------------------------------------


def larger_files(tmp_path: Path) -> Files:
    """Two 4D spectra of which the averages take 2 x 1.3 MB."""
    files = []
    for source in SOURCES[:2]:
        held = {name: np.ones((T, 26, 26, 26), complex) for name in spectra(source)}
        files.append(write_4d(tmp_path / f"{source}.h5", held))
    return files


def command(*words: object, **options: Any) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "latteboard", *map(str, words)]
    return subprocess.run(line, cwd=HOUSE, text=True, capture_output=True, check=False, **options)


@pytest.mark.parametrize("size", [1000, 400_000, 2_500_000])
def test_an_output_larger_than_is_allowed(tmp_path: Path, size: int) -> None:
    files = larger_files(tmp_path)
    before = state(tmp_path)
    found = command(
        *("project", *files, "-o", tmp_path / "out.h5", "--max-momentum", 13),
        *("--keep-average", tmp_path / "kept.h5"),
        preexec_fn=full_disk(size),
    )
    assert (found.returncode, found.stdout) == (1, "")
    assert re.fullmatch(
        rf"latteboard: {tmp_path}/(out|kept)\.h5: cannot be written: {os.strerror(EFBIG)}; nothing is left of it\n",
        found.stderr,
    )
    assert state(tmp_path) == before


def test_no_room_for_what_is_copied_whole_is_no_fault_of_the_input(tmp_path: Path, files: Files) -> None:
    with h5py.File(files[0], "r+") as file:
        file["large"] = np.ones(100_000)
    before = state(tmp_path)
    found = command(
        *("tslice", files[0], tmp_path / "out.h5"),
        preexec_fn=full_disk(400_000),
    )
    message = f"{tmp_path / 'out.h5'}: cannot be written: {os.strerror(EFBIG)}; nothing is left of it"
    assert (found.returncode, found.stderr) == (1, f"latteboard: {message}\n")
    assert state(tmp_path) == before


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "none", folder]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("nobody may mount a small file system here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


def test_a_full_disk(tmp_path: Path, small_disk: Path) -> None:
    files = larger_files(tmp_path)
    before = state(tmp_path)
    output = small_disk / "out.h5"
    found = command("project", *files, "-o", output, "--max-momentum", 13)
    assert (found.returncode, found.stdout) == (1, "")
    told = os.strerror(ENOSPC).lower()
    assert found.stderr == f"latteboard: {output}: cannot be written: {told}; nothing is left of it\n"
    assert state(tmp_path) == before
    found = command("tslice", files[0], output)
    assert (found.returncode, state(tmp_path) == before) == (1, True)
    found = command("project", *files, "-o", output, "--max-momentum", 1)
    assert (found.returncode, found.stderr) == (0, "")


# -- on the command line -------------------------------------------------------------------------------------------------


def test_on_the_command_line_a_refusal_is_one_line_and_exit_1(
    tmp_path: Path, files: Files, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def says(message: str, *words: object) -> None:
        before = state(tmp_path)
        assert run(capfd, monkeypatch, *words) == (1, "", f"latteboard: {message}\n")
        assert state(tmp_path) == before

    output = tmp_path / "out.h5"
    first, name = files[0], form_factor(SOURCES[0])
    says(f"{first}: is an input too; name another output", "tslice", first, first, "--overwrite")
    says(
        f"{first}: {name}: a form factor has the separation of its name; a fraction is for spectra",
        *("tslice", first, output, "--fraction", 0.5),
    )
    says(
        f"{first}: {name}: is not sliced and shifted to its source yet, so its mean has no meaning; slice it first",
        *("average", *files, "--output", output),
    )
    says(
        f"{first}: {name}: the lattice has 4 sites, so momenta beyond 2 repeat others; expected max_momentum <= 2, found 3",
        *("project", *files, "--output", output, "--max-momentum", 3),
    )
    says(
        f"{tmp_path / 'none.h5'}: cannot be read: No such file or directory",
        *("fft", tmp_path / "none.h5", output, "--max-momentum", 1),
    )
    overwrite(files[2], form_factor(SOURCES[2]), np.nan)
    says(
        f"{files[2]}: {form_factor(SOURCES[2])}: 128 numbers are NaN or infinite at index 0 of its first axis; "
        "expected finite ones (--allow-nan records them instead)",
        *("project", *files, "--output", output, "--max-momentum", 1),
    )
    output.write_text("somebody's")
    says(f"{output}: exists; name another output, or say --overwrite", "tslice", first, output)
    os.truncate(files[2], 5000)
    code, out, err = run(capfd, monkeypatch, "tslice", files[2], tmp_path / "new.h5")
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert err.startswith(f"latteboard: {files[2]}: truncated or damaged: ")
