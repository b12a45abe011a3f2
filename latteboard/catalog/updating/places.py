"""Artifacts that are looked for in several places: the file in each of them, and which of these counts.

A place is a root and a template; its number is that of the root times the number of templates, plus that of the template. What
is known of the files is kept for each place; the columns of the artifacts are those of the file that counts.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from latteboard.catalog.meta import stored_models
from latteboard.catalog.tables.kinds import KindModel
from latteboard.catalog.updating.columns import OF_FILES, StoredColumns, read_column
from latteboard.status.evidence import Copies
from latteboard.status.states import ON_DISK, FileState

Mask = NDArray[np.bool_]
Numbers = NDArray[np.int64]

# The first sound file counts; where none is sound, the first that is there; where none is, one that may be there unseen.
RANKS = {
    FileState.sound: 0,
    FileState.growing: 1,
    FileState.bad: 1,
    FileState.bad_content: 1,
    FileState.unknown: 2,
    FileState.absent: 4,
}
NEVER_SEEN = 3  # the rank of an unknown file of which nothing was ever seen
_RANK_OF = np.array([RANKS[state] for state in FileState], dtype=np.uint8)
# A file that does not count is named with its state, unless it is sound.
WORDS = {FileState.growing: " (growing)", FileState.bad: " (bad)", FileState.bad_content: " (bad)"}


class PlacedFiles:
    """The files of the artifacts of one kind in all their places.

    Attributes
    ----------
    columns : what is known of the files in each place, in the order in which they count
    whole : the columns of the artifacts
    """

    def __init__(self, model: KindModel, columns: Sequence[StoredColumns], whole: StoredColumns) -> None:
        self.columns = columns
        self.whole = whole
        self._model = model

    @property
    def is_changed(self) -> bool:
        """Whether anything that is known of a place may not be as it was."""
        return any(columns.is_changed for columns in self.columns)

    def choose(self, problem: Callable[[str], int], wordings: Mapping[int, str]) -> None:
        """Give the artifacts the columns of the files that count.

        Parameters
        ----------
        problem, wordings : the number of a problem's text, and the texts of the numbers that files have
        """
        chosen = self._chosen()
        was_sound = self.whole.before("state") == FileState.sound
        for name in OF_FILES:
            self.whole[name] = self._gathered(name, chosen)
        self.whole["place"] = chosen
        # What was sound is remembered while it is not, as in a kind of one place: copies in archives outlive the file.
        lost = np.flatnonzero(was_sound & (self.whole["state"] != FileState.sound))
        if len(lost):
            for seen, name in (("seen_size", "size"), ("seen_mtime", "mtime")):
                self.whole.put(seen, lost, self.whole.before(name)[lost])
        self._name_others(chosen, problem, wordings)

    def _chosen(self) -> NDArray[np.uint16]:
        """The place of the file that counts."""
        best = np.full(len(self.whole), max(RANKS.values()) + 1, dtype=np.uint8)
        chosen = np.zeros(len(self.whole), dtype=np.uint16)
        for place, columns in enumerate(self.columns):
            rank = _RANK_OF[columns["state"]]
            rank[(columns["state"] == FileState.unknown) & (columns["size"] < 0)] = NEVER_SEEN
            better = rank < best
            best[better], chosen[better] = rank[better], place
        return chosen

    def _gathered(self, name: str, chosen: NDArray[np.uint16]) -> NDArray[Any]:
        gathered = self.columns[0][name].copy()
        for place, columns in enumerate(self.columns[1:], start=1):
            own = chosen == place
            gathered[own] = columns[name][own]
        return gathered

    def _name_others(
        self, chosen: NDArray[np.uint16], problem: Callable[[str], int], wordings: Mapping[int, str]
    ) -> None:
        """State as a problem where further files of an artifact are; names of the one that counts are no further file."""
        others = np.stack([self._states_of_others(place, chosen) for place in range(len(self.columns))], axis=1)
        rows = np.flatnonzero(others.any(axis=1))
        if not len(rows):
            return
        own = self.whole["problem"][rows]
        kinds, number = np.unique(np.column_stack([own, others[rows]]), axis=0, return_inverse=True)
        texts = []
        for first, *states in kinds.tolist():
            also = f"also at {', '.join(self._names(states))}"
            texts.append(problem(f"{wordings[first]}; {also}" if first else also))
        self.whole.put("problem", rows, np.array(texts, dtype=np.int64)[number.ravel()])

    def _states_of_others(self, place: int, chosen: NDArray[np.uint16]) -> NDArray[np.uint8]:
        """The states of the files in a place that are there and do not count; ``absent`` elsewhere."""
        columns = self.columns[place]
        same = (columns["inode"] == self.whole["inode"]) & (columns["device"] == self.whole["device"])
        same &= columns["inode"] != 0  # that of a file which could not be opened is forgotten
        apart = (chosen != place) & np.isin(columns["state"], ON_DISK) & ~same
        states: NDArray[np.uint8] = np.where(apart, columns["state"], np.uint8(FileState.absent))
        return states

    def _names(self, states: Sequence[int]) -> Iterator[str]:
        """The places of which the states are given, as people know them: by root, by template, as far as there are several."""
        for place, state in enumerate(states):
            if state != FileState.absent:
                yield place_name(self._model, place) + WORDS.get(FileState(state), "")

    # -- what the artifacts of all roots together do not tell ---------------------------------------------------------

    def was_there(self, root: int, states: Sequence[FileState] = ON_DISK) -> Mask:
        """The artifacts of which a file in one of these states was below a root at the last index."""
        return self._below(root, states, lambda columns: columns.before("state"))

    def is_below(self, root: int, states: Sequence[FileState]) -> Mask:
        """The artifacts of which a file in one of these states is below a root now."""
        return self._below(root, states, lambda columns: columns["state"])

    def _below(
        self, root: int, states: Sequence[FileState], read: Callable[[StoredColumns], NDArray[np.uint8]]
    ) -> Mask:
        found = np.zeros(len(self.whole), dtype=bool)
        templates = len(self._model.templates)
        for columns in self.columns[root * templates : (root + 1) * templates]:
            found |= np.isin(read(columns), states)
        return found

    def other_copies(self) -> Copies:
        """The sound files that do not count: what was made from one of them was made from a copy that is still there."""
        chosen = self.whole["place"]
        parts = []
        for place, columns in enumerate(self.columns):
            rows = np.flatnonzero((columns["state"] == FileState.sound) & (chosen != place))
            parts.append((rows, columns["size"][rows], columns["mtime"][rows]))
        rows, sizes, mtimes = (np.concatenate(column) for column in zip(*parts, strict=True))
        return Copies(rows, sizes, mtimes, np.ones(len(rows), dtype=bool))

    def save(self) -> None:
        """Write what is known of each place; that of a single one stands in the columns of the artifacts."""
        if len(self.columns) > 1:
            for columns in self.columns:
                columns.save(OF_FILES)


def place_name(model: KindModel, place: int) -> str:
    """A place as people know it: by its root, where there are several, and by its template, where there are several.

    Examples
    --------
    >>> model = KindModel(*range(2), "cfg", "{n}", ("n",), ("n",), (), False, True, True, None, False, False, None, (),
    ...     also=("old/{n}",), further=((),), roots=("fast", "slow"))
    >>> [place_name(model, place) for place in range(4)]
    ['fast/{n}', 'fast/old/{n}', 'slow/{n}', 'slow/old/{n}']
    """
    root, template = divmod(place, len(model.templates))
    parts = [model.roots[root]] if len(model.roots) > 1 else []
    return "/".join([*parts, (model.path, *model.also)[template]] if model.also else parts)


def count_files_below(connection: Connection, root: int) -> int:
    """The number of artifacts with a file below a root that the last index saw, or knew although it was away."""
    number = 0
    for model in stored_models(connection):
        templates = range(root * len(model.templates), (root + 1) * len(model.templates))
        places = templates if model.places > 1 else (None,)
        # An absent file has no size, and an unknown one has that which it had when it was last seen.
        sizes = (read_column(connection, model.id, "size", place) for place in places)
        number += int(np.any([column >= 0 for column in sizes], axis=0).sum())
    return number


def stored_other_copies(connection: Connection, model: KindModel) -> tuple[Numbers, Copies]:
    """The numbers of a kind's artifacts, and the sound files that do not count, as the last index left them."""

    def columns(place: int | None) -> StoredColumns:
        return StoredColumns(connection, model.id, lambda: [0, len(ids)], stored=True, place=place)

    ids = read_column(connection, model.id, "id").astype(np.int64)
    return ids, PlacedFiles(model, [columns(place) for place in range(model.places)], columns(None)).other_copies()
