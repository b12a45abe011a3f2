"""Checks of recipes: known steps with known options that go together, and that the input of the kind fits."""

import json
from collections.abc import Sequence
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from latteboard.campaign.kinds import Kind
from latteboard.campaign.model import Definition
from latteboard.campaign.relations import MAIN
from latteboard.campaign.validation import mistakes_of
from latteboard.errors import CampaignError, Mistake, Mistakes, within
from latteboard.recipe import STEPS, Step, modes_problem, named_step
from latteboard.text import did_you_mean, listed


def check_steps(_: Definition, kind: Kind) -> None:
    """Require known steps with known options, that go together."""
    check_list(kind.table.reduce)


def check_list(steps: Sequence[Step]) -> None:
    """Require known steps with known options, that go together, of a ``reduce`` list from wherever it is."""
    with Mistakes() as mistakes:
        for step in steps:
            with mistakes.keep("reduce"):
                _check_step(step)
        with mistakes.keep("reduce"):
            if not mistakes.at("reduce"):
                _check_together(steps)


def _check_step(step: Step) -> None:
    name, options = named_step(step)
    if name not in STEPS:
        raise CampaignError(f"{name!r} is not a step; expected one of {listed(STEPS)}{did_you_mean(name, STEPS)}")
    try:
        # As JSON, since strict validation of Python objects accepts only instances of the dataclass itself.
        _adapter(name).validate_json(json.dumps(options, default=str))
    except ValidationError as error:
        found = mistakes_of(error, STEPS[name], options)
        raise CampaignError(Mistake(f"{name}: {mistake}") for mistake in found) from error


@cache
def _adapter(name: str) -> TypeAdapter[Any]:
    return TypeAdapter(STEPS[name])


def _check_together(steps: Sequence[Step]) -> None:
    names = [name for name, _ in map(named_step, steps)]
    if len(set(names)) < len(names):
        raise CampaignError(f"expected each step once, found {', '.join(names)}")
    if "tslice" in names[1:]:
        raise CampaignError(
            f"tslice: slices are taken of whole correlators, so it comes first; found {', '.join(names)}"
        )
    # What is collected can be linked to, unless numbers change.
    keeps = {"concatenate"} | {
        name for name, options in map(named_step, steps) if name == "collect" and not options.get("time_reversal")
    }
    if is_virtual(steps) and not keeps.issuperset(names):
        others = ", ".join(name for name in names if name not in keeps)
        raise CampaignError(
            f"concatenate: virtual links to what is there, so nothing can be computed; remove {others}, or virtual"
        )


def is_virtual(steps: Sequence[Step]) -> bool:
    """Whether the output of a recipe links to its inputs instead of holding copies; the steps must be known ones."""
    return any(name == "concatenate" and options.get("virtual", False) for name, options in map(named_step, steps))


def check_recipe(definition: Definition, kind: Kind) -> None:
    """Require one input, or with the step ``collect`` several, from whose coordinates the recipe leads to those of the kind."""
    if not kind.reduced:
        return
    with within("reduce"):
        collects = "collect" in [name for name, _ in map(named_step, kind.table.reduce)]
        if not kind.needs or (len(kind.needs) > 1 and not collects):
            number = "at least" if collects else "exactly"
            hint = "" if collects or not kind.needs else "; the step collect takes several"
            raise CampaignError(f"expected {number} one kind in needs, found {', '.join(kind.needs) or 'none'}{hint}")
        with Mistakes() as mistakes:
            for need in kind.needs:
                for check in (_check_entry, _check_joined, _check_files):
                    with mistakes.keep():
                        check(definition, kind, definition.kinds[need])
            for check_kind in (_check_rows, _check_named, _check_modes):
                with mistakes.keep():
                    check_kind(definition, kind)


def _check_rows(definition: Definition, kind: Kind) -> None:
    """Require that kinds which are joined by configuration, or stream, all name it: each row has files of all of them."""
    for name in ("stream", "configuration"):
        naming = [need for need in kind.needs if name in definition.kinds[need].coordinates]
        others = [need for need in kind.needs if need not in naming]
        if name not in kind.coordinates and naming and others:
            raise CampaignError(
                f"{naming[0]} names {name} and {others[0]} does not, so they cannot be joined by it; "
                f"name {name} in the path of both"
            )


def _check_entry(_: Definition, kind: Kind, given: Kind) -> None:
    """Require one entry of ``needs``, which fixes no coordinate that the recipe runs over."""
    entry, *others = kind.entries[given.name]
    if others:
        raise CampaignError(f"expected one entry of needs, found {1 + len(others)} of {given.name}")
    fixed = [name for name in given.coordinates if name in entry.replaced and name not in kind.coordinates]
    if fixed:
        raise CampaignError(
            f"it runs over {' and '.join(fixed)}, which with of needs fixes; name {' and '.join(fixed)} in the path, "
            "or remove with"
        )


def _check_joined(_: Definition, kind: Kind, given: Kind) -> None:
    """Require that streams and configurations are joined by concatenation only; sources and source sets are averaged."""
    joined = [
        name for name in given.coordinates if name in ("stream", "configuration") and name not in kind.coordinates
    ]
    if joined and "concatenate" not in [name for name, _ in map(named_step, kind.table.reduce)]:
        raise CampaignError(f"the path does not name {' and '.join(joined)}: name it, or add the step concatenate")


def _check_files(_: Definition, kind: Kind, given: Kind) -> None:
    """Require whole files as inputs, that stay if the output links to them."""
    if given.inside:
        raise CampaignError(f"{given.name} lives inside HDF5 files; expected a kind of whole files in needs")
    if given.is_folder:
        raise CampaignError(f"the artifacts of {given.name} are folders; expected a kind of whole files in needs")
    if is_virtual(kind.table.reduce) and given.table.temporary:
        raise CampaignError(
            f"concatenate: virtual links to {given.name}, which is temporary: once it is purged, its data are gone; "
            "remove virtual here, or temporary there"
        )


def _check_named(definition: Definition, kind: Kind) -> None:
    """Require that an axis of the output is one of an input, or selects among the datasets of each input file."""
    given = [definition.kinds[need] for need in kind.needs]
    inside = {name for one in given for template in one.datasets for name in definition.coordinates_named(template)}
    known = {*MAIN, *inside, *(name for one in given for name in one.coordinates)}
    lacking = [name for name in kind.coordinates if name not in known]
    if lacking:
        raise CampaignError(
            f"the path names {' and '.join(lacking)}, which neither path nor datasets of {' or '.join(kind.needs)} do"
        )


def _check_modes(definition: Definition, kind: Kind) -> None:
    """Require 2 max_momentum <= L: more modes than sites would give the same mode twice."""
    for name, options in map(named_step, kind.table.reduce):
        for stream in definition.streams_of(kind) if name == "fft" else ():
            problem = modes_problem(options["max_momentum"], stream.L)
            if problem is not None:
                raise CampaignError(f"fft: in {stream} {problem}")
