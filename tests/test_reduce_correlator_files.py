"""Correlators read from HDF5 files, however their numbers are stored; what cannot be read is refused by name."""

import os
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from correlators import L, T, write_form_factors
from disk import closed, script
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from latteboard.errors import InputRefused
from reducer.correlators.file import CorrelatorFile

NAME = "proton/spin_up/4D_correlator/x0_y1_z2_t3"
ROWS = [[0], [7], [2, 3, 4], [6, 7, 0, 1], [1, 0, 7, 6], [4, 3, 2, 1], [5, 0, 3], list(range(T)), []]
Numbers = NDArray[Any]


def numbered(dtype: str = "float64", shape: tuple[int, ...] = (T, 2, 3, 4, 2)) -> Numbers:
    """Every number once."""
    return (np.arange(np.prod(shape)) + 0.5).reshape(shape).astype(dtype)


def plain(path: Path, data: Numbers, **layout: Any) -> Path:
    with h5py.File(path, "w") as file:
        file.create_dataset(NAME, data=data, **layout)
    return path


def user_block(path: Path, data: Numbers) -> Path:
    with h5py.File(path, "w", userblock_size=1024) as file:
        file.create_dataset(NAME, data=data)
    with path.open("r+b") as stream:
        stream.write(b"notes of whoever wrote this")
    return path


def external(path: Path, data: Numbers) -> Path:
    beside = path.with_suffix(".raw")
    with h5py.File(path, "w") as file:
        file.create_dataset(NAME, data=data, external=[(str(beside), 0, h5py.h5f.UNLIMITED)])
    return path


def compact(path: Path, data: Numbers) -> Path:
    settings = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    settings.set_layout(h5py.h5d.COMPACT)
    with h5py.File(path, "w") as file:
        group = file.create_group(NAME.rpartition("/")[0])
        space = h5py.h5s.create_simple(data.shape)
        kind = h5py.h5t.py_create(data.dtype)
        made = h5py.h5d.create(group.id, NAME.rpartition("/")[2].encode(), kind, space, settings)
        h5py.Dataset(made)[...] = data
    return path


def linked(path: Path, data: Numbers) -> Path:
    beside = plain(path.with_suffix(".far.h5"), data)
    with h5py.File(path, "w") as file:
        layout = h5py.VirtualLayout(data.shape, data.dtype)
        layout[...] = h5py.VirtualSource(beside.name, NAME, data.shape)
        file.create_virtual_dataset(NAME, layout)
    return path


Write = Callable[[Path], Path]
STORED: dict[str, tuple[Write, bool]] = {  # how, and whether its rows are pieces of the file
    "contiguous": (lambda path: plain(path, numbered()), True),
    "single precision": (lambda path: plain(path, numbered("float32")), True),
    "compound complex": (lambda path: plain(path, numbered("complex128", (T, 2, 3, 4))), True),
    "single complex": (lambda path: plain(path, numbered("complex64", (T, 2, 3, 4))), True),
    "one axis": (lambda path: plain(path, numbered(shape=(T,))), True),
    "whole numbers": (lambda path: plain(path, numbered("int32")), True),
    "chunked": (lambda path: plain(path, numbered(), chunks=(3, 1, 3, 4, 2)), False),
    "compressed": (lambda path: plain(path, numbered(), chunks=(2, 2, 3, 4, 2), compression="gzip"), False),
    "checked": (lambda path: plain(path, numbered(), chunks=(8, 2, 3, 4, 2), fletcher32=True), False),
    "big-endian": (lambda path: plain(path, numbered(">f8")), False),
    "big-endian complex": (lambda path: plain(path, numbered(">c8", (T, 2, 3, 4))), False),
    "behind a user block": (lambda path: user_block(path, numbered()), False),
    "in another file": (lambda path: external(path, numbered()), False),
    "in the header": (lambda path: compact(path, numbered()), False),
    "links": (lambda path: linked(path, numbered()), False),
}
every_way = pytest.mark.parametrize("write", [write for write, _ in STORED.values()], ids=STORED)


