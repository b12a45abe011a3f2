"""Disks that are away: files on them are unknown, not gone.

A disk is away where a link leads nowhere, a mount point has no disk, or an empty folder stands in the place of another one.
Files below are unknown until it is back, and never work to be done, however few they are.
"""

import os

from indexer.known_folders import KnownFolders
from indexer.walk import signed

NOWHERE = "a link that leads nowhere"
ELSEWHERE = "its folder is on another disk than before, and it is not there"
NOT_MOUNTED = "its disk is not mounted"
EMPTIED = "empty, and not the folder that was here"
HINT = "what was known below it is unknown until it is back; if it is gone for good, say --accept-empty"


class MissingDisks:
    """Tells folders whose disk is away from those that are gone."""

    def __init__(self, root: str, known: KnownFolders) -> None:
        self._root = root
        self._known = known
        self._reasons: dict[str, str | None] = {}

    def reason(self, path: str) -> str | None:
        """Why a known folder that could not be listed is not gone; None if it is.

        The uppermost folder above it whose disk is away gives the reason.
        """
        if path not in self._reasons:
            above = self.reason(path.rpartition("/")[0]) if path else None
            self._reasons[path] = above or self._own_reason(path)
        return self._reasons[path]

    def top(self, path: str) -> str:
        """The uppermost folder whose disk is away, on the way to a folder that is away."""
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
        if old is None or self._known.is_same(old, signed(status.st_ino), signed(status.st_dev)):
            return None
        with os.scandir(full) as entries:
            return EMPTIED if next(entries, None) is None else None

    def _was_mount(self, path: str) -> bool:
        """Whether the folder was on another disk than the one above it."""
        old, above = self._known.get(path), self._known.get(path.rpartition("/")[0])
        return old is not None and above is not None and old.device != above.device
