"""What was converted, and a slideshow, go live at TikTok"""

from fractions import Fraction

import pytest

from tests.media import sample_media
from tests.media.inspection.films import Picture, film


@pytest.fixture
def app(make_app, simulator_urls):
    return make_app(**simulator_urls)


@pytest.fixture
def publish(owner, make_post, work_until):
    """Publish media as a post, to the end."""

    def act(media_id):
        post = make_post(media_ids=[media_id])
        answer = owner.post(f"/posts/{post['id']}/publish")
        assert answer.status_code == 202, answer.json
        work_until(lambda: owner.get(f"/posts/{post['id']}").json["status"] == "published")

    return act


def test_a_converted_video_goes_live(owner, make_video, run_jobs, publish, simulator):
    odd = Picture(codec="mpeg4", size=(64, 64), at=range(20), time_base=Fraction(1, 10))
    source = make_video(film(odd, form="matroska"))
    made = owner.post(f"/media/{source}/convert", json={}).json
    run_jobs()

    publish(made["id"])

    [live] = simulator.control.publications()
    assert live["sha256"] == owner.get(f"/media/{made['id']}").json["sha256"]


def test_a_slideshow_goes_live(owner, make_video, run_jobs, publish, simulator):
    photos = [make_video(sample_media.photo(kind), name=kind) for kind in ("JPEG", "HEIF")]
    made = owner.post("/media/slideshows", json={"media_ids": photos, "seconds_each": 1}).json
    run_jobs()

    publish(made["id"])

    [live] = simulator.control.publications()
    assert live["sha256"] == owner.get(f"/media/{made['id']}").json["sha256"]