def rows_of(path: Path, rows: list[int], *, by_library: bool = False) -> tuple[Numbers, int]:
    """Some rows of the only dataset, and how many bytes that took; in place where they can be read so, unless told not to."""
    with CorrelatorFile(path) as file:
        (stored,) = file.datasets(file.names).values()
        if by_library:
            stored = replace(stored, offset=None)
        out = np.full((len(rows), *stored.shape[1:]), 99).astype(stored.dtype.newbyteorder("="))
        file.read(stored, rows, out)
        return out, file.bytes_read


# -- the same numbers ----------------------------------------------------------------------------------------------------


@every_way
@pytest.mark.parametrize("rows", ROWS, ids=str)
def test_rows_are_what_the_library_reads_in_any_order(tmp_path: Path, write: Write, rows: list[int]) -> None:
    path = write(tmp_path / "a.h5")
    with h5py.File(path) as file:
        expected = file[NAME][()][rows] if rows else file[NAME][:0]
    found, read = rows_of(path, rows)
    np.testing.assert_array_equal(found, expected)
    assert found.dtype.isnative
    assert read == found.nbytes
    np.testing.assert_array_equal(rows_of(path, rows, by_library=True)[0], expected)


@pytest.mark.parametrize(("write", "in_place"), STORED.values(), ids=STORED)
def test_only_what_stands_in_the_file_as_in_memory_is_read_in_place(
    tmp_path: Path, write: Write, *, in_place: bool
) -> None:
    with CorrelatorFile(write(tmp_path / "a.h5")) as file:
        assert (file.datasets([NAME])[NAME].offset is not None) == in_place


@given(rows=st.lists(st.integers(0, T - 1), max_size=2 * T))
def test_rows_may_come_in_any_order_and_again(rows: list[int], tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "shared.h5"
    if not path.exists():
        plain(path, numbered())
    for by_library in (False, True):
        found, _ = rows_of(path, rows, by_library=by_library)
        assert found.tolist() == [numbered()[row].tolist() for row in rows]


@every_way
def test_a_dataset_is_read_whole_and_copied(tmp_path: Path, write: Write) -> None:
    path = write(tmp_path / "a.h5")
    with h5py.File(path) as file:
        expected = file[NAME][()]
    with CorrelatorFile(path) as file, h5py.File(tmp_path / "b.h5", "w") as other:
        (stored,) = file.datasets([NAME]).values()
        np.testing.assert_array_equal(file.read_whole(stored), expected)
        file.copy(NAME, other)
        np.testing.assert_array_equal(other[NAME][()], expected)
        assert file.bytes_read == 2 * expected.nbytes


# -- what is known of a dataset ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dtype", "shape", "complex_shape", "complex_dtype"),
    [
        ("float64", (T, 2, 3, 4, 2), (T, 2, 3, 4), "complex128"),
        ("float32", (T, 2, 3, 4, 2), (T, 2, 3, 4), "complex64"),
        (">f8", (T, 2, 3, 4, 2), (T, 2, 3, 4), "complex128"),
        ("float64", (T, 2, 3, 4), (T, 2, 3, 4), "float64"),
        ("float16", (T, 2, 3, 4, 2), (T, 2, 3, 4, 2), "float16"),
        ("int64", (T, 2), (T, 2), "int64"),
        ("complex64", (T, 2, 3, 2), (T, 2, 3, 2), "complex64"),
    ],
)
def test_real_and_imaginary_part_are_one_number(
    tmp_path: Path, dtype: str, shape: tuple[int, ...], complex_shape: tuple[int, ...], complex_dtype: str
) -> None:
    with CorrelatorFile(plain(tmp_path / "a.h5", numbered(dtype, shape))) as file:
        stored = file.datasets([NAME])[NAME]
    assert (stored.shape, stored.dtype) == (shape, np.dtype(dtype).newbyteorder("="))
    assert (stored.complex_shape, stored.complex_dtype) == (complex_shape, np.dtype(complex_dtype))
    assert stored.nbytes == numbered(dtype, shape).nbytes


