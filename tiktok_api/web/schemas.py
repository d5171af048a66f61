"""The shapes that every domain shares: the base schema, fields, pages, and the problem document."""

import re
from collections.abc import Hashable, Iterable
from datetime import datetime
from typing import Any

import marshmallow
from marshmallow import INCLUDE, RAISE, ValidationError, fields, validate

from tiktok_api import clock


class Schema(marshmallow.Schema):
    """The base of every schema: unknown fields are refused, keys keep their order."""

    class Meta:
        unknown = RAISE


def places_of_repeated(values: Iterable[Hashable | None]) -> list[int]:
    """Returns the places of those values that stand before too; None, for what is not sound, is no value."""
    seen: set[Hashable] = set()
    found = []
    for place, value in enumerate(values):
        if value is not None and value in seen:
            found.append(place)
        seen.add(value)
    return found


class Boolean(fields.Boolean):
    """`true` or `false` and nothing else: "yes" or 1 is no express consent."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


class Number(fields.Float):
    """A number and nothing else: "2.5" is a text, as the document says."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> float:
        if isinstance(value, str):
            raise self.make_error("invalid", input=value)
        found: float = super()._deserialize(value, *args, **kwargs)
        return found


class QueryBoolean(fields.Boolean):
    """The words `true` and `false`, in a query."""

    _WORDS = {"true": True, "false": False}  # noqa: RUF012 - marshmallow copies fields

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> bool:
        if value not in self._WORDS:
            raise self.make_error("invalid", input=value)
        return self._WORDS[value]


