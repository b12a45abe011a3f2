"""One index as one transaction: observations are compared with the columns of the last index, and written at the end."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, insert, select

from latteboard.campaign import Campaign
from latteboard.catalog.tables.kinds import KindModel
from latteboard.catalog.tables.schema import problem_text
from latteboard.catalog.updating.adopt import adopt
from latteboard.catalog.updating.columns import StoredColumns
from latteboard.catalog.updating.earlier_places import stored_roots
from latteboard.catalog.updating.observations import NO_DATA, Observations, Record
from latteboard.catalog.updating.places import PlacedFiles
from latteboard.files.state import Files
from latteboard.status.states import ON_DISK, FileState

FILE_COLUMNS = {"size": "sizes", "mtime": "mtimes", "ctime": "ctimes", "inode": "inodes", "device": "devices"}
# What tells one file from another. The device is not among them: it is another one after every mount.
IDENTITY = ("size", "mtime", "ctime", "inode")
# Changes that people are told of; a new inode alone is none.
TOLD = ("state", "size", "mtime", "problem")
NOT_ABSENT = tuple(state for state in FileState if state != FileState.absent)

Inspect = Callable[["IndexTransaction", Observations], None]


@dataclass
class RootLosses:
    """Numbers of artifacts that had a file below a root at the last index.

    Attributes
    ----------
    before : all of them
    lost : of these, those that have none there now
    elsewhere : of these again, those of which a file is below another root
    """

    before: int = 0
    lost: int = 0
    elsewhere: int = 0


class IndexTransaction:
    """The transaction of one index, which takes effect as a whole or not at all.

    Attributes
    ----------
    columns : of each kind
    placed : of the kinds that are looked for in several places, the files in each
    records : by kind, row and place, what reduced files that were looked at closer recorded of their inputs; None if nothing
    vanished : kind, row and place of files that were there, and whose disk or target of a link is away
    roots_before : the roots of the last index, none before the first
    changes : how many artifacts are not as they were; ``lost`` of them were on disk and are not there
    """

    def __init__(self, connection: Connection, campaign: Campaign, inspect: Inspect) -> None:
        """``inspect`` is called with observations that are new or changed before they are kept; it may change them."""
        self.connection = connection
        self.campaign = campaign
        self.roots_before = stored_roots(connection)
        self.adopted = adopt(connection, campaign)
        self.columns: Mapping[str, StoredColumns] = self.adopted.columns
        self.models: Mapping[str, KindModel] = self.adopted.models
        self.placed: Mapping[str, PlacedFiles] = self.adopted.placed
        self.records: dict[tuple[str, int, int], Record | None] = {}
        self.vanished: list[tuple[str, int, int]] = []
        self.changes = 0
        self.lost = 0
        self._inspect = inspect
        self._problems: dict[str, int] = {text: n for n, text in connection.execute(select(problem_text)).all()}

    def record(self, seen: Observations) -> None:
        """Keep observations, as far as they are not known already."""
        placed = self.placed.get(seen.kind)
        columns = self.columns[seen.kind] if placed is None else placed.columns[seen.place]
        if seen.vanished:
            self._keep_from_vanishing(seen, columns)
        positions = np.flatnonzero(self._is_news(seen, columns))
        if not len(positions):
            return
        news = seen.take(positions)
        news.doubted = self._doubted(news, columns)
        seen_states = news.states.copy()
        self._inspect(self, news)
        # What could not be read in time stays as it was known; only where nothing was known it is unknown.
        unread = (news.states == FileState.unknown) & (seen_states != FileState.unknown)
        if unread.any():
            news = news.take(np.flatnonzero(~unread | (columns["state"][news.rows] == FileState.absent)))
        if placed is None:
            self._count(news, columns)
            self._keep_last_sound(news, columns)
        self._keep(news, columns)

    def choose_files(self) -> None:
        """Once all is recorded: let one file of each artifact count, of those that are looked for in several places."""
        changed = [name for name, placed in self.placed.items() if placed.is_changed]
        wordings = self.wordings() if changed else {}
        for name in changed:
            self.placed[name].choose(self.problem, wordings)
            self._count_chosen(name)

    @property
    def is_changed(self) -> bool:
        """Whether anything that the rules ask about may not be as it was."""
        known: Iterable[StoredColumns | PlacedFiles] = (*self.columns.values(), *self.placed.values())
        return self.adopted.changed or any(columns.is_changed for columns in known)

    @cached_property
    def there_before(self) -> int:
        """The number of artifacts that were on disk at the last index."""
        return sum(int(np.isin(columns.before("state"), ON_DISK).sum()) for columns in self.columns.values())

    def note_inputs(self, kind: str, row: int, place: int, record: Record | None) -> None:
        """Note the record of a product, None if it has none; it is written at the end, when every input has its row."""
        if record is not None or kind not in self.adopted.fresh:  # of what is new there is no earlier record to drop
            self.records[kind, row, place] = record

    def problem(self, text: str) -> int:
        """The number of a problem's wording."""
        if text not in self._problems:
            number = max(self._problems.values(), default=0) + 1
            self._problems[text] = number
            self.connection.execute(insert(problem_text).values(id=number, text=text))
        return self._problems[text]

    def wordings(self) -> dict[int, str]:
        """The wordings of problems by number."""
        return {number: text for text, number in self._problems.items()}

    def _keep_from_vanishing(self, seen: Observations, columns: StoredColumns) -> None:
        """Take artifacts that were there for unknown while their disk, or the target of their link, is away.

        Size and time stay as they were last seen, so that people see how much is away. Where nothing was ever looked for,
        the observation stands as it is.
        """
        known = columns["state"][seen.rows]
        never = columns.inserted[seen.rows] | ((seen.kind, seen.place) in self.adopted.moved)
        gone = (known != FileState.absent) & ~never
        others = np.where(never, seen.states, np.uint8(FileState.absent))
        seen.states = np.where(gone, np.uint8(FileState.unknown), others)
        columns_of_files = {attribute: columns[name][seen.rows] for name, attribute in FILE_COLUMNS.items()}
        kept = Files(**columns_of_files, blocks=np.zeros(len(seen.rows), dtype=np.int64))
        seen.files = seen.files.where(gone, kept)
        self.vanished += [(seen.kind, row, seen.place) for row in seen.rows[gone].tolist()]

    # -- comparing ---------------------------------------------------------------------------------------------------

    def _is_news(self, seen: Observations, columns: StoredColumns) -> NDArray[np.bool_]:
        """For each position whether it says more than what is known."""
        same_file = self._same_file(seen, columns)
        known = columns["state"][seen.rows]
        # A verdict on contents stands until the file is another one, or a deep look says better.
        judged = same_file & (known == FileState.bad_content) & (seen.states == FileState.sound)
        stands = judged & (not seen.deep)
        # What could not be seen stays as it was known, unless nothing was ever seen on this path, or its disk is away.
        unseen = seen.states == FileState.unknown
        stays = unseen & (not seen.vanished) & ((seen.kind, seen.place) not in self.adopted.moved)
        differs = ~same_file | (known != seen.states) | self._problem_differs(seen, columns)
        if self.adopted.changed and self.models[seen.kind].reduced:
            differs |= seen.there  # records name inputs, and what is an input may have changed with the campaign
        found: NDArray[np.bool_] = differs & ~stands & ~stays
        return found

    def _same_file(self, seen: Observations, columns: StoredColumns) -> NDArray[np.bool_]:
        same = np.ones(len(seen.rows), dtype=bool)
        for name in IDENTITY:
            same &= columns[name][seen.rows] == getattr(seen.files, FILE_COLUMNS[name])
        return same

    def _problem_differs(self, seen: Observations, columns: StoredColumns) -> NDArray[np.bool_]:
        """A problem that is seen now and was not, or no longer; one found by opening a file is not seen in passing."""
        known = columns["problem"][seen.rows]
        differs: NDArray[np.bool_] = (known == self._problems.get(NO_DATA, -1)) != seen.without_data
        for position, text in seen.problems.items():
            differs[position] = self._problems.get(text) != known[position]
        return differs

    def _doubted(self, news: Observations, columns: StoredColumns) -> NDArray[np.bool_]:
        """Whether a file was bad in its content when it was last judged, and only opening it shows if it still is."""
        doubted: NDArray[np.bool_] = columns["doubted"][news.rows] & (news.states == FileState.sound)
        return doubted & (not news.deep)

    # -- keeping -----------------------------------------------------------------------------------------------------

    def _count(self, news: Observations, columns: StoredColumns) -> None:
        known = columns["state"][news.rows]
        self.lost += int((np.isin(known, self._there(news.kind)) & (news.states == FileState.absent)).sum())
        now = {"state": news.states, "problem": self._problem_numbers(news)}
        now |= {name: getattr(news.files, FILE_COLUMNS[name]) for name in ("size", "mtime")}
        differs = np.zeros(len(news.rows), dtype=bool)
        for name in TOLD:
            differs |= columns[name][news.rows] != now[name]
        if news.kind in self.adopted.fresh:
            differs &= news.there
        self.changes += int(differs.sum())

    def _count_chosen(self, name: str) -> None:
        """Count the changes of artifacts that are looked for in several places, once a file of each has been chosen."""
        columns = self.columns[name]
        gone = np.isin(columns.before("state"), self._there(name)) & (columns["state"] == FileState.absent)
        self.lost += int(gone.sum())
        # Places are numbered anew when the campaign changes.
        differs = columns.differ(TOLD if self.adopted.changed else (*TOLD, "place"))
        if name in self.adopted.fresh:
            differs &= columns["size"] >= 0
        self.changes += int(differs.sum())

    def _there(self, name: str) -> Sequence[FileState]:
        """The states of artifacts whose loss counts."""
        # A container that could not be judged stands for all that is expected in it, there or not.
        return (FileState.sound,) if self.models[name].inside else ON_DISK

    def losses_below(self, root: int) -> RootLosses:
        """The losses of the files below a root, where artifacts are looked for below several."""
        found = RootLosses()
        for name, placed in self.placed.items():
            found.before += int(placed.was_there(root).sum())
            if placed.is_changed:
                lost = placed.was_there(root, self._there(name)) & ~placed.is_below(root, NOT_ABSENT)
                found.lost += int(lost.sum())
                found.elsewhere += int((lost & np.isin(placed.whole["state"], ON_DISK)).sum())
        return found

    def _keep_last_sound(self, news: Observations, columns: StoredColumns) -> None:
        # What was sound is remembered while it is not: copies in archives outlive the file.
        lost = news.rows[(columns["state"][news.rows] == FileState.sound) & (news.states != FileState.sound)]
        if len(lost):
            columns.put("seen_size", lost, columns["size"][lost])
            columns.put("seen_mtime", lost, columns["mtime"][lost])

    def _keep(self, news: Observations, columns: StoredColumns) -> None:
        for name, attribute in FILE_COLUMNS.items():
            columns.put(name, news.rows, getattr(news.files, attribute))
        columns.put("state", news.rows, news.states)
        # The verdict outlives all states in which a file is there and its content was not judged.
        unsettled = np.isin(news.states, (FileState.growing, FileState.bad, FileState.unknown))
        doubted = (news.states == FileState.bad_content) | (columns["doubted"][news.rows] & unsettled)
        self._put_rare("doubted", news.rows, doubted, columns)
        self._put_rare("problem", news.rows, self._problem_numbers(news), columns)

    @staticmethod
    def _put_rare(name: str, rows: NDArray[np.int64], values: NDArray[Any], columns: StoredColumns) -> None:
        """Put values into a column that mostly is empty, and takes no memory then."""
        if values.any() or columns[name][rows].any():
            columns.put(name, rows, values)

    def _problem_numbers(self, news: Observations) -> NDArray[np.int64]:
        numbers = np.zeros(len(news.rows), dtype=np.int64)
        if news.without_data.any():
            numbers[news.without_data] = self.problem(NO_DATA)
        for position, text in news.problems.items():
            numbers[position] = self.problem(text)
        return numbers
