"""Windows of time in requests and in responses."""

from typing import Any

from marshmallow import fields

from tiktok_api.web.parsing.moments import MomentField
from tiktok_api.web.parsing.timezones import is_timezone
from tiktok_api.web.schemas import Schema


class WindowArgsSchema(Schema):
    """A window of time."""

    starts = MomentField(
        data_key="from",
        metadata={
            "description": "The first day, or the first instant. Without it: the 30 days up to the end.",
            "example": "2026-02-01",
        },
    )
    ends = MomentField(
        data_key="to",
        metadata={
            "description": "The last day, or the instant at which the window ends. Without it: today.",
            "example": "2026-03-02",
        },
    )
    timezone = fields.String(
        validate=is_timezone,
        metadata={"description": "The time zone of the days. Without it: your own.", "example": "Europe/Berlin"},
    )


class PeriodSchema(Schema):
    """A day, week or month."""

    date = fields.Date(required=True, metadata={"description": "In the zone.", "example": "2027-02-01"})
    starts_at = fields.AwareDateTime(required=True, metadata={"example": "2027-01-31T23:00:00Z"})
    ends_at = fields.AwareDateTime(required=True, metadata={"example": "2027-02-01T23:00:00Z"})


def window_field(kind: type[fields.Field[Any]], name: str, example: str, **options: Any) -> fields.Field[Any]:
    """A part of the window of a response."""
    return kind(required=True, attribute=f"window.{name}", metadata={"example": example}, **options)


def starts_at(example: str = "2027-01-31T23:00:00Z") -> fields.Field[Any]:
    """The first instant of the window."""
    return window_field(fields.AwareDateTime, "starts_at", example, data_key="from")


def ends_at(example: str = "2027-03-02T23:00:00Z") -> fields.Field[Any]:
    """The instant at which the window ends."""
    return window_field(fields.AwareDateTime, "ends_at", example, data_key="to")


def timezone() -> fields.Field[Any]:
    """The time zone of the window's days."""
    return window_field(fields.String, "timezone", "Europe/Berlin")
