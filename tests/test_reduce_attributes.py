"""Attributes of files, groups and datasets are carried through every step, in whatever encoding; names too."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from correlators import SOURCES, form_factor, form_factors, spectra, spectrum, write_4d

from latteboard.errors import InputRefused
from reducer.commands import average_files, concatenate_files, project_files, slice_file, transform_file
from reducer.hdf5.diff import compare

LATIN = b"caf\xe9"
MEAN = "ff/proton_UU_up_up_tsep_3_sink_mom_px0_py0_pz0/A3/src_avg/4D_correlator/local_current"
MOMENTUM = MEAN.replace("local_current", "momentum_current")


def write_attribute(thing: Any, name: bytes, value: bytes) -> None:
    """A text of fixed length whose name and value are in any encoding."""
    kind = h5py.h5t.C_S1.copy()
    kind.set_size(len(value) + 1)
    made = h5py.h5a.create(thing.id, name, kind, h5py.h5s.create(h5py.h5s.SCALAR))
    made.write(np.array(value))


def read_attribute(path: Path, place: str, name: bytes) -> bytes:
    with h5py.File(path) as file:
        found = h5py.h5a.open(file[place].id, name)
        value = np.empty(found.shape, dtype=found.dtype)
        found.read(value)
        return bytes(value.item())


def slices(folder: Path, number: int, marks: Mapping[str, Any]) -> Path:
    """Slices of a source with attributes of the file, of a group and of a dataset."""
    source = SOURCES[number]
    path = write_4d(folder / f"ff_{source}.h5", form_factors(source))
    name = form_factor(source)
    with h5py.File(path, "r+") as file:
        for thing in (file, file["ff"], file[name].parent, file[name]):
            for key, value in marks.items():
                thing.attrs[key] = value
        write_attribute(file[name], b"d\xe9tail", LATIN)
    slice_file(path, folder / f"sl_{source}.h5")
    return folder / f"sl_{source}.h5"


def stated(path: Path, place: str) -> dict[str, Any]:
    with h5py.File(path) as file:
        return {
            name: value
            for name, value in file[place].attrs.items()
            if isinstance(name, str) and not name.startswith(("latteboard_", "meta", "DIMENSION_LABELS"))
        }


def places(name: str) -> list[str]:
    return ["/", "ff", name.rpartition("/")[0], name]


EQUAL = {"units": "lattice", "beta": 5.8, "shape": [1, 2], "flag": True}


def equal(found: Mapping[str, Any]) -> bool:
    return found.keys() == EQUAL.keys() and all(np.array_equal(found[name], EQUAL[name]) for name in EQUAL)


def test_attributes_go_through_every_step(tmp_path: Path) -> None:
    cut = [slices(tmp_path, number, EQUAL) for number in range(2)]
    average_files(cut, tmp_path / "av.h5")
    transform_file(tmp_path / "av.h5", tmp_path / "ft.h5", max_momentum=1)
    for number in (10, 20):
        (tmp_path / f"c_{number}.h5").write_bytes((tmp_path / "ft.h5").read_bytes())
    concatenate_files([tmp_path / "c_10.h5", tmp_path / "c_20.h5"], tmp_path / "ca.h5")
    concatenate_files([tmp_path / "c_10.h5", tmp_path / "c_20.h5"], tmp_path / "vi.h5", virtual=True)
    expected = {"av": MEAN, "ft": MOMENTUM, "ca": MOMENTUM, "vi": MOMENTUM}
    for output, name in (("sl_" + str(SOURCES[0]), form_factor(SOURCES[0])), *expected.items()):
        for place in places(name):
            assert equal(stated(tmp_path / f"{output}.h5", place)), (output, place)
        assert read_attribute(tmp_path / f"{output}.h5", name, b"d\xe9tail") == LATIN
    raw = [tmp_path / f"ff_{source}.h5" for source in SOURCES[:2]]
    project_files(raw, tmp_path / "pr.h5", max_momentum=1, keep_average=tmp_path / "kept.h5")
    assert not compare(tmp_path / "pr.h5", tmp_path / "ft.h5")
    assert not compare(tmp_path / "kept.h5", tmp_path / "av.h5")


def test_in_a_mean_what_inputs_state_differently_is_a_list_in_the_order_of_the_terms(tmp_path: Path) -> None:
    cut = [
        slices(tmp_path, number, {"hash": f"g{number}", "norm": 0.5 + number, "z": 1j * number}) for number in range(2)
    ]
    average_files(cut, tmp_path / "av.h5")
    # Source x0 y1 z2 comes before x1 y2 z3.
    expected = {"hash": ["g1", "g0"], "norm": [1.5, 0.5], "z": [[0.0, 1.0], [0.0, 0.0]]}
    for place in places(MEAN):
        found = stated(tmp_path / "av.h5", place)
        assert {name: json.loads(text) for name, text in found.items()} == expected


def test_a_term_that_does_not_state_it_has_null(tmp_path: Path) -> None:
    cut = [slices(tmp_path, number, {"hash": "g"} if number else {}) for number in range(2)]
    average_files(cut, tmp_path / "av.h5")
    assert json.loads(stated(tmp_path / "av.h5", MEAN)["hash"]) == ["g", None]


def test_spins_are_terms_too(tmp_path: Path) -> None:
    source = SOURCES[0]
    path = write_4d(tmp_path / "a.h5", spectra(source))
    with h5py.File(path, "r+") as file:
        for spin in ("spin_up", "spin_dn"):
            file[spectrum(source, spin=spin)].attrs["spin"] = spin
            file[f"spec/proton/{spin}"].attrs["of"] = spin
    slice_file(path, tmp_path / "sl.h5")
    average_files([tmp_path / "sl.h5"], tmp_path / "av.h5")
    assert json.loads(stated(tmp_path / "av.h5", "spec/proton/spin_avg/4D_correlator/src_avg")["spin"]) == [
        "spin_up",
        "spin_dn",
    ]
    assert json.loads(stated(tmp_path / "av.h5", "spec/proton/spin_avg")["of"]) == ["spin_up", "spin_dn"]


# -- concatenations ------------------------------------------------------------------------------------------------------


def configuration(folder: Path, number: int, **attributes: Any) -> Path:
    with h5py.File(folder / f"c_{number}.h5", "w") as file:
        file["g/d"] = np.arange(3.0) + number
        for thing in (file, file["g"], file["g/d"]):
            thing.attrs.update(
                {name: value(number) if callable(value) else value for name, value in attributes.items()}
            )
    return folder / f"c_{number}.h5"


def rows(path: Path, name: str) -> list[Any]:
    with h5py.File(path) as file:
        return [one.decode() if isinstance(one, bytes) else one for one in file[name][()].tolist()]


VARYING: dict[str, Any] = {
    "plaquette": lambda number: 0.5 + number,
    "hash": lambda number: f"gauge {number}",
    "momentum": lambda number: [number, 0, 1],
    "units": "fm",
    "mixed": lambda number: number if number % 20 else "none",
}
COLUMNS = {
    "plaquette": [10.5, 20.5, 30.5],
    "hash": ["gauge 10", "gauge 20", "gauge 30"],
    "momentum": [[10, 0, 1], [20, 0, 1], [30, 0, 1]],
    "mixed": ["10", '"none"', "30"],
}


def check_columns(path: Path, numbers: list[int]) -> None:
    taken = [(10, 20, 30).index(number) for number in numbers]
    for place in ("", "g/", "g/d/"):
        for name, column in COLUMNS.items():
            assert rows(path, f"attributes/{place}{name}") == [column[row] for row in taken]
        with h5py.File(path) as file:
            thing = file[place or "/"]
            assert thing.attrs["units"] == "fm"
            assert not COLUMNS.keys() & thing.attrs.keys()


@pytest.mark.parametrize("way", [{}, {"append": True}, {"virtual": True}], ids=["plain", "append", "virtual"])
def test_what_rows_state_differently_is_a_dataset_a_row_a_row(tmp_path: Path, way: dict[str, bool]) -> None:
    given = [configuration(tmp_path, number, **VARYING) for number in (30, 10, 20)]
    concatenate_files(given, tmp_path / "out.h5", **way)
    check_columns(tmp_path / "out.h5", [10, 20, 30])


@pytest.mark.parametrize("order", [(10, 20, 30), (10, 30, 20), (20, 30, 10), (30, 10, 20)])
def test_columns_grow_with_the_rows_wherever_they_come_in(tmp_path: Path, order: tuple[int, ...]) -> None:
    given = {number: configuration(tmp_path, number, **VARYING) for number in order}
    there: list[int] = []
    for number in order:
        there = sorted([*there, number])
        concatenate_files([given[one] for one in there], tmp_path / "out.h5", append=True, configurations=there)
        if len(there) > 1:
            with h5py.File(tmp_path / "out.h5") as file:
                assert file["configurations"][()].tolist() == there
    check_columns(tmp_path / "out.h5", [10, 20, 30])
    concatenate_files(list(given.values()), tmp_path / "whole.h5")
    assert not compare(tmp_path / "out.h5", tmp_path / "whole.h5")


def test_joined_files_are_joined_with_their_columns(tmp_path: Path) -> None:
    given = [configuration(tmp_path, number, **VARYING) for number in (10, 20, 30)]
    concatenate_files(given[:2], tmp_path / "early.h5")
    concatenate_files(given[2:], tmp_path / "late.h5", configurations=[30])
    concatenate_files([tmp_path / "late.h5", tmp_path / "early.h5"], tmp_path / "out.h5", along=0)
    check_columns(tmp_path / "out.h5", [10, 20, 30])


def test_a_joined_file_keeps_its_columns_through_a_transform(tmp_path: Path) -> None:
    means = []
    for number in (10, 20):
        cut = slices(tmp_path, 0, {"hash": f"g{number}"})
        average_files([cut], tmp_path / f"av_{number}.h5")
        cut.unlink()
        means.append(tmp_path / f"av_{number}.h5")
    concatenate_files(means, tmp_path / "joined.h5")
    transform_file(tmp_path / "joined.h5", tmp_path / "ft.h5", max_momentum=1)
    assert rows(tmp_path / "ft.h5", "attributes/hash") == ["g10", "g20"]
    assert rows(tmp_path / "ft.h5", f"attributes/{MEAN}/hash") == ["g10", "g20"]


def test_an_attribute_with_a_slash_in_its_name_is_itself_again(tmp_path: Path) -> None:
    given = [configuration(tmp_path, number, **{"a/b": lambda number: number}) for number in (10, 20, 30)]
    concatenate_files(given[:2], tmp_path / "out.h5", append=True)
    concatenate_files(given, tmp_path / "out.h5", append=True)
    assert rows(tmp_path / "out.h5", "attributes/g/d/a/b") == [10, 20, 30]


# -- references ----------------------------------------------------------------------------------------------------------


def test_references_of_scales_are_not_left_dangling_but_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_4d(tmp_path / "a.h5", form_factors(SOURCES[0]))
    with h5py.File(path, "r+") as file:
        file["scale"] = np.arange(3)
        file["scale"].make_scale("axis")
        file["table"] = np.arange(3.0)
        file["table"].dims[0].attach_scale(file["scale"])
        file["table"].attrs["object"] = file["scale"].ref
        file["table"].attrs["units"] = "fm"
    made = slice_file(path, tmp_path / "out.h5")
    assert set(made.lost) == {
        f"the attribute {name} of {place}, which holds references, which lead nowhere in another file"
        for place, name in (("table", "DIMENSION_LIST"), ("table", "object"), ("scale", "REFERENCE_LIST"))
    }
    with h5py.File(tmp_path / "out.h5") as file:
        assert [list(dimension.keys()) for dimension in file["table"].dims] == [[]]
        assert dict(file["table"].attrs) == {"units": "fm"}
        assert file["scale"].attrs["CLASS"] == b"DIMENSION_SCALE"


# -- names ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [b"r\xe9sultat", b"g\xe9n/d", b"a b ", b"50%d", b"a\x1b[31mb", "ünï/ö".encode()])
@pytest.mark.parametrize("way", [{}, {"append": True}, {"virtual": True}], ids=["plain", "append", "virtual"])
def test_names_in_any_encoding_are_kept(tmp_path: Path, name: bytes, way: dict[str, bool]) -> None:
    create = h5py.h5p.create(h5py.h5p.LINK_CREATE)
    create.set_create_intermediate_group(True)
    for number in (10, 20, 30):
        with h5py.File(write_4d(tmp_path / f"a_{number}.h5", form_factors(SOURCES[0], number)), "r+") as file:
            made = h5py.h5d.create(file.id, name, h5py.h5t.IEEE_F64LE, h5py.h5s.create_simple((4,)), None, create)
            made.write(h5py.h5s.ALL, h5py.h5s.ALL, np.arange(4.0) + number)
    given = [tmp_path / f"a_{number}.h5" for number in (10, 20, 30)]
    slice_file(given[0], tmp_path / "out.h5")
    concatenate_files(given[:2], tmp_path / "joined.h5", **way)
    if way.get("append"):
        concatenate_files(given, tmp_path / "joined.h5", **way)
    joined = np.arange(4.0) + np.array([[10.0], [20.0], [30.0]])[: 3 if way.get("append") else 2]
    for output, expected in (("out.h5", np.arange(4.0) + 10), ("joined.h5", joined)):
        with h5py.File(tmp_path / output) as file:
            np.testing.assert_array_equal(h5py.Dataset(h5py.h5d.open(file.id, name))[()], expected)


def test_a_meta_in_another_encoding_is_kept(tmp_path: Path) -> None:
    source = SOURCES[0]
    slice_file(write_4d(tmp_path / "a.h5", form_factors(source)), tmp_path / "sl.h5")
    with h5py.File(tmp_path / "sl.h5", "r+") as file:
        del file[form_factor(source)].attrs["meta"]
        write_attribute(file[form_factor(source)], b"meta", b"by==" + LATIN)
    average_files([tmp_path / "sl.h5"], tmp_path / "av.h5")
    assert read_attribute(tmp_path / "av.h5", MEAN, b"meta") == b"by==" + LATIN + b"&x==1&y==2&z==3&t==6&t0==6"


@pytest.mark.parametrize(
    ("name", "values"),
    [("sources", [[1, 2]]), ("configurations", [300]), ("streams", [b"a"]), ("source_names", [b"s"])],
)
def test_datasets_of_one_s_own_under_the_names_of_labels_are_never_overwritten(
    tmp_path: Path, name: str, values: list[Any]
) -> None:
    for number in (10, 20):
        with h5py.File(write_4d(tmp_path / f"a_{number}.h5", form_factors(SOURCES[0])), "r+") as file:
            file[name] = np.array(values)
    given = [tmp_path / "a_10.h5", tmp_path / "a_20.h5"]
    project_files(given[:1], tmp_path / "out.h5", max_momentum=1)
    with h5py.File(tmp_path / "out.h5") as file:
        assert file[name][()].tolist() == values
    with pytest.raises(InputRefused, match=rf"a_10\.h5: {name}: the output needs this name for labels of its own"):
        concatenate_files(given, tmp_path / "joined.h5")
    concatenate_files(given, tmp_path / "joined.h5", without=[name])


def test_momenta_of_one_s_own_are_not_taken_for_those_of_a_transform(tmp_path: Path) -> None:
    with h5py.File(write_4d(tmp_path / "a.h5", form_factors(SOURCES[0])), "r+") as file:
        file["momenta"] = [[0, 0, 0], [0, 0, 1]]
    slice_file(tmp_path / "a.h5", tmp_path / "sl.h5")
    with pytest.raises(InputRefused, match=r"sl\.h5: momenta: the output needs this name for labels of its own"):
        transform_file(tmp_path / "sl.h5", tmp_path / "ft.h5", max_momentum=1)


# -- is_shifted ----------------------------------------------------------------------------------------------------------


def raw(folder: Path, number: int, shifted: Any) -> Path:
    path = write_4d(folder / f"r_{number}.h5", form_factors(SOURCES[0], number))
    with h5py.File(path, "r+") as file:
        for name in form_factors(SOURCES[0]):
            del file[name].attrs["is_shifted"]
            if shifted is not None:
                file[name].attrs["is_shifted"] = shifted
    return path


@pytest.mark.parametrize(("shifted", "expected"), [(0, 0), (True, 1), (None, None)])
@pytest.mark.parametrize("way", [{}, {"append": True}, {"virtual": True}], ids=["plain", "append", "virtual"])
def test_joined_correlators_say_whether_they_are_shifted(
    tmp_path: Path, shifted: Any, expected: int | None, way: dict[str, bool]
) -> None:
    given = [raw(tmp_path, number, shifted) for number in (10, 20, 30)]
    concatenate_files(given[:2], tmp_path / "out.h5", **way)
    concatenate_files(given, tmp_path / "out.h5", overwrite=not way.get("append"), **way)
    with h5py.File(tmp_path / "out.h5") as file:
        assert file[form_factor(SOURCES[0])].attrs.get("is_shifted") == expected


def test_shifted_correlators_are_not_joined_with_others(tmp_path: Path) -> None:
    for one, other in ((0, 1), (0, None), (None, 1)):
        given = [raw(tmp_path, 10, one), raw(tmp_path, 20, other)]
        with pytest.raises(
            InputRefused, match=r"r_20\.h5: ff.*: is float64 of shape .*; expected .*, as in the config"
        ):
            concatenate_files(given, tmp_path / "out.h5")
