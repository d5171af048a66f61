"""The shapes of reports and their schedules."""

from marshmallow import fields, validate

from tiktok_api.analytics.reports.models import Channel, DeliveryStatus, FailureReason, ReportFormat, ReportStatus
from tiktok_api.web.openapi.json_schemas import Choice
from tiktok_api.web.pagination import PageArgsSchema
from tiktok_api.web.parsing.labels import Label
from tiktok_api.web.parsing.timezones import is_timezone
from tiktok_api.web.schemas import EXAMPLE_ID, Boolean, Schema, any_of, nullable
from tiktok_api.web.signed_links import SignedUrl

_MONTH = r"(19|20)[0-9]{2}-(0[1-9]|1[0-2])"
_SHOWN_URL = "https://api.example.com/api/v1/analytics/reports/{id}/linked-content?expires=1804593600&signature=9a…"


def _month(**options: object) -> fields.String:
    return fields.String(
        validate=validate.Regexp(f"^{_MONTH}$"),
        metadata={"example": "2027-02", "description": "A month of the calendar."},
        **options,  # type: ignore[arg-type]
    )


class _SubjectSchema(Schema):
    """What a report is about: exactly one of the three."""

    account_id = fields.UUID(metadata={"example": EXAMPLE_ID, "description": "One account."})
    tag = Label(metadata={"description": "All accounts with this tag."})
    label = Label(metadata={"description": "The posts with this label."})


class _MadeSchema(_SubjectSchema):
    """How it is made."""

    form = fields.Enum(
        ReportFormat, by_value=True, data_key="format", load_default=ReportFormat.HTML, metadata={"example": "pdf"}
    )
    timezone = fields.String(
        validate=is_timezone, metadata={"example": "Europe/Berlin", "description": "Of its days. Without it: your own."}
    )


class ReportRequestSchema(_MadeSchema):
    """A report to make."""

    month = _month(required=True)


class ReportListArgsSchema(PageArgsSchema):
    """Which reports to list."""

    status = any_of(fields.Enum(ReportStatus, by_value=True, metadata={"example": "ready"}))
    account_id = any_of(fields.UUID(metadata={"example": EXAMPLE_ID}))
    schedule_id = any_of(fields.UUID(metadata={"example": EXAMPLE_ID}))
    month = any_of(_month())


class DeliverySchema(Schema):
    """A report on its way."""

    channel = fields.String(required=True, validate=Choice(Channel), metadata={"example": "webhook"})
    status = fields.String(required=True, validate=Choice(DeliveryStatus), metadata={"example": "delivered"})
    tries = fields.Integer(required=True, metadata={"example": 1})
    last_error = nullable(fields.String, example=None)
    next_try_at = nullable(fields.AwareDateTime, example=None)
    delivered_at = nullable(fields.AwareDateTime, example="2027-03-01T05:00:04Z")


class ReportSchema(Schema):
    """A month of an account, a tag or a label."""

    id = fields.UUID(required=True, metadata={"example": EXAMPLE_ID})
    created_at = fields.AwareDateTime(required=True, metadata={"example": "2027-03-01T05:00:00Z"})
    account_id = nullable(fields.UUID, example=EXAMPLE_ID)
    tag = nullable(fields.String, example=None)
    label = nullable(fields.String, example=None)
    month = fields.String(required=True, metadata={"example": "2027-02"})
    timezone = fields.String(required=True, metadata={"example": "Europe/Berlin"})
    form = fields.String(data_key="format", required=True, validate=Choice(ReportFormat), metadata={"example": "pdf"})
    status = fields.String(required=True, validate=Choice(ReportStatus), metadata={"example": "ready"})
    reason = nullable(
        fields.String, example=None, validate=Choice(FailureReason), description="Why it could not be made."
    )
    schedule_id = nullable(fields.UUID, example=None, description="The schedule that it was made by.")
    skipped_months = fields.List(
        fields.String(metadata={"example": "2027-01"}),
        required=True,
        metadata={"example": [], "description": "Months that its schedule missed: the server did not run."},
    )
    size_bytes = nullable(fields.Integer, example=48213)
    ready_at = nullable(fields.AwareDateTime, example="2027-03-01T05:00:02Z")
    content_url = nullable(
        SignedUrl,
        attribute="content_link",
        example=_SHOWN_URL.format(id=EXAMPLE_ID),
        description="For a browser, without a token: signed, valid for 20 to 30 minutes; null until it is ready.",
    )
    deliveries = fields.List(fields.Nested(DeliverySchema), required=True)


class DeliverSchema(Schema):
    """Where the reports of a schedule are sent."""

    mail = Boolean(metadata={"example": True, "description": "To your address, with a link that is valid for 14 days."})
    webhook_url = fields.String(
        allow_none=True,
        validate=validate.Length(1, 2000),
        metadata={
            "example": "https://hooks.example.com/reports",
            "description": "`POST` of `report.ready`, signed by Standard Webhooks; tried for a day until it answers 2xx.",
        },
    )


class ReportScheduleRequestSchema(_MadeSchema):
    """A schedule to add."""

    deliver = fields.Nested(DeliverSchema, required=True)


class ReportScheduleChangesSchema(Schema):
    """What changes of a schedule."""

    form = fields.Enum(ReportFormat, by_value=True, data_key="format", metadata={"example": "pdf"})
    timezone = fields.String(validate=is_timezone, metadata={"example": "Europe/Berlin"})
    deliver = fields.Nested(DeliverSchema)


class ReportScheduleSchema(Schema):
    """A report of each month, on the first day of the next one at 6 o'clock."""

    id = fields.UUID(required=True, metadata={"example": EXAMPLE_ID})
    created_at = fields.AwareDateTime(required=True, metadata={"example": "2027-02-11T08:00:00Z"})
    updated_at = fields.AwareDateTime(required=True, metadata={"example": "2027-02-11T08:00:00Z"})
    account_id = nullable(fields.UUID, example=EXAMPLE_ID)
    tag = nullable(fields.String, example=None)
    label = nullable(fields.String, example=None)
    form = fields.String(data_key="format", required=True, validate=Choice(ReportFormat), metadata={"example": "pdf"})
    timezone = fields.String(required=True, metadata={"example": "Europe/Berlin"})
    deliver = fields.Nested(DeliverSchema, required=True)
    next_month = fields.String(required=True, metadata={"example": "2027-02"})
    next_at = fields.AwareDateTime(required=True, metadata={"example": "2027-03-01T05:00:00Z"})


class NewReportScheduleSchema(ReportScheduleSchema):
    """A schedule that was just made."""

    webhook_secret = fields.String(
        required=True,
        metadata={
            "example": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "description": "By which its webhooks are signed. Shown this once.",
            "is_told_once": True,
        },
    )
