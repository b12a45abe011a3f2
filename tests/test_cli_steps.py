"""The steps on the command line: what they write and print, their options and help."""

import json
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
from correlators import (
    SOURCES,
    attributes,
    form_factor,
    pairs,
    read,
    sliced,
    spectra,
    spectrum,
    write_form_factors,
    write_spectra,
)
from disk import run, spawn

from latteboard.files.hdf5 import read_mark
from reducer.commands import average_files, project_files, slice_file, transform_file

Command = Callable[..., tuple[int, str, str]]
STEPS = ("tslice", "average", "fft", "project")


@pytest.fixture
def command(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Command:
    """Exit code, output and errors of a command line, in this process and the test's folder."""
    monkeypatch.chdir(tmp_path)
    return lambda *words: run(capfd, monkeypatch, *words)


def same(one: Path, other: Path) -> None:
    found, expected = read(one), read(other)
    assert found.keys() == expected.keys()
    for name, numbers in expected.items():
        assert found[name].tobytes() == numbers.tobytes()
        assert repr(attributes(one, name)) == repr(attributes(other, name))


# -- from end to end -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("write", [write_form_factors, write_spectra], ids=["form factor", "spectrum"])
def test_the_steps_one_by_one_come_to_what_one_pass_comes_to(
    tmp_path: Path, command: Command, write: Callable[[Path], list[Path]]
) -> None:
    files = [path.name for path in write(tmp_path)]
    for name in files:
        code, out, err = command("tslice", name, f"slice_{name}")
        assert (code, err) == (0, "")
        assert out.startswith(f"wrote {tmp_path}/slice_{name}: ")
    slices = [f"slice_{name}" for name in files]
    assert command("average", *slices, "--output", "mean.h5")[0] == 0
    assert command("fft", "mean.h5", "momenta.h5", "--max-momentum", 1)[0] == 0
    assert command("project", *files, "-o", "out.h5", "--max-momentum", 1, "--keep-average", "kept.h5")[0] == 0
    same(tmp_path / "out.h5", tmp_path / "momenta.h5")
    same(tmp_path / "kept.h5", tmp_path / "mean.h5")
    written = {*files, *slices, "mean.h5", "momenta.h5", "out.h5", "kept.h5"}
    assert {path.name for path in tmp_path.iterdir()} == written


def test_a_command_does_what_the_function_of_its_name_does(tmp_path: Path, command: Command) -> None:
    files = write_spectra(tmp_path)
    command("tslice", files[0], "a.h5", "--fraction", 0.9, "--no-boundary-sign")
    slice_file(files[0], tmp_path / "b.h5", fraction=0.9, boundary_sign=False)
    same(tmp_path / "a.h5", tmp_path / "b.h5")
    command("average", "a.h5", "-o", "mean_a.h5")
    average_files([tmp_path / "b.h5"], tmp_path / "mean_b.h5")
    same(tmp_path / "mean_a.h5", tmp_path / "mean_b.h5")
    command("fft", "mean_a.h5", "fft_a.h5", "--max-momentum", 2)
    transform_file(tmp_path / "mean_b.h5", tmp_path / "fft_b.h5", max_momentum=2)
    same(tmp_path / "fft_a.h5", tmp_path / "fft_b.h5")
    command("project", *files, "-o", "p_a.h5", "--max-momentum", 1, "--fraction", 0.3, "--no-boundary-sign")
    project_files(files, tmp_path / "p_b.h5", max_momentum=1, fraction=0.3, boundary_sign=False)
    same(tmp_path / "p_a.h5", tmp_path / "p_b.h5")


# -- options -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "separation", "sign"),
    [
        ([], 4, True),
        (["--fraction", "0.9"], 7, True),
        (["--no-boundary-sign"], 4, False),
        (["--fraction", "0.126", "--boundary-sign"], 1, True),
    ],
)
def test_options_of_a_slice(tmp_path: Path, command: Command, words: list[str], separation: int, *, sign: bool) -> None:
    source = SOURCES[0]
    (path,) = write_spectra(tmp_path, sources=(source,))
    assert command("tslice", path, "out.h5", *words)[0] == 0
    found = read(tmp_path / "out.h5")
    for particle, steps in (("proton", separation), ("proton_np", -separation)):
        name = spectrum(source, particle=particle)
        np.testing.assert_array_equal(found[name], pairs(sliced(spectra(source)[name], source, steps, sign=sign)))


