"""What keeps a post from being scheduled: every reason at once, with what was found and what is allowed."""

import io
from datetime import timedelta

import pytest

from tests.posts.times import NEXT_YEAR
from tiktok_api import clock


def faults(response):
    assert response.status_code == 422, response.json
    return {(fault["code"], fault["pointer"]) for fault in response.json["errors"]}


def test_a_draft_may_be_incomplete(owner):
    response = owner.post("/posts", json={})

    assert response.status_code == 201
    draft = response.json
    assert (draft["status"], draft["targets"], draft["media_ids"]) == ("draft", [], [])
    assert (draft["privacy_level"], draft["allow_comment"], draft["consent"]) == (None, False, False)


def test_an_incomplete_post_is_told_every_reason_at_once(owner, connect_account):
    target = {"account_id": connect_account(owner, "ada"), "caption": "x" * 2201}
    post = owner.post("/posts", json={"targets": [target]}).json

    response = owner.post(f"/posts/{post['id']}/schedule", json={"publish_at": NEXT_YEAR})

    assert faults(response) == {
        ("media_count", "/media_ids"),
        ("consent_missing", "/consent"),
        ("privacy_level_missing", "/privacy_level"),
        ("caption_too_long", "/targets/0/caption"),
    }
    [media] = [fault for fault in response.json["errors"] if fault["code"] == "media_count"]
    assert (media["found"], media["allowed"]) == (0, 1)
    assert owner.get(f"/posts/{post['id']}").json["status"] == "draft"


def test_a_post_that_cannot_be_scheduled_is_not_created_either(owner):
    response = owner.post("/posts", json={"publish_at": NEXT_YEAR})

    assert ("no_targets", "/targets") in faults(response)
    assert owner.get("/posts").json["data"] == []


def test_a_caption_counts_as_tiktok_counts_it(make_post, owner):
    fits, too_long = make_post(caption="🎉" * 1100), make_post(caption="🎉" * 1101)

    assert owner.post(f"/posts/{fits['id']}/schedule", json={"publish_at": NEXT_YEAR}).status_code == 200
    response = owner.post(f"/posts/{too_long['id']}/schedule", json={"publish_at": NEXT_YEAR})
    assert faults(response) == {("caption_too_long", "/caption")}


def test_branded_content_that_only_its_creator_sees_is_refused(make_post, owner):
    post = make_post(brand_content_toggle=True, privacy_level="SELF_ONLY")

    response = owner.post(f"/posts/{post['id']}/publish")

    assert faults(response) == {("branded_content_private", "/privacy_level")}
    assert "SELF_ONLY" not in response.json["errors"][0]["allowed"]


@pytest.mark.parametrize("mode", ["direct", "inbox"])
def test_a_mode_that_is_named_is_the_mode(mode, make_post):
    own_words = {"direct": {}, "inbox": {"caption": "", "privacy_level": None}}[mode]

    post = make_post(mode=mode, publish_at=NEXT_YEAR, **own_words)

    assert (post["mode"], post["status"]) == (mode, "scheduled")


@pytest.mark.parametrize(
    "slot",
    [
        {"publish_at": "2200-03-02T12:00:00"},
        {"publish_at": "noon"},
        {"publish_at": "9999-12-31T23:59:59-14:00"},
        {"publish_at": "0001-01-01T00:00:00+14:00"},
        {"local_time": "2200-03-02T12:00"},
        {"timezone": "Europe/Berlin"},
        {"local_time": "2200-03-02T12:00Z", "timezone": "Europe/Berlin"},
        {"local_time": "9999-12-31T23:59", "timezone": "America/New_York"},
        {"local_time": "9998-12-31T23:59", "timezone": "America/New_York"},
        {"local_time": "2200-03-02", "timezone": "Europe/Berlin"},
        {"local_time": "2200-03-02T12:00", "timezone": "Europe/Atlantis"},
        {"local_time": "2200-03-02T12:00", "timezone": "Europe/Berlin", "publish_at": NEXT_YEAR},
        {},
    ],
    ids=str,
)
def test_a_time_that_is_no_instant_is_refused(slot, make_post, owner):
    post = make_post()

    response = owner.post(f"/posts/{post['id']}/schedule", json=slot)

    assert response.status_code == 422, response.json
    assert response.json["errors"]


def test_a_time_that_has_passed_is_refused_but_for_a_minute(make_post, owner, app):
    post = make_post()
    with app.app_context():
        now = clock.now()

    too_late = owner.post(
        f"/posts/{post['id']}/schedule", json={"publish_at": (now - timedelta(seconds=90)).isoformat()}
    )
    in_time = owner.post(
        f"/posts/{post['id']}/schedule", json={"publish_at": (now - timedelta(seconds=30)).isoformat()}
    )

    assert faults(too_late) == {("publish_time_passed", "/publish_at")}
    assert in_time.status_code == 200


@pytest.mark.parametrize(
    ("local_time", "code", "choices"),
    [
        ("2028-03-26T02:30", "local_time_missing", ["2028-03-26T00:30:00Z", "2028-03-26T01:30:00Z"]),
        ("2028-10-29T02:30", "local_time_twice", ["2028-10-29T00:30:00Z", "2028-10-29T01:30:00Z"]),
    ],
)
def test_a_local_time_that_does_not_exist_or_exists_twice_is_refused_with_both_choices(
    local_time, code, choices, make_post, owner
):
    post = make_post()

    response = owner.post(f"/posts/{post['id']}/schedule", json={"local_time": local_time, "timezone": "Europe/Berlin"})

    assert faults(response) == {(code, "/local_time")}
    assert response.json["errors"][0]["allowed"] == choices
    chosen = owner.post(f"/posts/{post['id']}/schedule", json={"publish_at": choices[0]})
    assert chosen.json["publish_at"] == choices[0]


def test_a_local_time_is_kept_with_its_zone_also_when_the_words_change(make_post, owner):
    post = make_post()
    slot = {"local_time": "2199-07-01T09:00", "timezone": "Europe/Berlin"}
    scheduled = owner.post(f"/posts/{post['id']}/schedule", json=slot).json

    changed = owner.patch(f"/posts/{post['id']}", json={"caption": "Other words"}).json

    assert scheduled["publish_at"] == "2199-07-01T07:00:00Z"
    kept = ("publish_at", "local_time", "timezone")
    assert {name: changed[name] for name in kept} == {name: scheduled[name] for name in kept}


def test_media_that_were_rejected_are_named(owner, make_post, run_jobs):
    post = make_post()
    broken = owner.post("/media", data=_file(b"no video"), content_type="multipart/form-data").json["id"]
    run_jobs()
    owner.patch(f"/posts/{post['id']}", json={"media_ids": [broken]})

    response = owner.post(f"/posts/{post['id']}/publish")

    assert faults(response) == {("media_not_ready", "/media_ids/0")}


def _file(content):
    return {"file": (io.BytesIO(content), "a.mp4")}


@pytest.mark.parametrize("field", ["media_ids", "targets"])
def test_what_belongs_to_another_user_is_unknown_here(field, owner, stranger, make_video, connect_account):
    theirs = {
        "media_ids": lambda: [make_video(person=stranger)],
        "targets": lambda: [{"account_id": connect_account(stranger, "grace")}],
    }[field]()

    response = owner.post("/posts", json={field: theirs})

    pointer = {"media_ids": "/media_ids/0", "targets": "/targets/0/account_id"}[field]
    assert [fault["pointer"] for fault in response.json["errors"]] == [pointer]
    assert response.json["code"] == "unknown_target"
