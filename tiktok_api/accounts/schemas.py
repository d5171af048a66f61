"""What clients send and get about accounts."""

from typing import Any

from marshmallow import fields, post_load, validate

from tiktok_api.accounts.models import SCOPES, AccountStatus, ConnectionStatus
from tiktok_api.web.openapi.json_schemas import NO_CONTROL_CHARACTERS, Choice
from tiktok_api.web.pagination import PageArgsSchema
from tiktok_api.web.schemas import EXAMPLE_ID, Boolean, Schema, any_of, nullable
from tiktok_api.web.signed_links import SignedUrl


def _tag(**options: Any) -> fields.String:
    return fields.String(
        validate=[validate.Length(1, 50), NO_CONTROL_CHARACTERS], metadata={"example": "agency"}, **options
    )


class ConnectionRequestSchema(Schema):
    """Where the browser goes afterwards, and what to ask the person for."""

    return_url = fields.String(
        load_default=None,
        validate=validate.Length(1, 2000),
        metadata={
            "format": "uri",
            "description": "Gets `connection_id` and `status` as query parameters. Without it a small page is shown.",
            "example": "https://app.example.com/accounts",
        },
    )
    scopes = fields.List(
        fields.String(validate=Choice(SCOPES, name="TikTokScope"), metadata={"example": "video.publish"}),
        validate=validate.Length(1, len(SCOPES)),
        metadata={
            "description": "What to ask the person for; `user.info.basic` always is. They may grant less. Without it: all "
            "that this server's TikTok app is approved for (TIKTOK_SCOPES).",
            "example": list(SCOPES),
        },
    )


class AuthorizationRequestSchema(Schema):
    """Send the person's browser to `authorize_url`; it works once."""

    id = fields.UUID(required=True, metadata={"description": "The connection's id.", "example": EXAMPLE_ID})
    authorize_url = fields.String(
        required=True,
        metadata={"example": "https://www.tiktok.com/v2/auth/authorize/?client_key=aw…&response_type=code&…"},
    )
    expires_at = fields.AwareDateTime(required=True, metadata={"example": "2027-03-02T12:10:00Z"})


class ConnectionSchema(Schema):
    """An attempt to connect an account."""

    id = fields.UUID(required=True, metadata={"example": EXAMPLE_ID})
    status = fields.String(
        required=True,
        attribute="shown_status",
        validate=Choice(ConnectionStatus),
        metadata={"example": "connected"},
    )
    reason = nullable(
        fields.String,
        attribute="shown_reason",
        example=None,
        description="Why it failed: access_denied, account_already_connected, another_creator, code_missing, "
        "code_rejected, expired, interrupted, tiktok_refused or tiktok_unreachable.",
    )
    account_id = nullable(fields.UUID, example=EXAMPLE_ID)
    expected_account_id = nullable(
        fields.UUID, example=None, description="The account that is to be reconnected, where one was named."
    )
    other_creator = nullable(
        fields.String, example=None, description="With `another_creator`: who TikTok was signed in as, if it told."
    )
    created_at = fields.AwareDateTime(required=True, metadata={"example": "2027-03-02T12:00:00Z"})
    expires_at = fields.AwareDateTime(required=True, metadata={"example": "2027-03-02T12:10:00Z"})


class CallbackArgsSchema(Schema):
    """What the browser brings back from TikTok. Other parameters are ignored: TikTok may add some."""

    state = fields.String(load_default="", metadata={"example": "q1Zt…"})
    code = fields.String(load_default=None, metadata={"example": "FgA…*1!4608.va"})
    error = fields.String(load_default=None, metadata={"example": "access_denied"})


