"""Figures as plotly describes them; colours and fonts are those of the page, which the script that draws puts in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

# As many as history.css names; where there are more lines, the next dash tells them apart.
COLOURS = 7
DASHES = ("solid", "dash", "dot")


@dataclass(frozen=True)
class Line:
    """How far one kind was against time: ms since 1970, UTC, and how many were finished of how many expected."""

    name: str
    times: Sequence[int]
    finished: Sequence[int]
    expected: Sequence[int]


def against_time(lines: Sequence[Line]) -> dict[str, Any]:
    """A line a kind; each point carries its numbers, of which the script that draws makes shares or heights."""
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
    del plain["layout"]["template"]  # some kilobytes about charts that are not there
    return plain
