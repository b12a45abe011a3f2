"""Tables for the browser: each column a dictionary of its values and a code for every row, in one classic script.

A page of a million rows is then some megabytes. A filter looks at each value of a dictionary once and passes over the
codes. ``static/store.js`` reads this form.
"""

import gzip
import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]
# Level of compression: higher ones take four times as long for a twentieth less.
LEVEL = 6
# Beyond this, numbers of a browser are no longer exact.
EXACT = 2**53
# A table of what occurs is faster than sorting as long as it is not much longer than the column.
DENSE = 4


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes
    ----------
    type : display and comparison of its values: text, status, counted (``prop (8)``), number, bytes, minutes (since 1970, UTC)
    values : the dictionary, in the order in which the column is sorted; numbers ascend and differ
    codes : position of its value, for each row
    missing : whether the first value stands for none
    """

    name: str
    type: str
    values: Sequence[str] | Numbers
    codes: Numbers
    missing: bool = False

    def to_plain(self) -> dict[str, Any]:
        """Return the form in the script: dictionary and codes packed, the codes little-endian and as narrow as possible."""
        width = next(width for width in (1, 2, 4) if len(self.values) <= 256**width)
        return {
            "name": self.name,
            "type": self.type,
            "missing": self.missing,
            "values": _packed(json.dumps(self._values(), separators=(",", ":")).encode()),
            "codes": _packed(self.codes.astype(f"<u{width}").tobytes()),
            "width": width,
        }

    def _values(self) -> list[Any]:
        """Return texts as they are, and numbers as the differences between them, which are small and compress well."""
        return np.diff(self.values, prepend=0).tolist() if isinstance(self.values, np.ndarray) else list(self.values)


def encode(numbers: Numbers) -> tuple[Numbers, Numbers]:
    """Return the different numbers of a column, ascending, and for each row the position of its number.

    Examples
    --------
    >>> encode(np.array([306, 300, 306]))
    (array([300, 306]), array([1, 0, 1]))
    """
    if not len(numbers):
        return numbers, numbers
    low, high = int(numbers.min()), int(numbers.max())
    if high - low >= DENSE * len(numbers) + 1024:
        distinct = np.unique(numbers)
        return distinct, np.searchsorted(distinct, numbers)
    offsets = numbers - low
    occurs = np.zeros(high - low + 1, dtype=bool)
    occurs[offsets] = True
    return np.flatnonzero(occurs) + low, (np.cumsum(occurs) - 1)[offsets]


def number_column(name: str, distinct: Numbers, codes: Numbers) -> Column:
    """Return a column of numbers without gaps; numbers beyond the exact ones of a browser become texts."""
    if len(distinct) and max(abs(int(distinct[0])), abs(int(distinct[-1]))) >= EXACT:
        return Column(name, "text", [str(number) for number in distinct.tolist()], codes)
    return Column(name, "number", distinct, codes)


def amount_column(name: str, type_: str, numbers: Numbers) -> Column:
    """Return a column of bytes or minutes; -1 stands for none."""
    distinct, codes = encode(numbers)
    return Column(name, type_, distinct, codes, missing=-1 in distinct[:1])


def data_script(name: str, content: Mapping[str, Any]) -> bytes:
    """Return a script that sets ``window.<name>``; its texts are escaped so that none can end the script or become markup."""
    text = json.dumps(content, separators=(",", ":"))
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return f"window.{name} = {text};\n".encode()


def _packed(content: bytes) -> str:
    """Compress and encode as text; the result depends on nothing but the content."""
    return b64encode(gzip.compress(content, LEVEL, mtime=0)).decode()
