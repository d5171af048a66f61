"""User info and the Display API"""

from datetime import UTC, datetime

import httpx2
import orjson
import pytest

from tests.tiktok.doubles import ACCESS_TOKEN, enveloped
from tiktok_api.tiktok import ScopeMissing, TikTokUnreachable, TikTokVideo

ALL = ("user.info.basic", "user.info.profile", "user.info.stats", "video.list")


@pytest.mark.parametrize(
    ("scopes", "fields"),
    [
        (["user.info.basic"], "open_id,union_id,avatar_url,avatar_url_100,avatar_large_url,display_name"),
        (["video.list", "user.info.stats"], "follower_count,following_count,likes_count,video_count"),
        (["user.info.profile"], "bio_description,profile_deep_link,is_verified,username"),
    ],
)
def test_only_granted_fields_are_requested(client, tiktok, scopes, fields):
    tiktok.answers(enveloped({"user": {}}))

    client.fetch_user_info(ACCESS_TOKEN, scopes=scopes)

    request = tiktok.requests[0]
    assert (request.method, request.url.path) == ("GET", "/v2/user/info/")
    assert request.url.params["fields"] == fields
    assert request.headers["authorization"] == f"Bearer {ACCESS_TOKEN}"


def test_without_a_user_scope_no_request_is_sent(client, tiktok):
    with pytest.raises(ScopeMissing):
        client.fetch_user_info(ACCESS_TOKEN, scopes=["video.list"])

    assert tiktok.requests == []


def test_a_profile_is_read(client, tiktok):
    user = {"open_id": "o", "display_name": "Tik Toker", "is_verified": False, "follower_count": 0, "likes_count": "12"}
    tiktok.answers(enveloped({"user": user}))

    info = client.fetch_user_info(ACCESS_TOKEN, scopes=ALL)

    assert (info.open_id, info.display_name, info.is_verified) == ("o", "Tik Toker", False)
    assert (info.follower_count, info.likes_count) == (0, 12)


def test_missing_counts_are_none_never_zero(client, tiktok):
    tiktok.answers(
        enveloped({"user": {"open_id": 7, "follower_count": None, "likes_count": "many", "video_count": -1}})
    )

    info = client.fetch_user_info(ACCESS_TOKEN, scopes=ALL)

    assert (info.open_id, info.union_id, info.is_verified) == (None, None, None)
    assert (info.follower_count, info.following_count, info.likes_count, info.video_count) == (None,) * 4


def test_fields_that_were_not_requested_are_ignored(client, tiktok):
    tiktok.answers(enveloped({"user": {"open_id": "o", "follower_count": 0, "is_verified": False}}))

    info = client.fetch_user_info(ACCESS_TOKEN, scopes=["user.info.basic"])

    assert (info.open_id, info.follower_count, info.is_verified) == ("o", None, None)


@pytest.mark.parametrize("data", [{}, {"user": None}, {"user": []}, [], "user"])
def test_a_response_without_user_is_refused(client, tiktok, data):
    tiktok.answers(enveloped(data))

    with pytest.raises(TikTokUnreachable, match="no usable user"):
        client.fetch_user_info(ACCESS_TOKEN, scopes=ALL)


def test_a_page_of_videos(client, tiktok):
    video = {
        "id": "7077642457847994444",
        "create_time": 1_643_332_803,
        "cover_image_url": "https://p16.example/c.jpeg?x-expires=1",
        "share_url": "https://www.tiktok.com/@user/video/7077642457847994444",
        "title": "cats",
        "video_description": "cats #fyp",
        "duration": 15,
        "height": 1920,
        "width": 1080,
        "embed_html": "<blockquote>",
        "embed_link": "https://www.tiktok.com/player/v1/7077642457847994444",
        "view_count": 5_000_000_000,
        "like_count": 3,
        "comment_count": 0,
        "share_count": 1,
    }
    tiktok.answers(enveloped({"videos": [video], "cursor": 1_643_332_803_000, "has_more": True}))

    page = client.list_videos(ACCESS_TOKEN)

    request = tiktok.requests[0]
    assert (request.method, request.url.path) == ("POST", "/v2/video/list/")
    assert set(request.url.params["fields"].split(",")) == set(video)
    assert orjson.loads(request.content) == {"max_count": 20}
    assert (page.cursor, page.has_more) == (1_643_332_803_000, True)
    assert page.videos == (
        TikTokVideo(
            id="7077642457847994444",
            created_at=datetime(2022, 1, 28, 1, 20, 3, tzinfo=UTC),
            cover_image_url="https://p16.example/c.jpeg?x-expires=1",
            share_url="https://www.tiktok.com/@user/video/7077642457847994444",
            title="cats",
            video_description="cats #fyp",
            duration_seconds=15,
            height=1920,
            width=1080,
            embed_html="<blockquote>",
            embed_link="https://www.tiktok.com/player/v1/7077642457847994444",
            view_count=5_000_000_000,
            like_count=3,
            comment_count=0,
            share_count=1,
        ),
    )


