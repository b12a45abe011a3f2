"""Checks of a campaign whose lists have been read: each refuses one mistake with a :class:`CampaignError`.

All of them are tried, so that a campaign tells at once what is wrong in it. A check that would only repeat the consequence of
another mistake is left out: it says in :data:`OF_A_KIND` or :data:`BETWEEN_KINDS` upon which keys of a kind it builds.
"""

from collections.abc import Callable, Iterable

from latteboard.campaign.chain_checks import check_chain
from latteboard.campaign.ensemble_checks import check_axes, check_ensembles
from latteboard.campaign.entry_checks import check_entries
from latteboard.campaign.expected import Block, Expected
from latteboard.campaign.folder_checks import check_folder, check_holds
from latteboard.campaign.kinds import Kind
from latteboard.campaign.left_out_checks import check_leave_out, check_left_inputs, check_left_out
from latteboard.campaign.model import Definition
from latteboard.campaign.need_checks import check_inputs, check_source_sets
from latteboard.campaign.path_checks import check_form, check_injective, check_separate
from latteboard.campaign.recipe_checks import check_recipe, check_steps
from latteboard.campaign.relations import length
from latteboard.campaign.table_checks import TABLE_CHECKS, check_command, check_logs
from latteboard.campaign.vocabulary import check_among, check_values, name_list, parameters
from latteboard.errors import CampaignError, Mistakes, within
from latteboard.names.patterns import Pattern
from latteboard.names.segments import segments
from latteboard.names.templates import INSIDE, split_inside
from latteboard.text import listed


def check_campaign(definition: Definition) -> None:
    """Check what depends on the streams, lists and kinds together.

    Raises
    ------
    CampaignError : all mistakes of the definition, those that were found before too.
    """
    mistakes = definition.mistakes
    for check in (check_ensembles, check_axes, _check_derived, *TABLE_CHECKS, check_leave_out):
        with mistakes.keep():
            check(definition)
    # In a circle of kinds everything would stand between others.
    between = [] if definition.in_circle else BETWEEN_KINDS
    for checks, names in ((OF_A_KIND, _own_name), (between, _all_names)):
        for kind in definition.kinds.values():
            for of_kind, upon in checks:
                keys = [f"kinds.{name}.{key}" for name in names(kind) for key in upon]
                if definition.kinds.keys() >= names(kind) and not mistakes.at(*keys):
                    with mistakes.keep(f"kinds.{kind.name}"):
                        of_kind(definition, kind)
    for check in (check_separate, check_left_out):
        with mistakes.keep():
            check(definition)
    mistakes.tell()


def _own_name(kind: Kind) -> set[str]:
    return {kind.name}


def _all_names(kind: Kind) -> set[str]:
    """The kind, and those that it needs or is made with."""
    return {kind.name, *kind.needs, *filter(None, [kind.table.made_with])}


def _check_derived(definition: Definition) -> None:
    """Require a text of a derived name for each value of its coordinate, and for nothing else."""
    with Mistakes() as mistakes:
        for name, derived in definition.table.derive.items():
            if definition.mistakes.at(f"derive.{name}"):
                continue
            values = [str(value) for value in definition.values_of(derived.on)]
            if set(values) != derived.values.keys():
                expected = f"expected a text for each value of {derived.on}: {name_list(values)}"
                mistakes.add(f"{expected}; found {name_list(derived.values)}", key=f"derive.{name}.values")


def _check_somewhere(definition: Definition, kind: Kind) -> None:
    """Require a stream that ``only`` allows, of an ensemble that has all coordinates of the kind."""
    if definition.streams_of(kind) or definition.mistakes.at("ensembles"):
        return
    allowed = kind.table.only.get("ensemble", definition.coordinates_of)
    lacking = {
        ensemble: [name for name in kind.coordinates if name not in has]
        for ensemble, has in definition.coordinates_of.items()
        if ensemble in allowed
    }
    found = [f"{ensemble} has no {' and no '.join(names)}" for ensemble, names in lacking.items() if names]
    if found:
        all_of_them = "no ensemble has all the coordinates that it names"
        raise CampaignError(f"{all_of_them}: {listed(found, 3)}", key="path")
    raise CampaignError("no ensemble that it allows has a stream that it allows", key="only")


def _check_flags(definition: Definition, kind: Kind) -> None:
    """Refuse a given kind that is made here, and a temporary kind that is never needed."""
    table = kind.table
    if table.given:
        made = [key for key in ("needs", "temporary", "reduce", "made_with", "task") if getattr(table, key)]
        if made:
            raise CampaignError(f"a given kind is not made here; remove {' and '.join(made)}, or given", key="given")
    if table.temporary and not any(
        kind.name in other.needed_kinds and (other.made_with or name) != kind.leader
        for name, other in definition.table.kinds.items()
    ):
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
    with Mistakes() as mistakes:
        for name, allowed in kind.table.only.items():
            with mistakes.keep("only"):
                check_among(name, kind.coordinates)
                with within(name):
                    check_values(allowed, definition.values_of(name))


