"""The data endpoints that read: envelope, rate limits, user/info, video/list, video/query and creator_info.

Source: developers.tiktok.com/docs/en/, the pages on the Display API, errors, rate limits and creator info.
"""

import re
from datetime import UTC, datetime

import pytest

from tests.simulator.app_client import code_of

BASIC = "open_id,union_id,avatar_url,avatar_url_100,avatar_large_url,display_name"
PROFILE = "bio_description,profile_deep_link,is_verified,username"
STATS = "follower_count,following_count,likes_count,video_count"
VIDEO_FIELDS = (
    "id,create_time,cover_image_url,share_url,video_description,duration,height,width,title,embed_html,embed_link,"
    "like_count,comment_count,share_count,view_count"
)

ENDPOINTS = [
    pytest.param("GET", "/user/info/?fields=open_id", id="user_info"),
    pytest.param("POST", "/video/list/?fields=id", id="video_list"),
    pytest.param("POST", "/video/query/?fields=id", id="video_query"),
    pytest.param("POST", "/post/publish/creator_info/query/", id="creator_info"),
    pytest.param("POST", "/post/publish/video/init/", id="video_init"),
    pytest.param("POST", "/post/publish/inbox/video/init/", id="inbox_init"),
    pytest.param("POST", "/post/publish/content/init/", id="photo_init"),
    pytest.param("POST", "/post/publish/status/fetch/", id="status"),
    pytest.param("POST", "/post/publish/cancel/", id="cancel"),
]


@pytest.mark.parametrize(("method", "path"), ENDPOINTS)
@pytest.mark.parametrize(
    "token", [None, "Bearer made-up", "made-up", "Bearer "], ids=["none", "unknown", "no-bearer", "empty"]
)
def test_every_data_endpoint_needs_a_valid_token(client, session, method, path, token):
    headers = {"Authorization": token} if token is not None else {}

    answer = session.request(method, f"{client.tiktok.url}/v2{path}", headers=headers)

    body = answer.json()
    assert answer.status_code == 401
    assert body["data"] == {}
    assert body["error"]["code"] == "access_token_invalid"
    assert body["error"]["message"] == "The access token is invalid or not found in the request."
    assert "retry-after" not in {name.lower() for name in answer.headers}


@pytest.mark.parametrize(("method", "path"), ENDPOINTS)
def test_every_data_endpoint_needs_its_scope_and_answers_401_without(client, method, path):
    scope = "video.list" if "user/info" in path else "user.info.basic"
    account = client.connect("ada", scopes=scope)

    answer = client.session.request(method, f"{client.tiktok.url}/v2{path}", headers=account.headers)

    assert code_of(answer) == (401, "scope_not_authorized")


@pytest.mark.parametrize(("method", "path"), ENDPOINTS)
def test_paths_end_with_a_slash(client, session, method, path):
    bare = path.partition("?")[0].rstrip("/")

    assert session.request(method, f"{client.tiktok.url}/v2{bare}", allow_redirects=False).status_code == 404


def test_the_envelope_and_its_log_id(ada):
    body = ada.get("/user/info/", fields="open_id").json()

    assert body.keys() == {"data", "error"}
    assert body["error"].keys() == {"code", "message", "log_id"}
    assert (body["error"]["code"], body["error"]["message"]) == ("ok", "")
    stamp = re.fullmatch(r"(\d{14})[0-9A-F]{18,20}", body["error"]["log_id"])
    assert stamp
    assert (
        abs((datetime.strptime(stamp[1], "%Y%m%d%H%M%S").replace(tzinfo=UTC) - datetime.now(UTC)).total_seconds()) < 60
    )


@pytest.mark.parametrize(
    "content_type", ["application/json", "application/json; charset=UTF-8"], ids=["plain-json", "json-with-charset"]
)
def test_both_content_types_of_the_examples_are_accepted(client, ada, content_type):
    answer = client.session.post(
        f"{client.tiktok.url}/v2/video/list/?fields=id",
        data='{"max_count": 1}',
        headers={**ada.headers, "Content-Type": content_type},
    )

    assert answer.status_code == 200


@pytest.mark.parametrize("raw", ["{", "[]", '"text"', "\x00"])
def test_a_body_that_is_no_json_object_is_invalid_params(client, ada, raw):
    headers = {**ada.headers, "Content-Type": "application/json"}

    answer = client.session.post(f"{client.tiktok.url}/v2/post/publish/status/fetch/", data=raw, headers=headers)

    assert code_of(answer) == (400, "invalid_params")


def test_an_option_changes_the_spelling_of_invalid_params(client, ada):
    client.control.knobs(param_code="invalid_param")

    assert code_of(ada.get("/user/info/", fields="nonsense")) == (400, "invalid_param")


