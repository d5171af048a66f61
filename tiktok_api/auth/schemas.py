"""What clients send and get: registration, tokens, the profile, API keys and the audit trail."""

from typing import Any

from marshmallow import fields, validate

from tiktok_api.auth.api_keys import KEY_SCOPES
from tiktok_api.auth.passwords import LONGEST, SHORTEST
from tiktok_api.web.openapi.json_schemas import ONE_PRINTED_LINE, Choice
from tiktok_api.web.pagination import PageArgsSchema
from tiktok_api.web.parsing.moments import MomentField, is_in_calendar
from tiktok_api.web.parsing.timezones import is_timezone
from tiktok_api.web.schemas import EXAMPLE_ID, Boolean, Instant, Schema, any_of, nullable

LARGEST_BODY = 16 * 1024
"""Bytes of a body of any of these endpoints, most of which answer without a token."""
LONGEST_EMAIL = 254
"""RFC 5321, by way of its erratum 1690."""


def _email() -> fields.Email:
    return fields.Email(
        required=True,
        validate=[validate.Length(max=LONGEST_EMAIL), ONE_PRINTED_LINE],
        metadata={"example": "ada@example.com"},
    )


def _known_email() -> fields.String:
    return fields.String(
        required=True, validate=validate.Length(1, LONGEST_EMAIL), metadata={"example": "ada@example.com"}
    )


def _display_name(**options: Any) -> fields.String:
    return fields.String(validate=[validate.Length(max=100), ONE_PRINTED_LINE], metadata={"example": "Ada"}, **options)


def _timezone(**options: Any) -> fields.String:
    return fields.String(validate=is_timezone, metadata={"example": "Europe/Berlin"}, **options)


def _new_password() -> fields.String:
    return fields.String(
        required=True,
        load_only=True,
        validate=validate.Length(SHORTEST, LONGEST),
        metadata={"example": "correct horse battery", "format": "password"},
    )


def _known_password(*, required: bool = True) -> fields.String:
    return fields.String(
        required=required,
        load_only=True,
        validate=validate.Length(1, LONGEST),
        metadata={"example": "correct horse battery", "format": "password"},
    )


class RegistrationSchema(Schema):
    """A new user."""

    email = _email()
    password = _new_password()
    display_name = _display_name(load_default="")
    timezone = _timezone(load_default="UTC")


class PendingRegistrationSchema(Schema):
    """What is still to be done; the same for every address, known or not."""

    status = fields.String(
        required=True,
        validate=Choice(["verification_required"], name="RegistrationStatus"),
        metadata={
            "description": "An e-mail is on its way to the address: follow it, then sign in.",
            "example": "verification_required",
        },
    )


class CredentialsSchema(Schema):
    """An e-mail address and a password."""

    email = _known_email()
    password = _known_password()


class RefreshSchema(Schema):
    """The refresh token of the pair answered last."""

    refresh_token = fields.String(
        required=True, validate=validate.Length(1), metadata={"example": "eyJhbGciOiJIUzI1NiIs…"}
    )


class TokenPairSchema(Schema):
    """An access token for requests and a refresh token for the next pair; lifetimes in seconds."""

    access_token = fields.String(required=True, metadata={"example": "eyJhbGciOiJIUzI1NiIs…"})
    refresh_token = fields.String(required=True, metadata={"example": "eyJhbGciOiJIUzI1NiIs…"})
    token_type = fields.String(required=True, metadata={"example": "Bearer"})
    expires_in = fields.Integer(required=True, metadata={"example": 86400})
    refresh_expires_in = fields.Integer(required=True, metadata={"example": 2592000})


class ProfileSchema(Schema):
    """The user who is signed in."""

    id = fields.UUID(required=True, metadata={"example": EXAMPLE_ID})
    email = fields.String(required=True, metadata={"example": "ada@example.com"})
    display_name = fields.String(required=True, metadata={"example": "Ada"})
    timezone = fields.String(required=True, metadata={"example": "Europe/Berlin"})
    created_at = fields.AwareDateTime(required=True, metadata={"example": "2027-03-02T12:00:00Z"})


class ProfileChangesSchema(Schema):
    """What a user may change of their profile."""

    display_name = _display_name()
    timezone = _timezone()


class ConfirmationSchema(Schema):
    """The password again: needed if the last sign-in of this session is more than 10 minutes ago."""

    current_password = _known_password(required=False)


class PasswordChangeSchema(Schema):
    """The present password and the new one, and whether to revoke API keys too."""

    current_password = _known_password()
    new_password = _new_password()
    revoke_api_keys = Boolean(
        load_default=False, metadata={"description": "Whether every API key is revoked too.", "example": True}
    )


class PasswordReplacedSchema(Schema):
    """What a new password has ended."""

    sessions_ended = fields.Integer(
        required=True, metadata={"description": "How many devices were signed out.", "example": 2}
    )
    api_keys_revoked = fields.Integer(required=True, metadata={"example": 1})


class PasswordChangedSchema(TokenPairSchema, PasswordReplacedSchema):
    """The tokens of a new session, and what the new password has ended."""


class PasswordForgottenSchema(Schema):
    """The address of the account."""

    email = _known_email()


class EmailTokenSchema(Schema):
    """The token from an e-mail."""

    token = fields.String(
        required=True,
        load_only=True,
        validate=validate.Length(1, 200),
        metadata={"example": "pBm1V0q9u3yJ6eWc8TzKd2RxHsLfNgAo5iQvYt7wXbE"},
    )


