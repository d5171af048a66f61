"""What a person has not granted is said when a post is scheduled, not when its time has come."""

import pytest

from tests.oauth_consent import connect

NEXT_YEAR = "2200-03-02T12:00:00Z"
WAYS = ("create", "schedule", "publish")
BASIC = "user.info.basic,user.info.profile"


@pytest.fixture
def submit(owner, make_post, make_video):
    """Have a post for an account go out in one of the ways there are; answers the refusal or the post."""

    def go(way, account_id, **what_matters):
        targets = [{"account_id": account_id}]
        if way == "create":
            draft = {"privacy_level": "SELF_ONLY", "consent": True, "media_ids": [make_video()], "targets": targets}
            return owner.post("/posts", json=draft | what_matters | {"publish_at": NEXT_YEAR})
        post = make_post(targets=targets, **what_matters)
        body = {"json": {"publish_at": NEXT_YEAR}} if way == "schedule" else {}
        return owner.post(f"/posts/{post['id']}/{way}", **body)

    return go


@pytest.fixture
def lose(owner, simulator, pass_time):
    """Have ada's person take the app off their list, and this server find out."""

    def disconnect(account_id):
        simulator.control.disconnect("ada")
        pass_time(120)
        owner.get(f"/accounts/{account_id}/creator-info")

    return disconnect


MODES = {
    "direct": ({}, "video.publish", "video.upload"),
    "inbox": ({"mode": "inbox", "caption": "", "privacy_level": None}, "video.upload", "video.publish"),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("mode", MODES)
def test_an_account_without_the_scope_of_the_mode_is_refused(way, mode, submit, owner, simulator):
    words, needed, other = MODES[mode]
    account_id = connect(simulator, owner, "ada", ticked=f"{BASIC},{other}")["account_id"]

    response = submit(way, account_id, **words)

    assert response.status_code == 422, response.json
    [fault] = response.json["errors"]
    assert (fault["code"], fault["pointer"]) == ("scope_missing", "/targets/0/account_id")
    assert fault["allowed"] == [needed]
    assert needed not in fault["found"]
    assert fault["account_id"] == account_id


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("mode", MODES)
def test_the_scope_of_the_mode_is_enough(way, mode, submit, owner, simulator):
    words, needed, _ = MODES[mode]
    account_id = connect(simulator, owner, "ada", ticked=f"{BASIC},{needed}")["account_id"]

    response = submit(way, account_id, **words)

    assert response.status_code in (200, 201, 202), response.json


@pytest.mark.parametrize("way", WAYS)
def test_an_account_that_must_be_connected_again_is_refused(way, submit, owner, connect_account, lose, run_jobs):
    account_id = connect_account(owner)
    run_jobs()
    lose(account_id)
    assert owner.get(f"/accounts/{account_id}").json["status"] == "expired"

    response = submit(way, account_id)

    assert response.status_code == 422
    [fault] = response.json["errors"]
    assert (fault["code"], fault["found"]) == ("account_needs_reconnection", "expired")
    connect_account(owner)
    assert submit(way, account_id).status_code in (200, 201, 202)


def test_words_of_a_scheduled_post_may_be_changed_while_its_account_waits_for_its_person(
    make_post, owner, lose, publication_of
):
    post = make_post(publish_at=NEXT_YEAR)
    lose(publication_of(post)["account_id"])

    words = owner.patch(f"/posts/{post['id']}", json={"caption": "Other words"})
    time = owner.patch(f"/posts/{post['id']}", json={"publish_at": "2201-01-01T00:00:00Z"})

    assert (words.status_code, words.json["caption"]) == (200, "Other words")
    assert time.json["errors"][0]["code"] == "account_needs_reconnection"
