"""Posting: a creator's options, opening a post (an init), and its status. Every init is sent once, never again."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Literal

from tiktok_api.tiktok import parsing
from tiktok_api.tiktok.answers import ApiAnswer
from tiktok_api.tiktok.pacing import Pace, Pacer
from tiktok_api.tiktok.types import (
    ChunkPlan,
    CreatorInfo,
    PhotoPostInfo,
    PublishStatus,
    PublishTicket,
    VideoPostInfo,
    plan_chunks,
)
from tiktok_api.tiktok.wire import Wire

VIDEO_INIT = "/v2/post/publish/video/init/"
INBOX_INIT = "/v2/post/publish/inbox/video/init/"
PHOTO_INIT = "/v2/post/publish/content/init/"

PostMode = Literal["DIRECT_POST", "MEDIA_UPLOAD"]


class PostingApi:
    """The Content Posting API without the bytes.

    Every method raises AccessTokenInvalid, ScopeMissing, TikTokBusy (TikTok's limits per token and minute: 6 of each
    init, 20 creator_info, 30 status), TikTokRefusal with TikTok's code, and TikTokUnreachable.
    """

    _wire: Wire
    _pacer: Pacer

    def fetch_creator_info(self, access_token: str) -> CreatorInfo:
        """What this creator may choose right now. Ask anew for every post.

        Raises CreatorCannotPost, which TikTok answers here with HTTP 200.
        """
        self._pacer.take(access_token, Pace.CREATOR_INFO)
        answer = self._wire.post_json("/v2/post/publish/creator_info/query/", access_token, {})
        data = answer.data
        options = parsing.words(data.get("privacy_level_options"))
        if not options:
            raise answer.unusable("privacy_level_options")
        return CreatorInfo(
            privacy_level_options=options,
            comment_disabled=parsing.truth(data.get("comment_disabled")) or False,
            duet_disabled=parsing.truth(data.get("duet_disabled")) or False,
            stitch_disabled=parsing.truth(data.get("stitch_disabled")) or False,
            max_video_post_duration_sec=parsing.integer(data.get("max_video_post_duration_sec")) or None,
            creator_username=parsing.text(data.get("creator_username")),
            creator_nickname=parsing.text(data.get("creator_nickname")),
            creator_avatar_url=parsing.text(data.get("creator_avatar_url")),
        )

    def init_video(self, access_token: str, *, post_info: VideoPostInfo, video_size: int) -> PublishTicket:
        """Open a direct post of a video that we upload (`video_size` bytes, cut by `plan_chunks`).

        After TikTokUnreachable with `was_sent`, TikTok may have made a publish_id that we do not know; without a byte
        it cannot go live. Raises CreatorCannotPost among the refusals, ValueError for an impossible size.
        """
        plan = plan_chunks(video_size)
        payload = {"post_info": _present(post_info), "source_info": _file_source(plan)}
        return self._init(access_token, Pace.VIDEO_INIT, VIDEO_INIT, payload, plan)

    def init_inbox_video(self, access_token: str, *, video_size: int) -> PublishTicket:
        """Open a draft of a video that we upload; the person finishes it in the app (at most 5 pending in 24 h)."""
        plan = plan_chunks(video_size)
        return self._init(access_token, Pace.INBOX_INIT, INBOX_INIT, {"source_info": _file_source(plan)}, plan)

    def init_photos(
        self,
        access_token: str,
        *,
        post_info: PhotoPostInfo,
        photo_urls: Sequence[str],
        cover_index: int = 0,
        post_mode: PostMode = "DIRECT_POST",
        is_aigc: bool = False,
    ) -> PublishTicket:
        """Open a post (or, with MEDIA_UPLOAD, a draft) of 1 to 35 photos that TikTok fetches; it takes no uploads.

        `cover_index` counts from 0. After TikTokUnreachable with `was_sent` the post may go live without us.
        """
        settings = _present(post_info)
        if post_mode == "MEDIA_UPLOAD":
            settings = {name: settings[name] for name in ("title", "description") if name in settings}
        payload = {
            "media_type": "PHOTO",
            "post_mode": post_mode,
            "post_info": settings,
            "source_info": {
                "source": "PULL_FROM_URL",
                "photo_cover_index": cover_index,
                "photo_images": list(photo_urls),
            },
            "is_aigc": is_aigc,
        }
        return self._init(access_token, Pace.PHOTO_INIT, PHOTO_INIT, payload)

    def fetch_status(self, access_token: str, publish_id: str) -> PublishStatus:
        """The status of a post. Post ids appear only for public posts, after moderation, if at all.

        TikTokRefusal has the code `invalid_publish_id` or `token_not_authorized_for_specified_publish_id`.
        """
        self._pacer.take(access_token, Pace.STATUS)
        answer = self._wire.post_json("/v2/post/publish/status/fetch/", access_token, {"publish_id": publish_id})
        data = answer.data
        status = parsing.text(data.get("status"))
        if status is None:
            raise answer.unusable("status")
        # The misspelling is TikTok's; it may be corrected one day.
        ids = data.get("publicaly_available_post_id") or data.get("publicly_available_post_id")
        return PublishStatus(
            status=status,
            fail_reason=parsing.text(data.get("fail_reason")),
            post_ids=parsing.identifiers(ids),
            uploaded_bytes=parsing.integer(data.get("uploaded_bytes")),
            downloaded_bytes=parsing.integer(data.get("downloaded_bytes")),
            log_id=answer.log_id,
        )

    def _init(
        self, access_token: str, pace: Pace, path: str, payload: dict[str, Any], plan: ChunkPlan | None = None
    ) -> PublishTicket:
        self._pacer.take(access_token, pace)
        # The URL of a photo that TikTok fetches is enough to see it: a secret until the post is out.
        pulled = payload["source_info"].get("photo_images", ())
        return _ticket(self._wire.post_json(path, access_token, payload, secrets=pulled), plan)


def _ticket(answer: ApiAnswer, plan: ChunkPlan | None) -> PublishTicket:
    data = answer.data
    publish_id = parsing.text(data.get("publish_id"))
    upload_url = parsing.text(data.get("upload_url"))
    if publish_id is None:
        raise answer.unusable("publish_id")
    if plan is not None and upload_url is None:
        raise answer.unusable("upload_url")
    return PublishTicket(publish_id=publish_id, upload_url=upload_url, plan=plan, log_id=answer.log_id)


def _present(info: VideoPostInfo | PhotoPostInfo) -> dict[str, Any]:
    """The settings as TikTok names them; empty ones are left out, false ones are sent."""
    return {name: value for name, value in asdict(info).items() if value is not None and value != ""}


def _file_source(plan: ChunkPlan) -> dict[str, Any]:
    return {"source": "FILE_UPLOAD", **asdict(plan)}
