"""Judges files by size and time, by their marks, and on request by their contents."""

import os
from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from indexer.readers import Hopeless, Killed, NotInTime, Question, Readers
from indexer.walk import EARLIEST, LATEST
from latteboard.campaign import Campaign
from latteboard.campaign.conditions import inputs_of
from latteboard.catalog.updating.observations import NO_DATA, Input, Observations, Record
from latteboard.catalog.updating.transaction import IndexTransaction
from latteboard.files import hdf5 as h5
from latteboard.files.segments import segments_problem
from latteboard.files.state import Files
from latteboard.recipe import named_step
from latteboard.status.states import FileState
from latteboard.status.times import BEGINNING
from latteboard.times import SECOND_NS

NEVER = 2**63 - 1  # no file is changed so late
Row = tuple[object, ...]  # the coordinates of a configuration


def judge(
    files: Files, least: NDArray[np.int64], *, young: int, future: int
) -> tuple[NDArray[np.uint8], dict[int, str]]:
    """The state of each file by size and time, and what is wrong with it by position.

    Parameters
    ----------
    least : the least size that each file must have, bytes
    young : a file that changed later, ns since 1970, may still be growing
    future : a time later than this is beyond what clocks differ by, and does not say that the file is young
    """
    there = files.sizes >= 0
    ahead = there & (files.mtimes > future)
    growing = there & (files.mtimes > young) & ~ahead
    small = there & ~growing & (files.sizes < least)
    states = np.where(there, np.uint8(FileState.sound), np.uint8(FileState.absent))
    states[growing] = FileState.growing
    states[small] = FileState.bad
    problems = dict.fromkeys(np.flatnonzero(files.hollow & (states == FileState.sound)).tolist(), NO_DATA)
    odd = ahead | (there & (files.mtimes < BEGINNING))
    for p in np.flatnonzero(odd).tolist():
        where = "in the future" if ahead[p] else "before 1990"
        problems[p] = f"its modification time, {_date(int(files.mtimes[p]))}, is {where}: a clock was wrong"
    for p in np.flatnonzero(small).tolist():
        problems[p] = f"too small: {files.sizes[p]} bytes, expected at least {least[p]}"
    return states, problems


