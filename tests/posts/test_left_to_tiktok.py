"""What is hardly beyond a limit is sent, and TikTok decides; what is clearly beyond it is never sent."""

from fractions import Fraction

import pytest

from tests.media.inspection.films import Picture, film


def lasting(seconds, *, per_second=Fraction(60)):
    return film(Picture(at=range(round(seconds * per_second)), time_base=1 / per_second, is_announced=False))


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda: lasting(Fraction(205, 100)), id="2.05 s where 2 s are allowed"),
        pytest.param(lambda: lasting(2, per_second=Fraction(6006, 100)), id="60.06 pictures a second"),
    ],
)
def test_what_is_hardly_beyond_a_limit_goes_live(owner, publishing, make):
    publishing.tiktok.change_creator("ada", max_video_post_duration_sec=2)
    post = publishing.make_post(media_ids=[publishing.make_video(make())])

    assert owner.post(f"/posts/{post['id']}/publish").status_code == 202
    publishing.run_until(lambda: owner.get(f"/posts/{post['id']}").json["status"] == "published")

    assert len(publishing.tiktok.publications()) == 1


def test_what_is_clearly_longer_than_the_creator_may_post_is_never_sent(
    owner, make_video, make_post, work_until, simulator
):
    simulator.control.change_creator("ada", max_video_post_duration_sec=2)
    post = make_post(media_ids=[make_video(lasting(Fraction(22, 10)))])

    response = owner.post(f"/posts/{post['id']}/publish")

    assert response.status_code == 422, response.json
    assert {fault["code"] for fault in response.json["errors"]} == {"video_duration"}
    assert simulator.control.publications() == []
