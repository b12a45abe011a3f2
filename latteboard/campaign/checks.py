"""Checks of a campaign whose lists have been read: each refuses one mistake with a :class:`CampaignError`."""

from collections.abc import Callable

from latteboard.campaign.expected import Expected
from latteboard.campaign.kinds import Kind
from latteboard.campaign.model import Definition
from latteboard.campaign.need_checks import check_inputs, check_source_sets
from latteboard.campaign.path_checks import check_form, check_injective, check_separate
from latteboard.campaign.recipe_checks import check_recipe
from latteboard.campaign.vocabulary import check_among, name_list
from latteboard.errors import CampaignError, within
from latteboard.names.patterns import Pattern
from latteboard.names.segments import segments
from latteboard.names.templates import INSIDE, split_inside


def check_campaign(definition: Definition) -> None:
    """Check what depends on the streams, lists and kinds together.

    Raises
    ------
    CampaignError : the first mistake, with the key of the campaign file where it is.
    """
    _check_ensembles(definition)
    _check_derived(definition)
    for kind in definition.kinds.values():
        with within(f"kinds.{kind.name}"):
            for check in KIND_CHECKS:
                check(definition, kind)
    check_separate(definition)


def _check_ensembles(definition: Definition) -> None:
    """Refuse an ensemble that is defined twice under different names: its artifacts would be counted twice."""
    contents: dict[object, str] = {}
    for name in definition.table.ensembles:
        streams = sorted((stream for stream in definition.streams if stream.ensemble == name), key=str)
        content = tuple(
            (s.L, s.T, tuple(sorted(s.parameters.items())), s.name, tuple(s.configurations)) for s in streams
        )
        first = contents.setdefault(content, name)
        if first != name:
            same = "L, T, parameters, streams and configurations"
            raise CampaignError(f"the same {same} are registered already as {first}", key=f"ensembles.{name}")


def _check_derived(definition: Definition) -> None:
    """Require a text of a derived name for each value of its coordinate, and for nothing else."""
    for name, derived in definition.table.derive.items():
        values = [str(value) for value in definition.values_of(derived.on)]
        if set(values) != derived.values.keys():
            raise CampaignError(
                f"expected a text for each value of {derived.on}: {name_list(values)}; found {name_list(derived.values)}",
                key=f"derive.{name}.values",
            )


def _check_flags(definition: Definition, kind: Kind) -> None:
    """Refuse a given kind that is made here, and a temporary kind that is never needed."""
    table = kind.table
    if table.given:
        made = [key for key in ("needs", "temporary", "reduce", "made_with", "task") if getattr(table, key)]
        if made:
            raise CampaignError(f"a given kind is not made here; remove {' and '.join(made)}, or given", key="given")
    if table.temporary and not any(kind.name in other.needs for other in definition.kinds.values()):
        message = "nothing needs this kind, so it would never be made; remove temporary, or name it in needs of another"
        raise CampaignError(message, key="temporary")


def _check_made_with(definition: Definition, kind: Kind) -> None:
    """Require that a kind which the job of another one makes has the same artifacts and states nothing about the job."""
    own = kind.table
    if own.made_with is None:
        return
    leader = definition.kinds[own.made_with]
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


def _check_inside(_: Definition, kind: Kind) -> None:
    """Refuse keys that make sense only for files, where the artifacts are datasets in a file."""
    stated = [key for key in ("also", "temporary", "reduce", "datasets") if getattr(kind.table, key)]
    if kind.inside and stated:
        message = f"its artifacts are datasets inside a file, which cannot be or have: {', '.join(stated)}"
        raise CampaignError(message, key=stated[0])
    for key, template in zip(kind.table.path_keys[1:], kind.templates[1:], strict=True):
        if template.container is not None:
            raise CampaignError(
                f"a file cannot be a dataset inside another one; remove {INSIDE} and what follows", key=key
            )


