"""Figures in the form of plotly; ``static/history.js``, which draws them, adds the colours and fonts of the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

# The number of colours in history.css; of more lines, the dash tells those of one colour apart.
COLOURS = 7
DASHES = ("solid", "dash", "dot")


@dataclass(frozen=True)
class Line:
    """Progress of one kind: times in ms since 1970, UTC, and the numbers of finished and expected artifacts."""

    name: str
    times: Sequence[int]
    finished: Sequence[int]
    expected: Sequence[int]


def progress_figure(lines: Sequence[Line]) -> dict[str, Any]:
    """Return a figure with a line for each kind; its points carry the numbers, from which the script derives the heights."""
    import plotly.graph_objects as go

    figure = go.Figure(layout={"template": "none"})
    for place, line in enumerate(lines):
        numbers = [list(pair) for pair in zip(line.finished, line.expected, strict=True)]
        figure.add_scatter(
            name=line.name,
            x=list(line.times),
            customdata=numbers,
            mode="lines",
            line={"width": 1.75, "dash": DASHES[place // COLOURS % len(DASHES)]},
            meta=place % COLOURS + 1,
            hovertemplate="%{customdata[0]:,} of %{customdata[1]:,}<br>%{x|%Y-%m-%d %H:%M} UTC",
        )
    figure.update_xaxes(
        type="date", title={"text": "time (UTC)", "font": {"size": 13}}, showgrid=False, ticks="outside", ticklen=4
    )
    figure.update_yaxes(zeroline=False, rangemode="tozero", gridwidth=1, separatethousands=True)
    figure.update_layout(
        hovermode="closest",
        hoverdistance=30,
        legend={"traceorder": "normal", "itemclick": "toggle", "itemdoubleclick": "toggleothers"},
        margin={"l": 60, "r": 10, "t": 10, "b": 45},
        separators=".,",
    )
    plain: dict[str, Any] = figure.to_plotly_json()
    del plain["layout"]["template"]  # some kilobytes about other types of charts
    return plain
