"""What a whole index has seen of folders, beside the observations of artifacts, which go to the transaction as they come."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from indexer.away import ELSEWHERE, HINT, NOWHERE, Away
from indexer.check import without_file
from indexer.folder_scanner import NEVER_SETTLED
from indexer.places import Plan, Rows
from indexer.report import FolderReport, Request
from latteboard.campaign import Campaign
from latteboard.catalog.updating import folders
from latteboard.catalog.updating.observations import FolderState, Observations
from latteboard.catalog.updating.transaction import IndexTransaction
from latteboard.status.states import FileState

NO_DIGEST = -1  # of a folder whose disk is away: when it is back, nothing in it is as it was


@dataclass(frozen=True)
class _Fate:
    state: FileState
    vanished: bool = False


_GONE, _HIDDEN, _AWAY = _Fate(FileState.absent), _Fate(FileState.unknown), _Fate(FileState.unknown, vanished=True)


class Session:
    """The folders of one index.

    Attributes
    ----------
    whole : all reports in one, but for their observations
    """

    def __init__(
        self,
        campaign: Campaign,
        plan: Plan,
        known: Mapping[str, FolderState],
        unreadable: Mapping[str, str],
        request: Request,
        progress: Callable[[int], None],
    ) -> None:
        self.whole = FolderReport()
        self._campaign = campaign
        self._plan = plan
        self._known = known
        self._before = set(folders_named(unreadable))
        self._request = request
        self._progress = progress
        self._away = Away(str(campaign.root), known)

    def collected(self, reports: Iterable[FolderReport]) -> Iterator[FolderReport]:
        """Add each report to the whole, and pass it on."""
        for report in reports:
            self.whole.add(report)
            self._progress(self.whole.directories)
            yield report

    def rest(self) -> Iterator[Observations]:
        """What is in no folder that was visited: gone, or unknown where a folder could not be read or its disk is away."""
        visited = set(self.whole.visited)
        hidden = self._hidden(visited)
        if self._known and not (hidden or self._before or self._known.keys() - visited):
            return
        for kind, rows in self._plan.kinds.items():
            fates: dict[_Fate, list[int]] = {}
            for number, path in enumerate(rows.folders):
                if path not in visited and (fate := self._fate(path, hidden)) is not None:
                    fates.setdefault(fate, []).append(number)
            for fate, numbers in fates.items():
                if rows.inside and fate is _GONE:
                    self._forget_containers(rows, numbers)
                chosen = np.concatenate([rows.of_folder(number) for number in numbers])
                yield without_file(kind, chosen, fate.state, vanished=fate.vanished)

    def _fate(self, path: str, hidden: set[str]) -> "_Fate | None":
        """What became of a folder that was not visited; None if it was not there before either."""
        if _is_below(path, hidden):
            return _HIDDEN
        if path in self._known and self._is_away(path):
            return _AWAY
        return _GONE if not self._known or path in self._known or _is_below(path, self._before) else None

    def _forget_containers(self, rows: Rows, numbers: list[int]) -> None:
        for number in numbers:
            prefix = f"{rows.folders[number]}/" if rows.folders[number] else ""
            self.whole.containers.update(dict.fromkeys(prefix + name for name in rows.names(rows.of_folder(number))))

    def forget_places(self) -> None:
        """Give back the memory of what is needed no more."""
        del self._plan

    def report_files(self, unreadable: Mapping[str, str], transaction: IndexTransaction) -> None:
        """Report single files that may not be read, and links to files that lead nowhere; both are asked again."""
        reasons, visited = dict(unreadable), set(self.whole.visited)
        for kind, row in transaction.vanished:
            path = self._campaign.path_of(kind, self._campaign.expected(kind).coordinates(row))
            if path.rpartition("/")[0] in visited:  # else its folder is away, which is told for the whole of it
                reasons[path] = NOWHERE if os.path.islink(os.path.join(self._campaign.root, path)) else ELSEWHERE
        unsettled = set()
        for path, reason in reasons.items():
            folder, _, name = path.rpartition("/")
            self.whole.unreadable.setdefault(folder or ".", f"{name!r}: {reason}")
            unsettled.add(folder)
        stated = {state.path: state for state in self.whole.folders}
        for folder in unsettled:
            known = self._known.get(folder)
            state = stated.get(folder, known)
            if state is not None:
                # While it is told that something is not where it was, that is what the folder is compared with.
                device = known.device if known is not None else state.device
                stated[folder] = replace(state, device=device, unsettled_until=NEVER_SETTLED, due=0)
        self.whole.folders = list(stated.values())

    def write(self, transaction: IndexTransaction) -> None:
        """Write folders, strays and all else that was reported."""
        whole, connection = self.whole, transaction.connection
        missing = self._missing(folders.folders_of_strays(connection))
        away = {path for path in missing if path in self._known and self._is_away(path)}
        states = [*whole.folders, *(replace(self._known[path], mtime=0, digest=NO_DIGEST) for path in sorted(away))]
        for path in away:
            top = self._away.top(path)
            whole.unreadable.setdefault(top or ".", f"{self._away.reason(top)}; {HINT}")
        gone = [path for path in missing if path not in away]
        folders.replace_folders(connection, states, relisted=whole.relisted, gone=gone)
        folders.add_strays(connection, whole.strays)
        folders.replace_unreadable(connection, whole.unreadable)
        folders.replace_containers(connection, whole.containers)

    def _missing(self, folders_of_strays: Iterable[str]) -> list[str]:
        """Folders in the catalog that this index did not lead to, but for those below one that could not be read."""
        whole = self.whole
        missing = [*whole.gone, *whole.emptied]
        if not self._request.fast:
            visited = set(whole.visited)
            hidden = self._hidden(visited)
            missing += [path for path in self._known if path not in visited and not _is_below(path, hidden)]
            # A folder whose name is no text is in the catalog by its strays only.
            shown = {folders.printable(path) for path in visited}
            missing += [path for path in folders_of_strays if path not in shown and not _is_below(path, hidden)]
        return list(dict.fromkeys(missing))

    def _is_away(self, path: str) -> bool:
        return not self._request.accept_empty and self._away.reason(path) is not None

    def _hidden(self, visited: set[str]) -> set[str]:
        """Folders that could not be listed; of a folder in which single files hid, the rest was seen."""
        return set(folders_named(self.whole.unreadable)) - visited


def folders_named(unreadable: Iterable[str]) -> Iterator[str]:
    """The paths of folders as they are told; the root is told as ``.``."""
    return ("" if path == "." else path for path in unreadable)


def _is_below(path: str, above: set[str]) -> bool:
    """Whether ``path`` is one of ``above`` or below one."""
    if not above:
        return False
    return path in above or "" in above or any(path[:n] in above for n, c in enumerate(path) if c == "/")
