"""Which artifact needs which: links on arrays against the natural join in plain loops, and their sums against sums over pairs."""

import numpy as np
import pytest
from hypothesis import given, settings
from plain_production import Production
from worlds import World, worlds

from latteboard.campaign import Campaign
from latteboard.campaign.conditions import inputs_of
from latteboard.campaign.needs import Links


def pairs_by_loops(production: Production, campaign: Campaign, kind: str, need: str) -> set[tuple[int, int]]:
    """Pairs of rows, from the twin's plain loops."""
    rows = {
        artifact.path: campaign.expected(artifact.kind).index(artifact.coordinates)
        for name in (kind, need)
        for artifact in production.of_kind(name)
    }
    return {(rows[a.path], rows[path]) for a in production.of_kind(kind) for path in production.inputs[a.path][need]}


def made(campaign: Campaign, kind: str, need: str) -> Links:
    return campaign.links(kind, need)


@settings(max_examples=40)
@given(world=worlds())
def test_links_are_the_pairs_of_the_natural_join(world: World, tmp_path_factory: pytest.TempPathFactory) -> None:
    campaign = Campaign.read(world.write(tmp_path_factory.mktemp("world")))
    production = world.production()
    for kind, stated in campaign.kinds.items():
        for need in stated.needs:
            one = made(campaign, kind, need)
            products, inputs = one.pairs()
            expected = pairs_by_loops(production, campaign, kind, need)
            assert sorted(zip(products.tolist(), inputs.tolist(), strict=True)) == sorted(expected)
            assert_sums_agree(one, products, inputs)
            assert_inputs_of_one_agree(campaign, kind, need, expected)


def assert_sums_agree(one: Links, products: np.ndarray, inputs: np.ndarray) -> None:
    """Counts, extremes and marks are those of the pairs."""
    numbers = len(one.product_group), len(one.input_group)
    plain = Links.from_pairs(products, inputs, numbers)
    marks = [np.arange(number) % 3 != 1 for number in numbers]
    values = np.arange(numbers[1]) * 7 % 11
    for links_ in (one, plain):
        counted = [
            sum(1 for p, i in zip(products, inputs, strict=True) if p == n and marks[1][i]) for n in range(numbers[0])
        ]
        assert links_.count(marks[1]).tolist() == counted
        assert links_.any(marks[1]).tolist() == [number > 0 for number in counted]
        asked = {int(i) for p, i in zip(products, inputs, strict=True) if marks[0][p]}
        assert set(np.flatnonzero(links_.asked(marks[0])).tolist()) == asked
        own = [[values[i] for p, i in zip(products, inputs, strict=True) if p == n] for n in range(numbers[0])]
        assert links_.least(values, -1 if not len(values) else 99).tolist() == [min([99, *found]) for found in own]
        assert links_.greatest(values, -99).tolist() == [max([-99, *found]) for found in own]
        grid = np.indices(numbers).reshape(2, -1)
        has = set(zip(*(column[links_.has(*grid)].tolist() for column in grid), strict=True))
        assert has == set(zip(products.tolist(), inputs.tolist(), strict=True))


def assert_inputs_of_one_agree(campaign: Campaign, kind: str, need: str, expected: set[tuple[int, int]]) -> None:
    for row in range(0, len(campaign.expected(kind)), 7):
        own = campaign.expected(kind).coordinates(row)
        found = inputs_of(campaign.relations, campaign.kinds[kind].entries[need], own, campaign.expected(need).rows)
        assert sorted(found.tolist()) == sorted(i for p, i in expected if p == row)
