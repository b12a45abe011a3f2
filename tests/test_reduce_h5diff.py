"""Two HDF5 files are compared by name, type, shape, value and attribute, and every difference is named."""

import json
import os
import shutil
import subprocess
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from disk import run, script
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from latteboard.errors import InputRefused
from latteboard.files.hdf5 import write_mark
from reducer.hdf5.array_comparison import Tolerance, compare_arrays, slabs
from reducer.hdf5.diff import SLAB_BYTES, compare

Write = Callable[[h5py.File], object]
NAN, INF = float("nan"), float("inf")
SMALL_BLOCK = 64  # bytes


@pytest.fixture
def two(tmp_path: Path) -> Callable[..., tuple[Path, Path]]:
    """Two files, each as a function writes it."""

    def write(one: Write, other: Write) -> tuple[Path, Path]:
        for name, fill in (("a.h5", one), ("b.h5", other)):
            with h5py.File(tmp_path / name, "w") as file:
                fill(file)
        return tmp_path / "a.h5", tmp_path / "b.h5"

    return write


@pytest.fixture
def lines(two: Callable[..., tuple[Path, Path]]) -> Callable[..., list[str]]:
    """What is said of two files."""
    return lambda one, other, **options: [str(difference) for difference in compare(*two(one, other), **options)]


@pytest.fixture
def values(lines: Callable[..., list[str]]) -> Callable[..., list[str]]:
    """What is said of two datasets ``x``."""

    def put(value: Any) -> Write:
        return lambda file: file.create_dataset("x", data=value)

    return lambda one, other, **options: lines(put(one), put(other), **options)


def production(file: h5py.File) -> None:
    """A little of everything that a file of correlators holds."""
    file["proton/A3/corr"] = np.arange(24, dtype=complex).reshape(4, 6)
    file["proton/A3/corr"].attrs["meta"] = "t0==2&tsep==3&nt==8"
    file["proton/A3"].attrs["momenta"] = [0, 1, -1]
    file.create_dataset("proton/V4", data=np.ones((40, 3)), chunks=(7, 2), compression="gzip", maxshape=(None, 3))
    file["sources"] = ["x0y0z0t0", "x1y2z3t4"]


# -- what is equal ---------------------------------------------------------------------------------------------------


def test_a_file_equals_itself_and_its_copy(two: Callable[..., tuple[Path, Path]]) -> None:
    a, b = two(production, production)
    assert compare(a, b) == []
    assert compare(a, a) == []


def test_how_data_are_stored_is_no_difference(lines: Callable[..., list[str]]) -> None:
    data = np.arange(3000.0).reshape(30, 100)
    assert (
        lines(
            lambda a: a.create_dataset("x", data=data),
            lambda b: b.create_dataset("x", data=data, chunks=(7, 11), compression="gzip", maxshape=(None, None)),
        )
        == []
    )


def test_a_mark_is_no_data_and_any_other_attribute_is(lines: Callable[..., list[str]]) -> None:
    def marked(at: int) -> Write:
        def write(file: h5py.File) -> None:
            write_mark(file, path=f"made/{at}.h5", inputs=[], recipe={}, made=at)
            file["a/x"] = 1.0
            file["a/up"] = file["/"]

        return write

    assert lines(marked(1), marked(2)) == []

    def stranger(file: h5py.File) -> None:
        marked(2)(file)
        file.attrs["author"] = "me"
        file["a"].attrs["latteboard_made"] = 3

    assert lines(marked(1), stranger) == [
        "/: attribute author: only in B",
        "/a: attribute latteboard_made: only in B",
        "/a/up: attribute author: only in B",
    ]


@pytest.mark.parametrize(
    "value",
    [
        h5py.Empty("f8"),
        np.zeros((0, 3)),
        np.zeros(()),
        2.5,
        7,
        True,
        "text",
        b"bytes",
        ["several", "texts"],
        np.array([b"fixed", b""]),
        [NAN, INF, -INF, -0.0],
        [complex(NAN, 1), complex(1, INF)],
        np.array([(1, 2.0), (3, NAN)], dtype=[("real", "i4"), ("imag", "f8")]),
        np.array([True, False]),
        np.array([1, 2], dtype=">i2"),
        np.array([1.5], dtype="f2"),
        np.array([1.5], dtype=np.longdouble),
        np.void(b"opaque"),
    ],
    ids=repr,
)
def test_values_of_any_type_equal_themselves(values: Callable[..., list[str]], value: Any) -> None:
    assert values(value, value) == []
    assert values(value, value, rtol=0.1) == []


def test_text_is_the_same_text_however_it_is_stored(values: Callable[..., list[str]]) -> None:
    assert values(["a", "bc"], np.array([b"a", b"bc"])) == []
    assert values(["a", "bc"], np.array([b"a", b"bd"])) == ["/x: 1 of 2 values differ, first at [1]"]


