"""How a value that can be set is declared: type, null, bounds, default, meaning, and when it takes effect."""

import json
import math
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from typing import Any

AT_ONCE, AT_RESET = "at once", "from the next reset on, until the one after"
LONGEST_TEXT = 2_000
LARGEST_INTEGER = 2**53
MOST_ITEMS = 100


class InvalidValue(ValueError):
    """An option cannot have this value; the message says why."""


@dataclass(frozen=True, kw_only=True)
class OptionType:
    """The values that an option may have; `kind` is boolean, integer, number, text, texts, numbers, moment or object."""

    kind: str
    meaning: str = ""
    default: Any = None
    nullable: bool = False
    choices: tuple[Any, ...] = ()
    least: float = 0
    most: float = LARGEST_INTEGER
    shortest: int = 0
    longest: int = LONGEST_TEXT
    most_items: int = MOST_ITEMS
    is_raw: bool = False
    form: tuple[Callable[[str], Any], str] | None = None
    takes_effect: str = AT_ONCE

    def checked(self, name: str, value: Any) -> Any:
        """Returns the value in the form in which it is stored. Raises InvalidValue."""
        if value is None and self.nullable:
            return None
        problem = CHECKS[self.kind](self, value)
        if problem:
            raise InvalidValue(f"{name} is {problem}{' or null' if self.nullable else ''}")
        if self.kind == "texts":
            return list(value)
        return float(value) if self.kind == "number" else value

    def described(self, name: str) -> dict[str, Any]:
        """Returns the declaration as the control API shows it; a bound that does not apply is null."""
        has_bounds = self.kind in ("integer", "number", "numbers")
        has_text = self.kind in ("text", "texts") and not self.choices
        return {
            "name": name,
            "type": self.kind,
            "nullable": self.nullable,
            "default": self.default,
            "meaning": self.meaning,
            "choices": list(self.choices),
            "least": self.least if has_bounds and not self.choices else None,
            "most": self.most if has_bounds and not self.choices else None,
            "longest": self.longest if has_text else None,
            "most_items": self.most_items if self.kind == "texts" else None,
            "takes_effect": self.takes_effect,
        }


def option(default: Any, meaning: str, *, kind: str = "", **rules: Any) -> Any:
    """Declare a field of a dataclass as an option; its kind is that of the default unless given."""
    kinds = {bool: "boolean", int: "integer", float: "number", str: "text", list: "texts"}
    declared = OptionType(kind=kind or kinds[type(default)], meaning=meaning, default=default, **rules)
    if isinstance(default, dict | list):
        return field(default_factory=lambda: type(default)(default), metadata={"option": declared})
    return field(default=default, metadata={"option": declared})


def required(meaning: str, *, kind: str = "text", **rules: Any) -> Any:
    """Declare a field without a default as an option."""
    return field(metadata={"option": OptionType(kind=kind, meaning=meaning, **rules)})


def options_of(record: Any) -> dict[str, OptionType]:
    """Returns the options among the fields of a dataclass, by name."""
    declared: tuple[Field[Any], ...] = fields(record)
    return {each.name: each.metadata["option"] for each in declared if "option" in each.metadata}


def checked(declared: Mapping[str, OptionType], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Returns all changes in the form in which they are stored.

    Raises InvalidValue for the first one that is unknown or has a wrong value.
    """
    if unknown := changes.keys() - declared.keys():
        raise InvalidValue(f"unknown: {', '.join(sorted(unknown))[:LONGEST_TEXT]}")
    return {name: declared[name].checked(name, value) for name, value in changes.items()}


def _among(rules: OptionType, value: Any) -> str:
    if not rules.choices or value in rules.choices:
        return ""
    words = [str(each) for each in rules.choices]
    return " or ".join(words) if len(words) == 2 else f"one of {', '.join(words)}"


def _boolean(_rules: OptionType, value: Any) -> str:
    return "" if isinstance(value, bool) else "true or false"


def _integer(rules: OptionType, value: Any) -> str:
    if rules.choices:
        return _among(rules, value if type(value) is int else None)
    is_right = type(value) is int and rules.least <= value <= rules.most
    return "" if is_right else f"a whole number from {rules.least:.0f} to {rules.most:.0f}"


def _number(rules: OptionType, value: Any) -> str:
    is_number = type(value) is int or (type(value) is float and math.isfinite(value))
    is_right = is_number and rules.least <= value <= rules.most
    return "" if is_right else f"a number, at least {rules.least:.15g} and at most {rules.most:.15g}"


def _text(rules: OptionType, value: Any) -> str:
    if rules.choices:
        return _among(rules, value if isinstance(value, str) else None)
    if not isinstance(value, str) or not rules.shortest <= len(value) <= rules.longest:
        return f"a text of {rules.shortest} to {rules.longest} characters"
    if not rules.is_raw and any(unicodedata.category(letter) in ("Cc", "Cs") for letter in value):
        return "a text without control characters and lone surrogates"
    return _formed(rules, value)


def _formed(rules: OptionType, value: str) -> str:
    """Returns the words of `form` if its function returns false for the text or raises ValueError."""
    if rules.form is None:
        return ""
    is_right, words = rules.form
    try:
        return "" if is_right(value) else words
    except (ValueError, OverflowError):
        return words


def _texts(rules: OptionType, value: Any) -> str:
    if not isinstance(value, list | tuple) or len(value) > rules.most_items:
        return f"a list of at most {rules.most_items} texts"
    problem = next((problem for each in value if (problem := _text(rules, each))), "")
    return f"a list of texts, each {problem}" if problem else ""


def _numbers(rules: OptionType, value: Any) -> str:
    names = ", ".join(rules.default)
    if not isinstance(value, dict) or not value.keys() <= rules.default.keys():
        return f"an object with numbers for {names}"
    problem = next((problem for each in value.values() if (problem := _integer(rules, each))), "")
    return f"an object in which each value is {problem}" if problem else ""


def _object(_rules: OptionType, value: Any) -> str:
    try:
        return "" if isinstance(value, dict) and json.dumps(value, allow_nan=False) else "an object"
    except ValueError:
        return "an object with finite numbers"


def _moment(_rules: OptionType, value: Any) -> str:
    is_moment = isinstance(value, str | int | float) and not isinstance(value, bool)
    return "" if is_moment else "an RFC 3339 time with a zone, or seconds since 1970"


CHECKS: dict[str, Callable[[OptionType, Any], str]] = {
    "boolean": _boolean,
    "integer": _integer,
    "number": _number,
    "text": _text,
    "texts": _texts,
    "numbers": _numbers,
    "object": _object,
    "moment": _moment,
}
"""Each returns what the value should have been, or an empty text if it is right."""
