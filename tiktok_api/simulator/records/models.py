"""Apps, creators, videos, grants, tokens and publications of a simulated TikTok.

The control API shows these fields and the state file saves them: their names are part of both formats.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tiktok_api.simulator.options.declarations import option, required

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


NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}", re.ASCII)
APP_VERSION = re.compile(r"\d{1,4}(\.\d{1,4}){0,7}", re.ASCII)
SECRET = re.compile(r"[!-~]{1,256}", re.ASCII)
LARGEST_COUNTER = 10**12


def _name(meaning: str, **rules: Any) -> Any:
    return required(
        meaning, longest=64, form=(NAME.fullmatch, "1 to 64 letters, digits, dots, dashes and underscores"), **rules
    )


def _counter(meaning: str) -> Any:
    return option(0, meaning, most=LARGEST_COUNTER)


@dataclass
class App:
    """An app that is registered in the developer portal."""

    client_key: str = _name("what the app is called by TikTok")
    client_secret: str = required(
        "signs webhooks and proves the app", longest=256, form=(SECRET.fullmatch, "1 to 256 visible ASCII characters")
    )
    name: str = required("what the consent page calls it", longest=200)
    type: str = option("web", "how it signs in", choices=("web", "desktop"))
    reviewed: bool = option(True, "whether the consent page lets it ask")
    audited: bool = option(True, "whether it may post publicly")
    sandbox: bool = option(False, "whether only target users may sign in, and nothing is public")
    sandbox_targets: Sequence[str] = option([], "creators that may sign in to a sandbox", longest=64)
    redirect_uris: Sequence[str] = option([], "where the consent page may send people")
    scopes: Sequence[str] = option(list(SCOPES), "what it may ask for", choices=SCOPES, most_items=len(SCOPES))
    verified_domains: Sequence[str] = option([], "domains that it may pull from", shortest=1, longest=253)
    verified_prefixes: Sequence[str] = option([], "URL prefixes that it may pull from", shortest=1)
    webhook_url: str | None = option(None, "callback URL for its events; null: none", kind="text", nullable=True)
    active_user_cap: int | None = option(
        None, "creators that may post through it in 24 h; null: no cap", kind="integer", nullable=True, most=10**6
    )

    @property
    def is_trusted(self) -> bool:
        """True if it may post publicly: it is audited and no sandbox."""
        return self.audited and not self.sandbox


@dataclass
class Creator:
    """A person with a TikTok account, and the settings of the account."""

    username: str = _name("what follows the @")
    nickname: str = required("display name", longest=200)
    bio: str = option("", "bio_description", longest=500)
    private: bool = option(False, "a private account: nothing of it is public")
    verified: bool = option(False, "is_verified")
    comment_disabled: bool = option(False, "as in creator_info")
    duet_disabled: bool = option(False, "as in creator_info")
    stitch_disabled: bool = option(False, "as in creator_info")
    max_video_post_duration_sec: int = option(600, "as in creator_info", least=1, most=3_600)
    app_version: str = option(
        "41.0.0", "TikTok on the phone; photo drafts need 31.8", form=(APP_VERSION.fullmatch, "numbers between dots")
    )
    banned: bool = option(False, "banned from posting")
    eligible: bool = option(True, "false: the consent page refuses this person")
    fail_reason: str | None = option(
        None, "what every publication fails with; null: with nothing", kind="text", nullable=True, choices=FAIL_REASONS
    )
    post_cap: int | None = option(
        None, "direct posts in 24 h; null: as the option says", kind="integer", nullable=True, most=10**6
    )
    followers: int = _counter("followers at the beginning")
    following: int = _counter("followed at the beginning")
    likes: int = _counter("likes at the beginning, beside those of the videos")
    daily_growth: float = option(0.004, "share of followers gained a day", least=-1, most=10)
    adjustments: dict[str, int] = field(default_factory=dict)

    @property
    def privacy_level_options(self) -> list[str]:
        """The privacy levels to choose from: a private account has followers where a public one has everyone."""
        return [FOLLOWERS if self.private else PUBLIC, FRIENDS, SELF_ONLY]


@dataclass
class SimulatedVideo:
    """A video or photo post on a creator's profile."""

    id: int
    username: str
    created_ms: int
    title: str = required("its text", longest=4_000, is_raw=True)
    privacy_level: str = option(PUBLIC, "who may see it", choices=PRIVACY_LEVELS)
    duration: int = option(15, "seconds", most=36_000)
    width: int = option(1080, "pixels", least=1, most=32_768)
    height: int = option(1920, "pixels", least=1, most=32_768)
    is_aigc: bool = option(False, "marked as made by AI")
    is_photo: bool = option(False, "a photo post")
    publish_id: str | None = None
    client_key: str | None = None
    cleared: bool = option(True, "moderation has approved it")
    removed_at: float | None = None
    reach: int = 0
    adjustments: dict[str, int] = field(default_factory=dict)

    @property
    def is_live(self) -> bool:
        """True if at least its owner can watch it."""
        return self.removed_at is None

    @property
    def is_public(self) -> bool:
        """True if everyone can watch it: it exists, moderation has approved it and its privacy level says so."""
        return self.is_live and self.cleared and self.privacy_level == PUBLIC


@dataclass
class Grant:
    """The consent of a person to an app, on which tokens are issued."""

    client_key: str
    username: str
    scopes: tuple[str, ...]
    granted_at: float
    refresh_expires_at: float


@dataclass
class Code:
    """An authorization code that was given to a browser and not yet exchanged."""

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
        """The app to which it was issued."""
        return self.grant.client_key

    @property
    def username(self) -> str:
        """The creator for whom the app acts."""
        return self.grant.username


@dataclass
class SimulatedPublication:
    """What TikTok does for one publish_id, from its init to its end."""

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
        """True if it goes to the profile, False if it goes to the inbox as a draft."""
        return self.mode == "direct"

    @property
    def is_over(self) -> bool:
        """True if its status is final, except that a draft may still be posted."""
        return self.status in TERMINAL

    @property
    def is_pending_share(self) -> bool:
        """True if it counts as a draft that waits for its creator."""
        return not self.is_direct and self.status not in ("FAILED", "PUBLISH_COMPLETE")

    def drop_files(self) -> None:
        """Remove the bytes that were received; sizes and checksum stay."""
        for path in self.files:
            path.unlink(missing_ok=True)
        self.files = []

    @property
    def publish_type(self) -> str:
        """The mode as webhooks name it."""
        return "DIRECT_PUBLISH" if self.is_direct else "INBOX_SHARE"
