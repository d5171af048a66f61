"""The shapes of an account's capacity and health."""

from marshmallow import fields

from tiktok_api.accounts.models import AccountStatus
from tiktok_api.posts.schemas.capacity import StandingCapSchema
from tiktok_api.posts.schemas.posts import EXAMPLE_TIME
from tiktok_api.web.openapi.json_schemas import Choice
from tiktok_api.web.schemas import EXAMPLE_ID, Boolean, Schema, nullable


class CapacityDaySchema(Schema):
    """One day."""

    date = fields.Date(required=True, metadata={"example": "2027-03-02"})
    allowed = fields.Integer(
        required=True, metadata={"example": 15, "description": "CREATOR_POSTS_PER_DAY: an estimate."}
    )
    used = fields.Integer(required=True, metadata={"example": 2, "description": "Posts that TikTok received from us."})
    planned = fields.Integer(required=True, metadata={"example": 1})
    remaining = fields.Integer(required=True, metadata={"example": 12})


class AppCapacitySchema(Schema):
    """Creators who posted through this app in the last 24 hours."""

    allowed = nullable(fields.Integer, example=500, description="APP_CREATORS_PER_DAY; null where it is not set.")
    used = fields.Integer(required=True, metadata={"example": 12})


class CapacitySchema(Schema):
    """Posts allowed, used and planned."""

    account_id = fields.UUID(required=True, metadata={"example": EXAMPLE_ID})
    timezone = fields.String(required=True, metadata={"example": "Europe/Berlin"})
    days = fields.List(fields.Nested(CapacityDaySchema), required=True)
    app = fields.Nested(AppCapacitySchema, required=True)
    caps = fields.List(
        fields.Nested(StandingCapSchema), required=True, metadata={"description": "TikTok's caps, as they stand now."}
    )


class HealthReasonSchema(Schema):
    """Why an account cannot post."""

    code = fields.String(required=True, metadata={"example": "scope_missing"})
    message = fields.String(required=True, metadata={"example": "video.publish was not granted: connect it again."})


class CircuitSchema(Schema):
    """An open circuit: TikTok has banned the creator or calls the posts spam, and nothing is sent for now."""

    reason = fields.String(required=True, metadata={"example": "spam_risk", "description": "TikTok's code."})
    opened_at = fields.AwareDateTime(required=True, metadata={"example": EXAMPLE_TIME})
    asked_again_at = fields.AwareDateTime(
        required=True,
        metadata={"example": EXAMPLE_TIME, "description": "When TikTok is asked whether it may be closed."},
    )


class HealthSchema(Schema):
    """Token, scopes, and whether the account can post."""

    account_id = fields.UUID(required=True, metadata={"example": EXAMPLE_ID})
    status = fields.String(required=True, validate=Choice(AccountStatus), metadata={"example": "active"})
    can_post = Boolean(required=True, metadata={"example": True})
    reasons = fields.List(fields.Nested(HealthReasonSchema), required=True)
    needs_reconnection = Boolean(
        required=True,
        metadata={"description": "Whether its person must connect it again, now.", "example": False},
    )
    access_expires_at = fields.AwareDateTime(required=True, metadata={"example": EXAMPLE_TIME})
    reconnect_before = fields.AwareDateTime(
        required=True,
        metadata={
            "description": "When the authorisation runs out if TikTok extends it no more.",
            "example": EXAMPLE_TIME,
        },
    )
    scopes = fields.List(fields.String(), required=True, metadata={"example": ["user.info.basic", "video.publish"]})
    missing_scopes = fields.List(fields.String(), required=True, metadata={"example": ["video.list"]})
    creator_info_at = nullable(fields.AwareDateTime, example=EXAMPLE_TIME)
    synced_at = nullable(fields.AwareDateTime, example=EXAMPLE_TIME)
    circuit = fields.Nested(
        CircuitSchema,
        required=True,
        allow_none=True,
        metadata={"example": None, "description": "Null while it is closed, as usual."},
    )
    held_publications = fields.Integer(required=True, metadata={"example": 0})
    unfinished_publications = fields.Integer(required=True, metadata={"example": 0})