@pytest.mark.parametrize(
    ("attribute", "expected"),
    [
        (None, None),
        (np.int32(0), False),
        (np.int32(1), True),
        (np.uint8(1), True),
        (0, False),
        (np.array([0], dtype=np.int32), False),
        (np.array([1]), True),
        # as other codes and languages write it
        (True, True),
        (False, False),
        (0.0, False),
        (np.float32(1), True),
        ("0", False),
        (np.bytes_(b"1"), True),
        ("false", False),
        (h5py.Empty("i4"), None),
    ],
)
def test_whether_a_correlator_is_shifted_stands_in_its_attribute(
    tmp_path: Path, attribute: Any, *, expected: bool | None
) -> None:
    path = plain(tmp_path / "a.h5", numbered())
    with h5py.File(path, "r+") as file:
        if attribute is not None:
            file[NAME].attrs["is_shifted"] = attribute
    with CorrelatorFile(path) as file:
        assert file.datasets([NAME])[NAME].is_shifted is expected


@pytest.mark.parametrize(
    ("attribute", "stated"),
    [("yes", "'yes'"), ([0, 1], "2 values"), (2, "2"), (-1, "-1"), (0.5, "'0.5'"), (1j, "'1j'")],
    ids=str,
)
def test_an_attribute_that_says_neither_is_refused(tmp_path: Path, attribute: Any, stated: str) -> None:
    path = plain(tmp_path / "a.h5", numbered())
    with h5py.File(path, "r+") as file:
        file[NAME].attrs["is_shifted"] = attribute
    with CorrelatorFile(path) as file, pytest.raises(InputRefused) as refused:
        file.datasets([NAME])
    assert str(refused.value) == f"{path}: {NAME}: its attribute is_shifted is {stated}; expected 0 or 1"


@pytest.mark.parametrize("meta", ["t0==2&tsep==3&nt==8", np.bytes_(b"t0==2&tsep==3&nt==8")], ids=["text", "bytes"])
def test_meta_is_text_however_it_is_written(tmp_path: Path, meta: Any) -> None:
    path = plain(tmp_path / "a.h5", numbered())
    with h5py.File(path, "r+") as file:
        file[NAME].attrs["meta"] = meta
    with CorrelatorFile(path) as file:
        assert file.datasets([NAME])[NAME].meta == "t0==2&tsep==3&nt==8"


def test_datasets_are_listed_by_name(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        for name in ("b/z", "b/a/c", "a", "ä/ö"):
            file[name] = 1.0
        file["momenta"] = [0, 1, -1]
        file.create_group("empty")
    with CorrelatorFile(tmp_path / "a.h5") as file:
        assert file.names == ["a", "b/a/c", "b/z", "momenta", "ä/ö"]
        assert file.data == ["a", "b/a/c", "b/z", "ä/ö"]
        assert file.root_dataset("momenta").tolist() == [0, 1, -1]  # type: ignore[union-attr]
        assert file.root_dataset("a") is None


# -- refused -------------------------------------------------------------------------------------------------------------


def made_but_not_written(path: Path) -> Path:
    with h5py.File(path, "w") as file:
        file.create_dataset(NAME, (T, 2, 3, 4, 2), "float64")
    return path


def some_chunks_not_written(path: Path) -> Path:
    with h5py.File(path, "w") as file:
        file.create_dataset(NAME, (T, 2, 3, 4, 2), "float64", chunks=(1, 2, 3, 4, 2))[:5] = 1
    return path


@pytest.mark.parametrize("write", [made_but_not_written, some_chunks_not_written])
def test_data_that_were_never_written_are_refused(tmp_path: Path, write: Write) -> None:
    """The library reads zeros there."""
    path = write(tmp_path / "a.h5")
    with CorrelatorFile(path) as file, pytest.raises(InputRefused) as refused:
        file.datasets([NAME])
    assert str(refused.value) == f"{path}: {NAME}: never written: whoever wrote the file was stopped"


def test_a_dataset_of_nothing_is_no_unwritten_one(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("nothing", (0, 4), "float64")
        file.create_dataset("growing", (0, 4), "float64", maxshape=(None, 4), chunks=(2, 4))
        file["one"] = 5.0
    with CorrelatorFile(tmp_path / "a.h5") as file:
        assert [one.shape for one in file.datasets(file.names).values()] == [(0, 4), (0, 4), ()]


@pytest.mark.parametrize("lost", [1, 100, 2000])
def test_a_truncated_file_is_refused(tmp_path: Path, lost: int) -> None:
    path = plain(tmp_path / "a.h5", numbered())
    os.truncate(path, path.stat().st_size - lost)
    with pytest.raises(InputRefused, match=f"^{path}: truncated or damaged: "):
        CorrelatorFile(path).names  # noqa: B018


def test_a_file_that_is_truncated_while_it_is_open_is_refused(tmp_path: Path) -> None:
    (path,) = write_form_factors(tmp_path)[:1]
    with CorrelatorFile(path) as file:
        stored = list(file.datasets(file.names).values())[-1]
        assert stored.offset is not None
        row = stored.nbytes // T
        os.truncate(path, stored.offset + 3 * row + 100)
        out = np.empty((3, L, L, L, 2))
        file.read(stored, [0, 1, 2], out)
        with pytest.raises(InputRefused) as refused:
            file.read(stored, [2, 3, 4], out)
    assert str(refused.value) == f"{path}: {stored.name}: truncated: {row + 100} of the {3 * row} bytes from index 2 on"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not an HDF5 file"),
        (b"hello", "not an HDF5 file"),
        (b"<xml>" * 1000, "not an HDF5 file"),
        (b"\x89HDF\r\n\x1a\n", "truncated or damaged: .*"),
        (b"\x89HDF\r\n\x1a\n" + bytes(5000), "truncated or damaged: .*"),
    ],
)
def test_what_is_no_hdf5_file_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "a.h5"
    path.write_bytes(content)
    with pytest.raises(InputRefused, match=f"^{path}: {message}$"):
        CorrelatorFile(path)


