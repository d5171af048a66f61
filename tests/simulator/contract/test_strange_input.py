"""No request of an app is a server error of the simulator."""

import itertools

import pytest

from tests.simulator.app_client import code_of

VALUES = [
    None,
    True,
    -1,
    10**30,
    1.5,
    "",
    "x",
    "\ud800",
    "https://[::1",
    "https://a b.media.example/",
    [],
    [None],
    [[1]],
    {},
    {"a": 1},
]
BODIES = {
    "/post/publish/video/init/": [
        ("post_info", name)
        for name in (
            "title",
            "privacy_level",
            "disable_duet",
            "brand_content_toggle",
            "is_aigc",
            "video_cover_timestamp_ms",
        )
    ]
    + [("source_info", name) for name in ("source", "video_size", "chunk_size", "total_chunk_count", "video_url")],
    "/post/publish/inbox/video/init/": [("source_info", "video_url"), ("source_info", "video_size")],
    "/post/publish/content/init/": [
        ("post_info", "title"),
        ("post_info", "description"),
        ("post_info", "auto_add_music"),
    ]
    + [("source_info", name) for name in ("source", "photo_images", "photo_cover_index")],
    "/post/publish/status/fetch/": [("publish_id", None)],
    "/post/publish/cancel/": [("publish_id", None)],
    "/video/list/?fields=id": [("cursor", None), ("max_count", None)],
    "/video/query/?fields=id": [("filters", "video_ids"), ("filters", None)],
}
ROWS = [(path, outer, inner) for path, names in BODIES.items() for outer, inner in names]


@pytest.fixture
def options():
    return {
        "limits": dict.fromkeys(("video_init", "inbox_init", "photo_init", "status"), 0),
        "pull_delay_seconds": 1_000,
    }


@pytest.mark.parametrize(("path", "outer", "inner"), ROWS, ids=[f"{row[0]}-{row[1]}-{row[2]}" for row in ROWS])
def test_a_value_of_another_kind_is_refused_or_accepted(ada, path, outer, inner):
    ways = (False, True) if outer == "source_info" else (False,)
    for value, pulls in itertools.product(VALUES, ways):
        body = {
            "media_type": "PHOTO",
            "post_mode": "DIRECT_POST",
            "post_info": {"privacy_level": "SELF_ONLY"},
            "source_info": {
                "source": "PULL_FROM_URL" if pulls else "FILE_UPLOAD",
                "photo_images": ["https://media.example/a"],
            },
            "filters": {},
        }
        if inner is None:
            body[outer] = value
        else:
            body[outer][inner] = value

        assert ada.post(path, body).status_code in (200, 400, 403)


@pytest.mark.parametrize("opening", [b"[", b'{"a":'], ids=["arrays", "objects"])
@pytest.mark.parametrize("path", [*BODIES, "/oauth/token/"])
def test_excessive_nesting_is_no_json(client, ada, path, opening):
    headers = {**ada.headers, "Content-Type": "application/json"}

    answer = client.session.post(f"{client.tiktok.url}/v2{path}", data=opening * 200_000, headers=headers)

    assert answer.status_code == (200 if "oauth" in path else 400)
    assert answer.json()["error"] in ("invalid_request",) or code_of(answer) == (400, "invalid_params")


def test_a_lone_surrogate_passes_through_every_operation(client, ada):
    title = "half \ud83c of it"
    publish_id = ada.publish(title=title)
    client.control.advance(60)

    listed = ada.post("/video/list/", {"max_count": 1}, fields="title").json()["data"]["videos"]
    page = client.session.get(f"{client.tiktok.url}/_simulator/")
    assert listed == [{"title": title}]
    assert client.control.publication(publish_id)["post_info"]["title"] == title
    assert client.control.state()["live"][0]["title"] == title
    assert (page.status_code, "half ? of it" in page.text) == (200, True)


@pytest.mark.parametrize("part", ["post_info", "source_info"])
def test_parts_of_another_kind_are_refused(ada, part):
    for value in VALUES:
        for path in ("/post/publish/video/init/", "/post/publish/content/init/"):
            body = {"media_type": "PHOTO", "post_mode": "DIRECT_POST", part: value}

            assert ada.post(path, body).status_code in (400, 403)


@pytest.mark.parametrize(
    "url", [f"https://{'a' * 70}.media.example/v.mp4", "https://media.example:70/ü.mp4", "https://u@media.example/ x"]
)
def test_urls_that_cannot_be_fetched_fail_only_their_pull(client, ada, url):
    client.control.knobs(pull_delay_seconds=0)
    body = {"post_info": {"privacy_level": "SELF_ONLY"}, "source_info": {"source": "PULL_FROM_URL", "video_url": url}}

    publish_id = ada.post("/post/publish/video/init/", body).json()["data"]["publish_id"]
    client.control.settle(60)

    assert ada.status(publish_id)["fail_reason"] == "video_pull_failed"


@pytest.mark.parametrize(
    "url", ["nonsense", "http://", "http://127.0.0.1:x/", "http://127.0.0.1:9/ü", f"http://{'a' * 70}.example/"]
)
def test_callback_urls_that_cannot_be_called_fail_only_their_delivery(client, url):
    client.control.change_app(client.client_key, webhook_url=url)
    client.control.send_webhook(client.client_key, "x.y")

    assert client.control.settle(60)
    assert client.control.webhooks()[0]["state"] == "pending"
    assert isinstance(client.control.webhooks()[0]["attempts"][0]["outcome"], str)
