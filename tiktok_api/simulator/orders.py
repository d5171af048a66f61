"""Orders to the control API: read, checked and carried over to a record."""

import math
from typing import Any

from flask import request


class BadOrder(ValueError):
    """An order that cannot be carried out, with the reason."""

    def __init__(self, reason: str, status: int = 400) -> None:
        super().__init__(reason)
        self.status = status


def order(*names: str) -> dict[str, Any]:
    """The JSON object of this request, with no other names than these, or any if none are given."""
    body = request.get_json(silent=True) if request.get_data() else {}
    if not isinstance(body, dict):
        raise BadOrder("the body is not a JSON object")
    if names and (unknown := body.keys() - set(names)):
        raise BadOrder(f"unknown: {', '.join(sorted(unknown))}")
    return body


def number(body: dict[str, Any], name: str, default: float) -> float:
    """A number of an order that is not negative."""
    value = body.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
        raise BadOrder(f"{name} is a number, at least 0")
    return value


def carry_over(target: Any, changes: dict[str, Any]) -> None:
    """Set attributes of a record, all or none, each to a value of the type that it has."""
    for name, value in changes.items():
        present = getattr(target, name)
        is_number = isinstance(present, float) and type(value) is int
        if present is not None and type(value) is not type(present) and not is_number and not _clears(name, value):
            raise BadOrder(f"{name} is {type(present).__name__}")
        if isinstance(value, list) and not all(isinstance(each, str) for each in value):
            raise BadOrder(f"{name} is a list of texts")
    for name, value in changes.items():
        setattr(target, name, value)


def _clears(name: str, value: Any) -> bool:
    return value is None and name in ("fail_reason", "post_cap", "webhook_url", "active_user_cap")
