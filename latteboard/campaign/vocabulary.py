"""The names of a campaign: their checks, and the order of its coordinates and kinds."""

from collections.abc import Collection, Iterable, Sequence
from graphlib import CycleError, TopologicalSorter

from latteboard.campaign.relations import MAIN
from latteboard.campaign.tables import CampaignTable
from latteboard.errors import CampaignError, Mistakes
from latteboard.names.templates import Field, Template
from latteboard.text import did_you_mean, listed

# Columns of the catalog's tables and views: no coordinate, parameter or derived name may have one of these names.
RESERVED_NAMES = (
    *("path", "root", "place", "status", "size", "mtime", "problem", "blocked_by", "kind", "id"),
    *("blocked_count", "purgeable", "wanted", "needed", "look"),
)
# Tables, views and indexes of every catalog: no kind may have one of these names, since its view has the kind's name.
RESERVED_KINDS = (
    *(
        "artifact",
        "progress",
        "missing",
        "work",
        "problems",
        "root",
        "kind",
        "coordinate_value",
        "source_list",
        "axis_value",
    ),
    *(
        "status_rule",
        "problem_text",
        "folder",
        "stray",
        "unreadable",
        "recorded_input",
        "column_part",
        "container",
        "summary",
        "left_out",
    ),
    *("replica", "claim", "run", "history", "meta"),
    *(
        "coordinate_value_text",
        "stray_folder",
        "replica_artifact",
        "claim_artifact",
        "history_run",
        "source_list_place",
        "axis_value_place",
    ),
)
CONSTANTS = ("L", "T")
OF_FOLDERS = ("ensemble", "stream")  # known before a path is divided into folders, so their texts may divide it


def check_vocabulary(table: CampaignTable) -> None:
    """Check that names are unique, not reserved, and known where they are used.

    Raises
    ------
    CampaignError : all that are not.
    """
    plain = (*MAIN, *axes(table), *parameters(table), *CONSTANTS)
    with Mistakes() as mistakes:
        with mistakes.keep():
            _check_unique([*((name, "the coordinates") for name in MAIN), *_stated(table)])
        with mistakes.keep():
            _check_unique((name, f"kinds.{name}") for name in table.kinds)
        for name, derived in table.derive.items():
            with mistakes.keep(f"derive.{name}.from"):
                check_among(derived.on, (*MAIN, *axes(table)))
            for value, text in derived.values.items():
                with mistakes.keep(f"derive.{name}.values.{value}"):
                    _check_template(text, plain)
                    if derived.on not in OF_FOLDERS:
                        _check_within_name(text)
        for name in table.kinds:
            with mistakes.keep(f"kinds.{name}"):
                _check_kind(table, name, plain)


def axes(table: CampaignTable) -> list[str]:
    """The names of the axes, without the coordinates of the source lists, in the campaign's order."""
    under = (axis for ensemble in table.ensembles.values() for axis in ensemble.axes)
    return list(dict.fromkeys((*table.axes, *under)))


def names_in(template: Template, table: CampaignTable) -> set[str]:
    """The coordinates, parameters and constants that a template names, directly or through derived names."""
    names = set(template.names)
    for name in names & table.derive.keys():
        derived = table.derive[name]
        names |= {derived.on, *(inner for text in derived.values.values() for inner in Template.parse(text).names)}
    return names - table.derive.keys()


def coordinates_named(template: Template, table: CampaignTable) -> tuple[str, ...]:
    """The coordinates that a template names, directly or through derived names, in canonical order."""
    names = names_in(template, table)
    return tuple(name for name in (*MAIN[:4], *axes(table), "source") if name in names)


def parameters(table: CampaignTable) -> list[str]:
    """The names of all parameters, of the campaign, its ensembles and streams, each once."""
    tables = [table.parameters]
    for ensemble in table.ensembles.values():
        tables += [ensemble.parameters, *(stream.parameters for stream in ensemble.stream.values())]
    return list(dict.fromkeys(name for stated in tables for name in stated))


def _stated(table: CampaignTable) -> list[tuple[str, str]]:
    names = {"axes": axes(table), "parameters": parameters(table), "derive": table.derive}
    return [(name, f"{key}.{name}") for key, stated in names.items() for name in stated]


def _check_unique(stated: Iterable[tuple[str, str]]) -> None:
    """Refuse reserved and repeated names; names that differ in case are the same, since SQL ignores it."""
    first: dict[str, str] = {}
    with Mistakes() as mistakes:
        for name, key in stated:
            with mistakes.keep(key):
                if name.lower() in RESERVED_NAMES or name in CONSTANTS:
                    raise CampaignError(f"this name is reserved, as are {name_list((*RESERVED_NAMES, *CONSTANTS))}")
                if first.setdefault(name.lower(), key) != key:
                    raise CampaignError(
                        f"the name is taken by {first[name.lower()]}; upper and lower case are the same"
                    )


def name_list(names: Iterable[object]) -> str:
    """The names in alphabetical order, as a text for messages."""
    return listed(sorted(map(str, names)))


