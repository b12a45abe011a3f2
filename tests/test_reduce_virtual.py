"""Joined files that link to their members instead of copying them, and joined files that are joined again."""

import shutil
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from members import (
    A3,
    A3_MOMENTUM,
    JOIN,
    V4,
    VIRTUAL,
    average,
    averages,
    configurations,
    join,
    joining,
    metas,
    numbers,
    read,
    write,
)

from latteboard.errors import InputRefused, OutputRefused
from reducer.making import joined as joined_module
from reducer.making.make import make

OUTPUT = "joined.h5"
ALONG_0: Any = [{"concatenate": {"along": 0}}]


def same(one: Path, other: Path) -> None:
    """Two joined files read alike, labels and all."""
    for labels in (False, True):
        found, expected = read(one, labels=labels), read(other, labels=labels)
        assert found.keys() == expected.keys()
        for name, array in expected.items():
            assert found[name].dtype == array.dtype
            np.testing.assert_array_equal(found[name], array)
    assert metas(one) == metas(other)


def storage(path: Path, name: str) -> int:
    """The bytes that a dataset takes in its own file."""
    with h5py.File(path) as file:
        return int(file[name].id.get_storage_size())


# -- links -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("axis", ["new", 0, 2])
def test_links_read_as_the_copy_does_and_take_no_room(tmp_path: Path, axis: Any) -> None:
    members = dict(zip((20, 10, 30), averages(tmp_path, 20, 10, 30), strict=True))
    join(tmp_path, members, [{"concatenate": {"along": axis}}], path="copy.h5")
    join(tmp_path, members, [{"concatenate": {"along": axis, "virtual": True}}])
    same(tmp_path / OUTPUT, tmp_path / "copy.h5")
    assert (storage(tmp_path / OUTPUT, A3), storage(tmp_path / "copy.h5", A3)) == (0, 3 * numbers(10).nbytes)


def test_what_links_to_links_reads_through_both(tmp_path: Path) -> None:
    for name, some in (("a.h5", (10, 20)), ("b.h5", (30,))):
        join(tmp_path, dict(zip(some, averages(tmp_path, *some), strict=True)), VIRTUAL, path=name)
    pair = {10: tmp_path / "a.h5", 30: tmp_path / "b.h5"}
    join(tmp_path, pair, [{"concatenate": {"along": 0, "virtual": True}}])
    np.testing.assert_array_equal(read(tmp_path / OUTPUT)[A3], [numbers(number) for number in (10, 20, 30)])


def test_links_stay_true_when_the_whole_folder_moves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = tmp_path / "old"
    join(old, {n: average(old, n, path="averages/{}.h5") for n in (10, 20)}, VIRTUAL, path="joined/all.h5")
    shutil.move(old, tmp_path / "far" / "new")
    monkeypatch.chdir(tmp_path)
    found = read(tmp_path / "far" / "new" / "joined" / "all.h5")
    np.testing.assert_array_equal(found[A3], [numbers(10), numbers(20)])


def test_links_lead_to_their_files_from_a_folder_that_is_itself_a_link(tmp_path: Path) -> None:
    (tmp_path / "far" / "away").mkdir(parents=True)
    (tmp_path / "joined").symlink_to("far/away")
    join(tmp_path, {n: average(tmp_path, n) for n in (10, 20)}, VIRTUAL, path="joined/all.h5")
    found = read(tmp_path / "joined" / "all.h5")
    np.testing.assert_array_equal(found[A3], [numbers(10), numbers(20)])


@pytest.mark.parametrize("name", ["100%", "%b", "%5b_{}", "a b", "größe", "%%"])
def test_hostile_names_are_linked_to_as_they_are(tmp_path: Path, name: str) -> None:
    members = {
        n: write(tmp_path / name / f"{name}_{n}.h5", {f"{name}/corr": np.full((2, 3), float(n))}) for n in (10, 20)
    }
    join(tmp_path, members, VIRTUAL)
    assert read(tmp_path / OUTPUT)[f"{name}/corr"].tolist() == [[[10.0] * 3] * 2, [[20.0] * 3] * 2]


@pytest.mark.parametrize("dtype", ["f8", "f4", "c16", ">f8"])
def test_a_lost_member_reads_as_nan_and_not_as_zeros(tmp_path: Path, dtype: str) -> None:
    name = A3 if dtype[-2] == "f" else A3_MOMENTUM
    members = {n: write(tmp_path / f"{n}.h5", {name: numbers(n)[..., 0].astype(dtype)}) for n in (10, 20)}
    join(tmp_path, members, VIRTUAL)
    members[20].unlink()
    found = read(tmp_path / OUTPUT)[name]
    np.testing.assert_array_equal(found[0], numbers(10)[..., 0].astype(dtype))
    assert np.isnan(found[1].real).all()
    assert found.dtype.kind == "f" or np.isnan(found[1].imag).all()
    task = joining(tmp_path, {10: tmp_path / OUTPUT}, ALONG_0, path="again.h5")
    with pytest.raises(InputRefused, match=f"/{OUTPUT}: {name}: a virtual dataset: its source 20.h5 is not there"):
        make(task, tmp_path)


