"""The steps as commands on named files: each builds one task and carries it out."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from threadpoolctl import threadpool_limits

from latteboard.errors import InputRefused, OutputRefused
from latteboard.files.hdf5 import read_mark
from latteboard.recipe import Average, Concatenation, Fourier, Recipe, Slice
from reducer.correlators.file import CorrelatorFile
from reducer.making.labels import Labels
from reducer.making.make import make
from reducer.tasks.task import Input, Result, Row, Task

NUMBER = re.compile(r"[0-9]+")


def slice_file(
    given: Path,
    output: Path,
    *,
    fraction: float | None = None,
    boundary_sign: bool | None = None,
    overwrite: bool = False,
    allow_nan: bool = False,
) -> Result:
    """Take the time slices between source and sink, shifted to the source; defaults follow from the contents of the file."""
    recipe = Recipe(tslice=Slice(fraction=fraction, boundary_sign=boundary_sign))
    return _carry_out([given], output, recipe, overwrite=overwrite, allow_nan=allow_nan)


def average_files(given: Sequence[Path], output: Path, *, overwrite: bool = False, allow_nan: bool = False) -> Result:
    """Average slices over their sources, and a spectrum over its spins."""
    return _carry_out(given, output, Recipe(average=Average()), overwrite=overwrite, allow_nan=allow_nan)


def transform_file(
    given: Path, output: Path, *, max_momentum: int, overwrite: bool = False, allow_nan: bool = False
) -> Result:
    """Transform from sites to momenta of at most ``max_momentum`` on each axis, in units of 2 pi / L."""
    recipe = Recipe(fft=Fourier(max_momentum=max_momentum))
    return _carry_out([given], output, recipe, overwrite=overwrite, allow_nan=allow_nan)


def project_files(
    given: Sequence[Path],
    output: Path,
    *,
    max_momentum: int,
    keep_average: Path | None = None,
    fraction: float | None = None,
    boundary_sign: bool | None = None,
    overwrite: bool = False,
    allow_nan: bool = False,
) -> Result:
    """Slice, average and transform 4D files of all sources in one pass; the average is written to ``keep_average``."""
    recipe = Recipe(
        Slice(fraction=fraction, boundary_sign=boundary_sign), Average(), Fourier(max_momentum=max_momentum)
    )
    return _carry_out(given, output, recipe, overwrite=overwrite, allow_nan=allow_nan, keep_average=keep_average)


def _carry_out(
    given: Sequence[Path],
    output: Path,
    recipe: Recipe,
    *,
    overwrite: bool,
    allow_nan: bool,
    keep_average: Path | None = None,
) -> Result:
    task = Task("", str(output.absolute()), recipe, (Row(tuple(map(_input, given))),))
    for target in filter(None, (output, keep_average)):
        _check_target(target, given, overwrite=overwrite)
    if keep_average is not None:
        keep_average = keep_average.absolute()
        if keep_average.resolve() == output.resolve():
            raise OutputRefused(f"{output}: is named twice; expected another file for the average")
    with threadpool_limits(1):
        made = make(task, Path(), allow_nan=allow_nan, overwrite=overwrite, keep_average=keep_average)
    assert made is not None
    return made


def _check_target(target: Path, given: Sequence[Path], *, overwrite: bool) -> None:
    if not target.exists():
        return
    for path in given:
        if path.exists() and path.samefile(target):
            raise OutputRefused(f"{target}: is an input too; name another output")
    if not overwrite:
        raise OutputRefused(f"{target}: exists; name another output, or say --overwrite")


def _input(path: Path, *, group: str = "") -> Input:
    try:
        found = path.stat()
    except OSError as error:
        raise InputRefused(f"cannot be read: {error.strerror}", path=path) from error
    return Input(str(path.absolute()), found.st_size, found.st_mtime_ns, group=group)


# -- configurations ------------------------------------------------------------------------------------------------------


def concatenate_files(
    given: Sequence[Path],
    output: Path,
    *,
    along: Literal["new"] | int = "new",
    append: bool = False,
    virtual: bool = False,
    configurations: Sequence[int] | None = None,
    overwrite: bool = False,
    allow_nan: bool = False,
) -> Result:
    """Concatenate the files of several configurations, sorted by configuration.

    ``append`` adds them to an existing output, or makes one that can be added to. Without ``configurations``, one for each
    file, they are taken from the labels or marks of the files, or else from the one number in which the names differ.
    """
    recipe = Recipe(concatenate=Concatenation(along=along, append=append, virtual=virtual))
    keys = _keys_of(given) if configurations is None else [("", number) for number in configurations]
    if len(keys) != len(given):
        raise InputRefused(f"{len(given)} files and {len(keys)} configurations; expected one for each file")
    rows = [Row((_input(path),), number, stream or None) for path, (stream, number) in zip(given, keys, strict=True)]
    _check_target(output, given, overwrite=overwrite or append)
    task = Task("", str(output.absolute()), recipe, tuple(sorted(rows, key=lambda row: row.key)))
    made = make(task, Path(), allow_nan=allow_nan, overwrite=overwrite)
    return made or Result(str(output), 0, 0)


def _keys_of(given: Sequence[Path]) -> list[tuple[str, int]]:
    """Stream and configuration of each file: from its labels or its mark, else from the number in which names differ.

    Raises
    ------
    InputRefused : neither states them.
    """
    stated = [_stated(path) for path in given]
    if all(key is not None for key in stated):
        return [key for key in stated if key is not None]
    numbers = [list(map(int, NUMBER.findall(str(path)))) for path in given]
    bare = {NUMBER.sub("0", str(path)) for path in given}
    columns = list(zip(*numbers, strict=False)) if len(bare) == 1 else []
    telling = {column for column in columns if len(set(column)) > 1}
    if len(telling) != 1:
        raise InputRefused(
            f"{given[0]}: of which configuration it is cannot be told: expected names that differ in one number only; "
            "state it with --configurations"
        )
    return [("", number) for number in telling.pop()]


def _stated(path: Path) -> tuple[str, int] | None:
    """Stream and configuration that a file states: a concatenated file the first of its own; None if it states none."""
    with CorrelatorFile(path) as file:
        labels = Labels.read(file)
    if labels:
        return labels.keys[0]
    mark = read_mark(path)
    if mark is None or mark.recipe.get("configuration") is None:
        return None
    return str(mark.recipe.get("stream") or ""), int(mark.recipe["configuration"])