def test_some_error_bodies_omit_data(client, ada):
    client.control.knobs(error_data="absent")

    assert ada.get("/user/info/", fields="nonsense").json().keys() == {"error"}


@pytest.mark.parametrize(
    ("path", "limit"),
    [
        pytest.param("/post/publish/creator_info/query/", 20, id="creator-info-20"),
        pytest.param("/post/publish/video/init/", 6, id="video-init-6"),
        pytest.param("/post/publish/inbox/video/init/", 6, id="inbox-init-6"),
        pytest.param("/post/publish/content/init/", 6, id="content-init-6"),
        pytest.param("/post/publish/status/fetch/", 30, id="status-30"),
    ],
)
def test_posting_endpoints_count_per_token_over_a_sliding_minute(client, ada, path, limit):
    client.control.freeze()
    grace = client.connect("grace")

    assert all(ada.post(path, {}).status_code != 429 for _ in range(limit - 1))
    client.control.advance(30)
    ada.post(path, {})
    refused = ada.post(path, {})
    assert code_of(refused) == (429, "rate_limit_exceeded")
    assert not {"retry-after", "x-ratelimit-limit"} & {name.lower() for name in refused.headers}
    assert grace.post(path, {}).status_code != 429
    client.control.advance(31)
    assert all(ada.post(path, {}).status_code != 429 for _ in range(limit - 1))
    assert ada.post(path, {}).status_code == 429


def test_cancelling_refreshing_and_uploading_have_no_limit(client, ada):
    client.control.freeze()
    client.control.knobs(rotation="never")
    url = ada.init({"source": "FILE_UPLOAD", "video_size": 9, "chunk_size": 9, "total_chunk_count": 1}).json()["data"][
        "upload_url"
    ]

    statuses = {
        *(ada.cancel("v_pub_url~v2-1.1").status_code for _ in range(50)),
        *(client.refresh(ada.tokens["refresh_token"]).status_code for _ in range(50)),
        *(ada.put(url, b"123").status_code for _ in range(50)),
    }

    assert statuses == {400, 200}


@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        pytest.param("GET", "/user/info/?fields=open_id", "user_info", id="user-info-600"),
        pytest.param("POST", "/video/list/?fields=id", "video_list", id="video-list-600"),
        pytest.param("POST", "/video/query/?fields=id", "video_query", id="video-query-600"),
    ],
)
def test_display_endpoints_count_per_app(client, web_client, ada, method, path, name):
    assert client.control.knobs()["limits"][name] == 600
    client.control.knobs(limits={name: 3})
    client.control.freeze()
    grace, other = client.connect("grace"), web_client.connect("ada")

    def status(account):
        return client.session.request(method, f"{client.tiktok.url}/v2{path}", headers=account.headers).status_code

    assert [status(ada), status(grace), status(ada)].count(429) == 0
    assert (status(grace), status(other)) == (429, 200 if name != "video_query" else 400)


def test_an_option_limits_the_display_api_per_user(client, ada):
    client.control.knobs(limits={"display_per_user": 2})
    client.control.freeze()

    statuses = [ada.post("/video/list/", {}, fields="id").status_code for _ in range(3)]

    assert statuses == [200, 200, 429]


def test_user_info_returns_the_requested_fields_only(ada):
    user = ada.get("/user/info/", fields="display_name,open_id").json()["data"]["user"]

    assert user == {"display_name": "Ada L.", "open_id": ada.tokens["open_id"]}


def test_user_info_has_every_field_with_its_type(ada):
    user = ada.get("/user/info/", fields=f"{BASIC},{PROFILE},{STATS}").json()["data"]["user"]

    assert user.keys() == set(f"{BASIC},{PROFILE},{STATS}".split(","))
    assert all(isinstance(user[name], int) for name in STATS.split(","))
    assert isinstance(user["is_verified"], bool)
    assert user["username"] == "ada"


@pytest.mark.parametrize(
    ("scope", "fields"),
    [
        pytest.param("user.info.basic", PROFILE, id="profile"),
        pytest.param("user.info.basic", STATS, id="stats"),
        pytest.param("user.info.profile", BASIC, id="basic"),
    ],
)
def test_a_field_outside_the_granted_scopes(client, scope, fields):
    account = client.connect("ada", scopes=scope)

    answers = [account.get("/user/info/", fields=name) for name in fields.split(",")]
    client.control.knobs(missing_scope="scope_permission_missed")
    as_documented = account.get("/user/info/", fields=fields)
    client.control.knobs(missing_scope="zeros")
    zeros = account.get("/user/info/", fields=fields).json()["data"]["user"]

    assert {code_of(answer) for answer in answers} == {(401, "scope_not_authorized")}
    assert code_of(as_documented) == (400, "scope_permission_missed")
    assert not any(zeros.values())


