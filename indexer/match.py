"""Matches what is in a folder with what is expected there; what is left over is a stray."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

from indexer.places import Named, Plan
from indexer.walk import Listing
from latteboard.files.state import Files


@dataclass
class MatchedFiles:
    """The files of some rows of one kind under one of its templates, or for a kind inside HDF5 files its containers.

    Attributes
    ----------
    named : the kind and the number of the template
    rows : rows of the kind
    files : the file of each, none where there is none
    paths : relative to the root, where the file may have to be opened
    """

    named: Named
    rows: NDArray[np.int64]
    files: Files
    paths: list[str] = field(default_factory=list)

    def take(self, chosen: NDArray[np.bool_]) -> "MatchedFiles":
        """Those of the chosen rows."""
        paths = [path for path, kept in zip(self.paths, chosen, strict=True) if kept] if self.paths else []
        return MatchedFiles(self.named, self.rows[chosen], self.files.take(chosen), paths)


class Matcher:
    """Matches the listings of some folders, all at once: names of one folder are too little work for what each call costs."""

    def __init__(self, plan: Plan, listings: list[Listing]) -> None:
        self._plan = plan
        self._listings = listings
        self._positions = {one.path: {name: n for n, name in enumerate(one.names)} for one in listings}
        self._expected: dict[str, NDArray[np.bool_]] = {
            listing.path: np.zeros(len(listing.names) + 1, dtype=bool) for listing in listings
        }
        self.unreadable: list[tuple[Named, NDArray[np.int64]]] = []
        self.vanished: list[tuple[Named, NDArray[np.int64]]] = []

    def match(self, *, with_paths: bool) -> Iterator[MatchedFiles]:
        """The files that are expected in the folders, kind by kind and template by template.

        Rows whose file could not be asked for its size are left out, and stand in ``unreadable`` by kind and template; those
        whose name is a link that leads nowhere, or whose disk is another one now, likewise in ``vanished``.
        """
        by_kind: dict[Named, list[tuple[Listing, NDArray[np.int64]]]] = {}
        for listing in self._listings:
            for named, number in self._plan.at.get(listing.path, ()):
                by_kind.setdefault(named, []).append((listing, self._plan.rows[named].of_folder(number)))
        for named, parts in by_kind.items():
            yield self._found(named, parts, with_paths=with_paths or self._plan.rows[named].inside)

    def strays(self, listing: Listing) -> list[int]:
        """The positions of the files in a listing that no kind expects there."""
        return np.flatnonzero(~self._expected[listing.path][:-1]).tolist()

    def _found(self, named: Named, parts: list[tuple[Listing, NDArray[np.int64]]], *, with_paths: bool) -> MatchedFiles:
        rows = np.concatenate([part for _, part in parts])
        names = self._plan.rows[named].names(rows)
        found: list[Files] = []
        paths: list[str] = []
        hidden, vanished = (np.zeros(len(rows), dtype=bool) for _ in range(2))
        start = 0
        for listing, part in parts:
            here = names[start : start + len(part)]
            where = np.fromiter(map(self._positions[listing.path].get, here, repeat(-1)), np.int64, len(here))
            self._expected[listing.path][where] = True
            found.append(listing.files.take(where))
            for among, mask in ((listing.unreadable, hidden), (listing.others, vanished)):
                if among:
                    mask[start : start + len(here)] = [name in among for name in here]
            if listing.is_elsewhere:
                vanished[start : start + len(here)] |= where < 0
            if with_paths:
                prefix = f"{listing.path}/" if listing.path else ""
                paths += [prefix + name for name in here]
            start += len(here)
        matched = MatchedFiles(named, rows, Files.together(found), paths)
        for mask, left_out in ((hidden, self.unreadable), (vanished, self.vanished)):
            if mask.any():
                left_out.append((named, rows[mask]))
        apart = hidden | vanished
        return matched.take(~apart) if apart.any() else matched
