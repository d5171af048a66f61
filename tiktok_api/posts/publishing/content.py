"""The content of a post on one account: the post's own words and settings, overridden by its target's."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from tiktok_api.posts.models import Post, Publication
from tiktok_api.posts.vocabulary import PostMode, PostType, PrivacyLevel
from tiktok_api.tiktok import PhotoPostInfo, VideoPostInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class PostContent:
    """The words and settings of one publication; allowances are positive here and negative on TikTok's wire."""

    caption: str
    title: str
    description: str
    privacy_level: str | None
    allow_comment: bool
    allow_duet: bool
    allow_stitch: bool
    auto_add_music: bool
    brand_content_toggle: bool
    brand_organic_toggle: bool
    is_aigc: bool
    video_cover_timestamp_ms: int | None
    photo_cover_index: int | None

    @property
    def is_public(self) -> bool:
        """True if everyone may see the post, so that TikTok may name its id."""
        return self.privacy_level == PrivacyLevel.PUBLIC_TO_EVERYONE

    def to_video_info(self) -> VideoPostInfo:
        """As TikTok's direct post of a video takes it."""
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

    def to_photo_info(self) -> PhotoPostInfo:
        """As TikTok's post of photos takes it; of a draft it takes the words alone."""
        return PhotoPostInfo(
            title=self.title,
            description=self.description,
            privacy_level=self.privacy_level,
            disable_comment=not self.allow_comment,
            auto_add_music=self.auto_add_music,
            brand_content_toggle=self.brand_content_toggle,
            brand_organic_toggle=self.brand_organic_toggle,
        )


OVERRIDABLE = tuple(field.name for field in fields(PostContent))
"""What a target may override."""

_DIRECT = frozenset({"privacy_level", "allow_comment", "brand_content_toggle", "brand_organic_toggle", "is_aigc"})
_USED = {
    (PostType.VIDEO, PostMode.DIRECT): _DIRECT | {"caption", "allow_duet", "allow_stitch", "video_cover_timestamp_ms"},
    (PostType.VIDEO, PostMode.INBOX): frozenset[str](),
    (PostType.PHOTO, PostMode.DIRECT): _DIRECT | {"title", "description", "auto_add_music", "photo_cover_index"},
    (PostType.PHOTO, PostMode.INBOX): frozenset({"title", "description", "photo_cover_index"}),
}


def used_by(kind: PostType, mode: PostMode) -> frozenset[str]:
    """Returns the names of what TikTok uses of the content of such a post; it would drop the rest silently.

    From TikTok's pages on direct posts, on uploads to the inbox and on photos.
    """
    return _USED[kind, mode]


def overrides_in(target: Mapping[str, Any]) -> dict[str, Any]:
    """Returns what a target says of its content; the rest is the post's."""
    return {name: target[name] for name in OVERRIDABLE if name in target}


def content_for(post: Post, publication: Publication) -> PostContent:
    """Returns the content of this publication."""
    own = {name: getattr(post, name) for name in OVERRIDABLE}
    return PostContent(**(own | overrides_in(publication.overrides)))
