"""The indexer opens nothing of a production for writing: neither does its own code, nor what it uses of latteboard/files."""

import ast
from pathlib import Path

import pytest
from file_writes import full_names, reached, writes
from syntax import package_of

ROOT = Path(__file__).parent.parent
# One index at a time: the lock stands beside the catalog, and belongs to no production.
LOCKS = {"latteboard.files.locks"}


def writes_of(source: str, path: str = "indexer/walk.py") -> list[str]:
    tree = ast.parse(source)
    return writes(path, tree, full_names(tree, package_of(path)))


@pytest.mark.parametrize(
    "source",
    [
        "open(path, 'w')",
        "open(path, mode='r+')",
        "open(path, mode)",
        "open(*arguments)",
        "io.open(path, **options)",
        "path.open('ab')",
        "Path(path).open(mode='x')",
        "gzip.open(path, 'wt')",
        "h5py.File(path, 'a')",
        "h5py.File(path, mode=mode)",
        "from h5py import File as H\nH(path, 'r+')",
        "h5py.h5f.open(path, h5py.h5f.ACC_RDWR)",
        "h5py.h5f.open(path)",
        "h5py.h5f.create(path)",
        "os.open(path, os.O_WRONLY)",
        "os.open(path, os.O_RDONLY | os.O_CREAT)",
        "os.open(path, 2)",
        "os.open(path, flags)",
        "from os import O_RDWR, open as o\no(path, O_RDWR)",
        "os.fdopen(descriptor, 'w')",
        "path.write_text('x')",
        "Path(path).write_bytes(b'x')",
        "os.rename(a, b)",
        "os.replace(a, b)",
        "from os import replace\nreplace(a, b)",
        "path.replace(other)",
        "path.rename(other)",
        "os.remove(path)",
        "list(map(os.remove, paths))",
        "path.unlink(missing_ok=True)",
        "from os import unlink as u\nu(path)",
        "os.mkdir(path)",
        "path.mkdir()",
        "path.touch()",
        "os.utime(path, ns=(1, 1))",
        "os.truncate(path, 0)",
        "os.ftruncate(descriptor, 0)",
        "path.chmod(0o600)",
        "os.link(a, b)",
        "path.symlink_to(other)",
        "shutil.rmtree(path)",
        "import shutil as s\ns.copy(a, b)",
        "subprocess.run(['rm', path])",
        "numpy.memmap(path, float, 'w+')",
        "array.tofile(path)",
        "functools.partial(open, mode='w')",
    ],
)
def test_a_call_that_changes_files_is_found(source: str) -> None:
    assert len(writes_of(source)) == 1


@pytest.mark.parametrize(
    "source",
    [
        "open(path)",
        "open(path, 'rb', buffering=0)",
        "path.open()",
        "Path(path).open('rb')",
        "h5py.File(path)",
        "h5py.File(path, 'r', locking=False)",
        "isinstance(file, h5py.File)",
        "h5py.h5f.open(path, h5py.h5f.ACC_RDONLY)",
        "h5py.h5a.open(file, name)",
        "os.open(path, os.O_RDONLY | os.O_DIRECTORY)",
        "os.stat(path)\nos.scandir(path)\nos.close(descriptor)",
        "text.replace('a', 'b')",
        "from dataclasses import replace\nreplace(options, deep=True)",
        "names.remove(name)\nqueue.link(a)",
        "truncate = 1\nprint(truncate)",
        "numpy.memmap(path, float, 'r')",
    ],
)
def test_a_call_that_only_reads_is_let_through(source: str) -> None:
    assert writes_of(source) == []


def test_what_the_indexer_uses_of_other_files_is_followed() -> None:
    floor = {
        "latteboard/files/hdf5.py": (
            "from latteboard.files import atomic as at\n"
            "DRAFT = at.pattern()\n"
            "def read(path): return _opened(path)\n"
            "def _opened(path): return DRAFT, h5py.File(path)\n"
            "def stamp(path): os.utime(path)\n"
        ),
        "latteboard/files/atomic.py": "def pattern(): return touch()\ndef touch(): path.touch()\ndef write(): unlink()\n",
        "latteboard/files/locks.py": "def lock(): path.touch()\n",
    }
    room = {"indexer/check.py": "from ..latteboard import x\nfrom latteboard.files import hdf5 as h5, locks\n"}
    room["indexer/check.py"] += "def check(path):\n    with locks.lock(): return h5.read(path)\n"
    found = reached(room, floor, LOCKS)
    assert sorted(name.removeprefix("latteboard.files.") for name in found) == [
        *("atomic.pattern", "atomic.touch"),
        *("hdf5.DRAFT", "hdf5._opened", "hdf5.read"),
    ]
    told = [line for part in found.values() for line in writes(part.path, part.tree, part.names)]
    assert told == ["latteboard/files/atomic.py:2 changes files"]


def sources_in(*folders: str) -> dict[str, str]:
    """The texts of all Python files below some folders, by path."""
    files = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    return {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in files}


def test_the_indexer_changes_no_file() -> None:
    assert [line for path, source in sources_in("indexer").items() for line in writes_of(source, path)] == []


def test_what_the_indexer_uses_of_files_changes_none() -> None:
    used = reached(sources_in("indexer"), sources_in("latteboard/files"), LOCKS)
    assert {"latteboard.files.atomic.is_temporary", "latteboard.files.hdf5.read_mark"} <= used.keys()
    assert [line for part in used.values() for line in writes(part.path, part.tree, part.names)] == []
