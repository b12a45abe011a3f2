"""Artifacts that are datasets inside HDF5 files: a container is opened whenever its size or time changed."""

import os
from collections.abc import Mapping

import numpy as np

from indexer.match import Found
from indexer.places import Rows
from indexer.request import Request, Seen
from latteboard.catalog.updating.books import Looks
from latteboard.files import hdf5 as h5
from latteboard.status.states import FileState


class Containers:
    """Looks into containers, each once however many artifacts are in it."""

    def __init__(self, root: str, known: Mapping[str, tuple[int, int]], request: Request) -> None:
        self._root = root
        self._known = known
        self._request = request

    def look(self, found: Found, rows: Rows, seen: Seen) -> Looks:
        """What was seen of the datasets that ``found`` expects; those in containers that are as they were are left out."""
        chosen: list[int] = []
        looks: list[int] = []
        sizes: list[int] = []
        problems: dict[int, str] = {}
        inner = self._inner_names(found, rows)
        contents: dict[str, dict[str, int] | str | None] = {}
        for position, path in enumerate(found.paths):
            size, mtime = int(found.sizes[position]), int(found.mtimes[position])
            if path not in contents:
                contents[path] = self._contents(path, size, mtime, seen)
            content = contents[path]
            if content is None:
                continue
            look, held, problem = self._judge(
                content, inner[position], mtime, int(rows.least_bytes[found.rows[position]])
            )
            if problem is not None:
                problems[len(chosen)] = problem
            chosen.append(position)
            looks.append(look)
            sizes.append(held)
        mtimes = [int(found.mtimes[p]) if size >= 0 else 0 for p, size in zip(chosen, sizes, strict=True)]
        arrays = (np.array(sizes, dtype=np.int64), np.array(mtimes, dtype=np.int64), np.array(looks, dtype=np.uint8))
        hollow = np.zeros(len(chosen), dtype=bool)
        return Looks(
            found.kind, found.rows[np.array(chosen, dtype=np.int64)], *arrays, hollow, problems, self._request.deep
        )

    def _contents(self, path: str, size: int, mtime: int, seen: Seen) -> dict[str, int] | str | None:
        """The datasets of a container, or what is wrong with it; None if it is as it was."""
        if size < 0:
            seen.containers[path] = None
            return {}
        growing = mtime > self._request.young
        if self._known.get(path) == (size, mtime) and not growing and not self._request.deep:
            return None
        seen.containers[path] = None if growing else (size, mtime)
        full = os.path.join(self._root, path)
        try:
            problem = h5.problem_of(full)
            return h5.dataset_sizes(full) if problem is None else problem
        except h5.Unreadable as error:
            return error.reason

    def _judge(
        self, content: dict[str, int] | str, name: str, mtime: int, least: int
    ) -> tuple[FileState, int, str | None]:
        """FileState, bytes (-1: not there) and problem of one dataset."""
        if mtime > self._request.young:
            return FileState.growing, 0 if isinstance(content, str) else content.get(name, 0), None
        if isinstance(content, str):
            return FileState.bad_content, 0, f"its container is {content}"
        held = content.get(name, -1)
        if 0 <= held < least:
            return FileState.bad, held, f"too small: {held} bytes, expected at least {least}"
        return (FileState.absent if held < 0 else FileState.sound), held, None

    @staticmethod
    def _inner_names(found: Found, rows: Rows) -> list[str]:
        return [name for block, part in rows.by_block(found.rows) for name in rows.expected.datasets(block, part)]