def _check_some(definition: Definition, kind: Kind) -> None:
    """Require that something is expected: values that ``only`` allows together somewhere, an axis with values there."""
    if not length(definition.whole(kind.name)):
        allowed = [f"{name} = {name_list(values)}" for name, values in kind.table.only.items()]
        where = f" with {' and '.join(allowed)}" if allowed else ""
        message = f"nothing is expected: no configuration has {', '.join(kind.coordinates)}{where}"
        raise CampaignError(message, key="only" if allowed else "path")


def _check_parameters(definition: Definition, kind: Kind) -> None:
    """Require a value of each parameter in the streams of the kind; it may be stated for these alone."""
    paths = zip(kind.table.path_keys, kind.templates, strict=True)
    holds = zip(kind.table.holds_keys, kind.holds, strict=True)
    stated = {*parameters(definition.table)}
    with Mistakes() as mistakes:
        for key, template in (*paths, *(("datasets", template) for template in kind.datasets), *holds):
            for name in sorted(definition.names_in(template) & stated):
                lacking = [stream for stream in definition.streams_of(kind) if name not in stream.constants]
                for stream in lacking[:1]:
                    place = f"[parameters] or [ensembles.{stream.ensemble}.parameters]"
                    mistakes.add(f"{{{name}}} has no value in {stream}; state it under {place}", key=key)


def _check_also(definition: Definition, kind: Kind) -> None:
    """Require that further paths name the coordinates of ``path``, so that each artifact has one of each."""
    with Mistakes() as mistakes:
        for key, template in zip(kind.table.path_keys, kind.templates, strict=True):
            named = definition.coordinates_named(template)
            if named != kind.coordinates:
                here, there = (", ".join(names) or "none" for names in (named, kind.coordinates))
                mistakes.add(f"expected the coordinates of path, {there}; found {here}", key=key)


def _check_paths(definition: Definition, kind: Kind) -> None:
    """Require well-formed paths that can be parsed into coordinates, each of one artifact."""
    with Mistakes() as mistakes:
        for template, key in enumerate(kind.table.path_keys):
            with mistakes.keep():
                blocks = definition.blocks(kind.name, template)
                with within(key):
                    _check_path(definition, kind, blocks, is_folder=kind.templates[template].is_folder)


def _check_path(definition: Definition, kind: Kind, blocks: Iterable[Block], *, is_folder: bool) -> None:
    """Require that the paths under one template are well formed and can be parsed."""
    for block in blocks:
        file, inner = split_inside(block.pattern.pieces)
        again = any(INSIDE in piece for piece in (*file, *inner) if isinstance(piece, str))
        if again or kind.inside != bool(inner):
            raise CampaignError(f"expected at most one {INSIDE}, between file and dataset; found {block.pattern}")
        check_form(Pattern(file), definition.relations.values, is_folder=is_folder)
        if inner:
            check_form(Pattern(inner), definition.relations.values)
        check_injective(block.pattern, definition.relations.values)


def _check_datasets(definition: Definition, kind: Kind) -> None:
    """Require well-formed dataset paths; two artifacts may have the same ones, since they are different files."""
    with Mistakes() as mistakes:
        for template in kind.datasets:
            with mistakes.keep("datasets"):
                for stream in definition.streams_of(kind):
                    for name in definition.coordinates_named(template):
                        if name not in definition.coordinates_of[stream.ensemble]:
                            state = "state it there, or keep the kind from it with only = { ensemble = [...] }"
                            raise CampaignError(
                                f"{{{name}}} has no value, since {stream.ensemble} has no {name}; {state}"
                            )
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


Checks = list[tuple[Callable[[Definition, Kind], None], tuple[str, ...]]]

# Each with the keys of the kind that must be right before it has a meaning.
OF_A_KIND: Checks = [
    (_check_flags, ()),
    (_check_inside, ("path", "also")),
    (check_folder, ("path", "also")),
    (_check_only, ("path",)),
    (_check_somewhere, ("path", "only")),
    (_check_some, ("path", "only")),
    (_check_parameters, ()),
    (_check_also, ("path", "also")),
    (_check_paths, ("path", "also")),
    (_check_datasets, ("datasets",)),
    (check_holds, ("holds",)),
    (_check_size, ("path", "only", "min_bytes")),
    (check_steps, ()),
    (check_logs, ("path", "logs")),
    (check_command, ("path", "check")),
]
# These must be right in the kinds that it needs or is made with too, which then are all there.
BETWEEN_KINDS: Checks = [
    (_check_made_with, ("path", "only", "made_with")),
    (check_entries, ("path", "needs")),
    (check_recipe, ("path", "datasets", "needs", "reduce", "given")),
    (check_source_sets, ("path", "needs")),
    (check_inputs, ("path", "needs", "only")),
    (check_chain, ("path", "needs", "only", "made_with")),
    (check_left_inputs, ("path", "needs", "only")),
]
