"""Entries of ``needs``: a needed kind, the coordinates that are replaced before it is looked for, and for which products."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from latteboard.campaign.tables import NeedTable


@dataclass(frozen=True)
class NeedEntry:
    """One entry of ``needs``.

    Attributes
    ----------
    kind : the needed kind
    replaced : coordinates that take the place of the product's own, or are added to them: a value, or, as a text for a
        coordinate of whole numbers, arithmetic of the product's own whole-number coordinates
    only : the values that these coordinates of a product must have for the entry to hold
    """

    kind: str
    replaced: Mapping[str, int | str] = field(default_factory=dict)
    only: Mapping[str, Sequence[int | str]] = field(default_factory=dict)

    @classmethod
    def of(cls, stated: str | NeedTable) -> Self:
        """The entry as the campaign states it: the name of a kind, or a table."""
        return cls(stated) if isinstance(stated, str) else cls(stated.kind, stated.replaced, stated.only)

    @property
    def is_plain(self) -> bool:
        """Whether it has no condition."""
        return not self.replaced and not self.only

    @property
    def conditions(self) -> str:
        """Its conditions in words, empty where there are none.

        Examples
        --------
        >>> NeedEntry("prop", {"quark": "s"}, {"meson": ["kaon", "D"]}).conditions
        'with quark = s, for meson = kaon or D'
        """
        replaced = " and ".join(f"{name} = {value}" for name, value in self.replaced.items())
        only = " and ".join(f"{name} = {' or '.join(map(str, values))}" for name, values in self.only.items())
        return ", ".join(f"{word} {text}" for word, text in (("with", replaced), ("for", only)) if text)

    def __str__(self) -> str:
        return f"{self.kind} {self.conditions}".rstrip()


Entries = Mapping[str, tuple[NeedEntry, ...]]


def read_entries(needs: Iterable[str | NeedTable]) -> dict[str, tuple[NeedEntry, ...]]:
    """The entries of each needed kind, in the order of the campaign."""
    entries: dict[str, tuple[NeedEntry, ...]] = {}
    for entry in map(NeedEntry.of, needs):
        entries[entry.kind] = (*entries.get(entry.kind, ()), entry)
    return entries
