"""Sizes as a campaign states them: a number of bytes, one with a unit, or arithmetic such as ``8 * 2 * T * L**3``."""

import re
from collections.abc import Mapping
from decimal import Decimal

from latteboard.campaign.arithmetic import LARGEST, Arithmetic, number_text
from latteboard.errors import CampaignError
from latteboard.text import did_you_mean, listed

EXPECTED = "expected numbers, names and + - * / // % **, or one number with a unit, such as 4 kB"
UNITS = {
    **{f"{prefix}B": 1000**power for power, prefix in enumerate("kMGT", 1)},
    **{f"{prefix}iB": 1024**power for power, prefix in enumerate("KMGT", 1)},
}
WITH_UNIT = re.compile(r"(?P<number>[0-9]+(?:\.[0-9]+)?) *(?P<unit>[A-Za-z]+)", re.ASCII)


class Size:
    """A number of bytes, stated as a number, as a number with a unit or as arithmetic of names.

    Attributes
    ----------
    text : as stated
    names : the names in it

    Examples
    --------
    >>> size = Size("8 * 2 * T * L**3")
    >>> sorted(size.names)
    ['L', 'T']
    >>> size.bytes({"L": 32, "T": 96})
    50331648
    >>> Size("4 kB").bytes({}), Size("1.5 GiB").bytes({})
    (4000, 1610612736)
    """

    def __init__(self, text: int | str) -> None:
        """Parse a size; raises :class:`CampaignError` if ``text`` is neither arithmetic nor a number with a unit."""
        self.text = str(text)
        number = self._with_unit()
        self._has_unit = number is not None
        self._arithmetic = Arithmetic(number or self.text, expected=EXPECTED)
        self.names = self._arithmetic.names

    def __str__(self) -> str:
        return self.text if self._has_unit else f"{self.text} bytes"

    def _with_unit(self) -> str | None:
        """The number of bytes of a number with a unit; None for anything else."""
        stated = WITH_UNIT.fullmatch(self.text.strip())
        if stated is None:
            return None
        unit = stated["unit"]
        if unit not in UNITS:
            raise CampaignError(
                f"{self.text!r}: there is no unit {unit}; expected one of {listed(UNITS)}{did_you_mean(unit, UNITS)}"
            )
        return str(round(Decimal(stated["number"]) * UNITS[unit]))

    def bytes(self, names: Mapping[str, int | float]) -> int:
        """The size in bytes, rounded to a whole number.

        Raises
        ------
        CampaignError : a name is not in ``names``, the arithmetic fails, or the result is not from 0 to 2**63 - 1.
        """
        value = self._arithmetic.value(names)
        if not 0 <= value < LARGEST:
            found = number_text(value)
            raise CampaignError(f"{self.text!r} gives {found}; expected a number of bytes from 0 to 2**63 - 1")
        return round(value)
