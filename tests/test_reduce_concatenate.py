"""Files of several configurations made one: the numbers bit for bit, what stands for each, and what is refused."""

import shutil
import tracemalloc
from collections.abc import Mapping
from itertools import permutations
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from members import (
    A3,
    A3_MOMENTUM,
    APPEND,
    JOIN,
    META,
    SOURCES,
    V4,
    VIRTUAL,
    Arrays,
    T,
    average,
    averages,
    configurations,
    few_open_files,
    join,
    joining,
    metas,
    numbers,
    read,
    write,
)

from latteboard.errors import InputRefused
from latteboard.files.hdf5 import problem_of, read_mark
from latteboard.recipe import Recipe
from reducer.arrays.joining import Along
from reducer.arrays.joining import join as join_arrays
from reducer.making.make import make
from reducer.tasks.task import Task

OUTPUT = "joined.h5"


def along(axis: Along, **options: Any) -> list[Any]:
    return [{"concatenate": {"along": axis, **options}}]


def equals(found: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    """The same names, types, shapes and bits."""
    assert found.keys() == expected.keys()
    for name, array in expected.items():
        assert (found[name].dtype, found[name].shape) == (np.asarray(array).dtype, np.asarray(array).shape)
        np.testing.assert_array_equal(found[name], array)


def joined(members: Mapping[int, Arrays], axis: Along = "new") -> Arrays:
    """What joining them in memory gives, sorted by configuration."""
    ordered = [members[number] for number in sorted(members)]
    return {name: join_arrays([one[name] for one in ordered], along=axis) for name in ordered[0]}


def refuses(message: str, root: Path, members: Mapping[Any, Any], steps: Any = JOIN, **what: Any) -> None:
    """Refused in one line; what was there is there still, and nothing else."""
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    with pytest.raises(InputRefused, match=message) as refused:
        join(root, members, steps, **what)
    assert "\n" not in str(refused.value)
    assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file()} == before


# -- numbers ---------------------------------------------------------------------------------------------------------


def test_each_configuration_is_a_row_of_a_new_first_axis(tmp_path: Path) -> None:
    join(tmp_path, dict(zip((10, 20, 30), averages(tmp_path, 10, 20, 30), strict=True)))
    found = read(tmp_path / OUTPUT)
    assert found.keys() == {A3, V4}
    assert found[A3].shape == (3, T, 4, 4, 4, 2)
    for row, configuration in enumerate((10, 20, 30)):
        np.testing.assert_array_equal(found[A3][row], numbers(configuration, A3))
        np.testing.assert_array_equal(found[V4][row], numbers(configuration, V4))
    assert problem_of(tmp_path / OUTPUT, [A3, V4]) is None


# What a member may hold beside correlators, of every type that is common in such files.
OTHERS: dict[str, Any] = {
    "single": np.arange(6, dtype="f4").reshape(2, 3),
    "foreign": np.arange(3, dtype=">f8"),
    "momentum": np.arange(8).reshape(2, 4) * (1 + 2j),
    "whole": np.arange(5),
    "byte": np.array([[1], [2]], dtype="u1"),
    "truth": np.array([True, False]),
    "nothing": np.zeros((0, 3)),
    "hollow": np.zeros((2, 0)),
    "scalar": np.float64(0.5),
    "number": np.int32(7),
    "fixed": np.bytes_(b"abc"),
    "words": np.array(["a", "bcd"], dtype=object),
    "word": "free",
}


def with_others(folder: Path, configuration: int) -> tuple[Path, Arrays]:
    """An average and other datasets; numbers and text are unlike those of other configurations."""
    content: dict[str, Any] = {A3: numbers(configuration)}
    for name, value in OTHERS.items():
        array = np.asarray(value)
        if array.dtype.kind in "OU":
            content[name] = np.array([f"{text} {configuration}" for text in array.ravel()], object).reshape(array.shape)
        else:
            content[name] = array if array.dtype.kind in "Sb" else array + array.dtype.type(configuration % 100)
    stored = {
        name: array.astype(h5py.string_dtype()) if array.dtype.kind == "O" else array for name, array in content.items()
    }
    path = folder / f"avg_{configuration}.h5"
    with h5py.File(path, "w") as file:
        for name, array in stored.items():
            dtype = h5py.string_dtype() if content[name].dtype.kind == "O" else OTHERS.get(name, array).dtype
            file.create_dataset(name, data=array, dtype=dtype)
    return path, {name: array.astype(array.dtype.newbyteorder("=")) for name, array in content.items()}


