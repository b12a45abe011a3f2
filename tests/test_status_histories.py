"""Random histories of changes: after each step the whole catalog is that of the brute force.

A failure is told as a short list of steps: steps are left out as long as the rest still fails. To search further:
``LATTEBOARD_HISTORIES=500 pytest --hypothesis-profile=default tests/test_status_histories.py``.
"""

import os
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from histories import History
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from worlds import World, worlds

HISTORIES = int(os.environ.get("LATTEBOARD_HISTORIES", "6"))


def failure(world: World, seed: int, steps: list[int]) -> str | None:
    """The steps and the difference that the last of them shows, None if there is none."""
    with TemporaryDirectory() as folder:
        history = History(Path(folder), world)
        try:
            for step in steps:
                history.step(Random(f"{seed} {step}"))
            history.rebuild()
        except AssertionError as difference:
            return "\n".join([*history.told, str(difference)])
    return None


def shortened(world: World, seed: int, steps: list[int]) -> list[int]:
    """Those steps of a failing history without which it does not fail."""
    for step in list(steps):
        rest = [other for other in steps if other != step]
        if failure(world, seed, rest) is not None:
            steps = rest
    return steps


def test_after_any_history_the_catalog_is_that_of_the_brute_force() -> None:
    @settings(max_examples=HISTORIES, deadline=None, phases=[Phase.explicit, Phase.generate])
    @given(worlds(), st.integers(0, 2**32 - 1), st.integers(8, 15))
    def compare(world: World, seed: int, number: int) -> None:
        steps = list(range(number))
        if failure(world, seed, steps) is not None:
            pytest.fail(f"{failure(world, seed, shortened(world, seed, steps))}\n{world.campaign}", pytrace=False)

    compare()
