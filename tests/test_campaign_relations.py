"""Ensembles without streams, sources or sets, and axes that differ by configuration: against joins in plain loops."""

import json
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from latteboard.campaign import Campaign
from latteboard.campaign.conditions import inputs_of
from latteboard.campaign.entries import NeedEntry
from latteboard.campaign.needs import links
from latteboard.errors import CampaignError
from latteboard.names.templates import Source

Row = dict[str, Any]

PLACES = [Source(0, 0, 0, 0), Source(1, 2, 3, 4), Source(3, 3, 3, 7)]
COORDINATES = ("ensemble", "stream", "configuration", "source_set", "source", "dt", "t0")
SETS = {"0": (0, 1), "0-1": (0, 2)}
CONFIGURATIONS = st.lists(st.integers(1, 3), min_size=1, max_size=3, unique=True)
# The columns of a list before the axis, and the values at (stream, configuration); "*" is a stream that there is not.
TABLES = st.fixed_dictionaries(
    {
        "columns": st.sampled_from([("configuration",), ("stream", "configuration"), ("ensemble", "configuration")]),
        "values": st.dictionaries(
            st.tuples(st.sampled_from("ab*"), st.integers(1, 4)),
            st.lists(st.integers(1, 4), min_size=1, max_size=3, unique=True),
            min_size=2,
            max_size=9,
        ),
    }
)
AXIS = st.one_of(st.none(), st.lists(st.integers(1, 3), min_size=1, max_size=2, unique=True), TABLES)
ENSEMBLES = st.fixed_dictionaries(
    {
        "streams": st.one_of(st.none(), st.dictionaries(st.sampled_from("ab"), CONFIGURATIONS, min_size=1)),
        "configurations": CONFIGURATIONS,
        "of_sources": st.sampled_from(["nothing", "sources", "sets"]),
        "dt": AXIS,
        "t0": AXIS,
    }
)
NAMED = st.lists(st.sampled_from(COORDINATES), unique=True, max_size=5)


def streams(stated: Row) -> list[tuple[str | None, list[int]]]:
    return list((stated["streams"] or {None: stated["configurations"]}).items())


def main_rows(ensembles: Row) -> Iterator[Row]:
    """The rows of the source lists; what an ensemble does not have is not in its rows."""
    for ensemble, stated in ensembles.items():
        for stream, numbers in streams(stated):
            for number in numbers:
                row = {"ensemble": ensemble, "configuration": number} | ({} if stream is None else {"stream": stream})
                if stated["of_sources"] == "nothing":
                    yield row
                elif stated["of_sources"] == "sources":
                    yield from ({**row, "source": place} for place in PLACES)
                else:
                    for name, (first, end) in SETS.items():
                        yield from ({**row, "source_set": name, "source": place} for place in PLACES[first:end])


def axis_rows(ensembles: Row, axis: str) -> Iterator[Row]:
    """The rows of an axis: each has as many columns as what is stated for its ensemble."""
    for ensemble, stated in ensembles.items():
        if isinstance(stated[axis], list):
            yield from ({"ensemble": ensemble, axis: value} for value in stated[axis])
        elif stated[axis] is not None:
            for line in lines(stated[axis], ensemble):
                yield {"ensemble": ensemble, **dict(zip((*stated[axis]["columns"], axis), line, strict=True))}


def lines(table: Row, ensemble: str) -> list[tuple[Any, ...]]:
    """The lines of a list, each once; with a column of ensembles it has some of another one."""
    found = []
    for (stream, number), values in table["values"].items():
        for value in values:
            known = {"ensemble": "Z" if stream == "*" else ensemble, "stream": stream, "configuration": number}
            found.append((*(known[column] for column in table["columns"]), value))
    return list(dict.fromkeys(found))


def join(ensembles: Row, names: set[str]) -> list[Row]:
    """The rows of the natural join of the relations of some coordinates that have all of these."""
    joined = list(main_rows(ensembles))
    for axis in sorted({"dt", "t0"} & names):
        joined = [
            {**a, **b}
            for a in joined
            for b in axis_rows(ensembles, axis)
            if all(name in a and a[name] == b[name] for name in b if name != axis)
        ]
    return [row for row in joined if names <= row.keys()]


def projected(rows: list[Row], names: list[str]) -> set[tuple[Any, ...]]:
    return {tuple(row[name] for name in names) for row in rows}


