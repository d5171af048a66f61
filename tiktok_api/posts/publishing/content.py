"""What a post says on one account: the post's own words and settings, overridden by its target's."""

from dataclasses import dataclass, fields

from tiktok_api.posts.models import Post, Publication
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
"""What a target may say otherwise than its post. In inbox mode none of it may be said: the person chooses all of it in the
app, and TikTok would drop it silently."""


def content_for(post: Post, publication: Publication) -> PostContent:
    """Returns what this publication says."""
    own = {name: getattr(post, name) for name in OVERRIDABLE}
    overrides = {name: publication.overrides[name] for name in OVERRIDABLE if name in publication.overrides}
    return PostContent(**(own | overrides))