def test_minus_zero_is_zero(values: Callable[..., list[str]]) -> None:
    assert values([0.0, complex(0.0, -0.0)], [-0.0, complex(-0.0, 0.0)]) == []


# -- what differs ----------------------------------------------------------------------------------------------------


def test_what_only_one_has_is_named_with_all_that_is_in_it_sorted(lines: Callable[..., list[str]]) -> None:
    def other(file: h5py.File) -> None:
        file["proton_np/A3/corr"] = 1.0
        file["spec"] = 1.0
        file["sources"] = ["x0y0z0t0", "x1y2z3t4"]

    assert lines(production, other) == [
        "/proton: only in A (group)",
        "/proton/A3: only in A (group)",
        "/proton/A3/corr: only in A (dataset)",
        "/proton/V4: only in A (dataset)",
        "/proton_np: only in B (group)",
        "/proton_np/A3: only in B (group)",
        "/proton_np/A3/corr: only in B (dataset)",
        "/spec: only in B (dataset)",
    ]


def test_shape_and_type_are_told_and_values_are_then_not_looked_at(values: Callable[..., list[str]]) -> None:
    assert values(np.zeros((2, 3)), np.ones((3, 2))) == ["/x: shape (2, 3) in A, (3, 2) in B"]
    assert values(np.zeros(2), np.ones(2, dtype="f4")) == ["/x: type float64 in A, float32 in B"]
    assert values(np.zeros(2), np.ones(3, dtype="f4")) == [
        "/x: type float64 in A, float32 in B",
        "/x: shape (2,) in A, (3,) in B",
    ]
    assert values(1.0, [1.0]) == ["/x: shape () in A, (1,) in B"]
    assert values(h5py.Empty("f8"), np.zeros(0)) == ["/x: shape of nothing in A, (0,) in B"]
    assert values("1", 1) == ["/x: type text in A, int64 in B"]
    assert values(True, np.int8(1)) == ["/x: type bool in A, int8 in B"]


def test_enumerations_differ_by_their_names(lines: Callable[..., list[str]]) -> None:
    def enumerated(**names: int) -> Write:
        return lambda file: file.create_dataset("x", (1,), h5py.enum_dtype(names, basetype="i1"))

    assert lines(enumerated(up=0, dn=1), enumerated(dn=1, up=0)) == []
    assert lines(enumerated(up=0, dn=1), enumerated(up=1, dn=0)) == [
        "/x: type enumeration [('dn', 1), ('up', 0)] of int8 in A, enumeration [('dn', 0), ('up', 1)] of int8 in B"
    ]


def test_values_are_counted_and_the_largest_differences_are_told_with_their_places(
    two: Callable[..., tuple[Path, Path]],
) -> None:
    one = np.full((2, 3), 100.0)
    one[0, 2], one[1, 0] = 1.5, 110.0
    other = np.full((2, 3), 100.0)
    other[0, 2] = 1.0
    a, b = two(lambda file: file.create_dataset("g/x", data=one), lambda file: file.create_dataset("g/x", data=other))
    (found,) = compare(a, b)
    assert (found.name, found.kind, found.what, found.attribute) == ("/g/x", "dataset", "values", None)
    assert found.apart is not None
    assert (found.apart.differing, found.apart.total, found.apart.first) == (2, 6, (0, 2))
    assert found.apart.absolute is not None
    assert (found.apart.absolute.value, found.apart.absolute.at) == (10.0, (1, 0))
    assert found.apart.relative is not None
    assert (found.apart.relative.value, found.apart.relative.at) == (0.5, (0, 2))
    assert str(found) == (
        "/g/x: 2 of 6 values differ, first at [0, 2]; largest absolute difference 10 at [1, 0]; "
        "largest relative difference 0.5 at [0, 2]"
    )


@pytest.mark.parametrize(
    ("one", "other", "largest"),
    [
        (1.0, np.nextafter(1.0, 2.0), 2.0**-52),
        (1.0, NAN, NAN),
        (NAN, 1.0, NAN),
        (INF, -INF, INF),
        (INF, 1.0, INF),
        (1e308, -1e308, INF),
        (complex(1, NAN), complex(NAN, 1), NAN),
        (3 + 4j, 0j, 5.0),
        (np.int64(-(2**63)), np.int64(2**63 - 1), 2.0**64),
        (np.int64(2**62), np.int64(2**62 + 1), 1.0),
        (np.uint8(1), np.uint8(255), 254.0),
        (np.float32(1e38), np.float32(-1e38), 2e38),
        (np.float16(1.0), np.float16(1.5), 0.5),
        (
            np.array((1.0, 2), dtype=[("re", "f8"), ("n", "i4")]),
            np.array((1.0, 7), dtype=[("re", "f8"), ("n", "i4")]),
            5,
        ),
    ],
    ids=repr,
)
def test_the_distance_of_two_values_is_that_of_mathematics(two: Any, one: Any, other: Any, largest: float) -> None:
    (found,) = compare(*two(lambda a: a.create_dataset("x", data=one), lambda b: b.create_dataset("x", data=other)))
    assert found.apart is not None
    assert found.apart.absolute is not None
    np.testing.assert_allclose(found.apart.absolute.value, largest, rtol=1e-7)
    assert (found.apart.differing, found.apart.total, found.apart.absolute.at) == (1, 1, ())