def write(folder: Path, ensembles: Row, kinds: dict[str, list[str]]) -> Path:
    sources = [[c, s.x, s.y, s.z, s.t] for c in (3, 2, 1) for s in PLACES]
    (folder / "src.lst").write_text("".join(" ".join(map(str, row)) + "\n" for row in sources))
    text = ['campaign = { name = "random", root = "." }']
    for size, (ensemble, stated) in enumerate(ensembles.items()):
        text += [f"[ensembles.{ensemble}]", f"L = {4 + size}", "T = 8", f"configurations = {stated['configurations']}"]
        if stated["of_sources"] != "nothing":
            text.append('sources = { file = "src.lst" }' if size else f"sources = {sources}")
        if stated["of_sources"] == "sets":
            text.append('source_sets = { "0" = [0, 1], "0-1" = [0, 2] }')
        if stated["streams"]:
            text.append(f"streams = {json.dumps(list(stated['streams']))}")
            text += [f"stream.{name}.configurations = {numbers}" for name, numbers in stated["streams"].items()]
        text += [f"axes.{axis} = {axis_text(folder, ensemble, axis, stated)}" for axis in ("dt", "t0") if stated[axis]]
    text += [f"[kinds.{kind}]\npath = {json.dumps(path_of(kind, names))}" for kind, names in kinds.items()]
    (folder / "campaign.toml").write_text("\n".join(text) + "\n")
    return folder / "campaign.toml"


def axis_text(folder: Path, ensemble: str, axis: str, stated: Row) -> str:
    if isinstance(stated[axis], list):
        return str(stated[axis])
    table, file = stated[axis], f"{ensemble}_{axis}.lst"
    (folder / file).write_text("".join(" ".join(map(str, line)) + "\n" for line in lines(table, ensemble)))
    return f'{{ file = "{file}", columns = {json.dumps([*table["columns"], axis])}, partial = true }}'


def path_of(kind: str, names: list[str]) -> str:
    return "/".join([*(f"{name}_{{{name}}}" for name in names), f"{kind}.h5"])


@settings(max_examples=250, deadline=None)
@given(st.dictionaries(st.sampled_from("AB"), ENSEMBLES, min_size=1), NAMED, NAMED)
def test_expected_artifacts_and_needs_are_those_of_a_join_in_plain_loops(
    ensembles: Row, a: list[str], b: list[str]
) -> None:
    kinds = {"a": a, "b": b}
    for axis in ("dt", "t0"):
        stated = any(one[axis] is not None for one in ensembles.values())
        assume(join(ensembles, {axis}) or not stated)
        assume(stated or axis not in {*a, *b})
    assume(all(any(has_all(one, names) for one in ensembles.values()) for names in kinds.values()))
    expected = {kind: projected(join(ensembles, set(names)), names) for kind, names in kinds.items()}
    with TemporaryDirectory() as folder:
        path = write(Path(folder), ensembles, kinds)
        if not all(expected.values()):
            with pytest.raises(CampaignError, match="nothing is expected"):
                Campaign.read(path)
            return
        campaign = Campaign.read(path)
    for kind, names in kinds.items():
        check_expected(campaign, kind, names, expected[kind])
    tied = {(tuple(row[n] for n in a), tuple(row[n] for n in b)) for row in join(ensembles, {*a, *b})}
    products, inputs = campaign.expected("a"), campaign.expected("b")
    pairs = zip(*links(campaign.relations, products.rows, inputs.rows).pairs(), strict=True)
    found = [(coordinates(campaign, "a", x, a), coordinates(campaign, "b", y, b)) for x, y in pairs]
    assert set(found) == tied
    assert len(found) == len(tied)
    for row in range(len(products)):
        own = coordinates(campaign, "a", row, a)
        near = inputs_of(campaign.relations, [NeedEntry("b")], products.coordinates(row), inputs.rows).tolist()
        assert {coordinates(campaign, "b", y, b) for y in near} == {other for one, other in tied if one == own}
    lacking = {e: [k for k, names in kinds.items() if not has_all(ensembles[e], names)] for e in ensembles}
    assert campaign.lacking() == {ensemble: found for ensemble, found in lacking.items() if found}


def has_all(stated: Row, names: list[str]) -> bool:
    has = {"ensemble", "configuration"} | {axis for axis in ("dt", "t0") if stated[axis] is not None}
    has |= {"stream"} if stated["streams"] else set()
    return has.union(
        {"nothing": (), "sources": ("source",), "sets": ("source", "source_set")}[stated["of_sources"]]
    ) >= set(names)


def coordinates(campaign: Campaign, kind: str, row: int, names: list[str]) -> tuple[Any, ...]:
    found = campaign.expected(kind).coordinates(row)
    return tuple(found[name] for name in names)


def check_expected(campaign: Campaign, kind: str, names: list[str], expected: set[tuple[Any, ...]]) -> None:
    found = campaign.expected(kind)
    rows = [coordinates(campaign, kind, row, names) for row in range(len(found))]
    assert len(rows) == len(expected)
    assert set(rows) == expected
    paths = [path for block, where in found.block_slices for path in found.paths(block, where)]
    assert [campaign.parse(path) for path in paths] == [(kind, found.coordinates(row)) for row in range(len(found))]
    # Canonical order: by the numbers that tell rows apart, ascending.
    assert [found.index(found.coordinates(row)) for row in range(len(found))] == list(range(len(found)))
