"""Downloads that nginx serves, by X-Accel-Redirect, or S3, by a signed URL"""

import hashlib
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from tests.conftest import Person
from tests.due_jobs import run_due_jobs
from tests.media import sample_media
from tests.storages import on_s3

CONTENT = sample_media.video()


@pytest.fixture
def downloads(make_app):
    """A person on an application with such settings, and the paths of a video and its thumbnail."""

    def make(**settings):
        app = make_app(**settings)
        person = Person(app, "owner@example.com")
        body = sample_media.multipart(sample_media.part("file", CONTENT, filename="clip é.mp4"))
        media = person.post("/media", data=body, content_type=sample_media.MULTIPART).json
        run_due_jobs(app)
        return person, f"/media/{media['id']}/content", f"/media/{media['id']}/thumbnail"

    return make


def test_nginx_is_told_which_file_and_everything_else_that_it_must_say(downloads, tmp_path):
    owner, content, _ = downloads(x_accel_prefix="/media-files/")

    response = owner.get(content)

    assert (response.status_code, response.data) == (200, b"")
    place = response.headers["X-Accel-Redirect"]
    assert (tmp_path / "media" / place.removeprefix("/media-files/")).read_bytes() == CONTENT
    assert response.headers["Content-Type"] == "video/mp4"
    assert response.headers["Content-Disposition"].startswith('attachment; filename="clip _.mp4"')
    assert response.headers["ETag"] == f'"{hashlib.sha256(CONTENT).hexdigest()}"'
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response.headers["Content-Security-Policy"]


def test_ranges_are_left_to_nginx_and_what_the_client_has_is_not(downloads):
    owner, content, thumbnail = downloads(x_accel_prefix="/media-files/")

    ranged = owner.get(content, headers={"Range": "bytes=5-9"})
    known = owner.get(content, headers={"If-None-Match": owner.get(content).headers["ETag"]})

    assert (ranged.status_code, "Content-Range" in ranged.headers) == (200, False)
    assert (known.status_code, "X-Accel-Redirect" in known.headers) == (304, False)
    assert owner.get(thumbnail).headers["Content-Type"] == "image/jpeg"
    assert "X-Accel-Redirect" in owner.get(thumbnail).headers


def test_without_the_setting_no_path_is_told(downloads):
    owner, content, _ = downloads()

    assert "X-Accel-Redirect" not in owner.get(content).headers


@on_s3
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_s3_hands_the_file_out_for_a_while_as_an_attachment(downloads, method):
    owner, content, _ = downloads(s3_link_seconds=60)

    response = owner.open(content, method=method)
    url = response.headers["Location"]
    answer = requests.request(method, url, timeout=30)

    assert response.status_code == 307
    assert response.headers["Cache-Control"] == "no-store"
    assert parse_qs(urlsplit(url).query)["X-Amz-Expires"] == ["60"]
    assert answer.status_code == 200
    assert answer.content == (CONTENT if method == "GET" else b"")
    if method == "GET":  # the simulated S3 ignores what a signed HEAD is to answer
        assert answer.headers["Content-Type"] == "video/mp4"
        assert answer.headers["Content-Disposition"].startswith('attachment; filename="clip _.mp4"')
        assert requests.get(url, headers={"Range": "bytes=5-9"}, timeout=30).content == CONTENT[5:10]


@on_s3
def test_s3_hands_thumbnails_out_too_and_nothing_that_the_client_has(downloads):
    owner, content, thumbnail = downloads(s3_link_seconds=60)

    picture = requests.get(owner.get(thumbnail).headers["Location"], timeout=30)
    known = owner.get(content, headers={"If-None-Match": f'"{hashlib.sha256(CONTENT).hexdigest()}"'})

    assert picture.headers["Content-Type"] == "image/jpeg"
    assert picture.content.startswith(b"\xff\xd8")
    assert known.status_code == 304


@on_s3
def test_a_link_that_leads_to_s3_is_followed_again_to_what_the_browser_keeps(downloads):
    owner, content, _ = downloads(s3_link_seconds=60)
    media = owner.get(content.removesuffix("/content")).json

    for link, start in ((media["content_url"], CONTENT[:9]), (media["thumbnail_url"], b"\xff\xd8")):
        answer = owner.app.test_client().get(link)

        assert answer.status_code == 307
        assert answer.headers["Cache-Control"] == "private, max-age=30"  # the address is good for twice as long
        assert requests.get(answer.headers["Location"], timeout=30).content.startswith(start)


@on_s3
def test_clients_are_sent_to_the_address_that_they_can_reach(downloads):
    owner, content, _ = downloads(s3_link_seconds=60, s3_public_endpoint_url="https://files.example")

    assert owner.get(content).headers["Location"].startswith("https://files.example/media-of-tests/")


@on_s3
def test_a_stranger_is_given_no_address(downloads):
    owner, content, _ = downloads(s3_link_seconds=60)
    stranger = Person(owner.app, "stranger@example.com")

    assert stranger.get(content).status_code == 404
