"""A joined file is given further configurations: what it holds stays to the bit, and nothing of it is ever lost."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from members import (
    A3,
    APPEND,
    JOIN,
    META,
    V4,
    VIRTUAL,
    Arrays,
    average,
    averages,
    configurations,
    holds,
    join,
    joining,
    metas,
    numbers,
    read,
    write,
)

from latteboard.errors import InputRefused, OutputRefused
from latteboard.files.hdf5 import RecordedInput, read_mark
from reducer.correlators.file import CorrelatorFile
from reducer.hdf5.diff import compare
from reducer.making.make import make

OUTPUT = "joined.h5"


@pytest.fixture
def members(tmp_path: Path) -> dict[int, Path]:
    """Four configurations, of which 10 and 30 are joined in a file that can grow."""
    paths = dict(zip((10, 20, 30, 40), averages(tmp_path, 10, 20, 30, 40), strict=True))
    join(tmp_path, {10: paths[10], 30: paths[30]}, APPEND)
    return paths


@contextmanager
def untouched(path: Path) -> Iterator[None]:
    """A file stays what it was, and nothing else comes to its folder."""
    before = path.read_bytes(), path.stat().st_mtime_ns, sorted(path.parent.iterdir())
    yield
    assert (path.read_bytes(), path.stat().st_mtime_ns, sorted(path.parent.iterdir())) == before


def refuses(message: str, root: Path, members: Any, steps: Any = APPEND, **what: Any) -> None:
    """Refused in one line, and the file is what it was."""
    with untouched(root / OUTPUT), pytest.raises(OutputRefused, match=message) as refused:
        join(root, members, steps, **what)
    assert "\n" not in str(refused.value)


# -- further configurations ------------------------------------------------------------------------------------------


def test_later_configurations_follow_those_that_are_there(tmp_path: Path, members: dict[int, Path]) -> None:
    join(tmp_path, {10: members[10], 30: members[30], 40: members[40]}, APPEND)
    holds(tmp_path / OUTPUT, 10, 30, 40)


def test_earlier_configurations_are_inserted_where_they_belong(tmp_path: Path, members: dict[int, Path]) -> None:
    join(tmp_path, members, APPEND)
    holds(tmp_path / OUTPUT, 10, 20, 30, 40)
    labels = read(tmp_path / OUTPUT, labels=True)
    assert labels["sources"].tolist() == [2] * 4


@pytest.mark.parametrize("new", [20, 40])
def test_inputs_of_what_is_there_need_not_be_there_any_more(tmp_path: Path, members: dict[int, Path], new: int) -> None:
    recorded = [(members[number].name, members[number].stat()) for number in (10, 30, new)]
    for number in (10, 30):
        members[number].unlink()
    join(tmp_path, {new: members[new]}, APPEND, lacking=("10", "30", "50"))
    holds(tmp_path / OUTPUT, *sorted((10, 30, new)))
    mark = read_mark(tmp_path / OUTPUT)
    assert mark is not None
    assert list(mark.inputs) == [RecordedInput(name, one.st_size, one.st_mtime_ns) for name, one in recorded]
    assert mark.recipe["lacking"] == ["50"]


def test_of_what_is_there_nothing_is_read_again(
    tmp_path: Path, members: dict[int, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = []
    original = CorrelatorFile.__init__

    def note(self: CorrelatorFile, path: Path) -> None:
        opened.append(path)
        original(self, path)

    monkeypatch.setattr(CorrelatorFile, "__init__", note)
    made = join(tmp_path, members, APPEND)
    assert made is not None
    assert not {members[10], members[30]} & set(opened)
    assert made.bytes_read == 2 * 2 * numbers(20).nbytes


def test_nothing_is_done_where_nothing_is_new(tmp_path: Path, members: dict[int, Path]) -> None:
    for some in ({10: members[10]}, {30: members[30]}, {10: members[10], 30: members[30]}):
        with untouched(tmp_path / OUTPUT):
            assert join(tmp_path, some, APPEND) is None


@pytest.mark.parametrize("axis", [0, 1])
def test_a_file_grows_along_an_axis_that_is_there(tmp_path: Path, axis: int) -> None:
    paths = dict(zip((10, 20, 30), averages(tmp_path, 10, 20, 30), strict=True))
    steps = [{"concatenate": {"along": axis, "append": True}}]
    for some in ((10,), (10, 20), (20, 30)):
        join(tmp_path, {number: paths[number] for number in some}, steps)
    expected = np.concatenate([numbers(number) for number in (10, 20, 30)], axis=axis)
    np.testing.assert_array_equal(read(tmp_path / OUTPUT)[A3], expected)
    assert configurations(tmp_path / OUTPUT) == [10, 20, 30]


def test_along_an_axis_that_is_there_nothing_is_inserted(tmp_path: Path) -> None:
    steps = [{"concatenate": {"along": 0, "append": True}}]
    join(tmp_path, {20: average(tmp_path, 20)}, steps)
    refuses(
        "holds later configurations; along axis 0 none can come before", tmp_path, {10: average(tmp_path, 10)}, steps
    )


def test_streams_that_come_later_are_named(tmp_path: Path) -> None:
    for stream, number in (("b", 10), ("b", 20), ("a", 15), ("c", 5)):
        join(tmp_path, {(stream, number): average(tmp_path, number)}, APPEND)
    labels = read(tmp_path / OUTPUT, labels=True)
    assert labels["streams"].tolist() == ["a", "b", "b", "c"]
    holds(tmp_path / OUTPUT, 15, 10, 20, 5)


def test_what_is_said_stays_true_of_all_rows(tmp_path: Path) -> None:
    said = []
    for number, meta in ((10, META), (20, META.replace("nt==8", "nt==6")), (5, META), (30, ""), (40, META)):
        join(tmp_path, {number: average(tmp_path, number, meta=meta)}, APPEND)
        said.append(metas(tmp_path / OUTPUT)[A3])
    assert said == ["tsep==2&nt==8", "tsep==2", "tsep==2", "", ""]


@pytest.mark.parametrize("new", [5, 20])
def test_how_many_numbers_are_not_finite_is_counted_over_all_rows(tmp_path: Path, new: int) -> None:
    for number in (10, new):
        spoiled = numbers(number)
        spoiled.flat[:3] = np.nan
        path = write(tmp_path / f"{number}.h5", {A3: spoiled})
        make(joining(tmp_path, {number: path}, APPEND), tmp_path, allow_nan=True)
    with h5py.File(tmp_path / OUTPUT) as file:
        assert file[A3].attrs["not_finite"] == 6


def test_a_chain_of_steps_appends_too(tmp_path: Path) -> None:
    paths = dict(zip((10, 20, 30), averages(tmp_path, 10, 20, 30), strict=True))
    chain = [{"fft": {"max_momentum": 1}}, *APPEND]
    for some in ((20,), (30,), (10,)):
        join(tmp_path, {number: paths[number] for number in some}, chain)
    join(tmp_path, paths, chain, path="at_once.h5")
    for labels in (False, True):
        found, expected = (read(tmp_path / name, labels=labels) for name in (OUTPUT, "at_once.h5"))
        assert {name: one.tolist() for name, one in found.items()} == {
            name: one.tolist() for name, one in expected.items()
        }


def test_an_old_file_stays_readable_until_the_new_one_takes_its_place(tmp_path: Path, members: dict[int, Path]) -> None:
    seen: list[Arrays] = []
    with h5py.File(tmp_path / OUTPUT, locking=False) as open_before:
        task = joining(tmp_path, members, APPEND)
        make(task, tmp_path, stop=lambda: seen.append(read(tmp_path / OUTPUT)) is not None)
        assert open_before[A3].shape[0] == 2
        np.testing.assert_array_equal(open_before[A3][1], numbers(30))
    assert seen
    assert {len(one[A3]) for one in seen} == {2}
    holds(tmp_path / OUTPUT, 10, 20, 30, 40)


# -- refused ---------------------------------------------------------------------------------------------------------


def test_a_member_that_changed_is_refused(tmp_path: Path, members: dict[int, Path]) -> None:
    average(tmp_path, 10, meta="changed==1")
    refuses(
        f"/{OUTPUT}: exists, made of avg_10.h5 as it was before it changed; remake it with --stale, or move it away$",
        tmp_path,
        members,
    )


def test_a_configuration_that_lacks_one_of_its_files_is_refused(tmp_path: Path) -> None:
    one, other = average(tmp_path, 10, A3, path="a_{}.h5"), average(tmp_path, 10, V4, path="v_{}.h5")
    join(tmp_path, {10: one}, APPEND)
    refuses("made of other inputs; remake it", tmp_path, {10: [one, other]})


@pytest.mark.parametrize("steps", [JOIN, VIRTUAL], ids=["plain", "virtual"])
def test_any_concatenation_of_ours_is_continued_however_it_was_first_made(
    tmp_path: Path, members: dict[int, Path], steps: Any
) -> None:
    join(tmp_path, members, APPEND, path="whole.h5")
    (tmp_path / OUTPUT).unlink()
    first, *_ = members
    join(tmp_path, {first: members[first]}, steps)
    join(tmp_path, members, APPEND)
    assert not compare(tmp_path / OUTPUT, tmp_path / "whole.h5")
    with h5py.File(tmp_path / OUTPUT) as file:
        assert not any(file[name].is_virtual for name in (A3, V4))


@pytest.mark.parametrize("steps", [[{"concatenate": {"append": True, "along": 0}}]])
def test_a_file_that_was_made_in_another_way_is_refused(tmp_path: Path, members: dict[int, Path], steps: Any) -> None:
    (tmp_path / OUTPUT).unlink()
    join(tmp_path, {10: members[10]}, steps)
    refuses(rf"/{OUTPUT}: exists, made by the steps .*; expected .*append.*; remake it with --stale", tmp_path, members)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("avg_40.h5", "exists and is not ours: it has no mark"),
        ("copy.h5", "says that it is copy.h5, a copy under another"),
    ],
)
def test_a_file_that_is_not_ours_is_refused(tmp_path: Path, members: dict[int, Path], name: str, message: str) -> None:
    if name == "copy.h5":
        join(tmp_path, {10: members[10]}, APPEND, path=name)
    shutil.copy(tmp_path / name, tmp_path / OUTPUT)
    for what in ({}, {"replace": True}):
        refuses(f"/{OUTPUT}: {'exists and ' * (name == 'copy.h5')}{message}", tmp_path, members, **what)


@pytest.mark.parametrize("number", [5, 20, 40])
def test_a_configuration_that_does_not_fit_those_that_are_there_is_refused(
    tmp_path: Path, members: dict[int, Path], number: int
) -> None:
    for datasets, message in (
        ({A3: numbers(1)}, f"/other.h5: {V4}: missing; the configurations before it have it"),
        ({A3: numbers(1)[:2], V4: numbers(1)}, f"/other.h5: {A3}: is float64 of shape \\(2, .* expected .*\\(3, "),
        ({A3: numbers(1), V4: numbers(1), "x": 1.0}, "/other.h5: x: not in the configurations before it"),
    ):
        other = write(tmp_path / "other.h5", datasets)
        with untouched(tmp_path / OUTPUT), pytest.raises(InputRefused, match=message):
            join(tmp_path, {number: other}, APPEND)


def test_a_configuration_that_is_there_already_from_another_file_is_refused(
    tmp_path: Path, members: dict[int, Path]
) -> None:
    with untouched(tmp_path / OUTPUT), pytest.raises(InputRefused, match="configuration 30 is there 2 times"):
        join(tmp_path, {20: members[20], 30: members[40]}, APPEND)


@pytest.fixture
def unlocked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs do not wait for each other, as on file systems on which a lock is not seen everywhere."""
    monkeypatch.setattr("reducer.making.make.only_writer", lambda *_: nullcontext())


