"""A concatenation is decided from metadata alone: rows, places, shapes, labels and attributes stand before a number is read."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from members import A3, APPEND, JOIN, SOURCES, V4, averages, few_open_files, join, joining, write

from latteboard.errors import InputRefused, OutputRefused, Stopped
from latteboard.files.hdf5 import Unreadable
from reducer.correlators.file import CorrelatorFile
from reducer.making.blueprint import Blueprint
from reducer.making.job import Job
from reducer.making.make import blueprint_of, make
from reducer.making.previous import find_previous
from reducer.running.worker import work


def along(axis: int, **options: Any) -> Any:
    return ({"concatenate": {"along": axis, **options}},)


def blueprint(root: Path, members: Mapping[Any, Any], steps: Any = JOIN, **options: Any) -> Blueprint:
    task = joining(root, members, steps, **options)
    return blueprint_of(Job(task, root, False, lambda: False), find_previous(root / task.path, task))


def members_of(root: Path, *configurations: int) -> dict[int, Path]:
    averages(root, *configurations)
    return {number: root / f"avg_{number}.h5" for number in configurations}


def test_rows_stand_in_the_order_of_configurations(tmp_path: Path) -> None:
    found = blueprint(tmp_path, members_of(tmp_path, 30, 10, 20))
    assert found.positions == [0, 1, 2]
    assert found.labels.configurations == [10, 20, 30]
    assert found.labels.source_names == [" ".join(SOURCES)] * 3
    assert {name: layout.whole for name, layout in found.layouts.items()} == dict.fromkeys((A3, V4), (3, 3, 4, 4, 4, 2))
    assert set(found.metas.values()) == {"tsep==2&nt==8"}
    assert (found.kept, found.momenta) == ([], None)


def test_along_an_axis_lengths_add_up(tmp_path: Path) -> None:
    shapes = [(2, 4, 4, 4, 2), (3, 4, 4, 4, 2)]
    files = {n: write(tmp_path / f"{n}.h5", {A3: np.zeros(shape)}) for n, shape in enumerate(shapes)}
    layout = blueprint(tmp_path, files, along(0)).layouts[A3]
    assert layout.whole == (5, 4, 4, 4, 2)
    assert [layout.region(row, slice(0, 2)) for row in (0, 1)] == [(slice(0, 2),), (slice(2, 4),)]


def test_no_number_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    members = members_of(tmp_path, 10, 20)

    def refuse(*_: object) -> None:
        raise AssertionError("a number was read")

    for name in ("read", "read_whole"):
        monkeypatch.setattr(CorrelatorFile, name, refuse)
    assert len(blueprint(tmp_path, members).rows) == 2


def test_what_comes_later_follows_and_what_comes_between_is_inserted(tmp_path: Path) -> None:
    members = members_of(tmp_path, 10, 15, 30, 40)
    join(tmp_path, {number: members[number] for number in (10, 30)}, APPEND)
    later = blueprint(tmp_path, {number: members[number] for number in (10, 30, 40)}, APPEND)
    assert (later.kept[0].positions, later.positions) == ([0, 1], [2])
    between = blueprint(tmp_path, {number: members[number] for number in (10, 15, 30)}, APPEND)
    assert (between.kept[0].positions, between.positions) == ([0, 2], [1])
    assert between.layouts[A3].whole[0] == later.layouts[A3].whole[0] == 3


def test_kept_rows_are_one_along_an_axis_and_none_comes_before_them(tmp_path: Path) -> None:
    members, steps = members_of(tmp_path, 10, 20, 30), along(0, append=True)
    join(tmp_path, {number: members[number] for number in (10, 20)}, steps)
    found = blueprint(tmp_path, members, steps)
    assert (found.kept[0].positions, found.positions) == ([0], [1])
    assert found.layouts[A3].shapes == [(6, 4, 4, 4, 2), (3, 4, 4, 4, 2)]
    (tmp_path / "joined.h5").unlink()
    join(tmp_path, {number: members[number] for number in (20, 30)}, steps)
    with pytest.raises(OutputRefused, match="holds later configurations; along axis 0 none can come before them"):
        blueprint(tmp_path, members, steps)


def test_a_stop_is_heard_while_it_is_decided(tmp_path: Path) -> None:
    task = joining(tmp_path, members_of(tmp_path, 10, 20))
    with pytest.raises(Stopped):
        blueprint_of(Job(task, tmp_path, False, lambda: True), None)


def test_a_file_that_does_not_fit_leaves_no_draft(tmp_path: Path) -> None:
    members = members_of(tmp_path, 10)
    members[20] = write(tmp_path / "20.h5", {A3: np.zeros((3, 4, 4, 4, 2))})
    before = sorted(tmp_path.iterdir())
    with pytest.raises(
        InputRefused, match=f"^{members[20]}: {V4}: missing; the configurations before it have it$"
    ) as caught:
        make(joining(tmp_path, members), tmp_path)
    assert (caught.value.path, caught.value.name) == (str(members[20]), V4)
    assert sorted(tmp_path.iterdir()) == before


# -- the input to blame --------------------------------------------------------------------------------------------------


def test_the_input_to_blame_is_named_whatever_its_message(tmp_path: Path) -> None:
    members = members_of(tmp_path, 10, 20)
    with (tmp_path / "avg_20.h5").open("r+b") as file:
        file.truncate(4000)
    outcome = work(joining(tmp_path, members), tmp_path, allow_nan=False, carry_out=make)
    assert outcome.suspect == "avg_20.h5"


def test_an_input_that_the_system_refuses_is_no_output_that_cannot_be_written(tmp_path: Path) -> None:
    paths = averages(tmp_path, *range(24))
    task = joining(tmp_path, {1: paths}, ["average"])
    with few_open_files(12), pytest.raises(Unreadable, match=r"avg_\d+\.h5: cannot be read: Too many open files$"):
        make(task, tmp_path)
