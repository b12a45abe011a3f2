"""Disks that are away: what is not seen is not gone.

A link that leads nowhere, a mount point without its disk, an empty folder in the place of another one: what was known below
them is unknown until they are back, never work, however little of the whole it is.
"""

import os
from collections.abc import Mapping

from indexer.walk import signed
from latteboard.catalog.updating.observations import FolderState

NOWHERE = "a link that leads nowhere"
ELSEWHERE = "its folder is on another disk than before, and it is not there"
NOT_MOUNTED = "its disk is not mounted"
EMPTIED = "empty, and not the folder that was here"
HINT = "what was known below it is unknown until it is back; if it is gone for good, say --accept-empty"


class Away:
    """Tells folders whose disk is away from those that are gone."""

    def __init__(self, root: str, known: Mapping[str, FolderState]) -> None:
        self._root = root
        self._known = known
        self._reasons: dict[str, str | None] = {}

    def reason(self, path: str) -> str | None:
        """Why a known folder that could not be listed is not gone; None if it is. The first folder above it decides."""
        if path not in self._reasons:
            above = self.reason(path.rpartition("/")[0]) if path else None
            self._reasons[path] = above or self._own_reason(path)
        return self._reasons[path]

    def top(self, path: str) -> str:
        """The uppermost folder that is away of those on the way to a folder that is."""
        above = path.rpartition("/")[0]
        return self.top(above) if path and self.reason(above) else path

    def _own_reason(self, path: str) -> str | None:
        full, old = os.path.join(self._root, path), self._known.get(path)
        try:
            status = os.stat(full)
        except OSError:
            if os.path.islink(full):
                return NOWHERE
            return NOT_MOUNTED if self._was_mount(path) and not os.path.lexists(full) else None
        if old is None or self._is_same(old, status):
            return None
        with os.scandir(full) as entries:
            return EMPTIED if next(entries, None) is None else None

    def _is_same(self, old: FolderState, status: os.stat_result) -> bool:
        top = self._known.get("")
        compare = top is not None and signed(os.stat(self._root).st_dev) == top.device
        return signed(status.st_ino) == old.inode and (signed(status.st_dev) == old.device or not compare)

    def _was_mount(self, path: str) -> bool:
        """Whether the folder was on another disk than the one above it."""
        old, above = self._known.get(path), self._known.get(path.rpartition("/")[0])
        return old is not None and above is not None and old.device != above.device