def test_what_is_no_number_differs_without_a_distance(values: Callable[..., list[str]]) -> None:
    assert values("up", "dn") == ["/x: 1 of 1 values differ, first at []"]
    assert values([True, False], [True, True], atol=5) == ["/x: 1 of 2 values differ, first at [1]"]
    assert values(np.void(b"ab"), np.void(b"ac")) == ["/x: 1 of 1 values differ, first at []"]


def test_members_of_compounds_and_arrays_in_values_are_compared(values: Callable[..., list[str]]) -> None:
    dtype = np.dtype([("name", "S4"), ("site", "i4", (2,)), ("z", [("real", "f8"), ("imag", "f8")])])
    one = np.array([(b"up", (0, 0), (1, 2)), (b"dn", (1, 2), (3, 4)), (b"dn", (1, 2), (3, 4))], dtype=dtype)
    other = one.copy()
    other[1]["site"], other[2]["z"]["imag"] = (7, 8), 4.5
    assert values(one, other) == [
        (
            "/x: 2 of 3 values differ, first at [1]; largest absolute difference 6 at [1]; "
            "largest relative difference 0.857 at [1]"
        )
    ]
    other = one.copy()
    other["name"][0] = b"UP"
    assert values(one, other, atol=9) == ["/x: 1 of 3 values differ, first at [0]"]


def test_a_dataset_of_arrays_has_their_axes_too(lines: Callable[..., list[str]]) -> None:
    def arrays(last: float) -> Write:
        def write(file: h5py.File) -> None:
            file.create_dataset("x", (4,), np.dtype((float, (3,))))[...] = [[0, 1, 2]] * 3 + [[0, 1, last]]

        return write

    assert lines(arrays(2), arrays(2)) == []
    assert lines(arrays(2), arrays(3))[0].startswith("/x: 1 of 12 values differ, first at [3, 2]")


def lists_of(*rows: list[float]) -> Write:
    def write(file: h5py.File) -> None:
        made = file.create_dataset("x", (len(rows),), h5py.vlen_dtype("f8"))
        for number, row in enumerate(rows):
            made[number] = row

    return write


def test_lists_of_variable_length_are_compared(lines: Callable[..., list[str]]) -> None:
    assert lines(lists_of([1], [2, 3]), lists_of([1], [2, 3])) == []
    assert lines(lists_of([1], [2, 3]), lists_of([1], [2])) == ["/x: 1 of 2 values differ, first at [1]"]


def test_references_are_compared_by_the_name_of_what_they_refer_to(lines: Callable[..., list[str]]) -> None:
    def referring(to: str) -> Write:
        def write(file: h5py.File) -> None:
            file["pad" if to == "y" else "z"] = np.zeros(100)  # so that addresses differ
            file["x"], file["y"] = 1, 2
            file["refers"] = file[to].ref
            file["x"].attrs["see"] = file[to].ref

        return write

    found = lines(referring("x"), referring("y"))
    assert "/refers: 1 of 1 values differ, first at []" in found
    assert "/x: attribute see: 1 of 1 values differ, first at []" in found


def test_named_types_are_compared(lines: Callable[..., list[str]]) -> None:
    def named(dtype: str) -> Write:
        return lambda file: file.__setitem__("type", np.dtype(dtype))

    assert lines(named("f8"), named("f8")) == []
    assert lines(named("f8"), named("f4")) == ["/type: type float64 in A, float32 in B"]


# -- attributes ------------------------------------------------------------------------------------------------------


def test_attributes_of_groups_and_datasets_are_compared_and_named(lines: Callable[..., list[str]]) -> None:
    def other(file: h5py.File) -> None:
        production(file)
        file["proton/A3/corr"].attrs["meta"] = "t0==2&tsep==4&nt==8"
        file["proton/A3/corr"].attrs["is_shifted"] = np.int32(0)
        del file["proton/A3"].attrs["momenta"]
        file["sources"].attrs["empty"] = h5py.Empty("f8")

    assert lines(production, other) == [
        "/proton/A3: attribute momenta: only in A",
        "/proton/A3/corr: attribute is_shifted: only in B",
        "/proton/A3/corr: attribute meta: 1 of 1 values differ, first at []",
        "/sources: attribute empty: only in B",
    ]
    assert lines(production, other, attributes=False) == []


