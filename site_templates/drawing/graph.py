"""Layout of the graph of needs: in layers, inputs above products; edges pass between the boxes of other kinds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

ROW, GAP, MARGIN = 74.0, 26.0, 12.0  # distance of layers, space between neighbours, space around the drawing
HEIGHT = 42.0  # of a box
LETTER, LEAST = 8.0, 92.0  # width of a letter, of the narrowest box
THIN = 10.0  # width of an edge where it passes a layer
SWEEPS = 24  # more do not change the order of graphs of this size

Point = tuple[float, float]


@dataclass(frozen=True)
class Node:
    """A box; ``x`` and ``y`` are the coordinates of its middle."""

    name: str
    layer: int
    x: float
    y: float
    width: float
    height: float = HEIGHT

    @property
    def left(self) -> float:
        """The x of its left side."""
        return round(self.x - self.width / 2, 1)

    @property
    def top(self) -> float:
        """The y of its upper side."""
        return round(self.y - self.height / 2, 1)


@dataclass(frozen=True)
class Edge:
    """A line from an input to a product through these points."""

    source: str
    target: str
    points: tuple[Point, ...]

    @property
    def path(self) -> str:
        """The curve as a path of SVG; it is vertical at every point."""
        parts = [f"M{self.points[0][0]:.1f} {self.points[0][1]:.1f}"]
        for (x0, y0), (x1, y1) in pairwise(self.points):
            middle = (y0 + y1) / 2
            parts.append(f"C{x0:.1f} {middle:.1f} {x1:.1f} {middle:.1f} {x1:.1f} {y1:.1f}")
        return "".join(parts)


@dataclass(frozen=True)
class Graph:
    """Boxes and edges with the size of the drawing."""

    nodes: Sequence[Node]
    edges: Sequence[Edge]
    width: float
    height: float


@dataclass
class _Place:
    """The place of a box in its layer, or of an edge that passes a layer."""

    width: float
    above: list["_Place"] = field(default_factory=list)
    below: list["_Place"] = field(default_factory=list)
    position: int = 0
    x: float = 0.0
    layer: int = 0


def layout(needs: Mapping[str, Sequence[str]]) -> Graph:
    """Place every name below all that it needs; ``needs`` is in the order of the production and free of circles."""
    layers = _layers(needs)
    places = {name: _Place(max(LEAST, LETTER * len(name) + 26), layer=layers[name]) for name in needs}
    rows: list[list[_Place]] = [[] for _ in range(max(layers.values(), default=-1) + 1)]
    for name, place in places.items():
        rows[layers[name]].append(place)
    routes = {(need, name): _route(places[need], places[name], rows) for name in needs for need in needs[name]}
    _order(rows)
    width = _spread(rows)
    nodes = [Node(name, one.layer, one.x, _y(one.layer), one.width) for name, one in places.items()]
    edges = [Edge(source, target, _points(route)) for (source, target), route in routes.items()]
    return Graph(nodes, edges, round(width), round(_y(len(rows) - 1) + HEIGHT / 2 + MARGIN))


def _layers(needs: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Return the layer of each name: the length of the longest chain of needs above it."""
    layers: dict[str, int] = {}
    for name, inputs in needs.items():
        layers[name] = max((layers[one] + 1 for one in inputs), default=0)
    return layers


def _route(source: _Place, target: _Place, rows: list[list[_Place]]) -> list[_Place]:
    """Return the places on an edge, with a thin one added to each layer between."""
    route = [source]
    for layer in range(source.layer + 1, target.layer):
        route.append(_Place(THIN, layer=layer))
        rows[layer].append(route[-1])
    route.append(target)
    for one, next_ in pairwise(route):
        one.below.append(next_)
        next_.above.append(one)
    return route


def _order(rows: list[list[_Place]]) -> None:
    """Sort each layer by the mean position of the neighbours, downwards and upwards in turn, so that few edges cross."""
    for row in rows:
        _number(row)
    for sweep in range(SWEEPS):
        down = sweep % 2 == 0
        for row in rows if down else rows[::-1]:
            row.sort(
                key=lambda one: _mean([other.position for other in (one.above if down else one.below)], one.position)
            )
            _number(row)


def _number(row: list[_Place]) -> None:
    for position, one in enumerate(row):
        one.position = position


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _spread(rows: list[list[_Place]]) -> float:
    """Set the x of each place, as near to its neighbours as the places beside it allow; return the width of the drawing."""
    for row in rows:
        x = 0.0
        for one in row:
            one.x = x + one.width / 2
            x += one.width + GAP
    for sweep in range(SWEEPS):
        for row in rows if sweep % 2 == 0 else rows[::-1]:
            wished = [_mean([other.x for other in (*one.above, *one.below)], one.x) for one in row]
            _settle(row, wished)
    places = [one for row in rows for one in row]
    left = min((one.x - one.width / 2 for one in places), default=0.0) - MARGIN
    for one in places:
        one.x = round(one.x - left, 1)
    return max((one.x + one.width / 2 for one in places), default=0.0) + MARGIN


def _settle(row: list[_Place], wished: Sequence[float]) -> None:
    """Move the places of a layer close to their wishes without overlap: the mean of packing from the left and the right."""
    distances = [(a.width + b.width) / 2 + GAP for a, b in pairwise(row)]
    from_left = list(wished)
    for index, distance in enumerate(distances):
        from_left[index + 1] = max(wished[index + 1], from_left[index] + distance)
    from_right = list(wished)
    for index in reversed(range(len(distances))):
        from_right[index] = min(wished[index], from_right[index + 1] - distances[index])
    for one, a, b in zip(row, from_left, from_right, strict=True):
        one.x = (a + b) / 2


def _points(route: Sequence[_Place]) -> tuple[Point, ...]:
    """Return the points of an edge, from below its source through the layers between to above its target."""
    first, last = route[0], route[-1]
    # Straight past the boxes of a layer, so that it runs through none of them.
    between = [(one.x, _y(one.layer) + side * HEIGHT / 2) for one in route[1:-1] for side in (-1, 1)]
    return ((first.x, _y(first.layer) + HEIGHT / 2), *between, (last.x, _y(last.layer) - HEIGHT / 2 - 6))


def _y(layer: int) -> float:
    return MARGIN + HEIGHT / 2 + layer * ROW