@pytest.mark.parametrize("steps", [JOIN, APPEND, VIRTUAL], ids=["copied", "growing", "linked"])
def test_datasets_of_every_type_are_joined_bit_for_bit(tmp_path: Path, steps: Any) -> None:
    made = {number: with_others(tmp_path, number) for number in (5, 300, 41)}
    join(tmp_path, {number: path for number, (path, _) in made.items()}, steps)
    expected = joined({number: content for number, (_, content) in made.items()})
    found = read(tmp_path / OUTPUT)
    equals({name: array.astype(array.dtype.newbyteorder("=")) for name, array in found.items()}, expected)


@pytest.mark.parametrize("order", list(permutations((5, 300, 41))))
@pytest.mark.parametrize("steps", [JOIN, APPEND])
def test_rows_are_added_one_file_at_a_time_in_any_order(tmp_path: Path, order: tuple[int, ...], steps: Any) -> None:
    made = {number: with_others(tmp_path, number) for number in order}
    for number in range(1, 4) if steps == APPEND else [3]:
        join(tmp_path, {one: made[one][0] for one in order[:number]}, steps)
        equals(read(tmp_path / OUTPUT), joined({one: made[one][1] for one in order[:number]}))


@pytest.mark.parametrize("axis", [0, 1, 2, 3])
@pytest.mark.parametrize("more", [{}, {"append": True}, {"virtual": True}], ids=["copied", "growing", "linked"])
def test_along_an_axis_that_is_there_files_may_differ_in_length(
    tmp_path: Path, axis: int, more: dict[str, bool]
) -> None:
    shapes = {
        number: tuple(length + (n == axis) * number for n, length in enumerate((3, 4, 4, 4, 2))) for number in (1, 3)
    }
    content = {
        number: {A3: np.arange(np.prod(shape), dtype=float).reshape(shape) + 1000 * number, "x": np.ones(shape[:4])}
        for number, shape in shapes.items()
    }
    join(
        tmp_path,
        {number: write(tmp_path / f"{number}.h5", datasets) for number, datasets in content.items()},
        along(axis, **more),
    )
    equals(read(tmp_path / OUTPUT), joined(content, axis))
    assert configurations(tmp_path / OUTPUT) == [1, 3]


def test_files_larger_than_a_block_are_joined_part_by_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reducer.making.compute.SLAB_BYTES", 2 * 4**3 * 16)
    members = dict(zip((1, 2), averages(tmp_path, 1, 2), strict=True))
    for number, axis in enumerate(("new", 0, 1)):
        join(tmp_path, members, along(axis), path=f"{number}.h5")
        content = {one: {name: numbers(one, name) for name in (A3, V4)} for one in members}
        equals(read(tmp_path / f"{number}.h5"), joined(content, axis))


def test_the_averages_of_the_reference_are_joined_bit_for_bit(reference: Path, tmp_path: Path) -> None:
    (original,) = (reference / "formfac_4D_tslice_src_avg").iterdir()
    paths = {number: Path(shutil.copy(original, tmp_path / f"{number}.h5")) for number in (1, 2)}
    join(tmp_path, paths)
    expected = read(original)
    equals(read(tmp_path / OUTPUT), {name: np.stack([array, array]) for name, array in expected.items()})
    labels = read(tmp_path / OUTPUT, labels=True)
    assert labels["source_names"].tolist() == ["x0y1z2t2 x3y1z2t4"] * 2