def test_union_id_may_be_missing(client, ada):
    client.control.knobs(union_id_missing=True)

    assert ada.get("/user/info/", fields="open_id,union_id").json()["data"]["user"].keys() == {"open_id"}


@pytest.mark.parametrize(
    "query", [{}, {"fields": ""}, {"fields": "open_id,shoe_size"}], ids=["none", "empty", "unknown"]
)
@pytest.mark.parametrize("path", ["/user/info/", "/video/list/", "/video/query/"])
def test_fields_are_required_and_must_be_known(ada, path, query):
    answer = ada.get(path, **query) if path == "/user/info/" else ada.post(path, {}, **query)

    assert code_of(answer) == (400, "invalid_params")


def test_avatars_are_signed_links_that_expire(client, ada, session):
    url = ada.get("/user/info/", fields="avatar_url").json()["data"]["user"]["avatar_url"]

    fresh = session.get(url)
    forged = session.get(url[:-1] + ("A" if url[-1] != "A" else "B"))
    client.control.advance(86_401)
    expired = session.get(url)

    assert (fresh.status_code, fresh.headers["Content-Type"]) == (200, "image/jpeg")
    assert (forged.status_code, expired.status_code) == (403, 403)


def test_ten_videos_by_default_newest_first(ada):
    data = ada.post("/video/list/", fields="id,create_time").json()["data"]

    times = [video["create_time"] for video in data["videos"]]
    assert len(times) == 10
    assert times == sorted(times, reverse=True)
    assert data["has_more"] is True
    assert data["cursor"] // 1000 == times[-1]
    assert all(isinstance(video["id"], str) and len(video["id"]) == 19 for video in data["videos"])


@pytest.mark.parametrize(
    ("short", "size"), [(False, 7), (True, 7), (False, 20)], ids=["full-pages", "short-pages", "max-20"]
)
def test_following_the_cursor_reads_every_video_once(client, ada, short, size):
    client.control.knobs(short_pages=short)
    ids, cursor, more = [], None, True

    while more:
        body = {"max_count": size} | ({"cursor": cursor} if cursor else {})
        data = ada.post("/video/list/", body, fields="id").json()["data"]
        assert len(data["videos"]) <= size
        ids += [video["id"] for video in data["videos"]]
        cursor, more = data["cursor"], data["has_more"]

    wanted = sorted(client.control.live("ada", everything=True), key=lambda video: video["created_at"], reverse=True)
    assert ids == [video["id"] for video in wanted]


def test_any_millisecond_is_a_cursor_and_is_exclusive(client, ada):
    made = client.control.seed_videos("ada", created_at="2026-01-01T00:00:00.250Z", count=2, spacing_seconds=0)

    def before(cursor):
        data = ada.post("/video/list/", {"cursor": cursor, "max_count": 1}, fields="id").json()["data"]
        return [video["id"] for video in data["videos"]]

    assert before(1_767_225_600_250) == []
    assert before(1_767_225_600_251) == [made[0]["id"]]
    assert before(1_767_225_600_252) == [made[1]["id"]]


@pytest.mark.parametrize(
    "body",
    [{"max_count": 21}, {"max_count": 0}, {"max_count": "5"}, {"cursor": "x"}],
    ids=["21", "0", "text", "cursor"],
)
def test_max_count_is_at_most_20(ada, body):
    assert code_of(ada.post("/video/list/", body, fields="id")) == (400, "invalid_params")


def test_only_public_videos_are_listed(client, ada):
    hidden = client.control.seed_videos("newcomer", count=2, privacy_level="SELF_ONLY")
    shown = client.control.seed_videos("newcomer", count=1)
    private = client.connect("linus")
    account = client.connect("newcomer")

    listed = [video["id"] for video in account.post("/video/list/", {}, fields="id").json()["data"]["videos"]]
    assert listed == [shown[0]["id"]]
    assert hidden[0]["id"] not in listed
    assert private.post("/video/list/", {}, fields="id").json()["data"] == {
        "videos": [],
        "cursor": 0,
        "has_more": False,
    }


def test_video_query_returns_only_public_videos_of_the_creator(client, ada):
    mine = client.control.live("ada", everything=True)[:2]
    foreign = client.control.live("grace", everything=True)[0]
    ids = [mine[0]["id"], foreign["id"], "7000000000000000000", mine[1]["id"]]

    data = ada.post("/video/query/", {"filters": {"video_ids": ids}}, fields="id,title").json()["data"]

    client.control.knobs(query_cursor=True)
    example = ada.post("/video/query/", {"filters": {"video_ids": ids}}, fields="id").json()["data"]
    assert {video["id"] for video in data["videos"]} == {mine[0]["id"], mine[1]["id"]}
    assert data.keys() == {"videos"}
    assert (example["cursor"], example["has_more"]) == (0, False)


