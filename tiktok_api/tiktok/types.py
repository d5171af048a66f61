"""Requests and responses as immutable values. None always means: TikTok did not say."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

SINGLE_CHUNK_BYTES = 64_000_000
CHUNK_BYTES = 10_485_760
MAX_VIDEO_BYTES = 4_294_967_296


class PublishState(StrEnum):
    """The statuses TikTok documents. `PublishStatus.status` stays a plain string: it may bring others."""

    PROCESSING_UPLOAD = "PROCESSING_UPLOAD"
    PROCESSING_DOWNLOAD = "PROCESSING_DOWNLOAD"
    SEND_TO_USER_INBOX = "SEND_TO_USER_INBOX"
    PUBLISH_COMPLETE = "PUBLISH_COMPLETE"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenGrant:
    """The token endpoint's response. Lifetimes are seconds from now; scopes are those really granted.

    `scopes` is empty, and after a refresh `open_id` "", where TikTok left them out.
    """

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in: int
    refresh_expires_in: int
    open_id: str
    scopes: tuple[str, ...]
    token_type: str = "Bearer"  # noqa: S105 - RFC 6750's word, no secret


@dataclass(frozen=True, slots=True, kw_only=True)
class UserInfo:
    """A user's profile and counts. Avatar URLs are signed and expire."""

    open_id: str | None = None
    union_id: str | None = None
    avatar_url: str | None = None
    avatar_url_100: str | None = None
    avatar_large_url: str | None = None
    display_name: str | None = None
    bio_description: str | None = None
    profile_deep_link: str | None = None
    is_verified: bool | None = None
    username: str | None = None
    follower_count: int | None = None
    following_count: int | None = None
    likes_count: int | None = None
    video_count: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TikTokVideo:
    """A public video and its counts at this moment. `cover_image_url` is signed and expires after 6 hours."""

    id: str
    created_at: datetime | None = None
    cover_image_url: str | None = None
    share_url: str | None = None
    title: str | None = None
    video_description: str | None = None
    duration_seconds: int | None = None
    height: int | None = None
    width: int | None = None
    embed_html: str | None = None
    embed_link: str | None = None
    view_count: int | None = None
    like_count: int | None = None
    comment_count: int | None = None
    share_count: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoPage:
    """One page, newest first. `cursor` is UTC milliseconds; `has_more` is True only if following it makes progress.

    `is_cut`: TikTok has more, but its cursor does not lead there.
    """

    videos: tuple[TikTokVideo, ...]
    cursor: int | None
    has_more: bool
    is_cut: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatorInfo:
    """What this creator may choose right now. The avatar URL is valid for 2 hours."""

    privacy_level_options: tuple[str, ...]
    comment_disabled: bool = False
    duet_disabled: bool = False
    stitch_disabled: bool = False
    max_video_post_duration_sec: int | None = None
    creator_username: str | None = None
    creator_nickname: str | None = None
    creator_avatar_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoPostInfo:
    """A direct post's settings. Privacy is always the client's choice; interactions are off unless turned on.

    The title is the caption, at most 2200 UTF-16 units (TikTok's direct-post page).
    """

    privacy_level: str
    title: str = ""
    disable_comment: bool = True
    disable_duet: bool = True
    disable_stitch: bool = True
    video_cover_timestamp_ms: int | None = None
    brand_content_toggle: bool = False
    brand_organic_toggle: bool = False
    is_aigc: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoPostInfo:
    """A photo post's settings: title at most 90, description at most 4000 UTF-16 units (TikTok's photo page).

    Only those two matter for MEDIA_UPLOAD, where `privacy_level` may be None.
    """

    privacy_level: str | None
    title: str = ""
    description: str = ""
    disable_comment: bool = True
    auto_add_music: bool = False
    brand_content_toggle: bool = False
    brand_organic_toggle: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkPlan:
    """How a file is cut: equal chunks, the remainder in the last one."""

    video_size: int
    chunk_size: int
    total_chunk_count: int

    def chunk(self, index: int) -> tuple[int, int]:
        """First and last byte of a chunk, both inclusive; `index` counts from 0."""
        if not 0 <= index < self.total_chunk_count:
            raise IndexError(f"chunk {index} of {self.total_chunk_count}")
        first = index * self.chunk_size
        is_last = index == self.total_chunk_count - 1
        return first, self.video_size - 1 if is_last else first + self.chunk_size - 1

    def next_chunk(self, uploaded_bytes: int | None) -> int:
        """The first chunk that TikTok lacks when it says it has `uploaded_bytes`; `total_chunk_count` if it has all.

        TikTok stores whole chunks, so a figure one short of an end is that end named by its last byte, not counted.
        """
        uploaded = uploaded_bytes + 1 if uploaded_bytes else 0
        if uploaded >= self.video_size:
            return self.total_chunk_count
        return min(uploaded // self.chunk_size, self.total_chunk_count - 1)


def plan_chunks(size: int) -> ChunkPlan:
    """Cut a file of `size` bytes as TikTok's media transfer guide asks: count = floor(size / chunk size).

    A single chunk must be the whole file (enforced since August 2026) and at most 64 MB, read as 64,000,000 so that
    either meaning of MB is kept; beyond that 10 MiB chunks, far from both limits of 5 and 64 MB.

    Raises ValueError outside 1 byte to 4 GiB.
    """
    if not 0 < size <= MAX_VIDEO_BYTES:
        raise ValueError(f"TikTok takes videos of 1 to {MAX_VIDEO_BYTES} bytes, not {size}")
    if size <= SINGLE_CHUNK_BYTES:
        return ChunkPlan(video_size=size, chunk_size=size, total_chunk_count=1)
    return ChunkPlan(video_size=size, chunk_size=CHUNK_BYTES, total_chunk_count=size // CHUNK_BYTES)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishTicket:
    """An opened post. `upload_url` (a credential, valid 1 hour) and `plan` are there for uploads, not for pulls."""

    publish_id: str
    upload_url: str | None = field(default=None, repr=False)
    plan: ChunkPlan | None = None
    log_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkReceipt:
    """TikTok's response to a chunk. `is_complete`: it has the whole file. `uploaded_bytes` is a lower bound, as a hint."""

    is_complete: bool
    uploaded_bytes: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishStatus:
    """The status of a publish_id; `status` is a PublishState or a word that TikTok has added since."""

    status: str
    fail_reason: str | None = None
    post_ids: tuple[str, ...] = ()
    uploaded_bytes: int | None = None
    downloaded_bytes: int | None = None
    log_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSignature:
    """A genuine signature: the second it was made (Unix time), and whether that is outside of the tolerance."""

    timestamp: int
    is_stale: bool
