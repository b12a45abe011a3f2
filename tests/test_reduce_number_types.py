"""Numbers of all types that files hold are read for what they are, or refused; steps give types of numpy's own."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from correlators import L, T, form_factor, pairs, read, sliced
from numpy.typing import NDArray

from latteboard.errors import InputRefused
from latteboard.names.templates import Source
from reducer.commands import average_files, concatenate_files, slice_file
from reducer.correlators.file import CorrelatorFile

Numbers = NDArray[Any]
SOURCE = Source(1, 2, 3, 6)
NAME = form_factor(SOURCE)
RNG = np.random.default_rng(7)
# Sums of powers of two that each of the types below holds exactly, as numbers near 1 and far from it.
EXACT = RNG.choice([1.0, -0.75, 0.5, 1.25, -1.5, 2.0**-8], size=(T, L, L, L, 2))
COMPLEX = EXACT[..., 0] + 1j * EXACT[..., 1]


def write(path: Path, stored: Any, numbers: Numbers, memory: Any = None, **layout: Any) -> Path:
    """A dataset of an HDF5 type, under the name of a form factor."""
    with h5py.File(path, "w") as file:
        file.create_group(NAME.rpartition("/")[0])
        space = h5py.h5s.create_simple(numbers.shape)
        properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        if layout:
            properties.set_chunk(layout["chunks"])
        made = h5py.h5d.create(file.id, NAME.encode(), stored, space, properties)
        made.write(h5py.h5s.ALL, h5py.h5s.ALL, np.ascontiguousarray(numbers), memory)
        file[NAME].attrs["is_shifted"] = np.int32(0)
    return path


def floating(like: Any, fields: tuple[int, ...], size: int, bias: int) -> Any:
    """A floating type: places of sign and exponent, bits of the exponent, place and bits of the mantissa; bytes; bias."""
    made = like.copy()
    made.set_fields(*fields)
    made.set_size(size)
    made.set_ebias(bias)
    return made


F4, F8 = h5py.h5t.IEEE_F32LE, h5py.h5t.IEEE_F64LE
REDUCED: dict[str, tuple[Callable[[], Any], str]] = {
    "half": (lambda: h5py.h5t.IEEE_F16LE, "float32"),
    "half, big-endian": (lambda: h5py.h5t.IEEE_F16BE, "float32"),
    "bfloat16": (lambda: floating(F4, (15, 7, 8, 0, 7), 2, 127), "float32"),
    "24 bits": (lambda: floating(F4, (23, 15, 8, 0, 15), 3, 127), "float32"),
    "32 bits, of them 9 of exponent": (lambda: floating(F4, (31, 22, 9, 0, 22), 4, 255), "float64"),
    "56 of 64 bits": (lambda: floating(F8, (55, 44, 11, 0, 44), 8, 1023), "float64"),
    "single, big-endian": (lambda: h5py.h5t.IEEE_F32BE, "float32"),
    "double, big-endian": (lambda: h5py.h5t.IEEE_F64BE, "float64"),
}


@pytest.mark.parametrize(("stored", "dtype"), REDUCED.values(), ids=REDUCED)
@pytest.mark.parametrize("layout", [{}, {"chunks": (3, 2, 4, 4, 2)}], ids=["contiguous", "chunked"])
def test_floating_numbers_of_other_precision_are_read_exactly(
    tmp_path: Path, stored: Callable[[], Any], dtype: str, layout: dict[str, Any]
) -> None:
    path = write(tmp_path / "a.h5", stored(), EXACT, **layout)
    slice_file(path, tmp_path / "out.h5")
    found = read(tmp_path / "out.h5")[NAME]
    assert found.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(found, pairs(sliced(COMPLEX, SOURCE, 3, sign=False)))


def test_the_smallest_numbers_of_a_reduced_type_are_exact_too(tmp_path: Path) -> None:
    denormal = float(Fraction(3, 2**7) / 2**126)  # two of the seven bits of a bfloat16 below its smallest normal number
    path = write(tmp_path / "a.h5", floating(F4, (15, 7, 8, 0, 7), 2, 127), np.array([denormal, -denormal]))
    with CorrelatorFile(path) as file:
        (dataset,) = file.datasets([NAME]).values()
        assert file.read_whole(dataset).tolist() == [denormal, -denormal]


def test_numbers_that_no_type_holds_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.h5", floating(F8, (63, 48, 15, 0, 48), 8, 16383), EXACT)
    message = f"{NAME}: holds floating numbers of 64 bits that no type of numpy holds exactly; --without leaves it out"
    with pytest.raises(InputRefused, match=message):
        slice_file(path, tmp_path / "out.h5")


# -- complex numbers -----------------------------------------------------------------------------------------------------


def record(
    names: tuple[str, str], part: Any, *, size: int | None = None, offsets: tuple[int, int] | None = None
) -> Any:
    """A record of two numbers; padded where size and offsets say so."""
    width = part.get_size()
    made = h5py.h5t.create(h5py.h5t.COMPOUND, size or 2 * width)
    for name, offset in zip(names, offsets or (0, width), strict=True):
        made.insert(name.encode(), offset, part)
    return made


RECORDS: dict[str, tuple[Callable[[], Any], tuple[str, str], str]] = {
    "re, im": (lambda: record(("re", "im"), F8), ("re", "im"), "complex128"),
    "real, imag": (lambda: record(("real", "imag"), F8), ("real", "imag"), "complex128"),
    "r, i": (lambda: record(("r", "i"), F8), ("r", "i"), "complex128"),
    "Re, Im": (lambda: record(("Re", "Im"), F8), ("Re", "Im"), "complex128"),
    "single": (lambda: record(("re", "im"), F4), ("re", "im"), "complex64"),
    "half": (lambda: record(("re", "im"), h5py.h5t.IEEE_F16LE), ("re", "im"), "complex64"),
    "big-endian": (lambda: record(("re", "im"), h5py.h5t.IEEE_F64BE), ("re", "im"), "complex128"),
    "imaginary part first": (lambda: record(("i", "r"), F8), ("r", "i"), "complex128"),
    "padded": (lambda: record(("r", "i"), F8, size=32, offsets=(8, 24)), ("r", "i"), "complex128"),
    "stored the other way round": (lambda: record(("r", "i"), F8, offsets=(8, 0)), ("r", "i"), "complex128"),
}


@pytest.mark.parametrize(("stored", "names", "dtype"), RECORDS.values(), ids=RECORDS)
@pytest.mark.parametrize("layout", [{}, {"chunks": (3, 2, 4, 4)}], ids=["contiguous", "chunked"])
def test_records_of_real_and_imaginary_part_are_complex_numbers(
    tmp_path: Path, stored: Callable[[], Any], names: tuple[str, str], dtype: str, layout: dict[str, Any]
) -> None:
    memory = record(names, h5py.h5t.NATIVE_DOUBLE)
    path = write(tmp_path / "a.h5", stored(), COMPLEX, memory, **layout)
    slice_file(path, tmp_path / "out.h5")
    found = read(tmp_path / "out.h5")[NAME]
    assert found.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(found, sliced(COMPLEX, SOURCE, 3, sign=False))


def test_the_library_s_own_complex_numbers_are_read(tmp_path: Path) -> None:
    stored = getattr(h5py.h5t, "COMPLEX_IEEE_F64LE", None)
    if stored is None:
        pytest.skip("this HDF5 has no complex numbers of its own")
    path = write(tmp_path / "a.h5", stored, COMPLEX)
    slice_file(path, tmp_path / "out.h5")
    np.testing.assert_array_equal(read(tmp_path / "out.h5")[NAME], sliced(COMPLEX, SOURCE, 3, sign=False))


@pytest.mark.parametrize("virtual", [False, True])
def test_records_are_joined_as_complex_numbers_beside_others(tmp_path: Path, *, virtual: bool) -> None:
    memory = record(("re", "im"), h5py.h5t.NATIVE_DOUBLE)
    write(tmp_path / "c_10.h5", record(("re", "im"), F8), COMPLEX, memory)
    write(tmp_path / "c_20.h5", record(("r", "i"), F8), 2 * COMPLEX, record(("r", "i"), h5py.h5t.NATIVE_DOUBLE))
    for order in ((10, 20), (20, 10)):
        given = [tmp_path / f"c_{number}.h5" for number in order]
        concatenate_files(given, tmp_path / "out.h5", virtual=virtual, overwrite=True)
        found = read(tmp_path / "out.h5")[NAME]
        assert found.dtype == np.complex128
        np.testing.assert_array_equal(found, [COMPLEX, 2 * COMPLEX])


def test_nan_in_a_record_is_found(tmp_path: Path) -> None:
    numbers = COMPLEX.copy()
    numbers[6, 0, 0, 0] = complex(0, np.nan)
    path = write(tmp_path / "a.h5", record(("re", "im"), F8), numbers, record(("re", "im"), h5py.h5t.NATIVE_DOUBLE))
    with pytest.raises(InputRefused, match="1 numbers are NaN or infinite at index 6 of its first axis"):
        slice_file(path, tmp_path / "out.h5")


# -- what is carried along -----------------------------------------------------------------------------------------------


def carried(tmp_path: Path, add: Callable[[h5py.File], object]) -> Path:
    for number in (10, 20):
        write(tmp_path / f"c_{number}.h5", F8, EXACT)
        with h5py.File(tmp_path / f"c_{number}.h5", "r+") as file:
            add(file)
    return tmp_path / "c_10.h5"


def lists(file: h5py.File) -> None:
    made = file.create_dataset("lists", (2,), h5py.vlen_dtype("f8"))
    made[0], made[1] = [1.0, 2.0], [3.0]


def arrays(file: h5py.File) -> None:
    made = file.create_dataset("arrays", (3,), np.dtype(("i4", (2,))))
    made[...] = np.arange(6).reshape(3, 2)


def test_lists_arrays_texts_and_nothing_are_carried_along(tmp_path: Path) -> None:
    def add(file: h5py.File) -> None:
        lists(file)
        file["nothing"] = h5py.Empty("f8")
        arrays(file)
        file["latin"] = np.array([b"caf\xe9"], dtype="S4")
        file["flag"] = np.array([True, False])

    path = carried(tmp_path, add)
    slice_file(path, tmp_path / "out.h5")
    average_files([tmp_path / "out.h5"], tmp_path / "mean.h5")
    for output in ("out.h5", "mean.h5"):
        with h5py.File(tmp_path / output) as file:
            assert [one.tolist() for one in file["lists"][()]] == [[1.0, 2.0], [3.0]]
            assert file["nothing"].shape is None
            assert file["arrays"].dtype == np.dtype(("<i4", (2,)))
            assert file["latin"][0] == b"caf\xe9"
            assert file["flag"][()].tolist() == [True, False]


def test_lists_arrays_and_texts_are_joined_row_by_row(tmp_path: Path) -> None:
    def add(file: h5py.File) -> None:
        lists(file)
        arrays(file)
        file.create_dataset("texts", data=[b"caf\xe9", "café".encode()], dtype=h5py.string_dtype())

    carried(tmp_path, add)
    for append in (False, True):
        output = tmp_path / f"out{append}.h5"
        concatenate_files([tmp_path / "c_10.h5", tmp_path / "c_20.h5"], output, append=append)
        with h5py.File(output) as file:
            assert [[one.tolist() for one in row] for row in file["lists"][()]] == [[[1.0, 2.0], [3.0]]] * 2
            assert file["arrays"][()].tolist() == [np.arange(6).reshape(3, 2).tolist()] * 2
            assert file["texts"][()].tolist() == [[b"caf\xe9", "café".encode()]] * 2


REFUSED: dict[str, tuple[Callable[[h5py.File], object], str]] = {
    "references": (
        lambda file: file.create_dataset("them", data=file[NAME].ref, dtype=h5py.ref_dtype),
        "holds references",
    ),
    "regions": (
        lambda file: file.create_dataset("them", data=file[NAME].regionref[0], dtype=h5py.regionref_dtype),
        "holds references",
    ),
    "references in records": (
        lambda file: file.create_dataset("them", (2,), np.dtype([("what", h5py.ref_dtype), ("n", "i4")])).__setitem__(
            0, (file[NAME].ref, 1)
        ),
        "holds references",
    ),
    "lists of records": (
        lambda file: file.create_dataset(
            "them", (1,), h5py.vlen_dtype(np.dtype([("a", "i4"), ("b", "f8")]))
        ).__setitem__(0, np.zeros(2, dtype=[("a", "i4"), ("b", "f8")])),
        "holds lists of records or of lists",
    ),
}


@pytest.mark.parametrize(("add", "message"), REFUSED.values(), ids=REFUSED)
def test_values_that_mean_nothing_elsewhere_are_refused_and_can_be_left_out(
    tmp_path: Path, add: Callable[[h5py.File], object], message: str
) -> None:
    path = carried(tmp_path, add)
    steps: tuple[Callable[..., object], ...] = (
        lambda **how: slice_file(path, tmp_path / "out.h5", **how),
        lambda **how: concatenate_files([path, tmp_path / "c_20.h5"], tmp_path / "out.h5", **how),
    )
    for step in steps:
        with pytest.raises(InputRefused, match=f"them: {message}.*; --without leaves it out"):
            step(overwrite=True)
        step(without=["th*m"], overwrite=True)
        assert "them" not in read(tmp_path / "out.h5")


def test_a_filter_that_is_not_installed_is_named_and_the_file_not_called_damaged(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        properties.set_chunk((1, L, L, L, 2))
        properties.set_filter(32_026, h5py.h5z.FLAG_OPTIONAL, ())  # the number of blosc2
        file.create_group(NAME.rpartition("/")[0])
        made = h5py.h5d.create(file.id, NAME.encode(), F8, h5py.h5s.create_simple(EXACT.shape), properties)
        made.write(h5py.h5s.ALL, h5py.h5s.ALL, EXACT)
    with pytest.raises(
        InputRefused, match=r"compressed with the filter 32026, which is not installed here; install it"
    ):
        slice_file(path, tmp_path / "out.h5")
