"""What the roots and paths of a changed campaign were called before, so that what is known of a place stays known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection, delete, insert, inspect, select

from latteboard.campaign import Campaign
from latteboard.catalog.tables.kinds import KindModel
from latteboard.catalog.tables.schema import root
from latteboard.catalog.updating.record_columns import RecordColumns


@dataclass(frozen=True)
class Earlier:
    """What a root, a template or a place was before the campaign changed.

    Attributes
    ----------
    number : its number then, None if there was none
    moved : whether it leads to other files now, so that nothing was ever seen there
    """

    number: int | None
    moved: bool = False


NEW = Earlier(None)
NOWHERE = -1  # the number now of a place that is gone, or leads to other files
Roots = Sequence[tuple[str, str]]  # each as the campaign states it, and where it is once links are followed


def roots_of(campaign: Campaign) -> Roots:
    """The roots of a campaign."""
    return [(one.stated, str(one.path.resolve())) for one in campaign.roots]


def stored_roots(connection: Connection) -> Roots:
    """The roots of the last index, none before the first."""
    if not inspect(connection).has_table(root.name):
        return []
    rows = select(root.c.stated, root.c.path).order_by(root.c.number)
    return [(stated, path) for stated, path in connection.execute(rows)]


def store_roots(connection: Connection, roots: Roots) -> None:
    """Replace the roots."""
    connection.execute(delete(root))
    rows = [{"number": number, "stated": stated, "path": path} for number, (stated, path) in enumerate(roots)]
    connection.execute(insert(root), rows)


def earlier_roots(before: Roots, now: Roots) -> list[Earlier]:
    """What each root was: that which was at the same place, else that which was stated alike, else a single one.

    Examples
    --------
    >>> earlier_roots([("a", "/a"), ("b", "/b")], [("b", "/b"), ("c", "/c"), ("/x/../a", "/a")])
    [Earlier(number=1, moved=False), Earlier(number=None, moved=False), Earlier(number=0, moved=False)]
    >>> earlier_roots([("a", "/old/a")], [("a", "/new/a")])
    [Earlier(number=0, moved=True)]
    """
    found = [NEW] * len(now)
    for same, moved in ((1, False), (0, True)):
        left = [number for number in range(len(before)) if number not in {one.number for one in found}]
        for place, one in enumerate(now):
            if found[place] is NEW:
                alike = [number for number in left if before[number][same] == one[same]]
                found[place] = Earlier(alike[0], moved) if alike else NEW
    if len(before) == len(now) == 1 and found[0] is NEW:
        return [Earlier(0, moved=True)]
    return found


def earlier_templates(before: KindModel, now: KindModel) -> list[Earlier]:
    """What each template was: that which gave the same paths, else that which stood at the same position and is gone."""
    same = [before.templates.index(one) if one in before.templates else None for one in now.templates]
    gone = set(range(len(before.templates))) - set(same)
    return [
        Earlier(number) if number is not None else Earlier(position, moved=True) if position in gone else NEW
        for position, number in enumerate(same)
    ]


@dataclass(frozen=True)
class EarlierPlaces:
    """What the places of a kind were.

    Attributes
    ----------
    places : each as it was
    count : how many there were
    keeps_paths : whether a path of one of its artifacts is one of the same artifact still
    """

    places: Sequence[Earlier]
    count: int
    keeps_paths: bool

    def carried_over(self, records: RecordColumns) -> RecordColumns:
        """The records of the files that are looked for where they were, with the places as they are numbered now."""
        now = np.full(self.count, NOWHERE)
        for number, place in enumerate(self.places):
            if place.number is not None and not place.moved:
                now[place.number] = number
        moved = RecordColumns(records.entries, now[records.places])
        return moved.take(moved.places != NOWHERE)


def earlier_places(before: KindModel, now: KindModel, roots: Sequence[Earlier]) -> EarlierPlaces:
    """What each place of a kind was."""
    found = []
    for below in roots:
        for template in earlier_templates(before, now):
            if below.number is None or template.number is None:
                found.append(NEW)
            else:
                number = below.number * len(before.templates) + template.number
                found.append(Earlier(number, below.moved or template.moved))
    keeps_names = all(template in now.templates for template in before.templates)
    return EarlierPlaces(found, before.places, keeps_names and not any(below.moved for below in roots))


def moved_places(earlier: Mapping[str, EarlierPlaces]) -> frozenset[tuple[str, int]]:
    """Kind and number of the places that lead to other files than before."""
    return frozenset((name, n) for name, was in earlier.items() for n, one in enumerate(was.places) if one.moved)
