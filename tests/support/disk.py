"""Files of an age and a size, an index at a fixed time, the command line, rights: for tests of indexer and catalog."""

import ctypes
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from indexer.index import index_campaign
from latteboard.campaign import Campaign
from latteboard.catalog import Catalog
from latteboard.cli import main

HOUSE = Path(__file__).parent.parent.parent
SECOND = 1_000_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
START = 1_700_000_000 * SECOND  # when an index begins, unless a test says otherwise
OLD = START - 30 * DAY
ENOUGH = 200_000  # more than any file of the tiny campaign must have; sparse, so that it costs nothing

# Two kinds instead of seven, for whoever does not need them all: four configurations, and fourteen propagators of 1024 bytes
# or more in A and 5184 in B. Campaigns of few kinds are indexed faster.
SMALL = """
[kinds.cfg]
path      = "{ensemble}_{stream}/cfg/{configuration}.lime"
given     = true
[kinds.prop]
path      = "{ensemble}_{stream}/prop/{configuration}/prop_mq{mq}_{source}.lime"
needs     = ["cfg"]
min_bytes = "unit * L**3"
"""
PROP = "A_a/prop/10/prop_mq0.01_x0y1z2t3.lime"
OTHER_PROP = "A_a/prop/10/prop_mq0.01_x1y2z3t7.lime"
CFG = "A_a/cfg/10.lime"


def put(
    campaign: Campaign, path: str, *, root: int = 0, size: int = ENOUGH, at: int = OLD, folder_at: int = OLD
) -> Path:
    """Write a file of this size and time below a root, and give its folder a time."""
    file = campaign.roots[root].path / path
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("wb") as stream:
        stream.write(b"x" * min(size, 1))  # a block of data, without which nothing would be on this disk
        stream.truncate(size)
    os.utime(file, ns=(at, at))
    age(file.parent, at=folder_at)
    return file


def age(*folders: Path, at: int = OLD) -> None:
    """Give folders a time."""
    for folder in folders:
        os.utime(folder, ns=(at, at))


def age_all(root: Path, *, at: int = OLD) -> None:
    """Give all folders a time."""
    for folder, _, _ in os.walk(root):
        os.utime(folder, ns=(at, at))


def paths_of(campaign: Campaign, *kinds: str) -> list[str]:
    """The paths of all expected artifacts of some kinds, of all kinds unless some are named."""
    return [
        campaign.path_of(kind, campaign.expected(kind).coordinates(row))
        for kind in kinds or campaign.kinds
        for row in range(len(campaign.expected(kind)))
    ]


def fill(campaign: Campaign, *kinds: str) -> None:
    """Write every expected file, each kind an hour later than the one before; folders are old."""
    for number, kind in enumerate(campaign.kinds):
        if not kinds or kind in kinds:
            for path in paths_of(campaign, kind):
                put(campaign, path, at=OLD + number * HOUR)
    age_all(campaign.root)


_KEPT: dict[str, Path] = {}


def kept(name: str, factory: pytest.TempPathFactory, folder: Path, make: Callable[[], Campaign]) -> Campaign:
    """A campaign that ``make`` writes for the first test that asks; the others get a copy, times and all."""
    if name in _KEPT:
        shutil.copytree(_KEPT[name], folder, dirs_exist_ok=True)
        return Campaign.read(folder / "campaign.toml")
    campaign = make()
    _KEPT[name] = factory.mktemp("kept") / name
    shutil.copytree(folder, _KEPT[name])
    return campaign


def index(campaign: Campaign, *, at: int = START, **options: Any) -> Any:
    """Index at a fixed time."""
    return index_campaign(campaign, now_ns=at, **options)


def statuses(campaign: Campaign, *kinds: str) -> dict[str, str]:
    """The status of every artifact of some kinds, by path."""
    views = kinds or tuple(campaign.kinds)
    return {path: word for view in views for path, word in query(campaign, f"select path, status from {view}")}


def status(campaign: Campaign, path: str) -> str:
    """The status of one artifact."""
    ((word,),) = query(campaign, "select status from artifact where path = ?", path)
    return str(word)


def only(campaign: Campaign, path: str) -> Any:
    """The one artifact of a path."""
    parsed = campaign.parse(path)
    assert parsed is not None
    return next(iter(Catalog(campaign.catalog)[parsed[0]].filter(**parsed[1])))


def query(campaign: Campaign, question: str, *values: object) -> list[tuple[Any, ...]]:
    """Ask the catalog as a plain SQLite tool does."""
    connection = sqlite3.connect(campaign.catalog)
    try:
        return connection.execute(question, values).fetchall()
    finally:
        connection.close()


def books(campaign: Campaign) -> dict[str, list[tuple[Any, ...]]]:
    """Content of a catalog, without the times of its indexes."""
    tables = [name for (name,) in query(campaign, "select name from sqlite_master where type = 'table'")]
    found = {table: sorted(query(campaign, f'select * from "{table}"'), key=repr) for table in tables}
    return {table: rows for table, rows in found.items() if table not in ("run", "folder")}


# The command line


def run(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *words: object) -> tuple[int, str, str]:
    """Exit code, output and errors of the command line, in this process."""
    monkeypatch.setattr(sys, "argv", ["latteboard", *map(str, words)])
    with pytest.raises(SystemExit) as stopped:
        main()
    out, err = capfd.readouterr()
    code = stopped.value.code
    return code if isinstance(code, int) else 0, out, err


def spawn(*words: object, **options: Any) -> subprocess.CompletedProcess[str]:
    """The command line in a process of its own."""
    command = [sys.executable, "-m", "latteboard", *map(str, words)]
    return subprocess.run(command, cwd=HOUSE, text=True, capture_output="stdout" not in options, check=False, **options)


def full_disk(size: int) -> Callable[[], None]:
    """For a new process: no file of it may grow beyond ``size`` bytes, as on a full disk, which takes no rights to make."""

    def begin() -> None:
        # What measures coverage would write its own file in this process.
        os.environ.pop("COVERAGE_PROCESS_CONFIG", None)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return begin


def script(text: str, *words: object) -> list[str]:
    """The command that runs a few lines of Python with the house on the path."""
    return [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(HOUSE)!r})\n{text}", *map(str, words)]


# Rights

OVERRIDE = (1 << 1) | (1 << 2)  # CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH: root's right to read whatever it likes
VERSION = 0x20080522


@contextmanager
def without_rights() -> Iterator[None]:
    """Obey the permissions of files and folders inside the block, even if the tests are run by root."""
    if os.geteuid() != 0:
        yield
        return
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(VERSION, 0)
    before = (ctypes.c_uint32 * 6)()  # effective, permitted, inheritable, twice 32 bits each
    assert libc.capget(header, before) == 0
    less = (ctypes.c_uint32 * 6)(*before)
    less[0] &= ~OVERRIDE
    assert libc.capset(header, less) == 0
    try:
        yield
    finally:
        assert libc.capset(header, before) == 0


def drop_rights() -> None:
    """For a new process: it obeys permissions, even if the tests are run by root."""
    if os.geteuid() == 0:
        libc = ctypes.CDLL(None, use_errno=True)
        drop_from_bounding_set = 24
        for capability in (1, 2):
            assert libc.prctl(drop_from_bounding_set, capability, 0, 0, 0) == 0


@contextmanager
def closed(path: Path, mode: int = 0) -> Iterator[None]:
    """Take away the permissions of a file or folder inside the block."""
    before = path.stat().st_mode
    path.chmod(mode)
    try:
        with without_rights():
            yield
    finally:
        path.chmod(before)
