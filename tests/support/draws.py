"""What random campaigns are drawn with."""

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

Draw = Callable[[st.SearchStrategy[Any]], Any]


def rarely(draw: Draw, times: int = 5) -> bool:
    """True about once in ``times``; the simplest example is False."""
    return bool(draw(st.integers(0, times - 1)) == times - 1)
