"""Compares folders with what the last index knew of them: trusted, as they were, emptied, or on another disk."""

import os
from collections.abc import Mapping
from functools import cached_property
from zlib import crc32

from indexer.report import Request
from indexer.walk import Listing, signed, within_bounds
from latteboard.catalog.updating.observations import FolderState
from latteboard.times import SECOND_NS

# A folder's time is trusted only if it is this much older than the scan: its clock may be coarse, and another node's.
TRUST = 5 * SECOND_NS
NEVER_SETTLED = 2**62


class KnownFolders:
    """The folders of the last index, by path relative to the root.

    Attributes
    ----------
    suspected : folders of files that are opened although the look is not deep
    """

    def __init__(self, root: str, known: Mapping[str, FolderState], request: Request) -> None:
        self.suspected = {path.rpartition("/")[0] for path in request.suspects}
        self._root = root
        self._known = known
        self._request = request

    def get(self, path: str) -> FolderState | None:
        """A folder as it was, None if it was not known."""
        return self._known.get(path)

    def is_same(self, old: FolderState, inode: int, device: int) -> bool:
        """Whether a folder is the known one. Devices have other numbers after a restart and on other nodes: they are
        compared while the root has the one that it had.
        """
        return inode == old.inode and (device == old.device or not self._devices_compare)

    @cached_property
    def _devices_compare(self) -> bool:
        top = self._known.get("")
        return top is not None and signed(os.stat(self._root).st_dev) == top.device

    def is_trusted(self, path: str) -> bool:
        """Whether the folder's own time says that nothing came or went, and nothing in it may still change."""
        old = self._known.get(path)
        if old is None or old.mtime == 0 or old.unsettled_until > self._request.started or path in self.suspected:
            return False
        number, passes = self._request.sweep
        if crc32(path.encode("utf-8", "surrogateescape")) % passes == number:
            return False
        now = os.stat(f"{self._root}/{path}")
        # Tools that copy trees set a folder's time back; nobody can set back when that was done.
        times = within_bounds(now.st_mtime_ns), within_bounds(now.st_ctime_ns)
        same = self.is_same(old, signed(now.st_ino), signed(now.st_dev))
        return same and times == (old.mtime, old.ctime)

    def is_elsewhere(self, listing: Listing) -> bool:
        """Whether the folder is on another disk than before: what was on that one is not gone."""
        old = self._known.get(listing.path)
        other = old is not None and old.device != listing.device
        return other and self._devices_compare and not self._request.accept_empty

    def is_emptied(self, listing: Listing) -> bool:
        """Whether nothing is in the folder, and it is not the one that was known.

        The files of that one were on a disk which is away, or were deleted together with their folder.
        """
        old = self._known.get(listing.path)
        if old is None or not listing.is_empty or self._request.accept_empty:
            return False
        return not self.is_same(old, listing.inode, listing.device)

    def is_as_it_was(self, listing: Listing) -> bool:
        """Whether names, sizes, times and inodes are the known ones, and no file in the folder has come of age."""
        old = self._known.get(listing.path)
        closer = self._request.deep or listing.path in self.suspected
        return old is not None and not closer and self._request.started < old.due and old.digest == self.digest(listing)

    def digest(self, listing: Listing) -> int:
        """The digest of what is in a folder, as the catalog keeps it."""
        # Whether an unknown folder is a stray, or what is below it is, depends on what is asked for.
        return listing.digest() ^ bool(listing.folders and self._request.below_unknown)
