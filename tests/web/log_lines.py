"""What was logged, line by line."""

import json
from typing import Any


def lines(text: str) -> list[dict[str, Any]]:
    """Every line as the object that it must be."""
    return [json.loads(line) for line in text.splitlines() if line]


def requests_in(text: str) -> list[dict[str, Any]]:
    """The lines of requests."""
    return [line for line in lines(text) if line["event"] == "request"]
