"""The map of one ensemble and stream: configurations against steps, each cell by the statuses of its artifacts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latteboard.catalog.questions.history import FINISHED
from latteboard.catalog.questions.map_layers import Layer
from latteboard.status.states import Status
from site_templates.drawing.bars import ORDER, TROUBLE, Segment, segments
from site_templates.writing.data import data_script
from site_templates.writing.links import map_page, rows_link
from site_templates.writing.page import Page

PLACE_IN_ORDER = np.array([ORDER.index(status.name) for status in Status])
FINISHED_NAMES = tuple(status.name for status in FINISHED)


@dataclass(frozen=True)
class Step:
    """A column of the map, or a kind whose files name no configuration.

    Attributes
    ----------
    axis, value : what tells it from the other steps of its kind; None where the kind is one step
    scope : which artifacts are meant, where that is not those of the map's ensemble and stream alone
    counts : how many artifacts have each status
    link : leads to its rows
    """

    kind: str
    counts: Mapping[str, int]
    link: str
    axis: str | None = None
    value: int | str | None = None
    scope: str = ""

    @property
    def total(self) -> int:
        """How many artifacts there are."""
        return sum(self.counts.values())

    @property
    def finished(self) -> int:
        """How many are done, archived, or needed no more."""
        return sum(self.counts.get(status, 0) for status in FINISHED_NAMES)

    @property
    def segments(self) -> Sequence[Segment]:
        """The parts of its bar."""
        return segments(self.counts)

    @property
    def said(self) -> str:
        """Its bar in words."""
        return ", ".join(f"{self.counts[status]:,} {status}" for status in ORDER if self.counts.get(status))


@dataclass(frozen=True)
class Map:
    """The content of a map's page.

    Attributes
    ----------
    configurations : how many
    steps : the columns, from left to right
    apart : kinds whose files name no configuration
    statuses : that occur, in the order of the bars
    """

    ensemble: str
    stream: str
    configurations: int
    steps: Sequence[Step]
    apart: Sequence[Step]
    statuses: Sequence[str]


def map_of(ensemble: str, stream: str, layers: Sequence[Layer], apart: Sequence[Mapping[str, Any]]) -> Page:
    """The page of a map.

    Parameters
    ----------
    apart : rows of :func:`status_rows` of the kinds that name no configuration, of this stream, its ensemble or all
    """
    known = [layer.configurations for layer in layers]
    configurations = np.unique(np.concatenate(known)) if known else np.array([], np.int64)
    counts = [_counts(layer, configurations) for layer in layers]
    steps = [step for layer, count in zip(layers, counts, strict=True) for step in _steps(layer, count.sum(axis=1))]
    others = [_apart(row) for row in apart]
    there = {status for step in (*steps, *others) for status, number in step.counts.items() if number}
    content = Map(ensemble, stream, len(configurations), steps, others, [status for status in ORDER if status in there])
    cells = np.concatenate(counts) if counts else np.zeros((0, 0, len(ORDER)), np.int64)
    return Page(
        map_page(ensemble, stream),
        f"Map of {ensemble} {stream}",
        "map.html",
        content,
        data={"cells": data_script("latteboardMap", _cells(steps, configurations, cells))},
        scripts=("map.js",),
        styles=("map.css",),
    )


def _counts(layer: Layer, configurations: NDArray[np.int64]) -> NDArray[np.int64]:
    """Shape (columns of the layer, configurations, statuses in ``ORDER``)."""
    counts = np.zeros((max(len(layer.values), 1), len(configurations), len(ORDER)), np.int64)
    rows = np.searchsorted(configurations, layer.configurations)
    counts[layer.columns, rows, PLACE_IN_ORDER[layer.statuses]] = layer.numbers
    return counts


def _steps(layer: Layer, totals: NDArray[np.int64]) -> list[Step]:
    """The columns of a kind; ``totals`` has shape (columns, statuses in ``ORDER``)."""
    return [
        Step(
            layer.kind,
            {status: number for status, number in zip(ORDER, numbers, strict=True) if number},
            rows_link(layer.kind, **layer.place, **({layer.axis: value} if layer.axis else {})),
            layer.axis,
            value,
        )
        for value, numbers in zip(layer.values or (None,), totals.tolist(), strict=True)
    ]


def _apart(row: Mapping[str, Any]) -> Step:
    """A kind whose files name no configuration; it may name no stream or no ensemble either."""
    named = {name: row[name] for name in ("ensemble", "stream") if row[name] is not None}
    scope = "" if len(named) == 2 else "all streams" if named else "all ensembles"
    return Step(row["kind"], row["status"], rows_link(row["kind"], **named), scope=scope)


def _cells(steps: Sequence[Step], configurations: NDArray[np.int64], cells: NDArray[np.int64]) -> dict[str, Any]:
    """What the script draws: each cell is the place of its mixture of statuses in a list of all that occur.

    ``cells`` has shape (steps, configurations, statuses); mixture 0 is that of a cell in which nothing is expected. The
    link of a step lacks the number of the configuration at its end.
    """
    flat = np.concatenate([np.zeros((1, len(ORDER)), np.int64), cells.reshape(-1, len(ORDER))])
    mixtures, codes = np.unique(flat, axis=0, return_inverse=True)
    columns = codes.ravel()[1:].reshape(cells.shape[:2])
    return {
        "statuses": ORDER,
        "finished": FINISHED_NAMES,
        "trouble": TROUBLE,
        "configurations": configurations.tolist(),
        "steps": [
            {"kind": step.kind, "axis": step.axis, "value": step.value, "link": f"{step.link}&configuration=%3D"}
            for step in steps
        ],
        "mixtures": [[[place, number] for place, number in enumerate(one) if number] for one in mixtures.tolist()],
        "codes": columns.tolist(),
    }
