"""Checks of means: what is averaged has one form, each source goes in once, and all means are over the same sources."""

from collections.abc import Mapping, Sequence

from reducer.correlators.conventions import HALF_SPINS, SPINS, parse_name, with_other_spin
from reducer.correlators.file import CorrelatorFile
from reducer.making.terms import Term
from reducer.tasks.task import Input, Row, key_text

Names = Mapping[str, bool]  # of the output datasets that a file has terms of, and whether each is a correlator


def check_terms(terms: Sequence[Term]) -> None:
    """Require one form of all terms of a mean, each source once, and of a spectrum both spins."""
    first = terms[0]
    for term in terms:
        found, expected = ((one.dataset.shape, one.dataset.dtype) for one in (term, first))
        if found != expected:
            raise term.refusal(
                f"has shape {found[0]}, {found[1]}; expected {expected[0]}, {expected[1]} as in {first.file.path}"
            )
        if term.is_reversed != first.is_reversed:
            raise term.refusal(
                f"is reversed in time, or not, other than in {first.file.path}; expected the same in all"
            )
    _check_sources_once(terms)
    _check_spins(terms)


def _check_spins(terms: Sequence[Term]) -> None:
    """Require all spins of a particle that has one of them: both of spin 1/2, all four of spin 3/2."""
    names = {term.dataset.name for term in terms}
    found = {term.correlator.spin for term in terms if term.correlator is not None}
    spins = HALF_SPINS if found <= {None, *HALF_SPINS} else SPINS
    for term in terms:
        if term.correlator is None or term.correlator.spin is None:
            continue
        for spin in spins:
            if (missing := with_other_spin(term.correlator, spin)) not in names:
                number = "both" if spins == HALF_SPINS else "all four"
                raise term.file.refusal(f"missing; the average is over {number} spins", missing)


def _check_sources_once(terms: Sequence[Term]) -> None:
    """Require that no source is in two terms, of a spectrum with one spin; and that means say over which ones they are."""
    seen: dict[object, Term] = {}
    for term in terms:
        if len(terms) > 1 and not term.sources:
            raise term.refusal("does not say over which sources it is a mean (by meta), so no other can be added to it")
        spin = None if term.correlator is None else term.correlator.spin
        for source in term.sources:
            for key in ((source, one) for one in ((spin,) if spin is not None else (None, *SPINS))):
                if key in seen and seen[key] is not term:
                    raise term.refusal(f"source {source} is in {seen[key].file.path} too; expected it once")
                seen[key] = term


def check_sources(means: Mapping[str, Sequence[Term]]) -> None:
    """Require that every mean, by its name, is over the same sources."""
    by_source = {name: {source: term for term in terms for source in term.sources} for name, terms in means.items()}
    first, *others = by_source or [""]
    for name in others:
        for has, lacks, missing in ((first, name, name), (name, first, first)):
            for source in sorted(by_source[has].keys() - by_source[lacks].keys()):
                raise by_source[has][source].refusal(
                    f"is of source {source}, of which there is no {missing}; expected all datasets of the same sources"
                )


def check_configuration(row: Row, files: Sequence[CorrelatorFile]) -> None:
    """Refuse inputs whose records say that they are of another configuration than the mean, or than each other."""
    expected = None if row.configuration is None else (row.stream or "", row.configuration)
    for file in files:
        if file.recipe.get("configuration") is None:
            continue
        found = (str(file.recipe.get("stream") or ""), int(file.recipe["configuration"]))
        expected = expected or found
        if found != expected:
            raise file.refusal(
                f"its record says configuration {key_text(found)}; expected {key_text(expected)} only, of which the mean is"
            )


def check_groups(inputs: Sequence[Input], files: Sequence[CorrelatorFile], names: Sequence[Names]) -> None:
    """Require the same datasets in files of one group; in two groups the same correlators, or none in common."""
    groups: dict[str, int] = {}
    for position, given in enumerate(inputs):
        first = groups.setdefault(given.group, position)
        _check_same_names(files, first, position, names[first], names[position])
    correlators = [{name: True for name, is_correlator in one.items() if is_correlator} for one in names]
    firsts = list(groups.values())
    for number, first in enumerate(firsts):
        for other in firsts[number + 1 :]:
            if correlators[first].keys() & correlators[other].keys():
                _check_same_names(files, first, other, correlators[first], correlators[other])


def _check_same_names(files: Sequence[CorrelatorFile], first: int, other: int, ours: Names, theirs: Names) -> None:
    for has, names, lacks, others in ((first, ours, other, theirs), (other, theirs, first, ours)):
        missing = sorted(names.keys() - others.keys(), key=lambda name: (parse_name(name) is None, name))
        if missing:
            hint = "" if names[missing[0]] else "; --without leaves it out"
            raise files[lacks].refusal(f"missing (one of {len(missing)}); {files[has].path} has it{hint}", missing[0])
