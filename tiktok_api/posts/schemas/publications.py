"""The shapes of publications, and of a person's word about one."""

from marshmallow import fields

from tiktok_api.posts.schemas.posts import EXAMPLE_TIME, OVERRIDES, POST_ID_SOURCE, OverridesSchema, choice
from tiktok_api.posts.states import AttemptState, PublicationState
from tiktok_api.posts.vocabulary import PostIdSource
from tiktok_api.web.openapi.json_schemas import Choice, PartOf
from tiktok_api.web.schemas import EXAMPLE_ID, Boolean, Schema, nullable


class AttemptSchema(Schema):
    """One publish_id, or the try to get one."""

    number = fields.Integer(required=True, metadata={"example": 1})
    state = choice(AttemptState, example="succeeded", required=True)
    publish_id = nullable(fields.String, example="v_pub_file~v2-1.7602997070760331285")
    video_size = nullable(
        fields.Integer, example=50000123, description="Null for photos, which TikTok fetches from here."
    )
    uploaded_bytes = fields.Integer(required=True, metadata={"example": 50000123})
    reason = nullable(fields.String, example=None)
    log_id = nullable(fields.String, example=None, description="TikTok's own id, for its support.")
    intended_at = fields.AwareDateTime(required=True, metadata={"example": EXAMPLE_TIME})
    opened_at = nullable(fields.AwareDateTime, example=EXAMPLE_TIME)
    final_at = nullable(fields.AwareDateTime, example=EXAMPLE_TIME)
    ended_at = nullable(fields.AwareDateTime, example=EXAMPLE_TIME)


class TimelineEntrySchema(Schema):
    """Something that happened."""

    at = fields.AwareDateTime(required=True, metadata={"example": EXAMPLE_TIME})
    event = fields.String(required=True, metadata={"example": "published"})
    state = choice(PublicationState, example="published", required=True)
    detail = nullable(fields.String, example=None)


class ShownCreatorInfoSchema(Schema):
    """What TikTok had last said of the creator when consent was given, so that a screen could show it."""

    captured_at = fields.String(required=True, metadata={"format": "date-time", "example": EXAMPLE_TIME})
    creator_username = nullable(fields.String, example="ada")
    creator_nickname = nullable(fields.String, example="Ada L.")
    privacy_level_options = fields.List(fields.String(metadata={"example": "SELF_ONLY"}), required=True)
    comment_disabled = Boolean(required=True, metadata={"example": False})
    duet_disabled = Boolean(required=True, metadata={"example": False})
    stitch_disabled = Boolean(required=True, metadata={"example": True})
    max_video_post_duration_sec = nullable(fields.Integer, example=600)


class PublicationSchema(Schema):
    """A post on one account, with everything that was tried."""

    id = fields.UUID(required=True, metadata={"example": EXAMPLE_ID})
    post_id = fields.UUID(required=True, metadata={"example": EXAMPLE_ID})
    account_id = nullable(fields.UUID, example=EXAMPLE_ID)
    state = choice(PublicationState, example="published", required=True)
    reason = nullable(fields.String, example=None)
    detail = nullable(fields.String, example=None)
    next_try_at = nullable(fields.AwareDateTime, example=None)
    overrides = PartOf(OverridesSchema, required=True, metadata={"example": {}, "description": OVERRIDES})
    publish_id = nullable(fields.String, example="v_pub_file~v2-1.7602997070760331285")
    tiktok_post_ids = fields.List(fields.String(), required=True, metadata={"example": ["7602997517160123666"]})
    post_id_source = choice(
        PostIdSource,
        example="tiktok",
        required=True,
        allow_none=True,
        description=POST_ID_SOURCE,
    )
    url = nullable(fields.String, example="https://www.tiktok.com/@ada/video/7602997517160123666")
    published_at = nullable(fields.AwareDateTime, example=EXAMPLE_TIME)
    consent_creator_info = fields.Nested(ShownCreatorInfoSchema, required=True, allow_none=True)
    attempts = fields.List(fields.Nested(AttemptSchema), required=True)
    timeline = fields.List(fields.Nested(TimelineEntrySchema), required=True)


class PublicationListSchema(Schema):
    """A post's publications, one for each target."""

    data = fields.List(fields.Nested(PublicationSchema), required=True)


class ResolutionSchema(Schema):
    """What a person found on the account."""

    outcome = fields.String(
        required=True,
        validate=Choice(["live", "post_again"], name="ResolutionOutcome"),
        metadata={
            "example": "live",
            "description": "`live`: it is there. `post_again`: it is not; make a new attempt.",
        },
    )
