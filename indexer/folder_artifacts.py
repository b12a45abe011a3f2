"""Folders that are one artifact: each is looked at as a whole, whatever lies in it.

Its size is the sum, and its time the newest, of all regular files below it; links in it are not followed. A fast pass trusts
it as long as it and every folder below it are as they were.
"""

import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from indexer import check
from indexer.known_folders import NEVER_SETTLED, TRUST, KnownFolders
from indexer.places import Named, Plan, place_below
from indexer.readers import Readers
from indexer.report import FolderReport, Request
from indexer.walk import signed, within_bounds
from latteboard.campaign import Campaign
from latteboard.catalog.updating.observations import FolderState, Observations, RootState
from latteboard.files import hdf5 as h5
from latteboard.files.state import Files
from latteboard.names.templates import Value
from latteboard.status.states import FileState
from latteboard.times import DAY_NS

WHOLE = 0  # the digest of folders that are looked at as a whole: no listing is compared with it
NAMED = 3  # files that a folder lacks


@dataclass
class FolderContents:
    """The regular files below a folder, added up.

    Attributes
    ----------
    folders : it and all folders below it, with their states before they were read
    lacking : of the files that it must hold, those that were not seen
    unreadable : folders and files below it that could not be read, and why
    """

    lacking: set[str]
    files: int = 0
    size: int = 0
    mtime: int = 0
    ctime: int = 0
    blocks: int = 0
    folders: list[tuple[str, os.stat_result]] = field(default_factory=list)
    unreadable: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, status: os.stat_result) -> None:
        """Count a file of this path relative to the artifact."""
        mtime, ctime = within_bounds(status.st_mtime_ns), within_bounds(status.st_ctime_ns)
        self.mtime, self.ctime = (max(self.mtime, mtime), max(self.ctime, ctime)) if self.files else (mtime, ctime)
        self.files += 1
        self.size += status.st_size
        self.blocks += status.st_blocks
        self.lacking.discard(name)


def contents(root: str, path: str, held: Collection[str]) -> FolderContents:
    """Add up what is below ``root/path``, in which the files ``held`` must be.

    Raises
    ------
    OSError : the folder itself cannot be read.
    """
    found = FolderContents(set(held))
    waiting = [path]
    while waiting:
        folder = waiting.pop()
        try:
            waiting += _read(root, folder, len(path) + 1, found)
        except OSError as error:
            if folder == path:
                raise
            if not isinstance(error, FileNotFoundError | NotADirectoryError):  # it may go while the rest is read
                found.unreadable[folder] = error.strerror or str(error)
    return found


