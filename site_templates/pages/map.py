"""The map of an ensemble and stream: configurations against steps, each cell coloured by the statuses of its artifacts."""

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
    axis, value : coordinate that distinguishes the steps of a kind; None if the kind is one step
    scope : in words, if the artifacts belong to more than the ensemble and stream of the map
    counts : number of artifacts by status
    link : link to its rows
    """

    kind: str
    counts: Mapping[str, int]
    link: str
    axis: str | None = None
    value: int | str | None = None
    scope: str = ""

    @property
    def total(self) -> int:
        """The number of artifacts."""
        return sum(self.counts.values())

    @property
    def finished(self) -> int:
        """The number of artifacts that are done, archived or unneeded."""
        return sum(self.counts.get(status, 0) for status in FINISHED_NAMES)

    @property
    def segments(self) -> Sequence[Segment]:
        """The parts of its bar."""
        return segments(self.counts)

    @property
    def description(self) -> str:
        """Its bar in words."""
        return ", ".join(f"{self.counts[status]:,} {status}" for status in ORDER if self.counts.get(status))


@dataclass(frozen=True)
class Map:
    """The content of a map's page.

    Attributes
    ----------
    ensemble, stream : None where the files of the map name none
    configurations : number of configurations
    steps : columns of the map, from left to right
    without_configuration : kinds whose files name no configuration
    statuses : statuses that occur, in the order of the bars
    """

    ensemble: str | None
    stream: str | None
    configurations: int
    steps: Sequence[Step]
    without_configuration: Sequence[Step]
    statuses: Sequence[str]


def map_of(
    ensemble: str | None,
    stream: str | None,
    layers: Sequence[Layer],
    without_configuration: Sequence[Mapping[str, Any]],
) -> Page:
    """Return the page of a map.

    Parameters
    ----------
    without_configuration : rows of :func:`status_rows` for the kinds that name no configuration, of this stream, of its
        ensemble, or of all ensembles
    """
    known = [layer.configurations for layer in layers]
    configurations = np.unique(np.concatenate(known)) if known else np.array([], np.int64)
    counts = [_counts(layer, configurations) for layer in layers]
    steps = [step for layer, count in zip(layers, counts, strict=True) for step in _steps(layer, count.sum(axis=1))]
    place = [name for name, text in (("ensemble", ensemble), ("stream", stream)) if text is not None]
    others = [_step_without_configuration(row, place) for row in without_configuration]
    occurring = {status for step in (*steps, *others) for status, number in step.counts.items() if number}
    content = Map(
        ensemble, stream, len(configurations), steps, others, [status for status in ORDER if status in occurring]
    )
    cells = np.concatenate(counts) if counts else np.zeros((0, 0, len(ORDER)), np.int64)
    return Page(
        map_page(ensemble, stream),
        map_title(ensemble, stream),
        "map.html",
        content,
        data={"cells": data_script("latteboardMap", _cells(steps, configurations, cells))},
        scripts=("map.js",),
        styles=("map.css",),
    )


def map_title(ensemble: str | None, stream: str | None) -> str:
    """Return the title of a map's page.

    Examples
    --------
    >>> map_title("a09", "e"), map_title("a09", None), map_title(None, "e"), map_title(None, None)
    ('Map of a09 e', 'Map of a09', 'Map of stream e', 'Map')
    """
    names = [text for text in (ensemble, stream) if text is not None]
    return " ".join(["Map", *(["of"] if names else []), *(["stream"] if ensemble is None and stream else []), *names])


def _counts(layer: Layer, configurations: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the numbers of artifacts, shape (columns of the layer, configurations, statuses in ``ORDER``)."""
    counts = np.zeros((max(len(layer.values), 1), len(configurations), len(ORDER)), np.int64)
    # Cells of configurations in which the kind has no artifact stay empty.
    rows = np.searchsorted(configurations, layer.configurations)
    counts[layer.columns, rows, PLACE_IN_ORDER[layer.statuses]] = layer.numbers
    return counts


def _steps(layer: Layer, totals: NDArray[np.int64]) -> list[Step]:
    """Return the columns of a kind; ``totals`` has shape (columns, statuses in ``ORDER``)."""
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


def _step_without_configuration(row: Mapping[str, Any], place: Sequence[str]) -> Step:
    """Return the step of a kind whose files name no configuration, and perhaps not all of the map's place either."""
    named = {name: row[name] for name in place if row[name] is not None}
    scope = next((f"all {name}s" for name in place if name not in named), "")
    return Step(row["kind"], row["status"], rows_link(row["kind"], **named), scope=scope)


def _cells(steps: Sequence[Step], configurations: NDArray[np.int64], cells: NDArray[np.int64]) -> dict[str, Any]:
    """Return the data that the script draws: for each cell the position of its mixture of statuses in a list of mixtures.

    ``cells`` has shape (steps, configurations, statuses). Mixture 0 is that of an empty cell, in which nothing is expected.
    The script completes the link of a step by the number of a configuration.
    """
    # Few mixtures occur, so that each of up to a million cells is one small number.
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
