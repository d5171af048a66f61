"""The words of posts: what they are, how they go out, who may see them, and what became of them."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from tiktok_api.media.models import MediaKind

PostType = MediaKind
"""What a post shows: a post of a video, or one of photos."""


class PostMode(StrEnum):
    """Direct: live without another touch. Inbox: a draft that the person finishes in the app."""

    DIRECT = "direct"
    INBOX = "inbox"


class PrivacyLevel(StrEnum):
    """TikTok's words for who may see a post (developers.tiktok.com/doc/content-posting-api-reference-direct-post)."""

    PUBLIC_TO_EVERYONE = "PUBLIC_TO_EVERYONE"
    MUTUAL_FOLLOW_FRIENDS = "MUTUAL_FOLLOW_FRIENDS"
    FOLLOWER_OF_CREATOR = "FOLLOWER_OF_CREATOR"
    SELF_ONLY = "SELF_ONLY"


class PostStatus(StrEnum):
    """Derived from the publications; see `publishing/transitions.py`."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    PUBLISHING = "publishing"
    PUBLISHED = "published"
    DELIVERED = "delivered"
    PARTLY_PUBLISHED = "partly_published"
    FAILED = "failed"
    CANCELLED = "cancelled"


class LatePolicy(StrEnum):
    """What happens to a publication that could not go out in time: it goes out, a person is asked, or it ends."""

    PUBLISH = "publish"
    HOLD = "hold"
    SKIP = "skip"


class PostIdSource(StrEnum):
    """Who named the post's id: TikTok's status, its webhook (confirmed by asking), or its list of videos by evidence."""

    TIKTOK = "tiktok"
    WEBHOOK = "webhook"
    MATCHED = "matched"


SLOT = ("publish_at", "local_time", "timezone")
"""By which the time of a post is given."""
_ENUMS: dict[str, type[StrEnum]] = {"mode": PostMode, "if_late": LatePolicy, "type": PostType}


def with_enums(content: Mapping[str, Any]) -> dict[str, Any]:
    """Returns what a post says, with its choices as members of their enums."""
    return dict(content) | {name: enum(content[name]) for name, enum in _ENUMS.items() if content.get(name)}