def test_several_files_of_a_configuration_stand_side_by_side_in_one(tmp_path: Path) -> None:
    other = V4.replace("tsep_2", "tsep_3")
    members = {
        number: [average(tmp_path, number, A3, path="dt2_{}.h5"), average(tmp_path, number, other, path="dt3_{}.h5")]
        for number in (20, 10)
    }
    join(tmp_path, members)
    content = {number: {A3: numbers(number, A3), other: numbers(number, other)} for number in members}
    equals(read(tmp_path / OUTPUT), joined(content))
    assert read(tmp_path / OUTPUT, labels=True)["sources"].tolist() == [2, 2]


def test_what_two_files_of_a_configuration_both_hold_is_refused_unless_it_is_the_same_and_no_correlator(
    tmp_path: Path,
) -> None:
    one = write(tmp_path / "one.h5", {A3: numbers(1), "volume": 64})
    other = write(tmp_path / "other.h5", {V4: numbers(1), "volume": 64})
    join(tmp_path, {1: [one, other]})
    assert read(tmp_path / OUTPUT)["volume"].tolist() == [64]
    again = write(tmp_path / "again.h5", {A3: numbers(1)})
    refuses(f"again.h5: {A3}: is in .*one.h5 too; expected it once", tmp_path, {1: [one, again]}, path="no.h5")


# -- labels ----------------------------------------------------------------------------------------------------------


def test_what_stands_for_each_row_is_said_by_datasets_of_the_root(tmp_path: Path) -> None:
    one = META.partition("\n")[0]
    paths = {20: average(tmp_path, 20), 10: average(tmp_path, 10, meta=one), 30: average(tmp_path, 30, meta="")}
    join(tmp_path, paths)
    labels = read(tmp_path / OUTPUT, labels=True)
    assert {name: column.tolist() for name, column in labels.items()} == {
        "configurations": [10, 20, 30],
        "sources": [1, 2, 0],
        "source_names": [SOURCES[0], " ".join(SOURCES), ""],
    }
    assert {labels[name].dtype for name in ("configurations", "sources")} == {np.dtype("int64")}


def test_rows_are_sorted_by_stream_and_then_by_number(tmp_path: Path) -> None:
    keys = [("b", 5), ("a", 20), ("a", 3), ("b", 10)]
    paths = {(stream, number): average(tmp_path, number, path=stream + "_{}.h5") for stream, number in keys}
    join(tmp_path, paths)
    labels = read(tmp_path / OUTPUT, labels=True)
    assert labels["streams"].tolist() == ["a", "a", "b", "b"]
    assert labels["configurations"].tolist() == [3, 20, 5, 10]
    np.testing.assert_array_equal(read(tmp_path / OUTPUT)[A3], [numbers(number) for number in (3, 20, 5, 10)])


def test_what_all_configurations_say_alike_stays_said(tmp_path: Path) -> None:
    later = META.replace("t0==2&", "t0==1&").replace("x==0", "x==1")
    join(tmp_path, {1: average(tmp_path, 1), 2: average(tmp_path, 2, meta=later)})
    assert metas(tmp_path / OUTPUT) == {A3: "tsep==2&nt==8", V4: "tsep==2&nt==8"}


def test_what_one_configuration_says_otherwise_or_not_at_all_is_not_said(tmp_path: Path) -> None:
    transformed = META + "&max_momentum==1&n1d_prev==4"
    for number, (meta, expected) in enumerate(
        [
            (transformed, "tsep==2&nt==8&max_momentum==1&n1d_prev==4"),
            (META + "&max_momentum==1&n1d_prev==6", "tsep==2&nt==8&max_momentum==1"),
            (META, "tsep==2&nt==8"),
            (META.replace("nt==8", "nt==6"), "tsep==2"),
            ("", ""),
        ]
    ):
        members = {1: average(tmp_path, 1, meta=transformed), 2: average(tmp_path, 2, meta=meta)}
        for order, name in ((members, "one"), ({3 - key: path for key, path in members.items()}, "other")):
            join(tmp_path, order, path=f"{name}_{number}.h5")
            assert metas(tmp_path / f"{name}_{number}.h5")[A3] == expected


