"""The steps as commands on named files: each builds one task and carries it out."""

import stat
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, fields, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal, Self

from threadpoolctl import threadpool_limits

from latteboard.errors import InputRefused, OutputRefused
from latteboard.files.hdf5 import read_mark
from latteboard.files.segments import size_of
from latteboard.recipe import Average, Collection, Concatenation, Fourier, Recipe, Slice
from reducer.correlators.file import CorrelatorFile
from reducer.making.labels import check_keys
from reducer.making.make import make
from reducer.named_files import check_same_configuration, keys_of
from reducer.tasks.task import UNKNOWN, Input, Key, Physics, Result, Row, Task


@dataclass(frozen=True)
class Handling:
    """How outputs are written, the same for all steps.

    Attributes
    ----------
    overwrite : replace an output that is there
    allow_nan : record numbers that are not finite instead of refusing them
    without : leave out datasets of the inputs whose paths match one of these patterns
    """

    overwrite: bool = False
    allow_nan: bool = False
    without: Sequence[str] = ()


@dataclass(frozen=True)
class Inputs:
    """What is said of files of one configuration, and of the correlators in them.

    Attributes
    ----------
    baryon, meson : particles whose names do not tell which of both they are
    same_configuration : the files are of one configuration, even if they seem not to be
    shifted : correlators that do not say so have their source as their origin
    time_reversal : turn projected correlators of negative parity forward in time; the extent of the lattice in time
    """

    baryon: Sequence[str] = ()
    meson: Sequence[str] = ()
    same_configuration: bool = False
    shifted: bool = False
    time_reversal: int | None = None

    @classmethod
    def split(cls, options: Mapping[str, Any]) -> tuple[Self, Handling]:
        """These of some options, and how outputs are handled."""
        names = {field.name for field in fields(cls)}
        own = {name: value for name, value in options.items() if name in names}
        return cls(**own), Handling(**{name: value for name, value in options.items() if name not in names})

    def of_step(self, given: Sequence[Path], *, several_kinds: bool = False) -> dict[str, bool]:
        """The options of the step, once the files are seen to be of one configuration."""
        if not self.same_configuration:
            check_same_configuration(given, several_kinds=several_kinds)
        return {
            "same_configuration": self.same_configuration,
            "shifted": self.shifted,
            "time_reversal": self.time_reversal is not None,
        }

    @property
    def physics(self) -> Physics:
        """The particles, and the extent of the lattice in time as far as it is stated."""
        return replace(_particles(self.baryon, self.meson), T=self.time_reversal)


def slice_file(
    given: Path,
    output: Path,
    *,
    fraction: float | None = None,
    boundary_sign: bool | None = None,
    baryon: Sequence[str] = (),
    meson: Sequence[str] = (),
    **handling: Any,
) -> Result:
    """Take the time slices between source and sink, shifted to the source; defaults follow from the contents of the file.

    ``baryon`` and ``meson`` name particles whose sign beyond the time boundary is not known by their names.
    """
    how = Handling(**handling)
    recipe = Recipe(tslice=Slice(fraction=fraction, boundary_sign=boundary_sign, without=tuple(how.without)))
    return _carry_out([given], output, recipe, how, _particles(baryon, meson))


def average_files(given: Sequence[Path], output: Path, **options: Any) -> Result:
    """Average correlators over their sources, and a spectrum over its spins; ``options`` are those of :class:`Inputs` too."""
    inputs, how = Inputs.split(options)
    step = Average(**inputs.of_step(given), without=tuple(how.without))
    return _carry_out(given, output, Recipe(average=step), how, inputs.physics)


def collect_files(given: Sequence[Path], output: Path, **options: Any) -> Result:
    """Put the datasets of several files of one configuration into one; ``options`` are those of :class:`Inputs` too.

    Raises
    ------
    InputRefused : a correlator is in two of them, or another dataset differs.
    """
    inputs, how = Inputs.split(options)
    step = Collection(**inputs.of_step(given, several_kinds=True), without=tuple(how.without))
    return _carry_out(given, output, Recipe(collect=step), how, inputs.physics)


def transform_file(given: Path, output: Path, *, max_momentum: int, **handling: Any) -> Result:
    """Transform from sites to momenta of at most ``max_momentum`` on each axis, in units of 2 pi / L."""
    how = Handling(**handling)
    recipe = Recipe(fft=Fourier(max_momentum=max_momentum, without=tuple(how.without)))
    return _carry_out([given], output, recipe, how)