def test_what_is_not_there_or_is_a_folder_or_closed_is_refused(tmp_path: Path) -> None:
    missing = tmp_path / "missing.h5"
    with pytest.raises(InputRefused, match=f"^{missing}: cannot be read: No such file or directory$"):
        CorrelatorFile(missing)
    with pytest.raises(InputRefused, match=f"^{tmp_path}: a folder$"):
        CorrelatorFile(tmp_path)
    path = plain(tmp_path / "a.h5", numbered())
    with closed(path), pytest.raises(InputRefused, match=f"^{path}: cannot be read: Permission denied$"):
        CorrelatorFile(path)


def test_damaged_chunks_are_refused_by_name(tmp_path: Path) -> None:
    path = plain(tmp_path / "a.h5", numbered(), chunks=(8, 2, 3, 4, 2), fletcher32=True)
    with h5py.File(path) as file:
        place = file[NAME].id.get_chunk_info(0).byte_offset
    with path.open("r+b") as stream:
        stream.seek(place + 50)
        stream.write(b"damage")
    with pytest.raises(InputRefused, match=f"^{path}: {NAME}: truncated or damaged: "):
        rows_of(path, [0])


def test_nothing_stays_open(tmp_path: Path) -> None:
    before = list(Path("/dev/fd").iterdir())
    good, bad = plain(tmp_path / "a.h5", numbered()), tmp_path / "b.h5"
    bad.write_bytes(b"\x89HDF\r\n\x1a\n")
    for path in (good, bad, tmp_path, tmp_path / "missing"):
        try:
            with CorrelatorFile(path) as file:
                assert file.names == [NAME]
        except InputRefused:
            assert path != good
    assert len(list(Path("/dev/fd").iterdir())) == len(before)


# -- no more than is needed ----------------------------------------------------------------------------------------------