@pytest.mark.parametrize("steps", [JOIN, VIRTUAL])
def test_momentum_files_keep_their_momenta_and_name_their_axes(tmp_path: Path, steps: Any) -> None:
    paths = dict(zip((1, 2), averages(tmp_path, 1, 2), strict=True))
    for number, path in paths.items():
        task = joining(tmp_path, {number: path}, [{"fft": {"max_momentum": 1}}], path=f"mom_{number}.h5")
        assert make(task, tmp_path)
    join(tmp_path, {number: tmp_path / f"mom_{number}.h5" for number in paths}, steps)
    with h5py.File(tmp_path / OUTPUT) as file:
        assert file["momenta"][()].tolist() == [0, 1, -1]
        assert file["momenta"].attrs["units"] == "2 pi / 4"
        assert [axis.label for axis in file[A3_MOMENTUM].dims] == ["configuration", "time", "pz", "py", "px"]


def test_momenta_that_are_not_the_same_in_all_configurations_are_refused(tmp_path: Path) -> None:
    members = {
        number: write(tmp_path / f"{number}.h5", {A3_MOMENTUM: np.ones((3, 3, 3, 3)) + 1j, "momenta": momenta})
        for number, momenta in ((1, [0, 1, -1]), (2, [0, 1, 2, -2, -1]))
    }
    refuses("2.h5: momenta: is not the same in all inputs", tmp_path, members)


# -- several steps at once -------------------------------------------------------------------------------------------


HEAD = "ff/proton_UU_up_up_t0_{1}_tsep_2_sink_mom_px0_py0_pz0/A3/x{0}_y1_z2_t{1}/4D_correlator/local_current"
OF_SOURCES = [HEAD.format(0, 2), HEAD.format(3, 4)]
TRANSFORM = {"fft": {"max_momentum": 1}}


def given_to(step: Any, folder: Path, number: int) -> list[Path]:
    """What a chain that begins with this step is made of: whole correlators or slices of two sources, or their average."""
    if step == TRANSFORM:
        return [average(folder, number)]
    times, meta = (8, "") if step == "tslice" else (T, "t0==2&tsep==2&nt==8")
    return [
        write(folder / f"{n}_{number}.h5", {name: numbers(number, name, times=times)}, meta=meta)
        for n, name in enumerate(OF_SOURCES)
    ]


@pytest.mark.parametrize("chain", [[TRANSFORM], ["average", TRANSFORM], ["tslice", "average", TRANSFORM]], ids=len)
@pytest.mark.parametrize("axis", ["new", 0])
def test_a_chain_that_ends_in_joining_is_to_the_bit_what_its_steps_are_one_by_one(
    tmp_path: Path, chain: list[Any], axis: Along
) -> None:
    parts: dict[int, Any] = {number: given_to(chain[0], tmp_path, number) for number in (20, 10)}
    join(tmp_path, parts, [*chain, *along(axis)], path="at_once.h5")
    for place, step in enumerate(chain):
        for number, files in parts.items():
            join(tmp_path, {number: files}, [step], path=f"{place}/{number}.h5")
        parts = {number: tmp_path / f"{place}/{number}.h5" for number in parts}
    join(tmp_path, parts, along(axis), path="one_by_one.h5")
    at_once, one_by_one = tmp_path / "at_once.h5", tmp_path / "one_by_one.h5"
    equals(read(at_once), read(one_by_one))
    equals(read(at_once, labels=True), read(one_by_one, labels=True))
    assert metas(at_once) == metas(one_by_one)
    labels = read(at_once, labels=True)
    assert labels["configurations"].tolist() == [10, 20]
    assert labels["source_names"].tolist() == [" ".join(SOURCES)] * 2
    assert labels["momenta"].tolist() == [0, 1, -1]


# -- refused ---------------------------------------------------------------------------------------------------------


def test_a_configuration_that_lacks_a_dataset_or_has_one_more_is_refused(tmp_path: Path) -> None:
    members = {10: average(tmp_path, 10), 20: average(tmp_path, 20, A3), 30: average(tmp_path, 30)}
    refuses(rf"/avg_20.h5: {V4}: missing; the configurations before it have it$", tmp_path, members)
    members = {1: members[20], 2: members[10]}
    refuses(rf"/avg_10.h5: {V4}: not in the configurations before it$", tmp_path, members)


