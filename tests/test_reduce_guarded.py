"""What must not be lost or hang: files that others write, disks without room, files on which the library crashes or loops."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from correlators import SOURCES, form_factors, write_4d
from disk import HOUSE, script

from latteboard.errors import InputRefused, OutputRefused
from latteboard.files.atomic import remove_drafts
from latteboard.files.draft_stream import drafted_file
from latteboard.files.watched import Note, reason_of_end
from reducer.commands import concatenate_files, slice_file
from reducer.hdf5.merge import merge


def run(*words: object, **options: Any) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "latteboard", *map(str, words)]
    return subprocess.run(line, cwd=HOUSE, text=True, capture_output=True, check=False, timeout=100, **options)


# -- files that somebody else writes -------------------------------------------------------------------------------------

WRITER = """
import h5py
with h5py.File(sys.argv[1], "r+") as file:
    file["measured"] = 1.0
    print("open", flush=True)
    sys.stdin.readline()
    file["later"] = 2.0
"""


@contextmanager
def written_by_another(path: Path) -> Iterator[None]:
    """Another process has a file open for writing inside the block, and writes more at its end."""
    writer = subprocess.Popen(script(WRITER, path), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    assert writer.stdout.readline() == "open\n"
    try:
        yield
    finally:
        writer.communicate("\n")


def rows(folder: Path, *numbers: int) -> list[Path]:
    paths = [folder / f"m_{number}.h5" for number in numbers]
    for path, number in zip(paths, numbers, strict=True):
        with h5py.File(path, "w") as file:
            file["d"] = np.full(3, float(number))
    return paths


def has(path: Path, *names: str) -> bool:
    with h5py.File(path) as file:
        return all(name in file for name in names)


def test_a_file_that_another_process_writes_is_not_replaced(tmp_path: Path) -> None:
    given = rows(tmp_path, 10, 20, 30)
    concatenate_files(given[:2], tmp_path / "out.h5", append=True)
    steps: tuple[Callable[[], object], ...] = (
        lambda: merge(given[0], tmp_path / "out.h5"),
        lambda: concatenate_files(given, tmp_path / "out.h5", append=True),
        lambda: concatenate_files(given, tmp_path / "out.h5", overwrite=True),
    )
    for step in steps:
        (tmp_path / "out.h5").unlink()
        concatenate_files(given[:2], tmp_path / "out.h5", append=True)
        with (
            written_by_another(tmp_path / "out.h5"),
            pytest.raises(OutputRefused, match="another process has it open for writing"),
        ):
            step()
        assert has(tmp_path / "out.h5", "measured", "later")
        assert sorted(path.name for path in tmp_path.iterdir()) == ["m_10.h5", "m_20.h5", "m_30.h5", "out.h5"]


def test_a_file_that_is_opened_for_writing_meanwhile_is_not_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import reducer.making.make as module

    given = rows(tmp_path, 10, 20, 30)
    concatenate_files(given[:2], tmp_path / "out.h5", append=True)
    real = module.write_joined

    def meddled(*words: Any) -> None:
        real(*words)
        with written_by_another(tmp_path / "out.h5"):
            pass

    monkeypatch.setattr(module, "write_joined", meddled)
    with pytest.raises(OutputRefused, match="changed meanwhile; nothing was done"):
        concatenate_files(given, tmp_path / "out.h5", append=True)
    assert has(tmp_path / "out.h5", "measured", "later")


def test_readers_do_not_stand_in_the_way(tmp_path: Path) -> None:
    given = rows(tmp_path, 10, 20)
    concatenate_files(given[:1], tmp_path / "out.h5", append=True, configurations=[10])
    text = (
        WRITER.replace('"r+"', '"r"')
        .replace('file["measured"] = 1.0', "")
        .replace('file["later"] = 2.0', 'print(file["configurations"][()].tolist())')
    )
    line = script(text, tmp_path / "out.h5")
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as reader:
        assert reader.stdout is not None
        assert reader.stdout.readline() == "open\n"
        concatenate_files(given, tmp_path / "out.h5", append=True)
        assert reader.communicate("\n")[0] == "[10]\n"
    with h5py.File(tmp_path / "out.h5") as file:
        assert file["configurations"][()].tolist() == [10, 20]


def test_of_what_many_append_at_once_nothing_is_lost(tmp_path: Path) -> None:
    given = rows(tmp_path, *range(10, 18))
    concatenate_files(given[:2], tmp_path / "out.h5", append=True)
    line = [sys.executable, "-m", "latteboard", "concatenate", "-o", tmp_path / "out.h5", "--append"]
    several = [subprocess.Popen([*line, path], cwd=HOUSE, stderr=subprocess.PIPE) for path in given[2:]]
    assert [(one.communicate()[1], one.returncode) for one in several] == [(b"", 0)] * len(several)
    with h5py.File(tmp_path / "out.h5") as file:
        assert file["configurations"][()].tolist() == list(range(10, 18))
        assert file["d"][:, 0].tolist() == list(range(10, 18))
    assert not list(tmp_path.glob(".*"))


def test_of_what_many_merge_at_once_nothing_is_lost(tmp_path: Path) -> None:
    sources = []
    for number in range(6):
        sources.append(tmp_path / f"s_{number}.h5")
        with h5py.File(sources[-1], "w") as file:
            file[f"d{number}"] = float(number)
    with h5py.File(tmp_path / "into.h5", "w") as file:
        file["own"] = 1.0
    line = [sys.executable, "-m", "latteboard", "h5merge"]
    several = [
        subprocess.Popen([*line, path, tmp_path / "into.h5"], cwd=HOUSE, stdout=subprocess.PIPE) for path in sources
    ]
    for one in several:
        assert b"1 datasets" in one.communicate()[0]
        assert one.returncode == 0
    assert has(tmp_path / "into.h5", "own", *(f"d{number}" for number in range(6)))


def test_pipes_and_devices_are_neither_read_nor_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (path,) = rows(tmp_path, 10)
    for given in (tmp_path / "pipe", Path("/dev/null")):
        with pytest.raises(InputRefused, match="no regular file"):
            slice_file(given, tmp_path / "out.h5")
        with pytest.raises(OutputRefused, match="no regular file"):
            concatenate_files([path], given, configurations=[10], overwrite=True)
        with pytest.raises(InputRefused, match="no regular file"):
            merge(path, given)
    assert Path("/dev/null").is_char_device()


# -- no room -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 1000, 5000, 20_000, 90_000])
def test_a_file_that_cannot_be_written_to_its_end_is_given_up_without_a_crash(tmp_path: Path, size: int) -> None:
    text = """