def project_files(
    given: Sequence[Path],
    output: Path,
    *,
    max_momentum: int,
    keep_average: Path | None = None,
    fraction: float | None = None,
    boundary_sign: bool | None = None,
    baryon: Sequence[str] = (),
    meson: Sequence[str] = (),
    same_configuration: bool = False,
    **handling: Any,
) -> Result:
    """Slice, average and transform 4D files of all sources in one pass; the average is written to ``keep_average``."""
    how = Handling(**handling)
    if not same_configuration:
        check_same_configuration(given)
    recipe = Recipe(
        Slice(fraction=fraction, boundary_sign=boundary_sign, without=tuple(how.without)),
        Average(same_configuration=same_configuration),
        Fourier(max_momentum=max_momentum),
    )
    return _carry_out(given, output, recipe, how, _particles(baryon, meson), keep_average=keep_average)


def _particles(baryon: Sequence[str], meson: Sequence[str]) -> Physics:
    both = sorted(set(map(str.lower, baryon)) & set(map(str.lower, meson)))
    if both:
        raise InputRefused(f"{both[0]} is named as a baryon and as a meson; expected one of them")
    return Physics(baryons=tuple(baryon), mesons=tuple(meson))


def _carry_out(
    given: Sequence[Path],
    output: Path,
    recipe: Recipe,
    how: Handling,
    physics: Physics = UNKNOWN,
    *,
    keep_average: Path | None = None,
) -> Result:
    task = Task("", str(output.absolute()), recipe, (Row(tuple(map(_input, given))),), physics=physics)
    for target in filter(None, (output, keep_average)):
        _check_target(target, given, overwrite=how.overwrite)
    _check_patterns(given, how.without)
    if keep_average is not None:
        keep_average = keep_average.absolute()
        if keep_average.resolve() == output.resolve():
            raise OutputRefused(f"{output}: is named twice; expected another file for the average")
    # Only a transform uses a library that would take all processors of a shared machine.
    with threadpool_limits(1) if recipe.fft is not None else nullcontext():
        made = make(task, Path(), allow_nan=how.allow_nan, overwrite=how.overwrite, keep_average=keep_average)
    assert made is not None
    return made


def _check_patterns(given: Sequence[Path], without: Sequence[str]) -> None:
    """Require that each pattern of datasets to leave out matches one: a mistyped one would leave out nothing."""
    names = set()
    for path in given if without else ():
        with CorrelatorFile(path) as file:
            names |= set(file.names)
    for pattern in without:
        if not any(fnmatchcase(name, pattern) for name in names):
            raise InputRefused(
                f"{given[0]}: no dataset matches --without {pattern}; expected a pattern such as '*/xml'"
            )


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
    if not stat.S_ISREG(found.st_mode):
        raise InputRefused("no regular file; expected an HDF5 file", path=path)
    return Input(str(path.absolute()), size_of(path), found.st_mtime_ns, group=group)


# -- configurations ------------------------------------------------------------------------------------------------------


def concatenate_files(
    given: Sequence[Path],
    output: Path,
    *,
    along: Literal["new"] | int = "new",
    append: bool = False,
    virtual: bool = False,
    configurations: Sequence[int] | None = None,
    **handling: Any,
) -> Result:
    """Concatenate the files of several configurations, sorted by configuration.

    ``append`` adds them to an existing output, or makes one that can be added to. Without ``configurations``, one for each
    file, they are taken from the labels or marks of the files, or else from the one number in which the names differ.
    """
    how = Handling(**handling)
    steps = Concatenation(along=along, append=append, virtual=virtual, without=tuple(how.without))
    keys = _keys(given, output if append else None, configurations)
    rows = [Row((_input(path),), number, stream or None) for path, (stream, number) in zip(given, keys, strict=True)]
    _check_target(output, given, overwrite=how.overwrite or append)
    _check_patterns(given, how.without)
    rows.sort(key=lambda row: row.key)
    task = Task("", str(output.absolute()), Recipe(concatenate=steps), tuple(rows))
    made = make(task, Path(), allow_nan=how.allow_nan, overwrite=how.overwrite)
    return made or Result(str(output), 0, 0)


def _keys(given: Sequence[Path], grows: Path | None, configurations: Sequence[int] | None) -> list[Key]:
    """Stream and configuration of each file; those of an output that grows are named in the same way."""
    if configurations is None:
        mark = read_mark(grows) if grows is not None and grows.exists() else None
        keys = keys_of(given, [] if mark is None else [Path(one.path) for one in mark.inputs])
    else:
        keys = [("", number) for number in configurations]
    if len(keys) != len(given):
        raise InputRefused(f"{len(given)} files and {len(keys)} configurations; expected one for each file")
    check_keys(keys, given[0])
    return keys
