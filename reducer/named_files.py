"""What the names and records of files say of the configuration that they are of."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from latteboard.errors import InputRefused
from latteboard.files.hdf5 import read_mark
from reducer.correlators.file import CorrelatorFile
from reducer.making.labels import Labels
from reducer.tasks.task import Key, key_text

NUMBER = re.compile(r"[0-9]+")
# A source as names state it, and the time of one.
SOURCE = re.compile(r"x[0-9]+_?y[0-9]+_?z[0-9]+_?t[0-9]+|(?<![a-z])t0_[0-9]+", re.IGNORECASE)
# The word before the number of a configuration, if there is any directly before it.
CONFIGURATION_WORDS = frozenset(
    ("c", "cfg", "conf", "config", "configuration", "n", "no", "traj", "trajectory", "ckpoint", "lat")
)
# Words that a separator parts from numbers of something else.
OTHER_WORDS = frozenset(
    (
        "x",
        "y",
        "z",
        "t",
        "dt",
        "tsrc",
        "tsnk",
        "tsep",
        "src",
        "srcs",
        "source",
        "sources",
        "set",
        "px",
        "py",
        "pz",
        "mom",
        "mq",
    )
) | frozenset(("rep", "replica", "stream", "run", "hit", "noise", "seed", "ens", "ensemble", "spin"))
_WORD = re.compile(r"([A-Za-z]*)([_.\-=]?)$")


# -- of one configuration --------------------------------------------------------------------------------------------------


def check_same_configuration(given: Sequence[Path], *, several_kinds: bool = False) -> None:
    """Require that files may be of one configuration: by their records, and by the numbers in their names, sources apart.

    Of ``several_kinds`` are those that differ in other numbers too, such as the separation of source and sink.

    Raises
    ------
    InputRefused : two state different configurations, or their names differ in a number.
    """
    first: tuple[Path, Key] | None = None
    for path in given:
        key = stated_key(path)
        if key is None:
            continue
        if first is not None and key != first[1]:
            raise _of_another(path, f"is of configuration {key_text(key)}", f"{first[0]} of {key_text(first[1])}")
        first = first or (path, key)
    for path in given[1:]:
        if differ := _numbers_that_differ(given[0], path, several_kinds=several_kinds):
            raise _of_another(path, f"its name has the number {differ[1]}", f"{given[0]} {differ[0]}")


def _of_another(path: Path, found: str, other: str) -> InputRefused:
    reason = f"{found}, {other}; expected files of one configuration: say --same-configuration if both are of one"
    return InputRefused(reason, path=path)


def _numbers_that_differ(one: Path, other: Path, *, several_kinds: bool) -> tuple[int, int] | None:
    """The first numbers in which parts of two paths differ that are alike otherwise, sources apart; None if there are none."""
    for here, there in zip(*(SOURCE.sub("", str(path.absolute())).split("/") for path in (one, other)), strict=False):
        if NUMBER.sub("0", here) == NUMBER.sub("0", there):
            columns = list(zip(NUMBER.finditer(here), NUMBER.finditer(there), strict=True))
            taken = [column for column in columns if not several_kinds or _may_be_configuration(column)]
            pairs = [(int(first[0]), int(second[0])) for first, second in taken]
            if differ := next((pair for pair in pairs if pair[0] != pair[1]), None):
                return differ
    return None


# -- of one configuration each ---------------------------------------------------------------------------------------------


def keys_of(given: Sequence[Path], known: Iterable[Path] = ()) -> list[Key]:
    """Stream and configuration of each file: from its labels or its mark, else from the number in which names differ.

    ``known`` are files whose names may differ in the same number, for names that do not tell it alone.

    Raises
    ------
    InputRefused : neither states them, or the number may be that of a source or of a stream.
    """
    stated = [stated_key(path) for path in given]
    if all(key is not None for key in stated):
        return [key for key in stated if key is not None]
    names = [str(path.absolute()) for path in given]
    like = NUMBER.sub("0", names[0])
    others = [name for name in (str(path.absolute()) for path in known) if NUMBER.sub("0", name) == like]
    found = _numbers_apart(names) or _numbers_apart([*names, *others])
    if found is None:
        raise InputRefused(
            f"{given[0]}: of which configuration it is cannot be told: expected names that differ in one number only, and "
            "this not one of a source or a stream; state it with --configurations"
        )
    return [("", number) for number in found[: len(given)]]


def _numbers_apart(names: Sequence[str]) -> Sequence[int] | None:
    """The number of each name in which they differ; None if it is not the only one, or not one of a configuration."""
    numbers = [list(NUMBER.finditer(name)) for name in names]
    bare = {NUMBER.sub("0", name) for name in names}
    columns = list(zip(*numbers, strict=False)) if len(bare) == 1 else []
    telling = [column for column in columns if len({int(one[0]) for one in column}) > 1]
    values = {tuple(int(one[0]) for one in column) for column in telling}
    return values.pop() if len(values) == 1 and any(map(_may_be_configuration, telling)) else None


def _may_be_configuration(column: Sequence[re.Match[str]]) -> bool:
    """Whether a number in names may be that of a configuration, by the word before it."""
    one = column[0]
    before = _WORD.search(one.string, 0, one.start())
    if before is None or any(found.start() <= one.start() < found.end() for found in SOURCE.finditer(one.string)):
        return False
    word, separator = before[1].lower(), before[2]
    if word and not separator:
        return word in CONFIGURATION_WORDS
    return word not in OTHER_WORDS


def stated_key(path: Path) -> Key | None:
    """Stream and configuration that a file states: a concatenated file the first of its own; None if it states none."""
    with CorrelatorFile(path) as file:
        labels = Labels.read(file)
    if labels:
        return labels.keys[0]
    mark = read_mark(path)
    if mark is None or mark.recipe.get("configuration") is None:
        return None
    return str(mark.recipe.get("stream") or ""), int(mark.recipe["configuration"])
