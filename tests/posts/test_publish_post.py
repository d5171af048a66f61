"""POST /posts/{id}/publish"""

import hashlib


def test_a_post_goes_live_once_with_the_bytes_that_were_uploaded(owner, make_post, work_until, simulator, video_bytes):
    post = make_post()

    response = owner.post(f"/posts/{post['id']}/publish")
    work_until(lambda: owner.get(f"/posts/{post['id']}").json["status"] == "published")

    assert response.status_code == 202
    [live] = simulator.control.publications()
    assert live["sha256"] == hashlib.sha256(video_bytes).hexdigest()
    [publication] = owner.get(f"/posts/{post['id']}/publications").json["data"]
    assert publication["state"] == "published"
    assert [attempt["state"] for attempt in publication["attempts"]] == ["succeeded"]
