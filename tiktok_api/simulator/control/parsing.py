"""Reads the bodies of the control API and checks them against the declared options."""

from collections.abc import Mapping
from typing import Any

from flask import request

from tiktok_api.simulator.options.declarations import InvalidValue, OptionType, checked
from tiktok_api.simulator.world.json import read


class InvalidCommand(ValueError):
    """The control API refuses a request; the message says why."""

    def __init__(self, reason: str, status: int = 400) -> None:
        super().__init__(reason)
        self.status = status


def json_body() -> dict[str, Any]:
    """Returns the JSON object of this request; without a body it is empty. Raises InvalidCommand."""
    raw = request.get_data()
    try:
        found = read(raw, any_number=True) if raw else {}
    except ValueError as error:
        raise InvalidCommand(f"the body is not JSON: {str(error)[:200]}") from error
    if not isinstance(found, dict):
        raise InvalidCommand("the body is not a JSON object")
    return found


def checked_body(declared: Mapping[str, OptionType]) -> dict[str, Any]:
    """Returns the JSON object of this request with checked values. Raises InvalidCommand."""
    return checked_values(declared, json_body())


def checked_values(declared: Mapping[str, OptionType], values: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the values in the form in which they are stored. Raises InvalidCommand."""
    try:
        return checked(declared, values)
    except InvalidValue as error:
        raise InvalidCommand(str(error)) from error


def set_attributes(target: Any, values: Mapping[str, Any]) -> None:
    """Set attributes of a record; the values are checked already."""
    for name, value in values.items():
        setattr(target, name, value)
