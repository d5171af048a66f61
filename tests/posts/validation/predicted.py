"""Generated posts with the world that they meet, and what TikTok makes of each: asked directly, without our own checks."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from tests.media import sample_media
from tiktok_api.accounts.token_refresh import TokenVault
from tiktok_api.tiktok import PhotoPostInfo, PublishState, PublishTicket, TikTokRefusal, VideoPostInfo, plan_chunks

LEVELS = [None, "PUBLIC_TO_EVERYONE", "MUTUAL_FOLLOW_FRIENDS", "FOLLOWER_OF_CREATOR", "SELF_ONLY"]
VIDEOS: dict[str, Callable[[], bytes]] = {
    "sound": lambda: sample_media.video(sound=True),
    "silent": lambda: sample_media.video(suffix=".mov"),
    "slow": lambda: sample_media.video(fps=15),
    "fast": lambda: sample_media.video(fps=90),
    "narrow": lambda: sample_media.video(width=240, height=640),
    "flat": lambda: sample_media.video(width=640, height=200),
    "old codec": lambda: sample_media.shot(codec="mpeg4"),
    "webm": lambda: sample_media.shot(".webm", codec="libvpx-vp9"),
    "three seconds": lambda: sample_media.video(seconds=3),
}
PHOTOS: dict[str, Callable[[], bytes]] = {
    "jpeg": lambda: sample_media.photo(),
    "webp": lambda: sample_media.photo("WEBP"),
    "png": lambda: sample_media.photo("PNG"),
    "wide": lambda: sample_media.photo(width=1922, height=720),
    "large": lambda: sample_media.photo(width=1084, height=1920),
}
MEDIA = VIDEOS | PHOTOS
BY_GUIDELINE = {
    *("consent_missing", "branded_content_private", "ignored_in_inbox_mode", "ignored_for_photo"),
    *("comment_not_available", "duet_not_available", "stitch_not_available"),
}
"""What TikTok's guidelines ask of a client: its API takes such a post all the same."""
UNAUDITED = "unaudited_client_can_only_post_to_private_accounts"
PREDICTED_BY = {
    "invalid_params": {
        *("caption_too_long", "title_too_long", "description_too_long"),
        *("media_count", "cover_not_shown"),
    },
    "privacy_level_option_mismatch": {"privacy_level_not_available", "privacy_level_missing", "app_unaudited"},
    UNAUDITED: {"app_unaudited"},
    "spam_risk_user_banned_from_posting": {"creator_cannot_post"},
    "spam_risk_too_many_posts": {"creator_cannot_post"},
    "file_format_check_failed": {"video_codec", "video_container", "media_not_ready", "photo_format"},
    "duration_check_failed": {"video_duration"},
    "frame_rate_check_failed": {"video_fps"},
    "picture_size_check_failed": {"video_width", "video_height", "photo_dimensions", "photo_size"},
}
"""By TikTok's reason, the problems of which any predicts it."""

creators = st.fixed_dictionaries(
    {
        "private": st.booleans(),
        "comment_disabled": st.booleans(),
        "duet_disabled": st.booleans(),
        "stitch_disabled": st.booleans(),
        "max_video_post_duration_sec": st.sampled_from([1, 2, 600]),
        "banned": st.sampled_from([False] * 9 + [True]),
        "post_cap": st.sampled_from([100_000] * 9 + [0]),
    }
)
_words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60)
_settings = {
    "mode": st.sampled_from(["direct", "direct", "inbox"]),
    "privacy_level": st.sampled_from([*LEVELS] + ["SELF_ONLY"] * 10),
    "allow_comment": st.booleans(),
    "brand_content_toggle": st.booleans(),
    "brand_organic_toggle": st.booleans(),
    "is_aigc": st.booleans(),
    "consent": st.sampled_from([True, True, True, False]),
}