@pytest.mark.parametrize("steps", [JOIN, APPEND, VIRTUAL, along(0)], ids=["copied", "growing", "linked", "axis 0"])
@pytest.mark.parametrize(
    ("other", "told"),
    [
        (np.ones((T, 4, 4, 2, 2)), r"float64 of shape \(.*, 4, 4, 2, 2\)"),
        (np.ones((T, 4, 4, 1, 2)), r"float64 of shape \(.*, 4, 4, 1, 2\)"),
        (np.ones((T, 4, 4, 4, 2), dtype="f4"), r"float32 of shape \(.*, 4, 4, 4, 2\)"),
        (np.ones((T, 4, 4, 4, 2), dtype="c16"), r"complex128 of shape \(.*, 4, 4, 4, 2\)"),
        (np.ones((4, 4, 4, 2)), r"float64 of shape \(.*, 4, 4, 2\)"),
    ],
)
def test_a_configuration_of_another_shape_or_type_is_refused(tmp_path: Path, other: Any, told: str, steps: Any) -> None:
    members = {10: average(tmp_path, 10, A3), 20: write(tmp_path / "avg_20.h5", {A3: other})}
    message = (
        rf"/avg_20.h5: {A3}: is {told}; expected float64 of shape \(.*, 4, 4, 4, 2\), as in the configurations before"
    )
    refuses(message, tmp_path, members, steps)


def test_fewer_time_slices_than_the_others_are_refused_and_not_filled_up(tmp_path: Path) -> None:
    members = {10: average(tmp_path, 10, A3), 20: write(tmp_path / "avg_20.h5", {A3: numbers(20)[:2]})}
    for steps in (JOIN, VIRTUAL, APPEND):
        refuses(rf"is float64 of shape \(2, 4, 4, 4, 2\); expected float64 of shape \({T}, ", tmp_path, members, steps)