def test_the_next_page_starts_at_the_cursor(client, tiktok):
    client.list_videos(ACCESS_TOKEN, cursor=1_643_332_803_000, max_count=5)

    assert orjson.loads(tiktok.requests[0].content) == {"max_count": 5, "cursor": 1_643_332_803_000}


@pytest.mark.parametrize("max_count", [0, 21])
def test_a_page_has_1_to_20_videos(client, max_count):
    with pytest.raises(ValueError, match="1 to 20"):
        client.list_videos(ACCESS_TOKEN, max_count=max_count)


@pytest.mark.parametrize("following", [None, 0, 1_643_332_803_000, 1_643_332_803_001, "later", -5])
def test_a_cursor_that_leads_nowhere_ends_the_list(client, tiktok, following):
    tiktok.answers(enveloped({"videos": [{"id": "1"}], "cursor": following, "has_more": True}))

    page = client.list_videos(ACCESS_TOKEN, cursor=1_643_332_803_000)

    assert (page.has_more, page.is_cut) == (False, True)
    assert len(page.videos) == 1


def test_a_short_page_is_not_the_end(client, tiktok):
    tiktok.answers(enveloped({"videos": [], "cursor": 5, "has_more": True}))

    page = client.list_videos(ACCESS_TOKEN)

    assert (page.has_more, page.is_cut) == (True, False)


def test_odd_fields_of_videos_are_left_out(client, tiktok):
    odd = [None, 7, {}, {"id": None}, {"id": 0}, {"id": 7077642457847994444, "like_count": "9", "duration": -1}]
    tiktok.answers(enveloped({"videos": odd}))

    page = client.list_videos(ACCESS_TOKEN)

    assert page.videos == (TikTokVideo(id="7077642457847994444", like_count=9),)
    assert (page.cursor, page.has_more) == (None, False)


@pytest.mark.parametrize("videos", [7, "none", {"id": "1"}])
def test_a_response_whose_videos_are_no_list_is_refused(client, tiktok, videos):
    tiktok.answers(enveloped({"videos": videos}))

    with pytest.raises(TikTokUnreachable, match="no usable videos"):
        client.list_videos(ACCESS_TOKEN)
    with pytest.raises(TikTokUnreachable, match="no usable videos"):
        client.query_videos(ACCESS_TOKEN, ["1"])


def test_chosen_videos(client, tiktok):
    tiktok.answers(enveloped({"videos": [{"id": "2"}], "cursor": 0, "has_more": False}))

    videos = client.query_videos(ACCESS_TOKEN, ["1", "2"])

    assert tiktok.requests[0].url.path == "/v2/video/query/"
    assert orjson.loads(tiktok.requests[0].content) == {"filters": {"video_ids": ["1", "2"]}}
    assert [video.id for video in videos] == ["2"]


def test_no_ids_need_no_request(client, tiktok):
    assert client.query_videos(ACCESS_TOKEN, []) == ()
    assert tiktok.requests == []


def test_more_than_20_ids_are_refused(client):
    with pytest.raises(ValueError, match="at most 20"):
        client.query_videos(ACCESS_TOKEN, [str(n) for n in range(21)])


def test_counters_that_cannot_be_are_none_and_spoil_neither_sums_nor_pages(client, tiktok):
    counters = {"view_count": 2**63 - 1, "like_count": "20000000000001", "comment_count": 20 * 10**12}
    tiktok.answers(enveloped({"videos": [{"id": "1", "duration": 2**31, **counters}], "has_more": False}))

    video = client.list_videos(ACCESS_TOKEN).videos[0]

    assert (video.view_count, video.like_count, video.comment_count) == (None, None, 20 * 10**12)
    assert video.duration_seconds is None


def test_a_lone_surrogate_does_not_spoil_a_page(client, tiktok):
    body = b'{"data":{"videos":[{"id":"1","title":"cut \\ud83c"}]},"error":{"code":"ok"}}'
    tiktok.answers(httpx2.Response(200, content=body))

    assert client.list_videos(ACCESS_TOKEN).videos == (TikTokVideo(id="1", title="cut �"),)