import resource
from pathlib import Path
import numpy as np
from latteboard.files.draft_stream import drafted_file
size = int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
try:
    with drafted_file(Path(sys.argv[1]), new=True) as file:
        for number in range(40):
            file[f"group/{number}"] = np.arange(300.0)
            file[f"group/{number}"].attrs["text"] = "x" * 500
except OSError as error:
    print(error.errno)
"""
    done = subprocess.run(script(text, tmp_path / "a.h5", size), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "27\n", "")


def test_a_drafted_file_is_what_the_library_alone_would_write(tmp_path: Path) -> None:
    def fill(file: h5py.File) -> None:
        file["a/b"] = np.arange(10.0)
        grows = file.create_dataset("grows", (2, 3), "f8", maxshape=(None, 3), chunks=(1, 3))
        grows.resize((4, 3))
        grows[2:] = 1.0
        file["text"] = "x" * 100

    with drafted_file(tmp_path / "a.h5", new=True) as file:
        fill(file)
    with drafted_file(tmp_path / "a.h5", new=False) as file:
        file["later"] = 2.0
    with h5py.File(tmp_path / "b.h5", "w") as file:
        fill(file)
        file["later"] = 2.0
    with h5py.File(tmp_path / "a.h5") as one, h5py.File(tmp_path / "b.h5") as other:
        for name in ("a/b", "grows", "text", "later"):
            np.testing.assert_array_equal(one[name][()], other[name][()])


# -- files on which the library crashes or loops -------------------------------------------------------------------------

# Stands for the library: it ends the process, or takes its time, while a certain file is read.
MEDDLED = """
import os, signal
import h5py
import latteboard.files.watched as watched
watched.SECONDS = 0.5
import latteboard.files.hdf5 as hdf5
real = hdf5._has_signature
def meddled(path):
    if str(path).endswith("bad.h5"):
        if {loops}:
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
            while True:
                pass
        os.kill(os.getpid(), signal.SIGSEGV)
    return real(path)
