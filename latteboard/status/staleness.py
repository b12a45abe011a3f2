"""``stale``: on disk and sound, but what it was made from has changed since.

Only direct inputs count, and only those that are themselves on disk and sound. A product without a record of its inputs
is judged by times; one with a record by what it recorded; one that was touched since it was made by recorded sizes and by
times, since its own time no longer says when it was made.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from latteboard.campaign.needs import Links, places_in_runs
from latteboard.status.evidence import NOT_EXPECTED, UNTIMED, Evidence, Mask, Numbers, Records
from latteboard.status.times import TOLERANCE, Times, times_agree


@dataclass(frozen=True)
class Need:
    """One kind of inputs.

    Attributes
    ----------
    number : place of the needed kind in the order of the production
    links : which product needs which input
    evidence : of the inputs
    """

    number: int
    links: Links
    evidence: Evidence


def stale(products: Evidence, needs: Sequence[Need]) -> Mask:
    """Whether each product is stale; only those that are on disk and sound can be."""
    sound = products.sound
    if not sound.any() or not needs:
        return np.zeros(len(sound), dtype=bool)
    found = np.zeros(len(sound), dtype=bool)
    recorded, touched = _recorded(products)
    by_time = sound & (~recorded | touched)
    if by_time.any():
        found |= by_time & _older_than_an_input(products, needs)
    if (sound & recorded).any():
        found |= sound & recorded & _unlike_record(products, needs, touched)
    return found


def _recorded(products: Evidence) -> tuple[Mask, Mask]:
    """Whether each product has a record, and whether it was touched since it was made."""
    records = products.records
    recorded, touched = (np.zeros(len(products.states), dtype=bool) for _ in range(2))
    recorded[records.products] = True
    touched[records.products[records.mtimes == UNTIMED]] = True
    return recorded, touched


# -- by times -----------------------------------------------------------------------------------------------------------


def _older_than_an_input(products: Evidence, needs: Sequence[Need]) -> Mask:
    """Whether an input is newer by more than the tolerance, and so are all known copies of its size."""
    found = np.zeros(len(products.states), dtype=bool)
    oldest = products.mtimes[products.sound].min()
    for need in needs:
        changed = np.where(need.evidence.sound, need.evidence.times_of_change(), np.iinfo(np.int64).min)
        # Mostly all inputs of a kind are older than all its products; then the links need not be followed.
        if changed.max(initial=oldest) > oldest + TOLERANCE:
            newest = need.links.greatest(changed, default=np.iinfo(np.int64).min)
            found |= newest > products.mtimes + TOLERANCE
    return found


# -- by records ---------------------------------------------------------------------------------------------------------


def _unlike_record(products: Evidence, needs: Sequence[Need], touched: Mask) -> Mask:
    """Whether an input is not as recorded or no longer needed, or one that was left out has become available."""
    records = products.records
    unlike = np.zeros(len(products.states), dtype=bool)
    available = np.zeros(len(products.states), dtype=np.int64)
    accounted = np.zeros(len(products.states), dtype=np.int64)
    needed = np.zeros(len(records.products), dtype=bool)
    # Of all needed inputs that are sound, count those that the record accounts for: a difference means that some were left
    # out. Counting spares a list of all pairs of product and input.
    for need in needs:
        own = np.flatnonzero((records.kinds == need.number) & (records.inputs != NOT_EXPECTED))
        tied = own[need.links.has(records.products[own], records.inputs[own])]
        needed[tied] = True
        there = tied[need.evidence.sound[records.inputs[tied]]]
        unlike[records.products[there[_has_changed(records, there, need.evidence)]]] = True
        available += need.links.count(need.evidence.sound)
        accounted += np.bincount(records.products[there], minlength=len(unlike))
    # A recorded input that the campaign expects, but this product does not need, was one too many.
    renamed = records.named & (records.kinds == NOT_EXPECTED)
    unlike[records.products[records.named & ~needed & ~renamed]] = True
    with_renamed = np.zeros(len(unlike), dtype=bool)
    with_renamed[records.products[renamed]] = True
    unlike |= ~with_renamed & (available > accounted)
    if renamed.any():
        unlike |= with_renamed & ~_all_are_there_renamed(products, needs, renamed, with_renamed, touched)
    return unlike


def _has_changed(records: Records, entries: Numbers, inputs: Evidence) -> Mask:
    """Whether the input of each entry has another size than recorded, or another time that no known copy explains."""
    rows, sizes, mtimes = records.inputs[entries], records.sizes[entries], records.mtimes[entries]
    changed: Mask = inputs.sizes[rows] != sizes
    suspects = np.flatnonzero(~changed & (mtimes != UNTIMED) & ~times_agree(mtimes, inputs.mtimes[rows]))
    if len(suspects):
        known = _known_copies(inputs, rows[suspects], sizes[suspects], mtimes[suspects])
        changed[suspects[~known]] = True
    return changed


def _known_copies(inputs: Evidence, rows: Numbers, sizes: Numbers, mtimes: Times) -> Mask:
    """For each of these artifacts, whether any archive has a copy of this size and time: a recall from tape is no change."""
    order = np.argsort(inputs.copies.rows, kind="stable")
    of_copies = inputs.copies.rows[order]
    first = np.searchsorted(of_copies, rows)
    counts = np.searchsorted(of_copies, rows, side="right") - first
    pair = np.repeat(np.arange(len(rows)), counts)
    copies = order[np.repeat(first, counts) + places_in_runs(counts)]
    same = (inputs.copies.sizes[copies] == sizes[pair]) & times_agree(inputs.copies.mtimes[copies], mtimes[pair])
    known = np.zeros(len(rows), dtype=bool)
    known[pair[same]] = True
    return known


def _all_are_there_renamed(
    products: Evidence, needs: Sequence[Need], renamed: Mask, with_renamed: Mask, touched: Mask
) -> Mask:
    """For each product, whether the recorded inputs that are no longer expected are the available ones it did not record.

    Files that are renamed together with their template keep their sizes and times. So the entries of no expected input and
    the available inputs without an entry, both sorted by size and time, must be the same.
    """
    records = products.records
    lost = np.flatnonzero(renamed)
    wanted = _sorted(records.products[lost], records.sizes[lost], records.mtimes[lost])
    found = _sorted(*_not_recorded(products, needs, with_renamed))
    equal: Mask = np.bincount(wanted[0], minlength=len(touched)) == np.bincount(found[0], minlength=len(touched))
    one, other = ([column[equal[rows[0]]] for column in rows] for rows in (wanted, found))
    same: Mask = (one[1] == other[1]) & (touched[one[0]] | times_agree(one[2], other[2]))
    equal[one[0][~same]] = False
    return equal


def _sorted(*columns: Numbers) -> list[Numbers]:
    order = np.lexsort(columns[::-1])
    return [column[order] for column in columns]


def _not_recorded(products: Evidence, needs: Sequence[Need], chosen: Mask) -> tuple[Numbers, Numbers, Times]:
    """Product, size and time of the available inputs of the chosen products that these did not record."""
    records, columns = products.records, []
    for need in needs:
        pairs = need.links.pairs()
        kept = chosen[pairs[0]] & need.evidence.sound[pairs[1]]
        rows, inputs = pairs[0][kept], pairs[1][kept]
        own = (records.kinds == need.number) & (records.inputs != NOT_EXPECTED)
        number = len(need.evidence.states)
        recorded = np.isin(rows * number + inputs, records.products[own] * number + records.inputs[own])
        rows, inputs = rows[~recorded], inputs[~recorded]
        columns.append((rows, need.evidence.sizes[inputs], need.evidence.mtimes[inputs]))
    return tuple(np.concatenate(parts) for parts in zip(*columns, strict=True))  # type: ignore[return-value]
