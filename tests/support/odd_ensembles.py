"""Random ensembles, lists and axes of a campaign."""

from typing import Any

from draws import Draw, rarely
from hypothesis import strategies as st

LAYOUTS: list[dict[str, list[int]]] = [
    {"0-1": [0, 2]},
    {"0-1": [0, 2], "2-3": [2, 4]},
    {"0-1": [0, 2], "1-2": [1, 3]},  # they overlap
    {"0-2": [0, 3], "1-1": [1, 2]},  # one within the other
    {"0-0": [0, 1]},
]
PLACES = [(0, 0, 0, 0), (1, 2, 3, 4), (3, 3, 1, 7), (2, 0, 0, 1), (0, 1, 0, 11)]
SETS = [[("A", "a")], [("A", "a"), ("A", "b")], [("A", "a"), ("B", "a")], [("A", "a"), ("A", "b"), ("B", "c")]]


def ensembles(draw: Draw, lists: dict[str, str]) -> dict[str, Any]:
    """Ensembles with their streams, configurations and sources, and the lists of these."""
    found: dict[str, Any] = {}
    chosen = draw(st.sampled_from(SETS))
    for ensemble, stream in chosen:
        first = ensemble not in found
        if first:
            size = 4 + 2 * len(found)
            found[ensemble] = {"streams": [], "L": size, "T": 12}
        found[ensemble]["streams"].append(stream)
        # The first stream's settings stand under the ensemble; another one has its own, all or some.
        settings = _stream(draw, f"{ensemble}_{stream}.lst", lists, few=len(chosen) > 1)
        if first:
            found[ensemble] |= settings
        elif rarely(draw, 3):
            found[ensemble]["stream"] = {stream: {}}
        else:
            found[ensemble]["stream"] = {stream: settings}
    last = found[max(found)]
    if rarely(draw, 3) and len(last["streams"]) == 1:
        del last["streams"]
    if rarely(draw, 3) and "stream" not in last:
        for key in draw(st.sampled_from([["source_sets"], ["sources", "source_sets"]])):
            del last[key]
    if rarely(draw, 2):
        found[draw(st.sampled_from(sorted(found)))]["parameters"] = {"least": 300}
    return found


def _stream(draw: Draw, name: str, lists: dict[str, str], *, few: bool) -> dict[str, Any]:
    numbers = draw(st.sampled_from([[10], [12], [10, 14]] if few else [[10], [10, 12], [10, 14, 18]]))
    lines = []
    for number in (10, 12, 14, 18):
        turn = draw(st.integers(0, len(PLACES) - 1))
        lines += [" ".join(map(str, (number, *place))) for place in PLACES[turn:] + PLACES[:turn]]
    lists[name] = "\n".join(lines) + "\n"
    stated: Any = numbers
    if len(numbers) == 3:
        stated = f"{numbers[0]}:{numbers[-1] + 1}:4"  # 19 is not on the grid
    elif rarely(draw, 4):
        lists[f"numbers_{name}"] = "".join(f"{number} first of its line\n" for number in [*numbers, numbers[0]])
        stated = {"file": f"numbers_{name}"}
    layouts = LAYOUTS[:3] if len(numbers) == 3 else LAYOUTS
    return {"configurations": stated, "sources": {"file": name}, "source_sets": draw(st.sampled_from(layouts))}


def _list_of_axis(draw: Draw, name: str, ensembles: list[str], lists: dict[str, str]) -> dict[str, Any]:
    """Values that differ by configuration, or by ensemble and configuration; some may have none."""
    stated = {"file": name, "columns": ["configuration", "dt"]}
    places: list[tuple[Any, ...]] = [(number,) for number in (10, 12, 14, 18, 20)]
    if rarely(draw, 3):
        stated["columns"] = ["ensemble", "configuration", "dt"]
        places = [(ensemble, *place) for ensemble in ensembles for place in places]
    if rarely(draw, 3):
        stated["partial"] = True
        places.remove(draw(st.sampled_from(places)))
    rows = [(*place, dt) for place in places for dt in draw(st.sampled_from([[3], [4], [3, 4]]))]
    lists[name] = "".join(" ".join(map(str, row)) + "\n" for row in rows)
    return stated


def axes(draw: Draw, campaign: dict[str, Any], lists: dict[str, str]) -> None:
    """Axes, some with values that differ by configuration or ensemble, and a derived name of one."""
    dt, flavor = draw(st.sampled_from([[3], [3, 4]])), draw(st.sampled_from([["u"], ["u", "ud"]]))
    campaign["axes"] = {"dt": dt, "flavor": flavor}
    if rarely(draw, 3):
        campaign["axes"]["dt"] = _list_of_axis(draw, "dt.lst", list(campaign["ensembles"]), lists)
    if rarely(draw, 3):
        last = campaign["ensembles"][sorted(campaign["ensembles"])[-1]]
        last["axes"] = draw(st.sampled_from([{"dt": [4, 5]}, {"flavor": ["d"]}, {"dt": [5], "flavor": ["u", "d"]}]))
    values = {value for e in campaign["ensembles"].values() for value in e.get("axes", {}).get("flavor", flavor)}
    texts = {"u": "{dt}", "ud": "+{dt}", "d": "-{dt}"}
    used = {value: text for value, text in texts.items() if value in values}
    campaign["derive"] = {"sdt": {"from": "flavor", "values": used}}
