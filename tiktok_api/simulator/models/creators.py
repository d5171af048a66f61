"""Creators: people with a TikTok account, and the privacy levels of their posts."""

import re
from dataclasses import dataclass, field
from typing import Any

from tiktok_api.simulator.models.names import name_field
from tiktok_api.simulator.models.publications import FAIL_REASONS
from tiktok_api.simulator.options.declarations import option, required

PUBLIC = "PUBLIC_TO_EVERYONE"
FRIENDS = "MUTUAL_FOLLOW_FRIENDS"
FOLLOWERS = "FOLLOWER_OF_CREATOR"
SELF_ONLY = "SELF_ONLY"
PRIVACY_LEVELS = (PUBLIC, FRIENDS, FOLLOWERS, SELF_ONLY)

APP_VERSION = re.compile(r"\d{1,4}(\.\d{1,4}){0,7}", re.ASCII)
LARGEST_COUNTER = 10**12


def _counter(meaning: str) -> Any:
    return option(0, meaning, most=LARGEST_COUNTER)


@dataclass
class Creator:
    """A person with a TikTok account, and the settings of the account."""

    username: str = name_field("what follows the @")
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
