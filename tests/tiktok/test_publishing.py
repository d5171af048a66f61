"""The Content Posting API but for the bytes"""

import httpx2
import orjson
import pytest

from tests.tiktok.doubles import ACCESS_TOKEN, UPLOAD_URL, enveloped
from tiktok_api.tiktok import (
    CreatorCannotPost,
    CreatorInfo,
    PhotoPostInfo,
    PublishState,
    TikTokUnreachable,
    VideoPostInfo,
    plan_chunks,
)

VIDEO = VideoPostInfo(privacy_level="SELF_ONLY")
TICKET = {"publish_id": "v_pub_file~v2-1.7602997070760331285", "upload_url": UPLOAD_URL}


def sent(tiktok):
    """Path and body of the only request."""
    assert len(tiktok.requests) == 1
    return tiktok.requests[0].url.path, orjson.loads(tiktok.requests[0].content)


def test_creator_info_is_read(client, tiktok):
    data = {
        "creator_avatar_url": "https://lf16.example/a",
        "creator_username": "tiktok",
        "creator_nickname": "TikTok Official",
        "privacy_level_options": ["PUBLIC_TO_EVERYONE", "SELF_ONLY"],
        "comment_disabled": False,
        "duet_disabled": True,
        "max_video_post_duration_sec": 300,
    }
    tiktok.answers(enveloped(data))

    info = client.fetch_creator_info(ACCESS_TOKEN)

    assert sent(tiktok) == ("/v2/post/publish/creator_info/query/", {})
    assert info == CreatorInfo(
        privacy_level_options=("PUBLIC_TO_EVERYONE", "SELF_ONLY"),
        duet_disabled=True,
        max_video_post_duration_sec=300,
        creator_username="tiktok",
        creator_nickname="TikTok Official",
        creator_avatar_url="https://lf16.example/a",
    )


@pytest.mark.parametrize(
    ("code", "is_cap"),
    [
        ("spam_risk_too_many_posts", True),
        ("reached_active_user_cap", True),
        ("spam_risk_user_banned_from_posting", False),
    ],
)
@pytest.mark.parametrize("status", [200, 403])
def test_a_creator_who_cannot_post_is_an_error_even_with_status_200(client, tiktok, code, is_cap, status):
    tiktok.answers(enveloped(code=code, status=status))

    with pytest.raises(CreatorCannotPost) as caught:
        client.fetch_creator_info(ACCESS_TOKEN)

    assert caught.value.is_cap is is_cap
    assert caught.value.http_status == status


@pytest.mark.parametrize("options", [None, [], [7], {}, ""])
def test_a_response_without_privacy_options_is_refused(client, tiktok, options):
    tiktok.answers(enveloped({"privacy_level_options": options, "comment_disabled": False}))

    with pytest.raises(TikTokUnreachable, match="privacy_level_options"):
        client.fetch_creator_info(ACCESS_TOKEN)


def test_a_direct_post_sends_every_false_setting(client, tiktok):
    tiktok.answers(enveloped(TICKET))

    ticket = client.init_video(ACCESS_TOKEN, post_info=VIDEO, video_size=67_108_865)

    assert sent(tiktok) == (
        "/v2/post/publish/video/init/",
        {
            "post_info": {
                "privacy_level": "SELF_ONLY",
                "disable_comment": True,
                "disable_duet": True,
                "disable_stitch": True,
                "brand_content_toggle": False,
                "brand_organic_toggle": False,
                "is_aigc": False,
            },
            "source_info": {
                "source": "FILE_UPLOAD",
                "video_size": 67_108_865,
                "chunk_size": 10_485_760,
                "total_chunk_count": 6,
            },
        },
    )
    assert (ticket.publish_id, ticket.upload_url) == (TICKET["publish_id"], UPLOAD_URL)
    assert ticket.plan == plan_chunks(67_108_865)
    assert ticket.log_id == "20260101000000ABCDEF"


def test_a_direct_post_sends_the_chosen_settings(client, tiktok):
    tiktok.answers(enveloped(TICKET))
    post_info = VideoPostInfo(
        privacy_level="PUBLIC_TO_EVERYONE",
        title="funny #cat 🎉",
        disable_comment=False,
        disable_duet=False,
        disable_stitch=False,
        video_cover_timestamp_ms=0,
        brand_content_toggle=True,
        brand_organic_toggle=True,
        is_aigc=True,
    )

    client.init_video(ACCESS_TOKEN, post_info=post_info, video_size=5)

    assert sent(tiktok)[1]["post_info"] == {
        "privacy_level": "PUBLIC_TO_EVERYONE",
        "title": "funny #cat 🎉",
        "disable_comment": False,
        "disable_duet": False,
        "disable_stitch": False,
        "video_cover_timestamp_ms": 0,
        "brand_content_toggle": True,
        "brand_organic_toggle": True,
        "is_aigc": True,
    }


def test_drafts_carry_no_settings(client, tiktok):
    tiktok.answers(enveloped(TICKET))

    client.init_inbox_video(ACCESS_TOKEN, video_size=5)

    assert sent(tiktok) == (
        "/v2/post/publish/inbox/video/init/",
        {"source_info": {"source": "FILE_UPLOAD", "video_size": 5, "chunk_size": 5, "total_chunk_count": 1}},
    )


