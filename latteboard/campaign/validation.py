"""Says in one line what is wrong with a table: the key, what was found, what is allowed."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError

Key = tuple[str | int, ...]

# What pydantic calls a type, in the words of the file.
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


def first_complaint(error: ValidationError, model: type, stated: Mapping[str, Any]) -> str:
    """The first complaint as ``key: what is allowed, what was found``, and how many more keys have one.

    Parameters
    ----------
    model : the table, or the dataclass, that did not accept ``stated``
    """
    complaints: dict[Key, list[Any]] = {}
    for complaint in error.errors(include_url=False):
        complaints.setdefault(_key(complaint, stated), []).append(complaint)
    # A value that may be of several types fails each of them; the complaint that got deepest says most.
    key, alternatives = max(complaints.items(), key=lambda item: (_is_unknown(item[1]), len(item[0])))
    more = {other for other in complaints if other != key[: len(other)]} - {key}
    found = f"{_message(key, alternatives, model)}{f' (and {len(more)} more)' if more else ''}"
    return f"{written(key)}: {found}" if key else found


def written(key: Iterable[str | int]) -> str:
    """A key as it could stand in a TOML file, places in lists in brackets."""
    text = ""
    for part in key:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += ("." if text else "") + (part if re.fullmatch(r"[\w-]+", part) else json.dumps(part))
    return text


def _key(complaint: Any, stated: Any) -> Key:
    """Where the complaint is, without the names of types that pydantic adds for each alternative."""
    parts: list[str | int] = []
    for part in complaint["loc"]:
        inside = isinstance(stated, dict) and part in stated
        if inside or (isinstance(stated, list) and isinstance(part, int) and part < len(stated)):
            stated = stated[part]
            parts.append(part)
    return (*parts, complaint["loc"][-1]) if _is_missing_key(complaint) else tuple(parts)


def _is_missing_key(complaint: Any) -> bool:
    return complaint["type"] == "missing" and isinstance(complaint["loc"][-1], str)


def _is_unknown(alternatives: Iterable[Any]) -> bool:
    return any(complaint["type"] in ("extra_forbidden", "unexpected_keyword_argument") for complaint in alternatives)


def _message(key: Key, alternatives: list[Any], model: type) -> str:
    if _is_unknown(alternatives):
        return f"not a known key; allowed here: {', '.join(_keys_at(key[:-1], model)) or 'none'}"
    if _is_missing_key(alternatives[0]):
        return "this key is missing"
    # Of a type that fits, only the value is wrong: that says more than the types that do not fit.
    for complaint in alternatives:
        if complaint["type"] == "value_error":
            return str(complaint["ctx"]["error"])
    expected = " or ".join(dict.fromkeys(map(_expected, alternatives)))
    found = repr(alternatives[0]["input"])
    return f"expected {expected}, found {found if len(found) <= 80 else found[:77] + '...'}"


def _expected(complaint: Any) -> str:
    return WORDS.get(complaint["type"]) or re.sub("^.* should be ", "", complaint["msg"])


def _keys_at(key: Key, model: type) -> list[str]:
    """The keys of the table at ``key``."""
    if is_dataclass(model):
        return [field.name for field in fields(model)]
    here: type[BaseModel] = model
    parts = iter(key)
    for part in parts:
        annotation = here.model_fields[str(part)].annotation
        here = next(_tables(annotation))
        if get_origin(annotation) is dict:
            next(parts)  # the name that the file gives the table
    return [field.alias or name for name, field in here.model_fields.items()]


def _tables(annotation: Any) -> Iterator[type[BaseModel]]:
    """The tables that stand in an annotation."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _tables(inner)
