"""Scans folders, many at a time: lists them, skips those that are as they were, matches and judges the rest.

This is what scan processes and threads carry out; it knows no database.
"""

import os
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import NamedTuple
from zlib import crc32

import numpy as np
import pathspec

from indexer import check
from indexer.containers import Containers
from indexer.match import MatchedFiles, Matcher
from indexer.places import Plan
from indexer.report import FolderReport, Request
from indexer.walk import Listing, list_folder, signed, within_bounds
from latteboard.campaign import Campaign
from latteboard.catalog.updating.observations import FolderState, Observations, Stray
from latteboard.files import hdf5 as h5
from latteboard.files.atomic import is_draft
from latteboard.status.states import FileState
from latteboard.text import folded
from latteboard.times import DAY_NS, SECOND_NS

# A folder's time is trusted only if it is this much older than the scan: its clock may be coarse, and another node's.
TRUST = 5 * SECOND_NS
NEVER_SETTLED = 2**62


class _Open(NamedTuple):
    """How long a folder is listed again, and when what is in it is judged again; see :class:`FolderState`."""

    until: int
    due: int

    @classmethod
    def of(cls, known: FolderState) -> "_Open":
        """As it was known."""
        return cls(known.unsettled_until, known.due)


class FolderScanner:
    """Scans folders of one campaign."""

    def __init__(
        self,
        campaign: Campaign,
        plan: Plan,
        known: Mapping[str, FolderState],
        containers: Mapping[str, tuple[int, int]],
        request: Request,
    ) -> None:
        self._campaign = campaign
        self._plan = plan
        self._known = known
        self._request = request
        self._root = str(campaign.root)
        self._containers = Containers(self._root, containers, request)
        self._suspected = {path.rpartition("/")[0] for path in request.suspects}
        self._ignored = pathspec.PathSpec.from_lines("gitignore", campaign.table.campaign.ignore)

    def __call__(self, paths: Iterable[str]) -> FolderReport:
        """Scan the folders ``paths``, relative to the root."""
        report = FolderReport()
        changed: list[Listing] = []
        for path in paths:
            listing = self._list(path, report)
            if listing is None:
                continue
            report.directories += 1
            report.stats += listing.stats
            if self._is_emptied(listing):
                report.emptied.append(path)
                continue
            listing.is_elsewhere = self._is_elsewhere(listing)
            report.visited.append(path)
            ways, unknown = self._sort_folders(listing)
            report.further += ways
            if self._is_as_it_was(listing):
                self._report_folder(listing, _Open.of(self._known[path]), report)
            else:
                changed.append(listing)
                report.strays += [_stray(path, f"{one}/", None, "a folder that no template names") for one in unknown]
        report.relisted += [listing.path for listing in changed]
        still_open = {listing.path: self._open(listing) for listing in changed}
        matcher = Matcher(self._plan, changed)
        for matched in matcher.found(with_paths=self._request.deep or bool(self._suspected)):
            observations = self._judge(matched, report, still_open)
            self._mark_open(observations, still_open)
            report.observations.append(observations)
        for left_out, vanished in ((matcher.unreadable, False), (matcher.vanished, True)):
            report.observations += [
                check.without_file(kind, rows, FileState.unknown, vanished=vanished) for kind, rows in left_out
            ]
        for listing in changed:
            self._report_folder(listing, still_open[listing.path], report)
            self._report_rest(listing, matcher.strays(listing), report)
        return report

    # -- folders -----------------------------------------------------------------------------------------------------

    def _list(self, path: str, report: FolderReport) -> Listing | None:
        """The listing of a folder, unless it need not, or cannot, be read."""
        try:
            if self._request.fast and self._is_trusted(path):
                report.visited.append(path)
                return None
            return list_folder(self._root, path)
        except (FileNotFoundError, NotADirectoryError):
            report.gone.append(path)
        except OSError as error:
            report.unreadable[path or "."] = error.strerror or str(error)
        return None

    def _is_trusted(self, path: str) -> bool:
        """Whether the folder's own time says that nothing came or went, and nothing in it may still change."""
        old = self._known.get(path)
        if old is None or old.mtime == 0 or old.unsettled_until > self._request.started or path in self._suspected:
            return False
        number, passes = self._request.sweep
        if crc32(path.encode("utf-8", "surrogateescape")) % passes == number:
            return False
        now = os.stat(f"{self._root}/{path}")
        # Tools that copy trees set a folder's time back; nobody can set back when that was done.
        times = within_bounds(now.st_mtime_ns), within_bounds(now.st_ctime_ns)
        same = self._is_same(old, signed(now.st_ino), signed(now.st_dev))
        return same and times == (old.mtime, old.ctime)

    def _is_same(self, old: FolderState, inode: int, device: int) -> bool:
        """Whether a folder is the known one. Devices have other numbers after a restart and on other nodes: they are
        compared while the root has the one that it had.
        """
        return inode == old.inode and (device == old.device or not self._devices_compare)

    @cached_property
    def _devices_compare(self) -> bool:
        top = self._known.get("")
        return top is not None and signed(os.stat(self._root).st_dev) == top.device

    def _is_elsewhere(self, listing: Listing) -> bool:
        """Whether the folder is on another disk than before: what was on that one is not gone."""
        old = self._known.get(listing.path)
        other = old is not None and old.device != listing.device
        return other and self._devices_compare and not self._request.accept_empty

    def _is_emptied(self, listing: Listing) -> bool:
        """Whether nothing is in the folder, and it is not the one that was known: what was in that one was on a disk
        which is away, or was deleted together with its folder.
        """
        old = self._known.get(listing.path)
        if old is None or not listing.is_empty or self._request.accept_empty:
            return False
        return not self._is_same(old, listing.inode, listing.device)

    def _is_as_it_was(self, listing: Listing) -> bool:
        """Whether names, sizes, times and inodes are the known ones, and no file in the folder has come of age."""
        old = self._known.get(listing.path)
        closer = self._request.deep or listing.path in self._suspected
        return (
            old is not None and not closer and self._request.started < old.due and old.digest == self._digest(listing)
        )

    def _digest(self, listing: Listing) -> int:
        # Whether an unknown folder is a stray, or what is below it is, depends on what is asked for.
        return listing.digest() ^ bool(listing.folders and self._request.below_unknown)

    def _sort_folders(self, listing: Listing) -> tuple[list[str], list[str]]:
        """The folders in it that are worth looking into, and those that nobody expects."""
        ways, unknown = [], []
        for name in sorted(listing.folders):
            path = f"{listing.path}/{name}" if listing.path else name
            if self._plan.is_way(path):
                ways.append(path)
            elif self._is_ignored(f"{path}/_"):
                continue
            elif self._plan.is_nameable(path) or (self._request.below_unknown and not self._is_link(path)):
                ways.append(path)
            else:
                unknown.append(path)
        return sorted(ways, key=lambda path: self._plan.rank.get(path, -1)), unknown

    def _is_link(self, path: str) -> bool:
        # Below folders that nobody expects, a link may lead anywhere, even back up.
        return os.path.islink(f"{self._root}/{path}")

    def _is_ignored(self, path: str) -> bool:
        return self._ignored.match_file(path)

    def _open(self, listing: Listing) -> "_Open":
        """How long the folder is open, as far as its listing tells."""
        mtimes = listing.files.mtimes
        future = mtimes[mtimes > self._request.future]
        if listing.unreadable:
            return _Open(NEVER_SETTLED, 0)
        if len(future):  # until the clock has come so far that the time says something
            return _Open(NEVER_SETTLED, int(future.min()) - self._request.grace)
        return _Open(int(mtimes.max()) + DAY_NS, NEVER_SETTLED)

    def _report_folder(self, listing: Listing, open_: "_Open", report: FolderReport) -> None:
        trusted = listing.mtime < self._request.started - TRUST
        identity = (listing.ctime, listing.inode, listing.device)
        mtime = listing.mtime if trusted else 0
        state = FolderState(listing.path, mtime, *identity, self._digest(listing), open_.until, open_.due)
        if self._known.get(listing.path) != state:
            report.folders.append(state)

    # -- files -------------------------------------------------------------------------------------------------------

    def _judge(self, matched: MatchedFiles, report: FolderReport, still_open: dict[str, _Open]) -> Observations:
        rows = self._plan.kinds[matched.kind]
        if rows.inside:
            return self._containers.observe(matched, rows, report)
        request = self._request
        least = rows.least_bytes[matched.rows]
        states, problems = check.judge(matched.files, least, young=request.young, future=request.future)
        judged = Observations(matched.kind, matched.rows, matched.files, states, problems, request.deep)
        if request.deep or self._suspected:
            self._look_deep(judged, matched, report, still_open)
        return judged

    def _look_deep(
        self, judged: Observations, matched: MatchedFiles, report: FolderReport, still_open: dict[str, _Open]
    ) -> None:
        for position in np.flatnonzero(judged.states == FileState.sound).tolist():
            path = matched.paths[position]
            if not (check.is_hdf5(path) and (self._request.deep or path in self._request.suspects)):
                continue
            row = int(judged.rows[position])
            try:
                problem = check.content_problem(self._campaign, judged.kind, row, f"{self._root}/{path}")
            except h5.Unreadable as error:  # which says nothing of the contents
                folder, _, name = path.rpartition("/")
                report.unreadable.setdefault(folder or ".", f"{name!r}: {error.reason}")
                still_open[folder] = _Open(NEVER_SETTLED, 0)
                judged.problems[position] = error.reason
                continue
            if problem is not None:
                judged.states[position] = FileState.bad_content
                judged.problems[position] = problem

    def _mark_open(self, judged: Observations, still_open: dict[str, "_Open"]) -> None:
        """Folders with files that are growing or bad are listed again by any index; grown files are judged again."""
        rows = self._plan.kinds[judged.kind]
        for position in np.flatnonzero(judged.states >= FileState.growing).tolist():
            folder = rows.folders[int(rows.folder_of[judged.rows[position]])]
            due = NEVER_SETTLED
            if judged.states[position] == FileState.growing:
                due = int(judged.files.mtimes[position]) + self._request.grace
            elif judged.states[position] == FileState.unknown:
                due = 0
            still_open[folder] = _Open(NEVER_SETTLED, min(due, still_open[folder].due))

    def _report_rest(self, listing: Listing, strays: list[int], report: FolderReport) -> None:
        """Report strays, and names that could not be asked for size and time."""
        prefix = f"{listing.path}/" if listing.path else ""
        self._report_strays(listing, prefix, [n for n in strays if self._is_stray(prefix + listing.names[n])], report)
        for name in sorted(listing.others):
            if self._is_stray(prefix + name):
                report.strays.append(
                    _stray(listing.path, prefix + name, None, "a link that leads nowhere, or a device")
                )
        for name, reason in sorted(listing.unreadable.items()):
            if self._plan.is_way(prefix + name):  # a link to a folder behind a closed door
                report.unreadable[prefix + name] = reason
            else:
                report.unreadable.setdefault(listing.path or ".", f"{name!r}: {reason}")

    def _is_stray(self, path: str) -> bool:
        """Whether a file that is not expected is worth a word."""
        return not (self._is_ignored(path) or is_draft(os.path.basename(path)))

    def _report_strays(self, listing: Listing, prefix: str, strays: list[int], report: FolderReport) -> None:
        if not strays:
            return
        near = self._plan.folded_names(listing.path)
        for n in sorted(strays, key=lambda n: listing.names[n]):
            name = listing.names[n]
            kind = near.get(folded(name))
            # The reason names no path: strays are grouped by their reasons.
            reason = (
                self._reason(prefix + name)
                if kind is None
                else f"looks like a {kind} that is expected, but its name differs in case or Unicode form"
            )
            size_and_time = int(listing.files.sizes[n]), int(listing.files.mtimes[n])
            report.strays.append(_stray(listing.path, prefix + name, size_and_time, reason))

    def _reason(self, path: str) -> str:
        reading = next(self._campaign.matches(path), None)
        return "no template gives this path" if reading is None else f"a {reading[0]} that the campaign does not expect"


def _stray(folder: str, path: str, size_and_time: tuple[int, int] | None, reason: str) -> Stray:
    size, mtime = size_and_time or (None, None)
    return Stray(path, folder, size, mtime, reason)
