"""What a campaign may not say, once its lists are read: each check refuses one mistake."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from latteboard.campaign.expected import Expected
from latteboard.campaign.path_checks import check_form, check_injective, check_separate
from latteboard.campaign.recipe_checks import check_steps, is_virtual
from latteboard.campaign.relations import MAIN, length
from latteboard.campaign.vocabulary import check_among, listed
from latteboard.errors import CampaignError, within
from latteboard.names.parsing import segments
from latteboard.names.templates import INSIDE, Pattern, Value, cut
from latteboard.recipe import named_step

if TYPE_CHECKING:
    from latteboard.campaign import Campaign
    from latteboard.campaign.kinds import Kind

OF_SOURCES = {"source", "source_set"}


def check_campaign(campaign: Campaign) -> None:
    """Everything that can be checked only once kinds, ensembles and lists are read."""
    _check_ensembles(campaign)
    _check_derived(campaign)
    for kind in campaign.kinds.values():
        with within(f"kinds.{kind.name}"):
            for check in KIND_CHECKS:
                check(campaign, kind)
    check_separate(campaign)


def _check_ensembles(campaign: Campaign) -> None:
    """An ensemble is its content; the same under a second name would be counted twice."""
    contents: dict[object, str] = {}
    for name in campaign.table.ensembles:
        streams = sorted((stream for stream in campaign.streams if stream.ensemble == name), key=str)
        content = tuple(
            (s.L, s.T, tuple(sorted(s.parameters.items())), s.name, tuple(s.configurations)) for s in streams
        )
        first = contents.setdefault(content, name)
        if first != name:
            same = "L, T, parameters, streams and configurations"
            raise CampaignError(f"the same {same} are registered already as {first}", key=f"ensembles.{name}")


def _check_derived(campaign: Campaign) -> None:
    for name, derived in campaign.table.derive.items():
        values = [str(value) for value in campaign.values_of(derived.on)]
        if set(values) != derived.values.keys():
            raise CampaignError(
                f"expected a text for each value of {derived.on}: {listed(values)}; found {listed(derived.values)}",
                key=f"derive.{name}.values",
            )


def _check_flags(campaign: Campaign, kind: Kind) -> None:
    table = kind.table
    if table.given:
        made = [key for key in ("needs", "temporary", "reduce", "made_with", "task") if getattr(table, key)]
        if made:
            raise CampaignError(f"a given kind is not made here; remove {' and '.join(made)}, or given", key="given")
    if table.temporary and not any(kind.name in other.needs for other in campaign.kinds.values()):
        message = "nothing needs this kind, so it would never be made; remove temporary, or name it in needs of another"
        raise CampaignError(message, key="temporary")


def _check_made_with(campaign: Campaign, kind: Kind) -> None:
    own = kind.table
    if own.made_with is None:
        return
    leader = campaign.kinds[own.made_with]
    with within("made_with"):
        if leader.table.made_with:
            raise CampaignError(f"{leader.name} is itself made with {leader.table.made_with}; name that one")
        if leader.table.given or leader.reduced:
            raise CampaignError(f"{leader.name} is not made by a job: it is given or reduced")
        stated = [key for key in ("needs", "task", "reduce") if getattr(own, key)]
        if stated:
            raise CampaignError(f"the job of {leader.name} makes it: {' and '.join(stated)} can stand there only")
        if leader.coordinates != kind.coordinates or own.only != leader.table.only:
            raise CampaignError(
                f"one job makes one file of each, so both must name the same coordinates and have the same only; "
                f"found {', '.join(kind.coordinates)} here, {', '.join(leader.coordinates)} in {leader.name}"
            )


def _check_inside(_: Campaign, kind: Kind) -> None:
    stated = [key for key in ("temporary", "reduce", "datasets") if getattr(kind.table, key)]
    if kind.inside and stated:
        message = f"its artifacts are datasets inside a file, which cannot be or have: {', '.join(stated)}"
        raise CampaignError(message, key=stated[0])


def _check_only(campaign: Campaign, kind: Kind) -> None:
    for name, allowed in kind.table.only.items():
        check_among(name, kind.coordinates, key="only")
        values = [str(value) for value in campaign.values_of(name)]
        for value in allowed:
            if str(value) not in values:
                some = ", ".join(values[:20]) + (", ..." if len(values) > 20 else "")
                raise CampaignError(f"{value!r} is not one of its values: {some}", key=f"only.{name}")


def _check_parameters(campaign: Campaign, kind: Kind) -> None:
    """A parameter may stand under one ensemble only; where a template needs it, it must be there."""
    for key, template in (("path", kind.template), *(("datasets", template) for template in kind.datasets)):
        for name in sorted(campaign.names_in(template) - campaign.relations.values.keys()):
            for stream in campaign.streams_of(kind):
                if name not in stream.constants:
                    place = f"[parameters] or [ensembles.{stream.ensemble}.parameters]"
                    raise CampaignError(f"{{{name}}} has no value in {stream}; state it under {place}", key=key)


def _check_path(campaign: Campaign, kind: Kind) -> None:
    with within("path"):
        for block in campaign.blocks(kind.name):
            file, inner = cut(block.pattern.pieces)
            if any(INSIDE in piece for piece in (*file, *inner) if isinstance(piece, str)) or kind.inside != bool(
                inner
            ):
                raise CampaignError(f"expected at most one {INSIDE}, between file and dataset; found {block.pattern}")
            for pieces in (file, inner) if inner else (file,):
                check_form(Pattern(pieces), campaign.relations.values)
            check_injective(block.pattern, campaign.relations.values)


def _check_datasets(campaign: Campaign, kind: Kind) -> None:
    with within("datasets"):
        for template in kind.datasets:
            for stream in campaign.streams_of(kind):
                pattern = campaign.bind(template, stream)
                check_form(pattern, campaign.relations.values)
                for component in pattern.components():
                    segments(component, campaign.relations.values)


def _check_size(campaign: Campaign, kind: Kind) -> None:
    relations = campaign.relations
    whole = [name for name in kind.coordinates if isinstance(relations.values[name][0], int)]
    with within("min_bytes"):
        for stream in campaign.streams_of(kind):
            allowed = [*stream.numbers, *whole]
            for name in sorted(kind.min_bytes.names):
                if name not in allowed:
                    raise CampaignError(f"there is no number {name} in {stream}; expected one of {listed(allowed)}")
        named = [name for name in kind.coordinates if name in kind.min_bytes.names or name in ("ensemble", "stream")]
        only = {name: values for name, values in kind.table.only.items() if name in named}
        rows = relations.restrict(relations.table(named), only)
        Expected(relations, rows, campaign.blocks(kind.name)).least_bytes()


def _check_reduce(campaign: Campaign, kind: Kind) -> None:
    if not kind.reduced:
        return
    with within("reduce"):
        if len(kind.needs) != 1:
            raise CampaignError(f"expected exactly one kind in needs, found {', '.join(kind.needs) or 'none'}")
        given = campaign.kinds[kind.needs[0]]
        check_steps(kind.table.reduce, given.coordinates, kind.coordinates)
        if given.inside:
            raise CampaignError(f"{given.name} lives inside HDF5 files; expected a kind of whole files in needs")
        if is_virtual(kind.table.reduce) and given.table.temporary:
            raise CampaignError(
                f"concatenate: virtual links to {given.name}, which is temporary: once it is purged, its data are gone; "
                "remove virtual here, or temporary there"
            )
        inside = {name for template in given.datasets for name in campaign.coordinates_named(template)}
        for name in kind.coordinates:
            if name not in (*MAIN, *given.coordinates, *inside):
                raise CampaignError(f"the path names {name}, which neither path nor datasets of {given.name} do")
        _check_modes(campaign, kind)


def _check_modes(campaign: Campaign, kind: Kind) -> None:
    """More modes than sites would give the same mode twice; the pair at the zone's edge, 2 m = L, is let through."""
    for name, options in map(named_step, kind.table.reduce):
        for stream in campaign.streams_of(kind) if name == "fft" else ():
            if 2 * options["max_momentum"] > stream.L:
                most = f"expected at most L / 2 = {stream.L // 2} in {stream}"
                raise CampaignError(f"fft: max_momentum: {most}, found {options['max_momentum']}")


