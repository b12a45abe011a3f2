"""Files named one by one: of which configuration they are, and which may be averaged with each other."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from correlators import SOURCES, L, T, form_factor, form_factors, pairs, read, sliced, spectra, spectrum, write_4d

from latteboard.errors import InputRefused, OutputRefused
from latteboard.files.hdf5 import RecordedInput, stamp, write_mark
from latteboard.names.templates import Source
from reducer.commands import average_files, concatenate_files, project_files, slice_file, transform_file
from reducer.named_files import check_same_configuration, keys_of

MEAN = "ff/proton_UU_up_up_tsep_3_sink_mom_px0_py0_pz0/A3/src_avg/4D_correlator/local_current"


def touch(folder: Path, *names: str) -> list[Path]:
    """HDF5 files without a word of their configuration."""
    paths = [folder / name for name in names]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        with h5py.File(path, "w") as file:
            file["d"] = 1.0
    return paths


# -- configurations by name ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["m_10.h5", "m_20.h5"], [10, 20]),
        (["a09/10.h5", "a09/20.h5"], [10, 20]),
        (["c_9.h5", "c_10.h5", "c_100.h5"], [9, 10, 100]),
        (["mu1e-3_10.h5", "mu1e-3_20.h5"], [10, 20]),
        (["cfg300/ff_300.h5", "cfg306/ff_306.h5"], [300, 306]),
        (["a_c300_x0y0z0t0.h5", "a_c306_x0y0z0t0.h5"], [300, 306]),
        (["traj12.h5", "traj14.h5"], [12, 14]),
        (["c_1.10.h5", "c_1.20.h5"], [10, 20]),
    ],
)
def test_the_one_number_in_which_names_differ_is_the_configuration(
    tmp_path: Path, names: list[str], expected: list[int]
) -> None:
    assert keys_of(touch(tmp_path, *names)) == [("", number) for number in expected]


@pytest.mark.parametrize(
    "names",
    [
        ["corr_a_300_x0y0z0t0.h5", "corr_a_300_x0y0z0t12.h5"],
        ["corr_a_300_x0_y0_z0_t0.h5", "corr_a_300_x0_y1_z0_t0.h5"],
        ["corr_r0_300.h5", "corr_r1_300.h5"],
        ["stream_0.h5", "stream_1.h5"],
        ["src0.h5", "src1.h5"],
        ["ff_t0_3.h5", "ff_t0_5.h5"],
        ["ff_dt3.h5", "ff_dt5.h5"],
        ["run1/c10.h5", "run2/c20.h5"],
        ["c_010.h5", "c_10.h5"],
        ["c_10.h5", "c_20.hdf5"],
        ["a.h5", "b.h5"],
        ["c_10.h5"],
    ],
)
def test_what_may_be_a_source_or_a_stream_is_never_taken_for_a_configuration(tmp_path: Path, names: list[str]) -> None:
    with pytest.raises(
        InputRefused, match=r"of which configuration it is cannot be told.*state it with --configurations"
    ):
        keys_of(touch(tmp_path, *names))


# -- means over one configuration ----------------------------------------------------------------------------------------


def marked(path: Path, configuration: int, stream: str | None = None) -> Path:
    with h5py.File(path, "r+") as file:
        made = write_mark(
            file,
            path=path.name,
            inputs=[RecordedInput("x", 1, 1)],
            recipe={"configuration": configuration, "stream": stream},
        )
    stamp(path, made)
    return path


def test_names_that_differ_in_a_number_other_than_a_source_are_of_several_configurations(tmp_path: Path) -> None:
    for alike in (
        ["ff_a_300_x0y0z0t0.h5", "ff_a_300_x1y1z1t2.h5"],
        ["ff_a_300_x0_y0_z0_t0.h5", "ff_a_300_x1_y1_z1_t12.h5"],
        ["a.h5", "b.h5"],
        ["ff_t0_3.h5", "ff_t0_5.h5"],
    ):
        check_same_configuration(touch(tmp_path, *alike))
    for names, numbers in (
        (["ff_a_300_x0y0z0t0.h5", "ff_a_306_x1y1z1t2.h5"], "306, .* 300"),
        (["300/ff_x0y0z0t0.h5", "306/ff_x0y0z0t0.h5"], "306, .* 300"),
        (["r0/ff.h5", "r1/ff.h5"], "1, .* 0"),
    ):
        given = touch(tmp_path, *names)
        with pytest.raises(
            InputRefused,
            match=f"its name has the number {numbers}; expected files of one configuration: say --same",
        ):
            check_same_configuration(given)


def test_records_of_several_configurations_or_streams_are_told_apart(tmp_path: Path) -> None:
    one, other, third = touch(tmp_path, "a.h5", "b.h5", "c.h5")
    marked(one, 300, "a")
    check_same_configuration([one, other])
    for path, *key in ((other, 306, "a"), (third, 300, "b")):
        marked(path, *key)
        with pytest.raises(InputRefused, match=r"is of configuration . 30., .*a\.h5 of a 300; expected files of one"):
            check_same_configuration([one, path])


def of_two(folder: Path) -> list[Path]:
    return [
        write_4d(folder / f"ff_{number}_{source}.h5", form_factors(source))
        for number, source in zip((300, 306), SOURCES, strict=False)
    ]


def test_the_steps_refuse_a_mean_over_configurations_unless_it_is_said_to_be_none(tmp_path: Path) -> None:
    raw = of_two(tmp_path)
    cut = [path.with_name(f"cut_{path.name}") for path in raw]
    for path, slices in zip(raw, cut, strict=True):
        slice_file(path, slices)
    steps: tuple[Callable[..., object], ...] = (
        lambda **how: average_files(cut, tmp_path / "average.h5", **how),
        lambda **how: project_files(raw, tmp_path / "project.h5", max_momentum=1, **how),
    )
    for step in steps:
        with pytest.raises(InputRefused, match="its name has the number 306"):
            step()
        step(same_configuration=True)
    transform_file(tmp_path / "average.h5", tmp_path / "ft.h5", max_momentum=1)
    found, expected = (read(tmp_path / name) for name in ("project.h5", "ft.h5"))
    assert all(np.array_equal(found[name], expected[name]) for name in expected)


# -- means of means ------------------------------------------------------------------------------------------------------


def mean_of(folder: Path, name: str, sources: list[Source]) -> Path:
    raw = [write_4d(folder / f"ff_{source}.h5", form_factors(source)) for source in sources]
    cut = [path.with_name(f"sl_{path.name}") for path in raw]
    for path, slices in zip(raw, cut, strict=True):
        slice_file(path, slices, overwrite=True)
    average_files(cut, folder / name, overwrite=True)
    return folder / name


FOUR = [*SOURCES, Source(2, 2, 2, 4)]


def by_hand(sources: list[Source]) -> Any:
    """The mean over sources, as plain loops over sites give the slices."""
    slices = [sliced(form_factors(source)[form_factor(source)], source, 3, sign=False) for source in sources]
    return pairs(np.mean(slices, axis=0))


def test_means_count_by_the_number_of_their_sources(tmp_path: Path) -> None:
    three, one = mean_of(tmp_path, "three.h5", FOUR[:3]), mean_of(tmp_path, "one.h5", FOUR[3:])
    average_files([three, one], tmp_path / "four.h5")
    np.testing.assert_allclose(read(tmp_path / "four.h5")[MEAN], by_hand(FOUR), rtol=1e-14, atol=1e-14)
    with h5py.File(tmp_path / "four.h5") as file:
        assert len(file[MEAN].attrs["meta"].splitlines()) == 4
    # And again: a mean of means of means, with a source that is not averaged yet.
    average_files([mean_of(tmp_path, "two.h5", FOUR[:2]), tmp_path / f"sl_ff_{FOUR[2]}.h5"], tmp_path / "mixed.h5")
    average_files([tmp_path / "mixed.h5", one], tmp_path / "again.h5")
    np.testing.assert_allclose(read(tmp_path / "again.h5")[MEAN], by_hand(FOUR), rtol=1e-14, atol=1e-14)


def test_means_that_share_a_source_are_refused(tmp_path: Path) -> None:
    first, second = mean_of(tmp_path, "first.h5", FOUR[:2]), mean_of(tmp_path, "second.h5", FOUR[1:3])
    with pytest.raises(InputRefused, match=rf"source {FOUR[1]} is in .*first\.h5 too; expected it once"):
        average_files([first, second], tmp_path / "out.h5")
    with pytest.raises(InputRefused, match=rf"source {FOUR[0]} is in .* too; expected it once"):
        average_files([first, tmp_path / f"sl_ff_{FOUR[0]}.h5"], tmp_path / "out.h5")


def test_a_mean_that_does_not_say_its_sources_is_not_averaged_again(tmp_path: Path) -> None:
    first, second = mean_of(tmp_path, "first.h5", FOUR[:1]), mean_of(tmp_path, "second.h5", FOUR[1:2])
    with h5py.File(second, "r+") as file:
        for name in read(second):
            del file[name].attrs["meta"]
    with pytest.raises(InputRefused, match="does not say over which sources it is a mean"):
        average_files([first, second], tmp_path / "out.h5")


def test_means_of_spectra_count_by_their_sources_too(tmp_path: Path) -> None:
    def mean(name: str, sources: list[Source]) -> Path:
        for source in sources:
            slice_file(
                write_4d(tmp_path / f"sp_{source}.h5", spectra(source)), tmp_path / f"cut_{source}.h5", overwrite=True
            )
        average_files([tmp_path / f"cut_{source}.h5" for source in sources], tmp_path / name)
        return tmp_path / name

    average_files([mean("three.h5", FOUR[:3]), mean("one.h5", FOUR[3:])], tmp_path / "out.h5")
    mean("whole.h5", FOUR)
    name = "spec/proton/spin_avg/4D_correlator/src_avg"
    np.testing.assert_allclose(
        read(tmp_path / "out.h5")[name], read(tmp_path / "whole.h5")[name], rtol=1e-14, atol=1e-14
    )


# -- what is not understood ----------------------------------------------------------------------------------------------


def with_also(folder: Path, also: Mapping[str, Any], source: Source = SOURCES[0]) -> Path:
    path = write_4d(folder / f"ff_{source}.h5", form_factors(source))
    with h5py.File(path, "r+") as file:
        for name, value in also.items():
            file[name] = value
    return path


@pytest.mark.parametrize(
    ("name", "shape", "looks"),
    [
        ("ff/proton/A3/1_2_3_6/4D_correlator/local_current", (T, L, L, L, 2), "ends in the axes of the lattice"),
        ("spec/proton/spin_up/x1_y2_z3_t6", (T, L, L, L, 2), "ends in the axes of the lattice"),
        ("wall", (L, L, L), "ends in the axes of the lattice"),
        ("two_pt", (T, 2), "has an axis as long as the lattice in time"),
        ("many", (3, T), "has an axis as long as the lattice in time"),
    ],
)
def test_correlators_of_another_grammar_are_refused_and_can_be_left_out(
    tmp_path: Path, name: str, shape: tuple[int, ...], looks: str
) -> None:
    path = with_also(tmp_path, {name: np.ones(shape)})
    message = f"{name}: has shape .*, which {looks}, and its path is none of a 4D correlator that is understood"
    steps: tuple[Callable[..., object], ...] = (
        lambda **how: slice_file(path, tmp_path / "out.h5", **how),
        lambda **how: project_files([path], tmp_path / "out.h5", max_momentum=1, **how),
    )
    for step in steps:
        with pytest.raises(InputRefused, match=message):
            step()
        step(without=[name], overwrite=True)
        assert name not in read(tmp_path / "out.h5")
        (tmp_path / "out.h5").unlink()


def test_what_is_left_out_is_recorded_and_a_pattern_without_effect_is_refused(tmp_path: Path) -> None:
    path = with_also(tmp_path, {"notes/a": 1.0, "notes/b": 2.0})
    with pytest.raises(InputRefused, match=r"no dataset matches --without note/\*"):
        slice_file(path, tmp_path / "out.h5", without=["note/*"])
    slice_file(path, tmp_path / "out.h5", without=["notes/*"])
    with h5py.File(tmp_path / "out.h5") as file:
        assert "notes" not in file
        assert '"without": ["notes/*"]' in file.attrs["latteboard_recipe"]


def test_a_dataset_that_only_some_inputs_have_is_not_carried_along(tmp_path: Path) -> None:
    one, other = with_also(tmp_path, {"notes": 1.0}), with_also(tmp_path, {}, SOURCES[1])
    with pytest.raises(InputRefused, match=r"notes: missing \(one of 1\); .* has it; --without leaves it out"):
        project_files([one, other], tmp_path / "out.h5", max_momentum=1)
    project_files([one, other], tmp_path / "out.h5", max_momentum=1, without=["notes"])


@pytest.mark.parametrize("axes", [(L, L, L, T), (L, T, L, L), (L, L, T, L)])
def test_axes_in_another_order_are_refused(tmp_path: Path, axes: tuple[int, ...]) -> None:
    name = form_factor(Source(0, 0, 0, 0), separation=2)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file[name] = np.ones((*axes, 2))
        file[name].attrs["is_shifted"] = np.int32(0)
    with pytest.raises(InputRefused, match=r"expected the axes T, Z, Y, X"):
        slice_file(tmp_path / "a.h5", tmp_path / "out.h5")


# -- particles -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("option", "beyond"), [("baryon", -1), ("meson", 1)])
def test_the_sign_of_a_particle_of_an_unknown_name_is_that_of_its_sort(
    tmp_path: Path, option: str, beyond: int
) -> None:
    name = spectrum(SOURCES[0], particle="omega")
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file[name] = np.ones((T, L, L, L, 2))
        file[name].attrs["is_shifted"] = np.int32(0)
    slice_file(tmp_path / "a.h5", tmp_path / "out.h5", **{option: ["Omega"]})
    assert read(tmp_path / "out.h5")[name][:, 0, 0, 0, 0].tolist() == [1, 1, beyond, beyond, beyond]
    with pytest.raises(InputRefused, match="omega is named as a baryon and as a meson"):
        slice_file(tmp_path / "a.h5", tmp_path / "b.h5", baryon=["omega"], meson=["Omega"])


# -- appending -----------------------------------------------------------------------------------------------------------


def members(folder: Path, *numbers: int) -> list[Path]:
    paths = touch(folder, *(f"m_{number}.h5" for number in numbers))
    for path, number in zip(paths, numbers, strict=True):
        with h5py.File(path, "r+") as file:
            file["d"][...] = number
    return paths


def holds(path: Path, *numbers: int) -> None:
    with h5py.File(path) as file:
        assert file["configurations"][()].tolist() == list(numbers)
        assert file["d"][()].tolist() == list(numbers)


def test_only_the_new_file_need_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    paths = members(tmp_path, 10, 20, 30, 5)
    concatenate_files(paths[:2], tmp_path / "out.h5", append=True)
    concatenate_files(paths[2:3], tmp_path / "out.h5", append=True)
    holds(tmp_path / "out.h5", 10, 20, 30)
    concatenate_files([Path("m_5.h5"), Path("./m_10.h5")], Path("out.h5"), append=True)
    holds(tmp_path / "out.h5", 5, 10, 20, 30)


def test_a_folder_that_was_moved_is_continued(tmp_path: Path) -> None:
    concatenate_files(members(tmp_path / "old", 10, 20), tmp_path / "old/out.h5", append=True)
    (tmp_path / "old").rename(tmp_path / "new")
    members(tmp_path / "new", 30)
    concatenate_files(
        [tmp_path / f"new/m_{number}.h5" for number in (10, 20, 30)], tmp_path / "new/out.h5", append=True
    )
    holds(tmp_path / "new/out.h5", 10, 20, 30)


def test_a_link_to_a_file_is_that_file(tmp_path: Path) -> None:
    paths = members(tmp_path, 10, 20)
    (tmp_path / "link_20.h5").symlink_to("m_20.h5")
    concatenate_files([paths[0], tmp_path / "link_20.h5"], tmp_path / "out.h5", append=True, configurations=[10, 20])
    before = (tmp_path / "out.h5").read_bytes()
    concatenate_files(paths, tmp_path / "out.h5", append=True)
    assert (tmp_path / "out.h5").read_bytes() == before


def test_a_file_is_not_taken_as_two_configurations(tmp_path: Path) -> None:
    paths = members(tmp_path, 10, 20)
    concatenate_files(paths, tmp_path / "out.h5", append=True)
    with pytest.raises(OutputRefused, match=r"holds .*m_20\.h5 as configuration 20; expected the same now, found 21"):
        concatenate_files(paths[1:], tmp_path / "out.h5", append=True, configurations=[21])
    with pytest.raises(InputRefused, match="configuration 20 is there 2 times; expected it once"):
        concatenate_files([*paths, paths[1]], tmp_path / "out.h5", append=True)
    holds(tmp_path / "out.h5", 10, 20)


def test_what_was_joined_along_an_axis_is_continued_however_it_was_made(tmp_path: Path) -> None:
    for number in (1, 2, 3):
        with h5py.File(tmp_path / f"a_{number}.h5", "w") as file:
            file["x"] = np.full((number, 2), number)
    given = [tmp_path / f"a_{number}.h5" for number in (1, 2, 3)]
    concatenate_files(given[:2], tmp_path / "out.h5", along=0)
    concatenate_files(given, tmp_path / "out.h5", along=0, append=True)
    with h5py.File(tmp_path / "out.h5") as file:
        assert file["x"][:, 0].tolist() == [1, 2, 2, 3, 3, 3]
        assert file["configurations"][()].tolist() == [1, 2, 3]
