"""Random conditions of needs, and random artifacts that a campaign leaves out."""

from collections.abc import Iterable
from typing import Any

from draws import Draw, rarely
from hypothesis import strategies as st
from plain_needs import stated_needs
from plain_production import Production

STEPS = {"configuration": [2, 4, 8], "dt": [1]}  # of arithmetic


def needs_with_conditions(
    draw: Draw, production: Production, name: str, named: Iterable[str], needs: list[str]
) -> list[Any]:
    """Needs of a new kind, that names these coordinates, some of them with conditions; perhaps one of its own artifacts."""
    own = [name for name in sorted(set(named) - {"source"}) if values_of(production, name)]
    entries: list[Any] = []
    for need in needs:
        if not rarely(draw, 3):
            entries.append(need)
            continue
        entries.append(_entry(draw, production, own, need))
        if rarely(draw, 2):  # a union
            entries.append(draw(st.sampled_from([need, _entry(draw, production, own, need)])))
    if "configuration" in own and rarely(draw, 6):
        entries.append({"kind": name, "with": {"configuration": _arithmetic(draw, "configuration")}})
    return entries


def _entry(draw: Draw, production: Production, own: list[str], need: str) -> Any:
    entry: dict[str, Any] = {"kind": need}
    theirs = sorted(({*production.names(need)} | {"source_set"}) - {"source"})
    theirs = [name for name in theirs if values_of(production, name)]
    if theirs and not rarely(draw, 3):
        name = draw(st.sampled_from(theirs))
        if name in STEPS and name in own and not rarely(draw, 3):
            entry["with"] = {name: _arithmetic(draw, name)}
        else:
            entry["with"] = {name: draw(st.sampled_from(values_of(production, name)))}
    if own and (rarely(draw, 2) or "with" not in entry):
        name = draw(st.sampled_from(own))
        values = values_of(production, name)
        entry["only"] = {name: draw(st.lists(st.sampled_from(values), min_size=1, max_size=2, unique=True))}
    return entry


def _arithmetic(draw: Draw, name: str) -> str:
    return f"{name} {draw(st.sampled_from(['-', '-', '-', '+']))} {draw(st.sampled_from(STEPS[name]))}"


def values_of(production: Production, name: str) -> list[Any]:
    """The values of a coordinate, each once."""
    return sorted(
        {value for _, _, rows in production.relations for row in rows if (value := row.get(name)) is not None}
    )


def leave_out(draw: Draw, campaign: dict[str, Any], lists: dict[str, str]) -> None:
    """Leave some artifacts out, where every product still finds its inputs."""
    production = Production(campaign, lists)
    kind = draw(st.sampled_from(sorted(campaign["kinds"])))
    one = draw(st.sampled_from(production.of_kind(kind))).coordinates
    if not one:
        return
    chosen = draw(st.lists(st.sampled_from(sorted(one)), min_size=1, max_size=3, unique=True))
    entry: dict[str, Any] = {"reason": "exceptional", **{name: one[name] for name in chosen}}
    if "source" in entry:
        entry["source"] = str(entry["source"])
    if rarely(draw, 2):
        leader = production.leader(kind)
        entry["kinds"] = [other for other in campaign["kinds"] if production.leader(other) == leader]
    campaign["leave_out"] = [entry]
    if not is_whole(Production(campaign, lists)):
        del campaign["leave_out"]


def is_whole(production: Production) -> bool:
    """Whether something is expected of each kind, and every artifact finds what it needs."""
    return not production.lacking and all(production.of_kind(kind) for kind in production.kinds)


def needed_kinds(table: dict[str, Any]) -> list[str]:
    """The kinds that a kind's table needs."""
    return [need.kind for need in stated_needs(table)]