@pytest.mark.parametrize(
    "filters",
    [{"video_ids": [str(n) for n in range(21)]}, {"video_ids": []}, {}, {"video_ids": [7_077_642_457_847_994_444]}],
    ids=["21-ids", "no-ids", "no-filter", "numbers"],
)
def test_video_query_takes_1_to_20_ids_as_text(ada, filters):
    assert code_of(ada.post("/video/query/", {"filters": filters}, fields="id")) == (400, "invalid_params")


def test_a_video_has_every_field_with_its_type(ada, client):
    video = ada.post("/video/list/", {"max_count": 1}, fields=VIDEO_FIELDS).json()["data"]["videos"][0]

    assert video.keys() == set(VIDEO_FIELDS.split(","))
    link = f"https://www.tiktok.com/@ada/video/{video['id']}?utm_campaign=tt4d_open_api&utm_source={client.client_key}"
    assert video["share_url"] == link
    assert all(
        isinstance(video[name], int)
        for name in VIDEO_FIELDS.split(",")
        if name.endswith(("_count", "th", "ht", "n_time"))
    )
    assert "x-expires=" in video["cover_image_url"]
    assert "x-signature=" in video["cover_image_url"]


def test_covers_expire_after_six_hours_and_query_renews_them(client, ada, session):
    video = ada.post("/video/list/", {"max_count": 1}, fields="id,cover_image_url").json()["data"]["videos"][0]
    fresh = session.get(video["cover_image_url"]).status_code
    client.control.advance(6 * 3600 + 1)
    expired = session.get(video["cover_image_url"]).status_code

    body = {"filters": {"video_ids": [video["id"]]}}
    renewed = ada.post("/video/query/", body, fields="cover_image_url").json()["data"]["videos"][0]["cover_image_url"]

    assert (fresh, expired, session.get(renewed).status_code) == (200, 403, 200)


def test_creator_info_of_a_public_account(ada):
    data = ada.creator_info().json()["data"]

    assert data.keys() == {
        "creator_avatar_url",
        "creator_username",
        "creator_nickname",
        "privacy_level_options",
        "comment_disabled",
        "duet_disabled",
        "stitch_disabled",
        "max_video_post_duration_sec",
    }
    assert data["privacy_level_options"] == ["PUBLIC_TO_EVERYONE", "MUTUAL_FOLLOW_FRIENDS", "SELF_ONLY"]
    assert (data["creator_username"], data["creator_nickname"]) == ("ada", "Ada L.")
    assert (data["comment_disabled"], data["duet_disabled"], data["stitch_disabled"]) == (False, False, False)


def test_creator_info_of_a_private_account(client):
    data = client.connect("linus").creator_info().json()["data"]

    assert data["privacy_level_options"] == ["FOLLOWER_OF_CREATOR", "MUTUAL_FOLLOW_FRIENDS", "SELF_ONLY"]
    assert (data["duet_disabled"], data["stitch_disabled"]) == (True, True)


def test_creator_info_shows_the_settings_and_needs_no_body(client):
    account = client.connect("margaret")

    data = account.post("/post/publish/creator_info/query/", {}).json()["data"]

    assert (data["duet_disabled"], data["stitch_disabled"], data["max_video_post_duration_sec"]) == (True, True, 300)


def test_the_avatar_of_creator_info_lives_two_hours(client, ada, session):
    url = ada.creator_info().json()["data"]["creator_avatar_url"]
    client.control.advance(7_190)
    fresh = session.get(url).status_code
    client.control.advance(20)

    assert (fresh, session.get(url).status_code) == (200, 403)


def test_creator_info_answers_a_ban_and_caps_with_http_200(client, ada):
    client.control.change_creator("ada", banned=True)
    banned = ada.creator_info()
    client.control.change_creator("ada", banned=False, post_cap=0)
    capped = ada.creator_info()
    client.control.change_creator("ada", post_cap=15)
    client.control.change_app(client.client_key, active_user_cap=0)
    crowded = ada.creator_info()

    codes = [code_of(answer) for answer in (banned, capped, crowded)]
    assert codes == [
        (200, "spam_risk_user_banned_from_posting"),
        (200, "spam_risk_too_many_posts"),
        (200, "reached_active_user_cap"),
    ]
    assert banned.json()["data"] == {}