def test_attributes_differ_by_type_shape_and_value_and_heed_tolerances(lines: Callable[..., list[str]]) -> None:
    def one(file: h5py.File) -> None:
        file.attrs.update({"a": 1, "b": [1.0, 2.0], "c": 1.0, "d": NAN, "e": h5py.Empty("f8"), "f": ["x", "y"]})

    def other(file: h5py.File) -> None:
        file.attrs.update({"a": 1.0, "b": [1.0], "c": 1.0 + 1e-9, "d": NAN, "e": h5py.Empty("f8"), "f": ["x", "z"]})

    assert lines(one, other, rtol=1e-8) == [
        "/: attribute a: type int64 in A, float64 in B",
        "/: attribute b: shape (2,) in A, (1,) in B",
        "/: attribute f: 1 of 2 values differ, first at [1]",
    ]
    assert [line[:14] for line in lines(one, other)] == [f"/: attribute {name}" for name in "abcf"]


# -- tolerances ------------------------------------------------------------------------------------------------------


def test_a_relative_tolerance_is_relative_to_b(values: Callable[..., list[str]]) -> None:
    assert values([10.0], [11.0], rtol=0.095) == []
    assert values([11.0], [10.0], rtol=0.095) != []
    assert values([11.0], [10.0], rtol=0.095, atol=0.06) == []


def test_integers_heed_tolerances_beyond_what_floats_can_tell(values: Callable[..., list[str]]) -> None:
    assert values([2**62], [2**62 + 1], atol=0.5) != []
    assert values([2**62], [2**62 + 1], atol=1) == []


def test_no_tolerance_makes_infinity_or_nan_a_number(values: Callable[..., list[str]]) -> None:
    for one, other in ((INF, 1.0), (1.0, INF), (INF, -INF), (NAN, 1.0)):
        assert values([one], [other], rtol=1e300, atol=1e300) != []


NUMBERS = st.sampled_from([np.float64, np.float32, np.complex128, np.complex64, np.int32, np.uint8])
TOLERANCES = st.sampled_from([0.0, 1e-12, 1e-3, 0.5, 10.0])


@given(st.data(), NUMBERS, TOLERANCES, TOLERANCES)
def test_numbers_agree_where_numpy_says_that_they_are_close(
    data: st.DataObject, dtype: type, rtol: float, atol: float
) -> None:
    shape = data.draw(hnp.array_shapes(max_dims=3, max_side=3))
    elements = {} if np.issubdtype(dtype, np.integer) else {"allow_nan": False}
    one = data.draw(hnp.arrays(dtype, shape, elements=hnp.from_dtype(np.dtype(dtype), **elements)))
    other = np.where(data.draw(hnp.arrays(bool, shape)), one, data.draw(hnp.arrays(dtype, shape)))
    wide = np.promote_types(dtype, np.float64)
    with np.errstate(all="ignore"):
        far = ~np.isclose(one.astype(wide), other.astype(wide), rtol=rtol, atol=atol, equal_nan=True)
    found = compare_arrays(one, other.astype(dtype), Tolerance(rtol, atol), begins=[0] * one.ndim, total=one.size)
    assert (0 if found is None else found.differing) == np.count_nonzero(far)


# -- blocks ----------------------------------------------------------------------------------------------------------


@given(
    hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=9),
    st.lists(st.integers(1, 12), min_size=4, max_size=4),
    st.sampled_from(["chunked", "contiguous"]),
    st.integers(1, 16),
)
def test_blocks_cover_each_place_once_and_stay_within_their_bytes(
    shape: tuple[int, ...], chunks: list[int], layout: str, itemsize: int
) -> None:
    covered = np.zeros(shape, dtype=int)
    for block in slabs(shape, chunks[: len(shape)] if layout == "chunked" else None, itemsize, SMALL_BLOCK):
        covered[block] += 1
        assert covered[block].size * itemsize <= SMALL_BLOCK
    assert (covered == 1).all()


def test_small_chunks_are_read_many_at_once_and_large_ones_in_parts() -> None:
    assert list(slabs((8, 6), (1, 1), 8, 8 * 12)) == [(slice(row, row + 2), slice(0, 6)) for row in range(0, 8, 2)]
    assert list(slabs((2, 9), (1, 3), 1, 6)) == [
        (slice(row, row + 1), slice(begin, min(begin + 6, 9))) for row in range(2) for begin in (0, 6)
    ]
    assert [block[0] for block in slabs((4, 4), (4, 4), 1, 8)] == [slice(0, 2), slice(2, 4)]


