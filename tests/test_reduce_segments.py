"""A large concatenation grows by segments: nothing old is copied or touched, and whoever reads it sees one file."""

import errno
import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from disk import run
from members import (
    A3,
    APPEND,
    JOIN,
    V4,
    VIRTUAL,
    average,
    averages,
    configurations,
    holds,
    join,
    joining,
    numbers,
    read,
    write,
)

from latteboard.errors import InputRefused, LatteboardError, OutputRefused
from latteboard.files.hdf5 import Mark, read_mark
from latteboard.files.segments import segments_folder
from reducer.correlators.file import CorrelatorFile
from reducer.hdf5.attributes import NOT_FINITE
from reducer.hdf5.diff import compare
from reducer.making import make as make_module
from reducer.making import segments as segments_module
from reducer.making.consolidate import consolidate
from reducer.making.make import make
from reducer.making.segments import LARGEST_PLAIN, MOST, smallest

OUTPUT = "joined.h5"
ALONG = ({"concatenate": {"along": 0, "append": True}},)


@pytest.fixture(autouse=True)
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every output is large enough to grow by segments."""
    monkeypatch.setattr(segments_module, "LARGEST_PLAIN", 0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "results"


def grown(folder: Path, *steps: int, how: Any = APPEND) -> Path:
    """A file that was given one configuration after the other."""
    folder.mkdir(exist_ok=True)
    for number in steps:
        path = folder / f"avg_{number}.h5"
        join(folder, {number: path if path.exists() else average(folder, number)}, how)
    return folder / OUTPUT


def segments(path: Path) -> list[Path]:
    return sorted(segments_folder(path).iterdir()) if segments_folder(path).exists() else []


def marked(path: Path) -> Mark:
    mark = read_mark(path)
    assert mark is not None
    return mark


# -- growing ---------------------------------------------------------------------------------------------------------


def test_what_is_there_is_neither_copied_nor_touched(folder: Path) -> None:
    path = grown(folder, 10)
    first = path.stat()
    grown(folder, 20)
    assert os.path.samestat(segments(path)[0].stat(), first)
    before = {one: (one.stat().st_ino, one.stat().st_mtime_ns, one.read_bytes()) for one in segments(path)}
    grown(folder, 30)
    for one, (inode, mtime, content) in before.items():
        assert (one.stat().st_ino, one.stat().st_mtime_ns, one.read_bytes()) == (inode, mtime, content)
    assert len(segments(path)) == 3
    holds(path, 10, 20, 30)


def test_a_file_has_the_same_contents_as_one_that_was_made_at_once(folder: Path) -> None:
    path = grown(folder, 10, 40, 20, 30, 5)
    members = {number: folder / f"avg_{number}.h5" for number in (5, 10, 20, 30, 40)}
    join(folder, members, APPEND, path="whole.h5")
    assert not compare(path, folder / "whole.h5")
    one, other = marked(path), marked(folder / "whole.h5")
    assert one.recipe["steps"] == other.recipe["steps"]
    assert sorted(map(str, one.inputs)) == sorted(map(str, other.inputs))
    assert sorted(one.recipe["rows"]) == sorted(other.recipe["rows"])
    assert join(folder, members, APPEND) is None


def test_earlier_configurations_are_inserted_between_those_of_segments(folder: Path) -> None:
    holds(grown(folder, 30, 10, 20, 5, 25), 5, 10, 20, 25, 30)


def test_along_an_axis_that_rows_have(folder: Path) -> None:
    path = grown(folder, 10, 20, 30, how=ALONG)
    np.testing.assert_array_equal(read(path)[A3], np.concatenate([numbers(one) for one in (10, 20, 30)]))
    with pytest.raises(OutputRefused, match="holds later configurations; along axis 0 none can come before them"):
        grown(folder, 5, how=ALONG)
    assert configurations(path) == [10, 20, 30]
    assert len(segments(path)) == 3


@pytest.mark.parametrize("how", [APPEND, ALONG], ids=["new", "axis"])
def test_there_are_never_too_many_segments(folder: Path, how: Any) -> None:
    order = range(10, 10 + 3 * MOST) if how is ALONG else [n if n % 3 else 200 - n for n in range(10, 10 + 3 * MOST)]
    most = 0
    for number in order:
        path = grown(folder, number, how=how)
        most = max(most, len(marked(path).segments))
    assert most == MOST
    join(folder, {number: folder / f"avg_{number}.h5" for number in order}, how, path="whole.h5")
    assert not compare(path, folder / "whole.h5")
    assert {one.path for one in marked(path).segments} <= {one.name for one in segments(path)}


def test_each_row_is_written_again_a_few_times_only() -> None:
    sizes: dict[str, int] = {}
    written = 0
    for number in range(2000):
        chosen = smallest(sizes, 1)
        size = 1 + sum(sizes.pop(name) for name in chosen)
        sizes[str(number)] = size
        written += size
        assert len(sizes) <= MOST
    assert sum(sizes.values()) == 2000
    assert written < 4 * 2000


def test_a_small_output_is_written_anew_as_one_plain_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments_module, "LARGEST_PLAIN", LARGEST_PLAIN)
    path = grown(folder, 10, 20, 30)
    assert not segments_folder(path).exists()
    holds(path, 10, 20, 30)


def test_text_and_whole_numbers_which_have_no_nan_are_in_the_index_itself(folder: Path) -> None:
    folder.mkdir()
    for number in (1, 2, 3):
        content = {A3: numbers(number), "n": np.int64(number), "name": f"c{number}", "z": np.zeros((0, 2))}
        join(folder, {number: write(folder / f"avg_{number}.h5", content)}, APPEND)
    with h5py.File(folder / OUTPUT) as file:
        assert [file[name].is_virtual for name in (A3, "n", "name", "z")] == [True, False, False, False]
        assert file["n"][()].tolist() == [1, 2, 3]
        assert file["name"].asstr()[()].tolist() == ["c1", "c2", "c3"]
        assert file["z"].shape == (3, 0, 2)


def test_attributes_that_differ_and_numbers_that_are_not_finite_are_those_of_all_rows(folder: Path) -> None:
    folder.mkdir()
    order = [*range(MOST + 4)]
    for number in order:
        content = numbers(number)
        content[0, 0, 0, 0, 0] = np.nan if number % 2 else 0.0
        path = write(folder / f"avg_{number}.h5", {A3: content})
        with h5py.File(path, "r+") as file:
            file.attrs["beta"] = number
        make(joining(folder, {number: path}, APPEND), folder, allow_nan=True)
    with h5py.File(folder / OUTPUT) as file:
        assert file["attributes/beta"][()].tolist() == order
        assert file[A3].attrs[NOT_FINITE] == len(order) // 2


def test_a_file_of_links_is_continued_as_a_plain_one(folder: Path) -> None:
    folder.mkdir()
    members = dict(zip((10, 20, 30), averages(folder, 10, 20, 30), strict=True))
    join(folder, {10: members[10], 20: members[20]}, VIRTUAL)
    join(folder, members, APPEND)
    holds(folder / OUTPUT, 10, 20, 30)
    with h5py.File(folder / OUTPUT) as file:
        assert not file[A3].is_virtual


def test_a_file_that_grew_as_those_of_early_versions_is_continued(folder: Path) -> None:
    path = grown(folder, 10, 20)
    consolidate(path)
    mark = marked(path)
    chunked = folder / "chunked.h5"
    with h5py.File(path) as old, h5py.File(chunked, "w") as new:
        for name in old:
            old.copy(name, new)
        for name in (A3, V4):
            values, attributes = old[name][()], dict(old[name].attrs)
            del new[name]
            new.create_dataset(name, data=values, maxshape=(None, *values.shape[1:]), chunks=(1, *values.shape[1:]))
            new[name].attrs.update(attributes)
        new.attrs.update(old.attrs)
        recipe = json.loads(old.attrs["latteboard_recipe"])
        del recipe["rows"]
        new.attrs["latteboard_recipe"] = json.dumps(recipe)
    chunked.replace(path)
    os.utime(path, ns=(mark.made, mark.made))
    grown(folder, 15)
    holds(path, 10, 15, 20)
    assert len(segments(path)) == 2


@pytest.mark.parametrize("along", ["new", 0, 1, 4], ids=str)
def test_however_it_grows_it_holds_what_one_made_at_once_holds(
    folder: Path, along: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(f"{along}")
    how = ({"concatenate": {"along": along, "append": True}},)
    folder.mkdir()
    numbers_left = list(range(100, 160))
    if along == "new":
        chance.shuffle(numbers_left)
    monkeypatch.setattr(segments_module, "DAY_NS", 0)
    members: dict[int, Path] = {}
    while numbers_left:
        some, numbers_left = numbers_left[: (size := chance.randint(1, 6))], numbers_left[size:]
        for number in some:
            content = numbers(number)[: None if along == "new" else chance.randint(1, 3)]
            content = np.moveaxis(content, 0, along) if along in (1, 4) else content
            members[number] = write(folder / f"avg_{number}.h5", {"x": content.copy(), "n": np.full((1,) * 5, number)})
        monkeypatch.setattr(segments_module, "LARGEST_PLAIN", chance.choice([0, 0, 0, 10**9]))
        join(folder, {number: members[number] for number in some}, how)
        if chance.random() < 0.2:
            consolidate(folder / OUTPUT)
        (folder / "whole.h5").unlink(missing_ok=True)
        join(folder, members, how, path="whole.h5")
        assert not compare(folder / OUTPUT, folder / "whole.h5")
    assert configurations(folder / OUTPUT) == list(range(100, 160))


# -- reading ---------------------------------------------------------------------------------------------------------

READ = """
import sys, h5py, resource
resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))
with h5py.File(sys.argv[1]) as file:
    names = []
    file.visititems(lambda name, one: names.append(name) if isinstance(one, h5py.Dataset) else None)
    everything = [file[name] for name in names]
    print(all((one[()] == one[()]).all() for one in everything), file["configurations"][()].tolist())