def test_what_the_file_holds_sets_whether_signs_change_at_the_boundary(tmp_path: Path, command: Command) -> None:
    (path,) = write_form_factors(tmp_path, sources=SOURCES[:1])  # t0 = 6, t separations to 5, T = 8
    for name, words in (("plain", []), ("without", ["--no-boundary-sign"]), ("with", ["--boundary-sign"])):
        command("tslice", path, f"{name}.h5", *words)
    plain, without, with_ = (
        read(tmp_path / f"{name}.h5")[form_factor(SOURCES[0])] for name in ("plain", "without", "with")
    )
    np.testing.assert_array_equal(plain, without)
    np.testing.assert_array_equal(plain, with_ * np.array([1, 1, -1, -1])[:, None, None, None, None])


def test_what_is_there_is_replaced_only_if_that_is_said(tmp_path: Path, command: Command) -> None:
    files = write_spectra(tmp_path)
    words = ("project", *files, "-o", "out.h5", "--max-momentum")
    assert command(*words, 0)[0] == 0
    code, out, err = command(*words, 1)
    assert (code, out, err) == (1, "", "latteboard: out.h5: exists; name another output, or say --overwrite\n")
    assert read(tmp_path / "out.h5")["momenta"].tolist() == [0]
    assert command(*words, 1, "--overwrite")[0] == 0
    assert read(tmp_path / "out.h5")["momenta"].tolist() == [0, 1, -1]


def test_numbers_that_are_not_finite_are_let_through_only_if_that_is_said(tmp_path: Path, command: Command) -> None:
    (path,) = write_spectra(tmp_path, sources=SOURCES[:1])
    name = spectrum(SOURCES[0])
    with h5py.File(path, "r+") as file:
        file[name][6, 0, 0, 0, 0] = np.nan
    code, out, err = command("tslice", path, "out.h5")
    assert (code, out) == (1, "")
    assert err == (
        f"latteboard: {path}: {name}: 1 numbers are NaN or infinite at index 6 of its first axis; "
        "expected finite ones (--allow-nan records them instead)\n"
    )
    assert command("tslice", path, "out.h5", "--allow-nan")[0] == 0
    assert attributes(tmp_path / "out.h5", name)["not_finite"] == 1


# -- what is printed -----------------------------------------------------------------------------------------------------


def test_one_json_document_tells_path_and_bytes(tmp_path: Path, command: Command) -> None:
    files = write_form_factors(tmp_path)
    slices = 2 * (4 + 6) * 2  # two currents, two separations, two particles
    code, out, err = command("tslice", files[0], "slice.h5", "--json")
    told = json.loads(out)
    assert (code, err) == (0, "")
    assert told == {
        "path": str(tmp_path / "slice.h5"),
        "bytes_read": slices * 4**3 * 16,
        "bytes_written": (tmp_path / "slice.h5").stat().st_size,
    }
    told = json.loads(command("average", "slice.h5", "-o", "mean.h5", "--json")[1])
    assert told["bytes_read"] == slices * 4**3 * 16
    told = json.loads(command("fft", "mean.h5", "momenta.h5", "--max-momentum", 0, "--json")[1])
    assert told["path"] == str(tmp_path / "momenta.h5")
    words = ("-o", "out.h5", "--max-momentum", 0, "--keep-average", "kept.h5", "--json")
    told = json.loads(command("project", *files, *words)[1])
    assert told == {
        "path": str(tmp_path / "out.h5"),
        "bytes_read": 3 * slices * 4**3 * 16,
        "bytes_written": sum((tmp_path / name).stat().st_size for name in ("out.h5", "kept.h5")),
    }


def test_a_line_tells_what_was_written_from_what(tmp_path: Path, command: Command) -> None:
    files = write_form_factors(tmp_path)
    size = slice_file(files[0], tmp_path / "first.h5").bytes_written
    code, out, err = command("tslice", files[0], "slice.h5")
    assert (code, out, err) == (0, f"wrote {tmp_path}/slice.h5: {size / 1000:.1f} kB from 41.0 kB read\n", "")


