"""JSON in and out, whatever somebody put into it: too deep is no JSON, and half of an emoji travels escaped."""

import json
from typing import Any

from flask.json.provider import DefaultJSONProvider


def read(raw: str | bytes) -> Any:
    """The value of a JSON text; raises ValueError for everything that is none, endless nesting included."""
    try:
        return json.loads(raw)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


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