hdf5._has_signature = meddled
from latteboard.cli.guarded import main
sys.argv[0] = "latteboard"
main()
"""


@pytest.mark.parametrize(
    ("loops", "how"), [(False, "crashes on it (SIGSEGV)"), (True, "does not come to an end with it")]
)
@pytest.mark.parametrize("command", ["tslice", "h5diff", "h5merge", "concatenate"])
def test_a_file_on_which_the_library_ends_or_loops_is_named(
    tmp_path: Path, command: str, how: str, *, loops: bool
) -> None:
    bad, good, output = tmp_path / "bad.h5", tmp_path / "good.h5", tmp_path / "out.h5"
    for path in (bad, good):
        write_4d(path, form_factors(SOURCES[0]))
    words: dict[str, list[object]] = {
        "tslice": [bad, output],
        "h5diff": [good, bad],
        "h5merge": [bad, good],
        "concatenate": [good, bad, "-o", output, "--configurations", "1,2"],
    }
    before = good.read_bytes()
    done = subprocess.run(
        script(MEDDLED.format(loops=loops), command, *words[command]),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    message = f"latteboard: {bad}: damaged: the HDF5 library {how}; move the file away, or make it again\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, "", message)
    assert (good.read_bytes(), output.exists()) == (before, False)


def test_the_drafts_of_a_process_that_crashed_are_removed(tmp_path: Path) -> None:
    note = Note()
    draft = tmp_path / ".latteboard-host-1-0123456789ab.draft"
    draft.write_text("half")
    note.write("/data/bad.h5", (str(draft), "/nowhere/else"))
    assert note.parts == ("/data/bad.h5", [str(draft), "/nowhere/else"])
    remove_drafts(note)
    assert not draft.exists()
    note.write("a" * 100_000, ())  # too long for a note, which stays as it was
    assert note.parts[0] == "/data/bad.h5"
    assert "crashes on it (SIGBUS)" in reason_of_end("f", signal.SIGBUS)


def test_real_damaged_files_end_in_a_line_that_names_them(reference: Path) -> None:
    text = MEDDLED.format(loops=False).replace("watched.SECONDS = 0.5", "watched.SECONDS = 2.0")
    for path in sorted((reference / "damaged").glob("*.h5")):
        done = subprocess.run(
            script(text, "h5diff", path, path), capture_output=True, text=True, check=False, timeout=90
        )
        assert done.returncode == 1
        assert done.stderr.startswith(f"latteboard: {path}: damaged: the HDF5 library ")
        assert done.stderr.count("\n") == 1


# -- signals -------------------------------------------------------------------------------------------------------------

HANGS = """
import signal, time
import latteboard.cli.guarded as guarded
guarded.PATIENCE = {patience}
def hang():
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM, signal.SIGINT])
    print("here", flush=True)
    time.sleep(60)
guarded.unguarded = hang
sys.argv = ["latteboard", "reduce"]
guarded.main()
"""


@pytest.mark.parametrize(("patience", "times"), [(60, 2), (1, 1)], ids=["twice", "once and the time"])
def test_whatever_hangs_is_ended(patience: int, times: int) -> None:
    hanging = subprocess.Popen(
        script(HANGS.format(patience=patience)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert hanging.stdout is not None
    assert hanging.stdout.readline() == "here\n"
    for _ in range(times):
        hanging.send_signal(signal.SIGTERM)
        time.sleep(0.2)
    _, err = hanging.communicate(timeout=20)
    assert (hanging.returncode, err) == (1, "latteboard: ended at once, as asked; nothing is half-written\n")


def test_the_command_ends_with_the_process_that_waits_for_it() -> None:
    text = HANGS.format(patience=60).replace('"here"', "__import__('os').getpid()")
    with subprocess.Popen(script(text), stdout=subprocess.PIPE, text=True) as hanging:
        assert hanging.stdout is not None
        child = int(hanging.stdout.readline())
        assert child != hanging.pid
        hanging.kill()
    for _ in range(100):
        try:
            os.kill(child, 0)
        except ProcessLookupError:
            break
        time.sleep(0.05)
    else:
        pytest.fail("it goes on")
