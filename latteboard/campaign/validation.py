"""Validation errors in one line: the key of the campaign file, what is allowed there, what was found."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError

Key = tuple[str | int, ...]

# The words of a campaign file for the types in pydantic's errors.
WORDS = {
    "model_type": "a table",
    "dict_type": "a table",
    "list_type": "a list",
    "tuple_type": "a list",
    "int_type": "a whole number",
    "float_type": "a number",
    "string_type": "a text",
    "bool_type": "true or false",
    "missing": "more items",
    "too_short": "more items",
    "too_long": "fewer items",
}


def first_error_text(error: ValidationError, model: type, stated: Mapping[str, Any]) -> str:
    """The text ``key: what is allowed, what was found`` of one error, with the number of other keys that have errors.

    Parameters
    ----------
    model : the table or dataclass that did not accept ``stated``
    """
    details: dict[Key, list[Any]] = {}
    for detail in error.errors(include_url=False):
        details.setdefault(_key(detail, stated), []).append(detail)
    # A value that may have several types has an error for each; the one at the deepest key is the most specific.
    key, alternatives = max(details.items(), key=lambda item: (_is_unknown(item[1]), len(item[0])))
    more = {other for other in details if other != key[: len(other)]} - {key}
    found = f"{_message(key, alternatives, model)}{f' (and {len(more)} more)' if more else ''}"
    return f"{key_text(key)}: {found}" if key else found


def key_text(key: Iterable[str | int]) -> str:
    """The text of a key as in a TOML file, with positions in lists in brackets.

    Examples
    --------
    >>> key_text(("kinds", "prop", "needs", 0))
    'kinds.prop.needs[0]'
    """
    text = ""
    for part in key:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += ("." if text else "") + (part if re.fullmatch(r"[\w-]+", part) else json.dumps(part))
    return text


def _key(detail: Any, stated: Any) -> Key:
    """The key at which the error is, without the names of types that pydantic adds for alternatives."""
    parts: list[str | int] = []
    for part in detail["loc"]:
        inside = isinstance(stated, dict) and part in stated
        if inside or (isinstance(stated, list) and isinstance(part, int) and part < len(stated)):
            stated = stated[part]
            parts.append(part)
    return (*parts, detail["loc"][-1]) if _is_missing_key(detail) else tuple(parts)


def _is_missing_key(detail: Any) -> bool:
    return detail["type"] == "missing" and isinstance(detail["loc"][-1], str)


def _is_unknown(alternatives: Iterable[Any]) -> bool:
    return any(detail["type"] in ("extra_forbidden", "unexpected_keyword_argument") for detail in alternatives)


def _message(key: Key, alternatives: list[Any], model: type) -> str:
    if _is_unknown(alternatives):
        return f"not a known key; allowed here: {', '.join(_keys_at(key[:-1], model)) or 'none'}"
    if _is_missing_key(alternatives[0]):
        return "this key is missing"
    # An error of a value whose type fits is more specific than those of types that do not fit.
    for detail in alternatives:
        if detail["type"] == "value_error":
            return str(detail["ctx"]["error"])
    expected = " or ".join(dict.fromkeys(map(_expected, alternatives)))
    found = repr(alternatives[0]["input"])
    return f"expected {expected}, found {found if len(found) <= 80 else found[:77] + '...'}"


def _expected(detail: Any) -> str:
    return WORDS.get(detail["type"]) or re.sub("^.* should be ", "", detail["msg"])


def _keys_at(key: Key, model: type) -> list[str]:
    """The keys that the table at ``key`` may have."""
    if is_dataclass(model):
        return [field.name for field in fields(model)]
    here: type[BaseModel] = model
    parts = iter(key)
    for part in parts:
        annotation = here.model_fields[str(part)].annotation
        here = next(_tables(annotation))
        if get_origin(annotation) is dict:
            next(parts)  # the name of the table in the file
    return [field.alias or name for name, field in here.model_fields.items()]


def _tables(annotation: Any) -> Iterator[type[BaseModel]]:
    """The tables in an annotation."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _tables(inner)