def test_a_damaged_member_is_not_read_at_all(tmp_path: Path) -> None:
    members = dict(zip((10, 20), averages(tmp_path, 10, 20), strict=True))
    join(tmp_path, members, VIRTUAL)
    whole = members[20].read_bytes()
    for damage in (whole[:-1], b"no HDF5"):
        members[20].write_bytes(damage)
        with pytest.raises(OSError, match="Can't"):
            read(tmp_path / OUTPUT)
    members[20].write_bytes(whole)
    assert np.isfinite(read(tmp_path / OUTPUT)[A3]).all()


def test_what_has_no_nan_is_copied(tmp_path: Path) -> None:
    members = {n: write(tmp_path / f"{n}.h5", {A3: numbers(n), "volume": n, "note": f"of {n}"}) for n in (10, 20)}
    join(tmp_path, members, VIRTUAL)
    for path in members.values():
        path.unlink()
    found = read(tmp_path / OUTPUT)
    assert (found["volume"].tolist(), found["note"].tolist()) == ([10, 20], ["of 10", "of 20"])
    assert np.isnan(found[A3]).all()


# -- joined again ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("steps", [ALONG_0, [{"concatenate": {"along": 0, "append": True}}]])
def test_joined_files_follow_each_other_along_the_first_axis_with_their_labels(tmp_path: Path, steps: Any) -> None:
    paths = dict(zip((10, 20, 30, 40), averages(tmp_path, 10, 20, 30, 40), strict=True))
    for name, some in (("a.h5", (10, 20)), ("b.h5", (30,)), ("c.h5", (40,))):
        join(tmp_path, {number: paths[number] for number in some}, path=name)
    join(tmp_path, paths, path="at_once.h5")
    parts = {number: tmp_path / f"{name}.h5" for number, name in ((10, "a"), (30, "b"), (40, "c"))}
    if steps != ALONG_0:
        join(tmp_path, {10: parts[10]}, steps)
        join(tmp_path, {10: parts[10], 30: parts[30]}, steps)
    join(tmp_path, parts, steps)
    same(tmp_path / OUTPUT, tmp_path / "at_once.h5")


def test_joined_files_of_streams_keep_them(tmp_path: Path) -> None:
    for stream in "ab":
        join(tmp_path, {(stream, n): average(tmp_path, n, path=stream + "{}.h5") for n in (1, 2)}, path=f"{stream}.h5")
    join(tmp_path, {("a", 1): tmp_path / "a.h5", ("b", 1): tmp_path / "b.h5"}, ALONG_0)
    labels = read(tmp_path / OUTPUT, labels=True)
    assert labels["streams"].tolist() == ["a", "a", "b", "b"]
    assert labels["configurations"].tolist() == [1, 2, 1, 2]


def refuses(message: str, root: Path, members: Any, steps: Any) -> None:
    with pytest.raises(InputRefused, match=message):
        join(root, members, steps)
    assert not (root / OUTPUT).exists()


def test_joined_files_are_joined_along_no_other_axis(tmp_path: Path) -> None:
    for name, some in (("a.h5", (10, 20)), ("b.h5", (30, 40))):
        join(tmp_path, dict(zip(some, averages(tmp_path, *some), strict=True)), path=name)
    pair = {10: tmp_path / "a.h5", 30: tmp_path / "b.h5"}
    for steps in (JOIN, VIRTUAL, [{"concatenate": {"along": 1}}]):
        refuses("/a.h5: holds several configurations already; join such files along axis 0", tmp_path, pair, steps)


def test_joined_files_that_share_a_configuration_or_do_not_follow_each_other_are_refused(tmp_path: Path) -> None:
    for name, some in (("a.h5", (10, 30)), ("b.h5", (20, 30)), ("c.h5", (20, 40))):
        join(tmp_path, dict(zip(some, averages(tmp_path, *some), strict=True)), path=name)
    pair = {10: tmp_path / "a.h5", 20: tmp_path / "b.h5"}
    refuses("configuration 30 is there 2 times; expected it once", tmp_path, pair, ALONG_0)
    message = "configuration 20 would stand after 30; along axis 0 only files whose configurations follow each other"
    refuses(message, tmp_path, {10: tmp_path / "a.h5", 20: tmp_path / "c.h5"}, ALONG_0)


def test_what_somebody_else_calls_configurations_is_no_label_of_ours_and_is_not_overwritten(tmp_path: Path) -> None:
    content = {"configurations": np.array([[300, 8], [306, 8]]), V4: numbers(1, V4)}
    paths = {number: write(tmp_path / f"{number}.h5", content) for number in (1, 2)}
    with pytest.raises(InputRefused, match=r"1\.h5: configurations: the output needs this name for labels of its own"):
        join(tmp_path, paths)
    join(tmp_path, paths, [{"concatenate": {"without": ["configurations"]}}])
    assert configurations(tmp_path / OUTPUT) == [1, 2]


def test_links_to_more_files_than_a_process_may_have_open_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(joined_module, "MOST_LINKED", 2)
    members = dict(zip((10, 20, 30), averages(tmp_path, 10, 20, 30), strict=True))
    with pytest.raises(OutputRefused, match=r"links to 3 files: more than .*; expected at most 2\."):
        join(tmp_path, members, VIRTUAL)
    assert not (tmp_path / OUTPUT).exists()
    join(tmp_path, {number: members[number] for number in (10, 20)}, VIRTUAL)
    assert configurations(tmp_path / OUTPUT) == [10, 20]