def _text_up_to(longest: int) -> st.SearchStrategy[str]:
    at_the_edge = ["", "Hello #world @ada", "x" * longest, "🎉" * (longest // 2)]
    return st.one_of(
        _words.map(lambda text: text[: longest // 2]),
        st.sampled_from(at_the_edge * 2 + ["x" * (longest + 1), "🎉" * (longest // 2 + 1)]),
    )


video_contents = st.fixed_dictionaries(
    _settings
    | {
        "type": st.just("video"),
        "caption": _text_up_to(2200),
        "allow_duet": st.booleans(),
        "allow_stitch": st.booleans(),
        "video_cover_timestamp_ms": st.sampled_from([None, 0, 1000, 10**9]),
    }
)
photo_contents = st.fixed_dictionaries(
    _settings
    | {
        "type": st.just("photo"),
        "title": _text_up_to(90),
        "description": _text_up_to(4000),
        "auto_add_music": st.booleans(),
        "photo_cover_index": st.sampled_from([None, 0, 0, 1]),
    }
)
_some_photos = st.lists(st.sampled_from(["jpeg", "webp"] * 5 + [*PHOTOS]), min_size=1, max_size=3)
_photos = st.one_of(*[_some_photos] * 8, st.sampled_from([[], ["jpeg"] * 35]))
_videos = st.sampled_from(sorted([*VIDEOS] + ["sound", "silent", "webm"] * 4)).map(lambda name: [name])
_world = {"creator": creators, "is_audited": st.sampled_from([True, True, False])}
worlds = st.one_of(
    st.fixed_dictionaries(_world | {"content": video_contents, "media": _videos}),
    st.fixed_dictionaries(_world | {"content": photo_contents, "media": _photos}),
)


@dataclass(frozen=True)
class TikTok:
    """TikTok for one account, by the client alone."""

    vault: TokenVault
    account_id: Any
    pass_time: Callable[[float], None]
    host_url: str
    """Where TikTok can fetch the photos, by their names."""

    def refusal_of(self, content: dict[str, Any], media: list[str]) -> str | None:
        """Returns why TikTok refuses a post, at its init or after the last byte; None: it takes it."""
        client, token = self.vault.tiktok, self.vault.usable_token(self.account_id)
        begin = self._begin_video if content["type"] == "video" else self._begin_photos
        try:
            ticket = begin(token, content, media)
        except TikTokRefusal as error:
            return error.code
        for _ in range(1000):  # 35 photos take it some rounds
            status = client.fetch_status(token, ticket.publish_id)
            if not status.status.startswith("PROCESSING"):
                return status.fail_reason if status.status == PublishState.FAILED else None
            self.pass_time(2.5)  # within 30 questions a minute, and the hour that a pull may take
        raise AssertionError("TikTok never decided")

    def _begin_video(self, token: str, content: dict[str, Any], media: list[str]) -> PublishTicket:
        client, video = self.vault.tiktok, VIDEOS[media[0]]()
        if content["mode"] == "inbox":
            ticket = client.init_inbox_video(token, video_size=len(video))
        else:
            ticket = client.init_video(token, post_info=_post_info(content), video_size=len(video))
        first, last = plan_chunks(len(video)).chunk(0)
        part = {"first": first, "last": last, "total": len(video), "content_type": "video/mp4"}
        client.put_chunk(str(ticket.upload_url), body=[video], **part)
        return ticket

    def _begin_photos(self, token: str, content: dict[str, Any], media: list[str]) -> PublishTicket:
        names = ("title", "description", "privacy_level", "auto_add_music", "brand_content_toggle")
        info = {name: content[name] for name in names}
        return self.vault.tiktok.init_photos(
            token,
            post_info=PhotoPostInfo(disable_comment=not content["allow_comment"], **info),
            photo_urls=[f"{self.host_url}/{name}" for name in media],
            cover_index=content["photo_cover_index"] or 0,
            post_mode="MEDIA_UPLOAD" if content["mode"] == "inbox" else "DIRECT_POST",
            is_aigc=content["is_aigc"],
        )


def _post_info(content: dict[str, Any]) -> VideoPostInfo:
    return VideoPostInfo(
        title=content["caption"],
        privacy_level=content["privacy_level"] or "",
        **{f"disable_{name}": not content[f"allow_{name}"] for name in ("comment", "duet", "stitch")},
        **{
            name: content[name]
            for name in ("brand_content_toggle", "brand_organic_toggle", "is_aigc", "video_cover_timestamp_ms")
        },
    )
