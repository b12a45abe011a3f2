"""The folders of one index: reports of scans added up, and the state of folders that no scan visited.

Observations of artifacts are not kept here; they go to the transaction as they come.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from indexer.check import without_file
from indexer.known_folders import NEVER_SETTLED, KnownFolders
from indexer.missing_disks import ELSEWHERE, HINT, NOWHERE, MissingDisks
from indexer.places import Plan, Rows, place_below
from indexer.report import FolderReport, Request
from latteboard.campaign import Campaign
from latteboard.catalog.updating import folders
from latteboard.catalog.updating.observations import Observations, RootState
from latteboard.catalog.updating.transaction import IndexTransaction
from latteboard.status.states import FileState


@dataclass(frozen=True)
class _Absence:
    """The state of all artifacts in a folder that was not visited."""

    state: FileState
    vanished: bool = False


_GONE, _HIDDEN, _AWAY = (
    _Absence(FileState.absent),
    _Absence(FileState.unknown),
    _Absence(FileState.unknown, vanished=True),
)


class FolderInventory:
    """The folders of one index below one root.

    Attributes
    ----------
    total : the sum of all reports, without their observations
    """

    def __init__(
        self, campaign: Campaign, root: int, plan: Plan, last: RootState, request: Request, *, is_first: bool
    ) -> None:
        """``root`` is the number of the root, ``last`` what was known of it.

        ``is_first`` says that nothing is known of its artifacts as they are expected now.
        """
        self.total = FolderReport()
        self._campaign = campaign
        self._number = root
        self._root = str(campaign.roots[root].path)
        self._plan = plan
        self._known = last.folders
        self._is_first = is_first
        self._before = set(folders_named(last.unreadable))
        self._request = request
        self._disks = MissingDisks(self._root, KnownFolders(self._root, last.folders, request))

    def collect(self, reports: Iterable[FolderReport]) -> Iterator[FolderReport]:
        """Add each report to the total, and pass it on."""
        for report in reports:
            self.total.add(report)
            yield report

    @property
    def unreadable(self) -> dict[str, str]:
        """Folders and files that could not be read, by their whole path, and why."""
        return {str(Path(self._root, path)): why for path, why in self.total.unreadable.items()}

    def unvisited(self) -> Iterator[Observations]:
        """Observations of the artifacts in no folder that was visited.

        They are gone, or unknown where a folder could not be read or its disk is away.
        """
        visited = set(self.total.visited)
        hidden = self._hidden(visited)
        away = {path for path in self._known.keys() - visited if not _is_below(path, hidden) and self._is_away(path)}
        if not self._is_first and not (hidden or self._before or self._known.keys() - visited):
            return
        for named, rows in self._plan.rows.items():
            place = place_below(self._campaign, self._number, named)
            absences: dict[_Absence, list[int]] = {}
            for number, path in enumerate(rows.folders):
                if path not in visited and (absence := self._absence(path, hidden, away)) is not None:
                    absences.setdefault(absence, []).append(number)
            for absence, numbers in absences.items():
                if rows.inside and absence is _GONE:
                    self._forget_containers(rows, numbers)
                chosen = np.concatenate([rows.of_folder(number) for number in numbers])
                yield without_file(named[0], place, chosen, absence.state, vanished=absence.vanished)

    def _absence(self, path: str, hidden: set[str], away: set[str]) -> "_Absence | None":
        """Why a folder was not visited; None if it was not there before either."""
        if _is_below(path, hidden):
            return _HIDDEN
        if _is_below(path, away):
            return _AWAY
        return _GONE if self._is_first or path in self._known or _is_below(path, self._before) else None

    def _forget_containers(self, rows: Rows, numbers: list[int]) -> None:
        for number in numbers:
            prefix = f"{rows.folders[number]}/" if rows.folders[number] else ""
            self.total.containers.update(dict.fromkeys(prefix + name for name in rows.names(rows.of_folder(number))))

    def drop_plan(self) -> None:
        """Release the memory of the plan, which is not needed any more."""
        del self._plan

    def add_unreadable_files(self, unreadable: Mapping[str, str], transaction: IndexTransaction) -> None:
        """Add single files that cannot be read, and links to files that lead nowhere; the next index looks at both again."""
        reasons, visited = dict(unreadable), set(self.total.visited)
        for of_file in transaction.vanished:
            root, path = self._campaign.location(*of_file)
            # Where the whole folder is away, that is reported once.
            if root == self._number and path.rpartition("/")[0] in visited:
                reasons[path] = NOWHERE if os.path.islink(os.path.join(self._root, path)) else ELSEWHERE
        unsettled = set()
        for path, reason in reasons.items():
            folder, _, name = path.rpartition("/")
            self.total.unreadable.setdefault(folder or ".", f"{name!r}: {reason}")
            unsettled.add(folder)
        stated = {state.path: state for state in self.total.folders}
        for folder in unsettled:
            known = self._known.get(folder)
            state = stated.get(folder, known)
            if state is not None:
                # While a file is reported as not where it was, its folder is compared with the device that it was on.
                device = known.device if known is not None else state.device
                stated[folder] = replace(state, device=device, unsettled_until=NEVER_SETTLED, due=0)
        self.total.folders = list(stated.values())

    def write(self, transaction: IndexTransaction) -> None:
        """Write folders, strays and all else that was reported."""
        total, connection, root = self.total, transaction.connection, self._number
        missing = self._missing(folders.folders_of_strays(connection, root))
        away = {path for path in missing if path in self._known and self._is_away(path)}
        # All of a changed campaign is looked into anew. What cannot be is remembered: its disk may be away next time.
        hidden = self._hidden(set(total.visited)) if self._is_first else set()
        unseen = {*away, *(path for path in self._known if _is_below(path, hidden))}
        states = [*total.folders, *(self._known[path].doubted() for path in sorted(unseen))]
        for path in away:
            top = self._disks.top(path)
            total.unreadable.setdefault(top or ".", f"{self._disks.reason(top)}; {HINT}")
        gone = [path for path in missing if path not in away]
        folders.replace_folders(connection, root, states, relisted=total.relisted, gone=gone)
        folders.add_strays(connection, root, total.strays)
        folders.replace_unreadable(connection, root, total.unreadable)
        folders.replace_containers(connection, root, total.containers)

    def _missing(self, folders_of_strays: Iterable[str]) -> list[str]:
        """Folders in the catalog that this index did not reach, without those below one that could not be read."""
        total = self.total
        missing = [*total.gone, *total.emptied]
        if not self._request.fast:
            visited = set(total.visited)
            hidden = self._hidden(visited)
            missing += [path for path in self._known if path not in visited and not _is_below(path, hidden)]
            # A folder whose name is no text is in the catalog by its strays only.
            shown = {folders.printable(path) for path in visited}
            missing += [path for path in folders_of_strays if path not in shown and not _is_below(path, hidden)]
        return list(dict.fromkeys(missing))

    def _is_away(self, path: str) -> bool:
        return not self._request.accept_empty and self._disks.reason(path) is not None

    def _hidden(self, visited: set[str]) -> set[str]:
        """Folders that could not be listed; a folder that was visited is reported for single files in it only."""
        return set(folders_named(self.total.unreadable)) - visited


def folders_named(unreadable: Iterable[str]) -> Iterator[str]:
    """The paths of folders that are named in a report, where the root is ``.``."""
    return ("" if path == "." else path for path in unreadable)


def _is_below(path: str, above: set[str]) -> bool:
    """Whether ``path`` is one of ``above`` or below one."""
    if not above:
        return False
    return path in above or "" in above or any(path[:n] in above for n, c in enumerate(path) if c == "/")
