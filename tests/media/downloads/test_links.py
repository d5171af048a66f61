"""`thumbnail_url` and `content_url`: media on a page, without a token"""

import io
from datetime import timedelta
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

import pytest
from PIL import Image

from tests.media import sample_media
from tests.storages import on_each_storage
from tests.web.problems import assert_problem
from tiktok_api import clock_offset

pytestmark = on_each_storage

CONTENT = sample_media.video()
LINKS = ("thumbnail_url", "content_url")


@pytest.fixture
def media(make_media):
    return make_media(CONTENT, name="clip.mp4")


@pytest.fixture
def follow(client):
    """Follow a link as a browser's `<img>` does: no token; on S3, to where the bytes are."""

    def get(url, method="GET", **headers):
        return client.open(url, method=method, headers=headers)

    return get


@pytest.fixture
def pass_time(app):
    def advance(**duration):
        with app.app_context():
            clock_offset.advance(timedelta(**duration))

    return advance


def changed(url, **query):
    """The same link with other values in its query; None leaves one out."""
    parts = urlsplit(url)
    values = {name: found[0] for name, found in parse_qs(parts.query).items()} | query
    return urlunsplit(
        parts._replace(query=urlencode({name: value for name, value in values.items() if value is not None}))
    )


def test_a_picture_and_the_file_are_shown_without_a_token(media, follow):
    thumbnail, content = follow(media["thumbnail_url"]), follow(media["content_url"])

    if thumbnail.status_code == 307:
        assert thumbnail.headers["Location"].startswith("http")
        assert content.status_code == 307
        return
    assert Image.open(io.BytesIO(thumbnail.data)).format == "JPEG"
    assert content.data == CONTENT
    for answer in (thumbnail, content):
        assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
        directives = answer.headers["Cache-Control"].split(", ")
        assert {"private", "immutable"} < set(directives)
        [seconds] = [int(each.removeprefix("max-age=")) for each in directives if each.startswith("max-age=")]
        assert 1200 - 5 <= seconds <= 1800
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_ranges_heads_and_versions_work(media, follow):
    whole = follow(media["content_url"], "HEAD")
    if whole.status_code == 307:
        return
    part = follow(media["content_url"], Range="bytes=0-99")
    known = follow(media["content_url"], **{"If-None-Match": whole.headers["ETag"]})
    known_picture = follow(media["thumbnail_url"], **{"If-None-Match": follow(media["thumbnail_url"]).headers["ETag"]})
    beyond = follow(media["content_url"], Range=f"bytes={len(CONTENT)}-")

    assert (whole.status_code, whole.data, whole.headers["Content-Length"]) == (200, b"", str(len(CONTENT)))
    assert (part.status_code, part.data) == (206, CONTENT[:100])
    assert (known.status_code, known.data) == (304, b"")
    assert known_picture.status_code == 304
    assert "immutable" in known.headers["Cache-Control"]
    assert_problem(beyond, 416)


@pytest.mark.parametrize("name", LINKS)
def test_a_link_that_was_altered_in_any_way_shows_nothing(owner, media, make_media, follow, name):
    url = media[name]
    other = make_media(sample_media.video(seconds=2), name="other.mp4")
    query = {key: found[0] for key, found in parse_qs(urlsplit(url).query).items()}
    altered = [
        changed(url, signature=query["signature"][:-1] + ("0" if query["signature"][-1] != "0" else "1")),
        changed(url, signature=query["signature"].upper()),
        changed(url, signature="é" * 64),
        changed(url, signature=""),
        changed(url, signature=None),
        changed(url, expires=str(int(query["expires"]) + 1)),
        changed(url, expires="0" + query["expires"]),
        changed(url, expires=query["expires"] + " "),
        changed(url, expires="never"),
        changed(url, expires=None),
        url.replace(media["id"], other["id"]),
        url.replace(media["id"], "01932f0a-7c1e-7d3c-9d8e-1f2a3b4c5d6e"),
        url.replace("linked-thumbnail", "x")
        .replace("linked-content", "linked-thumbnail")
        .replace("/x?", "/linked-content?"),
    ]

    for attempt in altered:
        assert attempt != url
        answer = follow(attempt)
        assert_problem(answer, answer.status_code)
        assert answer.status_code in (403, 404), attempt
    assert follow(url).status_code in (200, 307)


@pytest.mark.parametrize("name", LINKS)
def test_a_link_ends(media, follow, pass_time, name):
    pass_time(minutes=19)
    early = follow(media[name])
    pass_time(minutes=12)

    late = follow(media[name])

    assert early.status_code in (200, 307)
    assert_problem(late, 403, "link_expired")


def test_a_link_stays_the_same_for_some_minutes_and_then_changes(owner, media, pass_time):
    def now():
        shown = owner.get(f"/media/{media['id']}")
        listed = owner.get("/media").json["data"][0]
        assert [listed[name] for name in LINKS] == [shown.json[name] for name in LINKS]
        return [shown.json[name] for name in LINKS]

    seen = []
    for _ in range(31):
        seen.append(tuple(now()))
        pass_time(minutes=1)

    assert 3 <= len(set(seen)) <= 5


def test_a_version_that_differs_in_its_links_alone_is_still_the_newest_to_change_but_is_sent_again(
    owner, media, pass_time
):
    path = f"/media/{media['id']}"
    before = owner.get(path)
    pass_time(minutes=11)

    looked = owner.get(path, headers={"If-None-Match": before.headers["ETag"]})
    renamed = owner.patch(path, json={"name": "new.mp4"}, headers={"If-Match": before.headers["ETag"]})
    stale = owner.patch(path, json={"name": "newer.mp4"}, headers={"If-Match": before.headers["ETag"]})

    assert looked.status_code == 200
    assert looked.json["thumbnail_url"] != before.json["thumbnail_url"]
    assert renamed.status_code == 200
    assert_problem(stale, 412)


@pytest.mark.parametrize("name", LINKS)
def test_a_link_ends_with_its_media(owner, media, follow, name):
    assert owner.delete(f"/media/{media['id']}").status_code == 204

    answer = follow(media[name])

    assert answer.status_code in (403, 404)
    assert_problem(answer, answer.status_code)


def test_what_is_not_there_yet_has_no_link(owner, upload):
    begun = owner.get(f"/media/{upload(10).id}").json

    assert [begun[name] for name in LINKS] == [None, None]


def test_pictures_do_not_use_up_the_minute(make_app, make_person, database_url):
    app = make_app(rate_limit_enabled=True, rate_limit_per_minute=5)
    client = app.test_client()

    answers = [client.get("/api/v1/media/01932f0a-7c1e-7d3c-9d8e-1f2a3b4c5d6e/linked-thumbnail") for _ in range(20)]

    assert {answer.status_code for answer in answers} == {403}
    assert answers[0].headers["RateLimit-Limit"] == "3000"
    assert client.get("/api/v1/auth/me").headers["RateLimit-Remaining"] == "4"


def test_no_signature_reaches_the_log(media, follow, capfd):
    signature = parse_qs(urlsplit(media["content_url"]).query)["signature"][0]

    follow(media["content_url"])
    follow(changed(media["content_url"], expires="1"))

    written = capfd.readouterr()
    assert signature not in written.out + written.err
