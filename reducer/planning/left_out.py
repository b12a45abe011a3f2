"""The inputs of planned outputs that the campaign leaves out, in words: outputs record what they were made without."""

from collections import defaultdict
from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from latteboard.campaign import Campaign
from latteboard.campaign.conditions import links_of

Numbers = NDArray[np.int64]


def left_out_inputs(campaign: Campaign, kind: str, outputs: Numbers, list_of: Numbers) -> Mapping[int, tuple[str, ...]]:
    """The inputs that are left out, for each list of inputs of which some are.

    Parameters
    ----------
    outputs : rows of the expected artifacts of ``kind``
    list_of : for each of them the number of its list of inputs

    Returns
    -------
    by list the coordinates that the outputs do not name, and the reason, such as ``source = x0y0z0t0: exceptional``
    """
    found: dict[int, dict[str, None]] = defaultdict(dict)
    for need in campaign.kinds[kind].needs if campaign.leave_out else ():
        for product, text in _texts(campaign, kind, need, outputs):
            found[int(list_of[product])][text] = None
    return {number: tuple(texts) for number, texts in found.items()}


def _texts(campaign: Campaign, kind: str, need: str, outputs: Numbers) -> Iterator[tuple[int, str]]:
    """The inputs of one kind that are left out, each with the position of an output that goes without it."""
    taken = campaign.left_out(need)
    if not taken:
        return
    made = {name: column[outputs] for name, column in campaign.expected(kind).rows.items()}
    entries = campaign.kinds[kind].entries[need]
    products, inputs = links_of(campaign.relations, entries, made, taken.artifacts.rows).pairs()
    for product, row in zip(products.tolist(), inputs.tolist(), strict=True):
        free = {name: value for name, value in taken.artifacts.coordinates(row).items() if name not in made}
        where = ", ".join(f"{name} = {value}" for name, value in free.items()) or need
        yield product, f"{where}: {campaign.leave_out[int(taken.entries[row])].reason}"