class QueryInteger(fields.Integer):
    """A whole number in a query: digits from 0 to 9 and nothing else."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        if not re.fullmatch("-?[0-9]{1,18}", str(value)):
            raise self.make_error("invalid", input=value)
        return super()._deserialize(value, *args, **kwargs)


def is_in_range(value: datetime) -> None:
    """Refuses instants outside of the years 1970 to 9998. Raises ValidationError."""
    if not clock.is_usable(value):
        raise ValidationError("This year is out of range.")


class Instant(fields.AwareDateTime):
    """A time with its zone, in a request."""

    def __init__(self, **options: Any) -> None:
        super().__init__(validate=is_in_range, **options)


MOST_VALUES = 50


def any_of(one: fields.Field[Any], *, description: str = "", most: int = MOST_VALUES) -> fields.List[Any]:
    """A query parameter that may be sent several times; a row matches if it has any of the values."""
    example = {"example": [one.metadata["example"]]} if "example" in one.metadata else {}
    said = f"{description} Repeat it for several values: any of them matches.".strip()
    return fields.List(one, validate=validate.Length(1, most), metadata={"description": said, **example})


_pages: dict[type[Schema], type[Schema]] = {}


def page_of(item: type[Schema]) -> type[Schema]:
    """The schema of one page of `item`, named after it (`PostSchema` → `PostPageSchema`)."""
    if item not in _pages:
        name = item.__name__.removesuffix("Schema") + "PageSchema"
        _pages[item] = type(
            name,
            (Schema,),
            {
                "__doc__": f"One page of {item.__name__.removesuffix('Schema')} objects.",
                "__module__": item.__module__,
                "data": fields.List(fields.Nested(item), required=True),
                "next_cursor": fields.String(
                    required=True,
                    allow_none=True,
                    metadata={"description": "Send as `cursor` for the next page.", "example": None},
                ),
                "has_more": Boolean(required=True, metadata={"example": False}),
                "total": fields.Integer(
                    metadata={
                        "description": "How many the whole list has, 10,000 at most. Only with `include_total=true`.",
                        "example": 120,
                        "may_be_absent": True,
                    }
                ),
                "total_is_exact": Boolean(
                    metadata={
                        "description": "False if the list has more than `total`. Only with `include_total=true`.",
                        "example": True,
                        "may_be_absent": True,
                    }
                ),
            },
        )
    return _pages[item]


def is_page(schema: type[marshmallow.Schema] | None) -> bool:
    """Returns True if that is the schema of a page."""
    return schema in _pages.values()


class OpenSchema(Schema):
    """A schema with members of later versions: clients ignore those they do not know (RFC 9457, section 3.2)."""

    class Meta:
        unknown = INCLUDE


EXAMPLE_ID = "01932f0a-7c1e-7d3c-9d8e-1f2a3b4c5d6e"

_SIMPLE: list[dict[str, Any]] = [{"type": "string"}, {"type": "number"}, {"type": "boolean"}]
VALUE: dict[str, Any] = {
    "x_component": "RuleValue",
    "anyOf": [
        *_SIMPLE,
        {"type": "array", "items": {"anyOf": _SIMPLE}},
        {"type": "object", "additionalProperties": {"anyOf": _SIMPLE}},
        {"type": "null"},
    ],
}
"""What a rule found or allows: one value, a list of them, or a range or size as an object of them; null: nothing."""


class FaultSchema(OpenSchema):
    """One thing that is wrong with a request."""

    pointer = fields.String(
        metadata={"description": "Where in the body (RFC 6901).", "example": "/targets/0/account_id"}
    )
    parameter = fields.String(metadata={"description": "Or which query parameter or header.", "example": "limit"})
    code = fields.String(required=True, metadata={"example": "required"})
    message = fields.String(required=True, metadata={"example": "Missing data for required field."})
    found = fields.Raw(metadata=VALUE | {"description": "What is there, where that helps.", "example": 214.5})
    allowed = fields.Raw(metadata=VALUE | {"description": "A bound, a range or a list.", "example": 180})
    account_id = fields.UUID(
        metadata={
            "description": "Of a post's targets, the one that this is true for.",
            "example": EXAMPLE_ID,
        }
    )
    post_id = fields.UUID(metadata={"description": "Another post that it is about.", "example": EXAMPLE_ID})
    row = fields.Integer(metadata={"description": "Of several posts at once, which one; from 1 on.", "example": 1})
    column = fields.String(metadata={"description": "Of a CSV file, which column.", "example": "caption"})
    checked = fields.String(
        metadata={
            "description": "`live`: TikTok was asked now; `cached`: by what it said last about this creator; `not_checked`: "
            "it could not be asked.",
            "example": "cached",
        }
    )
    checked_at = fields.AwareDateTime(
        metadata={"description": "When TikTok said so.", "example": "2027-03-02T12:00:00Z"}
    )
    retryable = Boolean(
        metadata={"description": "Of a validation: whether it may pass without a change.", "example": False}
    )


class UpstreamSchema(Schema):
    """What TikTok said when it refused."""

    code = fields.String(allow_none=True, metadata={"example": "spam_risk_too_many_posts"})
    log_id = fields.String(allow_none=True, metadata={"example": "202210112248442CB9319E1FB30C1073F3"})


class ProblemSchema(OpenSchema):
    """The one shape of every error (RFC 9457)."""

    type = fields.String(required=True, metadata={"example": "/docs/problems#not_found"})
    title = fields.String(required=True, metadata={"example": "Not found"})
    status = fields.Integer(required=True, metadata={"example": 404})
    detail = fields.String(required=True, metadata={"example": "There is nothing here."})
    instance = fields.String(required=True, metadata={"example": f"/api/v1/posts/{EXAMPLE_ID}"})
    code = fields.String(required=True, metadata={"description": "Stable, for programs.", "example": "not_found"})
    request_id = fields.String(required=True, metadata={"example": EXAMPLE_ID})
    errors = fields.List(fields.Nested(FaultSchema), metadata={"description": "What is wrong: 100 faults at most."})
    more_errors = fields.Integer(
        metadata={"description": "How many more faults there are, if not all are listed.", "example": 17}
    )
    upstream = fields.Nested(UpstreamSchema)


def nullable(
    kind: type[fields.Field[Any]], *, example: Any, description: str = "", **options: Any
) -> fields.Field[Any]:
    """A field of a response that may be null."""
    metadata = {"example": example} | ({"description": description} if description else {})
    return kind(allow_none=True, metadata=metadata, **options)
