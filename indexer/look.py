"""Looks into folders, many at a time: lists them, skips those that are as they were, matches and judges the rest.

This is what scan processes and threads carry out; it knows no database.
"""

import os
from collections.abc import Iterable, Mapping
from zlib import crc32

import numpy as np
import pathspec

from indexer import check
from indexer.containers import Containers
from indexer.match import Found, Matcher
from indexer.places import Plan
from indexer.request import Request, Seen
from indexer.walk import Listing, list_folder
from latteboard.campaign import Campaign
from latteboard.catalog.updating.books import FolderState, Looks, Stray
from latteboard.files.atomic import is_draft
from latteboard.status.states import FileState
from latteboard.times import DAY_NS

# A folder's time is trusted only if it is this much older than the scan: its clock may be coarse, and another node's.
TRUST = 5_000_000_000
NEVER_SETTLED = 2**62


class Looker:
    """Looks into folders of one campaign."""

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

    def __call__(self, paths: Iterable[str]) -> Seen:
        """FileState into the folders ``paths``, relative to the root."""
        seen = Seen()
        changed: list[Listing] = []
        for path in paths:
            listing = self._list(path, seen)
            if listing is None:
                continue
            seen.directories += 1
            seen.stats += listing.stats
            seen.visited.append(path)
            ways, unknown = self._sort_folders(listing)
            seen.further += ways
            if self._is_as_it_was(listing):
                self._note_folder(listing, self._known[path].unsettled_until, seen)
            else:
                changed.append(listing)
                seen.strays += [_stray(path, f"{one}/", None, "a folder that no template names") for one in unknown]
        seen.relisted += [listing.path for listing in changed]
        unsettled = {listing.path: self._settled_after(listing) for listing in changed}
        matcher = Matcher(self._plan, changed)
        for found in matcher.found(with_paths=self._request.deep or bool(self._suspected)):
            looks = self._judge(found, seen)
            self._mark_unsettled(looks, unsettled)
            seen.looks.append(looks)
        seen.looks += [check.without_file(kind, rows, FileState.unknown) for kind, rows in matcher.untold]
        for listing in changed:
            self._note_folder(listing, unsettled[listing.path], seen)
            self._note_rest(listing, matcher.strays(listing), seen)
        return seen

    # -- folders -----------------------------------------------------------------------------------------------------

    def _list(self, path: str, seen: Seen) -> Listing | None:
        """The listing of a folder, unless it need not, or cannot, be read."""
        try:
            if self._request.fast and self._is_trusted(path):
                seen.visited.append(path)
                return None
            return list_folder(self._root, path)
        except (FileNotFoundError, NotADirectoryError):
            seen.gone.append(path)
        except OSError as error:
            seen.unreadable[path or "."] = error.strerror or str(error)
        return None

    def _is_trusted(self, path: str) -> bool:
        """Whether the folder's own time says that nothing came or went, and nothing in it may still change."""
        old = self._known.get(path)
        if old is None or old.mtime == 0 or old.unsettled_until > self._request.started or path in self._suspected:
            return False
        number, passes = self._request.sweep
        if crc32(path.encode("utf-8", "surrogateescape")) % passes == number:
            return False
        return os.stat(f"{self._root}/{path}").st_mtime_ns == old.mtime

    def _is_as_it_was(self, listing: Listing) -> bool:
        """Whether names, sizes and times are the known ones, and nothing in the folder depends on the time of the look."""
        old = self._known.get(listing.path)
        settled = old is not None and old.unsettled_until <= self._request.started
        closer = self._request.deep or listing.path in self._suspected
        return settled and not closer and old is not None and old.digest == self._digest(listing)

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

    def _settled_after(self, listing: Listing) -> int:
        if listing.untold:
            return NEVER_SETTLED
        return max(listing.mtimes) + DAY_NS

    def _note_folder(self, listing: Listing, unsettled_until: int, seen: Seen) -> None:
        trusted = listing.mtime < self._request.started - TRUST
        state = FolderState(listing.path, listing.mtime if trusted else 0, self._digest(listing), unsettled_until)
        if self._known.get(listing.path) != state:
            seen.folders.append(state)

    # -- files -------------------------------------------------------------------------------------------------------

    def _judge(self, found: Found, seen: Seen) -> Looks:
        rows = self._plan.kinds[found.kind]
        if rows.inside:
            return self._containers.look(found, rows, seen)
        least = rows.least_bytes[found.rows]
        looks, problems = check.judge(found.sizes, found.mtimes, least, self._request.young)
        arrays = (found.rows, found.sizes, found.mtimes, looks, found.hollow)
        judged = Looks(found.kind, *arrays, problems, self._request.deep)
        if self._request.deep or self._suspected:
            self._look_deep(judged, found)
        return judged

    def _look_deep(self, looks: Looks, found: Found) -> None:
        for position in np.flatnonzero(looks.looks == FileState.sound).tolist():
            path = found.paths[position]
            if check.is_hdf5(path) and (self._request.deep or path in self._request.suspects):
                problem = check.content_problem(
                    self._campaign, looks.kind, int(looks.rows[position]), f"{self._root}/{path}"
                )
                if problem is not None:
                    looks.looks[position] = FileState.bad_content
                    looks.problems[position] = problem

    def _mark_unsettled(self, looks: Looks, unsettled: dict[str, int]) -> None:
        """Folders with files that are growing or bad are looked into again by any index."""
        open_ = looks.looks >= FileState.growing
        rows = self._plan.kinds[looks.kind]
        for row in looks.rows[open_].tolist():
            unsettled[rows.folders[int(rows.folder_of[row])]] = NEVER_SETTLED

    def _note_rest(self, listing: Listing, strays: list[int], seen: Seen) -> None:
        """What nobody expects where it is, and what could not be told."""
        prefix = f"{listing.path}/" if listing.path else ""
        for n in sorted(strays, key=lambda n: listing.names[n]):
            self._note_stray(listing.path, prefix + listing.names[n], (listing.sizes[n], listing.mtimes[n]), seen)
        for name in sorted(listing.others):
            self._note_stray(listing.path, prefix + name, None, seen)
        for name, reason in sorted(listing.untold.items()):
            if self._plan.is_way(prefix + name):  # a link to a folder behind a closed door
                seen.unreadable[prefix + name] = reason
            else:
                seen.unreadable.setdefault(listing.path or ".", f"{name!r}: {reason}")

    def _note_stray(self, folder: str, path: str, size_and_time: tuple[int, int] | None, seen: Seen) -> None:
        if self._is_ignored(path) or is_draft(os.path.basename(path)):
            return
        if size_and_time is None:
            reason = "a link that leads nowhere, or a device"
        else:
            reading = next(self._campaign.matches(path), None)
            reason = (
                "no template gives this path"
                if reading is None
                else f"a {reading[0]} that the campaign does not expect"
            )
        seen.strays.append(_stray(folder, path, size_and_time, reason))


def _stray(folder: str, path: str, size_and_time: tuple[int, int] | None, reason: str) -> Stray:
    size, mtime = size_and_time or (None, None)
    return Stray(path, folder, size, mtime, reason)
