"""The sound part of a faulty body, so that one response names the faults of rules besides those of shape."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import Schema, ValidationError, fields

MOST_ITEMS = 100
"""No more items of a list are checked."""


@dataclass(frozen=True, slots=True)
class WellFormed:
    """The fields of a body that have no fault, deserialised; of a list, its sound items by their places.

    `sent` are the names of all fields that were sent, `lengths` how many items each list has, `faulty` the pointers of the
    faults.
    """

    values: Mapping[str, Any]
    sent: frozenset[str]
    lengths: Mapping[str, int]
    faulty: frozenset[str]

    def items(self, name: str) -> dict[int, Any]:
        """The sound items of a list by their places; empty where the list as a whole is faulty."""
        found: dict[int, Any] = self.values.get(name) or {}
        return found

    def padded(self, name: str, filler: Callable[[], Any]) -> list[Any]:
        """A list at its whole length, with `filler()` for what is not sound; empty where it is faulty as a whole."""
        if not isinstance(self.values.get(name), dict):
            return []
        items = self.items(name)
        return [items[place] if place in items else filler() for place in range(min(self.lengths[name], MOST_ITEMS))]


def well_formed(schema: Schema, body: Any, messages: Mapping[Any, Any], faulty: frozenset[str]) -> WellFormed:
    """What `messages`, marshmallow's of loading `body` by `schema`, say nothing against."""
    sent = body if isinstance(body, dict) else {}
    values = dict(_sound_fields(schema, sent, messages))
    lengths = {name: len(value) for name, value in sent.items() if isinstance(value, list)}
    return WellFormed(values, frozenset(sent), lengths, faulty)


def _sound_fields(schema: Schema, sent: dict[str, Any], messages: Any) -> Iterator[tuple[str, Any]]:
    said = messages if isinstance(messages, Mapping) else {}
    for name, field in schema.load_fields.items():
        key = field.data_key or name
        if key not in sent:
            continue
        if isinstance(field, fields.List):
            if isinstance(sent[key], list) and isinstance(said.get(key, {}), Mapping):
                yield name, dict(_sound_items(field.inner, sent[key], said.get(key, {})))
        elif key not in said:
            yield from _deserialize(name, field, sent[key])


def _sound_items(field: fields.Field[Any], sent: list[Any], messages: Mapping[Any, Any]) -> Iterator[tuple[int, Any]]:
    for place, value in enumerate(sent[:MOST_ITEMS]):
        if place not in messages:
            yield from _deserialize(place, field, value)
        elif isinstance(field, fields.Nested) and isinstance(value, dict):
            yield place, dict(_sound_fields(field.schema, value, messages[place]))


def _deserialize(place: Any, field: fields.Field[Any], value: Any) -> Iterator[tuple[Any, Any]]:
    try:
        yield place, field.deserialize(value)
    except ValidationError:  # the fault is reported already
        return