def test_a_difference_in_any_block_is_found_at_its_place(two: Callable[..., tuple[Path, Path]]) -> None:
    rows, columns = 5, SLAB_BYTES // 16  # two rows of float64 fill a block
    one = np.zeros((rows, columns))
    other = one.copy()
    other[1, 7], other[4, columns - 1], other[3, 0] = 1.0, 3.0, 2.0
    a, b = two(
        lambda file: file.create_dataset("x", data=one),
        lambda file: file.create_dataset("x", data=other, chunks=(1, columns // 4)),
    )
    for pair, sign in (((a, b), 1), ((b, a), -1)):
        (found,) = compare(*pair)
        assert found.apart is not None
        assert (found.apart.differing, found.apart.total, found.apart.first) == (3, one.size, (1, 7))
        assert found.apart.absolute is not None
        assert (found.apart.absolute.value, found.apart.absolute.at) == (3.0, (4, columns - 1))
        assert found.apart.relative is not None
        assert found.apart.relative.value == (1.0 if sign == 1 else INF)


def test_nan_is_the_largest_difference_in_whichever_block_it_is(values: Callable[..., list[str]]) -> None:
    zeros = np.zeros(SLAB_BYTES // 4)  # two blocks of float64
    for first, last in ((NAN, 5.0), (5.0, NAN)):
        other = zeros.copy()
        other[0], other[-1] = first, last
        (line,) = values(zeros, other)
        at = 0 if first is NAN else zeros.size - 1
        assert f"largest absolute difference nan at [{at}]" in line


def test_memory_stays_that_of_a_few_blocks_whatever_the_size(two: Callable[..., tuple[Path, Path]]) -> None:
    size = 16 * SLAB_BYTES // 8

    def sparse(file: h5py.File) -> None:
        file.create_dataset("x", (size,), "f8", chunks=(SLAB_BYTES // 8,))[-1] = 1.0

    def contiguous(file: h5py.File) -> None:
        data = np.zeros(size)
        data[-1] = 1.0
        file["x"] = data

    a, b = two(sparse, contiguous)
    tracemalloc.start()
    assert compare(a, b) == []
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5 * SLAB_BYTES


# -- virtual datasets and links --------------------------------------------------------------------------------------


def virtual(file: h5py.File, source: Path | str, rows: int = 3) -> None:
    """A dataset of ``rows`` rows, each the dataset ``row`` of a file."""
    layout = h5py.VirtualLayout((rows, 4), "f8")
    for row in range(rows):
        layout[row] = h5py.VirtualSource(str(source), "row", (4,))
    file.create_virtual_dataset("x", layout)


def test_a_virtual_dataset_is_compared_by_what_it_shows(two: Callable[..., tuple[Path, Path]], tmp_path: Path) -> None:
    with h5py.File(tmp_path / "part.h5", "w") as part:
        part["row"] = np.arange(4.0)
    a, b = two(lambda file: virtual(file, "part.h5"), lambda file: file.create_dataset("x", data=[np.arange(4.0)] * 3))
    assert compare(a, b) == []
    with h5py.File(tmp_path / "part.h5", "r+") as part:
        part["row"][3] = 7.0
    assert str(compare(a, b)[0]).startswith("/x: 3 of 12 values differ, first at [0, 3]; largest absolute difference 4")


def test_a_virtual_dataset_whose_parts_are_gone_is_not_compared_with_its_fill_values(
    two: Callable[..., tuple[Path, Path]],
) -> None:
    a, b = two(lambda file: virtual(file, "gone.h5"), lambda file: file.create_dataset("x", data=np.zeros((3, 4))))
    with pytest.raises(
        InputRefused, match=r"a\.h5: /x: virtual, and its source gone\.h5 is not there, so it cannot be compared"
    ):
        compare(a, b)


def test_a_symbolic_link_is_compared_by_what_it_says(lines: Callable[..., list[str]]) -> None:
    def linking(to: str) -> Write:
        def write(file: h5py.File) -> None:
            file["x"], file["y"] = 1.0, 1.0
            file["soft"] = h5py.SoftLink(to)
            file["dangling"] = h5py.SoftLink("/nowhere")

        return write

    assert lines(linking("/x"), linking("/x")) == []
    assert lines(linking("/x"), linking("/y")) == ["/soft: soft link to /x in A, to /y in B"]

    def dataset(file: h5py.File) -> None:
        file["x"], file["y"], file["soft"], file["dangling"] = 1.0, 1.0, 1.0, 1.0

    assert lines(linking("/x"), dataset) == [
        "/dangling: soft link in A, dataset in B",
        "/soft: soft link in A, dataset in B",
    ]


def test_a_group_is_no_dataset_of_the_same_name(lines: Callable[..., list[str]]) -> None:
    assert lines(lambda a: a.create_group("x/y"), lambda b: b.create_dataset("x", data=1)) == [
        "/x: group in A, dataset in B"
    ]


def external(folder: Path, value: float | None) -> Path:
    """A file with links into a second one, which holds ``value``; None: there is no second one."""
    folder.mkdir()
    with h5py.File(folder / "file.h5", "w") as file:
        file["data"] = h5py.ExternalLink("other.h5", "/x")
        file["group"] = h5py.ExternalLink("other.h5", "/")
    if value is not None:
        with h5py.File(folder / "other.h5", "w") as other:
            other["x"] = value
            other["back"] = h5py.ExternalLink("file.h5", "/")
            other["here"] = h5py.ExternalLink("other.h5", "/")
    return folder / "file.h5"


def test_a_link_into_another_file_is_compared_by_what_it_leads_to(tmp_path: Path) -> None:
    one, same = external(tmp_path / "one", 1.0), external(tmp_path / "same", 1.0)
    two, gone = external(tmp_path / "two", 2.0), external(tmp_path / "gone", None)
    assert compare(one, one) == compare(one, same) == compare(gone, gone) == []
    found = [str(difference) for difference in compare(one, two)]
    assert found[0].startswith("/data: external link leads to what differs: /data: 1 of 1 values differ")
    assert found[1].startswith("/group: external link leads to what differs: /group/x: 1 of 1 values differ")
    assert [str(difference) for difference in compare(gone, one)] == [
        "/data: external link leads nowhere in A",
        "/group: external link leads nowhere in A",
    ]


def circle(file: h5py.File, *, value: float = 1.0) -> None:
    """Hard links in a circle, and a dataset of two names."""
    file["a/b/x"] = value
    file["a/b/up"] = file["a"]
    file["root"] = file["/"]
    file["x"] = file["a/b/x"]


def test_hard_links_in_a_circle_come_to_an_end(lines: Callable[..., list[str]]) -> None:
    assert lines(circle, circle) == []
    found = lines(circle, lambda file: circle(file, value=2.0))
    assert [line.partition(":")[0] for line in found] == ["/a/b/x", "/x"]
    assert lines(circle, lambda _: None) == [
        "/a: only in A (group)",
        "/a/b: only in A (group)",
        "/a/b/up: only in A (group)",
        "/a/b/x: only in A (dataset)",
        "/root: only in A (group)",
        "/root/a: only in A (group)",
        "/root/root: only in A (group)",
        "/root/x: only in A (dataset)",
        "/x: only in A (dataset)",
    ]


def test_two_names_of_one_dataset_equal_two_datasets(lines: Callable[..., list[str]]) -> None:
    def copies(file: h5py.File) -> None:
        file["a/x"], file["b/x"] = 1.0, 1.0

    def links(file: h5py.File) -> None:
        file["a/x"] = 1.0
        file["b"] = file["a"]

    assert lines(copies, links) == []

    def one_wrong(file: h5py.File) -> None:
        file["a/x"], file["b/x"] = 1.0, 2.0

    assert [line[:4] for line in lines(links, one_wrong)] == ["/b/x"]


# -- what cannot be compared -----------------------------------------------------------------------------------------


def test_a_file_that_cannot_be_read_is_refused_in_one_line(tmp_path: Path) -> None:
    good, text = tmp_path / "good.h5", tmp_path / "text.h5"
    with h5py.File(good, "w") as file:
        production(file)
    text.write_text("no HDF5")
    cut = tmp_path / "cut.h5"
    cut.write_bytes(good.read_bytes()[:-100])
    for path, reason in {
        tmp_path / "none.h5": "cannot be read: No such file or directory",
        tmp_path: "a folder",
        text: "not an HDF5 file",
        cut: "truncated or damaged: .*truncated",
    }.items():
        for pair in ((path, good), (good, path)):
            with pytest.raises(InputRefused, match=f"^{path}: {reason}") as refused:
                compare(*pair)
            assert "\n" not in str(refused.value)


def test_damage_within_a_dataset_is_named(two: Callable[..., tuple[Path, Path]]) -> None:
    def checked(file: h5py.File) -> None:
        file.create_dataset("g/x", data=np.arange(1000), chunks=(100,), fletcher32=True)

    a, b = two(checked, checked)
    with h5py.File(b) as file:
        offset = file["g/x"].id.get_chunk_info(4).byte_offset
    with b.open("r+b") as stream:
        stream.seek(offset)
        stream.write(b"\xff\xff")
    with pytest.raises(InputRefused, match=rf"^{b}: /g/x: truncated or damaged: "):
        compare(a, b)


# -- random files ----------------------------------------------------------------------------------------------------

NAMES = st.sampled_from(["a", "b", "ä b", "x.y"])
DATA = st.one_of(
    hnp.arrays(st.sampled_from(["f8", "c16", "i4", "?"]), hnp.array_shapes(min_dims=0, max_dims=2, max_side=3)),
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=4),
)
TREES = st.recursive(
    st.dictionaries(NAMES, DATA, max_size=3),
    lambda inner: st.dictionaries(NAMES, inner | DATA, max_size=3),
    max_leaves=6,
)
TREE_SETTINGS = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def grow(group: h5py.Group, tree: dict[str, Any]) -> None:
    for name, inner in tree.items():
        if isinstance(inner, dict):
            grow(group.create_group(name), inner)
        else:
            group[name] = inner
        group[name].attrs["of"] = name


@TREE_SETTINGS
@given(TREES, st.data())
def test_a_copy_equals_and_one_changed_value_is_found(
    tmp_path: Path, tree: dict[str, Any], data: st.DataObject
) -> None:
    a, b = tmp_path / "a.h5", tmp_path / "b.h5"
    for path in (a, b):
        with h5py.File(path, "w") as file:
            grow(file, tree)
    assert compare(a, b) == []
    shutil.copy(a, b)
    assert compare(a, b) == []
    names: list[str] = []
    with h5py.File(b, "r+") as file:
        file.visititems(lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None)
        if not names:
            return
        dataset = file[data.draw(st.sampled_from(sorted(names)))]
        place = tuple(data.draw(st.integers(0, side - 1)) for side in dataset.shape)
        old = dataset[place]
        new = old + b"!" if isinstance(old, bytes) else not old if dataset.dtype == bool else type(old)(old == 0)
        dataset[place] = new
        changed = dataset.name
    (found,) = compare(a, b)
    assert (found.name, found.what) == (changed, "values")
    assert found.apart is not None
    assert (found.apart.differing, found.apart.first) == (1, place)


# -- the command -----------------------------------------------------------------------------------------------------

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def command(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    return lambda *words: run(capfd, monkeypatch, "h5diff", *words)


def test_equal_files_are_exit_0_and_silence(two: Callable[..., tuple[Path, Path]], command: Command) -> None:
    a, b = two(production, production)
    assert command(a, b) == (0, "", "")
    code, out, err = command(a, b, "--json")
    assert (code, json.loads(out), err) == (0, {"equal": True, "differences": []}, "")


def test_different_files_are_exit_1_and_lines_on_standard_output(
    two: Callable[..., tuple[Path, Path]], command: Command
) -> None:
    def other(file: h5py.File) -> None:
        production(file)
        file["sources"].attrs["note"] = "x"
        file["proton/V4"][3, 1] = 1.0001

    a, b = two(production, other)
    code, out, err = command(a, b)
    assert (code, err) == (1, "")
    assert out.splitlines() == [str(difference) for difference in compare(a, b)]
    assert len(out.splitlines()) == 2
    assert command(a, b, "--rtol", "1e-3")[:2] == (1, "/sources: attribute note: only in B\n")
    assert command(a, b, "--atol", "1e-3", "--no-attributes") == (0, "", "")


def test_differences_are_one_json_document_whatever_the_numbers(
    two: Callable[..., tuple[Path, Path]], command: Command
) -> None:
    a, b = two(
        lambda file: file.create_dataset("x", data=[1.0, 1]), lambda file: file.create_dataset("x", data=[0, NAN])
    )
    code, out, _ = command(a, b, "--json")
    strict = json.loads(out, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert (code, strict["equal"]) == (1, False)
    assert strict["differences"] == [
        {
            "name": "/x",
            "kind": "dataset",
            "what": "values",
            "detail": "2 of 2 values differ, first at [0]; largest absolute difference nan at [1]; "
            "largest relative difference nan at [1]",
            "attribute": None,
            "apart": {
                "differing": 2,
                "total": 2,
                "first": [0],
                "absolute": {"value": "nan", "at": [1]},
                "relative": {"value": "nan", "at": [1]},
            },
        }
    ]


def test_what_cannot_be_compared_is_exit_1_with_one_line_on_standard_error_and_none_on_standard_output(
    two: Callable[..., tuple[Path, Path]], command: Command, tmp_path: Path
) -> None:
    a, _ = two(production, production)
    for words in ((a, tmp_path / "none.h5"), (tmp_path / "none.h5", a, "--json")):
        code, out, err = command(*words)
        assert (code, out, err) == (
            1,
            "",
            f"latteboard: {tmp_path / 'none.h5'}: cannot be read: No such file or directory\n",
        )


@pytest.mark.parametrize("words", [["a"], ["a", "b", "c"], ["a", "b", "--rtol", "-1"], ["a", "b", "--atol", "nan"]])
def test_wrong_usage_is_exit_2(command: Command, words: list[str]) -> None:
    assert command(*words)[0] == 2


def test_hostile_names_are_shown_not_obeyed(two: Callable[..., tuple[Path, Path]], command: Command) -> None:
    def hostile(file: h5py.File) -> None:
        file["red\x1b[31m\nnext"] = 1.0

    a, b = two(hostile, lambda _: None)
    assert command(a, b) == (1, "/red\\x1b[31m\\nnext: only in A (dataset)\n", "")


def test_names_that_are_not_utf8_are_names_as_all_others(
    two: Callable[..., tuple[Path, Path]], command: Command
) -> None:
    def latin_group(file: h5py.File) -> None:
        h5py.h5g.create(file.id, b"caf\xe9")

    def latin_attribute(file: h5py.File) -> None:
        h5py.h5a.create(file.id, b"caf\xe9", h5py.h5t.NATIVE_DOUBLE, h5py.h5s.create(h5py.h5s.NULL))

    a, b = two(latin_group, latin_attribute)
    assert not compare(a, a)
    assert not compare(b, b)
    shown = ["/: attribute caf\\udce9: only in B", "/caf\\udce9: only in A (group)"]
    assert command(a, b) == (1, "\n".join(shown) + "\n", "")


# -- by value ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other", "options", "equal"),
    [
        ([1.0, 2.0], [1.0, 2.0], {}, True),
        ([0.0], [-0.0], {}, True),
        ([np.nan], [np.nan], {}, True),
        ([1.0], [1.0 + 1e-9], {"rtol": 1e-6}, True),
        ([1.0], [1.0 + 1e-9], {}, False),
        ([1.0, 2.0], [1.0], {"atol": 9.0}, False),
    ],
)
def test_lists_are_compared_number_by_number(
    two: Callable[..., tuple[Path, Path]],
    one: list[float],
    other: list[float],
    options: dict[str, float],
    *,
    equal: bool,
) -> None:
    a, b = two(lists_of([5.0], one), lists_of([5.0], other))
    assert [str(found) for found in compare(a, b, **options)] == (
        [] if equal else ["/x: 1 of 2 values differ, first at [1]"]
    )


def test_the_order_of_bytes_and_of_members_is_storage(values: Callable[..., list[str]]) -> None:
    numbers = np.array([1.5, -2.0])
    assert values(numbers.astype("<f8"), numbers.astype(">f8")) == []
    assert values(numbers.astype("<f8"), np.array([1.5, 2.0], dtype=">f8"))[0].startswith("/x: 1 of 2 values differ")
    records = np.array([(1, 2.0)], dtype=[("n", "<i4"), ("x", "<f8")])
    turned = np.array([(2.0, 1)], dtype=[("x", ">f8"), ("n", ">i4")])
    assert values(records, turned) == []
    turned["n"] = 3
    assert values(records, turned)[0].startswith("/x: 1 of 1 values differ")


def region(rows: slice, *, attribute: bool = False) -> Write:
    def write(file: h5py.File) -> None:
        file["data"] = np.arange(6.0)
        found = file["data"].regionref[rows]
        if attribute:
            file["data"].attrs.create("part", found, dtype=h5py.regionref_dtype)
        else:
            file.create_dataset("x", data=found, dtype=h5py.regionref_dtype)

    return write


@pytest.mark.parametrize("attribute", [False, True])
def test_regions_are_compared_by_what_they_select(two: Callable[..., tuple[Path, Path]], *, attribute: bool) -> None:
    a, b = two(region(np.s_[1:3], attribute=attribute), region(np.s_[1:3], attribute=attribute))
    assert not compare(a, b)
    a, b = two(region(np.s_[1:3], attribute=attribute), region(np.s_[2:4], attribute=attribute))
    assert len(compare(a, b)) == 1


def times(value: int) -> Write:
    def write(file: h5py.File) -> None:
        made = h5py.h5d.create(file.id, b"x", h5py.h5t.UNIX_D32LE, h5py.h5s.create_simple((2,)))
        made.write(h5py.h5s.ALL, h5py.h5s.ALL, np.array([value, 7], dtype="i4").view("V4"), h5py.h5t.UNIX_D32LE)

    return write


def test_values_that_numpy_does_not_know_are_compared_as_they_are_stored(two: Callable[..., tuple[Path, Path]]) -> None:
    assert not compare(*two(times(1), times(1)))
    assert [str(one) for one in compare(*two(times(1), times(2)))] == ["/x: 1 of 2 values differ, first at [0]"]


def test_a_filter_that_is_not_installed_is_named(two: Callable[..., tuple[Path, Path]]) -> None:
    def write(file: h5py.File) -> None:
        properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        properties.set_chunk((2,))
        properties.set_filter(32_026, h5py.h5z.FLAG_OPTIONAL, ())  # the number of blosc2
        made = h5py.h5d.create(file.id, b"x", h5py.h5t.IEEE_F64LE, h5py.h5s.create_simple((4,)), properties)
        made.write(h5py.h5s.ALL, h5py.h5s.ALL, np.arange(4.0))

    with pytest.raises(InputRefused, match="/x: compressed with the filter 32026, which is not installed here"):
        compare(*two(write, write))


def test_help_does_not_wait_for_h5py() -> None:
    probe = "import latteboard.cli; print([name for name in ('h5py', 'numpy') if name in sys.modules])"
    done = subprocess.run(script(probe), capture_output=True, text=True, check=True, env=dict(os.environ))
    assert done.stdout == "[]\n"
