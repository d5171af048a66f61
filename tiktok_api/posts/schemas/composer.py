"""The shapes of the composer: what a screen shows to the person who writes a post."""

from marshmallow import fields

from tiktok_api.posts.composer.disclosure import DisclosureKind
from tiktok_api.posts.preflight.rules import Basis
from tiktok_api.posts.schemas.posts import EXAMPLE_TIME
from tiktok_api.posts.vocabulary import PostType, PrivacyLevel
from tiktok_api.web.openapi.json_schemas import Choice
from tiktok_api.web.schemas import EXAMPLE_ID, Boolean, QueryBoolean, Schema, nullable
from tiktok_api.web.signed_links import SignedUrl

_WHY = "Why it is greyed out."


class ComposerArgsSchema(Schema):
    """What the person has chosen so far."""

    type = fields.String(validate=Choice(PostType), load_default="video", metadata={"example": "video"})
    privacy_level = fields.String(validate=Choice(PrivacyLevel), metadata={"example": "PUBLIC_TO_EVERYONE"})
    brand_content_toggle = QueryBoolean(load_default=False, metadata={"example": False})
    brand_organic_toggle = QueryBoolean(load_default=False, metadata={"example": True})


class ComposerCreatorSchema(Schema):
    """Who posts: the person must see it."""

    username = nullable(fields.String, example="ada")
    nickname = nullable(fields.String, example="Ada L.")
    avatar_url = nullable(
        fields.String,
        example="https://p16.tiktokcdn.com/…",
        description="TikTok's own link, which ends within hours.",
    )
    kept_avatar_url = nullable(
        SignedUrl,
        attribute="avatar_link",
        example="https://api.example.com/api/v1/pictures/avatars/01932f0a-7c1e-7d3c-9d8e-1f2a3b4c5d6e?expires=1804593600&signature=4f…",
        description="The picture that is kept here, signed; null until it was fetched.",
    )


class ComposerReasonSchema(Schema):
    """Why nothing can be posted now."""

    code = fields.String(required=True, metadata={"example": "spam_risk_too_many_posts"})
    message = fields.String(required=True, metadata={"example": "TikTok lets this creator post nothing now."})
    retryable = Boolean(required=True, metadata={"example": True})


class PrivacyOptionSchema(Schema):
    """A privacy level that the creator has."""

    value = fields.String(required=True, metadata={"example": "SELF_ONLY"})
    label = fields.String(required=True, metadata={"example": "Only you"})
    is_available = Boolean(required=True, metadata={"example": False})
    reason = nullable(fields.String, example="Branded content visibility cannot be set to private.", description=_WHY)


class PrivacyChoiceSchema(Schema):
    """Who may see the post: the person chooses, nothing is chosen for them."""

    default = nullable(fields.String, example=None, description="Always null.")
    options = fields.List(fields.Nested(PrivacyOptionSchema), required=True)


class ComposerSwitchSchema(Schema):
    """Something that the person may turn on."""

    field = fields.String(required=True, metadata={"example": "allow_comment", "description": "Its name in a post."})
    label = fields.String(required=True, metadata={"example": "Comment"})
    default = Boolean(required=True, metadata={"example": False, "description": "Always false."})
    is_available = Boolean(required=True, metadata={"example": True})
    reason = nullable(fields.String, example=None, description=_WHY)


class DisclosureOptionSchema(ComposerSwitchSchema):
    """What the post promotes."""

    hint = fields.String(required=True, metadata={"example": "You are promoting yourself or your own business."})
    resulting_label = fields.String(required=True, metadata={"example": "Promotional content"})


class DisclosureChoiceSchema(Schema):
    """The commercial disclosure: off at first; once it is on, at least one option must be chosen."""

    default = Boolean(required=True, metadata={"example": False})
    label = fields.String(required=True, metadata={"example": "Disclose post content"})
    hint = fields.String(required=True, metadata={"example": "You need to indicate if your content promotes yourself…"})
    is_choice_required = Boolean(required=True, metadata={"example": True})
    options = fields.List(fields.Nested(DisclosureOptionSchema), required=True)
    resulting_label = nullable(
        fields.String,
        example="Promotional content",
        description="Of what is chosen so far: both make a paid partnership.",
    )
    resulting_notice = nullable(fields.String, example="Your video will be labeled as 'Promotional content'.")


class LegalLinkSchema(Schema):
    """A part of a declaration that leads to TikTok's page."""

    text = fields.String(required=True, metadata={"example": "Music Usage Confirmation"})
    url = fields.String(
        required=True, metadata={"example": "https://www.tiktok.com/legal/page/global/music-usage-confirmation/en"}
    )


class DeclarationSchema(Schema):
    """What the person agrees to by posting; a post says so by `consent`."""

    disclosure = fields.String(required=True, validate=Choice(DisclosureKind), metadata={"example": "none"})
    text = fields.String(
        required=True, metadata={"example": "By posting, you agree to TikTok's Music Usage Confirmation."}
    )
    links = fields.List(fields.Nested(LegalLinkSchema), required=True)
    field = fields.String(required=True, metadata={"example": "consent"})
    default = Boolean(required=True, metadata={"example": False})


class TextLimitsSchema(Schema):
    """The longest texts in UTF-16 code units; null: this type of post has no such text."""

    caption = nullable(fields.Integer, example=2200)
    title = nullable(fields.Integer, example=None)
    description = nullable(fields.Integer, example=None)


class ComposerSchema(Schema):
    """What a screen shows to the person who writes a post."""

    account_id = fields.UUID(required=True, metadata={"example": EXAMPLE_ID})
    type = fields.String(required=True, validate=Choice(PostType), metadata={"example": "video"})
    checked = fields.String(
        required=True,
        validate=Choice(Basis),
        metadata={
            "description": "`live`: TikTok was asked now, or at most a minute ago; `cached`: by what it said last; "
            "`not_checked`: it never was.",
            "example": "live",
        },
    )
    checked_at = nullable(fields.AwareDateTime, example=EXAMPLE_TIME)
    creator = fields.Nested(ComposerCreatorSchema, required=True)
    can_post = Boolean(required=True, metadata={"example": True})
    reasons = fields.List(fields.Nested(ComposerReasonSchema), required=True)
    privacy = fields.Nested(PrivacyChoiceSchema, required=True)
    interactions = fields.List(fields.Nested(ComposerSwitchSchema), required=True)
    music = fields.Nested(
        ComposerSwitchSchema, required=True, allow_none=True, metadata={"description": "Of photos.", "example": None}
    )
    ai_label = fields.Nested(ComposerSwitchSchema, required=True)
    max_video_duration_seconds = nullable(fields.Integer, example=600)
    disclosure = fields.Nested(DisclosureChoiceSchema, required=True)
    declaration = fields.Nested(DeclarationSchema, required=True)
    declarations = fields.List(fields.Nested(DeclarationSchema), required=True)
    processing_notice = fields.String(required=True, metadata={"example": "It may take a few minutes…"})
    limits = fields.Nested(TextLimitsSchema, required=True)
