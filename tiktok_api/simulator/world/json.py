"""JSON that rejects excessive nesting and numbers that are not finite, and writes lone surrogates escaped."""

import json
import math
from typing import Any, NoReturn

from flask.json.provider import DefaultJSONProvider

DEEPEST = 32
"""Levels of nesting; Python can read deeper nesting but not always write it."""


def read(raw: str | bytes, *, any_number: bool = False) -> Any:
    """Returns the value of a JSON text. Raises ValueError for malformed JSON and for deep nesting.

    `any_number` accepts infinities and NaN, for callers that check numbers themselves.
    """
    try:
        found = json.loads(raw) if any_number else json.loads(raw, parse_constant=_refuse, parse_float=_finite)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    level = [found] if isinstance(found, dict | list) else []
    for _ in range(DEEPEST):
        inside = (inner for each in level for inner in (each.values() if isinstance(each, dict) else each))
        level = [inner for inner in inside if isinstance(inner, dict | list)]
    if level:
        raise ValueError("nested too deeply")
    return found


def _refuse(word: str) -> NoReturn:
    raise ValueError(f"{word} is no JSON")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"{text[:20]} is too large a number")
    return number


def written(body: Any) -> str:
    """Returns JSON without spaces; integers of 19 digits are written exactly."""
    text = json.dumps(body, separators=(",", ":"), ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(body, separators=(",", ":"))
    return text


class StrictJSONProvider(DefaultJSONProvider):
    """Makes `request.get_json` read with `read`."""

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """Returns the value of a JSON text. Raises ValueError."""
        return read(s)
