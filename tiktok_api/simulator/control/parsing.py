"""Orders to the control API: read, and checked against what is declared."""

from collections.abc import Mapping
from typing import Any

from flask import request

from tiktok_api.simulator.api.json import read
from tiktok_api.simulator.world.option_types import BadValue, Option, checked


class BadOrder(ValueError):
    """An order that cannot be carried out, with the reason."""

    def __init__(self, reason: str, status: int = 400) -> None:
        super().__init__(reason)
        self.status = status


def body() -> dict[str, Any]:
    """The JSON object of this request; no body is an empty one. Raises BadOrder."""
    raw = request.get_data()
    try:
        found = read(raw, any_number=True) if raw else {}
    except ValueError as error:
        raise BadOrder(f"the body is not JSON: {str(error)[:200]}") from error
    if not isinstance(found, dict):
        raise BadOrder("the body is not a JSON object")
    return found


def order(declared: Mapping[str, Option]) -> dict[str, Any]:
    """The JSON object of this request, every value checked. Raises BadOrder."""
    return changes(declared, body())


def changes(declared: Mapping[str, Option], values: Mapping[str, Any]) -> dict[str, Any]:
    """The values, every one checked. Raises BadOrder."""
    try:
        return checked(declared, values)
    except BadValue as error:
        raise BadOrder(str(error)) from error


def carry_over(target: Any, values: Mapping[str, Any]) -> None:
    """Set attributes of a record to values that are checked."""
    for name, value in values.items():
        setattr(target, name, value)
