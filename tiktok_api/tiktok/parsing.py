"""Reads TikTok's JSON without trusting it: a value of the wrong kind is None, never an exception."""

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

from tiktok_api import clock

INT32_MAX, INT64_MAX = 2**31 - 1, 2**63 - 1
MOST_COUNTED = 20 * 10**12
"""Two thousand views of each person on earth."""
LONGEST_SECONDS = 100 * 365 * 24 * 60 * 60
"""No token lives longer than a hundred years."""


def document(body: bytes) -> Any:
    """The JSON in a body; None for anything else.

    A caption cut in the middle of an emoji leaves half of a surrogate pair, which only the lenient reader accepts;
    `text` replaces it.
    """
    try:
        return orjson.loads(body)
    except ValueError:
        pass
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def mapping(value: Any) -> Mapping[str, Any]:
    """The object, or an empty one."""
    return value if isinstance(value, dict) else {}


def text(value: Any) -> str | None:
    """A non-empty string that any database can store: no NUL, no half of a surrogate pair."""
    if not isinstance(value, str):
        return None
    whole = value.replace("\x00", "").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return whole or None


def integer(value: Any, *, most: int = INT64_MAX) -> int | None:
    """A whole number from 0 to `most`, also when it comes as a string or as a float without a fraction."""
    is_decimal = isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20
    if is_decimal or (isinstance(value, float) and math.isfinite(value) and value.is_integer()):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value <= most else None


def count(value: Any) -> int | None:
    """A counter; not one above MOST_COUNTED, so that those of 400,000 videos add up to a number that a database can store."""
    return integer(value, most=MOST_COUNTED)


def truth(value: Any) -> bool | None:
    """A boolean, also when it comes as 0, 1, "true" or "false"."""
    if isinstance(value, str):
        return {"true": True, "false": False, "1": True, "0": False}.get(value.lower())
    if isinstance(value, bool | int) and value in (0, 1):
        return bool(value)
    return None


def identifier(value: Any) -> str | None:
    """An id as a string. Floats are refused: 19 digits do not survive them."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    if isinstance(value, int):
        return str(value) if 0 < value <= 2**64 else None
    return None if value.strip("0 ") == "" else text(value.strip())


def identifiers(value: Any) -> tuple[str, ...]:
    """Ids from a list or a lone value, each once, in order."""
    found = (identifier(item) for item in (value if isinstance(value, list) else [value]))
    return tuple(dict.fromkeys(item for item in found if item is not None))


def words(value: Any) -> tuple[str, ...]:
    """Words from a list, or from a string that parts them by commas or spaces."""
    if isinstance(value, str):
        value = value.replace(",", " ").split()
    found = (text(item) for item in (value if isinstance(value, list) else []))
    return tuple(dict.fromkeys(item for item in found if item is not None))


def instant(value: Any) -> datetime | None:
    """A time from Unix seconds; 0 is no time."""
    seconds = integer(value)
    return datetime.fromtimestamp(seconds, UTC) if seconds and seconds < clock.LATEST.timestamp() else None


def lifetime(value: Any) -> int | None:
    """Seconds that a token lives, at most LONGEST_SECONDS."""
    seconds = integer(value)
    return None if seconds is None else min(seconds, LONGEST_SECONDS)
