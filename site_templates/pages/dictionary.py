"""The data dictionary: the kinds, ensembles and axes of a campaign, their needs, and example questions in SQL."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from latteboard.catalog.questions.contents import StreamFacts, View
from latteboard.catalog.questions.sql_examples import Example, Question, questions
from latteboard.catalog.tables.kinds import KindModel
from latteboard.recipe import named_step
from latteboard.text import counted
from site_templates.drawing.graph import Edge, Graph, Node, layout
from site_templates.writing.links import DICTIONARY, kind_page
from site_templates.writing.page import Page

if TYPE_CHECKING:
    from latteboard.campaign import Campaign

NAMED = 3  # kinds in the example of a question
MANY = 24  # values of an axis written out


@dataclass(frozen=True)
class KindEntry:
    """One kind.

    Attributes
    ----------
    needs : kinds that it is made from, each with the conditions in words
    signs : properties in a word each: given, temporary, reduced, ...
    facts : further statements of the campaign, each with its name
    """

    name: str
    link: str
    path: str
    coordinates: Sequence[str]
    needs: Sequence[tuple[str, str]]
    needed_by: Sequence[str]
    signs: Sequence[str]
    facts: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Box:
    """A kind in the drawing: its place, its link, its shape, and its properties in words.

    Attributes
    ----------
    chain : kinds of its own job that it needs at other coordinates, itself mostly
    """

    node: Node
    link: str
    shape: str
    signs: str
    chain: Sequence[str]


@dataclass(frozen=True)
class Drawing:
    """The graph of needs, as a drawing and, in ``needs``, as a list."""

    boxes: Sequence[Box]
    edges: Sequence[Edge]
    width: float
    height: float
    needs: Sequence[tuple[str, Sequence[tuple[str, str]]]]


@dataclass(frozen=True)
class EnsembleEntry:
    """One stream of one ensemble, or an ensemble without streams; ``lattice`` is (L, T)."""

    ensemble: str
    stream: str | None
    lattice: tuple[int, int]
    configurations: str
    source_sets: str


@dataclass(frozen=True)
class AxisEntry:
    """The values of an axis, once for all ensembles that share them."""

    axis: str
    ensembles: str
    values: str


@dataclass(frozen=True)
class Parameter:
    """A value of a parameter, and the streams that have it."""

    name: str
    where: str
    value: str


@dataclass(frozen=True)
class Dictionary:
    """The content of the page.

    Attributes
    ----------
    roots : those below which files are looked for
    lacking : ensembles, each with the kinds that it has not, since it does not have all their coordinates
    """

    kinds: Sequence[KindEntry]
    roots: Sequence[str]
    drawing: Drawing
    ensembles: Sequence[EnsembleEntry]
    lacking: Sequence[tuple[str, Sequence[str]]]
    axes: Sequence[AxisEntry]
    parameters: Sequence[Parameter]
    rules: Mapping[str, str]
    views: Sequence[View]
    questions: Sequence[Question]


def dictionary(
    kinds: Mapping[str, KindModel],
    streams: Sequence[StreamFacts],
    axes: Mapping[str, Mapping[str, Sequence[int | str]]],
    views: Sequence[View],
    rules: Mapping[str, str],
    campaign: Campaign,
) -> Page:
    """Return the page, from the catalog and its campaign, which alone knows recipes, sizes, parameters and lattices."""
    content = Dictionary(
        kinds=[_kind(model, kinds, campaign) for model in kinds.values()],
        roots=next(iter(kinds.values())).roots,
        drawing=_draw(kinds),
        ensembles=[_ensemble(one, campaign) for one in streams],
        lacking=list(campaign.lacking().items()),
        axes=[entry for axis, values in axes.items() for entry in _axis(axis, values, campaign)],
        parameters=_parameters(campaign),
        rules=rules,
        views=views,
        questions=questions(_example(kinds, streams, campaign)),
    )
    return Page(DICTIONARY, "Dictionary", "dictionary.html", content)


def _kind(model: KindModel, kinds: Mapping[str, KindModel], campaign: Campaign) -> KindEntry:
    return KindEntry(
        name=model.name,
        link=kind_page(model.name),
        path=model.path,
        coordinates=model.coordinates,
        needs=model.conditions,
        needed_by=[other.name for other in kinds.values() if model.name in other.needs],
        signs=_signs(model),
        facts=list(_facts(model, campaign)),
    )


def _signs(model: KindModel) -> list[str]:
    signs = {
        "given": model.given,
        "reduced": model.reduced,
        "temporary": model.temporary,
        "inside a file": model.inside,
        "never stale": not model.stale,
    }
    return [sign for sign, holds in signs.items() if holds]


def _facts(model: KindModel, campaign: Campaign) -> Iterator[tuple[str, str]]:
    """Yield further statements of the campaign about a kind, each with its name."""
    kind = campaign.kinds[model.name]
    facts = {
        "made with": model.made_with,
        "archive": model.archive,
        "at least": str(kind.min_bytes) if kind.min_bytes.text != "0" else "",
        "only": "; ".join(f"{name} = {', '.join(map(str, values))}" for name, values in kind.table.only.items()),
        "recipe": " → ".join(_step(*named_step(step)) for step in kind.table.reduce),
    }
    yield from (("also", template) for template in model.also)
    yield from ((name, text) for name, text in facts.items() if text)
    yield from (("holds", str(template)) for template in kind.datasets)


def _step(name: str, options: Mapping[str, object]) -> str:
    return (
        f"{name} ({', '.join(f'{key} = {json.dumps(value)}' for key, value in options.items())})" if options else name
    )


def _draw(kinds: Mapping[str, KindModel]) -> Drawing:
    chains = {name: [n for n in model.needs if kinds[n].leader == model.leader] for name, model in kinds.items()}
    graph: Graph = layout({name: [n for n in model.needs if n not in chains[name]] for name, model in kinds.items()})
    boxes = []
    for node in graph.nodes:
        model = kinds[node.name]
        shape = "given" if model.given else "reduced" if model.reduced else "made"
        signs = [sign for sign in _signs(model) if sign in ("given", "reduced", "temporary")]
        boxes.append(Box(node, kind_page(node.name), shape, ", ".join(signs), chains[node.name]))
    needs = [(model.name, model.conditions) for model in kinds.values()]
    return Drawing(boxes, graph.edges, graph.width, graph.height, needs)


def _ensemble(one: StreamFacts, campaign: Campaign) -> EnsembleEntry:
    place = {"ensemble": one.ensemble, "stream": one.stream}
    stated = campaign.stream({name: value for name, value in place.items() if value is not None})
    numbers = f"{one.configurations:,}: {one.first} to {one.last}" if one.configurations > 1 else str(one.first)
    return EnsembleEntry(
        ensemble=one.ensemble,
        stream=one.stream,
        lattice=(stated.L, stated.T),
        configurations=numbers,
        source_sets=", ".join(_source_set(name, number) for name, number in one.source_sets),
    )


def _source_set(name: str | None, number: int) -> str:
    """Return a source set in words; sources without sets have no name."""
    sources = counted(number, "source")
    return sources if name is None else f"{name} ({sources})"


def _axis(axis: str, by_ensemble: Mapping[str, Sequence[int | str]], campaign: Campaign) -> list[AxisEntry]:
    """Return one entry if all ensembles have the same values, else one for each list of values."""
    depends = campaign.relations.axes[axis].on[1:]
    by = f" (by {' and '.join(depends)})" if depends else ""
    same: dict[tuple[int | str, ...], list[str]] = {}
    for ensemble, values in by_ensemble.items():
        same.setdefault(tuple(values), []).append(ensemble)
    return [
        AxisEntry(
            axis, "all" if ensembles == [*campaign.table.ensembles] else ", ".join(ensembles), _listed(values) + by
        )
        for values, ensembles in same.items()
    ]


def _listed(values: Sequence[int | str]) -> str:
    more = f", … ({len(values) - MANY:,} more)" if len(values) > MANY else ""
    return ", ".join(map(str, values[:MANY])) + more


def _parameters(campaign: Campaign) -> list[Parameter]:
    """Return one entry for a parameter with one value everywhere, else one for each value with the streams that have it."""
    names = dict.fromkeys(name for stream in campaign.streams for name in stream.parameters)
    entries = []
    for name in names:
        same: dict[str, list[str]] = {}
        for stream in campaign.streams:
            if name in stream.parameters:
                same.setdefault(str(stream.parameters[name]), []).append(str(stream))
        for value, streams in same.items():
            everywhere = len(streams) == len(campaign.streams)
            entries.append(Parameter(name, "all" if everywhere else ", ".join(streams), value))
    return entries


def _example(kinds: Mapping[str, KindModel], streams: Sequence[StreamFacts], campaign: Campaign) -> Example:
    """Return names of this campaign for the example questions: the last kinds of the production, and an ensemble.

    It is the first that has the last kind.
    """
    named = [model.name for model in kinds.values() if {"ensemble", "configuration"} <= {*model.coordinates}]
    last = named[-1] if named else next(iter(kinds))
    lacking = campaign.lacking()
    ensemble = next((one.ensemble for one in streams if last not in lacking.get(one.ensemble, ())), "")
    return Example(ensemble, tuple(named[-NAMED:]) or (last,), last, last)
