"""Accounts whose authorisation ends, and that are disconnected or come back, while something is on its way."""

import pytest

from tests import oauth_consent


def lose(simulator):
    simulator.control.disconnect("ada")


def test_a_post_whose_account_has_expired_is_held_and_goes_on_as_soon_as_it_is_connected_again(
    simulator, publishing, owner
):
    post = publishing.make_post()
    lose(simulator)
    publishing.begin(post)
    publishing.run()
    held = publishing.shown(post)

    oauth_consent.connect(simulator, owner, "ada")
    publishing.run()
    publishing.pass_time(10)
    publishing.run()

    assert (held["state"], held["reason"]) == ("held", "account_needs_reconnection")
    assert publishing.shown(post)["state"] == "published"
    assert len(publishing.live()) == 1


def test_an_authorisation_that_is_removed_while_tiktok_is_at_it_fails_the_publication_once_it_can_be_asked(
    simulator, publishing, owner
):
    post = publishing.make_post()
    simulator.control.knobs(processing_seconds=600.0)
    publishing.begin(post)
    publishing.run()

    lose(simulator)
    publishing.pass_time(10)
    publishing.run()
    waiting = publishing.shown(post)
    oauth_consent.connect(simulator, owner, "ada")
    publishing.run_until(lambda: publishing.shown(post)["state"] == "failed")

    assert (waiting["state"], waiting["reason"]) == ("processing", "account_needs_reconnection")
    assert publishing.shown(post)["reason"] == "auth_removed"
    assert publishing.count_inits() == 1


def test_an_upload_whose_account_expires_is_held_and_resumed_with_the_same_publish_id(
    simulator, publishing, big_video_bytes, owner
):
    simulator.control.knobs(inspect_media=False)
    post = publishing.make_post(media_ids=[publishing.make_video(big_video_bytes)])
    simulator.control.mischief("upload", "status", nth=3, status=500)
    publishing.begin(post)
    publishing.run()
    publish_id = publishing.shown(post)["publish_id"]

    simulator.control.mischief("status", "status", status=401, code="access_token_invalid")
    simulator.control.mischief("refresh", "status", status=200, code="invalid_grant")
    publishing.pass_time(10)
    publishing.run()
    held = publishing.shown(post)
    oauth_consent.connect(simulator, owner, "ada")
    published = publishing.run_until_published(post)

    assert (held["state"], held["reason"]) == ("held", "account_needs_reconnection")
    assert held["attempts"][0]["state"] == "open"
    assert publishing.count_inits() in (1, 2)
    assert published["attempts"][0]["publish_id"] == publish_id
    events = [entry["event"] for entry in published["timeline"]]
    assert events[events.index("upload_started") :][:4] == ["upload_started", "held", "released", "last_chunk_leaving"]


@pytest.mark.parametrize("moment", ["scheduled", "held"])
def test_disconnecting_an_account_cancels_what_was_to_go_out_on_it(moment, publishing, owner):
    post = publishing.make_post()
    if moment == "scheduled":
        owner.post(f"/posts/{post['id']}/schedule", json={"publish_at": "2200-01-01T00:00:00Z"})
    else:
        publishing.tiktok.change_creator("ada", post_cap=0)
        publishing.begin(post)
        publishing.run()
    publication = publishing.shown(post)

    response = owner.delete(f"/accounts/{publication['account_id']}")

    assert publication["state"] == moment
    assert response.json["cancelled_publications"] == [publication["id"]]
    assert publishing.shown(post)["state"] == "cancelled"
    publishing.run()
    assert publishing.count_inits() == 0


def test_disconnecting_an_account_past_the_commit_point_leaves_the_question_to_its_person(publishing, owner):
    post = publishing.make_post()
    publishing.tiktok.knobs(processing_seconds=3600.0)
    publishing.begin(post)
    publishing.run()

    response = owner.delete(f"/accounts/{publishing.shown(post)['account_id']}")
    publishing.pass_time(120)
    publishing.run()

    assert response.json["cancelled_publications"] == []
    unconfirmed = publishing.shown(post)
    assert (unconfirmed["state"], unconfirmed["reason"]) == ("unconfirmed", "account_disconnected")
    assert owner.post(f"/publications/{unconfirmed['id']}/resolve", json={"outcome": "live"}).status_code == 200
    publishing.run()
    published = publishing.shown(post)
    assert (published["state"], published["publish_id"]) == ("published", unconfirmed["publish_id"])
    assert published["attempts"][0]["state"] == "succeeded"
    assert publishing.count_inits() == 1


def test_what_was_never_settled_cannot_be_posted_again_on_an_account_that_is_gone(publishing, owner):
    post = publishing.make_post()
    publishing.tiktok.knobs(processing_seconds=3600.0)
    publishing.begin(post)
    publishing.run()
    owner.delete(f"/accounts/{publishing.shown(post)['account_id']}")
    publishing.pass_time(120)
    publishing.run()
    unconfirmed = publishing.shown(post)

    response = owner.post(f"/publications/{unconfirmed['id']}/resolve", json={"outcome": "post_again"})
    publishing.run()

    assert (unconfirmed["state"], response.status_code) == ("unconfirmed", 200)
    failed = publishing.shown(post)
    assert (failed["state"], failed["reason"], failed["publish_id"]) == ("failed", "account_disconnected", None)
    assert failed["attempts"][0]["state"] == "dead"
    assert publishing.count_inits() == 1


def test_a_draft_whose_account_is_gone_cannot_be_scheduled(make_post, publication_of, owner):
    post = make_post()
    owner.delete(f"/accounts/{publication_of(post)['account_id']}")

    response = owner.post(f"/posts/{post['id']}/publish")

    assert response.status_code == 422
    assert [(fault["pointer"], fault["code"]) for fault in response.json["errors"]] == [
        ("/targets/0/account_id", "account_disconnected")
    ]
