"""Chains: kinds whose artifacts need others of the same kind, or of a kind that the same job makes, as trajectories do."""

from collections.abc import Iterator

import numpy as np

from latteboard.campaign.needs import Numbers, places_in_runs


def steps(products: Numbers, inputs: Numbers, number: int) -> Iterator[tuple[Numbers, Numbers]]:
    """The pairs of a product and an input in portions: all in which an artifact is the product before any in which it is the input.

    Pairs of artifacts that are in a circle, or need one, never come.

    Parameters
    ----------
    products, inputs : each pair once
    number : of artifacts

    Examples
    --------
    >>> [[pair[0].tolist(), pair[1].tolist()] for pair in steps(np.array([2, 1]), np.array([1, 0]), 3)]
    [[[1], [0]], [[2], [1]]]
    """
    order = np.argsort(inputs, kind="stable")
    of_inputs, by_input = inputs[order], products[order]
    first, end = (np.searchsorted(of_inputs, np.arange(number), side=side) for side in ("left", "right"))
    waits_for = np.bincount(products, minlength=number)
    # A front of artifacts whose inputs have all come; a chain of a thousand has a thousand fronts, each as small as its links.
    front = np.flatnonzero(waits_for == 0)
    while len(front):
        counts = end[front] - first[front]
        pairs = np.repeat(first[front], counts) + places_in_runs(counts)
        if not len(pairs):
            return
        reached = by_input[pairs]
        yield reached, of_inputs[pairs]
        np.subtract.at(waits_for, reached, 1)
        front = np.unique(reached[waits_for[reached] == 0])


def circle(products: Numbers, inputs: Numbers, number: int) -> list[int]:
    """Artifacts each of which needs the next, and the last one the first; empty if there are none such.

    Parameters
    ----------
    products, inputs : each pair once
    number : of artifacts
    """
    # Mostly all needs lead the same way in the order of the artifacts; then there is no circle.
    if np.all(inputs < products) or np.all(inputs > products):
        return []
    waits = np.bincount(products, minlength=number)
    for reached, _ in steps(products, inputs, number):
        np.subtract.at(waits, reached, 1)
    left = waits[products] > 0
    if not left.any():
        return []
    # Each artifact that is left needs another one that is left; following these ends in a circle.
    among = left & (waits[inputs] > 0)
    next_of = dict(zip(products[among].tolist(), inputs[among].tolist(), strict=True))
    path = [next(iter(next_of))]
    seen: dict[int, int] = {}
    while path[-1] not in seen:
        seen[path[-1]] = len(seen)
        path.append(next_of[path[-1]])
    return path[seen[path[-1]] : -1]
