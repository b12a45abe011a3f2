"""Sizes are numbers of bytes, or arithmetic that can do nothing but compute one."""

import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latteboard.campaign.sizes import Size
from latteboard.errors import CampaignError

NAMES = {"L": 32, "T": 96, "currents": 10, "half": 0.5}


@pytest.mark.parametrize(
    ("text", "bytes_"),
    [
        (267744, 267744),
        ("267744", 267744),
        ("currents * 4 * 2 * T * L**3 * 16", 10 * 4 * 2 * 96 * 32768 * 16),
        ("T // 2 + 1", 49),
        ("-T + 100 % 7 + (T - 1) * 3", -96 + 2 + 285),
        ("half * 7", 4),  # 3.5 is rounded to the even neighbour
        ("1e6", 1_000_000),
        ("2**62", 2**62),
        ("4 kB", 4_000),
        ("4kB", 4_000),
        ("0 kB", 0),
        ("3 MB", 3_000_000),
        ("2.5 GB", 2_500_000_000),
        ("1 TB", 10**12),
        ("4 KiB", 4096),
        ("1 MiB", 2**20),
        ("1.5 GiB", 3 * 2**29),
        ("2 TiB", 2**41),
        (" 0.1 kB ", 100),
        ("0.0004 kB", 0),  # rounded as all sizes
    ],
)
def test_a_size_is_a_number_of_bytes(text: int | str, bytes_: int) -> None:
    assert Size(text).bytes(NAMES) == bytes_


@pytest.mark.parametrize("unit", ["kB", "MB", "GB", "TB", "KiB", "MiB", "GiB", "TiB"])
def test_a_number_with_a_unit_is_the_number_times_the_unit(unit: str) -> None:
    factor = (1024 if "i" in unit else 1000) ** ("KMGT".index(unit[0].upper()) + 1)
    assert Size(f"7 {unit}").bytes({}) == 7 * factor
    assert str(Size(f"7 {unit}")) == f"7 {unit}"
    assert str(Size("7 * L")) == "7 * L bytes"


UNITS = "kB, MB, GB, TB, KiB, MiB, GiB, TiB"
EXPECTED = "expected numbers, names and + - * / // % **, or one number with a unit, such as 4 kB"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("4 kb", f"'4 kb': there is no unit kb; expected one of {UNITS}; did you mean 'kB'?"),
        ("4 GIB", f"'4 GIB': there is no unit GIB; expected one of {UNITS}; did you mean 'GiB'?"),
        ("4 B", f"'4 B': there is no unit B; expected one of {UNITS}"),
        ("4 bytes", f"'4 bytes': there is no unit bytes; expected one of {UNITS}"),
        ("4 L", f"'4 L': there is no unit L; expected one of {UNITS}"),
        ("L kB", f"'L kB' is not arithmetic; {EXPECTED}"),
        ("2 * 4 kB", f"'2 * 4 kB' is not arithmetic; {EXPECTED}"),
        ("1e3 kB", f"'1e3 kB' is not arithmetic; {EXPECTED}"),
        ("-4 kB", f"'-4 kB' is not arithmetic; {EXPECTED}"),
        ("L * 'x'", f"\"L * 'x'\" is not arithmetic: Constant stands in it; {EXPECTED}"),
    ],
)
def test_anything_else_with_a_unit_is_refused(text: str, message: str) -> None:
    with pytest.raises(CampaignError) as refused:
        Size(text)
    assert str(refused.value) == message


def test_a_size_beyond_all_disks_is_refused_with_its_unit() -> None:
    with pytest.raises(CampaignError, match=r"'9999999 TiB' gives a number out of all proportion"):
        Size("9999999 TiB").bytes({})


def test_a_size_says_which_names_it_needs() -> None:
    assert Size("currents * (L + T) - L").names == {"currents", "L", "T"}
    assert Size(12).names == frozenset()


numbers = st.integers(0, 99).map(str) | st.sampled_from(["L", "T", "currents"])
arithmetic = st.recursive(
    numbers,
    lambda inner: st.tuples(inner, st.sampled_from(["+", "*", "-", "//", "%"]), inner).map(
        lambda t: f"({' '.join(t)})"
    ),
    max_leaves=8,
)


@given(arithmetic)
def test_a_size_is_what_python_computes(text: str) -> None:
    try:
        expected = eval(text, {}, dict(NAMES))  # noqa: S307 -- the truth, over texts drawn above
    except ZeroDivisionError:
        expected = -1
    if 0 <= expected < 2**63:
        assert Size(text).bytes(NAMES) == expected
    else:
        with pytest.raises(CampaignError, match=r"cannot be computed|gives"):
            Size(text).bytes(NAMES)


@pytest.mark.parametrize(
    "text",
    [
        "9**9**9",
        "9**(9**9)",
        "9**9**9**9**9",
        "(2**63)**16 * (2**63)**16 * (2**63)**16",
        "2 ** -99999999",
        "0.1**(0 - 99999)",
        "*".join(["9" * 18 + "**16"] * 20),
    ],
)
def test_gigantic_numbers_are_refused_in_a_millisecond(text: str) -> None:
    seconds = []
    for _ in range(20):
        start = time.perf_counter()
        with pytest.raises(CampaignError):
            Size(text).bytes({})
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < 1e-3  # of several, since others use this machine too


@pytest.mark.parametrize("text", ["inf", "nan", "-1", "2**63", "L * inf"])
def test_what_is_no_number_of_bytes_is_refused(text: str) -> None:
    with pytest.raises(CampaignError, match=r"from 0 to 2\*\*63 - 1"):
        Size(text).bytes({"L": 4, "inf": float("inf"), "nan": float("nan")})


@given(st.text(max_size=30))
def test_any_text_is_a_size_or_is_refused(text: str) -> None:
    with suppress(CampaignError):
        assert Size(text).bytes(NAMES) >= 0
