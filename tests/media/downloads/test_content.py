"""GET /media/{id}/content and /thumbnail"""

import io

import pytest
from PIL import Image

from tests.media import sample_media
from tests.storages import on_each_storage

pytestmark = on_each_storage

CONTENT = sample_media.video()
SIZE = len(CONTENT)


@pytest.fixture
def path(make_media):
    return f"/media/{make_media(CONTENT, name='clip é.mp4')['id']}/content"


def test_the_file_comes_back_as_it_went(owner, path):
    response = owner.get(path)

    assert response.data == CONTENT
    assert response.headers["Content-Type"] == "video/mp4"
    assert response.headers["Content-Length"] == str(SIZE)
    assert response.headers["Accept-Ranges"] == "bytes"


def test_no_browser_runs_or_shows_it_in_place(owner, path):
    headers = owner.get(path).headers

    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Disposition"] == "attachment; filename=\"clip _.mp4\"; filename*=UTF-8''clip%20%C3%A9.mp4"
    assert "sandbox" in headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=100-199", 100, 199),
        ("bytes=100-", 100, SIZE - 1),
        ("bytes=-100", SIZE - 100, SIZE - 1),
        (f"bytes=0-{SIZE * 2}", 0, SIZE - 1),
        (f"bytes=-{SIZE * 2}", 0, SIZE - 1),
    ],
)
def test_a_range_is_answered_alone(owner, path, asked, first, last):
    response = owner.get(path, headers={"Range": asked})

    assert response.status_code == 206
    assert response.headers["Content-Range"] == f"bytes {first}-{last}/{SIZE}"
    assert response.headers["Content-Length"] == str(last - first + 1)
    assert response.data == CONTENT[first : last + 1]


@pytest.mark.parametrize("asked", [f"bytes={SIZE}-", f"bytes={SIZE * 2}-{SIZE * 3}"])
def test_a_range_behind_the_end_cannot_be_satisfied(owner, path, asked):
    response = owner.get(path, headers={"Range": asked})

    assert response.status_code == 416
    assert response.headers["Content-Range"] == f"bytes */{SIZE}"
    assert response.json["code"] == "range_not_satisfiable"


@pytest.mark.parametrize("asked", ["bytes=0-1,5-6", "words=0-1", "bytes=b-a", "bytes=5-2", "bytes"])
def test_ranges_that_are_not_understood_get_everything(owner, path, asked):
    response = owner.get(path, headers={"Range": asked})

    assert response.status_code == 200
    assert response.data == CONTENT


@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", W/{}'])  # proxies that compress weaken tags
def test_what_the_client_has_is_not_sent_again(owner, path, form):
    etag = owner.get(path).headers["ETag"]

    response = owner.get(path, headers={"If-None-Match": form.format(etag)})

    assert (response.status_code, response.data) == (304, b"")


def test_a_range_of_another_version_gets_everything(owner, path):
    etag = owner.get(path).headers["ETag"]

    same = owner.get(path, headers={"Range": "bytes=0-9", "If-Range": etag})
    other = owner.get(path, headers={"Range": "bytes=0-9", "If-Range": '"other"'})
    date = owner.get(path, headers={"Range": "bytes=0-9", "If-Range": "Tue, 02 Mar 2027 12:00:00 GMT"})

    assert (same.status_code, other.status_code, date.status_code) == (206, 200, 200)


def test_a_look_at_the_head_reads_nothing(owner, path):
    response = owner.open(path, method="HEAD")

    assert (response.status_code, response.data) == (200, b"")
    assert response.headers["Content-Length"] == str(SIZE)


def test_what_is_not_ready_cannot_be_downloaded(owner, upload):
    response = owner.get(f"/media/{upload().id}/content")

    assert response.status_code == 409
    assert response.json["code"] == "media_not_ready"


def test_a_thumbnail_is_a_small_jpeg(owner, path):
    response = owner.get(path.replace("/content", "/thumbnail"))

    assert response.headers["Content-Type"] == "image/jpeg"
    assert max(Image.open(io.BytesIO(response.data)).size) <= 640


def test_a_thumbnail_is_not_sent_twice(owner, path):
    thumbnail = path.replace("/content", "/thumbnail")

    response = owner.get(thumbnail, headers={"If-None-Match": owner.get(thumbnail).headers["ETag"]})

    assert response.status_code == 304


def test_what_was_not_inspected_has_no_thumbnail(owner, upload):
    assert owner.get(f"/media/{upload().id}/thumbnail").status_code == 404


def test_checks_name_every_rule(owner, path):
    response = owner.get(path.replace("/content", "/checks"))

    assert response.json["is_postable"] is True
    assert {check["code"] for check in response.json["checks"]} >= {"video_codec", "video_fps", "video_duration"}


def test_checks_tell_what_tiktok_would_refuse(owner, make_media):
    media = make_media(sample_media.photo("PNG", width=2000, height=1000))

    checks = owner.get(f"/media/{media['id']}/checks").json

    assert checks["is_postable"] is False
    problems = {check["code"]: check["found"] for check in checks["checks"] if check["severity"] == "problem"}
    assert problems == {"photo_format": "png", "photo_dimensions": {"width": 2000, "height": 1000}}


def test_what_is_not_ready_has_nothing_to_check(owner, upload):
    assert owner.get(f"/media/{upload().id}/checks").status_code == 409


def test_checks_hold_it_against_what_this_creator_may_post(owner, path, connect_account):
    account_id = connect_account(owner)
    checks = f"{path.replace('/content', '/checks')}?account_id={account_id}"

    before = owner.get(checks).json
    owner.get(f"/accounts/{account_id}/creator-info")
    after = owner.get(checks).json

    longest = {check["code"]: check["allowed"] for check in after["checks"]}["video_duration"]
    asked = owner.get(f"/accounts/{account_id}/creator-info").json
    assert before["creator_info_at"] is None
    assert after["creator_info_at"] is not None
    assert longest == min(600, asked["max_video_post_duration_sec"])


def test_checks_for_a_strangers_account_are_not_found(owner, stranger, path, connect_account):
    account_id = connect_account(stranger)

    assert owner.get(f"{path.replace('/content', '/checks')}?account_id={account_id}").status_code == 404
