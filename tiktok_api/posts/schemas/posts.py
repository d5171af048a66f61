"""The shapes of posts."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from marshmallow import ValidationError, fields, post_load, validate, validates, validates_schema

from tiktok_api.posts.states import PublicationState
from tiktok_api.posts.vocabulary import (
    SLOT,
    LatePolicy,
    PostIdSource,
    PostMode,
    PostStatus,
    PostType,
    PrivacyLevel,
    with_enums,
)
from tiktok_api.web.openapi.json_schemas import NO_CONTROL_CHARACTERS, Choice, PartOf, Pattern
from tiktok_api.web.parsing.labels import Labels
from tiktok_api.web.parsing.timezones import is_timezone
from tiktok_api.web.schemas import EXAMPLE_ID, Boolean, Instant, Schema, is_in_range, nullable, places_of_repeated

EXTERNAL_ID = [validate.Length(1, 200), NO_CONTROL_CHARACTERS]
EXAMPLE_TIME = "2027-03-02T12:00:00Z"
_WALL_TIME = (
    "^(19[7-9][0-9]|[2-8][0-9]{3}|9[0-8][0-9]{2}|99[0-8][0-9]|999[0-8])-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
    "[T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,6})?)?$"
)
_LONGEST_TEXT = 10_000  # far beyond what TikTok takes: drafts may be longer than that, not endless


def choice(enum: Any, *, example: str | None, description: str = "", **options: Any) -> fields.String:
    """Returns a field for one of an enum's values, as text."""
    metadata = {"example": example} | ({"description": description} if description else {})
    return fields.String(validate=Choice(enum), metadata=metadata, **options)


def _switch(description: str) -> Boolean:
    return Boolean(metadata={"example": False, "description": description})


class ContentSchema(Schema):
    """Words and settings, of a post or of one of its targets."""

    caption = fields.String(
        validate=validate.Length(max=_LONGEST_TEXT),
        metadata={"example": "Our new #studio", "description": "Of a video: at most 2200 UTF-16 code units."},
    )
    title = fields.String(
        validate=validate.Length(max=_LONGEST_TEXT),
        metadata={"example": "", "description": "Of photos: at most 90 UTF-16 code units."},
    )
    description = fields.String(
        validate=validate.Length(max=_LONGEST_TEXT),
        metadata={"example": "", "description": "Of photos: at most 4000 UTF-16 code units."},
    )
    privacy_level = fields.String(
        allow_none=True,
        validate=Choice(PrivacyLevel),
        metadata={"example": "SELF_ONLY", "description": "The creator's own choice: it has no default."},
    )
    allow_comment = _switch("Let people comment.")
    allow_duet = _switch("Let people make duets of a video.")
    allow_stitch = _switch("Let people stitch a video.")
    auto_add_music = _switch("Let TikTok add music to photos.")
    brand_content_toggle = _switch("A paid partnership: promotes another party's business.")
    brand_organic_toggle = _switch("Promotes the creator's own business.")
    is_aigc = _switch("Made by AI: TikTok labels it.")
    video_cover_timestamp_ms = fields.Integer(
        allow_none=True,
        strict=True,
        validate=validate.Range(0, 2**31 - 1),
        metadata={"example": 1000, "description": "Which frame of a video is the cover, in ms from the start."},
    )
    photo_cover_index = fields.Integer(
        allow_none=True,
        strict=True,
        validate=validate.Range(0, 34),
        metadata={"example": None, "description": "Which photo is the cover, counted from 0; null: the first one."},
    )


OVERRIDES = (
    "What is different for this target; the rest is the post's. A new post starts from the defaults of its accounts: what "
    "neither the target nor the post says is filled in here."
)
POST_ID_SOURCE = (
    "Who named the ids: `tiktok` (its status), `webhook` (TikTok's report, confirmed by asking) or `matched` (the one video of "
    "the account's list that has this caption, length and time)."
)


class OverridesSchema(ContentSchema):
    """What is different for one target of a post; what is absent is as the post has it."""


class TargetSchema(ContentSchema):
    """One account to post on, with what is different there."""

    account_id = fields.UUID(required=True, metadata={"example": EXAMPLE_ID})


