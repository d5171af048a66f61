"""JSON schemas from marshmallow schemas, for the OpenAPI document.

How to declare what the document says of a field:

* **One of some words**: `fields.Enum(MediaStatus, by_value=True, …)`, or `fields.String(validate=Choice(MediaStatus), …)`. The
  words become the component `MediaStatus`, and every other field with exactly these words refers to it. Words that no
  Python enum holds get a name by `Choice(["live", "post_again"], name="ResolutionOutcome")`; without one they are named
  for their place (`PublicationOutcome`).
* **May be null**: `allow_none=True`, or `nullable(…)` in an answer, on any kind of field. The document says
  `anyOf: [{$ref}, {type: null}]` for enums and nested schemas, and `type: [string, "null"]` for the rest.
* **Always sent**: every field of a response is, because `web/serializing.py` writes them all; so the document calls them
  `required` whatever the field says. `metadata={"may_be_absent": True}` makes an exception. A dictionary that has only some
  fields of a schema is `PartOf(ThatSchema)`.
* **Text**: `Length` and `Range` are said as they are. A pattern is `Pattern(r"^…$")`; in requests, text without one is said
  to have no U+0000, which `web/parsing/parser.py` refuses everywhere.
* **A default of a request** is `load_default`: the document says it in words, since generators oblige clients to send what
  has the keyword `default`.
* **Time zones and instants**: `validate=is_timezone`, and `Instant()`.
* **A shape with a name** that is no marshmallow schema: `metadata={"x_component": "RuleValue", "anyOf": […]}` becomes the
  component `RuleValue`.
* **Anything else** (`format`, `anyOf` …) is taken from `metadata` as it stands.
"""

import re
from collections.abc import Iterable
from enum import Enum
from typing import Any

from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.common import resolve_schema_instance
from apispec.ext.marshmallow.openapi import OpenAPIConverter
from marshmallow import INCLUDE, Schema, fields, validate

from tiktok_api.web.parsing.timezones import is_timezone
from tiktok_api.web.schemas import is_in_range

ENUM_NAME, COMPONENT, ALWAYS_SENT = "x-enum-name", "x-component", "x-always-sent"
"""Hints for `web/openapi/document.py`, which removes them."""


class Choice(validate.OneOf):
    """One of an enum's values, or of some words that the document calls `name`."""

    def __init__(self, words: type[Enum] | Iterable[str], *, name: str | None = None) -> None:
        is_enum = isinstance(words, type)
        self.name = name or (words.__name__ if isinstance(words, type) else None)
        super().__init__([member.value for member in words] if is_enum else list(words))  # type: ignore[union-attr]


class Pattern(validate.Regexp):
    """Text that matches as a whole: `^…$`, so that ECMAScript and Python agree."""

    def __init__(self, pattern: str, *, error: str) -> None:
        if not (pattern.startswith("^") and pattern.endswith("$")):
            raise ValueError("a pattern speaks of the whole text: ^…$")
        super().__init__(pattern[:-1] + r"\Z", error=error)  # Python's $ also matches before a last line break


NO_CONTROL_CHARACTERS = Pattern(r"^[^\u0000-\u001f\u007f-\u009f]*$", error="Has control characters.")
ONE_PRINTED_LINE = Pattern(
    r"^[^\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]*$", error="Has characters that cannot be printed."
)
"""No control characters, no line breaks of Unicode, and no characters that change the direction of writing."""


_SAID: dict[Any, dict[str, Any]] = {
    is_timezone: {
        "format": "iana-time-zone",
        "pattern": "^[A-Za-z0-9_+/-]{1,64}$",
        "description": "An IANA time zone, such as `Europe/Berlin`.",
    },
    is_in_range: {"description": "In UTC, a year from 1970 to 9998."},
}
"""What the document says of our own validators."""


class PartOf(fields.Dict):
    """A dictionary with some of a schema's fields, sent as it is."""

    def __init__(self, schema: type[Schema], **options: Any) -> None:
        super().__init__(**options)
        self.schema = schema


class SchemaConverter(OpenAPIConverter):
    """apispec's converter, with hints for what it leaves out."""

    def field2property(self, field: fields.Field[Any]) -> dict[str, Any]:
        """The JSON schema of a field."""
        found: dict[str, Any] = super().field2property(field)
        if isinstance(field, PartOf):
            described = {key: found[key] for key in ("description", "example") if key in found}
            reference: dict[str, Any] = self.resolve_nested_schema(field.schema(partial=True))  # type: ignore[no-untyped-call]
            return described | reference
        if "enum" in found and (name := _enum_name(field)):
            found[ENUM_NAME] = name
        if "pattern" in found:
            found["pattern"] = _as_ecmascript(found["pattern"])
        for validator, said in _SAID.items():
            if validator in field.validators:
                description = " ".join(filter(None, [found.get("description"), said.get("description")]))
                found |= said | {"description": description}
        return found

    def _field2parameter(self, field: fields.Field[Any], *, name: str, location: str) -> dict[str, Any]:
        found: dict[str, Any] = super()._field2parameter(field, name=name, location=location)
        if "example" in found["schema"]:
            found["example"] = found["schema"].pop("example")
        return found

    def schema2jsonschema(self, schema: Any) -> dict[str, Any]:
        """The JSON schema of an object, with the names that a response always has."""
        found: dict[str, Any] = super().schema2jsonschema(schema)  # type: ignore[no-untyped-call]
        instance = resolve_schema_instance(schema)
        if "description" not in found and (doc := type(instance).__doc__):
            found["description"] = " ".join(doc.split())
        if instance.unknown != INCLUDE:
            shown = {} if instance.partial else instance.dump_fields
            found[ALWAYS_SENT] = sorted(
                field.data_key or name for name, field in shown.items() if not field.metadata.get("may_be_absent")
            )
        return found


class SchemaPlugin(MarshmallowPlugin):
    """apispec's plugin with our converter."""

    Converter = SchemaConverter


def _enum_name(field: fields.Field[Any]) -> str | None:
    if isinstance(field, fields.Enum):
        return str(field.enum.__name__)
    names = [validator.name for validator in field.validators if isinstance(validator, Choice)]
    return names[0] if names else None


def _as_ecmascript(pattern: str) -> str:
    r"""marshmallow matches from the first character on, and `\Z` is Python's alone."""
    whole = re.sub(r"\\Z\Z", "$", pattern)
    return whole if whole.startswith("^") else f"^{whole}"