@pytest.mark.parametrize("steps", [JOIN, APPEND, VIRTUAL], ids=["copied", "growing", "linked"])
def test_a_configuration_that_is_there_twice_is_refused_and_named(tmp_path: Path, steps: Any) -> None:
    rows = joining(tmp_path, {("a", 10): average(tmp_path, 10), ("a", 20): average(tmp_path, 20)}, steps).rows
    task = Task("joined", OUTPUT, Recipe.read(list(steps)), (*rows, rows[1]))
    with pytest.raises(InputRefused, match=r"^joined.h5: configuration a 20 is there 2 times; expected it once$"):
        make(task, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["avg_10.h5", "avg_20.h5"]


@pytest.mark.parametrize("more", [{}, {"append": True}, {"virtual": True}], ids=["copied", "growing", "linked"])
def test_an_axis_that_a_dataset_has_not_is_refused(tmp_path: Path, more: dict[str, bool]) -> None:
    members = dict(zip((10, 20), averages(tmp_path, 10, 20), strict=True))
    message = rf"/avg_10.h5: {A3}: has shape \({T}, 4, 4, 4, 2\), so there is no axis 5 to join along$"
    refuses(message, tmp_path, members, along(5, **more))
    refuses(f"/avg_10.h5: {A3}: axis 4 is real and imaginary part; name another$", tmp_path, members, along(4, **more))


def test_numbers_that_are_none_are_refused_and_named(tmp_path: Path) -> None:
    spoiled = numbers(20)
    spoiled[1, 0, 0, 0, 0] = np.nan
    members = {10: average(tmp_path, 10, A3), 20: write(tmp_path / "avg_20.h5", {A3: spoiled})}
    refuses(f"/avg_20.h5: {A3}: 1 numbers are NaN or infinite at index 1 of its first axis", tmp_path, members)
    make(joining(tmp_path, members), tmp_path, allow_nan=True)
    found = read(tmp_path / OUTPUT)[A3]
    np.testing.assert_array_equal(found, [numbers(10), spoiled])
    with h5py.File(tmp_path / OUTPUT) as file:
        assert file[A3].attrs["not_finite"] == 1


def test_a_scalar_that_is_no_number_is_refused_and_named(tmp_path: Path) -> None:
    members = {n: write(tmp_path / f"{n}.h5", {A3: numbers(n), "beta": value}) for n, value in ((1, 3.6), (2, np.inf))}
    refuses(r"/2.h5: beta: is NaN or infinite; expected a number", tmp_path, members)


@pytest.mark.parametrize("steps", [JOIN, APPEND, VIRTUAL], ids=["copied", "growing", "linked"])
def test_an_input_that_is_damaged_lost_or_never_written_leaves_nothing_behind(tmp_path: Path, steps: Any) -> None:
    whole, path = average(tmp_path, 10), average(tmp_path, 20)
    content = path.read_bytes()
    path.write_bytes(content[:-1])
    refuses(r"/avg_20.h5: truncated or damaged", tmp_path, {10: whole, 20: path}, steps)
    path.write_bytes(b"no HDF5")
    refuses(r"/avg_20.h5: not an HDF5 file", tmp_path, {10: whole, 20: path}, steps)
    with h5py.File(path, "w") as file:
        file.create_dataset(A3, (T, 4, 4, 4, 2), "f8")
    refuses(f"/avg_20.h5: {A3}: never written", tmp_path, {10: whole, 20: path}, steps)
    task = joining(tmp_path, {10: whole, 20: path}, steps)
    path.unlink()
    with pytest.raises(InputRefused, match=r"/avg_20.h5: cannot be read: No such file"):
        make(task, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["avg_10.h5"]


# -- what is recorded ------------------------------------------------------------------------------------------------


def test_the_inputs_and_what_is_lacking_are_recorded_in_order(tmp_path: Path) -> None:
    members = {("a", number): average(tmp_path, number) for number in (20, 10)}
    join(tmp_path, members, lacking=("a/30",))
    mark = read_mark(tmp_path / OUTPUT)
    assert mark is not None
    assert [one.path for one in mark.inputs] == ["avg_10.h5", "avg_20.h5"]
    states = [path.stat() for path in (members["a", 10], members["a", 20])]
    assert [(one.size, one.mtime) for one in mark.inputs] == [(one.st_size, one.st_mtime_ns) for one in states]
    assert (mark.complete, mark.path, mark.recipe["lacking"]) == (True, OUTPUT, ["a/30"])
    assert (mark.recipe["steps"], mark.recipe["kind"]) == (["concatenate"], "joined")
    assert mark.is_original((tmp_path / OUTPUT).stat().st_mtime_ns)


def test_joining_again_what_is_joined_already_does_nothing(tmp_path: Path) -> None:
    members = dict(zip((10, 20), averages(tmp_path, 10, 20), strict=True))
    for number, steps in enumerate((JOIN, APPEND, VIRTUAL)):
        assert join(tmp_path, members, steps, path=f"{number}.h5")
        before = (tmp_path / f"{number}.h5").stat()
        assert join(tmp_path, members, steps, path=f"{number}.h5") is None
        assert (tmp_path / f"{number}.h5").stat() == before


@pytest.mark.parametrize("steps", [JOIN, APPEND, VIRTUAL, along(0)], ids=["copied", "growing", "linked", "axis 0"])
def test_more_files_are_joined_than_a_process_may_have_open(tmp_path: Path, steps: Any) -> None:
    members = dict(enumerate(averages(tmp_path, *range(24))))
    with few_open_files(12):
        join(tmp_path, members, steps)
    assert configurations(tmp_path / OUTPUT) == list(range(24))


def test_memory_does_not_grow_with_the_number_of_configurations(tmp_path: Path) -> None:
    shape = (8, 16, 16, 16, 2)  # 512 KiB
    paths = {
        number: write(tmp_path / f"{number}.h5", {A3: np.full(shape, number, dtype=float)}) for number in range(16)
    }
    few = {number: paths[number] for number in range(2)}
    most = {}
    join(tmp_path, few, path="warm.h5")
    for name, members in (("few", few), ("many", paths)):
        tracemalloc.start()
        join(tmp_path, members, path=f"{name}.h5")
        most[name] = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert most["many"] < most["few"] + 512 * 1024
