"""GET /media, GET PATCH DELETE /media/{id}"""

import shutil

import pytest

from tests.media import sample_media
from tests.storages import keys_in
from tiktok_api import events
from tiktok_api.media.errors import MediaInUse


def names(response):
    return [media["name"] for media in response.json["data"]]


def test_the_newest_comes_first_page_by_page(owner, make_media):
    for number in range(3):
        make_media(sample_media.photo(), name=f"{number}.jpg")

    first = owner.get("/media?limit=2")
    rest = owner.get(f"/media?limit=2&cursor={first.json['next_cursor']}")

    assert names(first) == ["2.jpg", "1.jpg"]
    assert names(rest) == ["0.jpg"]
    assert (first.json["has_more"], rest.json["has_more"]) == (True, False)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("kind=photo", ["Beach 100%.jpg"]),
        ("kind=video", ["clip.mp4"]),
        ("status=ready", ["Beach 100%.jpg", "clip.mp4"]),
        ("status=rejected", ["virus.mp4"]),
        ("status=uploading", ["half.mp4"]),
        ("q=BEACH", ["Beach 100%.jpg"]),
        ("q=%25", ["Beach 100%.jpg"]),
        ("q=_", []),
        ("q=.mp4&status=ready", ["clip.mp4"]),
    ],
)
def test_the_library_is_filtered(owner, make_media, upload, query, expected):
    upload(name="half.mp4")
    make_media(b"nonsense", name="virus.mp4")
    make_media(name="clip.mp4")
    make_media(sample_media.photo(), name="Beach 100%.jpg")

    assert names(owner.get(f"/media?{query}")) == expected


def test_used_media_are_told_from_unused_ones(owner, make_media, run_jobs):
    shown, unused = make_media(name="shown.mp4"), make_media(sample_media.photo(), name="unused.jpg")
    draft = {"caption": "x", "media_ids": [shown["id"]], "targets": []}
    post = owner.post("/posts", json=draft).json

    answers = [names(owner.get(f"/media?used={used}")) for used in ("true", "false")]
    owner.delete(f"/posts/{post['id']}")

    assert answers == [["shown.mp4"], ["unused.jpg"]]
    assert names(owner.get("/media?used=false")) == [unused["name"], shown["name"]]


def test_pages_go_on_with_the_same_filters(owner, make_media):
    for number in range(3):
        make_media(sample_media.photo(), name=f"{number}.jpg")
        make_media(b"nonsense", name=f"{number}.bad")

    query = "status=ready&kind=photo&used=false&q=jpg&limit=2"
    first = owner.get(f"/media?{query}")
    rest = owner.get(f"/media?{query}&cursor={first.json['next_cursor']}")

    assert (names(first), names(rest)) == (["2.jpg", "1.jpg"], ["0.jpg"])
    assert owner.get(f"/media?status=ready&cursor={first.json['next_cursor']}").status_code == 422


@pytest.mark.parametrize("query", ["used=perhaps", "kind=song", "status=done", "q=", "colour=red", "limit=0"])
def test_a_filter_that_does_not_exist_is_refused(owner, query):
    assert owner.get(f"/media?{query}").status_code == 422


def test_what_was_refused_says_why(make_media):
    media = make_media(b"PK\x03\x04 and so on", name="clips.zip")

    assert media["status"] == "rejected"
    assert media["rejection"]["code"] == "format_unsupported"
    assert "ZIP archive" in media["rejection"]["message"]
    assert (media["kind"], media["has_thumbnail"]) == (None, False)


def test_a_name_can_be_changed(owner, make_media):
    media = make_media(sample_media.photo())

    response = owner.patch(f"/media/{media['id']}", json={"name": "../Beach\n.jpg"})

    assert (response.status_code, response.json["name"]) == (200, "Beach.jpg")
    assert owner.get(f"/media/{media['id']}").json["name"] == "Beach.jpg"


def test_a_name_is_not_changed_by_who_has_not_seen_it(owner, make_media):
    path = f"/media/{make_media(sample_media.photo())['id']}"
    seen = owner.get(path).headers["ETag"]
    owner.patch(path, json={"name": "a.jpg"})

    response = owner.patch(path, json={"name": "b.jpg"}, headers={"If-Match": seen})

    assert response.status_code == 412


@pytest.mark.parametrize("body", [{"name": ""}, {"name": None}, {"name": "x" * 256}, {"name": "a", "status": "ready"}])
def test_nothing_but_the_name_can_be_changed(owner, upload, body):
    assert owner.patch(f"/media/{upload().id}", json=body).status_code == 422


def test_what_is_deleted_is_gone_with_its_bytes(owner, app, make_media, run_jobs):
    media = make_media()

    response = owner.delete(f"/media/{media['id']}")
    run_jobs()

    assert response.status_code == 204
    assert owner.get(f"/media/{media['id']}").status_code == 404
    assert list(keys_in(app)) == []


def test_what_a_post_needs_is_not_deleted(owner, make_media):
    media = make_media(sample_media.photo())
    in_use = [lambda media: False]

    def objecting(media):
        return in_use and in_use[0](media)

    events.subscribe("media.may_be_deleted", objecting)
    try:
        response = owner.delete(f"/media/{media['id']}")
    finally:
        in_use.clear()

    assert response.status_code == 409
    assert response.json["code"] == MediaInUse.code == "media_in_use"
    assert owner.get(f"/media/{media['id']}/content").status_code == 200


@pytest.mark.parametrize(
    ("method", "below"),
    [("GET", ""), ("PATCH", ""), ("DELETE", ""), ("GET", "/content"), ("GET", "/thumbnail"), ("GET", "/checks")],
)
def test_a_stranger_finds_nothing_there(stranger, make_media, method, below):
    media = make_media(sample_media.photo())
    body = {"name": "x"} if method == "PATCH" else None

    response = stranger.open(f"/media/{media['id']}{below}", method=method, json=body)

    assert response.status_code == 404
    assert response.json["code"] == "not_found"
    assert stranger.get("/media").json["data"] == []


def test_the_server_is_ready_as_long_as_it_can_store(client, base_settings, tmp_path):
    assert client.get("/readyz").json["checks"]["storage"]["status"] == "ok"

    shutil.rmtree(tmp_path / "media")
    (tmp_path / "media").write_bytes(b"")

    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json["checks"]["storage"]["status"] == "failed"