def _date(time: int) -> str:
    """The day of a time in ns since 1970; of one at the bounds of what is kept it is known that it is beyond."""
    day = datetime.fromtimestamp(time // SECOND_NS, UTC).date().isoformat()
    return {EARLIEST: f"{day} or earlier", LATEST: f"{day} or later"}.get(time, day)


def without_file(
    kind: str, place: int, rows: NDArray[np.int64], state: FileState, *, vanished: bool = False
) -> Observations:
    """The same state of rows of which no file was seen in a place."""
    states = np.full(len(rows), state, dtype=np.uint8)
    return Observations(kind, rows, Files.none(len(rows)), states, vanished=vanished, place=place)


def is_hdf5(name: str) -> bool:
    """Whether a file must be HDF5, by its name."""
    return name.endswith((".h5", ".hdf5"))


def is_opened(path: str) -> bool:
    """Whether a closer look opens an artifact: an HDF5 file, or a folder that may hold some."""
    return is_hdf5(path) or path.endswith("/")


def content_question(campaign: Campaign, kind: str, row: int, path: str) -> Question:
    """The question for the problem inside an HDF5 file of an artifact."""
    datasets: Sequence[str] = ()
    if campaign.kinds[kind].datasets:
        datasets = list(campaign.datasets(kind).of(campaign.expected(kind).coordinates(row)))
    return h5.problem_of, (path, datasets)


def problem_in(answer: str | Hopeless | h5.Unreadable | None) -> str | None:
    """The problem of the contents of a file that an answer states.

    Raises
    ------
    h5.Unreadable : a file may not be read.
    """
    if isinstance(answer, h5.Unreadable):
        raise answer
    return str(answer) if isinstance(answer, Hopeless) else answer


def folder_problem(path: str, readers: Readers) -> str | None:
    """The problem of the first damaged HDF5 file below a folder, links not followed; None if there is none.

    Raises
    ------
    h5.Unreadable : a file may not be read.
    """
    files = [
        file
        for folder, _, names in sorted(os.walk(path))
        for name in sorted(filter(is_hdf5, names))
        if not os.path.islink(file := os.path.join(folder, name))
    ]
    answers = dict(readers.ask_all([(h5.problem_of, (file,)) for file in files]))
    for number, file in enumerate(files):
        if (problem := problem_in(answers[number])) is not None:
            return f"{os.path.basename(file)}: {problem}"
    return None


class Inspector:
    """Looks closer at what is new or changed: reads mark and record of reduced files once, and settles doubts.

    Attributes
    ----------
    unreadable : for each root, by path, why a file that should have been opened was not; the next index looks at it again
    """

    def __init__(self, campaign: Campaign, readers: Readers) -> None:
        self._campaign = campaign
        self._readers = readers
        self.unreadable: list[dict[str, str]] = [{} for _ in campaign.roots]
        self._least: dict[str, NDArray[np.int64]] = {}
        self._joins = {
            name: any(named_step(step)[0] == "concatenate" for step in kind.table.reduce)
            for name, kind in campaign.kinds.items()
        }

    def __call__(self, transaction: IndexTransaction, news: Observations) -> None:
        """Change ``news`` where contents say more than size and time, and note the records of inputs."""
        reduced = self._campaign.kinds[news.kind].reduced
        chosen = np.arange(len(news.rows)) if reduced else np.flatnonzero(news.doubted)
        without = (news.files.sizes[chosen] <= 0) | news.files.hollow[chosen]
        for position in chosen[without].tolist():
            if reduced:
                transaction.note_inputs(news.kind, int(news.rows[position]), news.place, None)
            self._let_stand(news, position, NO_DATA)
        positions = chosen[~without].tolist()
        places = [self._campaign.location(news.kind, int(news.rows[position]), news.place) for position in positions]
        paths = [os.path.join(self._campaign.roots[root].path, path) for root, path in places]
        answers = dict(self._readers.ask_all([(h5.read_mark, (path,)) for path in paths] if reduced else []))
        for number, (position, (root, path)) in enumerate(zip(positions, places, strict=True)):
            try:
                self._inspect(transaction, news, position, paths[number], answers.get(number))
            except h5.Unreadable as error:
                self.unreadable[root][path] = error.reason
                news.problems.setdefault(position, error.reason)
                news.forget(position)
                if isinstance(error, NotInTime | Killed):
                    news.states[position] = FileState.unknown
                self._let_stand(news, position, error.reason)

    @staticmethod
    def _let_stand(news: Observations, position: int, reason: str) -> None:
        """Let an earlier verdict of damage stand where the file could not be opened."""
        if news.doubted[position]:
            news.states[position] = FileState.bad_content
            news.problems[position] = f"damaged when it was last read; now {reason}"

    def _inspect(
        self,
        transaction: IndexTransaction,
        news: Observations,
        position: int,
        path: str,
        mark: h5.Mark | Hopeless | h5.Unreadable | None,
    ) -> None:
        row = int(news.rows[position])
        if self._campaign.kinds[news.kind].reduced:
            if isinstance(mark, h5.Unreadable):
                raise mark
            if isinstance(mark, Hopeless):
                news.states[position], news.problems[position] = FileState.bad_content, str(mark)
                mark = None
            if mark is not None:
                self._apply_mark(news, position, row, mark)
                # Where the whole folder of segments is gone, nothing but the mark says that there was one.
                if (problem := segments_problem(path, mark)) is not None:
                    news.states[position], news.problems[position] = FileState.bad, problem
            mtime = int(news.files.mtimes[position])
            transaction.note_inputs(news.kind, row, news.place, None if mark is None else _record(mark, mtime))
        if news.doubted[position] and news.states[position] == FileState.sound:
            problem = self._content_problem(news.kind, row, path) if is_opened(path) else None
            if problem is not None:
                news.states[position], news.problems[position] = FileState.bad_content, problem

    def _content_problem(self, kind: str, row: int, path: str) -> str | None:
        if path.endswith("/"):
            return folder_problem(path, self._readers)
        ((_, answer),) = self._readers.ask_all([content_question(self._campaign, kind, row, path)])
        return problem_in(answer)

    def _apply_mark(self, news: Observations, position: int, row: int, mark: h5.Mark) -> None:
        growing = news.states[position] == FileState.growing
        if mark.complete and growing:
            self._judge_again(news, position, row)
        elif not mark.complete and not growing:
            news.states[position] = FileState.bad_content
            news.problems[position] = h5.INCOMPLETE
        if news.states[position] == FileState.sound and self._joins[news.kind]:
            lacking = self._lacking(news.kind, row, mark)
            if lacking is not None:
                news.problems[position] = lacking

    def _judge_again(self, news: Observations, position: int, row: int) -> None:
        """A file that is marked complete is not too young to judge."""
        one = slice(position, position + 1)
        if news.kind not in self._least:
            self._least[news.kind] = self._campaign.expected(news.kind).least_bytes()
        file, least = news.files.take(np.array([position])), self._least[news.kind][row : row + 1]
        states, problems = judge(file, least, young=NEVER, future=NEVER)
        news.states[one] = states
        if problems:
            news.problems[position] = problems[0]

    def _lacking(self, kind: str, row: int, mark: h5.Mark) -> str | None:
        """The number of expected configurations that a concatenation holds, in words; None if it holds all."""
        needs = self._campaign.kinds[kind].needs
        columns = [self._campaign.expected(need).rows for need in needs]
        names = [name for name in ("ensemble", "stream", "configuration") if all(name in one for one in columns)]
        parsed = [found for one in mark.inputs if (found := self._campaign.parse(one.path)) is not None]
        expected: set[Row] = set()
        held: list[set[Row]] = []
        for need in needs:
            expected |= self._rows_of(kind, row, need, names)
            held.append({tuple(found[1][name] for name in names) for found in parsed if found[0] == need})
        whole = expected.intersection(*held)  # of several kinds that are collected, all are needed
        return None if expected == whole else f"{len(whole)} of {len(expected)} configurations"

    def _rows_of(self, kind: str, row: int, need: str, names: Sequence[str]) -> set[Row]:
        """The configurations, told by some coordinates, of the inputs of one kind that an artifact is expected to join."""
        inputs = self._campaign.expected(need).rows
        own = self._campaign.expected(kind).coordinates(row)
        chosen = inputs_of(self._campaign.relations, self._campaign.kinds[kind].entries[need], own, inputs)
        values = self._campaign.relations.values
        return set(
            zip(*([values[name][code] for code in inputs[name][chosen].tolist()] for name in names), strict=True)
        )


def _record(mark: h5.Mark, mtime: int) -> Record:
    """The record of a mark; its times count only while the product itself has the time that it was made with."""
    original = mark.is_original(mtime)
    inputs = tuple(Input(one.path, one.size, one.mtime if original else None) for one in mark.inputs)
    return Record(inputs, touched=not original)