@pytest.mark.usefixtures("unlocked")
def test_what_two_processes_append_at_once_is_not_lost(tmp_path: Path, members: dict[int, Path]) -> None:
    other = joining(tmp_path, {20: members[20]}, APPEND)

    def meanwhile() -> bool:
        if configurations(tmp_path / OUTPUT) == [10, 30]:
            make(other, tmp_path)
        return False

    with pytest.raises(OutputRefused, match=f"/{OUTPUT}: changed meanwhile; nothing was done. Try again$"):
        make(joining(tmp_path, {40: members[40]}, APPEND), tmp_path, stop=meanwhile)
    holds(tmp_path / OUTPUT, 10, 20, 30)
    join(tmp_path, {40: members[40]}, APPEND)
    holds(tmp_path / OUTPUT, 10, 20, 30, 40)


# -- replaced --------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("unlocked")
def test_what_another_run_made_meanwhile_of_the_same_inputs_is_there_already(
    tmp_path: Path, members: dict[int, Path]
) -> None:
    task = joining(tmp_path, members, APPEND)
    others: list[bool] = []

    def meanwhile() -> bool:
        if not others:
            others.append(True)
            assert make(task, tmp_path) is not None
        return False

    assert make(task, tmp_path, stop=meanwhile) is None
    holds(tmp_path / OUTPUT, *members)