def _check_source_sets(campaign: Campaign, kind: Kind) -> None:
    """Between kinds of single sources, a file that names neither source nor set would be written once a set."""
    consumers = [other.name for other in campaign.kinds.values() if kind.name in other.needs]
    inputs = [need for need in kind.needs if OF_SOURCES & set(campaign.kinds[need].coordinates)]
    if not consumers or not inputs or OF_SOURCES & set(kind.coordinates):
        return
    of_stream = [name for name in kind.coordinates if name in MAIN]
    if length(campaign.relations.table((*of_stream, "source_set"))) > length(campaign.relations.table(of_stream)):
        raise CampaignError(
            f"it stands between {inputs[0]} and {consumers[0]}, and there are the source sets "
            f"{listed(campaign.values_of('source_set'))}: name {{source}} or {{source_set}}, or their files collide",
            key="path",
        )


def _check_inputs(campaign: Campaign, kind: Kind) -> None:
    """Every artifact finds something of each kind that it needs."""
    for name in kind.needs:
        lonely = _lonely(campaign, kind, campaign.kinds[name])
        if lonely is not None:
            where = ", ".join(f"{coordinate} = {value}" for coordinate, value in lonely.items())
            only = campaign.kinds[name].table.only
            raise CampaignError(f"{kind.name} with {where} finds no {name} (kinds.{name}.only = {only})", key="needs")


def _lonely(campaign: Campaign, kind: Kind, need: Kind) -> Mapping[str, Value] | None:
    """Coordinates of an artifact that finds nothing it needs, None if there is none.

    Only ``only`` can take away what an artifact needs. So axes that it does not restrict are left out of the join, which
    is then small; unless such an axis is all that ties an artifact to its ensemble.
    """
    if not need.table.only:
        return None
    relations = campaign.relations
    telling = {*MAIN, *kind.table.only, *need.table.only}
    own = [name for name in kind.coordinates if name in telling or "ensemble" not in kind.coordinates]
    rows = relations.restrict(relations.table(own), kind.table.only)
    tied = relations.table({*own, *(name for name in need.coordinates if name in telling)})
    has = relations.among(rows, relations.restrict(tied, need.table.only), own)
    return None if has.all() else relations.decode(rows, int(has.argmin()))


KIND_CHECKS: list[Callable[[Campaign, Kind], None]] = [
    _check_flags,
    _check_made_with,
    _check_inside,
    _check_only,
    _check_parameters,
    _check_path,
    _check_datasets,
    _check_size,
    _check_reduce,
    _check_source_sets,
    _check_inputs,
]
