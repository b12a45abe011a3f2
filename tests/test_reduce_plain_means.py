"""Means of plain data are those of the slow way to the last bit, and a file that ends too early is refused by name."""

import os
from pathlib import Path

import h5py
import numpy as np
import pytest
from correlators import SOURCES, form_factors, pairs, read, spectra

from latteboard.errors import InputRefused
from latteboard.names.templates import Source
from reducer.commands import project_files
from reducer.making.plain_means import is_plain

PAIRS = ("float64", "float32")


def write(path: Path, source: Source, dtype: str, form: str) -> Path:
    with h5py.File(path, "w") as file:
        for name, numbers in (form_factors(source) if form == "form factors" else spectra(source)).items():
            dataset = file.create_dataset(name, data=(pairs(numbers) if dtype in PAIRS else numbers).astype(dtype))
            dataset.attrs["is_shifted"] = np.int32(0)
    return path


@pytest.mark.parametrize("dtype", [*PAIRS, "complex128", "complex64"])
@pytest.mark.parametrize("form", ["form factors", "spectra"])
def test_they_are_those_of_the_slow_way_to_the_last_bit(
    tmp_path: Path, dtype: str, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = [write(tmp_path / f"a_{source}.h5", source, dtype, form) for source in SOURCES]
    asked = []

    def counted(target: object) -> bool:
        asked.append(is_plain(target))  # type: ignore[arg-type]
        return asked[-1]

    monkeypatch.setattr("reducer.making.compute.is_plain", counted)
    project_files(given, tmp_path / "fast.h5", max_momentum=1, keep_average=tmp_path / "fast_mean.h5")
    assert asked
    assert all(asked)
    monkeypatch.setattr("reducer.making.compute.is_plain", lambda _: False)
    project_files(given, tmp_path / "slow.h5", max_momentum=1, keep_average=tmp_path / "slow_mean.h5")
    for one, other in (("fast.h5", "slow.h5"), ("fast_mean.h5", "slow_mean.h5")):
        found, expected = read(tmp_path / one), read(tmp_path / other)
        assert found.keys() == expected.keys()
        assert all(found[name].tobytes() == expected[name].tobytes() for name in expected)


def test_a_file_that_ends_before_its_numbers_is_refused_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = [write(tmp_path / f"a_{source}.h5", source, "float64", "form factors") for source in SOURCES[:2]]
    real = os.preadv

    def short(descriptor: int, buffers: list[memoryview], place: int) -> int:
        ends = os.path.samestat(os.fstat(descriptor), given[1].stat())
        return 0 if ends and place > 20_000 else real(descriptor, buffers, place)

    monkeypatch.setattr(os, "preadv", short)
    with pytest.raises(InputRefused, match=rf"{given[1]}: ff/.*: truncated: 0 of the 1024 bytes from index"):
        project_files(given, tmp_path / "out.h5", max_momentum=1)


def test_what_the_system_gives_in_parts_is_read_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = [write(tmp_path / f"a_{source}.h5", source, "float64", "form factors") for source in SOURCES[:2]]
    project_files(given, tmp_path / "whole.h5", max_momentum=1)
    real = os.preadv
    monkeypatch.setattr(os, "preadv", lambda file, buffers, place: real(file, [buffers[0][:300]], place))
    project_files(given, tmp_path / "parts.h5", max_momentum=1)
    found, expected = read(tmp_path / "parts.h5"), read(tmp_path / "whole.h5")
    assert all(found[name].tobytes() == expected[name].tobytes() for name in expected)