class PasswordResetSchema(EmailTokenSchema):
    """The token from an e-mail and the new password."""

    password = _new_password()


class SessionSchema(Schema):
    """A device that is signed in."""

    id = fields.UUID(required=True, metadata={"example": EXAMPLE_ID})
    is_current = Boolean(required=True, metadata={"description": "Whether it is the one that asks.", "example": True})
    user_agent = fields.String(required=True, metadata={"example": "Mozilla/5.0 (X11; Linux x86_64) Firefox/151.0"})
    address = fields.String(
        required=True, metadata={"description": "Where it signed in from.", "example": "203.0.113.7"}
    )
    created_at = fields.AwareDateTime(required=True, metadata={"example": "2027-03-02T12:00:00Z"})
    last_issued_at = fields.AwareDateTime(
        required=True, metadata={"description": "When it got its newest tokens.", "example": "2027-03-03T11:58:00Z"}
    )


def _scopes(**options: Any) -> fields.Field[Any]:
    return fields.List(
        fields.String(validate=Choice(KEY_SCOPES, name="ApiKeyScope"), metadata={"example": "posts:write"}),
        required=True,
        metadata={
            "description": "`read` and `write` reach every domain, `posts:write` one. Writing does not include reading.",
            "example": ["read", "posts:write"],
        },
        **options,
    )


def _confinement(**options: Any) -> fields.Field[Any]:
    return fields.List(
        fields.UUID(metadata={"example": EXAMPLE_ID}),
        allow_none=True,
        metadata={"description": "The only accounts it reaches; null: all, later ones too.", "example": [EXAMPLE_ID]},
        **options,
    )


def _expiry(**options: Any) -> Instant:
    return Instant(
        allow_none=True,
        metadata={"description": "When it stops working; null: never.", "example": "2028-03-02T12:00:00Z"},
        **options,
    )


def _key_name() -> fields.String:
    return fields.String(
        required=True, validate=[validate.Length(1, 100), ONE_PRINTED_LINE], metadata={"example": "nightly import"}
    )


class ApiKeyRequestSchema(ConfirmationSchema):
    """What a new API key may do, where, and until when; and the password, if the last sign-in is not recent."""

    name = _key_name()
    scopes = _scopes(validate=validate.Length(1, len(KEY_SCOPES)))
    account_ids = _confinement(load_default=None, validate=validate.Length(1, 100))
    expires_at = _expiry(load_default=None)


class ApiKeySchema(Schema):
    """An API key without its token."""

    id = fields.UUID(required=True, metadata={"example": EXAMPLE_ID})
    name = _key_name()
    hint = fields.String(required=True, metadata={"description": "How its token begins.", "example": "tk_3fQx9a"})
    scopes = _scopes()
    account_ids = _confinement(required=True)
    expires_at = _expiry(required=True)
    last_used_at = nullable(
        fields.AwareDateTime, example="2027-03-03T11:58:00Z", description="To the minute; null: never yet."
    )
    created_at = fields.AwareDateTime(required=True, metadata={"example": "2027-03-02T12:00:00Z"})


class NewApiKeySchema(ApiKeySchema):
    """An API key with its token, which is never shown again."""

    token = fields.String(required=True, metadata={"example": "tk_3fQx9aWm0JrYc5oVnTzK1dLbE7uHsGpNqXiRtDfZy8A"})


class AuditArgsSchema(PageArgsSchema):
    """Which entries."""

    action = any_of(
        fields.String(validate=validate.Length(1, 100), metadata={"example": "post.scheduled"}),
        description="Only this action, or all of a kind (`post`).",
    )
    subject_id = any_of(fields.UUID(metadata={"example": EXAMPLE_ID}), description="Only what was done to this.")
    session_id = any_of(fields.UUID(metadata={"example": EXAMPLE_ID}), description="Only what this session did.")
    api_key_id = any_of(fields.UUID(metadata={"example": EXAMPLE_ID}), description="Only what this API key did.")
    since = MomentField(
        data_key="from",
        validate=is_in_calendar,
        metadata={"description": "On this day of yours or later, or from this instant on.", "example": "2027-03-01"},
    )
    until = MomentField(
        data_key="to",
        validate=is_in_calendar,
        metadata={"description": "On this day of yours or earlier, or before this instant.", "example": "2027-03-31"},
    )


class AuditEntrySchema(Schema):
    """An act: by a session, by an API key, or, with neither, by the holder of an e-mail's token or the person who consented."""

    id = fields.UUID(required=True, metadata={"example": EXAMPLE_ID})
    at = fields.AwareDateTime(required=True, attribute="created_at", metadata={"example": "2027-03-02T12:00:00Z"})
    action = fields.String(required=True, metadata={"example": "post.scheduled"})
    subject_id = nullable(fields.UUID, example=EXAMPLE_ID, description="What it was done to.")
    session_id = nullable(fields.UUID, example=EXAMPLE_ID)
    api_key_id = nullable(fields.UUID, example=None)
    address = fields.String(required=True, metadata={"description": "Where it came from.", "example": "203.0.113.7"})
    request_id = nullable(fields.String, example=EXAMPLE_ID)
    detail = fields.Dict(
        keys=fields.String(), required=True, metadata={"description": "Facts about it.", "example": {"name": "nightly"}}
    )
