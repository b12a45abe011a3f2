"""Expected artifacts of a small production and their needs, read from the design a second time, by plain loops.

The campaign is the dictionary that its TOML file gives; the lists that it names are texts. Nothing of latteboard is used
but the name of a source. Slow on purpose: every rule is one loop that a person can check by eye.
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from latteboard.names.templates import Source

Row = dict[str, Any]


@dataclass(frozen=True)
class Artifact:
    """One expected file."""

    kind: str
    path: str
    coordinates: Mapping[str, Any]
    min_bytes: int


class Production:
    """Every expected artifact of a campaign, and its needs.

    Attributes
    ----------
    order : the kinds, each after those that it needs
    artifacts : by path
    inputs : for each path, for each kind that it needs in the order of ``needs``, the paths of that kind
    """

    def __init__(self, campaign: Mapping[str, Any], lists: Mapping[str, str]) -> None:
        self.campaign = campaign
        self.kinds: Mapping[str, Mapping[str, Any]] = campaign["kinds"]
        self.relations = list(relations(campaign, lists))
        self.order = self._order()
        by_kind = {kind: self._expected(kind) for kind in self.order}
        self.artifacts = {artifact.path: artifact for kind in self.order for artifact in by_kind[kind]}
        self.inputs: dict[str, dict[str, list[str]]] = {path: {} for path in self.artifacts}
        for kind in self.order:
            for need in self.needs(kind):
                self._link(by_kind[kind], by_kind[need])

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
        return self.kinds[self.leader(kind)].get("needs", [])

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

    def kinds_without_inputs(self) -> set[tuple[str, str]]:
        """Each kind and need for which some artifact finds no input: an error of the campaign."""
        return {
            (artifact.kind, need)
            for path, artifact in self.artifacts.items()
            for need in self.needs(artifact.kind)
            if not self.inputs[path].get(need)
        }

    def _order(self) -> list[str]:
        order: list[str] = []
        while len(order) < len(self.kinds):
            before = len(order)
            order += [k for k in self.kinds if k not in order and all(need in order for need in self.needs(k))]
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
            if allowed and key(coordinates) not in found:
                found[key(coordinates)] = self._artifact(kind, coordinates)
        return list(found.values())

    def _artifact(self, kind: str, coordinates: Row) -> Artifact:
        known = {**self._constants(coordinates), **coordinates}
        for name, derived in self.campaign.get("derive", {}).items():
            if name in names_in(self.kinds[kind]["path"]):
                known[name] = derived["values"][str(known[derived["from"]])].format(**known)
        size = self.kinds[kind].get("min_bytes", 0)
        return Artifact(kind, self.kinds[kind]["path"].format(**known), coordinates, arithmetic(str(size), known))

    def _constants(self, coordinates: Row) -> Row:
        """Parameters, L and T of the first stream that agrees with the coordinates."""
        for ensemble, stream, settings in streams(self.campaign):
            if coordinates.get("ensemble", ensemble) == ensemble and coordinates.get("stream", stream) == stream:
                return {**settings["parameters"], "L": settings["L"], "T": settings["T"]}
        raise AssertionError(f"no stream has {coordinates}")

    def _link(self, products: list[Artifact], inputs: list[Artifact]) -> None:
        if not products or not inputs:
            return
        kind, need = products[0].kind, inputs[0].kind
        named, need_named = self.names(kind), self.names(need)
        rows = [row for row in self._join(named | need_named) if named | need_named <= row.keys()]
        pairs = {(key({n: row[n] for n in named}), key({n: row[n] for n in need_named})) for row in rows}
        for a in products:
            self.inputs[a.path][need] = [b.path for b in inputs if (key(a.coordinates), key(b.coordinates)) in pairs]


def key(coordinates: Row | Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    """Coordinates as something that can stand in a set."""
    return tuple(sorted(coordinates.items()))


def names_in(template: str) -> set[str]:
    """The names in braces: ``{source.x}`` and ``{configuration:04d}`` name source and configuration."""
    return set(re.findall(r"\{(\w+)[^{}]*\}", template))


def arithmetic(text: str, names: Mapping[str, Any]) -> int:
    """The value of sums of products of names and whole numbers."""
    sums = (term.split(" * ") for term in text.split(" + "))
    return sum(math.prod(names[word] if word in names else int(word) for word in words) for words in sums)


def streams(campaign: Mapping[str, Any]) -> Iterator[tuple[str, str | None, Row]]:
    """Each ensemble and stream with its settings: those of the stream go before those of the ensemble.

    An ensemble without streams is one by itself, without a name.
    """
    for ensemble, stated in campaign["ensembles"].items():
        for stream in stated.get("streams", [None]):
            own = stated.get("stream", {}).get(stream, {})
            parameters = [table.get("parameters", {}) for table in (campaign, stated, own)]
            yield ensemble, stream, {**stated, **own, "parameters": {k: v for p in parameters for k, v in p.items()}}


Relation = tuple[tuple[str, ...], tuple[str, ...], list[Row]]


def relations(campaign: Mapping[str, Any], lists: Mapping[str, str]) -> Iterator[Relation]:
    """Own coordinates, columns and rows of each relation: sources first, then one for each axis.

    A row has no entry for a coordinate that its ensemble does not have. Rows of a list of an axis that belong to no
    configuration are left out.
    """
    columns = ("ensemble", "stream", "configuration", "source_set", "source")
    main: list[Row] = []
    for ensemble, stream, settings in streams(campaign):
        for number in configurations(settings["configurations"], lists):
            place = {"ensemble": ensemble, "configuration": number} | ({} if stream is None else {"stream": stream})
            if "sources" not in settings:
                main.append(place)
                continue
            found = sources(lists[settings["sources"]["file"]], number)
            if "source_sets" not in settings:
                main += [{**place, "source": source} for source in found]
            for name, (first, end) in settings.get("source_sets", {}).items():
                main += [{**place, "source_set": name, "source": source} for source in found[first:end]]
    yield columns, columns, main
    everywhere = campaign.get("axes", {})
    own = {axis for ensemble in campaign["ensembles"].values() for axis in ensemble.get("axes", {})}
    for axis in sorted({*everywhere, *own}):
        rows = []
        for ensemble, stated in campaign["ensembles"].items():
            values = stated.get("axes", {}).get(axis, everywhere.get(axis, []))
            if isinstance(values, dict):
                rows += [{"ensemble": ensemble, **row} for row in axis_list(lists[values["file"]], values["columns"])]
            else:
                rows += [{"ensemble": ensemble, axis: value} for value in values]
        there = [row for row in rows if any(row.items() - {(axis, row[axis])} <= other.items() for other in main)]
        yield (axis,), ("ensemble", axis), there


def axis_list(text: str, columns: list[str]) -> list[Row]:
    """The rows of a list of whole numbers."""
    return [dict(zip(columns, map(int, line.split()), strict=True)) for line in text.splitlines()]


def configurations(stated: Any, lists: Mapping[str, str]) -> list[int]:
    """The numbers of ``start:end:step`` (the end included if on the grid), of a list, or of a file's first words."""
    if isinstance(stated, str):
        start, end, step = map(int, stated.split(":"))
        return list(range(start, end + 1, step))
    if isinstance(stated, dict):
        return sorted({int(line.split()[0]) for line in lists[stated["file"]].splitlines()})
    return sorted(set(stated))


def sources(text: str, number: int) -> list[Source]:
    """The sources of one configuration, in the order of the list."""
    lines = (list(map(int, line.split())) for line in text.splitlines())
    return [Source(*place) for configuration, *place in lines if configuration == number]
