"""Conditions as typed on the command line: ``configuration=300:400:5`` (end included), ``t_separation=3,4``, ``stream=e``."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latteboard.campaign.lists import number_range, whole_numbers
from latteboard.campaign.relations import Columns, Relations, length
from latteboard.errors import CampaignError, QueryError
from latteboard.text import did_you_mean, listed


def read_conditions(arguments: Sequence[str], coordinates: Collection[str], numeric: Collection[str]) -> dict[str, Any]:
    """A value, a list of values or a range for each name that ``NAME=VALUE`` arguments state.

    Parameters
    ----------
    coordinates : the names that errors list; whether a name is one of them is checked by those who use it
    numeric : the names whose values are whole numbers

    Examples
    --------
    >>> read_conditions(["configuration=300:312:6", "stream=e,f"], ["configuration", "stream"], ["configuration"])
    {'configuration': range(300, 313, 6), 'stream': ['e', 'f']}
    """
    conditions: dict[str, Any] = {}
    for argument in arguments:
        name, equals, text = argument.partition("=")
        if not equals or not text:
            raise QueryError(f"{argument!r}: expected NAME=VALUE, with NAME one of {', '.join(coordinates)}")
        if name in conditions:
            raise QueryError(f"{argument!r}: {name} is given twice; several values are written {name}=3,4")
        conditions[name] = _numbers(name, text) if name in numeric else _one_or_many(text.split(","))
    return conditions


def narrowed(relations: Relations, rows: Columns, conditions: Mapping[str, Any]) -> Columns:
    """The rows that agree with conditions, all of which are on their coordinates.

    Raises
    ------
    QueryError : a coordinate has no such text.
    """
    mask: NDArray[np.bool_] = np.ones(length(rows), dtype=bool)
    for name, value in conditions.items():
        mask &= np.isin(rows[name], _codes(relations, name, value))
    return {name: column[mask] for name, column in rows.items()}


def _codes(relations: Relations, name: str, value: Any) -> list[int]:
    values = relations.values[name]
    if isinstance(value, range):
        return [code for code, one in enumerate(values) if one in value]
    codes = {str(one): code for code, one in enumerate(values)}
    wanted = [str(one) for one in (value if isinstance(value, list) else [value])]
    for text in wanted:
        # A number that is not there is as good as an empty range; a text that is not there is a slip.
        if text not in codes and not (values and isinstance(values[0], int)):
            raise QueryError(f"{name} has no value {text!r}; it has {listed(codes)}{did_you_mean(text, codes)}")
    return [codes[text] for text in wanted if text in codes]


def _numbers(name: str, text: str) -> Any:
    if ":" in text:
        try:
            return number_range(text)
        except CampaignError as error:
            raise QueryError(f"{name}={text}: {error}") from error
    try:
        return _one_or_many(whole_numbers(text.split(",")))
    except ValueError:
        raise QueryError(f"{name}={text}: expected whole numbers, such as 300, 3,4 or 300:400:5") from None


def _one_or_many(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else values
