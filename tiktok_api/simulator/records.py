"""What the world is made of: apps, creators, videos, grants, tokens and publications."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SCOPES = ("user.info.basic", "user.info.profile", "user.info.stats", "video.list", "video.upload", "video.publish")

PUBLIC = "PUBLIC_TO_EVERYONE"
FRIENDS = "MUTUAL_FOLLOW_FRIENDS"
FOLLOWERS = "FOLLOWER_OF_CREATOR"
SELF_ONLY = "SELF_ONLY"
PRIVACY_LEVELS = (PUBLIC, FRIENDS, FOLLOWERS, SELF_ONLY)

FAIL_REASONS = (
    "file_format_check_failed",
    "duration_check_failed",
    "frame_rate_check_failed",
    "picture_size_check_failed",
    "internal",
    "video_pull_failed",
    "photo_pull_failed",
    "publish_cancelled",
    "auth_removed",
    "spam_risk_too_many_posts",
    "spam_risk_user_banned_from_posting",
    "spam_risk_text",
    "spam_risk",
)

TERMINAL = ("PUBLISH_COMPLETE", "SEND_TO_USER_INBOX", "FAILED")


@dataclass
class App:
    """A client registered in the developer portal."""

    client_key: str
    client_secret: str
    name: str
    type: str = "web"
    reviewed: bool = True
    audited: bool = True
    sandbox: bool = False
    sandbox_targets: list[str] = field(default_factory=list)
    redirect_uris: list[str] = field(default_factory=list)
    scopes: list[str] = field(default_factory=lambda: list(SCOPES))
    verified_domains: list[str] = field(default_factory=list)
    verified_prefixes: list[str] = field(default_factory=list)
    webhook_url: str | None = None
    active_user_cap: int | None = None

    @property
    def is_trusted(self) -> bool:
        """Whether it may post publicly: audited, and not a sandbox."""
        return self.audited and not self.sandbox


@dataclass
class Creator:
    """A person with a TikTok account, and what their settings say."""

    username: str
    nickname: str
    bio: str = ""
    private: bool = False
    verified: bool = False
    comment_disabled: bool = False
    duet_disabled: bool = False
    stitch_disabled: bool = False
    max_video_post_duration_sec: int = 600
    app_version: str = "41.0.0"
    banned: bool = False
    eligible: bool = True
    fail_reason: str | None = None
    post_cap: int | None = None
    followers: int = 0
    following: int = 0
    likes: int = 0
    daily_growth: float = 0.004
    adjustments: dict[str, int] = field(default_factory=dict)

    @property
    def privacy_level_options(self) -> list[str]:
        """Who may see a post: a private account has followers where a public one has everyone."""
        return [FOLLOWERS if self.private else PUBLIC, FRIENDS, SELF_ONLY]


@dataclass
class Video:
    """A post on a creator's profile, a photo post included."""

    id: int
    username: str
    created_ms: int
    title: str
    privacy_level: str = PUBLIC
    duration: int = 15
    width: int = 1080
    height: int = 1920
    is_aigc: bool = False
    is_photo: bool = False
    publish_id: str | None = None
    client_key: str | None = None
    cleared: bool = True
    removed_at: float | None = None
    reach: int = 0
    adjustments: dict[str, int] = field(default_factory=dict)

    @property
    def is_live(self) -> bool:
        """Whether somebody, if only its owner, can watch it."""
        return self.removed_at is None

    @property
    def is_public(self) -> bool:
        """Whether anybody can watch it: everyone may, moderation is through with it, and it still exists."""
        return self.is_live and self.cleared and self.privacy_level == PUBLIC


@dataclass
class Grant:
    """One consent of a person to an app, from which tokens come."""

    client_key: str
    username: str
    scopes: tuple[str, ...]
    granted_at: float
    refresh_expires_at: float


@dataclass
class Code:
    """An authorization code on its way through the browser."""

    value: str
    client_key: str
    username: str
    scopes: tuple[str, ...]
    redirect_uri: str
    challenge: str | None
    expires_at: float


@dataclass
class Token:
    """An access token or a refresh token of a grant."""

    value: str
    grant: Grant
    expires_at: float

    @property
    def client_key(self) -> str:
        """The app it was issued to."""
        return self.grant.client_key

    @property
    def username(self) -> str:
        """The creator it speaks for."""
        return self.grant.username


@dataclass
class Publication:
    """One publish_id from its init to its end."""

    publish_id: str
    client_key: str
    username: str
    mode: str
    kind: str
    source: str
    created_at: float
    init_count: int
    post_info: dict[str, Any] = field(default_factory=dict)
    source_info: dict[str, Any] = field(default_factory=dict)
    is_aigc: bool = False
    status: str = "PROCESSING_UPLOAD"
    fail_reason: str | None = None
    size: int = 0
    chunk_size: int = 0
    chunk_count: int = 0
    upload_id: str | None = None
    upload_token: str | None = None
    url_expires_at: float = 0.0
    received_bytes: int = 0
    chunks: list[dict[str, Any]] = field(default_factory=list)
    digest: Any = field(default_factory=hashlib.sha256)
    files: list[Path] = field(default_factory=list)
    pulls: list[dict[str, Any]] = field(default_factory=list)
    received_at: float | None = None
    sha256: str | None = None
    finished_at: float | None = None
    probe: dict[str, Any] = field(default_factory=dict)
    video_ids: list[int] = field(default_factory=list)
    public_ids: list[int] = field(default_factory=list)

    @property
    def is_direct(self) -> bool:
        """Whether it goes straight to the profile instead of the inbox."""
        return self.mode == "direct"

    @property
    def is_over(self) -> bool:
        """Whether TikTok has nothing more to do for it."""
        return self.status in TERMINAL

    @property
    def is_pending_share(self) -> bool:
        """Whether it occupies a place among the drafts that wait for their creator."""
        return not self.is_direct and self.status not in ("FAILED", "PUBLISH_COMPLETE")

    def drop_files(self) -> None:
        """Remove the bytes that were received; what is known of them stays."""
        for path in self.files:
            path.unlink(missing_ok=True)
        self.files = []

    @property
    def publish_type(self) -> str:
        """The word for the mode in webhooks."""
        return "DIRECT_PUBLISH" if self.is_direct else "INBOX_SHARE"