def _read(root: str, folder: str, prefix: int, found: FolderContents) -> list[str]:
    """Add the files in one folder; returns the folders in it. ``prefix`` letters of a path lead to what is in the artifact."""
    inner = []
    full = os.path.join(root, folder)
    # The artifact's own path may be a link, as any folder of the tree; below it none is followed.
    if len(folder) < prefix:
        descriptor = os.open(full, os.O_RDONLY | os.O_DIRECTORY)
    else:
        descriptor = os.open(full, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        found.folders.append((folder, os.fstat(descriptor)))
        with os.scandir(descriptor) as entries:
            for entry in entries:
                path = f"{folder}/{entry.name}"
                try:
                    if entry.is_dir(follow_symlinks=False):
                        inner.append(path)
                    elif entry.is_file(follow_symlinks=False):
                        found.add(path[prefix:], entry.stat(follow_symlinks=False))
                except FileNotFoundError:
                    continue
                except OSError as error:
                    found.unreadable[path] = error.strerror or str(error)
    finally:
        os.close(descriptor)
    return inner


class FolderArtifacts:
    """Looks at the folders below one root that are artifacts."""

    def __init__(
        self, campaign: Campaign, root: int, plan: Plan, last: RootState, request: Request, readers: Readers
    ) -> None:
        """``root`` is the number of the root, ``last`` what was known of it."""
        self._campaign = campaign
        self._readers = readers
        self._number = root
        self._root = str(campaign.roots[root].path)
        self._plan = plan
        self._last = last.folders
        self._known = KnownFolders(self._root, last.folders, request)
        self._request = request

    def top(self, path: str) -> str | None:
        """The artifact that a folder is, or is in; None if it is in none."""
        if not self._plan.has_folders:
            return None
        found: str | None = path
        while found and found not in self._plan.folders:
            found = found.rpartition("/")[0]
        return found or None

    def parse(self, path: str) -> tuple[str, dict[str, Value]] | None:
        """The kind and coordinates as which the path of a folder reads that is no artifact; None if it reads as none."""
        if not self._plan.has_folders or path in self._plan.folders:
            return None
        return next(self._campaign.matches(f"{path}/"), None)

    def look(self, path: str, report: FolderReport) -> None:
        """Report the artifact at this path, unless a fast pass can trust what is known of it."""
        try:
            if self._request.fast and all(map(self._is_trusted, self._below[path])):
                report.visited += self._below[path]
                return
            named, row = self._plan.folders[path]
            coordinates = self._campaign.expected(*named).coordinates(row)
            found = contents(self._root, path, self._campaign.holds(named[0]).of(coordinates))
        except (FileNotFoundError, NotADirectoryError):
            report.gone += self._below[path]
            return
        except OSError as error:
            report.unreadable[path] = error.strerror or str(error)
            return
        report.directories += len(found.folders)
        report.stats += found.files
        if self._is_emptied(path, found):
            report.emptied.append(path)
            return
        report.visited += [folder for folder, _ in found.folders]
        report.relisted.append(path)
        report.gone += sorted({*self._below[path]} - {folder for folder, _ in found.folders} - found.unreadable.keys())
        report.unreadable |= found.unreadable
        observations = self._judge(path, named, row, found, report)
        report.observations.append(observations)
        report.folders += self._states(found, observations)

    def _is_trusted(self, path: str) -> bool:
        try:
            return self._known.is_trusted(path)
        except OSError:  # a look at the whole tells what became of a folder in it
            return False

    @cached_property
    def _below(self) -> "_Below":
        return _Below(self, self._last)

    def _is_emptied(self, path: str, found: FolderContents) -> bool:
        """Whether nothing at all is in it, and it is not the folder that was known: its disk may be away."""
        old, status = self._last.get(path), found.folders[0][1]
        if found.files or len(found.folders) > 1 or found.unreadable or old is None or self._request.accept_empty:
            return False
        return not self._known.is_same(old, signed(status.st_ino), signed(status.st_dev))

    def _judge(self, path: str, named: Named, row: int, found: FolderContents, report: FolderReport) -> Observations:
        place, rows = place_below(self._campaign, self._number, named), np.array([row])
        if found.unreadable or not found.files:
            state = FileState.unknown if found.unreadable else FileState.absent
            return check.without_file(named[0], place, rows, state)
        status = found.folders[0][1]
        numbers = (found.size, found.mtime, found.ctime, signed(status.st_ino), signed(status.st_dev), found.blocks)
        files = Files(*(np.array([number], dtype=np.int64) for number in numbers))
        least = self._plan.folder_rows[named].least_bytes[row : row + 1]
        states, problems = check.judge(files, least, young=self._request.young, future=self._request.future)
        lack = self._lack(named[0], found)
        if states[0] == FileState.sound and lack:
            states[0], problems[0] = FileState.bad, lack
        if states[0] == FileState.sound and self._request.deep:
            damage = self._damage(path, report)
            if damage is not None:
                states[0], problems[0] = FileState.bad_content, damage
        return Observations(named[0], rows, files, states, problems, self._request.deep, place=place)

    def _lack(self, kind: str, found: FolderContents) -> str:
        """What the folder does not hold and should, in words; empty if that is nothing."""
        expected = self._campaign.kinds[kind].table.files or 0
        if found.lacking:
            some = ", ".join(sorted(found.lacking)[:NAMED]) + (", ..." if len(found.lacking) > NAMED else "")
            return f"lacks {len(found.lacking):,} of the files that it must hold: {some}"
        return f"{found.files:,} files in it, expected at least {expected:,}" if found.files < expected else ""

    def _damage(self, path: str, report: FolderReport) -> str | None:
        """What is wrong with an HDF5 file in it; one that may not be read is reported."""
        try:
            return check.folder_problem(f"{self._root}/{path}", self._readers)
        except h5.Unreadable as error:
            report.unreadable[path] = f"an HDF5 file in it: {error.reason}"
            return None

    def _states(self, found: FolderContents, seen: Observations) -> Iterator[FolderState]:
        """The states of the artifact and of all folders in it, as far as they are not known."""
        until, due = self._schedule(found, FileState(int(seen.states[0])))
        for path, status in found.folders:
            mtime, ctime = within_bounds(status.st_mtime_ns), within_bounds(status.st_ctime_ns)
            trusted = mtime if mtime < self._request.started - TRUST else 0
            identity = (ctime, signed(status.st_ino), signed(status.st_dev))
            state = FolderState(path, trusted, *identity, WHOLE, until, due)
            if self._last.get(path) != state:
                yield state

    def _schedule(self, found: FolderContents, state: FileState) -> tuple[int, int]:
        """Until when any index looks at it, and from when on it is judged again; see :class:`FolderState`."""
        if state == FileState.growing:
            return NEVER_SETTLED, found.mtime + self._request.grace
        if state == FileState.sound and found.mtime <= self._request.future:
            return found.mtime + DAY_NS, NEVER_SETTLED
        return (NEVER_SETTLED, 0) if found.files else (0, NEVER_SETTLED)


class _Below(dict[str, list[str]]):
    """For each artifact the folders that were known at its path and below it."""

    def __init__(self, artifacts: FolderArtifacts, known: Collection[str]) -> None:
        super().__init__()
        for path in sorted(known):
            top = artifacts.top(path)
            if top is not None:
                self.setdefault(top, []).append(path)

    def __missing__(self, path: str) -> list[str]:
        return [path]
