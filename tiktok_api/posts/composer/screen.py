"""What a screen must show to the person who writes a post, by TikTok's content sharing guidelines, as data.

Source: developers.tiktok.com/doc/content-sharing-guidelines. Nothing has a default but "off", and privacy has none at all.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tiktok_api.accounts.models import Account
from tiktok_api.posts.composer.disclosure import (
    BRANDED_PRIVATE,
    DECLARATIONS,
    MUST_CHOOSE,
    PROCESSING_NOTICE,
    Disclosure,
)
from tiktok_api.posts.preflight.creators import CreatorAnswer
from tiktok_api.posts.preflight.grants import expired_grant, missing_grant
from tiktok_api.posts.preflight.wording import LIMITS
from tiktok_api.posts.publishing.verdicts import APP_UNAUDITED
from tiktok_api.posts.vocabulary import PostMode, PostType, PrivacyLevel
from tiktok_api.tiktok import CAP_CODES, CreatorInfo

PRIVACY_LABELS: dict[str, str] = {
    PrivacyLevel.PUBLIC_TO_EVERYONE: "Everyone",
    PrivacyLevel.FOLLOWER_OF_CREATOR: "Followers",
    PrivacyLevel.MUTUAL_FOLLOW_FRIENDS: "Friends",
    PrivacyLevel.SELF_ONLY: "Only you",
}
_INTERACTIONS = {"comment": "Comment", "duet": "Duet", "stitch": "Stitch"}
_OF_PHOTOS = ("comment",)
_UNAUDITED = (
    "Until TikTok has audited this app, only the creator may see what it posts, and their account must be private."
)
_NOT_KNOWN = "TikTok could not be asked what this creator may choose."
_BY_CREATOR = "The creator's own settings do not allow it."


@dataclass(frozen=True, slots=True)
class Form:
    """What the person has chosen so far, and what is known of their account."""

    account: Account
    answer: CreatorAnswer
    type: PostType
    disclosure: Disclosure
    privacy_level: str | None
    is_unaudited: bool

    @property
    def creator(self) -> CreatorInfo | None:
        """What TikTok says that the creator may choose; None: it is not known."""
        return self.answer.reading.info if self.answer.reading else None

    @property
    def is_video(self) -> bool:
        return self.type is PostType.VIDEO


def show_composer(form: Form) -> dict[str, Any]:
    """Returns what a screen shows for this form: options with what is greyed out and why, labels and declarations."""
    reasons = list(_why_not(form))
    return {
        "account_id": form.account.id,
        "type": form.type,
        "checked": form.answer.checked,
        "checked_at": form.answer.checked_at,
        "creator": _creator(form),
        "can_post": not reasons,
        "reasons": reasons,
        "privacy": {"default": None, "options": list(_privacy_options(form))},
        "interactions": [_interaction(form, name) for name in (_INTERACTIONS if form.is_video else _OF_PHOTOS)],
        "music": None if form.is_video else _switch("auto_add_music", "Let TikTok add music"),
        "ai_label": _switch("is_aigc", "AI-generated content"),
        "max_video_duration_seconds": form.creator.max_video_post_duration_sec
        if form.creator and form.is_video
        else None,
        "disclosure": _disclosure(form),
        "declaration": DECLARATIONS[form.disclosure.kind],
        "declarations": list(DECLARATIONS.values()),
        "processing_notice": PROCESSING_NOTICE,
        "limits": LIMITS[form.type],
    }


def _creator(form: Form) -> dict[str, Any]:
    creator, account = form.creator, form.account
    return {
        "username": (creator and creator.creator_username) or account.username,
        "nickname": (creator and creator.creator_nickname) or account.display_name,
        "avatar_url": creator.creator_avatar_url if creator else account.avatar_url,
        "avatar_link": account.avatar_link,
    }


def _why_not(form: Form) -> Iterator[dict[str, Any]]:
    if (missing := missing_grant(form.account, PostMode.DIRECT)) is not None:
        yield _reason(missing, "The account must be connected again before anything can be posted.")
    elif (expired := expired_grant(form.account)) is not None:
        yield _reason(expired, "The account's authorisation has run out; connect it again.")
    if (refusal := form.answer.refusal) is not None:
        message = "TikTok lets this creator post nothing now; try again later or post in the app."
        yield _reason(refusal, message, is_retryable=refusal in CAP_CODES)
    if form.is_unaudited and form.creator and PrivacyLevel.PUBLIC_TO_EVERYONE in form.creator.privacy_level_options:
        yield _reason(APP_UNAUDITED, _UNAUDITED, is_retryable=True)


def _reason(code: str, message: str, *, is_retryable: bool = False) -> dict[str, Any]:
    return {"code": code, "message": message, "retryable": is_retryable}


def _privacy_options(form: Form) -> Iterator[dict[str, Any]]:
    """Yields the creator's options in TikTok's order. All levels, greyed out, where TikTok could not be asked."""
    levels = form.creator.privacy_level_options if form.creator else tuple(PRIVACY_LABELS)
    for level in levels:
        why = _why_no_level(form, level)
        yield {
            "value": level,
            "label": PRIVACY_LABELS.get(level, level),
            "is_available": why is None,
            "reason": why,
        }


def _why_no_level(form: Form, level: str) -> str | None:
    if form.creator is None:
        return _NOT_KNOWN
    if form.is_unaudited and level != PrivacyLevel.SELF_ONLY:
        return _UNAUDITED
    return BRANDED_PRIVATE if form.disclosure.is_branded and level == PrivacyLevel.SELF_ONLY else None


def _interaction(form: Form, name: str) -> dict[str, Any]:
    is_disabled = bool(form.creator and getattr(form.creator, f"{name}_disabled"))
    why = _NOT_KNOWN if form.creator is None else _BY_CREATOR if is_disabled else None
    return _switch(f"allow_{name}", _INTERACTIONS[name], why)


def _switch(field: str, label: str, why_not: str | None = None) -> dict[str, Any]:
    return {"field": field, "label": label, "default": False, "is_available": why_not is None, "reason": why_not}


def _disclosure(form: Form) -> dict[str, Any]:
    is_private = form.privacy_level == PrivacyLevel.SELF_ONLY or form.is_unaudited
    options = [
        _switch("brand_organic_toggle", "Your brand")
        | {
            "hint": "You are promoting yourself or your own business.",
            "resulting_label": Disclosure(is_organic=True).label,
        },
        _switch("brand_content_toggle", "Branded content", BRANDED_PRIVATE if is_private else None)
        | {
            "hint": "You are promoting another brand or a third party.",
            "resulting_label": Disclosure(is_branded=True).label,
        },
    ]
    return {
        "default": False,
        "label": "Disclose post content",
        "hint": MUST_CHOOSE,
        "is_choice_required": True,
        "options": options,
        "resulting_label": form.disclosure.label,
        "resulting_notice": form.disclosure.notice(form.type),
    }
