"""Opening HDF5 files: the refusal of the system is told from damage; the provenance mark is read back as it was written."""

import errno
import pickle
import re
from pathlib import Path

import h5py
import numpy as np
import pytest

from latteboard.errors import InputRefused
from latteboard.files.hdf5 import (
    COMPLETE,
    INPUTS,
    PATH,
    RECIPE,
    Damaged,
    RecordedInput,
    Unreadable,
    dataset_sizes,
    open_file,
    problem_of,
    read_mark,
    reading,
    write_mark,
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "file.h5"
    with h5py.File(path, "w") as content:
        content["a/b"] = np.arange(10.0)
    return path


@pytest.mark.parametrize("call", [problem_of, read_mark, dataset_sizes, open_file])
def test_a_file_that_the_system_refuses_is_no_verdict(call: object, file: Path, tmp_path: Path) -> None:
    (tmp_path / "circle.h5").symlink_to(tmp_path / "circle.h5")
    for path, number in (
        (tmp_path / "absent.h5", errno.ENOENT),
        (file / "below_a_file.h5", errno.ENOTDIR),
        (tmp_path / "circle.h5", errno.ELOOP),
    ):
        with pytest.raises(Unreadable, match=f"^{re.escape(str(path))}: cannot be read: ") as caught:
            call(path)  # type: ignore[operator]
        assert caught.value.errno == number
        assert caught.value.filename == caught.value.path == str(path)


@pytest.mark.parametrize(
    "number", [errno.EACCES, errno.EPERM, errno.EIO, errno.ESTALE, errno.ETIMEDOUT, errno.ENOENT, errno.EMFILE]
)
def test_the_error_number_is_found_where_hdf5_hides_it(number: int) -> None:
    text = f"Can't synchronously read data (file read failed: time = Wed, errno = {number}, error message = 'x', offset = 0)"
    for error in (OSError(text), OSError(number, text), RuntimeError(text), KeyError(text)):
        with pytest.raises(Unreadable) as caught, reading("file.h5", "a/b"):
            raise error
        assert caught.value.errno == number
        assert str(caught.value).startswith("file.h5: a/b: cannot be read: ")


@pytest.mark.parametrize(
    "error",
    [
        OSError("truncated file: eof = 4048, sblock->base_addr = 0, stored_eof = 8096"),
        OSError(errno.EINVAL, "an impossible place"),
        RuntimeError("wrong B-tree signature"),
        KeyError("unable to open object"),
    ],
)
def test_an_error_of_the_contents_is_damage(error: Exception) -> None:
    with pytest.raises(Damaged, match=r"^file\.h5: a/b: truncated or damaged: ") as caught, reading("file.h5", "a/b"):
        raise error
    assert caught.value.reason.startswith("truncated or damaged: ")


def test_a_refusal_inside_the_block_is_passed_on() -> None:
    with pytest.raises(InputRefused, match=r"^twice$"), reading("file.h5"):
        raise InputRefused("twice")


def test_contents_are_judged(file: Path, tmp_path: Path) -> None:
    assert problem_of(file, ["a/b"]) is None
    assert problem_of(file, ["a/c"]) == "1 of 1 datasets missing, first a/c"
    assert problem_of(tmp_path) == "a folder"
    (tmp_path / "text.h5").write_text("text")
    assert problem_of(tmp_path / "text.h5") == "not an HDF5 file"
    file.write_bytes(file.read_bytes()[:-1])
    assert str(problem_of(file)).startswith("truncated or damaged: ")
    with pytest.raises(Damaged):
        dataset_sizes(file)


def test_errors_survive_the_way_between_processes() -> None:
    unreadable = Unreadable(errno.EIO, "Input/output error", "file.h5", name="a/b")
    refused = InputRefused("twice", path=Path("file.h5"), name="a/b")
    for error in (unreadable, refused, Damaged("a folder", path="file.h5")):
        copy = pickle.loads(pickle.dumps(error))  # noqa: S301 its own bytes
        assert (str(copy), copy.reason, copy.path, copy.name) == (str(error), error.reason, error.path, error.name)


def test_a_mark_is_read_back_as_it_was_written(file: Path) -> None:
    inputs = tuple(RecordedInput(f"gauge/{number}_\udce4.h5", number, 2**60 + number) for number in range(3000))
    recipe = {"steps": ["average"], "stream": "ä"}
    assert read_mark(file) is None
    with h5py.File(file, "r+") as content:
        made = write_mark(content, path="average/ä.h5", inputs=inputs, recipe=recipe)
    mark = read_mark(file)
    assert mark is not None
    assert (mark.complete, mark.path, mark.made, mark.inputs, mark.recipe) == (
        True,
        "average/ä.h5",
        made,
        inputs,
        recipe,
    )


def test_a_mark_that_other_tools_stored_in_other_types_is_read(file: Path) -> None:
    with h5py.File(file, "r+") as content:
        write_mark(content, path="x", inputs=[], recipe={}, made=5)
        content.attrs[PATH] = np.bytes_("average.h5")
        content.attrs[RECIPE] = np.array(['{"steps": []}'], dtype=h5py.string_dtype())
        content.attrs[COMPLETE] = np.int32(1)
    mark = read_mark(file)
    assert mark is not None
    assert (mark.complete, mark.path, mark.recipe, mark.made) == (True, "average.h5", {"steps": []}, 5)


def test_a_mark_that_makes_no_sense_is_none(file: Path) -> None:
    for senseless in (h5py.Empty("f8"), "[1, 2]", "{", np.zeros(3), '[["path", -1, 0]]'):
        with h5py.File(file, "r+") as content:
            write_mark(content, path="x", inputs=[], recipe={})
            content.attrs[INPUTS] = senseless
        assert read_mark(file) is None


def test_another_attribute_that_cannot_be_read_does_not_hide_the_mark(file: Path) -> None:
    with h5py.File(file, "r+") as content:
        write_mark(content, path="x", inputs=[], recipe={})
        kind = h5py.h5t.UNIX_D32LE.copy()  # a time, which numpy has no type for
        space = h5py.h5s.create(h5py.h5s.SCALAR)
        h5py.h5a.create(content.id, b"taken_at", kind, space)
        with pytest.raises(TypeError):
            dict(content.attrs)
    assert read_mark(file) is not None
