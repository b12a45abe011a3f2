"""Attributes that an output of one configuration carries along from its inputs: of the file, of groups and of datasets.

Inputs that state one differently are terms of a mean: it becomes the list of their values, in the order of the terms.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from latteboard.recipe import Recipe
from reducer.correlators.file import CorrelatorFile
from reducer.hdf5.attributes import NOT_FINITE, OWN, Attribute, in_order_of_terms
from reducer.making.targets import Target, row_dataset

# By the path of a group or dataset of the output; that of the root group is empty.
Attributes = Mapping[str, Mapping[str, Attribute]]
Place = tuple[CorrelatorFile, str]  # a group or dataset of an input
AXES = "DIMENSION_LABELS"  # the names of the axes, which some steps change
CONFIGURATION = "configuration"  # the name of the axis of rows
SOURCES = "n_sources"  # how many sources a correlator is the mean over, where several kinds are collected


def carried_attributes(
    files: Sequence[CorrelatorFile], targets: Sequence[Target], recipe: Recipe, lost: Callable[[str], object]
) -> Attributes:
    """The attributes of an output, by group or dataset; ``lost`` is called with a sentence on each that cannot be carried."""
    found: dict[str, Mapping[str, Attribute]] = {}
    for path, places in _groups(files, targets, recipe).items():
        found[path] = _combined(places, OWN, lost)
    for target in targets:
        terms = target.terms if target.is_correlator else target.copies
        copied = not target.acts and recipe.concatenate is None
        if copied or any(term.dataset.attributes for term in terms):
            but = {NOT_FINITE} if copied else {*OWN, AXES} if target.is_correlator and recipe.fft else OWN
            but = {*but, SOURCES} if target.is_correlator and recipe.average else but
            places = [(term.file, term.dataset.name) for term in terms]
            found[row_dataset(target, recipe).name] = _named_axes(_combined(places, but, lost), recipe)
        if (number := _number_of_sources(target, recipe)) is not None:
            name = row_dataset(target, recipe).name
            found[name] = {**found.get(name, {}), SOURCES: Attribute.of_number(number)}
    return {path: attributes for path, attributes in found.items() if attributes}


def _number_of_sources(target: Target, recipe: Recipe) -> int | None:
    """How many sources a correlator that is collected is the mean over; None if it is none, or does not say."""
    if recipe.collect is None or not target.is_correlator or (target.first.source and recipe.average is None):
        return None
    return len({source for term in target.terms for source in term.sources}) or None


def _combined(places: Sequence[Place], but: Collection[str], lost: Callable[[str], object]) -> Mapping[str, Attribute]:
    """The attributes of several groups or datasets that become one."""
    stated = [file.attributes(path, but=but, lost=lost) for file, path in places]
    names = dict.fromkeys(name for attributes in stated for name in attributes)
    return {name: in_order_of_terms([attributes.get(name) for attributes in stated]) for name in names}


def _named_axes(attributes: Mapping[str, Attribute], recipe: Recipe) -> Mapping[str, Attribute]:
    """The attributes with the names of axes as they are in the output, which may have one more."""
    axes, joined = attributes.get(AXES), recipe.concatenate
    if axes is None or axes.values is None or joined is None or joined.along != "new":
        return attributes
    names = [CONFIGURATION.encode(), *axes.values.reshape(-1).tolist()]
    return {**attributes, AXES: Attribute.of_texts(names)}


def _groups(files: Sequence[CorrelatorFile], targets: Sequence[Target], recipe: Recipe) -> Mapping[str, list[Place]]:
    """For each group of the output with attributes, the groups that it is made of, in the order of the terms."""
    if not any(file.groups for file in files):
        return {}
    found: dict[str, dict[Place, None]] = defaultdict(dict)
    for target in sorted(targets, key=lambda target: not target.is_correlator):
        name = row_dataset(target, recipe).name
        for term in target.terms if target.is_correlator else target.copies:
            for own, group in zip(_above(name), _above(term.dataset.name), strict=True):
                found[own][term.file, group] = None
    known = {place for places in found.values() for place in places}
    for file in files:
        for group in sorted(file.groups):
            if (file, group) not in known:  # it holds no dataset that is taken
                found[group][file, group] = None
    stated = {path: list(places) for path, places in found.items()}
    if recipe.average is None:  # no means, whose terms have an order of their own
        stated = {path: sorted(places, key=lambda place: files.index(place[0])) for path, places in stated.items()}
    return {path: places for path, places in stated.items() if any(group in file.groups for file, group in places)}


def _above(path: str) -> Iterator[str]:
    """The paths of the groups that a dataset is in, from the root.

    Examples
    --------
    >>> list(_above("spec/proton/A3"))
    ['', 'spec', 'spec/proton']
    """
    parts = path.split("/")
    return ("/".join(parts[:depth]) for depth in range(len(parts)))
