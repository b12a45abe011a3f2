"""Files of one configuration each, tasks that join them, and the content of joined files."""

import os
import resource
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from latteboard.files.hdf5 import RecordedInput, stamp, write_mark
from latteboard.recipe import Recipe
from reducer.making.make import make
from reducer.tasks.task import Input, Result, Row, Task

Arrays = dict[str, NDArray[Any]]

T, L = 3, 4
HEAD = "ff/proton_UU_up_up_tsep_2_sink_mom_px0_py0_pz0"
A3 = f"{HEAD}/A3/src_avg/4D_correlator/local_current"
V4 = f"{HEAD}/V4/src_avg/4D_correlator/local_current"
A3_MOMENTUM, V4_MOMENTUM = (name.replace("local", "momentum") for name in (A3, V4))
SOURCES = ("x0y1z2t2", "x3y1z2t4")
# What an average over these two says of itself; t0 and the source are what its terms say differently.
META = "t0==2&tsep==2&nt==8&x==0&y==1&z==2&t==2&t0==2\nt0==4&tsep==2&nt==8&x==3&y==1&z==2&t==4&t0==4"
LABELS = ("configurations", "sources", "source_names", "streams", "momenta")
JOIN: tuple[Any, ...] = ({"concatenate": {}},)
APPEND: tuple[Any, ...] = ({"concatenate": {"append": True}},)
VIRTUAL: tuple[Any, ...] = ({"concatenate": {"virtual": True}},)


def numbers(configuration: int, name: str = A3, *, times: int = T) -> NDArray[np.float64]:
    """A correlator unlike that of any other configuration or name, shape (T, Z, Y, X, 2)."""
    return np.random.default_rng([configuration, *name.encode()]).normal(size=(times, L, L, L, 2))


def write(path: Path, datasets: Mapping[str, Any], *, meta: str = META) -> Path:
    """A file of these datasets; correlators say ``meta`` of themselves."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        for name, content in datasets.items():
            file[name] = content
            if meta and "4D_correlator" in name:
                file[name].attrs["meta"] = meta
    return path


def average(folder: Path, configuration: int, *names: str, path: str = "avg_{}.h5", meta: str = META) -> Path:
    """The average over two sources of one configuration, of A3 and V4 unless other names are given."""
    content = {name: numbers(configuration, name) for name in names or (A3, V4)}
    return write(folder / path.format(configuration), content, meta=meta)


def averages(folder: Path, *configurations: int) -> list[Path]:
    """A file for each configuration."""
    return [average(folder, configuration) for configuration in configurations]


def says(path: Path, configuration: int, stream: str | None = None) -> Path:
    """Let a file say by its mark, as our own do, of which configuration it is."""
    with h5py.File(path, "r+") as file:
        told = {"configuration": configuration, "stream": stream}
        made = write_mark(file, path=path.name, inputs=[RecordedInput("raw.h5", 1, 1)], recipe=told)
    stamp(path, made)
    return path


def read(path: Path, *, labels: bool = False) -> Arrays:
    """The datasets of a file by name: the joined ones, or what stands for their rows; text as text."""
    found: Arrays = {}

    def note(name: str, item: h5py.Dataset | h5py.Group) -> None:
        if isinstance(item, h5py.Dataset) and (name in LABELS) == labels:
            found[name] = np.asarray(item.asstr()[()] if item.dtype.kind == "O" else item[()])

    with h5py.File(path, locking=False) as file:
        file.visititems(note)
    return found


def configurations(path: Path) -> list[int]:
    """The configurations of a joined file."""
    found: list[int] = read(path, labels=True)["configurations"].tolist()
    return found


def holds(path: Path, *expected: int) -> None:
    """Require the averages of these configurations, in this order."""
    found = read(path)
    assert found.keys() == {A3, V4}
    assert configurations(path) == list(expected)
    for name in found:
        np.testing.assert_array_equal(found[name], [numbers(one, name) for one in expected])


def metas(path: Path) -> dict[str, str]:
    """The attribute ``meta`` of each dataset; empty where there is none."""
    with h5py.File(path, locking=False) as file:
        return {name: str(file[name].attrs.get("meta", "")) for name in read(path)}


# -- tasks -----------------------------------------------------------------------------------------------------------


def given(root: Path, path: Path, **what: Any) -> Input:
    """A file as it is now, as an input."""
    status = path.stat()
    return Input(str(path.relative_to(root)), status.st_size, status.st_mtime_ns, **what)


def joining(
    root: Path,
    members: Mapping[int | tuple[str, int], Path | Iterable[Path]],
    steps: Iterable[Any] = JOIN,
    *,
    path: str = "joined.h5",
    **what: Any,
) -> Task:
    """A task that joins files, by configuration or by stream and configuration."""
    rows = []
    for key, files in members.items():
        stream, configuration = key if isinstance(key, tuple) else (None, key)
        paths = [files] if isinstance(files, Path) else files
        rows.append(Row(tuple(given(root, file) for file in paths), configuration, stream))
    return Task("joined", path, Recipe.read(list(steps)), tuple(sorted(rows, key=lambda row: row.key)), **what)


def join(root: Path, members: Mapping[Any, Any], steps: Iterable[Any] = JOIN, **what: Any) -> Result | None:
    """Carry such a task out."""
    return make(joining(root, members, steps, **what), root)


@contextmanager
def few_open_files(number: int) -> Iterator[None]:
    """Inside the block this process may open so many further files."""
    with Path(os.devnull).open() as last:
        free = last.fileno()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free + number, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
