"""What TikTok's events bring about, once TikTok was asked."""

import pytest

from tests.webhooks.events import event


@pytest.fixture
def open_id(owner):
    """What TikTok calls the owner's account, once it is connected."""
    return lambda: owner.get("/accounts").json["data"][0]["open_id"]


@pytest.fixture
def published(make_post, owner, work_until):
    """A public post of ada's that people can see, as its publication."""
    post = make_post(privacy_level="PUBLIC_TO_EVERYONE")
    owner.post(f"/posts/{post['id']}/publish")
    path = f"/posts/{post['id']}/publications"
    work_until(lambda: owner.get(path).json["data"][0]["state"] == "publicly_available")
    return owner.get(path).json["data"][0]


def test_a_false_report_of_removal_changes_nothing(owner, connect_account, deliver, run_jobs, open_id):
    account_id = connect_account(owner)

    deliver(event("authorization.removed", open_id(), {"reason": 1}))
    run_jobs()

    assert owner.get(f"/accounts/{account_id}").json["status"] == "active"


def test_a_removal_that_tiktok_confirms_marks_the_account(
    owner, connect_account, deliver, run_jobs, open_id, simulator
):
    account_id = connect_account(owner)
    run_jobs()
    simulator.control.disconnect("ada", client_key="awsimclient0001", reason=1)

    deliver(event("authorization.removed", open_id(), {"reason": 1}))
    run_jobs()

    account = owner.get(f"/accounts/{account_id}").json
    assert (account["status"], account["status_reason"]) == ("revoked", "authorization_removed")


def test_a_false_report_of_a_takedown_changes_nothing(owner, published, deliver, run_jobs, open_id):
    content = {"publish_id": published["publish_id"], "post_id": published["tiktok_post_ids"][0]}

    deliver(event("post.publish.no_longer_publicaly_available", open_id(), content))
    run_jobs()

    assert owner.get(f"/publications/{published['id']}").json["state"] == "publicly_available"


def test_a_takedown_that_tiktok_confirms_is_shown(owner, published, deliver, run_jobs, open_id, simulator):
    content = {"publish_id": published["publish_id"], "post_id": published["tiktok_post_ids"][0]}
    simulator.control.take_down(published["tiktok_post_ids"][0])

    deliver(event("post.publish.no_longer_publicaly_available", open_id(), content))
    run_jobs()

    publication = owner.get(f"/publications/{published['id']}").json
    assert (publication["state"], publication["reason"]) == ("no_longer_available", "absent_on_tiktok")


def test_another_account_cannot_speak_for_a_publication(published, deliver, run_jobs, owner, simulator):
    content = {"publish_id": published["publish_id"], "post_id": published["tiktok_post_ids"][0]}
    simulator.control.take_down(published["tiktok_post_ids"][0])

    deliver(event("post.publish.no_longer_publicaly_available", "another-account", content))
    run_jobs()

    assert owner.get(f"/publications/{published['id']}").json["state"] == "publicly_available"


def test_a_hint_wakes_the_poll(owner, make_post, run_jobs, deliver, open_id, simulator):
    post = make_post()
    owner.post(f"/posts/{post['id']}/publish")
    run_jobs()
    [publication] = owner.get(f"/posts/{post['id']}/publications").json["data"]
    simulator.control.advance(120)

    deliver(event("post.publish.complete", open_id(), {"publish_id": publication["publish_id"]}))
    run_jobs()

    assert owner.get(f"/publications/{publication['id']}").json["state"] == "published"
