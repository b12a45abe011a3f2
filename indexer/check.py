"""Judges files by size and time, by their marks, and on request by their contents."""

import os
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from latteboard.campaign import Campaign
from latteboard.campaign.needs import inputs_of
from latteboard.catalog.updating.books import Books, Input, Looks
from latteboard.files import hdf5 as h5
from latteboard.recipe import named_step
from latteboard.status.states import FileState

NEVER_YOUNG = 2**62


def judge(
    sizes: NDArray[np.int64], mtimes: NDArray[np.int64], least: NDArray[np.int64], young: int
) -> tuple[NDArray[np.uint8], dict[int, str]]:
    """The look of each file, and what is wrong with it by position.

    Parameters
    ----------
    sizes, mtimes, least : bytes (-1: no file), ns since 1970, bytes
    young : ns since 1970; what changed later may still be growing
    """
    there = sizes >= 0
    growing = there & (mtimes > young)
    small = there & ~growing & (sizes < least)
    looks = np.where(there, np.uint8(FileState.sound), np.uint8(FileState.absent))
    looks[growing] = FileState.growing
    looks[small] = FileState.bad
    problems = {p: f"too small: {sizes[p]} bytes, expected at least {least[p]}" for p in np.flatnonzero(small).tolist()}
    return looks, problems


def without_file(kind: str, rows: NDArray[np.int64], look: FileState) -> Looks:
    """The same look at rows of which no file was seen."""
    count = len(rows)
    sizes, mtimes = np.full(count, -1, dtype=np.int64), np.zeros(count, dtype=np.int64)
    return Looks(kind, rows, sizes, mtimes, np.full(count, look, dtype=np.uint8), np.zeros(count, dtype=bool))


def is_hdf5(name: str) -> bool:
    """Whether a file must be HDF5, by its name."""
    return name.endswith((".h5", ".hdf5"))


def content_problem(campaign: Campaign, kind: str, row: int, path: str) -> str | None:
    """What is wrong inside an HDF5 file, None if nothing is."""
    datasets: Sequence[str] = ()
    if campaign.kinds[kind].datasets:
        datasets = list(campaign.datasets(kind).of(campaign.expected(kind).coordinates(row)))
    try:
        return h5.problem_of(path, datasets)
    except h5.Unreadable as error:
        return error.reason


class Inspector:
    """Looks closer at what is new or changed: reads mark and record of reduced files, once."""

    def __init__(self, campaign: Campaign) -> None:
        self._campaign = campaign
        self._least: dict[str, NDArray[np.int64]] = {}
        self._joins = {
            name: any(named_step(step)[0] == "concatenate" for step in kind.table.reduce)
            for name, kind in campaign.kinds.items()
        }

    def __call__(self, books: Books, looks: Looks) -> None:
        """Change ``looks`` where a mark says more than size and time, and note the records of inputs."""
        if not self._campaign.kinds[looks.kind].reduced:
            return
        for position, row in enumerate(looks.rows.tolist()):
            readable = looks.sizes[position] > 0 and not looks.hollow[position]
            mark = self._mark(os.path.join(self._campaign.root, self._path(looks.kind, row))) if readable else None
            if mark is not None:
                self._heed(looks, position, row, mark)
            books.note_inputs(looks.kind, row, None if mark is None else _inputs(mark, int(looks.mtimes[position])))

    @staticmethod
    def _mark(path: str) -> h5.Mark | None:
        try:
            return h5.read_mark(path)
        except h5.Unreadable:
            return None

    def _path(self, kind: str, row: int) -> str:
        return self._campaign.path_of(kind, self._campaign.expected(kind).coordinates(row))

    def _heed(self, looks: Looks, position: int, row: int, mark: h5.Mark) -> None:
        growing = looks.looks[position] == FileState.growing
        if mark.complete and growing:
            self._judge_again(looks, position, row)
        elif not mark.complete and not growing:
            looks.looks[position] = FileState.bad_content
            looks.problems[position] = "marked incomplete: whoever wrote it was stopped"
        if looks.looks[position] == FileState.sound and self._joins[looks.kind]:
            lacking = self._lacking(looks.kind, row, mark)
            if lacking is not None:
                looks.problems[position] = lacking

    def _judge_again(self, looks: Looks, position: int, row: int) -> None:
        """What is complete is not too young to judge."""
        one = slice(position, position + 1)
        if looks.kind not in self._least:
            self._least[looks.kind] = self._campaign.expected(looks.kind).least_bytes()
        judged, problems = judge(
            looks.sizes[one], looks.mtimes[one], self._least[looks.kind][row : row + 1], NEVER_YOUNG
        )
        looks.looks[one] = judged
        if problems:
            looks.problems[position] = problems[0]

    def _lacking(self, kind: str, row: int, mark: h5.Mark) -> str | None:
        """How many of the expected configurations a concatenation holds, if not all."""
        need = self._campaign.kinds[kind].needs[0]
        inputs = self._campaign.expected(need).rows
        chosen = inputs_of(self._campaign.relations, self._campaign.expected(kind).coordinates(row), inputs)
        rows = {name: inputs[name][chosen] for name in ("ensemble", "stream", "configuration") if name in inputs}
        names = list(rows)
        values = self._campaign.relations.values
        expected = set(zip(*([values[name][code] for code in rows[name].tolist()] for name in names), strict=True))
        parsed = (self._campaign.parse(one.path) for one in mark.inputs)
        held = {tuple(found[1][name] for name in names) for found in parsed if found is not None and found[0] == need}
        if expected <= held:
            return None
        return f"{len(expected & held)} of {len(expected)} configurations"


def _inputs(mark: h5.Mark, mtime: int) -> list[Input]:
    """The record of a mark; its times count only while the product itself has the time that it was made with."""
    original = mark.is_original(mtime)
    return [Input(one.path, one.size, one.mtime if original else None) for one in mark.inputs]
