"""What a post says on one account: the post's own words and settings, overridden by its target's."""

from dataclasses import dataclass, fields

from tiktok_api.posts.models import Post, PostMode, Publication
from tiktok_api.tiktok import VideoPostInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
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


OVERRIDABLE = tuple(field.name for field in fields(Terms))

DIRECT_ONLY = tuple(name for name in OVERRIDABLE)
"""In inbox mode the person chooses all of it in the app: TikTok would drop it silently."""


def terms_of(post: Post, publication: Publication) -> Terms:
    """What this publication says."""
    own = {name: getattr(post, name) for name in OVERRIDABLE}
    return Terms(**(own | {name: publication.overrides[name] for name in OVERRIDABLE if name in publication.overrides}))


def is_direct(post: Post) -> bool:
    """Whether it goes live without another touch."""
    return post.mode == PostMode.DIRECT
