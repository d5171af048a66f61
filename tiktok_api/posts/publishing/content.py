"""The content of a post on one account: the post's own words and settings, overridden by its target's."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from tiktok_api.posts.models import Post, PrivacyLevel, Publication
from tiktok_api.tiktok import VideoPostInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class PostContent:
    """The words and settings of one publication; allowances are positive here and negative on TikTok's wire."""

    caption: str
    privacy_level: str | None
    allow_comment: bool
    allow_duet: bool
    allow_stitch: bool
    brand_content_toggle: bool
    brand_organic_toggle: bool
    is_aigc: bool
    video_cover_timestamp_ms: int | None

    @property
    def is_public(self) -> bool:
        """True if everyone may see the post, so that TikTok may name its id."""
        return self.privacy_level == PrivacyLevel.PUBLIC_TO_EVERYONE

    def to_post_info(self) -> VideoPostInfo:
        """As TikTok's direct post takes it."""
        return VideoPostInfo(
            title=self.caption,
            privacy_level=self.privacy_level or "",
            disable_comment=not self.allow_comment,
            disable_duet=not self.allow_duet,
            disable_stitch=not self.allow_stitch,
            video_cover_timestamp_ms=self.video_cover_timestamp_ms,
            brand_content_toggle=self.brand_content_toggle,
            brand_organic_toggle=self.brand_organic_toggle,
            is_aigc=self.is_aigc,
        )


OVERRIDABLE = tuple(field.name for field in fields(PostContent))
"""What a target may override. In inbox mode none of it may be set: the person chooses all of it in the app, and TikTok would drop
it silently."""


def overrides_in(target: Mapping[str, Any]) -> dict[str, Any]:
    """Returns what a target says of its content; the rest is the post's."""
    return {name: target[name] for name in OVERRIDABLE if name in target}


def content_for(post: Post, publication: Publication) -> PostContent:
    """Returns the content of this publication."""
    own = {name: getattr(post, name) for name in OVERRIDABLE}
    return PostContent(**(own | overrides_in(publication.overrides)))