"""


def outside(path: str, cwd: Path) -> str:
    found = subprocess.run([sys.executable, "-c", READ, path], cwd=cwd, capture_output=True, text=True, check=False)
    return found.stdout.strip() or found.stderr


def test_it_is_read_from_anywhere_through_links_and_with_few_open_files(folder: Path, tmp_path: Path) -> None:
    path = grown(folder, *range(10, 10 + MOST))
    expected = f"True {list(range(10, 10 + MOST))}"
    assert outside(str(path), tmp_path) == expected
    assert outside(OUTPUT, folder) == expected
    assert outside(f"results/{OUTPUT}", tmp_path) == expected
    (tmp_path / "links").mkdir()
    (tmp_path / "links/other.h5").symlink_to(path)
    assert outside("links/other.h5", tmp_path) == expected
    (tmp_path / "way").symlink_to(folder)
    assert outside(f"way/{OUTPUT}", Path("/")) != expected  # no such path there
    assert outside(str(tmp_path / "way" / OUTPUT), Path("/")) == expected
    moved = folder.rename(tmp_path / "moved")
    assert outside(str(moved / OUTPUT), tmp_path) == expected


def test_a_segment_of_another_output_of_the_same_name_is_never_read(folder: Path, tmp_path: Path) -> None:
    path, other = grown(folder, 10, 20), grown(tmp_path / "other", 30, 40)
    assert not {one.name for one in segments(path)} & {one.name for one in segments(other)}
    shutil.copy2(path, tmp_path / "other" / "copy.h5")
    shutil.copytree(segments_folder(other), tmp_path / "other" / "copy.h5.segments")
    assert all(np.isnan(one).all() for one in read(tmp_path / "other" / "copy.h5").values())


def test_the_index_alone_shows_nan_and_our_readers_refuse_it(folder: Path, tmp_path: Path) -> None:
    path = grown(folder, 10, 20)
    alone = Path(shutil.copy2(path, tmp_path / "alone.h5"))
    assert configurations(alone) == [10, 20]
    assert all(np.isnan(one).all() for one in read(alone).values())
    with pytest.raises(InputRefused, match=r"a virtual dataset: its segment .* is not there; bring it back"):
        datasets_of(alone)
    with pytest.raises(InputRefused, match="is not there"):
        compare(alone, path)


def datasets_of(path: Path) -> None:
    with CorrelatorFile(path) as file:
        file.datasets(file.data)


def shorter(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 1)


def later(path: Path) -> None:
    os.utime(path, ns=(1, 1))


def gone(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize(
    ("harm", "message"), [(shorter, "bytes; expected"), (later, "another time"), (gone, "is not there")]
)
def test_a_segment_that_is_not_as_it_was_recorded_is_refused(folder: Path, harm: Any, message: str) -> None:
    path = grown(folder, 10, 20)
    harm(segments(path)[1])
    for use in (datasets_of, consolidate, lambda path: compare(path, path), lambda _: grown(folder, 30)):
        with pytest.raises(LatteboardError, match=f"its segment joined.h5.segments/1-[0-9a-f]+.h5 .*{message}"):
            use(path)
    assert configurations(path) == [10, 20]


def test_an_output_that_lacks_a_segment_is_made_again_from_inputs_that_are_all_there(folder: Path) -> None:
    path = grown(folder, 10, 20)
    members = {number: folder / f"avg_{number}.h5" for number in (10, 20)}
    segments(path)[1].unlink()
    for how in (APPEND, JOIN):
        with pytest.raises(OutputRefused, match=r"exists, its segment .* is not there"):
            join(folder, members, how)
    with pytest.raises(OutputRefused, match=r"holds configuration 10 .* whose inputs are not there to be read again"):
        join(folder, {20: members[20]}, APPEND, replace=True)
    join(folder, members, APPEND, replace=True)
    holds(path, 10, 20)
    assert not segments_folder(path).exists()


def test_what_was_copied_without_times_is_known_by_the_marks_of_its_segments(folder: Path, tmp_path: Path) -> None:
    grown(folder, 10, 20)
    copied = tmp_path / "copied"
    shutil.copytree(folder, copied, copy_function=shutil.copy)
    datasets_of(copied / OUTPUT)
    grown(copied, 30)
    datasets_of(copied / OUTPUT)
    holds(copied / OUTPUT, 10, 20, 30)
    os.utime(copied / OUTPUT, ns=(1, 1))
    shutil.copy(segments(copied / OUTPUT)[0], segments(copied / OUTPUT)[1])
    with pytest.raises(InputRefused, match=r"its segment .* has "):
        datasets_of(copied / OUTPUT)


# -- one plain file --------------------------------------------------------------------------------------------------


def test_consolidating_gives_one_plain_file_with_the_same_record(folder: Path, tmp_path: Path) -> None:
    path = grown(folder, 10, 30, 20)
    before, old = Path(shutil.copytree(folder, tmp_path / "before")), marked(path)
    made = consolidate(path)
    assert made.bytes_written == path.stat().st_size
    assert not compare(path, before / OUTPUT)
    assert not segments_folder(path).exists()
    mark = marked(path)
    assert (mark.inputs, mark.recipe, mark.segments, mark.path) == (old.inputs, old.recipe, (), old.path)
    assert consolidate(path).bytes_written == 0
    grown(folder, 40)
    holds(path, 10, 20, 30, 40)


def test_a_file_of_links_is_consolidated_too(folder: Path) -> None:
    folder.mkdir()
    members = dict(zip((10, 20), averages(folder, 10, 20), strict=True))
    join(folder, members, VIRTUAL)
    consolidate(folder / OUTPUT)
    for path in members.values():
        path.unlink()
    holds(folder / OUTPUT, 10, 20)


@pytest.mark.parametrize("what", ["absent", "foreign", "single"])
def test_only_a_concatenation_of_ours_is_consolidated(folder: Path, what: str) -> None:
    path = folder / "some.h5"
    folder.mkdir()
    if what == "foreign":
        write(path, {A3: numbers(1)})
    if what == "single":
        join(folder, {1: average(folder, 1)}, ["average"], path="some.h5")
    with pytest.raises(OutputRefused, match=r"some\.h5: is no concatenation of ours"):
        consolidate(path)


def test_the_command(folder: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    path = grown(folder, 10, 20)

    def command(*words: str) -> tuple[int, str, str]:
        return run(capfd, monkeypatch, "concatenate", "-o", path, *words)

    code, out, _ = command("--consolidate")
    assert (code, out.startswith(f"wrote {path}: ")) == (0, True)
    assert command("--consolidate") == (0, f"{path} holds all of that already\n", "")
    for others, named in ((["x.h5"], "IN..."), (["--append"], "--append"), (["--along", "new"], "--along")):
        code, _, err = command("--consolidate", *others)
        assert (code, f"--consolidate and {named} exclude each other" in err) == (2, True)
    code, _, err = command()
    assert (code, "Missing argument 'IN...'" in err) == (2, True)


# -- what is not needed any more ---------------------------------------------------------------------------------------


def test_segments_that_were_written_together_are_removed_a_day_later_only(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = grown(folder, *range(10, 10 + MOST))
    old = Path(shutil.copy2(path, folder / "reader.h5"))  # as a process sees it that has it open
    grown(folder, 100)
    assert {one.name for one in segments(path)} > {one.path for one in marked(path).segments}
    assert not any(np.isnan(one).any() for one in read(old).values())
    monkeypatch.setattr(segments_module, "DAY_NS", 0)
    grown(folder, 101)
    grown(folder, 102)
    named = {one.path for one in marked(path).segments}
    assert {one.name for one in segments(path)} == named
    holds(path, *range(10, 10 + MOST), 100, 101, 102)


def test_only_segments_of_this_output_are_removed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments_module, "DAY_NS", 0)
    path = grown(folder, 10, 20)
    foreign = segments_folder(path) / "7-0123456789ab.h5"
    foreign.write_bytes(b"mine")
    note = segments_folder(path) / "notes.txt"
    note.write_text("mine")
    grown(folder, 30)
    consolidate(path)
    assert segments(path) == [foreign, note]


def test_the_segments_of_an_output_that_was_moved_away_stay(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segments_module, "DAY_NS", 0)
    path = grown(folder, 10, 20)
    theirs, aside = segments(path), path.rename(tmp_path / OUTPUT)
    for number in range(30, 30 + MOST + 3):
        grown(folder, number)
    consolidate(path)
    join(folder, {40: folder / "avg_40.h5"}, JOIN, replace=True, path="other.h5")
    assert segments(path) == theirs
    path.unlink()
    aside.rename(path)
    holds(path, 10, 20)


def test_an_output_that_is_made_anew_leaves_no_segments(folder: Path) -> None:
    path = grown(folder, 10, 20)
    members = {number: folder / f"avg_{number}.h5" for number in (10, 20)}
    for one in members.values():
        os.utime(one, ns=(1, 1))
    join(folder, members, JOIN, replace=True)
    assert not segments_folder(path).exists()
    holds(path, 10, 20)


def test_what_another_run_makes_of_a_new_file_at_that_moment_keeps_its_segments(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.mkdir()
    members = dict(zip((10, 20), averages(folder, 10, 20), strict=True))
    real = make_module.write_joined

    def meanwhile(*arguments: Any) -> None:
        real(*arguments)
        monkeypatch.setattr(make_module, "write_joined", real)
        grown(folder, 10)
        grown(folder, 20)

    monkeypatch.setattr(make_module, "write_joined", meanwhile)
    with pytest.raises(OutputRefused, match="exists already; nothing was changed"):
        join(folder, members, JOIN)
    holds(folder / OUTPUT, 10, 20)
    assert len(segments(folder / OUTPUT)) == 2


def failing(*_: Any, **__: Any) -> Iterator[Any]:
    raise OSError(5, "Input/output error")


@pytest.mark.parametrize("where", ["describe", "write_joined"])
def test_a_failure_leaves_what_was_there(folder: Path, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    for number in (20, 30):
        path = grown(folder, 10) if number == 20 else grown(folder, 20)
        before, there = path.read_bytes(), segments(path)
        with monkeypatch.context() as patched:
            patched.setattr(segments_module, where, failing)
            with pytest.raises(OutputRefused, match="cannot be written: Input/output error; nothing is left of it"):
                grown(folder, number)
        assert (path.read_bytes(), segments(path)) == (before, there)
        assert segments_folder(path).exists() == bool(there)


@pytest.mark.parametrize("had", [1, 2], ids=["plain", "segmented"])
def test_wherever_the_disk_is_full_what_was_there_stays(
    folder: Path, monkeypatch: pytest.MonkeyPatch, had: int
) -> None:
    path = grown(folder, *range(10, 10 + had))
    average(folder, 30)
    before = {one: one.stat() for one in folder.rglob("*") if one.is_file()}
    pwrite, refusals = os.pwrite, []

    def full(after: int) -> Any:
        calls = iter(range(after))

        def call(*arguments: Any) -> int:
            if next(calls, None) is None:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return pwrite(*arguments)

        return call

    for after in range(1000):
        with monkeypatch.context() as patched:
            patched.setattr(os, "pwrite", full(after))
            try:
                grown(folder, 30)
                break
            except OutputRefused as error:
                refusals.append(str(error))
        found = {one: one.stat() for one in folder.rglob("*") if one.is_file()}
        assert {one: (was.st_ino, was.st_mtime_ns) for one, was in found.items()} == {
            one: (was.st_ino, was.st_mtime_ns) for one, was in before.items()
        }
    assert len(refusals) > 10
    assert all(one.endswith("no space left on device; nothing is left of it") for one in refusals)
    holds(path, *range(10, 10 + had), 30)


def test_through_a_link_the_file_that_it_leads_to_grows(folder: Path, tmp_path: Path) -> None:
    path = grown(folder, 10, 20)
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / OUTPUT).symlink_to(path)
    join(tmp_path / "links", {30: average(tmp_path / "links", 30)}, APPEND)
    assert (tmp_path / "links" / OUTPUT).is_symlink()
    holds(path, 10, 20, 30)
    assert not (tmp_path / "links" / f"{OUTPUT}.segments").exists()