def test_the_mark_names_files_by_their_whole_paths(tmp_path: Path, command: Command) -> None:
    files = write_spectra(tmp_path)
    command("project", *(path.name for path in files), "-o", "out.h5", "--max-momentum", 0, "--keep-average", "kept.h5")
    for name in ("out.h5", "kept.h5"):
        mark = read_mark(tmp_path / name)
        assert mark is not None
        assert mark.path == str(tmp_path / name)
        assert [one.path for one in mark.inputs] == [str(path) for path in files]


# -- wrong usage and help ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["tslice"], "Missing argument 'IN'"),
        (["tslice", "a.h5"], "Missing argument 'OUT'"),
        (["tslice", "a.h5", "b.h5", "c.h5"], "unexpected extra argument"),
        (["tslice", "a.h5", "b.h5", "--fraction", "0"], "0 is not in the range 0<x<=1"),
        (["tslice", "a.h5", "b.h5", "--fraction", "1.5"], "1.5 is not in the range 0<x<=1"),
        (["tslice", "a.h5", "b.h5", "--fraction", "half"], "'half' is not a valid float"),
        (["tslice", "a.h5", "b.h5", "--fraction", "nan"], "nan is not in the range 0<x<=1"),
        (["average", "-o", "b.h5"], "Missing argument 'IN...'"),
        (["average", "a.h5"], "Missing option '--output'"),
        (["fft", "a.h5", "b.h5"], "Missing option '--max-momentum'"),
        (["fft", "a.h5", "b.h5", "--max-momentum", "-1"], "-1 is not in the range x>=0"),
        (["fft", "a.h5", "b.h5", "--max-momentum", "1.5"], "'1.5' is not a valid integer"),
        (["project", "a.h5", "-o", "b.h5"], "Missing option '--max-momentum'"),
        (["project", "a.h5", "--max-momentum", "1"], "Missing option '--output'"),
        (["average", "a.h5", "-o", "b.h5", "--fraction", "0.5"], "No such option"),
    ],
)
def test_wrong_usage_is_told_with_exit_2(command: Command, words: list[str], told: str) -> None:
    code, out, err = command(*words)
    assert (code, out) == (2, "")
    assert told in err


@pytest.mark.parametrize(
    ("step", "told"),
    [
        (
            "tslice",
            [
                "IN OUT",
                "Take the time slices between source and sink",
                "--fraction",
                "--no-boundary-sign",
                "form factor or",
            ],
        ),
        ("average", ["IN...", "-o, --output FILE", "over their sources", "spectrum over its spins"]),
        (
            "fft",
            ["IN OUT", "--max-momentum M", "exp(+2 pi i k.n / L)", "no volume factor", "0, 1, ..., M, -M, ..., -1"],
        ),
        (
            "project",
            ["IN...", "-o, --output FILE", "--max-momentum M", "--keep-average FILE", "--fraction", "one pass"],
        ),
    ],
)
def test_help_says_what_a_step_does(command: Command, step: str, told: list[str]) -> None:
    code, out, err = command(step, "--help")
    assert (code, err) == (0, "")
    text = " ".join(out.split())
    for words in [*told, "--overwrite", "--allow-nan", "--json", "Replace the output if it is there."]:
        assert words in text
    assert all(len(line) <= 100 for line in out.splitlines())


def test_the_steps_are_listed_with_a_sentence_each(command: Command) -> None:
    _, out, _ = command("--help")
    for step in STEPS:
        (line,) = [line for line in out.splitlines() if line.split()[:1] == [step]]
        assert len(line.split()) > 4


def test_a_step_runs_in_a_process_of_its_own_with_warnings_as_errors(tmp_path: Path) -> None:
    files = write_spectra(tmp_path)
    found = spawn("project", *files, "-o", tmp_path / "out.h5", "--max-momentum", 1, env={"PYTHONWARNINGS": "error"})
    assert (found.returncode, found.stderr) == (0, "")
    project_files(files, tmp_path / "expected.h5", max_momentum=1)
    same(tmp_path / "out.h5", tmp_path / "expected.h5")