class SlotSchema(Schema):
    """When: an instant, or a local time with its zone."""

    publish_at = Instant(
        metadata={
            "example": EXAMPLE_TIME,
            "description": "An instant; a time without a zone is refused. A `local_time` of before is given up for it.",
        },
    )
    local_time = fields.String(
        validate=Pattern(
            _WALL_TIME, error="Not a local time, such as 2027-03-02T12:00: date, time, and no zone in it."
        ),
        metadata={
            "description": "Instead: a wall clock's time, with `timezone`, whose rules move it. The years 1970 to 9998."
        },
    )
    timezone = fields.String(validate=is_timezone)

    @validates("local_time")
    def _is_on_the_calendar(self, value: str, **_: Any) -> None:
        try:
            datetime.fromisoformat(value)
        except ValueError:
            raise ValidationError("Not a local time, such as 2027-03-02T12:00: this day is on no calendar.") from None

    @validates_schema(pass_original=True, skip_on_field_errors=False)
    def _is_one_time(self, _data: dict[str, Any], sent: Any, **_: Any) -> None:
        data = sent if isinstance(sent, dict) else {}
        if ("local_time" in data) != ("timezone" in data):
            raise ValidationError(
                "Goes together with the other one.", "timezone" if "local_time" in data else "local_time"
            )
        if "publish_at" in data and "local_time" in data:
            raise ValidationError("Give either this or local_time with timezone.", "publish_at")

    @validates_schema
    def _is_in_range_as_instant(self, data: dict[str, Any], **_: Any) -> None:
        if "local_time" in data and "timezone" in data:  # west of Greenwich the last evening is in the next year
            try:
                is_in_range(datetime.fromisoformat(data["local_time"]).replace(tzinfo=ZoneInfo(data["timezone"])))
            except ValidationError as error:
                raise ValidationError(error.messages, "local_time") from None


