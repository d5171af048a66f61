"""GET /media/{id}/frames"""

import io
from fractions import Fraction

import pytest
from PIL import Image

from tests.media import sample_media
from tests.media.conversion.pictures import coloured, name_of
from tests.media.inspection.films import Picture, film
from tests.media.tus_client import begin
from tiktok_api.extensions import services_of
from tiktok_api.storage.port import Storage


@pytest.fixture
def frames_of(owner, run_jobs):
    """The frames of a video, when they are drawn."""

    def ask(media, query=""):
        assert owner.get(f"/media/{media['id']}/frames{query}").status_code == 202
        run_jobs()
        return owner.get(f"/media/{media['id']}/frames{query}")

    return ask


def picture_behind(client, url):
    answer = client.get(url)
    assert (answer.status_code, answer.content_type) == (200, "image/jpeg")
    return Image.open(io.BytesIO(answer.data))


@pytest.mark.parametrize("count", [1, 3, 20])
def test_they_are_those_of_the_middles_of_equal_parts(make_media, frames_of, count):
    video = make_media(film(Picture()))

    shown = frames_of(video, f"?count={count}").json

    assert (shown["status"], shown["count"], shown["media_id"]) == ("ready", count, video["id"])
    assert [frame["timestamp_ms"] for frame in shown["data"]] == [
        int(2000 * (2 * number + 1) / (2 * count)) for number in range(count)
    ]


def test_each_shows_what_the_video_shows_then(owner, client, make_media, frames_of, run_jobs):
    photos = [make_media(coloured(name), name=name)["id"] for name in ("red", "green", "blue")]
    made = owner.post("/media/slideshows", json={"media_ids": photos, "seconds_each": 1}).json
    run_jobs()

    shown = frames_of(made, "?count=6").json["data"]

    pictures = [picture_behind(client, frame["url"]) for frame in shown]
    assert [name_of(picture) for picture in pictures] == ["red", "red", "green", "green", "blue", "blue"]
    assert max(pictures[0].size) <= 640


def test_the_picture_stands_upright(client, make_media, frames_of):
    shown = frames_of(make_media(film(Picture())), "?count=1").json["data"]

    picture = picture_behind(client, shown[0]["url"])
    assert picture.size == (360, 640)
    assert name_of(picture, y=0.05) == "red"


def test_they_are_drawn_once(owner, make_media, frames_of, run_jobs, stored):
    video = make_media(film(Picture()))
    first = frames_of(video).json
    before = stored()

    again = owner.get(f"/media/{video['id']}/frames")

    run_jobs()
    assert (again.status_code, again.json["data"]) == (200, first["data"])
    assert stored() == before


def test_they_go_with_the_video(owner, make_media, frames_of, run_jobs, stored):
    before = stored()
    video = make_media(film(Picture()))
    shown = frames_of(video).json["data"]

    owner.delete(f"/media/{video['id']}")
    run_jobs()

    assert stored() == before
    assert owner.client.get(shown[0]["url"]).status_code == 403


def test_the_cleanup_leaves_them(client, make_media, frames_of, sweep):
    shown = frames_of(make_media(film(Picture()))).json["data"]

    sweep(minutes=1)

    assert client.get(shown[0]["url"]).status_code == 200


@pytest.mark.parametrize("count", ["0", "21", "-1", "x", "1.5"])
def test_no_other_number_is_drawn(owner, make_media, count):
    response = owner.get(f"/media/{make_media()['id']}/frames?count={count}")

    assert response.status_code == 422


def test_a_photo_has_none(owner, make_media):
    response = owner.get(f"/media/{make_media(sample_media.photo())['id']}/frames")

    assert (response.status_code, response.json["code"]) == (409, "media_not_a_video")


def test_only_what_is_ready_has_frames(owner):
    response = owner.get(f"/media/{begin(owner, 1000).id}/frames")

    assert (response.status_code, response.json["code"]) == (409, "media_not_ready")


def test_a_strangers_video_does_not_exist(stranger, make_media):
    assert stranger.get(f"/media/{make_media()['id']}/frames").status_code == 404


def test_a_link_is_good_for_its_frame_alone(client, make_media, frames_of):
    first, second = frames_of(make_media(film(Picture())), "?count=2").json["data"]

    forged = second["url"].partition("?")[0] + "?" + first["url"].partition("?")[2]

    assert client.get(forged).status_code == 403


def test_only_so_many_wait_at_a_time(owner, make_media):
    video = make_media(film(Picture()))

    answers = [owner.get(f"/media/{video['id']}/frames?count={count}") for count in range(1, 12)]

    assert [answer.status_code for answer in answers] == [202] * 10 + [409]
    assert answers[-1].json["code"] == "frames_pending"


def test_a_video_that_lost_its_bytes_has_no_frames(app, owner, make_media, frames_of, stored):
    video = make_media(film(Picture()))
    for key in stored():
        services_of(app)[Storage].delete(key)

    shown = frames_of(video).json

    assert (shown["status"], shown["rejection"]["code"], shown["data"]) == ("failed", "source_deleted", [])


def test_a_video_whose_times_jump_by_weeks_has_no_frames(make_media, frames_of):
    video = make_media(film(Picture(at=(*range(10), 5_000_000), time_base=Fraction(1)), form="matroska"))

    shown = frames_of(video).json

    assert video["duration_seconds"] > 4_000_000
    assert (shown["status"], shown["rejection"]["code"]) == ("failed", "file_damaged")
