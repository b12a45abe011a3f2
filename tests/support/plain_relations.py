"""Streams, configurations, sources and axes of a campaign as relations, read from the design a second time, by plain loops."""

from collections.abc import Iterator, Mapping
from typing import Any

from plain_needs import Row

from latteboard.names.templates import Source


def streams(campaign: Mapping[str, Any]) -> Iterator[tuple[str, str | None, Row]]:
    """Each ensemble and stream with its settings: those of the stream go before those of the ensemble.

    An ensemble without streams is one by itself, without a name.
    """
    for ensemble, stated in campaign["ensembles"].items():
        for stream in stated.get("streams", [None]):
            own = stated.get("stream", {}).get(stream, {})
            parameters = [table.get("parameters", {}) for table in (campaign, stated, own)]
            yield ensemble, stream, {**stated, **own, "parameters": {k: v for p in parameters for k, v in p.items()}}


Relation = tuple[tuple[str, ...], tuple[str, ...], list[Row]]


def relations(campaign: Mapping[str, Any], lists: Mapping[str, str]) -> Iterator[Relation]:
    """Own coordinates, columns and rows of each relation: sources first, then one for each axis.

    A row has no entry for a coordinate that its ensemble does not have. Rows of a list of an axis that belong to no
    configuration are left out.
    """
    columns = ("ensemble", "stream", "configuration", "source_set", "source")
    main: list[Row] = []
    for ensemble, stream, settings in streams(campaign):
        for number in configurations(settings["configurations"], lists):
            place = {"ensemble": ensemble, "configuration": number} | ({} if stream is None else {"stream": stream})
            if "sources" not in settings:
                main.append(place)
                continue
            found = sources(lists[settings["sources"]["file"]], number)
            if "source_sets" not in settings:
                main += [{**place, "source": source} for source in found]
            for name, (first, end) in settings.get("source_sets", {}).items():
                main += [{**place, "source_set": name, "source": source} for source in found[first:end]]
    yield columns, columns, main
    everywhere = campaign.get("axes", {})
    own = {axis for ensemble in campaign["ensembles"].values() for axis in ensemble.get("axes", {})}
    for axis in sorted({*everywhere, *own}):
        rows = []
        for ensemble, stated in campaign["ensembles"].items():
            values = stated.get("axes", {}).get(axis, everywhere.get(axis, []))
            if isinstance(values, dict):
                listed = axis_list(lists[values["file"]], values["columns"])
                rows += [{"ensemble": ensemble, **row} for row in listed if row.get("ensemble", ensemble) == ensemble]
            else:
                rows += [{"ensemble": ensemble, axis: value} for value in values]
        there = [row for row in rows if any(row.items() - {(axis, row[axis])} <= other.items() for other in main)]
        yield (axis,), ("ensemble", axis), there


def axis_list(text: str, columns: list[str]) -> list[Row]:
    """The rows of a list; what is no whole number is a text."""
    words = (line.split() for line in text.splitlines())
    return [{n: int(w) if w.isdigit() else w for n, w in zip(columns, row, strict=True)} for row in words]


def configurations(stated: Any, lists: Mapping[str, str]) -> list[int]:
    """The numbers of ``start:end:step`` (the end included if on the grid), of a list, or of a file's first words."""
    if isinstance(stated, str):
        start, end, step = map(int, stated.split(":"))
        return list(range(start, end + 1, step))
    if isinstance(stated, dict):
        return sorted({int(line.split()[0]) for line in lists[stated["file"]].splitlines()})
    return sorted(set(stated))


def sources(text: str, number: int) -> list[Source]:
    """The sources of one configuration, in the order of the list."""
    lines = (list(map(int, line.split())) for line in text.splitlines())
    return [Source(*place) for configuration, *place in lines if configuration == number]