class AccountDefaultsSchema(Schema):
    """What a new post of this account starts from, where it says nothing itself; null: no default.

    Privacy has none: it is chosen for every post. The mode is taken where all accounts of a post have the same.
    """

    mode = nullable(fields.String, example="direct", validate=Choice(["direct", "inbox"], name="PostMode"))
    allow_comment = nullable(Boolean, example=True)
    allow_duet = nullable(Boolean, example=None)
    allow_stitch = nullable(Boolean, example=None)
    auto_add_music = nullable(Boolean, example=None)
    brand_content_toggle = nullable(Boolean, example=None)
    brand_organic_toggle = nullable(Boolean, example=None)
    is_aigc = nullable(Boolean, example=None)

    @post_load
    def _keep_what_is_set(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {name: value for name, value in data.items() if value is not None}


class AccountSchema(Schema):
    """A TikTok account. Null means that TikTok did not send it, or that the person did not grant the scope for it."""

    id = fields.UUID(required=True, metadata={"example": EXAMPLE_ID})
    open_id = fields.String(required=True, metadata={"example": "-000YSS_OTWKQzsQ-Q6fwsK_A1CTqKopVfCO"})
    union_id = nullable(fields.String, example="c9c60f44-a68e-4f5d-84dd-ce22faeb0ba1")
    username = nullable(fields.String, example="ada")
    display_name = nullable(fields.String, example="Ada L.")
    avatar_url = nullable(
        SignedUrl,
        attribute="avatar_link",
        example="https://api.example.com/api/v1/pictures/avatars/01932f0a-7c1e-7d3c-9d8e-1f2a3b4c5d6e?expires=1804593600&signature=4f…",
        description="For `<img>`, without a token; kept here, since TikTok's own link ends within hours. Signed, good for 20 to "
        "30 minutes, the same for ten; null until it was fetched.",
    )
    bio = nullable(fields.String, example="Engines and poetry.")
    is_verified = nullable(Boolean, example=True)
    profile_deep_link = nullable(fields.String, example="https://www.tiktok.com/@ada")
    follower_count = nullable(fields.Integer, example=18412)
    following_count = nullable(fields.Integer, example=180)
    likes_count = nullable(fields.Integer, example=96120)
    video_count = nullable(fields.Integer, example=34)
    scopes = fields.List(
        fields.String(metadata={"example": "video.publish"}),
        required=True,
        metadata={"description": "What the person granted."},
    )
    status = fields.String(required=True, validate=Choice(AccountStatus), metadata={"example": "active"})
    status_reason = nullable(
        fields.String, example=None, description="Why it is not active; connect it again to mend that."
    )
    label = fields.String(required=True, metadata={"example": "Spring campaign"})
    tags = fields.List(_tag(), required=True)
    defaults = fields.Nested(AccountDefaultsSchema, required=True)
    connected_at = fields.AwareDateTime(required=True, metadata={"example": "2027-03-02T12:00:00Z"})
    synced_at = nullable(
        fields.AwareDateTime, example="2027-03-02T12:00:00Z", description="When profile and counts were read."
    )
    created_at = fields.AwareDateTime(required=True, metadata={"example": "2027-03-02T12:00:00Z"})
    updated_at = fields.AwareDateTime(required=True, metadata={"example": "2027-03-02T12:00:00Z"})


class AccountChangesSchema(Schema):
    """What may be changed about an account; what is sent replaces what was there."""

    label = fields.String(
        validate=[validate.Length(max=100), NO_CONTROL_CHARACTERS], metadata={"example": "Spring campaign"}
    )
    tags = fields.List(_tag(), validate=validate.Length(max=20), metadata={"example": ["agency", "berlin"]})
    defaults = fields.Nested(AccountDefaultsSchema)

    @post_load
    def _drop_duplicates(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        if "tags" in data:
            data["tags"] = list(dict.fromkeys(data["tags"]))
        return data


class AccountListArgsSchema(PageArgsSchema):
    """Which accounts to list."""

    status = any_of(fields.String(validate=Choice(AccountStatus), metadata={"example": "active"}))
    tag = any_of(_tag())
    q = fields.String(
        validate=[validate.Length(1, 100), NO_CONTROL_CHARACTERS],
        metadata={"description": "Part of the label, username or display name.", "example": "ada"},
    )


class DisconnectionSchema(Schema):
    """What disconnecting an account has cancelled."""

    id = fields.UUID(required=True, metadata={"example": EXAMPLE_ID})
    cancelled_publications = fields.List(
        fields.UUID(metadata={"example": EXAMPLE_ID}),
        required=True,
        metadata={"description": "Publications that will not go out any more."},
    )


class CreatorInfoSchema(Schema):
    """What the creator may choose for a post, as TikTok answered at `captured_at`."""

    creator_username = nullable(fields.String, attribute="info.creator_username", example="ada")
    creator_nickname = nullable(fields.String, attribute="info.creator_nickname", example="Ada L.")
    creator_avatar_url = nullable(
        fields.String,
        attribute="info.creator_avatar_url",
        example="https://p16.tiktokcdn.com/…",
        description="TikTok's own link, which ends within hours; the account's `avatar_url` is kept here.",
    )
    privacy_level_options = fields.List(
        fields.String(metadata={"example": "SELF_ONLY"}),
        required=True,
        attribute="info.privacy_level_options",
        metadata={"example": ["PUBLIC_TO_EVERYONE", "MUTUAL_FOLLOW_FRIENDS", "SELF_ONLY"]},
    )
    comment_disabled = Boolean(required=True, attribute="info.comment_disabled", metadata={"example": False})
    duet_disabled = Boolean(required=True, attribute="info.duet_disabled", metadata={"example": False})
    stitch_disabled = Boolean(required=True, attribute="info.stitch_disabled", metadata={"example": True})
    max_video_post_duration_sec = nullable(fields.Integer, attribute="info.max_video_post_duration_sec", example=600)
    captured_at = fields.AwareDateTime(required=True, metadata={"example": "2027-03-02T12:00:00Z"})
