"""Expected artifacts of a small production and their needs, read from the design a second time, by plain loops.

The campaign is the dictionary that its TOML file gives; the lists that it names are texts. Nothing of latteboard is used
but the name of a source. Slow on purpose: every rule is one loop that a person can check by eye.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from plain_needs import Need, Row, arithmetic, is_among, is_arithmetic, is_left_out, stated_needs
from plain_relations import relations, streams

ABOVE = "../"  # from the first root to the folder that all roots lie in


@dataclass(frozen=True)
class Artifact:
    """One expected file.

    Attributes
    ----------
    path : under the first template of its kind, relative to the first root
    places : where it is looked for, in the order in which files there count: below each root under each template, relative to
        the first root; of an artifact that is a folder they end in a slash
    holds, files : names that must be in an artifact that is a folder, or how many files
    """

    kind: str
    path: str
    coordinates: Mapping[str, Any]
    min_bytes: int
    places: tuple[str, ...]
    holds: tuple[str, ...] = ()
    files: int = 0

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder."""
        return self.path.endswith("/")


class Production:
    """Every expected artifact of a campaign, and its needs.

    Attributes
    ----------
    order : the kinds, each after those that it needs; kinds of one job may need each other's artifacts
    artifacts : by path
    by_place : the path of the artifact of each place
    recorded : the path of the artifact of each name that a record of inputs may have, relative to any root
    inputs : for each path, for each kind that it needs in the order of ``needs``, the paths of that kind
    lacking : each kind and need for which some artifact finds no input by some entry: an error of the campaign
    """

    def __init__(self, campaign: Mapping[str, Any], lists: Mapping[str, str]) -> None:
        self.campaign = campaign
        self.kinds: Mapping[str, Mapping[str, Any]] = campaign["kinds"]
        self.relations = list(relations(campaign, lists))
        self.order = self._order()
        by_kind = {kind: self._expected(kind) for kind in self.order}
        self.artifacts = {artifact.path: artifact for kind in self.order for artifact in by_kind[kind]}
        self.by_place = {place: path for path, one in self.artifacts.items() for place in one.places}
        self.recorded = {below_root(place): path for place, path in self.by_place.items()}
        self.inputs: dict[str, dict[str, list[str]]] = {path: {} for path in self.artifacts}
        self.lacking: set[tuple[str, str]] = set()
        for kind in self.order:
            for need in self.needs(kind):
                self._link(kind, by_kind[kind], need, by_kind[need])

    def of_kind(self, kind: str) -> list[Artifact]:
        """The artifacts of one kind."""
        return [artifact for artifact in self.artifacts.values() if artifact.kind == kind]

    def inputs_of(self, path: str) -> list[str]:
        """The paths that an artifact needs, of whatever kind."""
        return [name for names in self.inputs[path].values() for name in names]

    def leader(self, kind: str) -> str:
        """The kind whose job makes this one: itself, or the one that it is made with."""
        return self.kinds[kind].get("made_with", kind)

    def needs(self, kind: str) -> list[str]:
        """The kinds that a kind is made from; one job that makes two files needs the same for both."""
        return list(dict.fromkeys(need.kind for need in stated_needs(self.kinds[self.leader(kind)])))

    def names(self, kind: str) -> set[str]:
        """The coordinates that a kind's path names, through derived names too."""
        names = names_in(self.kinds[kind]["path"])
        for name in list(names):
            if name in self.campaign.get("derive", {}):
                derived = self.campaign["derive"][name]
                names.add(derived["from"])
                for text in derived["values"].values():
                    names |= names_in(text)
        return {name for name in names if any(name in columns for _, columns, _ in self.relations)}

    def is_chain(self, kind: str) -> bool:
        """Whether artifacts of a kind need others of it, or of a kind that the same job makes."""
        return any(self.leader(need) == self.leader(kind) for need in self.needs(kind))

    def _order(self) -> list[str]:
        order: list[str] = []
        others = {k: [n for n in self.needs(k) if self.leader(n) != self.leader(k)] for k in self.kinds}
        while len(order) < len(self.kinds):
            before = len(order)
            order += [k for k in self.kinds if k not in order and all(need in order for need in others[k])]
            assert len(order) > before, "the kinds need each other in a circle"
        return order

    def _join(self, names: set[str]) -> list[Row]:
        """The natural join of those relations whose own coordinate is among ``names``."""
        rows: list[Row] = [{}]
        for own, _, relation in self.relations:
            if names & set(own):
                rows = [{**a, **b} for a in rows for b in relation if all(a[c] == b[c] for c in a if c in b)]
        return rows

    def _expected(self, kind: str) -> list[Artifact]:
        names = self.names(kind)
        only = self.kinds[self.leader(kind)].get("only", {})
        found: dict[tuple[tuple[str, Any], ...], Artifact] = {}
        for row in self._join(names):
            if not names <= row.keys():  # the ensemble does not have all of them
                continue
            coordinates = {name: row[name] for name in names}
            allowed = all(coordinates[name] in values for name, values in only.items())
            allowed = allowed and not is_left_out(self.campaign, kind, coordinates)
            if allowed and key(coordinates) not in found:
                found[key(coordinates)] = self._artifact(kind, coordinates)
        return list(found.values())

    def _artifact(self, kind: str, coordinates: Row) -> Artifact:
        table = self.kinds[kind]
        known = {**self._constants(coordinates), **coordinates}
        templates = [table["path"], *table.get("also", [])]
        for name, derived in self.campaign.get("derive", {}).items():
            if any(name in names_in(template) for template in templates):
                known[name] = derived["values"][str(known[derived["from"]])].format(**known)
        paths = [template.format(**known) for template in templates]
        places = tuple(root + path for root in self.roots() for path in paths)
        least, holds = arithmetic(str(table.get("min_bytes", 0)), known), tuple(self._held(kind, known, coordinates))
        return Artifact(kind, paths[0], coordinates, least, places, holds, table.get("files", 0))

    def _held(self, kind: str, known: Row, coordinates: Row) -> Iterator[str]:
        """The names that must be in a folder; coordinates that the folder does not have run over all their values."""
        for template in self.kinds[kind].get("holds", []):
            names = {name for name in names_in(template) if any(name in columns for _, columns, _ in self.relations)}
            rows = self._join({*coordinates, *names})
            of_it = [row for row in rows if all(row.get(name) == value for name, value in coordinates.items())]
            yield from sorted(
                {template.format(**known, **{n: row[n] for n in names - coordinates.keys()}) for row in of_it}
            )

    def roots(self) -> list[str]:
        """What stands before the path of a file below each root, the first of which all places are relative to."""
        stated = self.campaign["campaign"]["root"]
        further = stated[1:] if isinstance(stated, list) else []
        return ["", *(f"{ABOVE}{root}/" for root in further)]

    def _constants(self, coordinates: Row) -> Row:
        """Parameters, L and T of the first stream that agrees with the coordinates."""
        for ensemble, stream, settings in streams(self.campaign):
            if coordinates.get("ensemble", ensemble) == ensemble and coordinates.get("stream", stream) == stream:
                return {**settings["parameters"], "L": settings["L"], "T": settings["T"]}
        raise AssertionError(f"no stream has {coordinates}")

    def _link(self, kind: str, products: list[Artifact], need: str, inputs: list[Artifact]) -> None:
        found: dict[str, set[str]] = {a.path: set() for a in products}
        for entry in stated_needs(self.kinds[self.leader(kind)]):
            if entry.kind == need:
                for path, names in self._linked_by(kind, products, entry, inputs).items():
                    found[path] |= names
        for path, names in found.items():
            self.inputs[path][need] = [b.path for b in inputs if b.path in names]

    def _linked_by(
        self, kind: str, products: list[Artifact], entry: Need, inputs: list[Artifact]
    ) -> dict[str, set[str]]:
        """The paths that products of a kind need by one entry."""
        named, need_named = self.names(kind) | entry.replaced.keys(), self.names(entry.kind)
        rows = [row for row in self._join(named | need_named) if named | need_named <= row.keys()]
        tied: dict[Any, set[Any]] = {}
        for row in rows:
            tied.setdefault(key({n: row[n] for n in named}), set()).add(key({n: row[n] for n in need_named}))
        found: dict[str, set[str]] = {}
        for a in products:
            asked = self._asked(entry, a.coordinates) if entry.holds(a.coordinates) else None
            if asked is None:
                continue
            near = tied.get(key(asked), set())
            found[a.path] = {b.path for b in inputs if key(b.coordinates) in near}
            if not found[a.path]:
                self.lacking.add((kind, entry.kind))
        return found

    def _asked(self, entry: Need, coordinates: Mapping[str, Any]) -> Row | None:
        """An artifact's coordinates with those that an entry replaces; None where arithmetic leads outside."""
        asked = dict(coordinates)
        stated = {name: self._values(name, {}) for name in entry.replaced}
        for name, value in entry.replaced.items():
            if not is_arithmetic(value, stated[name]):
                asked[name] = next((one for one in stated[name] if is_among(one, value)), value)
        place = {name: asked[name] for name in ("ensemble", "stream") if name in asked}
        for name, value in entry.replaced.items():
            if is_arithmetic(value, stated[name]):
                asked[name] = arithmetic(value, coordinates)
                known = self._values(name, place)
                if known and not min(known) <= asked[name] <= max(known):
                    return None
        return asked

    def _values(self, name: str, place: Mapping[str, Any]) -> list[Any]:
        """The values that a coordinate has anywhere, or in one ensemble and stream."""
        rows = [row for row in self._join({name, *place}) if name in row]
        return [row[name] for row in rows if all(row.get(one) == value for one, value in place.items())]


def key(coordinates: Row | Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    """Coordinates as something that can stand in a set."""
    return tuple(sorted(coordinates.items()))


def names_in(template: str) -> set[str]:
    """The names in braces: ``{source.x}`` and ``{configuration:04d}`` name source and configuration."""
    return set(re.findall(r"\{(\w+)[^{}]*\}", template))


def below_root(place: str) -> str:
    """The path of a place relative to the root that it is below."""
    return place.removeprefix(ABOVE).partition("/")[2] if place.startswith(ABOVE) else place
