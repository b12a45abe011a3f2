"""Scans folders, many at a time: lists them, skips those that are as they were, matches and judges the rest.

Scan processes and threads run this code; it knows no database.
"""

import os
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np
import pathspec

from indexer import check
from indexer.containers import Containers
from indexer.folder_artifacts import FolderArtifacts
from indexer.known_folders import NEVER_SETTLED, TRUST, KnownFolders
from indexer.match import MatchedFiles, Matcher
from indexer.places import Named, Plan, Rows, place_below
from indexer.readers import Readers
from indexer.report import FolderReport, Request
from indexer.segmented import segmented_files, take_as_whole
from indexer.walk import Listing, list_folder
from latteboard.campaign import Campaign
from latteboard.catalog.updating.observations import FolderState, Observations, RootState, Stray
from latteboard.files import hdf5 as h5
from latteboard.files.atomic import is_temporary
from latteboard.files.segments import SUFFIX
from latteboard.names.templates import Value
from latteboard.status.states import FileState
from latteboard.text import folded
from latteboard.times import DAY_NS


class _Schedule(NamedTuple):
    """Until when a folder is listed by any index, and from when on what is in it is judged again; see :class:`FolderState`."""

    until: int
    due: int


class FolderScanner:
    """Scans folders below one root of a campaign."""

    def __init__(
        self, campaign: Campaign, root: int, plan: Plan, last: RootState, request: Request, readers: Readers
    ) -> None:
        """``root`` is the number of the root, ``last`` what was known of it."""
        self._campaign = campaign
        self._readers = readers
        self._number = root
        self._plan = plan
        self._request = request
        self._root = str(campaign.roots[root].path)
        self._known = KnownFolders(self._root, last.folders, request)
        self._containers = Containers(self._root, last.containers, request, readers)
        self._artifacts = FolderArtifacts(campaign, root, plan, last, request, readers)
        self._ignored = pathspec.PathSpec.from_lines("gitignore", campaign.table.campaign.ignore)

    def __call__(self, paths: Iterable[str]) -> FolderReport:
        """Scan the folders ``paths``, relative to the root."""
        report = FolderReport()
        changed: list[Listing] = []
        for path in paths:
            top = self._artifacts.top(path)
            if top is not None:
                if top == path:  # what is in it is looked at with it
                    self._artifacts.look(path, report)
                continue
            listing = self._list(path, report)
            if listing is None:
                continue
            report.directories += 1
            report.stats += listing.stats
            if self._known.is_emptied(listing):
                report.emptied.append(path)
                continue
            listing.is_elsewhere = self._known.is_elsewhere(listing)
            report.visited.append(path)
            ways, unknown = self._sort_folders(listing)
            report.further += ways
            old = self._known.get(path)
            if old is not None and self._known.is_as_it_was(listing):
                self._report_folder(listing, _Schedule(old.unsettled_until, old.due), report)
            else:
                changed.append(listing)
                report.strays += [_stray(path, f"{one}/", None, reason) for one, reason in unknown]
        report.relisted += [listing.path for listing in changed]
        schedules = {listing.path: self._schedule(listing) for listing in changed}
        matcher = Matcher(self._plan, changed)
        segmented: set[str] = set().union(*map(segmented_files, changed))
        for matched in matcher.match(with_paths=self._request.deep or bool(self._known.suspected or segmented)):
            observations = self._judge(matched, report, schedules, segmented)
            self._schedule_files(observations, self._plan.rows[matched.named], schedules)
            report.observations.append(observations)
        self._report_unseen(matcher, report)
        for listing in changed:
            self._report_folder(listing, schedules[listing.path], report)
            self._report_rest(listing, matcher.strays(listing), report)
        return report

    def _report_unseen(self, matcher: Matcher, report: FolderReport) -> None:
        """Report artifacts that could not be looked at, or whose disk is away. A link that always led nowhere is no file."""
        for left_out, state, vanished in (
            (matcher.unreadable, FileState.unknown, False),
            (matcher.vanished, FileState.absent, True),
        ):
            report.observations += [
                check.without_file(named[0], self._place(named), rows, state, vanished=vanished)
                for named, rows in left_out
            ]

    def _place(self, named: Named) -> int:
        return place_below(self._campaign, self._number, named)

    # -- folders -----------------------------------------------------------------------------------------------------

    def _list(self, path: str, report: FolderReport) -> Listing | None:
        """The listing of a folder; None if it is trusted or cannot be read."""
        try:
            if self._request.fast and self._known.is_trusted(path):
                report.visited.append(path)
                return None
            return list_folder(self._root, path)
        except (FileNotFoundError, NotADirectoryError):
            report.gone.append(path)
        except OSError as error:
            report.unreadable[path or "."] = error.strerror or str(error)
        return None

    def _sort_folders(self, listing: Listing) -> tuple[list[str], list[tuple[str, str]]]:
        """The folders in it that are to be scanned, and those that are strays, with the reason."""
        ways, unknown = [], []
        segments = {path + SUFFIX for path in segmented_files(listing)}
        for name in sorted(listing.folders):
            path = f"{listing.path}/{name}" if listing.path else name
            if path in segments and next(self._campaign.matches(path.removesuffix(SUFFIX)), None) is not None:
                continue
            if self._plan.is_way(path):
                ways.append(path)
            elif self._is_ignored(f"{path}/_"):
                continue
            elif (parsed := self._artifacts.parse(path)) is not None:
                unknown.append((path, self._unexpected(*parsed)))
            elif self._plan.is_nameable(path) or (self._request.below_unknown and not self._is_link(path)):
                ways.append(path)
            else:
                unknown.append((path, "a folder that no template names"))
        return sorted(ways, key=lambda path: self._plan.rank.get(path, -1)), unknown

    def _is_link(self, path: str) -> bool:
        # Below folders that no template names, a link may lead anywhere, even back up.
        return os.path.islink(f"{self._root}/{path}")

    def _is_ignored(self, path: str) -> bool:
        return self._ignored.match_file(path)

    def _schedule(self, listing: Listing) -> _Schedule:
        """The schedule of a folder, as far as its listing tells."""
        mtimes = listing.files.mtimes
        future = mtimes[mtimes > self._request.future]
        if listing.unreadable:
            return _Schedule(NEVER_SETTLED, 0)
        if len(future):  # until the clock has come so far that the time says something
            return _Schedule(NEVER_SETTLED, int(future.min()) - self._request.grace)
        return _Schedule(int(mtimes.max()) + DAY_NS, NEVER_SETTLED)

    def _report_folder(self, listing: Listing, schedule: _Schedule, report: FolderReport) -> None:
        trusted = listing.mtime < self._request.started - TRUST
        identity = (listing.ctime, listing.inode, listing.device)
        mtime = listing.mtime if trusted else 0
        state = FolderState(listing.path, mtime, *identity, self._known.digest(listing), schedule.until, schedule.due)
        if self._known.get(listing.path) != state:
            report.folders.append(state)

    # -- files -------------------------------------------------------------------------------------------------------

    def _judge(
        self, matched: MatchedFiles, report: FolderReport, schedules: dict[str, _Schedule], segmented: set[str]
    ) -> Observations:
        rows, place = self._plan.rows[matched.named], self._place(matched.named)
        if rows.inside:
            return self._containers.observe(matched, rows, place, report)
        request = self._request
        lost = take_as_whole(self._root, matched, segmented, self._readers)
        least = rows.least_bytes[matched.rows]
        states, problems = check.judge(matched.files, least, young=request.young, future=request.future)
        for position, problem in lost.items():
            states[position], problems[position] = FileState.bad, problem
        for path in segmented.intersection(matched.paths):  # nothing in their folder says that a segment is gone
            schedules[path.rpartition("/")[0]] = _Schedule(NEVER_SETTLED, 0)
        kind = matched.named[0]
        judged = Observations(kind, matched.rows, matched.files, states, problems, request.deep, place=place)
        if request.deep or self._known.suspected:
            self._look_deep(judged, matched, report, schedules)
        return judged

    def _look_deep(
        self, judged: Observations, matched: MatchedFiles, report: FolderReport, schedules: dict[str, _Schedule]
    ) -> None:
        sound = np.flatnonzero((judged.states == FileState.sound) & ~judged.files.on_tape).tolist()
        report.unopened += sum(
            self._is_opened(matched.paths[position]) for position in np.flatnonzero(judged.files.on_tape).tolist()
        )
        opened = [position for position in sound if self._is_opened(matched.paths[position])]
        questions = [
            check.content_question(
                self._campaign, judged.kind, int(judged.rows[position]), f"{self._root}/{matched.paths[position]}"
            )
            for position in opened
        ]
        for number, answer in self._readers.ask_all(questions):
            position = opened[number]
            path = matched.paths[position]
            try:
                problem = check.problem_in(answer)
            except h5.Unreadable as error:  # an error of access says nothing of the contents
                folder, _, name = path.rpartition("/")
                report.unreadable.setdefault(folder or ".", f"{name!r}: {error.reason}")
                schedules[folder] = _Schedule(NEVER_SETTLED, 0)
                judged.problems[position] = error.reason
                continue
            if problem is not None:
                judged.states[position] = FileState.bad_content
                judged.problems[position] = problem

    def _is_opened(self, path: str) -> bool:
        return check.is_hdf5(path) and (self._request.deep or path in self._request.suspects)

    def _schedule_files(self, judged: Observations, rows: Rows, schedules: dict[str, _Schedule]) -> None:
        """Folders with files that are growing or bad are listed again by any index; grown files are judged again."""
        for position in np.flatnonzero(judged.states >= FileState.growing).tolist():
            folder = rows.folders[int(rows.folder_of[judged.rows[position]])]
            due = NEVER_SETTLED
            if judged.states[position] == FileState.growing:
                due = int(judged.files.mtimes[position]) + self._request.grace
            elif judged.states[position] == FileState.unknown:
                due = 0
            schedules[folder] = _Schedule(NEVER_SETTLED, min(due, schedules[folder].due))

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

    def _unexpected(self, kind: str, coordinates: Mapping[str, Value]) -> str:
        """Why a file that reads as one of a kind is no artifact."""
        reason = self._campaign.left_out_reason(kind, coordinates)
        return f"a {kind} that the campaign does not expect" if reason is None else f"left out: {reason}"

    def _is_stray(self, path: str) -> bool:
        """Whether a file that is not expected is reported: it is neither ignored by the campaign nor a draft."""
        return not (self._is_ignored(path) or is_temporary(os.path.basename(path)))

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
        parsed = next(self._campaign.matches(path), None)
        if parsed is not None:
            return self._unexpected(*parsed)
        folder = self._artifacts.top(path)
        return "no template gives this path" if folder is None else "a file where a folder is expected"


def _stray(folder: str, path: str, size_and_time: tuple[int, int] | None, reason: str) -> Stray:
    size, mtime = size_and_time or (None, None)
    return Stray(path, folder, size, mtime, reason)