def test_a_photo_post_sends_its_urls_and_settings(client, tiktok):
    tiktok.answers(enveloped({"publish_id": "p_pub_url~v2.1"}))
    post_info = PhotoPostInfo(privacy_level="SELF_ONLY", title="t", description="d", auto_add_music=True)
    urls = ("https://us.example/a.jpg", "https://us.example/b.jpg")

    ticket = client.init_photos(ACCESS_TOKEN, post_info=post_info, photo_urls=urls, cover_index=1, is_aigc=True)

    assert ticket.publish_id == "p_pub_url~v2.1"
    assert sent(tiktok) == (
        "/v2/post/publish/content/init/",
        {
            "media_type": "PHOTO",
            "post_mode": "DIRECT_POST",
            "post_info": {
                "privacy_level": "SELF_ONLY",
                "title": "t",
                "description": "d",
                "disable_comment": True,
                "auto_add_music": True,
                "brand_content_toggle": False,
                "brand_organic_toggle": False,
            },
            "source_info": {"source": "PULL_FROM_URL", "photo_cover_index": 1, "photo_images": list(urls)},
            "is_aigc": True,
        },
    )


def test_a_photo_draft_sends_texts_only(client, tiktok):
    tiktok.answers(enveloped({"publish_id": "p_pub_url~v2.1"}))
    post_info = PhotoPostInfo(privacy_level=None, title="t", description="d")

    client.init_photos(ACCESS_TOKEN, post_info=post_info, photo_urls=["https://u.example/a"], post_mode="MEDIA_UPLOAD")

    assert sent(tiktok)[1]["post_info"] == {"title": "t", "description": "d"}


@pytest.mark.parametrize("data", [{}, {"publish_id": 7}, {"publish_id": ""}, {"publish_id": "v_pub"}, None, []])
def test_an_upload_needs_both_id_and_url(client, tiktok, data):
    tiktok.answers(enveloped(data))

    with pytest.raises(TikTokUnreachable) as caught:
        client.init_video(ACCESS_TOKEN, post_info=VIDEO, video_size=5)

    assert caught.value.was_sent
    assert len(tiktok.requests) == 1


@pytest.mark.parametrize(
    "answer",
    [
        httpx2.ReadTimeout("slow"),
        httpx2.ConnectError("refused"),
        httpx2.RemoteProtocolError("gone"),
        httpx2.Response(500),
        httpx2.Response(503, html="<p>"),
        enveloped(code="internal_error", status=500),
        enveloped(code="rate_limit_exceeded", status=429),
        enveloped(code="access_token_invalid", status=401),
    ],
)
def test_no_init_is_ever_sent_twice(client, tiktok, answer):
    tiktok.answers(answer, enveloped(TICKET))

    with pytest.raises(Exception):  # noqa: B017, PT011 - whatever it is: once
        client.init_video(ACCESS_TOKEN, post_info=VIDEO, video_size=5)

    assert len(tiktok.requests) == 1


@pytest.mark.parametrize("ids", [7602997517160123666, "7602997517160123666", [7602997517160123666]])
@pytest.mark.parametrize("key", ["publicaly_available_post_id", "publicly_available_post_id"])
def test_post_ids_come_in_many_forms(client, tiktok, ids, key):
    tiktok.answers(enveloped({"status": "PUBLISH_COMPLETE", key: ids}))

    status = client.fetch_status(ACCESS_TOKEN, "v_pub")

    assert sent(tiktok) == ("/v2/post/publish/status/fetch/", {"publish_id": "v_pub"})
    assert status.status == PublishState.PUBLISH_COMPLETE
    assert status.post_ids == ("7602997517160123666",)


def test_a_draft_may_become_several_posts(client, tiktok):
    ids = [7602997517160123666, "7602997517160123667"]
    tiktok.answers(enveloped({"status": "PUBLISH_COMPLETE", "publicaly_available_post_id": ids}))

    assert client.fetch_status(ACCESS_TOKEN, "v_inbox").post_ids == ("7602997517160123666", "7602997517160123667")


def test_omitted_keys_are_none(client, tiktok):
    tiktok.answers(enveloped({"downloaded_bytes": 10_062_683, "status": "PROCESSING_DOWNLOAD"}))

    status = client.fetch_status(ACCESS_TOKEN, "v_pub")

    assert (status.fail_reason, status.post_ids, status.uploaded_bytes) == (None, (), None)
    assert status.downloaded_bytes == 10_062_683


def test_failures_give_their_reason(client, tiktok):
    tiktok.answers(enveloped({"status": "FAILED", "fail_reason": "spam_risk_text", "uploaded_bytes": "5"}))

    status = client.fetch_status(ACCESS_TOKEN, "v_pub")

    assert (status.status, status.fail_reason, status.uploaded_bytes) == ("FAILED", "spam_risk_text", 5)


def test_an_unknown_status_is_passed_on(client, tiktok):
    tiktok.answers(enveloped({"status": "DREAMING"}))

    assert client.fetch_status(ACCESS_TOKEN, "v_pub").status == "DREAMING"


@pytest.mark.parametrize("data", [{}, {"status": None}, {"status": 5}, None])
def test_a_response_without_status_is_refused(client, tiktok, data):
    tiktok.answers(enveloped(data))

    with pytest.raises(TikTokUnreachable, match="no usable status"):
        client.fetch_status(ACCESS_TOKEN, "v_pub")
