"""The pages that an index writes: what was seen, and what follows from it, in one transaction."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Table, and_, bindparam, delete, func, insert, select, update

from latteboard.campaign import Campaign
from latteboard.catalog.dialects.sqlite import bulk_insert, bulk_insert_numbers
from latteboard.catalog.rules.status import Rules
from latteboard.catalog.tables.kinds import KindModel
from latteboard.catalog.tables.schema import container, folder, problem_text, stray, summary, unreadable
from latteboard.catalog.updating.adopt import Codes, adopt
from latteboard.status.states import FIRST_STATUS, FileState, Status

ON_DISK = (FileState.sound, FileState.growing, FileState.bad, FileState.bad_content)
FACTS = ("id", "size", "mtime", "look", "problem")
# Below this share of a kind's rows, asking for each costs less than reading them all.
FEW = 0.1


@dataclass
class Looks:
    """What was seen of some artifacts of one kind, a row each.

    Attributes
    ----------
    rows : their rows in the campaign's expected artifacts
    sizes : bytes, -1 where there is no file
    mtimes : ns since 1970, 0 where there is no file
    looks : codes of :class:`FileState`
    hollow : whether the file has no block on disk, so that there is nothing to read in it
    problems : by position in these arrays, what is wrong
    deep : whether contents were looked at, so that an earlier verdict on them does not stand
    """

    kind: str
    rows: NDArray[np.int64]
    sizes: NDArray[np.int64]
    mtimes: NDArray[np.int64]
    looks: NDArray[np.uint8]
    hollow: NDArray[np.bool_]
    problems: dict[int, str] = field(default_factory=dict)
    deep: bool = False

    def take(self, positions: Sequence[int]) -> "Looks":
        """The looks at some positions only."""
        chosen = np.array(positions, dtype=np.int64)
        problems = {new: self.problems[old] for new, old in enumerate(positions) if old in self.problems}
        rows, sizes, mtimes = self.rows[chosen], self.sizes[chosen], self.mtimes[chosen]
        return Looks(self.kind, rows, sizes, mtimes, self.looks[chosen], self.hollow[chosen], problems, self.deep)


@dataclass(frozen=True)
class Input:
    """An input as a product recorded it: path relative to the root, bytes, ns since 1970 or None if times do not count."""

    path: str
    size: int
    mtime: int | None


@dataclass(frozen=True)
class FolderState:
    """What a folder was like when it was looked into; see the table ``folder``."""

    path: str
    mtime: int
    digest: int
    unsettled_until: int


@dataclass(frozen=True)
class Stray:
    """A file or folder that is no expected artifact."""

    path: str
    folder: str
    size: int | None
    mtime: int | None
    reason: str


Inspect = Callable[["Books", Looks], None]


class Books:
    """One transaction of an index."""

    def __init__(self, connection: Connection, campaign: Campaign, inspect: Inspect) -> None:
        """``inspect`` is shown what is new or changed before it is written, to look closer."""
        self.connection = connection
        self.campaign = campaign
        self.models: dict[str, KindModel]
        self.codes: Codes
        self.models, self.codes, self.fresh, self.anew = adopt(connection, campaign)
        self.rules = Rules(self.models.values())
        self.changed: set[str] = set(self.fresh)
        self.changes = 0
        self.lost = 0
        self.there_before = self._there()
        self.records: dict[tuple[str, int], list[Input] | None] = {}
        self._inspect = inspect
        self._problems: dict[str, int] = {text: n for n, text in connection.execute(select(problem_text)).all()}
        self._last_problem = max(self._problems.values(), default=0)

    # -- artifacts ---------------------------------------------------------------------------------------------------

    def record(self, looks: Looks) -> None:
        """Write what was seen, as far as it is not in the books already."""
        if looks.kind in self.fresh:
            self._inspect(self, looks)
            self._insert(looks)
            self.changes += int(np.count_nonzero(looks.sizes >= 0))
            return
        known = self._known(looks)
        positions = [p for p, old in enumerate(known) if self._differs(looks, p, old)]
        if positions:
            # A container that could not be judged stands for all that is expected in it, there or not.
            there = (FileState.sound,) if self.models[looks.kind].inside else ON_DISK
            self.lost += sum(1 for p in positions if known[p][3] in there and looks.looks[p] == FileState.absent)
            changed = looks.take(positions)
            self._inspect(self, changed)
            if self.models[looks.kind].reduced:  # a young file that says it is complete was known to be
                changed = changed.take([p for p, old in enumerate(positions) if self._differs(changed, p, known[old])])
            if len(changed.rows):
                self._update(changed)
                self.changed.add(looks.kind)
                self.changes += len(changed.rows)

    def note_inputs(self, kind: str, row: int, inputs: list[Input] | None) -> None:
        """The record of a product's inputs, None if it has none; written at the end, when every input has its row."""
        if inputs is not None or kind not in self.fresh:
            self.records[kind, row] = inputs

    def _differs(self, looks: Looks, position: int, old: Sequence[int | None]) -> bool:
        _, size, mtime, look, problem = old
        seen, new_size = int(looks.looks[position]), int(looks.sizes[position])
        if self.anew and self.models[looks.kind].reduced and new_size >= 0:
            return True  # records name inputs, and what is an input may have changed with the campaign
        same_file = (size if size is not None else -1) == new_size and (mtime or 0) == int(looks.mtimes[position])
        if same_file and look == FileState.bad_content and not looks.deep and seen == FileState.sound:
            return False  # a verdict stands until size or time changes
        if seen == FileState.unknown:
            return False  # what was known stays
        text = looks.problems.get(position)
        return not same_file or look != seen or (text is not None and self._problems.get(text) != problem)

    def _known(self, looks: Looks) -> list[Sequence[int]]:
        """What the books say of the artifacts: id, size, mtime, look, problem."""
        model, table = self.models[looks.kind], self.rules.tables[looks.kind]
        keys = self._keys(looks)
        columns = [table.c[name] for name in FACTS]
        names = model.coordinates
        if names and len(keys) < FEW * len(self.campaign.expected(looks.kind)):
            one = select(*columns).where(and_(*(table.c[name] == bindparam(name) for name in names)))
            statement = str(one.compile(dialect=self.connection.dialect))
            cursor = self.connection.connection.cursor()
            return [cursor.execute(statement, key).fetchone() for key in keys]
        everything = self.connection.execute(select(*(table.c[name] for name in names), *columns))
        by_key = {tuple(row[: len(names)]): row[len(names) :] for row in everything}
        return [by_key[key] for key in keys]

    def _keys(self, looks: Looks) -> list[tuple[int, ...]]:
        """The coordinates as the tables store them."""
        expected = self.campaign.expected(looks.kind).rows
        columns = [self.codes[name][column[looks.rows]].tolist() for name, column in expected.items()]
        return list(zip(*columns, strict=True)) if columns else [()] * len(looks.rows)

    def _insert(self, looks: Looks) -> None:
        """Insert rows, look by look: what is the same in all of them need not be handed over."""
        if looks.problems:
            wrong = np.isin(np.arange(len(looks.rows)), list(looks.problems))
            self._insert_alike(looks.take(np.flatnonzero(~wrong).tolist()))
            self._insert_alike(looks.take(np.flatnonzero(wrong).tolist()))
        else:
            self._insert_alike(looks)

    def _insert_alike(self, looks: Looks) -> None:
        """Insert rows of which all or none have a problem."""
        model, table = self.models[looks.kind], self.rules.tables[looks.kind]
        expected = self.campaign.expected(looks.kind).rows
        columns = {name: self.codes[name][column[looks.rows]] for name, column in expected.items()}
        columns |= {"id": looks.rows + 1, "size": looks.sizes, "mtime": looks.mtimes}
        if looks.problems:
            columns["problem"] = np.array([self._problem(looks.problems[p]) for p in range(len(looks.rows))])
        for look in map(FileState, np.unique(looks.looks).tolist()):
            chosen = [name for name in columns if look in ON_DISK or name not in ("size", "mtime")]
            matrix = np.stack([columns[name] for name in chosen], axis=1)[looks.looks == look]
            constants = {"look": look, "status": FIRST_STATUS[look], "wanted": not model.temporary, "needed": False}
            bulk_insert_numbers(self.connection, table, chosen, matrix, constants)

    def _update(self, looks: Looks) -> None:
        table = self.rules.tables[looks.kind]
        names = self.models[looks.kind].coordinates
        statement = update(table).where(*(table.c[name] == bindparam(f"key_{name}") for name in names))
        rows = []
        for position, key in enumerate(self._keys(looks)):
            there = looks.sizes[position] >= 0
            text, look = looks.problems.get(position), int(looks.looks[position])
            values = {
                "size": int(looks.sizes[position]) if there else None,
                "mtime": int(looks.mtimes[position]) if there else None,
                "look": look,
                "problem": self._problem(text) if text else None,
                "status": int(FIRST_STATUS[FileState(look)]),
                "blocked_by": None,
                "blocked_count": None,
            }
            rows.append({**values, **{f"key_{name}": code for name, code in zip(names, key, strict=True)}})
        self.connection.execute(statement, rows)

    def _problem(self, text: str) -> int:
        if text not in self._problems:
            self._last_problem += 1
            self._problems[text] = self._last_problem
            self.connection.execute(insert(problem_text).values(id=self._problems[text], text=text))
        return self._problems[text]

    def _there(self) -> int:
        """How many artifacts were on disk as of the last index."""
        on_disk = [status.name for status in (Status.growing, Status.bad, Status.stale, Status.done)]
        counted = select(func.sum(summary.c.number)).where(summary.c.status.in_(on_disk))
        return int(self.connection.execute(counted).scalar() or 0)

    # -- folders and strays ------------------------------------------------------------------------------------------

    def replace_folders(self, states: Iterable[FolderState], *, relisted: Iterable[str], gone: Iterable[str]) -> None:
        """Note how folders are now; strays of those ``gone`` or ``relisted`` go with what was known of them."""
        states = [state for state in states if printable(state.path) == state.path]
        gone = list(gone)
        _delete_by(self.connection, folder, "path", [(printable(p),) for p in (*(s.path for s in states), *gone)])
        _delete_by(self.connection, stray, "folder", [(printable(p),) for p in (*relisted, *gone)])
        rows = ((s.path, s.mtime, s.digest, s.unsettled_until) for s in states)
        bulk_insert(self.connection, folder, ("path", "mtime", "digest", "unsettled_until"), rows)

    def add_strays(self, strays: Iterable[Stray]) -> None:
        """List files and folders that are no artifact; those of their folders have been removed before."""
        rows: dict[str, tuple[object, ...]] = {}
        for s in strays:
            name, folder_mark = printable(s.path).rstrip("/"), "/" * s.path.endswith("/")
            # A name may hold, as text, what another one's bytes are written as.
            while (path := name + folder_mark) in rows:
                name += "~"
            rows[path] = (path, printable(s.folder), s.size, s.mtime, s.reason)
        bulk_insert(self.connection, stray, ("path", "folder", "size", "mtime", "reason"), rows.values())

    def folders_of_strays(self) -> list[str]:
        """The folders that strays are listed of, as they are shown."""
        return list(self.connection.execute(select(stray.c.folder).distinct()).scalars())

    def replace_unreadable(self, reasons: dict[str, str]) -> None:
        """Note the folders that could not be read this time."""
        self.connection.execute(delete(unreadable))
        if reasons:
            rows = [{"path": printable(path), "reason": reason} for path, reason in sorted(reasons.items())]
            self.connection.execute(insert(unreadable), rows)

    def replace_containers(self, states: dict[str, tuple[int, int] | None]) -> None:
        """Note size and time of the containers whose datasets have been read, and forget those with None."""
        _delete_by(self.connection, container, "path", [(path,) for path in states])
        rows = ((path, *state) for path, state in states.items() if state is not None)
        bulk_insert(self.connection, container, ("path", "size", "mtime"), rows)

    def count(self, table: Table, *conditions: object) -> int:
        """How many rows a table has."""
        return self.connection.execute(select(func.count()).select_from(table).where(*conditions)).scalar_one()  # type: ignore[arg-type]


def printable(path: str) -> str:
    """A path as text that every database takes: bytes of a name that are not UTF-8 are written as \\xNN."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _delete_by(connection: Connection, table: Table, column: str, values: list[tuple[str]]) -> None:
    statement = delete(table).where(table.c[column] == bindparam("value"))
    if values:
        connection.connection.cursor().executemany(str(statement.compile(dialect=connection.dialect)), values)
