"""What a validation found, a line each: the key of the campaign file, what is allowed there, what was found."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError

from latteboard.errors import CampaignError, Mistake
from latteboard.text import did_you_mean, most_similar

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


def mistakes_of(error: ValidationError, model: type, stated: Mapping[str, Any]) -> list[Mistake]:
    """Return the mistakes that a validation found, one for each key.

    Parameters
    ----------
    model : the table or dataclass that did not accept ``stated``
    """
    details: dict[Key, list[Any]] = {}
    for detail in error.errors(include_url=False):
        details.setdefault(_key(detail, stated), []).append(detail)
    # A value that may have several types has an error for each; the one at the deepest key is the most specific.
    outer = {key[:depth] for key in details for depth in range(len(key))}
    unknown = [key for key, alternatives in details.items() if _is_unknown(alternatives)]
    # A key that is missing because its name is misspelled is one mistake, not two.
    meant = {(*key[:-1], most_similar(key[-1], _keys_at(key[:-1], model))) for key in unknown}
    return [
        Mistake(_message(key, alternatives, model), key_text(key))
        for key, alternatives in details.items()
        if key not in outer and not (key in meant and _is_missing_key(alternatives[0]))
    ]


@contextmanager
def in_file(path: Path, stated: Mapping[str, Any]) -> Iterator[None]:
    """Name the campaign file in every mistake that is raised inside the block, and sort them as their keys stand in it."""
    try:
        yield
    except CampaignError as error:
        mistakes = in_order_of(stated, error.mistakes)
        raise CampaignError(replace(mistake, file=str(path)) for mistake in mistakes) from error


def in_order_of(stated: Mapping[str, Any], mistakes: Iterable[Mistake]) -> list[Mistake]:
    """Sort mistakes as their keys follow each other in a campaign file; a key that is not there comes where its table begins."""
    places: dict[str, int] = {}

    def number(key: Key, value: Any) -> None:
        places.setdefault(_unquoted(key_text(key)), len(places))
        items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        for part, inner in items:
            number((*key, part), inner)

    number((), stated)

    def place(mistake: Mistake) -> int:
        key = _unquoted(mistake.key)
        while key not in places:
            key = key[: max(key.rfind("."), key.rfind("["), 0)]
        return places[key]

    return sorted(mistakes, key=place)


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


def _unquoted(key: str) -> str:
    return key.replace('"', "")


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
        allowed = _keys_at(key[:-1], model)
        return f"not a known key; allowed here: {', '.join(allowed) or 'none'}{did_you_mean(key[-1], allowed)}"
    if _is_missing_key(alternatives[0]):
        return "this key is missing"
    # An error of a value whose type fits is more specific than those of types that do not fit.
    for detail in alternatives:
        if detail["type"] == "value_error":
            return str(detail["ctx"]["error"])
    expected = " or ".join(dict.fromkeys(map(_expected, alternatives)))
    stated = alternatives[0]["input"]
    found = repr(stated)
    choices = [one for detail in alternatives if detail["type"] == "literal_error" for one in _choices(detail)]
    hint = did_you_mean(stated, choices) if isinstance(stated, str) else ""
    return f"expected {expected}, found {found if len(found) <= 80 else found[:77] + '...'}{hint}"


def _choices(detail: Any) -> list[str]:
    """The texts of which a value must be one."""
    return re.findall("'([^']*)'", detail["ctx"]["expected"])


def _expected(detail: Any) -> str:
    return WORDS.get(detail["type"]) or re.sub("^.* should be ", "", detail["msg"])


def _keys_at(key: Key, model: type) -> list[str]:
    """The keys that the table at ``key`` may have."""
    if is_dataclass(model):
        return [field.name for field in fields(model)]
    here: type[BaseModel] = model
    parts = [part for part in key if isinstance(part, str)]
    while parts:
        by_key = {field.alias or name: field.annotation for name, field in here.model_fields.items()}
        annotation = by_key[parts.pop(0)]
        here = next(_tables(annotation))
        if get_origin(annotation) is dict:
            parts.pop(0)  # the name of the table in the file
    return [field.alias or name for name, field in here.model_fields.items()]


def _tables(annotation: Any) -> Iterator[type[BaseModel]]:
    """The tables in an annotation."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _tables(inner)
