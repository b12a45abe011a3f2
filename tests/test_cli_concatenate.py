"""``latteboard concatenate`` from end to end: what it says, what it writes, and its exit codes."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from disk import run
from members import A3, V4, average, averages, configurations, join, numbers, read, says, write

from latteboard.files.hdf5 import read_mark

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def command(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Command:
    """The command, called in the folder of the files; its output is joined.h5 unless another is named."""
    monkeypatch.chdir(tmp_path)

    def call(*words: object) -> tuple[int, str, str]:
        output = () if {"--output", "-o"} & set(words) else ("-o", "joined.h5")
        return run(capfd, monkeypatch, "concatenate", *words, *output)

    return call


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "joined.h5"


def holds(path: Path, *expected: int) -> None:
    """The averages of these configurations, in this order."""
    assert configurations(path) == list(expected)
    np.testing.assert_array_equal(read(path)[A3], [numbers(number) for number in expected])


def refused(result: tuple[int, str, str], *parts: str) -> None:
    """Exit 1 and one line on standard error that says all of this."""
    code, out, err = result
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert err.startswith("latteboard: ")
    for part in parts:
        assert part in err


def test_files_are_joined_sorted_by_configuration(tmp_path: Path, output: Path, command: Command) -> None:
    code, out, err = command(*averages(tmp_path, 300, 5, 41))
    assert (code, err) == (0, "")
    assert out.startswith(f"wrote {output}: ")
    holds(output, 5, 41, 300)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["avg_300.h5", "avg_41.h5", "avg_5.h5", "joined.h5"]


def test_one_json_document_says_what_was_done(tmp_path: Path, output: Path, command: Command) -> None:
    code, out, err = command(*averages(tmp_path, 10, 20), "--json")
    assert (code, err) == (0, "")
    read_ = 4 * numbers(10).nbytes
    assert json.loads(out) == {"path": str(output), "bytes_read": read_, "bytes_written": output.stat().st_size}
    mark = read_mark(output)
    assert mark is not None
    assert [one.path for one in mark.inputs] == [str(tmp_path / f"avg_{number}.h5") for number in (10, 20)]


# -- which configurations --------------------------------------------------------------------------------------------


def test_what_files_say_of_themselves_goes_before_their_names(tmp_path: Path, output: Path, command: Command) -> None:
    for name, number in (("1_x7.h5", 20), ("2_x5.h5", 10)):
        says(average(tmp_path, number, path=name), number, "a")
    assert command("1_x7.h5", "2_x5.h5")[0] == 0
    holds(output, 10, 20)
    assert read(output, labels=True)["streams"].tolist() == ["a", "a"]


def test_where_only_some_say_so_the_names_tell(tmp_path: Path, output: Path, command: Command) -> None:
    one, other = averages(tmp_path, 10, 20)
    says(one, 7)
    assert command(one, other)[0] == 0
    assert configurations(output) == [10, 20]


@pytest.mark.parametrize(
    "template",
    ["avg_{}.h5", "a09m310_e/{}/avg.h5", "{0}/avg_{0}.h5", "L4/avg_x0y1_{:06d}_dt3.h5", "{0:04d}/avg_{0}.h5"],
)
def test_the_one_number_in_which_names_differ_is_the_configuration(
    tmp_path: Path, output: Path, command: Command, template: str
) -> None:
    paths = [average(tmp_path, number, path=template) for number in (1188, 300, 96)]
    assert command(*(path.relative_to(tmp_path) for path in paths))[0] == 0
    holds(output, 96, 300, 1188)


@pytest.mark.parametrize(
    "names",
    [
        ["only_10.h5"],
        ["a_10_1.h5", "a_20_2.h5"],
        ["a_10.h5", "b_20.h5"],
        ["a_10.h5", "a_20_1.h5"],
        ["a.h5", "b.h5"],
        ["a_10.h5", "a_10.h5"],
        ["1/a_10.h5", "2/a_20.h5"],
    ],
)
def test_where_nobody_tells_the_configuration_it_must_be_stated(
    tmp_path: Path, output: Path, command: Command, names: list[str]
) -> None:
    for number, name in enumerate(names):
        average(tmp_path, number, path=name)
    result = command(*names)
    refused(result, f"{names[0]}: of which configuration it is cannot be told", "state it with --configurations")
    stated = ",".join(str(number) for number in range(len(names)))
    if len(set(names)) == len(names):
        assert command(*names, "--configurations", stated)[0] == 0
        holds(output, *range(len(names)))


def test_stated_configurations_go_before_all_else(tmp_path: Path, output: Path, command: Command) -> None:
    paths = [says(average(tmp_path, number), number + 1) for number in (10, 20)]
    assert command(*paths, "--configurations", "40,30")[0] == 0
    assert configurations(output) == [30, 40]
    np.testing.assert_array_equal(read(output)[A3], [numbers(20), numbers(10)])


def test_configurations_that_do_not_fit_the_files_are_refused(tmp_path: Path, command: Command) -> None:
    paths = averages(tmp_path, 10, 20)
    refused(command(*paths, "--configurations", "1"), "2 files and 1 configurations; expected one for each file")
    refused(command(*paths, "--configurations", "7,7"), "configuration 7 is there 2 times; expected it once")
    refused(command(*paths, paths[0]), "configuration 10 is there 2 times; expected it once")
    code, _, err = command(*paths, "--configurations", "1,x")
    assert code == 2
    assert "'1,x': expected whole numbers, such as 300,306,312" in err


# -- options ---------------------------------------------------------------------------------------------------------


def test_along_an_axis_that_is_there(tmp_path: Path, output: Path, command: Command) -> None:
    assert command(*averages(tmp_path, 20, 10), "--along", "0")[0] == 0
    np.testing.assert_array_equal(read(output)[A3], np.concatenate([numbers(10), numbers(20)]))


def test_a_wrong_axis_is_refused(tmp_path: Path, command: Command) -> None:
    paths = averages(tmp_path, 10, 20)
    refused(command(*paths, "--along", "5"), f"{paths[0]}: {A3}: has shape (3, 4, 4, 4, 2), so there is no axis 5")
    for wrong in ("-1", "old", "1.5", ""):
        code, _, err = command(*paths, "--along", wrong)
        assert code == 2
        assert f"{wrong!r}: expected new, or the number of an axis, from 0" in err
    assert len(list(tmp_path.iterdir())) == 2


def test_append_makes_adds_and_says_when_there_is_nothing_to_add(
    tmp_path: Path, output: Path, command: Command
) -> None:
    first, second, third = averages(tmp_path, 10, 20, 30)
    assert command(first, third, "--append")[0] == 0
    first.unlink()
    assert command(second, third, "--append")[0] == 0
    holds(output, 10, 20, 30)
    before = output.stat()
    code, out, err = command(second, third, "--append")
    assert (code, out, err) == (0, "joined.h5 holds all of that already\n", "")
    assert output.stat() == before
    code, out, _ = command(second, third, "--append", "--json")
    assert json.loads(out) == {"path": "joined.h5", "bytes_read": 0, "bytes_written": 0}


def test_a_joined_file_that_has_moved_with_its_folder_can_be_appended_to(tmp_path: Path, command: Command) -> None:
    averages(tmp_path / "old", 10, 20, 30)
    assert command("old/avg_10.h5", "old/avg_20.h5", "--append", "-o", "old/all.h5")[0] == 0
    (tmp_path / "old").rename(tmp_path / "new")
    code, _, err = command("new/avg_30.h5", "--configurations", "30", "--append", "-o", "new/all.h5")
    assert (code, err) == (0, "")
    holds(tmp_path / "new" / "all.h5", 10, 20, 30)


def test_append_refuses_what_changed_and_what_is_not_ours(tmp_path: Path, output: Path, command: Command) -> None:
    paths = averages(tmp_path, 10, 20, 30)
    assert command(*paths[:2], "--append")[0] == 0
    os.utime(paths[0], ns=(1, 1))
    refused(command(*paths, "--append"), f"made of {paths[0]} as it was before it changed; say --overwrite")
    write(output, {"somebody": "else's"})
    refused(command(*paths, "--append"), f"{output}: exists and is not ours")
    assert list(read(output)) == ["somebody"]


def test_links_read_as_the_copy_does(tmp_path: Path, output: Path, command: Command) -> None:
    averages(tmp_path, 10, 20)
    assert command("avg_20.h5", "avg_10.h5", "--virtual")[0] == 0
    holds(output, 10, 20)
    (tmp_path / "avg_20.h5").unlink()
    assert np.isnan(read(output)[A3][1]).all()


def test_joined_files_are_joined_along_the_first_axis(tmp_path: Path, output: Path, command: Command) -> None:
    for name, some in (("late.h5", (30,)), ("early.h5", (10, 20))):
        join(tmp_path, dict(zip(some, averages(tmp_path, *some), strict=True)), path=name)
    assert command("late.h5", "early.h5", "--along", "0")[0] == 0
    holds(output, 10, 20, 30)
    output.unlink()
    refused(
        command("late.h5", "early.h5"), "early.h5: holds several configurations already; join such files along axis 0"
    )


@pytest.mark.parametrize("other", ["--virtual", "--overwrite"])
def test_append_excludes_links_and_overwriting(tmp_path: Path, command: Command, other: str) -> None:
    code, _, err = command(*averages(tmp_path, 10, 20), "--append", other)
    assert code == 2
    assert f"--append and {other} exclude each other" in err
    assert len(list(tmp_path.iterdir())) == 2


def test_an_output_that_is_there_is_overwritten_only_if_that_was_asked_for(
    tmp_path: Path, output: Path, command: Command
) -> None:
    paths = averages(tmp_path, 10, 20)
    output.write_text("precious")
    refused(command(*paths), "joined.h5: exists; name another output, or say --overwrite")
    assert output.read_text() == "precious"
    assert command(*paths, "--overwrite")[0] == 0
    holds(output, 10, 20)


@pytest.mark.parametrize("more", [(), ("--overwrite",), ("--append",)])
def test_an_input_is_never_the_output(tmp_path: Path, command: Command, more: tuple[str, ...]) -> None:
    one, other = averages(tmp_path, 10, 20)
    before = one.read_bytes()
    (tmp_path / "link.h5").symlink_to(one)
    for name in (one, "link.h5"):
        refused(command(one, other, "-o", name, *more), "is an input too; name another output")
    assert one.read_bytes() == before


def test_nan_is_refused_unless_it_is_allowed(tmp_path: Path, output: Path, command: Command) -> None:
    spoiled: Any = numbers(20)
    spoiled[0, 0, 0, 0, 0] = np.nan
    paths = [average(tmp_path, 10, A3), write(tmp_path / "avg_20.h5", {A3: spoiled})]
    refused(command(*paths), f"{paths[1]}: {A3}: 1 numbers are NaN or infinite", "--allow-nan")
    assert not output.exists()
    assert command(*paths, "--allow-nan")[0] == 0
    assert np.isnan(read(output)[A3]).sum() == 1


def test_what_does_not_fit_is_refused_by_file_and_dataset(tmp_path: Path, output: Path, command: Command) -> None:
    one, other = average(tmp_path, 10), average(tmp_path, 20, A3)
    refused(command(one, other), f"{other}: {V4}: missing; the configurations before it have it")
    refused(command(one, "avg_30.h5"), "avg_30.h5: cannot be read: No such file or directory")
    assert not output.exists()


def test_an_output_that_cannot_be_written_is_told_in_a_line(tmp_path: Path, command: Command) -> None:
    paths = averages(tmp_path, 10, 20)
    refused(command(*paths, "-o", paths[0] / "joined.h5"), "joined.h5: cannot be written: ")


def test_wrong_usage_is_exit_2(tmp_path: Path, command: Command, capfd: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert command()[0] == 2
    assert run(capfd, monkeypatch, "concatenate", *averages(tmp_path, 10, 20))[0] == 2
