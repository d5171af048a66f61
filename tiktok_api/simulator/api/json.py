"""JSON that rejects excessive nesting and what is no number, and lets lone surrogates travel escaped."""

import json
import math
from typing import Any, NoReturn

from flask.json.provider import DefaultJSONProvider

DEEPEST = 32
"""Levels of nesting; what is nested deeper can be read but not always written."""


def read(raw: str | bytes, *, any_number: bool = False) -> Any:
    """The value of a JSON text; raises ValueError for everything that is none, and for deep nesting.

    `any_number` lets infinities and NaN pass, for readers that say themselves what is wrong with them.
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
    """JSON without spaces, whose numbers keep their 19 digits."""
    text = json.dumps(body, separators=(",", ":"), ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(body, separators=(",", ":"))
    return text


class Notation(DefaultJSONProvider):
    """Lets `request.get_json` read as everything else here does."""

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """The value of a JSON text; raises ValueError."""
        return read(s)
