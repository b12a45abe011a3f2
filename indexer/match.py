"""Matches what is in a folder with what is expected there; what is left over is a stray."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

from indexer.places import Plan
from indexer.walk import Listing


@dataclass
class Found:
    """The files of some rows of one kind, or for a kind inside HDF5 files its containers.

    Attributes
    ----------
    rows : rows of the kind
    sizes, mtimes : of the file of each, in bytes and ns since 1970; size -1 where there is none
    hollow : whether the file has no block on disk, so that there is nothing to read in it
    paths : relative to the root, where somebody may want to open the file
    """

    kind: str
    rows: NDArray[np.int64]
    sizes: NDArray[np.int64]
    mtimes: NDArray[np.int64]
    hollow: NDArray[np.bool_]
    paths: list[str] = field(default_factory=list)


class Matcher:
    """Matches the listings of some folders, all at once: names of one folder are too little work for what each call costs."""

    def __init__(self, plan: Plan, listings: list[Listing]) -> None:
        self._plan = plan
        self._listings = listings
        self._positions = {one.path: {name: n for n, name in enumerate(one.names)} for one in listings}
        self._expected: dict[str, NDArray[np.bool_]] = {
            listing.path: np.zeros(len(listing.names) + 1, dtype=bool) for listing in listings
        }
        self.untold: list[tuple[str, NDArray[np.int64]]] = []

    def found(self, *, with_paths: bool) -> Iterator[Found]:
        """What is expected in the folders, kind by kind.

        Rows whose file could not be asked for its size are left out, and stand in ``untold`` by kind.
        """
        by_kind: dict[str, list[tuple[Listing, NDArray[np.int64]]]] = {}
        for listing in self._listings:
            for kind, number in self._plan.at.get(listing.path, ()):
                by_kind.setdefault(kind, []).append((listing, self._plan.kinds[kind].of_folder(number)))
        for kind, parts in by_kind.items():
            yield self._found(kind, parts, with_paths=with_paths or self._plan.kinds[kind].inside)

    def strays(self, listing: Listing) -> list[int]:
        """The positions of the files in a listing that no kind expects there."""
        return np.flatnonzero(~self._expected[listing.path][:-1]).tolist()

    def _found(self, kind: str, parts: list[tuple[Listing, NDArray[np.int64]]], *, with_paths: bool) -> Found:
        rows = np.concatenate([part for _, part in parts])
        names = self._plan.kinds[kind].names(rows)
        columns: list[tuple[NDArray[np.int64], ...]] = []
        paths: list[str] = []
        told = np.ones(len(rows), dtype=bool)
        start = 0
        for listing, part in parts:
            here = names[start : start + len(part)]
            where = np.fromiter(map(self._positions[listing.path].get, here, repeat(-1)), np.int64, len(here))
            self._expected[listing.path][where] = True
            columns.append(
                tuple(np.frombuffer(c, np.int64)[where] for c in (listing.sizes, listing.mtimes, listing.blocks))
            )
            if listing.untold:
                told[start : start + len(here)] = [name not in listing.untold for name in here]
            if with_paths:
                prefix = f"{listing.path}/" if listing.path else ""
                paths += [prefix + name for name in here]
            start += len(here)
        sizes, mtimes, blocks = (np.concatenate(column) for column in zip(*columns, strict=True))
        found = Found(kind, rows, sizes, mtimes, (blocks == 0) & (sizes > 0), paths)
        if told.all():
            return found
        self.untold.append((kind, rows[~told]))
        return _take(found, told)


def _take(found: Found, mask: NDArray[np.bool_]) -> Found:
    paths = [path for path, kept in zip(found.paths, mask, strict=True) if kept] if found.paths else []
    rows, sizes, mtimes, hollow = found.rows[mask], found.sizes[mask], found.mtimes[mask], found.hollow[mask]
    return Found(found.kind, rows, sizes, mtimes, hollow, paths)
