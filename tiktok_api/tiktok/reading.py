"""An account's profile, counts and public videos. What TikTok does not send is None, never 0."""

from collections.abc import Collection, Sequence
from typing import Any

from structlog import get_logger

from tiktok_api.tiktok import parsing
from tiktok_api.tiktok.errors import ScopeMissing
from tiktok_api.tiktok.pacing import Pace, Pacer
from tiktok_api.tiktok.types import TikTokVideo, UserInfo, VideoPage
from tiktok_api.tiktok.wire import Wire

MAX_PAGE = 20

USER_FIELDS = {
    "user.info.basic": ("open_id", "union_id", "avatar_url", "avatar_url_100", "avatar_large_url", "display_name"),
    "user.info.profile": ("bio_description", "profile_deep_link", "is_verified", "username"),
    "user.info.stats": ("follower_count", "following_count", "likes_count", "video_count"),
}
VIDEO_FIELDS = (
    "id,create_time,cover_image_url,share_url,video_description,duration,height,width,title,"
    "embed_html,embed_link,like_count,comment_count,share_count,view_count"
)

log = get_logger(__name__)


class DisplayApi:
    """User info and the Display API."""

    _wire: Wire
    _pacer: Pacer

    def fetch_user_info(self, access_token: str, *, scopes: Collection[str]) -> UserInfo:
        """The profile, as far as the granted scopes reach: a field outside of them would fail the whole request.

        Raises ScopeMissing (without asking, when no `user.info.*` is among them), AccessTokenInvalid, TikTokBusy,
        TikTokRefusal, TikTokUnreachable.
        """
        names = [name for scope, names in USER_FIELDS.items() if scope in scopes for name in names]
        if not names:
            raise ScopeMissing("user/info: no user.info scope was granted", code="scope_not_authorized")
        self._pacer.take(access_token, Pace.USER_INFO)
        answer = self._wire.get(f"/v2/user/info/?fields={','.join(names)}", access_token)
        user = answer.data.get("user")
        if not isinstance(user, dict):
            raise answer.unusable("user")
        return _user({name: user.get(name) for name in names})

    def list_videos(self, access_token: str, *, cursor: int | None = None, max_count: int = MAX_PAGE) -> VideoPage:
        """Public videos posted before `cursor` (UTC milliseconds; None: now), newest first, at most 20 a page.

        Continue with the page's cursor while it `has_more`; a page may be short before the end.
        Raises ScopeMissing, AccessTokenInvalid, TikTokBusy, TikTokRefusal, TikTokUnreachable; ValueError for a
        `max_count` outside 1 to 20 (TikTok's figure).
        """
        if not 1 <= max_count <= MAX_PAGE:
            raise ValueError(f"max_count is 1 to {MAX_PAGE}, not {max_count}")
        payload: dict[str, Any] = {"max_count": max_count}
        if cursor is not None:
            payload["cursor"] = cursor
        self._pacer.take(access_token, Pace.VIDEO_LIST)
        answer = self._wire.post_json(f"/v2/video/list/?fields={VIDEO_FIELDS}", access_token, payload)
        data = answer.data
        if not isinstance(data.get("videos", []), list | None):
            raise answer.unusable("videos")
        following = parsing.integer(data.get("cursor"))
        has_more = parsing.truth(data.get("has_more")) or False
        is_cut = has_more and (not following or (cursor is not None and following >= cursor))
        if is_cut:
            # Following this cursor would read the same page for ever.
            log.warning("tiktok.cursor_stuck", cursor=following, log_id=answer.log_id)
        videos = _videos(data.get("videos"))
        return VideoPage(videos=videos, cursor=following, has_more=has_more and not is_cut, is_cut=is_cut)

    def query_videos(self, access_token: str, video_ids: Sequence[str]) -> tuple[TikTokVideo, ...]:
        """These videos, at most 20, with fresh numbers and cover URLs. Foreign, private and unknown ones are absent.

        Raises as list_videos does; ValueError for more than 20 ids.
        """
        if len(video_ids) > MAX_PAGE:
            raise ValueError(f"at most {MAX_PAGE} videos at once, not {len(video_ids)}")
        if not video_ids:
            return ()
        self._pacer.take(access_token, Pace.VIDEO_QUERY)
        payload = {"filters": {"video_ids": list(video_ids)}}
        answer = self._wire.post_json(f"/v2/video/query/?fields={VIDEO_FIELDS}", access_token, payload)
        found = answer.data.get("videos", [])
        if not isinstance(found, list | None):
            raise answer.unusable("videos")
        return _videos(found)


def _user(fields: dict[str, Any]) -> UserInfo:
    return UserInfo(
        open_id=parsing.text(fields.get("open_id")),
        union_id=parsing.text(fields.get("union_id")),
        avatar_url=parsing.text(fields.get("avatar_url")),
        avatar_url_100=parsing.text(fields.get("avatar_url_100")),
        avatar_large_url=parsing.text(fields.get("avatar_large_url")),
        display_name=parsing.text(fields.get("display_name")),
        bio_description=parsing.text(fields.get("bio_description")),
        profile_deep_link=parsing.text(fields.get("profile_deep_link")),
        is_verified=parsing.truth(fields.get("is_verified")),
        username=parsing.text(fields.get("username")),
        follower_count=parsing.count(fields.get("follower_count")),
        following_count=parsing.count(fields.get("following_count")),
        likes_count=parsing.count(fields.get("likes_count")),
        video_count=parsing.count(fields.get("video_count")),
    )


def _videos(items: list[Any] | None) -> tuple[TikTokVideo, ...]:
    read = (_video(item) for item in items or [])
    return tuple(video for video in read if video is not None)


def _video(item: Any) -> TikTokVideo | None:
    fields = parsing.mapping(item)
    video_id = parsing.identifier(fields.get("id"))
    if video_id is None:
        return None
    return TikTokVideo(
        id=video_id,
        created_at=parsing.instant(fields.get("create_time")),
        cover_image_url=parsing.text(fields.get("cover_image_url")),
        share_url=parsing.text(fields.get("share_url")),
        title=parsing.text(fields.get("title")),
        video_description=parsing.text(fields.get("video_description")),
        duration_seconds=parsing.integer(fields.get("duration"), most=parsing.INT32_MAX),
        height=parsing.integer(fields.get("height")),
        width=parsing.integer(fields.get("width")),
        embed_html=parsing.text(fields.get("embed_html")),
        embed_link=parsing.text(fields.get("embed_link")),
        view_count=parsing.count(fields.get("view_count")),
        like_count=parsing.count(fields.get("like_count")),
        comment_count=parsing.count(fields.get("comment_count")),
        share_count=parsing.count(fields.get("share_count")),
    )
