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
from site_templates.pages.definitions import (
    AxisEntry,
    EnsembleEntry,
    LeaveOutEntry,
    Parameter,
    axis_entries,
    ensemble_entry,
    leave_out_entries,
    parameter_entries,
)
from site_templates.writing.links import DICTIONARY, kind_page
from site_templates.writing.page import Page

if TYPE_CHECKING:
    from latteboard.campaign import Campaign

NAMED = 3  # kinds in the example of a question


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
    description: str | None
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
    left_out: Sequence[LeaveOutEntry]
    description: str | None
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
        ensembles=[ensemble_entry(one, campaign) for one in streams],
        lacking=list(campaign.lacking().items()),
        axes=[entry for axis, values in axes.items() for entry in axis_entries(axis, values, campaign)],
        parameters=parameter_entries(campaign),
        left_out=leave_out_entries(campaign),
        description=campaign.table.campaign.description,
        rules=rules,
        views=views,
        questions=questions(_example(kinds, streams, campaign)),
    )
    return Page(DICTIONARY, "Dictionary", "dictionary.html", content)


def _kind(model: KindModel, kinds: Mapping[str, KindModel], campaign: Campaign) -> KindEntry:
    return KindEntry(
        name=model.name,
        description=model.description,
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
    yield from (("holds", str(template)) for template in (*kind.datasets, *kind.holds))
    if kind.table.files:
        yield "holds", f"at least {counted(kind.table.files, 'file')}"


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


def _example(kinds: Mapping[str, KindModel], streams: Sequence[StreamFacts], campaign: Campaign) -> Example:
    """Return names of this campaign for the example questions: the last kinds of the production, and an ensemble.

    It is the first that has the last kind.
    """
    named = [model.name for model in kinds.values() if {"ensemble", "configuration"} <= {*model.coordinates}]
    last = named[-1] if named else next(iter(kinds))
    lacking = campaign.lacking()
    ensemble = next((one.ensemble for one in streams if last not in lacking.get(one.ensemble, ())), "")
    return Example(ensemble, tuple(named[-NAMED:]) or (last,), last, last)