COUNT = """
from pathlib import Path
def read_so_far():
    return int(Path("/proc/self/io").read_text().split()[1])
import reducer.commands, threadpoolctl
inputs = sorted(Path(sys.argv[1]).glob("formfac_4D_*.h5"))
reducer.commands.project_files(inputs[:1], Path(sys.argv[1]) / "first.h5", max_momentum=0)
before = read_so_far()
made = reducer.commands.project_files(inputs, Path(sys.argv[1]) / "out.h5", max_momentum=1)
print(made.bytes_read, read_so_far() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/io").exists(), reason="the system does not count what a process reads")
def test_a_projection_reads_the_slices_that_it_needs_and_hardly_more(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    size, times, separation = 24, 12, 4
    for number in range(2):
        with h5py.File(tmp_path / f"formfac_4D_x{number}y0z0t10.h5", "w") as file:
            for current in ("A3", "V4"):
                name = f"proton_t0_10_tsep_{separation}/{current}/x{number}_y0_z0_t10/4D_correlator/local_current"
                file[name] = rng.standard_normal((times, size, size, size, 2))
                file[name].attrs["is_shifted"] = np.int32(0)
    needed = 2 * 2 * (separation + 1) * size**3 * 16
    told, counted = map(int, subprocess.check_output(script(COUNT, tmp_path), text=True).split())
    assert told == needed
    assert needed <= counted <= 1.05 * needed


# -- links ---------------------------------------------------------------------------------------------------------------


def test_a_dataset_is_there_under_each_of_its_names(tmp_path: Path) -> None:
    other = plain(tmp_path / "other.h5", numbered() + 1000)
    path = plain(tmp_path / "a.h5", numbered())
    with h5py.File(path, "r+") as file:
        file["one/hard"] = file[NAME]
        file["one/soft"] = h5py.SoftLink(f"/{NAME}")
        file["one/external"] = h5py.ExternalLink("other.h5", f"/{NAME}")
        file["two"] = file["one"]
        file["three"] = h5py.SoftLink("/one")
    expected = {
        NAME: 0,
        **{
            f"{group}/{name}": 1000 * (name == "external")
            for group in ("one", "two", "three")
            for name in ("hard", "soft", "external")
        },
    }
    with CorrelatorFile(path) as file:
        assert file.names == sorted(expected)
        for name, dataset in file.datasets(file.names).items():
            found = np.empty((2, *dataset.shape[1:]), dataset.dtype)
            file.read(dataset, [1, 2], found)
            np.testing.assert_array_equal(found, numbered()[[1, 2]] + expected[name])
    assert other.exists()


@pytest.mark.parametrize(
    "link", [h5py.SoftLink("/nowhere"), h5py.ExternalLink("gone.h5", "/x"), h5py.ExternalLink("a.h5", "/nowhere")]
)
def test_a_link_that_leads_nowhere_is_refused(tmp_path: Path, link: Any) -> None:
    path = plain(tmp_path / "a.h5", numbered())
    with h5py.File(path, "r+") as file:
        file["more/lost"] = link
    with CorrelatorFile(path) as file, pytest.raises(InputRefused) as refused:
        assert file.names
    assert str(refused.value) == f"{path}: more/lost: a link that leads nowhere; remove it, or bring back what it names"


def test_a_link_back_to_where_it_is_is_refused(tmp_path: Path) -> None:
    path = plain(tmp_path / "a.h5", numbered())
    with h5py.File(path, "r+") as file:
        inner = file.create_group("one/two")
        inner["back"] = file["one"]
    with CorrelatorFile(path) as file, pytest.raises(InputRefused) as refused:
        assert file.names
    assert str(refused.value) == f"{path}: one/two/back: a link to a group that it is in; expected names with an end"


def test_groups_that_double_at_each_step_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reducer.correlators.file.MOST_NAMES", 1000)
    path = plain(tmp_path / "a.h5", numbered())
    with h5py.File(path, "r+") as file:
        group = file.create_group("deep")
        for _ in range(12):
            inner = group.create_group("a")
            group["b"] = inner
            group = inner
    with CorrelatorFile(path) as file, pytest.raises(InputRefused, match="more than 1,000 names"):
        assert file.names


# -- virtual datasets ----------------------------------------------------------------------------------------------------


def made_of_slices(folder: Path, *, shape: tuple[int, ...] = (T, 2, 3, 4, 2), name: str = NAME) -> Path:
    """A virtual dataset of which each slice is in a file of its own."""
    data, path = numbered(), folder / "a.h5"
    layout = h5py.VirtualLayout(shape, "f8")
    for t in range(T):
        with h5py.File(folder / f"t{t}.h5", "w") as file:
            file["slice"] = data[t]
        layout[t] = h5py.VirtualSource(f"t{t}.h5", "slice", data.shape[1:])
    with h5py.File(path, "w") as file:
        file.create_group(name.rpartition("/")[0])
        file.create_virtual_dataset(name, layout)
    return path


def lose_a_dataset(folder: Path) -> None:
    with h5py.File(folder / "t6.h5", "r+") as file:
        file["other"] = file.pop("slice")


def damage(folder: Path) -> None:
    (folder / "t6.h5").write_bytes(b"no HDF5")


@pytest.mark.parametrize(
    ("lose", "told"),
    [
        (lambda folder: (folder / "t6.h5").unlink(), "its source t6.h5 is not there"),
        (lose_a_dataset, "its source slice in t6.h5 is not there"),
        (damage, "its source t6.h5: "),
    ],
    ids=["file", "dataset", "damaged"],
)
def test_a_virtual_dataset_that_lacks_a_source_is_refused(
    tmp_path: Path, lose: Callable[[Path], None], told: str
) -> None:
    path = made_of_slices(tmp_path)
    with CorrelatorFile(path) as file:
        found = np.empty((T, 2, 3, 4, 2))
        file.read(file.datasets([NAME])[NAME], range(T), found)
        np.testing.assert_array_equal(found, numbered())
    lose(tmp_path)
    with CorrelatorFile(path) as file, pytest.raises(InputRefused) as refused:
        file.datasets([NAME])
    assert str(refused.value).startswith(f"{path}: {NAME}: a virtual dataset: {told}")


def test_numbers_that_no_source_gives_are_refused(tmp_path: Path) -> None:
    path = made_of_slices(tmp_path, shape=(T + 1, 2, 3, 4, 2))
    message = f"^{path}: {NAME}: a virtual dataset: some of its numbers are in no source"
    with CorrelatorFile(path) as file, pytest.raises(InputRefused, match=message):
        file.datasets([NAME])


def test_a_virtual_dataset_of_more_files_than_may_be_open_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = made_of_slices(tmp_path)
    monkeypatch.setattr("reducer.hdf5.virtual.SPARE_FILES", 2**40)
    monkeypatch.setattr("resource.getrlimit", lambda _: (1024, 4096))
    with (
        CorrelatorFile(path) as file,
        pytest.raises(InputRefused, match="made of 8 files, and a process may open 4,096"),
    ):
        file.datasets([NAME])


def test_a_virtual_dataset_that_is_copied_whole_needs_its_sources_no_more(tmp_path: Path) -> None:
    path = made_of_slices(tmp_path, name="notes/table")
    (tmp_path / "elsewhere").mkdir()
    with CorrelatorFile(path) as file, h5py.File(tmp_path / "elsewhere" / "out.h5", "w") as out:
        file.copy("notes/table", out)
    with h5py.File(tmp_path / "elsewhere" / "out.h5") as out:
        np.testing.assert_array_equal(out["notes/table"][()], numbered())


def test_a_virtual_dataset_behind_a_link_has_its_sources_beside_its_own_file(tmp_path: Path) -> None:
    away = tmp_path / "away"
    away.mkdir()
    for folder in (tmp_path, away):
        with h5py.File(folder / "source.h5", "w") as file:
            file["x"] = np.full(3, 1.0)
    with h5py.File(away / "virtual.h5", "w") as file:
        layout = h5py.VirtualLayout((3,), float)
        layout[:] = h5py.VirtualSource("source.h5", "x", (3,), float)
        file.create_virtual_dataset("x", layout, fillvalue=np.nan)
    with h5py.File(tmp_path / "main.h5", "w") as file:
        file["x"] = h5py.ExternalLink("away/virtual.h5", "/x")
    with CorrelatorFile(tmp_path / "main.h5") as file:
        assert file.read_whole(file.datasets(["x"])["x"]).tolist() == [1.0, 1.0, 1.0]
    (away / "source.h5").unlink()
    with (
        CorrelatorFile(tmp_path / "main.h5") as file,
        pytest.raises(InputRefused, match=r"a virtual dataset: its source source\.h5 is not there"),
    ):
        file.datasets(["x"])
