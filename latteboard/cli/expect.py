"""The command ``expect``: what a campaign expects, before there is a catalog."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from latteboard.cli.shared import as_json, print_json, read_campaign
from latteboard.errors import QueryError
from latteboard.text import counted, shown

if TYPE_CHECKING:
    from latteboard.campaign.folder_names import FolderNames
    from latteboard.campaign.outline import KindOutline, Outline


@click.command()
@click.argument("words", metavar="[KIND] [NAME=VALUE ...]", nargs=-1)
@as_json
@click.pass_obj
def expect(campaign_file: Path, *, words: tuple[str, ...], as_json: bool) -> None:
    """What the campaign expects, before there is a catalog: numbers, paths, needs, near misses."""
    from latteboard.campaign.outline import outline

    kinds = [word for word in words if "=" not in word]
    if len(kinds) > 1:
        raise QueryError(f"{' '.join(kinds)}: expected one kind, and NAME=VALUE")
    conditions = [word for word in words if "=" in word]
    found = outline(read_campaign(campaign_file), kinds[0] if kinds else None, conditions)
    if as_json:
        print_json(found.as_json())
    else:
        for line in _lines(found):
            click.echo(shown(line))


def _lines(outline: Outline) -> Iterator[str]:
    total = sum(kind.expected for kind in outline.kinds)
    yield f"{outline.campaign}: {counted(total, 'artifact')} of {counted(len(outline.kinds), 'kind')}"
    for root, there in outline.roots:
        if not there:
            yield f"the root {root} is not there: names on disk are not compared"
    for kind in outline.kinds:
        yield ""
        yield from _kind_lines(kind)
    if outline.lacking or outline.ranges or outline.not_acted_on:
        yield ""
    for ensemble, kinds in outline.lacking.items():
        yield f"{ensemble} does not have all coordinates of: {', '.join(kinds)}"
    yield from outline.ranges
    if outline.not_acted_on:
        yield f"accepted, and not acted on by this version: {', '.join(outline.not_acted_on)}"


def _kind_lines(kind: KindOutline) -> Iterator[str]:
    by = f", by {', '.join(kind.coordinates)}" if kind.coordinates else ""
    yield f"{kind.kind}: {kind.expected:,} expected{by}"
    if kind.description:
        yield f"  {kind.description}"
    if kind.first is not None:
        yield f"  first {kind.first}"
    if kind.expected > 1:
        yield f"  last  {kind.last}"
    for need in kind.needs:
        first = "" if need.first is None else f": {need.first}"
        yield f"  one needs {need.number:,} {need.kind}{first}"
    if kind.folder is not None:
        yield from _folder_lines(kind.folder)


def _folder_lines(folder: FolderNames) -> Iterator[str]:
    if folder.missing:
        yield f"  on disk: {folder.path} has no {folder.missing}"
    else:
        rest = {"of other kinds": folder.others, "left out": folder.left_out}
        others = "".join(f", {number:,} {words}" for words, number in rest.items() if number)
        yield f"  on disk: {folder.matching:,} of {counted(folder.names, 'name')} match{others} in {folder.path}"
    for near in folder.near:
        yield f"    there is   {near.name}"
        yield f"    expected   {near.expected}"