def _check_only(definition: Definition, kind: Kind) -> None:
    """Require that ``only`` names coordinates of the kind and values that they have."""
    for name, allowed in kind.table.only.items():
        check_among(name, kind.coordinates, key="only")
        values = [str(value) for value in definition.values_of(name)]
        for value in allowed:
            if str(value) not in values:
                some = ", ".join(values[:20]) + (", ..." if len(values) > 20 else "")
                raise CampaignError(f"{value!r} is not one of its values: {some}", key=f"only.{name}")


def _check_parameters(definition: Definition, kind: Kind) -> None:
    """Require a value of each parameter in the streams of the kind; it may be stated for these alone."""
    paths = zip(kind.table.path_keys, kind.templates, strict=True)
    for key, template in (*paths, *(("datasets", template) for template in kind.datasets)):
        for name in sorted(definition.names_in(template) - definition.relations.values.keys()):
            for stream in definition.streams_of(kind):
                if name not in stream.constants:
                    place = f"[parameters] or [ensembles.{stream.ensemble}.parameters]"
                    raise CampaignError(f"{{{name}}} has no value in {stream}; state it under {place}", key=key)


def _check_also(definition: Definition, kind: Kind) -> None:
    """Require that further paths name the coordinates of ``path``, so that each artifact has one of each."""
    for key, template in zip(kind.table.path_keys, kind.templates, strict=True):
        named = definition.coordinates_named(template)
        if named != kind.coordinates:
            here, there = (", ".join(names) or "none" for names in (named, kind.coordinates))
            raise CampaignError(f"expected the coordinates of path, {there}; found {here}", key=key)


def _check_paths(definition: Definition, kind: Kind) -> None:
    """Require well-formed paths that can be parsed into coordinates, each of one artifact."""
    for template, key in enumerate(kind.table.path_keys):
        with within(key):
            _check_path(definition, kind, template)


def _check_path(definition: Definition, kind: Kind, template: int) -> None:
    """Require that the paths under one template are well formed and can be parsed."""
    for block in definition.blocks(kind.name, template):
        file, inner = split_inside(block.pattern.pieces)
        again = any(INSIDE in piece for piece in (*file, *inner) if isinstance(piece, str))
        if again or kind.inside != bool(inner):
            raise CampaignError(f"expected at most one {INSIDE}, between file and dataset; found {block.pattern}")
        for pieces in (file, inner) if inner else (file,):
            check_form(Pattern(pieces), definition.relations.values)
        check_injective(block.pattern, definition.relations.values)


def _check_datasets(definition: Definition, kind: Kind) -> None:
    """Require well-formed dataset paths; two artifacts may have the same ones, since they are different files."""
    with within("datasets"):
        for template in kind.datasets:
            for stream in definition.streams_of(kind):
                pattern = definition.bind(template, stream)
                check_form(pattern, definition.relations.values)
                for component in pattern.components():
                    segments(component, definition.relations.values)


def _check_size(definition: Definition, kind: Kind) -> None:
    """Require that the least size can be computed, from names that it may use, for every artifact."""
    relations = definition.relations
    whole = [name for name in kind.coordinates if isinstance(relations.values[name][0], int)]
    with within("min_bytes"):
        for stream in definition.streams_of(kind):
            allowed = [*stream.numbers, *whole]
            for name in sorted(kind.min_bytes.names):
                if name not in allowed:
                    raise CampaignError(f"there is no number {name} in {stream}; expected one of {name_list(allowed)}")
        # Of all coordinates only those that the size names matter: there are few combinations of these.
        named = [name for name in kind.coordinates if name in kind.min_bytes.names or name in ("ensemble", "stream")]
        only = {name: values for name, values in kind.table.only.items() if name in named}
        rows = relations.restrict(relations.table(named), only)
        Expected(relations, rows, definition.blocks(kind.name)).least_bytes()


KIND_CHECKS: list[Callable[[Definition, Kind], None]] = [
    _check_flags,
    _check_made_with,
    _check_inside,
    _check_only,
    _check_also,
    _check_parameters,
    _check_paths,
    _check_datasets,
    _check_size,
    check_recipe,
    check_source_sets,
    check_inputs,
]