class PostChangesSchema(ContentSchema, SlotSchema):
    """What may be changed of a draft or a scheduled post; lists are replaced as a whole."""

    mode = choice(PostMode, example="direct")
    media_ids = fields.List(fields.UUID(metadata={"example": EXAMPLE_ID}), validate=validate.Length(max=35))
    targets = fields.List(fields.Nested(TargetSchema), validate=validate.Length(max=100))
    consent = Boolean(
        metadata={
            "example": True,
            "description": "The person has agreed to TikTok's Music Usage Confirmation (and, for branded content, its Branded Content Policy).",
        }
    )

    if_late = choice(
        LatePolicy,
        example="hold",
        allow_none=True,
        description="When it could not go out in time: `publish` it anyway, `hold` it and ask, or `skip` it. Null: the "
        "server's LATE_POLICY. Up to LATE_AFTER_SECONDS late it always goes out.",
    )

    labels = Labels()
    external_id = fields.String(allow_none=True, validate=EXTERNAL_ID, metadata={"example": "cms-4711"})

    @validates("targets")
    def _name_each_account_once(self, value: list[dict[str, Any]], **_: Any) -> None:
        again = places_of_repeated(target.get("account_id") for target in value)
        if again:
            raise ValidationError({place: {"account_id": ["Names an account twice."]} for place in again})

    @post_load
    def _gather(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        slot = {name: data.pop(name) for name in SLOT if name in data}
        return with_enums(data) | {"slot": slot}


class PostDraftSchema(PostChangesSchema):
    """A new post. Without a time it is a draft, and may be incomplete."""

    type = choice(PostType, example="video", load_default="video")

    @post_load
    def _fill(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {"media_ids": [], "targets": []} | data


class PostSlotSchema(SlotSchema):
    """When a post goes out."""

    @validates_schema(pass_original=True, skip_on_field_errors=False)
    def _is_some_time(self, _data: dict[str, Any], sent: Any, **_: Any) -> None:
        if isinstance(sent, dict) and not sent.keys() & set(SLOT):
            raise ValidationError("Give publish_at, or local_time with timezone.", "publish_at")


class PostTargetSchema(Schema):
    """A target of a post, and how far it is."""

    publication_id = fields.UUID(required=True, attribute="id", metadata={"example": EXAMPLE_ID})
    account_id = nullable(fields.UUID, example=EXAMPLE_ID, description="Null once the account was disconnected.")
    state = choice(PublicationState, example="scheduled", required=True)
    reason = nullable(fields.String, example=None, description="Why it is held, failed, or still waiting.")
    next_try_at = nullable(
        fields.AwareDateTime,
        example=EXAMPLE_TIME,
        description="When it is looked at next. Null while held for `late`: its person publishes, schedules or cancels it.",
    )
    overrides = PartOf(OverridesSchema, required=True, metadata={"example": {}, "description": OVERRIDES})
    publish_id = nullable(fields.String, example=None)
    tiktok_post_ids = fields.List(fields.String(), required=True, metadata={"example": []})
    post_id_source = choice(
        PostIdSource,
        example=None,
        required=True,
        allow_none=True,
        description=POST_ID_SOURCE,
    )
    url = nullable(fields.String, example=None)
    published_at = nullable(fields.AwareDateTime, example=None)


class PostSchema(Schema):
    """A post with its targets."""

    id = fields.UUID(required=True, metadata={"example": EXAMPLE_ID})
    type = choice(PostType, example="video", required=True)
    mode = choice(PostMode, example="direct", required=True)
    status = choice(PostStatus, example="scheduled", required=True)
    caption = fields.String(required=True, metadata={"example": "Our new #studio"})
    title = fields.String(required=True, metadata={"example": ""})
    description = fields.String(required=True, metadata={"example": ""})
    privacy_level = nullable(fields.String, example="SELF_ONLY", validate=Choice(PrivacyLevel))
    allow_comment = Boolean(required=True, metadata={"example": False})
    allow_duet = Boolean(required=True, metadata={"example": False})
    allow_stitch = Boolean(required=True, metadata={"example": False})
    auto_add_music = Boolean(required=True, metadata={"example": False})
    brand_content_toggle = Boolean(required=True, metadata={"example": False})
    brand_organic_toggle = Boolean(required=True, metadata={"example": False})
    is_aigc = Boolean(required=True, metadata={"example": False})
    video_cover_timestamp_ms = nullable(fields.Integer, example=None)
    photo_cover_index = nullable(fields.Integer, example=None)
    consent = Boolean(required=True, metadata={"example": True})
    consented_at = nullable(fields.AwareDateTime, example=EXAMPLE_TIME)
    consented_by = nullable(fields.UUID, example=EXAMPLE_ID, description="The user who gave the consent.")
    consented_with_key = nullable(fields.UUID, example=None, description="The API key with which they gave it.")
    media_ids = fields.List(fields.UUID(), required=True, metadata={"example": [EXAMPLE_ID]})
    targets = fields.List(fields.Nested(PostTargetSchema), required=True)
    publish_at = nullable(fields.AwareDateTime, example=EXAMPLE_TIME)
    local_time = nullable(fields.String, example=None)
    timezone = nullable(fields.String, example=None)
    if_late = choice(LatePolicy, example=None, required=True, allow_none=True, description="Null: the server's policy.")
    labels = fields.List(fields.String(metadata={"example": "berlin"}), required=True, metadata={"example": ["berlin"]})
    external_id = nullable(fields.String, example="cms-4711", description="Your own id for it: of one post at a time.")
    recurrence_id = nullable(fields.UUID, example=None, description="The recurrence that made it.")
    queued_account_id = nullable(fields.UUID, example=None, description="The account whose queue gave it its time.")
    created_at = fields.AwareDateTime(required=True, metadata={"example": EXAMPLE_TIME})
    updated_at = fields.AwareDateTime(required=True, metadata={"example": EXAMPLE_TIME})


class CancelledTargetSchema(Schema):
    """What became of one target."""

    publication_id = fields.UUID(required=True, metadata={"example": EXAMPLE_ID})
    account_id = nullable(fields.UUID, example=EXAMPLE_ID)
    outcome = fields.String(
        required=True,
        validate=Choice(
            ["cancelled", "too_late_published", "too_late_delivered", "too_late_unknown", "already_ended"],
            name="CancellationOutcome",
        ),
        metadata={"example": "cancelled"},
    )
    state = choice(PublicationState, example="cancelled", required=True)


class CancellationSchema(Schema):
    """The post, and what became of each target."""

    post = fields.Nested(PostSchema, required=True)
    targets = fields.List(fields.Nested(CancelledTargetSchema), required=True)