def check_among(name: str, allowed: Collection[str]) -> None:
    """Require that a name is one of those allowed."""
    if name not in allowed:
        expected = f"expected one of {name_list(allowed)}" if allowed else "there is none to name"
        raise CampaignError(f"there is no {name!r}; {expected}{did_you_mean(name, allowed)}")


def check_values(values: Sequence[object], known: Iterable[object]) -> None:
    """Require at least one value of a coordinate, and that each is one that it has."""
    if not values:
        raise CampaignError("expected at least one value, found []")
    has = list(map(str, known))
    with Mistakes() as mistakes:
        for value in values:
            with mistakes.keep():
                if str(value) not in has:
                    raise CampaignError(f"{value!r} is not one of its values: {listed(has)}{did_you_mean(value, has)}")


def _check_template(text: str, plain: Collection[str], derived: Collection[str] = ()) -> None:
    with Mistakes() as mistakes:
        for field in Template.parse(text).pieces:
            with mistakes.keep():
                if not isinstance(field, str):
                    _check_field(field, plain, derived)


def _check_within_name(text: str) -> None:
    """Refuse a text of a derived name that would divide the name of a file."""
    if "/" in text or not text.isprintable():
        raise CampaignError(f"{text!r}: a name can hold neither / nor control characters")


def _check_field(field: Field, plain: Collection[str], derived: Collection[str]) -> None:
    known = (*plain, *derived)
    if field.name in derived and field.spec:
        raise CampaignError(f"{field}: a derived name takes no format; put it into derive.{field.name}")
    if field.name not in known:
        hint = did_you_mean(field.name, known)
        raise CampaignError(f"there is no name {{{field.name}}}; expected one of {name_list(known)}{hint}")


def _check_kind(table: CampaignTable, name: str, plain: Collection[str]) -> None:
    """Check the name of a kind, and all names that it states."""
    kind = table.kinds[name]
    others = [other for other in table.kinds if other != name]
    needs = [need for need in kind.needs if isinstance(need, str)]
    with Mistakes() as mistakes:
        with mistakes.keep():
            if name.lower() in RESERVED_KINDS or name.lower().startswith("sqlite_"):
                raise CampaignError("the catalog has a table of this name; call the kind something else")
        for need in kind.needed_kinds:
            with mistakes.keep("needs"):
                check_among(need, table.kinds)
        with mistakes.keep("needs"):
            if len(set(needs)) < len(needs):
                raise CampaignError(f"expected each kind once, found {', '.join(needs)}")
        for key, other, known in (("made_with", kind.made_with, others), ("archive", kind.archive, table.archives)):
            with mistakes.keep(key):
                if other is not None:
                    check_among(other, known)
        paths = zip(kind.path_keys, (kind.path, *kind.also), strict=True)
        further = [*(("datasets", text) for text in kind.dataset_templates), *kind.holds_keys.items()]
        for key, text in (*paths, *further, ("logs", kind.logs or ""), ("check", kind.check or "")):
            with mistakes.keep(key):
                _check_template(text, plain, table.derive)


def kinds_in_order(table: CampaignTable) -> list[str]:
    """The kinds in the order of the production: inputs first, otherwise in the order of the campaign.

    Raises
    ------
    CampaignError : kinds need each other in a circle.
    """
    stated = list(table.kinds)
    # An unknown kind in needs is told elsewhere.
    sorter = TopologicalSorter({name: [need for need in _needs(table, name) if need in stated] for name in stated})
    try:
        sorter.prepare()
    except CycleError as error:
        kind, *others = error.args[1]
        if others == [kind]:
            other = f'{{ kind = "{kind}", with = {{ configuration = "configuration - 10" }} }}'
            raise CampaignError(
                f"it needs itself; another artifact of the same kind is named by its coordinates, such as {other}",
                key=f"kinds.{kind}.needs",
            ) from None
        circle = " needs ".join(reversed(error.args[1]))
        raise CampaignError(f"they need each other in a circle: {circle}", key="kinds") from None
    # Of the kinds whose needs have all been placed, the one that the campaign lists first comes next.
    ordered: list[str] = []
    ready: set[str] = set()
    while sorter.is_active():
        ready |= set(sorter.get_ready())
        following = min(ready, key=stated.index)
        ready.remove(following)
        ordered.append(following)
        sorter.done(following)
    return ordered


def _needs(table: CampaignTable, name: str) -> list[str]:
    """The kinds that come before it: all that it needs, but those of its own job of which it needs other artifacts."""
    leader = _leader(table, name)
    needs = table.kinds[leader].needs
    replaced = {need.kind for need in needs if not isinstance(need, str) and need.replaced}
    plain = {
        need if isinstance(need, str) else need.kind for need in needs if isinstance(need, str) or not need.replaced
    }
    chained = {need for need in replaced - plain if _leader(table, need) == leader}
    return [need for need in table.kinds[leader].needed_kinds if need not in chained]


def _leader(table: CampaignTable, name: str) -> str:
    """The kind whose job makes it: itself where no other one does that is known."""
    leader = table.kinds[name].made_with if name in table.kinds else None
    return leader if leader in table.kinds else name
