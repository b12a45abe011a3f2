"""Artifacts that are datasets inside HDF5 files: a container is opened whenever its size or time changed."""

import os
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from indexer.match import MatchedFiles
from indexer.places import Rows
from indexer.readers import Hopeless, Readers
from indexer.report import FolderReport, Request
from latteboard.catalog.updating.observations import Observations
from latteboard.files import hdf5 as h5
from latteboard.files.state import NO_FILE
from latteboard.status.states import FileState

Contents = dict[str, int] | str | h5.Unreadable  # bytes by dataset; or what is wrong; or why nothing can be said


class Containers:
    """Looks into containers, each once however many artifacts are in it."""

    def __init__(self, root: str, known: Mapping[str, tuple[int, int]], request: Request, readers: Readers) -> None:
        self._root = root
        self._readers = readers
        self._known = known
        self._request = request

    def observe(self, matched: MatchedFiles, rows: Rows, place: int, report: FolderReport) -> Observations:
        """The state of the datasets that are expected in a place; those in containers that are as they were are left out."""
        inner = self._inner_names(matched, rows)
        chosen: list[int] = []
        states: list[int] = []
        sizes: list[int] = []
        problems: dict[int, str] = {}
        contents: dict[str, Contents | None] = {}
        for position, path in enumerate(matched.paths):
            size, mtime = int(matched.files.sizes[position]), int(matched.files.mtimes[position])
            if path not in contents:
                contents[path] = self._contents(path, size, mtime, report)
            content = contents[path]
            if content is None:
                continue
            least = int(rows.least_bytes[matched.rows[position]])
            state, held, problem = self._judge(content, inner[position], mtime, least)
            if problem is not None:
                problems[len(chosen)] = problem
            chosen.append(position)
            states.append(state)
            sizes.append(held)
        picked = np.array(chosen, dtype=np.int64)
        files = matched.files.take(picked)
        absent = np.array(sizes, dtype=np.int64) < 0
        columns = {
            name: np.where(absent, 0, getattr(files, name)) for name in ("mtimes", "ctimes", "inodes", "devices")
        }
        files = replace(files, sizes=np.array(sizes, dtype=np.int64), **columns)
        # What is in a container was looked at, so that no earlier verdict stands.
        return Observations(
            matched.named[0],
            matched.rows[picked],
            files,
            np.array(states, dtype=np.uint8),
            problems,
            deep=True,
            place=place,
        )

    def _contents(self, path: str, size: int, mtime: int, report: FolderReport) -> Contents | None:
        """The datasets of a container, or what is wrong with it; None if it is as it was."""
        if size < 0:
            report.containers[path] = None
            return {}
        growing = self._is_young(mtime)
        if self._known.get(path) == (size, mtime) and not growing and not self._request.deep:
            return None
        report.containers[path] = None
        full = os.path.join(self._root, path)
        try:
            problem = self._readers.ask(h5.problem_of, full)
            found: Contents = self._readers.ask(h5.dataset_sizes, full) if problem is None else problem
        except Hopeless as error:
            found = f"damaged: {error}"
        except h5.Unreadable as error:
            folder, _, name = path.rpartition("/")
            report.unreadable.setdefault(folder or ".", f"{name!r}: {error.reason}")
            return error
        if isinstance(found, dict) and not growing:
            report.containers[path] = (size, mtime)
        return found

    def _is_young(self, mtime: int) -> bool:
        return self._request.young < mtime <= self._request.future

    def _judge(self, content: Contents, name: str, mtime: int, least: int) -> tuple[FileState, int, str | None]:
        """State, bytes and problem of one dataset."""
        if isinstance(content, h5.Unreadable):
            return FileState.unknown, NO_FILE, None
        if self._is_young(mtime):
            return FileState.growing, 0 if isinstance(content, str) else content.get(name, 0), None
        if isinstance(content, str):
            return FileState.bad_content, 0, f"its container is {content}"
        held = content.get(name, NO_FILE)
        if 0 <= held < least:
            return FileState.bad, held, f"too small: {held} bytes, expected at least {least}"
        return (FileState.absent if held < 0 else FileState.sound), held, None

    @staticmethod
    def _inner_names(matched: MatchedFiles, rows: Rows) -> list[str]:
        return [name for block, part in rows.by_block(matched.rows) for name in rows.expected.datasets(block, part)]