def test_a_stale_file_is_made_anew_from_all_its_inputs(tmp_path: Path, members: dict[int, Path]) -> None:
    write(members[10], {A3: numbers(11, A3), V4: numbers(11, V4)})
    join(tmp_path, members, APPEND, replace=True)
    found = read(tmp_path / OUTPUT)
    np.testing.assert_array_equal(found[A3], [numbers(number) for number in (11, 20, 30, 40)])
    assert configurations(tmp_path / OUTPUT) == [10, 20, 30, 40]


def test_what_cannot_be_read_again_is_not_given_up(tmp_path: Path, members: dict[int, Path]) -> None:
    os.utime(members[10], ns=(1, 1))
    members[30].unlink()
    some = {number: members[number] for number in (10, 20)}
    refuses(
        r"holds configuration 30 \(one of 1\) whose inputs are not there to be read again", tmp_path, some, replace=True
    )
    refuses("holds configuration 30", tmp_path, some, JOIN, replace=True)


def test_while_a_stale_file_is_made_anew_the_old_one_stays(tmp_path: Path, members: dict[int, Path]) -> None:
    os.utime(members[10], ns=(1, 1))
    spoiled = numbers(40)
    spoiled[0] = np.nan
    write(members[40], {A3: spoiled, V4: spoiled})
    with untouched(tmp_path / OUTPUT), pytest.raises(InputRefused, match="NaN"):
        join(tmp_path, members, APPEND, replace=True)
